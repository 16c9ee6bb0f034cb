"""plan(): the decision of a tick for one timer (docs/concepts/plan.md)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.definition import Definition, Revision
from klokker.core.errors import TimetableError
from klokker.core.known import Known
from klokker.core.lifecycle import DismissalReason
from klokker.core.plan import (
    Dismissal,
    LastDismissal,
    Plan,
    Timer,
    UnfinishedRun,
    next_after_completion,
    next_due,
    plan,
)

MISSED, SUPERSEDED, OVERLAPPED = DismissalReason.MISSED, DismissalReason.SUPERSEDED, DismissalReason.OVERLAPPED
CLOSED = DismissalReason.CLOSED


def at(time: str) -> datetime:
    """A time on 4 May 2026; "-" and "+" before it mean the day before and after."""
    day = {"-": 3, "+": 5}.get(time[0], 4)
    hour, minute, *second = time.lstrip("-+").split(":")
    return datetime(2026, 5, day, int(hour), int(minute), int(second[0]) if second else 0, tzinfo=UTC)


KNOWN = Known({"noon": "daily 12:25-13:00", "early": "daily 12:25-12:45", "late": "daily 12:25-14:00"})


def definition(when: str = "*/10 * * * *", **fields: object) -> Definition:
    return Definition.read({"name": "sweep", "task": "chores.sweep", "when": when, **fields}, KNOWN)


def timer(
    *definitions: Definition,
    handled: str = "12:00",
    edits: tuple[str, ...] = (),
    until: datetime | None = None,
    next_due: datetime | None = None,
    runs_made: int = 0,
    unfinished: tuple[UnfinishedRun, ...] = (),
    decided_ahead: frozenset[datetime] = frozenset(),
    last_dismissal: LastDismissal | None = None,
) -> Timer:
    """A timer handled until `handled`; the second and later definitions hold from `edits`."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    held = [since, *map(at, edits)]
    return Timer(
        id=1,
        schedule=1,
        node="",
        since=since,
        until=until,
        handled_until=at(handled),
        next_due=next_due,
        runs_made=runs_made,
        revisions=[Revision(number + 1, held[number], each) for number, each in enumerate(definitions)],
        unfinished=unfinished,
        decided_ahead=decided_ahead,
        last_dismissal=last_dismissal,
    )


def tick(of: Timer, now: str, previous: str | None = None) -> Plan:
    return plan(of, now=at(now), previous_tick=at(previous or now))


def runs(decision: Plan) -> list[str]:
    return [f"{run.nominal:%H:%M}" for run in decision.runs]


def dismissals(decision: Plan) -> list[tuple[str, str, int | None, DismissalReason]]:
    return [(f"{d.after:%H:%M:%S}", f"{d.until:%H:%M:%S}", d.count, d.reason) for d in decision.dismissals]


# ── ordinary ticks ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_occurrence_on_time_becomes_a_run_planned_at_its_nominal_time() -> None:
    decision = tick(timer(definition()), "12:10:05")
    (run,) = decision.runs
    assert (run.nominal, run.planned, run.start_before, run.takes_turn) == (at("12:10"), at("12:10"), None, True)
    assert decision == Plan((run,), (), handled_until=at("12:10:05"), next_due=at("12:20"))


def test_nothing_due_moves_handled_until_and_makes_nothing() -> None:
    assert tick(timer(definition()), "12:09") == Plan((), (), at("12:09"), at("12:10"))


def test_an_occurrence_exactly_at_handled_until_was_decided_and_one_exactly_now_is_due() -> None:
    assert runs(tick(timer(definition(), handled="12:10"), "12:20")) == ["12:20"]


@pytest.mark.parametrize("now", ["11:00", "12:00"])
def test_a_clock_that_is_not_past_handled_until_decides_nothing(now: str) -> None:
    assert tick(timer(definition(), handled="12:00"), now) == Plan((), (), at("12:00"), at("12:10"))


def test_the_same_timer_and_now_give_the_same_plan() -> None:
    of = timer(definition(jitter="5m", catch_up="all"), handled="08:00")
    assert tick(of, "12:00") == tick(of, "12:00")


