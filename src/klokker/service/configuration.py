"""The standalone service's settings: the engine's, and where its data and its database are.

`KLOKKER_HOME` names the data folder; `klokker.toml` in it, or the file that `KLOKKER_SETTINGS` names, holds settings as
`name = value`; the environment (`KLOKKER_DATABASE=…`) overrules the file.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import Field

from klokker.moving.toml import read_toml
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
    return _path("KLOKKER_HOME", named).absolute() if named else default_home()


def read_settings() -> ServiceSettings:
    """Everything from the file and the environment. Raises InvalidSettings with every fault at once."""
    named = os.environ.get("KLOKKER_SETTINGS")
    file = _path("KLOKKER_SETTINGS", named) if named else home() / "klokker.toml"
    return ServiceSettings.read(_from_file(file, needed=bool(named)))


def _path(variable: str, named: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError:
        raise InvalidSettings({variable: f"{named!r} begins with a user's folder, and there is no such user"}) from None


def _from_file(file: Path, *, needed: bool) -> dict[str, Any]:
    try:
        return read_toml(file)
    except FileNotFoundError:
        if needed:
            raise InvalidSettings({"KLOKKER_SETTINGS": f"there is no file {file}"}) from None
        return {}
    except OSError as error:
        raise InvalidSettings({str(file): error.strerror or str(error)}) from error
    except ValueError as error:
        raise InvalidSettings({str(file): str(error)}) from error
