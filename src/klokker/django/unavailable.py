"""What does it mean that the database refused Django's ORM, in the words that the store has for it?"""

from django.db import connections
from django.db.utils import Error as AnyDatabaseError

from klokker.django.settings import database_alias
from klokker.django.store.database import described
from klokker.django.store.refusals import Contended, meaning
from klokker.store.unavailable import StoreLocked, StoreUnavailable


def as_unavailable(error: AnyDatabaseError) -> StoreUnavailable | None:
    """The error that says the same to people; None where the database is well, and the statement or its data was wrong."""
    means = meaning(error)
    if means is None:
        return None
    if means is Contended:
        means = StoreLocked
    assert issubclass(means, StoreUnavailable)
    connection = connections[database_alias()]
    return means(described(connection.vendor, connection.settings_dict), str(error))
