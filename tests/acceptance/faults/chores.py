"""What real processes run while they are stopped."""

import os
from pathlib import Path
from threading import Event

from klokker.tasks.decorator import task


def hold(folder: str) -> str:
    """Say that it has begun and where, and go on once it is told to. One that comes second goes on at once."""
    place = Path(folder)
    begun = place / "begun"
    if begun.exists():
        return "second"
    begun.with_suffix(".new").write_text(str(os.getpid()))
    begun.with_suffix(".new").rename(begun)
    pause = Event()
    while not (place / "go").exists():
        pause.wait(0.01)
    return "first"


repeatable = task(name="faults.repeatable", repeatable=True)(hold)
once_only = task(name="faults.once-only")(hold)
