"""A new account, or a forgotten password: the page behind a one-time link. Looking at it uses nothing up; only the form does."""

from fastapi import APIRouter, Request, Response

from starflow.service import accounts
from starflow.service.answers import answer_of
from starflow.web.accounts.showing import page
from starflow.web.accounts.signing_in import slowed, text
from starflow.web.accounts.strangers import sign_in_page
from starflow.web.auth import desk_of, network_of
from starflow.web.forms import Posted
from workflow.engine.errors import BadInput, TooOften, Unknown

router = APIRouter(include_in_schema=False)
DONE = "密码已经设好,请用它登录"


@router.get("/activate/{token}")
def form(request: Request, token: str) -> Response:
    return _page(request, token)


@router.post("/activate/{token}")
def activate(request: Request, token: str, form: Posted) -> Response:
    password, again = text(form, "password"), text(form, "again")
    try:
        login = accounts.activate(desk_of(request), token, password, again, network=network_of(request))
    except Unknown:
        return _gone(request)
    except (BadInput, TooOften) as refusal:
        return slowed(refusal, _page(request, token, answer_of(refusal).http_status, str(refusal)))
    return sign_in_page(request, login=login, done=DONE)


def _page(request: Request, token: str, status: int = 200, said: str = "") -> Response:
    try:
        whose = accounts.invited(desk_of(request), token, network=network_of(request))
    except Unknown:
        return _gone(request)
    return page(request, "activate", status, whose=whose, token=token, said=said)


def _gone(request: Request) -> Response:
    """The same for a link that never was, one that is used and one that came too late."""
    return page(request, "gone", 410, said=accounts.GONE)
