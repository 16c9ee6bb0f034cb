"""`klokker show`: one schedule: what it is, what it did, what it will do."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import typer
from rich.text import Text

from klokker.cli.closings import waiting_as_data, waiting_for_opening, waiting_in_words
from klokker.cli.columns import Column
from klokker.cli.commands.list import as_data as listed_as_data
from klokker.cli.commands.list import named
from klokker.cli.commands.runs import as_data as run_as_data
from klokker.cli.commands.runs import did, standing, took
from klokker.cli.finding import find_schedule
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, console, facts, local, moment, print_json, relative, say, table
from klokker.core.definition import Definition, UnreadableDefinition
from klokker.core.duration import rounded
from klokker.core.errors import TimetableError
from klokker.core.foresight import prospect, runs_after
from klokker.core.lifecycle import ScheduleState
from klokker.core.undecided import Undecided
from klokker.core.words.explain import explain, explain_closed
from klokker.django.models import Dismissal, Revision, Run, Schedule, Timer
from klokker.django.reading import closed_now, listed, why
from klokker.tasks.registry import registry
from klokker.wiring.project import find_tasks, read_settings

app = typer.Typer(add_completion=False)


RUNS = (
    Column("RUN", number=True),
    Column("KIND", spare=True),
    Column("HOW"),
    Column("FOR"),
    Column("TOOK", number=True),
    Column("DID", cut=True),
)
DISMISSALS = (Column("WHY"), Column("HOW MANY", number=True), Column("AFTER"), Column("UNTIL"))
REVISIONS = (
    Column("REVISION", number=True),
    Column("HOLDS FROM"),
    Column("BY"),
    Column("WHY", cut=True),
    Column("WHAT CHANGED", wrap=True),
)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The schedule; NAME#ID names a retired one.")],
    count: Annotated[int, typer.Option("--count", "-n", min=0, max=1000, help="How many of each list.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Everything about one schedule: definition, next moments, last runs, dismissals, revisions."""
    schedule = find_schedule(name)
    find_tasks(read_settings())
    now = the_moment()
    revisions = list(Revision.objects.filter(schedule=schedule).order_by("-number")[: max(count, 1)])
    if not revisions:
        raise UnreadableDefinition(f"none of the revisions of {schedule} is there")
    timers = list(Timer.objects.filter(schedule=schedule).order_by("node", "since"))
    runs = list(Run.objects.filter(schedule=schedule).select_related("schedule").order_by("-pk")[:count])
    dismissals = list(Dismissal.objects.filter(schedule=schedule).order_by("-until")[:count])
    definition = _definition(revisions[0])
    following, fault = _next(schedule, definition, timers, count)
    waiting = waiting_for_opening(schedule, definition, now)
    closed = closed_now(now)
    if as_json:
        print_json(
            {
                **listed_as_data(listed(schedule, timers), closed),
                "description": schedule.description,
                "task_found": schedule.task in registry,
                "definition": revisions[0].definition,
                "in_words": _in_words(definition),
                "next": following,
                "waiting": waiting_as_data(waiting),
                "timers": [_timer_as_data(timer) for timer in timers],
                "runs": [run_as_data(run) for run in runs],
                "dismissals": [_dismissal_as_data(each) for each in dismissals],
                "revisions": [_revision_as_data(each) for each in revisions],
            }
        )
        return
    _print_head(schedule, revisions[0], timers, waiting, closed)
    zone = schedule.zone
    say("")
    if following:
        console().print(Text("next", style="bold"))
        for at in following:
            say(f"{local(at, zone):%a} {moment(at, zone)}  {relative(at, now)}")
    else:
        say(fault or "next: never")
    _section("runs")
    table(
        RUNS,
        (
            (
                str(run.pk),
                run.kind,
                standing(run),
                moment(run.nominal or run.for_nominal or run.planned, zone),
                _took(run, now),
                did(run),
            )
            for run in runs
        ),
        empty="none yet",
    )
    if dismissals:
        _section("dismissed")
        table(
            DISMISSALS,
            (
                (each.reason, str(each.count or "?"), moment(each.after, zone), moment(each.until, zone))
                for each in dismissals
            ),
            empty="",
        )
    _section("revisions")
    table(
        REVISIONS,
        (
            (str(each.number), moment(each.holds_from, zone), each.by, each.why, ", ".join(each.changes) or "made")
            for each in revisions
        ),
        empty="",
    )


