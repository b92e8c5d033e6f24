"""Words that wait to leave: a notice is a fact that must ring once, a message is what one person gets for many of them.

Notices are put in the transaction of the work they speak of; their unique key makes twice once. Messages are claimed one at
a time under a lease, because the send is outside any transaction: a killed worker's message comes back under the same key.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Transaction
from storage.models import Notice
from storage.statements import Statement, inserted

TABLES = Notice.metadata.tables
NOTICE, MESSAGE, OBLIGATION, PERSON = (TABLES[name] for name in ("notice", "message", "obligation", "person"))

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
WAITING = sa.text("message.status IN ('queued', 'claimed')")  # in these words, so that the partial index is used
UNMERGED = sa.text("notice.status = 'queued' AND notice.message_id IS NULL")  # likewise
UNSETTLED = sa.text("notice.status IN ('queued', 'dead', 'unsure')")  # likewise, for those found by their message
GIVEN_UP = ("dead", "unsure")
MERGED_AT_ONCE = 2_000
ADDRESS = sa.case((MESSAGE.c.channel == "smtp", PERSON.c.email), else_=PERSON.c.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """One thing to be said to one post on one channel. `obligation_id`: not worth saying once that obligation is closed."""

    key: str
    kind: str
    organisation_id: int
    stage: str
    rung: str
    recipient_role: str
    recipient_id: int
    person_id: int | None  # None: the post is vacant, the notice is kept and never sent
    channel: str
    text: str
    due_at: datetime
    obligation_id: int | None = None
    cycle_id: int | None = None
    document: str | None = None
    deadline_version: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """How many notices became how many messages."""

    notices: int
    messages: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """A claimed message, addressed to where its person can be reached today. `attempts` counts this one too."""

    id: int
    key: str
    channel: str
    attempts: int
    address: str
    name: str
    phone: str
    person_id: int | None = None
    created_at: datetime | None = None
    taken_over: bool = False  # another worker had it and let its lease run out


@dataclass(frozen=True, slots=True)
class Standing:
    """A queued notice of a message, and what has become of its obligation since."""

    notice_id: int
    message_id: int
    kind: str
    text: str
    closed: bool
    held: bool
    moved: bool  # its deadline is another one now


@dataclass(frozen=True, slots=True)
class Heading:
    """To which address a message goes and what it is about."""

    message_id: int
    address: str
    subject: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up, or of which nobody knows whether it arrived; `requeue` gives it another life."""

    id: int
    key: str
    channel: str
    address: str
    subject: str
    attempts: int
    error: str
    created_at: datetime


# ── into the outbox ──────────────────────────────────────────────


def put(tx: Transaction, notices: Iterable[NewNotice]) -> tuple[NewNotice, ...]:
    """Adds what is not there yet and returns just that, in the given order."""
    by_key = {notice.key: notice for notice in notices}
    new = {key for (key,) in _PUT[tx.dialect].wrote(tx, *(_row(notice, tx.now) for notice in by_key.values()))}
    return tuple(notice for key, notice in by_key.items() if key in new)


_SAID = (*(NOTICE.c[name] for name in NewNotice.__slots__), NOTICE.c.created_at, NOTICE.c.status)
_PUT = {
    dialect: Statement(
        inserted(insert(NOTICE), *_SAID).on_conflict_do_nothing(index_elements=["key"]).returning(NOTICE.c.key)
    )
    for dialect, insert in INSERTS.items()
}


def _row(notice: NewNotice, now: datetime) -> dict[str, Any]:
    vacant = notice.person_id is None
    note = notice.note or ("岗位空缺" if vacant else "")
    said = {name: getattr(notice, name) for name in NewNotice.__slots__}
    return said | {"created_at": now, "status": "vacant" if vacant else "queued", "note": note}


