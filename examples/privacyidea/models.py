"""Tokens, counted events, and the time series made of them."""

from django.db import models


class Token(models.Model):
    """A second factor: in hardware or in software, assigned to somebody or to nobody."""

    serial = models.CharField(max_length=40, unique=True)
    hardware = models.BooleanField()
    user = models.CharField(max_length=80, blank=True)


class EventCounter(models.Model):
    """How often something happened; each node adds to its own row."""

    name = models.CharField(max_length=80)
    node = models.CharField(max_length=80)
    value = models.BigIntegerField(default=0)

    class Meta:
        """One row a counter and node."""

        constraints = (models.UniqueConstraint(fields=["name", "node"], name="privacyidea_one_counter"),)


class Statistic(models.Model):
    """One figure at one moment."""

    key = models.CharField(max_length=80, db_index=True)
    value = models.BigIntegerField()
    at = models.DateTimeField()
