"""Erasing by rule: what a class no longer allows to be kept goes, and the chain of records still holds without it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.database import Transaction

T = SQLModel.metadata.tables
Counts = tuple[int, int, int]
"""Details of records, objections, addresses of messages."""


def count(tx: Transaction, before: Mapping[str, datetime]) -> Counts:
    """How many rows `erase` would empty."""
    return _each(tx, before, erase_them=False)


def erase(tx: Transaction, before: Mapping[str, datetime]) -> Counts:
    return _each(tx, before, erase_them=True)


def _each(tx: Transaction, before: Mapping[str, datetime], *, erase_them: bool) -> Counts:
    if not before:
        return 0, 0, 0
    detail, record, matter, message = T["record_detail"], T["record"], T["matter"], T["message"]
    old = sa.or_(
        *(
            sa.and_(
                detail.c.retention == name,
                detail.c.record_id.in_(sa.select(record.c.id).where(record.c.at < before[name])),
            )
            for name in ("details", "objections")
        )
    )
    found: tuple[tuple[sa.Table, sa.ColumnElement[bool], dict[str, Any]], ...] = (
        (
            detail,
            sa.and_(detail.c.erased_at.is_(None), old),
            {"detail": sa.null(), "salt": "", "erased_at": tx.now},
        ),
        (
            matter,
            sa.and_(
                matter.c.kind.in_(("objection", "supervision")),
                matter.c.closed_at < before["objections"],
                sa.cast(matter.c.data, sa.Text) != "{}",
            ),
            {"data": {}},
        ),
        (
            message,
            sa.and_(message.c.created_at < before["addresses"], message.c.address != ""),
            {"address": ""},
        ),
    )
    counts = [
        tx.session.execute(sa.update(table).where(which).values(values)).rowcount  # type: ignore[attr-defined]
        if erase_them
        else tx.session.scalar(sa.select(sa.func.count()).select_from(table).where(which)) or 0
        for table, which, values in found
    ]
    return counts[0], counts[1], counts[2]
