"""Objecting to a notice, step by step, and asking after it: for everybody, without a sign-in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from starflow.service import objections
from starflow.service.answers import answer_of
from starflow.service.objections import MOST_FILES, NewObjection, Receipt, Waiting
from starflow.service.publicity import NoticePage, notice_page, targets
from starflow.service.uploads import MOST_BYTES, TAKEN
from starflow.web.auth import desk_of
from starflow.web.ballots.notices import missing
from starflow.web.ballots.showing import placed, small
from starflow.web.ballots.surveys import brought_files, typed_text
from starflow.web.forms import check_origin
from workflow.engine.errors import BadInput, StarflowError, TooOften, Unknown

router = APIRouter(include_in_schema=False)
MOST = MOST_FILES * MOST_BYTES + (1 << 20)
"""Of a whole form. What is longer is not read to its end."""
FIELDS = (
    ("哪个党组织", "code"),
    ("真实姓名", "name"),
    ("实名的异议|手机号|邮箱", "contact"),
    ("附件|文件|的内容|MB", "files"),
    ("事实|内容", "content"),
)


async def brought(request: Request) -> FormData:
    """A form with files, counted as it arrives; from no other site. Raises Forbidden, BadInput."""
    check_origin(request)
    left, receive = MOST, request.receive

    async def counted() -> dict[str, object]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BadInput(f"附件合计超过{MOST // 1048576}MB,没有提交")
        return dict(message)

    limited = Request(request.scope, counted)  # type: ignore[arg-type]
    return await limited.form(max_fields=40, max_files=MOST_FILES + 1, max_part_size=64_000)


Brought = Annotated[FormData, Depends(brought)]


@router.get("/n/{slug}/objection")
def form(request: Request, slug: str) -> Response:
    try:
        return _form(request, notice_page(desk_of(request), slug))
    except Unknown as refusal:
        return missing(request, refusal)


@router.post("/n/{slug}/objection")
def bring(request: Request, slug: str, form: Brought) -> Response:
    desk = desk_of(request)
    try:
        page = notice_page(desk, slug)
        done = objections.bring(desk, slug, _said(form))
    except Unknown as refusal:
        return missing(request, refusal)
    except StarflowError as refusal:
        return _form(request, page, form, refusal)
    return _next(request, done)


@router.post("/objections/code")
def confirm(request: Request, form: Brought) -> Response:
    ticket = typed_text(form, "ticket")
    try:
        done = objections.confirm(desk_of(request), ticket, typed_text(form, "code"))
    except StarflowError as refusal:
        said = placed(refusal, otherwise="typed")
        contact = typed_text(form, "contact")
        return small(
            request, "code", answer_of(refusal).http_status, ticket=ticket, contact=contact, code=None, faults=said
        )
    return _next(request, done)


@router.get("/objections/status")
def ask(request: Request) -> Response:
    return small(request, "fate", fate=None, number="", faults=[])


@router.post("/objections/status")
def told(request: Request, form: Brought) -> Response:
    number = typed_text(form, "number")
    try:
        fate = objections.fate(desk_of(request), number, typed_text(form, "pin"))
    except StarflowError as refusal:
        headers = {"retry-after": "3600"} if isinstance(refusal, TooOften) else {}
        said = placed(refusal, (("密码", "pin"),), otherwise="number")
        return small(request, "fate", answer_of(refusal).http_status, headers, fate=None, number=number, faults=said)
    return small(request, "fate", fate=fate, number=number, faults=[])


def _next(request: Request, done: Receipt | Waiting) -> Response:
    if isinstance(done, Waiting):
        return small(request, "code", ticket=done.ticket, contact=done.contact, code=done.code, faults=[])
    return small(request, "lodged", receipt=done)


def _said(form: FormData) -> NewObjection:
    return NewObjection(
        code=typed_text(form, "code"),
        content=typed_text(form, "content"),
        name=typed_text(form, "name"),
        contact=typed_text(form, "contact"),
        anonymous=typed_text(form, "who") == "anonymous",
        files=brought_files(form),
    )


def _form(
    request: Request, page: NoticePage, form: FormData | None = None, refusal: StarflowError | None = None
) -> Response:
    typed = {k: v for k, v in form.multi_items() if isinstance(v, str)} if form else {}
    had_files = bool(form) and any(
        isinstance(v, UploadFile) and v.filename for _, v in (form or FormData()).multi_items()
    )
    return small(
        request,
        "objection",
        200 if refusal is None else answer_of(refusal).http_status,
        notice=page,
        targets=targets(desk_of(request), page.slug),
        typed=typed,
        faults=placed(refusal, FIELDS),
        had_files=had_files,
        taken=TAKEN,
        most=MOST_FILES,
        megabytes=MOST_BYTES // 1048576,
    )
