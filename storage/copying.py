"""A whole database in another place: every row of one snapshot, on either kind of database, and a hash of what each table holds.

A backup is a copy, and a move to another kind of database is one too; so both are proved alike, by reading the rows back through
the same types and comparing hashes. Rows travel in the order of their keys, parents before children.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import account_models, ballot_models, models, notice_models, page_models, paper_models
from storage.database import Database, Transaction, open_database
from workflow.engine.errors import Refused

PAGE = 1000
Held = Mapping[str, tuple[int, str]]
"""For each table how many rows it holds and the hash over them."""
_ = (account_models, ballot_models, notice_models, page_models, paper_models)  # tables are declared by importing them


def tables() -> tuple[sa.Table, ...]:
    """All tables, in an order in which rows can be inserted."""
    return tuple(SQLModel.metadata.tables[name] for name in models.enumerated())


def held(tx: Transaction) -> Held:
    """What every table holds in this snapshot: the same rows give the same hashes on SQLite and on PostgreSQL."""
    return {table.name: _fingerprint(_rows(tx, table)) for table in tables()}


def copy_all(source: Transaction, target: Transaction) -> Held:
    """Every row of the source into the target, which must hold none. Returns what the source holds. Raises Refused."""
    filled = [t.name for t in tables() if target.connection.execute(sa.select(sa.exists(sa.select(t)))).scalar()]
    if filled:
        raise Refused(f"目标数据库不是空的({filled[0]}等{len(filled)}张表里有数据),不能覆盖")
    found = {table.name: _copy(source, target, table) for table in tables()}
    if target.dialect == "postgresql":
        _continue_numbers(target)
    return found


def snapshot(database: Database, file: Path, now: datetime) -> None:
    """One moment of the database as an SQLite file of its own, taken while others write. `file` must not exist.

    SQLite writes it itself, without the free pages in which something erased might be left; rows of PostgreSQL are copied.
    """
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
            connection.execute("PRAGMA busy_timeout=10000")
            connection.execute("VACUUM INTO ?", [str(file)])
    else:
        with (
            closing(open_database(f"sqlite:///{file}", create=True)) as copy,
            database.reading(now) as source,
            copy.transaction(now) as target,
        ):
            copy_all(source, target)
    with closing(sqlite3.connect(file)) as connection:  # one file, nothing beside it
        connection.execute("PRAGMA journal_mode=DELETE")
    file.chmod(0o600)


def is_sound(database: Database) -> str | None:
    """What SQLite's own examination says against the file; None where it says nothing, or is not asked."""
    if database.dialect != "sqlite":
        return None
    with database.engine.connect() as connection:
        said = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
    return None if said == "ok" else said


# ── rows ─────────────────────────────────────────────────────────


def _copy(source: Transaction, target: Transaction, table: sa.Table) -> tuple[int, str]:
    kept = _Counter()
    rows = _parents_first(table, map(kept.count, _rows(source, table)))
    for page in _pages(rows):
        for shape in dict.fromkeys(frozenset(row) for row in page):
            target.connection.execute(sa.insert(table), [row for row in page if frozenset(row) == shape])
    return kept.result()


def _rows(tx: Transaction, table: sa.Table) -> Iterator[dict[str, Any]]:
    """In the order of the keys as bytes, which no collation changes."""
    keys = [c if isinstance(c.type, sa.Integer) else _by_bytes(tx, c) for c in table.primary_key]
    found = tx.connection.execute(sa.select(table).order_by(*keys).execution_options(yield_per=PAGE))
    for row in found.mappings():
        yield dict(row)


def _by_bytes(tx: Transaction, column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    return sa.collate(column, "C") if tx.dialect == "postgresql" else column


def _parents_first(table: sa.Table, rows: Iterator[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Empty columns are left out: what is NULL in a JSON column stays NULL. In a tree nobody comes before what he refers to."""
    bare = ({name: value for name, value in row.items() if value is not None} for row in rows)
    own = [c.name for c in table.c if any(key.column.table is table for key in c.foreign_keys)]
    if not own:
        return bare
    waiting, placed, ordered = list(bare), set[Any](), list[dict[str, Any]]()
    while waiting:
        ready = [row for row in waiting if all(row.get(name) in {None, row["id"], *placed} for name in own)]
        if not ready:
            raise Refused(f"{table.name}表里有循环引用,不能复制")
        ordered += ready
        placed |= {row["id"] for row in ready}
        waiting = [row for row in waiting if row["id"] not in placed]
    return ordered


def _pages(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for row in rows:
        page.append(row)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _continue_numbers(target: Transaction) -> None:
    """PostgreSQL counts on from the highest number that was copied."""
    for table in tables():
        for column in table.primary_key:
            if not isinstance(column.type, sa.Integer):
                continue
            named = target.connection.execute(
                sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            ).scalar()
            highest = target.connection.execute(sa.select(sa.func.max(column))).scalar()
            if named and highest:
                target.connection.execute(sa.select(sa.func.setval(named, highest)))


class _Counter:
    """Counts rows and hashes them on their way."""

    def __init__(self) -> None:
        self.number, self.digest = 0, hashlib.sha256()

    def count(self, row: dict[str, Any]) -> dict[str, Any]:
        self.number += 1
        self.digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True, default=_spelled).encode() + b"\n")
        return row

    def result(self) -> tuple[int, str]:
        return self.number, self.digest.hexdigest()


def _fingerprint(rows: Iterator[dict[str, Any]]) -> tuple[int, str]:
    kept = _Counter()
    for row in rows:
        kept.count(row)
    return kept.result()


def _spelled(value: Any) -> str:
    """One spelling for what JSON has none for; times as instants, whatever zone a database gives them back in."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
