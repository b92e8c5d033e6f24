"""Obligations: who owes which act by when. Every list of what is stuck, due or to be done is a question to this table."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from storage import tallies
from storage.among import among
from storage.database import Transaction
from storage.models import Campaign, Cycle, Extension, Matter, Obligation, Organisation
from storage.statements import Statement, by_name, inserted

_obligation = Obligation.__table__  # type: ignore[attr-defined]


class Stay(NamedTuple):
    """A cycle's stay in a stage, as its obligation has it; `closed_at` is None for the present one."""

    id: int | None  # None: put just now
    cycle_id: int
    stage: str
    visit: int
    opened_at: datetime
    closed_at: datetime | None
    target_at: datetime | None
    due_at: datetime | None
    phase_due_at: datetime | None
    deadline_version: int
    held_at: datetime | None
    held_days: int


STAY = tuple(_obligation.c[name] for name in Stay._fields)


def open_stage(tx: Transaction, cycle_id: int) -> Obligation | None:
    """The one open obligation of a cycle's stage; none while it rests."""
    return tx.session.scalars(_OPEN_STAGE, {"cycle": cycle_id}).first()


_OPEN_STAGE = select(Obligation).where(
    col(Obligation.cycle_id) == sa.bindparam("cycle"),
    col(Obligation.closed_at).is_(None),
    col(Obligation.matter_id).is_(None),
)
_WRITTEN = tuple(c for c in _obligation.c if c.name != "id")
_PUT = Statement(inserted(sa.insert(_obligation), *_WRITTEN))
_FRESH: Mapping[str, Any] = {
    **{column.name: None for column in _WRITTEN},
    "visit": 1,
    "grace_days": 0,
    "deadline_version": 1,
    "arithmetic": [],
    "held_days": 0,
}


def put(tx: Transaction, *rows: Mapping[str, Any]) -> None:
    """New obligations; what is not said of one is as in a fresh one."""
    _PUT.run(tx, *({**_FRESH, **values} for values in rows))


def update(tx: Transaction, obligation_id: int, values: Mapping[str, Any]) -> None:
    tx.session.execute(sa.update(_obligation).where(_obligation.c.id == obligation_id).values(**values))
    tallies.untally(tx, sa.select(_obligation.c.cycle_id).where(_obligation.c.id == obligation_id))
    known = tx.session.get(Obligation, obligation_id)
    if known is not None:
        tx.session.refresh(known)


def keep(tx: Transaction, cycle_id: int, values: Mapping[str, Any]) -> None:
    """Changes the one open obligation of a cycle's stage."""
    tx.flush()
    tx.connection.execute(sa.update(_obligation).where(_obligation.c.cycle_id == cycle_id, *_OPEN).values(**values))
    tallies.untally(tx, [cycle_id])
    for known in tx.session.identity_map.values():
        if isinstance(known, Obligation) and known.cycle_id == cycle_id:
            tx.session.expire(known)


_OPEN = (_obligation.c.closed_at.is_(None), _obligation.c.matter_id.is_(None))


def close_stages(tx: Transaction, cycle_ids: Collection[int]) -> None:
    """Ends the present stay of each of these cycles."""
    _CLOSE_STAGE.run(tx, *({"cycle": cycle_id, "now": tx.now} for cycle_id in cycle_ids))


