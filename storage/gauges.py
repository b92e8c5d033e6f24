"""Figures about a running installation, each by one question: what `doctor` judges and `/metrics` shows."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import Transaction
from storage.outbox import MESSAGE, OBLIGATION, TABLES, WAITING
from storage.runs import NEVER

CYCLE, RECORD, JOB_RUN = TABLES["cycle"], TABLES["record"], TABLES["job_run"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What should have happened already: how many, and since when the oldest waits."""

    count: int
    since: datetime | None

    def seconds(self, now: datetime) -> float:
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


def late_timers(tx: Transaction) -> Waiting:
    """Rungs that are due and have not rung, and cycles that the clock should have moved."""
    owed = OBLIGATION.c
    running = (owed.closed_at.is_(None), owed.held_at.is_(None), owed.rings_at <= tx.now)
    rungs = tx.connection.execute(sa.select(sa.func.count(), sa.func.min(owed.rings_at)).where(*running)).one()
    acts = CYCLE.c.acts_at
    moves = tx.connection.execute(sa.select(sa.func.count(), sa.func.min(acts)).where(acts <= tx.now)).one()
    return Waiting(rungs[0] + moves[0], min(filter(None, (rungs[1], moves[1])), default=None))


def late_letters(tx: Transaction) -> Waiting:
    """Messages whose turn has come and that nobody has in his hands."""
    free = sa.or_(MESSAGE.c.claimed_until.is_(None), MESSAGE.c.claimed_until <= tx.now)
    due = sa.select(sa.func.count(), sa.func.min(MESSAGE.c.next_try_at)).where(
        WAITING, MESSAGE.c.next_try_at <= tx.now, free
    )
    count, since = tx.connection.execute(due).one()
    return Waiting(count, since)


def letters(tx: Transaction) -> dict[str, int]:
    """Messages by status."""
    return _counted(tx, MESSAGE.c.status)


def cycles_by_stage(tx: Transaction) -> dict[str, int]:
    return _counted(tx, CYCLE.c.stage)


def overdue(tx: Transaction) -> int:
    """Open obligations whose due has passed."""
    owed = OBLIGATION.c
    found = sa.select(sa.func.count()).where(owed.closed_at.is_(None), owed.due_at <= tx.now)
    return int(tx.connection.execute(found).scalar_one())


def records(tx: Transaction) -> int:
    return int(tx.connection.execute(sa.select(sa.func.count()).select_from(RECORD)).scalar_one())


def latest_trace(tx: Transaction) -> datetime | None:
    """The newest instant that anything was noted at: later than now only where a clock was set back."""
    newest = (sa.select(sa.func.max(column)) for column in (JOB_RUN.c.last_at, JOB_RUN.c.failed_at, RECORD.c.at))
    found = [tx.connection.execute(each).scalar() for each in newest]
    return max((at for at in found if at is not None and at != NEVER), default=None)


def database_clock(tx: Transaction) -> datetime | None:
    """What time the server believes it is; SQLite has no clock but this machine's."""
    if tx.dialect != "postgresql":
        return None
    found: datetime | None = tx.connection.execute(sa.select(sa.func.clock_timestamp())).scalar()
    return found


def _counted(tx: Transaction, column: "sa.ColumnElement[str]") -> dict[str, int]:
    found = tx.connection.execute(sa.select(column, sa.func.count()).group_by(column).order_by(column))
    return {str(name): int(count) for name, count in found}
