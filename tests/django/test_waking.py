"""Wake-ups between processes: what a listener is told when it begins to listen. What wakes it later is in the suite of every store."""

from klokker.django.store import DjangoStore


def test_whoever_begins_to_listen_looks_once_for_what_came_before(alias: str) -> None:
    """A process looks for work, and only then listens: what is enqueued between the two must not wait for the poll."""
    store = DjangoStore(alias, own_connections=True)
    try:
        assert any(store.wait(0.5) for _ in range(120))
    finally:
        store.close()
