"""What does a worker hold? Each claim from its arrival until the store has answered to its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from klokker.core.moments import Window
from klokker.core.verdict import Attempt, Ending, judge
from klokker.executors.contract import Assignment, LogLine
from klokker.store.contract import Claim, End

LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


@dataclass(slots=True, eq=False)
class Holding:
    """One claim, and how far its attempt has come. Moments are seconds of the monotonic clock.

    `arrived`: when the claim was answered. `told_at`: when progress or log lines last went to the store, or the attempt
    began. `lost`: it is no longer ours. `figures`: the newest progress, `lines`: what was logged, that the store has not
    been told.
    """

    claim: Claim
    arrived: float
    told_at: float = 0.0
    cancel_asked: bool = False
    lost: bool = False
    figures: tuple[int, int | None] | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def run(self) -> int:
        """The run's id."""
        return self.claim.run

    @property
    def pair(self) -> tuple[int, int]:
        """Run and fencing token: what every verb about a claim asks for."""
        return self.claim.run, self.claim.token

    def attempt(self) -> Attempt:
        """The attempt as it is to be judged: cancel may have been asked since the claim."""
        attempt = self.claim.attempt
        return replace(attempt, cancel_asked=True) if self.cancel_asked else attempt

    def hear(self, lines: Sequence[LogLine]) -> None:
        """Keep what the run logged until it is told."""
        self.lines.extend(map(worded, lines))

    def assignment(self) -> Assignment:
        """What the executor is handed."""
        claim = self.claim
        window = None
        if claim.nominal is not None and claim.previous_nominal is not None:
            window = Window(claim.previous_nominal, claim.nominal)
        return Assignment(
            run=claim.run,
            token=claim.token,
            task=claim.task,
            args=claim.args,
            kwargs=claim.kwargs,
            attempt=claim.attempt.number,
            schedule=claim.schedule_name,
            timeout=claim.attempt.terms.timeout.after,
            nominal_at=claim.nominal,
            window=window,
            dry_run=claim.dry_run,
            repeatable=claim.attempt.terms.repeatable,
        )

    def end(self, ending: Ending, started: datetime, finished: datetime) -> End:
        """The end of this attempt, judged, with the lines that were not told yet."""
        return End(
            run=self.claim.run,
            token=self.claim.token,
            started=started,
            finished=finished,
            ending=ending,
            verdict=judge(self.attempt(), ending, finished),
            log=tuple(self.lines),
        )


def worded(line: LogLine) -> str:
    """A log line as it is stored: moment, level, text."""
    level = LEVELS.get(line.level, str(line.level))
    return f"{line.at:%Y-%m-%dT%H:%M:%S}.{line.at.microsecond // 1000:03d}Z {level} {line.message}"
