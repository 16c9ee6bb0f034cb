"""pgqueuer's worker, started by its Python interface: `pgqueuer_app 100` (jobs in such batches), `pgqueuer_app schedule`."""

import asyncio
import os
import signal
import sys

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver

from benchmarks.contestants.marks import mark


async def main(what: str) -> None:
    connection = await asyncpg.connect(os.environ["BENCHMARK_POSTGRES"])
    worker = PgQueuer(AsyncpgDriver(connection))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    if what == "schedule":

        @worker.schedule("tick", "* * * * * *")
        async def tick(schedule: object) -> None:  # noqa: ARG001
            mark()

        await worker.run()
    else:

        @worker.entrypoint("noop")
        async def noop(job: object) -> None:  # noqa: ARG001
            mark()

        await worker.run(batch_size=int(what))


asyncio.run(main(sys.argv[1]))
