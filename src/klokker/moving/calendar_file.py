"""What stands in the file of a calendar? Lines, or an ICS file, of which what says nothing of its windows is left out."""

from typing import BinaryIO

from klokker.core.timetables.calendar_ics_text import condensed
from klokker.moving.toml import LARGEST


def read_calendar_file(stored: BinaryIO) -> str:
    """The text of a calendar. Raises OSError, and ValueError whose text says what is wrong with the contents."""
    # Not asked for its size: a device has none, and no end either.
    written = stored.read(LARGEST + 1)
    if len(written) > LARGEST:
        raise ValueError(f"it is too long; it may hold {LARGEST:,} bytes")
    try:
        return condensed(written.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from error
