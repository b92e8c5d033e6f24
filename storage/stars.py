"""Stars in force: one per organisation at a time, each with from–until, its decision and its record (R52)."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Organisation, Star


def in_force(tx: Transaction, organisation_id: int) -> Star | None:
    return tx.session.exec(
        select(Star).where(Star.organisation_id == organisation_id, col(Star.until_on).is_(None))
    ).first()


def all_in_force(tx: Transaction) -> dict[int, int]:
    """organisation id → star, for the start of a campaign."""
    found = tx.session.exec(select(Star.organisation_id, Star.star).where(col(Star.until_on).is_(None)))
    return {int(organisation): int(star) for organisation, star in found}


def grant(tx: Transaction, star: Star) -> None:
    """Ends what was in force and puts the new star in its place; the new one never starts before the old one."""
    before = in_force(tx, star.organisation_id)
    if before is not None:
        star.from_on = max(star.from_on, before.from_on)
        before.until_on = star.from_on
        tx.session.add(before)
        tx.session.flush()
    tx.session.add(star)
    tx.session.flush()


def as_of(tx: Transaction, day: date, under: str = "") -> tuple[tuple[Star, str, str], ...]:
    """(star, organisation's code, name) of every star in force on a day."""
    statement = (
        select(Star, Organisation.code, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Star.organisation_id))
        .where(col(Star.from_on) <= day, sa.or_(col(Star.until_on).is_(None), col(Star.until_on) > day))
        .order_by(Organisation.code)
    )
    if under:
        statement = statement.where(col(Organisation.path).startswith(under))
    return tuple((s, c, n) for s, c, n in tx.session.exec(statement))


def by_year(tx: Transaction, organisation_id: int, *, before: int) -> tuple[tuple[int, int], ...]:
    """(year, star) of every earlier year: the last star that its campaign gave, or that was entered in it."""
    year = sa.func.coalesce(col(Campaign.year), sa.extract("year", col(Star.from_on)))
    found = tx.session.execute(
        sa.select(year, col(Star.star))
        .outerjoin(Cycle, col(Cycle.id) == col(Star.cycle_id))
        .outerjoin(Campaign, col(Campaign.id) == col(Cycle.campaign_id))
        .where(col(Star.organisation_id) == organisation_id)
        .order_by(col(Star.from_on), col(Star.id))
    )
    return tuple(sorted({int(y): int(star) for y, star in found if int(y) < before}.items()))


def history(tx: Transaction, organisation_id: int) -> tuple[Star, ...]:
    return tuple(
        tx.session.exec(select(Star).where(Star.organisation_id == organisation_id).order_by(col(Star.from_on)))
    )
