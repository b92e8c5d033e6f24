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


def replayed_at(tx: Transaction) -> datetime:
    """Up to when a replica knows everything: now where it has replayed all that it received, else its newest commit."""
    found: datetime | None = tx.connection.execute(_REPLAYED_AT).scalar()
    return found if found is not None else tx.now


_REPLAYED_AT = sa.text(
    "SELECT CASE WHEN pg_is_in_recovery() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming') "
    "AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN clock_timestamp() "
    "WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() ELSE clock_timestamp() END"
)
