"""A worker in a process of its own, for tests that kill or stop it: runs tasks, renews, prints what it hears.

python -m tests.executors.lone_worker TERM_SECONDS TASK…
"""

import sys
from datetime import timedelta

from klokker.engine.clock import MACHINE
from klokker.executors.contract import Assignment, Ended, Logged
from klokker.executors.processes import Nurse, Processes


def main() -> None:
    term, *tasks = sys.argv[1:]
    nurse = Nurse("tests.executors.chores:prepare", term=timedelta(seconds=float(term)))
    executor = Processes(nurse, MACHINE.monotonic, slots=len(tasks))
    while executor.free() < len(tasks):
        executor.reports(1)
        executor.renewed()
    executor.start([Assignment(run, run, task) for run, task in enumerate(tasks, 1)])
    while True:
        executor.renewed()
        for report in executor.reports(0.1):
            match report:
                case Logged(_, _, lines):
                    for line in lines:
                        print(line.message, flush=True)
                case Ended(_, _, ending):
                    print("ended", ending.outcome, flush=True)


if __name__ == "__main__":
    main()
