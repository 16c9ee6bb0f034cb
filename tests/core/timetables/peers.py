"""How do cronsim and croniter read a cron expression, and what are the rules by which they differ from us?

A rule says when it applies and, where that can be said, how to write for us what the peer understands: the same question
asked so must have the same answer. docs/timetables/differences.md has each rule, by its name, with the reason.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter  # type: ignore[import-untyped]
from cronsim import CronSim, CronSimError

from klokker import timetable
from klokker.core.errors import InvalidTimetable, TooSparse
from klokker.core.timetables.zones import wall_clock

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ENDS = {"second": (0, 59), "minute": (0, 59), "hour": (0, 23), "date": (1, 31), "month": (1, 12), "weekday": (0, 6)}
MACROS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@yearly": "0 0 1 1 *"}
REFUSED = None
COUNT = 6


@dataclass(frozen=True)
class Question:
    """The next moments of this text in this zone, after `start`."""

    text: str
    zone: str
    start: datetime
    gap: str | None = None
    fold: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The fields by their names, in lower case."""
        words = MACROS.get(self.text, self.text).lower().split()
        return dict(zip(list(ENDS)[6 - len(words) :], words, strict=True))

    @property
    def items(self) -> list[tuple[str, str]]:
        """Each item of each field: (field, item)."""
        return [(field, item) for field, text in self.fields.items() for item in text.split(",")]

    @property
    def wildcard(self) -> bool:
        """Whether its minute or hour begins with a star: it follows real time."""
        return "*" in (self.fields["minute"][0], self.fields["hour"][0])

    def with_items(self, change: Callable[[str, str], str]) -> "Question":
        """The same with each item changed: `change(field, item)`."""
        words = [",".join(change(field, item) for item in text.split(",")) for field, text in self.fields.items()]
        return replace(self, text=" ".join(words))

    def changes(self, days: int) -> list[tuple[datetime, timedelta]]:
        """The clock changes so many days around the start: (when, how far the clocks move)."""
        around, start = timedelta(days=days), int(self.start.timestamp())
        found = wall_clock(self.zone).changes(start - int(around.total_seconds()), start + int(around.total_seconds()))
        return [(datetime.fromtimestamp(at, UTC), timedelta(seconds=after - before)) for at, before, after in found]


Answer = list[datetime] | None
"""The moments found; REFUSED."""


def ours(question: Question) -> Answer:
    try:
        rule = timetable(question.text, zone=question.zone, gap=question.gap, fold=question.fold)
    except InvalidTimetable:
        return REFUSED
    found: list[datetime] = []
    with suppress(TooSparse):  # times that each change of the clocks skips: nothing more is found
        while len(found) < COUNT and (following := rule.after(found[-1] if found else question.start)):
            found.append(following)
    return found


class StandsStill(Exception):
    """cronsim goes to and fro at one place, and would do so for ever."""


class _Walk(CronSim):
    """cronsim, which gives up where it stands still."""

    left = 100_000
    """Moves of its hands: its longest searches, over fifty years, take some ten thousand."""

    def tick(self, seconds: int = 1) -> None:
        self.left -= 1
        if self.left < 0:
            raise StandsStill
        super().tick(seconds)


def of_cronsim(question: Question) -> Answer:
    """Where it stands still, the last is the moment from which on it does."""
    found: list[datetime] = []
    try:
        walk = _Walk(question.text, question.start.astimezone(ZoneInfo(question.zone)))
        for _, moment in zip(range(COUNT), walk, strict=False):
            found.append(moment.astimezone(UTC))
    except CronSimError:
        return REFUSED
    except StandsStill:
        found.append(found[-1] if found else question.start)
    return found


def iter_of_croniter(question: Question) -> Answer:
    words = question.text.split()
    # Its seconds stand last.
    text = " ".join([*words[1:], words[0]]) if len(words) == 6 else question.text
    try:
        walk = croniter(text, question.start.astimezone(ZoneInfo(question.zone)))
        return [walk.get_next(datetime).astimezone(UTC) for _ in range(COUNT)]
    except CroniterBadDateError:
        return []
    except (CroniterError, ValueError, KeyError):
        return REFUSED


def number(field: str, written: str) -> int:
    """The number that a written value stands for."""
    names = {name: value for value, name in enumerate(WEEKDAYS)} if field == "weekday" else {}
    names |= {name: value for value, name in enumerate(MONTHS, 1)} if field == "month" else {}
    return names[written[:3]] if written.isalpha() else int(written)


RANGE = re.compile(r"(\w+)-(\w+)(?:/(\d+))?")


def ends(field: str, item: str) -> tuple[int, int, str | None] | None:
    """The ends and the step of an item that is a range, else None."""
    match = RANGE.fullmatch(item)
    if match is None or match[1] == "l":
        return None
    return number(field, match[1]), number(field, match[2]), match[3]


