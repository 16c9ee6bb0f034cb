"""What a host does inside `transaction.atomic()` commits or vanishes with it: enqueued runs, and every operation."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from klokker.core.definition import Definition
from klokker.core.lifecycle import RunState
from klokker.django.models import Revision, Run, Schedule
from klokker.django.store import DjangoStore
from klokker.operations.catalogue import RegisteredTasks
from klokker.operations.create import Create, create
from klokker.operations.edit import Edit
from klokker.operations.operation import do
from klokker.operations.pause import Pause
from klokker.operations.retire import Retire
from klokker.operations.run_now import RunNow
from klokker.tasks.task import AnyTask
from tests.acceptance.faults.site import Site


class Undone(Exception):
    """The host takes back what it did."""


class Host:
    """A program on the site's database, with a schedule of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.store = DjangoStore(site.alias)
        self.schedule = site.schedule("standing")
        self.tasks = RegisteredTasks(site.registry)
        self.note: AnyTask = site.registry.find("note")

    def enqueue(self) -> object:
        return self.note.enqueue()

    def create(self) -> object:
        definition = Definition.read({"name": "new", "task": "note", "when": "0 3 * * *"})
        return create(self.store, Create(self.site.asked(), definition, self.tasks))

    def edit(self) -> object:
        new = Definition.read({"name": "standing", "task": "note", "when": "0 3 * * *"})
        return do(self.store, self.schedule, Edit(self.site.asked(), new, self.tasks))

    def pause(self) -> object:
        return do(self.store, self.schedule, Pause(self.site.asked("works")))

    def run_now(self) -> object:
        return do(self.store, self.schedule, RunNow(self.site.asked(), self.tasks))

    def retire(self) -> object:
        return do(self.store, self.schedule, Retire(self.site.asked()))

    def seen(self) -> object:
        """What another program sees."""
        alias = self.site.alias
        other = self.site.store
        return (
            sorted((each.revision.definition.name, each.state) for each in other.schedules(retired=True)),
            Revision.objects.using(alias).count(),
            Run.objects.using(alias).count(),
        )


@pytest.fixture
def host(site: Site) -> Iterator[Host]:
    with override_settings(KLOKKER_DATABASE_ALIAS=site.alias):
        yield Host(site)


DEEDS = (Host.enqueue, Host.create, Host.edit, Host.pause, Host.run_now, Host.retire)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_it_vanishes_with_the_hosts_transaction_and_commits_with_it(host: Host, deed: Callable[[Host], object]) -> None:
    def undone() -> None:
        with transaction.atomic(using=host.site.alias):
            deed(host)
            raise Undone

    before = host.seen()
    with pytest.raises(Undone):
        undone()
    assert host.seen() == before, "nothing of it is left"
    with transaction.atomic(using=host.site.alias):
        deed(host)
    assert host.seen() != before
    host.site.proven(host.schedule)


def test_nobody_runs_it_or_is_woken_for_it_before_the_host_commits(host: Host) -> None:
    member, waiter = host.site.member(), host.site.another_store()
    waiter.wait(0.2)
    with transaction.atomic(using=host.site.alias):
        host.enqueue()
        if host.site.vendor == "postgresql":  # SQLite: the host has the file to itself
            assert member.work() == 0
        assert not waiter.wait(0)
    assert waiter.wait(10), "the wake-up goes out with the commit"
    assert member.work() == 1
    assert [run.state for run in host.site.runs(None)] == [RunState.DONE]


def test_a_part_of_a_transaction_that_is_taken_back_takes_its_run_along_and_the_rest_stays(host: Host) -> None:
    def part() -> None:
        with transaction.atomic(using=host.site.alias):
            host.enqueue()
            host.create()
            raise Undone

    with transaction.atomic(using=host.site.alias):
        host.enqueue()
        with pytest.raises(Undone):
            part()
        host.enqueue()
    assert Run.objects.using(host.site.alias).count() == 2
    assert Schedule.objects.using(host.site.alias).count() == 1
