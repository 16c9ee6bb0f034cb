"""Kill at random, let things settle, and see whether every promise held: a volley, and many of them.

What is killed, and when, comes from a seed, which is printed; what the killed were just doing is the machine's own chance.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg

from tests.acceptance.volleys import estate
from tests.acceptance.volleys.fleet import Fleet, Living, children, kill_offspring
from tests.acceptance.volleys.history import moment, opened, read
from tests.acceptance.volleys.proof import Evidence, prove, read_lines
from tests.real.postgres import OwnServer
from tests.waiting import StillWaiting, until

DOWN = (0.0, 0.1, 0.5, 1.5, 3.5)
"""Seconds for which a killed server may stay down; the longest is longer than a lease."""

SETTLED_WITHIN = 120.0


@dataclass
class Volleys:
    """A fleet under fire. `server`: the database's, if it has one and it may be shot at too."""

    fleet: Fleet
    random: Random
    server: OwnServer | None = None
    killed: Counter[str] = field(default_factory=Counter)
    _frozen: list[Living] = field(default_factory=list)

    def begin(self) -> None:
        """An estate to keep, and a fleet that keeps it."""
        self.yesterday = datetime.combine(self._now().date(), datetime.min.time(), UTC) - timedelta(seconds=1)
        self._own("made")
        self.fleet.fill()

    def fire(self, shots: int, *, at_the_server: int = 0) -> None:
        """So many kills at random moments; among them so many of the server, and of one process of it.

        Where there is a server, a worker stands still meanwhile.
        """
        targets = ["server", "backend"] * at_the_server
        targets += self.random.choices(
            ("scheduler", "worker", "child", "nursery"), (35, 20, 40, 5), k=shots - len(targets)
        )
        self.random.shuffle(targets)
        if self.server is not None:
            # A stopped process that holds SQLite's one right to write keeps all others waiting, and would prove nothing.
            self._freeze_a_worker()
        for target in targets:
            threading.Event().wait(self.random.uniform(0.0, 0.35))
            self._shoot(target)
            # Now and then, those who should be there are missed for a while.
            if self.random.random() < 0.8:
                self.fleet.fill()

    def settle(self) -> None:
        """Wait until all that fell due before now has been decided and is done."""
        self.fleet.fill()
        self._thaw()
        now = self._now()
        self._await(lambda: self._decided(now), "the decision of all that is due")
        newest = self._newest_run()
        self._await(lambda: self._done(newest), "the end of every run")

    def check(self) -> None:
        """What Klokker's account says, and what we find without it."""
        account = self.fleet.account()
        assert account["exact"], [each for each in account["accounts"] if not each["exact"]]
        findings = prove(self.evidence())
        assert not findings, "\n".join(findings[:50])

    def nothing_held(self) -> None:
        """Whoever left in order has let go of everything."""
        held = self._rows("SELECT id, task, claimed_by FROM klokker_run WHERE state = 'claimed'")
        assert not held, f"left in order, and still held: {held}\n{self.fleet.last_words()}"

    def tend(self) -> None:
        """Retire schedules, make them anew under the same names, pause one, enqueue runs."""
        self._own("tended")

    def evidence(self) -> Evidence:
        # The history knows of all that was written down before it was read, and is borne out by what was when it had been.
        before = read_lines(self.fleet.witness)
        history = read(self.fleet.database)
        after = read_lines(self.fleet.witness)
        return Evidence(history, before, after, estate.rhythms(self.yesterday), estate.REPEATABLE, estate.SNOOZING)

    def undone(self) -> list[Any]:
        """Runs that have not ended."""
        return self._rows(
            "SELECT id, schedule_id, task, state, node, planned, claimed_by, token, lease_until FROM klokker_run "
            "WHERE state <> 'done' ORDER BY id LIMIT 20"
        )

    def described(self) -> str:
        """How much was at stake."""
        noted = read(self.fleet.database)
        outcomes = Counter(run["outcome"] or run["state"] for run in noted.last_seen("run").values())
        gone = len(noted.removed("run")), len(noted.removed("schedule"))
        return f"runs: {dict(outcomes)}; pruned: {gone[0]} runs, {gone[1]} schedules"

    # ── shots ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _shoot(self, target: str) -> None:
        """Kill one of these, waiting until one is there."""
        if target == "server":
            self._kill_server()
        else:
            self._await(lambda: self._hit(target), f"a {target} to kill")
        self.killed[target] += 1

    def _await(self, look: Callable[[], object], what: str) -> None:
        try:
            until(look, what, within=SETTLED_WITHIN, every=0.05)
        except StillWaiting as waiting:
            raise AssertionError(f"{waiting}\nnot done: {self.undone()}\n{self.fleet.last_words()}") from None

    def _hit(self, target: str) -> bool:
        match target:
            case "scheduler":
                return self._kill_place("beat", "serve")
            case "worker":
                return self._kill_place("worker", "serve")
            case "child":
                return self._kill_one_of(self.fleet.nurseries())
            case "nursery":
                return self._kill_one_of([worker.pid for worker in self.fleet.standing("worker", "serve")])
            case "backend":
                assert self.server is not None
                return self._kill_one_of([self.server.pid])
        raise ValueError(target)

    def _kill_place(self, *kinds: str) -> bool:
        standing = self.fleet.standing(*kinds)
        if not standing:
            self.fleet.fill()
            return False
        shot = self.random.choice(standing)
        shot.killed = True
        return shot.signal(signal.SIGKILL)

    def _kill_one_of(self, parents: Sequence[int]) -> bool:
        offspring = [child for parent in parents for child in children(parent)]
        if not offspring:
            self.fleet.fill()
            return False
        return kill_offspring(parents, self.random.choice(offspring))

    def _freeze_a_worker(self) -> None:
        """Stop one in mid-work. What it held is given to others, and it hears of that when it goes on."""
        workers = self.fleet.standing("worker")
        if workers:
            frozen = self.random.choice(workers)
            frozen.signal(signal.SIGSTOP)
            self._frozen.append(frozen)

    def _thaw(self) -> None:
        """Let them go on, past their leases."""
        if self._frozen:
            self._await(self._others_have_what_it_held, "the rescue of what a stopped worker held")
        for frozen in self._frozen:
            if frozen.alive:
                frozen.signal(signal.SIGCONT)
        self._frozen.clear()

    def _others_have_what_it_held(self) -> bool:
        frozen = " OR ".join(f"claimed_by LIKE '%/{each.pid}-%'" for each in self._frozen)
        ((held,),) = self._rows(f"SELECT count(*) FROM klokker_run WHERE state = 'claimed' AND ({frozen})")
        return not held

    def _kill_server(self) -> None:
        assert self.server is not None
        self.server.kill()
        threading.Event().wait(self.random.choice(DOWN))
        self.server.start()

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _own(self, what: str) -> None:
        code, said = self.fleet.ask(what, self.yesterday.isoformat(), program="tests.acceptance.volleys.estate")
        assert code == os.EX_OK, said

    def _decided(self, now: datetime) -> bool:
        """Has every timer that goes on been decided up to `now`, and been released?"""
        behind = self._rows(
            "SELECT t.next_due FROM klokker_timer t JOIN klokker_schedule s ON s.id = t.schedule_id "
            "WHERE s.state IN ('active', 'paused') AND t.until IS NULL AND (t.next_due IS NOT NULL OR s.state = 'paused')"
        )
        return not any(due is None or _read(due) <= now for (due,) in behind)

    def _newest_run(self) -> int:
        ((newest,),) = self._rows("SELECT COALESCE(max(id), 0) FROM klokker_run")
        return int(newest)

    def _done(self, newest: int) -> bool:
        ((undone,),) = self._rows(f"SELECT count(*) FROM klokker_run WHERE id <= {newest} AND state <> 'done'")
        return not undone

    def _now(self) -> datetime:
        clock = (
            "strftime('%Y-%m-%d %H:%M:%f', 'now')" if self.fleet.database.vendor == "sqlite" else "clock_timestamp()"
        )
        ((now,),) = self._rows(f"SELECT {clock}")
        return _read(now)

    def _rows(self, sql: str) -> list[Any]:
        """What the database answers; one that has lost a process may be on its way down, and then recover, for a while."""
        for _ in range(100):
            try:
                with opened(self.fleet.database) as connection:
                    rows: list[Any] = connection.execute(sql).fetchall()
                    return rows
            except psycopg.OperationalError:
                threading.Event().wait(0.1)
        raise AssertionError(f"the server does not come back: {sql}")


def _read(value: Any) -> datetime:
    return moment(value) if isinstance(value, str) else value.astimezone(UTC)
