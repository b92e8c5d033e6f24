"""Objections as they are brought: the steps before they count, who brought them, and each look at that."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage import attachments
from storage.database import Transaction
from storage.notice_models import Filing, Look

FILING = SQLModel.metadata.tables["objection_filing"]


def put(tx: Transaction, row: Filing | Look) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


def change(tx: Transaction, filing_id: int, values: Mapping[str, Any]) -> None:
    tx.session.execute(sa.update(FILING).where(FILING.c.id == filing_id).values(**values))
    tx.session.expire_all()


def by_ticket(tx: Transaction, digest: str) -> Filing | None:
    return _one(tx, Filing.ticket == digest, Filing.status == "unverified")


def by_number(tx: Transaction, number: str) -> Filing | None:
    return _one(tx, Filing.number == number)


def by_matter(tx: Transaction, matter_id: int) -> Filing | None:
    return tx.session.exec(select(Filing).where(Filing.matter_id == matter_id)).first()


def _one(tx: Transaction, *conditions: Any) -> Filing | None:
    """Locked where rows can be: two tries of a code at once are two tries."""
    its = select(Filing).where(*conditions)
    if tx.dialect == "postgresql":
        its = its.with_for_update()
    return tx.session.exec(its).first()


def since(tx: Transaction, after: datetime, *, contact: str = "", slug: str = "") -> int:
    """How many there have been of one contact, or against one notice, after an instant."""
    its = sa.select(sa.func.count()).select_from(FILING).where(FILING.c.at > after)
    its = its.where(FILING.c.contact_digest == contact) if contact else its.where(FILING.c.slug == slug)
    return tx.session.scalar(its) or 0


def looks(tx: Transaction, filing_id: int) -> tuple[Look, ...]:
    return tuple(tx.session.exec(select(Look).where(Look.filing_id == filing_id).order_by(col(Look.id))))


def claim_code(tx: Transaction, lease: timedelta, busy: Iterable[int] = ()) -> Filing | None:
    """The next filing that waits for its code."""
    free = sa.or_(col(Filing.claimed_until).is_(None), col(Filing.claimed_until) <= tx.now)
    its = (
        select(Filing)
        .where(Filing.status == "unverified", col(Filing.sending).in_(("queued", "claimed")), free)
        .where(col(Filing.next_try_at) <= tx.now, col(Filing.id).not_in(list(busy)))
        .order_by(col(Filing.id))
        .limit(1)
    )
    if tx.dialect == "postgresql":
        its = its.with_for_update(skip_locked=True)
    found = tx.session.exec(its).first()
    if found is not None:
        found.sending, found.claimed_until, found.attempts = "claimed", tx.now + lease, found.attempts + 1
        tx.session.add(found)
        tx.session.flush()
    return found


def forget_unverified(tx: Transaction, before: datetime) -> int:
    """What was begun and never confirmed leaves nothing of its writer behind, neither a number's digest nor a file."""
    over = (FILING.c.status == "unverified", FILING.c.at < before)
    ids = tx.session.scalars(sa.select(FILING.c.id).where(*over)).all()
    attachments.forget(tx, "objection", ids)
    blank = dict.fromkeys(("name", "contact", "contact_digest", "content", "ticket", "code"), "")
    tx.session.execute(sa.update(FILING).where(FILING.c.id.in_(ids)).values(status="expired", sending="none", **blank))
    return len(ids)


def forget_people(tx: Transaction, before: datetime) -> int:
    """Names and contacts older than the scheme allows."""
    old = sa.and_(FILING.c.at < before, sa.or_(FILING.c.name != "", FILING.c.contact != ""))
    done = tx.session.execute(sa.update(FILING).where(old).values(name="", contact="", contact_digest=""))
    return int(done.rowcount)  # type: ignore[attr-defined]


def cycle_of(tx: Transaction, filing_id: int) -> int | None:
    found: int | None = tx.session.scalar(sa.select(FILING.c.cycle_id).where(FILING.c.id == filing_id))
    return found
