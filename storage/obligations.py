"""Obligations: who owes which act by when. Every list of what is stuck, due or to be done is a question to this table."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Extension, Matter, Obligation, Organisation

_obligation = Obligation.__table__  # type: ignore[attr-defined]


def open_stage(tx: Transaction, cycle_id: int) -> Obligation | None:
    """The one open obligation of a cycle's stage; none while it rests."""
    return tx.session.scalars(_OPEN_STAGE, {"cycle": cycle_id}).first()


_OPEN_STAGE = select(Obligation).where(
    col(Obligation.cycle_id) == sa.bindparam("cycle"),
    col(Obligation.closed_at).is_(None),
    col(Obligation.matter_id).is_(None),
)
_PUT = sa.insert(_obligation).returning(_obligation.c.id)


def put(tx: Transaction, values: Mapping[str, Any]) -> int:
    defaults = {"visit": 1, "grace_days": 0, "deadline_version": 1, "arithmetic": [], "held_days": 0}
    return int(tx.session.execute(_PUT, {**defaults, **values}).scalar_one())


def put_all(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.session.execute(sa.insert(_obligation), list(rows))


def update(tx: Transaction, obligation_id: int, values: Mapping[str, Any]) -> None:
    tx.session.execute(sa.update(_obligation).where(_obligation.c.id == obligation_id).values(**values))
    known = tx.session.get(Obligation, obligation_id)
    if known is not None:
        tx.session.refresh(known)


def close_stage(tx: Transaction, cycle_id: int) -> None:
    tx.session.connection().execute(_CLOSE_STAGE, {"cycle": cycle_id, "now": tx.now})


_CLOSE_STAGE = (
    sa.update(_obligation)
    .where(
        _obligation.c.cycle_id == sa.bindparam("cycle"),
        _obligation.c.closed_at.is_(None),
        _obligation.c.matter_id.is_(None),
    )
    .values(closed_at=sa.bindparam("now"), rings_at=None)
)


def close_matter(tx: Transaction, matter_id: int) -> None:
    tx.session.execute(
        sa.update(_obligation)
        .where(_obligation.c.matter_id == matter_id, _obligation.c.closed_at.is_(None))
        .values(closed_at=tx.now, rings_at=None)
        .execution_options(synchronize_session=False)
    )


def of_matter(tx: Transaction, matter_id: int) -> Obligation | None:
    return tx.session.exec(
        select(Obligation).where(Obligation.matter_id == matter_id, col(Obligation.closed_at).is_(None))
    ).first()


def stays(tx: Transaction, cycle_id: int, round_: str) -> tuple[Obligation, ...]:
    """Every stay of a cycle in the stages of one round, in order: what late days are reckoned from."""
    return tuple(
        tx.session.exec(
            select(Obligation)
            .where(
                Obligation.cycle_id == cycle_id,
                col(Obligation.matter_id).is_(None),
                col(Obligation.stage).startswith(f"{round_}."),
            )
            .order_by(col(Obligation.visit))
        )
    )


def ringing(tx: Transaction, limit: int) -> tuple[Obligation, ...]:
    """Open obligations with a rung that has fallen due, oldest first; on PostgreSQL those that nobody else holds."""
    statement = (
        select(Obligation)
        .where(col(Obligation.closed_at).is_(None), col(Obligation.rings_at) <= tx.now)
        .order_by(col(Obligation.rings_at), col(Obligation.id))
        .limit(limit)
    )
    if tx.dialect == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    return tuple(tx.session.exec(statement))


def set_rings(tx: Transaction, following: Mapping[int, datetime | None]) -> None:
    """When each obligation rings next, in one statement."""
    if following:
        tx.session.connection().execute(
            sa.update(_obligation).where(_obligation.c.id == sa.bindparam("which")).values(rings_at=sa.bindparam("at")),
            [{"which": which, "at": at} for which, at in following.items()],
        )


def scheme_hashes(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """obligation id → the scheme it runs under: its cycle's, else its matter's campaign's, else the newest campaign's."""
    own = sa.func.coalesce(Cycle.scheme_hash, Campaign.scheme_hash, _newest_scheme())
    rows = tx.session.execute(
        sa.select(_obligation.c.id, own)
        .select_from(_obligation)
        .outerjoin(Cycle, col(Cycle.id) == _obligation.c.cycle_id)
        .outerjoin(Matter, col(Matter.id) == _obligation.c.matter_id)
        .outerjoin(Campaign, col(Campaign.id) == col(Matter.campaign_id))
        .where(_obligation.c.id.in_(ids))
    )
    return {int(which): str(digest) for which, digest in rows}


def _newest_scheme() -> sa.ScalarSelect[str]:
    return sa.select(col(Campaign.scheme_hash)).order_by(col(Campaign.year).desc()).limit(1).scalar_subquery()


def extended_until(tx: Transaction, campaign_id: int, path: str, round_: str) -> date | None:
    """The extension that counts for an organisation: its own, else the nearest ancestor's; the newest of each."""
    ids = [int(i) for i in path.strip("/").split("/") if i]
    wanted = {"campaign": campaign_id, "round": round_, "ids": ids, "own": ids[-1]}
    return tx.session.scalar(_EXTENDED_UNTIL, wanted)


_EXTENDED_UNTIL = (
    sa.select(col(Extension.until_on))
    .join(Organisation, col(Organisation.id) == col(Extension.organisation_id))
    .where(
        col(Extension.campaign_id) == sa.bindparam("campaign"),
        col(Extension.round) == sa.bindparam("round"),
        col(Extension.organisation_id).in_(sa.bindparam("ids", expanding=True)),
        sa.or_(col(Extension.subtree), col(Extension.organisation_id) == sa.bindparam("own")),
    )
    .order_by(sa.func.length(Organisation.path).desc(), col(Extension.id).desc())
    .limit(1)
)


def open_in(tx: Transaction, campaign_id: int) -> tuple[tuple[str, Obligation], ...]:
    """(organisation's code, its open stage obligation) of a campaign, by code."""
    found = tx.session.exec(
        select(Organisation.code, Obligation)
        .join(Cycle, col(Cycle.id) == col(Obligation.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .where(
            Cycle.campaign_id == campaign_id,
            col(Obligation.closed_at).is_(None),
            col(Obligation.matter_id).is_(None),
        )
    )
    return tuple(sorted(((code, o) for code, o in found), key=lambda pair: pair[0]))
