"""How high the sun stands, against ephem asked for each place and second (docs/timetables/sun.md)."""

from math import degrees, radians

import ephem
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.moments import DAY
from klokker.core.timetables.sun_height import height, noon

ARC_SECOND = 1 / 3600
_longitudes = st.floats(-180, 180)
_seconds = st.integers(-70 * 365 * DAY, 180 * 365 * DAY)


def _by_ephem(latitude: float, longitude: float, second: int) -> tuple[float, float]:
    """Height and hour angle, in degrees."""
    observer, sun = ephem.Observer(), ephem.Sun()
    observer.lat, observer.lon = radians(latitude), radians(longitude)
    observer.pressure, observer.date = 0, second / DAY + 25_567.5
    sun.compute(observer)
    return degrees(sun.alt), degrees(observer.sidereal_time() - sun.ra + 9.5) % 360


@given(st.floats(-90, 90), _longitudes, _seconds)
def test_between_midnights_it_is_as_high_as_ephem_has_it(latitude: float, longitude: float, second: int) -> None:
    expected, _ = _by_ephem(latitude, longitude, second)
    assert abs(height(latitude, longitude, second) - expected) < ARC_SECOND


@given(_longitudes, st.integers(-70 * 365, 180 * 365))
def test_at_noon_it_stands_in_the_meridian(longitude: float, day: int) -> None:
    second = noon(longitude, day)
    assert abs(second - (day * DAY + DAY / 2 - longitude * 240)) < 20 * 60
    before, after = (_by_ephem(0, longitude, second + step)[1] for step in (-2, 2))
    meridian = degrees(9.5) % 360
    assert before < meridian < after
