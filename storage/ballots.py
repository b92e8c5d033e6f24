"""Casting and keeping secret ballots. Every cast writes all ballots of its survey anew, in an order that chance alone knows.

Whatever else a ballot could be found by is left out or made alike: one transaction writes them all, their ids are random, and the
slip's row says only that it has voted. The shuffle asks the machine's own chance, in a rehearsal too: an order that a seed can
repeat would hide nothing.
"""

import json
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage.among import among
from storage.ballot_models import Invitation, Poll
from storage.cycles import resting
from storage.database import Database, Transaction
from storage.statements import Statement, by_name, inserted

STEP = timedelta(minutes=5)
LOCK_SECONDS = 2
_T = SQLModel.metadata.tables
POLL, SLIP, BALLOT, REMARK, INVITATION = (_T[name] for name in ("poll", "slip", "ballot", "remark", "invitation"))
SWEPT_TABLES = (BALLOT, REMARK, SLIP, INVITATION)


# ── surveys ──────────────────────────────────────────────────────


def put(tx: Transaction, poll: Poll) -> int:
    tx.session.add(poll)
    tx.session.flush()
    assert poll.id is not None
    return poll.id


def current(tx: Transaction, cycle_id: int, round_: str, *, lock: bool = False) -> Poll | None:
    """The survey of this round that has not been declared void."""
    wanted = select(Poll).where(Poll.cycle_id == cycle_id, Poll.round == round_, Poll.status != "void")
    return _fresh(tx, wanted, lock=lock)


def by_id(tx: Transaction, poll_id: int, *, lock: bool = False) -> Poll | None:
    return _fresh(tx, select(Poll).where(Poll.id == poll_id), lock=lock)


def currents(tx: Transaction, cycle_ids: Iterable[int], round_: str) -> tuple[Poll, ...]:
    its = select(Poll).where(col(Poll.cycle_id).in_(list(cycle_ids)), Poll.round == round_, Poll.status != "void")
    return tuple(tx.session.exec(its.order_by(col(Poll.id))))


def polled(tx: Transaction, cycle_ids: Collection[int]) -> set[tuple[int, str]]:
    """(cycle, round) of the surveys of these cycles that have not been declared void."""
    return set(_POLLED.rows(tx, {"ids": cycle_ids}))


_POLLED = Statement(
    sa.select(POLL.c.cycle_id, POLL.c.round).where(among(POLL.c.cycle_id, "ids"), POLL.c.status != "void")
)


def due(tx: Transaction, limit: int) -> tuple[int, ...]:
    """Surveys whose time is over and that nobody has closed."""
    its = sa.select(POLL.c.id).where(POLL.c.status == "open", POLL.c.closes_at <= tx.now).order_by(POLL.c.closes_at)
    return tuple(tx.session.scalars(its.limit(limit)))


def next_close(tx: Transaction) -> datetime | None:
    its = sa.select(sa.func.min(POLL.c.closes_at)).where(POLL.c.status == "open", POLL.c.closes_at > tx.now)
    found: datetime | None = tx.session.scalar(its)
    return found


def change(tx: Transaction, poll_id: int, values: Mapping[str, Any]) -> None:
    tx.session.execute(sa.update(POLL).where(POLL.c.id == poll_id).values(**values))


def _fresh(tx: Transaction, statement: Any, *, lock: bool) -> Poll | None:
    """As the row stands now, whatever this transaction has read before."""
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update()
    found: Poll | None = tx.session.exec(statement, execution_options={"populate_existing": True}).first()
    return found


# ── slips ────────────────────────────────────────────────────────


def put_slips(tx: Transaction, poll_id: int, hashes: Sequence[tuple[str, str]]) -> None:
    """(electorate, hash) of each, in an order of chance."""
    rows = [{"hash": h, "poll_id": poll_id, "electorate": e, "status": "unused"} for e, h in _shuffled(hashes)]
    if rows:
        tx.session.execute(sa.insert(SLIP), rows)


def remove_slips(tx: Transaction, poll_id: int, *hashes: str) -> None:
    """All of a survey, or those named that have not voted."""
    its = sa.delete(SLIP).where(SLIP.c.poll_id == poll_id)
    if hashes:
        its = its.where(SLIP.c.hash.in_(hashes), SLIP.c.status == "unused")
    tx.session.execute(its)


