"""By the sun, against ephem's own search and printed calendars (docs/timetables/sun.md)."""

import sys
from datetime import UTC, date, datetime, timedelta

import ephem
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.moments import DAY, epoch_second, from_epoch
from klokker.core.timetables.places import Place
from klokker.core.timetables.sun import Sun

JUNE = datetime(2026, 6, 21, tzinfo=UTC)
AMSTERDAM = "52.37,4.90"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # As calendars print them for these places, in UTC.
        (f"sunrise at {AMSTERDAM}", "2026-06-21 03:18"),
        (f"sunset at {AMSTERDAM}", "2026-06-21 20:06"),
        ("sunrise at 40.71,-74.01", "2026-06-21 09:25"),
        ("sunset at -33.87,151.21", "2026-06-21 06:54"),
        ("solar noon at 0,0", "2026-06-21 12:02"),
    ],
)
def test_the_sun_does_it_when_printed_calendars_say(text: str, expected: str) -> None:
    found = timetable(text).after(JUNE)
    assert found is not None
    assert abs(found - datetime.fromisoformat(f"{expected}+00:00")) <= timedelta(minutes=1)


_places = st.builds(
    Place, st.floats(-65, 65).map(lambda f: round(f, 4)), st.floats(-180, 180).map(lambda f: round(f, 4))
)
_moments = st.datetimes(datetime(1900, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_events = st.sampled_from(["sunrise", "sunset", "solar noon", "dawn", "dusk", "nautical dawn", "astronomical dusk"])


@given(_places, _moments, st.sampled_from([("sunrise", "-0:50"), ("sunset", "-0:50"), ("dawn", "-6"), ("dusk", "-6")]))
def test_a_moment_is_where_ephem_finds_the_crossing(place: Place, moment: datetime, event: tuple[str, str]) -> None:
    name, horizon = event
    found = timetable(f"{name} at {place}").after(moment)
    if found is None:
        pytest.fail("between the polar circles each day has its moments")
    observer = ephem.Observer()
    observer.lat, observer.lon = str(place.latitude), str(place.longitude)
    observer.pressure, observer.horizon = 0, horizon
    observer.date = ephem.Date(found.replace(tzinfo=None) - timedelta(hours=2))
    search = observer.next_rising if name in ("sunrise", "dawn") else observer.next_setting
    try:
        expected = search(ephem.Sun(), use_center=True).datetime().replace(tzinfo=UTC)
    except ephem.CircumpolarError:
        return  # a light night: ephem looks at the height of one moment of the day alone
    assert abs(found - expected) <= timedelta(seconds=90)


def test_every_day_has_its_moment_between_the_polar_circles_and_a_year_is_counted() -> None:
    assert timetable(f"sunset at {AMSTERDAM}").count(JUNE, JUNE + timedelta(days=3650)) == 3650
    assert timetable("sunset at 80,0").count(JUNE, JUNE + timedelta(days=3650)) is None
    assert timetable("solar noon at 80,0").count(JUNE, JUNE + timedelta(days=365)) == 365


def test_on_polar_days_and_in_polar_nights_there_is_no_moment() -> None:
    sunset = timetable("sunset at tromso", places={"tromso": (69.65, 18.96)})
    assert sunset.after(JUNE) == sunset.after(datetime(2026, 5, 20, tzinfo=UTC))
    assert sunset.after(JUNE).strftime("%m-%d") == "07-25"  # type: ignore[union-attr]
    assert sunset.at_or_before(JUNE).strftime("%m-%d") == "05-17"  # type: ignore[union-attr]
    assert timetable("dusk at 69.65,18.96").after(datetime(2026, 12, 21, tzinfo=UTC)) is not None


def test_at_the_poles_the_sun_rises_in_years_in_which_it_does_so_before_noon() -> None:
    """Once a year it comes up there; by the solar day of the meridian that is written, in the morning or in the afternoon."""
    sunrise = timetable("sunrise at 90,0")
    last, following = sunrise.at_or_before(JUNE), sunrise.after(JUNE)
    assert last is not None
    assert following is not None
    assert (last.date(), following.date()) == (date(2025, 3, 18), date(2029, 3, 18))
    assert sunrise.at_or_before(following - timedelta(seconds=1)) == last


@settings(max_examples=15)
@given(st.floats(60, 90), st.sampled_from([-1, 1]), st.floats(-180, 180), _events, st.integers(-20_000, 60_000))
def test_no_moment_of_a_polar_day_is_passed_over(
    latitude: float, side: int, longitude: float, event: str, first: int
) -> None:
    rule = timetable(f"{event} at {side * latitude:.3f},{longitude:.3f}")
    assert isinstance(rule, Sun)
    each_day = [found for day in range(first, first + 400) if (found := rule._on(day)[0]) is not None]
    listed = rule.between(from_epoch(first * DAY - 2 * DAY), from_epoch((first + 402) * DAY))
    assert set(each_day) <= {epoch_second(moment) for moment in listed}


def test_an_offset_moves_each_moment() -> None:
    plain, moved = timetable(f"dusk at {AMSTERDAM}"), timetable(f"90 minutes before dusk at {AMSTERDAM}")
    assert moved.after(JUNE) == plain.after(JUNE) - timedelta(minutes=90)  # type: ignore[operator]


def test_at_the_calendar_s_ends_there_is_nothing_further() -> None:
    rule = timetable(f"1 day after sunset at {AMSTERDAM}")
    assert rule.after(datetime.max.replace(tzinfo=UTC)) is None
    assert rule.at_or_before(datetime.min.replace(tzinfo=UTC)) is None
    assert rule.at_or_before(datetime.max.replace(tzinfo=UTC)).year == 9999  # type: ignore[union-attr]


@pytest.mark.parametrize("value", ["52.37,4.90", "52.37, 4.9", (52.37, 4.9), [52.37, 4.9], Place(52.37, 4.9)])
def test_a_name_stands_for_coordinates(value: object) -> None:
    named = timetable("sunset at Amsterdam-1", places={"Amsterdam-1": value})
    assert named == timetable("Sunset AT 52.37, 4.90")
    assert str(named) == "sunset at Amsterdam-1"
    assert str(timetable("SUNSET at +52.370 ,4.9")) == "sunset at 52.37,4.9"


def test_what_the_sun_does_goes_together_with_the_rest() -> None:
    rule = timetable(f"sunset at {AMSTERDAM} only * 21-23 * * 5", zone="Europe/Amsterdam")
    assert rule.after(JUNE).strftime("%m-%d") == "06-26"  # type: ignore[union-attr]
    third = timetable(f"every 3rd of (sunset at {AMSTERDAM}) from 2026-06-21")
    assert third.after(JUNE).strftime("%m-%d") == "06-23"  # type: ignore[union-attr]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ephem", None)
    with pytest.raises(InvalidTimetable, match=r"klokker\[sun\]"):
        timetable(f"sunset at {AMSTERDAM}")


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("sunset", "place", "", 6, "52.37,4.90"),
        ("sunset at", "place", "", 9, "52.37,4.90"),
        ("sunset at 91,0", "place", "91,0", 10, "-90 to 90"),
        ("sunset at 0,181", "place", "0,181", 10, "-180 to 180"),
        ("sunset at 52.37", "place", "52.37", 10, "coordinates"),
        ("sunset at amsterdan", "place", "amsterdan", 10, "did you mean amsterdam"),
        ("sunset at broken", "place", "broken", 10, "no place"),
        ("civil sunset at 52,4", "event", "civil sunset", 0, "solar noon"),
        ("noon at 52,4", "event", "noon", 0, "solar noon"),
        ("30 minutes dawn at 52,4", "event", "30 minutes dawn", 0, "dawn or dusk"),
        ("30 minutes since before dawn at 52,4", "offset", "since", 11, "before or after"),
        ("30 fortnights before dawn at 52,4", "period", "fortnights", 3, "weeks"),
        ("@daily | 30 minutes before moon dawn at 52,4", "event", "moon dawn", 27, "dawn or dusk"),
    ],
)
def test_what_cannot_be_read_names_field_value_place_and_remedy(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text, places={"amsterdam": "52.37,4.90", "broken": 5})
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert expected in error.expected


def test_where_no_place_has_a_name_the_error_asks_for_coordinates() -> None:
    with pytest.raises(InvalidTimetable, match="no places are known"):
        timetable("sunset at home")
