"""`manage.py klokker …`: the same commands, against the host project's settings and database."""

import sys

from django.core.management.base import BaseCommand
from django.db import connections

from klokker.cli.entry import run


class Command(BaseCommand):
    """Hands its arguments on as they are, so that options mean the same here as in `klokker` alone."""

    help = "Klokker's command line: schedules, runs, workers. `manage.py klokker --help` lists the commands."
    # The commands check what they need and say it in their own words.
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """`argv` is [manage.py, klokker, …]."""
        code = run(argv[2:], program=f"{argv[0]} klokker")
        connections.close_all()
        sys.exit(code)
