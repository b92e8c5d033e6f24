"""Doctor says what is stuck, and is silent about what is well."""

import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from schedules.bell import tick
from starflow.service import backups, jobs, upkeep
from starflow.service.campaigns import open_campaign
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from storage import runs
from tests.kept import desk_after
from tests.stories.conftest import ROOT, rows_of


class Shifted:
    """The machine's clock, so much later."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self):  # type: ignore[no-untyped-def]
        return SystemClock().now() + self.by


@dataclass
class Standing:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A live year, just opened, every job run once."""
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url, "STARFLOW_BACKUPS": str(tmp_path / "kept")})

    def opened() -> Desk:
        desk = create_desk(settings)
        import_roster(desk, rows_of(), scheme_root_kind=ROOT, dry_run=False)
        open_campaign(desk, SystemClock().now().year, "anyang-five-star", actor="test")
        return desk

    with closing(desk_after(opened, settings, "a live year")) as desk:
        tick(desk)
        yield desk


def found(desk: Desk) -> list[str]:
    return [finding.found for finding in upkeep.doctor(desk)]


def test_all_is_well(desk: Desk) -> None:
    assert found(desk) == []


def test_after_two_days_without_a_bell_everything_that_is_late_is_named(desk: Desk) -> None:
    desk.clock = Shifted(timedelta(days=2))

    said = "\n".join(found(desk))

    late = ("上次清点", "到点还没有办", "(digest)", "(anchor)", "(invariants)", "最近一次核对过的备份在2天以前")
    assert [word for word in late if word not in said] == []


def test_a_backup_that_nobody_verified_does_not_count(desk: Desk) -> None:
    with desk.transaction() as tx:
        runs.failed(tx, backups.JOB, "磁盘满了")

    assert found(desk) == ["定时任务backup上次失败:磁盘满了"]


def test_a_clock_that_was_set_back_is_noticed(desk: Desk) -> None:
    desk.wall = Shifted(-timedelta(hours=3))

    assert any("时钟" in one for one in found(desk))


def test_a_disk_that_is_nearly_full_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(100 * 2**30, 98 * 2**30, 2 * 2**30))

    said = found(desk)

    assert said and all("所在的磁盘只剩2.0 GiB(2%)" in one for one in said)


def test_the_daily_anchor_is_laid_down_once_as_a_file_that_nobody_writes_again(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "anchors"
    folder.mkdir()
    desk.settings = replace(desk.settings, anchors=folder)
    desk.clock = Standing(desk.clock.now())

    said = jobs.anchor(desk)

    (file,) = folder.iterdir()
    assert said.endswith(f"已另存为{file.name}")
    assert upkeep.verify(desk, json.loads(file.read_text())).ok
    assert stat.S_IMODE(file.stat().st_mode) == 0o444
    with pytest.raises(FileExistsError):
        jobs.anchor(desk)  # in the same second: what lies there is not written over
