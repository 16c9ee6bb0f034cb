"""Did every promise hold? Asked of what the database noted, and of what the chores wrote down, without Klokker's own account.

Each check gives its findings in words, none when all is well. `test_proof.py` falsifies a true history in one place for
each of them and sees it found; docs/concepts/promises.md lists the faults of the product that they were seen to find.
"""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from klokker.core.lifecycle import DismissalReason, Outcome, RunState, may_move
from tests.acceptance.volleys.chores import BEGUN, DONE
from tests.acceptance.volleys.history import History, Row, moment

Attempt = tuple[int, int]
"""Run and fencing token."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`every` so many seconds from 1970 on, until `ends`: what a schedule's timetable yields, reckoned here anew."""

    every: int
    ends: datetime | None = None

    def seconds(self, after: datetime, until: datetime) -> range:
        """The seconds since 1970 at which it falls due in (after, until]."""
        last = min(until, self.ends) if self.ends is not None else until
        first = int(after.timestamp()) // self.every * self.every + self.every
        return range(first, int(last.timestamp()) + 1, self.every)


@dataclass(frozen=True, slots=True)
class Line:
    """What a chore wrote down."""

    said: str
    run: int
    token: int
    attempt: int
    task: str
    pid: int


@dataclass(frozen=True)
class Evidence:
    """All there is to judge by. `rhythms`: what each schedule's timetable yields, by name; the others are not reckoned here."""

    history: History
    lines: Sequence[Line]
    """What the chores had written when the history was read …"""
    later: Sequence[Line]
    """… and what they had when it had been."""
    rhythms: Mapping[str, Rhythm]
    repeatable: Collection[str]
    """The tasks that may begin again after they were lost."""
    snoozing: Collection[str] = ()
    """The tasks that may ask for later, which costs no attempt."""

    @cached_property
    def runs(self) -> dict[int, Row]:
        return self.history.last_seen("run")

    @cached_property
    def claims(self) -> dict[Attempt, bool]:
        """Each claim that the ledger knows, and whether it was ever marked as begun."""
        claims: dict[Attempt, bool] = {}
        for change in self.history.of("run"):
            if change.new is not None and change.new["state"] == RunState.CLAIMED:
                attempt = (change.new["id"], change.new["token"])
                claims[attempt] = claims.get(attempt, False) or change.new["started"] is not None
        return claims

    def begun(self) -> Iterator[Line]:
        return (line for line in self.lines if line.said == BEGUN)


def read_lines(file: Path) -> list[Line]:
    """What the chores wrote, in the order in which they did."""
    return [Line(**json.loads(line)) for line in file.read_text().splitlines()]


# ── no occurrence lost, none doubled ────────────────────────────────────────────────────────────────────────────────


def occurrences(of: Evidence) -> Iterator[str]:
    """Each occurrence up to `handled until` is exactly one run, or stands in exactly one dismissal.

    Fails when `handled until` moves without its runs, when two schedulers decide the same, and when a run is made anew after
    it was pruned, which no unique constraint sees.
    """
    names = {id: row["name"] for id, row in of.history.last_seen("schedule").items()}
    made: dict[tuple[int, str], list[int]] = defaultdict(list)
    for run in of.runs.values():
        if run["nominal"] is not None:
            made[run["schedule_id"], run["node"]].append(_second(run["nominal"]))
    dismissed: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in of.history.last_seen("dismissal").values():
        dismissed[row["schedule_id"], row["node"]].append(row)
    expected: dict[tuple[int, str], Counter[int]] = defaultdict(Counter)
    for timer in of.history.last_seen("timer").values():
        rhythm = of.rhythms.get(names[timer["schedule_id"]])
        if rhythm is not None:
            reached = min(moment(timer[name]) for name in ("until", "handled_until") if timer[name] is not None)
            expected[timer["schedule_id"], timer["node"]].update(rhythm.seconds(moment(timer["since"]), reached))
    for place, due in expected.items():
        yield from _decided(f"{names[place[0]]}#{place[0]} on {place[1]!r}", due, made[place], dismissed[place])


def _decided(who: str, due: Counter[int], runs: Sequence[int], dismissals: Sequence[Row]) -> Iterator[str]:
    decided = Counter(runs)
    for stray in decided.keys() - due.keys():
        yield f"stray: {who} has a run for {stray}, where nothing falls due"
    ordered = sorted(due)
    for row in dismissals:
        after, until = _second(row["after"]), _second(row["until"])
        inside = ordered[bisect_right(ordered, after) : bisect_right(ordered, until)]
        decided.update(inside)
        if row["count"] is not None and row["count"] != len(inside):
            yield f"miscounted: {who} dismissed {row['count']} in ({after}, {until}], which holds {len(inside)}"
    for second in ordered:
        if decided[second] == 0:
            yield f"lost: {who} decided nothing about {second}"
        elif decided[second] > 1:
            yield f"doubled: {who} decided {decided[second]} times about {second}"


# ── no attempt started twice ────────────────────────────────────────────────────────────────────────────────────────


def starts(of: Evidence) -> Iterator[str]:
    """Each attempt that began was claimed, was marked as begun, and began once; its forerunner was silent by then.

    Fails when a claim does not raise the token, when two workers get the same run, when what is claimed ahead begins without
    a note of it, and when the children of a killed worker live on.
    """
    begun = Counter((line.run, line.token) for line in of.begun())
    for attempt, times in begun.items():
        if times > 1:
            yield f"started twice: run {attempt[0]} under token {attempt[1]}, {times} times"
        if attempt not in of.claims:
            yield f"never claimed: run {attempt[0]} began under token {attempt[1]}"
        elif not of.claims[attempt]:
            yield f"unmarked: run {attempt[0]} began under token {attempt[1]}, and the ledger does not know"
    numbers = Counter((line.run, line.attempt) for line in of.begun() if line.task not in of.snoozing)
    for (run, number), times in numbers.items():
        if times > 1:
            yield f"started twice: attempt {number} of run {run}, {times} times"
    newest: dict[int, int] = {}
    for line in of.lines:
        if line.token < newest.get(line.run, 0):
            yield f"spoke too late: run {line.run} under token {line.token}, when {newest[line.run]} had begun"
        newest[line.run] = max(line.token, newest.get(line.run, 0))


