"""`klokker node`: the named places in which runs may run."""

from typing import Annotated, Any

import typer

from klokker.cli.acting import NeedsYes, acting
from klokker.cli.columns import Column
from klokker.cli.effects import as_data, say_effect
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, Yes, confirmed, counted, moment, print_json, relative, say, table
from klokker.django.models import Node, Process
from klokker.operations.node import enrol_node, preview_retire_node, retire_node
from klokker.watch.fleet import LIVING

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("NODE"),
    Column("STATE"),
    Column("SINCE", spare=True),
    Column("HEARD"),
    Column("PROCESSES", wrap=True),
)


@app.callback(invoke_without_command=True)
def by_itself(context: typer.Context) -> None:
    """The named places in which runs may run. By itself: the list."""
    if context.invoked_subcommand is None:
        group: Any = context.command
        group.commands["list"].callback(as_json=False)


@app.command("list")
def list_nodes(as_json: AsJson = False) -> None:
    """The nodes: since when, heard from when, and the processes that carry them."""
    now = the_moment()
    processes = list(Process.objects.filter(left_at__isnull=True).order_by("id"))
    rows = []
    for node in Node.objects.order_by("name"):
        here = [process for process in processes if process.node == node.name]
        heard = max(
            [process.heartbeat for process in here] + ([node.ticked_at] if node.ticked_at else []), default=None
        )
        alive = [process for process in here if process.heartbeat >= now - LIVING]
        state = "retired" if node.retired else ("active" if alive else "quiet")
        rows.append((node, state, heard, alive))
    if as_json:
        print_json(
            {
                "nodes": [
                    {
                        "name": node.name,
                        "state": state,
                        "since": node.since,
                        "retired": node.retired,
                        "heard": heard,
                        "processes": [
                            {
                                "id": process.id,
                                "roles": process.roles,
                                "pid": process.pid,
                                "host": process.host,
                                "lanes": process.lanes,
                                "version": process.version,
                                "time_data": process.time_data,
                                "heartbeat": process.heartbeat,
                            }
                            for process in alive
                        ],
                    }
                    for node, state, heard, alive in rows
                ]
            }
        )
        return
    table(
        COLUMNS,
        (
            (
                node.name,
                state,
                moment(node.since),
                relative(heard, now),
                ", ".join(f"{'+'.join(process.roles)} {process.pid}" for process in alive),
            )
            for node, state, heard, alive in rows
        ),
        empty="No node has enrolled yet: `klokker serve` enrols this one.",
    )


@app.command("enrol")
def enrol(name: Annotated[str, typer.Argument(help="The node.")], as_json: AsJson = False) -> None:
    """Make a node known before its first process does: schedules on each node begin there."""
    act = acting()
    effects = enrol_node(act.store, name, act.asked)
    if as_json:
        print_json({"name": name, "schedules": [as_data(effect) for effect in effects]})
        return
    for effect in effects:
        say_effect(effect, done=True)
    say(f"node {name} is enrolled; on it begin {counted(len(effects), 'schedule')}")


@app.command("retire")
def retire(
    name: Annotated[str, typer.Argument(help="The node.")],
    cancel_waiting: Annotated[
        bool, typer.Option("--cancel-waiting", help="Cancel its runs that have not begun.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take a node out: its timers close, and what is undecided there is dismissed as paused."""
    act = acting()
    if not yes:
        for effect in preview_retire_node(act.store, name, act.asked, cancel_waiting=cancel_waiting):
            say_effect(effect, done=False)
        confirmed(f"Retire node {name}?", yes=yes, refuse=lambda: NeedsYes(f"retiring node {name}"))
    effects = retire_node(act.store, name, act.asked, cancel_waiting=cancel_waiting)
    if as_json:
        print_json({"name": name, "schedules": [as_data(effect) for effect in effects]})
        return
    say(f"node {name} is retired; on it end {counted(len(effects), 'schedule')}")
