"""Public notices for everybody: no sign-in, no script. The first line says whether one can object, and until when."""

from datetime import date
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from starflow.documents.paper.posted import WRITERS, posted_paper
from starflow.service.acting import Acting
from starflow.service.answers import answer_of
from starflow.service.desk import Desk
from starflow.service.polls import HERE
from starflow.service.publicity import TEXTS, NoticePage, correct, hanging, notice_page, publish, targets
from starflow.web.auth import Viewer, desk_of, relations, seen_case, signature
from starflow.web.ballots.showing import placed, small
from starflow.web.ballots.slips import qr
from starflow.web.ballots.surveys import Seat, typed_text
from starflow.web.forms import Posted, csrf_field
from workflow.engine.errors import BadInput, StarflowError, Unknown

router = APIRouter(include_in_schema=False)
OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA = {
    "docx": f"{OFFICE}.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
}


@router.get("/n")
def board(request: Request) -> Response:
    return small(request, "board", hanging=hanging(desk_of(request)))


@router.get("/n/{slug}")
def newest(request: Request, slug: str) -> Response:
    return _shown(request, slug, None)


@router.get("/n/{slug}/v/{version}")
def one_version(request: Request, slug: str, version: int) -> Response:
    return _shown(request, slug, version)


def _shown(request: Request, slug: str, version: int | None) -> Response:
    desk = desk_of(request)
    try:
        page = notice_page(desk, slug, version)
    except Unknown as refusal:
        return missing(request, refusal)
    link = address(desk, page)
    return small(
        request, "notice", notice=page, link=link, svg=qr(page.scanned(link)), texts=TEXTS, forms=tuple(WRITERS)
    )


@router.get("/n/{slug}/v/{version}/{form}")
def to_take_along(request: Request, slug: str, version: int, form: str) -> Response:
    """The same, to be printed, sealed and put up; for everybody, as the page is."""
    desk = desk_of(request)
    try:
        page = notice_page(desk, slug, version)
        content = posted_paper(desk, page, address(desk, page), form)
    except StarflowError as refusal:
        said = [str(reason) for reason in refusal.reasons]
        return small(request, "said", answer_of(refusal).http_status, title="没有可以下载的", said=said)
    name = quote(f"{page.title}(第{page.version}版).{form}")
    return Response(content, 200, {"content-disposition": f"attachment; filename*=UTF-8''{name}"}, MEDIA[form])


def address(desk: Desk, page: NoticePage) -> str:
    return f"{desk.settings.public_url or HERE}/n/{page.slug}"


def missing(request: Request, refusal: StarflowError) -> Response:
    return small(request, "said", 404, title="没有这份公示", said=[str(reason) for reason in refusal.reasons])


# ── whoever publishes ────────────────────────────────────────────


@router.get("/n/{slug}/correct")
def correction_form(request: Request, caller: Viewer, slug: str) -> Response:
    try:
        return _correction(request, notice_page(caller.desk, slug))
    except Unknown as refusal:
        return missing(request, refusal)


@router.post("/n/{slug}/correct")
def make_correction(request: Request, caller: Viewer, form: Posted, slug: str) -> Response:
    said = {name: typed_text(form, name) for name in TEXTS}
    try:
        seat = publisher(caller, slug)
        correct(caller.desk, slug, said, typed_text(form, "reason"), acting=seat.acting)
    except Unknown as refusal:
        return missing(request, refusal)
    except StarflowError as refusal:
        said["reason"] = typed_text(form, "reason")
        return _correction(request, notice_page(caller.desk, slug), said, refusal)
    return Response(status_code=303, headers={"location": f"/n/{slug}"})


def _correction(
    request: Request, page: NoticePage, said: dict[str, str] | None = None, refusal: StarflowError | None = None
) -> Response:
    values = said or {name: getattr(page, name) for name in TEXTS}
    return small(
        request,
        "correction",
        422 if refusal else 200,
        notice=page,
        texts=TEXTS,
        values=values,
        faults=placed(refusal, (("原因", "reason"),), otherwise="title"),
        csrf=csrf_field(request),
    )


def publisher(caller: Viewer, slug: str) -> Seat:
    """The seat of whoever stands to the notice's organisations as their publisher does; otherwise it exists for reading only."""
    with caller.desk.reading() as tx:
        code = next((code for code, _ in targets(caller.desk, slug)), "")
        case = seen_case(caller.desk, tx, caller.principal, code, notice_page(caller.desk, slug).year)
        held = relations(tx, caller.principal, case) - {"organisation"}
        return Seat(caller, case, held)


@router.post("/n")
def post_notice(request: Request, caller: Viewer, form: Posted) -> Response:
    """Several at once: `codes` parted by commas or blanks."""
    codes = [code for code in typed_text(form, "codes").replace(",", " ").split() if code]
    try:
        if not codes:
            raise BadInput("请填要公示的党组织编码")
        held = None
        for code in codes:
            with caller.desk.reading() as tx:
                case = seen_case(caller.desk, tx, caller.principal, code, None)
                its = relations(tx, caller.principal, case)
                held = its if held is None else held & its
        actor, person = signature(caller)
        on = date.fromisoformat(typed_text(form, "on"))
        acting = Acting(actor=actor, relations=held or frozenset(), person=person)
        texts = {name: typed_text(form, name) for name in TEXTS if name != "place"}
        posted = publish(caller.desk, codes, on, typed_text(form, "place"), acting=acting, texts=texts)
    except ValueError:
        return small(request, "said", 400, title="没有公示", said=["请填张贴日期"])
    except StarflowError as refusal:
        status = answer_of(refusal).http_status
        return small(request, "said", status, title="没有公示", said=[str(reason) for reason in refusal.reasons])
    return Response(status_code=303, headers={"location": f"/n/{posted.slug}"})
