"""What the commands share that run a process of the engine: its parts, a ready database, log lines, exit codes."""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager

from django.db import connections

from klokker.cli.exits import Exit
from klokker.cli.migrating import NewerThanThis, NotMigrated, bring_up_to_date
from klokker.cli.output import warn
from klokker.django.schema import schema_state
from klokker.django.settings import database_alias
from klokker.engine.process import Farewell
from klokker.events import Event, RunFinished, RunRetried
from klokker.executors.processes import Nurse
from klokker.logs.lines import configure, write_events
from klokker.wiring.compose import Parts, Role, compose
from klokker.wiring.host import parts_of
from klokker.wiring.project import read_settings
from klokker.wiring.running import nurse_of
from klokker.wiring.settings import Settings

ENDS = {Farewell.DRAINED: Exit.WELL, Farewell.KILLED: Exit.NOT_WELL, Farewell.FAULTY: Exit.FAULT}


def work(roles: Collection[Role], *, node: str = "", lanes: str = "", drain: str = "") -> Exit:
    """Run a process with these roles until it is asked to stop; its exit code."""
    settings = told(node=node, lanes=lanes, drain=drain)
    configure(settings.log_format, settings.log_level)
    with write_events(), closing(nurse_of(settings)) as nurse:
        if Role.WORKER in roles and settings.executor == "processes":
            # It takes as long to prepare as this process does, and may do so meanwhile.
            nurse.start()
        ready_database()
        return ENDS[compose(parts_of(settings, nurse=nurse), roles).run()]


@contextmanager
def working_here(
    settings: Settings, level: str, *, but: tuple[type[Event], ...] = (), nurse: Nurse | None = None
) -> Iterator[Parts]:
    """What it takes to run something in this process. Events are logged from `level` up.

    How runs end is not among them, since the command says it itself; nor are those of `but`.
    """
    configure(settings.log_format, level)
    with write_events(but=(RunFinished, RunRetried, *but)), closing(parts_of(settings, nurse=nurse)) as parts:
        yield parts


def told(*, node: str = "", lanes: str = "", drain: str = "") -> Settings:
    """The settings, with what the command line says in place of theirs. Raises InvalidSettings."""
    said = {"node": node, "lanes": lanes, "drain": drain}
    return read_settings().but(**{name: value for name, value in said.items() if value})


def ready_database() -> None:
    """See to it that the database has this version's tables: SQLite is brought up to date by itself, others wait to be asked.

    Raises NewerThanThis, NotMigrated.
    """
    connection = connections[database_alias()]
    state = schema_state(connection)
    if state.newer:
        raise NewerThanThis(state.newer)
    if state.current:
        return
    if connection.vendor != "sqlite":
        raise NotMigrated(state.pending)
    copy = bring_up_to_date(state)
    warn("made the database" if copy is None else f"brought the database up to date; as it was, it is in {copy}")
