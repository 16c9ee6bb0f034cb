"""Runs in child processes: warm, reused, and killed when their time is up.

    worker ──────────── starts, renews, asks to kill ───────────► nursery   (imports tasks once, runs none)
       │                                                             │ forks, reaps, kills whole groups
       └── assignments, requests ──► child ◄─────────────────────────┘
                      ◄── reports ──┘   (one task at a time, in its main thread)

The nursery prepares once, so that a child is a copy made in milliseconds. It watches the worker: when that is gone, or
has not renewed for too long (stopped, or cut off from the database), the nursery kills every child with all that the
child has started. No task code runs in it, so no task can keep it from doing so.
"""

from klokker.executors.processes.executor import Processes
from klokker.executors.processes.nurse import NotHere, Nurse, NurseryFailed

__all__ = ["NotHere", "Nurse", "NurseryFailed", "Processes"]
