"""What does one field of a cron expression name?

A field is a list of items. An item is a value, a range or a star, each with an optional step; `H` spreads by a key, and
the day fields know `L`, `W` and `#`. What a field names becomes an integer whose bit v stands for value v, and, for
days that depend on the month, `Specials`. Where tools differ, docs/timetables/cron.md says how it is read here.
"""

import re
from hashlib import blake2b
from typing import NamedTuple

from klokker.core.timetables.cron_days import NO_SPECIALS, Specials

_VALUE = "([0-9]+|[A-Z]+)"
_ITEM = re.compile(rf"(?:(\*)|{_VALUE}(?:-{_VALUE})?)(?:/([0-9]+))?")
_SPREAD = re.compile(rf"H(?:\({_VALUE}-{_VALUE}\))?(?:/([0-9]+))?")
_DATE_SPECIAL = re.compile(r"L(?:-([0-9]+))?|(LW)|([0-9]+)W")
_WEEKDAY_SPECIAL = re.compile(r"([0-9]+|[A-Z]+)#([0-9]+)|([0-9]+|[A-Z]+?)L")
_LETTERS = frozenset({"H", "L", "W", "LW"})
"""What an item may be made of that is neither a number nor a name."""
_NO_NAMES: dict[str, int] = {}


def _named(names: str, low: int) -> dict[str, int]:
    """Values by full and by three-letter name."""
    values = {name: value for value, name in enumerate(names.split(), low)}
    return values | {name[:3]: value for name, value in values.items()}