def wraps(field: str, item: str) -> bool:
    """Whether it is a range that goes on around the field's end."""
    found = ends(field, item)
    return found is not None and found[0] > found[1]


# --- what the peers refuse ---


def around_the_end(question: Question) -> bool:
    return any(wraps(field, item) for field, item in question.items)


def question_mark(question: Question) -> bool:
    return "?" in question.text


def workday(question: Question) -> bool:
    return bool(re.search(r"\d[wW]", question.text))


def last_workday(question: Question) -> bool:
    return "lw" in question.text.lower()


def before_the_last(question: Question) -> bool:
    return bool(re.search(r"[lL]-\d", question.text))


def macro(question: Question) -> bool:
    return question.text.startswith("@")


def full_name(question: Question) -> bool:
    return bool(re.search(r"[a-zA-Z]{4,}", question.text)) and not macro(question)


def last_weekday(question: Question) -> bool:
    return bool(re.search(r"[\da-zA-Z][lL]$", question.text))


def never_this_date(question: Question) -> bool:
    """No month that is named has one of the days that are named, and a weekday may match instead."""
    fields = question.fields
    if not re.fullmatch(r"[\d,]+", fields["date"]) or not re.fullmatch(r"[\d,]+", fields["month"]):
        return False
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    most = max(longest.get(int(month), 31) for month in fields["month"].split(","))
    return min(map(int, fields["date"].split(","))) > most


# --- how the peers read it ---


def one_too_many(field: str, item: str) -> str:
    """Around the field's end croniter may leave out one value too many."""
    found = ends(field, item)
    if found is None or found[0] <= found[1] or found[2] is None:
        return item
    first, last, step = found[0], found[1], int(found[2])
    low, high = ENDS[field]
    before = list(range(first, high + 1, step))
    left = high - before[-1]
    skipped = step - left if before[-1] - low + step > high - low + 1 and left < step else 0
    return ",".join(map(str, [*before, *range(low + skipped, last + 1, step)]))


def to_saturday(field: str, item: str) -> str:
    """An open step of weekdays ends for croniter with Saturday."""
    match = re.fullmatch(r"(\w+)/(\d+)", item)
    return f"{match[1]}-6/{match[2]}" if field == "weekday" and match and match[1] not in "*h" else item


def one_value_is_all(field: str, item: str) -> str:
    """croniter reads `a-a` as around the whole field, and takes that for a star."""
    found = ends(field, item)
    return "*" if found is not None and found[0] == found[1] and field not in ("date", "weekday") else item


def one_day(question: Question) -> bool:
    """A range of one day."""
    found = (ends(field, item) for field, item in question.items if field in ("date", "weekday"))
    return any(both is not None and both[0] == both[1] for both in found)


def every_value_is_a_star(field: str, item: str) -> str:
    """For croniter hours that are all named are a star, which follows real time."""
    found = ends(field, item)
    if found is None or found[2] is not None or field not in ("minute", "hour"):
        return item
    low, high = ENDS[field]
    return "*" if (found[1] + 1 - found[0]) % (high - low + 1) == 0 else item


def steps_are_no_star(field: str, item: str) -> str:
    """For croniter a day field is a star only when it names every day; `*/2` is a list like any other."""
    match = re.fullmatch(r"[*]/(\d+)", item)
    low, high = ENDS[field]
    return f"{low}-{high}/{match[1]}" if match and field in ("date", "weekday") else item


def nth_beside_a_date(question: Question) -> bool:
    return "#" in question.fields["weekday"] and question.fields["date"] != "*"


def workday_beside_a_weekday(question: Question) -> bool:
    return workday(question) and question.fields["weekday"] != "*"


def seven_beside_seconds(question: Question) -> bool:
    return with_seconds(question) and "7" in question.fields["weekday"]


# --- where clocks change ---


def always_around(question: Question, moment: datetime) -> bool:
    del question, moment
    return True


def partial_hours(question: Question, moment: datetime) -> bool:
    """Near a change that moves the clocks by part of an hour, or happens within one."""
    before = wall_clock(question.zone).offset_at
    return any(
        moved % timedelta(hours=1) or (at.timestamp() + before(int(at.timestamp()) - 1)) % 3600
        for at, moved in near(question, moment)
    )


def two_hours(question: Question, moment: datetime) -> bool:
    """Near a change by more than an hour."""
    return any(abs(moved) > timedelta(hours=1) for _, moved in near(question, moment))


def skipped_midnight(question: Question, moment: datetime) -> bool:
    """On a day that does not begin at midnight."""
    zone = ZoneInfo(question.zone)
    return any(
        (at - timedelta(seconds=1)).astimezone(zone).date() != at.astimezone(zone).date() and moved > timedelta(0)
        for at, moved in near(question, moment)
    )


def second_pass(question: Question, moment: datetime) -> bool:
    """The start lies in the second pass of a repeated time."""
    del moment
    return question.start.astimezone(ZoneInfo(question.zone)).fold == 1


