"""Calendar feeds by the hash of their secret, and what a calendar needs to know of an obligation besides its list."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Obligation, Record
from storage.organisations import chunks
from storage.paper_models import Feed


def put(tx: Transaction, feed: Feed) -> int:
    tx.session.add(feed)
    tx.session.flush()
    assert feed.id is not None
    return feed.id


def by_hash(tx: Transaction, digest: str) -> Feed | None:
    """One that is not revoked."""
    return tx.session.exec(select(Feed).where(Feed.hash == digest, col(Feed.revoked_at).is_(None))).first()


def by_id(tx: Transaction, number: int) -> Feed | None:
    return tx.session.get(Feed, number, with_for_update=True)


def listed(tx: Transaction) -> tuple[Feed, ...]:
    return tuple(tx.session.exec(select(Feed).order_by(col(Feed.id))))


def revision(tx: Transaction) -> int:
    """Grows with every record of the history, and nothing else."""
    return tx.session.scalar(sa.select(sa.func.max(col(Record.id)))) or 0


def deadline_versions(tx: Transaction, obligation_ids: Collection[int]) -> dict[int, int]:
    """How often each deadline has moved, from 1."""
    found: dict[int, int] = {}
    for chunk in chunks(obligation_ids):
        its = sa.select(col(Obligation.id), col(Obligation.deadline_version)).where(col(Obligation.id).in_(chunk))
        found |= {int(number): int(version) for number, version in tx.session.execute(its)}
    return found
