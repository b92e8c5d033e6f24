"""GET /calendar/…: a feed by its secret address. No sign-in, because calendar programs know none; the address is not logged by us."""

from fastapi import APIRouter, Request, Response

from starflow.documents.calendars import feed
from starflow.service.feeds import UNKNOWN, scope_of
from starflow.web.auth import desk_of
from workflow.engine.errors import Unknown

router = APIRouter()


@router.get("/calendar/{name}", include_in_schema=False)
def calendar(request: Request, name: str) -> Response:
    """The same 404 for what never was, was revoked, or is no address at all."""
    if not name.endswith(".ics") or len(name) > 100:
        raise Unknown(UNKNOWN)
    desk = desk_of(request)
    content = feed(desk, scope_of(desk, name.removesuffix(".ics")))
    headers = {"Content-Disposition": 'inline; filename="starflow.ics"', "Cache-Control": "private, no-store"}
    return Response(content, 200, headers, "text/calendar; charset=utf-8")
