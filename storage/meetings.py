"""Sittings of the committee, what they decided, and what has been taken of each quota."""

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Excess, Meeting, MeetingItem


def by_number(tx: Transaction, campaign_id: int, number: str) -> Meeting | None:
    return tx.session.exec(select(Meeting).where(Meeting.campaign_id == campaign_id, Meeting.number == number)).first()


def put(tx: Transaction, row: Meeting | MeetingItem | Excess) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


def rated_base(tx: Transaction, campaign_id: int) -> int:
    """The base of the quotas: the roster as it was opened, without the exempt (R30)."""
    exempt = sa.select(sa.func.count()).select_from(Cycle).where(
        col(Cycle.campaign_id) == campaign_id, col(Cycle.outcome) == "exempt"
    )
    total = tx.session.scalar(sa.select(col(Campaign.rated_count)).where(col(Campaign.id) == campaign_id)) or 0
    return total - (tx.session.scalar(exempt) or 0)


def approved_counts(tx: Transaction, campaign_id: int) -> dict[int, int]:
    """star → how many organisations hold it from this campaign or have it approved and are on their way to it.

    In `rating.*` the star in force is last year's and takes no place of this year's quota.
    """
    taken = sa.case(
        (col(Cycle.approved_on).is_not(None), col(Cycle.proposed)),
        (col(Cycle.stage).startswith("rating."), sa.null()),
        else_=col(Cycle.star),
    )
    rows = tx.session.execute(
        sa.select(taken, sa.func.count())
        .where(col(Cycle.campaign_id) == campaign_id, taken.is_not(None), col(Cycle.outcome).is_(None))
        .group_by(taken)
    )
    return {star: count for star, count in rows}


def excess_allowed(tx: Transaction, campaign_id: int, quota: str) -> int:
    found = tx.session.scalar(
        sa.select(sa.func.sum(col(Excess.number))).where(
            col(Excess.campaign_id) == campaign_id, col(Excess.quota) == quota
        )
    )
    return int(found or 0)
