"""Statements that are put into SQL once and then run as they are: for what a decision reads and writes.

A Core statement costs more to prepare than SQLite needs to answer it. These go to the driver with the same types in both
directions, one row or a thousand alike, and fail with the same errors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from storage.database import Transaction

Process = Callable[[Any], Any] | None


class Statement:
    """A Core statement whose values are all bound by name. It may be used by many threads."""

    def __init__(self, clause: Any) -> None:
        self._clause = clause
        self._spoken: dict[str, _Spoken] = {}

    def rows(self, tx: Transaction, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row that a select finds."""
        spoken = self._for(tx)
        with _cursor(tx, spoken) as cursor:
            cursor.execute(spoken.sql, spoken.bound(values))
            return [spoken.read(row) for row in cursor.fetchall()]

    def run(self, tx: Transaction, *rows: Mapping[str, Any]) -> int:
        """Writes once for every row; returns how many rows of the table were written."""
        if not rows:
            return 0
        spoken = self._for(tx)
        with _cursor(tx, spoken) as cursor:
            if len(rows) == 1:
                cursor.execute(spoken.sql, spoken.bound(rows[0]))
            else:
                cursor.executemany(spoken.sql, [spoken.bound(values) for values in rows])
            return int(cursor.rowcount)

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
        self._names: Sequence[str] = compiled.positiontup or ()
        processes = {
            (name, bind): bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        self._binds = tuple((name, process) for (name, bind), process in processes.items() if bind.required)
        self._constant = {
            name: process(bind.effective_value) if process else bind.effective_value
            for (name, bind), process in processes.items()
            if not bind.required
        }
        columns = clause.selected_columns if isinstance(clause, sa.Select) else ()
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)

    def bound(self, values: Mapping[str, Any]) -> Any:
        said = {name: values[name] if process is None else process(values[name]) for name, process in self._binds}
        said |= self._constant
        return tuple(said[name] for name in self._names) if self._names else said

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        said = list(row)
        for place, reader in self._readers:
            said[place] = reader(said[place])
        return tuple(said)


@contextmanager
def _cursor(tx: Transaction, spoken: _Spoken) -> Iterator[Any]:
    """The driver's own cursor, after what the session still held back; it fails as SQLAlchemy would have.

    So whoever retries or explains needs to know one kind of error only.
    """
    tx.flush()
    cursor = tx.connection.connection.cursor()
    try:
        yield cursor
    except spoken.error as error:
        dialect, raw = tx.connection.dialect, tx.connection.connection
        lost = dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
        if lost:
            tx.connection.invalidate(error)
        said = DBAPIError.instance(spoken.sql, None, error, spoken.error, connection_invalidated=lost, dialect=dialect)
        raise said from error
    finally:
        cursor.close()


def by_name(*columns: sa.Column[Any]) -> dict[str, sa.BindParameter[Any]]:
    """Column name → a value bound under that name and with the column's type, for `values(…)`."""
    return {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
