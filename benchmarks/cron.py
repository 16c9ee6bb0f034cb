"""How fast is the next occurrence of a cron expression found, beside celery, cronsim and croniter?

Forward and backward, with the expression read once; and cold: reading it, then asking once. 40 expressions, in UTC and
in a zone whose clocks change.
"""

from collections.abc import Iterator

from benchmarks.contest import Contest
from benchmarks.figures import Figure, Goal

ZONES = ("UTC", "Europe/Amsterdam")


def figures(contest: Contest) -> Iterator[Figure]:
    ours = contest.ours("klokker", "cron", "klokker")
    peers = contest.peers("cron", "celery", "cronsim", "croniter")
    seconds = 0.0005 if contest.small else 0.008
    for zone in ZONES:
        for turn, what in (("walk", "next"), ("backward", "previous"), ("cold", "cold: read, then next")):
            able = [peer for peer in peers if turn != "backward" or peer.name != "celery"]
            values = contest.in_turns(
                [ours, *able], 5, lambda each, turn=turn, zone=zone: each.turn(turn, zone=zone, seconds=seconds)
            )
            yield Figure("cron", f"{what}, {zone}", "/s", True, values, _goals(turn, zone))


def _goals(turn: str, zone: str) -> list[Goal]:
    if turn == "cold":
        return [Goal(3, "cronsim")]
    return [Goal(4, "celery")] if zone == "UTC" and turn == "walk" else [Goal(10, "cronsim")]
