"""What does a TOML file say? Read whole, whatever it is: a slip of a file's name must not take all memory, nor end in a fault of ours."""

import tomllib
from pathlib import Path
from typing import Any

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that we read."""

DEEPEST = 100
"""How many tables and lists may stand one within the other."""


def read_toml(file: Path) -> dict[str, Any]:
    """What stands in `file`; a byte order mark before it is passed over.

    Raises OSError, and ValueError whose text says what is wrong with the contents.
    """
    with file.open("rb") as lines:
        # Not asked for its size: a device has none, and no end either.
        written = lines.read(LARGEST + 1)
    if len(written) > LARGEST:
        raise ValueError(f"it is too long; it may hold {LARGEST:,} bytes")
    try:
        content = tomllib.loads(written.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is no TOML: {error}") from error
    except ValueError as error:
        # What Python does not read as a number, or as a date: 5000 digits, the 31st of February.
        raise ValueError(f"it holds a value that cannot be read: {error}") from error
    _see_depth(content)
    return content


TOO_DEEP = f"its tables and lists are nested too deeply; {DEEPEST} within each other is the most"


def _see_depth(content: dict[str, Any]) -> None:
    level: list[Any] = [content]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return
    raise ValueError(TOO_DEEP)
