"""Terms: the schedule's word where it has one, else the task's."""

from dataclasses import replace
from datetime import timedelta

from klokker.core.definition import Definition, IfLost
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.verdict import Terms
from klokker.store.terms import settled

TASK = Terms(
    repeatable=True,
    timeout=Timeout(timedelta(minutes=5)),
    retry=Retry(attempts=2),
    if_lost=IfLost.RETRY,
    executor="threads",
)
OPEN = Definition(name="tidy", task="chores.tidy", when="@daily")
STATED = replace(
    OPEN, timeout=Timeout(timedelta(hours=2)), retry=Retry(attempts=9), if_lost=IfLost.FAIL, executor="inline"
)


def test_a_schedule_that_leaves_all_open_has_the_tasks_terms() -> None:
    assert settled(OPEN, TASK) == TASK
    assert settled(None, TASK) == TASK


def test_what_a_schedule_states_counts() -> None:
    assert settled(STATED, TASK) == Terms(
        repeatable=True, timeout=Timeout(timedelta(hours=2)), retry=Retry(attempts=9), executor="inline"
    )


def test_a_task_that_is_not_repeatable_gets_no_second_attempt_after_a_lost_one_whatever_was_stated() -> None:
    stated = replace(OPEN, if_lost=IfLost.RETRY)
    assert settled(stated, Terms(repeatable=False)).if_lost is IfLost.FAIL
