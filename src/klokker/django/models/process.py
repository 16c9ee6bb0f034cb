"""Who is at work, and when was each last heard of?"""

from django.db import models


class Process(models.Model):
    """One running process of a node."""

    id = models.CharField(max_length=255, primary_key=True)
    node = models.CharField(max_length=255)
    roles = models.JSONField(default=list, help_text="What it does: ticks, works, …")
    host = models.CharField(max_length=255)
    pid = models.BigIntegerField()
    version = models.CharField(max_length=255, help_text="The version of Klokker that it runs.")
    time_data = models.CharField(max_length=255, blank=True, help_text="The version of its time zone data.")
    tasks = models.JSONField(default=list, help_text="The tasks it knows.")
    lanes = models.JSONField(default=dict, help_text="The lanes it serves, each with its slots.")
    arrived_at = models.DateTimeField()
    heartbeat = models.DateTimeField(help_text="Its last sign of life.")
    ticked_at = models.DateTimeField(null=True, blank=True, help_text="Its last tick.")

    left_at = models.DateTimeField(null=True, blank=True, help_text="When it ended in order.")

    class Meta:
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return self.id
