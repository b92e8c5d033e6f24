"""Evidence of a cycle: what the organisation has brought for each criterion, for whoever sees the cycle to read."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from starflow.service import uploads
from starflow.service.answers import answer_of
from starflow.service.uploads import MOST_BYTES, TAKEN, Upload
from starflow.web.auth import Viewer, signature
from starflow.web.ballots.showing import placed, small
from starflow.web.ballots.surveys import Seat, brought_files, seat_of, typed_text
from starflow.web.forms import Posted, csrf_field
from starflow.web.replies import Year
from storage import attachments
from workflow.engine.errors import BadInput, Forbidden, StarflowError, WrongStage

router = APIRouter(include_in_schema=False)
OPEN_IN = ("declaration", "self_evaluation", "survey")
"""Kinds of stages in which the organisation itself still has the work in hand."""
MOST = 100


@router.get("/evidence/{code}")
def show(request: Request, caller: Viewer, code: str, year: Year = None) -> Response:
    try:
        return _page(request, seat_of(caller, code, year))
    except StarflowError as refusal:
        return small(
            request, "said", answer_of(refusal).http_status, title="没有找到", said=[str(r) for r in refusal.reasons]
        )


@router.post("/evidence/{code}")
def bring(request: Request, caller: Viewer, form: Posted, code: str, year: Year = None) -> Response:
    """All files of the form or none."""
    files = brought_files(form)
    try:
        seat = seat_of(caller, code, year)
    except StarflowError as refusal:
        return small(
            request, "said", answer_of(refusal).http_status, title="没有找到", said=[str(r) for r in refusal.reasons]
        )
    try:
        _keep(seat, typed_text(form, "criterion"), files)
    except StarflowError as refusal:
        return _page(request, seat, refusal, {"criterion": typed_text(form, "criterion")})
    return Response(status_code=303, headers={"location": f"/evidence/{code}" + (f"?year={year}" if year else "")})


def _keep(seat: Seat, criterion: str, files: Sequence[Upload]) -> None:
    known = {one.code for one in seat.case.scheme.criterion}
    if "organisation" not in seat.held:
        raise Forbidden("佐证由本组织上传")
    if seat.case.stage.kind not in OPEN_IN:
        raise WrongStage("材料已经报送上级,要补充请上级退回")
    if criterion not in known:
        raise BadInput("请选择佐证属于哪一项指标")
    if not files:
        raise BadInput("请选择文件")
    for file in files:
        uploads.kind_of(file)
    desk, actor = seat.caller.desk, signature(seat.caller)[0]
    with desk.transaction() as tx:
        if len(attachments.of(tx, "evidence", seat.case.cycle.id)) + len(files) > MOST:
            raise BadInput(f"一个年度最多上传{MOST}个文件")
        uploads.attach(desk, tx, files, "evidence", seat.case.cycle.id, label=criterion, actor=actor)


def _page(
    request: Request, seat: Seat, refusal: StarflowError | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    with seat.caller.desk.reading() as tx:
        found = attachments.of(tx, "evidence", seat.case.cycle.id)
    return small(
        request,
        "evidence",
        200 if refusal is None else answer_of(refusal).http_status,
        cycle=seat.case.cycle,
        criteria=seat.case.scheme.criterion,
        files=[
            (one.id, one.name, one.label, file.size, one.at.astimezone(seat.case.zone), file.hash)
            for one, file in found
        ],
        may="organisation" in seat.held and seat.case.stage.kind in OPEN_IN,
        faults=placed(refusal, (("哪一项", "criterion"),), otherwise="files"),
        typed=typed or {},
        taken=TAKEN,
        megabytes=MOST_BYTES // 1048576,
        csrf=csrf_field(request),
    )
