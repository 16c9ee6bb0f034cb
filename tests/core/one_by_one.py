"""A planner that looks at occurrences one by one: slow, with no closed form and no shortcut, so that it is easy to believe.

It states the rules of docs/concepts/plan.md in the order in which a person would apply them; `plan()` must agree with it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from klokker.core.catchup import CatchUpKind
from klokker.core.closed import WhenClosed
from klokker.core.definition import Revision
from klokker.core.lifecycle import DismissalReason
from klokker.core.moments import epoch_second, from_epoch
from klokker.core.overlap import Overlap
from klokker.core.plan import Timer


@dataclass
class Occurrence:
    """One occurrence on its way: dismissed for `reason`, or kept when there is none. `opened`: the opening it waited for."""

    nominal: datetime
    revision: Revision
    reason: DismissalReason | None = None
    missed: bool = False
    opened: datetime | None = None

    @property
    def together(self) -> bool:
        """Is it one of those that `all` keeps, which count as one newcomer?"""
        return self.revision.definition.catch_up.kind is CatchUpKind.ALL


@dataclass
class Decided:
    """What becomes of each occurrence, up to `decided_until`; `closed_before`, `closed_at`: where max runs close the span."""

    runs: list[Occurrence] = field(default_factory=list)
    dismissed: list[Occurrence] = field(default_factory=list)
    cancels: bool = False
    decided_until: datetime | None = None
    closed_before: datetime | None = None
    closed_at: datetime | None = None


def owner(revisions: list[Revision], moment: datetime) -> Revision | None:
    """The highest number whose `holds_from` lies before the moment."""
    held = [revision for revision in revisions if revision.holds_from < moment]
    return max(held, key=lambda revision: revision.number, default=None)


def occurrences(timer: Timer, after: datetime, until: datetime) -> list[Occurrence]:
    """Every occurrence in (after, until] that has no run yet, each under its own revision."""
    revisions = list(timer.revisions)
    found = {
        moment: revision
        for revision in revisions
        for moment in revision.definition.timetable().between(after, until)
        if owner(revisions, moment) is revision and moment not in timer.decided_ahead
    }
    return [Occurrence(moment, found[moment]) for moment in sorted(found)]


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FOR_EVER = timedelta(hours=30)


def closes(revision: Revision, moment: datetime, then: WhenClosed) -> bool:
    """Is it closed at this moment, with this policy?"""
    definition = revision.definition
    if definition.closed is None or definition.closed.then is not then:
        return False
    closings = definition.closings()
    assert closings is not None
    return closings.at(epoch_second(moment)) is not None


def decidable(revisions: list[Revision], moment: datetime) -> datetime | None:
    """When what falls due at this moment can be decided; None where an edit ended the closing in which it waited.

    Calendars and edits change things at whole minutes, and at the second after an edit.
    """
    holder = owner(revisions, moment)
    assert holder is not None
    if not closes(holder, moment, WhenClosed.WAIT):
        return moment
    edits = [from_epoch(epoch_second(revision.holds_from)) + SECOND for revision in revisions]
    at = moment
    while at < moment + FOR_EVER:
        at = min(at.replace(second=0) + MINUTE, *(edit for edit in edits if edit > at), moment + FOR_EVER)
        if not closes(holder, at, WhenClosed.WAIT):
            return at
        successor = owner(revisions, at)
        assert successor is not None
        if successor is not holder and not closes(successor, at, WhenClosed.WAIT):
            return None
        holder = successor
    raise AssertionError("no calendar here closes for so long")


def held_from(revisions: list[Revision], after: datetime, until: datetime, now: datetime) -> datetime | None:
    """The first second in (after, until] at which whatever fell due would still wait `now`."""
    edits = [from_epoch(epoch_second(revision.holds_from)) + SECOND for revision in revisions]
    at = from_epoch(epoch_second(after)) + SECOND
    while at <= until:
        opened = decidable(revisions, at) if owner(revisions, at) else None
        if opened is not None and opened > max(now, at):
            return at
        at = min(at.replace(second=0) + MINUTE, *(edit for edit in edits if edit > at), until + MINUTE)
    return None


def decide(timer: Timer, now: datetime, previous_tick: datetime | None) -> Decided:
    """Decide all occurrences after `handled_until`, up to now or the end of the span, or to what waits for an opening."""
    until = now if timer.until is None else min(now, timer.until)
    revisions = [each for each in timer.revisions if epoch_second(each.holds_from) < epoch_second(until)]
    held = held_from(revisions, timer.handled_until, until, now)
    if held is not None:
        until = max(held - SECOND, timer.handled_until)
    exhausted = exhausted_after(timer, until)
    due = occurrences(timer, timer.handled_until, until if exhausted is None else exhausted)
    for occurrence in due:
        opened = decidable(revisions, occurrence.nominal)
        if opened is None or closes(occurrence.revision, occurrence.nominal, WhenClosed.SKIP):
            occurrence.reason = DismissalReason.CLOSED
        elif opened != occurrence.nominal:
            occurrence.opened = opened
    judged = [occurrence for occurrence in due if occurrence.reason is None]
    _judge_missed(timer, judged, now, previous_tick)
    _catch_up(judged, now)
    decided = _overlap(timer, due)
    decided.decided_until = until
    if decided.closed_at is None and decided.closed_before is None and exhausted is not None:
        decided.closed_before = exhausted + timedelta(seconds=1)
    return decided


def exhausted_after(timer: Timer, until: datetime) -> datetime | None:
    """The moment from which a revision holds that allows fewer runs than were made already."""
    borders = {timer.handled_until} | {revision.holds_from for revision in timer.revisions}
    for border in sorted(borders):
        if timer.handled_until <= border < until.replace(microsecond=0):
            holds = owner(list(timer.revisions), border + timedelta(seconds=1))
            allowed = holds.definition.max_runs if holds else None
            if allowed is not None and allowed <= timer.runs_made:
                return border
    return None


def planned(timer: Timer, occurrence: Occurrence) -> datetime:
    definition = occurrence.revision.definition
    return (occurrence.opened or occurrence.nominal) + definition.jitter.delay(definition.name, timer.node)


def _judge_missed(timer: Timer, due: list[Occurrence], now: datetime, previous_tick: datetime | None) -> None:
    since = timedelta.max if previous_tick is None else 2 * (now - previous_tick)
    for occurrence in due:
        tolerated = occurrence.revision.definition.grace
        if occurrence is due[-1]:
            tolerated = max(tolerated, min(timedelta(minutes=15), since))
        occurrence.missed = occurrence.opened is not None or now - planned(timer, occurrence) > tolerated


def _catch_up(due: list[Occurrence], now: datetime) -> None:
    newer_kept, newer_missed = False, 0
    for occurrence in reversed(due):
        catch_up = occurrence.revision.definition.catch_up
        if occurrence.missed:
            newer_missed += 1
            old = catch_up.span is not None and now - (occurrence.opened or occurrence.nominal) > catch_up.span
            if catch_up.kind is CatchUpKind.ALL:
                occurrence.reason = DismissalReason.MISSED if newer_missed > catch_up.newest else None
            elif catch_up.kind is CatchUpKind.NONE or old:
                occurrence.reason = DismissalReason.MISSED
            elif newer_kept:
                occurrence.reason = DismissalReason.SUPERSEDED
        newer_kept = newer_kept or occurrence.reason is None


def _overlap(timer: Timer, due: list[Occurrence]) -> Decided:
    decided = Decided()
    begun = [run for run in timer.unfinished if run.begun]
    waiting = [run for run in timer.unfinished if not run.begun]
    for occurrence in due:
        definition = occurrence.revision.definition
        if definition.max_runs is not None and timer.runs_made + len(decided.runs) >= definition.max_runs:
            decided.closed_before = occurrence.nominal
            break
        if occurrence.reason is not None:
            decided.dismissed.append(occurrence)
            continue
        rivals = [run for run in decided.runs if not (occurrence.together and run.together)]
        met = bool(begun or waiting or rivals)
        if (definition.overlap is Overlap.SKIP and met) or (
            definition.overlap is Overlap.QUEUE_ONE and (waiting or rivals)
        ):
            occurrence.reason = DismissalReason.OVERLAPPED
            decided.dismissed.append(occurrence)
            continue
        if definition.overlap is Overlap.REPLACE and met:
            decided.cancels = True
            waiting = []
            for rival in rivals:
                rival.reason = DismissalReason.OVERLAPPED
                decided.runs.remove(rival)
                decided.dismissed.append(rival)
        decided.runs.append(occurrence)
        if definition.max_runs is not None and timer.runs_made + len(decided.runs) >= definition.max_runs:
            decided.closed_at = occurrence.nominal
            break
    return decided
