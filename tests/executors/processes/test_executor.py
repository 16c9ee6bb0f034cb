"""Processes: what a task can do to its process, and who is killed when (docs/concepts/executors.md)."""

import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from klokker.core.lifecycle import Outcome
from klokker.engine.clock import MACHINE
from klokker.events import ChildDied, ChildKilled, Event, subscribe
from klokker.executors.contract import Assignment, Ended, NoRoom, Started
from klokker.executors.processes import NotHere, Nurse, NurseryFailed, Processes
from klokker.executors.processes.kernel import descendants
from tests.executors.conftest import PREPARE
from tests.executors.listening import Listener
from tests.executors.watching import Watch, company_of, parent_of, pid_of, state_of
from tests.waiting import until

pytestmark = pytest.mark.acceptance

SOON = timedelta(milliseconds=50)
AT_ONCE = timedelta(0)

Make = Callable[..., Listener]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes an executor with processes."""
    made: list[Processes] = []

    def one(
        nurse: Nurse | None = None,
        *,
        slots: int = 1,
        depth: int = 8,
        patience: timedelta = timedelta(seconds=5),
    ) -> Listener:
        executor = Processes(nurse or Nurse(PREPARE), MACHINE.monotonic, slots=slots, depth=depth, patience=patience)
        made.append(executor)
        return Listener(executor)

    yield one
    for executor in made:
        executor.close()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A named pipe that holds up `waits_for`."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def begin(listener: Listener, run: int, task: str, *args: str | int, timeout: timedelta | None = None) -> None:
    listener.ready(1)
    listener.executor.start([Assignment(run, run, task, args=args, timeout=timeout)])


# ── timeout ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_timeout_interrupts_the_task_where_it_stands(make: Make, tmp_path: Path) -> None:
    listener = make()
    left = tmp_path / "left"
    begin(listener, 1, "hangs_but_tidies_up", str(left), timeout=SOON)
    ending = listener.ended(1).ending
    assert ending.outcome is Outcome.TIMED_OUT
    assert "0:00:00.05" in ending.error
    assert "threading.Event().wait()" in ending.error
    assert left.read_text() == "tidied up"


def test_a_timeout_kills_nobody_else(make: Make, gate: Path) -> None:
    listener = make(slots=2)
    begin(listener, 1, "waits_for", str(gate))
    begin(listener, 2, "hangs", timeout=SOON)
    with Watch([pid_of(listener, 1), pid_of(listener, 2)]) as watch:
        assert listener.ended(2).ending.outcome is Outcome.TIMED_OUT
        assert watch.alive() >= {pid_of(listener, 1)}
        gate.write_text("go on")
        assert listener.ended(1).ending.result == pid_of(listener, 1)


@pytest.mark.parametrize("task", ["hangs_deaf", "hangs_in_c", "hangs_stopped"])
def test_what_sigterm_does_not_reach_is_killed_after_the_patience(make: Make, task: str) -> None:
    listener = make(patience=SOON)
    begin(listener, 1, task, timeout=SOON)
    with Watch([pid_of(listener, 1)]) as watch:
        ending = listener.ended(1).ending
        assert watch.alive() == set()
    assert ending.outcome is Outcome.TIMED_OUT
    assert "was killed" in ending.error
    assert listener.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_a_task_that_swallows_the_interruption_has_timed_out_all_the_same(make: Make) -> None:
    listener = make()
    begin(listener, 1, "hangs_and_swallows", timeout=SOON)
    ending = listener.ended(1).ending
    assert (ending.outcome, ending.result) == (Outcome.TIMED_OUT, "as if nothing were")


def test_a_timeout_kills_what_the_task_has_started(make: Make) -> None:
    listener = make()
    begin(listener, 1, "hangs_with_company", timeout=timedelta(seconds=2))
    company = company_of(listener, 1)
    with Watch(company) as watch:
        assert watch.alive() == set(company)
        assert listener.ended(1).ending.outcome is Outcome.TIMED_OUT
        assert watch.gone() == set(company)


def test_a_timeout_ends_no_run_that_came_after(make: Make) -> None:
    listener = make(depth=4)
    listener.ready(1)
    runs = [Assignment(1, 1, "hangs", timeout=SOON, repeatable=True)]
    runs += [Assignment(run, run, "nothing", timeout=timedelta(hours=1), repeatable=True) for run in (2, 3, 4)]
    listener.executor.start(runs)
    assert listener.ended(1).ending.outcome is Outcome.TIMED_OUT
    assert {listener.ended(run).ending.outcome for run in (2, 3, 4)} == {Outcome.SUCCEEDED}


# ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cancel_is_a_request_that_the_task_sees(make: Make) -> None:
    listener = make()
    begin(listener, 1, "until_cancelled")
    pid = pid_of(listener, 1)
    listener.executor.cancel(1)
    ending = listener.ended(1).ending
    assert (ending.outcome, ending.result) == (Outcome.CANCELLED, "stopped half-way")
    assert listener.run("whoami", run=2).result == pid


def test_what_does_not_heed_a_cancel_is_killed_when_that_was_asked(make: Make) -> None:
    listener = make(patience=SOON)
    begin(listener, 1, "hangs_deaf")
    pid_of(listener, 1)
    listener.executor.cancel(1, kill_after=SOON)
    ending = listener.ended(1).ending
    assert ending.outcome is Outcome.CANCELLED
    assert "did not end within 0:00:00.05" in ending.error


def test_a_cancel_of_one_run_does_not_reach_the_next(make: Make, gate: Path) -> None:
    listener = make()
    begin(listener, 1, "waits_for", str(gate))
    pid_of(listener, 1)
    listener.executor.cancel(1)
    gate.write_text("go on")
    assert listener.ended(1).ending.outcome is Outcome.SUCCEEDED
    begin(listener, 2, "until_cancelled")
    pid_of(listener, 2)
    listener.executor.cancel(3)
    listener.executor.wake()
    listener.executor.reports(0)
    assert not listener.of(2, Ended)
    listener.executor.cancel(2)
    assert listener.ended(2).ending.outcome is Outcome.CANCELLED


def test_a_run_cancelled_before_it_began_never_begins(make: Make, gate: Path) -> None:
    listener = make()
    listener.ready(1)
    listener.executor.start(
        [
            Assignment(1, 1, "waits_for", args=[str(gate)], repeatable=True),
            Assignment(2, 2, "fails", repeatable=True),
        ]
    )
    pid_of(listener, 1)
    listener.executor.cancel(2)
    ended = listener.ended(2)
    assert ended.ending.outcome is Outcome.CANCELLED
    assert not listener.of(2, Started)
    gate.write_text("go on")
    assert listener.ended(1).ending.outcome is Outcome.SUCCEEDED


# ── harm ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("task", "args", "outcome", "says"),
    [
        ("exits", [0], Outcome.FAILED, "ended itself with exit status 0"),
        ("exits", [7], Outcome.FAILED, "ended itself with exit status 7"),
        ("kills_itself", [signal.SIGKILL], Outcome.LOST, "died with signal 9 (SIGKILL)"),
        ("segfaults", [], Outcome.LOST, "died with signal 11 (SIGSEGV)"),
        ("closes_everything", [], Outcome.LOST, "lost its line to its worker"),
    ],
)
def test_a_task_that_ends_its_process_costs_its_own_run(
    make: Make, task: str, args: list[int], outcome: Outcome, says: str
) -> None:
    listener = make()
    begin(listener, 1, task, *args)
    ending = listener.ended(1).ending
    assert ending.outcome is outcome
    assert says in ending.error
    assert listener.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_a_child_that_lost_its_line_writes_into_no_file_of_the_task(make: Make, tmp_path: Path) -> None:
    listener = make()
    begin(listener, 1, "closes_everything_and_opens_files", str(tmp_path / "file"))
    assert "lost its line" in listener.ended(1).ending.error
    assert {file.read_bytes() for file in tmp_path.iterdir()} == {b""}


def test_a_copy_that_a_task_makes_of_its_process_ends_with_the_task(make: Make) -> None:
    listener = make()
    for run in (1, 2, 3):
        assert listener.run("forks_and_lets_both_return", run=run).outcome is Outcome.SUCCEEDED
    assert len({ended.ending.result for run in (1, 2, 3) for ended in listener.of(run, Ended)}) == 1


def test_a_task_that_writes_on_the_line_fails_and_its_process_is_replaced(make: Make) -> None:
    listener = make()
    begin(listener, 1, "speaks_out_of_turn")
    ending = listener.ended(1).ending
    assert ending.outcome is Outcome.FAILED
    assert "hello, worker" in ending.error
    assert listener.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_disorder_that_a_task_leaves_does_not_reach_the_next(make: Make) -> None:
    listener = make()
    listener.run("leaves_the_place_in_disorder", run=1)
    assert listener.run("here", run=2).result == os.getcwd()
    assert listener.lines(2) == ["to stdout", "to stderr", "begun"]
    begin(listener, 3, "hangs", timeout=SOON)
    ending = listener.ended(3).ending
    assert "Traceback" in ending.error
    assert pid_of(listener, 1) == pid_of(listener, 3)


def test_a_sigterm_that_the_worker_did_not_send_ends_no_run(make: Make, gate: Path) -> None:
    listener = make()
    begin(listener, 1, "waits_for", str(gate))
    os.kill(pid_of(listener, 1), signal.SIGTERM)
    gate.write_text("go on")
    assert listener.ended(1).ending.outcome is Outcome.SUCCEEDED


# ── children come and go ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_child_is_used_again_until_it_has_served_its_runs(make: Make) -> None:
    listener = make(Nurse(PREPARE, runs=3))
    pids = [listener.run("whoami", run=run).result for run in range(1, 8)]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4] == pids[5] != pids[6]


def test_a_child_that_has_grown_is_replaced(make: Make) -> None:
    listener = make(Nurse(PREPARE, growth=100 * 2**20))
    small, grown, after = (
        listener.run("grows", megabytes, run=run).result for run, megabytes in ((1, 1), (2, 200), (3, 1))
    )
    assert small == grown != after


def test_what_waits_behind_a_child_that_leaves_or_dies_goes_to_others_and_begins_once(make: Make) -> None:
    listener = make(Nurse(PREPARE, runs=3), slots=2, depth=20)
    listener.ready(2)
    tasks = {run: "exits" if run % 7 == 0 else "nothing" for run in range(1, 40)}
    listener.executor.start(
        [
            Assignment(run, run, task, args=[1] if task == "exits" else [], repeatable=True)
            for run, task in tasks.items()
        ]
    )
    for run, task in tasks.items():
        expected = Outcome.FAILED if task == "exits" else Outcome.SUCCEEDED
        assert listener.ended(run).ending.outcome is expected
    assert all(len(listener.of(run, Started)) == 1 for run in tasks)


def test_what_waits_behind_a_slow_run_goes_to_an_idle_child(make: Make, gate: Path) -> None:
    listener = make(slots=2, depth=10)
    listener.ready(2)
    slow = Assignment(1, 1, "waits_for", args=[str(gate)], repeatable=True)
    listener.executor.start([slow, *(Assignment(run, run, "nothing", repeatable=True) for run in range(2, 12))])
    assert all(listener.ended(run).ending.outcome is Outcome.SUCCEEDED for run in range(2, 12))
    gate.write_text("go on")
    assert listener.ended(1).ending.outcome is Outcome.SUCCEEDED


def test_what_is_given_back_has_not_begun_and_will_not(make: Make, gate: Path) -> None:
    listener = make(depth=5)
    listener.ready(1)
    slow = Assignment(1, 1, "waits_for", args=[str(gate)], repeatable=True)
    behind = [Assignment(run, run, "fails", repeatable=True) for run in range(2, 7)]
    listener.executor.start([slow, *behind])
    pid_of(listener, 1)
    assert [assignment.run for assignment in listener.executor.give_back()] == [2, 3, 4, 5, 6]
    assert set(listener.executor.running()) == {1}
    gate.write_text("go on")
    listener.ended(1)
    assert {report.run for report in listener.heard} == {1}


def test_what_is_given_back_again_and_again_still_runs_exactly_once(make: Make, tmp_path: Path) -> None:
    listener = make(Nurse(PREPARE, runs=50), slots=2, depth=20)
    executor = listener.executor
    listener.ready(1)
    marks = tmp_path / "marks"
    waiting = deque(
        Assignment(run, run, "leaves_a_mark", args=[str(marks)], repeatable=True, timeout=timedelta(hours=1))
        for run in range(1, 1001)
    )
    while waiting or executor.running():
        executor.start([waiting.popleft() for _ in range(min(len(waiting), executor.free() + executor.ahead()))])
        listener.heard += executor.reports(5)
        waiting.extend(executor.give_back())
    assert sorted(map(int, marks.read_text().split())) == list(range(1, 1001))
    assert sorted(report.run for report in listener.heard if isinstance(report, Started)) == list(range(1, 1001))
    assert sorted(report.run for report in listener.heard if isinstance(report, Ended)) == list(range(1, 1001))


def test_what_cannot_wait_is_not_put_behind_another(make: Make, gate: Path) -> None:
    listener = make(depth=5)
    begin(listener, 1, "waits_for", str(gate))
    assert (listener.executor.free(), listener.executor.ahead()) == (0, 0)
    with pytest.raises(NoRoom):
        listener.executor.start([Assignment(2, 2, "nothing")])
    gate.write_text("go on")
    listener.ended(1)


def test_children_hold_no_connection_of_the_workers(make: Make) -> None:
    left, right = socket.socketpair()
    theirs = make().run("sockets").result
    assert isinstance(theirs, list)
    assert len(theirs) == 2
    ours = [f"socket:[{os.fstat(end.fileno()).st_ino}]" for end in (left, right)]
    left.close()
    right.close()
    assert not {*ours} & {*map(str, theirs)}


def test_kill_all_ends_everything_as_lost_and_fresh_children_come(make: Make) -> None:
    listener = make(slots=2, depth=2)
    listener.ready(2)
    listener.executor.start([Assignment(run, run, "hangs_deaf", repeatable=True) for run in range(1, 5)])
    with Watch([pid_of(listener, 1), pid_of(listener, 2)]) as watch:
        listener.executor.kill_all("The worker was told to stop at once.")
        endings = [listener.ended(run).ending for run in range(1, 5)]
        assert watch.alive() == set()
    assert {ending.outcome for ending in endings} == {Outcome.LOST}
    assert all("told to stop at once" in ending.error for ending in endings)
    assert listener.run("nothing", run=9).outcome is Outcome.SUCCEEDED


def test_close_leaves_no_process_behind(make: Make) -> None:
    listener = make()
    begin(listener, 1, "hangs_with_company")
    with Watch([*company_of(listener, 1), pid_of(listener, 1)]) as watch:
        listener.executor.close()
        assert watch.alive() - watch.gone() == set()


def test_a_run_that_its_child_had_not_come_to_when_it_died_begins_in_another(make: Make) -> None:
    listener = make()
    begin(listener, 1, "hangs")
    first = pid_of(listener, 1)
    listener.executor.cancel(1, kill_after=AT_ONCE)
    listener.ended(1)
    listener.ready(1)
    stopped = who_runs(listener, 2)
    assert stopped != first
    os.kill(stopped, signal.SIGSTOP)
    until(lambda: state_of(stopped) == "T", "the child to stand still")
    begin(listener, 3, "nothing")
    os.kill(stopped, signal.SIGKILL)
    assert listener.ended(3).ending.outcome is Outcome.SUCCEEDED
    assert len(listener.of(3, Started)) == 1


# ── the nursery ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_when_the_nursery_is_killed_all_go_with_it_and_a_new_one_comes(make: Make) -> None:
    listener = make()
    begin(listener, 1, "hangs_with_company")
    child, company = pid_of(listener, 1), company_of(listener, 1)
    nursery = parent_of(child)
    with Watch([nursery, child, company[0]]) as watch:
        os.kill(nursery, signal.SIGKILL)
        assert listener.ended(1).ending.outcome is Outcome.LOST
        assert watch.gone() == {nursery, child, company[0]}
    for pid in company[1:]:
        with suppress(ProcessLookupError):  # it may have missed whom it wrote to
            os.kill(pid, signal.SIGKILL)
    assert listener.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_a_worker_that_does_not_renew_loses_its_children_and_gets_new_ones_when_it_does(make: Make) -> None:
    listener = make(Nurse(PREPARE, term=timedelta(seconds=1)))
    begin(listener, 1, "hangs_deaf")
    with Watch([pid_of(listener, 1)]) as watch:
        ending = listener.ended(1).ending
        assert watch.alive() == set()
    assert ending.outcome is Outcome.LOST
    assert "had not renewed its leases for 0:00:01" in ending.error
    assert listener.executor.free() == 0
    listener.executor.renewed()
    assert listener.run("nothing", run=2).outcome is Outcome.SUCCEEDED


def test_where_a_copy_would_not_be_sound_each_child_prepares_itself(make: Make) -> None:
    listener = make(Nurse("tests.executors.chores:prepare_with_a_thread", runs=1))
    pids = {listener.run("whoami", run=run).result for run in (1, 2)}
    assert len(pids) == 2
    begin(listener, 3, "hangs", timeout=SOON)
    assert listener.ended(3).ending.outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        ("tests.executors.chores:prepare_and_fail", "no module of that name: 'reports'"),
        ("tests.executors.chores:prepare_and_die", "status 9"),
        ("tests.executors.chores:prepare_nothing", "it returned NoneType"),
        ("tests.executors.chores:no_such_function", "has no function no_such_function"),
        ("tests.executors.chores", "no colon"),
        ("tests.no_such_module:prepare", "No module named"),
    ],
)
def test_what_cannot_be_prepared_is_said_once_with_the_reason(make: Make, prepare: str, says: str) -> None:
    listener = make(Nurse(prepare))
    with pytest.raises(NurseryFailed, match=says) as failed:
        listener.ready(1)
    assert failed.value.prepare == prepare


def test_a_nursery_that_was_killed_before_it_was_ready_has_a_successor(make: Make) -> None:
    nurse = Nurse(PREPARE)
    listener = make(nurse)
    (nursery,) = (pid for pid in descendants(os.getpid()) if parent_of(pid) == os.getpid() and is_nursery(pid))
    os.kill(nursery, signal.SIGKILL)
    with pytest.raises(NurseryFailed, match="status -9"):
        listener.ready(1)
    assert listener.run("nothing").outcome is Outcome.SUCCEEDED


def test_what_could_not_be_prepared_is_tried_again_until_it_can(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = tmp_path / "mended"
    monkeypatch.setenv("MENDED", str(mended))
    listener = make(Nurse("tests.executors.chores:prepare_once_mended"))
    with pytest.raises(NurseryFailed, match="not mended yet"):
        listener.ready(1)
    mended.touch()
    assert listener.run("nothing").outcome is Outcome.SUCCEEDED


def test_executors_that_share_a_nurse_live_and_die_apart(make: Make, gate: Path) -> None:
    nurse = Nurse(PREPARE)
    one, other = make(nurse), make(nurse, patience=SOON)
    begin(one, 1, "waits_for", str(gate))
    begin(other, 2, "hangs_deaf", timeout=SOON)
    mine = pid_of(one, 1)
    with Watch([mine]) as watch:
        assert other.ended(2).ending.outcome is Outcome.TIMED_OUT
        assert parent_of(mine) == parent_of(who_runs(other, 3))
        other.executor.close()
        assert watch.alive() == {mine}
        gate.write_text("go on")
        assert one.ended(1).ending.outcome is Outcome.SUCCEEDED


def test_executors_that_share_a_nurse_hear_both_of_its_death(make: Make) -> None:
    nurse = Nurse(PREPARE)
    one, other = make(nurse), make(nurse)
    begin(one, 1, "hangs")
    begin(other, 2, "hangs")
    pid_of(other, 2)
    os.kill(parent_of(pid_of(one, 1)), signal.SIGKILL)
    assert one.ended(1).ending.outcome is Outcome.LOST
    assert other.ended(2).ending.outcome is Outcome.LOST
    assert {each.run("nothing", run=9).outcome for each in (one, other)} == {Outcome.SUCCEEDED}


def who_runs(listener: Listener, run: int) -> int:
    """Run `whoami`; who it was."""
    pid = listener.run("whoami", run=run).result
    assert isinstance(pid, int)
    return pid


def test_who_killed_the_child_of_a_run_is_told(make: Make) -> None:
    listener = make(patience=SOON)
    told: list[Event] = []
    with subscribe(told.append):
        begin(listener, 1, "hangs_deaf")
        pid = pid_of(listener, 1)
        listener.executor.cancel(1, kill_after=SOON)
        listener.ended(1)
    (killed,) = (event for event in told if isinstance(event, ChildKilled))
    assert (killed.run, killed.pid) == (1, pid)
    assert "asked to cancel" in killed.why


def test_that_a_child_died_under_its_run_is_told(make: Make) -> None:
    listener = make()
    told: list[Event] = []
    with subscribe(told.append):
        begin(listener, 1, "exits", 3)
        listener.ended(1)
    (died,) = (event for event in told if isinstance(event, ChildDied))
    assert (died.run, died.exit_code) == (1, 3)


def is_nursery(pid: int) -> bool:
    return b"nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_children_that_come_and_go_leave_neither_descriptors_nor_unreaped_processes(make: Make) -> None:
    listener = make(Nurse(PREPARE, runs=1), slots=1)
    nursery = parent_of(who_runs(listener, 1))
    held = len(os.listdir("/proc/self/fd"))
    for run in range(2, 12):
        listener.run("nothing", run=run)
    listener.ready(1)
    listener.until(lambda: len(descendants(nursery)) == 1, "the end of the last child but one")
    listener.until(lambda: len(os.listdir("/proc/self/fd")) <= held, f"no more than {held} descriptors")


def test_where_the_system_lacks_what_it_takes_this_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    with pytest.raises(NotHere, match="Linux"):
        Nurse(PREPARE).start()


def test_a_nursery_that_was_started_early_serves_the_executors_that_come_later(make: Make) -> None:
    nurse = Nurse(PREPARE)
    nurse.start()
    (nursery,) = (pid for pid in descendants(os.getpid()) if parent_of(pid) == os.getpid() and is_nursery(pid))
    assert parent_of(who_runs(make(nurse), 1)) == nursery


def test_a_nursery_that_nobody_needed_ends_when_it_is_closed() -> None:
    nurse = Nurse(PREPARE)
    nurse.start()
    nurse.close()
    assert not [pid for pid in descendants(os.getpid()) if is_nursery(pid)]