def count_by_kind(tx: Transaction) -> dict[str, int]:
    """kind → how many notices of it there are, whatever has become of them."""
    found = tx.session.execute(sa.select(NOTICE.c.kind, sa.func.count()).group_by(NOTICE.c.kind))
    return {str(kind): int(count) for kind, count in found}


def nudged_since(tx: Transaction, obligation_id: int, since: datetime) -> bool:
    """Whether the owner has been nudged for this already after `since`."""
    found = sa.select(NOTICE.c.id).where(
        NOTICE.c.obligation_id == obligation_id,
        NOTICE.c.kind == "nudge",
        NOTICE.c.created_at > since,
        NOTICE.c.status != "suppressed",
    )
    return tx.session.execute(found.limit(1)).first() is not None


def expire(tx: Transaction, due_before: datetime) -> int:
    """Gives up notices that should have rung long ago and are in no message yet."""
    return _void(tx, sa.and_(UNMERGED, NOTICE.c.due_at < due_before), "expired", "到点太久,不再发出")


def take_back(tx: Transaction, keys: Collection[str], why: str) -> int:
    """Keeps notices from being sent that are in no message yet; returns how many."""
    return _void(tx, sa.and_(UNMERGED, NOTICE.c.key.in_(keys)), "suppressed", why)


def suppress(tx: Transaction, notice_ids: Collection[int], why: str) -> int:
    """Keeps queued notices from being sent, for the reason that their list will show."""
    return _void(tx, sa.and_(NOTICE.c.status == "queued", NOTICE.c.id.in_(notice_ids)), "suppressed", why)


def _void(tx: Transaction, which: sa.ColumnElement[bool], status: str, why: str) -> int:
    return _changed(tx, sa.update(NOTICE).where(which).values(status=status, note=why))


def merge(tx: Transaction) -> Merged:
    """Puts every queued notice into a message, one for each person and channel; the text is written when it leaves."""
    total, going_on = Merged(0, 0), dict[tuple[int, str], int]()
    for page in _unmerged(tx):
        groups = {whose: tuple(rows) for whose, rows in groupby(page, key=lambda row: (row.person_id, row.channel))}
        new = _begun(tx, [rows[0] for whose, rows in groups.items() if whose not in going_on])
        into = going_on | new
        _LINK.run(tx, *({"notice": row.id, "message": into[of]} for of, rows in groups.items() for row in rows))
        total = Merged(total.notices + len(page), total.messages + len(new))
        last = page[-1].person_id, page[-1].channel
        going_on = {last: into[last]}
    return total


