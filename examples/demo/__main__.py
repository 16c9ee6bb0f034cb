"""Five systems after a weekend in which the machine was off: what is caught up, what is dismissed and why, what runs next.

    DJANGO_SETTINGS_MODULE=examples.settings KLOKKER_HOME=demo-data python -m examples.demo

Ends DEMO_SECONDS after the first decision, if that is set, else at Ctrl-C, with the account; the exit code is 0 only if it is exact.
"""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import django
from rich.console import Console

LOOK_EVERY = 0.25
WIDE = 200
"""Columns of a picture that is written to a file: enough to cut nothing."""
STOP_WITHIN = 60
KLOKKER = str(Path(sys.executable).with_name("klokker"))

Process = subprocess.Popen[bytes]


def main() -> int:
    """Prepare, run, show, settle the account."""
    signal.signal(signal.SIGTERM, _interrupt)
    with _in_front():
        return _demonstrate()


def _demonstrate() -> int:
    django.setup()
    from examples.demo.prepare import NODES, SYSTEMS, prepare, take_places
    from klokker.cli.faults import worded
    from klokker.core.errors import KlokkerError
    from klokker.engine.clock import MACHINE

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    on_since = MACHINE.wall()
    off_since = last_friday(on_since)
    console.print(
        f"Making {len(SYSTEMS)} systems, as they stood on {off_since:%A %d %B at %H:%M} UTC: 20 000 reports and more …"
    )
    try:
        prepare(off_since)
        take_places()
    except KlokkerError as error:
        message, code = worded(error)
        print(f"demonstration: {message}", file=sys.stderr)
        return code
    with _fleet() as processes:
        try:
            processes.append(_start("serve", NODES[0]))
            _show(console, off_since, on_since, processes)
        except KeyboardInterrupt:
            console.print("Stopping; what runs may end first.")
    console.print("\nThe account: everything that fell due became one run, or was dismissed with a reason.")
    account = subprocess.run([KLOKKER, "account", "--retired"], check=False).returncode
    _hints(console)
    # One that was asked to stop before it had begun dies of the request itself.
    faulty = [process.args for process in processes if process.returncode not in (0, -signal.SIGTERM)]
    for command in faulty:
        print(f"demonstration: {command!r} did not end well; its log is in {_home()}", file=sys.stderr)
    return account or int(bool(faulty))


@contextmanager
def _in_front() -> Iterator[None]:
    """In a terminal: Ctrl-C is for this program alone. `make`, if that began it, would else end with an exit code of its own."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield
        return
    before = os.tcgetpgrp(terminal)
    if before != os.getpgrp():
        # Somebody put it into the background, where it has nothing to say about the terminal.
        os.close(terminal)
        yield
        return
    if os.getpid() != before:
        os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)
        os.close(terminal)


def last_friday(now: datetime) -> datetime:
    """The last Friday at five in the afternoon that has a whole weekend behind it."""
    ended = now - timedelta(hours=60)
    friday = ended - timedelta(days=(ended.weekday() - 4) % 7)
    at_five = friday.replace(hour=17, minute=0, second=0, microsecond=0)
    return at_five if at_five <= ended else at_five - timedelta(days=7)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _fleet() -> Iterator[list[Process]]:
    """Processes of Klokker, to be put in; at the end all are asked to stop, and may end what they began."""
    processes: list[Process] = []
    try:
        yield processes
    finally:

        def stop(*_: object) -> None:
            for process in processes:
                process.terminate()

        # Who presses Ctrl-C once more does not want to wait: a second request makes a process stop at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        stop()
        for process in processes:
            try:
                process.wait(timeout=STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(role: str, node: str) -> Process:
    with (_home() / f"{role}.log").open("wb") as log:
        # A group of its own, so that Ctrl-C reaches this program alone, which then stops it in order.
        return Process(
            [KLOKKER, role],
            env={**os.environ, "KLOKKER_NODE": node},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _show(console: Console, off_since: datetime, on_since: datetime, processes: list[Process]) -> None:
    """Look and show, until the time is over or somebody interrupts. A second node joins when the first one has begun to work."""
    from examples.demo.prepare import NODES
    from examples.demo.view import Screen, Teller, headline, look
    from klokker.django.models import Schedule
    from klokker.engine.clock import MACHINE
    from klokker.engine.rest import EventRest

    rest = EventRest()
    seconds, until = float(os.environ.get("DEMO_SECONDS") or "inf"), math.inf
    head = headline(Schedule.objects.count(), off_since, on_since)
    with Screen(console, head) if console.is_terminal else Teller(console, head) as shown:
        while MACHINE.monotonic() < until:
            for process in processes:
                if process.poll() is not None:
                    raise SystemExit(f"demonstration: {process.args!r} ended by itself; its log is in {_home()}")
            seen = look(MACHINE.wall(), on_since, shown.room)
            shown.show(seen)
            if seen.done and len(processes) == 1:
                # Not at once: two that start together on two cores take twice as long.
                processes.append(_start("worker", NODES[1]))
            if seen.caught_up:
                until = min(until, MACHINE.monotonic() + seconds)
            rest.wait(LOOK_EVERY)


def _hints(console: Console) -> None:
    console.print("\nTo look around, or to run the service on this data (`make serve` in a checkout):")
    where = f"KLOKKER_HOME={_home()} DJANGO_SETTINGS_MODULE=examples.settings PYTHONPATH={os.environ.get('PYTHONPATH', '.')}"
    console.print(f"  export {where}", soft_wrap=True)
    for words in ("list", "show anonymize_reporters", "runs", "check"):
        console.print(f"  {KLOKKER} {words}", soft_wrap=True)


def _home() -> Path:
    return Path(os.environ["KLOKKER_HOME"])


if __name__ == "__main__":
    sys.exit(main())
