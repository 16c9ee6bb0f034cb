"""What did a run log?"""

from django.db import models

from klokker.django.models.run import Run


class RunLog(models.Model):
    """The lines that a run logged, capped: the first and the last ones are kept."""

    run = models.OneToOneField(
        Run, primary_key=True, on_delete=models.DO_NOTHING, related_name="log", db_constraint=False
    )
    head = models.TextField(blank=True, help_text="The first lines.")
    tail = models.TextField(blank=True, help_text="The last lines, once the first part is full.")
    left_out = models.PositiveBigIntegerField(default=0, help_text="Lines between the two that were not kept.")

    def __str__(self) -> str:
        return f"log of run {self.run_id}"
