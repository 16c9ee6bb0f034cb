"""Schedules that come faster than something else can follow."""

from collections.abc import Iterator
from datetime import timedelta

from klokker.core.duration import duration_text
from klokker.core.lint.case import Case
from klokker.core.lint.finding import Code, Finding


def find(case: Case) -> Iterator[Finding]:
    """Compare the shortest time between two occurrences with tick, run and jitter."""
    period, tick, usual = case.shortest, case.ground.tick, case.subject.usual
    if period is None:
        return
    jitter = case.definition.jitter.span
    every = duration_text(period)
    if tick is not None and period < tick:
        yield case.finding(
            Code.FINER_THAN_TICK,
            f"it comes every {every}, and is looked at every {duration_text(tick)}: {_decided_together(period, tick)} "
            f"are decided together, and its catch-up ({case.definition.catch_up}) says which of them run",
            f"let something tick at least every {every} (`klokker serve`, or a finer cron entry), or write the period that it has anyway",
            period=period.total_seconds(),
            tick=tick.total_seconds(),
        )
    if usual is not None and period < usual:
        yield case.finding(
            Code.SHORTER_THAN_RUN,
            f"it comes every {every}, and of 100 runs 95 take up to {duration_text(usual)}: overlap "
            f"({case.definition.overlap}) says what becomes of the next",
            "give it a longer period, or `… after completion`, which rests between two runs",
            period=period.total_seconds(),
            usual=usual.total_seconds(),
        )
    if jitter > period:
        yield case.finding(
            Code.JITTER_BEYOND_PERIOD,
            f"it is planned up to {duration_text(jitter)} late, and comes every {every}",
            f"give it a jitter below {every}",
            period=period.total_seconds(),
            jitter=jitter.total_seconds(),
        )


def _decided_together(period: timedelta, tick: timedelta) -> str:
    fewest, rest = divmod(tick, period)
    return f"{fewest} or {fewest + 1}" if rest else str(fewest)
