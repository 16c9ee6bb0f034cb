"""From when until when is it closed, where a calendar names the closings? Windows that touch are one closing.

Seconds are counted since 1970. A closing goes from the second at which it begins up to, and without, that at which it opens.
"""

from typing import NamedTuple

from klokker.core.errors import TimetableError
from klokker.core.moments import DAY
from klokker.core.timetables.budget import Budget
from klokker.core.timetables.masks import LOOK, NEVER_AFTER, NEVER_BEFORE, InCalendar


class Closing(NamedTuple):
    """One closing, whole: it is open at the second before `begins`, and at `opens`; `endless`: it never opens."""

    begins: int
    opens: int
    endless: bool = False


class NeverOpens(TimetableError):
    """A calendar is on without an end, so that what waits for the opening would wait for ever."""

    def __init__(self, calendar: str) -> None:
        self.calendar = calendar
        super().__init__(
            f"calendar {calendar!r} closes for ever: what waits for its end would never run; give it an end, or skip"
        )


_NEAR = 30 * DAY


class Closings:
    """The closings that a calendar names, on the clocks of its own zone or of the schedule's.

    The last one that was found is remembered: one of very many windows that touch takes thousands of steps to find.
    """

    __slots__ = ("_last", "_mask")

    def __init__(self, mask: InCalendar) -> None:
        self._mask = mask
        self._last: tuple[int, Closing] | None = None

    def at(self, second: int) -> Closing | None:
        """The closing in which a second lies. Raises TooSparse."""
        if self._last is not None:
            asked, last = self._last
            # How far one without an end was searched depends on where from: elsewhere it is searched anew.
            near = not last.endless or abs(second - asked) < _NEAR
            if near and last.begins <= second < last.opens:
                return last
        closing = self._search(second)
        if closing is not None:
            self._last = (second, closing)
        return closing

    def _search(self, second: int) -> Closing | None:
        here = self._mask.stretch(second, Budget(self._mask))
        if not here.covered:
            return None
        opens = self._opens(here.closes)
        return Closing(self._begins(here.opens), NEVER_AFTER if opens is None else opens, endless=opens is None)

    def following(self, second: int) -> Closing | None:
        """The closing in which a second lies, or else the next one. Raises TooSparse."""
        budget = Budget(self._mask)
        stretch = self._mask.stretch(second, budget)
        while not stretch.covered:
            if stretch.closes >= NEVER_AFTER:
                return None
            second = stretch.closes
            stretch = self._mask.stretch(second, budget)
        return self.at(second)

    def must_end(self, closing: Closing) -> Closing:
        """The closing, for whose end something waits. Raises NeverOpens."""
        if closing.endless:
            raise NeverOpens(self._mask.name)
        return closing

    def _begins(self, border: int) -> int:
        budget = Budget(self._mask)
        while border > NEVER_BEFORE and budget.affords(LOOK * self._mask.size):
            before = self._mask.stretch(border - 1, budget)
            if not before.covered:
                break
            border = before.opens
        return border

    def _opens(self, border: int) -> int | None:
        budget = Budget(self._mask)
        while border < NEVER_AFTER and budget.affords(LOOK * self._mask.size):
            after = self._mask.stretch(border, budget)
            if not after.covered:
                return border
            border = after.closes
        return None
