"""Which calendars are known by name? What each has been stands in its versions."""

from django.db import models

from klokker.core.lifecycle import Origin
from klokker.django.models.choices import choices


class Calendar(models.Model):
    """A named set of windows. The schedules that name it carry its text in their revisions."""

    name = models.CharField(max_length=255, help_text="What timetables call it.")
    description = models.TextField(blank=True, help_text="What it is for.")
    origin = models.CharField(
        max_length=16,
        choices=choices(Origin),
        help_text="Declared: defined in a file. Managed: by people.",
    )
    declared_in = models.CharField(max_length=255, blank=True, help_text="The source that declares it.")
    version = models.PositiveIntegerField(help_text="The number of its newest version.")
    removed = models.BooleanField(
        default=False, db_default=False, help_text="No schedule may name it any more; its versions are kept."
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["name"], name="klokker_calendar_name"),)

    def __str__(self) -> str:
        return self.name
