"""The proof itself: a true history proves, and one that is falsified in one place does not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.volleys.chores import BEGUN, DONE
from tests.acceptance.volleys.history import Change, History
from tests.acceptance.volleys.proof import Evidence, Line, Rhythm, prove

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(second: int) -> str:
    """So many seconds after the start, as the database writes it."""
    return (START + timedelta(seconds=second)).isoformat()


@dataclass
class Story:
    """What happened, to be falsified: a timer that decided three seconds, two runs made of them, one dismissal."""

    rows: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def put(self, table: str, id: int, **values: Any) -> "Story":
        """A row is made, or some of its values change."""
        old = self.rows.get((table, id))
        new = {**(old or {"id": id}), **values}
        self.rows[table, id] = new
        self.changes.append(Change(table, old, new))
        return self

    def remove(self, table: str, id: int) -> "Story":
        self.changes.append(Change(table, self.rows.pop((table, id)), None))
        return self

    def say(self, said: str, run: int, token: int, attempt: int = 1, task: str = "once") -> "Story":
        self.lines.append(Line(said, run, token, attempt, task, pid=1))
        return self

    def make(self, run: int, second: int | None, task: str = "once") -> "Story":
        """A run, waiting, then queued."""
        nominal = None if second is None else at(second)
        whose = {"schedule_id": 1, "node": "", "revision": 1, "nominal": nominal, "kind": "scheduled", "task": task}
        stands = {"state": "waiting", "token": 0, "claimed_by": "", "started": None, "failed": 0, "lost": 0}
        self.put("run", run, **whose, **stands, outcome="", ended_token=None, error="")
        return self.put("run", run, state="queued")

    def claim(self, run: int) -> "Story":
        """Claimed, and begun."""
        token = self.rows["run", run]["token"] + 1
        self.put("run", run, state="claimed", token=token, claimed_by="a/1", started=at(2))
        return self._says(BEGUN, run)

    def finish(self, run: int, outcome: str = "succeeded") -> "Story":
        """Done, under the token that it has."""
        self._says(DONE, run)
        return self.put("run", run, state="done", outcome=outcome, ended_token=self.rows["run", run]["token"])

    def _says(self, said: str, run: int) -> "Story":
        row = self.rows["run", run]
        return self.say(said, run, row["token"], row["lost"] + 1, row["task"])

    def evidence(self) -> Evidence:
        rhythms = {"second": Rhythm(1)}
        return Evidence(
            History(self.changes), self.lines, self.lines, rhythms, repeatable={"again"}, snoozing={"later"}
        )


def true_story() -> Story:
    story = Story()
    story.put("schedule", 1, name="second", state="active")
    story.put("timer", 1, schedule_id=1, node="", since=at(0), until=None, handled_until=at(0))
    story.put("timer", 1, handled_until=at(3))
    for run in (1, 2):
        story.make(run, run).claim(run).finish(run)
    window = {"after": at(2), "until": at(3), "count": 1, "reason": "missed"}
    story.put("dismissal", 1, schedule_id=1, node="", revision=1, **window)
    return story


def pruned_story() -> Story:
    """The day is over: a tally stands for all three."""
    story = true_story()
    others = "failed timed_out cancelled lost expired superseded overlapped paused closed broken"
    tally = dict.fromkeys(others.split(), 0)
    day = START.replace(hour=0).isoformat()
    story.put("tally", 1, schedule_id=1, node="", revision=1, day=day, succeeded=2, missed=1, **tally)
    story.remove("run", 1)
    story.remove("run", 2)
    story.remove("dismissal", 1)
    return story


def sent_on_story() -> Story:
    """A repeatable run was lost, sent on, and succeeded."""
    story = true_story()
    story.make(3, None, task="again").claim(3)
    story.put("run", 3, state="waiting", lost=1, started=None).put("run", 3, state="queued")
    return story.claim(3).finish(3)


@pytest.mark.parametrize("story", [true_story, pruned_story, sent_on_story])
def test_what_happened_as_promised_is_proved(story: Callable[[], Story]) -> None:
    assert prove(story().evidence()) == []


FALSIFIED: dict[str, Callable[[Story], Story]] = {
    # occurrences
    "lost: second#1 on '' decided nothing": lambda story: story.put("timer", 1, handled_until=at(4)),
    "doubled: second#1 on '' decided 2 times": lambda story: story.make(3, 1),
    "stray: second#1 on '' has a run": lambda story: story.make(3, 7),
    "miscounted: second#1 on '' dismissed 5": lambda story: story.put("dismissal", 1, count=5),
    # starts
    "started twice: run 1 under token 1": lambda story: story.say(BEGUN, 1, 1),
    "started twice: attempt 1 of run 1": lambda story: story.say(BEGUN, 1, 2),
    "never claimed: run 2": lambda story: story.say(BEGUN, 2, 5, attempt=2),
    "spoke too late: run 2": lambda story: story.say(BEGUN, 2, 2, attempt=2).say(DONE, 2, 1),
    # ends
    "ended twice: run 1 was succeeded": lambda story: story.put("run", 1, outcome="lost"),
    "wrong move: run 1": lambda story: story.put("run", 1, state="queued"),
    "stale end: run 3": lambda story: story.make(3, 4).claim(3).put("run", 3, ended_token=0),
    "wrong token: run 1": lambda story: story.put("run", 1, token=2),
    # results
    "unfounded: run 1 succeeded": lambda story: story.put("run", 1, ended_token=7),
    "unfounded: run 3 failed": lambda story: story.make(3, 4).claim(3).finish(3, "failed"),
    # losses
    "tried after a loss: run 2": lambda story: story.put("run", 2, lost=1),
    # tallies
    "gone without a trace: run 1": lambda story: story.remove("run", 1),
    "pruned too early: run 3": lambda story: story.make(3, 3).remove("run", 3),
}


@pytest.mark.parametrize("finding", FALSIFIED)
def test_what_did_not_happen_as_promised_is_found(finding: str) -> None:
    story = true_story()
    FALSIFIED[finding](story)
    assert any(found.startswith(finding) for found in prove(story.evidence())), prove(story.evidence())


def test_an_attempt_that_began_without_a_note_is_found() -> None:
    story = true_story()
    story.make(3, None).put("run", 3, state="claimed", token=1).say(BEGUN, 3, 1)
    assert [found for found in prove(story.evidence()) if "unmarked: run 3" in found]


@pytest.mark.parametrize(("column", "says"), [("succeeded", 3), ("missed", 0)])
def test_a_tally_that_says_something_else_is_found(column: str, says: int) -> None:
    story = pruned_story()
    story.put("tally", 1, **{column: says})
    assert [found for found in prove(story.evidence()) if f"says {says} {column}" in found]


def test_a_later_look_at_what_was_written_down_bears_out_an_end_and_accuses_nobody() -> None:
    story = true_story()
    evidence = replace(story.evidence(), later=[*story.lines, Line(BEGUN, 9, 1, 1, "once", pid=1)])
    assert prove(evidence) == []
