"""Flood: a task that logs without end keeps head and tail, and costs others nothing (docs/concepts/executors.md)."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from klokker.executors.contract import LogLine
from klokker.executors.flood import BURST, LINE, TAIL, TRICKLE, FloodGate

AT = datetime(2026, 11, 21, tzinfo=UTC)


class Basin:
    """What passed the gate, and the clock of the gate."""

    def __init__(self) -> None:
        self.now = 0.0
        self.passed: list[str] = []
        self.gate = FloodGate(lambda: self.now, lambda lines: self.passed.extend(line.message for line in lines))

    def log(self, message: str) -> None:
        self.gate.log(LogLine(AT, 20, message))


def test_what_fits_passes_at_once() -> None:
    basin = Basin()
    for number in range(100):
        basin.log(str(number))
        assert basin.passed[-1] == str(number)


def test_a_flood_is_held_and_its_tail_comes_at_the_end_behind_a_note() -> None:
    basin = Basin()
    for number in range(100_000):
        basin.log(str(number))
    before = len(basin.passed)
    basin.gate.flush()
    note, *tail = basin.passed[before:]
    assert note == f"… {100_000 - before - len(tail):,} lines left out: the task logs faster than can be kept …"
    assert tail == [str(number) for number in range(100_000 - len(tail), 100_000)]
    assert TAIL - 2 * LINE < sum(len(line) + LINE for line in tail) <= TAIL


def test_after_a_while_there_is_room_again() -> None:
    basin = Basin()
    for number in range(100_000):
        basin.log(str(number))
    before = len(basin.passed)
    basin.now += 2 * TAIL / TRICKLE
    basin.log("and on")
    assert basin.passed[before].startswith("… ")
    assert basin.passed[-1] == "and on"


def test_one_line_longer_than_all_room_is_not_lost() -> None:
    basin = Basin()
    basin.log("x" * 2 * BURST)
    assert basin.passed == []
    basin.gate.flush()
    assert basin.passed == ["x" * 2 * BURST]


@given(st.lists(st.tuples(st.integers(0, 30_000), st.floats(0, 3)), max_size=60))
def test_never_more_passes_than_burst_and_trickle_allow_and_order_is_kept(logged: list[tuple[int, float]]) -> None:
    basin = Basin()
    for number, (length, pause) in enumerate(logged):
        basin.now += pause
        basin.log(f"{number} " + "x" * length)
        assert sum(len(line) for line in basin.passed) <= BURST + TRICKLE * basin.now + 100 * len(logged)
    basin.gate.flush()
    numbers = [int(line.split()[0]) for line in basin.passed if not line.startswith("…")]
    assert numbers == sorted(numbers)
    if logged:
        assert numbers[-1] == len(logged) - 1
