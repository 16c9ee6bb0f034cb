"""After a failed attempt: when to try again, or never.

Waits grow geometrically and are capped; jitter shortens a wait, never lengthens it, so that `cap` is a promise.
The spread is drawn from the run's identity and not from a random source: every process computes the same moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from klokker.core.duration import duration_text
from klokker.core.errors import InvalidPolicy
from klokker.core.fields import LONGEST, Fields, Unfit, length, number, shown, table, whole, yes_or_no
from klokker.core.jitter import fraction
from klokker.core.json_values import Json

NEXT_TICK_AT_MOST = timedelta(minutes=1)
"""Where a scheduler ticks all the time, "the next tick" means after this wait."""


@dataclass(frozen=True, slots=True)
class Retry:
    """At most `attempts` tries; waits of `first`, `first * factor`, … up to `cap`, each shortened by up to `jitter` (0 to 1).

    `attempts` 0: until success, or until `until` after the first attempt began; with `next_tick` at the first
    `klokker tick` begun after an attempt ended.

    As text "none" or "until success"; as a table `{attempts = 5, first = "30s", factor = 2, cap = "1h", jitter = 0.1}`
    or `{until_success = true, wait = "next tick", until = "6h"}`.
    """

    attempts: int = 1
    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    cap: timedelta = timedelta(hours=1)
    jitter: float = 0.1
    next_tick: bool = False
    until: timedelta | None = None

    def __post_init__(self) -> None:
        endless = self.attempts == 0
        InvalidPolicy.collect(
            self,
            (self.attempts >= 0, "attempts", "must be at least 1, or 0 for until success"),
            (timedelta(0) < self.first <= LONGEST, "first", "must be positive, at most a thousand years"),
            (1 <= self.factor <= 100, "factor", "must be from 1, or waits would shrink, to 100"),
            (self.first <= self.cap, "cap", "must not be under the first wait"),
            (self.cap <= LONGEST, "cap", "must be at most a thousand years"),
            (0 <= self.jitter <= 1, "jitter", "is a share, from 0 to 1"),
            (endless or not self.next_tick, "next_tick", "goes with until success only"),
            (endless or self.until is None, "until", "goes with until success only"),
            (
                self.until is None or timedelta(0) < self.until <= LONGEST,
                "until",
                "must be positive, at most a thousand years",
            ),
        )

    @classmethod
    def until_success(cls, wait: timedelta | None = None, until: timedelta | None = None) -> "Retry":
        """Try until it succeeds, or `until` after the first attempt began; `wait` None: at the next tick."""
        pause = wait or NEXT_TICK_AT_MOST
        return cls(attempts=0, first=pause, factor=1.0, cap=pause, jitter=0.0, next_tick=wait is None, until=until)

    @classmethod
    def read(cls, value: object) -> "Retry":
        """Read the text or table of a retry. Raises Unfit, InvalidPolicy."""
        if value == "none":
            return cls()
        if value == "until success":
            return cls.until_success()
        if not isinstance(value, Mapping):
            raise Unfit(f"must be none, until success or a table such as {{attempts = 5}}, got {shown(value)}")
        if "until_success" in value:
            return cls._read_until_success(table(value))
        fields = Fields(table(value), ("attempts", "first", "factor", "cap", "jitter"))
        first = fields.take("first", length, timedelta(seconds=30))
        attempts = fields.need("attempts", whole, 1)
        factor = fields.take("factor", number, 2.0)
        cap = fields.take("cap", length, max(timedelta(hours=1), first))
        jitter = fields.take("jitter", number, 0.1)
        if attempts == 0:
            fields.faults["attempts"] = "must be at least 1; for no limit write until_success = true"
        if fields.faults:
            raise InvalidPolicy("Retry", fields.faults)
        return cls(attempts, first, factor, cap, jitter)

    @classmethod
    def _read_until_success(cls, value: Mapping[str, object]) -> "Retry":
        fields = Fields(value, ("until_success", "wait", "factor", "cap", "jitter", "until"))
        if not fields.take("until_success", yes_or_no, True):
            fields.faults["until_success"] = "must be true, or left out"
        wait = fields.take("wait", lambda given: None if given == "next tick" else length(given), None)
        until = fields.take("until", length, None)
        plain = cls.until_success(timedelta(minutes=1) if wait is None else max(wait, timedelta.resolution))
        factor = fields.take("factor", number, plain.factor)
        cap = fields.take("cap", length, plain.first if factor == 1 else max(timedelta(hours=1), plain.first))
        jitter = fields.take("jitter", number, plain.jitter)
        if wait is not None and wait <= timedelta(0):
            fields.faults["wait"] = f"must be positive, got {wait}"
        if fields.faults:
            raise InvalidPolicy("Retry", fields.faults)
        return cls(0, plain.first, factor, cap, jitter, wait is None, until)

    def written(self) -> Json:
        """What `read` reads back."""
        if self == Retry():
            return "none"
        if self == Retry.until_success():
            return "until success"
        waits: dict[str, Json] = {"factor": self.factor, "cap": duration_text(self.cap), "jitter": self.jitter}
        if self.attempts:
            return {"attempts": self.attempts, "first": duration_text(self.first), **waits}
        wait = "next tick" if self.next_tick else duration_text(self.first)
        ends: dict[str, Json] = {} if self.until is None else {"until": duration_text(self.until)}
        return {"until_success": True, "wait": wait, **waits, **ends}

    def again_at(self, *, failed: int, first_started: datetime, ended: datetime, key: str) -> datetime | None:
        """The moment of the next attempt after `failed` failed ones, the last of which ended at `ended`; None: no more.

        `first_started`: when the run's first attempt began, from which `until` counts. `key`: the run's identity.
        """
        if self.attempts and failed >= self.attempts:
            return None
        # The exponent is bounded before the power is taken: 2.0 ** 5000 overflows long before the cap is applied.
        growth = min(self.factor ** min(failed - 1, 64), self.cap / self.first)
        wait = min(self.cap, self.first * growth)
        again = ended + wait * (1 - self.jitter * fraction(key, failed))
        return None if self.until is not None and again > first_started + self.until else again