def test_a_year_of_every_minute_is_one_run_and_one_dismissal() -> None:
    of = replace(timer(definition("* * * * *")), handled_until=datetime(2025, 5, 4, 12, tzinfo=UTC))
    decision = tick(of, "12:00:30", previous="-00:00")
    assert runs(decision) == ["12:00"]
    assert [d.count for d in decision.dismissals] == [365 * 24 * 60 - 1]


# ── missed: grace, and the wider room of the newest ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "previous", "kept"),
    [
        ("12:11:00", "12:11", ["12:10"]),  # as late as the grace allows
        ("12:11:01", "12:11:01", []),
        ("12:12", "12:11", ["12:10"]),  # within twice the time since the previous tick
        ("12:12:01", "12:11:01", []),
        ("12:17", "12:12", ["12:10"]),
        ("12:19", None, ["12:10"]),  # the node never ticked before: fifteen minutes
    ],
)
def test_with_catch_up_none_only_what_is_on_time_runs(now: str, previous: str | None, kept: list[str]) -> None:
    decision = plan(
        timer(definition(catch_up="none")), now=at(now), previous_tick=None if previous is None else at(previous)
    )
    assert runs(decision) == kept
    assert [d.reason for d in decision.dismissals] == ([] if kept else [MISSED])


def test_a_schedule_at_17_past_ticked_each_five_minutes_runs_each_hour_none_missed() -> None:
    of, kept = timer(definition("17 * * * *", catch_up="none"), handled="00:00"), []
    for minute in range(5, 24 * 60, 5):
        now = at("00:00") + timedelta(minutes=minute)
        decision = plan(of, now=now, previous_tick=now - timedelta(minutes=5))
        assert not decision.dismissals
        kept += runs(decision)
        of = replace(of, handled_until=decision.handled_until)
    assert kept == [f"{hour:02}:17" for hour in range(24)]


# ── catch-up ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("catch_up", "kept", "dismissed"),
    [
        ("latest", ["11:30"], [("08:00:00", "11:00:00", 6, SUPERSEDED)]),
        ("all", ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"], []),
        ("all 2", ["11:00", "11:30"], [("08:00:00", "10:30:00", 5, MISSED)]),
        ("none", [], [("08:00:00", "11:59:00", 7, MISSED)]),
        ("within 2h", ["11:30"], [("08:00:00", "09:58:59", 3, MISSED), ("09:58:59", "11:00:00", 3, SUPERSEDED)]),
        ("within 10m", [], [("08:00:00", "11:59:00", 7, MISSED)]),
    ],
)
def test_after_a_morning_off_catch_up_says_what_runs(
    catch_up: str, kept: list[str], dismissed: list[tuple[str, str, int, DismissalReason]]
) -> None:
    decision = tick(timer(definition("*/30 * * * *", catch_up=catch_up), handled="08:00"), "11:59")
    assert runs(decision) == kept
    assert dismissals(decision) == dismissed


def test_missed_ones_give_way_to_one_on_time() -> None:
    decision = tick(timer(definition("*/30 * * * *"), handled="08:00"), "12:00:10")
    assert (runs(decision), dismissals(decision)) == (["12:00"], [("08:00:00", "11:30:00", 7, SUPERSEDED)])


@pytest.mark.parametrize(
    ("catch_up", "now", "previous", "start_before"),
    [
        ("none", "12:10:30", "12:10", "12:11"),  # planned + grace
        ("none", "12:14", "12:10", "12:15"),  # kept in the wider room: its grace begins now
        ("within 2h", "12:10:30", "12:10", "14:10"),  # nominal + span
        ("within 2h", "12:18", "12:18", "14:10"),
        ("within 5s", "12:10:30", "12:10", "12:11"),
        ("latest", "12:10:30", "12:10", None),
        ("all", "12:10:30", "12:10", None),
    ],
)
def test_where_late_is_worse_than_never_a_run_carries_a_time_to_start_before(
    catch_up: str, now: str, previous: str, start_before: str | None
) -> None:
    (run,) = tick(timer(definition(catch_up=catch_up)), now, previous).runs
    assert run.start_before == (None if start_before is None else at(start_before))


