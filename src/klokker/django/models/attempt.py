"""What became of the earlier tries of a run that was tried again?"""

from django.db import models

from klokker.core.lifecycle import Outcome
from klokker.django.models.choices import choices
from klokker.django.models.run import Run


class Attempt(models.Model):
    """One earlier try at a run, by one process. The latest try stands on the run itself."""

    run = models.ForeignKey(
        Run, on_delete=models.DO_NOTHING, related_name="attempts", db_constraint=False, db_index=False
    )
    token = models.PositiveIntegerField(help_text="The token of its claim.")
    number = models.PositiveIntegerField(help_text="1 is the first; a snooze costs no number.")
    process = models.CharField(max_length=255)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField()
    outcome = models.CharField(
        max_length=16, blank=True, choices=choices(Outcome), help_text="Empty where the task asked for later (snooze)."
    )
    error = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "token"], name="klokker_attempt_token"),)

    def __str__(self) -> str:
        return f"run {self.run_id}, attempt {self.number}"
