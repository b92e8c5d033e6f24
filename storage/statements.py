"""Statements that are put into SQL once and then run as they are: for what a decision reads and writes.

A Core statement costs more to prepare than SQLite needs to answer it. These go to the driver with the same types in both
directions, one row or a thousand alike, and fail with the same errors.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.visitors import replacement_traverse
from sqlmodel.sql.sqltypes import UTCDateTime

from storage.database import Transaction, said_by_driver

Process = Callable[[Any], Any] | None
ROWS = "rows"


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

    def once(self, tx: Transaction, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The same; in a reading, where no answer changes, it is asked but once. The values can be hashed."""
        if not tx.reads:
            return self.rows(tx, values)
        asked = (self, *values.values())
        if asked not in tx.known:
            tx.known[asked] = self.rows(tx, values)
        found: list[tuple[Any, ...]] = tx.known[asked]
        return found

    def run(self, tx: Transaction, *rows: Mapping[str, Any]) -> int:
        """Writes once for every row; returns how many rows of the table were written."""
        if not rows:
            return 0
        spoken = self._for(tx)
        if len(rows) == 1:
            cursor = _said(tx, spoken, "execute", spoken.bound(rows[0]))
        elif spoken.of_many is not None:
            cursor = _said(tx, spoken.of_many, "execute", spoken.of_many.bound({ROWS: spoken.in_json(rows)}))
        else:
            cursor = _said(tx, spoken, "executemany", [spoken.bound(values) for values in rows])
        written = int(cursor.rowcount)
        cursor.close()
        return written

    def wrote(self, tx: Transaction, *rows: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Writes once for every row, in their order; what the statement returns of those that were written, as the driver has it."""
        spoken = self._for(tx)
        if len(rows) > 1 and spoken.of_many is not None:
            spoken, rows = spoken.of_many, ({ROWS: spoken.in_json(rows)},)
        cursors = (_said(tx, spoken, "execute", spoken.bound(values)) for values in rows)
        return [row for cursor in cursors for row in cursor.fetchall()]

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
        self._asked = tuple((name, process) for name, (bind, process) in binds.items() if bind.required)
        self._by_place = bool(compiled.positiontup)
        self._plan = tuple(
            (name, None if name in self._constant else binds[name][1]) for name in compiled.positiontup or binds
        )
        columns = clause.selected_columns if isinstance(clause, sa.Select) else ()
        readers = [_out_of(column.type, dialect) for column in columns]
        self.reads = tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)
        self._clause, self._dialect = clause, dialect

    def bound(self, values: Mapping[str, Any]) -> Any:
        if self._constant:
            values = {**values, **self._constant}
        if self._by_place:
            return [values[name] if process is None else process(values[name]) for name, process in self._plan]
        return {name: values[name] if process is None else process(values[name]) for name, process in self._plan}

    @cached_property
    def of_many(self) -> "_Spoken | None":
        """The statement that writes any number of rows at once, where there is one."""
        clause = _of_many(self._clause, self._dialect) if self._dialect.name == "postgresql" else None
        return None if clause is None else _Spoken(clause, self._dialect)

    def in_json(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """What a statement of many is given."""
        return _JSON([{n: values[n] if p is None else p(values[n]) for n, p in self._asked} for values in rows])

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


# ── many rows at once ────────────────────────────────────────────


def _of_many(clause: Any, dialect: sa.Dialect) -> Any:
    """The same for any number of rows that stand in one JSON text: PostgreSQL takes them up in a fraction of the time of one by one.

    None for an insert of VALUES, and for one that asks for values which JSON cannot say.
    """
    asked = {bind.key: bind.type for bind in clause.compile(dialect=dialect).bind_names if bind.required}
    of_values = isinstance(clause, sa.Insert) and clause.select is None
    if of_values or not all(_can_be_said(kind, dialect) for kind in asked.values()):
        return None
    said = sa.func.json_to_recordset(sa.cast(sa.bindparam(ROWS, type_=sa.Text), sa.JSON))
    columns = [sa.column(name, kind) for name, kind in asked.items()]
    given = said.table_valued(*columns).render_derived(name="given", with_types=True).c

    def taken_from_there(one: Any, **_: Any) -> Any:
        return given[one.key] if isinstance(one, sa.BindParameter) and one.required else None

    return replacement_traverse(clause, {}, taken_from_there)  # type: ignore[call-overload]


def _can_be_said(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> bool:
    own = kind.dialect_impl(dialect)
    return isinstance(getattr(own, "impl", own), SAID_IN_JSON)


SAID_IN_JSON = (sa.Integer, sa.String, sa.Boolean, sa.Date, sa.DateTime, sa.LargeBinary, sa.JSON)


def _written(value: Any) -> Any:
    """An instant, a day and bytes as PostgreSQL reads them; what the driver has wrapped, unwrapped."""
    match value:
        case date():
            return value.isoformat()
        case bytes():
            return f"\\x{value.hex()}"
    return value.obj


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_written).encode

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
        return _instant_of_text if dialect.name == "sqlite" else _instant_out_of
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _instant_out_of(said: datetime) -> datetime:
    """PostgreSQL has an instant in the zone of the connection."""
    return said.astimezone(UTC)


@lru_cache(maxsize=8192)
def _instant_of_text(said: str) -> datetime:
    """SQLite has text; a page names the same few instants many times."""
    at = datetime.fromisoformat(said)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def past_its_index(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column's own value in words that no index answers, where SQLite would take the wide index and not the narrow one."""
    return sa.func.coalesce(column, column)


def inserted(insert: Any, *columns: sa.Column[Any]) -> Any:
    """The insert of a row whose values are bound under the names of their columns, in words that hold for many rows too."""
    row = sa.select(*by_name(*columns).values()).where(sa.true())  # without a WHERE SQLite takes ON CONFLICT for a join
    return insert.from_select([column.name for column in columns], row)


def by_name(*columns: sa.Column[Any]) -> dict[str, sa.BindParameter[Any]]:
    """Column name → a value bound under that name and with the column's type, for `values(…)`."""
    return {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
