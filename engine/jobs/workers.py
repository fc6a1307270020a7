"""`amends worker` on PostgreSQL: procrastinate's workers run what our `job` rows say is due.

Each second one of all the workers sweeps: it counts what is due by the index on time and defers as many procrastinate jobs as
hands are needed. Such a job names no rows; it takes a portion of those that nobody has, runs them, and takes the next. So a
procrastinate job that is lost, or comes twice, changes nothing. No procrastinate lock is used: one held by a job that waits for
its retry would block all later ones.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from sqlalchemy import URL

from amends.engine.jobs.due import Jobs
from amends.engine.jobs.leases import Heartbeat, LeasedJobs
from amends.engine.jobs.queue import WORK, connector_options, prepare
from amends.engine.store.outages import OUTAGES

SWEEP = "amends.sweep"
TIDY = "amends.tidy"
EVERY_SECOND = "* * * * * *"
EVERY_MINUTE = "* * * * *"
MOST_HANDS = 20
"""How many jobs a sweep defers at most: more would only wait in the queue."""
RECONNECT_SECONDS = 2.0

log = structlog.get_logger()


class Worker:
    """One worker process. `run` works until SIGTERM, SIGINT or `stop`; the rows at hand are finished first.

    `jobs` is the engine's; `tidy` is called once a minute, by one of all the workers (sealing the history). `concurrency` is how many rows
    are worked on at once; `lease` how long a dead worker's rows wait before another one takes them.
    """

    def __init__(
        self, url: URL, jobs: Jobs, tidy: Callable[[], object], *, concurrency: int = 2, lease: timedelta = timedelta(seconds=60)
    ) -> None:
        self._url, self._tidy, self._concurrency = url, tidy, concurrency
        self._stopping = threading.Event()
        self._turn: asyncio.Task[None] | None = None
        self.jobs = LeasedJobs(jobs, lease, self._stopping.is_set)

    def run(self) -> None:
        """Make procrastinate's tables if need be, then work until asked to stop. Call it in the main thread."""
        # Its messages say little and come every second; what goes wrong with a row is logged here, by ids.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        prepare(self._url)
        with Heartbeat(self.jobs):
            asyncio.run(self._run())

    def stop(self) -> None:
        """Take nothing new; finish the rows at hand."""
        self._stopping.set()
        if self._turn is not None:
            self._turn.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        while not self._stopping.is_set():
            self._turn = asyncio.create_task(self._one_turn())
            try:
                await self._turn
            except asyncio.CancelledError:
                continue
            except (ConnectorException, psycopg.Error) as error:
                log.error("worker cannot reach the database", error=type(error).__name__)
            if not self._stopping.is_set():
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _one_turn(self) -> None:
        """Work until the stop, or until the database goes away."""
        connector = procrastinate.PsycopgConnector(**connector_options(self._url, self._concurrency + 6))
        # Two queues, so that sweeping goes on while every hand is busy.
        hands, sweeper = procrastinate.App(connector=connector), procrastinate.App(connector=connector)
        self._hands_tasks(hands)
        self._sweeper_tasks(sweeper)
        async with hands.open_async():
            both = [
                asyncio.create_task(self._work(hands, [WORK], self._concurrency)),
                asyncio.create_task(self._work(sweeper, [SWEEP], 1)),
            ]
            try:
                # Either ends by itself only when the database has gone away; then both begin anew.
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in both:
                    one.cancel()
                ends = await asyncio.gather(*both, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _work(self, app: procrastinate.App, queues: list[str], concurrency: int) -> None:
        seconds = self.jobs.lease.total_seconds()
        await app.run_worker_async(
            queues=queues,
            concurrency=concurrency,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=seconds / 4,
            stalled_worker_timeout=seconds,
        )

    def _hands_tasks(self, app: procrastinate.App) -> None:
        @app.task(name=WORK, queue=WORK)
        def work() -> None:
            self.jobs.work()

    def _sweeper_tasks(self, app: procrastinate.App) -> None:
        @app.periodic(cron=EVERY_SECOND)
        @app.task(name=SWEEP, queue=SWEEP, queueing_lock=SWEEP, priority=10)
        async def sweep(timestamp: int) -> None:
            needed = await asyncio.to_thread(self._hands_needed)
            if needed:
                waiting = list(await app.job_manager.list_jobs_async(queue=WORK, status=Status.TODO.value))
                missing = min(needed, MOST_HANDS) - len(waiting)
                if missing > 0:
                    await app.configure_task(WORK, queue=WORK, allow_unknown=True).batch_defer_async(*({} for _ in range(missing)))

        @app.periodic(cron=EVERY_MINUTE)
        @app.task(name=TIDY, queue=SWEEP, queueing_lock=TIDY)
        async def tidy(timestamp: int) -> None:
            await asyncio.to_thread(self._tidy)
            await forget_stalled(app, self.jobs.lease.total_seconds())

    def _hands_needed(self) -> int:
        try:
            return self.jobs.hands_needed()
        except OUTAGES as error:
            log.error("sweep cannot reach the database", error=type(error).__name__)
            return 0


async def forget_stalled(app: procrastinate.App, seconds: float) -> int:
    """Take the jobs of dead workers out of the queue; how many. Their rows are in ours, and due again when their leases end."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds))
    for job in stalled:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    await app.job_manager.prune_stalled_workers(seconds)
    if stalled:
        log.warning("jobs of a worker that died were taken over", jobs=len(stalled))
    return len(stalled)