class Blank(NamedTuple):
    """An empty ballot: whose survey of which year, and how one votes in it."""

    name: str
    year: int
    form: Mapping[str, Any]
    mode: str


def blank(tx: Transaction, digest: str) -> Blank | None:
    """What this slip may vote on now; None for one that is unknown, used, void, or late, without a difference."""
    rows = _BLANK.rows(tx, {"slip": digest, "now": tx.now})
    return Blank(*rows[0]) if rows else None


_BLANK = Statement(
    sa.select(_T["organisation"].c.name, _T["campaign"].c.year, POLL.c.form, POLL.c.mode)
    .select_from(SLIP)
    .join(POLL, POLL.c.id == SLIP.c.poll_id)
    .join(_T["cycle"], _T["cycle"].c.id == POLL.c.cycle_id)
    .join(_T["campaign"], _T["campaign"].c.id == _T["cycle"].c.campaign_id)
    .join(_T["organisation"], _T["organisation"].c.id == _T["cycle"].c.organisation_id)
    .where(
        SLIP.c.hash == sa.bindparam("slip", type_=sa.String),
        SLIP.c.status == "unused",
        POLL.c.status == "open",
        POLL.c.closes_at > sa.bindparam("now", type_=POLL.c.closes_at.type),
    )
)


def used_by_electorate(tx: Transaction, poll_id: int) -> dict[str, int]:
    its = sa.select(SLIP.c.electorate, sa.func.count()).where(SLIP.c.poll_id == poll_id, SLIP.c.status == "used")
    found = tx.session.execute(its.group_by(SLIP.c.electorate))
    return {str(electorate): int(number) for electorate, number in found}


def issued(tx: Transaction, poll_id: int) -> int:
    return tx.session.scalar(sa.select(sa.func.count()).where(SLIP.c.poll_id == poll_id)) or 0


# ── casting ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Vote:
    """What one slip brings: the hash of its token, the answers as they are stored, perhaps a remark."""

    slip: str = ""
    payload: str = ""
    remark: str = ""

    def __repr__(self) -> str:
        return "Vote(…)"  # whatever prints it, prints nothing


def cast(tx: Transaction, votes: Sequence[Vote]) -> list[bool]:
    """Take all that hold, in one transaction that hides their order; False for a slip that is unknown, used, void, or late.

    Locks the surveys first, so that each cast really rewrites all ballots of its survey.
    """
    slips = _slips(tx, [vote.slip for vote in votes])
    polls = _running(tx, {poll_id for poll_id, _ in slips.values()})
    taken: dict[int, list[Vote]] = defaultdict(list)
    members: Counter[int] = Counter()
    outcome = []
    for vote in votes:
        poll_id, electorate = slips.get(vote.slip, (0, ""))
        accepted = poll_id in polls and _spend(tx, poll_id, vote.slip)
        if accepted:
            taken[poll_id].append(vote)
            members[poll_id] += electorate == "member"
        outcome.append(accepted)
    for poll_id, its in taken.items():
        _ANSWERS.rewrite(tx, poll_id, [vote.payload for vote in its])
        _REMARKS.rewrite(tx, poll_id, [vote.remark for vote in its if vote.remark])
        _count(tx, polls[poll_id], len(its), members[poll_id])
    return outcome


def _among(hashes: Any) -> Statement:
    its = sa.select(SLIP.c.hash, SLIP.c.poll_id, SLIP.c.electorate)
    return Statement(its.where(SLIP.c.hash.in_(sa.select(hashes.table_valued("value").c.value))))


