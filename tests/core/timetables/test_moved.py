"""Which moments does other time zone data move?"""

from datetime import UTC, datetime, timedelta

from klokker import timetable
from klokker.core.moments import DAY, Window, epoch_second
from klokker.core.timetables.moved import MOST, Moves, differing, moves, occurrences, offsets
from klokker.core.timetables.zones import wall_clock

YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
FIRST, LAST = map(epoch_second, YEAR)


def test_the_offsets_of_a_zone_over_a_year() -> None:
    amsterdam = offsets(wall_clock("Europe/Amsterdam"), FIRST, LAST)
    spring, autumn = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert amsterdam == [(FIRST, 3600), (epoch_second(spring), 7200), (epoch_second(autumn), 3600)]
    assert offsets(wall_clock("UTC"), FIRST, LAST) == [(FIRST, 0)]


def test_two_readings_differ_where_their_offsets_do_with_a_day_around() -> None:
    summer = [(FIRST, 3600), (FIRST + 100 * DAY, 7200), (FIRST + 300 * DAY, 3600)]
    never = [(FIRST, 3600)]
    later = [(FIRST, 3600), (FIRST + 100 * DAY, 7200), (FIRST + 310 * DAY, 3600)]
    day = timedelta(days=1)
    assert differing(summer, summer, LAST) == []
    assert differing(summer, never, LAST) == [Window(YEAR[0] + 99 * day, YEAR[0] + 301 * day)]
    assert differing(summer, later, LAST) == [Window(YEAR[0] + 299 * day, YEAR[0] + 311 * day)]


def test_stretches_that_adjoin_are_one() -> None:
    one = [(FIRST, 0), (FIRST + 10 * DAY, 3600), (FIRST + 20 * DAY, 7200)]
    [window] = differing(one, [(FIRST, -3600)], LAST)
    assert window.until == YEAR[1]


def test_what_is_gone_and_what_is_new() -> None:
    window = [Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC))]
    summer = occurrences(timetable("0 3 * * *", zone="Europe/Amsterdam"), window)
    standard = occurrences(timetable("0 3 * * *", zone="Africa/Algiers"), window)
    assert moves(summer, standard) == Moves(summer, standard)
    assert [moment.hour for moment in (*summer, *standard)] == [1, 1, 2, 2]
    assert not moves(summer, summer)


def test_of_a_timetable_of_minutes_no_more_is_compared_than_both_have() -> None:
    window = [Window(*YEAR)]
    minutes = occurrences(timetable("* * * * *"), window)
    assert len(minutes) == MOST
    sparser = minutes[::2]
    assert moves(minutes, sparser) == Moves(minutes[1::2], ())
    assert not moves(minutes, (*minutes, YEAR[1]))
