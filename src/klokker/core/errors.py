"""The one root of everything that Klokker refuses. Each layer keeps its errors beside the concept that raises them.

KlokkerError
├── InvalidMoment            here                not a moment: naive, None, or no datetime at all
├── InvalidPolicy            here                a policy that cannot be kept; names all its faults at once
├── InvalidDefinition        core/definition.py  a schedule that cannot be; names all its faults at once
├── UnreadableDefinition     core/definition.py  a stored definition that no longer makes sense
├── TimetableError           here
│   ├── InvalidTimetable                         a text that cannot be read: which field, what, where, what is right
│   ├── FollowsCompletion                        asked of `… after completion` what only the runs can tell
│   ├── NeverOpens                               what waits for the end of a closing would wait for ever
│   └── TooSparse                                the budget of steps was used up before a moment was found
├── DeclaredElsewhere        operations/edit.py  a declared schedule is edited where it is declared
├── EditedMeanwhile          operations/edit.py  somebody else edited the schedule first
├── InvalidArguments         tasks/arguments.py  arguments do not fit a task
├── InvalidRequest           operations/asking.py what a person asked for cannot be; names all faults at once
├── InvalidResult            tasks/results.py    Counts, Snooze or Cancel made of nonsense
├── InvalidTask              tasks/parameters.py a task is declared in a way that cannot work
├── NameInUse                store/errors.py     another schedule bears this name
├── NoSuchNode               operations/node.py  no node of this name is enrolled
├── NoSuchProcess            store/errors.py     the process has not arrived at the store
├── NoSuchRevision           store/errors.py     a decision names a revision that its schedule lacks
├── UnreadableRun            django/store/policies.py  a stored run that makes no sense
├── UnreadableValue          django/unreadable.py  a stored value that the database's driver cannot read
├── UnreadableRow            django/store/rows.py  a stored row with a word that is none of ours
├── NoSuchRun                store/errors.py     there is no run with this id
├── NoSuchSchedule           store/errors.py     there is no schedule with this id
├── NotConnected             tasks/port.py       this process has nowhere to enqueue runs
├── NotJson                  core/result.py      a value cannot be kept as JSON
├── OlderCalendar            store/errors.py     a calendar was edited while a schedule that names it was written
├── OccurrenceDecidedTwice   store/errors.py     the occurrence already has a run
├── RunNotMine               tasks/context.py    the run now belongs to another process
├── TaskModuleFailed         tasks/discovery.py  a module of tasks cannot be imported
├── TaskNameTaken            tasks/registry.py   two functions ask for one task name
├── TooManyRuns              operations/backfill.py more runs than are made without an explicit yes
├── UnknownLanguage          core/words/explain.py timetables are not explained in this language
├── UnknownTask              tasks/registry.py   no task of this name is known to this process
└── WrongState               operations/operation.py the schedule is not in a state for what was asked

Errors carry their data as attributes; the message is made from them and ends with what to do.
"""

from collections.abc import Mapping


class KlokkerError(Exception):
    """Klokker refused this. The message says what was wrong, where, and what would be right."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))

    def __reduce__(self) -> tuple[object, ...]:
        # Subclasses take data, not a message; the default would hand them their own message as data when unpickled.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: type[KlokkerError], args: tuple[object, ...], data: Mapping[str, object]) -> KlokkerError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(data)
    return error


class InvalidMoment(KlokkerError):
    """A moment must be an aware datetime."""

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(
            f"a moment must be a datetime with a time zone, got {_shown(value)}; "
            "write datetime(2026, 1, 1, 12, 0, tzinfo=UTC), or give a naive one its zone with .replace(tzinfo=…)"
        )


class InvalidPolicy(KlokkerError):
    """A policy was given values it cannot keep. `faults` maps each field to what is wrong with it."""

    def __init__(self, policy: str, faults: dict[str, str]) -> None:
        self.policy = policy
        self.faults = faults
        super().__init__(f"{policy}: " + "; ".join(f"{field} {fault}" for field, fault in faults.items()))

    @classmethod
    def collect(cls, policy: object, *rules: tuple[bool, str, str]) -> None:
        """Raise one error for all rules (holds, field, what must hold) that do not hold; return when all do."""
        faults = {field: f"{must}, got {_plain(getattr(policy, field))}" for holds, field, must in rules if not holds}
        if faults:
            raise cls(type(policy).__name__, faults)


class TimetableError(KlokkerError):
    """The root of what can be wrong with a timetable."""


class InvalidTimetable(TimetableError):
    """A timetable's text, or a choice beside it, that cannot be read.

    `text` is the whole text, `field` names the part at fault ("minute", "zone", "gap", …), `value` is what stands
    there, `expected` says what would be right, and `position` is the offset of `value` in `text`, in characters
    from 0, or None where the fault is not in the text.
    """

    def __init__(
        self, expected: str, *, field: str, value: object, text: object = None, position: int | None = None
    ) -> None:
        self.text = text
        self.field = field
        self.value = value
        self.expected = expected
        self.position = position
        where = "" if position is None else f" at position {position}"
        super().__init__(f"{field} {_shown(value)}{where}: {expected}")

    def pointed(self) -> str:
        """The part of the text around the fault, and below it a mark where the fault stands; empty when it is not in the text."""
        if self.position is None or not isinstance(self.text, str):
            return ""
        start = max(0, self.position - 40)
        shown = "".join(each if each.isprintable() else " " for each in self.text[start : start + 80])
        return f"{shown}\n{' ' * (self.position - start)}^"


class FollowsCompletion(TimetableError):
    """The occurrences of `… after completion` follow from the ends of runs, so it cannot list or count them."""

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(
            f"{asked} has no answer for a timetable that rests after completion: its moments follow from when runs "
            "end; ask after(the end of the last run) instead"
        )


class TooSparse(TimetableError):
    """A search used up its budget of steps without finding a moment."""

    def __init__(self, timetable: str, budget: str, remedy: str = "make it match more often") -> None:
        self.timetable = timetable
        self.budget = budget
        super().__init__(f"{timetable!r} yields nothing within {budget}; {remedy}")


def _shown(value: object) -> str:
    """The value as Python writes it, cut so that a message stays readable."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:56]}…{shown[-1]}"


def _plain(value: object) -> str:
    return _shown(value) if isinstance(value, str | bytes) else str(value)
