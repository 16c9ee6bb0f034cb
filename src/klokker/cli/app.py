"""The tree of commands. A command's module is imported when the command is called, so that `klokker tick` starts fast."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

# Each name is a module of klokker.cli.commands: what it does, in a line, and the heading it stands under.
CATALOGUE: dict[str, tuple[str, str]] = {
    "serve": ("Run scheduler and workers in one process.", "Run"),
    "beat": ("Run a scheduler.", "Run"),
    "worker": ("Run a worker.", "Run"),
    "tick": ("Decide what is due, run it here, and exit: for the system's cron.", "Run"),
    "run": ("Run one schedule or task now.", "Run"),
    "demo": ("Watch real schedules do real work, after a weekend off.", "Run"),
    "list": ("The schedules, and when each runs next.", "Look"),
    "show": ("One schedule: what it is, what it did, what it will do.", "Look"),
    "preview": ("When a schedule, or a timetable, runs next.", "Look"),
    "forecast": ("How much will start, and how busy it will be.", "Look"),
    "simulate": ("Play a file of schedules in memory: what would run, and what not.", "Look"),
    "explain": ("What a timetable does, in words.", "Look"),
    "tzdiff": ("Which schedules move under other time zone data.", "Look"),
    "runs": ("What ran, runs and will run.", "Look"),
    "logs": ("What a run logged.", "Look"),
    "check": ("Is all well? The exit code says it.", "Look"),
    "lint": ("What is doubtful in schedules, before it does harm.", "Look"),
    "pause": ("Stop planning a schedule, with a reason.", "Change"),
    "resume": ("Plan a paused or broken schedule again.", "Change"),
    "retire": ("End a schedule; its history stays.", "Change"),
    "backfill": ("Run the occurrences of a past window.", "Change"),
    "cancel": ("Ask runs to cancel.", "Change"),
    "retry": ("Run a finished run again.", "Change"),
    "rewind": ("Set right what was decided under a wrong clock.", "Change"),
    "sync": ("Make the schedules what a file says; the plan is shown first.", "Change"),
    "account": ("Prove that every occurrence became a run or a dismissal.", "Look"),
    "node": ("Nodes: list, enrol, retire.", "Keep"),
    "lane": ("Lanes: list, limit, pause.", "Keep"),
    "calendar": ("Calendars: list, show, add, edit, remove.", "Keep"),
    "migrate": ("Bring the database to this version's schema.", "Keep"),
    "backup": ("Copy the database to a file.", "Keep"),
    "restore": ("Put a copy of the database back.", "Keep"),
}


SEE_TO_IT = {
    "serve",
    "beat",
    "worker",
    "tick",
    "demo",
    "simulate",
    "check",
    "migrate",
    "backup",
    "restore",
    "preview",
    "explain",
}
"""Commands that look after the database's schema in their own way, or need none. All others begin by seeing that it is this version's."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from the catalogue, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, short_help=does, rich_help_panel=heading)
            for name, (does, heading) in CATALOGUE.items()
        }

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called; the `app` of its module holds one command, or a group of them."""
        name, listed, rest = super().resolve_command(ctx, args)
        if listed is None:
            return name, listed, rest
        command: Any = typer.main.get_command(import_module(f"klokker.cli.commands.{name}").app)
        command.name = name
        if name not in SEE_TO_IT:
            for each in getattr(command, "commands", {"": command}).values():
                each.callback = _on_its_schema(each.callback)
        return name, command, rest


def _on_its_schema(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The command, once it is known that it will find its tables."""

    @wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        from klokker.cli.migrating import see_schema  # needs Django, as the commands do

        see_schema()
        return callback(*args, **kwargs)

    return run


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version as installed_version  # slow to import, and seldom asked for

        typer.echo(f"klokker {installed_version('klokker')}")
        raise typer.Exit


def commands() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(cls=LazyGroup, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_options)
    return app


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Recurring chores: scheduled, accounted for, and safe after a kill.

    Every command takes --help; those that print take --json. --debug shows where a fault arose.
    """
    del version
