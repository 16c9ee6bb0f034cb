"""Every finding of a fleet, those that its schedules silence marked as such."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from klokker.core.lint import care, clocks, crowd, expression, life, pace, tasks
from klokker.core.lint.case import Case, Ground, Subject
from klokker.core.lint.finding import Code, Finding
from klokker.core.spelling import did_you_mean

FAMILIES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    life.find,
    tasks.find,
    expression.find,
    pace.find,
    care.find,
    clocks.find,
)
BETWEEN: tuple[Callable[[Sequence[Case]], Iterator[Finding]], ...] = (care.find_between, crowd.find_between)
_LEAST = {Code.CROWDED: crowd.MANY, Code.DESTRUCTIVE_OVERLAP: 2}
"""Of so many schedules a finding between them must be; fewer make none."""


def lint(subjects: Sequence[Subject], ground: Ground) -> list[Finding]:
    """What is doubtful in these schedules, the gravest first, then by schedule."""
    cases = [Case(subject, ground) for subject in subjects]
    found: list[Finding] = []
    for case in cases:
        # Of what cannot be read nothing else is known.
        for family in FAMILIES if not case.subject.fault else (life.find,):
            found += family(case)
    sound = [case for case in cases if not case.subject.fault]
    for between in BETWEEN:
        found += between(sound)
    silences = {case.name: case.definition.silence for case in sound if case.definition.silence}
    marked = [_marked(finding, silences) for finding in found]
    marked += _idle_silences([case for case in sound if case.definition.silence], found)
    return sorted(marked, key=lambda finding: (finding.severity.gravity, finding.schedules[0], finding.code))


def _marked(finding: Finding, silences: Mapping[str, Mapping[str, str]]) -> Finding:
    """The finding, silenced if too few of its schedules are left that do not silence it."""
    reasons = [silences[name][finding.code] for name in finding.schedules if finding.code in silences.get(name, ())]
    left = len(finding.schedules) - len(reasons)
    if not reasons or left >= min(_LEAST.get(finding.code, 1), len(finding.schedules)):
        return finding
    return replace(finding, silenced=reasons[0])


def _idle_silences(silent: Sequence[Case], found: Sequence[Finding]) -> Iterator[Finding]:
    """What schedules silence without need."""
    if not silent:
        return
    there = {(name, finding.code.value) for finding in found for name in finding.schedules}
    known = [code.value for code in Code]
    for case in silent:
        for code in case.definition.silence:
            if code not in known:
                sentence = f"it silences {code}, which is no finding{did_you_mean(code, known)}"
                yield case.finding(Code.IDLE_SILENCE, sentence, "mend the name, or take it out of silence")
            elif (case.name, code) not in there:
                sentence = f"it silences {code}, which is not found in it"
                yield case.finding(Code.IDLE_SILENCE, sentence, "take it out of silence")
