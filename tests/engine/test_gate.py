"""Gate: whether a process may decide and claim (docs/concepts/clock-leaps.md, docs/concepts/drain.md)."""

from klokker.engine.gate import Gate


def test_it_is_open_when_nobody_has_a_reason() -> None:
    gate = Gate()
    assert gate.reasons() == ()
    assert gate.reasons() == ()


def test_it_opens_only_when_the_last_reason_is_gone() -> None:
    gate = Gate()
    gate.close("newer schema")
    gate.close("the clock leapt")
    gate.open("newer schema")
    assert gate.reasons() == ("the clock leapt",)
    gate.open("the clock leapt")
    assert gate.reasons() == ()


def test_closing_it_twice_for_one_reason_needs_one_opening() -> None:
    gate = Gate()
    assert gate.close("newer schema")
    assert not gate.close("newer schema")
    gate.open("newer schema")
    assert gate.reasons() == ()


def test_who_waits_is_told_when_the_last_reason_goes_and_not_before() -> None:
    gate = Gate()
    told: list[tuple[str, ...]] = []
    gate.on_open = lambda: told.append(gate.reasons())
    gate.close("a")
    gate.close("b")
    gate.open("a")
    gate.open("never closed")
    assert told == []
    gate.open("b")
    assert told == [()]
