"""Public notices: versions under one address, the lines they list, and which line has been replaced by which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Organisation
from storage.notice_models import Publication, PublicationEntry


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a notice with whose it is. `replaced_by`: the later notice that corrects it."""

    entry: PublicationEntry
    code: str
    name: str
    year: int
    replaced_by: str | None = None
    replaced: int | None = None  # the star that stood on the line which this one replaces


def put(tx: Transaction, row: Publication | PublicationEntry) -> None:
    tx.session.add(row)
    tx.session.flush()


def newest(tx: Transaction, slug: str) -> Publication | None:
    its = select(Publication).where(Publication.slug == slug).order_by(col(Publication.version).desc()).limit(1)
    return tx.session.exec(its).first()


def versions(tx: Transaction, slug: str) -> tuple[Publication, ...]:
    return tuple(
        tx.session.exec(select(Publication).where(Publication.slug == slug).order_by(col(Publication.version)))
    )


def lines(tx: Transaction, slug: str) -> tuple[Line, ...]:
    """In the order of stars, then codes."""
    later = aliased(PublicationEntry)
    its = (
        sa.select(PublicationEntry, col(Organisation.code), col(Organisation.name), col(Campaign.year), col(later.slug))
        .join(Cycle, col(Cycle.id) == col(PublicationEntry.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .join(Campaign, col(Campaign.id) == col(Cycle.campaign_id))
        .outerjoin(
            later, sa.and_(col(later.corrects) == col(PublicationEntry.slug), col(later.cycle_id) == col(Cycle.id))
        )
        .where(col(PublicationEntry.slug) == slug)
        .order_by(col(PublicationEntry.star).desc(), col(Organisation.code))
    )
    found = tx.session.execute(its).all()
    before = {(row[0].corrects, row[0].cycle_id): None for row in found if row[0].corrects}
    stars = {
        (one.slug, one.cycle_id): one.star
        for one in tx.session.exec(
            select(PublicationEntry).where(col(PublicationEntry.slug).in_([s for s, _ in before]))
        )
    }
    return tuple(
        Line(e, code, name, year, by, stars.get((e.corrects or "", e.cycle_id))) for e, code, name, year, by in found
    )


def last_of_cycle(tx: Transaction, cycle_id: int, round_: str) -> PublicationEntry | None:
    """The line of this round that was posted last."""
    its = select(PublicationEntry).where(PublicationEntry.cycle_id == cycle_id, PublicationEntry.round == round_)
    return tx.session.exec(its.order_by(col(PublicationEntry.id).desc()).limit(1)).first()


def running(tx: Transaction) -> tuple[tuple[Publication, str], ...]:
    """The newest version of every notice whose days run now, with its publisher's name; the first to end comes first."""
    newer = aliased(Publication)
    its = (
        select(Publication, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Publication.publisher_id))
        .where(
            col(Publication.opens_at) <= tx.now,
            col(Publication.closes_at) > tx.now,
            ~sa.exists().where(col(newer.slug) == col(Publication.slug), col(newer.version) > col(Publication.version)),
        )
        .order_by(col(Publication.closes_at), col(Publication.id))
    )
    return tuple((publication, name) for publication, name in tx.session.execute(its))


def gather(tx: Transaction, slugs: Sequence[str], into: str, texts: Mapping[str, Any]) -> None:
    """Notices that were posted together become one."""
    others = [slug for slug in slugs if slug != into]
    entry, publication = PublicationEntry.__table__, Publication.__table__  # type: ignore[attr-defined]
    tx.session.execute(sa.update(entry).where(entry.c.slug.in_(others)).values(slug=into))
    tx.session.execute(sa.delete(publication).where(publication.c.slug.in_(others)))
    if texts:
        tx.session.execute(sa.update(publication).where(publication.c.slug == into).values(**texts))
    tx.session.expire_all()
