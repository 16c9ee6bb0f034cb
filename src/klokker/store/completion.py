"""When is a timer that rests after completion due, now that a scheduled run of it has ended?"""

from datetime import datetime

from klokker.core.definition import Definition
from klokker.core.errors import TimetableError
from klokker.core.plan import next_after_completion


def due_after_completion(
    definition: Definition, *, ended: datetime, rests_from: datetime | None, handled_until: datetime
) -> datetime | None:
    """The next due of a timer whose last unfinished run ended; None where `definition` does not rest after completion.

    `ended`: the latest end of its runs and dismissals. `rests_from`: the edit or resume that it rests from at the
    earliest. Always after `handled_until`: a clock that was set back must not put the timer to sleep for good.
    """
    try:
        if definition.rest() is None:
            return None
        latest = max(ended, rests_from or ended)
        due = next_after_completion(definition, latest)
        return due if due > handled_until else next_after_completion(definition, handled_until)
    except TimetableError:
        # It cannot be evaluated. Looked at in the next tick, it is found out and shown as broken.
        return ended
