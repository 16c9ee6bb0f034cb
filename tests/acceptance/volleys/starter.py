"""Becomes `klokker beat`, `klokker worker`, … as often as it is asked to, without importing Klokker each time.

An import takes longer than all else that a process does until it works; two hundred of them would be most of the test.
So one process imports, and each process of the fleet is a fork of it, which goes the whole way of the console script:
settings, database, parts, duties, signals. Nothing of the way is replaced. The processes that a worker starts are its own.

Orders come as lines of JSON on stdin, process ids go to stdout. When stdin ends, because whoever ordered is gone,
this process ends, and the kernel kills all that it has started.
"""

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

KLOKKER = "klokker.service.main"
"""The module of the console script."""

LOADED = ("beat", "worker", "serve", "account")


def main() -> None:
    """Import, then start what is ordered."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "klokker.service.django_settings"
    django.setup()
    for command in LOADED:
        import_module(f"klokker.cli.commands.{command}")
    import_module(KLOKKER)
    import_module("klokker.service.program")
    import_module("tests.acceptance.volleys.estate")
    # The kernel reaps: who ends is watched by whoever ordered it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ourselves = os.getpid()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(order["program"], order["arguments"], Path(order["log"]), ourselves)
        print(pid, flush=True)


def become(program: str, arguments: list[str], log: Path, parent: int) -> NoReturn:
    """The `main` of that module, as a process of its own; what it says goes to `log`, and its exit code beside it."""
    code: object = 1
    try:
        from klokker.executors.processes.kernel import die_with

        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        die_with(parent)
        said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.argv = [program, *arguments]
        import_module(program).main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 — nothing may return into the starter's own loop from here
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    log.with_suffix(".code").write_text(str(code))
    os._exit(0)


if __name__ == "__main__":
    main()
