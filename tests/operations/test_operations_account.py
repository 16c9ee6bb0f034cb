"""Whatever people ask for, in whatever order, the account stays exact (design: every occurrence ends as one run or in one dismissal)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest

from klokker.core.account import account
from klokker.core.definition import Definition, InvalidDefinition
from klokker.core.ledger import Ledger, Tally
from klokker.core.lifecycle import Outcome, ScheduleState
from klokker.core.plan import Broken
from klokker.core.sealing import Unproven, prove_day
from klokker.operations.asking import InvalidRequest
from klokker.operations.edit import Edit
from klokker.operations.node import enrol_node, retire_node
from klokker.operations.operation import Operation, WrongState
from klokker.operations.pause import ExpirePause, Pause, Resume
from klokker.operations.repair import Repair
from klokker.operations.retire import Retire
from klokker.operations.rewind import Rewind
from klokker.operations.run_now import RunNow
from tests.operations.desk import Desk, hourly

WHENS = (
    "0 * * * *",
    "*/20 * * * *",
    "every 25 minutes",
    "30 2,3 * * *",
    "at 2026-03-02T05:00, 2026-03-02T09:30, 2026-03-03T02:00",
    "15 minutes after completion",
    "H * * * *",
)
NODES = ("a", "b")


class People:
    """Those who want something of one schedule, and a clock that goes on, and sometimes back."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.desk = Desk()
        self.told: list[str] = []
        self.schedule = self.desk.make(
            hourly(
                when=self.dice.choice(WHENS[:4]),
                overlap=self.dice.choice(("skip", "queue all", "replace", "allow")),
                catch_up=self.dice.choice(("latest", "all", "none", "within 2h")),
                **self.dice.choice(({}, {}, {"max_runs": 4})),
                retention={"keep": "2h", "last": self.dice.choice((0, 2)), "dismissals": "3h", "failures": "4h"},
            )
        )

    def do_something(self) -> None:
        asks: list[Callable[[], object]] = [
            *[self.time_goes_on] * 6,
            *[self.tick] * 6,
            *[self.work] * 3,
            *[self.edit] * 4,
            lambda: self.ask(Pause(self.desk.asked(), self.soon() if self.dice.random() < 0.5 else None)),
            lambda: self.ask(Resume(self.desk.asked())),
            lambda: self.ask(ExpirePause(self.desk.asked())),
            lambda: self.ask(Repair(self.desk.asked(), catch_up=self.dice.random() < 0.5)),
            lambda: self.ask(RunNow(self.desk.asked(), self.desk.tasks)),
            lambda: enrol_node(self.desk.store, self.dice.choice(NODES), self.desk.asked()),
            self.retire_a_node,
            self.something_breaks,
            self.the_clock_is_set_back,
            self.prune,
            *self.more(),
        ]
        wish = self.dice.choice(asks)
        self.told.append(f"{self.desk.now:%d %H:%M:%S.%f} {getattr(wish, '__name__', wish)}")
        wish()

    def more(self) -> list[Callable[[], object]]:
        """What else may be asked for here."""
        return []

    def ask(self, wish: Operation) -> None:
        self.told.append(f"    {type(wish).__name__}")
        try:
            self.desk.do(self.schedule, wish)
        except (WrongState, InvalidRequest, InvalidDefinition) as refused:
            self.told.append(f"    refused: {refused}")

    def soon(self, most: int = 4) -> datetime:
        return self.desk.now + timedelta(minutes=self.dice.randrange(1, most * 60))

    def time_goes_on(self) -> None:
        self.desk.now += timedelta(minutes=self.dice.randrange(1, 150))
        if self.dice.random() < 0.3:
            self.desk.now = self.desk.now.replace(minute=0, second=0, microsecond=0)
        elif self.dice.random() < 0.2:
            self.desk.now += timedelta(microseconds=self.dice.randrange(1, 999_999))

    def tick(self) -> None:
        self.desk.tick()

    def work(self) -> None:
        for node in ("here", *NODES):
            self.desk.work(self.dice.choice((Outcome.SUCCEEDED, Outcome.FAILED)), node)

    def edit(self) -> None:
        choices: list[dict[str, object]] = [
            {"when": self.dice.choice(WHENS)},
            {"placement": self.dice.choice(("any", "each", ["a"], ["a", "b"]))},
            {"max_runs": self.dice.choice((None, 3, 8, 30))},
            {"zone": self.dice.choice(("UTC", "Europe/Amsterdam"))},
            {"name": self.dice.choice(("tidy", "sweep"))},
            {"starts": self.soon(), "ends": None},
            {"ends": self.soon(9)},
            {"description": str(self.dice.random())},
        ]
        fields = self.dice.choice(choices)
        written = {**self.desk.definition(self.schedule).written(), **fields}
        self.told.append(f"    {fields}")
        try:
            definition = Definition.read({name: value for name, value in written.items() if value is not None})
        except InvalidDefinition as refused:
            self.told.append(f"    refused: {refused}")
        else:
            self.ask(Edit(self.desk.asked(), definition, self.desk.tasks, catch_up=self.dice.random() < 0.5))

    def retire_a_node(self) -> None:
        try:
            retire_node(self.desk.store, self.dice.choice(NODES), self.desk.asked())
        except InvalidRequest as refused:
            self.told.append(f"    refused: {refused}")

    def something_breaks(self) -> None:
        self.desk.store.decide(self.desk.now, lambda _: Broken("for the test"))

    def the_clock_is_set_back(self) -> None:
        # Not into the day before: what is sealed stays as it is.
        today = self.desk.now.replace(hour=0, minute=1, second=0, microsecond=0)
        self.desk.now = max(today, self.desk.now - timedelta(minutes=self.dice.randrange(1, 200)))
        self.ask(Rewind(self.desk.asked()))

    def prune(self) -> None:
        def seal(ledger: Ledger, day: datetime) -> tuple[Tally, ...] | None:
            proved = prove_day(ledger, day, now=self.desk.now)
            return None if isinstance(proved, Unproven) else proved

        self.desk.store.prune(self.desk.now, seal)

    def refuse_a_wrong_account(self) -> None:
        ledger = self.desk.store.ledger(self.schedule)
        proof = account(ledger, now=self.desk.now)
        uncounted = [line for line in proof.lines if line.expected is None]
        assert (proof.exact, uncounted) == (True, []), "\n".join(
            [*self.told[-30:], *map(str, proof.findings), *map(str, proof.lines), *map(str, ledger.spans)]
        )


@pytest.mark.parametrize("seed", range(40))
def test_the_account_stays_exact_whatever_people_ask_for(seed: int) -> None:
    people = People(seed)
    for _ in range(60):
        people.do_something()
        people.refuse_a_wrong_account()
    people.ask(Retire(people.desk.asked()))
    people.work()
    people.refuse_a_wrong_account()
    assert people.desk.state(people.schedule) is ScheduleState.RETIRED
