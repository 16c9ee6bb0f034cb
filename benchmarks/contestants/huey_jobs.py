"""Huey on SQLite, with its consumer's defaults: threads. It keeps no record of a run."""

from benchmarks.contestants.huey_app import huey, noop


class System:
    """Huey."""

    def empty(self) -> None:
        huey.flush()

    def enqueue(self, jobs: int) -> None:
        for _ in range(jobs):
            noop()

    def enqueue_one(self) -> None:
        noop()

    def worker(self, processes: int) -> list[list[str]]:
        kind = "thread" if processes == 1 else "process"
        return [["huey_consumer", "benchmarks.contestants.huey_app.huey", "-k", kind, "-w", str(processes), "-q"]]

    def scheduler(self) -> list[list[str]]:
        raise NotImplementedError("its schedules are of whole minutes")
