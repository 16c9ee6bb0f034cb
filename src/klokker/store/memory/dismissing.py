"""Dismissals: written, carried on, cut."""

from klokker.core.plan import Dismissal
from klokker.store.contract import Cut
from klokker.store.memory.rows import DismissalRow, ScheduleRow, TimerRow
from klokker.store.memory.tables import Tables


def dismiss(tables: Tables, schedule: ScheduleRow, timer: TimerRow, dismissal: Dismissal) -> None:
    """Write a dismissal of the timer's occurrences; one that `extends` another grows that one by its own count."""
    prune_after = schedule.definition_at(dismissal.revision).retention.dismissal_prune_after(dismissal.until)
    extended = tables.dismissals.get(dismissal.extends) if dismissal.extends is not None else None
    if extended is not None:
        known = extended.count is not None and dismissal.count is not None
        extended.count = (extended.count or 0) + (dismissal.count or 0) if known else None
        extended.until, extended.prune_after = dismissal.until, prune_after
        return
    row = DismissalRow(
        id=tables.new_id(),
        timer=timer.id,
        schedule=schedule.id,
        node=timer.node,
        revision=dismissal.revision,
        after=dismissal.after,
        until=dismissal.until,
        count=dismissal.count,
        reason=dismissal.reason,
        prune_after=prune_after,
    )
    tables.dismissals[row.id] = row
    tables.dismissals_of[schedule.id][row.id] = row
    timer.last_dismissal = row.id


def cut(tables: Tables, cut: Cut) -> None:
    """Shorten a dismissal, or remove it when nothing of its window is left."""
    row = tables.dismissals[cut.dismissal]
    if cut.until <= row.after:
        remove(tables, row)
    else:
        row.until, row.count = cut.until, cut.count


def remove(tables: Tables, row: DismissalRow) -> None:
    del tables.dismissals[row.id]
    del tables.dismissals_of[row.schedule][row.id]
    timer = tables.timers[row.timer]
    if timer.last_dismissal == row.id:
        left = [each for each in tables.dismissals_of[row.schedule].values() if each.timer == timer.id]
        timer.last_dismissal = max(left, key=lambda each: each.until).id if left else None