def _number(digits: str) -> int:
    """A written number; any of over three digits as 1000, which is more than every field has."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) < 4 else 1000


class Fault(Exception):
    """An item that cannot be read: `value` is the part at fault, `expected` what would be right. Never leaves the reading."""

    def __init__(self, expected: str, value: str) -> None:
        self.expected, self.value = expected, value
        self.item: str | None = None
        """The item of a list; None when the field is no list."""


class Named(NamedTuple):
    """What a field names: values as bits, and the days that depend on the month."""

    bits: int
    specials: Specials = NO_SPECIALS


class Field:
    """One field: its values run from `low` to `high`; after `size` of them they begin anew (a weekday's 7 is its 0)."""

    __slots__ = ("_plain", "_special", "high", "low", "name", "names", "shown", "size", "spread_high")

    def __init__(
        self,
        name: str,
        low: int,
        high: int,
        *,
        names: dict[str, int] = _NO_NAMES,
        size: int | None = None,
        spread_high: int | None = None,
        special: re.Pattern[str] | None = None,
    ) -> None:
        self.name, self.low, self.high, self.names = name, low, high, names
        self.size = size or high - low + 1
        # `H` keeps to the days that every month has, and to one of the two Sundays.
        self.spread_high = spread_high or high
        self._special = special
        self.shown = f"{low} to {high}"
        if names:
            short = sorted((value, name) for name, value in names.items() if len(name) == 3)
            self.shown += f", or {short[0][1]} to {short[-1][1]}"
        # Most fields are a star or one number: these need no parsing.
        self._plain = {"*": Named(self._within((1 << high + 1) - (1 << low)))}
        for value in range(low, high + 1):
            self._plain[str(value)] = self._plain[f"{value:02}"] = Named(self._within(1 << value))

    @property
    def every(self) -> Named:
        """All values."""
        return self._plain["*"]

    def read(self, text: str, key: str) -> Named:
        """What `text` names; `key` is what `H` spreads by. Raises Fault."""
        known = self._plain.get(text)
        if known is not None:
            return known
        if "," not in text:
            return self._item(text, key)
        bits, specials = 0, NO_SPECIALS
        # A set: a text may repeat an item ten thousand times, and that adds nothing.
        for item in set(text.split(",")):
            try:
                known = self._plain.get(item) or self._item(item, key)
            except Fault as fault:
                fault.item = item
                raise
            bits |= known.bits
            specials = specials.with_(known.specials)
        return Named(bits, specials)

    def _item(self, item: str, key: str) -> Named:
        upper = item.upper() if item.isascii() else item
        if self._special is not None and (match := self._special.fullmatch(upper)):
            return Named(0, self._specials(match))
        if match := _ITEM.fullmatch(upper):
            star, first, last, step = match.groups()
            if star:
                return Named(self._stepped(self.low, self.low + self.size - 1, step))
            if not {first, last} & _LETTERS:
                low = self._value(first)
                if last is not None:
                    return Named(self._range(low, self._value(last), step))
                return Named(self._stepped(low, low if step is None else self.high, step))
        if match := _SPREAD.fullmatch(upper):
            return Named(self._spread(match, key))
        raise Fault(self._advice(upper), item)

    def _value(self, written: str) -> int:
        """The value of a number or a name."""
        value = self.names.get(written)
        if value is None and written[0] <= "9":
            value = _number(written)
        if value is None or not self.low <= value <= self.high:
            raise Fault(f"write {self.shown}", written)
        return value

    def _range(self, first: int, last: int, step: str | None) -> int:
        """From `first` to `last`, around the field's end when `last` is the lower one."""
        if first > last and first - self.low == self.size:
            first -= self.size  # a range that begins on Sunday, written as 7
        return self._stepped(first, last if first <= last else last + self.size, step)

    def _stepped(self, first: int, last: int, step: str | None) -> int:
        """Every `step`th value from `first` to `last`, which may lie beyond the field's end."""
        if step is None:
            return self._within((2 << last) - (1 << first))
        by = _number(step)
        if by == 0:
            raise Fault("a step must be at least 1", step)
        # A row of ones, each `by` bits from the next: the quotient of two numbers that are all ones.
        times = (last - first) // by + 1
        return self._within(((1 << by * times) - 1) // ((1 << by) - 1) << first)

    def _within(self, bits: int) -> int:
        """Values beyond the field's size, brought back to its start."""
        top = self.low + self.size
        return (bits | bits >> top << self.low) & (1 << top) - 1

    def _spread(self, match: re.Match[str], key: str) -> int:
        """`H` is one value, or begins a row of them, drawn by the key: alike on every machine, another in each field."""
        if not key:
            raise Fault("H spreads by a name, and none is given: pass key=…, a schedule's own name", match[0])
        first, last, step = match.groups()
        low, high = self.low, self.spread_high
        if first is not None:
            low, high = self._value(first), self._value(last)
            if low > high:
                raise Fault("a range under H runs upwards, as in H(0-29)", match[0])
        size = high - low + 1
        if step is None:
            return self._within(1 << low + _drawn(key, self.name, size))
        by = _number(step)
        if by == 0:
            raise Fault("a step must be at least 1", step)
        return self._stepped(low + _drawn(key, self.name, min(by, size)), high, step)

    def _specials(self, match: re.Match[str]) -> Specials:
        if self.name == DATE.name:
            before, last_workday, near = match.groups()
            if last_workday:
                return Specials(last_workday=True)
            if near is not None:
                return Specials(workdays=(self._value(near),))
            days = 0 if before is None else _number(before)
            if days > 30:
                raise Fault("write L-1 to L-30: so many days before the last", before)
            return Specials(before_last=(days,))
        weekday, nth, last = match.groups()
        if last is not None:
            return Specials(last=(self._value(last) % 7,))
        if not 1 <= _number(nth) <= 5:
            raise Fault("a month has each weekday four or five times: write #1 to #5", nth)
        return Specials(nth=((self._value(weekday) % 7, _number(nth)),))

    def _advice(self, item: str) -> str:
        """What to write instead of an item that cannot be read."""
        a_day = self._special is not None
        if not item:
            return "a list has an empty item: write a value, with no blank around the commas, or take the comma away"
        if "?" in item:
            return "`?` stands alone in a day field: write *" if a_day else "`?` belongs to the day fields: write *"
        if "&" in item:
            return "`&` stands before the whole weekday field, as in `0 0 13 * &5`"
        if item == "L" and a_day:
            return "write 6 for Saturdays, or 5L for the last Friday of the month"
        if a_day and re.fullmatch("L-[0-9]+W", item):
            return "W does not go with L-n: write LW for the last workday, or L-n"
        if a_day and set(item) & set("LW#") and set(item) & set("-/"):
            return "L, W and # do not go with ranges or steps: write a list, such as 1#2,3#2"
        if item[0] == "H":
            return "write H, H/15, H(0-29) or H(0-29)/10"
        return f"write {self.shown}; a range a-b, a step */n or a-b/n, or a list of these"


SECOND = Field("second", 0, 59)
MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DATE = Field("day of month", 1, 31, spread_high=28, special=_DATE_SPECIAL)
MONTH = Field(
    "month",
    1,
    12,
    names=_named("JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER", 1),
)
WEEKDAY = Field(
    "weekday",
    0,
    7,
    names=_named("SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY", 0),
    size=7,
    spread_high=6,
    special=_WEEKDAY_SPECIAL,
)


def _drawn(key: str, field: str, size: int) -> int:
    """A number from 0, below `size`: the same for the same key and field on every machine."""
    digest = blake2b(f"{field}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % size
