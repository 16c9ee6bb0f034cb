"""Which queues have a limit of their own?"""

from django.db import models


class Lane(models.Model):
    """A named queue with its own concurrency limit. A lane that runs name and nobody has set up has none."""

    name = models.CharField(max_length=255, primary_key=True)
    limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Runs at once over all nodes; empty for no limit."
    )
    paused = models.BooleanField(default=False, help_text="Its runs are not started.")
    description = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
