"""Cycles as they are counted: with the newest stay and the stages they have left, for `storage.tallies` to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.among import among
from storage.database import Transaction
from storage.meetings import TAKEN, TAKES_A_PLACE
from storage.statements import Statement

_tables = SQLModel.metadata.tables
_cycle, _body = _tables["cycle"], _tables["organisation"]
_stay, _other = _tables["obligation"].alias("stay"), _tables["obligation"].alias("other")


@dataclass(frozen=True, slots=True)
class Counted:
    """A cycle with all that its facets are made from; `kept` is what is counted for it at present, below `kept_path`."""

    id: int
    campaign_id: int
    path: str
    code: str
    field: str
    stage: str
    outcome: str | None
    taken: int | None
    proposed: int | None
    entered_at: datetime
    kept: str | None
    kept_path: str | None
    owner_role: str | None
    target_at: datetime | None
    due_at: datetime | None
    grace_days: int
    closed_at: datetime | None


def counted(tx: Transaction, cycle_ids: Sequence[int]) -> tuple[Counted, ...]:
    """These cycles as they stand now, each with its newest stay."""
    return tuple(Counted(*row) for row in _COUNTED.rows(tx, {"ids": cycle_ids}))


_NEWEST = (
    sa.select(sa.func.max(_other.c.visit))
    .where(_other.c.cycle_id == _cycle.c.id, _other.c.matter_id.is_(None))
    .scalar_subquery()
)
_COUNTED = Statement(
    sa.select(
        _cycle.c.id, _cycle.c.campaign_id, _body.c.path, _body.c.code, _cycle.c.field, _cycle.c.stage, _cycle.c.outcome,
        sa.case((TAKES_A_PLACE, TAKEN)), sa.case((TAKES_A_PLACE, _cycle.c.proposed)), _cycle.c.entered_at,
        _cycle.c.tally, _cycle.c.tallied_path,
        _stay.c.owner_role, _stay.c.target_at, _stay.c.due_at, sa.func.coalesce(_stay.c.grace_days, 0), _stay.c.closed_at,
    )
    .join(_body, _body.c.id == _cycle.c.organisation_id)
    .outerjoin(_stay, sa.and_(_stay.c.cycle_id == _cycle.c.id, _stay.c.matter_id.is_(None), _stay.c.visit == _NEWEST))
    .where(among(_cycle.c.id, "ids"))
)  # fmt: skip


def left(tx: Transaction, cycle_ids: Sequence[int]) -> dict[int, tuple[tuple[str, bool], ...]]:
    """cycle → each stage that it has left, once, and whether it ever left it too late."""
    found: dict[int, list[tuple[str, bool]]] = {}
    for cycle_id, stage, was_late in _LEFT.rows(tx, {"ids": cycle_ids}):
        found.setdefault(cycle_id, []).append((stage, bool(was_late)))
    return {cycle_id: tuple(stages) for cycle_id, stages in found.items()}


_LEFT = Statement(
    sa.select(_stay.c.cycle_id, _stay.c.stage, sa.func.max(sa.case((_stay.c.closed_at > _stay.c.due_at, 1), else_=0)))
    .where(among(_stay.c.cycle_id, "ids"), _stay.c.matter_id.is_(None), _stay.c.closed_at.is_not(None))
    .group_by(_stay.c.cycle_id, _stay.c.stage)
)
