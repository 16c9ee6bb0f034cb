"""Which real parts did this test run stand on, and which did it go without? The end of the run says it in words.

A part is noted on the test that runs; so the note reaches the summary from other processes too (`pytest -n 2`).
"""

from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

import pytest

USED = "real part"


_running: pytest.Item | None = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _running
    _running = item
    try:
        return (yield)
    finally:
        _running = None


def used(part: str) -> None:
    """Note that the test that runs now stands on `part`."""
    if _running is not None and (USED, part) not in _running.user_properties:
        _running.user_properties.append((USED, part))


def missing(part: str, reason: str) -> NoReturn:
    """Skip this test: there is no `part` here."""
    pytest.skip(f"{part}: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed", "xfailed", "xpassed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]
    stood_on = Counter(part for report in reports for name, part in report.user_properties if name == USED)
    went_without = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not stood_on and not went_without:
        return
    terminalreporter.section("what was real")
    for part, tests in sorted(stood_on.items()):
        terminalreporter.line(f"{part}: {_tests(tests)}.")
    for reason, tests in sorted(went_without.items()):
        terminalreporter.line(f"NOT TESTED: {_tests(tests)}, for want of {reason}.", yellow=True)


def _reason(report: pytest.TestReport) -> str:
    assert isinstance(report.longrepr, tuple)
    return report.longrepr[2].removeprefix("Skipped: ")


def _tests(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"
