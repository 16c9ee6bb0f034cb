"""A connection cut in mid-transaction, a question or an answer lost on its way: nothing is half done, nothing is done twice."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from django.db import connections

from klokker.core.definition import Definition
from klokker.core.lifecycle import Outcome, RunKind
from klokker.core.plan import Plan, Timer, plan
from klokker.core.verdict import Done, Ending
from klokker.django.models import Attempt, Revision, Run
from klokker.django.models import Lane as LaneRow
from klokker.django.store import DjangoStore
from klokker.operations.edit import Edit
from klokker.operations.operation import do
from klokker.store.contract import Claim, End, Lane, NewRun
from klokker.store.unavailable import StoreUnavailable
from klokker.tasks.decorator import task
from tests.acceptance.faults.proxy import Loses, Proxy
from tests.acceptance.faults.site import HOUR, MINUTE, SECOND, Member, Site

PROXIED = "proxied"


@dataclass
class Line:
    """A site, and a store on it that is reached through a proxy."""

    site: Site
    proxy: Proxy
    store: DjangoStore


@pytest.fixture
def line(postgres_site: Site) -> Iterator[Line]:
    settings = connections[postgres_site.alias].settings_dict
    proxy = Proxy(settings["HOST"], int(settings["PORT"]))
    plain = {"sslmode": "disable", "gssencmode": "disable"}
    connections.settings[PROXIED] = {**settings, "HOST": "127.0.0.1", "PORT": str(proxy.port), "OPTIONS": plain}
    store = DjangoStore(PROXIED, own_connections=True, clock=postgres_site.clock.wall)
    store.schedules()
    try:
        yield Line(postgres_site, proxy, store)
    finally:
        with suppress(Exception):
            store.close()
        connections[PROXIED].close()
        del connections[PROXIED]
        del connections.settings[PROXIED]
        proxy.close()


def asked(site: Site) -> NewRun:
    return NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)


def queued(line: Line) -> int:
    (made,) = line.site.store.enqueue([asked(line.site)], now=line.site.now)
    return made.id


def claimed(line: Line, *, ahead: bool = False) -> Claim:
    queued(line)
    line.site.member(name="p9")
    known = {name: replace(terms, repeatable=True) for name, terms in line.site.registry.terms().items()}
    lanes, more = ({"default": 0}, 1) if ahead else ({"default": 1}, 0)
    (claim,) = line.site.store.claim("p9", line.site.now, lanes=lanes, known=known, lease=30 * SECOND, ahead=more)
    return claim


def succeeded(line: Line, claim: Claim) -> End:
    now = line.site.now
    return End(
        claim.run, claim.token, now, now, Ending(Outcome.SUCCEEDED, result=7), Done(Outcome.SUCCEEDED), ("said",)
    )


def the_run(line: Line) -> Run:
    return Run.objects.using(line.site.alias).get()


Verb = Callable[[], object]
Seen = Callable[[], object]


def decide(line: Line) -> tuple[Verb, Seen]:
    schedule = line.site.schedule(catch_up="all")
    line.site.clock.advance(3 * MINUTE)
    now = line.site.now

    def planner(timer: object) -> Plan:
        assert isinstance(timer, Timer)
        return plan(timer, now=now, previous_tick=None)

    return lambda: line.store.decide(now, planner), lambda: len(line.site.nominals(schedule))


def change(line: Line) -> tuple[Verb, Seen]:
    schedule = line.site.schedule()
    member = line.site.registry

    def edit() -> object:
        from klokker.operations.catalogue import RegisteredTasks

        old = line.site.seen(schedule).revision.definition
        wish = Edit(line.site.asked(), Definition.read({**old.written(), "when": "0 3 * * *"}), RegisteredTasks(member))
        return do(line.store, schedule, wish)

    return edit, lambda: Revision.objects.using(line.site.alias).count() - 1


def cancel(line: Line) -> tuple[Verb, Seen]:
    run = queued(line)
    return lambda: line.store.ask_cancel([run], line.site.now, "somebody"), lambda: the_run(line).outcome == "cancelled"


def release(line: Line) -> tuple[Verb, Seen]:
    line.site.store.enqueue([replace(asked(line.site), planned=line.site.now + HOUR)], now=line.site.now)
    line.site.clock.advance(HOUR)
    return lambda: line.store.release(line.site.now), lambda: the_run(line).state == "queued"


def begin(line: Line) -> tuple[Verb, Seen]:
    claim = claimed(line, ahead=True)
    pair = [(claim.run, claim.token)]
    return lambda: line.store.begin("p9", pair, line.site.now), lambda: the_run(line).started is not None


def give_back(line: Line) -> tuple[Verb, Seen]:
    claim = claimed(line, ahead=True)
    pair = [(claim.run, claim.token)]
    return lambda: line.store.give_back("p9", pair, line.site.now), lambda: the_run(line).state == "queued"


def progress(line: Line) -> tuple[Verb, Seen]:
    claim = claimed(line)
    return (
        lambda: line.store.progress(claim.run, claim.token, 3, 9),
        lambda: the_run(line).progress_done == 3,
    )


def finish(line: Line) -> tuple[Verb, Seen]:
    end = succeeded(line, claimed(line))

    def say() -> object:
        (answer,) = line.store.finish([end], line.site.now)
        assert answer.accepted, "said again with the token that ended it, it is accepted again"
        return answer

    def log() -> object:
        seen = line.site.store.run(end.run)
        return seen is not None and (seen.outcome, seen.result, list(seen.log)) == ("succeeded", 7, ["said"])

    return say, log


def renew(line: Line) -> tuple[Verb, Seen]:
    claim = claimed(line)
    line.site.clock.advance(20 * SECOND)
    pair = [(claim.run, claim.token)]
    until = line.site.now + 30 * SECOND
    return (
        lambda: line.store.renew("p9", line.site.now, lease=30 * SECOND, claims=pair),
        lambda: the_run(line).lease_until == until,
    )


def leave(line: Line) -> tuple[Verb, Seen]:
    claimed(line, ahead=True)
    return lambda: line.store.leave("p9", line.site.now), lambda: the_run(line).state == "queued"


def rescue(line: Line) -> tuple[Verb, Seen]:
    claimed(line)
    line.site.clock.advance(MINUTE)
    return (
        lambda: line.store.rescue(line.site.now, lambda _: Done(Outcome.LOST)),
        lambda: the_run(line).outcome == "lost",
    )


def prune(line: Line) -> tuple[Verb, Seen]:
    line.site.store.finish([succeeded(line, claimed(line))], line.site.now)
    line.site.clock.advance(1000 * HOUR)
    return (
        lambda: line.store.prune(line.site.now, lambda *_: ()),
        lambda: not Run.objects.using(line.site.alias).exists(),
    )


def set_lane(line: Line) -> tuple[Verb, Seen]:
    return lambda: line.store.set_lane(Lane("heavy", 3)), lambda: LaneRow.objects.using(line.site.alias).count()


VERBS = {
    b"COMMIT": (decide, change, cancel, progress, finish, renew, leave, rescue, prune),
    b"UPDATE klokker_run": (begin, give_back),
    b"SET state = 'queued'": (release,),
    b"INSERT INTO klokker_lane": (set_lane,),
}


@pytest.mark.parametrize("loses", Loses)
@pytest.mark.parametrize(
    ("verb", "matching"),
    [(verb, matching) for matching, verbs in VERBS.items() for verb in verbs],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_verb_that_lost_its_question_or_its_answer_is_said_again_and_done_once(
    line: Line, verb: Callable[[Line], tuple[Verb, Seen]], matching: bytes, loses: Loses
) -> None:
    say, done = verb(line)
    before = done()
    line.proxy.lose(loses, matching)
    with pytest.raises(StoreUnavailable):
        say()
    assert line.proxy.lost
    once = done() if loses is Loses.ANSWER else None
    assert done() == (once or before), "all of it, or nothing"
    say()
    assert done() != before
    assert once in (None, done()), "what was done is not done again"


@pytest.mark.parametrize("loses", Loses)
def test_what_is_asked_for_once_is_not_made_twice(line: Line, loses: Loses) -> None:
    """Enqueue has no key to tell a second wish from the first one said again: so the store does not say it again by itself."""
    line.proxy.lose(loses, b"COMMIT")
    with pytest.raises(StoreUnavailable):
        line.store.enqueue([asked(line.site)], now=line.site.now)
    assert Run.objects.using(line.site.alias).count() == (loses is Loses.ANSWER)


@pytest.mark.parametrize("loses", Loses)
def test_a_claim_whose_answer_was_lost_is_recalled(line: Line, loses: Loses) -> None:
    run = queued(line)
    line.site.member(name="p9")
    line.proxy.lose(loses, b"WITH picked")
    known = line.site.registry.terms()
    with pytest.raises(StoreUnavailable):
        line.store.claim("p9", line.site.now, lanes={"default": 1}, known=known, lease=30 * SECOND)
    recalled = [claim.run for claim in line.store.recall("p9", ())]
    assert recalled == ([run] if loses is Loses.ANSWER else [])


@pytest.mark.parametrize("loses", Loses)
def test_whichever_word_of_a_process_is_lost_each_run_is_begun_once_and_the_account_is_exact(
    line: Line, loses: Loses
) -> None:
    site, began = line.site, list[int]()

    @task(name="chore", registry=site.registry)
    def chore(number: int = 0) -> None:
        began.append(number)

    schedule = site.schedule(task="chore", catch_up="all", overlap="queue all")
    member = site.member(store=line.store)
    lost = number = 0
    while True:
        number += 1
        site.store.enqueue([NewRun(RunKind.ENQUEUED, "chore", (number,), {}, site.now)], now=site.now)
        site.clock.advance(MINUTE)
        line.proxy.lose(loses, after=number - 1)
        for _ in range(3):
            _round(member)
            site.clock.advance(SECOND)
        if not line.proxy.lost:
            break
        lost += 1
    assert lost > 20, "every word of the round was lost once"
    assert sorted(each for each in began if each) == list(range(1, number + 1))
    runs = Run.objects.using(site.alias)
    assert set(runs.values_list("outcome", flat=True)) == {"succeeded"}
    assert not Attempt.objects.using(site.alias).exists()
    assert site.proven(schedule).due == 0
    assert began.count(0) == len(site.nominals(schedule))


def _round(member: Member) -> None:
    """Each duty by itself, as the loops of a process have it: what one could not do, it does the next time."""
    for duty in (member.beat, member.tick, member.rescue, member.work):
        with suppress(StoreUnavailable):
            duty()


def test_a_transaction_whose_connection_the_server_ends_leaves_nothing_and_is_done_by_the_next_tick(
    postgres_site: Site,
) -> None:
    site = postgres_site
    schedule = site.schedule()
    site.clock.advance(MINUTE)
    now, ended = site.now, list[int]()

    def planner(timer: object) -> Plan:
        assert isinstance(timer, Timer)
        with connections[site.alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND state = 'idle in transaction'"
            )
            ended.append(len(cursor.fetchall()))
        return plan(timer, now=now, previous_tick=None)

    with pytest.raises(StoreUnavailable, match="does not answer"):
        site.store.decide(now, planner)
    assert ended == [1]
    assert site.nominals(schedule) == []
    site.member().round()
    assert len(site.nominals(schedule)) == 1
    site.proven(schedule)
