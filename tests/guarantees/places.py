"""Databases for trials, each a copy of a small city at work; PostgreSQL from the same server that the tests use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

from starflow.service import backups
from starflow.service.campaigns import open_campaign
from starflow.service.desk import Desk, create_desk, open_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import Settings, read_settings
from tests import conftest as provision
from tests.guarantees.trial import Trial
from workflow.rating.roster import RosterRow

CITY = ZoneInfo("Asia/Shanghai")
ROOT = "市直工委"
OPENED = datetime(2027, 4, 15, 8, tzinfo=CITY)
NOW = datetime(2027, 5, 6, 10, tzinfo=CITY)
SCHEME = "anyang-five-star"


@dataclass
class Fixed:
    """A live database's clock as a trial wants it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class Fast:
    """Runs `pace` times as fast as the machine's, from `at`."""

    def __init__(self, at: datetime, pace: int) -> None:
        self.at, self.pace, self.since = at, pace, monotonic()

    def now(self) -> datetime:
        passed = timedelta(seconds=(monotonic() - self.since) * self.pace)
        return self.at + timedelta(milliseconds=passed // timedelta(milliseconds=1))


def city(rated: int) -> list[RosterRow]:
    """So many rated organisations on every route: committees, a general branch between, branches, and branches of the root."""
    rows = [_row("GW", "市直机关工作委员会", ROOT, None, 0)]
    block = 0
    while len(rows) <= rated:
        block += 1
        party, general = f"D{block:02}", f"D{block:02}Z"
        rows.append(_row(party, f"第{block}机关党委", "机关党委", "GW", 12))
        rows.append(_row(general, f"第{block}离退休党总支", "党总支", party, 12))
        rows.append(_row(f"{party}01", f"第{block}离退休支部", "党支部", general, 12))
        rows += [_row(f"{party}{n:02}", f"第{block}委第{n}支部", "党支部", party, 12) for n in (2, 3)]
        rows.append(_row(f"S{block:02}", f"第{block}直属支部", "党支部", "GW", 12))
    return rows[: rated + 1]


def _row(code: str, name: str, kind: str, parent: str | None, members: int) -> RosterRow:
    return RosterRow(
        code=code,
        name=name,
        kind=kind,
        parent=parent,
        field="机关",
        members=members,
        election_due_on=datetime(2029, 1, 1, tzinfo=CITY).date(),
        head=f"{code}书记",
        email=f"{code.lower()}@example.org",
        leader=f"{code}领导" if parent in (None, "GW") else "",
    )


def settings_of(url: str, **more: str) -> Settings:
    return read_settings({"STARFLOW_DATABASE_URL": url, **{f"STARFLOW_{k.upper()}": v for k, v in more.items()}})


@contextmanager
def empty(trial: Trial) -> Iterator[str]:
    """The address of a database with all tables and no rows."""
    lend = {"sqlite": provision._sqlite_migrated, "postgresql": provision._postgresql_migrated}[trial.dialect]
    with lend() as url:
        yield url


@contextmanager
def opened(trial: Trial, rated: int = 24, at: datetime = NOW, **settings: str) -> Iterator[Desk]:
    """A live city whose year was opened on 15 April; its clock stands at `at`."""
    with empty(trial) as url, closing(create_desk(settings_of(url, **settings))) as desk:
        desk.clock = Fixed(OPENED)
        import_roster(desk, city(rated), scheme_root_kind=ROOT, dry_run=False)
        open_campaign(desk, 2027, SCHEME, actor="test")
        desk.clock = Fixed(at)
        yield desk


@contextmanager
def twin(trial: Trial, desk: Desk, **settings: str) -> Iterator[Desk]:
    """The same rows in another database of the same kind, with the same clock."""
    with empty(trial) as url:
        backups.copy_to(desk, url)
        with closing(open_desk(settings_of(url, **settings))) as other:
            other.clock = desk.clock
            yield other


@contextmanager
def reopened(url: str, clock: object, **settings: str) -> Iterator[Desk]:
    with closing(open_desk(settings_of(url, **settings))) as desk:
        desk.clock = clock  # type: ignore[assignment]
        yield desk


@contextmanager
def surroundings() -> Iterator[Path]:
    """A folder for the run, in which the PostgreSQL server lives too; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="starflow-guarantees-", dir=_in_memory()))
    os.environ[provision.RUN_FOLDER] = str(folder)
    try:
        yield folder
    finally:
        provision._stop(folder / "data" / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory(shared: Path = Path("/dev/shm")) -> Path | None:
    """Where the machine lends enough of it: kills and cuts are the same there, and nobody waits for a slow disk's fsync."""
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 4 << 30 else None
