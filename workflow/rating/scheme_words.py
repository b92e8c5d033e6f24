"""The faults that pydantic finds in a scheme file, said in Chinese and placed in the file as it was written."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from workflow.rating.scheme_places import Path
from workflow.rating.scheme_values import shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

NO_SUCH_KEY = "没有这个键"
MISSING = "缺少这个键"

FaultWords = Callable[[Any, Mapping[str, Any]], str]
"""(value as written, pydantic's context) → the sentence."""


def sentence_of(error: "ErrorDetails") -> str:
    """One sentence; a kind of error that has no sentence here is quoted in pydantic's words."""
    words = SENTENCES.get(error["type"])
    if words is None:
        return f"{shown(error['input'])}不合要求({error['msg']})"
    return words(error["input"], error.get("ctx", {}))


def path_of(location: tuple[str | int, ...], said: Mapping[str, Any]) -> Path:
    """Pydantic's location as a path of the file: without the tag of a stage's kind and the list around a single value."""
    path: Path = ()
    here: Any = said
    for n, part in enumerate(location):
        is_tag = location[0] == "stage" and n == 2
        is_wrapping = isinstance(part, int) and not isinstance(here, list)
        if not (is_tag or is_wrapping or part == "[key]"):
            path += (part,)
            here = _below(here, part)
    return path


def _below(here: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return here[part] if isinstance(here, list) and part < len(here) else None
    return here.get(part) if isinstance(here, Mapping) else None


def _one_of(value: Any, context: Mapping[str, Any]) -> str:
    known = "、".join(re.findall(r"'([^']*)'", str(context["expected"])))
    return f"{shown(value)}不在可选之列,只有{known}"


def _unknown_kind(_: Any, context: Mapping[str, Any]) -> str:
    if not context["tag"]:
        return "缺少name(环节名)"
    known = "、".join(re.findall(r"'([^']*)'", str(context["expected_tags"])))
    return f"没有{shown(context['tag'])}这一类环节,只有{known}"


SENTENCES: Mapping[str, FaultWords] = {
    "extra_forbidden": lambda value, context: NO_SUCH_KEY,
    "missing": lambda value, context: MISSING,
    "value_error": lambda value, context: str(context["error"]),
    "literal_error": _one_of,
    "union_tag_invalid": _unknown_kind,
    "string_type": lambda value, context: f"{shown(value)}应写成带引号的文字",
    "string_too_short": lambda value, context: "没有填写",
    "string_too_long": lambda value, context: f"{shown(value)}超过{context['max_length']}个字符",
    "string_pattern_mismatch": lambda value, context: f"{shown(value)}不是名称,只能用小写英文字母和下划线等",
    "int_type": lambda value, context: f"{shown(value)}应为不带引号的整数",
    "bool_type": lambda value, context: f"{shown(value)}应为true或false",
    "tuple_type": lambda value, context: f"{shown(value)}应为方括号里的列表",
    "model_type": lambda value, context: f"{shown(value)}应为一张表",
    "dict_type": lambda value, context: f"{shown(value)}应为一张表",
    "mapping_type": lambda value, context: f"{shown(value)}应为一张表",
    "too_short": lambda value, context: "是空的,至少写一项",
    "greater_than_equal": lambda value, context: f"{shown(value)}小于{context['ge']}",
    "less_than_equal": lambda value, context: f"{shown(value)}大于{context['le']}",
}