# ── no run ended twice ──────────────────────────────────────────────────────────────────────────────────────────────


def ends(of: Evidence) -> Iterator[str]:
    """A run makes only moves that the table of moves has, nothing moves it once it is done, and no older token ends it.

    Fails when `finish` does not compare the token, and when `rescue` takes a run whose end was just written.
    """
    for change in of.history.of("run"):
        if change.old is None or change.new is None:
            continue
        old, new, run = change.old, change.new, change.new["id"]
        if old["state"] == RunState.DONE and (new["state"], new["outcome"]) != (old["state"], old["outcome"]):
            yield f"ended twice: run {run} was {old['outcome']}, and became {new['state']} {new['outcome']}"
        if old["state"] != new["state"] and not may_move(RunState(old["state"]), RunState(new["state"])):
            yield f"wrong move: run {run} went from {old['state']} to {new['state']}"
        if new["ended_token"] != old["ended_token"] and new["ended_token"] != old["token"]:
            yield f"stale end: run {run} took an end of token {new['ended_token']} when {old['token']} held it"
        if new["token"] != old["token"] and (new["state"] != RunState.CLAIMED or new["token"] != old["token"] + 1):
            yield f"wrong token: run {run} went from {old['token']} to {new['token']}"


def results(of: Evidence) -> Iterator[str]:
    """A run that succeeded did its work under the token that ended it, and none failed: a process that is killed is lost.

    Fails when an end is credited to another attempt, or to none.
    """
    finished = {(line.run, line.token) for line in of.later if line.said == DONE}
    for id, run in of.runs.items():
        if run["outcome"] == Outcome.SUCCEEDED and (id, run["ended_token"]) not in finished:
            yield f"unfounded: run {id} succeeded under token {run['ended_token']}, which never came to its end"
        if run["outcome"] == Outcome.FAILED:
            yield f"unfounded: run {id} failed: {run['error']}"


# ── nothing after a loss ────────────────────────────────────────────────────────────────────────────────────────────


def losses(of: Evidence) -> Iterator[str]:
    """A run of a task that is not repeatable is over with its first lost attempt.

    Fails when `rescue` sends on what it should end.
    """
    for id, run in of.runs.items():
        if run["task"] not in of.repeatable and run["lost"]:
            yield f"tried after a loss: run {id} of {run['task']} was lost {run['lost']} times and went on"


# ── what pruning leaves ─────────────────────────────────────────────────────────────────────────────────────────────


def tallies(of: Evidence) -> Iterator[str]:
    """What is gone was over, and its day's tally says what it was.

    Fails when rows go without a tally, or a tally counts other than the rows that it stands for.
    """
    counted: dict[tuple[Any, ...], Row] = {}
    for row in of.history.last_seen("tally").values():
        counted[row["schedule_id"], row["node"], row["revision"], moment(row["day"])] = row
    names = {id: row["name"] for id, row in of.history.last_seen("schedule").items()}
    runs: Counter[tuple[Any, ...]] = Counter()
    for run in of.runs.values():
        if run["nominal"] is not None:
            day = _day(moment(run["nominal"]))
            runs[run["schedule_id"], run["node"], run["revision"], day, run["outcome"]] += 1
    dismissals: Counter[tuple[Any, ...]] = Counter()
    for row in of.history.last_seen("dismissal").values():
        rhythm = of.rhythms.get(names[row["schedule_id"]])
        for second in rhythm.seconds(moment(row["after"]), moment(row["until"])) if rhythm is not None else ():
            day = datetime.fromtimestamp(second - second % 86400, moment(row["after"]).tzinfo)
            dismissals[row["schedule_id"], row["node"], row["revision"], day, row["reason"]] += 1
    for key, row in counted.items():
        says = {str(outcome): row[str(outcome).replace(" ", "_")] for outcome in Outcome}
        were = {str(outcome): runs[*key, str(outcome)] for outcome in Outcome}
        if names[key[0]] in of.rhythms:
            says |= {str(reason): row[str(reason)] for reason in DismissalReason}
            were |= {str(reason): dismissals[*key, str(reason)] for reason in DismissalReason}
        for what in says:
            if says[what] != were[what]:
                yield f"miscounted: the tally of {names[key[0]]}#{key[0]} says {says[what]} {what}, there were {were[what]}"
    for id in of.history.removed("run"):
        run = of.runs[id]
        if run["state"] != RunState.DONE:
            yield f"pruned too early: run {id} was {run['state']}"
        if run["nominal"] is not None:
            key = (run["schedule_id"], run["node"], run["revision"], _day(moment(run["nominal"])))
            if key not in counted:
                yield f"gone without a trace: run {id} of {names[run['schedule_id']]}#{run['schedule_id']} has no tally"


CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (occurrences, starts, ends, results, losses, tallies)


def prove(evidence: Evidence) -> list[str]:
    """All that is wrong; empty when every promise held."""
    return [finding for check in CHECKS for finding in check(evidence)]


def _second(written: str) -> int:
    return int(moment(written).timestamp())


def _day(of: datetime) -> datetime:
    return of - timedelta(hours=of.hour, minutes=of.minute, seconds=of.second, microseconds=of.microsecond)
