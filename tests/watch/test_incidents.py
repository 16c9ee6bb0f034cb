"""Incidents: opened once, closed once (docs/concepts/incident.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from klokker.django.models import Incident
from klokker.watch.finding import Finding, Kind
from klokker.watch.incidents import record

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LATE = Finding(Kind.LATE, "refresh", "refresh: 1 run should have begun")
BROKEN = Finding(Kind.BROKEN, "export", "export is broken")

pytestmark = pytest.mark.django_db


def test_the_first_check_that_finds_it_opens_an_incident() -> None:
    recorded = record([LATE, BROKEN], NOW)
    assert {incident.subject for incident in recorded.opened} == {"refresh", "export"}
    assert recorded.since == {LATE.key: NOW, BROKEN.key: NOW}


def test_an_incident_that_stands_is_not_opened_again_and_keeps_its_beginning() -> None:
    record([LATE], NOW)
    again = record([Finding(Kind.LATE, "refresh", "refresh: 5 runs should have begun")], NOW + timedelta(hours=1))
    assert again.opened == ()
    assert again.since == {LATE.key: NOW}
    assert Incident.objects.get().reason == "refresh: 5 runs should have begun"


def test_the_first_check_that_does_not_find_it_closes_the_incident() -> None:
    record([LATE, BROKEN], NOW)
    closed = record([BROKEN], NOW + timedelta(hours=1)).closed
    assert [incident.subject for incident in closed] == ["refresh"]
    assert Incident.objects.get(subject="refresh").closed_at == NOW + timedelta(hours=1)


def test_what_comes_back_is_a_new_incident() -> None:
    record([LATE], NOW)
    record([], NOW + timedelta(hours=1))
    record([LATE], NOW + timedelta(hours=2))
    assert [incident.opened_at for incident in Incident.objects.order_by("pk")] == [NOW, NOW + timedelta(hours=2)]
