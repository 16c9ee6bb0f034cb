"""Lifecycle: where a run stands, and the only table of moves (docs/concepts/runs.md)."""

from klokker.core.lifecycle import MOVES, RunState, may_move


def test_a_run_that_is_done_moves_no_more() -> None:
    assert not any(may_move(RunState.DONE, state) for state in RunState)


def test_every_state_can_come_to_an_end() -> None:
    assert all(may_move(state, RunState.DONE) for state in RunState if state is not RunState.DONE)


def test_a_run_is_claimed_only_from_the_queue() -> None:
    assert [state for state in RunState if may_move(state, RunState.CLAIMED)] == [RunState.QUEUED]


def test_staying_where_it_is_is_no_move() -> None:
    assert all(old is not new for old, new in MOVES)
