"""Fields of a form, made from what an act must be told: the same description that the API documents.

A field's name is its way into the data, "meeting.on"; what was typed goes back the same way, and what is wrong with it is said
beside the field that it is about.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starflow.web.pages.posted import Form
from workflow.engine.errors import Reason
from workflow.rating.scheme import Scheme

Faults = tuple[tuple[str, str], ...]

LABELS: Mapping[str, tuple[str, str]] = {
    "head": ("负责人", "对申报负责的人"),
    "members_due": ("应参加的党员数", "本组织自己统计的党员人数"),
    "target_star": ("争创几星", ""),
    "meeting.on": ("会议日期", ""),
    "meeting.attendees": ("参加人", "一行写一个"),
    "meeting.minutes": ("会议纪要", "写结论,不写个人意见"),
    "meeting.number": ("会议编号", "例如 市直工委〔2027〕3号"),
    "meeting.votes.present": ("到会人数", "表决时到会的委员;没有表决的,四项都不填"),
    "meeting.votes.in_favour": ("赞成", "赞成批准的票数"),
    "meeting.votes.against": ("反对", ""),
    "meeting.votes.abstained": ("弃权", ""),
    "star": ("星级", ""),
    "tellers": ("监票人", "两人,一行写一个;有纸质票的必填"),
    "paper.members_present": ("参加测评的党员数", ""),
    "paper.own_unit": ("本单位群众票数", ""),
    "paper.related_unit": ("服务对象票数", ""),
    "base": ("总分", "不逐项打分时填写"),
    "verification": ("核查方式", ""),
    "to": ("退回到", ""),
    "on": ("日期", ""),
    "place": ("张贴在哪里", ""),
    "content": ("内容", ""),
    "name": ("姓名", "可以不写"),
    "contact": ("联系方式", "可以不写"),
    "objection": ("异议编号", ""),
    "finding": ("核实结论", ""),
    "level": ("名额", ""),
    "number": ("超出几个", ""),
    "document": ("文号", "可以不写"),
    "reason": ("理由", "会记入流转记录"),
}
"""name → what it is called, and what helps to fill it in."""
SCORES = "scores"


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text, long, lines, day, number, score or one of `choices` (value, word)."""

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    most: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def fields_of(
    schema: Mapping[str, Any], scheme: Scheme, needs_reason: bool, titles: Mapping[str, str]
) -> tuple[Field, ...]:
    """Everything that an act must or may be told, in order."""
    found = list(_fields(schema, schema.get("$defs", {}), scheme, titles, ""))
    if needs_reason and all(field.name != "reason" for field in found):
        found.append(Field("reason", *LABELS["reason"], "long", True))
    return tuple(found)


def _fields(
    schema: Mapping[str, Any],
    defs: Mapping[str, Any],
    scheme: Scheme,
    titles: Mapping[str, str],
    at: str,
    wanted: bool = True,
) -> Iterator[Field]:
    """`wanted`: what stands here has to be said; a part that may be left out asks for nothing by itself."""
    required = set(schema.get("required", ())) if wanted else set()
    for name, one in schema.get("properties", {}).items():
        shape = _shape(one, defs)
        where = f"{at}{name}"
        if "properties" in shape:
            yield from _fields(shape, defs, scheme, titles, f"{where}.", wanted=wanted and "anyOf" not in one)
        elif name == SCORES:
            yield from _scores(scheme, name in required)
        elif name == "base" and "scores" in schema["properties"]:
            continue  # a page scores each criterion
        else:
            yield _field(where, name, shape, name in required, scheme, titles)


