"""A scheme as far as it could be read, so that one slip of the pen does not hide the faults behind it.

What could not be read is replaced by `UNREAD`: a question between the tables that touches it is put off, every other one
is asked. So a check names all faults at once, and none that only follows from another.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NoReturn

from pydantic import ValidationError

from workflow.rating.scheme_keys import key_of
from workflow.rating.scheme_model import dotted, reader_of
from workflow.rating.scheme_places import Path, Places
from workflow.rating.scheme_tables import Scheme
from workflow.rating.scheme_values import Closed


class NotRead(Exception):
    """A question touched a value that could not be read."""


class Unread:
    """Stands for such a value; it has no value to compare or count with, only a mark to be shown."""

    def _wait(self, *_: object) -> NoReturn:
        raise NotRead

    def __getattr__(self, name: str) -> NoReturn:
        raise NotRead

    def __eq__(self, other: object) -> bool:
        raise NotRead

    def __hash__(self) -> int:
        raise NotRead

    def __bool__(self) -> bool:
        raise NotRead

    def __iter__(self) -> Iterator[Any]:
        raise NotRead

    def __str__(self) -> str:
        return "?"

    def __format__(self, spec: str) -> str:
        return "?"

    __len__ = __getitem__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _wait
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _wait


UNREAD = Unread()


def tuples(said: Any) -> Any:
    """Lists become tuples, so that nothing in a scheme can change."""
    if isinstance(said, Mapping):
        return {key: tuples(value) for key, value in said.items()}
    return tuple(tuples(value) for value in said) if isinstance(said, list) else said


def partial_scheme(
    said: Mapping[str, Any], wrong: Iterable[Path], context: Mapping[str, Any], places: Places
) -> Scheme:
    """The scheme with `UNREAD` at every wrong path, or for the whole table where the rest of it cannot be read alone."""
    paths = tuple(wrong)
    tables: dict[str, Any] = {}
    for name in Scheme.model_fields:
        its = [path for path in paths if path[0] == name]
        if name in said or its:
            tables[name] = _table(name, said, its, context)
    scheme = Scheme.model_construct(**tables)
    scheme._hash, scheme._places = "", places
    return scheme


def _table(name: str, said: Mapping[str, Any], wrong: list[Path], context: Mapping[str, Any]) -> Any:
    mended = {name: deepcopy(said[name])} if name in said else {}
    stood_in = [_stood_in(mended, path) for path in wrong]
    if not all(stood_in) or name not in mended:
        return UNREAD
    try:
        read = reader_of(Scheme, name).validate_python(tuples(mended[name]), context=context)
    except ValidationError:
        return UNREAD
    for path in wrong:
        _mark(read, path[1:])
    return read


def _stood_in(mended: dict[str, Any], path: Path) -> bool:
    """Put the reference's example where the wrong value stands, or take out a key that there is not; False if neither."""
    holder = _at(mended, path[:-1])
    if not isinstance(holder, dict) or not path[1:]:
        return False
    known = dotted(path)
    key = key_of(known) if known else None
    if known is None:
        holder.pop(path[-1], None)
    elif key is None or not key.example:
        return False
    else:
        holder[str(path[-1])] = tomllib.loads(f"key = {key.example}")["key"]
    return True


def _mark(read: Any, path: Path) -> None:
    holder = _at(read, path[:-1])
    if isinstance(holder, Closed) and path[-1] in type(holder).model_fields:
        holder.__dict__[str(path[-1])] = UNREAD


def _at(here: Any, path: Path) -> Any:
    for part in path:
        if isinstance(part, int):
            within = isinstance(here, (list, tuple)) and part < len(here)
            here = here[part] if within else None
        else:
            here = here.get(part) if isinstance(here, Mapping) else getattr(here, part, None)
    return here
