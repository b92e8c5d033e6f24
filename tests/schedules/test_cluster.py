"""The jobs on many hosts: enqueued with the decision or not at all, and whatever is rung twice is done once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import time as local_time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from schedules.bell import JOBS
from schedules.cluster import Cluster, attach, cron_of
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import read_settings
from starflow.service.upkeep import check
from storage.models import Message, Notice, Obligation, Record
from tests.stories.test_workers import _a_past_with_things_due
from workflow.engine.errors import BadInput

ENGINE = {"STARFLOW_ENGINE": "cluster", "STARFLOW_CHANNELS": "file", "STARFLOW_QUIET_HOURS": "off"}


def settings_of(url: str, **more: str) -> dict[str, str]:
    return {"STARFLOW_DATABASE_URL": url, **ENGINE, **more}


@pytest.fixture
def desk(empty_url: str) -> Iterator[Desk]:
    with closing(create_desk(read_settings(settings_of(empty_url)))) as desk:
        yield desk


def waiting(desk: Desk) -> list[str]:
    with desk.reading() as tx:
        return list(tx.connection.execute(sa.text("SELECT task_name FROM procrastinate_jobs ORDER BY id")).scalars())


@pytest.mark.parametrize(
    ("rhythm", "line"),
    [(1, "* * * * * */1"), (30, "* * * * * */30"), (600, "*/10 * * * *"), (local_time(8), "* * * * *")],
)
def test_a_rhythm_as_a_cron_line(rhythm: int | local_time, line: str) -> None:
    assert cron_of(rhythm) == line


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_engine_of_many_hosts_is_refused_on_one_file(desk: Desk) -> None:
    with pytest.raises(BadInput) as refused:
        attach(desk)

    assert str(refused.value.reasons[0].text).startswith("STARFLOW_ENGINE=cluster 只用于 PostgreSQL")


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_what_a_transaction_enqueues_comes_and_goes_with_it(desk: Desk) -> None:
    cluster = Cluster(desk)
    cluster.prepare()
    cluster.prepare()

    with pytest.raises(ZeroDivisionError), desk.transaction() as tx:
        cluster.enqueue(tx, "send", 3)
        raise ZeroDivisionError
    assert waiting(desk) == []

    with desk.transaction() as tx:
        cluster.enqueue(tx, "send", 2)
        cluster.enqueue(tx, "sweep")
        cluster.enqueue(tx, "sweep")
    assert waiting(desk) == ["starflow:send", "starflow:send", "starflow:sweep"]


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_two_hosts_of_which_one_is_killed_do_each_thing_once(desk: Desk, empty_url: str, tmp_path: object) -> None:
    _a_past_with_things_due(desk, SystemClock().now() - timedelta(days=12))
    hosts = [worker(empty_url, f"{tmp_path}/letters{n}") for n in range(2)]
    try:
        wait_until(lambda: swept(desk) > 0)
        hosts[0].send_signal(signal.SIGKILL)
        wait_until(lambda: left_but_for_leases(desk, hosts[0].pid) == 0)
    finally:
        for host in hosts:
            host.terminate()
        ends = [host.wait(timeout=120) for host in hosts]
    assert ends == [-signal.SIGKILL, 0]

    with desk.reading() as tx:
        closings = tx.session.scalars(select(Record.cycle_id).where(Record.trigger == "close_publicity")).all()
        keys = tx.session.scalars(select(Notice.key)).all()
        sent = tx.session.scalars(select(Message.key).where(Message.status == "sent")).all()
    assert len(closings) == len(set(closings)) == 3
    assert len(keys) == len(set(keys)) > 0
    assert len(sent) == len(set(sent)) > 0
    assert check(desk) == ()
    assert {job.id for job in JOBS} == set(Cluster(desk).jobs)
    with desk.reading() as tx:
        said = sa.text("SELECT task_name FROM procrastinate_jobs WHERE status = 'failed'")
        assert tx.connection.execute(said).scalars().all() == []


def worker(url: str, letters: str) -> "subprocess.Popen[bytes]":
    more = {"STARFLOW_OUTBOX_FILE": letters, "STARFLOW_SWEEP_SECONDS": "2", "STARFLOW_RELAY_SECONDS": "2"}
    said = [sys.executable, "-c", "from starflow.cli import main; main()", "worker"]
    return subprocess.Popen(said, env={**os.environ, **settings_of(url, **more)}, stdout=subprocess.DEVNULL)


def left_but_for_leases(desk: Desk, pid: int) -> int:
    """What a killed host was sending is free after five minutes: they pass here at once, for its messages alone."""
    its = (
        sa.update(Message).where(col(Message.claimed_by).contains(f":{pid}:")).values(claimed_until=SystemClock().now())
    )
    with desk.transaction() as tx:
        tx.connection.execute(its)
    return left(desk)


def swept(desk: Desk) -> int:
    with desk.reading() as tx:
        return tx.session.scalar(select(sa.func.count()).where(Record.trigger == "close_publicity")) or 0


def left(desk: Desk) -> int:
    with desk.reading() as tx:
        rungs = tx.session.scalar(select(sa.func.count()).where(col(Obligation.rings_at) <= tx.now)) or 0
        waits = col(Message.status).in_(("queued", "claimed"))
        letters = tx.session.scalar(select(sa.func.count()).select_from(Message).where(waits)) or 0
        unmerged = tx.session.scalar(
            select(sa.func.count())
            .select_from(Notice)
            .where(Notice.status == "queued", col(Notice.message_id).is_(None))
        )
    return rungs + letters + (unmerged or 0) + (3 - swept(desk))


def wait_until(so: "object") -> None:
    for _ in range(600):
        if so():  # type: ignore[operator]
            return
        time.sleep(0.25)
    raise AssertionError("the hosts did not come to an end")
