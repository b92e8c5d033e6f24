"""What lies on the disk besides the rows: SQLite's file and its log as bytes, PostgreSQL's heap with its dead rows."""

import struct
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from storage.database import Database


def sqlite_bytes(database: Database) -> bytes:
    """Main file and log, as a thief copies them."""
    path = Path(str(database.engine.url.database))
    log = path.with_name(path.name + "-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


def log_size(database: Database) -> int:
    path = Path(str(database.engine.url.database))
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


@dataclass(frozen=True)
class Tuple:
    """A row version, dead or alive: who wrote it, who ended it, its bytes."""

    xmin: int
    xmax: int
    data: bytes


def heap(database: Database, table: str) -> list[Tuple]:
    """All versions of all rows that still lie in the table's file."""
    raw = heap_bytes(database, table)
    return [found for start in range(0, len(raw), 8192) for found in _page(raw[start : start + 8192])]


def heap_bytes(database: Database, table: str) -> bytes:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        content = connection.scalar(sa.text("SELECT pg_read_binary_file(pg_relation_filepath(:t))"), {"t": table})
    return bytes(content)


BEFORE_PAYLOAD = 24 + 1 + 32 + 3 + 4 + 4
"""A ballot's row: header, random id with its length, padding, survey, length of the payload."""


def writers(raw: bytes, payload: str) -> set[int]:
    """Transactions that have written this ballot, carved from the table's raw file, from what has been pruned too."""
    place, found = -1, set()
    while (place := raw.find(payload.encode(), place + 1)) >= 0:
        found.add(struct.unpack_from("<I", raw, place - BEFORE_PAYLOAD)[0])
    return found


def _page(page: bytes) -> list[Tuple]:
    lower = struct.unpack_from("<H", page, 12)[0]
    found = []
    for place in range(24, lower, 4):
        pointer = struct.unpack_from("<I", page, place)[0]
        offset, state, length = pointer & 0x7FFF, (pointer >> 15) & 3, pointer >> 17
        if state == 1 and length:
            xmin, xmax = struct.unpack_from("<II", page, offset)
            found.append(Tuple(xmin, xmax, page[offset : offset + length]))
    return found
