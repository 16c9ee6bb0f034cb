"""What becomes of an attempt's end? It is kept until the store has taken or refused it, and then it is told.

Ends of repeatable runs wait a few milliseconds for company while more of them are under way: one statement then writes
hundreds. Others are written at once, for their slot waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from klokker.core.verdict import Again, Done, Snoozed
from klokker.engine.holding import Holding
from klokker.events import EndRefused, Event, RunFinished, RunRetried, RunSnoozed, emit
from klokker.store.contract import End, Finished, Store

GATHERED_FOR = 0.01
"""Seconds for which an end may wait for company,"""

GATHERED_AT_MOST = 500
"""unless there are so many."""


@dataclass(frozen=True, slots=True)
class Over:
    """An attempt that is over, and its end, heard of at this moment of the monotonic clock."""

    holding: Holding
    end: End
    heard: float


class Ends:
    """Ends that the store has not answered to."""

    def __init__(self, store: Store, process: str) -> None:
        self._store = store
        self._process = process
        self._over: list[Over] = []
        self._urgent = False

    def __len__(self) -> int:
        return len(self._over)

    def add(self, over: Over) -> None:
        """Keep one end. Only a run that is done and may be repeated waits for company."""
        self._over.append(over)
        patient = over.holding.claim.attempt.terms.repeatable and isinstance(over.end.verdict, Done)
        self._urgent = self._urgent or not patient

    def write_at(self, under_way: int) -> float | None:
        """The moment of the monotonic clock at which they are to be written; None: there are none.

        `under_way`: how many attempts go on here, whose ends may come in time to join.
        """
        if not self._over:
            return None
        first = self._over[0].heard
        if self._urgent or not under_way or len(self._over) >= GATHERED_AT_MOST:
            return first
        return first + GATHERED_FOR

    def write(self, now: datetime) -> Iterator[tuple[Over, Finished]]:
        """Offer all to the store; each with its answer. Raises what the store raises, and keeps them all then."""
        answers = {answer.run: answer for answer in self._store.finish([over.end for over in self._over], now)}
        written, self._over, self._urgent = self._over, [], False
        for over in written:
            answer = answers[over.end.run]
            emit(self._told(over, answer))
            yield over, answer

    def _told(self, over: Over, answer: Finished) -> Event:
        claim, end = over.holding.claim, over.end
        if not answer.accepted:
            return EndRefused(
                run=end.run, process=self._process, token=end.token, outcome=end.ending.outcome, fault=answer.fault
            )
        run, task, name, attempt = end.run, claim.task, claim.schedule_name, claim.attempt.number
        error = end.ending.error
        match end.verdict:
            case Done(outcome):
                took = end.finished - end.started
                return RunFinished(
                    run=run, task=task, name=name, attempt=attempt, outcome=outcome, took=took, error=error
                )
            case Again(at, outcome):
                return RunRetried(
                    run=run, task=task, name=name, attempt=attempt, outcome=outcome, again_at=at, error=error
                )
            case Snoozed(until):
                return RunSnoozed(run=run, task=task, name=name, attempt=attempt, until=until)
