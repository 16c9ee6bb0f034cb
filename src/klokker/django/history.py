"""What do runs usually come to? Read from those that are kept, in one query for all schedules."""

from datetime import datetime, timedelta

from django.db.models import Avg, DurationField, ExpressionWrapper, F

from klokker.core.lifecycle import Outcome, RunState
from klokker.django.models import Run


def mean_lengths(since: datetime) -> dict[int, timedelta]:
    """Schedule → how long its runs took on average, of those that succeeded and ended after `since`."""
    took = ExpressionWrapper(F("finished") - F("started"), output_field=DurationField())
    ended = Run.objects.filter(
        schedule__isnull=False,
        state=RunState.DONE,
        outcome=Outcome.SUCCEEDED,
        started__isnull=False,
        finished__gt=since,
    )
    # Without an order of its own, a model's default one would split the groups.
    return dict(ended.order_by().values_list("schedule").annotate(mean=Avg(took)))
