"""Claim: in order, by one process alone, within the lane's limit, only what the process knows and may run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from klokker.core.definition import IfLost
from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.verdict import Again, Attempt, Terms
from klokker.store.conformance.bench import Bench, race, refused
from klokker.store.conformance.given import (
    LEASE,
    MIDNIGHT,
    MINUTE,
    ONCE_ONLY,
    REPEATABLE,
    TASK,
    arrive,
    asked,
    at,
    begun_run,
    claim,
    definition,
    end,
    finish,
    one_claim,
    queued_run,
    schedule,
    tick,
)
from klokker.store.contract import Claim, Lane, NewRun, Store
from klokker.store.errors import NoSuchProcess


class Claiming:
    def test_a_claim_tells_the_executor_all_it_needs(self, bench: Bench) -> None:
        made_of = replace(definition("Tidy up"), args=(1,), kwargs={"days": 3}, lane="heavy")
        id_ = schedule(bench.store, made_of)
        tick(bench.store, at(1))
        arrive(bench.store)

        (held,) = claim(bench.store, at(1.5), lanes={"heavy": 1})

        assert (held.schedule, held.schedule_name, held.kind, held.lane, held.node) == (
            id_,
            "Tidy up",
            RunKind.SCHEDULED,
            "heavy",
            "",
        )
        assert (held.task, list(held.args), dict(held.kwargs), held.dry_run) == (TASK, [1], {"days": 3}, False)
        assert (held.nominal, held.previous_nominal, held.planned, held.started) == (at(1), None, at(1), at(1.5))
        assert held.attempt == Attempt(
            run=held.run, number=1, failed=0, lost=0, terms=ONCE_ONLY, first_started=at(1.5), cancel_asked=False
        )
        run = bench.run(held.run)
        assert (run.state, run.process, run.token, run.started) == (RunState.CLAIMED, "p1", held.token, at(1.5))

    def test_a_dry_run_is_claimed_as_that(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked(schedule(bench.store), RunKind.DRY)], now=MIDNIGHT)
        assert one_claim(bench.store, MIDNIGHT).dry_run

    def test_runs_are_claimed_by_order_then_planned_then_id(self, bench: Bench) -> None:
        arrive(bench.store)
        wanted = [(0, at(-1)), (0, at(-1)), (0, at(0)), (1, at(-3)), (-1, at(0))]
        made = bench.store.enqueue([enqueued(order=order, planned=planned) for order, planned in wanted], now=at(0))
        ids = [run.id for run in made]
        assert [held.run for held in claim(bench.store, at(0))] == [ids[4], ids[0], ids[1], ids[2], ids[3]]

    def test_no_more_is_claimed_than_there_are_free_slots_lane_by_lane(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([enqueued(lane=lane) for lane in ("a", "a", "a", "b", "b", "c")], now=MIDNIGHT)
        claims = claim(bench.store, MIDNIGHT, lanes={"b": 1, "a": 2})
        assert [held.lane for held in claims] == ["b", "a", "a"]

    def test_a_lanes_limit_holds_over_all_processes(self, bench: Bench) -> None:
        bench.store.set_lane(Lane("heavy", limit=3))
        bench.store.enqueue([enqueued(lane="heavy") for _ in range(9)], now=MIDNIGHT)
        for process in ("p1", "p2"):
            arrive(bench.store, process)
        first = claim(bench.store, MIDNIGHT, "p1", lanes={"heavy": 2})
        second = claim(bench.store, MIDNIGHT, "p2", lanes={"heavy": 5})
        assert (len(first), len(second)) == (2, 1)
        finish(bench.store, end(first[0], at(1)))
        assert len(claim(bench.store, at(1), "p2", lanes={"heavy": 5})) == 1

    def test_a_lanes_limit_holds_under_races(self, bench: Bench) -> None:
        bench.store.set_lane(Lane("heavy", limit=3))
        bench.store.enqueue([enqueued(lane="heavy") for _ in range(12)], now=MIDNIGHT)
        processes = [arrive(bench.store, f"p{number}") for number in range(4)]

        def take(process: str, store: Store) -> Sequence[Claim]:
            taken: list[Claim] = []
            for _ in range(3):
                taken += claim(store, MIDNIGHT, process, lanes={"heavy": 2})
            return taken

        held = [each for claims in race(bench, *(partial(take, process) for process in processes)) for each in claims]
        assert len(held) == 3
        assert len({each.run for each in held}) == 3

    def test_a_paused_lane_gives_nothing_and_a_changed_one_at_the_next_claim(self, bench: Bench) -> None:
        arrive(bench.store)
        queued_run(bench)
        bench.store.set_lane(Lane("default", paused=True))
        assert claim(bench.store, MIDNIGHT) == []
        bench.store.set_lane(Lane("default"))
        assert len(claim(bench.store, MIDNIGHT)) == 1

    def test_a_process_gets_only_tasks_that_it_knows(self, bench: Bench) -> None:
        arrive(bench.store)
        strange, known = bench.store.enqueue([enqueued(task="nobody.knows"), enqueued()], now=MIDNIGHT)
        assert [held.run for held in claim(bench.store, MIDNIGHT)] == [known.id]
        assert bench.run(strange.id).state is RunState.QUEUED
        assert claim(bench.store, MIDNIGHT, known={}) == []

    def test_a_process_gets_only_runs_of_its_node_or_of_any(self, bench: Bench) -> None:
        schedule(bench.store, nodes=("", "a", "b"))
        arrive(bench.store, "on a", "a")
        arrive(bench.store, "on c", "c")
        tick(bench.store, at(1))
        assert sorted(held.node for held in claim(bench.store, at(1), "on a")) == ["", "a"]
        assert claim(bench.store, at(1), "on c") == []

    def test_a_process_that_did_not_arrive_may_not_claim(self, bench: Bench) -> None:
        queued_run(bench)
        assert refused(NoSuchProcess, lambda: claim(bench.store, MIDNIGHT, "stranger")).process == "stranger"

    def test_a_queued_run_past_its_start_before_ends_as_expired_instead(self, bench: Bench) -> None:
        arrive(bench.store)
        late, fresh = bench.store.enqueue(
            [replace(enqueued(), start_before=at(1)), replace(enqueued(), start_before=at(2))], now=MIDNIGHT
        )
        assert [held.run for held in claim(bench.store, at(1.5))] == [fresh.id]
        run = bench.run(late.id)
        assert (run.state, run.outcome, run.finished, run.started) == (RunState.DONE, Outcome.EXPIRED, at(1.5), None)

    def test_each_run_is_claimed_by_one_process(self, bench: Bench) -> None:
        made = bench.store.enqueue([enqueued() for _ in range(30)], now=MIDNIGHT)
        processes = [arrive(bench.store, f"p{number}") for number in range(4)]

        def take(process: str, store: Store) -> Sequence[Claim]:
            taken: list[Claim] = []
            for _ in range(30):
                taken += claim(store, MIDNIGHT, process, lanes={"default": 1})
            return taken

        held = [each for claims in race(bench, *(partial(take, process) for process in processes)) for each in claims]
        assert sorted(each.run for each in held) == [run.id for run in made]

    def test_each_claim_raises_the_token(self, bench: Bench) -> None:
        queued_run(bench)
        arrive(bench.store)
        first = one_claim(bench.store, MIDNIGHT)
        finish(bench.store, end(first, MIDNIGHT, Outcome.FAILED, verdict=Again(MIDNIGHT, Outcome.FAILED)))
        bench.store.release(MIDNIGHT)
        assert one_claim(bench.store, MIDNIGHT).token > first.token

    def test_what_the_schedule_leaves_open_comes_from_the_task(self, bench: Bench) -> None:
        stated = replace(definition(), timeout=Timeout(5 * MINUTE), retry=Retry(attempts=3))
        schedule(bench.store, stated)
        tick(bench.store, at(1))
        arrive(bench.store)
        task = Terms(repeatable=True, if_lost=IfLost.RETRY, timeout=Timeout(MINUTE), executor="threads")

        held = one_claim(bench.store, at(1), terms=task)

        assert held.attempt.terms == replace(task, timeout=Timeout(5 * MINUTE), retry=Retry(attempts=3))

    def test_terms_once_settled_are_those_of_every_further_attempt(self, bench: Bench) -> None:
        queued_run(bench)
        arrive(bench.store)
        first = one_claim(bench.store, MIDNIGHT, terms=REPEATABLE)
        finish(bench.store, end(first, MIDNIGHT, Outcome.FAILED, verdict=Again(MIDNIGHT, Outcome.FAILED)))
        bench.store.release(MIDNIGHT)
        again = one_claim(bench.store, MIDNIGHT, terms=replace(REPEATABLE, timeout=Timeout(MINUTE)))
        assert again.attempt.terms == REPEATABLE

    # claimed ahead

    def test_only_repeatable_tasks_are_claimed_ahead_and_have_not_begun(self, bench: Bench) -> None:
        arrive(bench.store)
        tasks = ("safe", "once", "safe", "once", "safe", "safe")
        made = bench.store.enqueue([enqueued(task=task) for task in tasks], now=MIDNIGHT)
        ids = [run.id for run in made]

        claims = claim(bench.store, MIDNIGHT, lanes={"default": 1}, known=SAFE_AND_ONCE, ahead=2)

        assert [(held.run, held.started) for held in claims] == [(ids[0], MIDNIGHT), (ids[2], None), (ids[4], None)]
        assert [bench.run(held.run).started for held in claims] == [MIDNIGHT, None, None]

    def test_claims_ahead_count_towards_the_lanes_limit(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.set_lane(Lane("default", limit=2))
        bench.store.enqueue([enqueued(task="safe") for _ in range(5)], now=MIDNIGHT)
        assert len(claim(bench.store, MIDNIGHT, lanes={"default": 1}, known=SAFE_AND_ONCE, ahead=3)) == 2

    def test_what_was_claimed_ahead_begins_once_and_only_for_its_holder(self, bench: Bench) -> None:
        _, ahead = two_claims(bench)
        pair = (ahead.run, ahead.token)
        arrive(bench.store, "p2")
        assert bench.store.begin("p2", [pair], at(1)) == frozenset()
        assert bench.store.begin("p1", [(ahead.run, ahead.token + 1)], at(1)) == frozenset()
        assert bench.run(ahead.run).started is None
        assert bench.store.begin("p1", [pair], at(1)) == {ahead.run}
        assert bench.store.begin("p1", [pair], at(2)) == {ahead.run}
        assert bench.run(ahead.run).started == at(1)

    def test_what_has_not_begun_is_given_back_and_what_has_is_not(self, bench: Bench) -> None:
        begun, ahead = two_claims(bench)
        pairs = [(begun.run, begun.token), (ahead.run, ahead.token)]
        assert bench.store.give_back("p2", pairs, at(1)) == 0
        assert bench.store.give_back("p1", pairs, at(1)) == 1
        assert bench.store.give_back("p1", pairs, at(1)) == 0
        assert [bench.run(held.run).state for held in (begun, ahead)] == [RunState.CLAIMED, RunState.QUEUED]
        assert bench.store.begin("p1", [(ahead.run, ahead.token)], at(1)) == frozenset()
        again = one_claim(bench.store, at(1), terms=REPEATABLE)
        assert (again.run, again.attempt.number) == (ahead.run, 1)
        assert again.token > ahead.token

    def test_one_run_may_be_claimed_before_its_turn_in_the_lane(self, bench: Bench) -> None:
        runs = bench.store.enqueue([asked(planned=at(hour)) for hour in (0, 1, 2)], now=at(2))
        first, second, third = (made.id for made in runs)
        arrive(bench.store)
        claims = bench.store.claim(
            "p1", at(2), lanes={"default": 5}, known={TASK: ONCE_ONLY}, lease=LEASE, only=[second]
        )
        assert [held.run for held in claims] == [second]
        assert [held.run for held in claim(bench.store, at(2))] == [first, third]

    def test_the_lanes_with_queued_runs_are_those_that_the_node_may_run(self, bench: Bench) -> None:
        runs = [
            replace(asked(planned=MIDNIGHT), lane=lane, node=node)
            for lane, node in [("heavy", ""), ("default", "n1"), ("other", "n2"), ("heavy", "n1")]
        ]
        later = replace(asked(planned=at(5)), lane="later")
        bench.store.enqueue([*runs, later], now=MIDNIGHT)
        assert list(bench.store.queued_lanes("n1")) == ["default", "heavy"]

    # what did not arrive

    def test_a_claim_whose_answer_was_lost_is_recalled(self, bench: Bench) -> None:
        begun, ahead = two_claims(bench)
        assert list(bench.store.recall("p1", [begun.run, ahead.run])) == []
        (recalled,) = bench.store.recall("p1", [ahead.run])
        assert (recalled.run, recalled.token, recalled.started) == (begun.run, begun.token, begun.started)
        assert list(bench.store.recall("p2", [])) == []
        finish(bench.store, end(recalled, at(1)))
        assert [held.run for held in bench.store.recall("p1", [])] == [ahead.run]

    # signs of life

    def test_progress_and_log_lines_are_written_for_the_holder_alone(self, bench: Bench) -> None:
        held = begun_run(bench)
        assert bench.store.progress(held.run, held.token, 10, 200, ["began", "half\x00way"])
        assert bench.store.progress(held.run, held.token, 20, None, ["done"])
        assert not bench.store.progress(held.run, held.token - 1, 99, 200, ["not mine"])
        run = bench.run(held.run)
        assert (run.done, run.total, list(run.log)) == (20, None, ["began", "half\ufffdway", "done"])
        assert bench.store.progress(held.run, held.token, None, None, ["only a line"])
        assert bench.run(held.run).done == 20
        assert bench.store.progress(held.run, held.token, None, None)
        assert not bench.store.progress(held.run, held.token - 1, None, None)
        finish(bench.store, end(held, at(1)))
        assert not bench.store.progress(held.run, held.token, None, None)
        assert not bench.store.progress(held.run, held.token, 99, 200, ["too late"])
        assert bench.run(held.run).done == 20

    def test_of_a_long_log_the_head_and_the_tail_are_kept(self, bench: Bench) -> None:
        held = begun_run(bench)
        for batch in range(10):
            lines = [f"line {batch * 1000 + number}" for number in range(1000)]
            bench.store.progress(held.run, held.token, batch, 10, lines)
        log = bench.run(held.run).log
        assert (log[0], log[-1]) == ("line 0", "line 9999")
        assert any("left out" in line for line in log)
        assert sum(len(line) + 1 for line in log) < 66 * 1024

    def test_a_process_that_left_holds_nothing_unbegun(self, bench: Bench) -> None:
        begun, ahead = two_claims(bench)
        bench.store.leave("p1", at(1))
        bench.store.leave("p1", at(1))
        assert [bench.run(held.run).state for held in (begun, ahead)] == [RunState.CLAIMED, RunState.QUEUED]
        refused(NoSuchProcess, lambda: bench.store.renew("p1", at(1), lease=LEASE))


SAFE_AND_ONCE = {"safe": REPEATABLE, "once": ONCE_ONLY}


def enqueued(*, task: str = TASK, lane: str = "default", order: int = 0, planned: datetime = MIDNIGHT) -> NewRun:
    """A run that code enqueued, without a schedule."""
    return NewRun(RunKind.ENQUEUED, task, (), {}, planned, lane=lane, order=order)


def two_claims(bench: Bench) -> tuple[Claim, Claim]:
    """One that process p1 has begun, and one that it claimed ahead."""
    arrive(bench.store)
    bench.store.enqueue([enqueued(), enqueued()], now=MIDNIGHT)
    begun, ahead = claim(bench.store, MIDNIGHT, lanes={"default": 1}, known={TASK: REPEATABLE}, ahead=1)
    return begun, ahead