# ── jitter ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lateness_counts_from_the_planned_time() -> None:
    spread = definition("0 * * * *", jitter="50m", catch_up="none")
    delay = spread.jitter.delay("sweep", "")
    assert timedelta(minutes=5) < delay < timedelta(minutes=50)
    of = timer(spread, handled="11:00")
    assert runs(plan(of, now=at("12:00") + delay, previous_tick=at("12:00") + delay)) == ["12:00"]
    late = at("12:00") + delay + spread.grace + timedelta(microseconds=1)
    assert runs(plan(of, now=late, previous_tick=late)) == []
    (run,) = tick(of, "12:00:01").runs
    assert (run.planned, run.start_before) == (at("12:00") + delay, at("12:00") + delay + spread.grace)


# ── overlap ─────────────────────────────────────────────────────────────────────────────────────────────────────────

BEGUN = UnfinishedRun(11, at("11:00"), begun=True)
WAITING = UnfinishedRun(12, at("11:30"), begun=False)


@pytest.mark.parametrize(
    ("overlap", "unfinished", "kept", "cancelled"),
    [
        ("skip", (BEGUN,), [], ()),
        ("skip", (WAITING,), [], ()),
        ("queue one", (BEGUN,), ["12:10"], ()),
        ("queue one", (BEGUN, WAITING), [], ()),
        ("queue all", (BEGUN, WAITING), ["12:10"], ()),
        ("replace", (BEGUN, WAITING), ["12:10"], (11, 12)),
        ("replace", (), ["12:10"], ()),
        ("allow", (BEGUN, WAITING), ["12:10"], ()),
    ],
)
def test_overlap_judges_a_newcomer(
    overlap: str, unfinished: tuple[UnfinishedRun, ...], kept: list[str], cancelled: tuple[int, ...]
) -> None:
    decision = tick(timer(definition(overlap=overlap), unfinished=unfinished), "12:10:10")
    assert (runs(decision), decision.cancel) == (kept, cancelled)
    assert [d.reason for d in decision.dismissals] == ([] if kept else [OVERLAPPED])
    assert all(run.takes_turn == (overlap != "allow") for run in decision.runs)


@pytest.mark.parametrize(
    ("overlap", "kept"),
    [
        ("skip", ["12:10"]),
        ("queue one", ["12:10"]),
        ("queue all", ["12:10", "12:20", "12:30"]),
        ("replace", ["12:30"]),
        ("allow", ["12:10", "12:20", "12:30"]),
    ],
)
def test_several_on_time_in_one_tick_meet_one_another_oldest_first(overlap: str, kept: list[str]) -> None:
    decision = tick(timer(definition(overlap=overlap, grace="1h")), "12:30:10")
    assert runs(decision) == kept
    assert sum(d.count or 0 for d in decision.dismissals) == 3 - len(kept)
    assert {d.reason for d in decision.dismissals} <= {OVERLAPPED}


@pytest.mark.parametrize("overlap", ["skip", "queue one", "queue all", "allow"])
def test_what_all_keeps_is_one_newcomer(overlap: str) -> None:
    catching_up = definition(overlap=overlap, catch_up="all")
    assert runs(tick(timer(catching_up), "12:35")) == ["12:10", "12:20", "12:30"]
    blocked = tick(timer(catching_up, unfinished=(WAITING,)), "12:35")
    assert runs(blocked) == ([] if overlap in ("skip", "queue one") else ["12:10", "12:20", "12:30"])


def test_what_a_replacement_cancels_before_it_began_waits_no_longer() -> None:
    of = timer(
        definition(catch_up="all", overlap="replace"),
        definition(catch_up="all", overlap="queue one"),
        edits=("12:15",),
        unfinished=(WAITING,),
    )
    decision = tick(of, "12:25")
    assert (runs(decision), decision.cancel) == (["12:10", "12:20"], (12,))


