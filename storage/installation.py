"""What kind of database this is, a rehearsal's clock, and the adopted schemes."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Installation, SchemeFile
from storage.statements import Statement


def installation(tx: Transaction) -> Installation | None:
    return tx.session.get(Installation, 1)


def install(tx: Transaction, *, kind: str, hand_clock_at: datetime | None, seed: int | None) -> None:
    tx.session.add(Installation(kind=kind, hand_clock_at=hand_clock_at, seed=seed, created_at=tx.now))


def hand_clock(tx: Transaction) -> datetime | None:
    rows = _HAND_CLOCK.rows(tx, {})
    return rows[0][0] if rows else None


_HAND_CLOCK = Statement(sa.select(col(Installation.hand_clock_at)))


def move_hand_clock(tx: Transaction, to: datetime) -> None:
    tx.session.execute(sa.update(Installation).values(hand_clock_at=to))


def adopt(tx: Transaction, *, digest: str, name: str, title: str, content: bytes) -> bool:
    """Keeps a scheme's bytes under their hash; False when they are there already."""
    if tx.session.get(SchemeFile, digest) is not None:
        return False
    tx.session.add(SchemeFile(hash=digest, name=name, title=title, content=content, adopted_at=tx.now))
    tx.session.flush()
    return True


def scheme_content(tx: Transaction, digest: str) -> bytes | None:
    found = tx.session.get(SchemeFile, digest)
    return found.content if found else None


def adopted(tx: Transaction) -> tuple[SchemeFile, ...]:
    return tuple(tx.session.exec(select(SchemeFile).order_by(col(SchemeFile.name), col(SchemeFile.adopted_at))))
