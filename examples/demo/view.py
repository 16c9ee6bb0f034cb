"""What the demonstration shows: read from the records, as any face does, and drawn for a terminal or told line by line."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db.models import Count, Q, Sum
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from klokker.cli.commands.runs import did, standing, took
from klokker.cli.output import relative, state
from klokker.core.duration import rounded
from klokker.core.lifecycle import RunKind, RunState, ScheduleState
from klokker.django.models import Dismissal, Run, Timer
from klokker.tasks.registry import registry

REASONS = {
    "superseded": "a newer occurrence of the same schedule runs instead",
    "missed": "its schedule says: too late is not worth it",
    "overlapped": "the run before it has not ended",
    "paused": "somebody had paused the schedule, with a reason",
    "closed": "a calendar was closed",
    "broken": "the schedule could not be evaluated",
}

WORK = {
    "anonymized": "reporters anonymised",
    "deleted": "rows deleted",
    "rows": "rows exported",
    "changed": "rows changed",
    "pulled": "rows pulled",
    "told": "people told",
    "points": "points on the map",
    "invalidated": "codes and registrations ended",
    "given_up": "places given up",
}
"""What was done, in words, out of all that tasks count."""


@dataclass(frozen=True, slots=True)
class Next:
    """Something that will run: when, what, and by which rule."""

    at: datetime
    what: str
    rule: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the records say at one moment."""

    now: datetime
    caught_up: int
    on_time: int
    dismissed: Mapping[str, int]
    outcomes: Mapping[str, int]
    undone: Mapping[str, int]
    unknown: int
    work: Mapping[str, int]
    running: Sequence[Run]
    ended: Sequence[Run]
    following: Sequence[Next]

    @property
    def done(self) -> int:
        """How many runs have ended, however."""
        return sum(self.outcomes.values())

    @property
    def to_do(self) -> int:
        """How many runs somebody here can make, ended ones included."""
        return self.done + sum(self.undone.values()) - self.unknown


@dataclass(frozen=True, slots=True)
class Room:
    """How many lines there are of what changes in number."""

    running: int = 2
    ended: int = 3
    following: int = 3


def look(now: datetime, on_since: datetime, room: Room) -> Look:
    """Read all that is shown, in a handful of queries. `on_since`: what fell due before that is caught up now."""
    runs = Run.objects.select_related("schedule")
    # Runs that are asked for ahead of their time belong to what comes next.
    due = Run.objects.exclude(state=RunState.WAITING, planned__gt=now)
    standings = due.values("state", "outcome").annotate(count=Count("pk"))
    outcomes, undone = Counter[str](), Counter[str]()
    for row in standings:
        (outcomes if row["outcome"] else undone)[row["outcome"] or row["state"]] += row["count"]
    scheduled = Run.objects.filter(kind=RunKind.SCHEDULED).aggregate(
        caught_up=Count("pk", filter=Q(nominal__lte=on_since)), on_time=Count("pk", filter=Q(nominal__gt=on_since))
    )
    work = Counter[str]()
    for counts in Run.objects.exclude(counts={}).values_list("counts", flat=True):
        work.update({name: count for name, count in counts.items() if name in WORK})
    dismissed = Dismissal.objects.values("reason").annotate(total=Sum("count")).order_by("-total")
    return Look(
        now,
        scheduled["caught_up"],
        scheduled["on_time"],
        {row["reason"]: row["total"] or 0 for row in dismissed},
        outcomes,
        undone,
        due.filter(state=RunState.QUEUED).exclude(task__in=[task.name for task in registry]).count(),
        work,
        list(runs.filter(state=RunState.CLAIMED, started__isnull=False).order_by("started")[: room.running]),
        list(runs.filter(state=RunState.DONE).order_by("-finished", "-pk")[: room.ended]),
        sorted([*_scheduled(now, room.following), *_asked_for(now, room.following)], key=lambda each: each.at)[
            : room.following
        ],
    )


def _scheduled(now: datetime, count: int) -> Iterator[Next]:
    timers = Timer.objects.filter(next_due__gt=now, schedule__state=ScheduleState.ACTIVE).select_related("schedule")
    for timer in timers.order_by("next_due", "pk")[:count]:
        if timer.next_due is not None:
            where = f" on {timer.node}" if timer.node else ""
            yield Next(timer.next_due, f"{timer.schedule}{where}", timer.schedule.when)


def _asked_for(now: datetime, count: int) -> Iterator[Next]:
    for run in Run.objects.filter(state=RunState.WAITING, planned__gt=now).order_by("planned")[:count]:
        yield Next(run.planned, _name(run), "once, asked for by the program")


def headline(schedules: int, off_since: datetime, on_since: datetime) -> Text:
    """What this is about, in a line."""
    off = f"off since {off_since:%a %-d %b %H:%M} UTC ({rounded(on_since - off_since)})"
    return Text.assemble(("Klokker", "bold"), f" · {schedules} schedules of five systems · {off}")


def drawn(seen: Look) -> RenderableType:
    """The whole picture."""
    parts: list[RenderableType] = [_decided(seen), Text(""), _work(seen)]
    parts += [Text(""), _ended(seen)] if seen.ended else []
    parts += [Text(""), _following(seen)] if seen.following else []
    return Group(*parts)


