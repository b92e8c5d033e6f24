"""Supervision slips: numbered within a year and a colour, never deleted."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Organisation, Slip
from storage.organisations import under


@dataclass(frozen=True, slots=True)
class Issued:
    """A slip with whom it is about, whom it went to, and its year."""

    slip: Slip
    organisation: Organisation
    owner: Organisation
    year: int


_OWNER = aliased(Organisation, name="slip_owner")


def put(tx: Transaction, slip: Slip) -> int:
    tx.session.add(slip)
    tx.session.flush()
    assert slip.id is not None
    return slip.id


def next_seq(tx: Transaction, campaign_id: int, colour: str) -> int:
    """The campaign's row is locked, so that two slips at once have two numbers."""
    tx.session.execute(sa.select(col(Campaign.id)).where(col(Campaign.id) == campaign_id).with_for_update())
    newest = sa.select(sa.func.max(col(Slip.seq))).where(
        col(Slip.campaign_id) == campaign_id, col(Slip.colour) == colour
    )
    return (tx.session.scalar(newest) or 0) + 1


def open_of(tx: Transaction, obligation_id: int, colour: str) -> Slip | None:
    """The slip of this colour that was issued for this very work and is not closed."""
    its = select(Slip).where(Slip.obligation_id == obligation_id, Slip.colour == colour, col(Slip.closed_at).is_(None))
    return tx.session.exec(its).first()


def by_id(tx: Transaction, number: int, *, lock: bool = False) -> Issued | None:
    its = _listed().where(col(Slip.id) == number)
    found = tx.session.execute(its.with_for_update(of=Slip) if lock else its).one_or_none()
    return Issued(*found) if found else None


def listed(tx: Transaction, *, campaign_id: int, path: str = "", still_open: bool = False) -> tuple[Issued, ...]:
    """Of a year, those about organisations at or below a path; the newest first."""
    its = _listed().where(col(Slip.campaign_id) == campaign_id).order_by(col(Slip.id).desc())
    if path:
        its = its.where(under(tx, path))
    if still_open:
        its = its.where(col(Slip.closed_at).is_(None))
    return tuple(Issued(*row) for row in tx.session.execute(its))


def _listed() -> sa.Select[Slip, Organisation, Organisation, int]:
    return (
        sa.select(Slip, Organisation, _OWNER, col(Campaign.year))
        .join(Cycle, col(Cycle.id) == col(Slip.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .join(_OWNER, col(_OWNER.id) == col(Slip.owner_id))
        .join(Campaign, col(Campaign.id) == col(Slip.campaign_id))
    )