_HASHES = sa.bindparam("hashes", type_=sa.String)
_SLIPS = {
    "sqlite": _among(sa.func.json_each(_HASHES)),
    "postgresql": _among(sa.func.json_array_elements_text(sa.cast(_HASHES, sa.JSON))),
}
"""However many hashes: one value that the database takes apart, so that the statement stays the same."""
_OPEN = Statement(
    sa.select(*(POLL.c[name] for name in ("id", "opened_at", "step", "used", "used_members", "shown", "shown_members")))
    .where(POLL.c.id == sa.bindparam("poll"), POLL.c.status == "open", POLL.c.closes_at > sa.bindparam("now"))
    .with_for_update()
)
_SPEND = Statement(
    sa.update(SLIP)
    .where(SLIP.c.hash == sa.bindparam("slip"), SLIP.c.poll_id == sa.bindparam("poll"), SLIP.c.status == "unused")
    .values(status="used")
)
_COUNT = Statement(
    sa.update(POLL)
    .where(POLL.c.id == sa.bindparam("poll"))
    .values(by_name(*(POLL.c[name] for name in ("used", "used_members", "step", "shown", "shown_members", "swept"))))
)


@dataclass(frozen=True, slots=True)
class _Running:
    """An open survey, locked: how many have voted."""

    id: int
    opened_at: datetime
    step: int
    used: int
    used_members: int
    shown: int
    shown_members: int


def _slips(tx: Transaction, hashes: Iterable[str]) -> dict[str, tuple[int, str]]:
    asked = json.dumps(sorted(set(hashes)))
    return {
        digest: (poll_id, electorate) for digest, poll_id, electorate in _SLIPS[tx.dialect].rows(tx, {"hashes": asked})
    }


def _running(tx: Transaction, poll_ids: Iterable[int]) -> dict[int, _Running]:
    """Locked, in the order of their ids, so that two casts never embrace."""
    found = [row for poll_id in sorted(poll_ids) for row in _OPEN.rows(tx, {"poll": poll_id, "now": tx.now})]
    return {row[0]: _Running(*row) for row in found}


def _spend(tx: Transaction, poll_id: int, digest: str) -> bool:
    return _SPEND.run(tx, {"slip": digest, "poll": poll_id}) == 1


class _Kept:
    """A table of texts of which a survey's are always written anew together."""

    def __init__(self, table: sa.Table, column: str) -> None:
        its = table.c.poll_id == sa.bindparam("poll")
        self._column = column
        self._there = Statement(sa.select(table.c[column]).where(its))
        self._delete = Statement(sa.delete(table).where(its))
        self._insert = Statement(inserted(sa.insert(table), *table.c))

    def rewrite(self, tx: Transaction, poll_id: int, new: Sequence[str]) -> None:
        """All that is there and what is new, under fresh ids, in an order of chance."""
        there = [text for (text,) in self._there.rows(tx, {"poll": poll_id})]
        if not there and not new:
            return
        self._delete.run(tx, {"poll": poll_id})
        its = (
            {"random_id": _random_id(), "poll_id": poll_id, self._column: text} for text in _shuffled([*there, *new])
        )
        self._insert.run(tx, *its)


_ANSWERS, _REMARKS = _Kept(BALLOT, "payload"), _Kept(REMARK, "text")


def _count(tx: Transaction, poll: _Running, votes: int, members: int) -> None:
    """Also keeps what was counted before this step of five minutes, which is all that a running survey shows."""
    step = step_of(poll.opened_at, tx.now)
    shown = (poll.shown, poll.shown_members) if step == poll.step else (poll.used, poll.used_members)
    values = {"used": poll.used + votes, "used_members": poll.used_members + members, "swept": False}
    _COUNT.run(tx, values | {"poll": poll.id, "step": step, "shown": shown[0], "shown_members": shown[1]})


def step_of(opened_at: datetime, now: datetime) -> int:
    return (now - opened_at) // STEP + 1


def shown(poll: Poll, now: datetime) -> tuple[int, int]:
    """(all, members) who had voted when the present five minutes began."""
    if poll.step == step_of(poll.opened_at, now):
        return poll.shown, poll.shown_members
    return poll.used, poll.used_members


def _shuffled(items: Iterable[Any]) -> list[Any]:
    mixed = list(items)
    secrets.SystemRandom().shuffle(mixed)
    return mixed


def _random_id() -> str:
    return secrets.token_hex(16)


# ── closing ──────────────────────────────────────────────────────


def payloads(tx: Transaction, poll_id: int) -> tuple[str, ...]:
    return tuple(tx.session.scalars(sa.select(BALLOT.c.payload).where(BALLOT.c.poll_id == poll_id)))


def remarks(tx: Transaction, poll_id: int) -> tuple[str, ...]:
    return tuple(tx.session.scalars(sa.select(REMARK.c.text).where(REMARK.c.poll_id == poll_id)))