def _shape(one: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Behind references, and without the "or nothing" of what may be left out."""
    if "$ref" in one:
        found: Mapping[str, Any] = defs[one["$ref"].rpartition("/")[2]]
        return found
    options = [option for option in one.get("anyOf", ()) if option.get("type") != "null"]
    return _shape(options[0], defs) if options else one


def _scores(scheme: Scheme, required: bool) -> Iterator[Field]:
    for one in scheme.criterion:
        yield Field(f"{SCORES}.{one.code}", f"{one.code}. {one.title}", "", "score", required, most=str(one.max))


def _field(
    where: str, name: str, shape: Mapping[str, Any], required: bool, scheme: Scheme, titles: Mapping[str, str]
) -> Field:
    label, hint = LABELS.get(where) or _answer(where, scheme) or LABELS.get(name) or (name, "")
    if name in ("star", "target_star"):
        stars = tuple(
            (str(level.star), scheme.star_word(level.star)) for level in sorted(scheme.level, key=lambda one: -one.star)
        )
        return Field(where, label, hint, "choice", required, choices=stars)
    if name == "verification":
        return Field(where, label, hint, "choice", required, choices=tuple((v, v) for v in scheme.review.verification))
    if "enum" in shape:
        choices = tuple((str(value), _stage_word(str(value), titles)) for value in shape["enum"])
        return Field(where, label, hint, "choice", True, choices=choices)
    if shape.get("type") == "array":
        return Field(where, label, hint, "lines", required)
    if shape.get("format") == "date":
        return Field(where, label, hint, "day", required)
    if shape.get("type") == "integer":
        return Field(where, label, hint, "number", required)
    long = name in ("minutes", "content", "finding", "reason")
    return Field(where, label, hint, "long" if long else "text", required)


def _answer(where: str, scheme: Scheme) -> tuple[str, str] | None:
    """How often an answer was given on paper, as the scheme calls it."""
    word = scheme.survey.words.get(where.removeprefix("paper."))
    return (f"{word}票数", "") if word and where.startswith("paper.") else None


def _stage_word(value: str, titles: Mapping[str, str]) -> str:
    return titles.get(value) or next((t for n, t in titles.items() if n.rpartition(".")[2] == value), value)


# ── back into data ───────────────────────────────────────────────


def payload_of(fields: Sequence[Field], form: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, in the shape that the act takes; what was left empty is not said at all."""
    found: dict[str, Any] = {}
    for field in fields:
        text = form.get(field.name, "").strip()
        if text == "" or field.name == "reason":
            continue
        *way, last = field.name.split(".")
        place = found
        for step in way:
            place = place.setdefault(step, {})
        place[last] = _value(field, text)
    return found


def _value(field: Field, text: str) -> Any:
    """As the act's own model wants it; what is no number stays text, and the model says what is wrong."""
    if field.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    counts = field.kind == "number" or field.name.endswith("star")
    return int(text) if counts and re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else text


def empty_faults(fields: Sequence[Field], form: Mapping[str, str], say: Callable[..., str]) -> Faults:
    """What must be filled in and is not, each in a sentence."""
    return tuple(
        (field.name, say("请填写“%(what)s”", what=say(field.label)))
        for field in fields
        if field.required and not form.get(field.name, "").strip()
    )


def placed(fields: Sequence[Field], reasons: Sequence[Reason]) -> Faults:
    """Each sentence beside the field that it speaks of; what is about none stands at the first."""
    return tuple(_placed(fields, str(reason)) for reason in reasons)


def _placed(fields: Sequence[Field], text: str) -> tuple[str, str]:
    for field in sorted(fields, key=lambda one: -len(one.name)):
        score = re.match(r"第(\w+)项", text)
        if score and field.name == f"{SCORES}.{score[1]}":
            return field.name, text
        if re.search(rf"(?<![\w.]){re.escape(field.name)}(?![\w.])", text):
            return field.name, text.replace(field.name, f"“{field.label}”")
    return "act", text


def typed(fields: Sequence[Field], form: Form) -> tuple[tuple[str, str], ...]:
    """(label, text) of everything that was filled in, to be read again."""
    return tuple((field.label, text) for field in fields if (text := form.get(field.name, "")))
