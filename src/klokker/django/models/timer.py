"""How far has a schedule been decided on a node, and when must it be looked at again?"""

from django.db import models

from klokker.core.lifecycle import Outcome
from klokker.django.models.choices import choices
from klokker.django.models.schedule import Schedule


class Timer(models.Model):
    """The hot row: one per schedule, node and span. A tick looks for these by `next_due`."""

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="timers", db_index=False)
    node = models.CharField(max_length=255, blank=True, default="", help_text="Empty for “any one node”.")
    since = models.DateTimeField(help_text="Its occurrences are those after this moment …")
    until = models.DateTimeField(null=True, blank=True, help_text="… up to this one; empty while it is open.")
    next_due = models.DateTimeField(
        null=True, blank=True, help_text="The next nominal time to decide; empty when there is none."
    )
    handled_until = models.DateTimeField(help_text="How far its occurrences have been decided.")
    runs_made = models.PositiveIntegerField(db_default=0, help_text="Scheduled runs made so far.")
    last_nominal = models.DateTimeField(
        null=True, blank=True, help_text="The last occurrence that became a run: its nominal time."
    )
    last_started = models.DateTimeField(null=True, blank=True, help_text="When the last run that ended had started.")
    last_finished = models.DateTimeField(null=True, blank=True, help_text="When it ended.")
    last_outcome = models.CharField(
        max_length=16, blank=True, db_default="", choices=choices(Outcome), help_text="How it ended."
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["schedule", "node", "since"], name="klokker_timer_span"),)
        indexes = (models.Index(fields=["next_due"], name="klokker_timer_due"),)

    def __str__(self) -> str:
        return f"{self.schedule_id} on {self.node or 'any one node'}"
