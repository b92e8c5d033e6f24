"""What waits for a second hand: asked for by one, confirmed by another in a session of their own."""

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from starflow.service import accounts, granting, twofold
from starflow.service.answers import answer_of
from starflow.service.policy import POLICY, SEAT_WORDS
from starflow.service.twofold import Hand
from starflow.web.accounts.proving import Proven
from starflow.web.accounts.showing import go, page
from starflow.web.accounts.signing_in import text
from starflow.web.auth import Caller, Viewer, seen_case
from starflow.web.forms import Posted
from workflow.engine.errors import BadInput, Refused, StarflowError, Unknown, WrongStage

router = APIRouter(prefix="/two", include_in_schema=False)
FORCED, ADMINISTRATIVE = ("exempt", "close_unrated"), ("grant_role", "reset_totp", "withdraw_password")
"""What can be asked for here; the others are asked for where their particulars are filled in."""


@router.get("")
def waiting(request: Request, caller: Viewer) -> Response:
    return _page(request, caller)


@router.post("")
def ask(request: Request, form: Posted, caller: Proven) -> Response:
    """The end of a cycle by force. Raises Unknown, Forbidden."""
    act, code, reason = text(form, "act"), text(form, "code"), text(form, "reason")
    if act in ADMINISTRATIVE:
        return _asked_by_admin(request, caller, act, form)
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, None)
    if act not in FORCED:
        raise BadInput("这里只能提出免评和终止评定")
    try:
        payload = {"code": code, "year": case.cycle.year}
        twofold.ask(caller.desk, act, payload, hand=_hand(caller), code=code, reason=reason)
    except BadInput as refusal:
        return _page(request, caller, refusal, act=act, code=code, reason=reason)
    return go(request, "/two")


def _asked_by_admin(request: Request, caller: Caller, act: str, form: FormData) -> Response:
    """A role for somebody, or a lost second factor. Raises Forbidden."""
    POLICY.require(caller.principal, act)
    who, role, code, reason = (text(form, name) for name in ("who", "role", "code", "reason"))
    try:
        payload = (
            granting.payload_of(caller.desk, who, role, code)
            if act == "grant_role"
            else {"login": accounts.account_of(caller.desk, who).account.login}
        )
        twofold.ask(caller.desk, act, payload, hand=_hand(caller), code=code or None, reason=reason)
    except (BadInput, Unknown, Refused) as refusal:
        return _page(request, caller, refusal, act=act, code=code, reason=reason, who=who, role=role)
    return go(request, "/two")


@router.post("/{number}/confirm")
def confirm(request: Request, form: Posted, caller: Proven, number: int) -> Response:
    try:
        said = twofold.confirm(caller.desk, number, hand=_hand(caller))
    except (Refused, WrongStage) as refusal:
        return _page(request, caller, refusal)
    return _page(request, caller, done=said)


@router.post("/{number}/refuse")
def refuse(request: Request, form: Posted, caller: Viewer, number: int) -> Response:
    """By another; whoever asked takes it back."""
    try:
        twofold.refuse(caller.desk, number, hand=_hand(caller), reason=text(form, "reason"))
    except WrongStage as refusal:
        return _page(request, caller, refusal)
    return go(request, "/meeting" if text(form, "back") == "/meeting" else "/two")


def _hand(caller: Caller) -> Hand:
    return Hand(principal=caller.principal, session=caller.token)


def _page(
    request: Request,
    caller: Caller,
    refusal: StarflowError | None = None,
    *,
    done: str = "",
    act: str = "",
    code: str = "",
    reason: str = "",
    who: str = "",
    role: str = "",
) -> Response:
    hand = _hand(caller)
    return page(
        request,
        "two",
        answer_of(refusal).http_status if refusal else 200,
        lines=twofold.waiting(caller.desk, hand),
        may_ask=caller.principal.role == "department",
        zone=caller.desk.settings.zone,
        said=";".join(map(str, refusal.reasons)) if refusal else "",
        done=done,
        typed={"act": act, "code": code, "reason": reason, "who": who, "role": role},
        administers=caller.principal.role == "admin",
        roles=SEAT_WORDS,
    )
