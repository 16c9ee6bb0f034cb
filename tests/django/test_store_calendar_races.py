"""Calendars under many hands, on each database: nothing is lost, doubled or left behind, and the account stays exact."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread

import pytest
from django.db import connections, transaction

from klokker.core.account import account
from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.known import Known
from klokker.core.plan import Broken, Plan, Timer, plan
from klokker.operations.asking import Asked
from klokker.operations.calendar import (
    AddCalendar,
    CalendarEditedMeanwhile,
    CalendarExists,
    CalendarInUse,
    EditCalendar,
    NoSuchCalendar,
    RemoveCalendar,
    do_calendar,
)
from klokker.operations.create import Create, create
from klokker.operations.edit import Edit
from klokker.operations.operation import do
from klokker.simulation.world import ANY_TASK
from klokker.store.conformance.bench import Bench, race
from klokker.store.contract import Store, Unreadable
from klokker.store.errors import OlderCalendar
from tests.django.bench import DjangoBench
from tests.waiting import until

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
Runner = Callable[[Store], int]


@pytest.fixture
def bench(alias: str) -> Iterator[Bench]:
    bench = DjangoBench(alias)
    yield bench
    bench.close()


def asked(hour: float, by: str = "an editor") -> Asked:
    return Asked(by, START + hour * HOUR, "for the test")


def known(store: Store) -> Known:
    return Known({calendar.name: calendar.text for calendar in store.calendars()})


def definition(store: Store, name: str, when: str = "*/20 * * * * except calendar night") -> Definition:
    return Definition.read(
        {"name": name, "task": "any.task", "when": when, "catch_up": "all", "overlap": "allow"}, known(store)
    )


def made(store: Store, name: str, hour: float = 0) -> int:
    return create(store, Create(asked(hour), definition(store, name), ANY_TASK)).schedule


def night(store: Store, text: str) -> None:
    do_calendar(store, AddCalendar(asked(0), "night", text))


def text(number: int) -> str:
    return f"daily {number % 20:02}:05-{number % 20 + 2:02}:15"


def ticks(store: Store, hour: float) -> int:
    """Decide until nothing is due."""
    now = START + hour * HOUR

    def planned(timer: Timer | Unreadable) -> Plan | Broken:
        assert isinstance(timer, Timer), timer
        return plan(timer, now=now, previous_tick=now - HOUR)

    runs = 0
    while (decided := store.decide(now, planned, limit=3)).looked_at:
        runs += len(decided.runs)
        assert not decided.broken
    return runs


def test_an_edit_beside_ticks_loses_and_doubles_nothing(bench: Bench) -> None:
    night(bench.store, text(0))
    ids = [made(bench.store, f"chore {number}") for number in range(6)]

    def edits(store: Store) -> int:
        for number in range(1, 9):
            do_calendar(store, EditCalendar(asked(number), "night", text(number)))
        return 0

    def decides(store: Store) -> int:
        return sum(ticks(store, quarter / 4) for quarter in range(40))

    race(bench, edits, decides, decides)
    ticks(bench.store, 12)
    for schedule in ids:
        proof = account(bench.store.ledger(schedule), now=START + 12 * HOUR)
        assert proof.exact, proof.findings
        view = bench.store.locked_view(schedule).schedule
        assert (view.revision.number, view.revision.definition.calendars) == (9, {"night": text(8)})
        nominals = [run.nominal for run in bench.runs(schedule)]
        assert len(nominals) == len(set(nominals))


def test_of_editors_who_saw_the_same_version_one_writes(bench: Bench) -> None:
    night(bench.store, text(0))
    schedule = made(bench.store, "tidy")

    def edits(number: int) -> Runner:
        def edit(store: Store) -> int:
            try:
                do_calendar(store, EditCalendar(asked(1), "night", text(number), expected=1))
            except CalendarEditedMeanwhile:
                return 0
            return number

        return edit

    answers = race(bench, *map(edits, (1, 2, 3)))
    (won,) = [number for number in answers if number]
    assert [calendar.text for calendar in bench.store.calendars()] == [text(won)]
    assert bench.store.locked_view(schedule).schedule.revision.definition.calendars == {"night": text(won)}


def test_schedules_that_come_and_are_edited_beside_the_calendar_carry_its_newest_text(bench: Bench) -> None:
    night(bench.store, text(0))
    standing = made(bench.store, "standing")

    def edits_the_calendar(store: Store) -> int:
        for number in range(1, 8):
            do_calendar(store, EditCalendar(asked(number / 10), "night", text(number)))
        return 0

    def creates(store: Store) -> int:
        return _until_written([partial(made, store, f"new {each}", each / 10) for each in range(7)])

    def edits_the_schedule(store: Store) -> int:
        def edit(order: int) -> None:
            new = definition(store, "standing")
            do(
                store,
                standing,
                Edit(asked(order / 10), Definition.read({**new.written(), "order": order}, known(store)), ANY_TASK),
            )

        return _until_written([partial(edit, each) for each in range(1, 8)])

    race(bench, edits_the_calendar, creates, edits_the_schedule)
    (calendar,) = bench.store.calendars()
    assert (calendar.text, calendar.version) == (text(7), 8)
    named = bench.store.naming("night")
    assert len(named) == 8
    assert {each.revision.definition.calendars["night"] for each in named} == {text(7)}
    assert bench.store.locked_view(standing).schedule.revision.definition.order == 7


def _until_written(wishes: Sequence[Callable[[], object]]) -> int:
    """Say each until it is not refused for an older text; how many refusals there were."""
    refusals = 0
    for wish in wishes:
        while True:
            try:
                wish()
                break
            except OlderCalendar:
                refusals += 1
    return refusals


def test_what_is_made_and_removed_at_once_leaves_no_schedule_without_its_calendar(bench: Bench) -> None:
    def adds_and_removes(store: Store) -> int:
        for number in range(8):
            try:
                do_calendar(store, AddCalendar(asked(number), "night", text(number)))
                do_calendar(store, RemoveCalendar(asked(number), "night"))
            except (CalendarExists, CalendarInUse, NoSuchCalendar):
                continue
        return 0

    def creates(letter: str) -> Runner:
        def create_some(store: Store) -> int:
            count = 0
            for number in range(8):
                if "night" not in known(store).calendars:
                    continue
                try:
                    made(store, f"{letter}{number}")
                    count += 1
                except (OlderCalendar, InvalidDefinition):
                    continue  # it is gone by now
            return count

        return create_some

    race(bench, adds_and_removes, creates("a"), creates("b"))
    kept = {calendar.name: calendar.text for calendar in bench.store.calendars()}
    for schedule in bench.store.naming():
        assert schedule.revision.definition.calendars == {"night": kept["night"]}


# ── one in the middle of the other: on PostgreSQL, where both can be under way ──────────────────────────────────────


@pytest.fixture
def two(postgres_alias: str) -> Iterator[tuple[Bench, Store]]:
    """A bench on PostgreSQL, and a store that takes part in the transaction of the test."""
    bench = DjangoBench(postgres_alias)
    night(bench.store, text(0))
    yield bench, bench.nesting()
    bench.close()


def beside(bench: Bench, alias: str, runner: Runner, in_between: Callable[[], object]) -> Thread:
    """Start `runner` while the test's transaction, in which `in_between` has been done, is open; it waits for that one's locks."""
    with transaction.atomic(using=alias):
        in_between()
        thread = Thread(target=_run, args=(bench, runner), daemon=True)
        thread.start()
        until(lambda: _waits_for_a_lock(alias), "the other one waits for a lock", within=5)
    thread.join(timeout=60)
    assert not thread.is_alive()
    return thread


ANSWERS: list[object] = []


def _run(bench: Bench, runner: Runner) -> None:
    try:
        ANSWERS.append(runner(bench.another()))
    except OlderCalendar as refused:
        ANSWERS.append(refused)
    finally:
        bench.close_thread()


def _waits_for_a_lock(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        # Within a transaction, what was seen once is what is seen.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_an_edit_finds_the_schedule_that_comes_in_while_it_waits(two: tuple[Bench, Store], postgres_alias: str) -> None:
    bench, within = two

    def edits(store: Store) -> int:
        do_calendar(store, EditCalendar(asked(1), "night", text(1)))
        return 0

    beside(bench, postgres_alias, edits, lambda: made(within, "newcomer"))
    (newcomer,) = bench.store.naming("night")
    assert newcomer.revision.definition.calendars == {"night": text(1)}
    assert [calendar.version for calendar in bench.store.calendars()] == [2]


def test_a_schedule_that_waits_for_an_edit_is_refused_with_the_older_text(
    two: tuple[Bench, Store], postgres_alias: str
) -> None:
    bench, within = two
    ANSWERS.clear()
    older = definition(bench.store, "newcomer")

    def creates(store: Store) -> int:
        return create(store, Create(asked(1), older, ANY_TASK)).schedule

    beside(
        bench,
        postgres_alias,
        creates,
        lambda: do_calendar(within, EditCalendar(asked(1), "night", text(1))),
    )
    assert [type(answer) for answer in ANSWERS] == [OlderCalendar]
    assert bench.store.schedule("newcomer") is None
