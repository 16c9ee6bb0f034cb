"""A year in which nothing ran: one cheap decision a timer, counted in dismissals, and the account is exact."""

from klokker.django.models import Dismissal, Run
from tests.acceptance.faults.site import DAY, MINUTE, Site

YEAR = 365 * DAY


def test_a_year_of_every_minute_is_one_decision_one_run_and_one_dismissal(site: Site) -> None:
    schedule = site.schedule()
    site.clock.advance(YEAR + MINUTE / 2)
    ticked = site.member().tick()
    assert ticked is not None
    assert (ticked.timers, ticked.runs, ticked.dismissals) == (1, 1, 1)
    last = site.now - MINUTE / 2
    row = Dismissal.objects.using(site.alias).get()
    assert (row.count, row.reason, row.until) == (365 * 24 * 60 - 1, "superseded", last - MINUTE)
    assert Run.objects.using(site.alias).get().nominal == last
    account = site.proven(schedule)
    assert (account.expected, account.runs, account.dismissed, account.due) == (525_600, 1, 525_599, 0)


MIX: dict[str, tuple[str, dict[str, object]]] = {
    "each minute": ("* * * * *", {}),
    "none of the missed": ("* * * * *", {"catch_up": "none"}),
    "the last ten": ("* * * * *", {"catch_up": "all 10"}),
    "within a day": ("0 * * * *", {"catch_up": "within 1d"}),
    "each second": ("every 1 second", {}),
    "office hours": ("*/20 9-17 * * 1-5", {"zone": "Europe/Amsterdam"}),
    "in the gap": ("30 2 * * *", {"zone": "Europe/Amsterdam"}),
    "every seven minutes": ("every 7 minutes", {"overlap": "allow"}),
    "monthly": ("@monthly", {"catch_up": "all"}),
    "last weekday": ("0 12 LW * *", {"catch_up": "all"}),
    "once": ("at 2026-06-01T12:00", {}),
    "twice": ("at 2026-06-01T12:00, 2030-01-01T00:00", {}),
    "for a while": ("0 * * * *", {"ends": "2026-03-01T00:00:00Z"}),
    "three times": ("0 0 * * *", {"max_runs": 3, "catch_up": "all"}),
    "after completion": ("10 minutes after completion", {}),
    "with jitter": ("0 * * * *", {"jitter": "20m"}),
    "on each node": ("0 * * * *", {"placement": "each"}),
}


def test_a_year_of_a_mix_of_timetables_is_accounted_for_to_the_last_occurrence(site: Site) -> None:
    member = site.member()
    schedules = {name: site.schedule(name, when, **fields) for name, (when, fields) in MIX.items()}
    site.live(3 * MINUTE, member)
    site.clock.advance(YEAR)
    member = site.member()
    site.live(20 * MINUTE, member, every=10 * MINUTE)
    accounts = {name: site.proven(schedule) for name, schedule in schedules.items()}
    assert {name for name, account in accounts.items() if account.due} == set()
    assert accounts["the last ten"].runs >= 10
    assert accounts["monthly"].runs == 12
    assert accounts["once"].runs == accounts["twice"].runs == 1
    assert accounts["three times"].runs == 3
    assert accounts["in the gap"].expected == 365, "each night of the year once, the one with the gap too"
    rows = Dismissal.objects.using(site.alias).count()
    assert rows < 100, "windows and counts, not a row an occurrence"
