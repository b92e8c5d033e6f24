"""The handler's page of an objection: what was said, its files, who it was (each look is written down), and the finding."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import FileResponse

from starflow.service import objections, uploads
from starflow.service.answers import answer_of
from starflow.service.cycles import CycleAsk, fire
from starflow.service.matter_lists import show_matter
from starflow.service.objections import Objector
from starflow.web.auth import Caller, Viewer, relations, seen_case, signature
from starflow.web.ballots.showing import placed, small
from starflow.web.ballots.surveys import Seat, typed_text
from starflow.web.forms import Posted, csrf_field
from storage import cycles, filings, matters
from storage.cycles import CycleRow
from storage.database import Transaction
from workflow.engine.errors import Forbidden, StarflowError, Unknown

router = APIRouter(include_in_schema=False)
SANDBOX = {
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def _seat(caller: Caller, matter_id: int) -> Seat:
    """Raises Unknown, Forbidden: an objection is the department's, inside its tree."""
    with caller.desk.reading() as tx:
        matter = matters.by_id(tx, matter_id)
        row = cycles.by_id(tx, matter.cycle_id) if matter and matter.cycle_id else None
        if matter is None or row is None or matter.kind not in ("objection", "supervision"):
            raise Unknown(f"没有编号为{matter_id}的异议")
        case = seen_case(caller.desk, tx, caller.principal, row.code, row.year)
        held = relations(tx, caller.principal, case)
    if case.scheme.objection.handler not in held:
        raise Forbidden("异议由方案指定的核实单位办理,您不是")
    return Seat(caller, case, held)


@router.get("/objections/{matter_id}")
def show(request: Request, caller: Viewer, matter_id: int) -> Response:
    try:
        return _page(request, _seat(caller, matter_id), matter_id)
    except StarflowError as refusal:
        return _refused(request, refusal)


@router.post("/objections/{matter_id}/objector")
def reveal(request: Request, caller: Viewer, form: Posted, matter_id: int) -> Response:
    return _acted(request, caller, matter_id, form, "objector")


@router.post("/objections/{matter_id}/{outcome}")
def settle(request: Request, caller: Viewer, form: Posted, matter_id: int, outcome: str) -> Response:
    return _acted(request, caller, matter_id, form, outcome)


def _acted(request: Request, caller: Caller, matter_id: int, form: Posted, what: str) -> Response:
    try:
        seat = _seat(caller, matter_id)
    except StarflowError as refusal:
        return _refused(request, refusal)
    try:
        if what == "objector":
            reason = typed_text(form, "reason")
            found = objections.objector(caller.desk, matter_id, reason, acting=seat.acting)
            return _page(request, seat, matter_id, objector=found)
        if what not in ("dismiss", "uphold"):
            raise Unknown("没有这一步")
        _settle(seat, matter_id, f"{what}_objection", typed_text(form, "finding"))
    except StarflowError as refusal:
        typed = {name: typed_text(form, name) for name in ("finding", "reason")}
        return _page(request, seat, matter_id, refusal=refusal, typed=typed, acted=what)
    return Response(status_code=303, headers={"location": f"/objections/{matter_id}"})


def _settle(seat: Seat, matter_id: int, trigger: str, finding: str) -> None:
    actor, person = signature(seat.caller)
    fire(
        seat.caller.desk,
        CycleAsk(
            code=seat.case.cycle.code,
            trigger=trigger,
            relations=seat.held,
            actor=actor,
            person=person,
            payload={"objection": matter_id, "finding": finding},
            year=seat.case.cycle.year,
        ),
    )


def _page(
    request: Request,
    seat: Seat,
    matter_id: int,
    *,
    objector: Objector | None = None,
    refusal: StarflowError | None = None,
    typed: Mapping[str, str] | None = None,
    acted: str = "",
) -> Response:
    desk = seat.caller.desk
    view = show_matter(desk, matter_id, seat.held)
    with desk.reading() as tx:
        files = objections.files_of(tx, matter_id)
        filing = filings.by_matter(tx, matter_id)
        looks = filings.looks(tx, filing.id) if filing and filing.id else ()
    return small(
        request,
        "handling",
        200 if refusal is None else answer_of(refusal).http_status,
        matter=view,
        cycle=seat.case.cycle,
        files=files,
        named=filing.named if filing else None,
        looks=looks,
        objector=objector,
        faults=placed(refusal, otherwise={"objector": "reason", "uphold": "finding2"}.get(acted, "finding")),
        acted=acted,
        typed=typed or {},
        csrf=csrf_field(request),
    )


# ── files ────────────────────────────────────────────────────────


@router.get("/files/{attached_id}")
def download(request: Request, caller: Viewer, attached_id: int) -> Response:
    """Always as an attachment, in a sandbox; an objection's to its handler, evidence to whoever sees the cycle."""
    try:
        with caller.desk.reading() as tx:
            found = uploads.stored(caller.desk, tx, attached_id)
            row = filings_cycle(tx, found.owner_id) if found.owner == "objection" else cycles.by_id(tx, found.owner_id)
            if row is None:
                raise Unknown(f"没有编号为{attached_id}的附件")
            case = seen_case(caller.desk, tx, caller.principal, row.code, row.year)
            held = relations(tx, caller.principal, case)
        if found.owner == "objection" and case.scheme.objection.handler not in held:
            raise Unknown(f"没有编号为{attached_id}的附件")
    except StarflowError as refusal:
        return _refused(request, refusal)
    name = f"attachment; filename=\"file\"; filename*=UTF-8''{quote(found.name, safe='')}"
    headers = {**SANDBOX, "content-disposition": name}
    return FileResponse(found.path, media_type="application/octet-stream", headers=headers)


def filings_cycle(tx: Transaction, filing_id: int) -> CycleRow | None:
    cycle_id = filings.cycle_of(tx, filing_id)
    return cycles.by_id(tx, cycle_id) if cycle_id is not None else None


def _refused(request: Request, refusal: StarflowError) -> Response:
    title = "无权查看" if isinstance(refusal, Forbidden) else "没有找到"
    return small(
        request, "said", answer_of(refusal).http_status, title=title, said=[str(reason) for reason in refusal.reasons]
    )
