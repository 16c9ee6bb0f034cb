"""Promise 6, one bad apple: what a hostile or buggy hand wrote into a row is shown with its reason, and every other one goes on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from klokker.core.lifecycle import RunKind
from klokker.django.models import Revision, Run, Schedule, Timer
from klokker.engine.clock import MACHINE
from klokker.operations.repair import Repair
from klokker.operations.retire import Retire
from klokker.store.conformance.given import end
from klokker.store.contract import NewRun
from tests.acceptance.faults.site import DAY, MINUTE, SECOND, Site
from tests.cli.conftest import Klokker


@dataclass(frozen=True)
class Hand:
    """Somebody with a database shell, and a row of one schedule or run in mind."""

    alias: str
    id: int

    def sql(self, statement: str) -> None:
        """`statement`, with %s for the id; no foreign key holds it back."""
        sqlite = connections[self.alias].vendor == "sqlite"
        with connections[self.alias].cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys = OFF" if sqlite else "SET session_replication_role = replica")
            cursor.execute(statement, [self.id] if "%s" in statement else [])
            cursor.execute("PRAGMA foreign_keys = ON" if sqlite else "SET session_replication_role = DEFAULT")

    def define(self, **fields: object) -> None:
        """Write these into the newest definition, without asking whether they make sense."""
        newest = Revision.objects.using(self.alias).filter(schedule=self.id).latest("number")
        Revision.objects.using(self.alias).filter(pk=newest.pk).update(definition=newest.definition | fields)

    def defines(self, text: str) -> None:
        self.sql(f"UPDATE klokker_revision SET definition = {text} WHERE schedule_id = %s")

    def times(self, assignment: str) -> None:
        self.sql(f"UPDATE klokker_timer SET {assignment} WHERE schedule_id = %s")

    def schedules(self, assignment: str) -> None:
        self.sql(f"UPDATE klokker_schedule SET {assignment} WHERE id = %s")

    def runs(self, assignment: str) -> None:
        self.sql(f"UPDATE klokker_run SET {assignment} WHERE id = %s")


Poison = tuple[Callable[[Hand], None], str]
"""What is written, and words of the reason that is shown then."""

SCHEDULES: Mapping[str, Poison] = {
    "when": (lambda hand: hand.define(when="whenever it suits"), "'whenever it suits' at position 0"),
    "zone": (lambda hand: hand.define(zone="Mars/Olympus"), "zone 'Mars/Olympus'"),
    "gap": (lambda hand: hand.define(gap="jump"), "'jump'"),
    "overlap": (lambda hand: hand.define(overlap="sometimes"), "overlap must be skip"),
    "catch-up": (lambda hand: hand.define(catch_up={"kind": "most"}), "catch_up must be latest"),
    "grace": (lambda hand: hand.define(grace="a while"), "grace"),
    "retention": (lambda hand: hand.define(retention="a while"), "retention is wrong"),
    "retry": (lambda hand: hand.define(retry={"attempts": "many"}), "attempts must be a whole number"),
    "arguments": (lambda hand: hand.define(kwargs="days=3"), "kwargs must be a table"),
    "max runs": (lambda hand: hand.define(max_runs=-5), "max_runs must be from 1"),
    "jitter": (lambda hand: hand.define(jitter=[1, 2]), "jitter must be a span"),
    "placement": (lambda hand: hand.define(placement=7), "placement"),
    "a nameless one": (lambda hand: hand.define(name=["no", "name"]), "name must be a text"),
    "a list": (lambda hand: hand.defines("'[]'"), "must be a table, got []"),
    "a text": (lambda hand: hand.defines("'\"?\"'"), "must be a table, got '?'"),
    "no revision": (lambda hand: hand.sql("DELETE FROM klokker_revision WHERE schedule_id = %s"), "no revision"),
}

SQLITE_SCHEDULES: Mapping[str, Poison] = {
    "handled until": (lambda hand: hand.times("handled_until = 'lately'"), "how far it is decided"),
    "runs made": (lambda hand: hand.times("runs_made = 'many'"), "made 'many' runs"),
    "holds from": (
        lambda hand: hand.sql("UPDATE klokker_revision SET holds_from = 'once' WHERE schedule_id = %s"),
        "from when it holds",
    ),
}
"""SQLite takes anything anywhere; the tables of a server do not."""


def kinds_of(site: Site) -> Mapping[str, Poison]:
    return {**SCHEDULES, **(SQLITE_SCHEDULES if site.vendor == "sqlite" else {})}


def test_a_schedule_that_cannot_be_read_is_broken_and_the_others_go_on(site: Site, klokker: Klokker) -> None:
    kinds = kinds_of(site)
    first = site.schedule("a healthy one")
    ill = {kind: site.schedule(kind) for kind in kinds}
    last = site.schedule("z healthy one")
    member = site.member()
    site.live(MINUTE, member)
    for kind, schedule in ill.items():
        kinds[kind][0](Hand(site.alias, schedule))
    site.live(2 * MINUTE, member)

    for healthy in (first, last):
        assert len(site.nominals(healthy)) == 3
        site.proven(healthy)
    reasons = dict(Schedule.objects.using(site.alias).filter(state="broken").values_list("name", "reason"))
    assert reasons.keys() == ill.keys()
    for kind, (_, words) in kinds.items():
        assert words in reasons[kind], kind
        assert len(site.nominals(ill[kind])) == 1, "what it did before it was poisoned stays, and nothing came after it"

    shown = klokker("list", KLOKKER_DATABASE=site.url, COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert all(kind in shown.stdout for kind in ill)
    checked = json.loads(klokker("check", "--json", KLOKKER_DATABASE=site.url).stdout)
    found = {finding["subject"]: finding["reason"] for finding in checked["findings"] if finding["kind"] == "broken"}
    assert {kind for kind, (_, words) in kinds.items() if words in found.get(kind, "")} == ill.keys()
    proof = json.loads(klokker("account", "--json", KLOKKER_DATABASE=site.url).stdout)
    exact = {each["schedule"]: each["exact"] for each in proof["accounts"]}
    assert exact["a healthy one"]
    assert exact["z healthy one"]
    assert exact.keys() | proof["unreadable"].keys() == {"a healthy one", "z healthy one", *ill}


def test_one_that_cannot_be_read_is_shown_by_its_name(sqlite_site: Site, klokker: Klokker) -> None:
    ill = sqlite_site.schedule("ill")
    Hand(sqlite_site.alias, ill).defines("'[]'")
    sqlite_site.live(MINUTE, sqlite_site.member())
    shown = klokker("show", "ill", KLOKKER_DATABASE=sqlite_site.url, COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert "must be a table, got []" in shown.stdout


def test_one_that_cannot_be_read_keeps_its_rows_and_the_others_are_pruned(site: Site) -> None:
    kinds = kinds_of(site)
    healthy = site.schedule("healthy", "0 * * * *")
    ill = {kind: site.schedule(kind, "0 * * * *", retention={"keep": "1h", "last": 0}) for kind in kinds}
    member = site.member()
    site.live(DAY / 8, member, every=DAY / 24)
    for kind, schedule in ill.items():
        kinds[kind][0](Hand(site.alias, schedule))
    site.do(healthy, Retire(site.asked()))
    site.clock.advance(40 * DAY)
    assert member.prune() > 0
    assert site.nominals(healthy) == []
    assert all(len(site.nominals(schedule)) == 3 for schedule in ill.values())


STANDINGS: Mapping[str, str] = {
    "state": "state = 'odd'",
    "origin": "origin = 'odd'",
}
"""What may be written on the schedule itself, beside its definition."""

SQLITE_STANDINGS: Mapping[str, str] = {"since": "since = 'lately'"}


def test_a_schedule_whose_own_row_makes_no_sense_hides_no_other_from_any_command(
    site: Site, klokker: Klokker, tmp_path: Path
) -> None:
    kinds = {**STANDINGS, **(SQLITE_STANDINGS if site.vendor == "sqlite" else {})}
    healthy, ill = site.schedule("healthy"), {kind: site.schedule(f"ill of {kind}") for kind in kinds}
    member = site.member()
    site.live(MINUTE, member)
    for kind, schedule in ill.items():
        Hand(site.alias, schedule).schedules(kinds[kind])
    site.live(MINUTE, member)
    assert len(site.nominals(healthy)) == 2
    assert len(site.nominals(ill["state"])) == 1, "nobody knows whether it is to go on"
    file = tmp_path / "shop.toml"
    file.write_text('[schedules.another]\ntask = "note"\nwhen = "@daily"\n')
    names = {"healthy", *(f"ill of {kind}" for kind in kinds)}

    def said(*arguments: str, exits: int = 0) -> dict[str, Any]:
        done = klokker(*arguments, "--json", KLOKKER_DATABASE=site.url)
        assert done.returncode == exits, (arguments, done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    listed = {each["name"]: each for each in said("list")["schedules"]}
    assert listed.keys() == names
    assert listed["ill of state"]["state"] == "odd"
    assert "`klokker resume ill of state`" in listed["ill of state"]["reason"]
    assert said("sync", str(file), "--check", exits=1)["create"] == ["another"]
    proof = said("account")
    assert {each["schedule"]: each["exact"] for each in proof["accounts"]} == dict.fromkeys(names, True)
    found = [each for each in said("check", exits=1)["findings"] if each["kind"] == "broken"]
    assert [(each["subject"], "its state must be active or paused" in each["reason"]) for each in found] == [
        ("ill of state", True)
    ]
    for name in sorted(names):
        assert said("show", name)["name"] == name

    assert said("resume", "ill of state", "--dry-run")["state"] == "active"
    site.do(ill["state"], Repair(site.asked()))
    site.live(MINUTE, member)
    assert len(site.nominals(ill["state"])) == 2
    for schedule in (healthy, *ill.values()):
        site.proven(schedule)


def test_a_rewind_of_all_passes_over_one_that_cannot_be_read_and_names_it(site: Site, klokker: Klokker) -> None:
    site.clock.leap(MACHINE.wall() + DAY - site.now)
    ill = {kind: site.schedule(f"ill of {kind}") for kind in ("state", "definition", "dismissal")}
    healthy, last = site.schedule("healthy"), site.schedule("z healthy")
    member = site.member()
    site.clock.advance(5 * MINUTE)
    member.round()
    Hand(site.alias, ill["state"]).schedules("state = 'odd'")
    Hand(site.alias, ill["definition"]).defines("'[]'")
    Hand(site.alias, ill["dismissal"]).sql("UPDATE klokker_dismissal SET reason = 'odd' WHERE schedule_id = %s")
    rewound = klokker("rewind", "--all", "--json", KLOKKER_DATABASE=site.url)
    assert rewound.returncode == 1, rewound.stderr
    answer = json.loads(rewound.stdout)
    assert [each["name"] for each in answer["schedules"]] == ["healthy", "ill of state", "z healthy"]
    assert answer["refused"].keys() == {"ill of definition", "ill of dismissal"}
    assert "cannot be read" in answer["refused"]["ill of definition"]
    assert "reason must be missed or superseded" in answer["refused"]["ill of dismissal"]
    for schedule in (healthy, last):
        assert site.store.locked_view(schedule).timers[0].handled_until < site.now - DAY / 2
    again = klokker("rewind", "--all", KLOKKER_DATABASE=site.url)
    assert again.returncode == 1
    assert again.stdout == ""
    assert [line.partition(" was not rewound: ")[0] for line in again.stderr.splitlines()] == [
        "ill of definition",
        "ill of dismissal",
    ]


RUNS: Mapping[str, Poison] = {
    "args no list": (lambda hand: hand.runs("args = '{\"a\": 1}'"), "args must be a list"),
    "args null": (lambda hand: hand.runs("args = 'null'"), "args must be a list"),
    "kwargs no table": (lambda hand: hand.runs("kwargs = '[1]'"), "kwargs must be a table"),
    "misfitting": (lambda hand: hand.runs("kwargs = '{\"no_such\": 1}'"), "no_such"),
    "policies a list": (lambda hand: hand.runs("policies = '[1, 2]'"), "policies"),
    "policies a text": (lambda hand: hand.runs("policies = '\"x\"'"), "policies"),
    "retry": (lambda hand: hand.runs('policies = \'{"retry": "[9"}\''), "policies"),
    "timeout": (lambda hand: hand.runs('policies = \'{"timeout": "soon"}\''), "policies"),
    "retention": (lambda hand: hand.runs('policies = \'{"retention": "[]"}\''), ""),
    "result": (lambda hand: hand.runs("result = '[[[{}]]]', counts = '[\"?\"]'"), ""),
}


def test_a_run_that_cannot_be_read_fails_with_the_reason_and_the_others_are_run(site: Site, klokker: Klokker) -> None:
    asked = NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)
    made = site.store.enqueue([asked] * (len(RUNS) + 2), now=site.now)
    ill = dict(zip(RUNS, [run.id for run in made[1:]], strict=False))
    for kind, run in ill.items():
        RUNS[kind][0](Hand(site.alias, run))
    site.member().round()

    ended = {run: (outcome, error) for run, outcome, error in _ends(site)}
    assert ended[made[0].id] == ended[made[-1].id] == ("succeeded", "")
    for kind, (_, words) in RUNS.items():
        outcome, error = ended[ill[kind]]
        assert outcome == ("failed" if words else "succeeded"), kind
        assert words in error, kind

    shown = klokker("runs", "--limit", "50", KLOKKER_DATABASE=site.url, COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("failed") >= sum(bool(words) for _, words in RUNS.values())


def _ends(site: Site) -> list[tuple[int, str, str]]:
    """Each run, its outcome and its error: as they stand in their columns, which need not make sense."""
    return list(Run.objects.using(site.alias).order_by("pk").values_list("pk", "outcome", "error"))


def test_a_claim_that_cannot_be_read_any_more_is_lost_and_the_others_are_rescued(site: Site) -> None:
    asked = NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)
    first, ill, last = (made.id for made in site.store.enqueue([asked] * 3, now=site.now))
    gone, left = site.member(), site.member()
    known = site.registry.terms()
    claims = site.store.claim(gone.name, site.now, lanes={"default": 3}, known=known, lease=30 * SECOND)
    assert len(claims) == 3
    Hand(site.alias, ill).runs("policies = '[]'")
    site.clock.advance(MINUTE)
    left.beat()
    assert left.rescue() == 3
    assert [run.outcome for run in site.runs(None)] == ["lost"] * 3
    assert (first, last) == tuple(run.id for run in site.runs(None) if "cannot be read" not in run.error)


def test_a_claimed_run_whose_kind_or_state_makes_no_sense_ends_with_the_others(site: Site) -> None:
    scheduled = site.schedule("scheduled", overlap="allow")
    member = site.member()
    site.clock.advance(MINUTE)
    member.beat()
    member.tick()
    asked = NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)
    kind, state, healthy = (made.id for made in site.store.enqueue([asked] * 3, now=site.now))
    claims = site.store.claim(member.name, site.now, lanes={"default": 9}, known=site.registry.terms(), lease=MINUTE)
    (occurrence,) = (claim.run for claim in claims if claim.schedule == scheduled)
    for run in (occurrence, kind):
        Hand(site.alias, run).runs("kind = 'odd'")
    Hand(site.alias, state).runs("state = 'odd'")

    ends = [end(claim, site.now) for claim in claims]
    accepted = {each.run: each.accepted for each in site.store.finish(ends, site.now)}

    assert accepted == {occurrence: True, kind: True, state: False, healthy: True}
    outcomes = {run: outcome for run, outcome, _ in _ends(site)}
    assert outcomes == {occurrence: "succeeded", kind: "succeeded", state: "", healthy: "succeeded"}
    (timer,) = Timer.objects.using(site.alias).filter(schedule=scheduled)
    assert (timer.last_outcome, timer.last_finished) == ("succeeded", site.now)
    site.proven(scheduled)


def test_a_claim_whose_kind_makes_no_sense_is_rescued_with_the_others(site: Site) -> None:
    asked = NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)
    first, ill, last = (made.id for made in site.store.enqueue([asked] * 3, now=site.now))
    gone, left = site.member(), site.member()
    site.store.claim(gone.name, site.now, lanes={"default": 3}, known=site.registry.terms(), lease=30 * SECOND)
    Hand(site.alias, ill).runs("kind = 'odd'")
    assert [claim.run for claim in site.store.recall(gone.name, [])] == [first, last]
    site.clock.advance(MINUTE)
    left.beat()
    assert left.rescue() == 3
    assert [outcome for _, outcome, _ in _ends(site)] == ["lost"] * 3


def test_a_run_in_a_state_that_is_none_is_shown_and_can_be_cancelled(site: Site, klokker: Klokker) -> None:
    (made,) = site.store.enqueue([NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)], now=site.now)
    Hand(site.alias, made.id).runs("state = 'odd', kind = 'odd'")
    site.member().round()
    checked = json.loads(klokker("check", "--json", KLOKKER_DATABASE=site.url).stdout)
    (found,) = (each for each in checked["findings"] if each["kind"] == "stuck")
    assert f"run {made.id} of note is in the state 'odd', which is none; `klokker cancel {made.id}`" == found["reason"]
    shown = klokker("runs", KLOKKER_DATABASE=site.url)
    assert shown.returncode == 0, shown.stderr
    assert "odd" in shown.stdout
    cancelled = klokker("cancel", str(made.id), KLOKKER_DATABASE=site.url)
    assert cancelled.returncode == 0, cancelled.stderr
    assert _ends(site) == [(made.id, "cancelled", "")]


def test_a_run_in_a_lane_or_of_a_task_or_kind_that_nobody_knows_waits_and_is_shown(
    site: Site, klokker: Klokker
) -> None:
    asked = NewRun(RunKind.ENQUEUED, "note", (), {}, site.now)
    lane, task, kind, healthy = (made.id for made in site.store.enqueue([asked] * 4, now=site.now))
    Hand(site.alias, lane).runs("lane = 'nowhere'")
    Hand(site.alias, task).runs("task = 'nobody.knows'")
    Hand(site.alias, kind).runs("kind = 'odd'")
    site.member().round()
    assert [run for run, outcome, _ in _ends(site) if outcome] == [healthy]
    checked = json.loads(klokker("check", "--json", KLOKKER_DATABASE=site.url).stdout)
    found = {(finding["kind"], finding["subject"]) for finding in checked["findings"]}
    assert {("no worker", "nowhere"), ("unknown task", "nobody.knows"), ("late", "note")} <= found


def test_a_timer_whose_schedule_is_gone_is_left_alone_and_the_others_go_on(site: Site) -> None:
    healthy, gone = site.schedule("healthy"), site.schedule("gone")
    Hand(site.alias, gone).sql("DELETE FROM klokker_schedule WHERE id = %s")
    site.live(3 * MINUTE, site.member())
    assert len(site.nominals(healthy)) == 3
    assert site.nominals(gone) == []
    Hand(site.alias, gone).sql("DELETE FROM klokker_timer WHERE schedule_id = %s")
    Hand(site.alias, gone).sql("DELETE FROM klokker_revision WHERE schedule_id = %s")


def test_a_dismissal_that_makes_no_sense_disproves_that_account_alone(site: Site) -> None:
    healthy, ill = site.schedule("healthy"), site.schedule("ill")
    member = site.member()
    site.clock.advance(5 * MINUTE)
    member.round()
    Hand(site.alias, ill).sql("UPDATE klokker_dismissal SET count = 77 WHERE schedule_id = %s")
    site.live(2 * MINUTE, member)
    site.proven(healthy)
    account = site.account(ill)
    assert not account.exact
    assert any("77" in finding.words for finding in account.findings)
    assert len(site.nominals(ill)) == 3, "and it goes on"
