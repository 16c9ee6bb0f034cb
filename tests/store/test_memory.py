"""The memory store keeps the contract of every store."""

import pytest

from klokker.store.conformance import Bench, Conformance
from klokker.store.memory.bench import MemoryBench


@pytest.fixture
def bench() -> Bench:
    return MemoryBench()


class TestMemoryStore(Conformance):
    pass
