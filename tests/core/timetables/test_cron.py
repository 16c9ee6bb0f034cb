"""Cron: which moments an expression means, reading by reading (docs/timetables/cron.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker import timetable
from klokker.core.errors import InvalidTimetable
from klokker.core.timetables.contract import Timetable


def listed(rule: Timetable, start: str, days: float = 31) -> list[str]:
    """The occurrences from `start` on, in UTC, as `day hour:minute`, with seconds only where there are some."""
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = rule.between(first - timedelta(seconds=1), first + timedelta(days=days) - timedelta(seconds=1))
    return [one.strftime("%d %H:%M:%S" if one.second else "%d %H:%M") for one in found]


def minutes(field: str) -> list[int]:
    return [int(one[6:8]) for one in listed(timetable(f"{field} 0 1 1 *"), "2026-01-01", days=1)]


def hours(field: str) -> list[int]:
    return [int(one[3:5]) for one in listed(timetable(f"0 {field} 1 1 *"), "2026-01-01", days=1)]


def dates(field: str, month: str = "2026-06-01") -> list[int]:
    year, number, _ = map(int, month.split("-"))
    length = (datetime(year + number // 12, number % 12 + 1, 1) - datetime(year, number, 1)).days  # noqa: DTZ001
    return [int(one[:2]) for one in listed(timetable(f"0 0 {field} * *"), month, days=length)]


def months(field: str) -> list[int]:
    rule = timetable(f"0 0 1 {field} *")
    start = datetime(2025, 12, 31, tzinfo=UTC)
    return [one.month for one in rule.between(start, start + timedelta(days=365))]


def weekdays(field: str) -> list[int]:
    """Sunday is 0. The first of June 2025 was a Sunday, and this counts one week from it."""
    return [int(one[:2]) - 1 for one in listed(timetable(f"0 0 * * {field}"), "2025-06-01", days=7)]


@pytest.mark.parametrize(
    ("field", "means"),
    [
        ("7", [7]),
        ("007", [7]),
        ("0,30", [0, 30]),
        ("30,0,30", [0, 30]),
        ("10-13", [10, 11, 12, 13]),
        ("*/20", [0, 20, 40]),
        ("5/15", [5, 20, 35, 50]),
        ("10-30/10", [10, 20, 30]),
        ("12-12", [12]),
        ("12-12/5", [12]),
        ("58-1", [0, 1, 58, 59]),
        ("50-10/15", [5, 50]),
        ("*/59", [0, 59]),
        ("*/1000", [0]),
        ("*/99999999999999999999", [0]),
        ("5/1000", [5]),
        ("*,5", list(range(60))),
        ("5,*/20", [0, 5, 20, 40]),
    ],
)
def test_a_field_of_numbers_means(field: str, means: list[int]) -> None:
    assert minutes(field) == means


@pytest.mark.parametrize(
    ("field", "means"),
    [
        ("22-2", [0, 1, 2, 22, 23]),
        ("21-4/2", [1, 3, 21, 23]),
        ("8-18/5", [8, 13, 18]),
        ("*/7", [0, 7, 14, 21]),
        ("23-0", [0, 23]),
    ],
)
def test_a_range_of_hours_goes_on_around_midnight(field: str, means: list[int]) -> None:
    assert hours(field) == means


@pytest.mark.parametrize(
    ("field", "means"),
    [
        ("L", [30]),
        ("l", [30]),
        ("L-0", [30]),
        ("L-3", [27]),
        ("L-29", [1]),
        ("L-30", []),
        ("1,15,L", [1, 15, 30]),
        ("LW", [30]),
        ("15W", [15]),
        ("13W", [12]),  # a Saturday: the Friday before
        ("14W", [15]),  # a Sunday: the Monday after
        ("30-2", [1, 2, 30]),
        ("31", []),
        ("31W", []),
        ("25/3", [25, 28]),
        ("*/10", [1, 11, 21]),
    ],
)
def test_a_day_of_the_month_means_in_june_2026(field: str, means: list[int]) -> None:
    assert dates(field) == means


@pytest.mark.parametrize(
    ("field", "month", "means"),
    [
        ("L", "2024-02-01", [29]),
        ("L", "2026-02-01", [28]),
        ("L-28", "2024-02-01", [1]),
        ("L-28", "2026-02-01", []),
        ("LW", "2026-02-01", [27]),  # the 28th is a Saturday
        ("LW", "2026-05-01", [29]),  # the 31st is a Sunday: back over the weekend, within the month
        ("1W", "2026-08-01", [3]),  # the first is a Saturday: the Monday after, within the month
        ("1W", "2026-02-01", [2]),
        ("31W", "2026-01-01", [30]),
        ("31W", "2026-05-01", [29]),
        ("30W", "2026-08-01", [31]),
        ("29", "2100-02-01", []),
        ("29", "2000-02-01", [29]),
    ],
)
def test_days_near_a_month_s_ends_stay_in_it(field: str, month: str, means: list[int]) -> None:
    assert dates(field, month) == means


@pytest.mark.parametrize(
    ("field", "means"),
    [
        ("JAN", [1]),
        ("december", [12]),
        ("May", [5]),
        ("SEPTEMBER", [9]),
        ("nov-feb", [1, 2, 11, 12]),
        ("11-2/2", [1, 11]),
        ("*/5", [1, 6, 11]),
        ("Mar/4", [3, 7, 11]),
    ],
)
def test_a_month_is_a_number_or_a_name(field: str, means: list[int]) -> None:
    assert months(field) == means


@pytest.mark.parametrize(
    ("field", "means"),
    [
        ("0", [0]),
        ("7", [0]),
        ("sun", [0]),
        ("Wednesday", [3]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("FRI-MON", [0, 1, 5, 6]),
        ("SAT-SUN", [0, 6]),
        ("5-7", [0, 5, 6]),
        ("0-7", [0, 1, 2, 3, 4, 5, 6]),
        ("7-2", [0, 1, 2]),
        ("7-7", [0]),
        ("7-0", [0]),
        ("SUN-SUN", [0]),
        ("5/2", [0, 5]),
        ("5-1/2", [0, 5]),
        ("*/2", [0, 2, 4, 6]),
        ("MON,wed", [1, 3]),
        ("1#1", [1]),
        ("7#1", [0]),
        ("1#1,3#1", [1, 3]),
        ("MON#1,5", [1, 5]),
        ("3L", []),
    ],
)
def test_a_weekday_means_in_the_first_week_of_june_2025(field: str, means: list[int]) -> None:
    assert weekdays(field) == means


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 * * 5L", ["27"]),
        ("0 0 * * friL", ["27"]),
        ("0 0 * * 7l", ["29"]),
        ("0 0 * * 1#5", ["30"]),
        ("0 0 * * 5#5", []),
        ("0 0 * * 0#5,6#4", ["28", "29"]),
    ],
)
def test_the_nth_and_the_last_weekday_of_june_2025(text: str, days: list[str]) -> None:
    assert [one[:2] for one in listed(timetable(text), "2025-06-01", days=30)] == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 13 * 5", ["06", "13", "20", "27"]),  # either, as POSIX has it; the 13th is a Friday
        ("0 0 12 * 5", ["06", "12", "13", "20", "27"]),
        ("0 0 13 * &5", ["13"]),
        ("0 0 12 * &5", []),
        ("0 0 */10 * 1", []),  # a star begins: both; neither the 1st, the 11th, the 21st is a Monday
        ("0 0 */2 * 1", ["09", "23"]),
        ("0 0 1,* * 1", [f"{day:02}" for day in range(1, 31)]),  # the star does not begin the field: either
        ("0 0 2 * */6", []),  # Sundays and Saturdays that are the 2nd
        ("0 0 1 * */6", ["01"]),
        ("0 0 ? * 1", ["02", "09", "16", "23", "30"]),
        ("0 0 5 * ?", ["05"]),
        ("0 0 ? * ?", [f"{day:02}" for day in range(1, 31)]),
        ("0 0 1-7 * &MON", ["02"]),
        ("0 0 L * 5#1", ["06", "30"]),
        ("0 0 L * &1", ["30"]),
        ("0 0 * * &1", ["02", "09", "16", "23", "30"]),
    ],
)
def test_two_day_fields_ask_for_either_or_for_both(text: str, days: list[str]) -> None:
    assert [one[:2] for one in listed(timetable(text), "2025-06-01", days=30)] == days


def test_six_fields_have_seconds_first() -> None:
    found = listed(timetable("5,35 1 0 1 1 *"), "2026-01-01")
    assert found == ["01 00:01:05", "01 00:01:35"]
    assert listed(timetable("*/30 0 0 1 1 *"), "2026-01-01") == ["01 00:00", "01 00:00:30"]


def test_blanks_between_fields_may_be_any() -> None:
    assert timetable(" \t0   9\n*\u00a0* \u20031-5 ") == timetable("0 9 * * 1-5")


@pytest.mark.parametrize(
    ("macro", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@MIDNIGHT", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@Yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ],
)
def test_a_macro_means_its_fields(macro: str, fields: str) -> None:
    assert timetable(macro) == timetable(fields)
    assert str(timetable(macro)) == macro


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 * * MON", "0 0 * * 1"),
        ("0 0 * * 7", "0 0 * * sun"),
        ("*/15 * * * *", "*/15 * ? * *"),
        ("0 0 1 jan *", "00 00 01 01 *"),
        ("0,30 2 * * *", "30,0 2-2 * * *"),
        ("0 0 L,15,L-3 * 5#2,1L", "0 0 L-3,L,15 * 1L,5#2,5#2"),
        ("0 0 5 1 *", "0 0 5 1 &*"),
    ],
)
def test_expressions_that_mean_the_same_are_equal(one: str, other: str) -> None:
    assert timetable(one) == timetable(other)
    assert hash(timetable(one)) == hash(timetable(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 13 * 5", "0 0 13 * &5"),
        ("0 0 * * 1", "0 0 * * 2"),
        ("0 0 L * *", "0 0 31 * *"),
        ("0 2 * * *", "*/60 2 * * *"),  # the same minutes, but a star follows real time through a clock change
    ],
)
def test_expressions_that_mean_something_else_are_not_equal(one: str, other: str) -> None:
    assert timetable(one) != timetable(other)
    assert timetable(one, zone="Europe/Paris") != timetable(other, zone="Europe/Paris")


def test_the_zone_and_the_choices_are_part_of_the_meaning() -> None:
    plain = timetable("30 2 * * *", zone="Europe/Paris")
    assert plain == timetable("30 2 * * *", zone="Europe/Paris", gap="shift", fold="first")
    assert plain != timetable("30 2 * * *", zone="Europe/Rome")
    assert plain != timetable("30 2 * * *", zone="Europe/Paris", gap="skip")
    assert plain != timetable("30 2 * * *", zone="Europe/Paris", fold="both")
    assert plain != object()


# --- H ---


def test_h_spreads_by_the_key_and_stays_where_it_is() -> None:
    assert listed(timetable("H H * * *", key="report"), "2026-01-01", days=2) == ["01 03:35", "02 03:35"]


def test_h_falls_elsewhere_for_other_keys_and_over_the_whole_field() -> None:
    drawn = {minutes_of_h("H", f"job-{number}")[0] for number in range(1000)}
    assert drawn == set(range(60))


def test_h_is_drawn_apart_in_each_field() -> None:
    pairs = set()
    for number in range(300):
        found = listed(timetable("H H * * *", key=f"job-{number}"), "2026-01-01", days=1)[0]
        pairs.add((int(found[6:8]) % 24, int(found[3:5])))
    assert len({minute - hour for minute, hour in pairs}) > 20


def minutes_of_h(field: str, key: str) -> list[int]:
    return [int(one[6:8]) for one in listed(timetable(f"{field} 0 1 1 *", key=key), "2026-01-01", days=1)]


@pytest.mark.parametrize("key", ["a", "b", "nightly", "é", "\ud800"])
def test_h_with_a_step_begins_within_its_first_step(key: str) -> None:
    found = minutes_of_h("H/15", key)
    assert 0 <= found[0] < 15
    assert found == [found[0] + 15 * step for step in range(4)]


@pytest.mark.parametrize("key", ["a", "b", "nightly"])
def test_h_keeps_to_its_range(key: str) -> None:
    (one,) = minutes_of_h("H(10-19)", key)
    assert 10 <= one <= 19
    first, *others = minutes_of_h("H(0-29)/10", key)
    assert 0 <= first < 10
    assert others == [first + 10, first + 20]


def test_h_keeps_to_days_that_every_month_has() -> None:
    drawn = {dates_of_h(f"job-{number}")[0] for number in range(400)}
    assert drawn == set(range(1, 29))


def dates_of_h(key: str) -> list[int]:
    return [int(one[:2]) for one in listed(timetable("0 0 H * *", key=key), "2026-02-01", days=28)]


def test_h_of_weekdays_is_one_day_a_week() -> None:
    for number in range(50):
        assert len(listed(timetable("0 0 * * H", key=f"job-{number}"), "2025-06-01", days=7)) == 1


def test_a_step_under_h_that_is_wider_than_the_field_leaves_one_value() -> None:
    assert len(minutes_of_h("H/500", "a")) == 1


def test_h_without_a_key_is_refused() -> None:
    with pytest.raises(InvalidTimetable, match="key") as refused:
        timetable("0 H/2 * * *")
    assert (refused.value.field, refused.value.value, refused.value.position) == ("hour", "H/2", 2)


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("text", "field", "value", "position", "expected"),
    [
        ("60 * * * *", "minute", "60", 0, "0 to 59"),
        ("* 24 * * *", "hour", "24", 2, "0 to 23"),
        ("* * 0 * *", "day of month", "0", 4, "1 to 31"),
        ("* * * 13 *", "month", "13", 6, "1 to 12, or JAN to DEC"),
        ("* * * * 8", "weekday", "8", 8, "0 to 7, or SUN to SAT"),
        ("60 * * * * *", "second", "60", 0, "0 to 59"),
        ("1,2,99 * * * *", "minute", "99", 4, "0 to 59"),
        ("0  10-99  * * *", "hour", "99", 6, "0 to 23"),
        ("* * * foo *", "month", "foo", 6, "JAN to DEC"),
        ("* * * * mon-funday", "weekday", "funday", 12, "SUN to SAT"),
        ("* * * * &mon-8", "weekday", "8", 13, "SUN to SAT"),
        ("*/0 * * * *", "minute", "0", 2, "at least 1"),
        ("*/x * * * *", "minute", "*/x", 0, "step"),
        ("1,,2 * * * *", "minute", "", 2, "empty"),
        ("1, 2 * * * *", "second", "", 2, "no blank"),
        ("1-2-3 * * * *", "minute", "1-2-3", 0, "range"),
        ("-5 * * * *", "minute", "-5", 0, "range"),
        ("? * * * *", "minute", "?", 0, "day fields"),
        ("0 0 1,? * *", "day of month", "1,?"[2:], 6, "alone"),
        ("0 0 ?/2 * *", "day of month", "?/2", 4, "alone"),
        ("0 0 * * L", "weekday", "L", 8, "5L"),
        ("0 0 L-3W * *", "day of month", "L-3W", 4, "LW"),
        ("0 0 1-5W * *", "day of month", "1-5W", 4, "list"),
        ("0 0 L/2 * *", "day of month", "L/2", 4, "list"),
        ("0 0 L-31 * *", "day of month", "31", 6, "L-30"),
        ("0 0 32W * *", "day of month", "32", 4, "1 to 31"),
        ("0 0 W * *", "day of month", "W", 4, "1 to 31"),
        ("0 0 * * 1-5#2", "weekday", "1-5#2", 8, "list"),
        ("0 0 * * 5#6", "weekday", "6", 10, "#1 to #5"),
        ("0 0 * * 5#0", "weekday", "0", 10, "#1 to #5"),
        ("0 0 * * 8L", "weekday", "8", 8, "0 to 7"),
        ("0 0 13 * & 5", "weekday", "&", 9, "no blank"),
        ("0 0 0 13 * & 5", "weekday", "&", 11, "no blank"),
        ("0 0 13 * &", "weekday", "&", 9, "no blank"),
        ("0 0 &13 * 5", "day of month", "&13", 4, "weekday field"),
        ("0 0 13 * 1,&5", "weekday", "&5", 11, "weekday field"),
        ("L * * * *", "minute", "L", 0, "0 to 59"),
        ("0 0 31 2 *", "day of month", "31", 4, "February"),
        ("0 0 30,31 feb *", "day of month", "30,31", 4, "February"),
        ("0 0 31 2,4,6,9,11 ?", "day of month", "31", 4, "no month"),
        ("0 0 31 4 &1", "day of month", "31", 4, "no month"),
        ("0 0 31 4 */2", "day of month", "31", 4, "no month"),
        ("0 0 31W 4 *", "day of month", "31W", 4, "no month"),
        ("0 0 L-30 4 *", "day of month", "L-30", 4, "no month"),
        ("0 0 1 1", "text", "0 0 1 1", 7, "5 fields"),
        ("0 0 1 1 * 2026 x", "text", "x", 15, "Quartz"),
        ("0 0 0 1 1 * 2026 x", "text", "2026", 12, "not 8"),
        ("@reboot", "text", "@reboot", 0, "service manager"),
        ("@fortnightly", "text", "@fortnightly", 0, "@weekly"),
        ("@daily UTC", "text", "@daily UTC", 0, "alone"),
        ("H(9-5) * * * *", "minute", "H(9-5)", 0, "upwards"),
        ("H(0-99) * * * *", "minute", "99", 4, "0 to 59"),
        ("H/0 * * * *", "minute", "0", 2, "at least 1"),
        ("H5 * * * *", "minute", "H5", 0, "H/15"),
        ("1,٣ * * * *", "minute", "٣", 2, "0 to 59"),
        ("0 0 * * ſun", "weekday", "ſun", 8, "SUN"),
    ],
)
def test_what_cannot_be_read_names_field_value_place_and_remedy(
    text: str, field: str, value: str, position: int, expected: str
) -> None:
    with pytest.raises(InvalidTimetable) as refused:
        timetable(text, key="k")
    error = refused.value
    assert (error.field, error.value, error.position) == (field, value, position)
    assert expected in error.expected
    assert error.text == text
    assert text[error.position :].startswith(value) or field == "text"


@pytest.mark.parametrize("text", ["0 0 31 2 1", "0 0 29 2 *", "0 0 L-28 2 *", "0 0 31 1,2 *", "0 0 31 * &1"])
def test_days_that_some_year_has_are_accepted(text: str) -> None:
    assert timetable(text).after(datetime(2026, 1, 1, tzinfo=UTC)) is not None


@pytest.mark.parametrize("text", ["* * */20 * 1L", "0 0 1 * &1L", "0 0 1W * &0", "0 0 L * &5#1"])
def test_days_that_only_a_search_excludes_never_come(text: str) -> None:
    rule, moment = timetable(text), datetime(2026, 1, 1, tzinfo=UTC)
    assert rule.after(moment) is None
    assert rule.at_or_before(moment) is None
    assert rule.count(moment, moment + timedelta(days=40_000)) == 0


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        ("0 0 29 2 *", "2096-03-01", "2104-02-29"),
        ("0 0 29 2 &6", "2080-01-01", "2116-02-29"),  # no leap day in 2100: 40 years from one to the next such
        ("0 0 29 2 &4", "1896-01-01", "1912-02-29"),
        ("0 0 31 12 *", "2026-12-31T00:00:01", "2027-12-31"),
    ],
)
def test_rare_days_are_found_across_centuries(text: str, after: str, found: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert timetable(text).after(moment) == datetime.fromisoformat(found).replace(tzinfo=UTC)


def test_counts_over_centuries_are_exact() -> None:
    start, end = datetime(1600, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)
    assert timetable("* * * * *").count(start, end) == (end - start) // timedelta(minutes=1)
    assert timetable("0 0 29 2 *").count(start, end) == 2 * 97
    assert timetable("0 0 13 * &5").count(start, end) == 2 * 688  # 688 in each cycle of 400 years
    assert timetable("0 0 * * 1").count(start, end) == 2 * 146_097 // 7
