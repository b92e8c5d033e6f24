"""Matters: work beside the stage, each with a status of its own and an append-only row per act.

A matter is moved only by compare-and-swap on its version, which is the number of its acts. What many organisations need at once
(a plan after each rating) is put with one statement per table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage import cycles, organisations
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Matter, MatterAct
from storage.overdue import PAGE
from storage.queries import Stay, Where
from workflow.engine.errors import Stale

_tables = SQLModel.metadata.tables
_matter, _act, _obligation, _event = (_tables[name] for name in ("matter", "matter_act", "obligation", "event"))
_cycle, _about = _tables["cycle"], _tables["organisation"]
_owner = _about.alias("owner")
_IS_OPEN = col(Matter.closed_at).is_(None)


# ── writing ──────────────────────────────────────────────────────


def put(tx: Transaction, matter: Matter) -> Matter:
    tx.session.add(matter)
    tx.session.flush()
    return matter


def put_all(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Adds matters by one statement; returns their ids in the same order."""
    insert = sa.insert(_matter).returning(_matter.c.id, sort_by_parameter_order=True)
    return tuple(tx.session.execute(insert, list(rows)).scalars()) if rows else ()


def move(tx: Transaction, matter: Matter, status: str, data: Mapping[str, Any], *, closes: bool) -> None:
    """Compare-and-swap on the version; raises Stale for the loser."""
    done = tx.session.execute(
        sa.update(Matter)
        .where(col(Matter.id) == matter.id, col(Matter.version) == matter.version)
        .values(status=status, data=dict(data), version=matter.version + 1, closed_at=tx.now if closes else None)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("这件事刚刚被别人办理过,请重新打开再办")
    tx.session.refresh(matter)


def put_act(tx: Transaction, act: MatterAct) -> None:
    tx.session.add(act)
    tx.session.flush()


def put_acts(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.session.execute(sa.insert(_act), list(rows))


# ── one matter ───────────────────────────────────────────────────


def by_id(tx: Transaction, matter_id: int, *, lock: bool = False) -> Matter | None:
    statement = select(Matter).where(Matter.id == matter_id)
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return tx.session.exec(statement).first()


def act_by_key(tx: Transaction, key: str) -> MatterAct | None:
    return tx.session.exec(select(MatterAct).where(MatterAct.ask_key == key)).first()


def newest_act(tx: Transaction, matter_id: int) -> MatterAct:
    """The last act on a matter; every matter has one from its opening on."""
    return tx.session.exec(
        select(MatterAct).where(MatterAct.matter_id == matter_id).order_by(col(MatterAct.seq).desc()).limit(1)
    ).one()


def acts(tx: Transaction, matter_id: int) -> tuple[MatterAct, ...]:
    return tuple(
        tx.session.exec(select(MatterAct).where(MatterAct.matter_id == matter_id).order_by(col(MatterAct.seq)))
    )


# ── what is there already ────────────────────────────────────────


def open_of(tx: Transaction, kind: str, cycle_id: int) -> tuple[Matter, ...]:
    """Open matters of one kind of one cycle, oldest first."""
    return _found(tx, Matter.kind == kind, Matter.cycle_id == cycle_id, _IS_OPEN)


def in_the_way(tx: Transaction, kind: str, organisation_id: int, campaign_id: int | None) -> tuple[Matter, ...]:
    """An organisation's matters of one kind, oldest first: of a year those not cancelled, else of any year the open ones."""
    its = (Matter.kind == kind, Matter.organisation_id == organisation_id)
    if campaign_id is None:
        return _found(tx, *its, _IS_OPEN)
    return _found(tx, *its, Matter.campaign_id == campaign_id, Matter.status != "cancelled")


def standing(
    tx: Transaction, organisation_id: int, campaign_id: int, yearly: Sequence[str], lasting: Sequence[str]
) -> tuple[Matter, ...]:
    """What stands with an organisation: of the yearly kinds whatever this year had, of the lasting kinds what is open."""
    this_year = sa.and_(col(Matter.kind).in_(yearly), col(Matter.campaign_id) == campaign_id)
    still_open = sa.and_(col(Matter.kind).in_(lasting), _IS_OPEN)
    return _found(tx, Matter.organisation_id == organisation_id, sa.or_(this_year, still_open))


def _found(tx: Transaction, *conditions: Any) -> tuple[Matter, ...]:
    return tuple(tx.session.exec(select(Matter).where(*conditions).order_by(col(Matter.id))))


def oldest_open_at(tx: Transaction, kind: str, cycle_id: int) -> datetime | None:
    found = open_of(tx, kind, cycle_id)
    return found[0].opened_at if found else None


def confirmed(tx: Transaction, organisation_id: int, code: str, first: date, last: date) -> bool:
    """Whether a person has confirmed an event of this code between two days, both included."""
    its = sa.and_(_event.c.organisation_id == organisation_id, _event.c.code == code, _event.c.status == "confirmed")
    found = sa.select(_event.c.id).where(its, _event.c.happened_on.between(first, last)).limit(1)
    return tx.session.execute(found).first() is not None


def without(tx: Transaction, kind: str, campaign_id: int, reviewer_id: int) -> tuple[CycleRow, ...]:
    """The cycles of a year under one reviewer that have had no matter of this kind yet, by organisation."""
    had = sa.exists().where(_matter.c.cycle_id == _cycle.c.id, _matter.c.kind == kind)
    statement = cycles.selected().where(_cycle.c.campaign_id == campaign_id, _cycle.c.reviewer_id == reviewer_id, ~had)
    return tuple(CycleRow(*row) for row in tx.session.execute(statement.order_by(_cycle.c.organisation_id)))


def count_by_status(tx: Transaction, campaign_id: int) -> dict[str, dict[str, int]]:
    """kind → status → how many of a campaign's matters, in the order of the words."""
    its = (_matter.c.kind, _matter.c.status)
    rows = tx.session.execute(
        sa.select(*its, sa.func.count()).where(_matter.c.campaign_id == campaign_id).group_by(*its)
    )
    found: dict[str, dict[str, int]] = {}
    for kind, status, count in sorted(tuple(row) for row in rows):
        found.setdefault(kind, {})[status] = count
    return found


# ── the list ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """A matter as a list has it: without its data, which may name people. `stay`: the work that it is now, if any."""

    id: int
    kind: str
    status: str
    scheme_hash: str | None
    opened_at: datetime
    closed_at: datetime | None
    code: str
    name: str
    path: str
    stay: Stay | None

    @property
    def place(self) -> tuple[str, int]:
        return self.code, self.id


_STAY = (
    *(_obligation.c[name] for name in Stay._fields[:10]),
    *(_owner.c[name].label(f"owner_{name}") for name in ("code", "name", "path")),
)


def listed(
    tx: Transaction, where: Where, *, closed: bool = False, every_year: bool = False, unowed: Sequence[str] = ()
) -> Iterator[Line]:
    """Matters by organisation and number. `where.stages` are kinds; `unowed` are kinds whose work the stage owes."""
    code = _about.c.code.collate("C") if tx.dialect == "postgresql" else _about.c.code
    owed = sa.and_(_obligation.c.matter_id == _matter.c.id, _obligation.c.closed_at.is_(None))
    m = _matter.c
    statement: sa.Select[Any] = (
        sa.select(
            m.id, m.kind, m.status, _cycle.c.scheme_hash, m.opened_at, m.closed_at,
            _about.c.code, _about.c.name, _about.c.path, *_STAY,
        )
        .select_from(_matter)
        .join(_about, _about.c.id == m.organisation_id)
        .outerjoin(_cycle, _cycle.c.id == m.cycle_id)
        .outerjoin(_obligation, owed)
        .outerjoin(_owner, _owner.c.id == _obligation.c.owner_id)
        .order_by(code, m.id)
    )  # fmt: skip
    if not closed:
        statement = statement.where(m.closed_at.is_(None))
    if not every_year:
        statement = statement.where(m.campaign_id == where.campaign_id)
    if where.path:
        statement = statement.where(organisations.under(tx, where.path))
    if where.stages:
        statement = statement.where(m.kind.in_(where.stages))
    if where.owner_role is not None:
        statement = statement.where(sa.or_(_obligation.c.owner_role == where.owner_role, m.kind.in_(unowed)))
    if where.after:
        last, last_id = where.after
        statement = statement.where(sa.or_(code > last, sa.and_(code == last, m.id > last_id)))
    result = tx.session.execute(statement, execution_options={"yield_per": PAGE})
    try:
        for row in result:
            stay = Stay(*row[9:]) if row[9] is not None else None
            yield Line(*(*row[:9], stay))
    finally:
        result.close()