_CLOSE_STAGE = Statement(
    sa.update(_obligation)
    .where(
        _obligation.c.cycle_id == sa.bindparam("cycle", type_=sa.Integer),
        _obligation.c.closed_at.is_(None),
        _obligation.c.matter_id.is_(None),
    )
    .values(closed_at=sa.bindparam("now", type_=_obligation.c.closed_at.type), rings_at=None)
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


def stays(tx: Transaction, cycle_ids: Sequence[int]) -> dict[int, tuple[Stay, ...]]:
    """cycle id → every stay of the cycle in any stage, in order: what late days are reckoned from."""
    if len(cycle_ids) == 1:
        return {cycle_ids[0]: tuple(Stay(*row) for row in _STAYS_OF.rows(tx, {"cycle": cycle_ids[0]}))}
    found = tx.connection.execute(_STAYS.where(_obligation.c.cycle_id.in_(cycle_ids)))
    return {which: tuple(its) for which, its in groupby((Stay(*row) for row in found), lambda stay: stay.cycle_id)}


_STAYS = sa.select(*STAY).where(_obligation.c.matter_id.is_(None)).order_by(_obligation.c.cycle_id, _obligation.c.visit)
_STAYS_OF = Statement(_STAYS.where(_obligation.c.cycle_id == sa.bindparam("cycle", type_=sa.Integer)))


def stays_in(tx: Transaction, cycle_id: int, round_: str) -> tuple[Obligation, ...]:
    """Every stay of one cycle in the stages of one round, with its dates, in order."""
    its = (Obligation.cycle_id == cycle_id, col(Obligation.matter_id).is_(None))
    of_round = col(Obligation.stage).startswith(f"{round_}.")
    return tuple(tx.session.exec(select(Obligation).where(*its, of_round).order_by(col(Obligation.visit))))


class Due(NamedTuple):
    """An obligation that has a rung to ring."""

    id: int
    cycle_id: int | None
    organisation_id: int
    stage: str
    visit: int
    owner_role: str
    owner_id: int
    opened_at: datetime
    target_at: datetime | None
    due_at: datetime | None
    grace_days: int
    rings_at: datetime
    deadline_version: int


_RINGING = (
    sa.select(*(_obligation.c[name] for name in Due._fields))
    .where(_obligation.c.closed_at.is_(None), _obligation.c.rings_at <= sa.bindparam("now", type_=UTCDateTime()))
    .order_by(_obligation.c.rings_at, _obligation.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_CLAIM_RINGING = Statement(_RINGING.with_for_update(skip_locked=True))


def ringing(tx: Transaction, limit: int) -> tuple[Due, ...]:
    """Open obligations with a rung that has fallen due, oldest first; on PostgreSQL those that nobody else holds."""
    return tuple(Due(*row) for row in _CLAIM_RINGING.rows(tx, {"now": tx.now, "most": limit}))


_SET_RINGS = Statement(
    sa.update(_obligation)
    .where(_obligation.c.id == sa.bindparam("which", type_=sa.Integer))
    .values(by_name(_obligation.c.rings_at))
)


def set_rings(tx: Transaction, following: Mapping[int, datetime | None]) -> None:
    """When each obligation rings next."""
    _SET_RINGS.run(tx, *({"which": which, "rings_at": at} for which, at in following.items()))


def scheme_hashes(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """obligation id → the scheme it runs under: its cycle's, else its matter's campaign's, else the newest campaign's."""
    return {int(which): str(digest) for which, digest in _SCHEMES.rows(tx, {"ids": ids})}


_NEWEST_SCHEME = sa.select(col(Campaign.scheme_hash)).order_by(col(Campaign.year).desc()).limit(1).scalar_subquery()
_SCHEMES = Statement(
    sa.select(_obligation.c.id, sa.func.coalesce(col(Cycle.scheme_hash), col(Campaign.scheme_hash), _NEWEST_SCHEME))
    .select_from(_obligation)
    .outerjoin(Cycle, col(Cycle.id) == _obligation.c.cycle_id)
    .outerjoin(Matter, col(Matter.id) == _obligation.c.matter_id)
    .outerjoin(Campaign, col(Campaign.id) == col(Matter.campaign_id))
    .where(among(_obligation.c.id, "ids"))
)


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension for an organisation, in one round of one campaign; `subtree`: for all that stands below it too."""

    campaign_id: int
    round: str
    organisation_id: int
    subtree: bool
    until_on: date


def extensions(tx: Transaction, campaign_ids: Collection[int], organisation_ids: Collection[int]) -> list[Extended]:
    """What has been extended for these organisations, the oldest first."""
    table = Extension.__table__  # type: ignore[attr-defined]
    found = tx.connection.execute(
        sa.select(*(table.c[name] for name in Extended.__slots__))
        .where(table.c.campaign_id.in_(campaign_ids), table.c.organisation_id.in_(organisation_ids))
        .order_by(table.c.id)
    )
    return [Extended(*row) for row in found]


@dataclass(frozen=True, slots=True)
class Beside:
    """An open obligation of a matter, with what one plans by."""

    id: int
    matter_id: int
    cycle_id: int
    code: str
    kind: str
    version: int  # of the matter
    owner_role: str
    opened_at: datetime
    due_at: datetime | None
    deadline_version: int


def open_beside(tx: Transaction, campaign_id: int) -> tuple[Beside, ...]:
    """What is owed beside the stages in a campaign, by organisation and number."""
    found = tx.connection.execute(
        sa.select(
            _obligation.c.id,
            _obligation.c.matter_id,
            col(Matter.cycle_id),
            col(Organisation.code),
            col(Matter.kind),
            col(Matter.version),
            *(_obligation.c[name] for name in Beside.__slots__[6:]),
        )
        .join(Matter, col(Matter.id) == _obligation.c.matter_id)
        .join(Organisation, col(Organisation.id) == col(Matter.organisation_id))
        .where(col(Matter.campaign_id) == campaign_id, _obligation.c.closed_at.is_(None))
    )
    return tuple(sorted((Beside(*row) for row in found), key=lambda one: (one.code, one.matter_id)))


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