def _decided(seen: Look) -> RenderableType:
    """What became of all that fell due meanwhile."""
    if not seen.caught_up:
        return _heading("What fell due", "the scheduler begins to decide …")
    lines = _grid("right", "left", "cut")
    lines.add_row(
        f"{seen.caught_up:,}",
        Text("caught up", style="green"),
        _cut("what its schedule wants made up for runs now, once"),
    )
    for reason, count in seen.dismissed.items():
        lines.add_row(f"{count:,}", state("dismissed"), _cut(f"{reason}: {REASONS.get(reason, '')}"))
    if seen.on_time:
        lines.add_row(
            f"{seen.on_time:,}", Text("on time", style="green"), _cut("fell due since the machine is on again")
        )
    occurrences = seen.caught_up + seen.on_time + sum(seen.dismissed.values())
    return Group(_heading("What fell due", f"{occurrences:,} occurrences, each decided and kept in the ledger"), lines)


def _work(seen: Look) -> RenderableType:
    """How far the work is, what it did, and what is under way at this moment."""
    head = _grid("left", "left", "cut")
    words = [f"{seen.done} of {seen.to_do} runs done"]
    words += [f"{count} {outcome}" for outcome, count in seen.outcomes.items() if outcome != "succeeded"]
    head.add_row(Text("The work", style="bold"), _bar(seen.done, seen.to_do), _cut(", ".join(words)))
    parts: list[RenderableType] = [head]
    if done := " · ".join(f"{seen.work[name]:,} {words}" for name, words in WORK.items() if seen.work.get(name)):
        parts.append(Text(done))
    if seen.unknown:
        parts.append(Text(f"{seen.unknown} runs wait: no worker here knows their task", style="yellow"))
    lines = _grid("left", "cut", "left", "left")
    for run in seen.running:
        bar = _bar(run.progress_done or 0, run.progress_total) if run.progress_total else ""
        lines.add_row(state("running"), _cut(_name(run)), bar, did(run))
    return Group(*parts, *([lines] if seen.running else []))


def _ended(seen: Look) -> RenderableType:
    lines = _grid("left", "cut", "cut", "right")
    for run in seen.ended:
        length = took(run, seen.now)
        lines.add_row(
            state(standing(run)), _cut(_name(run)), _cut(did(run)), rounded(length) if length is not None else ""
        )
    return Group(_heading("Just ended"), lines)


def _following(seen: Look) -> RenderableType:
    lines = _grid("right", "cut", "left")
    for each in seen.following:
        lines.add_row(relative(each.at, seen.now), _cut(each.what), each.rule)
    return Group(_heading("Next"), lines)


def _heading(title: str, rest: str = "") -> Text:
    return Text.assemble((title, "bold"), f"  {rest}" if rest else "")


def _name(run: Run) -> str:
    return str(run.schedule) if run.schedule else run.task.rpartition(".")[2]


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=max(total, 1), completed=done, width=20)


def _grid(*columns: str) -> Table:
    """Columns to the left or to the right; those that are to be `cut` make room for the others on a narrow terminal."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for each in columns:
        grid.add_column(justify="right" if each == "right" else "left", no_wrap=each != "cut")
    return grid


def _cut(words: str) -> Text:
    return Text(words, no_wrap=True, overflow="ellipsis")


class Screen:
    """A picture that is drawn anew at each look."""

    def __init__(self, console: Console, head: Text) -> None:
        self._head = head
        self._live = Live(console=console, auto_refresh=False)
        # Two dozen lines fit everywhere; a higher terminal shows more.
        spare = max(0, min(console.height - 25, 12))
        self.room = Room(running=2 + spare // 4, ended=3 + spare // 2, following=3 + spare // 4)

    def show(self, seen: Look) -> None:
        """Draw it."""
        self._live.update(Group(self._head, Text(""), drawn(seen)), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


class Teller:
    """Where there is no terminal: a line for each thing that happened, none of it cut; at the end the picture without its bars."""

    room = Room(ended=0)

    def __init__(self, console: Console, head: Text) -> None:
        self._console = console
        self._head = head
        self._newest: Look | None = None
        self._caught_up = 0
        self._decided: Mapping[str, int] = {}
        self._ended: set[int] = set()
        self._progress: dict[int, tuple[int, datetime]] = {}

    def show(self, seen: Look) -> None:
        """Say what is new."""
        if seen.caught_up != self._caught_up:
            self._line("caught up", f"{seen.caught_up:,} runs")
            self._caught_up = seen.caught_up
        if seen.dismissed != self._decided:
            for reason, count in seen.dismissed.items():
                if count != self._decided.get(reason):
                    self._line("dismissed", f"{count:,} occurrences: {reason}, {REASONS.get(reason, '')}")
            self._decided = seen.dismissed
        for run in seen.running:
            self._tell_progress(run, seen.now)
        ended = Run.objects.select_related("schedule").filter(state=RunState.DONE).exclude(pk__in=self._ended)
        for run in ended.order_by("finished", "pk"):
            self._ended.add(run.pk)
            self._line(standing(run), f"{_name(run)}  {did(run)}")
        self._newest = seen

    def __enter__(self) -> Self:
        self._console.print(self._head)
        return self

    def __exit__(self, *_: object) -> None:
        if self._newest is not None:
            with self._console.capture() as captured:
                self._console.print(drawn(self._newest))
            print("", *(line.rstrip() for line in captured.get().splitlines()), sep="\n")

    def _tell_progress(self, run: Run, now: datetime) -> None:
        told, at = self._progress.get(run.pk, (0, now - timedelta(seconds=2)))
        if run.progress_total and (run.progress_done or 0) > told and now - at > timedelta(seconds=1):
            self._progress[run.pk] = (run.progress_done or 0, now)
            self._line("running", f"{_name(run)}  {did(run)}")

    def _line(self, what: str, words: str) -> None:
        self._console.print(f"{what:10} {words}".rstrip())
