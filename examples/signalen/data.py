"""20 000 reports, the same every time: ages are counted back from `now`, everything else follows from a seed."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from examples.signalen.models import Attachment, BackgroundResult, Note, Report, Reporter, State, Token

SEED = 353
REPORTS = 20_000
CATEGORIES = ("litter", "street light", "road surface", "noise", "trees", "parking", "graffiti", "water")
STATES = (
    (State.HANDLED, 60),
    (State.CANCELLED, 10),
    (State.SPLIT, 6),
    (State.REPORTED, 10),
    (State.REACTION_REQUESTED, 5),
    (State.FORWARDED_TO_EXTERNAL, 5),
    (State.CLOSURE_REQUESTED, 4),
)
SHARE_OF_PARENTS = {State.SPLIT: 0.6, State.HANDLED: 0.01}


@transaction.atomic
def fill(now: datetime, reports: int = REPORTS) -> None:
    """Write the reports with reporters, notes, attachments, tokens and old results, as if they had come in until `now`."""
    draw = random.Random(SEED)
    made = Report.objects.bulk_create(_reports(draw, now, reports), batch_size=1000)
    _split_some(draw, made)
    Reporter.objects.bulk_create(
        [_reporter(report, number, now) for number, report in enumerate(made)], batch_size=1000
    )
    noted = [report for report in made if draw.random() < 0.2]
    Note.objects.bulk_create(
        [Note(report=report, text="Looked at on site.", created_at=report.updated_at) for report in noted],
        batch_size=1000,
    )
    pictured = [report for report in made if draw.random() < 0.3]
    Attachment.objects.bulk_create(
        [Attachment(report=report, file=f"photographs/{report.pk}.jpg") for report in pictured], batch_size=1000
    )
    Token.objects.bulk_create(
        [
            Token(key=f"{draw.getrandbits(128):032x}", expires_at=now + timedelta(hours=draw.uniform(-2000, 200)))
            for _ in range(reports // 10)
        ],
        batch_size=1000,
    )
    BackgroundResult.objects.bulk_create(
        [
            BackgroundResult(task="old.background.task", created_at=now - timedelta(hours=draw.expovariate(1 / 30)))
            for _ in range(reports // 5)
        ],
        batch_size=1000,
    )


def _reports(draw: random.Random, now: datetime, count: int) -> Iterator[Report]:
    states, weights = zip(*STATES, strict=True)
    for number in range(count):
        age = timedelta(days=draw.uniform(0, 2500))
        created = now - age
        # A report is touched for some time after it came in; few are touched long after.
        touched = created + min(age, timedelta(days=draw.expovariate(1 / 40)))
        yield Report(
            text=f"Report {number}: {draw.choice(CATEGORIES)}",
            category=draw.choice(CATEGORIES),
            latitude=52.37 + draw.gauss(0, 0.03),
            longitude=4.90 + draw.gauss(0, 0.05),
            state=draw.choices(states, weights)[0],
            state_since=touched,
            created_at=created,
            updated_at=touched,
        )


def _reporter(report: Report, number: int, now: datetime) -> Reporter:
    """Those of cancelled and split reports, and of very old ones, were anonymised some time ago."""
    if report.state in (State.CANCELLED, State.SPLIT) or report.created_at < now - timedelta(days=1800):
        return Reporter(report=report, anonymized=True)
    return Reporter(report=report, email=f"reporter-{number}@example.org", phone=f"+31 20 555 {number % 10_000:04}")


def _split_some(draw: random.Random, made: list[Report]) -> None:
    """Give children to most split reports, and to a few handled ones; the children of the other split ones are gone already."""
    parents = [report for report in made if draw.random() < SHARE_OF_PARENTS.get(State(report.state), 0)]
    taken = {report.pk for report in parents}
    free = iter([report for report in made if report.pk not in taken])
    children = []
    for parent in parents:
        for _ in range(draw.randint(1, 3)):
            child = next(free)
            child.parent = parent
            children.append(child)
    Report.objects.bulk_update(children, ["parent"], batch_size=1000)
