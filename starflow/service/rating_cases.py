"""The use case behind `starflow rate FILE`: rating cases in, explained results out, and whether they agree.

A file is read as a whole or not at all: every fault is named with its case, and a number that was written without
quotes is refused, because it has been a binary float on the way.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from workflow.engine.errors import BadInput
from workflow.rating import shelf
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.scheme_values import shown
from workflow.rating.scheme_words import sentence_of
from workflow.rating.scoring import Election, Event, Rating, RatingInputs, Satisfaction, rate
from workflow.rating.wording import joined, plain


class StepShown(TypedDict):
    rule: str
    text: str
    effect: str


class Result(TypedDict):
    name: str
    total: str
    star: int
    steps: list[StepShown]
    agrees: bool | None


class Results(TypedDict):
    results: list[Result]


def rate_cases(text: str) -> Results:
    """Rates every case of a file; `agrees` is None where the case expects nothing."""
    cases = _read(text)
    scheme = _scheme(cases.scheme)
    ratings: list[Rating] = []
    faults: list[str] = []
    for case in cases.cases:
        try:
            ratings.append(rate(scheme, case.facts.inputs()))
        except BadInput as refusal:
            faults.extend(f"{case.name}:{reason.text}" for reason in refusal.reasons)
    if faults:
        raise BadInput(*faults)
    return {"results": [_result(case, rating) for case, rating in zip(cases.cases, ratings, strict=True)]}


def _result(case: "Case", rating: Rating) -> Result:
    return {
        "name": case.name,
        "total": plain(rating.total),
        "star": rating.star,
        "steps": [{"rule": step.rule, "text": step.text, "effect": step.effect} for step in rating.steps],
        "agrees": case.expect.agrees(rating) if case.expect else None,
    }


def _scheme(name: str) -> Scheme:
    if name not in shelf.scheme_names():
        raise BadInput(f"没有方案“{name[:60]}”,只有{joined(shelf.scheme_names())}")
    return load_bytes(shelf.scheme_bytes(name), name=name)


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(text: str) -> "Cases":
    try:
        said = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise BadInput(f"不是JSON:第{error.lineno}行第{error.colno}列读不下去") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the thousand
        raise BadInput("不是评定案例:数字过长或嵌套过深") from None
    if not isinstance(said, dict):
        raise BadInput("文件应是一个JSON对象,有scheme和cases两个键")
    try:
        return Cases.model_validate(said)
    except ValidationError as error:
        raise BadInput(*_sentences(error, said)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two equal keys win in silence."""
    said = dict(pairs)
    if len(said) < len(pairs):
        keys = [key for key, _ in pairs]
        raise BadInput(f"{shown(next(key for key in keys if keys.count(key) > 1))}写了两次")
    return said


def _sentences(error: ValidationError, said: dict[str, Any]) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
        sentence = "应为方括号里的列表" if fault["type"] == "list_type" else sentence_of(fault)
        yield f"{_case_name(fault['loc'], said)}{place}:{sentence}"


def _case_name(place: tuple[int | str, ...], said: dict[str, Any]) -> str:
    """The name of the case in which a fault lies, if it has one."""
    if len(place) < 3 or not isinstance(place[1], int):
        return ""
    name = said["cases"][place[1]].get("name")
    return f"案例“{name[:60]}”的" if isinstance(name, str) else ""


def _day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"{shown(value)}不是日期,应如“2027-06-03”")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{shown(value)}不是日期") from None


def _points(value: object) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise ValueError(f"{shown(value)}应写成带引号的数,如“89.5”")
    return Decimal(value)


Day = Annotated[date, BeforeValidator(_day)]
Points = Annotated[Decimal, BeforeValidator(_points)]
Heads = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EventSaid(Table):
    code: Text
    on: Day
    level: Text | None = None
    case: Text | None = None


class ElectionSaid(Table):
    due_on: Day
    held_on: Day | None = None
    extension: Literal["none", "requested", "approved", "refused"]


class SatisfactionSaid(Table):
    satisfied: Heads
    valid: Heads


class FactsSaid(Table):
    round: Text
    rated_on: Day
    base: Points
    events: list[EventSaid] = Field(default_factory=list)
    election: ElectionSaid | None = None
    satisfaction: SatisfactionSaid | None = None
    year: Annotated[int, Field(ge=1)] | None = None

    def inputs(self) -> RatingInputs:
        return RatingInputs(
            round=self.round,
            rated_on=self.rated_on,
            base=self.base,
            events=tuple(Event(**event.model_dump()) for event in self.events),
            election=Election(**self.election.model_dump()) if self.election else None,
            satisfaction=Satisfaction(**self.satisfaction.model_dump()) if self.satisfaction else None,
            year=self.year,
        )


class Expectation(Table):
    total: Points | None = None
    star: int | None = None

    def agrees(self, rating: Rating) -> bool:
        return self.total in (None, rating.total) and self.star in (None, rating.star)


class Case(Table):
    name: Text
    facts: FactsSaid
    expect: Expectation | None = None


class Cases(Table):
    scheme: Text
    cases: list[Case]