def part_from_people(tx: Transaction, poll_id: int) -> None:
    """At the close: of each invitation only whether it voted is kept, and no slip any more."""
    used = sa.exists().where(SLIP.c.hash == INVITATION.c.slip_hash, SLIP.c.status == "used")
    its = INVITATION.c.poll_id == poll_id
    tx.session.execute(sa.update(INVITATION).where(its).values(voted=used))
    tx.session.execute(
        sa.update(INVITATION).where(its).values(slip_hash=None, address="", next_try_at=None, claimed_until=None)
    )
    remove_slips(tx, poll_id)


def forget_invitations(tx: Transaction, poll_id: int) -> None:
    tx.session.execute(sa.delete(INVITATION).where(INVITATION.c.poll_id == poll_id))


def forget_approved(tx: Transaction) -> int:
    """Once a star is granted nobody needs to know any more who has voted. Returns how many invitations went."""
    its = sa.select(POLL.c.id).join(_T["cycle"], _T["cycle"].c.id == POLL.c.cycle_id)
    over = its.where(POLL.c.status == "closed", resting(_T["cycle"].c.stage))
    gone = tx.session.execute(sa.delete(INVITATION).where(INVITATION.c.poll_id.in_(over)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def forget_ballots(tx: Transaction, poll_id: int) -> None:
    for table in (BALLOT, REMARK):
        tx.session.execute(sa.delete(table).where(table.c.poll_id == poll_id))


def forget_old(tx: Transaction, closed_before: datetime) -> int:
    """Answers and remarks of surveys closed so long ago; the tallies stay. Returns how many ballots went."""
    old = sa.select(POLL.c.id).where(POLL.c.closed_at < closed_before)
    gone = tx.session.execute(sa.delete(BALLOT).where(BALLOT.c.poll_id.in_(old)))
    tx.session.execute(sa.delete(REMARK).where(REMARK.c.poll_id.in_(old)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


# ── invitations (mode B) ─────────────────────────────────────────


def invite(tx: Transaction, poll_id: int, people: Sequence[Mapping[str, str]]) -> None:
    if people:
        rows = [{**one, "poll_id": poll_id, "status": "queued", "attempts": 0, "next_try_at": tx.now} for one in people]
        tx.session.execute(sa.insert(INVITATION), rows)


def invitations(tx: Transaction, poll_id: int) -> tuple[Invitation, ...]:
    return tuple(tx.session.exec(select(Invitation).where(Invitation.poll_id == poll_id).order_by(col(Invitation.id))))


def claim_invitation(tx: Transaction, lease: timedelta, busy: Iterable[int] = ()) -> Invitation | None:
    """The next one to be sent, ours until the lease ends."""
    waiting = (
        select(Invitation)
        .join(Poll, col(Poll.id) == col(Invitation.poll_id))
        .where(
            col(Invitation.status).in_(("queued", "claimed")),
            col(Invitation.next_try_at) <= tx.now,
            sa.or_(col(Invitation.claimed_until).is_(None), col(Invitation.claimed_until) <= tx.now),
            Poll.status == "open",
            col(Poll.closes_at) > tx.now,
            col(Invitation.id).not_in(list(busy)),
        )
        .order_by(col(Invitation.id))
        .limit(1)
    )
    if tx.dialect == "postgresql":
        waiting = waiting.with_for_update(of=Invitation, skip_locked=True)
    found = tx.session.exec(waiting).first()
    if found is not None:
        found.status, found.claimed_until, found.attempts = "claimed", tx.now + lease, found.attempts + 1
        tx.session.add(found)
        tx.session.flush()
    return found


def give_slip(tx: Transaction, invitation: Invitation, digest: str) -> bool:
    """A fresh slip for this invitation; the one before it, if it has not voted, is void. False: its owner has voted already."""
    before = invitation.slip_hash
    if before is not None:
        remove_slips(tx, invitation.poll_id, before)
        if tx.session.scalar(sa.select(SLIP.c.hash).where(SLIP.c.hash == before)) is not None:
            return False
    put_slips(tx, invitation.poll_id, [(invitation.electorate, digest)])
    tx.session.execute(sa.update(INVITATION).where(INVITATION.c.id == invitation.id).values(slip_hash=digest))
    return True


def settle_invitation(
    tx: Transaction, invitation_id: int, status: str, next_try_at: datetime | None, error: str
) -> None:
    tx.session.execute(
        sa.update(INVITATION)
        .where(INVITATION.c.id == invitation_id)
        .values(status=status, next_try_at=next_try_at, claimed_until=None, error=error or None)
    )


def remind(tx: Transaction, poll_id: int) -> int:
    """Queue anew whoever has not voted. How many that is nobody is told before the close."""
    voted = sa.exists().where(SLIP.c.hash == INVITATION.c.slip_hash, SLIP.c.status == "used")
    done = tx.session.execute(
        sa.update(INVITATION)
        .where(INVITATION.c.poll_id == poll_id, INVITATION.c.status == "sent", ~voted)
        .values(status="queued", next_try_at=tx.now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


# ── nothing left behind ──────────────────────────────────────────


def truncate_log(database: Database) -> bool:
    """SQLite's log keeps every committed state of a page until it is cut off; False while a reader is in the way.

    Does not wait for that reader: the bell tries again.
    """
    if database.dialect != "sqlite":
        return True
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA busy_timeout=50")
        try:
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.execute("PRAGMA busy_timeout=10000")
    return not busy


def vacuum(database: Database, patience: float = 30) -> bool:
    """PostgreSQL keeps old versions of rows until they are swept out; False where somebody held the tables, or began before now
    and has not ended within `patience` seconds: for them a sweep would leave the old versions lying.
    """
    if database.dialect != "postgresql":
        return truncate_log(database)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        try:
            if not _everybody_has_ended(connection, patience):
                return False
            for table in (*SWEPT_TABLES, POLL):
                connection.exec_driver_sql(f"VACUUM FULL {table.name}")
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != "55P03":  # lock not available
                raise
            return False
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
    return True


OLDER = sa.text(
    """
    SELECT pg_snapshot_xmin(pg_current_snapshot()) < CAST(:now AS xid8)
        OR EXISTS (SELECT FROM pg_stat_activity WHERE coalesce(datname, current_database()) = current_database()
                   AND age(backend_xmin) > age(xid(CAST(:now AS xid8))))
        OR EXISTS (SELECT FROM pg_replication_slots WHERE age(xmin) > age(xid(CAST(:now AS xid8))))
    """
)
"""Whoever may still want to see what is old now: a transaction of whichever database of the server, a reader of ours, a replica."""


def _everybody_has_ended(connection: sa.Connection, patience: float) -> bool:
    now = connection.scalar(sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))
    until = time.monotonic() + patience
    while connection.scalar(OLDER, {"now": now}):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def unswept(tx: Transaction) -> tuple[tuple[int, ...], bool]:
    """Surveys that have left something behind, and whether any survey is open for casting."""
    left = tx.session.scalars(sa.select(POLL.c.id).where(~POLL.c.swept)).all()
    running = tx.session.scalar(sa.select(sa.func.count()).where(POLL.c.status == "open", POLL.c.closes_at > tx.now))
    return tuple(left), bool(running)


def mark_swept(tx: Transaction, poll_ids: Sequence[int]) -> None:
    tx.session.execute(sa.update(POLL).where(POLL.c.id.in_(poll_ids)).values(swept=True))


# ── what must be true ────────────────────────────────────────────


def miscounted(tx: Transaction) -> tuple[tuple[int, int, int, int], ...]:
    """(survey, counted, ballots, slips used) wherever the three do not agree."""
    ballots = sa.select(sa.func.count()).where(BALLOT.c.poll_id == POLL.c.id).scalar_subquery()
    spent = sa.select(sa.func.count()).where(SLIP.c.poll_id == POLL.c.id, SLIP.c.status == "used").scalar_subquery()
    its = sa.select(POLL.c.id, POLL.c.used, ballots, spent, POLL.c.status).where(POLL.c.status != "void")
    return tuple(
        (poll, used, found, slips)
        for poll, used, found, slips, status in tx.session.execute(its)
        if (status == "open" and not used == found == slips) or (status == "closed" and found not in (used, 0))
    )
