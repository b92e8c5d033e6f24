"""A scheme file: TOML → frozen `Scheme`, or every fault at once, each with its line and its path.

Faults come in classes, because a later class cannot be judged before the earlier one is clean: the file, its syntax,
its keys and values, then what the tables say about each other (and, in `procedure.py`, the shape of the procedure).
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from workflow.engine.errors import Faulty, Unknown
from workflow.rating.scheme_faults import Fault, citation_faults, faults_of
from workflow.rating.scheme_places import Places, places_in
from workflow.rating.scheme_stages import AnyStage, But, Condition, Stage, when_of
from workflow.rating.scheme_tables import (
    Absence,
    Bonus,
    Criterion,
    Deduction,
    Election,
    Level,
    Phase,
    Quota,
    Rung,
    Satisfaction,
    Scheme,
    Survey,
    Tariff,
    Threshold,
    Track,
)
from workflow.rating.scheme_values import Cite, Role
from workflow.rating.scheme_words import path_of, sentence_of

__all__ = [
    "Absence",
    "AnyStage",
    "Bonus",
    "But",
    "Cite",
    "Condition",
    "Criterion",
    "Deduction",
    "Election",
    "Level",
    "Phase",
    "Quota",
    "Role",
    "Rung",
    "Satisfaction",
    "Scheme",
    "Stage",
    "Survey",
    "Tariff",
    "Threshold",
    "Track",
    "check_citations",
    "load",
    "load_bytes",
    "when_of",
]

LIMIT = 1_000_000
"""Bytes. A scheme is a page of text; what is larger is not a scheme."""


def load(text: str, *, name: str = "", source: Callable[[str], str] | None = None) -> Scheme:
    """Read a scheme from its text; see `load_bytes`."""
    return load_bytes(text.encode(), name=name, source=source)


def load_bytes(data: bytes, *, name: str = "", source: Callable[[str], str] | None = None) -> Scheme:
    """Read a scheme; Faulty with all faults of the first class that has any.

    With `name`, the scheme must call itself so. With `source` (the name of an original text → the text), its citations
    are compared with the original; a scheme that a campaign has pinned is read without.
    """
    text = _text(data)
    said = _parsed(text)
    places = places_in(text, said)
    scheme = _validated(said, places)
    scheme._hash, scheme._places = sha256(data).hexdigest(), places
    _refuse(places, (*_name_faults(scheme, name), *faults_of(scheme), *_source_faults(scheme, source)))
    return scheme


def check_citations(scheme: Scheme, text: str) -> tuple[str, ...]:
    """Every quotation that does not stand in the original text, each with its place."""
    return tuple(f"{scheme.place(*path)}: {sentence}" for path, sentence in citation_faults(scheme, text))


# --- the file and its syntax ------------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    if len(data) > LIMIT:
        raise Faulty((f"方案文件有{len(data) / LIMIT:.1f} MB,超过{LIMIT // 1_000_000} MB的上限",))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Faulty((f"第{line}行: 不是UTF-8编码的文字",)) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Faulty((_syntax_fault(str(error)),)) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the hundred
        raise Faulty(("不是TOML格式: 数字过长或嵌套过深",)) from None


def _syntax_fault(error: str) -> str:
    """The parser's words keep their English, its place is said as everywhere."""
    words, _, at = error.rpartition(" (at ")
    place = re.fullmatch(r"line ([0-9]+), column ([0-9]+)\)", at)
    return (
        f"第{place[1]}行第{place[2]}列: 不是TOML格式({words})" if place else f"文件末尾: 不是TOML格式({words or error})"
    )


# --- keys and values --------------------------------------------------------------------------------------------------


def _validated(said: dict[str, Any], places: Places) -> Scheme:
    try:
        return Scheme.model_validate(_tuples(said), context=_domains(said))
    except ValidationError as errors:
        faults = ((path_of(error["loc"], said), sentence_of(error)) for error in errors.errors(include_url=False))
        raise Faulty(_sentences(places, faults)) from None


def _tuples(said: Any) -> Any:
    """Lists become tuples, so that nothing in a scheme can change."""
    if isinstance(said, Mapping):
        return {key: _tuples(value) for key, value in said.items()}
    return tuple(_tuples(value) for value in said) if isinstance(said, list) else said


def _domains(said: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """What a condition may name: declared in the same file, so known only when it is read.

    A declaration that is itself wrong gives no domain: one slip is reported once.
    """
    procedure, levels, fields = said.get("procedure"), said.get("level"), said.get("fields", {})
    routes = procedure.get("routes") if isinstance(procedure, Mapping) else None
    stars = tuple(lv.get("star") for lv in levels if isinstance(lv, Mapping)) if isinstance(levels, list) else ()
    domains = {"route": tuple(routes)} if isinstance(routes, Mapping) else {}
    domains |= {"field": tuple(fields)} if isinstance(fields, Mapping) else {}
    return domains | ({"star": stars, "proposed": stars} if all(type(s) is int and s >= 0 for s in stars) else {})


# --- between the tables -----------------------------------------------------------------------------------------------


def _name_faults(scheme: Scheme, name: str) -> tuple[Fault, ...]:
    if name and name != scheme.name:
        return ((("scheme", "name"), f"“{scheme.name}”与文件名“{name}”不一致"),)
    return ()


def _source_faults(scheme: Scheme, source: Callable[[str], str] | None) -> tuple[Fault, ...]:
    if source is None or not scheme.scheme.text:
        return ()
    try:
        return citation_faults(scheme, source(scheme.scheme.text))
    except Unknown:
        return ((("scheme", "text"), f"没有“{scheme.scheme.text}”这份原文"),)


def _refuse(places: Places, faults: tuple[Fault, ...]) -> None:
    if faults:
        raise Faulty(_sentences(places, faults))


def _sentences(places: Places, faults: Iterable[Fault]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{places.of(path)}: {sentence}" for path, sentence in faults))
