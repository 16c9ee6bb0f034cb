"""Who runs what is queued? The duty that claims runs, hands them to executors, and writes how they ended.

One thread owns the worker and its executors. Each pass hears what the executors report, writes the ends in one
statement, claims for the slots that came free, and hands over. A run of a task that is not repeatable is claimed only
for a free slot, and its end is committed before the slot takes the next; of repeatable ones some are claimed ahead,
marked as begun before they are handed over, and given back if that does not happen soon.

Ends that the store cannot take are kept and offered again with each pass, until it takes or refuses them.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.lease import Lease
from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Done, Ending, Terms
from klokker.engine.clock import Clock
from klokker.engine.ends import GATHERED_FOR, Ends, Over
from klokker.engine.gate import Gate
from klokker.engine.holding import Holding
from klokker.engine.lane_slots import Hire, LaneSlots, NoSuchExecutor
from klokker.engine.rest import WatchfulRest
from klokker.events import EndRefused, LeaseNotRenewed, RunClaimed, RunOverrun, RunProgressed, RunStarted, emit
from klokker.executors.contract import Ended, Executor, Logged, Overrun, Progressed, Report, Started
from klokker.store.contract import Claim, Held, Store


def _nothing(*_: object) -> None:
    """What a worker by itself does where a process would do more."""


LATER = Ending(None, snooze=timedelta(0))
"""The end of an attempt that did not begin: the run goes back, and no attempt is spent."""

KILLED_AFTER = timedelta(seconds=10)
"""A run that was asked to cancel and goes on is killed so long after the request, where its executor kills."""

IDLE_AHEAD = 1.0
"""What was claimed ahead and has not begun after so many seconds is given back."""

TOLD_EACH = 1.0
"""Progress and log lines of a run go to the store at most once in so many seconds."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What a pass came to: runs claimed, ends that the store took; and when to look again."""

    claimed: int
    ended: int
    again_at: datetime | None


