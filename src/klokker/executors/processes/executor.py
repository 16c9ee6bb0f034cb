"""The worker's side of the children: who gets what, who must end when, and what is to be reported."""

import os
import selectors
import signal
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.events import ChildDied, ChildKilled, emit
from klokker.executors.attempt import BEFORE_IT_BEGAN, CANCEL_ASKED, Request, time_is_up
from klokker.executors.bell import Bell
from klokker.executors.contract import Assignment, Ended, Logged, NoRoom, Overrun, Progressed, Report, Started
from klokker.executors.processes import wire
from klokker.executors.processes.hand import Hand, Handed, Stopping, death
from klokker.executors.processes.link import LAST_WORDS
from klokker.executors.processes.nurse import Nurse

STILLBORN = 3
"""So many children in a row that die before they are ready are no accident."""

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
"""Seconds to wait with new children when these, or their nursery, cannot be made ready; doubled with each further time."""


class Processes:
    """As many children as slots, each running one task at a time; they come from the `nurse`, which others may share.

    A child that is to end has `patience` after SIGTERM, then comes SIGKILL. Each takes `depth` repeatable assignments
    ahead. There is no free slot until a child is ready.
    """

    name = "processes"
    kills = True

    def __init__(
        self,
        nurse: Nurse,
        monotonic: Callable[[], float],
        *,
        slots: int,
        depth: int = 64,
        patience: timedelta = timedelta(seconds=3),
    ) -> None:
        self._nurse = nurse
        self._monotonic = monotonic
        self._slots = slots
        self._depth = depth
        self._patience = patience.total_seconds()
        self._hands: dict[int, Hand] = {}
        self._waiting: deque[Handed] = deque()
        self._told: list[Report] = []
        self._more_room = False
        self._stillborn = 0
        self._failures = 0
        self._bear_at: float | None = None
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ, self._bell.hush)
        self._selector.register(nurse, selectors.EVENT_READ, partial(nurse.attend, self))
        nurse.join(self)
        self._bear()

    # ── what the worker calls ───────────────────────────────────────────────────────────────────────────────────────

    def free(self) -> int:
        """Children with nothing to do."""
        return max(0, sum(hand.idle for hand in self._hands.values()) - len(self._waiting))

    def ahead(self) -> int:
        """Room behind children that run, or will run, repeatable tasks."""
        return max(0, sum(self._room(hand) for hand in self._hands.values()) - len(self._waiting) - self.free())

    def running(self) -> Collection[int]:
        """The runs handed over and not reported as ended."""
        return {handed.assignment.run for handed in self._all()}

    def start(self, assignments: Sequence[Assignment]) -> None:
        """Hand them to children, those that cannot wait to idle ones."""
        free = self.free()
        urgent = sum(not assignment.repeatable for assignment in assignments)
        if urgent > free:
            raise NoRoom(self.name, free, urgent)
        if len(assignments) > (room := free + self.ahead()):
            raise NoRoom(self.name, room, len(assignments))
        self._waiting.extend(Handed(each) for each in sorted(assignments, key=lambda each: each.repeatable))
        self._feed()

    def give_back(self) -> Sequence[Assignment]:
        """Take back what no child has come to."""
        for hand in self._hands.values():
            self._recall(hand)
        back = [handed.assignment for handed in self._waiting if handed.began is None]
        self._waiting = deque(handed for handed in self._waiting if handed.began is not None)
        self._feed()
        return back

    def cancel(self, run: int, *, kill_after: timedelta | None = None) -> None:
        """Ask it; with `kill_after`, its process is ended if it still runs then."""
        for hand in self._hands.values():
            if any(handed.assignment.run == run for handed in hand.held):
                self._recall(hand)
                if hand.held and hand.held[0].assignment.run == run:
                    self._cancel_head(hand, kill_after)
        for handed in [handed for handed in self._waiting if handed.assignment.run == run]:
            self._waiting.remove(handed)
            self._ended_here(handed, BEFORE_IT_BEGAN)
        self._feed()

    def renewed(self) -> None:
        """Let the children live for another term. From any thread."""
        self._nurse.renewed()

    def reports(self, wait: float = 0) -> list[Report]:
        """Attend to children and limits until there is something to tell. Raises NurseryFailed."""
        until = self._monotonic() + wait
        while True:
            now = self._monotonic()
            due = self.due()
            pause = 0.0 if self._told else max(0.0, min(until, until if due is None else due) - now)
            events = self._selector.select(pause)
            for key, _ in events:
                key.data()
            self._attend_to_limits()
            self._feed()
            woken = any(key.fileobj is self._bell for key, _ in events)
            if self._told or self._more_room or woken or self._monotonic() >= until:
                self._more_room = False
                told, self._told = self._told, []
                return told

    def fileno(self) -> int:
        """The descriptor of the selector itself: readable when anything in it is."""
        return self._selector.fileno()

    def due(self) -> float | None:
        """The next limit of a child."""
        limits = [limit for hand in self._hands.values() if (limit := _next_limit(hand)) is not None]
        if self._bear_at is not None:
            limits.append(self._bear_at)
        return min(limits, default=None)

    def wake(self) -> None:
        """Let `reports` return."""
        self._bell.ring()

    def kill_all(self, why: str) -> None:
        """Kill every child that runs something."""
        request = Request(Outcome.LOST, why)
        for hand in self._hands.values():
            self._recall(hand)
            if hand.held:
                self._kill(hand, request)
        while self._waiting:
            self._ended_here(self._waiting.popleft(), Ending(Outcome.LOST, error=why))

    def close(self) -> None:
        """Kill the children, and wait until they are gone."""
        if self._selector.get_map() is None:
            return  # it was closed before
        self._slots = 0
        for hand in list(self._hands.values()):
            self._nurse.signal(hand.number, signal.SIGKILL)
        until = self._monotonic() + LAST_WORDS
        while self._hands and self._nurse.shared and (left := until - self._monotonic()) > 0:
            self._selector.select(left)
            self._nurse.attend(self)
        self._nurse.part(self)
        for hand in list(self._hands.values()):
            self._forget(hand)
        self._selector.close()
        self._bell.close()

    # ── who gets what ───────────────────────────────────────────────────────────────────────────────────────────────

    def _room(self, hand: Hand) -> int:
        if not hand.able or (hand.held and not hand.held[0].assignment.repeatable):
            return 0
        return max(0, 1 + self._depth - len(hand.held))

    def _feed(self) -> None:
        idle = [hand for hand in self._hands.values() if hand.idle]
        while idle and self._waiting:
            self._give(idle.pop())
        if self._waiting:
            self._give_ahead()
        elif idle:
            self._share(idle)

    def _give(self, hand: Hand) -> bool:
        handed = self._waiting.popleft()
        # A quick child has ended before this thread goes on.
        at = self._monotonic()
        if not hand.hand(handed):
            self._waiting.appendleft(handed)
            return False
        if len(hand.held) == 1:
            self._begun(hand, at)
        return True

    def _give_ahead(self) -> None:
        roomy = deque(
            sorted((hand for hand in self._hands.values() if self._room(hand)), key=lambda hand: len(hand.held))
        )
        while roomy and self._waiting and self._waiting[0].assignment.repeatable:
            hand = roomy.popleft()
            if self._give(hand) and self._room(hand):
                roomy.append(hand)

    def _share(self, idle: Sequence[Hand]) -> None:
        """Nothing waits here, but something may wait behind a busy child."""
        busiest = max(self._hands.values(), key=lambda hand: len(hand.held))
        if len(busiest.held) > 1:
            self._recall(busiest)
            for hand in idle:
                if self._waiting:
                    self._give(hand)
            self._give_ahead()

    def _recall(self, hand: Hand) -> None:
        back = hand.take_back()
        self._waiting.extendleft(reversed(back))
        if any(handed.began is not None for handed in back):
            # It was thought to have come to that one, and came to a later one or to none.
            hand.limit = None
            if hand.held:
                self._begun(hand, self._monotonic())

    def _begun(self, hand: Hand, at: float) -> None:
        """The child came to the first that it holds at this moment, or soon after."""
        head = hand.held[0]
        given = head.assignment
        if head.began is None:
            head.began = at
            self._told.append(Started(given.run, given.token, at))
        hand.limit = None
        if given.timeout is not None:
            hand.limit = (at + given.timeout.total_seconds(), time_is_up(given.timeout))

    def _ended_here(self, handed: Handed, ending: Ending) -> None:
        now = self._monotonic()
        began = now if handed.began is None else handed.began
        self._told.append(Ended(handed.assignment.run, handed.assignment.token, ending, began, now))

    def _all(self) -> Iterator[Handed]:
        yield from self._waiting
        for hand in self._hands.values():
            yield from hand.held

    # ── who must end when ───────────────────────────────────────────────────────────────────────────────────────────

    def _attend_to_limits(self) -> None:
        now = self._monotonic()
        if self._bear_at is not None and self._bear_at <= now:
            self._bear_at = None
            self._bear()
        for hand in list(self._hands.values()):
            limit = _next_limit(hand)
            if limit is not None and limit <= now:
                self._reached(hand)

    def _reached(self, hand: Hand) -> None:
        match hand:
            case Hand(stopping=Stopping(killed=False) as stopping):
                self._kill(hand, stopping.request)
            case Hand(stopping=Stopping() as stopping):
                stopping.next_step = None
                for handed in hand.held:
                    why = f"{stopping.request.why} Its process was killed, and does not die."
                    self._told.append(Overrun(handed.assignment.run, handed.assignment.token, why))
            case Hand(limit=(_, request)):
                self._stop(hand, request)

    def _cancel_head(self, hand: Hand, kill_after: timedelta | None) -> None:
        if hand.stopping is not None:
            return
        hand.request(CANCEL_ASKED, must_end=False)
        if kill_after is not None:
            moment = self._monotonic() + kill_after.total_seconds()
            if hand.limit is None or moment < hand.limit[0]:
                why = f"It was asked to cancel, and did not end within {kill_after}."
                hand.limit = (moment, Request(Outcome.CANCELLED, why))

    def _stop(self, hand: Hand, request: Request) -> None:
        """End the run at the head, and nothing that comes after it."""
        head = hand.held[0]
        # Once nothing waits behind it, and what the child had said is read, the head is what the child runs, if anything.
        self._recall(hand)
        self._read_all(hand)
        if not hand.held:
            if head in self._waiting:
                self._kill(hand, request)  # it never came to it: stopped, or stuck. Another child will.
        elif hand.held[0] is head:
            hand.request(request, must_end=True)
            self._nurse.signal(hand.number, signal.SIGTERM)
            hand.stopping = Stopping(request, self._monotonic() + self._patience)

    def _kill(self, hand: Hand, request: Request) -> None:
        self._nurse.signal(hand.number, signal.SIGKILL)
        hand.stopping = Stopping(request, self._monotonic() + self._patience, killed=True)

    # ── what children say ───────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, hand: Hand) -> None:
        """Take in some of what the child has said."""
        if hand.number not in self._hands:
            return  # it was buried since the selector looked
        try:
            for said in hand.heard():
                self._said(hand, said)
        except wire.Garbled as garbled:
            hand.quiet = hand.gone = True
            self._kill(hand, Request(Outcome.FAILED, f"Its process spoke out of turn. {garbled}"))
        if hand.gone:
            self._unwatch(hand)

    def _read_all(self, hand: Hand) -> None:
        self._read(hand)
        while not hand.quiet:
            self._read(hand)

    def _said(self, hand: Hand, said: wire.Said) -> None:
        match said:
            case Ended():
                self._ended(hand, said)
            case Progressed(run, token) | Logged(run, token):
                # What comes late, from a thread that outlives its run, has no run to go to.
                if hand.held and (run, token) == hand.held[0].identity:
                    self._told.append(said)
            case wire.Ready():
                hand.ready = self._more_room = True
                self._stillborn = self._failures = 0
            case wire.Leaving():
                hand.leaving = True
                self._recall(hand)
                self._bear()

    def _ended(self, hand: Hand, ended: Ended) -> None:
        if not hand.held or (ended.run, ended.token) != hand.held[0].identity:
            raise wire.Garbled(repr(ended))
        hand.held.popleft()
        self._told.append(ended)
        hand.limit = None
        if hand.stopping is not None and not hand.stopping.killed:
            hand.stopping = None
        if hand.held:
            # The same clock for parent and child: it went on at once, however late its word was read.
            self._begun(hand, ended.ended)

    # ── what the nurse says ─────────────────────────────────────────────────────────────────────────────────────────

    def born(self, child: int, pid: int) -> None:
        """Its sockets are in its hands."""
        self._hands[child].born(pid)

    def died(self, child: int, status: int) -> None:
        """What it ran has ended with it, what waited behind that goes to others."""
        hand = self._hands[child]
        self._read_all(hand)
        self._tell_of(hand, status)
        self._bury(hand, death(status, hand.stopping))
        if not hand.ready and hand.stopping is None:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                self._bear_later()
            if self._stillborn == STILLBORN:
                raise self._nurse.failed(
                    f"{STILLBORN} children in a row died before they were ready, the last with status {status}"
                )
        self._bear()

    def _tell_of(self, hand: Hand, status: int) -> None:
        if not hand.held or hand.pid is None:
            return
        run = hand.held[0].assignment.run
        if hand.stopping is not None:
            emit(ChildKilled(run=run, pid=hand.pid, why=hand.stopping.request.why))
        else:
            emit(ChildDied(run=run, pid=hand.pid, exit_code=status))

    def lapsed(self) -> None:
        """The nursery is killing every child: nothing more is to be given to them."""
        why = f"The worker had not renewed its leases for {self._nurse.term}."
        for hand in self._hands.values():
            hand.stopping = Stopping(Request(Outcome.LOST, why), self._monotonic() + self._patience, killed=True)

    def nursery_died(self, *, prepared: bool) -> None:
        """So have its children, by the kernel's hand; but not what these have started."""
        for hand in self._hands.values():
            # As long as anything of the group lives, its number is not given to another.
            if hand.pid is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(hand.pid, signal.SIGKILL)
        for hand in list(self._hands.values()):
            self._read_all(hand)
            self._bury(hand, Ending(Outcome.LOST, error="The nursery of the processes that run tasks was killed."))
        if not prepared:
            self._bear_later()
        self._bear()

    def _bear_later(self) -> None:
        """What failed now may go well in a while: a module is mended, the database is back, memory is free."""
        # The exponent is bounded before the power is taken: it may fail for days.
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._bear_at = self._monotonic() + wait

    def _bear(self) -> None:
        """Have as many children made as are missing, unless that is to wait."""
        if self._bear_at is not None:
            return
        staying = sum(not hand.leaving for hand in self._hands.values())
        for _ in range(self._slots - staying):
            hand = Hand(self._nurse.number())
            self._hands[hand.number] = hand
            self._nurse.bear(self, hand.number, hand.their_ends())
            self._selector.register(hand.talk, selectors.EVENT_READ, partial(self._read, hand))

    def _bury(self, hand: Hand, ending: Ending) -> None:
        """The child is dead: what it ran ends thus, what waited behind that goes to others."""
        self._recall(hand)
        for handed in hand.held:
            self._ended_here(handed, ending)
        self._forget(hand)

    def _forget(self, hand: Hand) -> None:
        del self._hands[hand.number]
        self._unwatch(hand)
        hand.close()

    def _unwatch(self, hand: Hand) -> None:
        if hand.talk in self._selector.get_map():
            self._selector.unregister(hand.talk)


def _next_limit(hand: Hand) -> float | None:
    if hand.stopping is not None:
        return hand.stopping.next_step
    return hand.limit and hand.limit[0]
