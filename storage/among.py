"""`column IN (these numbers)` for a `Statement`: one value however many they are, so that its SQL never changes."""

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class _Numbers(sa.types.TypeDecorator[Collection[int]]):
    """An array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(sa.BigInteger) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Collection[int] | None, dialect: sa.Dialect) -> Any:
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class among(sa.ColumnElement[bool]):  # reads like a function in a condition
    """The column is one of the numbers that are bound under this name."""

    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[Any], name: str) -> None:
        self.column = column
        self.numbers = sa.bindparam(name, type_=_Numbers())

    def self_group(self, against: Any = None) -> Any:
        """As it is: compared with 1, as SQLite's conditions are, no index would answer it."""
        return self


@compiles(among, "postgresql")
def _among_an_array(element: among, compiler: SQLCompiler, **how: Any) -> str:
    return f"{compiler.process(element.column, **how)} = ANY({compiler.process(element.numbers, **how)})"


@compiles(among, "sqlite")
def _among_json(element: among, compiler: SQLCompiler, **how: Any) -> str:
    said = compiler.process(element.numbers, **how)
    return f"{compiler.process(element.column, **how)} IN (SELECT value FROM json_each({said}))"
