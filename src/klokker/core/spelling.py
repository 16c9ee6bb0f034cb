"""A name is unknown: which known one was probably meant?"""

from collections.abc import Iterable
from difflib import get_close_matches


def near(given: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that look like `given`, in any case; the nearest first."""
    by_fold = {name.casefold(): name for name in known}
    return [by_fold[fold] for fold in get_close_matches(given[:200].casefold(), by_fold)]


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`"; did you mean x or y?"`, to end a sentence with; empty when no known name is near."""
    names = near(given, known)
    return f"; did you mean {' or '.join(names)}?" if names else ""
