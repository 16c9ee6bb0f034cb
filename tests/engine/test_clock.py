"""Clock: the database's time, carried on by the monotonic clock, and what a leap does (docs/concepts/clock-leaps.md)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from klokker.engine.clock import LEAPT, Clock
from klokker.engine.gate import Gate
from klokker.events import ClockLeapt, ClockSettled, Event, subscribe
from klokker.simulation.clock import START, ManualClock

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def told() -> Iterator[list[Event]]:
    events: list[Event] = []
    with subscribe(events.append):
        yield events


class Setting:
    """A machine, a database whose clock goes with the machine's, and an engine's clock on both."""

    def __init__(self) -> None:
        self.machine = ManualClock()
        self.database_ahead = timedelta(0)
        self.gate = Gate()
        self.clock = Clock(
            lambda: self.machine.wall() + self.database_ahead, source=self.machine, gate=self.gate, process="p1"
        )

    def beats(self, count: int) -> None:
        for _ in range(count):
            self.machine.advance(10 * SECOND)
            self.clock.look()


def test_between_looks_it_follows_the_monotonic_clock() -> None:
    setting = Setting()
    setting.machine.leap(HOUR)
    setting.machine.advance(3 * SECOND)
    assert setting.clock.now() == START + 3 * SECOND


def test_it_tells_the_time_of_the_database_not_of_the_machine() -> None:
    setting = Setting()
    setting.database_ahead = 2 * SECOND
    setting.clock.look()
    assert setting.clock.now() == START + 2 * SECOND


def test_a_question_that_took_long_is_dated_by_its_middle() -> None:
    machine = ManualClock()

    def slow_database() -> datetime:
        machine.advance(SECOND)
        seen = machine.wall()
        machine.advance(SECOND)
        return seen

    clock = Clock(slow_database, source=machine, gate=Gate())
    assert clock.now() == machine.wall()


def test_a_span_measured_is_a_moment_too() -> None:
    setting = Setting()
    began = setting.machine.monotonic()
    setting.machine.advance(5 * SECOND)
    assert setting.clock.moment(began) == START


def test_a_small_correction_is_followed_silently(told: list[Event]) -> None:
    setting = Setting()
    setting.machine.leap(-4 * MINUTE)
    setting.clock.look()
    assert setting.clock.now() == START - 4 * MINUTE
    assert setting.gate.reasons() == ()
    assert told == []


@pytest.mark.parametrize("leap", [6 * MINUTE, -6 * MINUTE, timedelta(days=4000), -timedelta(days=400)])
def test_a_leap_closes_the_gate_and_is_told(told: list[Event], leap: timedelta) -> None:
    setting = Setting()
    setting.machine.leap(leap)
    setting.clock.look()
    assert setting.gate.reasons() == (LEAPT,)
    assert told == [ClockLeapt(process="p1", now=START + leap, leap=leap)]


def test_the_gate_opens_when_both_have_agreed_for_a_minute(told: list[Event]) -> None:
    setting = Setting()
    setting.machine.leap(HOUR)
    setting.beats(6)
    assert setting.gate.reasons() == (LEAPT,)
    setting.beats(1)
    assert setting.gate.reasons() == ()
    assert isinstance(told[-1], ClockSettled)


def test_a_further_leap_begins_the_minute_anew() -> None:
    setting = Setting()
    setting.machine.leap(HOUR)
    setting.beats(6)
    setting.machine.leap(-HOUR)
    setting.beats(6)
    assert setting.gate.reasons() == (LEAPT,)
    setting.beats(1)
    assert setting.gate.reasons() == ()


def test_a_database_that_is_down_leaves_the_time_as_it_was_going() -> None:
    machine = ManualClock()
    answers = [machine.wall()]
    clock = Clock(lambda: answers.pop(), source=machine, gate=Gate())
    machine.advance(MINUTE)
    with pytest.raises(IndexError):
        clock.look()
    assert clock.now() == START + MINUTE
