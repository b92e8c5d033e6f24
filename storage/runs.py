"""What the bell did and when it must ring next: job runs, downtimes, and the nearest instant at which something falls due.

A job's run is a note for people and for `doctor`; what is due is always asked of obligations and messages themselves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

import sqlalchemy as sa

from storage import ballots
from storage.database import Transaction
from storage.outbox import INSERTS, MESSAGE, NOTICE, OBLIGATION, TABLES, UNMERGED, WAITING
from storage.statements import Statement, by_name

JOB_RUN, DOWNTIME, CYCLE = TABLES["job_run"], TABLES["downtime"], TABLES["cycle"]
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # stands in `last_at` of a job that has only failed so far
SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run of a job that worked, and the failure since then if there is one."""

    job: str
    last_at: datetime | None
    said: str
    failed_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Downtime:
    """A stretch without a bell: what fell due in it moved so many cycles and gave so many reminders, merged into messages."""

    from_at: datetime
    until_at: datetime
    moved: int
    rungs: int
    messages: int

    def sentence(self, zone: tzinfo) -> str:
        """停机 02:10–07:45;412项到点:推进380个,32个提醒合并为9条消息."""
        start, end = self.from_at.astimezone(zone), self.until_at.astimezone(zone)
        clock = "%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M"
        done = f"推进{self.moved}个,{self.rungs}个提醒合并为{self.messages}条消息"
        return f"停机 {start.strftime(clock)}–{end.strftime(clock)};{self.moved + self.rungs}项到点:{done}"


# ── when next ────────────────────────────────────────────────────


def next_instant(tx: Transaction) -> datetime | None:
    """The first instant after now at which a sweep or the relay will find work. What is due already is theirs to find now."""
    freed_at = sa.func.coalesce(MESSAGE.c.claimed_until, MESSAGE.c.next_try_at)
    freed = tx.session.scalar(sa.select(sa.func.min(freed_at)).where(WAITING, freed_at > tx.now))
    return min(filter(None, (next_due(tx), freed)), default=None)


def next_due(tx: Transaction) -> datetime | None:
    """The first instant after now at which a sweep will find work, whatever waits in the outbox: a rehearsal's next step."""
    cycle, owed = CYCLE.c, OBLIGATION.c
    acts = tx.session.scalar(sa.select(sa.func.min(cycle.acts_at)).where(cycle.acts_at > tx.now))
    running = sa.and_(owed.closed_at.is_(None), owed.held_at.is_(None))
    rings = tx.session.scalar(sa.select(sa.func.min(owed.rings_at)).where(running, owed.rings_at > tx.now))
    return min(filter(None, (acts, rings, ballots.next_close(tx))), default=None)


def is_anything_due(tx: Transaction) -> bool:
    """Whether a sweep would find work now: a survey to close, a cycle to move, a rung to ring, a notice to merge or to give up."""
    *earliest, unsent = _DUE.rows(tx, {"now": tx.now})[0]
    return bool(unsent) or any(at is not None and at <= tx.now for at in earliest)


def _earliest(at: sa.Column[datetime], *its: sa.ColumnElement[bool]) -> sa.ScalarSelect[datetime]:
    """The first entry of an index, whatever the time is: asked by the time, PostgreSQL's plan for any time reads the whole table."""
    return sa.select(sa.func.min(at)).where(at.is_not(None), *its).scalar_subquery()


_DUE = Statement(
    sa.select(
        _earliest(CYCLE.c.acts_at),
        _earliest(OBLIGATION.c.rings_at, OBLIGATION.c.closed_at.is_(None)),
        _earliest(ballots.POLL.c.closes_at, ballots.POLL.c.status == "open"),
        sa.exists().where(UNMERGED, NOTICE.c.due_at <= sa.bindparam("now", type_=NOTICE.c.due_at.type)),
    )
)


# ── job runs ─────────────────────────────────────────────────────


def worked(tx: Transaction, job: str, said: str) -> None:
    _note(tx, {"job": job, "last_at": tx.now, "said": said, "failed_at": None, "error": None})


def failed(tx: Transaction, job: str, error: str) -> None:
    """Leaves the last success as it was."""
    row = {"job": job, "last_at": NEVER, "said": "", "failed_at": tx.now, "error": error}
    _note(tx, row, keep=frozenset({"last_at", "said"}))


def _note(tx: Transaction, row: dict[str, object], keep: frozenset[str] = frozenset()) -> None:
    _noted(tx.dialect, keep).run(tx, row)


@cache
def _noted(dialect: str, keep: frozenset[str]) -> Statement:
    insert = INSERTS[dialect](JOB_RUN).values(by_name(*JOB_RUN.c))
    changes = {column.name: insert.excluded[column.name] for column in JOB_RUN.c if column.name not in keep | {"job"}}
    return Statement(insert.on_conflict_do_update(index_elements=["job"], set_=changes))


def runs(tx: Transaction) -> tuple[Run, ...]:
    columns = [JOB_RUN.c[name] for name in Run.__slots__]
    found = tx.session.execute(sa.select(*columns).order_by(JOB_RUN.c.job))
    return tuple(_run(Run(*row)) for row in found)


def last_run(tx: Transaction, job: str) -> Run | None:
    return next((run for run in runs(tx) if run.job == job), None)


def _run(run: Run) -> Run:
    return Run(run.job, None, run.said, run.failed_at, run.error) if run.last_at == NEVER else run


# ── downtimes ────────────────────────────────────────────────────


def open_downtime(tx: Transaction, gap: timedelta = timedelta(minutes=10)) -> int | None:
    """Called when a sweep begins: the id of a downtime if the last one lies longer back than `gap`.

    The sweep is noted at once, so that of several processes that wake together only one writes the downtime down.
    """
    found = _LAST_SWEEP.rows(tx, {"job": SWEEP})
    last_at: datetime | None = found[0][0] if found else None
    _note(
        tx,
        {"job": SWEEP, "last_at": tx.now, "said": "", "failed_at": None, "error": None},
        keep=frozenset({"said", "failed_at", "error"}),
    )
    if last_at is None or last_at == NEVER or tx.now - last_at <= gap:
        return None
    stretch = {"from_at": last_at, "until_at": tx.now, "moved": 0, "rungs": 0, "messages": 0}
    return int(tx.session.execute(sa.insert(DOWNTIME).values(stretch).returning(DOWNTIME.c.id)).scalar_one())


_LAST_SWEEP = Statement(
    sa.select(JOB_RUN.c.last_at).where(JOB_RUN.c.job == sa.bindparam("job", type_=sa.String)).with_for_update()
)


def add_to_downtime(tx: Transaction, downtime: int, *, moved: int = 0, rungs: int = 0, messages: int = 0) -> None:
    """Counts what the catch-up does, in the transaction that does it."""
    counts = {"moved": moved, "rungs": rungs, "messages": messages}
    more = {name: DOWNTIME.c[name] + count for name, count in counts.items()}
    tx.session.execute(sa.update(DOWNTIME).where(DOWNTIME.c.id == downtime).values(more))


def downtimes(tx: Transaction, limit: int = 20) -> tuple[Downtime, ...]:
    """The newest first."""
    columns = [DOWNTIME.c[name] for name in Downtime.__slots__]
    found = tx.session.execute(sa.select(*columns).order_by(DOWNTIME.c.id.desc()).limit(limit))
    return tuple(Downtime(*row) for row in found)
