"""One suite for every store: it passes here, or it is not a store.

A store's tests bring a bench and collect the suite; pytest is theirs, nothing in here imports it:

    @pytest.fixture
    def bench() -> Iterator[Bench]:
        yield MyBench(...)          # empty records, gone after the test

    class TestMyStore(Conformance):
        pass

`pytest.register_assert_rewrite("klokker.store.conformance")` in the conftest makes its failures speak. Each test takes a
bench and the verbs, hands in every moment, and never waits for a clock.
"""

from klokker.store.conformance.bench import Bench
from klokker.store.conformance.calendars import Calendars
from klokker.store.conformance.cancelling import Cancelling
from klokker.store.conformance.claiming import Claiming
from klokker.store.conformance.deciding import Deciding
from klokker.store.conformance.definitions import Definitions
from klokker.store.conformance.ending import Ends
from klokker.store.conformance.fleet import Fleet
from klokker.store.conformance.glancing import Glancing
from klokker.store.conformance.keeping import Keeping
from klokker.store.conformance.leases import Leases
from klokker.store.conformance.resting import Resting
from klokker.store.conformance.turns import Turns


class Conformance(
    Definitions, Calendars, Deciding, Glancing, Turns, Claiming, Ends, Resting, Leases, Cancelling, Fleet, Keeping
):
    """Every duty of a store, as tests."""


__all__ = ["Bench", "Conformance"]