def test_catch_up_comes_first_and_overlap_judges_what_it_keeps() -> None:
    decision = tick(timer(definition(), handled="08:00", unfinished=(BEGUN,)), "12:10:10")
    assert dismissals(decision) == [
        ("08:00:00", "12:09:09", 24, SUPERSEDED),
        ("12:09:09", "12:10:10", 1, OVERLAPPED),
    ]


def test_a_dismissal_that_adjoins_the_last_with_the_same_reason_and_revision_extends_it() -> None:
    def extends(until: str, revision: int, reason: DismissalReason) -> int | None:
        last = LastDismissal(id=44, revision=revision, reason=reason, until=at(until))
        (dismissal,) = tick(timer(definition(), unfinished=(BEGUN,), last_dismissal=last), "12:10:05").dismissals
        assert dismissal == Dismissal(1, at("12:00"), at("12:10:05"), 1, OVERLAPPED, dismissal.extends)
        return dismissal.extends

    assert extends("12:00", 1, OVERLAPPED) == 44
    assert extends("11:59", 1, OVERLAPPED) is None
    assert extends("12:00", 2, OVERLAPPED) is None
    assert extends("12:00", 1, MISSED) is None


# ── edits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_occurrence_exactly_at_an_edit_is_the_old_revisions() -> None:
    of = timer(definition("*/10 * * * *"), definition("5 * * * *"), edits=("12:10",))
    assert [(run.revision, run.nominal) for run in tick(of, "12:10:10").runs] == [(1, at("12:10"))]
    assert tick(of, "12:10:10").next_due == at("13:05")


def test_each_occurrence_is_judged_under_its_own_revision() -> None:
    of = timer(
        definition("*/30 * * * *", catch_up="none"),
        definition("*/15 * * * *", catch_up="all"),
        handled="08:00",
        edits=("10:05",),
    )
    decision = tick(of, "11:05")
    assert [(run.revision, f"{run.nominal:%H:%M}") for run in decision.runs] == [
        (2, "10:15"),
        (2, "10:30"),
        (2, "10:45"),
        (2, "11:00"),
    ]
    assert [(d.revision, d.after, d.until, d.count) for d in decision.dismissals] == [(1, at("08:00"), at("10:05"), 4)]


def test_newest_and_n_count_over_all_revisions_together() -> None:
    both = definition("*/30 * * * *", catch_up="all 3")
    of = timer(both, both, handled="08:00", edits=("11:05",))
    assert [(run.revision, f"{run.nominal:%H:%M}") for run in tick(of, "12:05").runs] == [
        (1, "11:00"),
        (2, "11:30"),
        (2, "12:00"),
    ]
    latest = timer(definition("*/30 * * * *"), definition("*/30 * * * *"), handled="08:00", edits=("11:05",))
    assert runs(tick(latest, "12:05")) == ["12:00"]


def test_latest_gives_way_only_to_what_its_own_revision_keeps() -> None:
    of = timer(
        definition("*/30 * * * *"), definition("*/30 * * * *", catch_up="none"), handled="08:00", edits=("11:05",)
    )
    decision = tick(of, "12:05")
    assert runs(decision) == ["11:00"]
    assert [(d.revision, d.count, d.reason) for d in decision.dismissals] == [(1, 5, SUPERSEDED), (2, 2, MISSED)]


def test_after_a_rewind_the_highest_number_holds_whatever_held_later_before() -> None:
    """The clock stood at tomorrow when revision 2 was made; revision 3 is the rewind's."""
    of = timer(definition("0 * * * *"), definition("30 * * * *"), definition("0 * * * *"), edits=("+12:00", "12:00"))
    assert [(run.revision, run.nominal) for run in tick(of, "13:00:10").runs] == [(3, at("13:00"))]


def test_what_was_decided_ahead_is_passed_over_and_not_counted() -> None:
    of = timer(definition(), decided_ahead=frozenset({at("12:20"), at("12:40")}))
    decision = tick(of, "12:32")
    assert runs(decision) == ["12:30"]
    assert dismissals(decision) == [("12:00:00", "12:10:00", 1, SUPERSEDED)]
    assert decision.next_due == at("12:50")


