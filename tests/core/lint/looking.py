"""What tests look at: schedules made of a few words, on a Saturday in November 2026."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from klokker.core.definition import Definition
from klokker.core.known import NOTHING, Known
from klokker.core.lint.case import Ground, Subject, TaskFacts
from klokker.core.lint.finding import Code, Finding
from klokker.core.lint.linting import lint

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def subject(
    when: str,
    *,
    name: str = "tidy",
    task: TaskFacts | None = None,
    usual: timedelta | None = None,
    known: bool = True,
    runs: str = "shop.clean_up",
    known_names: Known = NOTHING,
    **fields: Any,
) -> Subject:
    """A schedule with an owner and a task that is known, so that nothing is found but what the test is about."""
    values = {"owner": "night shift", "task": runs, **fields, "name": name, "when": when}
    facts = task or (TaskFacts() if known else None)
    return Subject(Definition.read(values, known_names), facts, usual)


def looked(*subjects: Subject, tick: timedelta | None = None) -> list[Finding]:
    """All findings in these."""
    return lint(subjects, Ground(NOW, tick))


def codes(findings: Sequence[Finding]) -> list[Code]:
    """What was found, in order."""
    return [finding.code for finding in findings]


def only(code: Code, *subjects: Subject, tick: timedelta | None = None) -> Finding:
    """The one finding of this code in these."""
    [finding] = [finding for finding in looked(*subjects, tick=tick) if finding.code is code]
    return finding