def _unmerged(tx: Transaction) -> Iterator[Sequence[sa.Row[Any]]]:
    """By person and channel, page by page. Locked, without what another sweep is merging now, and without what may still be taken back."""
    after: tuple[int, str, int] = (0, "", 0)
    whose = (NOTICE.c.person_id, NOTICE.c.channel, NOTICE.c.id)
    while True:
        found = (
            sa.select(NOTICE.c.id, NOTICE.c.key, NOTICE.c.person_id, NOTICE.c.channel)
            .where(UNMERGED, sa.tuple_(*whose) > after, NOTICE.c.due_at <= tx.now)
            .order_by(*whose)
            .limit(MERGED_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        page = tx.session.execute(found).all()
        if page:
            yield page
        if len(page) < MERGED_AT_ONCE:
            return
        after = page[-1].person_id, page[-1].channel, page[-1].id


def _begun(tx: Transaction, firsts: Sequence[sa.Row[Any]]) -> dict[tuple[int, str], int]:
    """A message for each of these notices: (person, channel) → its number."""
    rows = _BEGIN.wrote(tx, *(_message(tx, first) for first in firsts))
    return {(person, channel): number for number, person, channel in rows}


_NEW = ("person_id", "channel", "address", "subject", "key", "created_at", "next_try_at", "status", "attempts")
_BEGIN = Statement(
    inserted(sa.insert(MESSAGE), *(MESSAGE.c[name] for name in _NEW)).returning(
        MESSAGE.c.id, MESSAGE.c.person_id, MESSAGE.c.channel
    )
)
_LINK = Statement(
    sa.update(NOTICE)
    .where(NOTICE.c.id == sa.bindparam("notice", type_=sa.Integer))
    .values(message_id=sa.bindparam("message", type_=sa.Integer))
)


def _message_key(tx: Transaction, first: sa.Row[Any]) -> str:
    """Nothing but chance: two installations with one gateway do not take each other's keys."""
    return tx.salt(first.key)[:20]


def _message(tx: Transaction, first: sa.Row[Any]) -> dict[str, Any]:
    to = {"person_id": first.person_id, "channel": first.channel, "address": "", "subject": ""}
    return to | {
        "key": _message_key(tx, first),
        "created_at": tx.now,
        "next_try_at": tx.now,
        "status": "queued",
        "attempts": 0,
    }


# ── out of the outbox ────────────────────────────────────────────


def claim(
    tx: Transaction, worker: str, limit: int, lease: timedelta, without: Collection[str] = ()
) -> tuple[Envelope, ...]:
    """Takes the messages that have waited longest, or whose worker let its lease run out; `without`: channels at rest."""
    free = sa.or_(MESSAGE.c.claimed_until.is_(None), MESSAGE.c.claimed_until <= tx.now)
    next_ones = (
        sa.select(MESSAGE.c.id, MESSAGE.c.status)
        .where(WAITING, MESSAGE.c.next_try_at <= tx.now, free, MESSAGE.c.channel.not_in(without))
        .order_by(MESSAGE.c.next_try_at, MESSAGE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = tx.session.execute(next_ones).all()
    ids = [row.id for row in found]
    mine = {"status": "claimed", "claimed_by": worker, "claimed_until": tx.now + lease}
    taken = sa.update(MESSAGE).where(MESSAGE.c.id.in_(ids)).values(mine | {"attempts": MESSAGE.c.attempts + 1})
    if ids:
        tx.session.execute(taken)
    taken_over = {row.id for row in found if row.status == "claimed"}
    return tuple(replace(one, taken_over=one.id in taken_over) for one in _envelopes(tx, ids)) if ids else ()


def _envelopes(tx: Transaction, ids: Collection[int]) -> tuple[Envelope, ...]:
    found = tx.session.execute(
        sa.select(
            MESSAGE.c.id, MESSAGE.c.key, MESSAGE.c.channel, MESSAGE.c.attempts,
            sa.func.coalesce(ADDRESS, ""), sa.func.coalesce(PERSON.c.name, ""), sa.func.coalesce(PERSON.c.phone, ""),
            MESSAGE.c.person_id, MESSAGE.c.created_at,
        )
        .outerjoin(PERSON, PERSON.c.id == MESSAGE.c.person_id)
        .where(MESSAGE.c.id.in_(ids))
        .order_by(MESSAGE.c.next_try_at, MESSAGE.c.id)
    )  # fmt: skip
    return tuple(Envelope(*row) for row in found)


def standing(tx: Transaction, message_ids: Collection[int]) -> tuple[Standing, ...]:
    """The notices that these messages would still carry, each with the present facts of its obligation."""
    found = tx.session.execute(
        sa.select(
            NOTICE.c.id, NOTICE.c.message_id, NOTICE.c.kind, NOTICE.c.text,
            OBLIGATION.c.closed_at.is_not(None), OBLIGATION.c.held_at.is_not(None),
            sa.func.coalesce(OBLIGATION.c.deadline_version != NOTICE.c.deadline_version, sa.false()),
        )
        .outerjoin(OBLIGATION, OBLIGATION.c.id == NOTICE.c.obligation_id)
        .where(NOTICE.c.message_id.in_(message_ids), UNSETTLED, NOTICE.c.status == "queued")
        .order_by(NOTICE.c.due_at, NOTICE.c.id)
    )  # fmt: skip
    return tuple(Standing(*row) for row in found)


@dataclass(frozen=True, slots=True)
class Addressed:
    """A queued notice: to which post it goes, of which organisation it speaks, and whether that post owes the act."""

    notice_id: int
    role: str
    path: str
    about: str
    owes: bool


def addressed(tx: Transaction, message_ids: Collection[int]) -> tuple[Addressed, ...]:
    to, about = TABLES["organisation"].alias("to"), TABLES["organisation"].alias("about")
    owes = sa.and_(OBLIGATION.c.owner_role == NOTICE.c.recipient_role, OBLIGATION.c.owner_id == NOTICE.c.recipient_id)
    found = tx.session.execute(
        sa.select(NOTICE.c.id, NOTICE.c.recipient_role, to.c.path, about.c.path, sa.func.coalesce(owes, sa.false()))
        .join(to, to.c.id == NOTICE.c.recipient_id)
        .join(about, about.c.id == NOTICE.c.organisation_id)
        .outerjoin(OBLIGATION, OBLIGATION.c.id == NOTICE.c.obligation_id)
        .where(NOTICE.c.message_id.in_(message_ids), UNSETTLED, NOTICE.c.status == "queued")
    )
    return tuple(Addressed(*row) for row in found)


def head(tx: Transaction, headings: Iterable[Heading]) -> None:
    """Keeps where messages are about to go; what they say stands in their notices."""
    rows = [{"message": one.message_id, "to": one.address, "about": one.subject} for one in headings]
    columns: dict[str, Any] = {"address": sa.bindparam("to"), "subject": sa.bindparam("about")}
    if rows:
        tx.session.execute(sa.update(MESSAGE).where(MESSAGE.c.id == sa.bindparam("message")).values(columns), rows)


def expire_waiting(tx: Transaction, since: datetime) -> int:
    """Gives up the notices of messages that have waited for their turn since before `since`, as after a long downtime."""
    late = sa.select(MESSAGE.c.id).where(WAITING, MESSAGE.c.next_try_at < since)
    which = sa.and_(UNSETTLED, NOTICE.c.status == "queued", NOTICE.c.message_id.in_(late))
    return _void(tx, which, "expired", "等候太久,不再发出")


def sent(tx: Transaction, message_ids: Collection[int]) -> None:
    """Whoever sent them, they are sent: also when the lease had run out meanwhile."""
    gone = {
        "status": "sent",
        "sent_at": tx.now,
        "subject": "",
        "error": None,
        "claimed_by": None,
        "claimed_until": None,
    }
    tx.session.execute(sa.update(MESSAGE).where(MESSAGE.c.id.in_(message_ids)).values(gone))
    said = sa.and_(NOTICE.c.message_id.in_(message_ids), UNSETTLED)
    tx.session.execute(sa.update(NOTICE).where(said).values(status="sent", sent_at=tx.now, note=""))


def failed(tx: Transaction, message_id: int, worker: str, error: str, next_try_at: datetime) -> bool:
    """To be tried again. False, as in the next two: the lease ran out and the message is somebody else's now."""
    return _settle(tx, message_id, worker, status="queued", error=error, next_try_at=next_try_at)


def postponed(tx: Transaction, message_id: int, worker: str, until: datetime, why: str) -> bool:
    """Waits without having been tried."""
    mine = sa.and_(MESSAGE.c.id == message_id, MESSAGE.c.status == "claimed", MESSAGE.c.claimed_by == worker)
    later = {"status": "queued", "claimed_by": None, "claimed_until": None, "next_try_at": until, "error": why}
    return _changed(tx, sa.update(MESSAGE).where(mine).values(later | {"attempts": MESSAGE.c.attempts - 1})) == 1


def absorb(tx: Transaction, envelope: Envelope) -> int:
    """What else waits untried for the same person on the same channel goes along in this message; returns how many did."""
    others = sa.select(MESSAGE.c.id).where(
        MESSAGE.c.person_id == envelope.person_id,
        MESSAGE.c.channel == envelope.channel,
        MESSAGE.c.status == "queued",
        MESSAGE.c.attempts == 0,
        MESSAGE.c.id != envelope.id,
    )
    ids = tx.session.scalars(others.with_for_update(skip_locked=True)).all()
    if ids:
        its = sa.update(NOTICE).where(NOTICE.c.message_id.in_(ids), UNSETTLED)
        tx.session.execute(its.values(message_id=envelope.id))
        gone = {"status": "suppressed", "error": f"并入{envelope.key}"}
        tx.session.execute(sa.update(MESSAGE).where(MESSAGE.c.id.in_(ids)).values(gone))
    return len(ids)


def suppress_named(tx: Transaction, key: str, why: str) -> int:
    """Keeps one queued notice from being sent, whether it is in a message already or not."""
    return _void(tx, sa.and_(NOTICE.c.status == "queued", NOTICE.c.key == key), "suppressed", why)


def dropped(tx: Transaction, message_id: int, worker: str, why: str) -> bool:
    """Nothing in it is worth saying any more."""
    return _settle(tx, message_id, worker, status="suppressed", error=why)


def dead(tx: Transaction, message_id: int, worker: str, error: str) -> bool:
    """Given up, kept and shown."""
    return _given_up(tx, message_id, worker, "dead", error)


def unsure(tx: Transaction, message_id: int, worker: str, error: str) -> bool:
    """It may have arrived: kept and shown, and sent again only by a person."""
    return _given_up(tx, message_id, worker, "unsure", error)


def _given_up(tx: Transaction, message_id: int, worker: str, status: str, error: str) -> bool:
    mine = _settle(tx, message_id, worker, status=status, error=error)
    if mine:
        its = sa.and_(NOTICE.c.message_id == message_id, UNSETTLED, NOTICE.c.status == "queued")
        _void(tx, its, status, error)
    return mine


def _settle(tx: Transaction, message_id: int, worker: str, **values: Any) -> bool:
    mine = sa.and_(MESSAGE.c.id == message_id, MESSAGE.c.status == "claimed", MESSAGE.c.claimed_by == worker)
    released = {"claimed_by": None, "claimed_until": None} | values
    return _changed(tx, sa.update(MESSAGE).where(mine).values(released)) == 1


# ── dead letters ─────────────────────────────────────────────────


def dead_letters(tx: Transaction, limit: int = 100, status: str = "dead") -> tuple[DeadLetter, ...]:
    """The newest first; with status `unsure` those that may have arrived."""
    columns = [MESSAGE.c[name] for name in DeadLetter.__slots__]
    found = sa.select(*columns).where(MESSAGE.c.status == status).order_by(MESSAGE.c.id.desc()).limit(limit)
    return tuple(DeadLetter(*row) for row in tx.session.execute(found))


def requeue(tx: Transaction, message_ids: Collection[int]) -> int:
    """重发: a message that was given up gets all its attempts again and goes at the next ring, to the person's present address."""
    which = sa.and_(MESSAGE.c.id.in_(message_ids), MESSAGE.c.status.in_(GIVEN_UP))
    again = {"status": "queued", "attempts": 0, "next_try_at": tx.now, "error": None}
    revived = tx.session.execute(sa.update(MESSAGE).where(which).values(again).returning(MESSAGE.c.id)).scalars().all()
    silent = sa.and_(NOTICE.c.message_id.in_(revived), UNSETTLED, NOTICE.c.status.in_(GIVEN_UP))
    tx.session.execute(sa.update(NOTICE).where(silent).values(status="queued", note=""))
    return len(revived)


def _changed(tx: Transaction, statement: sa.Update) -> int:
    done = tx.session.execute(statement)
    assert isinstance(done, sa.CursorResult)
    return done.rowcount
