"""A workshop that rates nothing: small stages, facts and tables for the engine."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from workflow.engine.table import Row, Table, Way


@dataclass(frozen=True)
class Piece:
    """The facts: a piece of work of a certain size, checked or not."""

    size: int = 0
    checked: bool = False
    parcels: int = 0

    def changed_by(self, fields: dict[str, Any]) -> "Piece":
        return replace(self, **fields)


@dataclass(frozen=True)
class Bench:
    """A stage; what is large is worked on by the master."""

    name: str
    ends: bool = False
    cite_rule: str | None = None

    def owner_of(self, facts: Piece) -> str:
        return "master" if facts.size > 1 else "apprentice"


@pytest.fixture
def piece() -> type[Piece]:
    return Piece


@pytest.fixture
def worlds() -> tuple[tuple[Piece, None], ...]:
    return tuple((Piece(size=size), None) for size in range(3))


@pytest.fixture
def table_of():
    """Stages by name (an end is written `done.`) and rows, as a table."""

    def build(names: str, *rows: Row, **more: Any) -> Table:
        stages = (Bench(name.rstrip("."), name.endswith("."), f"第{i}条") for i, name in enumerate(names.split(), 1))
        return Table(tuple(stages), rows, **more)

    return build


@pytest.fixture
def row():
    """`row("saw", "cut", "glue")`: at saw, cut leads to glue; a way with a condition is given as a Way."""

    def build(stage: str, trigger: str, *ways: str | Way, by: str = "owner", **more: Any) -> Row:
        return Row(stage, trigger, by, tuple(Way(w) if isinstance(w, str) else w for w in ways), **more)

    return build
