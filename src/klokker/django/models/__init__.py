"""The records that Klokker keeps, one concept a file (docs/concepts/storage.md).

They are for looking: faces read through them. They decide nothing, and are written by the store alone.
"""

from klokker.django.models.attempt import Attempt
from klokker.django.models.calendar import Calendar
from klokker.django.models.calendar_version import CalendarVersion
from klokker.django.models.dismissal import Dismissal
from klokker.django.models.incident import Incident
from klokker.django.models.lane import Lane
from klokker.django.models.node import Node
from klokker.django.models.process import Process
from klokker.django.models.revision import Revision
from klokker.django.models.run import Run
from klokker.django.models.run_log import RunLog
from klokker.django.models.schedule import Schedule
from klokker.django.models.tally import Tally
from klokker.django.models.timer import Timer

__all__ = [
    "Attempt",
    "Calendar",
    "CalendarVersion",
    "Dismissal",
    "Incident",
    "Lane",
    "Node",
    "Process",
    "Revision",
    "Run",
    "RunLog",
    "Schedule",
    "Tally",
    "Timer",
]
