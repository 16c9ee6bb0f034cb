"""Which executors has a process, and what makes them?"""

from klokker.engine.clock import MACHINE
from klokker.engine.lane_slots import Hire, NoSuchExecutor
from klokker.executors.contract import Executor, Prepared
from klokker.executors.inline import Inline
from klokker.executors.processes import Nurse, Processes
from klokker.executors.threads import Threads
from klokker.tasks.task import EXECUTORS
from klokker.wiring.settings import Settings

CHILDREN = "klokker.wiring.children:prepare"
"""Where the processes executor's children find what makes them ready."""

AHEAD = 128
"""Quick repeatable runs that may wait in an executor, for each of its slots; the worker hands over no more than will begin soon."""


def nurse_of(settings: Settings) -> Nurse:
    """Who sees to the children of one worker. Nothing is prepared before `start`, or the first executor that needs it."""
    return Nurse(CHILDREN, term=settings.child_term)


def hiring(settings: Settings, ready: Prepared, *, nurse: Nurse | None = None, only_inline: bool = False) -> Hire:
    """Makes executors by name. `only_inline`: whatever the name, runs are made in the thread that asks."""
    # One for all lanes: tasks are imported once.
    nurse = nurse or nurse_of(settings)

    def hire(name: str, slots: int) -> Executor:
        if only_inline or name == "inline":
            return Inline(ready)
        if name == "threads":
            return Threads(ready, slots=slots, depth=AHEAD)
        if name == "processes":
            return Processes(nurse, MACHINE.monotonic, slots=slots, depth=AHEAD)
        raise NoSuchExecutor(name, EXECUTORS)

    return hire
