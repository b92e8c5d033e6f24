"""What a request brings: one JSON object, read once, refused in sentences.

Whatever no database could keep (a character without a code, a number beyond its columns) is refused here, for every act alike;
what an act's data must be is judged where it is decided, by the same words as everywhere.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from starflow.web.problems import sentences
from workflow.engine.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)
LARGEST = 2**31 - 1
LONGEST_REASON = 4000
MAX_BODY = 1 << 20
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[\d:.,Z+ -]*", re.ASCII | re.IGNORECASE)
YEARS = range(1900, 2201)
"""Days far outside would be stored, and break every list whose ladder counts on from them."""


async def raw_body(request: Request) -> bytes:
    """Counted as it arrives: what it says of its own length need not be true."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY:
            raise HTTPException(413)
    return bytes(received)


RawBody = Annotated[bytes, Depends(raw_body)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The body of an act: the payload's own keys, and beside them the two that every act takes."""

    payload: Mapping[str, Any]
    reason: str
    expected_version: int | None


def read_act(raw: bytes, *, reason_is_data: bool) -> Asked:
    """`reason_is_data`: the payload itself has a key `reason` too. Raises BadInput."""
    body = read_object(raw)
    reason, version = body.get("reason"), body.pop("expected_version", None)
    if not reason_is_data:
        body.pop("reason", None)
    if reason is not None and not isinstance(reason, str):
        raise BadInput("reason应为文字")
    if reason is not None and len(reason) > LONGEST_REASON:
        raise BadInput(f"reason最多{LONGEST_REASON}个字")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 0):
        raise BadInput("expected_version应为不小于零的整数")
    return Asked(payload=body, reason=reason or "", expected_version=version)


def read_model(raw: bytes, model: type[Model]) -> Model:
    """Raises BadInput, one sentence for each fault."""
    try:
        return model.model_validate(read_object(raw))
    except ValidationError as error:
        raise BadInput(*sentences(error.errors())) from None


def read_object(raw: bytes) -> dict[str, Any]:
    """An empty body is an empty object. Raises BadInput."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
        _check(found)
    except UnicodeDecodeError:
        raise BadInput("请求的内容不是UTF-8编码") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"请求的内容不是JSON:第{error.lineno}行第{error.colno}列读不下去") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested by the thousand
        raise BadInput("请求的内容不是JSON:数字过长或嵌套过深") from None
    if not isinstance(found, dict):
        raise BadInput('请求的内容应是一个JSON对象,例如 {"star": 5}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two equal keys win in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput("请求的内容里同一个键写了两次")
    return found


def _no_number(name: str) -> None:
    raise BadInput(f"{name}不是数")


def _check(value: Any) -> None:
    """Raises BadInput for what could not be stored."""
    match value:
        case str():
            _check_text(value)
        case bool() | None:
            return
        case int():
            if abs(value) > LARGEST:
                raise BadInput(f"整数不能超过{LARGEST}")
        case float():
            if not math.isfinite(value):
                raise BadInput("数字过大")
        case dict():
            for key, below in value.items():
                _check(key)
                _check(below)
        case list():
            for below in value:
                _check(below)


def _check_text(value: str) -> None:
    """Whatever is written as a day or an instant is meant as one; no act takes an instant."""
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadInput("文字里有不能保存的字符")
    if INSTANT.fullmatch(value):
        raise BadInput(f"“{value}”应写成日期,如2027-06-05,不带时刻")
    if DAY.fullmatch(value) and int(value[:4]) not in YEARS:
        raise BadInput(f"日期{value}不在{YEARS[0]}年至{YEARS[-1]}年之间")


# ── the documentation ────────────────────────────────────────────


def act_schema(
    name: str, title: str, takes: type[BaseModel] | None, needs_reason: bool, *, closed: bool = True
) -> dict[str, Any]:
    """The JSON Schema of an act's body: its payload, and the two keys that every act takes."""
    schema: dict[str, Any] = takes.model_json_schema() if takes else {"type": "object", "properties": {}}
    reason = {"type": "string", "title": "Reason", "description": "理由", "maxLength": LONGEST_REASON}
    version = {"type": "integer", "title": "Expected Version", "minimum": 0, "description": "只在仍是这一版时办理"}
    return {
        **schema,
        "title": "".join(part.title() for part in name.split("_")) + "Body",
        "description": title,
        "properties": {"reason": reason, "expected_version": version} | schema["properties"],
        "required": [*schema.get("required", ()), *(["reason"] if needs_reason else ())],
        "additionalProperties": not closed,
    }


def documented_body(schema: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": dict(schema), "example": dict(example)}}
    return {"requestBody": {"required": bool(schema.get("required")), "content": content}}
