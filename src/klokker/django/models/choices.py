"""The words of the core as choices of a column: the stored value is the word itself."""

from enum import StrEnum


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """(stored, shown) for each word."""
    return [(str(word), str(word)) for word in words]