def alike_ahead(question: Question, moment: datetime) -> bool:
    """In the second pass of a repeated time, and what follows on a later day has the offset of the first pass."""
    zone = ZoneInfo(question.zone)
    local = moment.astimezone(zone)
    later = ours(replace(question, start=moment + timedelta(hours=6))) or []
    first_pass = local.replace(fold=0).utcoffset()
    return local.fold == 1 and any(each.astimezone(zone).utcoffset() == first_pass for each in later[:1])


def with_seconds(question: Question) -> bool:
    return "second" in question.fields


def skipped_times(question: Question, moment: datetime) -> bool:
    """Near times that a clock change skips."""
    return any(moved > timedelta(0) for _, moved in near(question, moment))


def near(question: Question, moment: datetime) -> list[tuple[datetime, timedelta]]:
    return replace(question, start=moment).changes(days=2)


@dataclass(frozen=True)
class Rule:
    """By which a peer differs, where it `applies`.

    With a `reading` it answers what we answer to that. With `around` it may answer something else from such a moment on.
    With neither it refuses, or finds nothing.
    """

    name: str
    applies: Callable[[Question], bool]
    reading: Callable[[Question], Question] | None = None
    around: Callable[[Question, datetime], bool] | None = None


def read_as(name: str, change: Callable[[str, str], str]) -> Rule:
    """A rule by which the peer reads items otherwise; it applies where the change changes something."""
    return Rule(
        name,
        lambda question: any(change(field, item) != item for field, item in question.items),
        lambda question: question.with_items(change),
    )


def always(question: Question) -> bool:
    del question
    return True


def follows_real_time_there(question: Question) -> bool:
    """What cronsim takes for a wildcard: six fields always."""
    return question.wildcard or with_seconds(question)


CRONSIM = (
    Rule("Ranges around the end", around_the_end),
    Rule("The question mark", question_mark),
    Rule("The nearest workday", workday),
    Rule("Days before the last", before_the_last),
    Rule("Macros", macro),
    Rule("Full names", full_name),
    Rule("A date that never comes", never_this_date),
    Rule("From within a repeated hour", always, around=second_pass),
    Rule("Changes by part of an hour", always, around=partial_hours),
    Rule("A day without midnight", follows_real_time_there, around=skipped_midnight),
    Rule("Six fields where clocks change", with_seconds, lambda question: replace(question, gap="skip", fold="both")),
)
CRONITER = (
    Rule("The last workday", last_workday),
    Rule("Days before the last", before_the_last),
    Rule("Full names", full_name),
    Rule("The last weekday of a month", last_weekday),
    Rule("A date that never comes", never_this_date),
    read_as("Steps around the end", one_too_many),
    read_as("Open steps of weekdays", to_saturday),
    read_as("A range of one", one_value_is_all),
    Rule("A range of one day", one_day, around=always_around),
    read_as("Every value, spelled out", every_value_is_a_star),
    read_as("Stars with steps in day fields", steps_are_no_star),
    Rule(
        "Wildcards in a gap",
        lambda question: question.wildcard and question.fields["hour"] != "*",
        lambda question: replace(question, gap="shift"),
    ),
    Rule(
        "Fixed times in a fold",
        lambda question: not question.wildcard,
        lambda question: replace(question, fold="both"),
    ),
    Rule("Sunday as 7 beside seconds", seven_beside_seconds),
    Rule("The nearest workday beside a weekday", workday_beside_a_weekday, around=always_around),
    Rule("Nth weekdays beside a date", nth_beside_a_date, around=always_around),
    Rule("Changes by part of an hour", always, around=partial_hours),
    Rule("A day without midnight", always, around=skipped_midnight),
    Rule("Changes by more than an hour", always, around=two_hours),
    Rule("A fold between alike times", lambda question: question.wildcard, around=alike_ahead),
    Rule("Seconds in a gap", with_seconds, around=skipped_times),
)


def explained(question: Question, asked: Answer, rules: tuple[Rule, ...]) -> set[str] | None:
    """By which rules the peer's answer differs from ours, none when it does not; None when no rule says why."""
    if asked == ours(question):
        return set()
    if not asked:
        refusing = [rule for rule in rules if rule.reading is None and rule.around in (None, always_around)]
        return {rule.name for rule in refusing if rule.applies(question)} or None
    names = set()
    for rule in rules:
        if rule.reading is not None and rule.applies(question):
            read = rule.reading(question)
            names |= {rule.name} if ours(read) != ours(question) else set()
            question = read
    found = ours(question) or []
    if asked == found:
        return names
    place = next(place for place in range(COUNT) if asked[place : place + 1] != found[place : place + 1])
    first = min([*asked[place : place + 1], *found[place : place + 1]])
    around = {rule.name for rule in rules if rule.around and rule.applies(question) and rule.around(question, first)}
    return names | around if around else None
