"""How high does the sun stand, at a place and a second? Where it stands among the stars, ephem says.

ephem is asked once for each day, at midnight UTC and for no place in particular; between three midnights the sun's way
is so even that a parabola through them is off by less than a tenth of a second of arc, which the sun takes some
milliseconds to rise by. So whoever asks for many moments, places or heights pays for the days alone.
"""

from functools import lru_cache
from math import asin, cos, degrees, floor, pi, radians, sin
from typing import NamedTuple

from klokker.core.moments import DAY

_EPHEM_EPOCH = 25_567.5
"""1970-01-01 in the days of ephem, which counts from noon of 1899-12-31."""
_PARALLAX = radians(8.794 / 3600)
"""So much lower does the sun stand at the horizon than it would, seen from the Earth's centre."""
_TURN = 2 * pi


class _Midnight(NamedTuple):
    """The sun at midnight UTC, in radians: `ahead`, by how much it is ahead of the mean sun, and its declination."""

    ahead: float
    declination: float


def noon(longitude: float, day: int) -> int:
    """The second since 1970 at which the sun stands in the meridian, on a solar day of a longitude (degrees)."""
    mean = day * DAY + DAY / 2 - longitude * 240
    second = mean
    for _ in range(3):
        ahead, _ = _between_midnights(second)
        second = mean - ahead / _TURN * DAY
    return round(second)


def height(latitude: float, longitude: float, second: int) -> float:
    """How high its centre stands, in degrees, without the air's bending of light."""
    ahead, declination = _between_midnights(second)
    # 0 when it stands in the meridian of the place; the mean sun stands opposite to Greenwich at midnight UTC.
    angle = second % DAY / DAY * _TURN + pi + ahead + radians(longitude)
    north = radians(latitude)
    sine = sin(north) * sin(declination) + cos(north) * cos(declination) * cos(angle)
    geocentric = asin(max(-1.0, min(1.0, sine)))
    return degrees(geocentric - _PARALLAX * cos(geocentric))


def _between_midnights(second: float) -> tuple[float, float]:
    """By how much it is ahead, and its declination: on the parabolas through the three nearest midnights."""
    day = floor(second / DAY + 0.5)
    along = second / DAY - day
    ahead_before, declination_before = _at_midnight(day - 1)
    ahead, declination = _at_midnight(day)
    ahead_after, declination_after = _at_midnight(day + 1)
    return (
        _parabola(along, ahead_before, ahead, ahead_after),
        _parabola(along, declination_before, declination, declination_after),
    )


def _parabola(along: float, before: float, nearest: float, after: float) -> float:
    """What lies `along` (in days, from the nearest one), on the parabola through three days' values."""
    return nearest + along * ((after - before) / 2 + along * ((after + before) / 2 - nearest))


@lru_cache(maxsize=4096)
def _at_midnight(day: int) -> _Midnight:
    import ephem  # the extra `sun`

    date = day + _EPHEM_EPOCH
    # An observer begins with the present time, which is overwritten before it is used.
    greenwich, sun = ephem.Observer(), ephem.Sun()
    greenwich.lat, greenwich.lon, greenwich.date = 0.0, 0.0, date
    sun.compute(date)
    ahead = greenwich.sidereal_time() - sun.g_ra - pi
    return _Midnight((ahead + pi) % _TURN - pi, float(sun.g_dec))
