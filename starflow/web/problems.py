"""How the web says no: every refusal is `application/problem+json` (RFC 9457) with all its reasons, in sentences for people.

Which status an error has stands in `starflow.service.answers`; here are its title, its shape, and the errors that only the
web knows: a path that leads nowhere, a method, a body too large, and whatever nobody foresaw.
"""

import json
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from starflow.service.answers import answer_of
from workflow.engine.errors import BadInput, Reason, StarflowError, TooOften, Unauthenticated, Unavailable
from workflow.engine.machine import SAID

LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
NO_TOKEN = {"www-authenticate": 'Bearer realm="starflow"'}
AWAY = {"retry-after": "5"}
SECRET = ("/b/", "/calendar/", "/activate/", "/unsubscribe/")
BUSY = "数据库暂时不可用,请稍后再试"

TITLES: Mapping[str, str] = {
    "bad_input": "请求有误",
    "unknown": "没有找到",
    "wrong_stage": "现在的环节不能这样办",
    "stale": "已被别人先办",
    "refused": "条件还不具备",
    "forbidden": "无权办理",
    "unauthenticated": "需要令牌",
    "too_often": "尝试过于频繁",
    "unavailable": "暂时不可用",
    "faulty": "文件有误",
    "error": "不能办理",
    "method_not_allowed": "方法不对",
    "too_large": "内容过大",
    "internal": "程序出错",
}
WEB_ONLY: Mapping[int, tuple[str, str]] = {
    404: ("unknown", "没有这个地址;接口的说明在 /api/v1/openapi.json"),
    405: ("method_not_allowed", "这个地址不支持这种方法"),
    413: ("too_large", "请求的内容过大"),
}


class Cited(BaseModel):
    """One sentence, and the rule of the regulation that it rests on."""

    text: str
    cite: str | None = None


class Problem(BaseModel):
    """Why not. `current` says where the thing stands now; after a conflict also who did what and when."""

    type: str = Field(examples=["urn:starflow:problem:refused"])
    title: str
    status: int
    detail: str
    code: str
    reasons: list[Cited]
    current: dict[str, Any]
    trace_id: str


def register(app: FastAPI) -> None:
    app.add_exception_handler(StarflowError, on_refusal)
    app.add_exception_handler(RequestValidationError, on_malformed)
    app.add_exception_handler(HTTPException, on_http)


# ── the handlers ─────────────────────────────────────────────────


def on_refusal(request: Request, error: Any) -> Response:
    """Somebody said no, and said why."""
    status = answer_of(error).http_status
    trace_id = new_trace_id()
    _log(request, status, error, trace_id)
    reasons = (Reason(BUSY),) if isinstance(error, Unavailable) else error.reasons or (Reason(TITLES["error"]),)
    return problem(
        status,
        error.code,
        reasons,
        current=error.current,
        headers=_headers(error),
        trace_id=trace_id,
    )


def _headers(error: StarflowError) -> Mapping[str, str]:
    if isinstance(error, Unauthenticated):
        return NO_TOKEN
    if isinstance(error, TooOften) and "retry_after" in error.current:
        return {"retry-after": str(error.current["retry_after"])}
    return AWAY if isinstance(error, Unavailable) else {}


def on_malformed(request: Request, error: Any) -> Response:
    """A parameter cannot be read: one sentence for each."""
    return on_refusal(request, BadInput(*sentences(error.errors())))


def on_http(request: Request, error: Any) -> Response:
    """What the framework itself refuses."""
    code, text = WEB_ONLY.get(error.status_code, ("bad_input", "请求无法办理"))
    return problem(error.status_code, code, (Reason(text),), headers=error.headers or {})


def on_fault(scope: Mapping[str, Any], fault: Exception) -> Response:
    """Nobody foresaw it: a number for the operator to find it by, and nothing else for whoever asked."""
    trace_id = new_trace_id()
    LOG.error("%s %s %r", trace_id, scope["method"], shown_path(scope["path"]), exc_info=fault)
    said = f"程序出错,没有办成;请把编号{trace_id}告诉管理员"
    return problem(500, "internal", (Reason(said),), trace_id=trace_id)


def on_misfit(scope: Mapping[str, Any], fault: Exception) -> Response:
    """A value that cannot be kept anywhere. It should have been seen before: whoever mends that finds it in the log."""
    trace_id = new_trace_id()
    LOG.warning("%s %s %r", trace_id, scope["method"], shown_path(scope["path"]), exc_info=fault)
    return problem(400, "bad_input", (Reason("请求里有一个日期、数字或字符超出了能保存的范围"),), trace_id=trace_id)


