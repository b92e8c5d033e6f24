"""How a page says no: a page too, with what happened, what has been kept, and what to do next."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from starflow.service.answers import answer_of
from starflow.web import problems
from starflow.web.accounts.strangers import own_form
from starflow.web.forms import typed
from starflow.web.pages import rendering
from starflow.web.pages.fields import LABELS
from starflow.web.pages.language import worded
from starflow.web.pages.shell import language_of
from starflow.web.problems import BUSY, NO_TOKEN, TITLES, WEB_ONLY
from workflow.engine.errors import BadInput, StarflowError, Unauthenticated, Unavailable

NEXT_STEPS = {
    "bad_input": "请返回上一页改正后再提交;您在那一页填写的内容仍在。",
    "unknown": "请检查地址,或从总览重新进入。不在您管理范围内的单位也按“没有找到”答复。",
    "forbidden": "没有办理。需要办理时,请联系页面上写明的办理单位。",
    "wrong_stage": "没有办理。请回到单位页看看现在到了哪一步。",
    "stale": "没有办理。请回到单位页看看别人办了什么,再决定是否继续。",
    "refused": "没有办理。条件具备后可以再办。",
    "unauthenticated": "请先登录,或在请求头里带上令牌。",
    "unavailable": "您填写的内容没有保存,请稍等几秒再提交一次。",
    "method_not_allowed": "请从页面上的按钮办理。",
    "too_large": "请缩短内容或换一个较小的文件再试。",
}


Kept = tuple[tuple[str, str], ...]
UNSAID = frozenset({
    "password", "new", "again", "secret", "code", "token", "carried", "onto", "packed", "back", "next", "key", "version",
    "seen", "go", "only", "old", "at", "step", "days", "as", "language", "large", "drop",
})  # fmt: skip
"""What the page itself put into its forms, and what nobody may read over a shoulder."""


def register(app: FastAPI) -> None:
    """In place of the handlers that answer programs, which go on answering them."""
    app.add_exception_handler(StarflowError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)


def is_page(request: Request) -> bool:
    """Whatever is not for programs is for people."""
    return not request.url.path.startswith(("/api/", "/static/", "/healthz", "/readyz", "/metrics"))


def refusal_page(request: Request, error: StarflowError, kept: Kept = ()) -> Response:
    """This refusal as a whole page; `kept`: what was typed, to be copied from it."""
    lang = language_of(request)
    away = isinstance(error, Unavailable)
    return rendering.answer(
        "refused.html",
        lang,
        answer_of(error).http_status,
        NO_TOKEN if isinstance(error, Unauthenticated) else problems.AWAY if away else {},
        title=TITLES[error.code],
        reasons=[BUSY] if away else [str(reason) for reason in error.reasons],
        next_step=worded(lang, NEXT_STEPS.get(error.code, "")) if error.code in NEXT_STEPS else "",
        code=error.code,
        kept=kept,
    )


async def _refused(request: Request, error: Any) -> Response:
    if not is_page(request):
        return problems.on_refusal(request, error)
    return refusal_page(request, error, await _typed(request))


async def _typed(request: Request) -> Kept:
    """(label, text) of what somebody typed into a form of ours: whatever is refused, their words are not lost."""
    if request.method != "POST" or request.url.path == "/b":  # nobody's vote is shown again
        return ()
    form = await own_form(request)
    said = typed(form) if form is not None else ()
    return tuple((LABELS.get(name, (name, ""))[0], text) for name, text in said if text.strip() and name not in UNSAID)


async def _malformed(request: Request, error: Any) -> Response:
    if not is_page(request):
        return problems.on_malformed(request, error)
    return refusal_page(request, BadInput(*problems.sentences(error.errors())), await _typed(request))


def _http(request: Request, error: Any) -> Response:
    if not is_page(request):
        return problems.on_http(request, error)
    code, _ = WEB_ONLY.get(error.status_code, ("bad_input", ""))
    lang = language_of(request)
    return rendering.answer(
        "refused.html",
        lang,
        error.status_code,
        dict(error.headers or {}),
        title=TITLES[code],
        kept=(),
        reasons=[worded(lang, "没有这个页面")] if error.status_code == 404 else [],
        next_step=worded(lang, NEXT_STEPS[code]),
        code=code,
    )
