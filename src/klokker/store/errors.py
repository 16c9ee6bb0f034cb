"""What a store refuses: a record that is not there, a name that is not free, a decision that the ledger cannot hold."""

from datetime import datetime

from klokker.core.errors import KlokkerError


class NoSuchSchedule(KlokkerError):
    """There is no schedule with this id. `schedule` is the id that was asked for."""

    def __init__(self, schedule: int) -> None:
        self.schedule = schedule
        super().__init__(
            f"There is no schedule {schedule}: it never was, or it was retired and its history has been pruned. "
            "`klokker list --retired` shows those that remain."
        )


class NoSuchRun(KlokkerError):
    """There is no run with this id. `run` is the id that was asked for."""

    def __init__(self, run: int) -> None:
        self.run = run
        super().__init__(
            f"There is no run {run}: it never was, or it has been pruned. `klokker runs` lists what there is."
        )


class NameInUse(KlokkerError):
    """Another schedule, not retired, bears this name. `name`, and `schedule`, the id of the one that has it, where it is known."""

    def __init__(self, name: str, schedule: int | None = None) -> None:
        self.name, self.schedule = name, schedule
        bearer = "another schedule" if schedule is None else f"schedule {schedule}"
        super().__init__(
            f"The name {name!r} is taken by {bearer} (names are compared without regard to case). "
            "Choose another one, or retire that schedule first."
        )


class NoSuchProcess(KlokkerError):
    """This process has not arrived at the store, or was silent for so long that it was forgotten. `process` is its id."""

    def __init__(self, process: str) -> None:
        self.process = process
        super().__init__(
            f"Process {process!r} is not known here: it has not arrived, or was silent for over a day. "
            "It must arrive (again) before it claims or renews."
        )


class OccurrenceDecidedTwice(KlokkerError):
    """The occurrence already has a run. `schedule`, `node`, `nominal` say which."""

    def __init__(self, schedule: int, node: str, nominal: datetime) -> None:
        self.schedule, self.node, self.nominal = schedule, node, nominal
        where = f" on node {node}" if node else ""
        super().__init__(
            f"Schedule {schedule}{where} already has a run for {nominal.isoformat()}; nothing of this decision was written. "
            "If the clock was set back, `klokker rewind` settles what was decided ahead."
        )


class NoSuchRevision(KlokkerError):
    """A decision names a revision that its schedule does not have. `schedule` and `revision` say which."""

    def __init__(self, schedule: int, revision: int) -> None:
        self.schedule, self.revision = schedule, revision
        super().__init__(f"Schedule {schedule} has no revision {revision}; nothing of this decision was written.")


class OlderCalendar(KlokkerError):
    """A calendar was edited or removed while a schedule that names it was being written. `calendar`, and the schedule's `name`."""

    def __init__(self, name: str, calendar: str) -> None:
        self.name, self.calendar = name, calendar
        super().__init__(
            f"Calendar {calendar!r} was edited or removed while schedule {name!r} was being written; "
            "nothing of the schedule was written. Say it again: it is read anew."
        )
