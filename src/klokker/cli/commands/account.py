"""`klokker account`: prove that every occurrence became exactly one run, or stands in one dismissal."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from django.db.models import Sum

from klokker.cli.columns import Column
from klokker.cli.exits import Exit
from klokker.cli.finding import NUMBER, UnknownSchedule
from klokker.cli.moment import now as the_moment
from klokker.cli.output import AsJson, moment, print_json, say, table
from klokker.core.account import Account, account
from klokker.core.errors import KlokkerError
from klokker.core.lifecycle import DismissalReason, Outcome
from klokker.core.spelling import near
from klokker.django.models import Schedule, Tally
from klokker.django.store import DjangoStore
from klokker.wiring.time_data import time_data

app = typer.Typer()

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
    retired: Annotated[bool, typer.Option("--retired", help="Retired schedules too, when no name is given.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute anew what each timetable yielded since the schedule was made, and hold it against what was decided.

    Exits 1 when something does not add up.
    """
    now = the_moment()
    accounts: list[tuple[Account, str]] = []
    unreadable: dict[str, str] = {}
    gone = _gone(name) if name or retired else []
    for schedule in _schedules(name, retired, also=bool(gone)):
        try:
            accounts.append(_of(schedule))
        except KlokkerError as error:
            # What a stranger's hand wrote there hides this account, and no other.
            unreadable[str(schedule)] = str(error)
    exact = all(each.exact for each, _ in accounts) and not unreadable
    if as_json:
        proofs = [_as_data(each, shown) for each, shown in accounts]
        print_json({"exact": exact, "now": now, "accounts": proofs, "unreadable": unreadable, "gone": gone})
        raise typer.Exit(Exit.WELL if exact else Exit.NOT_WELL)
    table(
        COLUMNS,
        [
            *(
                (
                    each["schedule"],
                    str(each["tallied"]),
                    "0",
                    "0",
                    str(each["tallied"]),
                    "sealed",
                    _listed(each["of_them"]),
                )
                for each in gone
            ),
            *(
                (
                    shown,
                    str(each.expected),
                    str(each.runs),
                    str(each.dismissed),
                    str(each.tallied),
                    "exact" if each.exact else "NOT EXACT",
                    _parts(each),
                )
                for each, shown in accounts
            ),
        ],
        empty="No account can be read." if unreadable else "No schedules, so nothing was expected.",
    )
    for shown, fault in unreadable.items():
        say(f"{shown}: its account cannot be read: {fault}")
    for each, shown in accounts:
        for finding in each.findings:
            where = f" on {finding.node}" if finding.node else ""
            say(f"{shown}{where}: {finding.trouble}, since {moment(finding.at)}: {finding.words}")
    if accounts:
        say(_sum([each for each, _ in accounts]))
    raise typer.Exit(Exit.WELL if exact else Exit.NOT_WELL)


def _gone(name: str) -> list[dict[str, Any]]:
    """The schedules (of this name) that retired and of which only the sealed tally is left; it was proved as it was sealed."""
    plain, _, number = name.partition("#")
    rows = Tally.objects.exclude(schedule_id__in=Schedule.objects.values("pk"))
    if name:
        rows = rows.filter(schedule_name__iexact=plain)
    if NUMBER.fullmatch(number):
        rows = rows.filter(schedule_id=int(number))
    summed = rows.values_list("schedule_id", "schedule_name").annotate(*map(Sum, COUNTED))
    left = []
    for schedule, bore, *numbers in summed.order_by("schedule_name", "schedule_id"):
        counts = {column.replace("_", " "): number for column, number in zip(COUNTED, numbers, strict=True) if number}
        tallied = sum(counts.values())
        left.append({"schedule": f"{bore}#{schedule}", "id": schedule, "tallied": tallied, "of_them": counts})
    return left


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _schedules(name: str, retired: bool, *, also: bool) -> list[Schedule]:
    """`also`: somebody else bore the name, so that it is known even without a schedule."""
    standing = Schedule.objects.order_by("name", "pk")
    if not name:
        return list(standing if retired else standing.exclude(state="retired"))
    plain = name.partition("#")[0]
    found = [each for each in standing.filter(name__iexact=plain) if name == plain or str(each) == name]
    if not found and not also:
        raise UnknownSchedule(name, near(name, (each.name for each in standing)))
    return found


def _of(schedule: Schedule) -> tuple[Account, str]:
    return account(DjangoStore().ledger(schedule.pk), now=the_moment(), time_data=time_data()), str(schedule)


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
    parts += [f"{each.paused} paused until now"] if each.paused else []
    return ", ".join(parts)


def _sum(accounts: list[Account]) -> str:
    expected, runs = sum(each.expected for each in accounts), sum(each.runs for each in accounts)
    dismissed, tallied = sum(each.dismissed for each in accounts), sum(each.tallied for each in accounts)
    wrong = sum(not each.exact for each in accounts)
    verdict = "exact" if not wrong else f"NOT EXACT for {wrong} schedules"
    return f"{expected:,} expected = {runs:,} runs + {dismissed:,} dismissed + {tallied:,} in the tally: {verdict}"


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
