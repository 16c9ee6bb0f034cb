"""When is it, once or on a few given moments?"""

from bisect import bisect_right

from klokker.core.timetables.contract import Timetable
from klokker.core.timetables.reading import Form, Reading
from klokker.core.timetables.written import read_moment


class Once(Timetable):
    """On these seconds since 1970: in order, each once."""

    __slots__ = ("seconds", "text")

    def __init__(self, text: str, seconds: tuple[int, ...]) -> None:
        self.text, self.seconds = text, seconds

    def second_after(self, second: int) -> int | None:
        following = bisect_right(self.seconds, second)
        return self.seconds[following] if following < len(self.seconds) else None

    def second_at_or_before(self, second: int) -> int | None:
        following = bisect_right(self.seconds, second)
        return self.seconds[following - 1] if following else None

    def count_seconds(self, after: int, until: int) -> int:
        return max(0, bisect_right(self.seconds, until) - bisect_right(self.seconds, after))

    def __eq__(self, other: object) -> bool:
        return self.seconds == other.seconds if isinstance(other, Once) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.seconds)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Once {self.text!r}>"


def _claims(words: list[str]) -> bool:
    return bool(words) and words[0].lower() == "at"


def _read(reading: Reading) -> Once:
    clock = reading.clock("shift", "first")
    written, seconds = [], set()
    begins = reading.position(0) + len("at")
    for item in reading.text[begins:].split(","):
        position = begins + len(item) - len(item.lstrip())
        text, happens = read_moment(reading, clock, item.strip(), field="moment", position=position)
        written.append(text)
        seconds.update(happens)
        begins += len(item) + 1
    if not seconds:
        expected = "the clocks skip this, and gap is skip: write a time that comes, or leave gap to its default"
        reading.refuse(expected, field="moment", value=written[0], position=reading.position(1))
    return Once(f"at {', '.join(written)}", tuple(sorted(seconds)))


FORM = Form("`at 2026-12-24T18:00`, or several, separated by commas", _claims, _read)
