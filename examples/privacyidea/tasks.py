"""The two task modules: simple statistics, and recorded events."""

from typing import Literal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from examples.privacyidea.models import EventCounter, Statistic, Token
from klokker import Counts, RunContext, task

Figure = Literal["total", "hardware", "software", "unassigned", "assigned", "users with tokens"]

_WHICH: dict[Figure, Q] = {
    "total": Q(),
    "hardware": Q(hardware=True),
    "software": Q(hardware=False),
    "unassigned": Q(user=""),
    "assigned": ~Q(user=""),
}


@task("privacyidea.simplestats", repeatable=True)
def simplestats(run: RunContext, figures: list[Figure] | None = None) -> Counts:
    """Write chosen counts of tokens to the statistics.

    Args:
        figures: which counts; all of them when none is chosen.
    """
    now = timezone.now()
    counted = {figure: _count(figure) for figure in figures or [*_WHICH, "users with tokens"]}
    if not run.dry_run:
        Statistic.objects.bulk_create(Statistic(key=figure, value=value, at=now) for figure, value in counted.items())
    return Counts(**{figure.replace(" ", "_"): value for figure, value in counted.items()})


def _count(figure: Figure) -> int:
    if figure == "users with tokens":
        return Token.objects.exclude(user="").values("user").distinct().count()
    return Token.objects.filter(_WHICH[figure]).count()


@task("privacyidea.eventcounter")
def eventcounter(run: RunContext, event_counter: str, stats_key: str = "", reset_event_counter: bool = False) -> Counts:
    """Write a counter of events to the statistics, and set it back if asked.

    Args:
        event_counter: the counter's name.
        stats_key: under which key it is written; the counter's name when empty.
        reset_event_counter: whether what was written is taken off the counter; what came in meanwhile stays on it.
    """
    with transaction.atomic():
        read = dict(EventCounter.objects.filter(name=event_counter).values_list("pk", "value"))
        if not read:
            run.logger.warning("there is no counter %r", event_counter)
            return Counts(missing=1)
        counted = sum(read.values())
        if not run.dry_run:
            Statistic.objects.create(key=stats_key or event_counter, value=counted, at=timezone.now())
            if reset_event_counter:
                for row, value in read.items():
                    # Not to zero: nodes go on counting.
                    EventCounter.objects.filter(pk=row).update(value=F("value") - value)
    return Counts(counted=counted)
