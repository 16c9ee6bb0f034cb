"""Do the jobs of the registrations do what the text says?"""

from datetime import timedelta

import pytest

from examples.ddid import tasks
from examples.ddid.data import fill
from examples.ddid.models import User
from klokker import Counts
from klokker.engine.clock import MACHINE
from klokker.tasks.context import RunContext

A_RUN = RunContext.by_hand("by.test")


def user(*, hours: float = 0, confirmed: bool = False, code: str = "", code_ends: float = 0) -> User:
    """Somebody who registered so many hours ago, with a code whose term ends in so many hours."""
    now = MACHINE.wall()
    return User.objects.create(
        email="somebody@example.org",
        registered_at=now - timedelta(hours=hours),
        confirmed=confirmed,
        reset_code=code,
        reset_code_ends=now + timedelta(hours=code_ends) if code else None,
    )


@pytest.mark.usefixtures("sqlite_tables")
def test_noop_does_nothing() -> None:
    """S2.4."""
    assert tasks.noop(A_RUN) is None


@pytest.mark.usefixtures("tables")
def test_a_code_ends_with_its_term_and_not_before() -> None:
    """S2.4."""
    over, valid = user(code="abc", code_ends=-1), user(code="def", code_ends=1)
    assert tasks.invalidate_reset_password_code(A_RUN, valid.pk) == Counts(invalidated=0)
    assert tasks.invalidate_reset_password_code(A_RUN, over.pk) == Counts(invalidated=1)
    assert list(User.objects.order_by("pk").values_list("reset_code", flat=True)) == ["", "def"]


@pytest.mark.usefixtures("tables")
def test_a_registration_that_was_not_confirmed_in_time_ends() -> None:
    """S2.4."""
    for hours, confirmed in ((47, False), (49, False), (49, True)):
        user(hours=hours, confirmed=confirmed)
    assert tasks.invalidate_pending_registration(A_RUN) == Counts(invalidated=1)
    assert list(User.objects.order_by("pk").values_list("registration_valid", flat=True)) == [True, False, True]


@pytest.mark.usefixtures("sqlite_tables")
def test_a_users_job_concerns_that_user_alone() -> None:
    """S2.1."""
    first, _second = user(hours=49), user(hours=49)
    assert tasks.invalidate_pending_registration(A_RUN, first.pk) == Counts(invalidated=1)


@pytest.mark.usefixtures("sqlite_tables")
def test_the_applications_own_tests_fail_when_its_data_breaks_a_rule() -> None:
    """S2.5, the part that runs as a schedule."""
    fill(MACHINE.wall())
    assert tasks.all_tests(A_RUN) == Counts(users=200, wrong=0)
    User.objects.filter(pk=1).update(reset_code="abc", reset_code_ends=None)
    with pytest.raises(AssertionError, match="1 users hold a code without a term"):
        tasks.all_tests(A_RUN)
