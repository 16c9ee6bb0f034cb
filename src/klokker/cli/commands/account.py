"""`klokker account`: prove that every occurrence became exactly one run, or stands in one dismissal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from django.db import models

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.finding import NUMBER, UnknownSchedule
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, moment, print_json, say, table
from klokker.core.account import Account, account
from klokker.core.errors import KlokkerError
from klokker.core.lifecycle import DismissalReason, Outcome, ScheduleState
from klokker.core.spelling import near
from klokker.django.models import Schedule, Tally
from klokker.django.store import DjangoStore
from klokker.wiring.time_data import time_data

app = typer.Typer(add_completion=False)

COUNTED = tuple(each.value.replace(" ", "_") for each in (*Outcome, *DismissalReason))
"""The columns of a tally."""

COLUMNS = (
    Column("SCHEDULE"),
    Column("EXPECTED", number=True),
    Column("= RUNS", number=True),
    Column("+ DISMISSED", number=True),
    Column("+ TALLY", number=True),
    Column("VERDICT"),
    Column("OF THEM", wrap=True),
)


@app.command()
def prove(
    name: Annotated[str, typer.Argument(help="One schedule; retired ones that bore the name are listed too.")] = "",
    retired: Annotated[
        bool, typer.Option("--retired", help="Show retired schedules too; the sum holds them in any case.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compute anew what each timetable yielded since the schedule was made, and hold it against what was decided.

    Exits 1 when something does not add up.
    """
    now = the_moment()
    accounts: list[Account] = []
    unreadable: dict[str, str] = {}
    gone = _gone(name)
    hidden = 0
    shown: list[tuple[Account, str]] = []
    for schedule in _schedules(name, also=bool(gone)):
        try:
            proof = _of(schedule)
        except KlokkerError as error:
            # What a stranger's hand wrote there hides this account, and no other.
            unreadable[str(schedule)] = str(error)
            continue
        accounts.append(proof)
        if name or retired or schedule.state != ScheduleState.RETIRED or not proof.exact:
            shown.append((proof, str(schedule)))
        else:
            hidden += 1
    sum_ = Sum.of(accounts, sum(each["tallied"] for each in gone))
    if not (name or retired):
        hidden += len(gone)
        gone = []
    exact = not sum_.wrong and not unreadable
    if as_json:
        proofs = [_as_data(each, bearer) for each, bearer in shown]
        print_json(
            {
                "exact": exact,
                "now": now,
                "sum": sum_.as_data(),
                "accounts": proofs,
                "unreadable": unreadable,
                "gone": gone,
            }
        )
        raise typer.Exit(Exit.WELL if exact else Exit.NOT_WELL)
    _say(shown, unreadable, gone, sum_, hidden)
    raise typer.Exit(Exit.WELL if exact else Exit.NOT_WELL)


@dataclass(frozen=True, slots=True)
class Sum:
    """All accounts put together: whoever is shown, nobody is left out. `wrong`: so many are not exact."""

    expected: int
    runs: int
    dismissed: int
    tallied: int
    wrong: int

    @classmethod
    def of(cls, accounts: Sequence[Account], sealed: int) -> "Sum":
        """`sealed`: what stands in the tallies of schedules that are gone with all their rows."""
        return cls(
            expected=sum(each.expected for each in accounts) + sealed,
            runs=sum(each.runs for each in accounts),
            dismissed=sum(each.dismissed for each in accounts),
            tallied=sum(each.tallied for each in accounts) + sealed,
            wrong=sum(not each.exact for each in accounts),
        )

    def as_data(self) -> dict[str, int]:
        return {
            "expected": self.expected,
            "runs": self.runs,
            "dismissed": self.dismissed,
            "tallied": self.tallied,
        }

    def __str__(self) -> str:
        verdict = "exact" if not self.wrong else f"NOT EXACT for {self.wrong} schedules"
        return (
            f"{self.expected:,} expected = {self.runs:,} runs + {self.dismissed:,} dismissed "
            f"+ {self.tallied:,} in the tally: {verdict}"
        )


