"""Supervision slips: numbered within a year and a colour, never deleted."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Organisation
from storage.organisations import under
from storage.paper_models import SupervisionSlip


@dataclass(frozen=True, slots=True)
class Issued:
    """A slip with whom it is about, whom it went to, and its year."""

    slip: SupervisionSlip
    organisation: Organisation
    owner: Organisation
    year: int


_OWNER = aliased(Organisation, name="slip_owner")


def put(tx: Transaction, slip: SupervisionSlip) -> int:
    tx.session.add(slip)
    tx.session.flush()
    assert slip.id is not None
    return slip.id


def next_seq(tx: Transaction, campaign_id: int, colour: str) -> int:
    """The campaign's row is locked, so that two slips at once have two numbers."""
    tx.session.execute(sa.select(col(Campaign.id)).where(col(Campaign.id) == campaign_id).with_for_update())
    newest = sa.select(sa.func.max(col(SupervisionSlip.seq))).where(
        col(SupervisionSlip.campaign_id) == campaign_id, col(SupervisionSlip.colour) == colour
    )
    return (tx.session.scalar(newest) or 0) + 1


def open_of(tx: Transaction, obligation_id: int, colour: str) -> SupervisionSlip | None:
    """The slip of this colour that was issued for this very work and is not closed."""
    its = select(SupervisionSlip).where(
        SupervisionSlip.obligation_id == obligation_id,
        SupervisionSlip.colour == colour,
        col(SupervisionSlip.closed_at).is_(None),
    )
    return tx.session.exec(its).first()


def by_id(tx: Transaction, number: int, *, lock: bool = False) -> Issued | None:
    its = _listed().where(col(SupervisionSlip.id) == number)
    found = tx.session.execute(its.with_for_update(of=SupervisionSlip) if lock else its).one_or_none()
    return Issued(*found) if found else None


def listed(tx: Transaction, *, campaign_id: int, path: str = "", still_open: bool = False) -> tuple[Issued, ...]:
    """Of a year, those about organisations at or below a path; the newest first."""
    its = _listed().where(col(SupervisionSlip.campaign_id) == campaign_id).order_by(col(SupervisionSlip.id).desc())
    if path:
        its = its.where(under(tx, path))
    if still_open:
        its = its.where(col(SupervisionSlip.closed_at).is_(None))
    return tuple(Issued(*row) for row in tx.session.execute(its))


def _listed() -> sa.Select[SupervisionSlip, Organisation, Organisation, int]:
    return (
        sa.select(SupervisionSlip, Organisation, _OWNER, col(Campaign.year))
        .join(Cycle, col(Cycle.id) == col(SupervisionSlip.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .join(_OWNER, col(_OWNER.id) == col(SupervisionSlip.owner_id))
        .join(Campaign, col(Campaign.id) == col(SupervisionSlip.campaign_id))
    )
