"""Rests: for "after completion", the end of the last scheduled run, whatever its outcome, sets when the next one is due."""

from dataclasses import replace
from datetime import datetime, timedelta

from klokker.core.lifecycle import Outcome, RunKind, ScheduleState
from klokker.core.plan import Plan, PlannedRun, Timer
from klokker.core.verdict import Again, Done
from klokker.store.conformance.bench import Bench
from klokker.store.conformance.given import (
    LEASE,
    MINUTE,
    arrive,
    asked,
    at,
    changed,
    claim,
    definition,
    end,
    finish,
    moved,
    one_claim,
    revision,
    schedule,
)
from klokker.store.contract import Change, Claim, Planner, Unreadable

REST = 10 * MINUTE


class Resting:
    def test_the_end_of_a_run_sets_the_next_due(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        assert next_due(bench, id_) is None
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) == at(1.5) + REST
        assert bench.store.glance(at(1.5)).next_at == at(1.5) + REST
        finish(bench.store, end(held, at(2)))
        assert next_due(bench, id_) == at(1.5) + REST, "an end said twice moves nothing"

    def test_every_outcome_is_an_end(self, bench: Bench) -> None:
        for number, outcome in enumerate((Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CANCELLED)):
            id_, held = resting_run(bench, f"chore {number}")
            finish(bench.store, end(held, at(1.5), outcome))
            assert next_due(bench, id_) == at(1.5) + REST

    def test_a_further_attempt_is_no_end(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        finish(bench.store, end(held, at(1.5), Outcome.FAILED, verdict=Again(at(2), Outcome.FAILED)))
        assert next_due(bench, id_) is None
        bench.store.release(at(2))
        finish(bench.store, end(one_claim(bench.store, at(2)), at(3)))
        assert next_due(bench, id_) == at(3) + REST

    def test_a_lost_run_ends_when_it_is_rescued(self, bench: Bench) -> None:
        id_, _ = resting_run(bench)
        bench.store.rescue(at(1) + 2 * LEASE, lambda _: Done(Outcome.LOST))
        assert next_due(bench, id_) == at(1) + 2 * LEASE + REST

    def test_a_run_that_never_began_ends_when_it_is_cancelled_or_expires(self, bench: Bench) -> None:
        cancelled, expired = resting(bench, "cancelled"), resting(bench, "expired")
        bench.store.decide(at(1), make_what_is_due(at(1), start_before=at(1.5)))
        bench.store.release(at(1))
        bench.store.ask_cancel([bench.runs(cancelled)[0].id], at(1.25), by="an operator")
        assert next_due(bench, cancelled) == at(1.25) + REST
        bench.store.release(at(2))
        assert bench.runs(expired)[0].outcome is Outcome.EXPIRED
        assert next_due(bench, expired) == at(2) + REST

    def test_a_manual_run_moves_nothing(self, bench: Bench) -> None:
        id_ = resting(bench)
        arrive(bench.store)
        bench.store.enqueue([asked(id_, RunKind.MANUAL)], now=at(0.5))
        finish(bench.store, end(one_claim(bench.store, at(0.5)), at(0.9)))
        assert next_due(bench, id_) == at(1)

    def test_it_rests_after_the_last_of_several(self, bench: Bench) -> None:
        id_ = schedule(bench.store, replace(RESTS, name="two"))
        arrive(bench.store)
        bench.store.decide(at(1), make_what_is_due(at(1), extra=at(0.5)))
        bench.store.release(at(1))
        first, second = claim(bench.store, at(1))
        finish(bench.store, end(second, at(2)))
        assert next_due(bench, id_) is None
        finish(bench.store, end(first, at(1.5)))
        assert next_due(bench, id_) == at(2) + REST

    def test_it_rests_at_the_earliest_from_the_last_edit_or_resume(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        changed(bench.store, id_, Change(starts_after_completion=at(5)))
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) == at(5) + REST

    def test_an_occurrence_that_is_due_already_is_not_put_off(self, bench: Bench) -> None:
        """After an edit from the hour to a rest, an hour may be undecided still while a run ends."""
        id_, held = resting_run(bench)
        (timer,) = bench.store.locked_view(id_).timers
        changed(bench.store, id_, Change(timers=(moved(timer, at(1), next_due=at(1.25)),)))
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) == at(1.25)

    def test_the_newest_revision_says_how_long(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        longer = replace(RESTS, when="1 hour after completion")
        changed(bench.store, id_, Change(revision=revision(longer, at(1))))
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) == at(2.5)

    def test_an_end_under_a_pause_sets_nothing(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        changed(bench.store, id_, Change(state=ScheduleState.PAUSED))
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) is None

    def test_each_node_rests_by_itself(self, bench: Bench) -> None:
        id_ = schedule(bench.store, RESTS, nodes=("a", "b"))
        arrive(bench.store, "p1", "a")
        bench.store.decide(at(1), make_what_is_due(at(1)))
        bench.store.release(at(1))
        finish(bench.store, end(one_claim(bench.store, at(1)), at(1.5)))
        due = {timer.node: timer.next_due for timer in bench.store.locked_view(id_).timers}
        assert due == {"a": at(1.5) + REST, "b": None}

    def test_the_rest_ends_on_a_whole_second(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        finish(bench.store, end(held, at(1.5) + timedelta(milliseconds=250)))
        assert next_due(bench, id_) == at(1.5) + REST + timedelta(seconds=1)

    def test_a_clock_that_was_set_back_does_not_put_it_to_sleep_for_good(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        (timer,) = bench.store.locked_view(id_).timers
        changed(bench.store, id_, Change(timers=(moved(timer, at(9)),)))
        finish(bench.store, end(held, at(1.5)))
        assert next_due(bench, id_) == at(9) + REST

    def test_set_back_it_rests_from_runs_that_end_now_and_not_from_those_that_ended_ahead(self, bench: Bench) -> None:
        id_, held = resting_run(bench)
        finish(bench.store, end(held, at(9)))
        (timer,) = bench.store.locked_view(id_).timers
        ahead = moved(timer, at(9), next_due=at(9) + REST)
        changed(bench.store, id_, Change(timers=(ahead,)))
        changed(bench.store, id_, Change(timers=(moved(timer, at(2), next_due=at(2.25)),)))
        bench.store.decide(at(2.25), make_what_is_due(at(2.25)))
        bench.store.release(at(2.25))
        finish(bench.store, end(one_claim(bench.store, at(2.25)), at(2.5)))
        assert next_due(bench, id_) == at(2.5) + REST


RESTS = replace(definition(), when="10 minutes after completion")


def resting(bench: Bench, name: str = "tidy") -> int:
    """A schedule that rests ten minutes after completion, first due at one."""
    return schedule(bench.store, replace(RESTS, name=name))


def resting_run(bench: Bench, name: str = "tidy") -> tuple[int, Claim]:
    """Such a schedule, and its first run, claimed at one."""
    id_ = resting(bench, name)
    arrive(bench.store)
    bench.store.decide(at(1), make_what_is_due(at(1)))
    bench.store.release(at(1))
    return id_, one_claim(bench.store, at(1))


def next_due(bench: Bench, schedule: int) -> datetime | None:
    (timer,) = bench.store.locked_view(schedule).timers
    return timer.next_due


def make_what_is_due(now: datetime, *, extra: datetime | None = None, start_before: datetime | None = None) -> Planner:
    """Plans a run for the moment that the timer was woken for (and an extra one), and waits for its end."""

    def planner(timer: Timer | Unreadable) -> Plan:
        assert isinstance(timer, Timer)
        assert timer.next_due is not None
        nominals = [moment for moment in (extra, timer.next_due) if moment is not None]
        takes_turn = extra is None
        runs = tuple(PlannedRun(1, nominal, nominal, start_before, takes_turn) for nominal in nominals)
        return Plan(runs, (), now, None)

    return planner
