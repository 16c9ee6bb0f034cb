"""The marketplace, cut down to what its chores look at."""

from django.db import models


class Backend(models.Model):
    """A system elsewhere from which things are pulled; some do not answer."""

    name = models.CharField(max_length=60, unique=True)
    answers = models.BooleanField(default=True)
    pulled_at = models.DateTimeField(null=True)


class Record(models.Model):
    """Anything that the marketplace keeps: an invitation, an order, a resource, an invoice, a booking …"""

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=20)
    state_since = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    backend = models.ForeignKey(Backend, null=True, on_delete=models.CASCADE)
    amount = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    period = models.CharField(max_length=7, blank=True)

    class Meta:
        """What is looked for: records of a kind in a state."""

        indexes = (models.Index(fields=["kind", "state", "ends_at"]),)
        constraints = (models.UniqueConstraint(fields=["kind", "name", "period"], name="waldur_one_record"),)


class Message(models.Model):
    """What somebody is told. One message per record, subject and day: a chore that runs again tells nobody twice."""

    subject = models.CharField(max_length=80)
    record = models.CharField(max_length=80)
    day = models.DateField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """Nobody is told twice."""

        constraints = (models.UniqueConstraint(fields=["subject", "record", "day"], name="waldur_told_once"),)
