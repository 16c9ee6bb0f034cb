"""Cancel: what is not under way ends at once; what is under way is asked, and its process is told."""

from klokker.core.lifecycle import Outcome, RunState
from klokker.core.verdict import Again
from klokker.store.conformance.bench import Bench
from klokker.store.conformance.claiming import two_claims
from klokker.store.conformance.given import (
    LEASE,
    MIDNIGHT,
    arrive,
    asked,
    at,
    begun_run,
    changed,
    end,
    finish,
    one_claim,
    queued_run,
    schedule,
    states,
    tick,
)
from klokker.store.contract import Change


class Cancelling:
    def test_a_waiting_and_a_queued_run_end_as_cancelled_at_once(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        tick(bench.store, at(3))
        queued, waiting, last = bench.runs(id_)
        before = bench.store.ask_cancel([queued.id, waiting.id], at(3), by="an operator")
        assert dict(before) == {queued.id: RunState.QUEUED, waiting.id: RunState.WAITING}
        for run in bench.runs(id_)[:2]:
            assert (run.state, run.outcome, run.finished, run.started) == (
                RunState.DONE,
                Outcome.CANCELLED,
                at(3),
                None,
            )
        bench.store.release(at(3))
        assert bench.run(last.id).state is RunState.QUEUED, "the turn of the cancelled one is free"

    def test_a_run_under_way_is_asked_and_its_process_hears_of_it(self, bench: Bench) -> None:
        held = begun_run(bench)
        assert bench.store.ask_cancel([held.run], at(1), by="an operator")[held.run] is RunState.CLAIMED
        assert (bench.run(held.run).state, bench.run(held.run).cancel_asked) == (RunState.CLAIMED, True)
        pairs = [(held.run, held.token)]
        assert bench.store.renew("p1", at(1), lease=LEASE, claims=pairs).cancel_asked == {held.run}
        assert finish(bench.store, end(held, at(1), Outcome.CANCELLED)) == [True]

    def test_a_run_claimed_ahead_ends_at_once_and_never_begins(self, bench: Bench) -> None:
        _, ahead = two_claims(bench)
        bench.store.ask_cancel([ahead.run], at(1), by="an operator")
        assert bench.run(ahead.run).outcome is Outcome.CANCELLED
        assert bench.store.begin("p1", [(ahead.run, ahead.token)], at(1)) == frozenset()
        assert finish(bench.store, end(ahead, at(1))) == [False]

    def test_a_run_between_two_attempts_ends_at_once(self, bench: Bench) -> None:
        held = begun_run(bench)
        finish(bench.store, end(held, at(1), Outcome.FAILED, verdict=Again(at(9), Outcome.FAILED)))
        assert bench.store.ask_cancel([held.run], at(2), by="an operator") == {held.run: RunState.WAITING}
        run = bench.run(held.run)
        assert (run.state, run.outcome, run.holds_turn) == (RunState.DONE, Outcome.CANCELLED, False)

    def test_a_run_that_is_done_stays_as_it_ended(self, bench: Bench) -> None:
        held = begun_run(bench)
        finish(bench.store, end(held, at(1)))
        assert bench.store.ask_cancel([held.run], at(2), by="an operator") == {held.run: RunState.DONE}
        run = bench.run(held.run)
        assert (run.outcome, run.finished, run.cancel_asked) == (Outcome.SUCCEEDED, at(1), False)

    def test_asking_twice_is_asking_once_and_strangers_are_left_out(self, bench: Bench) -> None:
        run = queued_run(bench)
        assert bench.store.ask_cancel([run, run + 1000], at(1), by="one") == {run: RunState.QUEUED}
        assert bench.store.ask_cancel([run], at(2), by="two") == {run: RunState.DONE}
        assert bench.run(run).finished == at(1)

    def test_a_request_that_was_made_reaches_the_judge_of_the_attempt(self, bench: Bench) -> None:
        held = begun_run(bench)
        bench.store.ask_cancel([held.run], MIDNIGHT, by="an operator")
        (recalled,) = bench.store.recall("p1", [])
        assert recalled.attempt.cancel_asked

    def test_a_change_cancels_in_the_same_words(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(3))
        held = one_claim(bench.store, at(3))
        changed(bench.store, id_, Change(cancel=tuple(run.id for run in bench.runs(id_)), by="an operator"))
        assert states(bench.runs(id_)) == [RunState.CLAIMED, RunState.DONE, RunState.DONE]
        assert bench.run(held.run).cancel_asked

    def test_runs_of_no_schedule_can_be_cancelled(self, bench: Bench) -> None:
        (made,) = bench.store.enqueue([asked()], now=MIDNIGHT)
        bench.store.ask_cancel([made.id], MIDNIGHT, by="an operator")
        (run,) = bench.runs(None)
        assert run.outcome is Outcome.CANCELLED