def is_misfit(fault: BaseException | None) -> bool:
    """A day before the calendar or after it, a number beyond its column, a character without a code: by whoever found it."""
    while fault is not None:
        if isinstance(fault, OverflowError | UnicodeEncodeError) or type(fault).__name__ == "DataError":
            return True
        fault = getattr(fault, "orig", None) or fault.__cause__
    return False


def _log(request: Request, status: int, error: StarflowError, trace_id: str) -> None:
    """What was denied, and what could not be had with its true cause, which is not for everybody."""
    if status in (401, 403) or isinstance(error, Unavailable):
        LOG.warning("%s %s %r %s: %r", trace_id, request.method, shown_path(request.url.path), status, error.message)


def shown_path(path: str) -> str:
    """As a log may have it: what follows these is a secret of somebody's, after /b/ somebody's vote."""
    secret = next((start for start in SECRET if path.startswith(start)), None)
    return path if secret is None else f"{secret}…"


# ── the shape ────────────────────────────────────────────────────


def problem(
    status: int,
    code: str,
    reasons: Sequence[Reason],
    *,
    current: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    trace_id: str = "",
) -> Response:
    shape = {
        "type": f"urn:starflow:problem:{code}",
        "title": TITLES[code],
        "status": status,
        "detail": ";".join(map(str, reasons)),
        "code": code,
        "reasons": [{"text": reason.text, "cite": reason.cite} for reason in reasons],
        "current": dict(current or {}),
        "trace_id": trace_id or new_trace_id(),
    }
    return Response(json.dumps(shape, ensure_ascii=False), status, dict(headers or {}), MEDIA_TYPE)


def new_trace_id() -> str:
    return secrets.token_hex(8)


# ── what is wrong with a value, in a sentence ────────────────────

ALSO_SAID: Mapping[str, str] = {
    **SAID,
    "bool_parsing": "{at}应为true或false",
    "bool_type": "{at}应为true或false",
    "date_parsing": "{at}应为日期,如2027-06-05",
    "int_parsing_size": "{at}的位数太多",
    "enum": "{at}不能是这个值,只能是{expected}",
    "dict_type": "{at}应为一组名称和数值",
}


def sentences(faults: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_sentence, faults)))


def _sentence(fault: Mapping[str, Any]) -> str:
    places = [part for part in fault["loc"] if part not in ("query", "path", "header", "body")]
    at = ".".join(map(str, places)) or "数据"
    return ALSO_SAID.get(fault["type"], "{at}无法识别").format(at=at, **_in_chinese(fault.get("ctx", {})))


def _in_chinese(context: Mapping[str, Any]) -> dict[str, Any]:
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", "、").replace(", ", "、")
    return {**context, "expected": expected}


# ── the documentation ────────────────────────────────────────────

EXAMPLES: Mapping[int, tuple[str, str, str | None, dict[str, Any]]] = {
    400: ("bad_input", "缺少members_due", None, {}),
    401: ("unauthenticated", "令牌无效或已过期", None, {}),
    403: ("forbidden", "“拟定星级”由上级党组织办理", None, {"stage": "rating.review", "version": 5}),
    404: ("unknown", "2027年度没有编码为“D0999”的党组织", None, {}),
    409: (
        "wrong_stage",
        "“考评”环节不能“申报”",
        "R17",
        {
            "stage": "rating.review",
            "version": 5,
            "actor": "P0102",
            "role": "superior",
            "trigger": "begin_review",
            "at": "2027-06-01T01:30:00+00:00",
        },
    ),
    413: ("too_large", WEB_ONLY[413][1], None, {}),
    422: (
        "refused",
        "党员参加7人,应到12人的80%即10人,还差3人,上级尚未认可说明",
        "R13",
        {"stage": "rating.survey", "version": 3},
    ),
    429: ("too_often", "尝试过于频繁:60分钟内最多10次,请60分钟后再试", None, {"retry_after": 3600}),
    503: ("unavailable", BUSY, None, {}),
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may be refused in these ways."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    code, text, cite, current = EXAMPLES[status]
    shown = problem(status, code, (Reason(text, cite),), current=current, trace_id="5f1c9a7be0d24386")
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": json.loads(bytes(shown.body))}
    return {"description": TITLES[code], "content": {MEDIA_TYPE: content}}
