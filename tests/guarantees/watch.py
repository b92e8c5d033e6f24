"""Whatever is stuck is said: each thing that can be, injected into a healthy installation; and a healthy year hears nothing.

The whole installation, its clock, its wall and its database server's, lives in the spring of 2027: what is tested is the doctor, and
a doctor who sees the trial's own time beside the machine's would rightly complain.
"""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from schedules.bell import tick
from starflow.service import upkeep
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk
from storage import gauges
from storage.models import Message, Obligation
from tests.guarantees import faults
from tests.guarantees.places import OPENED, opened
from tests.guarantees.trial import Trial, must


class Elsewhen:
    """A clock that goes as the machine's does, but stands elsewhere."""

    def __init__(self, at: datetime) -> None:
        self.by = at - SystemClock().now()

    def now(self) -> datetime:
        return SystemClock().now() + self.by

    def move(self, span: timedelta) -> None:
        self.by += span


def told(trial: Trial) -> str:
    """G26: each thing that can be stuck is said at once; a healthy installation hears nothing, at any time of a year."""
    visits = trial.size(13, 26, control=0)
    with opened(trial, 6, backups=str(trial.folder / "kept"), uploads=str(trial.folder / "up")) as desk:
        clock = Elsewhen(OPENED + timedelta(hours=1))
        desk.clock = desk.wall = clock
        with _server_goes_by(clock):
            _quiet(desk, "in the beginning")
            with faults.switched_on(trial.fault):
                for name, word, injected in STUCK:
                    with injected(desk):
                        said = " ".join(finding.found for finding in upkeep.doctor(desk))
                    must(word in said, f"{name}: doctor says only “{said[:80]}”")
            clock.move(timedelta(minutes=1))  # a backup bears its second's name
            _quiet(desk, "after all was mended")
            for visit in range(visits):
                clock.move(timedelta(days=365 / visits))
                _quiet(desk, f"visit {visit}")
                clock.move(timedelta(minutes=9))
                _hears(desk, f"nine minutes after visit {visit}", rung=False)
    return f"{len(STUCK)}种卡住的情形,体检逐一说出并写明怎么办;健康的一年里体检{2 * visits + 2}次,误报0"


def _quiet(desk: Desk, when: str) -> None:
    with redirect_stdout(io.StringIO()):  # the letters of the console channel
        failed = [f"{stroke.job}: {stroke.said}" for stroke in tick(desk) if stroke.failed]
    must(not failed, f"{when}: {failed[:2]}")
    _hears(desk, when)


def _hears(desk: Desk, when: str, rung: bool = True) -> None:
    found = upkeep.doctor(desk)
    must(not found, f"a false alarm {when}{' and a tick' if rung else ''}: {[one.found for one in found][:2]}")


@contextmanager
def _server_goes_by(clock: Elsewhen) -> Iterator[None]:
    """The database server's clock agrees with ours; on SQLite there is none."""
    true = gauges.database_clock

    def shifted(tx: Any) -> datetime | None:
        at = true(tx)
        return None if at is None else at + clock.by

    gauges.database_clock = shifted
    try:
        yield
    finally:
        gauges.database_clock = true


# ── what can be stuck ────────────────────────────────────────────


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def _later(**span: float) -> Callable[[Desk], Any]:
    @contextmanager
    def injected(desk: Desk) -> Iterator[None]:
        clock: Any = desk.clock
        clock.move(timedelta(**span))
        try:
            yield
        finally:
            clock.move(-timedelta(**span))

    return injected


@contextmanager
def _wall_back(desk: Desk) -> Iterator[None]:
    before = desk.wall
    desk.wall = Elsewhen(before.now() - timedelta(hours=2))
    try:
        yield
    finally:
        desk.wall = before


@contextmanager
def _disk_full(desk: Desk) -> Iterator[None]:
    true = shutil.disk_usage
    shutil.disk_usage = lambda place: Usage(100 << 30, 98 << 30, 2 << 30)  # type: ignore[assignment]
    try:
        yield
    finally:
        shutil.disk_usage = true


@contextmanager
def _dead_letter(desk: Desk) -> Iterator[None]:
    with desk.transaction() as tx:
        values = {"channel": "console", "address": "x", "subject": "", "status": "dead"}
        tx.session.add(Message(key="dead", created_at=tx.now, next_try_at=tx.now, **values))
    try:
        yield
    finally:
        with desk.transaction() as tx:
            tx.session.execute(sa.delete(Message).where(Message.key == "dead"))  # type: ignore[arg-type]


@contextmanager
def _rung_unsent(desk: Desk) -> Iterator[None]:
    with desk.transaction() as tx:
        first = tx.session.scalars(
            sa.select(Obligation).where(Obligation.closed_at.is_(None)).order_by(Obligation.id).limit(1)  # type: ignore[union-attr,arg-type]
        ).one()
        before, first.rings_at = first.rings_at, tx.now - timedelta(hours=1)
    try:
        yield
    finally:
        with desk.transaction() as tx:
            tx.session.execute(sa.update(Obligation).where(Obligation.id == first.id).values(rings_at=before))  # type: ignore[arg-type]


def _forged(column: str, by: str) -> Callable[[Desk], Any]:
    @contextmanager
    def injected(desk: Desk) -> Iterator[None]:
        with desk.transaction() as tx:
            before = tx.session.scalar(sa.text(f"SELECT {column} FROM record WHERE id = 1"))
            tx.session.execute(sa.text(f"UPDATE record SET {column} = :by WHERE id = 1"), {"by": by})
        try:
            yield
        finally:
            with desk.transaction() as tx:
                tx.session.execute(sa.text(f"UPDATE record SET {column} = :by WHERE id = 1"), {"by": before})

    return injected


@contextmanager
def _job_fails(desk: Desk) -> Iterator[None]:
    with desk.transaction() as tx:
        tx.session.execute(sa.text("UPDATE job_run SET error = '磁盘写满' WHERE job = 'anchor'"))
    try:
        yield
    finally:
        with desk.transaction() as tx:
            tx.session.execute(sa.text("UPDATE job_run SET error = NULL WHERE job = 'anchor'"))


STUCK: tuple[tuple[str, str, Callable[[Desk], Any]], ...] = (
    ("a dead bell", "上次清点在", _later(minutes=21)),
    ("a backup of long ago", "备份在", _later(hours=27)),
    ("a daily job that no longer runs", "每日自检", _later(hours=27)),
    ("a clock set back", "时钟", _wall_back),
    ("a full disk", "磁盘只剩", _disk_full),
    ("a dead letter", "多次未能发出", _dead_letter),
    ("a rung that did not ring", "到点还没有办", _rung_unsent),
    ("a broken chain", "历史校验失败", _forged("actor", "forger")),
    ("a job that fails", "上次失败", _job_fails),
)
