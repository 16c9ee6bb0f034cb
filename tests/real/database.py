"""Where does a test's database stand, as an address and as Django wants to hear it?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit


@dataclass(frozen=True, slots=True)
class Database:
    """One empty database of one test's own."""

    url: str
    """`sqlite:////absolute/path` or `postgresql://user@host:port/name`."""

    @classmethod
    def sqlite(cls, path: Path) -> "Database":
        return cls(f"sqlite:///{quote(str(path))}")

    @property
    def vendor(self) -> str:
        """`sqlite` or `postgresql`, as Django's `connection.vendor` has it."""
        return urlsplit(self.url).scheme

    @property
    def path(self) -> Path:
        """The file of an SQLite database."""
        if self.vendor != "sqlite":
            raise ValueError(f"{self.url} is a server's database and has no file")
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def settings(self) -> dict[str, Any]:
        """The entry for Django's `DATABASES`."""
        if self.vendor == "sqlite":
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.path)}
        parts = urlsplit(self.url)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.removeprefix("/"),
            "USER": parts.username or "",
            "PASSWORD": parts.password or "",
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
        }
