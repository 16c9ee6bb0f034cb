"""Rest: where a duty sleeps, and who ends that."""

import os

import pytest

from klokker.engine.rest import EventRest, Rest, WatchfulRest


@pytest.fixture(params=[EventRest, WatchfulRest])
def rest(request: pytest.FixtureRequest) -> Rest:
    made: Rest = request.param()
    return made


def test_it_is_over_when_its_time_is(rest: Rest) -> None:
    assert not rest.wait(0)


def test_a_wake_before_it_begins_forgoes_it(rest: Rest) -> None:
    rest.wake()
    rest.wake()
    assert rest.wait(3600)
    assert not rest.wait(0)


def test_a_watchful_one_ends_when_something_can_be_read() -> None:
    rest, (there, here) = WatchfulRest(), os.pipe()
    rest.watch(there)
    os.write(here, b"!")
    assert not rest.wait(3600)
    os.close(there)
    os.close(here)


def test_a_deaf_one_ends_only_when_somebody_says_so() -> None:
    rest, (there, here) = WatchfulRest(), os.pipe()
    rest.watch(there)
    rest.deaf = True
    os.write(here, b"!")
    assert not rest.wait(0.001)
    rest.wake()
    assert rest.wait(3600)
    os.close(there)
    os.close(here)


def test_a_wake_after_the_end_touches_no_descriptor_that_is_somebody_elses() -> None:
    rest = WatchfulRest()
    rest.close()
    there, here = os.pipe()
    os.set_blocking(there, False)
    rest.wake()
    with pytest.raises(BlockingIOError):
        os.read(there, 1)
    os.close(there)
    os.close(here)
