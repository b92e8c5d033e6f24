"""The shapes of answers as pydantic models, for the documentation only: made from the same dataclasses that the answers are
made of, so that neither can say what the other does not.
"""

from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from starflow.service.shapes import KEY

CLOSED = ConfigDict(extra="forbid")


@cache
def model_of(shape: type) -> type[BaseModel]:
    """The model of a dataclass: its keys as `shapes.plain` writes them, without what is only for people."""
    hints = get_type_hints(shape)
    named = {f.metadata.get(KEY, f.name): hints[f.name] for f in fields(shape)}
    members: dict[str, Any] = {key: (_typed(hint), ...) for key, hint in named.items() if key}
    return create_model(shape.__name__, __config__=CLOSED, __doc__=shape.__doc__, **members)


@cache
def page_of(shape: type, **also: type) -> type[BaseModel]:
    """The model of a list: `next` is there only where the list was cut; `also` is what stands beside the rows."""
    row: Any = model_of(shape)
    beside: dict[str, Any] = {key: (model_of(one) if is_dataclass(one) else one, ...) for key, one in also.items()}
    doc = "rows,以及被截断时用来续页的next"
    return create_model(
        f"{shape.__name__}Page", __config__=CLOSED, __doc__=doc, rows=(list[row], ...), next=(str, ""), **beside
    )


def _typed(hint: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return model_of(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Literal[tuple(member.value for member in hint)]
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple:
        return list[_typed(parts[0])]  # type: ignore[misc]
    if origin in (Union, UnionType):
        return Union[tuple(map(_typed, parts))]  # noqa: UP007 - there is no other way to build one
    if parts and origin is not Literal:
        return dict[str, Any]
    return hint
