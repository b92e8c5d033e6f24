"""How a key's value is written, in words: read from the model's own validators, so that words and checks cannot differ."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from workflow.rating import scheme_rules, scheme_stages, scheme_values
from workflow.rating.scheme_keys import choices_of
from workflow.rating.scheme_model import Entry
from workflow.rating.scheme_values import Closed

Said = tuple[str, str]
"""The same in Chinese and in English."""

BY_VALIDATOR: Mapping[Callable[..., Any], Said] = {
    scheme_values.to_decimal: ("带引号的数", "quoted number"),
    scheme_values.to_ratio: ("带引号的分数", "quoted fraction"),
    scheme_values.day_of_year: ("月-日", "MM-DD"),
    scheme_values.due_rule: ("日期", "date"),
    scheme_values.target_rule: ("日期或截止前的时长", "date, or length before the due"),
    scheme_values.length_after: ("之后的时长", "length after"),
    scheme_values.length_of_time: ("时长", "length of time"),
    scheme_stages.named: ("环节名或其列表", "stage, or list of stages"),
    scheme_rules.real_day: ("年-月-日", "YYYY-MM-DD"),
}
"""What a validator demands, where the plain type does not say it."""


def type_of(entry: Entry) -> Said:
    if entry.below is not None and entry.named:
        return "以自定名称命名的表", "tables under names of your own"
    if entry.below is not None:
        return ("几张表", "list of tables") if entry.repeated else ("表", "table")
    return _said(entry.field.annotation, tuple(entry.field.metadata))


def default_of(field: FieldInfo) -> str:
    """As it would be written in the file; a dash where there is none, `!` where the key must be written."""
    if field.is_required():
        return "!"
    value = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]
    return written(value) or "–"


def written(value: Any) -> str:
    """A value as TOML has it; empty for what is not there. Tables have no line of their own."""
    match value:
        case None | "" | () | Mapping() | Closed():
            return ""
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case tuple():
            return f"[{', '.join(map(written, value))}]"
        case date():
            return value.isoformat()
    return f'"{value}"'


def _said(annotation: Any, metadata: tuple[Any, ...]) -> Said:
    for one in metadata:
        if isinstance(one, (AfterValidator, BeforeValidator)) and (known := BY_VALIDATOR.get(one.func)):
            return known
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _said(inner[0], (*metadata, *inner[1:]))
    if origin is Literal:
        choices = " / ".join(f"`{written(choice)}`" for choice in choices_of(annotation))
        return choices, choices
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _of("表:名称 = {}", "table: name = {}", _said(inner[1], ()))
    if origin is tuple:
        return _of("列表:{}", "list of {}", _said(inner[0], ()))
    if origin is not None:
        return _said(next(part for part in inner if part is not type(None)), metadata)
    return PLAIN.get(annotation, ("值", "value"))


def _of(zh: str, en: str, inner: Said) -> Said:
    return zh.format(inner[0]), en.format(inner[1])


PLAIN: Mapping[Any, Said] = {
    str: ("文字", "text"),
    int: ("整数", "whole number"),
    bool: ("true 或 false", "true or false"),
    date: ("年-月-日", "YYYY-MM-DD"),
}
