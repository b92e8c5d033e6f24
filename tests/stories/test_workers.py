"""Two workers on one PostgreSQL: real processes, and each due thing happens once."""

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from starflow.service.campaigns import open_campaign
from starflow.service.clock import SystemClock
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from starflow.service.upkeep import check
from storage.models import JobRun, Notice, Obligation, Record
from tests.stories.conftest import CITY, ROOT, rows_of, sheet


class StoppedClock:
    """Lets a live database's past be written; the workers then run on the real clock."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_two_workers_fire_each_due_thing_once(database_url: str) -> None:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url, "STARFLOW_CHANNELS": "console"})
    now = SystemClock().now()
    with closing(create_desk(settings)) as desk:
        _a_past_with_things_due(desk, now - timedelta(days=12))
        workers = [_worker(database_url) for _ in range(2)]
        try:
            _wait_until_nothing_is_due(desk)
        finally:
            for worker in workers:
                worker.terminate()
        assert [worker.wait(timeout=30) for worker in workers] == [0, 0]
        with desk.reading() as tx:
            closings = tx.session.scalars(select(Record.cycle_id).where(Record.trigger == "close_publicity")).all()
            keys = tx.session.scalars(select(Notice.key)).all()
        assert len(closings) == len(set(closings)) == 3
        assert len(keys) == len(set(keys)) > 0
        assert check(desk) == ()


def _a_past_with_things_due(desk: Desk, then: datetime) -> None:
    """Three publicity periods that ended days ago, and rungs that nobody has rung."""
    desk.clock = StoppedClock(then)
    import_roster(desk, rows_of(), scheme_root_kind=ROOT, dry_run=False)
    open_campaign(desk, then.year, "anyang-five-star", actor="test")
    today = then.astimezone(CITY).date().isoformat()
    for code in ("D0101", "D0102", "D51"):
        for trigger, by, payload in (
            ("declare", "organisation", {"head": "书记", "members_due": 10, "target_star": 4}),
            (
                "submit_self_evaluation",
                "organisation",
                {"meeting": {"on": today, "attendees": ["书记"], "minutes": "对照"}, "scores": sheet("85"), "star": 4},
            ),
            (
                "file_survey",
                "organisation",
                {
                    "meeting": {"on": today},
                    "paper": {"members_present": 10, "own_unit": 5, "satisfied": 15},
                    "tellers": ["甲", "乙"],
                },
            ),
            ("propose_star", "superior", {"base": "85", "star": 4}),
            ("post_notice", "superior", {"on": today, "place": "公告栏"}),
        ):
            fire(desk, CycleAsk(code=code, trigger=trigger, relations=frozenset({by}), actor="t", payload=payload))
    desk.clock = SystemClock()


def _worker(url: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "from starflow.cli import main; main()", "worker"]
    return subprocess.Popen(
        command,
        env={**os.environ, "STARFLOW_DATABASE_URL": url, "STARFLOW_SWEEP_SECONDS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_nothing_is_due(desk: Desk) -> None:
    for _ in range(240):
        with desk.reading() as tx:
            rung = tx.session.scalar(select(sa.func.count()).where(col(Obligation.rings_at) <= tx.now))
            moved = tx.session.scalar(select(sa.func.count()).where(Record.trigger == "close_publicity"))
            swept = tx.session.get(JobRun, "sweep")
        if rung == 0 and moved == 3 and swept is not None:
            return
        time.sleep(0.25)
    raise AssertionError("the workers did not come to an end")
