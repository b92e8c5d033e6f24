"""Imports: which file was taken in by whom, and what undoing it would take. A file counts once as long as it is not undone."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, func, select

from storage.database import Transaction
from storage.models import Election
from storage.paper_models import Import


def put(tx: Transaction, row: Import) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


def by_id(tx: Transaction, number: int, *, lock: bool = False) -> Import | None:
    return tx.session.get(Import, number, with_for_update=lock or None)


def standing(tx: Transaction, kind: str, digest: str) -> Import | None:
    """The import of this very file that has not been undone."""
    its = select(Import).where(Import.kind == kind, Import.sha256 == digest, col(Import.undone_at).is_(None))
    return tx.session.exec(its.order_by(col(Import.id).desc())).first()


def times_undone(tx: Transaction, kind: str, digest: str) -> int:
    """How often this very file was taken in and undone: each time its rows are new acts."""
    its = select(func.count()).where(Import.kind == kind, Import.sha256 == digest, col(Import.undone_at).is_not(None))
    return tx.session.exec(its.select_from(Import)).one()


def listed(tx: Transaction, limit: int = 200) -> tuple[Import, ...]:
    """The newest first."""
    return tuple(tx.session.exec(select(Import).order_by(col(Import.id).desc()).limit(limit)))


def undone(tx: Transaction, row: Import, actor: str) -> None:
    row.undone_at, row.undone_by = tx.now, actor
    tx.session.add(row)
    tx.session.flush()


# ── what an import of elections has to put back ──────────────────


def terms_of(tx: Transaction, organisation_id: int) -> list[dict[str, Any]]:
    """Every term of an organisation as plain values, the oldest first."""
    its = select(Election).where(Election.organisation_id == organisation_id).order_by(col(Election.id))
    return [one.model_dump(mode="json") for one in tx.session.exec(its)]


def restore_terms(tx: Transaction, organisation_id: int, before: Sequence[dict[str, Any]]) -> None:
    """As they were: what the import entered goes, what it closed is open again."""
    its = select(Election).where(Election.organisation_id == organisation_id).order_by(col(Election.id).desc())
    kept = {one["id"]: one for one in before}
    for row in tx.session.exec(its):
        if row.id not in kept:
            tx.session.delete(row)
    tx.session.flush()
    for row in tx.session.exec(its):
        assert row.id is not None
        was = Election.model_validate(kept[row.id])
        for name in ("due_on", "held_on", "extension", "requested_on", "note"):
            setattr(row, name, getattr(was, name))
        tx.session.add(row)
    tx.session.flush()
