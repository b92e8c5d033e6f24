"""Papers of the pages: a supervision slip issued from an organisation's page, a sitting's minutes; each as a file to print."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from starflow.documents.paper.docx_writer import to_docx
from starflow.documents.paper.kinds import Wanted, paper_of
from starflow.service import slips
from starflow.service.acting import Acting
from starflow.service.policy import POLICY
from starflow.web.auth import acting_relations, require, seen_case, signature
from starflow.web.pages.posted import Posted
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import Unknown

router = APIRouter(include_in_schema=False)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@router.post("/organisations/{code}/slip")
def issue(look: Looking, code: str, form: Posted) -> Response:
    """In the colour of its light, about what it owes now; then among its matters. Raises Forbidden, Refused."""
    with look.desk.reading() as tx:
        case = seen_case(look.desk, tx, look.principal, code, None)
        held = acting_relations(tx, look.principal, case)
    POLICY.require(look.principal, "slip", held)
    actor, person = signature(look.caller)
    slips.issue_slip(
        look.desk, code, acting=Acting(actor=actor, relations=held, person=person), text=form.get("text", "")
    )
    return RedirectResponse(f"/organisations/{code}/matters", 303)


@router.get("/organisations/{code}/slips/{number}")
def slip(look: Looking, code: str, number: int) -> Response:
    """Raises Unknown: a slip about another organisation does not exist here."""
    with look.desk.reading() as tx:
        seen_case(look.desk, tx, look.principal, code, None)
    known = next((one.number for one in slips.slip_list(look.desk, under=code).rows if one.id == number), None)
    if known is None:
        raise Unknown(f"没有编号为{number}的督办单")
    return _file(look, Wanted(kind="slip", number=str(number)), known)


@router.get("/meeting/minutes")
def minutes(look: Looking, number: Annotated[str, Query(max_length=80)] = "") -> Response:
    """What a sitting has decided so far, as a paper of the committee."""
    require(look.caller, "read_meetings")
    return _file(look, Wanted(kind="minutes", number=number), f"会议纪要-{number}")


def _file(look: Look, wanted: Wanted, name: str) -> Response:
    content = to_docx(paper_of(look.desk, wanted))
    return Response(content, 200, {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}.docx"}, DOCX)
