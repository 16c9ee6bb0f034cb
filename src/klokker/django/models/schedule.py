"""What is a schedule, now? A named record; what it has been stands in its revisions."""

from django.db import models

from klokker.core.definition import AfterSuccess
from klokker.core.lifecycle import Origin, ScheduleState
from klokker.django.models.choices import choices


class Schedule(models.Model):
    """Timetable, task, arguments, policies and placement under one name.

    The whole definition stands once, in the newest revision. What people search and sort by is repeated here.
    """

    name = models.CharField(max_length=255, help_text="What people call it; free again once it is retired.")
    name_key = models.CharField(
        max_length=700,
        null=True,
        editable=False,
        help_text="The name without regard to case; empty for a retired schedule.",
    )
    description = models.TextField(blank=True, help_text="What it is for, in its owner's words.")
    task = models.CharField(max_length=255, help_text="The name of the task that it runs.")
    when = models.TextField(help_text="Its timetable, as text.")
    zone = models.CharField(max_length=255, default="UTC", help_text="The time zone in which the timetable is read.")
    lane = models.CharField(max_length=255, default="default", help_text="The queue that its runs wait in.")
    owner = models.CharField(max_length=255, blank=True, help_text="Who answers for it.")
    labels = models.JSONField(default=dict, blank=True, help_text="Names and values to search by.")
    origin = models.CharField(
        max_length=16,
        choices=choices(Origin),
        help_text="Declared: defined in code or a file. Managed: by people, in the console or the API.",
    )
    state = models.CharField(
        max_length=16,
        choices=choices(ScheduleState),
        help_text="Active; paused: plans nothing for now; broken: cannot be evaluated; spent: used up; retired: kept for history.",
    )
    reason = models.TextField(blank=True, help_text="Why it is paused or broken.")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="When a pause ends by itself.")
    changed_by = models.CharField(max_length=255, blank=True, help_text="Who paused, resumed or retired it last.")
    since = models.DateTimeField(help_text="When it was made.")
    revision = models.PositiveIntegerField(default=1, help_text="The number of its newest revision.")
    starts_after_completion = models.DateTimeField(
        null=True, blank=True, help_text="For “after completion”: the moment from which its first rest is counted."
    )

    after_success = models.CharField(
        max_length=16,
        choices=choices(AfterSuccess),
        default="keep",
        help_text="What becomes of it once a run succeeded.",
    )
    succeeded = models.BooleanField(
        default=False, db_default=False, help_text="A run of it has succeeded, dry runs not counted."
    )
    prune_after = models.DateTimeField(
        null=True, blank=True, help_text="Retired, and after this moment to be removed if nothing of it is left."
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["name_key"], name="klokker_schedule_name"),)
        indexes = (
            models.Index(
                fields=["id"],
                name="klokker_schedule_to_retire",
                condition=models.Q(after_success="delete", succeeded=True) & ~models.Q(state="retired"),
            ),
            models.Index(
                fields=["prune_after"], name="klokker_schedule_prune", condition=models.Q(prune_after__isnull=False)
            ),
            models.Index(
                fields=["paused_until"], name="klokker_schedule_pause", condition=models.Q(paused_until__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}#{self.pk}" if self.state == ScheduleState.RETIRED else self.name
