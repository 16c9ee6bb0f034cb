"""How findings of lint are shown: for people a table, for programs JSON, and in the exit code how bad they are."""

from collections.abc import Sequence
from typing import Any

from klokker.cli.columns import Column
from klokker.cli.output import say, table
from klokker.core.lint.finding import Finding, Severity

COLUMNS = (
    Column("HOW BAD"),
    Column("SCHEDULE", wrap=True),
    Column("FINDING"),
    Column("WHAT, AND WHAT WOULD BE RIGHT", wrap=True),
)
_NAMES_SHOWN = 3


def counting(findings: Sequence[Finding]) -> list[Finding]:
    """Those that nobody has silenced."""
    return [finding for finding in findings if not finding.silenced]


def at_least(findings: Sequence[Finding], severity: Severity) -> bool:
    """Whether one that counts is as grave as this."""
    return any(finding.severity.gravity <= severity.gravity for finding in counting(findings))


def tell(findings: Sequence[Finding], *, silenced: bool) -> None:
    """A table of the findings, and a line that sums them up; `silenced` ones are shown if asked for."""
    shown = findings if silenced else counting(findings)
    table(
        COLUMNS,
        (
            (
                "silenced" if finding.silenced else finding.severity,
                _names(finding),
                finding.code,
                f"{finding.sentence}; silenced: {finding.silenced}"
                if finding.silenced
                else f"{finding.sentence}; {finding.fix}",
            )
            for finding in shown
        ),
        empty="Nothing was found.",
    )
    if not findings:
        return
    totals = [
        f"{number} {severity}{'s' * (number != 1)}" for severity in Severity for number in [_number(findings, severity)]
    ]
    say(f"{', '.join(totals)}; {len(findings) - len(counting(findings))} silenced. Each has a page: docs/lint/CODE.md")


def as_data(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings as docs/commands/json.md promises them, silenced ones too."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "schedules": finding.schedules,
            "sentence": finding.sentence,
            "fix": finding.fix,
            "page": finding.code.page,
            "silenced": finding.silenced or None,
            "details": finding.details,
        }
        for finding in findings
    ]


def _names(finding: Finding) -> str:
    names = finding.schedules
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _number(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in counting(findings))
