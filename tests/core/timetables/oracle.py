"""A million questions to us and to our peers: `python -m tests.core.timetables.oracle`, or `make oracle`.

Each asks for the next moments of an expression in a zone, most of them near a clock change. An answer of ours that differs from a
peer's must be explained by a rule, and the rule by a section on docs/timetables/differences.md.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from rich.progress import Progress

from klokker.core.timetables.zones import wall_clock
from tests.core.timetables.peers import (
    CRONITER,
    CRONSIM,
    ENDS,
    MACROS,
    Answer,
    Question,
    Rule,
    explained,
    iter_of_croniter,
    of_cronsim,
)

Ask = Callable[[Question], Answer]
PEERS: dict[str, tuple[Ask, tuple[Rule, ...]]] = {
    "cronsim": (of_cronsim, CRONSIM),
    "croniter": (iter_of_croniter, CRONITER),
}
YEARS = {
    "UTC": 2028,
    "Europe/Amsterdam": 2026,
    "America/New_York": 2026,
    "Australia/Lord_Howe": 2026,
    "Pacific/Chatham": 2026,
    "Pacific/Apia": 2011,
    "America/Sao_Paulo": 2018,
    "Asia/Tehran": 2022,
    "Africa/Casablanca": 2026,
    "Antarctica/Troll": 2026,
}
ODD = tuple(YEARS)
ZONES = tuple(sorted(available_timezones() - {"localtime", "Factory"}))

AT_ONCE = 5000
"""Questions of one seed."""


@cache
def _changes(zone: str, year: int) -> tuple[int, ...]:
    opens, closes = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return tuple(at for at, _, _ in wall_clock(zone).changes(int(opens.timestamp()), int(closes.timestamp())))


class Draw:
    """Questions drawn with a seed: the same ones on every machine, most of them near a clock change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def question(self) -> Question:
        """One in three asks about any zone there is, the others about those whose clocks do the oddest things.

        One in twenty looks for leap days around 2100, which has none.
        """
        zone = self._random.choice(ZONES if self._random.random() < 0.3 else ODD)
        if self._random.random() < 0.05:
            start = datetime(2095, 1, 1, tzinfo=UTC) + timedelta(minutes=self._random.randrange(10 * 365 * 24 * 60))
            return Question(self._of_leap_days(), zone, start)
        year = YEARS.get(zone, 2026)
        changes = _changes(zone, year)
        if changes and self._random.random() < 0.6:
            change = datetime.fromtimestamp(self._random.choice(changes), UTC)
            return Question(self._text(), zone, change + timedelta(minutes=self._random.randint(-300, 120)))
        new_year = datetime(year, 1, 1, tzinfo=UTC)
        return Question(self._text(), zone, new_year + timedelta(minutes=self._random.randrange(365 * 24 * 60)))

    def _text(self) -> str:
        choice = self._random.choice
        if self._random.random() < 0.01:
            return choice(list(MACROS))
        hour = choice(["2", "1-3", "0", self._field("hour"), self._field("hour"), self._field("hour")])
        date, month, weekday = (choice(["*", "*", self._field(field)]) for field in ("date", "month", "weekday"))
        words = [self._field("minute"), hour, date, month, weekday]
        if self._random.random() < 0.1:
            words.insert(0, choice(["0", "30", "5,35", "*/20"]))
        return " ".join(words)

    def _of_leap_days(self) -> str:
        choice = self._random.choice
        date, month = choice(["29", "29", "L", "29-31", "28,29", "L-1", "28-1"]), choice(["2", "2", "FEB", "*", "*/2"])
        weekday = choice(["*", "*", "*", "1", "0-3"])
        return f"{self._field('minute')} {self._field('hour')} {date} {month} {weekday}"

    def _field(self, field: str) -> str:
        choice, rare = self._random.choice, self._random.random() < 0.1
        low, high = sorted(self._random.sample(range(ENDS[field][0], ENDS[field][1] + 1), 2))
        if rare and field == "date":
            return choice(["L", "1,L", "LW", "15W", "L-3", "?"])
        if rare and field == "weekday":
            return choice(["7", "5-7", "5L", "5#2", "1#1,3#3", "MON-FRI", "fri", "?", "friday"])
        if rare and field == "month":
            return choice(["JAN", "feb-apr", "march"])
        if self._random.random() < 0.1:
            return choice([f"{high}-{low}", f"{high}-{low}/2", f"{low}/{choice([2, 5])}", f"{low}-{low}"])
        step = f"*/{choice([2, 3, 5, 7, 10, 15, 20, 30])}"
        return choice(["*", "*", step, f"{low}", f"{low}", f"{low}-{high}", f"{low}-{high}/3", f"{low},{high}"])


@dataclass(slots=True)
class Compared:
    """What a comparison came to: how often each rule explained an answer, or it was the same; and what no rule explains."""

    by_rule: Counter[str] = field(default_factory=Counter)
    unlisted: list[tuple[str, Question]] = field(default_factory=list)

    def add(self, other: "Compared") -> None:
        """These too."""
        self.by_rule += other.by_rule
        self.unlisted += other.unlisted


def compare(seed: int, questions: int = AT_ONCE) -> Compared:
    """Ask so many questions, each of all peers."""
    draw, compared = Draw(seed), Compared()
    for _ in range(questions):
        question = draw.question()
        for peer, (ask, rules) in PEERS.items():
            by = explained(question, ask(question), rules)
            if by is None:
                compared.unlisted.append((peer, question))
            else:
                compared.by_rule.update(f"{peer}: {rule}" for rule in by or {"the same"})
    return compared


def main() -> int:
    """Compare, with progress, and say what came of it; 1 if a difference is not listed."""
    parser = argparse.ArgumentParser(
        description="Cron beside its peers, on as many pairs of expression and zone as you like."
    )
    parser.add_argument("--pairs", type=int, default=1_000_000, help="how many (1000000)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (2)")
    asked = parser.parse_args()
    rounds = -(-asked.pairs // AT_ONCE)
    whole, done = Compared(), 0
    with ProcessPoolExecutor(asked.processes) as pool, Progress() as progress:
        bar = progress.add_task("asking (Ctrl-C ends it with what was found)", total=rounds)
        with suppress(KeyboardInterrupt):
            for compared in pool.map(compare, range(asked.seed, asked.seed + rounds)):
                whole.add(compared)
                done += 1
                progress.advance(bar)
        pool.shutdown(wait=False, cancel_futures=True)
    for rule, times in whole.by_rule.most_common():
        print(f"{times:>10,}  {rule}")
    for peer, question in whole.unlisted[:50]:
        print(f"NOT LISTED  {peer}: {question}")
    print(
        f"{done * AT_ONCE:,} pairs of expression and zone, {len(ZONES)} zones: {len(whole.unlisted)} differences not listed"
    )
    return 1 if whole.unlisted else 0


if __name__ == "__main__":
    sys.exit(main())
