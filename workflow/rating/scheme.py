"""A scheme file: TOML → frozen `Scheme`, or every fault at once, each with its line and its path.

A file that is no TOML has one fault. Otherwise keys and values are judged, then what the tables say about each other as
far as they could be read (and, in `procedure.py`, the shape of the procedure).
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from workflow.engine.errors import Faulty, Unknown
from workflow.rating.scheme_afterwards import Rung, Track
from workflow.rating.scheme_asking import Survey
from workflow.rating.scheme_examples import example_faults
from workflow.rating.scheme_faults import Fault, as_far_as_read, citation_faults, faults_of
from workflow.rating.scheme_findings import Finding, findings_of
from workflow.rating.scheme_partial import partial_scheme, tuples
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
    Satisfaction,
    Scheme,
    Tariff,
    Threshold,
)
from workflow.rating.scheme_unknown import with_assumptions
from workflow.rating.scheme_values import Cite, Role
from workflow.rating.scheme_what_if import with_settings
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
    "examine",
    "load",
    "load_bytes",
    "when_of",
]

LIMIT = 1_000_000
"""Bytes. A scheme is a page of text; what is larger is not a scheme."""
MOST_LINES, LONGEST_LINE = 4_000, 4_000
"""So that even the worst file of that size is answered at once: TOML can be written to take minutes to read."""


def load(text: str, *, name: str = "", source: Callable[[str], str] | None = None) -> Scheme:
    """Read a scheme from its text; see `load_bytes`."""
    return load_bytes(text.encode(), name=name, source=source)


def load_bytes(
    data: bytes, *, name: str = "", source: Callable[[str], str] | None = None, settings: tuple[str, ...] = ()
) -> Scheme:
    """Read a scheme; Faulty with all its faults.

    With `name`, the scheme must call itself so. With `source` (the name of an original text → the text), its citations
    are compared with the original; a scheme that a campaign has pinned is read without. With `settings` (what if?) it is
    read as if it said them; its own samples are not asked then.
    """
    scheme, findings = examine(data, name=name, source=source, settings=settings)
    if findings or scheme is None:
        raise Faulty(map(str, findings))
    return scheme


def examine(
    data: bytes, *, name: str = "", source: Callable[[str], str] | None = None, settings: tuple[str, ...] = ()
) -> tuple[Scheme | None, tuple[Finding, ...]]:
    """The scheme and all its faults. With faults the scheme is good for looking at only, or is not there at all."""
    try:
        text = _text(data)
        said = with_settings(_parsed(text), settings)
    except Unreadable as unreadable:
        return None, (unreadable.finding,)
    places = places_in(text, said)
    whole, undecided, missing = with_assumptions(said)
    scheme, wrong = _read(whole, places)
    wrong = (*missing, *(fault for fault in wrong if fault[0] not in {path for path, _ in missing}))
    if not wrong:
        digest = sha256("\0".join((*settings, "")).encode() + data).hexdigest()
        scheme._hash, scheme._places, scheme._undecided = digest, places, undecided
    between = (partial(_name_faults, name), faults_of, partial(_source_faults, source))
    faults = (*wrong, *(fault for check in between for fault in as_far_as_read(check, scheme)))
    faults = faults or (() if settings else tuple(example_faults(scheme)))
    return scheme, findings_of(places, faults)


def check_citations(scheme: Scheme, text: str) -> tuple[str, ...]:
    """Every quotation that does not stand in the original text, each with its place."""
    return tuple(f"{scheme.place(*path)}: {sentence}" for path, sentence in citation_faults(scheme, text))


# --- the file and its syntax ------------------------------------------------------------------------------------------


class Unreadable(Exception):
    """Not even the file's syntax could be read; nothing else can be asked of it."""

    def __init__(self, text: str, place: str = "", line: int | None = None, column: int | None = None) -> None:
        self.finding = Finding(place, text, line, column)


def _text(data: bytes) -> str:
    if len(data) > LIMIT:
        raise Unreadable(f"方案文件有{len(data) / LIMIT:.1f} MB,超过{LIMIT // 1_000_000} MB的上限")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable("不是UTF-8编码的文字", f"第{line}行", line) from None
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise Unreadable(f"方案文件有{len(lines)}行,超过{MOST_LINES}行的上限")
    for number, line_text in enumerate(lines, 1):
        if len(line_text) > LONGEST_LINE:
            raise Unreadable(f"有{len(line_text)}个字符,超过一行{LONGEST_LINE}个的上限", f"第{number}行", number)
    return text


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_fault(str(error)) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the hundred
        raise Unreadable("数字过长或嵌套过深", "不是TOML格式") from None


def _syntax_fault(error: str) -> Unreadable:
    """The parser's words keep their English, its place is said as everywhere."""
    words, _, at = error.rpartition(" (at ")
    place = re.fullmatch(r"line ([0-9]+), column ([0-9]+)\)", at)
    if place is None:
        return Unreadable(f"不是TOML格式({words})", "文件末尾")
    line, column = int(place[1]), int(place[2])
    return Unreadable(f"不是TOML格式({words})", f"第{line}行第{column}列", line, column)


# --- keys and values --------------------------------------------------------------------------------------------------


def _read(said: dict[str, Any], places: Places) -> tuple[Scheme, tuple[Fault, ...]]:
    """The scheme with the faults of its keys and values; with any, it is only as good as could be read."""
    context = domains(said)
    try:
        return Scheme.model_validate(tuples(said), context=context), ()
    except ValidationError as errors:
        found = errors.errors(include_url=False)
    wrong = tuple((path_of(error["loc"], said), sentence_of(error)) for error in found)
    return partial_scheme(said, (path for path, _ in wrong), context, places), wrong


def domains(said: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
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


def _name_faults(name: str, scheme: Scheme) -> tuple[Fault, ...]:
    if name and name != scheme.name:
        return ((("scheme", "name"), f"“{scheme.name}”与文件名“{name}”不一致"),)
    return ()


def _source_faults(source: Callable[[str], str] | None, scheme: Scheme) -> tuple[Fault, ...]:
    if source is None or not scheme.scheme.text:
        return ()
    try:
        return citation_faults(scheme, source(scheme.scheme.text))
    except Unknown:
        return ((("scheme", "text"), f"没有“{scheme.scheme.text}”这份原文"),)
