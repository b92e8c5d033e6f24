"""Cycles: one organisation's year as a row, moved only by compare-and-swap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from storage.database import Transaction
from storage.models import Campaign
from workflow.engine.errors import Stale

_tables = SQLModel.metadata.tables
_cycle, _organisation, _campaign = _tables["cycle"], _tables["organisation"], _tables["campaign"]
_reviewer = _organisation.alias("reviewer")


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle with what one needs to know of its organisation, reviewer and year."""

    id: int
    campaign_id: int
    organisation_id: int
    reviewer_id: int
    route: str
    nested: bool
    field: str
    scheme_hash: str
    stage: str
    version: int
    visit: int
    entered_at: datetime
    head: str
    outcome: str | None
    star: int | None
    proposed: int | None
    total: Decimal | None
    posted_star: int | None
    noticed_star: int | None
    posted_on: date | None
    open_objections: int
    objection_opened_at: datetime | None
    turnout_excused: bool
    review_begun: bool
    approved_on: date | None
    meeting_number: str | None
    runs_until: datetime | None
    acts_at: datetime | None
    year: int
    code: str
    name: str
    kind: str
    path: str
    members: int
    reviewer_code: str
    reviewer_path: str

    @property
    def chain(self) -> str:
        return f"{self.year}/{self.code}"

    @property
    def round(self) -> str:
        return self.stage.rpartition(".")[0]


_COLUMNS = (
    *_cycle.c,
    _campaign.c.year,
    _organisation.c.code,
    _organisation.c.name,
    _organisation.c.kind,
    _organisation.c.path,
    _organisation.c.members,
    _reviewer.c.code.label("reviewer_code"),
    _reviewer.c.path.label("reviewer_path"),
)


def selected() -> sa.Select[Any]:
    """Cycles as `CycleRow` has them; `organisation` is the table of whom they are."""
    return (
        sa.select(*_COLUMNS)
        .select_from(_cycle)
        .join(_campaign, _campaign.c.id == _cycle.c.campaign_id)
        .join(_organisation, _organisation.c.id == _cycle.c.organisation_id)
        .join(_reviewer, _reviewer.c.id == _cycle.c.reviewer_id)
    )


# Built once: putting a statement together costs as much as running it.
_FIND = selected().where(_cycle.c.campaign_id == sa.bindparam("campaign"), _organisation.c.code == sa.bindparam("code"))
_BY_ID = selected().where(_cycle.c.id == sa.bindparam("cycle"))
_FIND_LOCKED, _BY_ID_LOCKED = (statement.with_for_update(of=_cycle) for statement in (_FIND, _BY_ID))


def find(tx: Transaction, campaign_id: int, code: str, *, lock: bool = False) -> CycleRow | None:
    """`lock`: on PostgreSQL nobody else can change it before this transaction ends; on SQLite nobody can anyway."""
    return _one(tx, _FIND_LOCKED if lock else _FIND, {"campaign": campaign_id, "code": code})


def by_id(tx: Transaction, cycle_id: int, *, lock: bool = False) -> CycleRow | None:
    return _one(tx, _BY_ID_LOCKED if lock else _BY_ID, {"cycle": cycle_id})


def _one(tx: Transaction, statement: sa.Select[Any], wanted: Mapping[str, Any]) -> CycleRow | None:
    row = tx.session.execute(statement, wanted).one_or_none()
    return CycleRow(*row) if row else None


def in_campaign(
    tx: Transaction, campaign_id: int, *, stages: Sequence[str] = (), under: str = ""
) -> tuple[CycleRow, ...]:
    """All cycles of a campaign by code, of some stages only, or below a path."""
    statement = selected().where(_cycle.c.campaign_id == campaign_id)
    if stages:
        statement = statement.where(_cycle.c.stage.in_(stages))
    if under:
        statement = statement.where(_organisation.c.path.startswith(under))
    rows = (CycleRow(*row) for row in tx.session.execute(statement))
    return tuple(sorted(rows, key=lambda row: row.code))  # by characters, which is not every database's collation


def insert(tx: Transaction, values: Mapping[str, Any]) -> int:
    empty = {"open_objections": 0, "turnout_excused": False, "review_begun": False}
    return int(tx.session.execute(sa.insert(_cycle).values({**empty, **values}).returning(_cycle.c.id)).scalar_one())


def count_by_stage(tx: Transaction, campaign_id: int) -> dict[str, int]:
    rows = tx.session.execute(
        sa.select(_cycle.c.stage, sa.func.count()).where(_cycle.c.campaign_id == campaign_id).group_by(_cycle.c.stage)
    )
    return {str(stage): int(count) for stage, count in rows}


def move(tx: Transaction, cycle: CycleRow, changes: Mapping[str, Any]) -> None:
    """Compare-and-swap on the version; raises Stale for the loser."""
    done = tx.session.execute(
        sa.update(_cycle)
        .where(_cycle.c.id == cycle.id, _cycle.c.version == cycle.version)
        .values(**changes, version=cycle.version + 1)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale(f"{cycle.name}刚刚被别人办理过,请重新打开再办")


def update_facts(tx: Transaction, cycle_id: int, changes: Mapping[str, Any]) -> None:
    """Changes derived columns (dates, counters) that carry no record of their own."""
    tx.session.execute(sa.update(_cycle).where(_cycle.c.id == cycle_id).values(**changes))


def due_for_clock(tx: Transaction, limit: int) -> tuple[int, ...]:
    """Ids of the cycles at which the clock must look, oldest first; on PostgreSQL those that nobody else holds."""
    statement = (
        sa.select(_cycle.c.id).where(_cycle.c.acts_at <= tx.now).order_by(_cycle.c.acts_at, _cycle.c.id).limit(limit)
    )
    if tx.dialect == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    return tuple(tx.session.scalars(statement))


def campaign_of_year(tx: Transaction, year: int | None) -> Campaign | None:
    """The campaign of a year; without one, the newest that is open, else the newest."""
    statement = sa.select(Campaign)
    if year is not None:
        statement = statement.where(col(Campaign.year) == year)
    newest = statement.order_by((col(Campaign.status) == "open").desc(), col(Campaign.year).desc()).limit(1)
    return tx.session.scalars(newest).first()


def next_move(tx: Transaction, campaign_id: int) -> datetime | None:
    """When the clock will next move a cycle of this campaign; None when it will move none."""
    found: datetime | None = tx.session.scalar(
        sa.select(sa.func.min(_cycle.c.acts_at)).where(_cycle.c.campaign_id == campaign_id)
    )
    return found


def open_campaigns(tx: Transaction) -> dict[int, str]:
    """id → the scheme's hash of every campaign that is open."""
    found = tx.session.execute(
        sa.select(_campaign.c.id, _campaign.c.scheme_hash)
        .where(_campaign.c.status == "open")
        .order_by(_campaign.c.year)
    )
    return {int(campaign_id): str(digest) for campaign_id, digest in found}