def _print_head(
    schedule: Schedule,
    revision: Revision,
    timers: list[Timer],
    waiting: Undecided,
    closed: Mapping[int, datetime | None],
) -> None:
    task = registry.find(schedule.task) if schedule.task in registry else None
    state = schedule.state + (f": {reason}" if (reason := why(schedule)) else "")
    if schedule.state == ScheduleState.PAUSED and schedule.paused_until:
        state += f" (until {moment(schedule.paused_until, schedule.zone)})"
    definition: dict[str, Any] = revision.definition if isinstance(revision.definition, dict) else {}
    facts(
        {
            "name": str(schedule),
            "state": state,
            "task": named(schedule.task),
            "does": schedule.description or (task.description.splitlines()[0] if task and task.description else ""),
            "when": f"{schedule.when} ({schedule.zone})",
            "in words": " ".join(_in_words(_definition(revision))),
            "arguments": _arguments(definition),
            "owner": schedule.owner,
            "declared in": str(definition.get("declared_in") or ""),
            "calendars": ", ".join(definition.get("calendars") or ()),
            "lane": schedule.lane,
            "nodes": ", ".join(sorted({timer.node or "any one" for timer in timers if timer.until is None})),
            "policies": _policies(definition),
            "closed": _until(closed[schedule.pk], schedule.zone) if schedule.pk in closed else "",
            "decided": f"until {moment(max(timer.handled_until for timer in timers), schedule.zone)}" if timers else "",
            "waiting": waiting_in_words(waiting, schedule.zone),
        }
    )


def _until(opens: datetime | None, zone: str) -> str:
    return f"now, until {moment(opens, zone)}" if opens else "now, and it never opens"


def _definition(revision: Revision) -> Definition | UnreadableDefinition:
    """The definition as it is stored, or why it cannot be read."""
    try:
        return Definition.from_json(revision.definition)
    except UnreadableDefinition as unreadable:
        return unreadable


def _in_words(definition: Definition | UnreadableDefinition) -> list[str]:
    """What the timetable does; nothing where it cannot be read."""
    if isinstance(definition, UnreadableDefinition):
        return []
    closed = [] if definition.closed is None else [explain_closed(definition.closed)]
    try:
        return [*explain(definition.timetable(), zone=definition.zone, key=definition.name), *closed]
    except TimetableError:
        return []


def _arguments(definition: dict[str, Any]) -> str:
    args = [repr(value) for value in definition.get("args") or ()]
    return ", ".join([*args, *(f"{name}={value!r}" for name, value in (definition.get("kwargs") or {}).items())])


_POLICIES = (
    "catch_up",
    "grace",
    "overlap",
    "closed",
    "jitter",
    "retry",
    "if_lost",
    "timeout",
    "placement",
    "after_success",
    "max_runs",
    "gap",
    "fold",
)


def _policies(definition: dict[str, Any]) -> str:
    """Those that are stated, or are not the plain default."""
    plain = Definition(name="n", task="t", when="@daily").to_json()
    said = {name: definition.get(name) for name in _POLICIES if definition.get(name) not in (None, plain.get(name))}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in said.items()) or "all at their defaults"


def _next(
    schedule: Schedule, definition: Definition | UnreadableDefinition, timers: list[Timer], count: int
) -> tuple[list[datetime], str]:
    """When it runs next, or why that cannot be told."""
    if schedule.state != ScheduleState.ACTIVE:
        return [], f"next: none while it is {schedule.state}"
    if isinstance(definition, UnreadableDefinition):
        return [], f"next: cannot be told: {definition}"
    at = min((timer.next_due for timer in timers if timer.next_due), default=None)
    found: list[datetime] = []
    try:
        if definition.rest() is not None:
            return ([], "next: once the run that is under way has ended") if at is None else ([at], "")
        if at is not None:
            found += [] if prospect(definition, at).dismissed else [at]
            for moment in islice(runs_after(definition, definition.timetable(), at), count):
                found.append(moment)
    except TimetableError as fault:
        return found, "" if found else f"next: cannot be told: {fault}"
    return found[:count], ""


def _took(run: Run, now: datetime) -> str:
    length = took(run, now)
    return rounded(length) if length is not None else ""


def _section(heading: str) -> None:
    console().print(Text(f"\n{heading}", style="bold"))


def _timer_as_data(timer: Timer) -> dict[str, Any]:
    return {
        "node": timer.node or None,
        "since": timer.since,
        "until": timer.until,
        "handled_until": timer.handled_until,
        "next_due": timer.next_due,
        "runs_made": timer.runs_made,
        "last_nominal": timer.last_nominal,
    }


def _dismissal_as_data(each: Dismissal) -> dict[str, Any]:
    return {
        "node": each.node or None,
        "revision": each.revision,
        "after": each.after,
        "until": each.until,
        "count": each.count,
        "reason": each.reason,
    }


def _revision_as_data(each: Revision) -> dict[str, Any]:
    return {
        "number": each.number,
        "holds_from": each.holds_from,
        "by": each.by,
        "why": each.why,
        "changes": each.changes,
    }
