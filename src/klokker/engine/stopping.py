"""What does a stop signal do? The first asks to end in order, the second to end at once, the third ends the process."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals(ask: Callable[[], object], signals: Sequence[signal.Signals] = STOP_SIGNALS) -> Iterator[None]:
    """Call `ask` for each of the first two of these signals. In the main thread alone."""
    asked = 0

    def heard(number: int, frame: FrameType | None) -> None:
        del frame
        nonlocal asked
        asked += 1
        if asked >= 2:
            signal.signal(number, signal.SIG_DFL)
        ask()

    before = {number: signal.signal(number, heard) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
