"""The bench of a Django store: what the suite of every store asks of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connections

from klokker.django.models import Revision, Run
from klokker.django.store import DjangoStore
from klokker.store.contract import Store
from klokker.store.seen import SeenRun


def far_from_the_tests() -> datetime:
    """A clock that shows when a verb asks it instead of using what it is handed."""
    return datetime(2026, 8, 1, tzinfo=UTC)


class DjangoBench:
    """An empty database, and stores on it with connections of their own."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._stores: list[DjangoStore] = []
        self.store: Store = self.another()

    def another(self) -> Store:
        store = DjangoStore(self.alias, own_connections=True, clock=far_from_the_tests)
        self._stores.append(store)
        return store

    def nesting(self) -> Store:
        return DjangoStore(self.alias, clock=far_from_the_tests)

    def close(self) -> None:
        for store in self._stores:
            store.close()

    def close_thread(self) -> None:
        for store in self._stores:
            store.close_thread()

    def run(self, run: int) -> SeenRun:
        found = self.store.run(run)
        assert found is not None
        return found

    def runs(self, schedule: int | None) -> Sequence[SeenRun]:
        found = Run.objects.using(self.alias).filter(schedule=schedule).order_by("pk")
        return [self.run(run.pk) for run in found]

    def poison(self, schedule: int) -> bool:
        newest = Revision.objects.using(self.alias).filter(schedule=schedule).latest("number")
        newest.definition = {"name": ["no", "name"], "grace": "a while"}
        newest.save()
        return True

    def refuse_end(self, run: int) -> bool:
        with connections[self.alias].cursor() as cursor:
            if connections[self.alias].vendor == "sqlite":
                cursor.execute(
                    f"CREATE TRIGGER refuse BEFORE UPDATE ON klokker_run WHEN NEW.id = {run} AND NEW.state <> 'claimed' "
                    "BEGIN SELECT RAISE(ABORT, 'this end is refused'); END"
                )
            else:
                cursor.execute(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'this end is refused'; END $$"
                )
                cursor.execute(
                    "CREATE TRIGGER refuse BEFORE UPDATE ON klokker_run FOR EACH ROW "
                    f"WHEN (NEW.id = {run} AND NEW.state <> 'claimed') EXECUTE FUNCTION refuse()"
                )
        return True
