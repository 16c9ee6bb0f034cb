"""Glance: an idle tick learns from it that there is nothing to do, and until when."""

from dataclasses import replace

from klokker.core.lifecycle import Outcome, ScheduleState
from klokker.core.verdict import Again
from klokker.store.conformance.bench import Bench
from klokker.store.conformance.given import (
    MIDNIGHT,
    MINUTE,
    arrive,
    asked,
    at,
    begun_run,
    changed,
    end,
    finish,
    one_claim,
    schedule,
    tick,
)
from klokker.store.contract import Change, Glance

NOTHING = Glance(due=False, releasable=False, pause_expired=False, next_at=None, retires=False)


class Glancing:
    def test_an_empty_store_has_nothing_to_do(self, bench: Bench) -> None:
        assert bench.store.glance(MIDNIGHT) == NOTHING

    def test_a_timer_is_due_from_its_moment_on(self, bench: Bench) -> None:
        schedule(bench.store)
        assert bench.store.glance(at(0.5)) == replace(NOTHING, next_at=at(1))
        assert bench.store.glance(at(1)).due
        tick(bench.store, at(1))
        assert bench.store.glance(at(1)) == replace(NOTHING, next_at=at(2))

    def test_the_earliest_moment_of_all_is_told(self, bench: Bench) -> None:
        schedule(bench.store)
        paused = schedule(bench.store, "paused")
        bench.store.enqueue([asked(planned=at(0.75))], now=MIDNIGHT)
        changed(bench.store, paused, Change(state=ScheduleState.PAUSED, paused_until=at(0.5)))
        assert bench.store.glance(MIDNIGHT) == replace(NOTHING, next_at=at(0.5))
        changed(bench.store, paused, Change(state=ScheduleState.PAUSED))
        assert bench.store.glance(MIDNIGHT) == replace(NOTHING, next_at=at(0.75))
        bench.store.release(at(0.75))
        assert bench.store.glance(at(0.75)) == replace(NOTHING, next_at=at(1))

    def test_a_run_that_waits_for_its_turn_is_not_releasable(self, bench: Bench) -> None:
        schedule(bench.store)
        tick(bench.store, at(2))
        assert bench.store.glance(at(2)) == replace(NOTHING, next_at=at(3))
        arrive(bench.store)
        finish(bench.store, end(one_claim(bench.store, at(2)), at(2)))
        assert bench.store.glance(at(2)).releasable
        bench.store.release(at(2))
        assert not bench.store.glance(at(2)).releasable

    def test_a_run_that_holds_its_turn_is_releasable_when_its_time_comes(self, bench: Bench) -> None:
        held = begun_run(bench)
        finish(bench.store, end(held, MIDNIGHT, Outcome.FAILED, verdict=Again(at(0.5), Outcome.FAILED)))
        assert bench.store.glance(at(0.4)) == replace(NOTHING, next_at=at(0.5))
        assert bench.store.glance(at(0.5)).releasable

    def test_a_run_past_its_start_before_is_something_to_do(self, bench: Bench) -> None:
        schedule(bench.store)
        tick(bench.store, at(2), start_within=90 * MINUTE)
        assert not bench.store.glance(at(2.5)).releasable
        assert bench.store.glance(at(2.6)).releasable
        bench.store.release(at(2.6))
        assert not bench.store.glance(at(2.6)).releasable

    def test_looking_changes_nothing(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        tick(bench.store, at(2))
        before = (bench.runs(id_), bench.store.ledger(id_), bench.store.locked_view(id_))
        for _ in range(3):
            bench.store.glance(at(9))
        assert (bench.runs(id_), bench.store.ledger(id_), bench.store.locked_view(id_)) == before
