"""Draws between the tied: the commitment as it was published, and the seed as it was told."""

from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Draw


def of(tx: Transaction, campaign_id: int, quota: str, scope: str) -> Draw | None:
    """The draw of a quota in one scope."""
    its = select(Draw).where(Draw.campaign_id == campaign_id, Draw.quota == quota, Draw.scope == scope)
    return tx.session.exec(its).first()


def seed_of(tx: Transaction, campaign_id: int, quota: str, scope: str) -> str | None:
    """The seed, once it has been told."""
    found = of(tx, campaign_id, quota, scope)
    return found.seed if found else None


def put(tx: Transaction, draw: Draw) -> Draw:
    tx.session.add(draw)
    tx.session.flush()
    return draw


def listed(tx: Transaction, campaign_id: int) -> tuple[Draw, ...]:
    """Every draw of a year, in the order in which they were committed to."""
    return tuple(tx.session.exec(select(Draw).where(Draw.campaign_id == campaign_id).order_by(col(Draw.id))))
