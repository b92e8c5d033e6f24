"""What only a rehearsal has: a clock to be moved, and the seats from which it can be looked at. Also language and text size.

What is chosen here stands in cookies of this browser; in earnest none of them says who anybody is.
"""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from starflow.service import obligations, seat
from starflow.web.auth import SEEN_AS, SEEN_ROLES
from starflow.web.pages.language import LANGUAGES
from starflow.web.pages.posted import Posted, own_page
from starflow.web.pages.shell import LANGUAGE, LARGE, Look, Looking
from workflow.engine.errors import BadInput, Forbidden

router = APIRouter(include_in_schema=False)
YEAR_SECONDS = 365 * 24 * 3600
FARTHEST = 400


@router.post("/rehearsal/clock")
def move_clock(look: Looking, form: Posted) -> Response:
    """On by so many days, at the hour that it is; then back to the overview, which says what happened on the way."""
    _only_rehearsal(look)
    days = form.get("step") or form.get("days", "")
    if not (days.isascii() and days.isdigit() and 0 < int(days) <= FARTHEST):
        raise BadInput(f"请选择往前拨几天(1至{FARTHEST})")
    start: datetime = look.now
    obligations.move_clock(look.desk, start + timedelta(days=int(days)))
    return RedirectResponse("/?" + urlencode({"moved": start.isoformat()}), 303)


@router.post("/rehearsal/as")
def see_as(look: Looking, form: Posted) -> Response:
    _only_rehearsal(look)
    role, _, code = form.get("as", "").partition(":")
    if role not in SEEN_ROLES or not seat.may_sit(look.desk, role, code):
        raise BadInput("没有这个单位,或者它没有这种身份")
    answer = RedirectResponse(own_page(form), 303)
    answer.set_cookie(SEEN_AS, f"{role}:{code}", httponly=True, samesite="lax")
    return answer


@router.post("/preferences")
def prefer(look: Looking, form: Posted) -> Response:
    """Language and size of the text, for a year."""
    answer = RedirectResponse(own_page(form), 303)
    if form.get("language") in LANGUAGES:
        answer.set_cookie(LANGUAGE, form["language"], max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    if form.get("large") in ("0", "1"):
        answer.set_cookie(LARGE, form["large"], max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    return answer


def _only_rehearsal(look: Look) -> None:
    if not look.guest:
        raise Forbidden("只有在演练数据库的本机上才能拨时钟、换身份")
