"""What the pages keep for a post between two visits: texts begun and not sent, and searches under a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.outbox import INSERTS
from storage.page_models import Draft, SavedFilter

_DRAFT, _FILTER = Draft.__table__, SavedFilter.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose it is: a body in a role."""

    organisation_id: int
    role: str


def keep(tx: Transaction, cycle_id: int, whose: Desk, form: str, data: Mapping[str, str]) -> None:
    """The newest texts of a form, in place of those before."""
    row = {
        "cycle_id": cycle_id,
        "organisation_id": whose.organisation_id,
        "role": whose.role,
        "form": form,
        "data": dict(data),
        "saved_at": tx.now,
    }
    key = ["cycle_id", "organisation_id", "role", "form"]
    newer = {"data": row["data"], "saved_at": tx.now}
    insert = INSERTS[tx.dialect](_DRAFT).values(**row)
    tx.session.execute(insert.on_conflict_do_update(index_elements=key, set_=newer))


def find(tx: Transaction, cycle_id: int, whose: Desk, form: str) -> tuple[Mapping[str, str], datetime | None]:
    """Empty where nothing was begun."""
    found = tx.session.exec(
        select(Draft).where(
            Draft.cycle_id == cycle_id,
            Draft.organisation_id == whose.organisation_id,
            Draft.role == whose.role,
            Draft.form == form,
        )
    ).first()
    return (dict(found.data), found.saved_at) if found else ({}, None)


def drop(tx: Transaction, cycle_id: int, whose: Desk, form: str) -> None:
    """It has been sent."""
    its = (
        _DRAFT.c.cycle_id == cycle_id,
        _DRAFT.c.organisation_id == whose.organisation_id,
        _DRAFT.c.role == whose.role,
    )
    tx.session.execute(sa.delete(_DRAFT).where(*its, _DRAFT.c.form == form))


# ── searches ─────────────────────────────────────────────────────


def save_filter(tx: Transaction, whose: Desk, name: str, query: str) -> None:
    row = {"organisation_id": whose.organisation_id, "role": whose.role, "name": name, "query": query}
    insert = INSERTS[tx.dialect](_FILTER).values(**row)
    key = ["organisation_id", "role", "name"]
    tx.session.execute(insert.on_conflict_do_update(index_elements=key, set_={"query": query}))


def drop_filter(tx: Transaction, whose: Desk, name: str) -> None:
    its = (_FILTER.c.organisation_id == whose.organisation_id, _FILTER.c.role == whose.role, _FILTER.c.name == name)
    tx.session.execute(sa.delete(_FILTER).where(*its))


def filters(tx: Transaction, whose: Desk) -> tuple[tuple[str, str], ...]:
    """(name, query) by name."""
    found = tx.session.exec(
        select(SavedFilter)
        .where(SavedFilter.organisation_id == whose.organisation_id, SavedFilter.role == whose.role)
        .order_by(col(SavedFilter.name))
    )
    return tuple((one.name, one.query) for one in found)
