"""The organisations as a list: narrowed by the search that every list understands, kept under a name, sent on as an address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from starflow.service import drafts, lists
from starflow.service.search import search, suggestions
from starflow.service.shapes import Page
from starflow.service.view import Filters
from starflow.web.auth import narrowed
from starflow.web.pages.posted import Posted
from starflow.web.pages.shell import Looking
from workflow.engine.errors import BadInput, Unknown

router = APIRouter(include_in_schema=False)

PER_PAGE = 50


@router.get("/organisations")
def organisations(
    look: Looking,
    q: Annotated[str, Query(max_length=400)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """All cycles that one may see; a search that cannot be read shows everything and says why."""
    faults: tuple[str, ...] = ()
    filters = Filters(limit=PER_PAGE, after=after)
    try:
        seen = narrowed(look.caller, search(look.desk, q, within=look.principal.path).narrowing(filters))
    except (BadInput, Unknown) as wrong:
        faults, seen = tuple(map(str, wrong.reasons)), narrowed(look.caller, filters)
    found = lists.cycles(look.desk, seen) if seen is not None else Page(())
    if len(found.rows) == 1 and q and not after and not faults and ":" not in q and ":" not in q:
        return RedirectResponse(f"/organisations/{found.rows[0].organisation}", 303)
    return look.page(
        "organisations.html",
        400 if faults else 200,
        rows=found.rows,
        next=found.next,
        q=q,
        faults=faults,
        kept=drafts.filters(look.desk, look.principal),
        suggestions=suggestions(look.desk),
    )


@router.post("/filters")
def save_filter(look: Looking, form: Posted) -> Response:
    q = form.get("q", "")
    if form.get("drop"):
        drafts.drop_filter(look.desk, look.principal, form["drop"])
    else:
        search(look.desk, q, within=look.principal.path)  # what cannot be read is not kept
        drafts.save_filter(look.desk, look.principal, form.get("name", ""), q)
    return RedirectResponse("/organisations" + (f"?{urlencode({'q': q})}" if q else ""), 303)
