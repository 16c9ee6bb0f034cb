"""Release and turns: of one schedule and node at most one run is queued or running, and the next follows in order."""

from datetime import timedelta

from klokker.core.lifecycle import Outcome, RunKind, RunState, ScheduleState
from klokker.core.verdict import Again, Ending, Snoozed
from klokker.store.conformance.bench import Bench, race
from klokker.store.conformance.given import (
    HOUR,
    MIDNIGHT,
    MINUTE,
    arrive,
    asked,
    at,
    changed,
    claim,
    end,
    finish,
    hourly,
    one_claim,
    queued_run,
    schedule,
    states,
    tick,
)
from klokker.store.contract import Change, End, NewRun

WAITING, QUEUED, CLAIMED, DONE = RunState


class Turns:
    def test_one_run_of_a_schedule_is_queued_and_the_others_wait(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        tick(bench.store, at(3))
        assert states(bench.runs(id_)) == [QUEUED, WAITING, WAITING]
        assert [run.holds_turn for run in bench.runs(id_)] == [True, False, False]

    def test_the_next_one_follows_when_the_first_is_done_oldest_first(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(3))
        order = []
        for _ in range(3):
            held = one_claim(bench.store, at(3))
            order.append(held.nominal)
            assert bench.store.release(at(3)) == 0
            assert finish(bench.store, end(held, at(3))) == [True]
            bench.store.release(at(3))
        assert order == [at(1), at(2), at(3)]
        assert states(bench.runs(id_)) == [DONE, DONE, DONE]

    def test_release_said_twice_moves_nothing_more(self, bench: Bench) -> None:
        schedule(bench.store)
        schedule(bench.store, "another")
        bench.store.decide(at(2), hourly(at(2)))
        moved = bench.store.release(at(2))
        assert moved in (0, 2), "deciding may queue at once what may be queued"
        assert bench.store.release(at(2)) == 0

    def test_of_several_releasers_one_gives_the_turn(self, bench: Bench) -> None:
        ids = [schedule(bench.store, f"chore {number}") for number in range(6)]
        bench.store.decide(at(5), hourly(at(5)))
        race(bench, *[lambda store: store.release(at(5))] * 4)
        for id_ in ids:
            assert states(bench.runs(id_)) == [QUEUED, WAITING, WAITING, WAITING, WAITING]

    def test_each_node_has_a_turn_of_its_own(self, bench: Bench) -> None:
        id_ = schedule(bench.store, nodes=("a", "b"))
        tick(bench.store, at(1))
        assert states(bench.runs(id_)) == [QUEUED, QUEUED]

    def test_runs_that_need_no_turn_are_queued_together(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        tick(bench.store, at(3), takes_turn=False)
        assert states(bench.runs(id_)) == [QUEUED, QUEUED, QUEUED]
        assert not any(run.holds_turn for run in bench.runs(id_))

    def test_a_run_waits_for_its_planned_time(self, bench: Bench) -> None:
        (made,) = bench.store.enqueue([asked(planned=at(1))], now=MIDNIGHT)
        assert bench.run(made.id).state is WAITING
        assert bench.store.release(at(0.99)) == 0
        assert bench.store.release(at(1)) == 1
        assert bench.run(made.id).state is QUEUED

    def test_what_is_enqueued_for_now_is_queued_at_once_if_its_turn_is_free(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        first, second = bench.store.enqueue([asked(id_), asked(id_)], now=MIDNIGHT)
        assert [bench.run(run.id).state for run in (first, second)] == [QUEUED, WAITING]

    def test_backfill_takes_its_turn_after_scheduled_and_manual_runs(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        bench.store.enqueue([asked(id_)], now=MIDNIGHT)
        backfill = [asked(id_, RunKind.BACKFILL, MIDNIGHT - hours * HOUR) for hours in (1, 2)]
        bench.store.enqueue(backfill, now=MIDNIGHT)
        bench.store.enqueue([asked(id_, planned=at(0.5))], now=at(0.5))
        tick(bench.store, at(1))
        order = []
        for _ in range(5):
            held = one_claim(bench.store, at(1))
            order.append((held.kind, held.planned))
            finish(bench.store, end(held, at(1)))
            bench.store.release(at(1))
        assert order == [
            (RunKind.MANUAL, MIDNIGHT),
            (RunKind.MANUAL, at(0.5)),
            (RunKind.SCHEDULED, at(1)),
            (RunKind.BACKFILL, at(-2)),
            (RunKind.BACKFILL, at(-1)),
        ]

    def test_a_retry_keeps_the_turn_while_it_waits(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        held = one_claim(bench.store, at(2))
        finish(bench.store, end(held, at(2), Outcome.FAILED, verdict=Again(at(2.5), Outcome.FAILED)))
        bench.store.release(at(2.25))
        first, second = bench.runs(id_)
        assert (first.state, first.holds_turn, second.state) == (WAITING, True, WAITING)
        bench.store.release(at(2.5))
        assert states(bench.runs(id_)) == [QUEUED, WAITING]

    def test_a_snooze_keeps_the_turn_while_it_waits(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        held = one_claim(bench.store, at(2))
        ending = Ending(None, snooze=30 * MINUTE)
        finish(bench.store, End(held.run, held.token, at(2), at(2), ending, Snoozed(at(2.5))))
        bench.store.release(at(2.25))
        assert states(bench.runs(id_)) == [WAITING, WAITING]
        assert bench.runs(id_)[0].holds_turn
        bench.store.release(at(2.5))
        assert states(bench.runs(id_)) == [QUEUED, WAITING]

    def test_a_retry_at_the_next_tick_comes_back_with_the_first_tick_begun_after_the_attempt(
        self, bench: Bench
    ) -> None:
        run = queued_run(bench)
        arrive(bench.store)
        held = one_claim(bench.store, at(1))
        again = Again(at(1) + MINUTE, Outcome.FAILED, next_tick=True)
        finish(bench.store, end(held, at(1), Outcome.FAILED, verdict=again))
        a_second = timedelta(seconds=1)
        assert bench.store.release(at(1) - a_second, next_tick=True) == 0
        assert bench.store.release(at(1) + a_second) == 0
        assert bench.store.release(at(1) + a_second, next_tick=True) == 1
        assert bench.run(run).state is QUEUED

    def test_a_retry_at_the_next_tick_comes_back_at_its_time_without_one(self, bench: Bench) -> None:
        run = queued_run(bench)
        arrive(bench.store)
        again = Again(at(1) + MINUTE, Outcome.FAILED, next_tick=True)
        finish(bench.store, end(one_claim(bench.store, at(1)), at(1), Outcome.FAILED, verdict=again))
        assert bench.store.release(at(1) + MINUTE) == 1
        assert bench.run(run).state is QUEUED

    def test_a_run_past_its_start_before_expires_waiting_or_queued(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        tick(bench.store, at(2), start_within=90 * MINUTE)
        assert states(bench.runs(id_)) == [QUEUED, WAITING]
        assert bench.store.release(at(2.5)) == 0, "at its last moment it may still begin"
        assert bench.store.release(at(2.6)) == 2
        first, second = bench.runs(id_)
        assert (first.state, first.outcome, first.finished) == (DONE, Outcome.EXPIRED, at(2.6))
        assert second.state is QUEUED, "the turn of the expired one is free at once"
        assert bench.store.release(at(4)) == 1
        assert bench.runs(id_)[1].outcome is Outcome.EXPIRED

    def test_a_run_that_began_once_does_not_expire(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(1), start_within=MINUTE)
        held = one_claim(bench.store, at(1))
        finish(bench.store, end(held, at(1), Outcome.FAILED, verdict=Again(at(2), Outcome.FAILED)))
        bench.store.release(at(2))
        assert states(bench.runs(id_)) == [QUEUED]
        assert one_claim(bench.store, at(2)).attempt.number == 2

    def test_a_pause_holds_back_what_waits_and_lets_go_on_what_is_queued(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        changed(bench.store, id_, Change(state=ScheduleState.PAUSED, reason="night", by="an operator"))
        finish(bench.store, end(one_claim(bench.store, at(2)), at(2)))
        assert bench.store.release(at(2)) == 0
        assert not bench.store.glance(at(2)).releasable
        assert states(bench.runs(id_)) == [DONE, WAITING]
        changed(bench.store, id_, Change(state=ScheduleState.ACTIVE))
        assert bench.store.glance(at(2)).releasable
        assert bench.store.release(at(2)) == 1

    def test_what_a_person_asks_for_goes_on_under_a_pause_but_not_a_backfill(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        changed(bench.store, id_, Change(state=ScheduleState.PAUSED))
        kinds = (RunKind.BACKFILL, RunKind.DRY, RunKind.MANUAL)
        bench.store.enqueue([asked(id_, kind) for kind in kinds], now=MIDNIGHT)
        assert states(bench.runs(id_)) == [WAITING, QUEUED, QUEUED]

    def test_release_moves_no_more_than_its_limit(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        waiting = NewRun(RunKind.ENQUEUED, "chores.tidy", (), {}, at(1))
        bench.store.enqueue([waiting] * 5, now=MIDNIGHT)
        assert [bench.store.release(at(1), limit=2) for _ in range(4)] == [2, 2, 1, 0]
        assert bench.runs(id_) == []

    def test_claiming_keeps_the_turn(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        assert len(claim(bench.store, at(2))) == 1
        assert bench.store.release(at(2)) == 0
        assert states(bench.runs(id_)) == [CLAIMED, WAITING]
