"""The run log: its head and tail are kept (docs/concepts/run.md)."""

from hypothesis import given
from hypothesis import strategies as st

from klokker.store.runlog import HEAD, LINE, TAIL, RunLog


def test_a_short_log_is_kept_whole() -> None:
    assert RunLog().plus(["one", "two\n"]).plus(["three\nfour"]).lines() == ["one", "two", "three", "four"]


def test_of_a_long_log_the_middle_is_left_out_and_counted() -> None:
    lines = [f"row {number:06}" for number in range(20_000)]
    log = RunLog().plus(lines)
    kept = log.lines()
    assert (kept[0], kept[-1]) == (lines[0], lines[-1])
    assert log.left_out == len(lines) - len(kept) + 1
    assert kept[HEAD // 11] == f"… {log.left_out:,} lines left out …"


def test_once_the_tail_has_begun_nothing_is_added_to_the_head() -> None:
    log = RunLog().plus(["h" * (LINE - 1)] * 4).plus(["a long one " * 10, "short"])
    assert log.head.count("\n") == 4
    assert log.tail.endswith("short\n")


def test_one_very_long_entry_keeps_its_own_head_and_tail() -> None:
    (line, *_) = RunLog().plus(["begin " + "x" * 10_000_000 + " end"]).head.splitlines()
    assert line.startswith("begin x")
    assert RunLog().plus(["begin " + "x" * 10_000_000 + " end"]).lines()[-1].endswith("x end")


@given(st.lists(st.lists(st.text(max_size=300), max_size=40), max_size=12), st.integers(1, 60))
def test_head_and_tail_never_outgrow_their_caps_and_no_line_is_lost_uncounted(
    batches: list[list[str]], times: int
) -> None:
    log = RunLog()
    added = 0
    for batch in batches * times:
        log = log.plus(batch)
        added += sum(len(clean_lines(entry)) for entry in batch)
    assert len(log.head) <= HEAD
    assert len(log.tail) <= TAIL
    assert log.head.count("\n") + log.tail.count("\n") + log.left_out == added


def clean_lines(entry: str) -> list[str]:
    return (entry.rstrip("\n") + "\n").split("\n")[:-1]
