"""Decide: plans are written by compare-and-set, each occurrence once, and one bad schedule stops no other."""

from dataclasses import replace

from klokker.core.lifecycle import DismissalReason, Outcome, RunKind, RunState, ScheduleState
from klokker.core.plan import Broken, Dismissal, Plan, Timer
from klokker.store.conformance.bench import Bench, race
from klokker.store.conformance.given import (
    MIDNIGHT,
    MINUTE,
    arrive,
    at,
    changed,
    claim,
    definition,
    dismissing,
    handled_until,
    hourly,
    moved,
    one_claim,
    revision,
    schedule,
    seen_by_planner,
    tick,
)
from klokker.store.contract import Change, Decided, Store, Unreadable


class Deciding:
    def test_a_due_timer_gets_what_its_plan_says(self, bench: Bench) -> None:
        made_of = replace(definition(), lane="heavy", order=3, args=(1, "two"), kwargs={"days": 30})
        id_ = schedule(bench.store, made_of)

        decided = bench.store.decide(at(1), hourly(at(1), start_within=MINUTE))

        assert (decided.looked_at, decided.outrun, list(decided.broken)) == (1, 0, [])
        (run,) = bench.runs(id_)
        (made,) = decided.runs
        assert (made.id, made.schedule, made.node, made.nominal, made.planned) == (run.id, id_, "", at(1), at(1))
        assert (run.kind, run.revision, run.nominal, run.planned) == (RunKind.SCHEDULED, 1, at(1), at(1))
        assert (run.lane, run.order, run.task, list(run.args), dict(run.kwargs)) == (
            "heavy",
            3,
            "chores.tidy",
            [1, "two"],
            {"days": 30},
        )
        assert run.start_before == at(1) + MINUTE
        assert handled_until(bench.store, id_) == at(1)
        assert bench.store.ledger(id_).spans[0].runs_made == 1

    def test_nothing_is_decided_before_its_time_nor_twice(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        assert bench.store.decide(at(0.99), hourly(at(0.99))).looked_at == 0
        assert bench.store.decide(at(1), hourly(at(1))).looked_at == 1
        assert bench.store.decide(at(1), hourly(at(1))).looked_at == 0
        assert len(bench.runs(id_)) == 1

    def test_of_several_deciders_exactly_one_makes_each_run(self, bench: Bench) -> None:
        ids = [schedule(bench.store, f"chore {number}") for number in range(12)]

        def decide(store: Store) -> list[Decided]:
            return [store.decide(at(hour), hourly(at(hour)), limit=5) for hour in (1, 2, 3) for _ in range(4)]

        batches = [batch for each in race(bench, decide, decide, decide) for batch in each]

        for id_ in ids:
            assert [run.nominal for run in bench.runs(id_)] == [at(1), at(2), at(3)]
        told = [(run.schedule, run.nominal) for batch in batches for run in batch.runs]
        assert sorted(told) == sorted((id_, at(hour)) for id_ in ids for hour in (1, 2, 3))
        assert not [each for batch in batches for each in batch.broken]

    def test_a_plan_for_a_timer_that_was_moved_on_meanwhile_is_thrown_away_whole(self, bench: Bench) -> None:
        """Locks are to keep others away from the timer; that they did is not believed, but looked at."""
        overtaken, left_alone = schedule(bench.store, "overtaken"), schedule(bench.store, "left alone")
        missed = dismissing(Dismissal(1, MIDNIGHT, at(1), 1, DismissalReason.MISSED))
        store = bench.nesting()

        def while_another_decides(timer: Timer | Unreadable) -> Plan | Broken:
            assert isinstance(timer, Timer)
            if timer.schedule == overtaken:
                halfway = moved(timer, at(0.5), next_due=at(1))
                changed(store, overtaken, Change(timers=(halfway,)))
            return missed(timer)

        decided = store.decide(at(1), while_another_decides)

        assert (decided.looked_at, decided.outrun, list(decided.broken)) == (2, 1, [])
        assert [each for each, _ in decided.dismissed] == [left_alone]
        assert handled_until(bench.store, overtaken) == at(0.5)
        assert list(bench.store.ledger(overtaken).dismissals) == []
        assert handled_until(bench.store, left_alone) == at(1)
        again = bench.store.decide(at(1), missed)
        assert ([each for each, _ in again.dismissed], again.outrun) == ([overtaken], 0)

    def test_an_occurrence_that_has_a_run_gets_no_second_one_and_the_others_go_on(self, bench: Bench) -> None:
        twice, sound = schedule(bench.store, "twice"), schedule(bench.store, "sound")

        def planner(timer: Timer | Unreadable) -> Plan | Broken:
            plan = hourly(at(1))(timer)
            if timer.schedule != twice or not isinstance(plan, Plan):
                return plan
            return replace(plan, runs=plan.runs + plan.runs)

        decided = bench.store.decide(at(1), planner)

        assert [broken for broken, _ in decided.broken] == [twice]
        assert bench.runs(twice) == []
        assert handled_until(bench.store, twice) == MIDNIGHT
        assert [run.nominal for run in bench.runs(sound)] == [at(1)]
        assert bench.store.locked_view(twice).schedule.state is ScheduleState.BROKEN

    def test_a_run_made_before_the_clock_was_set_back_is_not_made_again(self, bench: Bench) -> None:
        """Timers that were moved back are told what has a run; one that plans it all the same is broken, not doubled."""
        id_ = schedule(bench.store)
        tick(bench.store, at(2))
        (timer,) = bench.store.locked_view(id_).timers
        changed(bench.store, id_, Change(timers=(moved(timer, at(0.5), next_due=at(1)),)))
        (timer,) = bench.store.locked_view(id_).timers
        assert timer.decided_ahead == {at(1), at(2)}

        decided = bench.store.decide(at(3), hourly(at(3)))

        assert [run.nominal for run in decided.runs] == [at(3)]
        assert [run.nominal for run in bench.runs(id_)] == [at(1), at(2), at(3)]

    def test_a_schedule_answered_with_broken_waits_for_repair_and_keeps_its_place(self, bench: Bench) -> None:
        id_ = schedule(bench.store)

        decided = bench.store.decide(at(1), lambda _: Broken("no such zone"))

        assert list(decided.broken) == [(id_, "no such zone")]
        view = bench.store.locked_view(id_)
        assert (view.schedule.state, view.schedule.reason) == (ScheduleState.BROKEN, "no such zone")
        assert (view.timers[0].handled_until, view.timers[0].next_due) == (MIDNIGHT, None)
        assert bench.store.decide(at(5), hourly(at(5))).looked_at == 0
        assert not bench.store.glance(at(5)).due

    def test_a_planner_that_raises_breaks_that_schedule_and_no_other(self, bench: Bench) -> None:
        bad, good = schedule(bench.store, "bad"), schedule(bench.store, "good")

        def planner(timer: Timer | Unreadable) -> Plan | Broken:
            if timer.schedule == bad:
                raise ZeroDivisionError("a step of nothing")
            return hourly(at(1))(timer)

        decided = bench.store.decide(at(1), planner)

        ((broken, reason),) = decided.broken
        assert broken == bad
        assert "ZeroDivisionError" in reason
        assert "a step of nothing" in reason
        assert len(bench.runs(good)) == 1

    def test_a_definition_that_cannot_be_read_is_shown_to_the_planner_as_that(self, bench: Bench) -> None:
        poisoned, sound = schedule(bench.store, "poisoned"), schedule(bench.store, "sound")
        if not bench.poison(poisoned):
            return
        seen: list[Timer | Unreadable] = []

        def planner(timer: Timer | Unreadable) -> Plan | Broken:
            seen.append(timer)
            return hourly(at(1))(timer)

        decided = bench.store.decide(at(1), planner)

        (unreadable,) = [timer for timer in seen if isinstance(timer, Unreadable)]
        assert (unreadable.schedule, unreadable.node) == (poisoned, "")
        assert unreadable.fault
        assert list(decided.broken) == [(poisoned, unreadable.fault)]
        assert len(bench.runs(sound)) == 1
        listed = {each.id: each for each in bench.store.schedules()}
        assert listed[poisoned].fault
        assert listed[poisoned].state is ScheduleState.BROKEN
        assert not listed[sound].fault

    def test_only_active_schedules_are_decided(self, bench: Bench) -> None:
        for state in (ScheduleState.PAUSED, ScheduleState.BROKEN, ScheduleState.SPENT, ScheduleState.RETIRED):
            changed(bench.store, schedule(bench.store, f"is {state}"), Change(state=state))
        assert bench.store.decide(at(9), hourly(at(9))).looked_at == 0
        assert not bench.store.glance(at(9)).due

    def test_a_batch_takes_the_earliest_due_and_no_more_than_its_limit(self, bench: Bench) -> None:
        late, early = schedule(bench.store, "late"), schedule(bench.store, "early")
        (timer,) = bench.store.locked_view(late).timers
        changed(bench.store, late, Change(timers=(moved(timer, MIDNIGHT, next_due=at(2)),)))

        first = bench.store.decide(at(3), hourly(at(3)), limit=1)
        second = bench.store.decide(at(3), hourly(at(3)), limit=1)
        third = bench.store.decide(at(3), hourly(at(3)), limit=1)

        assert {run.schedule for run in first.runs} == {early}
        assert {run.schedule for run in second.runs} == {late}
        assert third.looked_at == 0

    def test_a_tick_of_some_nodes_decides_their_timers_alone(self, bench: Bench) -> None:
        id_ = schedule(bench.store, nodes=("", "a", "b"))
        bench.store.decide(at(1), hourly(at(1)), nodes=("", "a"))
        assert sorted(run.node for run in bench.runs(id_)) == ["", "a"]
        bench.store.decide(at(1), hourly(at(1)))
        assert sorted(run.node for run in bench.runs(id_)) == ["", "a", "b"]

    def test_dismissals_are_written_and_one_that_adjoins_its_forerunner_extends_it(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        missed = DismissalReason.MISSED

        decided = bench.store.decide(at(2), dismissing(Dismissal(1, at(0), at(2), 2, missed)))
        assert [(each, dismissal.count) for each, dismissal in decided.dismissed] == [(id_, 2)]
        (timer,) = bench.store.locked_view(id_).timers
        last = timer.last_dismissal
        assert last is not None
        assert (last.revision, last.reason, last.until) == (1, missed, at(2))

        more = Dismissal(1, at(2), at(5), 3, missed, extends=last.id)
        bench.store.decide(at(5), dismissing(more))
        (kept,) = bench.store.ledger(id_).dismissals
        assert (kept.id, kept.after, kept.until, kept.count, kept.reason) == (last.id, at(0), at(5), 5, missed)
        assert (kept.node, kept.revision) == ("", 1)

        uncounted = Dismissal(1, at(5), at(6), None, missed, extends=last.id)
        bench.store.decide(at(6), dismissing(uncounted))
        (kept,) = bench.store.ledger(id_).dismissals
        assert (kept.until, kept.count) == (at(6), None)

        bench.store.decide(at(7), dismissing(Dismissal(1, at(6), at(7), 1, DismissalReason.CLOSED)))
        assert [each.reason for each in bench.store.ledger(id_).dismissals] == [missed, DismissalReason.CLOSED]

    def test_a_schedule_is_spent_when_the_last_of_its_timers_closes(self, bench: Bench) -> None:
        id_ = schedule(bench.store, nodes=("a", "b"))

        def closing(timer: Timer | Unreadable) -> Plan | Broken:
            plan = hourly(at(1))(timer)
            assert isinstance(plan, Plan)
            return replace(plan, until=at(1), next_due=None)

        first = bench.store.decide(at(1), closing, nodes=("a",))
        assert list(first.spent) == []
        assert bench.store.locked_view(id_).schedule.state is ScheduleState.ACTIVE
        second = bench.store.decide(at(1), closing, nodes=("b",))
        assert list(second.spent) == [id_]
        view = bench.store.locked_view(id_)
        assert view.schedule.state is ScheduleState.SPENT
        assert list(view.timers) == []
        assert {(span.node, span.until, span.runs_made) for span in view.closed} == {("a", at(1), 1), ("b", at(1), 1)}

    def test_runs_that_a_plan_replaces_are_asked_to_cancel(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        begun = one_claim(bench.store, at(2))
        waiting = next(run.id for run in bench.runs(id_) if run.id != begun.run)

        def replacing(timer: Timer | Unreadable) -> Plan | Broken:
            plan = hourly(at(3))(timer)
            assert isinstance(timer, Timer)
            assert isinstance(plan, Plan)
            assert {(run.id, run.begun) for run in timer.unfinished} == {(begun.run, True), (waiting, False)}
            return replace(plan, cancel=tuple(run.id for run in timer.unfinished))

        bench.store.decide(at(3), replacing)

        assert (bench.run(waiting).state, bench.run(waiting).outcome) == (RunState.DONE, Outcome.CANCELLED)
        assert (bench.run(begun.run).state, bench.run(begun.run).cancel_asked) == (RunState.CLAIMED, True)

    def test_the_planner_sees_every_revision_since_handled_until_and_no_older_one(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        for number, holds_from in enumerate((at(0.5), at(1.5), at(2.5)), start=2):
            changed(bench.store, id_, Change(revision=revision(definition(f"name {number}"), holds_from)))
        seen = seen_by_planner(bench, at(1))
        assert [each.number for each in seen.revisions] == [1, 2, 3, 4]
        assert [each.holds_from for each in seen.revisions] == [MIDNIGHT, at(0.5), at(1.5), at(2.5)]
        seen = seen_by_planner(bench, at(2))
        assert [each.number for each in seen.revisions] == [2, 3, 4]
        seen = seen_by_planner(bench, at(3))
        assert [each.number for each in seen.revisions] == [3, 4]

    def test_a_revision_that_holds_from_before_its_forerunner_leaves_that_one_nothing(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        for holds_from in (at(5), at(0.5)):
            changed(bench.store, id_, Change(revision=replace(revision(definition(), holds_from), time_data="2026b")))
        seen = seen_by_planner(bench, at(1))
        assert [(each.number, each.holds_from, each.time_data) for each in seen.revisions] == [
            (1, MIDNIGHT, ""),
            (3, at(0.5), "2026b"),
        ]

    def test_the_planner_sees_scheduled_runs_of_its_own_node_that_are_unfinished(self, bench: Bench) -> None:
        id_ = schedule(bench.store, nodes=("a", "b"))
        bench.store.decide(at(1), hourly(at(1)))
        seen = seen_by_planner(bench, at(2))
        own = [run.id for run in bench.runs(id_) if run.node == seen.node and run.nominal == at(1)]
        assert [run.id for run in seen.unfinished] == own

    def test_a_claim_tells_the_occurrence_before_it_that_became_a_run(self, bench: Bench) -> None:
        schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(1))
        bench.store.decide(at(2), dismissing(Dismissal(1, at(1), at(2), 1, DismissalReason.MISSED)))
        tick(bench.store, at(3), takes_turn=False)
        claims = claim(bench.store, at(3))
        assert [(each.nominal, each.previous_nominal) for each in claims] == [(at(1), None), (at(3), at(1))]