# ── the end of a span ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_span_closes_at_the_last_of_max_runs_in_the_order_of_what_catch_up_keeps() -> None:
    of = timer(definition(max_runs=5, catch_up="all 4"), handled="11:00", runs_made=3)
    decision = tick(of, "12:02")
    assert runs(decision) == ["11:30", "11:40"]
    assert dismissals(decision) == [("11:00:00", "11:20:00", 2, MISSED)]
    assert (decision.handled_until, decision.until, decision.next_due) == (at("11:40"), at("11:40"), None)


def test_max_runs_lowered_below_what_was_made_closes_the_span_at_the_edit() -> None:
    of = timer(definition(), definition(max_runs=2), edits=("12:15",), runs_made=2)
    decision = tick(of, "12:31")
    assert runs(decision) == ["12:10"]
    assert (decision.until, decision.next_due) == (at("12:15"), None)


def test_a_timetable_that_is_used_up_closes_the_span() -> None:
    decision = tick(timer(definition("at 2026-05-04T12:10")), "12:10:10")
    assert runs(decision) == ["12:10"]
    assert (decision.handled_until, decision.until, decision.next_due) == (at("12:10:10"), at("12:10:10"), None)


def test_a_timer_whose_span_is_closed_decides_up_to_its_end() -> None:
    decision = tick(timer(definition(catch_up="all"), until=at("12:20")), "12:45")
    assert runs(decision) == ["12:10", "12:20"]
    assert (decision.handled_until, decision.until, decision.next_due) == (at("12:20"), None, None)


def test_starts_and_ends_belong_to_the_timetable() -> None:
    limited = definition(starts="2026-05-04T12:20", ends="2026-05-04T12:40", catch_up="all")
    decision = tick(timer(limited), "13:05")
    assert runs(decision) == ["12:20", "12:30", "12:40"]
    assert decision.until == at("13:05")


def test_a_definition_that_cannot_be_evaluated_is_the_only_thing_that_raises() -> None:
    broken = replace(definition(), when="61 * * * *")
    with pytest.raises(TimetableError):
        tick(timer(broken), "12:10")


# ── after completion ────────────────────────────────────────────────────────────────────────────────────────────────

RESTING = "10 minutes after completion"


def test_after_completion_the_moment_it_was_woken_for_is_due_and_the_next_waits_for_the_end() -> None:
    decision = tick(timer(definition(RESTING), next_due=at("12:07")), "12:07:05")
    assert runs(decision) == ["12:07"]
    assert decision == Plan(decision.runs, (), at("12:07:05"), None)


def test_after_completion_a_dismissal_counts_as_an_end() -> None:
    of = timer(definition(RESTING, catch_up="none"), next_due=at("12:07"))
    decision = tick(of, "12:30")
    assert dismissals(decision) == [("12:00:00", "12:30:00", 1, MISSED)]
    assert (decision.next_due, decision.until) == (at("12:40"), None)


def test_after_completion_nothing_due_leaves_the_moment_as_it_was() -> None:
    assert tick(timer(definition(RESTING), next_due=at("12:07")), "12:05") == Plan((), (), at("12:05"), at("12:07"))


def test_after_completion_an_unfinished_run_of_before_an_edit_tells_when_the_next_is() -> None:
    of = timer(definition(), definition(RESTING), edits=("12:15",), unfinished=(BEGUN,), next_due=at("12:10"))
    decision = tick(of, "12:20")
    assert (runs(decision), decision.next_due, decision.until) == ([], None, None)


def test_after_completion_a_wake_up_that_finds_nothing_begins_a_new_rest() -> None:
    of = timer(definition("0 0 * * *"), definition(RESTING), edits=("12:05",), next_due=at("12:03"))
    assert tick(of, "12:20") == Plan((), (), at("12:20"), at("12:30"))


