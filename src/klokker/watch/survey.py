"""What does lint find in the schedules that are stored here? Reads definitions, tasks and history; `core.lint` judges."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import F

from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.lifecycle import Outcome, RunState, ScheduleState
from klokker.core.lint.case import Ground, Subject, TaskFacts
from klokker.core.lint.finding import Finding
from klokker.core.lint.linting import lint
from klokker.django.models import Revision, Run
from klokker.tasks.arguments import InvalidArguments
from klokker.tasks.registry import Registry
from klokker.watch.fleet import living
from klokker.watch.pace import pace
from klokker.watch.work import HISTORY, usual_of

_NEWEST = 200_000
"""So many finished runs of the whole fleet are looked at for how long they take."""
_LOOKED_AT = (ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.BROKEN)


def survey(now: datetime, registry: Registry, tick: timedelta | None = None) -> list[Finding]:
    """Every finding in the schedules that are not retired or spent; `registry`: the tasks that this process knows.

    `tick`: how often whatever ticks does so; None takes it from when the nodes ticked, where that is known.
    """
    alive = living(now)
    elsewhere = {name for process in alive for name in process.tasks}
    lengths = _usual_lengths()
    subjects = []
    for revision in Revision.objects.filter(
        schedule__state__in=_LOOKED_AT, number=F("schedule__revision")
    ).select_related("schedule"):
        usual = lengths.get(revision.schedule_id)
        try:
            definition = Definition.from_json(revision.definition)
        except UnreadableDefinition as unreadable:
            stand_in = Definition(name=revision.schedule.name, task=revision.schedule.task, when=revision.schedule.when)
            subjects.append(Subject(stand_in, fault=str(unreadable)))
            continue
        subjects.append(Subject(definition, _facts(definition, registry, elsewhere), usual))
    return lint(subjects, Ground(now, tick or pace(now, alive)))


def _facts(definition: Definition, registry: Registry, elsewhere: Collection[str]) -> TaskFacts | None:
    """What this process knows of a task; little of one that only others know."""
    if definition.task not in registry:
        return TaskFacts() if definition.task in elsewhere else None
    task = registry.find(definition.task)
    misfits: Mapping[str, str] = {}
    try:
        task.bind(definition.args, definition.kwargs)
    except InvalidArguments as unfit:
        misfits = unfit.faults
    return TaskFacts(task.destructive, task.timeout, misfits)


def _usual_lengths() -> dict[int, timedelta]:
    """How long 95 of 100 runs of a schedule take at most, by its id; of schedules that have finished any."""
    finished = Run.objects.filter(
        state=RunState.DONE, outcome=Outcome.SUCCEEDED, schedule__isnull=False, started__isnull=False
    )
    lengths: dict[int, list[timedelta]] = defaultdict(list)
    rows = finished.order_by("-pk").values_list("schedule_id", "started", "finished")[:_NEWEST]
    for schedule, started, ended in rows.iterator():
        if schedule and started and ended and len(lengths[schedule]) < HISTORY:
            lengths[schedule].append(ended - started)
    return {schedule: usual_of(each) for schedule, each in lengths.items()}
