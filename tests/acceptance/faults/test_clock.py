"""Promise 5: a clock that leaps under a running process does no harm; one wrong at start is shown, and `rewind` sets it right."""

from datetime import timedelta
from itertools import pairwise

import pytest

from klokker.core.lifecycle import Outcome, RunKind
from klokker.engine.clock import MACHINE
from klokker.events import ClockLeapt, Event, subscribe
from klokker.operations.rewind import Rewind, rewind_all
from klokker.simulation.clock import ManualClock
from klokker.store.contract import NewRun
from klokker.tasks.decorator import task
from tests.acceptance.faults.conftest import url_of
from tests.acceptance.faults.site import DAY, HOUR, MINUTE, SECOND, Site, minutes
from tests.cli.conftest import Klokker

LEAPS = [10 * MINUTE, 5 * HOUR, 9 * DAY]


@pytest.mark.parametrize("leap", [*LEAPS, *(-leap for leap in LEAPS)], ids=str)
def test_a_clock_that_leaps_and_comes_back_leaves_no_trace(site: Site, leap: timedelta) -> None:
    every, latest = site.schedule("all", catch_up="all"), site.schedule("latest")
    member, began = site.member(), site.now
    heard: list[Event] = []
    with subscribe(heard.append):
        site.live(3 * MINUTE, member)
        site.clock.leap(leap)
        site.live(40 * SECOND, member, every=10 * SECOND)
        site.clock.leap(-leap)
        site.live(5 * MINUTE, member)
    assert [event.leap for event in heard if isinstance(event, ClockLeapt)] == [leap, -leap]
    assert site.nominals(every) == minutes(began, 8), "each minute once, and none of the time that never was"
    assert set(site.nominals(latest)) <= set(minutes(began, 8))
    for schedule in (every, latest):
        account = site.proven(schedule)
        assert (account.expected, account.due) == (8, 0)


@pytest.mark.parametrize("leap", LEAPS, ids=str)
def test_a_clock_that_was_behind_and_is_set_right_is_a_downtime_like_any_other(site: Site, leap: timedelta) -> None:
    schedule = site.schedule()
    member, began = site.member(), site.now
    site.live(3 * MINUTE, member)
    site.clock.leap(leap)
    site.live(30 * SECOND, member, every=10 * SECOND)
    assert len(site.nominals(schedule)) == 3, "nothing is decided until both clocks have agreed for a minute"
    site.live(4 * MINUTE, member)
    assert site.nominals(schedule)[:3] == minutes(began, 3)
    account = site.proven(schedule)
    assert (account.expected, account.due) == (leap // MINUTE + 7, 0)
    assert account.dismissed == leap // MINUTE + 7 - len(site.nominals(schedule))


@pytest.mark.parametrize("leap", LEAPS, ids=str)
def test_a_clock_that_was_ahead_is_set_right_and_rewound(site: Site, leap: timedelta) -> None:
    schedule = site.schedule(catch_up="all")
    member, began = site.member(), site.now
    site.live(3 * MINUTE, member)
    site.clock.leap(-leap)
    site.live(5 * MINUTE, member)
    assert site.nominals(schedule) == minutes(began, 3), "what is decided is not decided anew"
    site.do(schedule, Rewind(site.asked("the clock was ahead")))
    rewound = site.now
    site.live(5 * MINUTE, member)
    assert set(site.nominals(schedule)) == {*minutes(began, 3), *minutes(rewound, 5)}
    account = site.proven(schedule)
    assert [finding.trouble.value for finding in account.findings] == ["decided ahead"]


def test_a_task_that_runs_while_the_clock_leaps_is_neither_lost_nor_begun_again(site: Site) -> None:
    ran: list[timedelta] = []
    neighbour = site.member()

    @task(name="long", registry=site.registry)
    def long() -> None:
        for leap in (5 * HOUR, -5 * HOUR, 9 * DAY):
            ran.append(leap)
            site.clock.leap(leap)
            for _ in range(8):
                site.clock.advance(10 * SECOND)
                for each in (neighbour, member):
                    each.beat()
                assert neighbour.rescue() == 0

    schedule = site.schedule(task="long", when="0 * * * *")
    member = site.member()
    site.clock.advance(HOUR)
    member.round()
    assert ran == [5 * HOUR, -5 * HOUR, 9 * DAY], "begun once"
    (run,) = site.runs(schedule)
    assert (run.outcome, run.token, list(run.attempts)) == ("succeeded", 1, [])
    site.proven(schedule)


def test_a_clock_wrong_at_start_is_shown_and_rewind_sets_it_right(alias: str, klokker: Klokker) -> None:
    """The command line goes by the real clock; the process that was wrong went by one that was five hours ahead."""
    site = Site(alias, url_of(alias), ManualClock(MACHINE.wall() - HOUR))
    hourly, often = site.schedule("hourly", "0 * * * *", catch_up="all"), site.schedule("often")
    site.clock.leap(6 * HOUR)
    site.member().round()
    try:
        shown = klokker("check", KLOKKER_DATABASE=site.url)
        assert shown.returncode == 1
        words = "2 timers were decided under a clock that was ahead; `klokker rewind --all`"
        assert words in " ".join(shown.stdout.split())
        rewound = klokker("rewind", "--all", KLOKKER_DATABASE=site.url)
        assert rewound.returncode == 0, rewound.stderr
        assert "2 schedules rewound" in rewound.stdout
        proof = klokker("account", KLOKKER_DATABASE=site.url)
        assert proof.returncode == 0, proof.stdout
        # The clock is right from here on, and the time that was decided ahead passes once more.
        site.clock.leap(MACHINE.wall() - site.now)
        site.live(6 * HOUR, site.member(), every=HOUR / 2)
        for schedule in (hourly, often):
            site.proven(schedule)
        assert all(later - earlier == HOUR for earlier, later in pairwise(site.nominals(hourly)))
    finally:
        site.close()


@pytest.mark.parametrize("leap", LEAPS, ids=str)
def test_what_a_process_held_that_died_while_the_clock_was_ahead_is_rescued_once_it_is_set_right(
    site: Site, leap: timedelta
) -> None:
    site.clock.leap(leap)
    gone = site.member()
    (run,) = site.store.enqueue([NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)], now=site.now)
    site.store.claim(gone.name, site.now, lanes={"default": 1}, known=site.registry.terms(), lease=30 * SECOND)
    site.clock.leap(-leap)
    left = site.member()
    site.live(30 * SECOND, left, every=10 * SECOND)
    assert [each.outcome for each in site.runs(None)] == [None], "it has the time of a lease to be heard of again"
    site.live(20 * SECOND, left, every=10 * SECOND)
    assert [(each.id, each.outcome) for each in site.runs(None)] == [(run.id, Outcome.LOST)]


def test_rewind_all_leaves_alone_what_is_not_ahead(site: Site) -> None:
    site.schedule()
    site.live(2 * MINUTE, site.member())
    assert rewind_all(site.store, site.asked()).effects == ()