def test_after_completion_a_moment_past_ends_closes_the_span() -> None:
    of = timer(definition(RESTING, ends="2026-05-04T12:05"), next_due=at("12:07"))
    assert tick(of, "12:08") == Plan((), (), at("12:08"), None, until=at("12:08"))


def test_the_rest_is_rounded_up_to_a_whole_second_and_begins_no_earlier_than_starts() -> None:
    ended = at("12:00") + timedelta(microseconds=1)
    assert next_after_completion(definition(RESTING), at("12:00")) == at("12:10")
    assert next_after_completion(definition(RESTING), ended) == at("12:10:01")
    assert next_after_completion(definition(RESTING, starts="2026-05-04T15:00"), ended) == at("15:00")


def test_next_due_of_a_definition_alone_is_what_a_new_timer_waits_for() -> None:
    assert next_due(timer(definition()), at("12:34")) == at("12:40")
    assert next_due(timer(definition(), until=at("12:39")), at("12:34")) is None


@pytest.mark.parametrize("overlap", ["skip", "queue one", "queue all", "allow"])
def test_ticking_often_or_once_decides_the_same_where_nothing_is_missed_and_nothing_ends(overlap: str) -> None:
    patient = definition("*/10 * * * *", grace="1d", overlap=overlap)
    once = tick(timer(patient), "13:00:10")
    of, often = timer(patient), []
    for minutes in range(10, 61, 10):
        now = at("12:00:10") + timedelta(minutes=minutes)
        decision = plan(of, now=now, previous_tick=None)
        often += runs(decision)
        made = [UnfinishedRun(minutes, run.nominal, begun=False) for run in decision.runs]
        of = replace(of, handled_until=decision.handled_until, unfinished=[*of.unfinished, *made])
    assert often == runs(once)


def test_jitter_is_the_same_for_every_run_of_a_schedule_on_a_node() -> None:
    spread = definition(jitter="5m", catch_up="all")
    planned = {run.planned - run.nominal for run in tick(timer(spread, handled="08:00"), "12:00").runs}
    assert len(planned) == 1


# ── closings (12:25 to 13:00) ───────────────────────────────────────────────────────────────────────────────────────


def test_what_falls_due_in_a_closing_that_skips_is_dismissed_at_once() -> None:
    decision = tick(timer(definition(closed="skip during noon"), handled="12:20"), "12:30")
    assert (runs(decision), dismissals(decision)) == ([], [("12:20:00", "12:30:00", 1, CLOSED)])
    assert decision.handled_until == at("12:30")
    assert decision.next_due == at("12:40")


def test_what_waits_is_not_decided_until_it_opens() -> None:
    waiting = timer(definition(closed="wait during noon"), handled="12:10")
    decision = tick(waiting, "12:50")
    assert (runs(decision), dismissals(decision)) == (["12:20"], [])
    assert decision.handled_until == at("12:24:59")
    assert decision.next_due == at("13:00")
    again = tick(replace(waiting, handled_until=decision.handled_until), "12:59:59")
    assert (again.runs, again.dismissals, again.handled_until) == ((), (), decision.handled_until)
    assert again.next_due == at("13:00")


@pytest.mark.parametrize(
    ("catch_up", "run", "dismissed"),
    [
        ("latest", ["13:00"], [("12:24:59", "12:50:00", 3, SUPERSEDED)]),
        ("all 2", ["12:40", "12:50", "13:00"], [("12:24:59", "12:30:00", 1, MISSED)]),
        ("none", ["13:00"], [("12:24:59", "12:50:00", 3, MISSED)]),
        ("within 5m", ["13:00"], [("12:24:59", "12:50:00", 3, SUPERSEDED)]),
    ],
)
def test_when_it_opens_all_that_waited_counts_as_missed_and_catch_up_decides(
    catch_up: str, run: list[str], dismissed: list[tuple[str, str, int, DismissalReason]]
) -> None:
    waited = definition(closed="wait during noon", catch_up=catch_up, overlap="allow")
    decision = tick(timer(waited, handled="12:24:59"), "13:00")
    assert (runs(decision), dismissals(decision)) == (run, dismissed)


