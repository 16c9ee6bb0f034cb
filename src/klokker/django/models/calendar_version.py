"""Which texts has a calendar had, and since when?"""

from django.db import models

from klokker.django.models.calendar import Calendar


class CalendarVersion(models.Model):
    """One text that a calendar has had. Never updated."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(help_text="1 is the first.")
    text = models.TextField(help_text="Its windows, as text: lines, or an ICS file.")
    made_at = models.DateTimeField(help_text="When it was written.")
    by = models.CharField(max_length=255, blank=True, help_text="Who wrote it.")
    why = models.TextField(blank=True, help_text="Why, in their words.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["calendar", "number"], name="klokker_calendar_version"),)

    def __str__(self) -> str:
        return f"{self.calendar_id}, version {self.number}"
