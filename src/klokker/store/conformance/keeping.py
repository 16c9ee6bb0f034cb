"""Prune: what may go goes, its day sealed first; what stays in any case stays."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from klokker.core.lifecycle import DismissalReason, Outcome, RunKind, ScheduleState
from klokker.core.plan import Dismissal, Plan, Timer
from klokker.core.retention import Retention
from klokker.store.conformance.bench import Bench, race, refused
from klokker.store.conformance.given import (
    HOUR,
    LEASE,
    MIDNIGHT,
    ONCE_ONLY,
    TASK,
    arrive,
    asked,
    at,
    changed,
    claim,
    definition,
    dismissing,
    end,
    finish,
    one_claim,
    schedule,
    tick,
)
from klokker.store.contract import Change, Ledger, Store, Tally, Unreadable
from klokker.store.errors import NoSuchProcess, NoSuchSchedule

DAY = timedelta(days=1)
NOTHING_LAST = Retention(keep=DAY, last=0, failures=3 * DAY, dismissals=2 * DAY)


class Keeping:
    def test_finished_runs_go_when_their_time_has_come(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=3, retention=NOTHING_LAST)
        assert bench.store.prune(at(3) + DAY, seal_all) == 2, "the third one ended after three"
        assert [run.nominal for run in bench.runs(id_)] == [at(3)]
        assert bench.store.prune(at(3) + DAY, seal_all) == 0

    def test_failures_stay_longer(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=2, retention=NOTHING_LAST, outcome=Outcome.FAILED)
        assert bench.store.prune(at(9) + DAY, seal_all) == 0
        assert bench.store.prune(at(9) + 3 * DAY, seal_all) == 2
        assert bench.runs(id_) == []

    def test_the_last_runs_stay_however_old_until_the_schedule_is_retired(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=5, retention=replace(NOTHING_LAST, last=2))
        bench.store.prune(at(0) + 90 * DAY, seal_all)
        assert [run.nominal for run in bench.runs(id_)] == [at(4), at(5)]
        changed(bench.store, id_, Change(state=ScheduleState.RETIRED))
        bench.store.prune(at(0) + 90 * DAY, seal_all)
        assert refused(NoSuchSchedule, lambda: bench.store.ledger(id_)).schedule == id_

    def test_unfinished_runs_stay(self, bench: Bench) -> None:
        id_ = schedule(bench.store, replace(definition(), retention=NOTHING_LAST))
        tick(bench.store, at(2))
        assert bench.store.prune(at(2) + 90 * DAY, seal_all) == 0
        assert len(bench.runs(id_)) == 2

    def test_runs_without_a_schedule_go_after_a_day_unless_they_failed(self, bench: Bench) -> None:
        arrive(bench.store)
        bench.store.enqueue([asked(), asked()], now=MIDNIGHT)
        good, bad = claim(bench.store, MIDNIGHT)
        finish(bench.store, end(good, at(1)), end(bad, at(1), Outcome.FAILED))
        assert bench.store.prune(at(1) + DAY, seal_all) == 1
        assert [run.id for run in bench.runs(None)] == [bad.run]
        assert bench.store.prune(at(1) + 30 * DAY, seal_all) == 1

    def test_a_dry_run_is_not_among_the_last(self, bench: Bench) -> None:
        id_ = schedule(bench.store, replace(definition(), retention=replace(NOTHING_LAST, last=5)))
        arrive(bench.store)
        bench.store.enqueue([asked(id_, RunKind.DRY), asked(id_)], now=MIDNIGHT)
        finish(bench.store, *(end(held, at(1)) for held in claim(bench.store, MIDNIGHT)))
        bench.store.prune(at(1) + DAY, seal_all)
        assert [run.kind for run in bench.runs(id_)] == [RunKind.MANUAL]

    def test_a_day_is_sealed_before_its_first_row_goes_and_its_tally_stands_for_it(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=26, retention=NOTHING_LAST)
        asked_for: list[datetime] = []

        def seal(ledger: Ledger, day: datetime) -> Sequence[Tally]:
            asked_for.append(day)
            return seal_all(ledger, day)

        bench.store.prune(at(5) + DAY, seal)
        assert asked_for == [MIDNIGHT], "the second day keeps its rows, and is not asked about"
        ledger = bench.store.ledger(id_)
        (tally,) = ledger.tallies
        assert (tally.node, tally.revision, tally.day) == ("", 1, MIDNIGHT)
        assert (dict(tally.runs), dict(tally.dismissals)) == ({Outcome.SUCCEEDED: 23}, {})
        assert ledger.runs[0].nominal == at(5), "rows of a sealed day may stay a while longer"

        bench.store.prune(at(23.5) + DAY, seal)
        assert asked_for == [MIDNIGHT], "a day is sealed once"
        assert [run.nominal for run in bench.runs(id_)] == [at(24), at(25), at(26)]
        assert len(bench.store.ledger(id_).tallies) == 1

    def test_a_day_that_does_not_prove_keeps_its_rows_and_the_others_go(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=26, retention=NOTHING_LAST)

        def seal(ledger: Ledger, day: datetime) -> Sequence[Tally] | None:
            return None if day == MIDNIGHT else seal_all(ledger, day)

        assert bench.store.prune(at(0) + 90 * DAY, seal) == 3
        assert [run.nominal for run in bench.runs(id_)] == [at(hour) for hour in range(1, 24)]

    def test_a_dismissal_goes_when_every_day_that_it_touches_is_sealed(self, bench: Bench) -> None:
        id_ = schedule(bench.store, replace(definition(), retention=NOTHING_LAST))
        window = Dismissal(1, at(20), at(30), 10, DismissalReason.MISSED)
        bench.store.decide(at(30), dismissing(window))

        def seal_tuesday(ledger: Ledger, day: datetime) -> Sequence[Tally] | None:
            return seal_all(ledger, day) if day == MIDNIGHT + DAY else None

        assert bench.store.prune(at(30) + 2 * DAY - HOUR, seal_all) == 0
        assert bench.store.prune(at(30) + 2 * DAY, seal_tuesday) == 0
        assert bench.store.prune(at(30) + 2 * DAY, seal_all) == 1
        ledger = bench.store.ledger(id_)
        assert list(ledger.dismissals) == []
        counts = {tally.day: dict(tally.dismissals) for tally in ledger.tallies}
        assert counts == {
            MIDNIGHT: {DismissalReason.MISSED: 3},
            MIDNIGHT + DAY: {DismissalReason.MISSED: 7},
        }
        (timer,) = bench.store.locked_view(id_).timers
        assert timer.last_dismissal is None

    def test_no_more_goes_than_the_limit(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=5, retention=NOTHING_LAST)
        gone = [bench.store.prune(at(0) + 90 * DAY, seal_all, limit=2) for _ in range(4)]
        assert gone == [2, 2, 1, 0]
        assert bench.runs(id_) == []

    def test_of_several_pruners_each_row_is_counted_by_one(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=20, retention=NOTHING_LAST)

        def prune(store: Store) -> int:
            return sum(store.prune(at(0) + 90 * DAY, seal_all, limit=4) for _ in range(8))

        assert sum(race(bench, prune, prune, prune)) == 20
        (tally,) = bench.store.ledger(id_).tallies
        assert dict(tally.runs) == {Outcome.SUCCEEDED: 20}

    def test_a_pruned_occurrence_stays_decided(self, bench: Bench) -> None:
        id_ = run_to_the_end(bench, hours=3, retention=NOTHING_LAST)
        bench.store.prune(at(0) + 90 * DAY, seal_all)
        assert bench.store.decide(at(3), refuse).looked_at == 0
        (span,) = bench.store.ledger(id_).spans
        assert (span.handled_until, span.runs_made) == (at(3), 3)

    def test_a_retired_schedule_goes_when_only_its_tally_is_left_and_its_id_is_not_used_again(
        self, bench: Bench
    ) -> None:
        id_ = run_to_the_end(bench, hours=2, retention=NOTHING_LAST)
        changed(bench.store, id_, Change(state=ScheduleState.RETIRED))
        bench.store.prune(at(1.5) + DAY, seal_all)
        assert len(bench.store.schedules(retired=True)) == 1, "a run of it is left"
        bench.store.prune(at(9) + DAY, seal_all)
        assert list(bench.store.schedules(retired=True)) == []
        assert bench.store.schedule(f"tidy#{id_}") is None
        assert schedule(bench.store) > id_

    def test_a_process_that_was_silent_for_a_day_is_forgotten_unless_it_holds_something(self, bench: Bench) -> None:
        arrive(bench.store, "idle")
        arrive(bench.store, "busy")
        arrive(bench.store, "alive")
        bench.store.enqueue([asked()], now=MIDNIGHT)
        one_claim(bench.store, MIDNIGHT, "busy")
        bench.store.renew("alive", at(20), lease=LEASE)
        bench.store.prune(at(25), seal_all)
        refused(NoSuchProcess, lambda: bench.store.renew("idle", at(25), lease=LEASE))
        for process in ("busy", "alive"):
            bench.store.renew(process, at(25), lease=LEASE)


def run_to_the_end(bench: Bench, *, hours: int, retention: Retention, outcome: Outcome = Outcome.SUCCEEDED) -> int:
    """A schedule whose runs of the first so many hours have each ended a minute after their time."""
    id_ = schedule(bench.store, replace(definition(), retention=retention))
    arrive(bench.store)
    for hour in range(1, hours + 1):
        tick(bench.store, at(hour))
        (held,) = bench.store.claim("p1", at(hour), lanes={"default": 1}, known={TASK: ONCE_ONLY}, lease=LEASE)
        finish(bench.store, end(held, at(hour) + HOUR / 60, outcome))
    return id_


def seal_all(ledger: Ledger, day: datetime) -> Sequence[Tally]:
    """Seals without proof: counts the day's runs, and of each dismissal the full hours within the day."""
    runs = Counter(run.outcome for run in ledger.runs if day <= run.nominal < day + DAY and run.outcome)
    dismissed: Counter[DismissalReason] = Counter()
    for each in ledger.dismissals:
        hours = [day + hour * HOUR for hour in range(24)]
        dismissed[each.reason] += sum(each.after < hour <= each.until for hour in hours)
    return [Tally("", 1, day, dict(runs), {reason: count for reason, count in dismissed.items() if count})]


def refuse(timer: Timer | Unreadable) -> Plan:
    """A planner for when nothing is to be planned."""
    raise AssertionError(f"nothing was to be decided, but {timer}")
