"""The data folder of the standalone service: made at the first start, closed to others. Asking alone makes nothing.

It holds the secret key (0600), and with the embedded default the database and its copies.
"""

import os
import secrets
from pathlib import Path

from klokker.core.errors import KlokkerError

SECRET_KEY_FILE = "secret-key"
COPIES = "copies"


class HomeUnusable(KlokkerError):
    """The data folder cannot be used. Name another one with KLOKKER_HOME, or make this one writable for this user."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"the data folder {path} cannot be used: {why}. {self.__doc__.split('. ', 1)[1] if self.__doc__ else ''}"
        )
        self.path = path
        self.why = why


def default_home() -> Path:
    """`$XDG_DATA_HOME/klokker`, by default `~/.local/share/klokker`."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "klokker"


_asking = False


def only_ask() -> None:
    """From now on this process makes no data folder: it only asks."""
    global _asking
    _asking = True


def secret_key(home: Path) -> str:
    """The secret key in `home`, both made if they are not there. Raises HomeUnusable.

    A process that only asks makes nothing: where none is kept it signs with one of its own, which nobody needs later.
    """
    if not _asking:
        found(home)
    return kept_key(home) or new_key()


def found(path: Path) -> None:
    """Make the folder and the secret key in it, for this user alone, where they are not there. Raises HomeUnusable."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(path, error.strerror or str(error)) from error
    if not path.is_dir():
        raise HomeUnusable(path, "it is not a folder")
    if not kept_key(path):
        _make_key(path / SECRET_KEY_FILE)
    if not kept_key(path):
        # Whoever signs with an empty key signs for everybody.
        raise HomeUnusable(path, f"its secret key {path / SECRET_KEY_FILE} is empty; delete it, and a new one is made")


def kept_key(home: Path) -> str:
    """The secret key in `home`; empty where none was made yet. Writes nothing. Raises HomeUnusable."""
    file = home / SECRET_KEY_FILE
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise HomeUnusable(home, f"its secret key {file} cannot be read ({error})") from error


def new_key() -> str:
    """A secret key that nobody had before."""
    return secrets.token_urlsafe(48)


def _make_key(file: Path) -> None:
    # Two processes that start at once get the same one.
    # Written aside and linked into place: the link fails if another process was first, and a reader never sees half a key.
    aside = file.with_name(f"{SECRET_KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(new_key() + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(aside, file)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    except OSError as error:
        raise HomeUnusable(file.parent, f"its secret key cannot be written ({error.strerror or error})") from error
