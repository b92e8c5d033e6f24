"""The same jobs on any number of hosts: procrastinate rings them on PostgreSQL, and a decision enqueues in its own transaction.

Who works is still decided by the claims of the use cases alone: a task that runs twice, late or on two hosts at once finds nothing left
to do. So procrastinate only has to be fast and to forget nothing; it need not be exact.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import time
from threading import Event
from typing import Any

from schedules.bell import JOBS, Job, is_due, ring
from schedules.relay import relay_once
from starflow.service.desk import Desk
from storage import runs, work
from storage.database import Transaction
from workflow.engine.errors import BadInput, Unavailable

QUEUE = "starflow"
CONCURRENCY = 4
POLL_SECONDS = 1.0
"""No LISTEN: behind PgBouncer in transaction mode there is none."""
LOST_AFTER = 30.0
"""Seconds without a heartbeat after which a worker counts as lost and its tasks go to others."""
TRIES = 5
MOST = 500
"""Sends enqueued at once; what is left the relay's own rhythm finds."""
SWEEP, SEND = "sweep", "send"


def attach(desk: Desk) -> None:
    """From now on this desk's transactions enqueue what they bring about. Raises BadInput on SQLite, Unavailable without the extra."""
    if desk.database.dialect != "postgresql":
        raise BadInput("STARFLOW_ENGINE=cluster 只用于 PostgreSQL;一台机器的 SQLite 用 bell")
    if not desk.rehearsal:  # a clock moved by hand sweeps by itself
        desk.enqueue = Cluster(desk).enqueue


class Cluster:
    """procrastinate over one desk: its tasks are JOBS and the relay's sends."""

    def __init__(self, desk: Desk, jobs: tuple[Job, ...] = JOBS) -> None:
        self.desk = desk
        self.jobs = {job.id: job for job in jobs}
        self.app, self._desk_side = _apps(desk)
        for job in jobs:
            task = self.app.task(self._work(job), name=f"{QUEUE}:{job.id}", queue=QUEUE, pass_context=False)
            seconds = getattr(desk.settings, job.rhythm)
            self.app.periodic(cron=cron_of(seconds), periodic_id=job.id, queueing_lock=job.id)(self._on_time(job, task))
        self.app.task(self._send, name=f"{QUEUE}:{SEND}", queue=QUEUE, retry=_retry())
        rescue = self.app.task(self._rescue, name=f"{QUEUE}:rescue", queue=QUEUE, pass_context=False)
        self.app.periodic(cron="* * * * * */15", periodic_id="rescue", queueing_lock="rescue")(rescue)

    # ── in a decision's transaction ──────────────────────────────

    def enqueue(self, tx: Transaction, what: str, number: int = 1) -> None:
        """Commits and rolls back with everything else in this transaction. A sweep that already waits is enough."""
        raw = work.connection_of(tx)
        task = self._desk_side.configure_task(f"{QUEUE}:{what}", queue=QUEUE, connection=raw)
        if what == SEND:
            task.batch_defer(*({} for _ in range(min(number, MOST))))
        elif not work.waits(tx, f"{QUEUE}:{what}"):
            task.defer()

    # ── the tasks ────────────────────────────────────────────────

    def _work(self, job: Job) -> Callable[[], str]:
        def working() -> str:
            return ring(self.desk, job).said

        return working

    def _on_time(self, job: Job, task: Any) -> Any:
        """Periodic: says its instant, which nobody needs; a daily job looks whether today's run is still missing."""

        def on_time(timestamp: int) -> str:
            said = ring(self.desk, job).said if is_due(self.desk, job) else ""
            if job.id == SWEEP:
                self._arm()
            return said

        return self.app.task(on_time, name=f"{QUEUE}:{job.id}:on_time", queue=QUEUE)

    def _arm(self) -> None:
        """One more sweep at the nearest due instant; procrastinate takes the same instant once only."""
        with self.desk.transaction() as tx:
            instant = runs.next_instant(tx)
            if instant is None or work.armed(tx, f"{QUEUE}:{SWEEP}", instant):
                return
            its = {"queue": QUEUE, "schedule_at": instant, "connection": work.connection_of(tx)}
            self._desk_side.configure_task(f"{QUEUE}:{SWEEP}", **its).defer()

    def _send(self) -> str:
        return str(relay_once(self.desk))

    async def _rescue(self, timestamp: int) -> None:
        """Tasks of a worker whose heart has stopped go to the others."""
        lost = await self.app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=LOST_AFTER)
        for job in lost:
            await self.app.job_manager.retry_job(job)

    # ── the worker ───────────────────────────────────────────────

    def prepare(self) -> None:
        """procrastinate's own tables, once; of several hosts that begin together one makes them."""
        work.prepare(self.desk.database, self.app.schema_manager.get_schema())

    def run(self, stopped: Event) -> None:
        """Works until `stopped`; then the tasks in hand end."""
        self.prepare()
        asyncio.run(self._worked(stopped))

    async def _worked(self, stopped: Event) -> None:
        async with self.app.open_async():
            worker = asyncio.create_task(
                self.app.run_worker_async(
                    queues=[QUEUE],
                    name=f"{socket.gethostname()[:40]}",
                    concurrency=CONCURRENCY,
                    listen_notify=False,
                    fetch_job_polling_interval=POLL_SECONDS,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                )
            )
            while not stopped.is_set() and not worker.done():
                await asyncio.sleep(0.2)
            worker.cancel()
            await _ended(worker)


async def _ended(worker: Awaitable[None]) -> None:
    try:
        await worker
    except asyncio.CancelledError:
        return


def cron_of(rhythm: int | time) -> str:
    """Seconds between two rings as the six fields of a cron line; a daily job is asked every minute whether it is missing."""
    if isinstance(rhythm, time):
        return "* * * * *"
    if rhythm < 60:
        return f"* * * * * */{rhythm}"
    return f"*/{min(59, rhythm // 60)} * * * *"


def _apps(desk: Desk) -> tuple[Any, Any]:
    """The worker's, on connections of its own, and one that only enqueues, on the connection that it is given."""
    try:
        from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
    except ModuleNotFoundError as error:
        raise Unavailable("没有安装多机引擎,请安装 starflow[cluster]") from error
    connector = PsycopgConnector(
        conninfo=work.address(desk.database),
        min_size=1,
        max_size=CONCURRENCY + 2,
        kwargs={"prepare_threshold": None},  # PgBouncer's transactions share no prepared statement
    )
    return App(connector=connector), App(connector=SyncPsycopgConnector())


def _retry() -> Any:
    from procrastinate import RetryStrategy

    return RetryStrategy(max_attempts=TRIES, exponential_wait=2)
