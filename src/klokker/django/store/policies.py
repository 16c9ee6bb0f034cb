"""What had a schedule settled for a run when it was made, and what its task when it was claimed? Kept on the run, as JSON.

The object is flat, and its members are text or plain values: so SQL can put the schedule's words over the task's in the
claim itself (`Dialect.json_over`), and what was written stays as it was at that time.
"""

import json
from functools import lru_cache

from klokker.core.definition import Definition, IfLost, Json
from klokker.core.errors import KlokkerError
from klokker.core.retention import Retention
from klokker.core.retry import Retry
from klokker.core.timeout import Timeout
from klokker.core.verdict import Terms

NOTHING_SETTLED = "{}"


@lru_cache(maxsize=4096)
def _stated(
    retry: Retry | None, if_lost: IfLost | None, timeout: Timeout | None, executor: str | None, retention: Retention
) -> str:
    stated: dict[str, Json] = {}
    if retry is not None:
        stated["retry"] = json.dumps(retry.written())
    if if_lost is not None:
        stated["if_lost"] = if_lost.value
    if timeout is not None:
        stated["timeout"] = str(timeout)
    if executor is not None:
        stated["executor"] = executor
    if retention != Retention():
        stated["retention"] = json.dumps(retention.written())
    return json.dumps(stated)


def stated(definition: Definition) -> str:
    """What the schedule itself says about its runs; what it leaves open is not there."""
    return _stated(definition.retry, definition.if_lost, definition.timeout, definition.executor, definition.retention)


@lru_cache(maxsize=4096)
def offered(terms: Terms) -> str:
    """All that a task says, to stand where the schedule has left it open."""
    return json.dumps(
        {
            "repeatable": terms.repeatable,
            "retry": json.dumps(terms.retry.written()),
            "if_lost": terms.if_lost.value,
            "timeout": str(terms.timeout),
            "executor": terms.executor,
        }
    )


@lru_cache(maxsize=4096)
def insisted(terms: Terms) -> str:
    """What a task says against its schedule: one that is not repeatable gets no further attempt after a lost one."""
    return json.dumps({} if terms.repeatable else {"repeatable": False, "if_lost": IfLost.FAIL.value})


class UnreadableRun(KlokkerError):
    """A stored run that makes no sense: `field` of it is `fault`."""

    def __init__(self, field: str, fault: str) -> None:
        self.field, self.fault = field, fault
        super().__init__(f"the run as it is stored cannot be read: {field} {fault}; nothing of it was run")


@lru_cache(maxsize=4096)
def terms(policies: str) -> Terms:
    """The terms of a run that was claimed. Raises UnreadableRun."""
    try:
        return _terms(policies)
    except (ValueError, TypeError, LookupError, KlokkerError) as error:
        raise UnreadableRun("policies", f"are not what was settled for it ({type(error).__name__}: {error})") from None


def _terms(policies: str) -> Terms:
    settled = json.loads(policies)
    return Terms(
        repeatable=settled["repeatable"],
        timeout=Timeout.read(settled["timeout"]),
        retry=Retry.read(json.loads(settled["retry"])),
        if_lost=IfLost(settled["if_lost"]),
        executor=settled["executor"],
    )


@lru_cache(maxsize=4096)
def retention(policies: str) -> Retention:
    """How long a run stays; one whose policies cannot be read as long as any other."""
    try:
        written = json.loads(policies).get("retention")
        return Retention() if written is None else Retention.read(json.loads(written))
    except (ValueError, TypeError, AttributeError, KlokkerError):
        return Retention()
