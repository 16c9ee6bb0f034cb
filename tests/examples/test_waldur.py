"""Do the stand-ins of the marketplace do real work on rows, one kind after the other?"""

from datetime import timedelta

import pytest
from django.db import transaction

from examples.demo.prepare import declarations
from examples.waldur import work
from examples.waldur.data import fill
from examples.waldur.models import Backend, Message, Record
from examples.waldur.tasks import STAND_INS
from klokker import Counts
from klokker.core.overlap import Overlap
from klokker.engine.clock import MACHINE
from klokker.tasks.context import RunContext
from klokker.tasks.registry import registry

A_RUN = RunContext.by_hand("by.test")

pytestmark = pytest.mark.usefixtures("sqlite_tables")


def record(
    name: str, state: str, *, ends: float | None = None, since: float = 0, amount: int = 0, period: str = ""
) -> Record:
    """Something that ends in so many hours, and is in its state since so many."""
    now = MACHINE.wall()
    return Record.objects.create(
        kind="thing",
        name=name,
        state=state,
        state_since=now - timedelta(hours=since),
        ends_at=None if ends is None else now + timedelta(hours=ends),
        amount=amount,
        period=period,
    )


def states() -> dict[str, str]:
    return dict(Record.objects.order_by("pk").values_list("name", "state"))


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.name)
def test_a_stand_in_writes_rows(stand_in: object) -> None:
    """S4.2, S4.3: every name that the text finds in its registry works on the generated records."""
    fill(MACHINE.wall())

    def rows() -> list[object]:
        return [list(model._default_manager.order_by("pk").values()) for model in (Record, Message, Backend)]

    before = rows()
    counts = registry.find(stand_in.name).bind([], {})(A_RUN)  # type: ignore[attr-defined] # parametrised
    assert isinstance(counts, Counts)
    assert rows() != before


def test_what_is_pending_past_its_term_is_cancelled() -> None:
    """S4.3."""
    for name, ends in (("over", -1), ("valid", 1)):
        record(name, "pending", ends=ends)
    assert work.expire(A_RUN, "thing") == Counts(changed=1)
    assert states() == {"over": "cancelled", "valid": "pending"}


def test_what_is_stuck_for_too_long_is_erred() -> None:
    """S4.3."""
    for name, since in (("stuck", 3.1), ("busy", 2.9)):
        record(name, "updating", since=since)
    work.mark_erred(A_RUN, "thing")
    assert states() == {"stuck": "erred", "busy": "updating"}


def test_somebody_is_told_once_a_day_of_what_ends_soon() -> None:
    """S4.3."""
    for name, ends in (("soon", 24), ("later", 24 * 8), ("over", -1)):
        record(name, "active", ends=ends)
    assert work.remind(A_RUN, "thing") == Counts(told=1)
    assert work.remind(A_RUN, "thing") == Counts(told=0)
    assert Message.objects.get().record == "soon"


def test_one_backend_that_does_not_answer_does_not_stop_the_others() -> None:
    """S4.3."""
    for name, answers in (("a", True), ("b", False), ("c", True)):
        backend = Backend.objects.create(name=name, answers=answers)
        Record.objects.create(kind="thing", name=name, state="active", state_since=MACHINE.wall(), backend=backend)
    assert work.pull(A_RUN, "thing") == Counts(pulled=2, silent=1)
    assert list(Record.objects.order_by("name").values_list("amount", flat=True)) == [1, 0, 1]


def test_totals_are_written_where_they_differ() -> None:
    """S4.3."""
    for amount in (3, 0):
        record(f"of {amount}", "active", amount=amount)
    assert work.recompute(A_RUN, "thing") == Counts(changed=1)
    assert work.recompute(A_RUN, "thing") == Counts(changed=0)


def test_a_month_that_is_rolled_over_twice_is_rolled_over_once() -> None:
    """S4.3."""
    record("thing of the month", "open", period="2026-10")
    with transaction.atomic():
        assert work.roll_over(A_RUN, "thing") == Counts(closed=1, opened=1)
        assert work.roll_over(A_RUN, "thing") == Counts(closed=0, opened=0)
    assert sorted(Record.objects.values_list("state", flat=True)) == ["billed", "open"]


def test_leftovers_are_deleted() -> None:
    """S4.3."""
    for state in ("deleted", "active"):
        record(state, state)
    assert work.delete_leftovers(A_RUN, "thing") == Counts(deleted=1)
    assert states() == {"active": "active"}


def test_a_pull_that_still_runs_is_not_started_again() -> None:
    """S4.4: none of them says otherwise than the default, which skips; tests of overlap and of the ticker see it skip."""
    (declared,) = (each for each in declarations() if each.source == "waldur")
    assert {each.overlap or Overlap.SKIP for each in declared.definitions} == {Overlap.SKIP}
