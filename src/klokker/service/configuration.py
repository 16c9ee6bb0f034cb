"""The standalone service's settings: the engine's, and where its data and its database are.

`KLOKKER_HOME` names the data folder; `klokker.toml` in it, or the file that `KLOKKER_SETTINGS` names, holds settings as
`name = value`; the environment (`KLOKKER_DATABASE=…`) overrules the file.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field

from klokker.service.home import default_home
from klokker.wiring.settings import InvalidSettings, Settings


class ServiceSettings(Settings):
    """The settings of the standalone service."""

    database: str = Field(
        default="sqlite:///klokker.sqlite3",
        description="The database's URL; a relative SQLite path stands in the data folder.",
    )


def home() -> Path:
    """The data folder: KLOKKER_HOME, by default `~/.local/share/klokker`."""
    named = os.environ.get("KLOKKER_HOME")
    return Path(named).expanduser().absolute() if named else default_home()


def read_settings() -> ServiceSettings:
    """Everything from the file and the environment. Raises InvalidSettings with every fault at once."""
    named = os.environ.get("KLOKKER_SETTINGS")
    file = Path(named).expanduser() if named else home() / "klokker.toml"
    return ServiceSettings.read(_from_file(file, needed=bool(named)))


def _from_file(file: Path, *, needed: bool) -> dict[str, Any]:
    try:
        with file.open("rb") as lines:
            return tomllib.load(lines)
    except FileNotFoundError:
        if needed:
            raise InvalidSettings({"KLOKKER_SETTINGS": f"there is no file {file}"}) from None
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings({str(file): str(error)}) from error
