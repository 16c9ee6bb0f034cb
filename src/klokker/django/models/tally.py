"""What did pruning leave of the ledger?"""

from django.db import models


class Tally(models.Model):
    """The runs and dismissals of one schedule, node, revision and UTC day that have gone, counted.

    It outlives its schedule, and so bears its id and name.
    """

    schedule_id = models.BigIntegerField()
    schedule_name = models.CharField(max_length=255)
    node = models.CharField(max_length=255, blank=True, default="")
    revision = models.PositiveIntegerField()
    day = models.DateTimeField(help_text="The first moment of the UTC day.")
    sealed_at = models.DateTimeField(null=True, blank=True, help_text="When the day was proved; then rows may go.")
    succeeded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    timed_out = models.PositiveBigIntegerField(default=0)
    cancelled = models.PositiveBigIntegerField(default=0)
    lost = models.PositiveBigIntegerField(default=0)
    expired = models.PositiveBigIntegerField(default=0)
    missed = models.PositiveBigIntegerField(default=0)
    superseded = models.PositiveBigIntegerField(default=0)
    overlapped = models.PositiveBigIntegerField(default=0)
    paused = models.PositiveBigIntegerField(default=0)
    closed = models.PositiveBigIntegerField(default=0)
    broken = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["schedule_id", "node", "revision", "day"], name="klokker_tally_day"),
        )
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.schedule_name}#{self.schedule_id}, {self.day:%Y-%m-%d}"
