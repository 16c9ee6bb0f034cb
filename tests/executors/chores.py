"""What the executors' tests run: tasks that behave, and tasks that do not. Named by import path, as in production."""

import asyncio
import ctypes
import inspect
import itertools
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Never

from klokker.core.definition import Json
from klokker.engine.clock import MACHINE
from klokker.executors.contract import Prepared
from klokker.tasks.context import RunContext
from klokker.tasks.results import Cancel, Counts, Snooze

CHORES: dict[str, Callable[..., object]] = {}


def chore(function: Callable[..., object]) -> Callable[..., object]:
    """Make the function known under its name; a parameter `run` is handed the context."""
    CHORES[function.__name__] = function
    return function


def prepare() -> Prepared:
    """What a child calls once."""

    def call(task: str, run: RunContext, args: Sequence[Json], kwargs: Mapping[str, Json]) -> object:
        chore = CHORES[task]
        context = (run,) if "run" in inspect.signature(chore).parameters else ()
        return chore(*context, *args, **kwargs)

    return Prepared(call=call, still_mine=lambda run, token: run == token, monotonic=MACHINE.monotonic)


# ── that behave ─────────────────────────────────────────────────────────────────────────────────────────────────────


@chore
def nothing() -> None:
    pass


@chore
def echo(*args: Json, **kwargs: Json) -> object:
    return {"args": args, "kwargs": kwargs}


@chore
def length(text: str) -> int:
    return len(text)


@chore
def told(run: RunContext) -> object:
    window = run.window and [run.window.after.isoformat(), run.window.until.isoformat()]
    return [run.run_id, run.attempt, run.nominal_at and run.nominal_at.isoformat(), window, run.dry_run]


@chore
def mine(run: RunContext) -> None:
    run.check()


@chore
def counted() -> Counts:
    return Counts(found=3, deleted=2)


@chore
def later(seconds: float) -> Snooze:
    return Snooze(timedelta(seconds=seconds))


@chore
def not_needed() -> Cancel:
    return Cancel("nothing to do")


@chore
async def awaited() -> str:
    await asyncio.sleep(0)
    return "awaited"


@chore
def talkative(run: RunContext, lines: int) -> None:
    for number in range(lines):
        run.logger.info("line %d", number)
        run.progress(number + 1, lines)


# ── that do not ─────────────────────────────────────────────────────────────────────────────────────────────────────


@chore
def fails() -> Never:
    raise ValueError("no such report")


@chore
def leaves(status: int) -> Never:
    sys.exit(status)


@chore
def base_exception() -> Never:
    class Odd(BaseException):
        pass

    raise Odd("of a kind of its own")


@chore
def unstorable() -> object:
    return object()


@chore
def enormous() -> object:
    return "x" * 100_000_000


@chore
def unprintable() -> Never:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    raise Mute


@chore
def recursion() -> object:
    return recursion()


# ── that wait ───────────────────────────────────────────────────────────────────────────────────────────────────────


@chore
def waits_for(run: RunContext, gate: str) -> int:
    """Say who it is, and go on when somebody writes to the named pipe."""
    run.logger.info("pid %d", os.getpid())
    Path(gate).read_bytes()
    return os.getpid()


@chore
def hangs(run: RunContext) -> None:
    run.logger.info("pid %d", os.getpid())
    threading.Event().wait()


@chore
def hangs_but_tidies_up(run: RunContext, left: str) -> None:
    try:
        hangs(run)
    finally:
        Path(left).write_text("tidied up")


@chore
def hangs_and_swallows(run: RunContext) -> str:
    try:
        hangs(run)
    except BaseException:  # noqa: BLE001
        return "as if nothing were"
    return "not reached"


@chore
def hangs_deaf(run: RunContext) -> None:
    """No signal that can be held off reaches it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    hangs(run)


@chore
def hangs_in_c(run: RunContext) -> int:
    """The interpreter never comes to look at signals."""
    run.logger.info("pid %d", os.getpid())
    return sum(itertools.repeat(0))


@chore
def hangs_with_company(run: RunContext) -> None:
    """Three processes of its own: one in its group, one in a session of its own, one that the second started."""
    waiting = [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"]
    starting = [
        sys.executable,
        "-c",
        f"import subprocess, os; p = subprocess.Popen({waiting}); print(p.pid, flush=True); p.wait()",
    ]
    near = subprocess.Popen(waiting, stdout=subprocess.PIPE)
    far = subprocess.Popen(starting, stdout=subprocess.PIPE, start_new_session=True)
    assert near.stdout
    assert far.stdout
    near.stdout.readline()
    farthest = int(far.stdout.readline())
    run.logger.info("company %d %d %d", near.pid, far.pid, farthest)
    hangs(run)


@chore
def hangs_stopped(run: RunContext) -> None:
    run.logger.info("pid %d", os.getpid())
    os.kill(os.getpid(), signal.SIGSTOP)


@chore
def until_cancelled(run: RunContext) -> str:
    run.logger.info("pid %d", os.getpid())
    pause = threading.Event()
    while not run.cancelled:
        pause.wait(0.005)
    return "stopped half-way"


# ── that harm their own process ─────────────────────────────────────────────────────────────────────────────────────


@chore
def exits(status: int) -> Never:
    os._exit(status)


@chore
def kills_itself(signum: int) -> None:
    os.kill(os.getpid(), signum)
    threading.Event().wait()


@chore
def segfaults() -> object:
    return ctypes.string_at(0)


@chore
def closes_everything(run: RunContext) -> None:
    os.closerange(3, 1000)
    run.logger.info("is anybody there?")


@chore
def closes_everything_and_opens_files(path: str) -> None:
    os.closerange(3, 1000)
    for number in range(20):
        os.open(f"{path}.{number}", os.O_CREAT | os.O_WRONLY)


@chore
def forks_and_lets_both_return() -> int:
    os.fork()
    return os.getpid()


@chore
def speaks_out_of_turn() -> None:
    for number in range(3, 100):
        try:
            is_socket = stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError:
            continue
        if is_socket:
            try:
                os.write(number, b"hello, worker\n")
            except OSError:
                continue


@chore
def leaves_the_place_in_disorder(run: RunContext) -> None:
    os.chdir("/")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    sys.stdout = sys.stderr = None
    run.logger.info("pid %d", os.getpid())


@chore
def here() -> str:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    print("begun", end="")
    return os.getcwd()


@chore
def leaves_a_mark(run: RunContext, path: str) -> None:
    """One line a run, written at once: who runs twice is there twice."""
    with open(path, "ab", buffering=0) as file:
        file.write(f"{run.run_id}\n".encode())


@chore
def whoami() -> int:
    return os.getpid()


@chore
def grows(megabytes: int) -> int:
    bytearray(megabytes * 2**20)
    return os.getpid()


@chore
def sockets() -> list[str]:
    """The sockets that this process holds."""
    held = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            held.append(os.readlink(link))
        except FileNotFoundError:
            continue
    return [target for target in held if target.startswith("socket:")]


# ── other ways of being prepared ────────────────────────────────────────────────────────────────────────────────────


def prepare_with_a_thread() -> Prepared:
    """As a project whose modules start a thread when imported."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return prepare()


def prepare_and_fail() -> Prepared:
    raise ImportError("no module of that name: 'reports'")


def prepare_once_mended() -> Prepared:
    if not os.path.exists(os.environ["MENDED"]):
        raise ImportError("not mended yet")
    return prepare()


def prepare_and_die() -> Prepared:
    os._exit(9)


def prepare_nothing() -> None:
    pass
