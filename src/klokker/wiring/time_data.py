"""Which version of the time zone data does this process compute with?"""

import zoneinfo
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def time_data() -> str:
    """The version as its publisher writes it (2026a), of the data that `zoneinfo` finds first; empty where it cannot be told."""
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / "UTC").exists():
            return _of_system(Path(folder))
    try:
        # The package counts 2026.1 for 2026a.
        year, _, number = version("tzdata").partition(".")
    except PackageNotFoundError:
        return ""
    return f"{year}{chr(ord('a') + int(number) - 1)}" if number.isdecimal() and 1 <= int(number) <= 26 else year


def _of_system(folder: Path) -> str:
    try:
        with (folder / "tzdata.zi").open(encoding="utf-8") as lines:
            return lines.readline().removeprefix("# version ").strip()
    except (OSError, UnicodeDecodeError):
        return ""
