"""When is it, a while after the last run ended?

The moments of `10 minutes after completion` follow from what the runs do. The timetable knows the rest alone; whoever
plans tells it when the last run ended, and knows it by its class.
"""

from datetime import datetime, timedelta
from typing import NoReturn

from klokker.core.errors import FollowsCompletion
from klokker.core.moments import epoch_second, utc
from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.every import read_period
from klokker.core.timetables.reading import Form, Reading


class AfterCompletion(Timetable):
    """`rest` after the end of the last scheduled run."""

    __slots__ = ("rest", "text")

    def __init__(self, text: str, rest: timedelta) -> None:
        self.text, self.rest = text, rest

    def after(self, moment: datetime) -> datetime | None:
        """`rest` after `moment`, taken as the end of the last run, to the microsecond."""
        try:
            return utc(moment) + self.rest
        except OverflowError:
            return None

    def second_after(self, second: int) -> int:
        return second + self.rest // timedelta(seconds=1)

    def second_at_or_before(self, second: int) -> NoReturn:  # noqa: ARG002
        raise FollowsCompletion("at_or_before")

    def count_seconds(self, after: int, until: int) -> NoReturn:  # noqa: ARG002
        raise FollowsCompletion("count")

    def between(self, after: datetime, until: datetime) -> NoReturn:
        epoch_second(after), epoch_second(until)
        raise FollowsCompletion("between")

    def __eq__(self, other: object) -> bool:
        return self.rest == other.rest if isinstance(other, AfterCompletion) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.rest)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<AfterCompletion {self.text!r}>"


def _claims(words: list[str]) -> bool:
    return bool(words) and words[-1].lower() == "completion"


def _read(reading: Reading) -> AfterCompletion:
    words = reading.words
    reading.clock("shift", "first")  # a zone that does not exist is refused here too
    written, rest, following = read_period(reading, 0)
    if [word.lower() for word in words[following:]] != ["after", "completion"]:
        expected = "write it alone, as in `10 minutes after completion`"
        reading.refuse(expected, field="text", value=" ".join(words[following:]), position=reading.position(following))
    return AfterCompletion(f"{written} after completion", timedelta(seconds=rest))


FORM = Form("`10 minutes after completion`", _claims, _read)
