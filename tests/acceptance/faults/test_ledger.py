"""Promise 1, accounted: exact after pruning, after a schedule is retired, and after its name is used again."""

import json

from klokker.django.models import Dismissal, Run, Schedule
from klokker.operations.pause import Pause, Resume
from klokker.operations.retire import Retire
from klokker.tasks.decorator import task
from tests.acceptance.faults.site import DAY, HOUR, MINUTE, Site
from tests.cli.conftest import Klokker


def test_the_account_stays_exact_while_everything_behind_it_is_pruned(site: Site) -> None:
    turns = iter(range(10_000))

    @task(name="now-and-then", registry=site.registry)
    def now_and_then() -> None:
        if next(turns) % 5 == 0:
            raise RuntimeError("every fifth time")

    schedule = site.schedule("hourly", "0 * * * *", task="now-and-then", catch_up="latest")
    member = site.member()
    site.live(30 * HOUR, member, every=HOUR / 2)
    site.clock.advance(7 * HOUR + 10 * MINUTE)
    site.live(HOUR, member)
    site.edit(schedule, when="*/30 * * * *")
    site.do(schedule, Pause(site.asked("works")))
    site.clock.advance(5 * HOUR)
    site.do(schedule, Resume(site.asked()))
    site.live(4 * HOUR, member, every=HOUR / 2)
    before = site.proven(schedule)
    assert before.dismissed > 10
    assert before.tallied == 0

    site.clock.advance(31 * DAY)
    member.beat()
    member.tick()
    assert member.prune() > 30
    pruned = site.proven(schedule)
    assert pruned.tallied > 30
    assert pruned.expected == before.expected + 31 * 48
    assert Run.objects.using(site.alias).filter(schedule=schedule).count() <= 12


def test_a_retired_schedule_goes_once_all_of_it_is_sealed_and_its_tally_stands_for_it(site: Site) -> None:
    schedule = site.schedule("short", "0 * * * *")
    member = site.member()
    site.live(10 * HOUR, member, every=HOUR)
    site.clock.advance(3 * HOUR)
    site.do(schedule, Retire(site.asked()))
    retired = site.proven(schedule)
    assert (retired.expected, retired.runs, retired.dismissed, retired.due) == (13, 10, 3, 0)
    site.clock.advance(40 * DAY)
    member.beat()
    member.prune()
    assert not Schedule.objects.using(site.alias).exists()
    assert not Dismissal.objects.using(site.alias).exists()
    assert not Run.objects.using(site.alias).exists()


def test_each_schedule_that_bore_a_name_has_its_own_exact_account(site: Site, klokker: Klokker) -> None:
    member = site.member()
    ids = []
    for hours in (3, 5, 2):
        ids.append(site.schedule("reused", "0 * * * *"))
        site.live(hours * HOUR, member, every=HOUR)
        if len(ids) < 3:
            site.do(ids[-1], Retire(site.asked()))
    assert [site.proven(schedule).expected for schedule in ids] == [3, 5, 2]
    shown = klokker("account", "reused", "--json", KLOKKER_DATABASE=site.url)
    assert shown.returncode == 0, shown.stdout
    listed = json.loads(shown.stdout)["accounts"]
    assert {(each["id"], each["exact"]) for each in listed} == {(schedule, True) for schedule in ids}

    site.clock.advance(2 * DAY)
    member.beat()
    member.tick()
    assert member.prune() == 8, "those that are retired go with all they had"
    assert [each.id for each in site.store.schedules(retired=True)] == ids[2:]
    assert site.proven(ids[2]).expected == 2 + 48
    shown = klokker("account", "reused", "--json", KLOKKER_DATABASE=site.url)
    assert shown.returncode == 0, shown.stdout
    listed = json.loads(shown.stdout)
    assert [(each["id"], each["tallied"]) for each in listed["gone"]] == [(ids[0], 3), (ids[1], 5)]
    assert [each["id"] for each in listed["accounts"]] == ids[2:]
    assert "5 succeeded" in klokker("account", f"reused#{ids[1]}", KLOKKER_DATABASE=site.url).stdout
