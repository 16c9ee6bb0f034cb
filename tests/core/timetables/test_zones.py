"""Zones: what clocks show, and what becomes of skipped and repeated times (docs/timetables/clock-changes.md)."""

import struct
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klokker.core.errors import InvalidTimetable
from klokker.core.moments import DAY, LAST_SECOND, epoch_second, from_epoch
from klokker.core.timetables.zones import Fold, Gap, WallClock, on_the_clocks_of, wall_clock
from tests.core.timetables.strategies import ZONES, folds, gaps, moments

NAMES = sorted(files("tzdata").joinpath("zones").read_text().split())


def recorded_changes(zone: str) -> list[tuple[int, int, int]]:
    """The changes of offset that the zone's file lists (RFC 8536): (second, offset before, offset after)."""
    # Where `zoneinfo` looks: in the system's folders first, then in the package tzdata.
    system = [path for folder in TZPATH if (path := Path(folder, zone)).is_file()]
    data = system[0].read_bytes() if system else files("tzdata").joinpath("zoneinfo", zone).read_bytes()

    def counts(at: int) -> tuple[int, ...]:
        return struct.unpack(">4s1s15x6L", data[at : at + 44])[2:]

    # The first block holds 32-bit times, for old readers; the second one is what counts.
    utc, standard, leaps, times, types, letters = counts(0)
    at = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    _, _, _, times, types, _ = counts(at)
    at += 44
    seconds = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    offsets = [struct.unpack(">l", data[(o := at + 9 * times + 6 * kind) : o + 4])[0] for kind in range(types)]
    shown = [offsets[0], *(offsets[kind] for kind in kinds)]
    return [(second, old, new) for second, (old, new) in zip(seconds, pairwise(shown), strict=True) if old != new]


def test_every_change_that_the_zone_data_lists_is_found_to_the_second() -> None:
    differing = []
    for zone in NAMES:
        clock, recorded = wall_clock(zone), recorded_changes(zone)
        for second, _, _ in recorded:
            first, last = second - 5 * DAY, second + 5 * DAY
            if clock.changes(first, last) != [change for change in recorded if first < change[0] <= last]:
                differing.append((zone, second))
    assert differing == []


def test_no_two_changes_lie_closer_than_the_stride_of_the_survey() -> None:
    gaps = [later[0] - change[0] for zone in NAMES for change, later in pairwise(recorded_changes(zone))]
    assert min(gaps) > 3 * DAY


def test_no_change_is_wider_than_a_day() -> None:
    assert max(abs(new - old) for zone in NAMES for _, old, new in recorded_changes(zone)) == DAY


@given(st.sampled_from(ZONES), gaps, folds, moments)
def test_the_pieces_of_a_clock_adjoin_and_show_what_zoneinfo_shows(
    zone: str, gap: Gap | None, fold: Fold | None, moment: datetime
) -> None:
    clock, second = wall_clock(zone, gap or "shift", fold or "first"), epoch_second(moment)
    piece = clock.piece_at(second)
    assert piece.start <= second < piece.until
    if piece.until <= LAST_SECOND:
        assert clock.piece_at(piece.until).start == piece.until
        assert clock.piece_at(piece.start - 1).until == piece.start
    if second < piece.end:
        assert timedelta(seconds=piece.offset) == moment.astimezone(ZoneInfo(zone)).utcoffset()


AMSTERDAM, APIA = "Europe/Amsterdam", "Pacific/Apia"


@pytest.mark.parametrize(
    ("zone", "wall", "gap", "fold", "happens"),
    [
        (AMSTERDAM, "2026-06-01 12:00", "shift", "first", ["2026-06-01 10:00"]),
        (AMSTERDAM, "2026-03-29 02:30", "shift", "first", ["2026-03-29 01:00"]),
        (AMSTERDAM, "2026-03-29 02:30", "skip", "first", []),
        (AMSTERDAM, "2026-03-29 03:00", "shift", "first", ["2026-03-29 01:00"]),
        (AMSTERDAM, "2026-10-25 02:30", "shift", "first", ["2026-10-25 00:30"]),
        (AMSTERDAM, "2026-10-25 02:30", "shift", "second", ["2026-10-25 01:30"]),
        (AMSTERDAM, "2026-10-25 02:30", "skip", "both", ["2026-10-25 00:30", "2026-10-25 01:30"]),
        (APIA, "2011-12-30 15:00", "shift", "first", ["2011-12-30 10:00"]),
        (APIA, "2011-12-30 15:00", "skip", "both", []),
    ],
)
def test_a_reading_of_the_wall_clock_happens_then(
    zone: str, wall: str, gap: Gap, fold: Fold, happens: list[str]
) -> None:
    reading = epoch_second(datetime.fromisoformat(wall).replace(tzinfo=UTC))
    seconds = wall_clock(zone, gap, fold).happenings(reading)
    assert [from_epoch(second).strftime("%Y-%m-%d %H:%M") for second in seconds] == happens


NO_ZONES = [
    "",
    "-",
    "Nowhere/Atlantis",
    "Europe",
    "europe/amsterdam",
    "Europe/Amsterdam ",
    "a//b",
    "UTC\0",
    "Ünter/Über",
]
NO_ZONES += ["../../etc/passwd", "/etc/localtime", "zone.tab", "tzdata.zi", "right/UTC", "posix/UTC", "localtime"]


@pytest.mark.parametrize("name", [*NO_ZONES, "x" * 10_000], ids=lambda name: name[:20])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        wall_clock(name)
    assert (refused.value.field, refused.value.value) == ("zone", name)


def test_a_name_that_is_refused_is_not_suggested() -> None:
    with pytest.raises(InvalidTimetable, match="write an IANA name"):
        wall_clock("localtime")


def test_where_a_clock_would_leave_the_years_of_the_calendar_utc_is_shown() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert on_the_clocks_of("Asia/Tokyo", last).isoformat() == "9999-12-31T23:59:59+00:00"
    assert on_the_clocks_of("Asia/Tokyo", last - timedelta(hours=9)).isoformat() == "9999-12-31T23:59:59+09:00"


@pytest.mark.parametrize("name", ["UTC", "Etc/GMT+12", "US/Pacific", "America/Argentina/Buenos_Aires", "EST5EDT", "GB"])
def test_names_of_the_zone_data_are_zones_deprecated_ones_too(name: str) -> None:
    assert name in available_timezones()
    assert wall_clock(name).zone == name


def test_a_zone_of_fixed_offset_has_one_piece() -> None:
    clock = wall_clock("Etc/GMT-14")
    assert clock.piece_at(epoch_second(datetime.min.replace(tzinfo=UTC))) is clock.piece_at(
        epoch_second(datetime.max.replace(tzinfo=UTC))
    )


def test_a_clock_is_surveyed_only_where_it_is_asked() -> None:
    clock = WallClock(ZoneInfo(AMSTERDAM), "shift", "first")
    clock.piece_at(epoch_second(datetime(2026, 6, 1, tzinfo=UTC)))
    clock.piece_at(epoch_second(datetime(4026, 6, 1, tzinfo=UTC)))
    assert len(clock._blocks) == 2
