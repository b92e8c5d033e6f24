"""Several hosts on one database, one cut off in the middle and one killed: each effect once, and how late is said."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from starflow.service.campaigns import open_campaign
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from starflow.service.upkeep import check
from storage.models import Message, Notice, Obligation
from tests.schedules.hosts import hosts
from workflow.rating.roster import RosterRow

BRANCHES = 1_000
CHOSEN = {
    "STARFLOW_CHANNELS": "console",
    "STARFLOW_QUIET_HOURS": "off",
    "STARFLOW_SWEEP_SECONDS": "1",
    "STARFLOW_RELAY_SECONDS": "1",
}
GIVEN_UP = "3s"
"""After this the server gives up a transaction from which it hears nothing (docs/operations.md)."""


class Stopped:
    def __init__(self, at: object) -> None:
        self.at = at

    def now(self) -> object:
        return self.at


@pytest.fixture
def desk(empty_url: str) -> Iterator[Desk]:
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": empty_url}))) as desk:
        name = sa.make_url(empty_url).database
        with desk.database.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '{GIVEN_UP}'")
        yield desk


def due(desk: Desk) -> int:
    with desk.reading() as tx:
        return tx.session.scalar(select(sa.func.count()).where(col(Obligation.rings_at) <= tx.now)) or 0


def unsent(desk: Desk) -> int:
    with desk.reading() as tx:
        waits = col(Message.status).in_(("queued", "claimed"))
        return tx.session.scalar(select(sa.func.count()).select_from(Message).where(waits)) or 0


def until(so: Callable[[], bool], seconds: int = 900) -> float:
    began = time.monotonic()
    while not so():
        assert time.monotonic() - began < seconds, "the hosts did not come to an end"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_of_three_hosts_one_is_cut_off_and_one_killed_and_each_thing_happens_once(
    desk: Desk, empty_url: str, record_property: Callable[[str, object], None]
) -> None:
    overdue = [
        RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂"),
        *(RosterRow(code=f"B{n:04}", name=f"第{n}支部", kind="党支部", parent="GW", members=9, head=f"书记{n}") for n in range(BRANCHES)),
    ]  # fmt: skip
    then = SystemClock().now() - timedelta(days=12)
    desk.clock = Stopped(then)  # type: ignore[assignment]
    import_roster(desk, overdue, scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, then.year, "anyang-five-star", actor="test")
    desk.clock = SystemClock()
    with desk.transaction() as tx:
        tx.session.execute(sa.update(Obligation).where(col(Obligation.closed_at).is_(None)).values(rings_at=tx.now))
    waiting = due(desk)
    assert waiting >= BRANCHES

    with hosts(3, empty_url, CHOSEN) as (first, second, third):
        until(lambda: due(desk) < waiting)
        second.cut()
        third.process.send_signal(signal.SIGKILL)
        seconds = until(lambda: due(desk) == 0)
        second.mend()
        assert first.process.poll() is None

    record_property("own_networks", first.own_network)
    record_property("seconds_late", round(seconds, 1))
    print(
        f"\n{waiting} rungs, one host cut off and one killed: done {seconds:.1f} s later, networks {first.own_network}"
    )
    with desk.reading() as tx:
        keys = tx.session.scalars(select(Notice.key)).all()
        sent = tx.session.scalars(select(Message.key).where(Message.status == "sent")).all()
    assert len(keys) == len(set(keys))
    assert len(sent) == len(set(sent))
    assert check(desk) == ()
