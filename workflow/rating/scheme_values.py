"""The values of a scheme file: exact numbers, dates of any year, periods, and the base of every table.

A value is checked where it is read, and the sentence says what was wrong with it. Numbers come as quoted text, because a
bare 0.1 in TOML is a binary float and 60 % of something must be exactly 60 %.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from workflow.engine.deadlines import FIXED, AfterEntry, BeforeDue, DateRule, FixedDate, parse_date_rule, parse_length
from workflow.engine.errors import BadInput

NUMBER = r"-?[0-9]{1,9}(\.[0-9]{1,6})?"
RATIO = r"[0-9]{1,9}(/[1-9][0-9]{0,8})?"
FIXED_HINT = "应如“06-05”“01-15 next year”“06-30 in 2 years”"
DUE_HINT = "应如“06-05”“01-15 next year”“+30 days”“+10 workdays”"

Role = Literal["organisation", "superior", "department", "committee", "city"]
Operator = Literal["<", "<=", ">", ">="]


class Closed(BaseModel):
    """A table of the file: no unknown key, no conversion, no change after reading."""

    # The whole is built once (scheme_tables.py) and not every table of it for itself: that halves what an import costs.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Cite(Closed):
    """Where a rule comes from: its number and the original words; pieces that are not adjacent are joined by …"""

    rule: str = ""
    text: str = ""
    page: Annotated[str, Field(description="页码或段落 · page or paragraph")] = ""
    url: Annotated[str, Field(description="原文地址 · address of the original")] = ""
    note: Annotated[str, Field(description="这样处理的理由 · why it is read like this")] = ""

    @property
    def pieces(self) -> tuple[str, ...]:
        return tuple(piece for piece in self.text.split("…") if piece)


class Cited(Closed):
    """A table of rules: it must say where it comes from."""

    cite: Cite


def exact(value: object, *, pattern: str, like: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)}应写成带引号的数,如{like}")
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{shown(value)}不是数,应如{like}")
    return value


def to_decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value  # made by the scheme itself, from a number that was checked
    return Decimal(exact(value, pattern=NUMBER, like='"89.5"'))


def to_ratio(value: object) -> Fraction:
    ratio = Fraction(exact(value, pattern=RATIO, like='"4/5"'))
    if ratio > 1:
        raise ValueError(f"{shown(value)}大于1,比例应在0与1之间")
    return ratio


def day_of_year(text: str) -> str:
    """MM-DD."""
    rule = date_rule(text, hint="应如“06-05”")
    if not isinstance(rule, FixedDate) or rule.years:
        raise ValueError(f"{shown(text)}不是一年中的某一天,应如“06-05”")
    return text


def fixed_day(text: str) -> str:
    """A day of the campaign's year, or of a later one."""
    if not isinstance(date_rule(text, hint=FIXED_HINT), FixedDate):
        raise ValueError(f"{shown(text)}不是某一年的某一天,{FIXED_HINT}")
    return text


def due_rule(text: str) -> str:
    """When something is due: a day, a day of the next year, or a length after the entry."""
    if isinstance(date_rule(text, hint=DUE_HINT), BeforeDue):
        raise ValueError(f"{shown(text)}从截止日倒推,不能用作截止日")
    return text


def target_rule(text: str) -> str:
    """When something should be done: as a due date, or a length before it."""
    date_rule(text, hint=f"{DUE_HINT}“due -20 days”")
    return text


def length_after(text: str) -> str:
    if not isinstance(date_rule(text, hint="应如“+30 days”或“+2 workdays”"), AfterEntry):
        raise ValueError(f"{shown(text)}不是期限,应如“+30 days”或“+2 workdays”")
    return text


def length_of_time(text: str) -> str:
    try:
        parse_length(text)
    except BadInput:
        raise ValueError(f"{shown(text)}不是时长,应如“7 days”或“10 workdays”") from None
    return text


def date_rule(text: str, *, hint: str) -> DateRule:
    """The engine reads dates; here is said what was wrong. A date that only does not exist needs no lesson in writing."""
    try:
        return parse_date_rule(text)
    except BadInput:
        raise ValueError(f"{shown(text)}不是日期" + ("" if FIXED.fullmatch(text) else f",{hint}")) from None


def listed(value: object) -> tuple[object, ...]:
    """One value may be written without the brackets of a list."""
    return value if isinstance(value, tuple) else (value,)


def not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise ValueError("列表是空的,至少写一项")
    return value


def shown(value: object) -> str:
    """A value as it stands in the file, cut to a length that a sentence can bear."""
    if isinstance(value, (tuple, dict)):
        return "列表" if isinstance(value, tuple) else "表"
    return f"“{str(value).lower() if isinstance(value, bool) else str(value)[:40]}”"


Number = Annotated[Decimal, BeforeValidator(to_decimal), WithJsonSchema({"type": "string", "pattern": f"^{NUMBER}$"})]
Amount = Annotated[Number, Field(ge=0)]
Ratio = Annotated[Fraction, BeforeValidator(to_ratio), WithJsonSchema({"type": "string", "pattern": f"^{RATIO}$"})]
Day = Annotated[str, AfterValidator(day_of_year)]
Fixed = Annotated[str, AfterValidator(fixed_day)]
Due = Annotated[str, AfterValidator(due_rule)]
Target = Annotated[str, AfterValidator(target_rule)]
After = Annotated[str, AfterValidator(length_after)]
Length = Annotated[str, AfterValidator(length_of_time)]
Count = Annotated[int, Field(ge=0)]
Word = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
"""A name within the file: what formulas, quotas and counters are called."""
Points = Mapping[Word, Amount]
