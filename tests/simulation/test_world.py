"""A world of schedules: time passes when it is told to, and what comes of it is decided by the code that decides for real."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.core.retry import Retry
from klokker.core.verdict import Terms
from klokker.executors.contract import Assignment
from klokker.simulation.summary import in_order, summary
from klokker.simulation.world import NoSuchName, TimeStands
from klokker.testing import Part, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 27, tzinfo=UTC)

Worlds = Callable[..., World]


def at(hours: float) -> datetime:
    return MIDNIGHT + hours * HOUR


@pytest.fixture
def world(klokker_world: Worlds) -> World:
    return klokker_world(start=MIDNIGHT)


def test_it_fires_at_exactly_these_moments_through_a_clock_change(world: World) -> None:
    world.create("nightly", "30 2 * * *", zone="Europe/Amsterdam")
    world.advance(4 * DAY)
    # On Sunday the clocks skip the hour from two to three.
    assert world.fired("nightly") == [at(1.5), at(25.5), at(49), at(72.5)]
    assert [(run.outcome, run.started) for run in world.runs("nightly")][2] == (Outcome.SUCCEEDED, at(49))
    assert world.account("nightly").exact


def test_time_passes_up_to_the_moment_and_with_it(world: World) -> None:
    world.create("hourly", "0 * * * *")
    world.until(at(1) - timedelta(seconds=1))
    assert world.fired("hourly") == []
    world.until(at(1))
    assert (world.fired("hourly"), world.now) == ([at(1)], at(1))
    with pytest.raises(ValueError, match="has passed"):
        world.until(at(0.5))


def test_an_outage_is_caught_up_as_the_schedule_says(world: World) -> None:
    world.create("newest", "0 * * * *")
    world.create("all of them", "0 * * * *", catch_up="all")
    world.advance(2 * HOUR)
    with world.down():
        world.advance(5 * HOUR)
    world.advance(HOUR)
    assert world.fired("newest") == [at(1), at(2), at(7), at(8)]
    assert [(each.count, each.reason) for each in world.dismissed("newest")] == [(4, DismissalReason.SUPERSEDED)]
    assert world.fired("all of them") == [at(hour) for hour in range(1, 9)]
    told = summary(world, "all of them")
    assert (told.due, told.runs, told.caught_up, told.exact) == (8, 8, 4, True)
    # The occurrence of seven was decided at seven, when the machine came back.
    assert told.longest_wait == 4 * HOUR


def test_what_ran_when_the_machine_went_down_is_lost_once_its_lease_is_over(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(30 * MINUTE))
    world.create("long", "0 * * * *")
    world.until(at(1) + 10 * MINUTE)
    with world.down():
        world.advance(MINUTE)
    world.advance(2 * MINUTE)
    [run] = world.runs("long")
    assert run.outcome is Outcome.LOST
    world.until(at(3))
    assert [each.outcome for each in world.runs("long")][:2] == [Outcome.LOST, Outcome.SUCCEEDED]
    assert world.account("long").exact


def test_a_run_that_ends_as_the_next_falls_due_is_not_in_its_way(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(5 * MINUTE))
    world.create("back to back", "*/5 * * * *")
    world.create("every four", "*/4 * * * *")
    world.advance(HOUR)
    assert len(world.fired("back to back")) == 12
    assert {each.reason for each in world.dismissed("every four")} == {DismissalReason.OVERLAPPED}


def test_runs_of_any_length_end_to_the_microsecond(klokker_world: Worlds) -> None:
    def script(assignment: Assignment) -> Part:
        return Part(timedelta(microseconds=118_898 + 98_765 * (assignment.run % 31)))

    world = klokker_world(start=MIDNIGHT, script=script, known={"any.task": Terms(repeatable=True)})
    for number in range(5):
        world.create(f"{number}", "every 2 seconds")
    world.advance(5 * MINUTE)
    runs = [run for number in range(5) for run in world.runs(f"{number}")]
    assert len(runs) > 500
    for run in runs:
        if run.started is not None and run.finished is not None:
            assert run.finished - run.started == timedelta(microseconds=118_898 + 98_765 * (run.id % 31))


def test_what_is_replaced_hears_of_it_at_once(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(90 * MINUTE))
    world.create("impatient", "0 * * * *", overlap="replace", timeout="4h")
    world.advance(3 * HOUR)
    first, second, third = world.runs("impatient")
    assert (first.outcome, first.finished, second.started) == (Outcome.CANCELLED, at(2), at(2))
    assert (second.outcome, second.finished, third.started) == (Outcome.CANCELLED, at(3), at(3))


def test_under_cron_each_tick_runs_what_is_queued_one_after_another(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(7 * MINUTE), tick_every=5 * MINUTE)
    world.create("a", "0 * * * *")
    world.create("b", "0 * * * *")
    world.create("soon", "3 1 * * *")
    world.advance(HOUR + 20 * MINUTE)
    [a], [b] = world.runs("a"), world.runs("b")
    assert (a.started, a.finished) == (at(1), at(1) + 7 * MINUTE)
    # What is queued still, the next tick begins; and what is left then, whichever of the two is free first.
    assert b.started == at(1) + 5 * MINUTE
    assert [run.started for run in world.runs("soon")] == [at(1) + 7 * MINUTE]


def test_slots_are_all_there_is(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(10 * MINUTE), slots=1)
    world.create("a", "0 * * * *")
    world.create("b", "0 * * * *")
    world.create("elsewhere", "0 * * * *", lane="reports")
    world.advance(HOUR + 30 * MINUTE)
    assert [world.runs(name)[0].started for name in ("a", "b", "elsewhere")] == [at(1), at(1) + 10 * MINUTE, at(1)]


def test_what_finds_no_slot_in_time_expires_an_instant_after_its_last_moment(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(50 * MINUTE), slots=1)
    world.create("a", "0 * * * *", order=-1)
    world.create("b", "0 * * * *", catch_up="within 10m")
    world.advance(HOUR + 30 * MINUTE)
    [run] = world.runs("b")
    assert (run.outcome, run.finished) == (Outcome.EXPIRED, at(1) + 10 * MINUTE + timedelta.resolution)


def test_an_attempt_that_fails_is_tried_again_as_its_terms_say(klokker_world: Worlds) -> None:
    def script(assignment: Assignment) -> Part:
        return Part(MINUTE, Outcome.FAILED, "it says why") if assignment.attempt == 1 else Part()

    terms = {"any.task": Terms(retry=Retry.read({"attempts": 3, "first": "10m"}))}
    world = klokker_world(start=MIDNIGHT, script=script, known=terms)
    world.create("fickle", "0 * * * *")
    world.advance(HOUR + 30 * MINUTE)
    [run] = world.runs("fickle")
    assert (run.outcome, [attempt.outcome for attempt in run.attempts]) == (Outcome.SUCCEEDED, [Outcome.FAILED])


def test_edits_pauses_and_retirement_happen_when_they_are_asked_for(world: World) -> None:
    world.create("tidy", "0 * * * *")
    world.advance(2 * HOUR)
    world.edit("tidy", when="30 * * * *", name="tidied")
    world.advance(HOUR)
    world.pause("tidied", "for the move", until=at(5))
    world.advance(3 * HOUR)
    world.pause("tidied")
    world.resume("tidied")
    world.advance(HOUR)
    world.retire("tidied")
    world.advance(DAY)
    assert world.fired("tidied") == [at(1), at(2), at(2.5), at(5.5), at(6.5)]
    assert {each.reason for each in world.dismissed("tidied")} == {DismissalReason.PAUSED}
    assert world.account("tidied").exact


def test_a_lane_that_a_later_schedule_names_is_served_too(world: World) -> None:
    world.create("first", "0 * * * *")
    world.advance(HOUR)
    world.create("second", "0 * * * *", lane="reports")
    world.advance(HOUR)
    assert [run.outcome for run in world.runs("second")] == [Outcome.SUCCEEDED]


def test_each_node_has_its_own_runs(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, nodes=("a", "b"))
    world.create("everywhere", "0 * * * *", placement="each")
    world.create("there", "0 * * * *", placement=["b"])
    world.advance(HOUR)
    assert [run.node for run in world.runs("everywhere")] == ["a", "b"]
    assert world.fired("everywhere") == [at(1), at(1)]
    assert [(run.node, run.outcome) for run in world.runs("there")] == [("b", Outcome.SUCCEEDED)]


def test_one_that_is_to_go_after_success_goes(world: World) -> None:
    world.create("once", "at 2026-03-27T01:00, 2026-03-27T02:00", after_success="delete")
    world.advance(3 * HOUR)
    assert world.fired("once") == [at(1)]
    assert world.schedule("once").state.value == "retired"


def test_everything_is_told_in_the_order_of_time(world: World) -> None:
    world.create("b", "0 * * * *")
    world.create("a", "0 */2 * * *")
    world.advance(2 * HOUR)
    with world.down():
        world.advance(3 * HOUR + MINUTE)
    world.advance(MINUTE)
    assert [(moment, name) for moment, name, _ in in_order(world)] == sorted(
        (moment, name) for moment, name, _ in in_order(world)
    )
    assert len(in_order(world)) == len(world.fired("a") + world.fired("b")) + len(world.dismissed("b"))


def test_a_name_that_is_not_there_is_said_with_those_that_are(world: World) -> None:
    world.create("tidy", "0 * * * *")
    with pytest.raises(NoSuchName, match="no schedule 'tydi'; it has tidy"):
        world.fired("tydi")


def test_a_part_that_never_lets_time_pass_is_found_out(klokker_world: Worlds) -> None:
    world = klokker_world(start=MIDNIGHT, script=lambda _: Part(outcome=None, snooze=timedelta(0)), patience=100)
    world.create("for ever", "0 * * * *")
    with pytest.raises(TimeStands, match="2026-03-27T01:00:00"):
        world.advance(2 * HOUR)
