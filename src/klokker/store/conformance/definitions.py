"""Schedules: names, revisions, changes that are written whole or not at all, and views that write nothing."""

from dataclasses import replace
from functools import partial

from klokker.core.lifecycle import DismissalReason, Origin, Outcome, RunKind, RunState, ScheduleState
from klokker.core.plan import Dismissal
from klokker.store.conformance.bench import Bench, race, refused
from klokker.store.conformance.given import (
    HOUR,
    MIDNIGHT,
    arrive,
    asked,
    at,
    changed,
    claim,
    definition,
    dismissing,
    end,
    finish,
    hourly,
    moved,
    new_schedule,
    one_claim,
    revision,
    schedule,
    tick,
)
from klokker.store.contract import (
    Change,
    Cut,
    LockedSchedule,
    NameTaken,
    NewSchedule,
    NewTimer,
    Store,
    TimerMove,
)
from klokker.store.errors import NameInUse, NoSuchRevision, NoSuchSchedule


class Definitions:
    # making

    def test_a_new_schedule_is_there_as_it_was_given(self, bench: Bench) -> None:
        made_of = replace(
            definition("Tidy up"),
            description="removes what must go",
            kwargs={"days": 30, "of": ["a", None, 1.5]},
            labels={"team": "archive"},
            zone="Europe/Amsterdam",
            starts=at(-5),
        )
        id_ = schedule(bench.store, made_of, nodes=("a", "b"))

        made = bench.store.schedule("Tidy up")
        assert made is not None
        assert (made.id, made.state, made.origin, made.paused_until) == (
            id_,
            ScheduleState.ACTIVE,
            Origin.MANAGED,
            None,
        )
        assert (made.revision.number, made.revision.holds_from, made.revision.definition) == (1, MIDNIGHT, made_of)
        view = bench.store.locked_view(id_)
        assert view.schedule == made
        assert sorted((timer.node, timer.since, timer.handled_until, timer.next_due) for timer in view.timers) == [
            ("a", MIDNIGHT, MIDNIGHT, at(1)),
            ("b", MIDNIGHT, MIDNIGHT, at(1)),
        ]

    def test_a_schedule_may_be_made_paused_and_with_runs(self, bench: Bench) -> None:
        new = NewSchedule(
            revision(definition()),
            Origin.DECLARED,
            (NewTimer("", MIDNIGHT, None),),
            state=ScheduleState.PAUSED,
            reason="not yet",
            paused_until=at(5),
            runs=(replace(asked(), kind=RunKind.BACKFILL, takes_turn=True),),
        )
        id_ = bench.store.create(new)
        assert isinstance(id_, int)
        made = bench.store.locked_view(id_).schedule
        assert (made.state, made.reason, made.paused_until) == (ScheduleState.PAUSED, "not yet", at(5))
        (run,) = bench.runs(id_)
        assert (run.kind, run.schedule, run.revision, run.state) == (RunKind.BACKFILL, id_, 1, RunState.WAITING)

    # names

    def test_names_are_unique_without_regard_to_case(self, bench: Bench) -> None:
        first = schedule(bench.store, "Straße")
        assert bench.store.create(new_schedule(definition("STRASSE"))) == NameTaken("STRASSE", first)
        found = bench.store.schedule("strasse")
        assert found is not None
        assert (found.id, found.revision.definition.name) == (first, "Straße")
        assert bench.store.schedule("nobody") is None

    def test_of_several_that_take_a_name_one_gets_it(self, bench: Bench) -> None:
        def take(store: Store) -> int | NameTaken:
            return store.create(new_schedule(definition("the one")))

        answers = race(bench, *[take] * 4)
        (got,) = [answer for answer in answers if isinstance(answer, int)]
        assert [answer for answer in answers if answer != got] == [NameTaken("the one", got)] * 3
        assert len(bench.store.schedules()) == 1

    def test_a_retired_schedule_leaves_its_name_and_is_found_by_its_number(self, bench: Bench) -> None:
        old = schedule(bench.store, "tidy")
        changed(bench.store, old, Change(state=ScheduleState.RETIRED, by="an operator"))
        assert bench.store.schedule("tidy") is None
        assert [each.id for each in bench.store.schedules()] == []
        new = schedule(bench.store, "Tidy")
        assert new != old
        for name, id_ in (("tidy", new), (f"tidy#{old}", old), (f"TIDY#{old}", old), (f"tidy#{new}", new)):
            found = bench.store.schedule(name)
            assert found is not None, name
            assert found.id == id_, name
        for name in (f"other#{old}", "tidy#", "tidy#x", f"tidy#{old + 1000}", "#"):
            assert bench.store.schedule(name) is None, name
        assert [each.id for each in bench.store.schedules(retired=True)] == [old, new]

    def test_a_rename_is_a_revision_and_frees_the_old_name(self, bench: Bench) -> None:
        id_ = schedule(bench.store, "old")
        changed(bench.store, id_, Change(revision=revision(definition("new"))))
        assert bench.store.schedule("old") is None
        found = bench.store.schedule("NEW")
        assert found is not None
        assert (found.id, found.revision.number) == (id_, 2)
        schedule(bench.store, "old")

    def test_a_change_knows_whether_the_new_name_is_taken_and_cannot_take_it(self, bench: Bench) -> None:
        taken, id_ = schedule(bench.store, "taken"), schedule(bench.store, "mine")
        seen: list[bool] = []

        def rename(to: str, locked: LockedSchedule) -> Change:
            seen.append(locked.name_taken)
            return Change(revision=revision(definition(to)))

        error = refused(NameInUse, lambda: bench.store.change(id_, partial(rename, "TAKEN"), new_name="TAKEN"))
        assert (error.name, error.schedule) == ("TAKEN", taken)
        bench.store.change(id_, partial(rename, "Mine"), new_name="Mine")
        assert seen[0] is True
        assert seen[-1] is False, "a name is not taken by the one that bears it"
        assert bench.store.locked_view(id_, new_name="Taken").name_taken

    # changing

    def test_a_change_writes_all_that_it_says(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        (timer,) = bench.store.locked_view(id_).timers
        paused = Dismissal(1, MIDNIGHT, at(2), 2, DismissalReason.PAUSED)
        made = changed(
            bench.store,
            id_,
            Change(
                state=ScheduleState.PAUSED,
                reason="stocktaking",
                paused_until=at(9),
                by="an operator",
                origin=Origin.DECLARED,
                revision=revision(replace(definition(), order=7), at(2)),
                timers=(TimerMove(timer.id, at(2), None, at(5), (paused,)),),
                open=(NewTimer("b", at(2), at(3), runs_made=4),),
                runs=(asked(id_),),
                starts_after_completion=at(2),
            ),
        )

        assert (made.revision, [run.schedule for run in made.runs]) == (2, [id_])
        view = bench.store.locked_view(id_)
        seen = view.schedule
        assert (seen.state, seen.reason, seen.paused_until, seen.changed_by, seen.origin) == (
            ScheduleState.PAUSED,
            "stocktaking",
            at(9),
            "an operator",
            Origin.DECLARED,
        )
        assert (seen.revision.number, seen.revision.holds_from, seen.revision.definition.order) == (2, at(2), 7)
        assert seen.starts_after_completion == at(2)
        by_node = {each.node: each for each in view.timers}
        assert (by_node[""].handled_until, by_node[""].next_due, by_node[""].until) == (at(2), None, at(5))
        assert (by_node["b"].since, by_node["b"].next_due, by_node["b"].runs_made) == (at(2), at(3), 4)
        ledger = bench.store.ledger(id_)
        assert [(each.after, each.until, each.count, each.reason) for each in ledger.dismissals] == [
            (MIDNIGHT, at(2), 2, DismissalReason.PAUSED)
        ]
        (run,) = bench.runs(id_)
        assert (run.id, run.kind, run.revision, run.state) == (
            made.runs[0].id,
            RunKind.MANUAL,
            2,
            RunState.WAITING,
        )

    def test_a_change_that_says_nothing_of_the_state_leaves_it(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        changed(bench.store, id_, Change(state=ScheduleState.PAUSED, reason="why", paused_until=at(9), by="one"))
        changed(bench.store, id_, Change(revision=revision(replace(definition(), order=1)), by="two"))
        seen = bench.store.locked_view(id_).schedule
        assert (seen.state, seen.reason, seen.paused_until, seen.changed_by) == (
            ScheduleState.PAUSED,
            "why",
            at(9),
            "one",
        )

    def test_what_decide_raises_passes_through_and_nothing_is_written(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        before = bench.store.locked_view(id_)

        def refuse(locked: LockedSchedule) -> Change:
            raise LookupError(locked.schedule.revision.definition.name)

        assert refused(LookupError, lambda: bench.store.change(id_, refuse)).args == ("tidy",)
        assert bench.store.locked_view(id_) == before

    def test_a_change_that_cannot_be_written_whole_is_not_written_at_all(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        (timer,) = bench.store.locked_view(id_).timers
        wrong = Dismissal(9, MIDNIGHT, at(1), 1, DismissalReason.PAUSED)
        move = TimerMove(timer.id, at(1), None, None, (wrong,))
        before = bench.store.locked_view(id_)
        refused(
            NoSuchRevision,
            lambda: changed(bench.store, id_, Change(state=ScheduleState.PAUSED, timers=(move,))),
        )
        assert bench.store.locked_view(id_) == before

    def test_a_schedule_that_does_not_exist_cannot_be_changed_or_viewed(self, bench: Bench) -> None:
        for ask in (bench.store.locked_view, bench.store.ledger, lambda id_: changed(bench.store, id_, Change())):
            assert refused(NoSuchSchedule, partial(ask, 4711)).schedule == 4711

    def test_changes_of_one_schedule_come_one_after_another(self, bench: Bench) -> None:
        id_ = schedule(bench.store)

        def add_one(locked: LockedSchedule) -> Change:
            old = locked.schedule.revision.definition
            return Change(revision=revision(replace(old, order=old.order + 1)))

        def edit(store: Store) -> None:
            for _ in range(4):
                store.change(id_, add_one)

        race(bench, *[edit] * 3)
        newest = bench.store.locked_view(id_).schedule.revision
        assert (newest.number, newest.definition.order) == (13, 12)

    def test_a_change_and_a_tick_do_not_meet_halfway(self, bench: Bench) -> None:
        """Whoever comes first, no hour is decided twice and none is left out."""
        id_ = schedule(bench.store)

        def pause(store: Store) -> None:
            def decide(locked: LockedSchedule) -> Change:
                (timer,) = locked.timers
                window = Dismissal(1, timer.handled_until, at(4), None, DismissalReason.PAUSED)
                dismissals = (window,) if timer.handled_until < at(4) else ()
                return Change(state=ScheduleState.PAUSED, timers=(TimerMove(timer.id, at(4), None, None, dismissals),))

            store.change(id_, decide)

        def ticks(store: Store) -> None:
            for hour in (1, 2, 3, 4):
                store.decide(at(hour), hourly(at(hour)))

        race(bench, pause, ticks)
        ledger = bench.store.ledger(id_)
        ran = [run.nominal for run in ledger.runs]
        dismissed = [
            at(hour) for hour in range(1, 5) for each in ledger.dismissals if each.after < at(hour) <= each.until
        ]
        assert sorted([*ran, *dismissed]) == [at(1), at(2), at(3), at(4)]

    # looking

    def test_a_view_is_what_a_change_would_see_and_writes_nothing(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        for node in ("a", "b", "c"):
            bench.store.enrol(node, MIDNIGHT)
        bench.store.retire_node("c", at(1))
        tick(bench.store, at(2))
        view = bench.store.locked_view(id_)
        assert set(view.nodes) == {"a", "b"}
        assert [(run.nominal, run.begun) for run in view.timers[0].unfinished] == [(at(1), False), (at(2), False)]
        seen: list[LockedSchedule] = []

        def look(locked: LockedSchedule) -> Change:
            seen.append(locked)
            return Change()

        bench.store.change(id_, look)
        assert seen[0] == view
        assert bench.store.locked_view(id_) == view

    def test_closed_spans_are_told_apart_from_open_timers(self, bench: Bench) -> None:
        id_ = schedule(bench.store, nodes=("a", "b"))
        bench.store.decide(at(1), hourly(at(1)), nodes=("a",))
        timer = next(each for each in bench.store.locked_view(id_).timers if each.node == "a")
        closed = TimerMove(timer.id, at(1), None, at(1))
        changed(bench.store, id_, Change(timers=(closed,), open=(NewTimer("a", at(1), at(2)),)))
        view = bench.store.locked_view(id_)
        assert sorted((each.node, each.since) for each in view.timers) == [("a", at(1)), ("b", MIDNIGHT)]
        (span,) = view.closed
        assert (span.node, span.since, span.until, span.runs_made) == ("a", MIDNIGHT, at(1), 1)

    def test_a_timer_with_undecided_occurrences_before_its_end_is_open(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        (timer,) = bench.store.locked_view(id_).timers
        changed(bench.store, id_, Change(timers=(TimerMove(timer.id, MIDNIGHT, at(1), at(2)),)))
        assert len(bench.store.locked_view(id_).timers) == 1
        assert bench.store.decide(at(1), hourly(at(1))).looked_at == 1

    def test_dismissals_ahead_are_shown_when_asked_for_and_can_be_cut(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        for after, until in ((0, 2), (2, 5), (5, 6)):
            reason = DismissalReason.MISSED if after != 2 else DismissalReason.CLOSED
            dismissal = Dismissal(1, at(after), at(until), until - after, reason)
            bench.store.decide(at(until), dismissing(dismissal))
        assert list(bench.store.locked_view(id_).dismissed) == []
        view = bench.store.locked_view(id_, dismissed_after=at(3))
        assert [(each.after, each.until) for each in view.dismissed] == [(at(2), at(5)), (at(5), at(6))]

        def cut(locked: LockedSchedule) -> Change:
            (timer,) = locked.timers
            straddling, later = locked.dismissed
            return Change(
                timers=(moved(timer, at(3), next_due=at(4)),),
                cut=(Cut(straddling.id, at(3), 1), Cut(later.id, at(3), 0)),
            )

        bench.store.change(id_, cut, dismissed_after=at(3))
        kept = bench.store.ledger(id_).dismissals
        assert [(each.after, each.until, each.count) for each in kept] == [(at(0), at(2), 2), (at(2), at(3), 1)]
        (timer,) = bench.store.locked_view(id_).timers
        assert timer.last_dismissal is not None
        assert (timer.last_dismissal.id, timer.last_dismissal.until) == (kept[-1].id, at(3))

    def test_expired_pauses_are_named(self, bench: Bench) -> None:
        timed, open_ended = schedule(bench.store, "timed"), schedule(bench.store, "open-ended")
        changed(bench.store, timed, Change(state=ScheduleState.PAUSED, paused_until=at(5)))
        changed(bench.store, open_ended, Change(state=ScheduleState.PAUSED))
        assert list(bench.store.expired_pauses(at(4.9))) == []
        assert not bench.store.glance(at(4.9)).pause_expired
        assert bench.store.glance(at(4.9)).next_at == at(5)
        assert list(bench.store.expired_pauses(at(5))) == [timed]
        assert bench.store.glance(at(5)).pause_expired
        changed(bench.store, timed, Change(state=ScheduleState.ACTIVE))
        assert list(bench.store.expired_pauses(at(6))) == []

    def test_a_run_that_was_asked_for_tells_of_its_schedule(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        changed(bench.store, id_, Change(revision=revision(replace(definition(), lane="heavy"))))
        retry_of = bench.store.enqueue([asked(id_)], now=MIDNIGHT)[0].id
        asks = replace(
            asked(id_, RunKind.BACKFILL),
            node="a",
            revision=1,
            for_nominal=at(-3),
            asked_by="an operator",
            retry_of=retry_of,
            args=("x",),
            kwargs={"n": 1},
            order=4,
            start_before=at(8),
        )
        (made,) = bench.store.enqueue([asks], now=MIDNIGHT)
        run = bench.run(made.id)
        assert (run.revision, run.for_nominal, run.nominal, run.node) == (1, at(-3), None, "a")
        assert (run.asked_by, run.retry_of, run.order, run.lane, run.start_before) == (
            "an operator",
            retry_of,
            4,
            "default",
            at(8),
        )
        assert (list(run.args), dict(run.kwargs)) == (["x"], {"n": 1})
        assert list(bench.store.ledger(id_).runs) == [], "it stands outside the account"

    def test_occurrences_that_need_not_run_again_are_told(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(4), takes_turn=False)
        good, bad, stopped, going = claim(bench.store, at(4))
        finish(bench.store, end(good, at(4)), end(bad, at(4), Outcome.FAILED), end(stopped, at(4), Outcome.CANCELLED))
        repeats = [
            replace(asked(id_, kind), for_nominal=at(hour), node="a", takes_turn=False)
            for kind, hour in ((RunKind.BACKFILL, 2), (RunKind.MANUAL, 3), (RunKind.DRY, 1))
        ]
        bench.store.enqueue(repeats, now=at(4))
        for held in claim(bench.store, at(4), arrive(bench.store, "p2", "a")):
            finish(bench.store, end(held, at(4), Outcome.FAILED if held.kind is RunKind.MANUAL else Outcome.SUCCEEDED))
        assert set(bench.store.covered(id_, at(0), at(4))) == {("", at(1)), ("", at(4)), ("a", at(2))}
        assert set(bench.store.covered(id_, at(1), at(3))) == {("a", at(2))}
        assert going.nominal == at(4)

    def test_a_run_is_seen_by_its_id(self, bench: Bench) -> None:
        (made,) = bench.store.enqueue([asked()], now=MIDNIGHT)
        assert bench.store.run(made.id) == bench.run(made.id)
        assert bench.store.run(made.id + 1000) is None

    def test_the_ledger_tells_all_that_was_decided(self, bench: Bench) -> None:
        id_ = schedule(bench.store)
        arrive(bench.store)
        tick(bench.store, at(2))
        finish(bench.store, end(one_claim(bench.store, at(2)), at(2) + HOUR / 2))
        changed(bench.store, id_, Change(revision=revision(replace(definition(), order=1), at(2))))
        ledger = bench.store.ledger(id_)
        assert ledger.schedule == bench.store.locked_view(id_).schedule
        assert [(each.number, each.holds_from) for each in ledger.revisions] == [(1, MIDNIGHT), (2, at(2))]
        assert [(run.nominal, run.revision, run.state, run.outcome) for run in ledger.runs] == [
            (at(1), 1, RunState.DONE, Outcome.SUCCEEDED),
            (at(2), 1, RunState.WAITING, None),
        ]
        (span,) = ledger.spans
        assert (span.node, span.since, span.until, span.handled_until, span.runs_made) == (
            "",
            MIDNIGHT,
            None,
            at(2),
            2,
        )
        assert (list(ledger.dismissals), list(ledger.tallies)) == ([], [])
