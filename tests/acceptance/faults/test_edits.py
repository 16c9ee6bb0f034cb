"""Promise 4, edits do not surprise: what fell due before one is decided as it was, and the edit itself starts nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from klokker.core.lifecycle import RunState
from klokker.tasks.decorator import task
from tests.acceptance.faults.site import HOUR, MINUTE, SECOND, Member, Site

OLD, NEW = {"days": 1}, {"days": 2}


class Occurrence:
    """The one at 13:00 of an hourly schedule made at 12:00, led to a point of its way."""

    def __init__(self, site: Site, **fields: object) -> None:
        self.site = site
        self.ran: list[int] = []
        self.fails = 0
        self.while_running: Callable[[], object] = lambda: None

        @task(name="sweep", registry=site.registry)
        def sweep(days: int) -> None:
            self.ran.append(days)
            meanwhile, self.while_running = self.while_running, lambda: None
            meanwhile()
            if self.fails:
                self.fails -= 1
                raise RuntimeError("not this time")

        self.schedule = site.schedule("sweep", "0 * * * *", task="sweep", kwargs=OLD, **fields)
        self.member: Member = site.member()
        self.at = site.now + HOUR

    def edit(self) -> None:
        """Every ten minutes instead of every hour, and with other arguments; and nothing starts, nothing changes its state."""
        before = self.states()
        self.site.edit(self.schedule, when="*/10 * * * *", kwargs=NEW)
        assert self.states() == before

    def states(self) -> list[tuple[int, RunState]]:
        return [(run.id, run.state) for run in self.site.runs(self.schedule)]

    def advance(self, span: timedelta) -> None:
        self.site.clock.advance(span)
        self.member.beat()


def before_it_is_due(occurrence: Occurrence) -> None:
    occurrence.advance(HOUR - 5 * SECOND)
    occurrence.member.round()
    occurrence.edit()


def due_and_undecided(occurrence: Occurrence) -> None:
    occurrence.advance(HOUR + 5 * SECOND)
    occurrence.edit()


def exactly_when_it_is_due(occurrence: Occurrence) -> None:
    occurrence.advance(HOUR)
    occurrence.edit()


def waiting(occurrence: Occurrence) -> None:
    due_and_decided(occurrence)
    assert occurrence.states()[0][1] is RunState.WAITING
    occurrence.edit()


def due_and_decided(occurrence: Occurrence) -> None:
    occurrence.advance(HOUR)
    occurrence.member.tick()


def queued(occurrence: Occurrence) -> None:
    due_and_decided(occurrence)
    assert occurrence.states()[0][1] is RunState.QUEUED
    occurrence.edit()


def claimed_and_running(occurrence: Occurrence) -> None:
    due_and_decided(occurrence)
    occurrence.while_running = occurrence.edit
    occurrence.member.work()
    assert occurrence.ran == [1]


def waiting_for_a_retry(occurrence: Occurrence) -> None:
    occurrence.fails = 1
    due_and_decided(occurrence)
    occurrence.member.work()
    assert occurrence.states()[0][1] is RunState.WAITING
    occurrence.edit()


def done(occurrence: Occurrence) -> None:
    due_and_decided(occurrence)
    occurrence.member.work()
    assert occurrence.states()[0][1] is RunState.DONE
    occurrence.edit()


POINTS = (exactly_when_it_is_due, due_and_undecided, waiting, queued, claimed_and_running, waiting_for_a_retry, done)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
def test_what_fell_due_before_an_edit_is_decided_and_run_as_it_was(
    site: Site, point: Callable[[Occurrence], None]
) -> None:
    more: dict[str, object] = {"jitter": "8m"} if point is waiting else {}
    occurrence = Occurrence(site, retry={"attempts": 2, "first": "60s"}, **more)
    point(occurrence)
    edited = site.now
    site.live(30 * MINUTE, occurrence.member)

    first, *later = site.runs(occurrence.schedule)
    assert (first.nominal, first.revision, first.kwargs, first.outcome) == (occurrence.at, 1, OLD, "succeeded")
    assert [run.nominal for run in later] == [occurrence.at + number * 10 * MINUTE for number in (1, 2, 3)]
    assert all((run.revision, run.kwargs) == (2, NEW) for run in later)
    assert all(run.nominal is not None and run.nominal > edited for run in later), "the edit itself starts nothing"
    attempts = 2 if point is waiting_for_a_retry else 1
    assert occurrence.ran[: attempts + 1] == [1] * attempts + [2]
    site.proven(occurrence.schedule)


def test_what_falls_due_after_an_edit_is_the_new_definitions(site: Site) -> None:
    occurrence = Occurrence(site)
    before_it_is_due(occurrence)
    assert site.runs(occurrence.schedule) == [], (
        "none of the 10 minutes that passed since 12:00 starts through the edit"
    )
    site.live(21 * MINUTE, occurrence.member)
    runs = site.runs(occurrence.schedule)
    assert [run.nominal for run in runs] == [occurrence.at + number * 10 * MINUTE for number in (0, 1, 2)]
    assert all((run.revision, run.kwargs) == (2, NEW) for run in runs)
    site.proven(occurrence.schedule)


def test_many_edits_in_one_downtime_leave_each_occurrence_to_the_definition_that_held(site: Site) -> None:
    occurrence = Occurrence(site, catch_up="all")
    for minutes in (15, 30, 45):
        occurrence.advance(HOUR)
        site.edit(occurrence.schedule, when=f"{minutes} * * * *", kwargs={"days": minutes})
    occurrence.advance(HOUR)
    occurrence.member.round()
    site.live(5 * MINUTE, occurrence.member)
    runs = site.runs(occurrence.schedule)
    at = occurrence.at
    expected = [(at, 1), (at + 15 * MINUTE, 15), (at + 90 * MINUTE, 30), (at + 165 * MINUTE, 45)]
    assert sorted((run.nominal, run.kwargs["days"]) for run in runs if run.nominal) == expected
    site.proven(occurrence.schedule)
