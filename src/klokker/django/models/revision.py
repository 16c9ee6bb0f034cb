"""Which definitions has a schedule had, and from when did each hold?"""

from django.db import models

from klokker.django.models.schedule import Schedule


class Revision(models.Model):
    """One definition that a schedule has had. Never updated.

    An occurrence belongs to the highest number whose `holds_from` lies before it.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField(help_text="1 is the first.")
    holds_from = models.DateTimeField(help_text="Occurrences after this moment are its own.")
    by = models.CharField(max_length=255, blank=True, help_text="Who made it.")
    why = models.TextField(blank=True, help_text="Why, in their words.")
    changes = models.JSONField(default=dict, blank=True, help_text="Field names, each with the old and the new value.")
    time_data = models.CharField(max_length=255, blank=True, help_text="The version of the time zone data in force.")
    definition = models.JSONField(help_text="Timetable, task, arguments, policies and placement.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["schedule", "number"], name="klokker_revision_number"),)

    def __str__(self) -> str:
        return f"{self.schedule_id}, revision {self.number}"
