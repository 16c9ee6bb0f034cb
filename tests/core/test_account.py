"""The account: expected against decided (docs/concepts/account.md)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from klokker.core.account import Account, account
from klokker.core.definition import Definition
from klokker.core.known import Known
from klokker.core.ledger import Ledger, Tally
from klokker.core.lifecycle import DismissalReason, Outcome, RunState, ScheduleState
from klokker.core.sealing import Unproven, prove_day
from klokker.core.trouble import Trouble
from tests.core.history import History, day_of
from tests.core.timers import MORNING, random_definition, random_moment


def at(time: str) -> datetime:
    """A time in May 2026: "4 12:00"."""
    day, clock = time.split()
    hour, minute = clock.split(":")
    return datetime(2026, 5, int(day), int(hour), int(minute), tzinfo=UTC)


def definition(when: str = "0 * * * *", **fields: object) -> Definition:
    return Definition.read({"name": "sweep", "task": "chores.sweep", "when": when, **fields})


def read(history: History, now: datetime, time_data: str = "") -> Account:
    return account(history.ledger(), now=now, time_data=time_data)


# ── lives ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def random_life_definition(dice: Random) -> Definition:
    definition = random_definition(dice)
    if dice.random() < 0.15:
        definition = replace(definition, when="13 minutes after completion", starts=None, ends=None)
    return replace(definition, max_runs=None) if dice.random() < 0.8 else definition


def random_life(seed: int) -> tuple[History, datetime]:
    """Some days of a schedule: ticks and outages, edits, pauses, rewinds, runs that end, pruning, retirement."""
    dice = Random(seed)
    now = random_moment(dice, MORNING, 86_400)
    history = History(random_life_definition(dice), now)
    for _ in range(dice.randrange(5, 40)):
        now = random_moment(dice, now, dice.choice((60, 60, 600, 600, 7200, 86_400)))
        what = dice.random()
        if what < 0.5:
            history.tick(now)
        elif what < 0.6:
            history.begin()
        elif what < 0.75:
            history.end_all(now, dice.choice(tuple(Outcome)))
        elif what < 0.82:
            history.edit(random_life_definition(dice), now)
        elif what < 0.86:
            history.pause(dice.choice((None, now + timedelta(hours=1))))
        elif what < 0.91:
            history.resume(now)
        elif what < 0.94:
            history.prune(now)
        elif what < 0.95:
            history.retire(now)
        elif what < 0.97 and history.revisions[-1].definition.rest() is None:
            history.tick(now + timedelta(hours=3))
            history.rewind(now)
    return history, now


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_whatever_a_schedule_went_through_its_account_is_exact(first: int) -> None:
    for seed in range(first, first + 250):
        history, now = random_life(seed)
        of = read(history, now)
        assert of.exact, (seed, of.findings)
        assert of.expected == of.runs + of.dismissed + of.tallied


def test_lives_have_pruned_days_rewinds_edits_and_every_reason() -> None:
    """What the test above would not see if lives were duller than they look."""
    ledgers = [history.ledger() for history, _ in map(random_life, range(100))]
    assert sum(bool(ledger.tallies) for ledger in ledgers) > 5
    assert sum(len(ledger.spans) > 1 for ledger in ledgers) > 2
    assert {ledger.schedule.state for ledger in ledgers} == set(ScheduleState) - {ScheduleState.BROKEN}
    reasons = {row.reason for ledger in ledgers for row in ledger.dismissals}
    assert reasons == set(DismissalReason) - {DismissalReason.BROKEN}


@pytest.mark.parametrize("first", range(1000, 1200, 100))
def test_pruning_changes_no_account(first: int) -> None:
    for seed in range(first, first + 100):
        history, now = random_life(seed)
        now += timedelta(days=2)
        history.end_all(now)
        before = read(history, now)
        gone = history.prune(now)
        after = read(history, now)
        assert (after.expected, after.exact) == (before.expected, True)
        assert bool(gone) <= (after.tallied > 0 or not before.expected or bool(before.findings))
        assert after.runs + after.dismissed + after.tallied == before.runs + before.dismissed + before.tallied


# ── closings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_waits_for_an_opening_is_told_and_blamed_on_nobody() -> None:
    known = Known({"night": "daily 22:00-06:00"})
    fields = {"name": "sweep", "task": "chores.sweep", "when": "0 * * * *", "closed": "wait during night"}
    history = History(Definition.read(fields, known), at("4 20:30"))
    for time in ("4 21:00", "4 22:00", "4 23:00"):
        history.tick(at(time))
    of = read(history, at("5 01:30"))
    assert (of.exact, of.expected, of.due, of.waiting) == (True, 1, 0, 4)
    assert history.span.next_due == at("5 06:00")
    history.end_all(at("5 01:30"))
    history.tick(at("5 06:00"))
    of = read(history, at("5 06:00"))
    assert (of.exact, of.expected, of.runs, of.dismissed, of.waiting) == (True, 10, 2, 8, 0)
    history.wake_at(at("5 23:00"))
    assert not read(history, at("5 06:00")).exact, "it must wake when it opens, and for 07:00"


@pytest.mark.parametrize("unfinished", [True, False])
def test_an_edit_to_a_rest_in_a_closing_lets_nothing_wait_and_begins_the_rest_anew(unfinished: bool) -> None:
    known = Known({"night": "daily 01:00-03:00"})
    fields = {"name": "sweep", "task": "chores.sweep", "closed": "wait during night", "overlap": "allow"}
    history = History(Definition.read({**fields, "when": "*/10 * * * *"}, known), at("4 00:45"))
    history.tick(at("4 00:50"))
    if not unfinished:
        history.end_all(at("4 00:55"))
    history.edit(Definition.read({**fields, "when": "5 hours after completion"}, known), at("4 01:25"))
    for time in ("4 01:26", "4 03:00"):
        history.tick(at(time))
        assert read(history, at(time)).exact
    assert [run.nominal for run in history.runs.values()] == [at("4 00:50")]
    assert [(row.count, row.reason) for row in history.dismissals.values()] == [(3, DismissalReason.CLOSED)]
    assert history.span.next_due == (None if unfinished else at("4 06:25"))
    history.end_all(at("4 04:00"))
    assert history.span.next_due == (at("4 09:00") if unfinished else at("4 06:25"))


# ── what the account does not let pass ──────────────────────────────────────────────────────────────────────────────


def a_quiet_day() -> History:
    """Ten runs on time, then four hours off, then two more runs; all succeeded."""
    history = History(definition(), at("4 00:30"))
    for hour in [*range(1, 11), 15, 16]:
        history.tick(at(f"4 {hour}:00"))
        history.end_all(at(f"4 {hour}:05"))
    return history


def without_a_run(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs[:4], *ledger.runs[5:]])


def with_a_run_twice(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs, replace(ledger.runs[3], id=99)])


def with_a_run_beside_the_timetable(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs, replace(ledger.runs[3], id=99, nominal=at("4 04:30"))])


def with_a_run_moved(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs[1:], replace(ledger.runs[0], nominal=at("4 01:30"))])


def with_a_run_before_it_began(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs, replace(ledger.runs[3], id=99, nominal=at("3 04:00"))])


def with_a_run_in_a_window(ledger: Ledger) -> Ledger:
    return replace(ledger, runs=[*ledger.runs, replace(ledger.runs[3], id=99, nominal=at("4 12:00"))])


def with_a_wider_window(ledger: Ledger) -> Ledger:
    (row,) = ledger.dismissals
    return replace(ledger, dismissals=[replace(row, until=at("4 15:30"))])


def with_a_narrower_window(ledger: Ledger) -> Ledger:
    (row,) = ledger.dismissals
    return replace(ledger, dismissals=[replace(row, until=at("4 13:30"))])


def with_a_wrong_count(ledger: Ledger) -> Ledger:
    (row,) = ledger.dismissals
    return replace(ledger, dismissals=[replace(row, count=5)])


def with_a_second_window(ledger: Ledger) -> Ledger:
    (row,) = ledger.dismissals
    second = replace(row, id=99, after=at("4 12:30"), until=at("4 13:30"), count=1)
    return replace(ledger, dismissals=[row, second])


def with_an_invented_tally(ledger: Ledger) -> Ledger:
    return replace(ledger, tallies=[Tally("", 1, at("5 00:00"), {Outcome.SUCCEEDED: 1}, {})])


def with_two_wrongs_that_come_out_even(ledger: Ledger) -> Ledger:
    """One run is gone, and a window says one more than it holds."""
    return with_a_wrong_count(without_a_run(ledger))


def asleep(ledger: Ledger) -> Ledger:
    (span,) = ledger.spans
    return replace(ledger, spans=[replace(span, next_due=None)])


def asleep_for_long(ledger: Ledger) -> Ledger:
    (span,) = ledger.spans
    return replace(ledger, spans=[replace(span, next_due=at("4 18:00"))])


@pytest.mark.parametrize(
    ("spoil", "troubles"),
    [
        (without_a_run, {Trouble.LOST}),
        (with_a_run_twice, {Trouble.DOUBLE}),
        (with_a_run_beside_the_timetable, {Trouble.STRAY}),
        (with_a_run_moved, {Trouble.STRAY, Trouble.LOST}),
        (with_a_run_before_it_began, {Trouble.STRAY}),
        (with_a_run_in_a_window, {Trouble.MISCOUNTED, Trouble.DOUBLE}),
        (with_a_wider_window, {Trouble.DOUBLE}),
        (with_a_narrower_window, {Trouble.MISCOUNTED, Trouble.LOST}),
        (with_a_wrong_count, {Trouble.MISCOUNTED}),
        (with_a_second_window, {Trouble.DOUBLE}),
        (with_an_invented_tally, {Trouble.MISCOUNTED}),
        (with_two_wrongs_that_come_out_even, {Trouble.LOST, Trouble.MISCOUNTED}),
        (asleep, {Trouble.ASLEEP}),
        (asleep_for_long, {Trouble.ASLEEP}),
    ],
)
def test_a_spoilt_ledger_is_not_exact(spoil: Callable[[Ledger], Ledger], troubles: set[Trouble]) -> None:
    whole = a_quiet_day().ledger()
    assert account(whole, now=at("4 16:30")).exact
    spoilt = account(spoil(whole), now=at("4 16:30"))
    assert not spoilt.exact
    assert {finding.trouble for finding in spoilt.findings} == troubles


def test_a_lost_occurrence_is_named() -> None:
    (finding,) = account(without_a_run(a_quiet_day().ledger()), now=at("4 16:30")).findings
    assert (finding.at, finding.count) == (at("4 05:00"), 1)
    assert finding.words.startswith("1 occurrence without a run or a dismissal, the first at 2026-05-04 05:00")


def test_the_lines_say_what_became_of_each() -> None:
    (line,) = read(a_quiet_day(), at("4 16:30")).lines
    assert (line.node, line.revision, line.expected, line.difference) == ("", 1, 16, 0)
    assert line.runs == {Outcome.SUCCEEDED: 12}
    assert line.dismissals == {DismissalReason.SUPERSEDED: 4}
    assert (line.unfinished, line.tally_runs, line.tally_dismissals) == (0, {}, {})


# ── what is told without being a fault ──────────────────────────────────────────────────────────────────────────────


def test_what_the_next_tick_will_decide_is_due_and_not_yet_expected() -> None:
    of = read(a_quiet_day(), at("4 19:30"))
    assert (of.due, of.expected, of.exact) == (3, 16, True)


def test_a_pause_is_counted_as_long_as_it_lasts_and_dismissed_when_it_ends() -> None:
    history = a_quiet_day()
    history.pause(until=at("4 18:30"))
    of = read(history, at("4 20:30"))
    assert (of.paused, of.due, of.expected, of.exact) == (2, 2, 16, True)
    history.resume(at("4 20:30"))
    of = read(history, at("4 20:30"))
    assert (of.paused, of.due, of.expected, of.exact) == (0, 2, 18, True)


def test_a_broken_schedule_is_undecided_since_then() -> None:
    history = a_quiet_day()
    history.state = ScheduleState.BROKEN
    (finding,) = read(history, at("4 20:30")).findings
    assert (finding.trouble, finding.at, finding.fault) == (Trouble.UNDECIDED, at("4 16:00"), False)


def test_runs_of_before_a_rewind_are_decided_ahead_until_their_moment_comes() -> None:
    history = a_quiet_day()
    history.rewind(at("4 14:30"))
    of = read(history, at("4 14:31"))
    assert of.exact
    assert [(f.trouble, f.count, f.fault) for f in of.findings] == [(Trouble.AHEAD, 2, False)]
    history.tick(at("4 17:00"))
    of = read(history, at("4 17:01"))
    assert (of.expected, of.findings, of.exact) == (17, (), True)
    assert [(line.revision, line.expected) for line in of.lines] == [(1, 14), (2, 3)]


def test_a_run_of_before_a_rewind_has_no_place_in_an_edited_timetable() -> None:
    history = a_quiet_day()
    history.rewind(at("4 14:30"))
    history.edit(definition("30 * * * *"), at("4 14:45"))
    history.tick(at("4 16:30"))
    of = read(history, at("4 16:31"))
    assert of.exact
    assert [(f.trouble, f.at) for f in of.findings] == [(Trouble.AHEAD, at("4 15:00")), (Trouble.AHEAD, at("4 16:00"))]


def test_what_other_time_data_said_is_moved_by_data_and_no_fault() -> None:
    history = a_quiet_day()
    history.revisions[0] = replace(history.revisions[0], time_data="2026a")
    history.runs[1] = replace(history.runs[1], nominal=at("4 01:30"))
    assert not read(history, at("4 16:30"), time_data="2026a").exact
    of = read(history, at("4 16:30"), time_data="2026b")
    assert of.exact
    assert {(f.trouble, f.fault) for f in of.findings} == {(Trouble.MOVED, False)}


def test_a_definition_that_cannot_be_evaluated_is_not_counted_and_the_others_are() -> None:
    history = a_quiet_day()
    history.revisions[0] = replace(history.revisions[0], definition=replace(definition(), when="61 * * * *"))
    of = read(history, at("4 16:30"))
    assert [line.expected for line in of.lines] == [None]
    assert {finding.trouble for finding in of.findings} == {Trouble.UNCOUNTED}


# ── after completion ────────────────────────────────────────────────────────────────────────────────────────────────


def a_chain() -> History:
    history = History(definition("1 hour after completion"), at("4 00:30"))
    for _ in range(4):
        due = history.span.next_due
        assert due is not None
        history.tick(due)
        history.end_all(due + timedelta(minutes=20))
    return history


def test_after_completion_what_was_expected_follows_from_what_was_decided() -> None:
    history = a_chain()
    assert [f"{run.nominal:%H:%M}" for run in history.runs.values()] == ["01:30", "02:50", "04:10", "05:30"]
    of = read(history, at("4 06:00"))
    assert (of.expected, of.runs, of.exact) == (4, 4, True)


def test_after_completion_a_run_before_its_rest_was_over_and_a_chain_that_stands_still_are_found() -> None:
    history = a_chain()
    history.runs[3] = replace(history.runs[3], nominal=at("4 03:15"))
    history.wake_at(None)
    of = read(history, at("4 06:00"))
    assert {finding.trouble for finding in of.findings} == {Trouble.EARLY, Trouble.ASLEEP}


def test_after_completion_sealed_days_stand_for_what_was_decided() -> None:
    history = a_chain()
    assert history.prune(at("5 00:00")) == 0, "not decided to the end of the day"
    due = history.span.next_due
    history.tick(at("5 00:10"))
    history.end_all(at("5 00:20"))
    assert due == at("4 06:50")
    assert history.prune(at("5 01:00")) == 5
    of = read(history, at("5 01:00"))
    assert (of.expected, of.tallied, of.exact) == (5, 5, True)


# ── sealing a day ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sealed_day_is_what_its_rows_were() -> None:
    history = a_quiet_day()
    history.tick(at("5 00:00"))
    day = at("4 00:00")
    assert prove_day(history.ledger(), day, now=at("5 00:00")) == (
        Tally("", 1, day, {Outcome.SUCCEEDED: 12}, {DismissalReason.SUPERSEDED: 11}),
    )


def test_a_dismissal_over_several_days_is_shared_among_them() -> None:
    history = History(definition(), at("4 12:30"))
    history.tick(at("6 12:00"))
    history.end_all(at("6 12:05"))
    shares = [prove_day(history.ledger(), at(f"{day} 00:00"), now=at("7 00:00")) for day in (4, 5)]
    assert shares == [
        (Tally("", 1, at("4 00:00"), {}, {DismissalReason.SUPERSEDED: 11}),),
        (Tally("", 1, at("5 00:00"), {}, {DismissalReason.SUPERSEDED: 24}),),
    ]


def test_a_dismissal_over_several_days_that_says_a_wrong_number_seals_none_of_them() -> None:
    history = History(definition(), at("4 12:30"))
    history.tick(at("6 12:00"))
    history.end_all(at("6 12:05"))
    (id_,) = history.dismissals
    history.dismissals[id_] = replace(history.dismissals[id_], count=40)
    refused = prove_day(history.ledger(), at("5 00:00"), now=at("7 00:00"))
    assert isinstance(refused, Unproven)
    assert "says 40, and its window holds 47" in refused.why


def spoilt(history: History, spoil: Callable[[Ledger], Ledger]) -> Ledger:
    history.tick(at("5 00:00"))
    return spoil(history.ledger())


@pytest.mark.parametrize(
    ("ledger", "now", "why"),
    [
        (spoilt(a_quiet_day(), lambda ledger: ledger), at("4 23:59"), "not over"),
        (a_quiet_day().ledger(), at("6 00:00"), "not all of it is decided"),
        (spoilt(a_quiet_day(), without_a_run), at("6 00:00"), "lost: 1 occurrence"),
        (spoilt(a_quiet_day(), with_a_run_beside_the_timetable), at("6 00:00"), "no occurrence"),
        (
            spoilt(a_quiet_day(), lambda ledger: replace(ledger, revisions=ledger.revisions[:0])),
            at("6 00:00"),
            "outside every span",
        ),
    ],
)
def test_a_day_that_does_not_prove_is_not_sealed_and_says_why(ledger: Ledger, now: datetime, why: str) -> None:
    refused = prove_day(ledger, at("4 00:00"), now=now)
    assert isinstance(refused, Unproven)
    assert why in refused.why


def test_a_day_with_an_unfinished_run_is_not_sealed() -> None:
    history = a_quiet_day()
    history.tick(at("5 00:00"))
    history.runs[7] = replace(history.runs[7], state=RunState.CLAIMED, outcome=None)
    refused = prove_day(history.ledger(), at("4 00:00"), now=at("6 00:00"))
    assert refused == Unproven(at("4 00:00"), "runs are not done yet: 1")


def test_a_day_sealed_already_gives_its_tallies_again_whatever_rows_are_left() -> None:
    history = a_quiet_day()
    history.tick(at("5 00:00"))
    history.prune(at("5 12:00"))
    assert prove_day(history.ledger(), at("4 00:00"), now=at("6 00:00")) == tuple(history.tallies)


def test_rows_that_stay_longer_than_their_day_are_not_counted_twice() -> None:
    history = a_quiet_day()
    history.tick(at("5 00:00"))
    rows = dict(history.runs)
    history.prune(at("5 12:00"))
    history.runs |= {id_: rows[id_] for id_ in (3, 4)}
    of = read(history, at("5 00:10"))
    assert (of.expected, of.tallied, of.runs, of.exact) == (24, 23, 1, True)


def test_the_account_of_a_retired_schedule_stays_exact_and_its_days_can_be_sealed() -> None:
    history = a_quiet_day()
    history.retire(at("4 18:30"))
    assert read(history, at("9 00:00")).exact
    assert history.prune(at("9 00:00")) == 14
    of = read(history, at("9 00:00"))
    assert (of.expected, of.tallied, of.runs, of.dismissed, of.exact) == (18, 18, 0, 0, True)
    assert day_of(history.tallies[0].day) == at("4 00:00")
