"""The edge of the store: what no database can hold is replaced, and the outcome stands."""

from datetime import timedelta
from typing import cast

from klokker.core.json_values import Json
from klokker.core.lifecycle import Outcome
from klokker.core.verdict import Ending
from klokker.store.edge import storable


def test_what_can_be_stored_is_left_as_it_is() -> None:
    ending = Ending(Outcome.SUCCEEDED, {"rows": [1, 2.5, None]}, {"deleted": 3}, "no error")
    assert storable(ending) == ending


def test_a_snooze_stays_a_snooze() -> None:
    assert storable(Ending(None, snooze=timedelta(minutes=1))) == Ending(None, snooze=timedelta(minutes=1))


def test_a_result_that_is_no_json_is_replaced_by_an_explanation() -> None:
    stored = storable(Ending(Outcome.SUCCEEDED, cast(Json, {"when": timedelta(1)})))
    assert stored.outcome is Outcome.SUCCEEDED
    assert isinstance(stored.result, dict)
    assert "timedelta" in str(stored.result["not stored"])


def test_counts_that_fit_no_column_are_left_out() -> None:
    stored = storable(Ending(Outcome.FAILED, counts={"a\x00": 1, "huge": 2**63, "low": -(2**63) + 1}))
    assert stored.counts == {"a\ufffd": 1, "low": -(2**63) + 1}
