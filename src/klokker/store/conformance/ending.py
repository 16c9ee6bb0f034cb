"""Finish: an end is written where the token is mine, once, whatever the task returned."""

from dataclasses import replace
from functools import partial
from typing import cast

from klokker.core.definition import AfterSuccess
from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.verdict import Again, Done, Ending, Snoozed
from klokker.store.conformance.bench import Bench, race
from klokker.store.conformance.given import (
    MIDNIGHT,
    MINUTE,
    arrive,
    asked,
    at,
    begun_run,
    changed,
    claim,
    definition,
    end,
    finish,
    one_claim,
    revision,
    schedule,
    tick,
)
from klokker.store.contract import Change, End, Finished, Store


class Ends:
    def test_the_end_of_a_run_is_written_whole(self, bench: Bench) -> None:
        held = begun_run(bench)
        result: Json = {"removed": [1, 2], "note": "é"}

        (finished,) = bench.store.finish(
            [end(held, at(1), result=result, counts={"deleted": 3}, log=["one", "two"])], at(1)
        )

        assert finished == Finished(held.run, accepted=True)
        run = bench.run(held.run)
        assert (run.state, run.outcome, run.process, run.holds_turn) == (RunState.DONE, Outcome.SUCCEEDED, "", False)
        assert (run.started, run.finished) == (MIDNIGHT, at(1))
        assert (run.result, dict(run.counts), run.error, list(run.log)) == (result, {"deleted": 3}, "", ["one", "two"])
        assert list(run.attempts) == []

    def test_each_outcome_is_kept_as_it_is(self, bench: Bench) -> None:
        arrive(bench.store)
        for outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CANCELLED):
            schedule_id = schedule(bench.store, f"ends {outcome}")
            bench.store.enqueue([asked(schedule_id)], now=MIDNIGHT)
            held = one_claim(bench.store, MIDNIGHT)
            finish(bench.store, end(held, at(1), outcome, error="why"))
            assert (bench.run(held.run).outcome, bench.run(held.run).error) == (outcome, "why")

    def test_an_end_with_a_foreign_token_is_refused(self, bench: Bench) -> None:
        late = begun_run(bench)
        finish(bench.store, end(late, at(1), Outcome.FAILED, verdict=Again(at(1), Outcome.FAILED)))
        bench.store.release(at(1))
        held = one_claim(bench.store, at(1), arrive(bench.store, "p2"))

        foreign = replace(end(late, at(2), result="late"), token=held.token + 1)
        assert finish(bench.store, foreign) == [False]
        assert bench.run(held.run).state is RunState.CLAIMED
        assert finish(bench.store, end(held, at(3), result="mine")) == [True]
        assert finish(bench.store, foreign) == [False]
        run = bench.run(held.run)
        assert (run.result, run.finished) == ("mine", at(3))

    def test_an_end_said_twice_is_accepted_twice_and_written_once(self, bench: Bench) -> None:
        held = begun_run(bench)
        assert finish(bench.store, end(held, at(1), result="first", log=["a line"])) == [True]
        assert finish(bench.store, end(held, at(2), result="second", log=["a line"])) == [True]
        run = bench.run(held.run)
        assert (run.result, run.finished, list(run.log)) == ("first", at(1), ["a line"])

    def test_an_end_with_a_further_attempt_said_twice_counts_once(self, bench: Bench) -> None:
        held = begun_run(bench)
        again = end(held, at(1), Outcome.FAILED, verdict=Again(at(2), Outcome.FAILED), error="first")
        assert finish(bench.store, again) == [True]
        assert finish(bench.store, again) == [True]
        assert len(bench.run(held.run).attempts) == 1

    def test_of_two_finishers_with_one_token_both_are_told_yes_and_one_writes(self, bench: Bench) -> None:
        held = begun_run(bench)

        def finish_with(word: str, store: Store) -> list[bool]:
            return finish(store, end(held, at(1), result=word, log=[word]))

        answers = race(bench, *(partial(finish_with, word) for word in ("one", "two", "three")))
        assert answers == [[True], [True], [True]]
        run = bench.run(held.run)
        assert list(run.log) == [run.result]

    def test_ends_of_a_batch_are_answered_each_for_itself_in_order(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in range(3)], now=MIDNIGHT)
        first, second, third = claim(bench.store, MIDNIGHT)
        stale = replace(end(second, at(1)), token=second.token + 5)
        nobody = replace(end(first, at(1)), run=third.run + 1000)
        answers = bench.store.finish([end(third, at(1)), stale, nobody, end(first, at(1))], at(1))
        assert [(each.run, each.accepted) for each in answers] == [
            (third.run, True),
            (second.run, False),
            (third.run + 1000, False),
            (first.run, True),
        ]
        assert [bench.run(held.run).state for held in (first, second, third)] == [
            RunState.DONE,
            RunState.CLAIMED,
            RunState.DONE,
        ]

    def test_an_end_that_the_database_refuses_spoils_no_other(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in range(3)], now=MIDNIGHT)
        first, second, third = claim(bench.store, MIDNIGHT)
        if not bench.refuse_end(second.run):
            return
        answers = bench.store.finish([end(held, at(1)) for held in (first, second, third)], at(1))
        assert [each.accepted for each in answers] == [True, False, True]
        assert answers[1].fault
        assert bench.run(second.run).state is RunState.CLAIMED

    # further attempts

    def test_a_further_attempt_keeps_what_the_earlier_one_came_to(self, bench: Bench) -> None:
        first = begun_run(bench)
        failed = end(first, at(1), Outcome.FAILED, verdict=Again(at(2), Outcome.FAILED), error="no answer")
        finish(bench.store, failed)
        run = bench.run(first.run)
        assert (run.state, run.planned, run.outcome, run.finished) == (RunState.WAITING, at(2), None, None)
        (past,) = run.attempts
        assert (past.number, past.process, past.outcome, past.error) == (1, "p1", Outcome.FAILED, "no answer")
        assert (past.started, past.finished) == (MIDNIGHT, at(1))

        bench.store.release(at(2))
        second = one_claim(bench.store, at(2))
        assert (second.attempt.number, second.attempt.failed, second.attempt.lost) == (2, 1, 0)
        assert second.attempt.first_started == MIDNIGHT
        finish(bench.store, end(second, at(3)))
        run = bench.run(first.run)
        assert (run.outcome, run.error, len(run.attempts)) == (Outcome.SUCCEEDED, "", 1)
        assert (run.started, run.finished) == (at(2), at(3))

    def test_a_snooze_costs_no_attempt(self, bench: Bench) -> None:
        held = begun_run(bench)
        snoozed = End(held.run, held.token, MIDNIGHT, at(1), Ending(None, snooze=MINUTE), Snoozed(at(1) + MINUTE))
        assert finish(bench.store, snoozed) == [True]
        run = bench.run(held.run)
        assert (run.state, run.planned, list(run.attempts)) == (RunState.WAITING, at(1) + MINUTE, [])
        bench.store.release(at(2))
        assert one_claim(bench.store, at(2)).attempt.number == 1

    # values that no database can hold

    def test_no_result_costs_a_run_its_outcome(self, bench: Bench) -> None:
        deep: list[Json] = []
        for _ in range(5000):
            deep = [deep]
        awkward: list[tuple[object, bool]] = [
            ({"text": "a\x00b"}, True),
            ({"text": "\ud800 lone"}, True),
            (float("nan"), False),
            ([1, float("inf")], False),
            ("x" * 10_000_000, False),
            (10**5000, False),
            (2**70, True),
            (object(), False),
            ({1: "a key that is no text"}, False),
            (deep, False),
            (None, True),
        ]
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in awkward], now=MIDNIGHT)
        claims = claim(bench.store, MIDNIGHT)
        ends = [end(held, at(1), result=cast(Json, result)) for held, (result, _) in zip(claims, awkward, strict=True)]

        assert all(finish(bench.store, *ends))

        for held, (result, kept) in zip(claims, awkward, strict=True):
            run = bench.run(held.run)
            assert run.outcome is Outcome.SUCCEEDED
            explained = isinstance(run.result, dict) and "not stored" in run.result
            assert explained is not kept, f"{str(result)[:40]!r} came back as {str(run.result)[:60]!r}"
        assert bench.run(claims[0].run).result == {"text": "a\ufffdb"}
        assert bench.run(claims[6].run).result == 2**70

    def test_no_error_log_or_count_costs_a_run_its_outcome(self, bench: Bench) -> None:
        held = begun_run(bench)
        awkward = end(
            held,
            at(1),
            Outcome.FAILED,
            error="first\x00" + "e" * 1_000_000 + "\udfff last",
            counts={"fits": 2**63 - 1, "does\x00 not": 2**200, "negative": -5},
            log=["a\x00b", "\ud83d", "l" * 1_000_000],
        )
        assert finish(bench.store, awkward) == [True]
        run = bench.run(held.run)
        assert run.outcome is Outcome.FAILED
        assert run.error.startswith("first\ufffde")
        assert run.error.endswith("\ufffd last")
        assert len(run.error.encode()) <= 64 * 1024
        assert dict(run.counts) == {"fits": 2**63 - 1, "negative": -5}
        assert list(run.log[:2]) == ["a\ufffdb", "\ufffd"]

    # after success: delete

    def test_a_success_names_the_schedule_that_is_to_retire_until_it_is_retired(self, bench: Bench) -> None:
        id_ = schedule(bench.store, replace(definition(), after_success=AfterSuccess.DELETE))
        arrive(bench.store)
        tick(bench.store, at(2))
        failed = one_claim(bench.store, at(2))
        (finished,) = bench.store.finish([end(failed, at(2), Outcome.FAILED)], at(2))
        assert finished.retires is None
        assert list(bench.store.to_retire()) == []
        assert not bench.store.glance(at(2)).retires
        bench.store.release(at(2))
        held = one_claim(bench.store, at(2))
        for _ in range(2):
            (finished,) = bench.store.finish([end(held, at(2))], at(2))
            assert (finished.accepted, finished.retires) == (True, id_)
        assert list(bench.store.to_retire()) == [id_]
        assert bench.store.glance(at(2)).retires

    def test_a_dry_run_retires_nothing_and_the_newest_revision_has_the_word(self, bench: Bench) -> None:
        delete = replace(definition(), after_success=AfterSuccess.DELETE)
        id_ = schedule(bench.store, delete)
        arrive(bench.store)
        bench.store.enqueue([asked(id_, RunKind.DRY)], now=MIDNIGHT)
        finish(bench.store, end(one_claim(bench.store, MIDNIGHT), at(0.5)))
        assert list(bench.store.to_retire()) == []
        bench.store.enqueue([asked(id_, RunKind.MANUAL)], now=MIDNIGHT)
        finish(bench.store, end(one_claim(bench.store, MIDNIGHT), at(0.5)))
        assert list(bench.store.to_retire()) == [id_]
        changed(bench.store, id_, Change(revision=revision(definition(), at(0.6))))
        assert list(bench.store.to_retire()) == []

    def test_a_verdict_may_differ_from_how_the_attempt_ended(self, bench: Bench) -> None:
        held = begun_run(bench)
        finish(bench.store, end(held, at(1), Outcome.FAILED, verdict=Done(Outcome.CANCELLED)))
        assert bench.run(held.run).outcome is Outcome.CANCELLED
