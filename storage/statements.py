"""Statements that are put into SQL once and then run as they are: for what a decision reads and writes.

A Core statement costs more to prepare than SQLite needs to answer it. These go to the driver with the same types in both
directions, one row or a thousand alike, and fail with the same errors.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel.sql.sqltypes import UTCDateTime

from storage.database import Transaction, said_by_driver

Process = Callable[[Any], Any] | None


class Statement:
    """A Core statement whose values are all bound by name. It may be used by many threads."""

    def __init__(self, clause: Any) -> None:
        self._clause = clause
        self._spoken: dict[str, _Spoken] = {}

    def rows(self, tx: Transaction, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row that a select finds."""
        spoken = self._for(tx)
        cursor = _said(tx, spoken, "execute", spoken.bound(values))
        found = cursor.fetchall()
        cursor.close()
        return [spoken.read(row) for row in found] if spoken.reads else found

    def run(self, tx: Transaction, *rows: Mapping[str, Any]) -> int:
        """Writes once for every row; returns how many rows of the table were written."""
        if not rows:
            return 0
        spoken = self._for(tx)
        if len(rows) == 1:
            cursor = _said(tx, spoken, "execute", spoken.bound(rows[0]))
        else:
            cursor = _said(tx, spoken, "executemany", [spoken.bound(values) for values in rows])
        written = int(cursor.rowcount)
        cursor.close()
        return written

    def _for(self, tx: Transaction) -> "_Spoken":
        found = self._spoken.get(tx.dialect)
        if found is None:
            found = self._spoken[tx.dialect] = _Spoken(self._clause, tx.connection.dialect)
        return found


class _Spoken:
    """A statement in one database's SQL, with what its values have to go through on the way."""

    def __init__(self, clause: Any, dialect: sa.Dialect) -> None:
        compiled = clause.compile(dialect=dialect)
        self.sql = str(compiled)
        self.error: type[Exception] = dialect.loaded_dbapi.Error
        binds = {name: (bind, _into(bind.type, dialect)) for bind, name in compiled.bind_names.items()}
        self._constant = {
            name: process(bind.effective_value) if process else bind.effective_value
            for name, (bind, process) in binds.items()
            if not bind.required
        }
        self._by_place = bool(compiled.positiontup)
        self._plan = tuple(
            (name, None if name in self._constant else binds[name][1]) for name in compiled.positiontup or binds
        )
        columns = clause.selected_columns if isinstance(clause, sa.Select) else ()
        readers = [_out_of(column.type, dialect) for column in columns]
        self.reads = tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)

    def bound(self, values: Mapping[str, Any]) -> Any:
        if self._constant:
            values = {**values, **self._constant}
        if self._by_place:
            return [values[name] if process is None else process(values[name]) for name, process in self._plan]
        return {name: values[name] if process is None else process(values[name]) for name, process in self._plan}

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        said = list(row)
        for place, reader in self.reads:
            if said[place] is not None:
                said[place] = reader(said[place])
        return tuple(said)


def _said(tx: Transaction, spoken: _Spoken, how: str, values: Any) -> Any:
    """The driver's own cursor, after what the session still held back; it fails as SQLAlchemy would have."""
    tx.flush()
    cursor = tx.connection.connection.cursor()
    try:
        getattr(cursor, how)(spoken.sql, values)
    except spoken.error as error:
        cursor.close()
        raise said_by_driver(tx.connection, spoken.sql, error) from error
    return cursor


# ── values on their way ──────────────────────────────────────────


def _into(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Process:
    process: Process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is not None and isinstance(kind, UTCDateTime) and dialect.name == "sqlite":
        return partial(_instant_into, process)
    return process


def _instant_into(otherwise: Callable[[Any], Any], at: datetime | None) -> Any:
    """Most instants are in UTC already and need but be written down."""
    if at is None:
        return None
    return at.isoformat(" ", "microseconds")[:26] if at.tzinfo is UTC else otherwise(at)


def _out_of(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Process:
    """For what is not NULL."""
    if isinstance(kind, UTCDateTime):
        return _instant_out_of
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _instant_out_of(said: Any) -> datetime:
    """SQLite has text, PostgreSQL an instant in the zone of the connection."""
    at = datetime.fromisoformat(said) if isinstance(said, str) else said
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def past_its_index(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column's own value in words that no index answers, where SQLite would take the wide index and not the narrow one."""
    return sa.func.coalesce(column, column)


def by_name(*columns: sa.Column[Any]) -> dict[str, sa.BindParameter[Any]]:
    """Column name → a value bound under that name and with the column's type, for `values(…)`."""
    return {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
