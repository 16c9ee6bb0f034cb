"""What is wrong, since when, and until when was it?"""

from django.db import models


class Incident(models.Model):
    """Something wrong from when until when: late, missed, failing, stuck, stale, broken, of unknown task, a wrong clock, a silent node."""

    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=255, help_text="What it is about: a schedule, a run, a node, a lane, a task.")
    open_key = models.CharField(
        max_length=300,
        null=True,
        blank=True,
        editable=False,
        help_text="Kind and subject while it is open, so that it is opened once; empty when it is closed.",
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["open_key"], name="klokker_incident_open"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"
