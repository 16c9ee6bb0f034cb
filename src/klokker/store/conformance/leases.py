"""Leases: what a process renews stays its own; what it does not is ended as lost, once, and its late word is refused."""

from datetime import timedelta

from klokker.core.lifecycle import Outcome, RunState
from klokker.core.verdict import Again, Done, Verdict
from klokker.store.conformance.bench import Bench, race, refused
from klokker.store.conformance.claiming import two_claims
from klokker.store.conformance.given import (
    LEASE,
    MIDNIGHT,
    REPEATABLE,
    arrive,
    asked,
    at,
    begun_run,
    claim,
    end,
    finish,
    one_claim,
)
from klokker.store.contract import Expired, Rescued, Store
from klokker.store.errors import NoSuchProcess

SECOND = timedelta(seconds=1)
NONE: frozenset[int] = frozenset()
AFTER_LEASE = MIDNIGHT + LEASE + SECOND


class Leases:
    def test_a_renewal_keeps_the_claims_that_are_named(self, bench: Bench) -> None:
        begun, ahead = two_claims(bench)
        pairs = [(begun.run, begun.token), (ahead.run, ahead.token)]
        held = bench.store.renew("p1", MIDNIGHT + 20 * SECOND, lease=LEASE, claims=pairs)
        assert (held.mine, held.cancel_asked, held.lost) == (frozenset({begun.run, ahead.run}), NONE, NONE)
        assert list(bench.store.rescue(AFTER_LEASE, fail)) == []
        assert [bench.run(each.run).state for each in (begun, ahead)] == [RunState.CLAIMED, RunState.CLAIMED]

    def test_a_claim_that_its_process_does_not_name_is_not_kept_alive(self, bench: Bench) -> None:
        held = begun_run(bench)
        bench.store.renew("p1", MIDNIGHT + 20 * SECOND, lease=LEASE, claims=[])
        assert [rescued.run for rescued in bench.store.rescue(AFTER_LEASE, fail)] == [held.run]

    def test_a_renewal_tells_what_is_gone_and_what_is_to_stop(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in range(3)], now=MIDNIGHT)
        stopping, done, kept = claim(bench.store, MIDNIGHT)
        bench.store.ask_cancel([stopping.run], MIDNIGHT, by="an operator")
        finish(bench.store, end(done, MIDNIGHT))
        pairs = [(each.run, each.token) for each in (stopping, done, kept)]
        held = bench.store.renew("p1", MIDNIGHT, lease=LEASE, claims=pairs)
        assert (held.mine, held.cancel_asked, held.lost) == (
            frozenset({stopping.run, kept.run}),
            frozenset({stopping.run}),
            frozenset({done.run}),
        )
        arrive(bench.store, "p2")
        assert bench.store.renew("p2", MIDNIGHT, lease=LEASE, claims=pairs).mine == frozenset()

    def test_a_process_that_did_not_arrive_cannot_renew(self, bench: Bench) -> None:
        refused(NoSuchProcess, lambda: bench.store.renew("stranger", MIDNIGHT, lease=LEASE))

    def test_a_lease_holds_to_its_last_moment(self, bench: Bench) -> None:
        begun_run(bench)
        assert list(bench.store.rescue(MIDNIGHT + LEASE, fail)) == []
        assert len(bench.store.rescue(MIDNIGHT + LEASE + SECOND, fail)) == 1

    def test_a_lease_given_by_a_clock_that_was_ahead_is_set_right_when_its_process_is_gone(self, bench: Bench) -> None:
        held = begun_run(bench, at(48))
        assert list(bench.store.rescue(MIDNIGHT, fail)) == []
        assert list(bench.store.rescue(MIDNIGHT + LEASE, fail)) == []
        assert [each.run for each in bench.store.rescue(AFTER_LEASE, fail)] == [held.run]

    def test_a_lease_given_by_a_clock_that_was_ahead_stays_its_own_when_its_process_lives(self, bench: Bench) -> None:
        held = begun_run(bench, at(48))
        pairs = [(held.run, held.token)]
        assert list(bench.store.rescue(MIDNIGHT, fail)) == []
        assert bench.store.renew("p1", MIDNIGHT + 10 * SECOND, lease=LEASE, claims=pairs).mine == {held.run}
        for later in (LEASE, AFTER_LEASE - MIDNIGHT):
            assert list(bench.store.rescue(MIDNIGHT + later, fail)) == []
        assert len(bench.store.rescue(AFTER_LEASE + 10 * SECOND, fail)) == 1

    def test_a_lost_attempt_is_judged_with_all_that_is_known_of_it(self, bench: Bench) -> None:
        held = begun_run(bench, terms=REPEATABLE)
        seen: list[Expired] = []

        def judge(lost: Expired) -> Verdict:
            seen.append(lost)
            return Done(Outcome.LOST)

        (rescued,) = bench.store.rescue(AFTER_LEASE, judge)

        (lost,) = seen
        assert (lost.run, lost.token, lost.process, lost.node) == (held.run, held.token, "p1", "")
        assert (lost.schedule, lost.lease_until) == (held.schedule, MIDNIGHT + LEASE)
        assert lost.attempt == held.attempt
        assert rescued == Rescued(held.run, held.schedule, "p1", Done(Outcome.LOST))
        run = bench.run(held.run)
        assert (run.state, run.outcome, run.finished, run.holds_turn) == (
            RunState.DONE,
            Outcome.LOST,
            AFTER_LEASE,
            False,
        )

    def test_a_lost_run_that_is_sent_on_keeps_the_lost_attempt(self, bench: Bench) -> None:
        held = begun_run(bench, terms=REPEATABLE)
        bench.store.rescue(AFTER_LEASE, lambda _: Again(AFTER_LEASE, Outcome.LOST))
        (past,) = bench.run(held.run).attempts
        assert (past.process, past.outcome, past.started, past.finished) == ("p1", Outcome.LOST, MIDNIGHT, AFTER_LEASE)
        bench.store.release(AFTER_LEASE)
        again = one_claim(bench.store, AFTER_LEASE, arrive(bench.store, "p2"), REPEATABLE)
        assert (again.attempt.number, again.attempt.failed, again.attempt.lost) == (2, 0, 1)
        assert again.token > held.token

    def test_the_late_word_of_a_rescued_process_is_refused(self, bench: Bench) -> None:
        held = begun_run(bench, terms=REPEATABLE)
        bench.store.rescue(AFTER_LEASE, lambda _: Again(AFTER_LEASE, Outcome.LOST))
        pair = (held.run, held.token)
        assert finish(bench.store, end(held, at(1))) == [False]
        bench.store.release(AFTER_LEASE)
        one_claim(bench.store, AFTER_LEASE, arrive(bench.store, "p2"), REPEATABLE)
        assert finish(bench.store, end(held, at(1))) == [False]
        assert not bench.store.progress(*pair, 1, 2, ["late"])
        assert bench.store.begin("p1", [pair], at(1)) == frozenset()
        assert bench.store.give_back("p1", [pair], at(1)) == 0
        assert bench.store.renew("p1", at(1), lease=LEASE, claims=[pair]).lost == {held.run}
        assert (bench.run(held.run).state, bench.run(held.run).process) == (RunState.CLAIMED, "p2")

    def test_a_run_lost_for_good_accepts_no_late_end(self, bench: Bench) -> None:
        held = begun_run(bench)
        bench.store.rescue(AFTER_LEASE, fail)
        assert finish(bench.store, end(held, at(1), result="late")) == [False]
        assert (bench.run(held.run).outcome, bench.run(held.run).result) == (Outcome.LOST, None)

    def test_what_had_not_begun_is_queued_again_unjudged(self, bench: Bench) -> None:
        begun, ahead = two_claims(bench)
        rescued = bench.store.rescue(AFTER_LEASE, fail)
        assert [each.run for each in rescued] == [begun.run]
        run = bench.run(ahead.run)
        assert (run.state, run.process, list(run.attempts)) == (RunState.QUEUED, "", [])
        again = one_claim(bench.store, AFTER_LEASE, terms=REPEATABLE)
        assert (again.run, again.attempt.number, again.attempt.lost) == (ahead.run, 1, 0)

    def test_of_several_rescuers_one_judges_each_run(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in range(10)], now=MIDNIGHT)
        claims = claim(bench.store, MIDNIGHT)

        def rescue(store: Store) -> list[int]:
            return [each.run for _ in range(4) for each in store.rescue(AFTER_LEASE, fail, limit=4)]

        rescued = [run for each in race(bench, *[rescue] * 3) for run in each]
        assert sorted(rescued) == [held.run for held in claims]

    def test_between_a_finisher_and_a_rescuer_one_wins(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked() for _ in range(8)], now=MIDNIGHT)
        claims = claim(bench.store, MIDNIGHT)

        def ends(store: Store) -> dict[int, bool]:
            return {held.run: finish(store, end(held, AFTER_LEASE))[0] for held in claims}

        def rescues(store: Store) -> dict[int, bool]:
            rescued = {each.run for _ in range(8) for each in store.rescue(AFTER_LEASE, fail, limit=1)}
            return {held.run: held.run in rescued for held in claims}

        finished, rescued = race(bench, ends, rescues)
        for held in claims:
            assert finished[held.run] is not rescued[held.run]
            outcome = bench.run(held.run).outcome
            assert outcome is (Outcome.SUCCEEDED if finished[held.run] else Outcome.LOST)


def fail(_: Expired) -> Verdict:
    return Done(Outcome.LOST)
