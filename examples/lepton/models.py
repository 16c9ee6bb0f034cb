"""Events that students register for, and what was done in the administration."""

from django.db import models


class LogEntry(models.Model):
    """Something that somebody did in the administration."""

    action = models.CharField(max_length=120)
    action_time = models.DateTimeField(db_index=True)


class Event(models.Model):
    """Something to go to, for money."""

    title = models.CharField(max_length=80)


class Registration(models.Model):
    """A place at an event, held until it is paid for or the time to pay is over."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="registrations")
    member = models.CharField(max_length=80)


class Order(models.Model):
    """A payment for an event, begun or done."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="orders")
    member = models.CharField(max_length=80)
    paid = models.BooleanField(default=False)
