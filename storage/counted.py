"""Cycles as they are counted: with the newest stay and the stages they have left, for `storage.tallies` to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.database import Transaction
from storage.meetings import TAKEN, TAKES_A_PLACE

_tables = SQLModel.metadata.tables


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
    cycle, body, stay = _tables["cycle"], _tables["organisation"], _tables["obligation"].alias("stay")
    newest = _newest_visit(cycle.c.id)
    statement: sa.Select[Any] = (
        sa.select(
            cycle.c.id, cycle.c.campaign_id, body.c.path, body.c.code, cycle.c.field, cycle.c.stage, cycle.c.outcome,
            sa.case((TAKES_A_PLACE, TAKEN)), sa.case((TAKES_A_PLACE, cycle.c.proposed)), cycle.c.entered_at,
            cycle.c.tally, cycle.c.tallied_path,
            stay.c.owner_role, stay.c.target_at, stay.c.due_at, sa.func.coalesce(stay.c.grace_days, 0), stay.c.closed_at,
        )
        .join(body, body.c.id == cycle.c.organisation_id)
        .outerjoin(stay, sa.and_(stay.c.cycle_id == cycle.c.id, stay.c.matter_id.is_(None), stay.c.visit == newest))
        .where(cycle.c.id.in_(cycle_ids))
    )  # fmt: skip
    return tuple(Counted(*row) for row in tx.connection.execute(statement))


def _newest_visit(cycle_id: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    other = _tables["obligation"].alias("other")
    its = (other.c.cycle_id == cycle_id, other.c.matter_id.is_(None))
    return sa.select(sa.func.max(other.c.visit)).where(*its).scalar_subquery()


def left(tx: Transaction, cycle_ids: Sequence[int]) -> dict[int, tuple[tuple[str, bool], ...]]:
    """cycle → each stage that it has left, once, and whether it ever left it too late."""
    stay = _tables["obligation"]
    late = sa.func.max(sa.case((stay.c.closed_at > stay.c.due_at, 1), else_=0))
    statement = (
        sa.select(stay.c.cycle_id, stay.c.stage, late)
        .where(stay.c.cycle_id.in_(cycle_ids), stay.c.matter_id.is_(None), stay.c.closed_at.is_not(None))
        .group_by(stay.c.cycle_id, stay.c.stage)
    )
    found: dict[int, list[tuple[str, bool]]] = {}
    for cycle_id, stage, was_late in tx.connection.execute(statement):
        found.setdefault(cycle_id, []).append((stage, bool(was_late)))
    return {cycle_id: tuple(stages) for cycle_id, stages in found.items()}
