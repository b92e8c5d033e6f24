"""One's own account: roles, sessions, password, second factor. Everything that changes it is shown to be asked by its owner."""

from io import BytesIO
from typing import Any

import segno
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from starflow.service import accounts, sessions, signing_in, totp
from starflow.service.answers import answer_of
from starflow.service.sessions import Signed
from starflow.web.accounts.showing import finish, go, page
from starflow.web.accounts.signing_in import Onwards, slowed, text
from starflow.web.auth import NOBODY, desk_of, network_of, session_of
from starflow.web.forms import Posted, is_ours
from workflow.engine.errors import BadInput, StarflowError, TooOften, Unauthenticated

router = APIRouter(prefix="/account", include_in_schema=False)
SIGNED_OUT = "signed out elsewhere"


@router.get("")
def own(request: Request) -> Response:
    return _own(request, signed_or_refused(request))


@router.post("/seat")
def take_seat(request: Request, form: Posted) -> Response:
    signed = signed_or_refused(request)
    role, _, code = text(form, "seat").partition(":")
    sessions.sit_as(desk_of(request), signed, role, code)
    return go(request, "/")


@router.post("/sessions/end")
def end_session(request: Request, form: Posted) -> Response:
    """One of one's own sessions by its number, or all but this one."""
    signed = signed_or_refused(request)
    number = text(form, "number")
    only = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if number and only is None:
        raise BadInput("登录的编号应为数字")
    but = None if only else signed.session
    desk, network = desk_of(request), network_of(request)
    sessions.end(desk, signed.account_id, SIGNED_OUT, only=only, but=but, actor=signed.person, network=network)
    if only == signed.session:
        finish(request)
        return go(request, "/sign-in")
    return go(request, "/account")


@router.post("/password")
def change_password(request: Request, form: Posted) -> Response:
    signed, desk, network = signed_or_refused(request), desk_of(request), network_of(request)
    try:
        signing_in.check_password(desk, signed, text(form, "old"), network=network)
        accounts.change_password(
            desk, signed.login, text(form, "password"), text(form, "again"), session=signed.session, network=network
        )
    except (BadInput, Unauthenticated, TooOften) as refusal:
        return _refused(request, signed, refusal)
    return _own(request, signed, done="密码已经改好,别处的登录都已退出")


# ── the second factor ────────────────────────────────────────────


@router.get("/second-factor")
def second_factor(request: Request, onwards: Onwards = "/") -> Response:
    return _factor(request, signed_or_refused(request), onwards)


@router.post("/second-factor")
def begin_second_factor(request: Request, form: Posted) -> Response:
    """A new secret; asked for twice, the newer one counts."""
    signed = signed_or_refused(request)
    totp.begin(desk_of(request), signed.account_id)
    return _factor(request, signed, text(form, "next"))


@router.post("/second-factor/confirm")
def confirm_second_factor(request: Request, form: Posted) -> Response:
    signed, onwards = signed_or_refused(request), text(form, "next")
    try:
        codes = signing_in.confirm_totp(desk_of(request), signed, text(form, "code"), network=network_of(request))
    except (Unauthenticated, TooOften) as refusal:
        return slowed(refusal, _factor(request, signed, onwards, answer_of(refusal).http_status, str(refusal)))
    return page(request, "recovery", codes=codes, onwards=onwards if is_ours(onwards) else "/")


def _factor(request: Request, signed: Signed, onwards: str, status: int = 200, said: str = "") -> Response:
    address = totp.pending(desk_of(request), signed.account_id)
    return page(
        request,
        "second_factor",
        status,
        signed=signed,
        secret=address.partition("secret=")[2].partition("&")[0] if address else "",
        picture=_picture(address) if address else "",
        onwards=onwards if is_ours(onwards) else "/",
        said=said,
    )


def _picture(address: str) -> Markup:
    """The address as a QR code; drawn with attributes only, because the page allows no styles in its text."""
    out = BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, xmldecl=False, svgns=True, nl=False)
    return Markup(out.getvalue().decode())


# ── shared ───────────────────────────────────────────────────────


def signed_or_refused(request: Request) -> Signed:
    """Raises Unauthenticated."""
    signed = session_of(request)
    if signed is None:
        raise Unauthenticated(NOBODY)
    return signed


def _own(request: Request, signed: Signed, status: int = 200, *, said: str = "", done: str = "") -> Response:
    desk = desk_of(request)
    values: dict[str, Any] = {
        "lines": sessions.listed(desk, signed.account_id, signed.session),
        "zone": desk.settings.zone,
        "codes_left": totp.recovery_codes_left(desk, signed.account_id),
        "bound": accounts.identities_of(desk, signed.account_id),
    }
    return page(request, "own", status, signed=signed, said=said, done=done, **values)


def _refused(request: Request, signed: Signed, refusal: StarflowError) -> Response:
    status = answer_of(refusal).http_status
    said = ";".join(map(str, refusal.reasons))
    return slowed(refusal, _own(request, signed, 400 if status == 401 else status, said=said))