def test_what_waited_is_as_late_as_its_opening() -> None:
    waited = definition("40 12 * * *", closed="wait during noon", catch_up="within 5m", jitter="9m")
    (late,) = tick(timer(waited, handled="12:24:59"), "13:04").runs
    assert late.nominal == at("12:40")
    assert at("13:00") <= late.planned < at("13:09")
    assert late.start_before is not None
    assert late.start_before >= at("13:05")
    decision = tick(timer(waited, handled="12:24:59"), "13:06")
    assert (runs(decision), dismissals(decision)) == ([], [("12:24:59", "13:06:00", 1, MISSED)])


def test_run_anyway_is_as_if_nothing_were_closed() -> None:
    anyway = timer(definition(closed="run anyway during noon"), handled="12:20")
    assert tick(anyway, "12:30") == tick(timer(definition(), handled="12:20"), "12:30")


def test_an_edit_in_a_closing_that_goes_on_lets_wait_until_the_new_opening() -> None:
    edited = timer(
        definition(closed="wait during noon"),
        definition(closed="wait during late"),
        handled="12:24:59",
        edits=("12:35",),
    )
    held = tick(edited, "13:30")
    assert (held.runs, held.handled_until, held.next_due) == ((), at("12:24:59"), at("14:00"))
    opened = tick(edited, "14:00")
    assert runs(opened) == ["14:00"]
    assert dismissals(opened) == [("12:24:59", "12:35:00", 1, SUPERSEDED), ("12:35:00", "13:50:00", 8, SUPERSEDED)]


@pytest.mark.parametrize("after", [{}, {"closed": "wait during early"}, {"closed": "skip during noon"}])
def test_an_edit_that_opens_starts_nothing_of_what_waited(after: dict[str, object]) -> None:
    edited = timer(
        definition(closed="wait during late"), definition("30 13 * * *", **after), handled="12:24:59", edits=("12:50",)
    )
    assert next_due(edited, at("12:24:59")) == at("12:30"), "to be dismissed at once"
    decision = tick(edited, "12:51")
    assert (runs(decision), dismissals(decision)) == ([], [("12:24:59", "12:50:00", 3, CLOSED)])
    assert decision.next_due == at("13:30")


def test_a_rest_after_completion_that_ends_in_a_closing_ends_when_it_opens() -> None:
    resting = timer(
        definition("10 minutes after completion", closed="wait during noon"), handled="12:20", next_due=at("12:28")
    )
    held = tick(resting, "12:28")
    assert (held.runs, held.dismissals, held.next_due) == ((), (), at("13:00"))
    opened = tick(replace(resting, handled_until=held.handled_until, next_due=held.next_due), "13:00")
    assert runs(opened) == ["13:00"]


def test_a_rest_that_ends_in_a_closing_that_skips_is_dismissed_and_begins_anew() -> None:
    resting = timer(
        definition("10 minutes after completion", closed="skip during noon"), handled="12:20", next_due=at("12:28")
    )
    decision = tick(resting, "12:28")
    assert dismissals(decision) == [("12:20:00", "12:28:00", 1, CLOSED)]
    assert decision.next_due == at("12:38")


def test_what_would_wait_for_ever_is_refused() -> None:
    with pytest.raises(TimetableError, match="closes for ever"):
        next_due(
            timer(replace(definition(closed="wait during noon"), calendars={"noon": "weekly MON-SUN"})), at("12:00")
        )


def test_after_a_year_each_closing_has_its_window() -> None:
    daily = definition("* * * * *", closed="skip during noon", overlap="allow")
    decision = plan(timer(daily, handled="12:00"), now=at("12:00") + timedelta(days=365), previous_tick=None)
    assert runs(decision) == ["11:59", "12:00"]
    assert [each.reason for each in decision.dismissals] == [SUPERSEDED, CLOSED] * 365 + [SUPERSEDED]
    assert sum(each.count or 0 for each in decision.dismissals) + 2 == 365 * 24 * 60
