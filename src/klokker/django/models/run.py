"""Which runs are there, and where does each stand?"""

from django.db import models

from klokker.core.lifecycle import Outcome, RunKind, RunState
from klokker.django.models.choices import choices
from klokker.django.models.schedule import Schedule

WAITING = models.Q(state="waiting")
QUEUED = models.Q(state="queued")
CLAIMED = models.Q(state="claimed")
DONE = models.Q(state="done")


class Run(models.Model):
    """One intent to execute a task with fixed arguments. `lifecycle.MOVES` holds the moves that its state may make."""

    # No constraint in the database on the hottest table: the store writes the ids of rows that it holds locked, and a
    # schedule is removed only when no run names it (docs/decisions).
    schedule = models.ForeignKey(
        Schedule,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="runs",
        db_constraint=False,
        db_index=False,
        help_text="Empty for a run that code has enqueued.",
    )
    revision = models.PositiveIntegerField(null=True, blank=True, help_text="The number of the revision it belongs to.")
    node = models.CharField(max_length=255, blank=True, default="", help_text="Where it must run; empty for anywhere.")
    kind = models.CharField(max_length=16, choices=choices(RunKind), help_text="Why it was made.")
    nominal = models.DateTimeField(
        null=True, blank=True, help_text="The moment as on the timetable; scheduled runs only."
    )
    previous_nominal = models.DateTimeField(
        null=True, blank=True, help_text="The nominal time of the occurrence before that became a run."
    )
    for_nominal = models.DateTimeField(
        null=True, blank=True, help_text="Of another kind of run: the occurrence it repeats."
    )
    planned = models.DateTimeField(help_text="No start before this: nominal time plus jitter, or a wait for a retry.")
    start_before = models.DateTimeField(
        null=True, blank=True, help_text="It ends as expired if it has not begun by then."
    )
    state = models.CharField(max_length=16, choices=choices(RunState), help_text="Where it stands.")
    turn_key = models.CharField(
        max_length=300,
        null=True,
        blank=True,
        help_text="The turn that it needs before it is queued; empty if it needs none.",
    )
    turn = models.CharField(
        max_length=300, null=True, blank=True, help_text="The turn that it holds, until it is done."
    )
    lane = models.CharField(max_length=255, default="default", help_text="The queue that it waits in.")
    order = models.IntegerField(default=0, help_text="Lower first among the queued runs of a lane.")
    task = models.CharField(max_length=255, help_text="The name of the task.")
    args = models.JSONField(default=list, blank=True)
    kwargs = models.JSONField(default=dict, blank=True)
    policies = models.JSONField(
        default=dict, blank=True, help_text="What its schedule and, from the claim on, its task had settled."
    )
    claimed_by = models.CharField(max_length=255, blank=True, db_default="", help_text="The process that holds it.")
    token = models.PositiveIntegerField(
        db_default=0, help_text="Raised by each claim; an end that shows an older one is refused."
    )
    lease_until = models.DateTimeField(
        null=True, blank=True, help_text="The claim's term; renewed while the process lives."
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent to Celery.")
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.CharField(max_length=255, blank=True, db_default="")
    failed = models.PositiveIntegerField(db_default=0, help_text="Tries that failed.")
    lost = models.PositiveIntegerField(db_default=0, help_text="Tries whose process vanished.")
    first_started = models.DateTimeField(null=True, blank=True, help_text="When its first try began.")
    started = models.DateTimeField(null=True, blank=True, help_text="When its latest try began.")
    next_tick_after = models.DateTimeField(
        null=True, blank=True, help_text="It also waits for the first `klokker tick` begun after this moment."
    )
    ended_token = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The token of the last end that was accepted; said twice, it is accepted twice.",
    )
    finished = models.DateTimeField(null=True, blank=True, help_text="When it was done.")
    outcome = models.CharField(max_length=16, blank=True, db_default="", choices=choices(Outcome))
    result = models.JSONField(null=True, blank=True, help_text="What the task returned.")
    counts = models.JSONField(
        db_default=models.Value({}, models.JSONField()), blank=True, help_text="What it did, counted."
    )
    error = models.TextField(blank=True, db_default="")
    progress_done = models.BigIntegerField(null=True, blank=True)
    progress_total = models.BigIntegerField(null=True, blank=True)
    asked_by = models.CharField(max_length=255, blank=True, default="")
    retry_of = models.BigIntegerField(null=True, blank=True, help_text="The run that a person asked to try again.")
    overrun_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when it has ignored its timeout or a wish to cancel."
    )
    keep_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when its retention keeps it, once it is done."
    )
    prune_after = models.DateTimeField(
        null=True, blank=True, help_text="It may go after this moment; empty while it is among the last that stay."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["schedule", "node", "nominal"], name="klokker_run_occurrence"),
            models.UniqueConstraint(fields=["turn"], name="klokker_run_one_turn"),
        )
        indexes = (
            models.Index(fields=["schedule", "id"], name="klokker_run_history"),
            models.Index(fields=["schedule", "node"], name="klokker_run_unfinished", condition=~DONE),
            models.Index(fields=["planned"], name="klokker_run_waiting", condition=WAITING),
            models.Index(
                fields=["start_before"],
                name="klokker_run_start_before",
                condition=~DONE & models.Q(start_before__isnull=False, first_started__isnull=True),
            ),
            models.Index(fields=["lane", "order", "planned", "id"], name="klokker_run_queued", condition=QUEUED),
            models.Index(fields=["turn_key"], name="klokker_run_line", condition=WAITING),
            models.Index(
                fields=["next_tick_after"],
                name="klokker_run_next_tick",
                condition=WAITING & models.Q(next_tick_after__isnull=False),
            ),
            models.Index(fields=["lane"], name="klokker_run_claimed", condition=CLAIMED),
            models.Index(fields=["claimed_by"], name="klokker_run_held", condition=CLAIMED),
            models.Index(
                fields=["schedule", "node", "finished"],
                name="klokker_run_last",
                condition=DONE & models.Q(prune_after__isnull=True),
            ),
            models.Index(
                fields=["prune_after"], name="klokker_run_prune", condition=models.Q(prune_after__isnull=False)
            ),
        )

    @property
    def attempt(self) -> int:
        """The number of its latest try, 1 for the first."""
        return self.failed + self.lost + 1

    def __str__(self) -> str:
        return f"run {self.pk} of {self.task}"
