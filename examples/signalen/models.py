"""What residents report, and what is kept of it."""

from django.db import models


class State(models.TextChoices):
    """Where a report stands. Handled, cancelled and split are known by their letters, as administrators type them."""

    REPORTED = "m", "reported"
    HANDLED = "o", "handled"
    CANCELLED = "a", "cancelled"
    SPLIT = "s", "split"
    REACTION_REQUESTED = "reaction requested"
    REACTION_RECEIVED = "reaction received"
    FORWARDED_TO_EXTERNAL = "forwarded to external"
    CLOSURE_REQUESTED = "closure requested"


class Report(models.Model):
    """A report. `updated_at` moves with every change of any kind, notes and states included."""

    text = models.TextField()
    category = models.CharField(max_length=40)
    latitude = models.FloatField()
    longitude = models.FloatField()
    state = models.CharField(max_length=30, choices=State.choices)
    state_since = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        """What is looked for: reports of a state, by age."""

        indexes = (models.Index(fields=["state", "state_since"]), models.Index(fields=["state", "created_at"]))


class Reporter(models.Model):
    """Who made a report, and how to reach them; emptied when the report is old."""

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="reporter")
    email = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    anonymized = models.BooleanField(default=False)


class Note(models.Model):
    """A remark on a report, by people or by a chore."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    created_at = models.DateTimeField()


class Attachment(models.Model):
    """A photograph of a report."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="attachments")
    file = models.CharField(max_length=200)


class DeletedReport(models.Model):
    """What remains of a report that was deleted: that it was, when, in which batch, and why."""

    report = models.BigIntegerField()
    parent = models.BigIntegerField(null=True)
    category = models.CharField(max_length=40)
    state = models.CharField(max_length=30)
    batch = models.CharField(max_length=40, db_index=True)
    note = models.TextField()
    deleted_at = models.DateTimeField()


class Token(models.Model):
    """A link with which a reporter sees their own reports, for a while."""

    key = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)


class BackgroundResult(models.Model):
    """What the old background system left behind of each run."""

    task = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_index=True)


class PublicReport(models.Model):
    """A point on the public map: a copy of the open reports, refreshed as a whole."""

    report = models.BigIntegerField(unique=True)
    category = models.CharField(max_length=40)
    latitude = models.FloatField()
    longitude = models.FloatField()
