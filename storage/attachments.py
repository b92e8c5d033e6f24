"""Which files there are, by hash, and to what they belong. Their content is no business of the database."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.notice_models import Attached, Attachment


def attach(tx: Transaction, attachment: Attachment, attached: Attached) -> int:
    """The same content brought twice is one file."""
    if tx.session.get(Attachment, attachment.hash) is None:
        tx.session.add(attachment)
        tx.session.flush()
    tx.session.add(attached)
    tx.session.flush()
    assert attached.id is not None
    return attached.id


def of(tx: Transaction, owner: str, owner_id: int) -> tuple[tuple[Attached, Attachment], ...]:
    its = (
        select(Attached, Attachment)
        .join(Attachment, col(Attachment.hash) == col(Attached.hash))
        .where(Attached.owner == owner, Attached.owner_id == owner_id)
        .order_by(col(Attached.id))
    )
    return tuple((one, file) for one, file in tx.session.execute(its))


def by_id(tx: Transaction, attached_id: int) -> tuple[Attached, Attachment] | None:
    its = select(Attached, Attachment).join(Attachment, col(Attachment.hash) == col(Attached.hash))
    found = tx.session.execute(its.where(Attached.id == attached_id)).first()
    return (found[0], found[1]) if found else None


def forget(tx: Transaction, owner: str, owner_ids: Iterable[int]) -> None:
    """These no longer own anything; what nothing else owns is swept with the files."""
    its = sa.delete(Attached).where(col(Attached.owner) == owner, col(Attached.owner_id).in_(list(owner_ids)))
    tx.session.execute(its)


def forget_unowned(tx: Transaction) -> None:
    """Rows of files that belong to nothing."""
    owned = sa.exists().where(col(Attached.hash) == col(Attachment.hash))
    tx.session.execute(sa.delete(Attachment).where(~owned))


def known(tx: Transaction) -> frozenset[str]:
    return frozenset(tx.session.scalars(sa.select(col(Attachment.hash))))
