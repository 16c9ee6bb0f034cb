"""What happens at clock changes: each row of the tables on docs/timetables/clock-changes.md."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.completion import AfterCompletion
from tests.core.timetables.strategies import HARD_WEEKS, KINDS

PAGE = Path(__file__).parents[3] / "docs" / "timetables" / "clock-changes.md"
BY_ITSELF = "by itself"
CHOICES = {BY_ITSELF, 'gap = "shift"', 'gap = "skip"', 'fold = "first"', 'fold = "second"', 'fold = "both"'}
_PLACE_AND_DAY = re.compile(r"(\w+/\w+), (\d{4}-\d\d-\d\d)")


class Row(NamedTuple):
    """What the page says of a text, under a choice, in a zone, on a day on its clocks."""

    zone: str
    day: str
    text: str
    choice: str
    says: str


def rows() -> Iterator[Row]:
    """Of tables with a zone and a day above: a row for each cell. Of the table of other clocks: one for each line."""
    header: list[str] = []
    for line in PAGE.read_text().splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        plain = [cell.strip("`") for cell in cells]
        if not header:
            header = plain
        elif set(cells[0]) == {"-"}:
            continue
        elif place := _PLACE_AND_DAY.fullmatch(header[0]):
            for choice, says in zip(header[1:], plain[1:], strict=True):
                yield Row(place[1], place[2], plain[0], choice, says)
        elif header[:2] == ["zone", "day"]:
            yield Row(*plain)


def happens(row: Row) -> str:
    """The moments of the day, as the page writes them: time and offset; a number where they are many."""
    there, choices = ZoneInfo(row.zone), dict(re.findall(r'(gap|fold) = "(\w+)"', row.choice))
    begins = datetime.fromisoformat(row.day)
    opens, closes = (day.replace(tzinfo=there).astimezone(UTC) for day in (begins, begins + timedelta(days=1)))
    second = timedelta(seconds=1)
    try:
        found = list(timetable(row.text, zone=row.zone, **choices).between(opens - second, closes - second))
    except InvalidTimetable:
        return "refused"
    shown = [f"{moment.astimezone(there):%H:%M%z}" for moment in found]
    return f"{len(shown)} times" if len(shown) > 8 else ", ".join(map(short, shown)) or "–"


def short(shown: str) -> str:
    """`03:00+0200` as `3:00+2`, `01:45+1030` as `1:45+10:30`."""
    time, sign, hours, minutes = shown[:5], shown[5], shown[6:8], shown[8:]
    return f"{time.removeprefix('0')}{sign}{int(hours)}" + (f":{minutes}" if minutes != "00" else "")


@pytest.mark.parametrize("row", [*rows()], ids=lambda row: " ".join(row[:4]))
def test_it_comes_when_the_page_says(row: Row) -> None:
    assert row.choice in CHOICES
    assert happens(row) == row.says


def test_the_page_has_every_kind_every_choice_and_every_hard_zone() -> None:
    told = list(rows())
    shown = {type(timetable(row.text)) for row in told}
    assert {kind for name, (kind, _) in KINDS.items() if name != "nested"} - shown - {AfterCompletion} == set()
    assert {row.choice for row in told} == CHOICES
    small = {"UTC", "Europe/Dublin", "America/Scoresbysund", "Antarctica/Davis", "Pacific/Kwajalein"}
    assert {zone for zone, _ in HARD_WEEKS} - {row.zone for row in told} == small
