"""The tasks that are measured: they do nothing but say when they began."""

from benchmarks.contestants.marks import mark
from klokker import task


@task(name="noop.threads", repeatable=True, executor="threads")
def in_a_thread() -> None:
    """Nothing, in a thread."""
    mark()


@task(name="noop.processes", repeatable=True, executor="processes")
def in_a_process() -> None:
    """Nothing, in a child process: the default."""
    mark()
