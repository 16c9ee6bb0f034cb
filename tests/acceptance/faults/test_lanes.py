"""A lane's limit holds over all nodes, however many claim at once."""

import threading
from collections import Counter

import pytest

from klokker.core.lifecycle import RunKind
from klokker.engine.clock import MACHINE
from klokker.store.contract import Lane, NewRun
from klokker.tasks.decorator import task
from tests.acceptance.faults.site import Member, Site

WORKERS, RUNS = 6, 30
LANE = "heavy"


class Gauge:
    """How many are inside at once, and at most were."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.done: list[int] = []
        self._full = threading.Event()

    def enter(self, lane: str, number: int) -> None:
        with self._lock:
            self._busy[lane] += 1
            self.most[lane] = max(self.most[lane], self._busy[lane])
            self.done.append(number)
            if self._busy[LANE] >= self._limit:
                self._full.set()
        # The first ones wait for each other. Later ones give others a chance to be one too many.
        if lane == LANE:
            self._full.wait(60)
            threading.Event().wait(0.01)
        with self._lock:
            self._busy[lane] -= 1


def all_at_once(members: list[Member], left: threading.Semaphore) -> None:
    """Each works in a thread of its own until all runs are done."""
    raised: list[BaseException] = []
    over = threading.Event()

    def live(member: Member) -> None:
        try:
            while not over.is_set():
                member.work()
        except BaseException as error:  # noqa: BLE001 — raised again in the thread of the test
            raised.append(error)
        finally:
            member.store.close_thread()  # type: ignore[attr-defined]

    threads = [threading.Thread(target=live, args=(member,), daemon=True) for member in members]
    for thread in threads:
        thread.start()
    for _ in range(RUNS):
        assert left.acquire(timeout=60), raised
    over.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not raised


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_holds_while_workers_on_many_nodes_claim_at_once(site: Site, limit: int) -> None:
    gauge, left = Gauge(limit), threading.Semaphore(0)

    @task(name="heavy", registry=site.registry)
    def heavy(number: int, lane: str) -> None:
        gauge.enter(lane, number)
        left.release()

    site.store.set_lane(Lane(LANE, limit=limit))
    lanes = [LANE, LANE, "default"]
    asked = [
        NewRun(RunKind.ENQUEUED, "heavy", (number, lanes[number % 3]), {}, site.now, lane=lanes[number % 3])
        for number in range(RUNS)
    ]
    site.store.enqueue(asked, now=site.now)
    members = [
        site.member(node=f"n{number}", lanes={LANE: 2, "default": 1}, clock=MACHINE) for number in range(WORKERS)
    ]
    all_at_once(members, left)
    assert gauge.most[LANE] == limit, "reached, and never passed"
    assert sorted(gauge.done) == list(range(RUNS)), "each once"
    assert {run.outcome for run in site.runs(None)} == {"succeeded"}
