"""What a command that changes something acts with: the store, the tasks that are known, and who asks."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass

from klokker.cli.effects import as_data, say_effect
from klokker.cli.faults import Refused
from klokker.cli.finding import find_schedule
from klokker.cli.moment import now as the_moment
from klokker.cli.output import confirmed, print_json, warn
from klokker.django.models import Schedule
from klokker.django.store import DjangoStore
from klokker.operations.asking import Asked
from klokker.operations.catalogue import RegisteredTasks, TaskCatalogue
from klokker.operations.operation import Done, Operation, do, preview
from klokker.store.contract import Store
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings
from klokker.wiring.time_data import time_data


class NeedsYes(Refused):
    """What was shown is done only with a yes."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"nothing was changed: {what} needs a yes; look at what is said above and say --yes")


@dataclass(frozen=True, slots=True)
class Acting:
    """The store, the tasks, and the asker of one command."""

    store: Store
    tasks: TaskCatalogue
    asked: Asked


def acting(why: str = "") -> Acting:
    """Set up for a change, for the reason `why`. Modules of tasks that cannot be imported are named on stderr."""
    for fault in find_tasks(read_settings()).faults:
        warn(str(fault))
    asked = Asked(by=asker(), now=the_moment(), why=why, time_data=time_data())
    return Acting(DjangoStore(), RegisteredTasks(registry), asked)


def asker() -> str:
    """Who sits at the command line, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number and no name.
        return "command line"


Wish = Callable[[Acting], Operation]


def change(
    name: str,
    wish: Wish,
    *,
    why: str = "",
    dry_run: bool = False,
    as_json: bool = False,
    ask: str = "",
    yes: bool = True,
) -> Done | None:
    """Do what `wish` makes of the schedule `name`, and say what it came to; with `dry_run`, only say it.

    `ask`: what to ask beforehand, unless `yes`; what it would come to is shown first. None when nothing was done.
    """
    schedule = find_schedule(name)
    act = acting(why)
    operation = wish(act)
    if dry_run or (ask and not yes):
        effect = preview(act.store, schedule.pk, operation)
        if dry_run and as_json:
            print_json({**as_data(effect), "done": False})
        else:
            say_effect(effect, zone=schedule.zone, done=False)
        if dry_run:
            return None
        confirmed(ask, yes=yes, refuse=lambda: NeedsYes(ask.rstrip("?").lower()))
    done = do(act.store, schedule.pk, operation)
    if as_json:
        print_json({**as_data(done.effect), "done": True, "runs": done.runs})
    else:
        say_effect(done.effect, zone=_zone(schedule), done=True)
    return done


def _zone(schedule: Schedule) -> str:
    return Schedule.objects.filter(pk=schedule.pk).values_list("zone", flat=True).first() or schedule.zone
