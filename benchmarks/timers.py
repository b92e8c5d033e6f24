"""Deadlines that fall due at one instant: how many a second are fired, and what a look costs when nothing is due.

The peers run a callback that only counts, which favours them; the raw limit claims a thousand at a time and writes one durable row
for each. Ours rings a rung of an obligation: it looks up who holds the post, puts the notice under its unique key into the outbox,
sets the next rung and merges the notices into one message a person, all in the claiming transaction.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from benchmarks.places import fresh, sqlite
from benchmarks.rounds import answer, cpu, memory_mb, rounds

BATCH = 1000
CAP = 60.0
COUNTED = [0]


def count(_: Any = None) -> None:
    COUNTED[0] += 1


def raw(database: str, number: int) -> dict[str, float]:
    """UPDATE … RETURNING of a thousand and as many rows of a log, in one commit."""
    url = fresh(database, "timers")
    lite = database == "sqlite"
    if lite:
        run: Any = sqlite(url).execute
    else:
        import psycopg

        run = psycopg.connect(url, autocommit=True).execute
    mark = "?" if lite else "%s"
    serial = "integer primary key" if lite else "bigserial primary key"
    run(f"create table deadline(id {serial}, cycle_id int not null, due_at float not null, fired_at float)")
    run("create index due on deadline(due_at) where fired_at is null")
    run(f"create table log(id {serial}, deadline_id int, at float)")
    run("begin")
    for one in range(number):
        run(f"insert into deadline(cycle_id, due_at) values({mark}, 1000)", (one,))
    run("commit")
    idle = _looks(lambda: run("select id from deadline where fired_at is null and due_at <= 10 limit 1").fetchone())
    skip = "" if lite else " for update skip locked"
    due = f"select id from deadline where fired_at is null and due_at <= {mark} order by due_at limit {BATCH}{skip}"
    began = time.perf_counter()
    while True:
        run("begin immediate" if lite else "begin")
        at = time.time()
        ids = run(f"update deadline set fired_at={mark} where id in ({due}) returning id", (at, at)).fetchall()
        for (one,) in ids if lite else ():
            run("insert into log(deadline_id, at) values(?, ?)", (one, at))
        if ids and not lite:
            said = "insert into log(deadline_id, at) select unnest(%s::int[]), %s"
            run(said, ([one for (one,) in ids], at))
        run("commit")
        if not ids:
            break
    return {"rate": number / (time.perf_counter() - began), "idle_us": idle}


def ours(database: str, number: int) -> dict[str, float]:
    """The sweep at nine in the morning of the day on which every declaration is reminded of."""
    from benchmarks.town import town
    from starflow.service.obligations import sweep

    desk, _ = town(fresh(database, "timers"), number)
    sweep(desk)
    idle = _looks(lambda: sweep(desk), 20)
    due = _until_all_are_due(desk, number)
    before, began = cpu(), time.perf_counter()
    assert sweep(desk).rungs == due
    took = time.perf_counter() - began
    return {"rate": due / took, "idle_us": idle, "cpu_us": (cpu() - before) / due * 1e6}


def _until_all_are_due(desk: Any, number: int) -> int:
    """Sweeps from one due instant to the next until so many rungs are due at once; how many there are. They are not swept."""
    from benchmarks.town import stand
    from starflow.service.obligations import sweep
    from storage import runs

    while True:
        with desk.reading() as tx:
            following = runs.next_due(tx)
        assert following is not None  # the year has begun
        stand(desk, following)
        if (due := _due(desk)) >= number:
            return due
        sweep(desk)


def _due(desk: Any) -> int:
    import sqlalchemy as sa
    from sqlmodel import col, select

    from storage.models import Obligation

    with desk.reading() as tx:
        return tx.session.scalar(select(sa.func.count()).where(col(Obligation.rings_at) <= tx.now)) or 0


def rung(database: str, number: int, engine: str) -> dict[str, float]:
    """The same sweep, rung by an engine that is started when all are due: how long from the start until none is left."""
    from threading import Event, Thread

    from benchmarks.town import town
    from schedules.bell import JOBS, Bell
    from schedules.cluster import Cluster
    from starflow.service.obligations import sweep

    desk, _ = town(fresh(database, "timers"), number)
    desk.settings = replace(desk.settings, sweep_seconds=1)
    sweep(desk)
    jobs, stopped = tuple(job for job in JOBS if job.id == "sweep"), Event()
    due = _until_all_are_due(desk, number)
    if engine == "cluster":
        cluster = Cluster(desk, jobs)
        cluster.prepare()
        worker = Thread(target=cluster.run, args=[stopped], daemon=True)
    bell = Bell(desk, jobs)
    began = time.perf_counter()
    bell.start() if engine == "bell" else worker.start()
    while _due(desk) and time.perf_counter() - began < CAP:
        time.sleep(0.02)
    took, left = time.perf_counter() - began, _due(desk)
    bell.stop() if engine == "bell" else stopped.set()
    return {"rate": (due - left) / took, "seconds": took}


def apscheduler(database: str, number: int) -> dict[str, float]:
    """APScheduler 3 with its SQLAlchemy job store."""
    import pickle

    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    url = fresh(database, "timers").replace("postgresql://", "postgresql+psycopg://")
    store = SQLAlchemyJobStore(url=url)
    late = {"misfire_grace_time": None, "coalesce": False}
    scheduler = BackgroundScheduler(jobstores={"default": store}, job_defaults=late, timezone="UTC")
    scheduler.start(paused=True)
    due = datetime.now(UTC) + timedelta(days=1)
    scheduler.add_job(count, "date", run_date=due, args=[0], id="j0")
    job, past = store.lookup_job("j0"), datetime.now(UTC) - timedelta(seconds=1)
    idle = _looks(lambda: store.get_due_jobs(datetime.now(UTC)), 100)
    state = job.__getstate__()
    state["next_run_time"] = state["trigger"].run_date = past
    with store.engine.begin() as connection:  # as rows with the same pickles: adding them one by one takes minutes
        connection.execute(store.jobs_t.delete())
        rows = [
            {"id": f"j{n}", "next_run_time": past.timestamp(), "job_state": pickle.dumps(state | {"id": f"j{n}"}, 4)}
            for n in range(number)
        ]
        connection.execute(store.jobs_t.insert(), rows)
    began = time.perf_counter()
    scheduler.resume()
    took = _until(number, began)
    return {"rate": COUNTED[0] / took, "idle_us": idle}


def procrastinate(database: str, number: int) -> dict[str, float]:
    """One worker, ten at a time."""
    import procrastinate as package

    url = fresh(database, "timers")
    app = package.App(connector=package.PsycopgConnector(conninfo=url, min_size=2, max_size=12))

    @app.task(name="fire", queue="q")
    async def fire(x: int) -> None:
        count()

    async def run() -> float:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            at = datetime.now(UTC) - timedelta(seconds=1)
            for start in range(0, number, BATCH):
                some = [{"x": n} for n in range(start, min(number, start + BATCH))]
                await fire.configure(schedule_at=at).batch_defer_async(*some)
            began = time.perf_counter()
            await asyncio.wait_for(
                app.run_worker_async(queues=["q"], concurrency=10, wait=False, install_signal_handlers=False), CAP
            )
            return time.perf_counter() - began

    took = asyncio.run(run())
    return {"rate": COUNTED[0] / took}


def pgqueuer(database: str, number: int) -> dict[str, float]:
    """Batches of a hundred."""
    import asyncpg
    from pgqueuer import AsyncpgPoolDriver, Queries, QueueManager

    url = fresh(database, "timers")

    async def run() -> float:
        pool = await asyncpg.create_pool(url, min_size=4, max_size=12)
        driver = AsyncpgPoolDriver(pool)
        queries = Queries(driver)
        await queries.install()
        manager = QueueManager(queries)

        @manager.entrypoint("fire")
        async def fire(job: Any) -> None:
            count()

        for start in range(0, number, BATCH):
            some = min(number - start, BATCH)
            await queries.enqueue(["fire"] * some, [b"1"] * some, [0] * some, [timedelta(0)] * some)
        began = time.perf_counter()
        worker = asyncio.create_task(manager.run(batch_size=100, dequeue_timeout=timedelta(seconds=1)))
        while COUNTED[0] < number and time.perf_counter() - began < CAP and not worker.done():
            await asyncio.sleep(0.005)
        return time.perf_counter() - began

    took = asyncio.run(run())
    return {"rate": COUNTED[0] / took}


def huey(database: str, number: int) -> dict[str, float]:
    """SqliteHuey, two workers, every write flushed; what is due is enqueued beforehand."""
    from huey import SqliteHuey

    path = fresh(database, "timers").removeprefix("sqlite:///")
    queue = SqliteHuey("bench", filename=path, fsync=True, results=False, timeout=30)
    fire = queue.task(name="fire")(count)
    eta = datetime.now() + timedelta(seconds=number / 300 + 3)
    for n in range(number):
        fire.schedule((n,), eta=eta)
    while datetime.now() < eta:
        time.sleep(0.05)
    consumer = queue.create_consumer(
        workers=2, periodic=False, scheduler_interval=1, initial_delay=0.01, max_delay=0.05
    )
    began = time.perf_counter()
    consumer.start()
    took = _until(number, began)
    return {"rate": COUNTED[0] / took}


def _until(number: int, began: float) -> float:
    while COUNTED[0] < number and time.perf_counter() - began < CAP:
        time.sleep(0.01)
    return time.perf_counter() - began


def _looks(look: Callable[[], Any], times: int = 300) -> float:
    """Microseconds of one look, the median."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2] * 1e6


PEERS: dict[str, tuple[Callable[[str, int], dict[str, float]], tuple[str, ...]]] = {
    "raw1000": (raw, ("sqlite", "postgresql")),
    "starflow": (ours, ("sqlite", "postgresql")),
    "starflow, rung by the bell": (partial(rung, engine="bell"), ("postgresql",)),
    "starflow, rung by procrastinate": (partial(rung, engine="cluster"), ("postgresql",)),
    "apscheduler": (apscheduler, ("sqlite", "postgresql")),
    "procrastinate": (procrastinate, ("postgresql",)),
    "pgqueuer": (pgqueuer, ("postgresql",)),
    "huey": (huey, ("sqlite",)),
}


def measured(quick: bool) -> dict[str, Any]:
    cases = [(peer, database) for peer, (_, databases) in PEERS.items() for database in databases]
    return rounds("timers", cases, 3 if quick else 5, 1000 if quick else 5000)


if __name__ == "__main__":
    peer, database, number = sys.argv[1:]
    answer(**PEERS[peer][0](database, int(float(number))), memory_mb=memory_mb(), n=int(float(number)))
