"""Matters: work beside the stage, each with a status of its own and an append-only row per act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Matter, MatterAct
from workflow.engine.errors import Stale


def put(tx: Transaction, matter: Matter) -> Matter:
    tx.session.add(matter)
    tx.session.flush()
    return matter


def by_id(tx: Transaction, matter_id: int, *, lock: bool = False) -> Matter | None:
    statement = select(Matter).where(Matter.id == matter_id)
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update()
    return tx.session.exec(statement).first()


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


def acts(tx: Transaction, matter_id: int) -> tuple[MatterAct, ...]:
    return tuple(
        tx.session.exec(select(MatterAct).where(MatterAct.matter_id == matter_id).order_by(col(MatterAct.seq)))
    )


def open_of(tx: Transaction, kind: str, cycle_id: int) -> tuple[Matter, ...]:
    """Open matters of one kind of one cycle, oldest first."""
    return tuple(
        tx.session.exec(
            select(Matter)
            .where(Matter.kind == kind, Matter.cycle_id == cycle_id, col(Matter.closed_at).is_(None))
            .order_by(col(Matter.id))
        )
    )


def oldest_open_at(tx: Transaction, kind: str, cycle_id: int) -> datetime | None:
    found = open_of(tx, kind, cycle_id)
    return found[0].opened_at if found else None
