"""Which occurrences were decided not to run, and why?"""

from django.db import models

from klokker.core.lifecycle import DismissalReason
from klokker.django.models.choices import choices
from klokker.django.models.schedule import Schedule


class Dismissal(models.Model):
    """All occurrences of one revision in a window, dismissed for one reason: a window and a count, not a row a minute."""

    schedule = models.ForeignKey(
        Schedule, on_delete=models.DO_NOTHING, related_name="dismissals", db_constraint=False, db_index=False
    )
    node = models.CharField(max_length=255, blank=True, default="")
    revision = models.PositiveIntegerField()
    after = models.DateTimeField(help_text="The occurrences after this moment …")
    until = models.DateTimeField(help_text="… up to and with this one.")
    count = models.PositiveBigIntegerField(null=True, blank=True, help_text="How many; empty while not counted.")
    reason = models.CharField(max_length=16, choices=choices(DismissalReason))
    prune_after = models.DateTimeField(null=True, blank=True, help_text="It may go after this moment.")

    class Meta:
        indexes = (
            models.Index(fields=["schedule", "node", "until"], name="klokker_dismissal_window"),
            models.Index(fields=["prune_after"], name="klokker_dismissal_prune"),
        )

    def __str__(self) -> str:
        return f"{self.schedule_id}: {self.reason}"
