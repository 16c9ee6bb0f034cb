"""The store in memory: the specification of the verbs in code, and the store of a simulation."""

from klokker.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
