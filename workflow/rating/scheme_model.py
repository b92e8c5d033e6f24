"""The scheme's model as a tree of keys: what the reference, the JSON Schema and the hints of `scheme check` walk along.

A key has a dotted path without numbers: `level.min`, `stage.but.owner`, and `phase.*.due` where the file chooses a name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import TypeAdapter, WithJsonSchema
from pydantic.fields import FieldInfo

from workflow.rating.scheme_places import Path
from workflow.rating.scheme_tables import Scheme
from workflow.rating.scheme_values import Closed

CHOSEN = "*"
"""Stands in a dotted path for a name that the file chooses."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the model. `model` is the table in which it stands, `below` the table that it holds, if it holds one."""

    path: str
    model: type[Closed]
    field: FieldInfo
    below: type[Closed] | None
    repeated: bool  # a list of tables
    named: bool  # tables under names that the file chooses
    kinds: tuple[str, ...] = ()  # of stages that have this key; empty where every one has it

    @property
    def table(self) -> str:
        return self.path.rpartition(".")[0]

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def required(self) -> bool:
        return self.field.is_required()


@cache
def entries() -> Mapping[str, Entry]:
    """Every key by its path, in the order of the model; a table stands before what is in it."""
    return {entry.path: entry for entry in _entries(Scheme, "")}


def dotted(path: Path) -> str | None:
    """The dotted path of a place in a file; None where the model has no such key."""
    said = ""
    for part in path:
        if isinstance(part, int):
            continue
        entry = entries().get(said)
        step = CHOSEN if entry is not None and entry.named else part
        said = f"{said}.{step}" if said else step
    return said if said in entries() or (said.endswith(f".{CHOSEN}") and said[:-2] in entries()) else None


@cache
def keys_of(table: str) -> tuple[str, ...]:
    """The keys that a table has; the empty path is the file."""
    return tuple(entry.key for entry in entries().values() if entry.table == table)


def kinds() -> tuple[type[Closed], ...]:
    """The models of a `[[stage]]`, one per kind."""
    return _tables_in(Scheme.model_fields["stage"])


@cache
def reader_of(model: type[Closed], key: str) -> TypeAdapter[Any]:
    """Reads one key's value as the model would."""
    field = model.model_fields[key]
    said: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(said)


def _entries(model: type[Closed], above: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        yield from _entry(model, f"{above}.{name}" if above else name, field)


def _entry(model: type[Closed], path: str, field: FieldInfo) -> Iterator[Entry]:
    tables, origin = _tables_in(field), get_origin(_bare(field.annotation))
    below = tables[0] if tables else None
    named = origin is not None and isinstance(origin, type) and issubclass(origin, Mapping)
    yield Entry(path, model, field, below, repeated=origin is tuple, named=named)
    if len(tables) > 1:
        yield from _entries_of_kinds(tables, path)
    elif below is not None:
        yield from _entries(below, f"{path}.{CHOSEN}" if named else path)


def _entries_of_kinds(tables: tuple[type[Closed], ...], path: str) -> Iterator[Entry]:
    """The keys of several models side by side; one that only some of them offer names their kinds."""
    names = dict.fromkeys(name for table in tables for name in table.model_fields)
    for name in names:
        having = [table for table in tables if name in table.model_fields and offered(table.model_fields[name])]
        own = tuple(str(t.model_fields["kind"].default) for t in having) if len(having) < len(tables) else ()
        first = having[0]
        for entry in _entry(first, f"{path}.{name}", first.model_fields[name]):
            yield Entry(entry.path, entry.model, entry.field, entry.below, entry.repeated, entry.named, own)


def offered(field: FieldInfo) -> bool:
    """Not one of those keys that a kind only has in order to refuse it."""
    return not any(isinstance(m, WithJsonSchema) and m.json_schema == {"not": {}} for m in field.metadata)


def _tables_in(field: FieldInfo) -> tuple[type[Closed], ...]:
    return tuple(dict.fromkeys(_closed(field.annotation)))


def _closed(annotation: Any) -> Iterator[type[Closed]]:
    if isinstance(annotation, type) and issubclass(annotation, Closed):
        yield annotation
    for inner in get_args(annotation):
        yield from _closed(inner)


def _bare(annotation: Any) -> Any:
    """Without `Annotated` and without `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        some = [one for one in get_args(annotation) if one is not type(None)]
        return _bare(some[0]) if len(some) == 1 else annotation
    return annotation
