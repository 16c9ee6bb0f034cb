"""How commands speak: tables for people, JSON for programs, both with moments that cannot be misread.

Colours and boxes are for terminals; elsewhere lines are plain and as long as they need to be. JSON holds moments as
ISO 8601 in UTC, spans in seconds, and the keys that docs/commands/json.md promises. What others wrote (owners, reasons,
errors, logs) never steers the terminal: control characters are shown as their escapes.
"""

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from klokker.cli.columns import GAP, Column, fit
from klokker.core.duration import rounded
from klokker.core.text import printable, printable_json
from klokker.core.timetables.zones import on_the_clocks_of

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, in the shape that docs/commands/json.md promises.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]

STYLES = {
    "succeeded": "green",
    "active": "green",
    "exact": "green",
    "claimed": "blue",
    "running": "blue",
    "queued": "cyan",
    "failed": "red",
    "timed out": "red",
    "lost": "red",
    "broken": "red",
    "expired": "yellow",
    "late": "yellow",
    "closed": "yellow",
    "cancelled": "yellow",
    "paused": "bright_black",
    "retired": "bright_black",
    "dismissed": "bright_black",
    "waiting": "bright_black",
}
"""The colour of a word of state; never the only sign of it."""


def console() -> Console:
    """Where tables and colours go: stdout. Colours are off where that is no terminal, or NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """A line for people, on stdout."""
    console().print(Text(printable(sentence)))


def warn(sentence: str) -> None:
    """A line for people that is not part of the answer: on stderr, so that `--json | jq` stays whole."""
    print(printable(sentence), file=sys.stderr)


def print_json(value: Any) -> None:
    """`value` as JSON on stdout. Moments, spans and sets are taken; anything else unknown is a fault."""
    # An encoding that lacks a character would write it as an escape that is none of JSON's.
    foreign = sys.stdout.encoding.lower() != "utf-8"
    written = json.dumps(value, default=_plain, ensure_ascii=foreign, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write(printable_json(written) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows under headings; with no rows, the sentence `empty`, which says what to do next."""
    stand = [[_cell(text) for text in row] for row in rows]
    if not stand:
        say(empty)
        return
    headings = [column.heading for column in columns]
    if not sys.stdout.isatty():
        _plain_table([headings, *stand])
        return
    out = console()
    wishes = [max(cell_len(row[place]) for row in (headings, *stand)) for place in range(len(columns))]
    widths = fit(columns, wishes, out.width)
    out.print(_row([Text(headings[place], style="bold") for place in widths], columns, widths))
    out.print(Text("─" * min(out.width, sum(widths.values()) + GAP * (len(widths) - 1)), style="bright_black"))
    for row in stand:
        for line in _lines(row, columns, widths):
            out.print(_row(line, columns, widths))


def _cell(text: str) -> str:
    """A text in one line, however many it had, so that no part of it can pass for a row of its own."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _lines(row: Sequence[str], columns: Sequence[Column], widths: Mapping[int, int]) -> Iterable[list[Text]]:
    """A row of a table, in as many lines as its longest wrapped cell needs."""
    cells = [
        textwrap.wrap(row[place], width) or [""] if columns[place].wrap else [row[place]]
        for place, width in widths.items()
    ]
    for line in range(max(len(cell) for cell in cells)):
        yield [state(cell[line]) if line < len(cell) else Text() for cell in cells]


def _row(cells: Sequence[Text], columns: Sequence[Column], widths: Mapping[int, int]) -> Text:
    for cell, (place, width) in zip(cells, widths.items(), strict=True):
        cell.truncate(width, overflow="ellipsis")
        cell.align("right" if columns[place].number else "left", width)
    row = Text(" " * GAP).join(cells)
    row.rstrip()
    return row


def _plain_table(lines: Sequence[Sequence[str]]) -> None:
    """Columns of blanks, as wide as they need to be: nothing is cut off for a program, and no line ends in blanks."""
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip())


def facts(named: Mapping[str, str]) -> None:
    """Names and values in two columns; what is empty is left out."""
    stand = [(name, _cell(value)) for name, value in named.items() if value]
    if not sys.stdout.isatty():
        _plain_table(stand)
        return
    drawn = Table(box=None, show_header=False, pad_edge=False)
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in stand:
        drawn.add_row(name, value)
    console().print(drawn)


def state(word: str) -> Text:
    """A word of state in its colour."""
    return Text(word, style=STYLES.get(word, ""))


def local(at: datetime, zone: str) -> datetime:
    """`at` on the clocks of `zone`; on those of UTC where this machine does not know it."""
    try:
        return on_the_clocks_of(zone, at)
    except (ValueError, OSError, KeyError):
        return at.astimezone(UTC)


def moment(at: datetime | None, zone: str = "UTC") -> str:
    """`2026-11-21 03:00:00 CET`; empty for None. Fractions of a second are left out."""
    return "" if at is None else local(at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def relative(at: datetime | None, now: datetime) -> str:
    """`in 4m`, `12s ago`, `now`; empty for None. Rounded as people say it."""
    if at is None:
        return ""
    apart = at - now
    if abs(apart) < timedelta(seconds=1):
        return "now"
    return f"in {rounded(apart)}" if apart >= timedelta(0) else f"{rounded(-apart)} ago"


def counted(number: int, thing: str) -> str:
    """`1 run`, `3 runs`, `12,000 runs`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def confirmed(question: str, *, yes: bool, refuse: Callable[[], Exception]) -> None:
    """Go on if `yes`, or if a person at a terminal says so; raise what `refuse` makes otherwise."""
    if yes:
        return
    if sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm(printable(question), default=False):
        return
    raise refuse()
