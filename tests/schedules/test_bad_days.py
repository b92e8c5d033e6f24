"""What goes wrong on the worst day: a host whose clock is an hour off, a database that goes away, a channel that takes nothing.

Nothing is doubled, nothing is lost, and the lag is shown.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import select

from schedules.bell import JOBS, ring
from schedules.channels import ChannelDown
from schedules.letters import Letter
from schedules.relay import relay
from starflow.service import ladder, obligations
from starflow.service.campaigns import open_campaign
from starflow.service.clock import HandClock, SharedClock
from starflow.service.desk import Desk, create_desk
from starflow.service.health import metrics
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from starflow.service.upkeep import check
from storage.models import Message, Notice
from tests.stories.conftest import CITY
from workflow.engine.errors import Unavailable
from workflow.rating.roster import RosterRow

OPENED = datetime(2027, 4, 15, 8, tzinfo=CITY)
STORM = datetime(2027, 6, 6, 9, 30, tzinfo=CITY)
SWEEP = next(job for job in JOBS if job.id == "sweep")
HOUR = timedelta(hours=1)


def at(desk: Desk, moment: datetime) -> None:
    desk.clock = HandClock(lambda: moment)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """Thirty branches that have declared nothing; sweeps in pages of five."""
    rows = [RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂")]
    rows += [
        RosterRow(code=f"B{n:02}", name=f"第{n}支部", kind="党支部", parent="GW", members=9, head=f"书记{n}")
        for n in range(30)
    ]
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": database_url}))) as desk:
        at(desk, OPENED)
        import_roster(desk, rows, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="test")
        yield desk
        assert check(desk) == ()


def keys(desk: Desk) -> list[str]:
    with desk.reading() as tx:
        return sorted(tx.session.scalars(select(Notice.key)).all())


def lag(desk: Desk, name: str) -> float:
    return next(one.samples[0][1] for one in metrics(desk) if one.name == name)


# ── a clock that is an hour off ──────────────────────────────────


@pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_a_host_whose_clock_is_an_hour_off_takes_the_databases_time(off: timedelta) -> None:
    asked = iter([STORM, STORM + timedelta(minutes=1)])
    minutes = iter([0.0, 30.0, 61.0, 61.0, 61.0, 61.0])
    clock = SharedClock(lambda: next(asked), HandClock(lambda: STORM + off), lambda: next(minutes))

    assert (clock.now(), clock.offset) == (STORM, -off)


def test_a_database_that_cannot_be_asked_leaves_the_last_correction() -> None:
    answers: Iterator[Any] = iter([STORM, Unavailable("weg")])
    minutes = iter([0.0, 0.0, 100.0, 100.0])

    def asked() -> datetime:
        said = next(answers)
        if isinstance(said, Exception):
            raise said
        return said

    clock = SharedClock(asked, HandClock(lambda: STORM + HOUR), lambda: next(minutes))

    assert [clock.now(), clock.now()] == [STORM, STORM]


def test_hosts_that_differ_by_an_hour_ring_each_rung_once(desk: Desk, database_url: str) -> None:
    """Even where nobody puts the clocks right: the one ahead is early, the other finds it done."""
    with closing(Desk(desk.database, desk.settings)) as other:
        at(desk, STORM)
        at(other, STORM + HOUR)
        obligations.sweep(other)
        rung = keys(other)
        obligations.sweep(desk)

        assert keys(desk) == rung
        assert len(rung) == len(set(rung)) > 30


# ── a database that goes away in the storm ───────────────────────


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_database_that_goes_away_in_the_storm_loses_and_doubles_nothing(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obligations, "PAGE", 5)
    at(desk, STORM)
    pages = cut_off_at_page(3, database_url, monkeypatch)

    failed = ring(desk, SWEEP)
    shown = lag(desk, "starflow_deadline_lag_seconds")
    again = ring(desk, SWEEP)

    assert (failed.failed, again.failed) == (True, False)
    assert shown > 0 and lag(desk, "starflow_deadline_lag_seconds") == 0
    assert len(pages) > 6
    found = keys(desk)
    assert len(found) == len(set(found)) and {key.split(":")[0] for key in found if key} != set()
    with desk.reading() as tx:
        unmerged = tx.session.scalar(
            select(sa.func.count()).select_from(Notice).where(Notice.status == "queued", sa.text("message_id IS NULL"))
        )
    assert unmerged == 0


def cut_off_at_page(number: int, url: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every session is ended by the server in the middle of that page; the pages that were begun."""
    pages: list[int] = []
    true: Callable[..., int] = ladder.ring_page

    def ring_page(*arguments: Any) -> int:
        pages.append(len(pages) + 1)
        done = true(*arguments)
        if len(pages) == number:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        return done

    monkeypatch.setattr(ladder, "ring_page", ring_page)
    return pages


# ── a full outbox ────────────────────────────────────────────────


class Full:
    """A channel that takes nothing until it is emptied."""

    def __init__(self) -> None:
        self.takes = False
        self.taken: list[str] = []

    def send(self, letter: Letter) -> None:
        if not self.takes:
            raise ChannelDown("信箱已满")
        self.taken.append(letter.key)


def test_a_full_outbox_waits_is_shown_and_leaves_once(desk: Desk) -> None:
    channel = Full()
    at(desk, STORM)
    obligations.sweep(desk)
    for hours in range(3):
        at(desk, STORM + hours * HOUR)
        relay(desk, {"console": channel})
        obligations.sweep(desk)
    with desk.reading() as tx:
        waiting = tx.session.scalars(select(Message.key).where(Message.status == "queued")).all()
    shown = lag(desk, "starflow_message_lag_seconds")

    channel.takes = True
    at(desk, STORM + timedelta(days=2))
    relay(desk, {"console": channel})

    assert len(waiting) > 0 and shown > 0
    assert sorted(channel.taken) == sorted(set(channel.taken)) and set(waiting) <= set(channel.taken)
    with desk.reading() as tx:
        assert tx.session.scalars(select(Message.key).where(Message.status != "sent")).all() == []