def _say(
    accounts: Sequence[tuple[Account, str]],
    unreadable: Mapping[str, str],
    gone: Sequence[Mapping[str, Any]],
    sum_: Sum,
    hidden: int,
) -> None:
    rows = [
        (each["schedule"], str(each["tallied"]), "0", "0", str(each["tallied"]), "sealed", _listed(each["of_them"]))
        for each in gone
    ]
    rows += [
        (
            bearer,
            str(each.expected),
            str(each.runs),
            str(each.dismissed),
            str(each.tallied),
            "exact" if each.exact else "NOT EXACT",
            _parts(each),
        )
        for each, bearer in accounts
    ]
    nothing = "Retired schedules alone." if hidden else "No schedules, so nothing was expected."
    table(COLUMNS, rows, empty="No account can be read." if unreadable else nothing)
    for bearer, fault in unreadable.items():
        say(f"{bearer}: its account cannot be read: {fault}")
    for each, bearer in accounts:
        for finding in each.findings:
            where = f" on {finding.node}" if finding.node else ""
            say(f"{bearer}{where}: {finding.trouble}, since {moment(finding.at)}: {finding.words}")
    if accounts or gone or hidden:
        say(str(sum_))
    if hidden:
        say(
            f"{hidden} retired schedule{'s are' if hidden > 1 else ' is'} in the sum and not shown; --retired shows them."
        )


def _gone(name: str) -> list[dict[str, Any]]:
    """The schedules (of this name) that retired and of which only the sealed tally is left; it was proved as it was sealed."""
    plain, _, number = name.partition("#")
    rows = Tally.objects.exclude(schedule_id__in=Schedule.objects.values("pk"))
    if name:
        rows = rows.filter(schedule_name__iexact=plain)
    if NUMBER.fullmatch(number):
        rows = rows.filter(schedule_id=int(number))
    summed = rows.values_list("schedule_id", "schedule_name").annotate(*map(models.Sum, COUNTED))
    left = []
    for schedule, bore, *numbers in summed.order_by("schedule_name", "schedule_id"):
        counts = {column.replace("_", " "): number for column, number in zip(COUNTED, numbers, strict=True) if number}
        tallied = sum(counts.values())
        left.append({"schedule": f"{bore}#{schedule}", "id": schedule, "tallied": tallied, "of_them": counts})
    return left


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _schedules(name: str, *, also: bool) -> list[Schedule]:
    """`also`: somebody else bore the name, so that it is known even without a schedule."""
    standing = Schedule.objects.order_by("name", "pk")
    if not name:
        return list(standing)
    plain = name.partition("#")[0]
    found = [each for each in standing.filter(name__iexact=plain) if name == plain or str(each) == name]
    if not found and not also:
        raise UnknownSchedule(name, near(name, (each.name for each in standing)))
    return found


def _of(schedule: Schedule) -> Account:
    return account(DjangoStore().ledger(schedule.pk), now=the_moment(), time_data=time_data())


def _parts(each: Account) -> str:
    counts: Counter[str] = Counter()
    for line in each.lines:
        counts.update({str(outcome): count for outcome, count in (*line.runs.items(), *line.tally_runs.items())})
        counts.update(
            {str(reason): count for reason, count in (*line.dismissals.items(), *line.tally_dismissals.items())}
        )
        counts["unfinished"] += line.unfinished
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    parts += [f"{each.due} due"] if each.due else []
    parts += [f"{each.waiting} wait for the opening"] if each.waiting else []
    parts += [f"{each.paused} paused until now"] if each.paused else []
    return ", ".join(parts)


def _as_data(each: Account, shown: str) -> dict[str, Any]:
    return {
        "schedule": shown,
        "id": each.schedule,
        "exact": each.exact,
        "expected": each.expected,
        "runs": each.runs,
        "dismissed": each.dismissed,
        "tallied": each.tallied,
        "due": each.due,
        "waiting": each.waiting,
        "paused": each.paused,
        "lines": [
            {
                "node": line.node or None,
                "revision": line.revision,
                "expected": line.expected,
                "decided": line.decided,
                "runs": line.runs,
                "unfinished": line.unfinished,
                "dismissals": line.dismissals,
                "tally_runs": line.tally_runs,
                "tally_dismissals": line.tally_dismissals,
            }
            for line in each.lines
        ],
        "findings": [
            {
                "trouble": finding.trouble,
                "fault": finding.fault,
                "node": finding.node or None,
                "at": finding.at,
                "count": finding.count,
                "words": finding.words,
            }
            for finding in each.findings
        ],
    }
