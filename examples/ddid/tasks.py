"""The application's jobs, named by their job types; those that concern one user take the user's id."""

from datetime import timedelta

from django.utils import timezone

from examples.ddid.models import User
from klokker import Counts, RunContext, task

CONFIRM_WITHIN = timedelta(hours=48)


@task("ddid.Noop", repeatable=True)
def noop(run: RunContext) -> None:
    """Does nothing, and shows that jobs run."""
    run.logger.info("nothing to do")


@task("ddid.InvalidateResetPasswordCode", repeatable=True)
def invalidate_reset_password_code(run: RunContext, user_id: int | None = None) -> Counts:
    """Make codes to reset a password invalid once their term is over.

    Args:
        user_id: whose code; everybody's when left out.
    """
    over = User.objects.exclude(reset_code="").filter(reset_code_ends__lt=timezone.now())
    if user_id is not None:
        over = over.filter(pk=user_id)
    if run.dry_run:
        return Counts(found=over.count())
    return Counts(invalidated=over.update(reset_code="", reset_code_ends=None))


@task("ddid.InvalidatePendingRegistration", repeatable=True)
def invalidate_pending_registration(run: RunContext, user_id: int | None = None) -> Counts:
    """Make registrations invalid that were not confirmed in time.

    Args:
        user_id: whose registration; everybody's when left out.
    """
    over = User.objects.filter(
        confirmed=False, registration_valid=True, registered_at__lt=timezone.now() - CONFIRM_WITHIN
    )
    if user_id is not None:
        over = over.filter(pk=user_id)
    if run.dry_run:
        return Counts(found=over.count())
    return Counts(invalidated=over.update(registration_valid=False))


@task("ddid.all_tests", repeatable=True, timeout="5m")
def all_tests(run: RunContext) -> Counts:
    """Check that the data keeps its own rules: nobody holds a code without a term."""
    wrong = User.objects.exclude(reset_code="").filter(reset_code_ends=None).count()
    if wrong:
        raise AssertionError(f"{wrong} users hold a code without a term")
    run.logger.info("all rules hold")
    return Counts(users=User.objects.count(), wrong=wrong)
