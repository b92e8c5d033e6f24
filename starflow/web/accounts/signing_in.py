"""Signing in and out, in a browser: the password, the one-time code, and on to where one wanted to go."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import FormData

from starflow.service import sessions, signing_in
from starflow.service.answers import answer_of
from starflow.service.sessions import Signed
from starflow.web.accounts.showing import begin, finish, go, page
from starflow.web.accounts.strangers import Fields, carry_on_page, packed, sign_in_page, unpacked
from starflow.web.auth import desk_of, network_of, session_of
from starflow.web.forms import Posted, is_ours
from workflow.engine.errors import TooOften, Unauthenticated

router = APIRouter(include_in_schema=False)
Onwards = Annotated[str, Query(alias="next", max_length=400)]


@router.get("/sign-in")
def sign_in_form(request: Request, onwards: Onwards = "/") -> Response:
    return sign_in_page(request, onwards=onwards)


@router.post("/sign-in")
def sign_in(request: Request, form: Posted) -> Response:
    carried, onto, onwards = carried_in(form)
    login, password = text(form, "login"), text(form, "password")
    try:
        entered = signing_in.sign_in(
            desk_of(request), login, password, browser=browser_of(request), network=network_of(request)
        )
    except (Unauthenticated, TooOften) as refusal:
        return slowed(
            refusal,
            sign_in_page(
                request,
                answer_of(refusal).http_status,
                onwards=onwards,
                carried=carried,
                onto=onto,
                said=str(refusal),
                login=login,
            ),
        )
    begin(request, entered.reference)
    if not entered.whole:
        return code_page(request, carried, onto, onwards)
    return carry_on(request, carried, onto, onwards)


@router.get("/sign-in/code")
def code_form(request: Request, onwards: Onwards = "/") -> Response:
    if session_of(request, half=True) is None:
        return go(request, "/sign-in")
    return code_page(request, (), "", onwards)


@router.post("/sign-in/code")
def show_code(request: Request, form: Posted) -> Response:
    carried, onto, onwards = carried_in(form)
    signed = session_of(request, half=True)
    if signed is None:
        return sign_in_page(request, 401, onwards=onwards, carried=carried, onto=onto, said="等得太久了,请重新登录")
    try:
        reference = signing_in.show_code(desk_of(request), signed, text(form, "code"), network=network_of(request))
    except (Unauthenticated, TooOften) as refusal:
        said = str(refusal)
        return slowed(refusal, code_page(request, carried, onto, onwards, answer_of(refusal).http_status, said))
    begin(request, reference)
    return carry_on(request, carried, onto, onwards)


@router.post("/sign-out")
def sign_out(request: Request, form: Posted) -> Response:
    signed = session_of(request, half=True)
    if signed is not None:
        end_here(request, signed)
    finish(request)
    return go(request, "/sign-in")


def end_here(request: Request, signed: Signed) -> None:
    desk, network = desk_of(request), network_of(request)
    sessions.end(desk, signed.account_id, "signed out", only=signed.session, actor=signed.person, network=network)


# ── what goes along ──────────────────────────────────────────────


def carry_on(request: Request, carried: Fields, onto: str, onwards: str) -> Response:
    """To the form that came too late, where there was one; else to where one wanted to go."""
    if carried and is_ours(onto):
        return carry_on_page(request, carried, onto, said="")
    return go(request, onwards if is_ours(onwards) else "/")


def carried_in(form: FormData) -> tuple[Fields, str, str]:
    onto = text(form, "onto")
    return unpacked(text(form, "carried")), onto if is_ours(onto) else "", text(form, "next") or "/"


def code_page(
    request: Request, carried: Fields, onto: str, onwards: str, status: int = 200, said: str = ""
) -> Response:
    there = onwards if is_ours(onwards) else "/"
    return page(request, "code", status, carried=packed(carried), onto=onto, onwards=there, said=said)


def text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found if isinstance(found, str) else ""


def browser_of(request: Request) -> str:
    return request.headers.get("user-agent", "")[:120]


def slowed(refusal: Exception, answer: Response) -> Response:
    if isinstance(refusal, TooOften):
        answer.headers["retry-after"] = str(refusal.current["retry_after"])
    return answer