class Worker:
    """Works `lanes` (slots by lane) with tasks it knows (terms by task), for one process.

    `hire(executor, slots)` makes an executor by name. `retire(schedule, now)` retires a schedule whose last run this
    was. `only` restricts it to these runs. `on_work` is called when runs were queued by what ended here; `on_empty`
    when nothing is held any more after `drain`.
    """

    name = "worker"
    decides = False  # claiming rests while the gate is closed; ends are written all the same

    def __init__(
        self,
        store: Store,
        *,
        process: str,
        lanes: Mapping[str, int],
        known: Mapping[str, Terms],
        hire: Hire,
        clock: Clock,
        gate: Gate,
        lease: Lease = Lease(),
        retire: Callable[[int, datetime], object] = _nothing,
        on_work: Callable[[], object] = lambda: None,
        only: Collection[int] | None = None,
        longest_rest: timedelta = timedelta(seconds=5),
    ) -> None:
        self.longest_rest = longest_rest
        self.rest = WatchfulRest()
        self.on_empty: Callable[[], object] = _nothing
        self._store = store
        self._process = process
        self._known = known
        self._clock = clock
        self._gate = gate
        self._only = only
        self._lease = lease
        self._retire = retire
        self._on_work = on_work
        self._lanes = {name: LaneSlots(name, size, self._watching(hire)) for name, size in lanes.items()}
        self._hired: tuple[Executor, ...] = ()
        self._news: dict[int, Holding] = {}
        self._held: dict[int, Holding] = {}
        self._ends = Ends(store, process)
        self._heard: deque[Held] = deque()
        self._renewed_at = clock.monotonic()
        self._lease_stale = False
        self._draining = False
        self._drained = False
        self._stopping = False
        self._claim_in_doubt = False
        self._may_find = True
        self._looked_at = clock.monotonic()
        self._look_at: float | None = None

    # ── what others may call, from any thread ───────────────────────────────────────────────────────────────────────

    def wake(self) -> None:
        """There may be work: look at once."""
        self._may_find = True
        self.rest.wake()

    def claims(self) -> tuple[tuple[int, int], ...]:
        """The (run, token) pairs to renew."""
        # A copy of a dict is taken in one step; the worker's thread goes on changing the original meanwhile.
        return tuple(holding.pair for holding in self._held.copy().values() if not holding.lost)

    def renewed(self, held: Held, asked_at: float) -> None:
        """The leases were renewed by a question asked at this moment of the monotonic clock; what came of it."""
        # Children may live on from here, whatever keeps the worker's own thread busy at the moment.
        for executor in self._hired:
            executor.renewed()
        self._renewed_at = asked_at
        self._heard.append(held)
        self.rest.wake()

    def drain(self) -> None:
        """Claim nothing more, give back what has not begun, finish what runs."""
        self._draining = True
        self.rest.wake()

    def stop(self) -> None:
        """End what runs, at once: children are killed, their runs are lost."""
        self._draining = self._stopping = True
        self.rest.wake()

    @property
    def ready(self) -> bool:
        """Could it begin a run at once, or has it been told to begin none?"""
        return self._draining or any(lane.free() for lane in self._lanes.values())

    @property
    def drained(self) -> bool:
        """Was it told to claim nothing more, and holds nothing since? A claim may have been under way when it was told."""
        return self._drained

    @property
    def busy(self) -> int:
        """How many claims are held."""
        return len(self._held)

    # ── one pass ────────────────────────────────────────────────────────────────────────────────────────────────────

    def run_once(self, now: datetime) -> Worked:
        """One pass. Raises what the store raises, after all that needs no store was done."""
        self._hire_known()
        self._watch_lease()
        self._heed()
        if self._stopping:
            self._kill("stopped")
        self._hear()
        ended = self._write_ends(now)
        self._tell_news()
        claimed = self._recall()
        draining = self._draining
        self._look_at = None
        if draining:
            self._empty(now)
        elif self._gate.is_open() and not self._lease_stale:
            claimed += self._claim(now)
        self._hand_over(now)
        self._give_back_idle(now)
        if draining and not self._held:
            self._drained = True
            self.on_empty()
        return Worked(claimed, ended, self._again_at())

    def close(self) -> None:
        """Let go of executors; by the owning thread, after the last pass."""
        for executor in self._hired:
            executor.close()
        self.rest.close()

    def _hire_known(self) -> None:
        """Executors that the known tasks ask for are made ready before the first claim, not by it."""
        if self._hired:
            return
        names = sorted({terms.executor for terms in self._known.values()})
        for lane in self._lanes.values():
            for name in names:
                with suppress(NoSuchExecutor):  # each run that asks for it fails, and says so
                    lane.executor(name)

    # ── leases ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch_lease(self) -> None:
        before, self._lease_stale = self._lease_stale, self._clock.monotonic() > self._renew_by()
        if self._lease_stale and not before and self._held:
            # Others may begin these runs anew soon: whatever can be ended here must have ended by then.
            emit(LeaseNotRenewed(process=self._process, runs=tuple(self._held)))
            self._kill("lease")

    def _renew_by(self) -> float:
        return self._renewed_at + self._lease.child_term.total_seconds()

    def _heed(self) -> None:
        """What the last renewals said about our claims."""
        while self._heard:
            held = self._heard.popleft()
            for run in held.lost:
                self._lose(run)
            for run in held.cancel_asked:
                self._cancel(run, KILLED_AFTER)

    def _lose(self, run: int) -> None:
        holding = self._held.get(run)
        if holding is None or holding.lost:
            return
        holding.lost = True
        self._news.pop(run, None)
        lane = self._lanes[holding.claim.lane]
        if run in lane.handed:
            lane.executor(lane.handed[run]).cancel(run, kill_after=timedelta(0))
        else:
            self._forget(holding)

    def _cancel(self, run: int, kill_after: timedelta) -> None:
        holding = self._held.get(run)
        if holding is None or holding.cancel_asked:
            return
        holding.cancel_asked = True
        lane = self._lanes[holding.claim.lane]
        if run in lane.handed:
            lane.executor(lane.handed[run]).cancel(run, kill_after=kill_after)

    def _kill(self, why: str) -> None:
        for executor in self._hired:
            executor.kill_all(why)

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self) -> None:
        heard_at = self._clock.monotonic()
        for executor in self._hired:
            for report in executor.reports(0):
                holding = self._held.get(report.run)
                if holding is not None and holding.claim.token == report.token:
                    self._hear_one(holding, report, heard_at)

    def _hear_one(self, holding: Holding, report: Report, heard_at: float) -> None:
        claim = holding.claim
        match report:
            case Started():
                holding.told_at = report.began
                emit(
                    RunStarted(
                        run=claim.run,
                        task=claim.task,
                        name=claim.schedule_name,
                        process=self._process,
                        attempt=claim.attempt.number,
                    )
                )
            case Progressed():
                holding.figures = (report.done, report.total)
                self._news[holding.run] = holding
            case Logged():
                holding.hear(report.lines)
                self._news[holding.run] = holding
            case Overrun():
                emit(
                    RunOverrun(
                        run=claim.run,
                        task=claim.task,
                        name=claim.schedule_name,
                        process=self._process,
                        since=self._clock.moment(heard_at),
                    )
                )
            case Ended():
                self._hear_end(holding, report, heard_at)

    def _hear_end(self, holding: Holding, ended: Ended, heard_at: float) -> None:
        if holding.lost:
            claim, outcome = holding.claim, ended.ending.outcome
            emit(EndRefused(run=claim.run, process=self._process, token=claim.token, outcome=outcome))
            self._forget(holding)
            return
        # The run leaves its executor here, and its slot when the store has answered.
        end = holding.end(ended.ending, self._clock.moment(ended.began), self._clock.moment(ended.ended))
        self._news.pop(holding.run, None)
        self._lanes[holding.claim.lane].ended(holding)
        self._ends.add(Over(holding, end, heard_at))

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _write_ends(self, now: datetime) -> int:
        write_at = self._ends.write_at(self._under_way())
        if write_at is None or write_at > self._clock.monotonic():
            return 0
        taken = 0
        releases = False
        retiring: list[int] = []
        for over, answer in self._ends.write(now):
            self._forget(over.holding)
            taken += answer.accepted
            # A turn is free, or a run waits anew: without a schedule there is no turn.
            waits = over.holding.claim.schedule is not None or not isinstance(over.end.verdict, Done)
            releases = releases or waits
            if answer.retires is not None:
                retiring.append(answer.retires)
        self._may_find = True
        for lane in self._lanes.values():
            lane.measure(self._clock.monotonic())
        for schedule in retiring:
            self._retire(schedule, now)
        if releases and self._gate.is_open() and self._store.release(now):
            self._on_work()
        return taken

    def _tell_news(self) -> None:
        """Progress and log lines of runs that go on, so many times a second at most."""
        moment = self._clock.monotonic()
        for holding in [each for each in self._news.values() if moment - each.told_at >= TOLD_EACH]:
            holding.told_at = moment
            done, total = holding.figures or (None, None)
            if self._store.progress(*holding.pair, done, total, tuple(holding.lines)):
                if done is not None:
                    claim = holding.claim
                    emit(
                        RunProgressed(run=claim.run, task=claim.task, name=claim.schedule_name, done=done, total=total)
                    )
                holding.figures = None
                holding.lines.clear()
                self._news.pop(holding.run)
            else:
                self._lose(holding.run)

    # ── claiming ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _claim(self, now: datetime) -> int:
        free = {name: lane.free() for name, lane in self._lanes.items()}
        ahead = sum(lane.wanted_ahead() for lane in self._lanes.values())
        wanted = sum(free.values()) + ahead
        if not wanted:
            return 0
        moment, poll = self._clock.monotonic(), self.longest_rest.total_seconds()
        if not self._may_find and moment < self._looked_at + poll:
            # Whatever else it was that it got up for does not put off the poll.
            self._look_at = self._looked_at + poll
            return 0
        self._looked_at = moment
        # Cleared before the question: whoever wakes us while it is under way asks for another look.
        self._may_find = False
        self._claim_in_doubt = True
        claims = self._store.claim(
            self._process,
            now,
            lanes=free,
            known=self._known,
            lease=self._lease.length,
            ahead=ahead,
            only=self._only,
        )
        self._claim_in_doubt = False
        self._take(claims)
        if len(claims) >= wanted:
            self._may_find = True
        else:
            self._look_at = moment + poll
        return len(claims)

    def _recall(self) -> int:
        """After a claim that failed on the way: its answer may have been lost, while its claims are ours."""
        if not self._claim_in_doubt:
            return 0
        claims = self._store.recall(self._process, self._held.keys())
        self._claim_in_doubt = False
        self._take(claims)
        return len(claims)

    def _take(self, claims: Sequence[Claim]) -> None:
        arrived = self._clock.monotonic()
        for claim in claims:
            holding = Holding(claim, arrived)
            self._held[claim.run] = holding
            lane = self._lanes[claim.lane]
            emit(
                RunClaimed(
                    run=claim.run,
                    task=claim.task,
                    name=claim.schedule_name,
                    process=self._process,
                    lane=claim.lane,
                    attempt=claim.attempt.number,
                    token=claim.token,
                )
            )
            try:
                lane.executor(claim.attempt.terms.executor)
            except NoSuchExecutor as error:
                self._end_unbegun(holding, Ending(Outcome.FAILED, error=str(error)), arrived)
            else:
                (lane.stock if claim.started is None else lane.begun).append(holding)

    # ── handing over ────────────────────────────────────────────────────────────────────────────────────────────────

    def _hand_over(self, now: datetime) -> None:
        if self._lease_stale or self._stopping:
            return
        moment = self._clock.monotonic()
        for lane in self._lanes.values():
            for name, holdings in lane.fitting(lane.begun, lane.room):
                lane.start(name, holdings, moment)
            for name, holdings in lane.fitting(lane.stock, lane.room_ahead):
                # What the store does not know as begun has not begun: whoever dies between here and there loses nothing.
                mine = self._store.begin(self._process, [holding.pair for holding in holdings], now)
                for holding in holdings:
                    if holding.run not in mine:
                        self._forget(holding)
                lane.start(name, [holding for holding in holdings if holding.run in mine], moment)

    # ── giving back ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _give_back_idle(self, now: datetime) -> None:
        """What was claimed ahead and did not begin soon is for others."""
        before = self._clock.monotonic() - IDLE_AHEAD
        for lane in self._lanes.values():
            if lane.stock and lane.stock[0].arrived <= before:
                lane.slowed()
                self._give_back(lane, now)
            if lane.waiting and lane.moved_at <= before:
                lane.slowed()
                self._call_back(lane)

    def _empty(self, now: datetime) -> None:
        """Keep only what runs."""
        for lane in self._lanes.values():
            self._give_back(lane, now)
            self._call_back(lane)
            for holding in list(lane.begun):
                self._end_unbegun(holding, LATER, self._clock.monotonic())

    def _give_back(self, lane: LaneSlots, now: datetime) -> None:
        stock = list(lane.stock)
        if stock:
            self._store.give_back(self._process, [holding.pair for holding in stock], now)
            for holding in stock:
                self._forget(holding)

    def _call_back(self, lane: LaneSlots) -> None:
        """Take back what waits inside the lane's executors. The store has it as begun, so it goes back as an end."""
        for executor in lane.executors:
            for assignment in executor.give_back():
                self._end_unbegun(self._held[assignment.run], LATER, self._clock.monotonic())

    def _end_unbegun(self, holding: Holding, ending: Ending, moment: float) -> None:
        at = self._clock.moment(moment)
        lane = self._lanes[holding.claim.lane]
        lane.unqueue(holding)
        self._ends.add(Over(holding, holding.end(ending, at, at), moment))

    # ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _forget(self, holding: Holding) -> None:
        del self._held[holding.run]
        self._lanes[holding.claim.lane].release(holding)

    def _watching(self, hire: Hire) -> Hire:
        def hired(name: str, slots: int) -> Executor:
            executor = hire(name, slots)
            self._hired = (*self._hired, executor)
            self.rest.watch(executor.fileno())
            return executor

        return hired

    def _under_way(self) -> int:
        return sum(len(lane.handed) for lane in self._lanes.values()) - len(self._ends)

    def moves_at(self) -> datetime | None:
        """When something here ends, is written or goes back by itself, as far as is known: neither a poll nor a renewal."""
        return self._first_of(self._moving())

    def _again_at(self) -> datetime | None:
        write_at = self._ends.write_at(self._under_way())
        # While ends gather, a further one is no reason to get up; unless a slot waits for it.
        self.rest.deaf = write_at is not None and all(lane.lasts(GATHERED_FOR) for lane in self._lanes.values())
        moments = self._moving()
        moments.append(self._look_at)
        if self._held and not self._lease_stale:
            moments.append(self._renew_by())
        return self._first_of(moments)

    def _moving(self) -> list[float | None]:
        moments = [self._ends.write_at(self._under_way()), *(executor.due() for executor in self._hired)]
        for lane in self._lanes.values():
            if lane.stock:
                moments.append(lane.stock[0].arrived + IDLE_AHEAD)
            if lane.waiting:
                moments.append(lane.moved_at + IDLE_AHEAD)
        moments += [holding.told_at + TOLD_EACH for holding in self._news.values()]
        return moments

    def _first_of(self, moments: Iterable[float | None]) -> datetime | None:
        known = [moment for moment in moments if moment is not None]
        return self._clock.moment(min(known)) if known else None
