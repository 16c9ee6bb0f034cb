"""Is all well? Every judgement once, and the incidents that follow from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from klokker.django.schema import schema_state
from klokker.django.settings import database_alias
from klokker.watch import calendars, fleet, work
from klokker.watch.finding import Finding, Kind
from klokker.watch.incidents import Recorded, record


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, and what became of the incidents."""

    findings: tuple[Finding, ...]
    recorded: Recorded


def check(now: datetime, machine: datetime, known: Collection[str]) -> Checked:
    """Judge everything at `now` (the database's time); `machine` is this machine's, `known` the tasks this process knows."""
    state = schema_state(connections[database_alias()])
    if not state.current:
        # Nothing else can be judged, and no incident kept, in tables that are not those of this code.
        return Checked((_schema(state.newer),), Recorded((), (), {}))
    alive = fleet.living(now)
    known = {*known, *(task for process in alive for task in process.tasks)}
    findings = (
        *fleet.wrong_clocks(now, machine),
        *fleet.no_scheduler(now, alive),
        *fleet.silent_nodes(now, alive),
        *fleet.unattended_lanes(now, alive),
        *fleet.unknown_tasks(known),
        *calendars.calendars(),
        *work.broken(),
        *work.failing(),
        *work.late(now),
        *work.stuck(now),
        *work.stray(),
        *work.overrun(),
    )
    return Checked(findings, record(findings, now))


def _schema(newer: tuple[str, ...]) -> Finding:
    if newer:
        return Finding(
            Kind.SCHEMA, "", f"the database is of a newer Klokker (it has {', '.join(newer)}); install that version"
        )
    return Finding(Kind.SCHEMA, "", "the database lacks migrations of this version; `klokker migrate`")
