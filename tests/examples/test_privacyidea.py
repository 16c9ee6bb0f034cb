"""Do the two task modules of the second factors do what the text says?"""

import logging

import pytest
from django.db.models import F
from django.db.models.signals import post_save

from examples.privacyidea import tasks
from examples.privacyidea.data import fill
from examples.privacyidea.models import EventCounter, Statistic, Token
from klokker import Counts
from klokker.engine.clock import MACHINE
from klokker.tasks.arguments import InvalidArguments
from klokker.tasks.context import RunContext
from klokker.tasks.registry import registry

A_RUN = RunContext.by_hand("by.test")


def statistics() -> dict[str, int]:
    return dict(Statistic.objects.order_by("pk").values_list("key", "value"))


@pytest.mark.usefixtures("tables")
def test_simple_statistics_count_tokens_in_six_ways() -> None:
    """S1.8."""
    Token.objects.create(serial="A", hardware=True, user="anna")
    Token.objects.create(serial="B", hardware=False, user="anna")
    Token.objects.create(serial="C", hardware=False)
    tasks.simplestats(A_RUN)
    assert statistics() == {
        "total": 3,
        "hardware": 1,
        "software": 2,
        "unassigned": 1,
        "assigned": 2,
        "users with tokens": 1,
    }


@pytest.mark.usefixtures("sqlite_tables")
def test_each_task_module_has_options_of_its_own() -> None:
    """S1.1: chosen figures are counted and no others; an option that does not exist is refused."""
    simplestats = registry.find("privacyidea.simplestats")
    simplestats.bind([], {"figures": ["unassigned"]})(A_RUN)
    assert statistics() == {"unassigned": 0}
    with pytest.raises(InvalidArguments):
        simplestats.bind([], {"figures": ["stolen"]})
    with pytest.raises(InvalidArguments):
        simplestats.bind([], {"event_counter": "login_failed"})


@pytest.mark.usefixtures("tables")
def test_a_counter_of_all_nodes_is_written_under_its_key() -> None:
    """S1.8."""
    fill(MACHINE.wall())
    for node, value in (("pinode1", 3), ("pinode2", 4)):
        EventCounter.objects.filter(name="login_failed", node=node).update(value=value)
    assert tasks.eventcounter(A_RUN, "login_failed", "failed_per_hour") == Counts(counted=7)
    assert statistics() == {"failed_per_hour": 7}


@pytest.mark.usefixtures("tables")
def test_a_counter_that_is_reset_keeps_what_came_in_meanwhile() -> None:
    """S1.8."""
    EventCounter.objects.create(name="login_failed", node="pinode1", value=5)

    def one_more(**_: object) -> None:
        EventCounter.objects.update(value=F("value") + 1)

    post_save.connect(one_more, sender=Statistic)
    try:
        tasks.eventcounter(A_RUN, "login_failed", reset_event_counter=True)
    finally:
        post_save.disconnect(one_more, sender=Statistic)
    assert statistics() == {"login_failed": 5}
    assert EventCounter.objects.get().value == 1


@pytest.mark.usefixtures("sqlite_tables")
def test_a_counter_that_is_not_there_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """S1.8."""
    with caplog.at_level(logging.WARNING):
        assert tasks.eventcounter(A_RUN, "no_such_counter") == Counts(missing=1)
    assert "no_such_counter" in caplog.text
    assert not statistics()
