"""What a task may answer (docs/concepts/tasks.md)."""

import copy
import pickle
from datetime import timedelta

import pytest

from klokker.core.result import Result
from klokker.tasks.results import Answer, Cancel, Counts, InvalidResult, Snooze, answer


@pytest.mark.parametrize("given", [Counts(deleted=3), Snooze(60), Cancel("nothing to do")])
def test_the_three_special_answers_are_understood_as_they_are(given: Answer) -> None:
    assert answer(given) is given


def test_anything_else_is_the_result_as_json() -> None:
    assert answer({"rows": (1, 2)}) == Result({"rows": [1, 2]})


def test_counts_add_up_name_by_name() -> None:
    assert Counts(found=5, deleted=3) + Counts(deleted=2, kept=1) == Counts(found=5, deleted=5, kept=1)


def test_a_count_may_bear_any_name() -> None:
    assert dict(Counts(self=1, numbers=2)) == {"self": 1, "numbers": 2}


def test_all_faults_of_counts_are_named_at_once() -> None:
    with pytest.raises(InvalidResult) as refused:
        Counts(rows=1.5, ok=True, huge=2**63, fine=1)  # type: ignore[arg-type]
    assert refused.value.faults == {
        "rows": "must be an integer, got 1.5",
        "ok": "must be an integer, got True",
        "huge": "must fit in 64 bits",
    }


def test_a_snooze_takes_a_span_or_seconds() -> None:
    assert Snooze(90) == Snooze(timedelta(minutes=1.5))


@pytest.mark.parametrize("wait", [0, -1, float("nan"), float("inf"), 10**400, timedelta.max, "60", None])
def test_a_snooze_that_means_nothing_is_refused(wait: object) -> None:
    with pytest.raises(InvalidResult, match=r"^Snooze wait must be"):
        Snooze(wait)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_cancellation_says_why(reason: object) -> None:
    with pytest.raises(InvalidResult, match=r"^Cancel reason must say why"):
        Cancel(reason)  # type: ignore[arg-type]


def test_a_reason_is_made_storable() -> None:
    assert Cancel("half\ud800").reason == "half\ufffd"


@pytest.mark.parametrize("given", [Counts(deleted=3), Snooze(60), Cancel("nothing to do"), Result([1])])
def test_answers_survive_the_way_from_a_child_process(given: Answer) -> None:
    assert pickle.loads(pickle.dumps(given)) == given
    assert copy.deepcopy(given) == given


def test_an_error_survives_the_way_from_a_child_process() -> None:
    error = InvalidResult("Counts", {"rows": "must be an integer"})
    revived = pickle.loads(pickle.dumps(error))
    assert (str(revived), revived.made, revived.faults) == (str(error), error.made, error.faults)
