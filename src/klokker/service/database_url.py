"""Which database a URL names, as Django's settings want it.

`sqlite:////var/lib/klokker/klokker.sqlite3` (an absolute path has four slashes), `sqlite:///klokker.sqlite3` (relative
to the data folder), `postgresql://user:password@host:5432/name?sslmode=require`.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

POSTGRES_SCHEMES = ("postgresql", "postgres")

SHARED = {
    "timeout": 60,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}
"""How tasks use a SQLite file that the engine and other tasks write to as well.

Readers do not wait for the writer (WAL), and a transaction asks for the right to write as it begins: one that began by
reading could not get it any more once another had written, and would fail at once.
"""


def read_database_url(url: str, *, home: Path) -> dict[str, Any]:
    """The entry of Django's DATABASES for `url`. Raises ValueError that says what was wrong and what would be right."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(url, parts.path, home)
    if parts.scheme in POSTGRES_SCHEMES:
        if find_spec("psycopg") is None:
            raise ValueError("PostgreSQL needs psycopg: pip install 'klokker[postgres]'")
        name = unquote(parts.path.removeprefix("/"))
        if not name:
            raise ValueError(f"{_safe(url)} names no database; write postgresql://USER@HOST:PORT/NAME")
        try:
            port = parts.port
        except ValueError:
            raise ValueError(
                f"{_safe(url)}: the port is not a number; write postgresql://USER@HOST:5432/NAME"
            ) from None
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    known = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"
    raise ValueError(f"{_safe(url)!r} is not a database URL that Klokker knows; write {known}")


def _sqlite(url: str, path: str, home: Path) -> dict[str, Any]:
    name = unquote(path.removeprefix("/"))
    if not name or "\0" in name:
        raise ValueError(f"{url} names no file; write sqlite:////absolute/path or sqlite:///file-in-the-data-folder")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / name), "OPTIONS": dict(SHARED)}


def _safe(url: str) -> str:
    """`url` without its password, fit for a message."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    account, _, host = parts.netloc.rpartition("@")
    return url.replace(parts.netloc, account.partition(":")[0] + "@" + host, 1)
