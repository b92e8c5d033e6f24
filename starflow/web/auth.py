"""Who is asking, and what exists for them: default deny by subtree.

Outside one's subtree nothing exists (404, in the very words for what does not exist); inside, the role decides (403). The city
stands in no tree of ours: it sees the cycles whose open act is the city's to do, and nothing else. Lists are narrowed by the
same two predicates in the database, never afterwards.

A page may also be looked at by whoever has signed in, and in a rehearsal by whoever sits at this machine.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from starflow.service.access import BODIES, Principal, authenticate_in, may_hold
from starflow.service.case import Case
from starflow.service.desk import Desk
from starflow.service.policy import POLICY, SEAT_WORDS
from starflow.service.sessions import Signed, principal_at, signed_in
from starflow.service.view import Filters
from storage import organisations, posts
from storage.database import Transaction
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Forbidden, Unauthenticated

TOKEN = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="令牌由 starflow token issue 发出,属于一个组织的一种身份",
)
SEEN_ROLES = (*BODIES, "leader", "auditor", "admin")
HOW_TO_SIGN_IN = "请在请求头里带上令牌(Authorization: Bearer …);令牌由管理员用 starflow token issue 发出"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks, at the desk where they are served. `token` is the hash of what they showed; `signed`: by signing in."""

    desk: Desk
    principal: Principal
    token: str
    signed: Signed | None = None


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def identified(request: Request, shown: HTTPAuthorizationCredentials | None) -> Caller:
    """Raises Unauthenticated."""
    with desk_of(request).reading() as tx:
        return _identified(tx, request, shown)


def _identified(tx: Transaction, request: Request, shown: HTTPAuthorizationCredentials | None) -> Caller:
    if shown is None:
        raise Unauthenticated(HOW_TO_SIGN_IN)
    desk = desk_of(request)
    principal = authenticate_in(desk, tx, shown.credentials)
    return Caller(desk=desk, principal=principal, token=hashlib.sha256(shown.credentials.encode()).hexdigest())


def caller(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]) -> Caller:
    """The one dependency of every route below /api/v1: who asks, and nothing asked that the route does not know."""
    found = identified(request, shown)
    _only_known_parameters(request)
    return found


Identified = Annotated[Caller, Depends(caller)]


# ── who looks at a page ──────────────────────────────────────────

SESSION, SESSION_IN_CLEAR, SEEN_AS = "__Host-sid", "starflow_sid", "starflow_as"
"""The session's cookie, where the page travels encrypted and where not; and a rehearsal's "see as ROLE:CODE"."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
NOBODY = "请先登录"


class Enrol(Unauthenticated):
    """A role that approves needs a second factor first."""


class NoSeat(Forbidden):
    """Somebody has signed in who holds no role today."""


def viewer(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]) -> Caller:
    """The one dependency of every page: by session, else by token, else in a rehearsal at this machine as one chooses.

    Raises Unauthenticated.
    """
    with desk_of(request).reading() as tx:
        return viewer_in(tx, request, shown)


def viewer_in(tx: Transaction, request: Request, shown: HTTPAuthorizationCredentials | None) -> Caller:
    """The same in a reading that goes on."""
    if signed := session_of(request):
        return _seated(desk_of(request), signed)
    if shown is not None:
        return _identified(tx, request, shown)
    if desk_of(request).rehearsal and at_this_machine(request):
        return _seen_as(tx, request)
    raise Unauthenticated(NOBODY)


Viewer = Annotated[Caller, Depends(viewer)]


def session_of(request: Request, *, half: bool = False) -> Signed | None:
    """Who has signed in with this browser; `half`: also whoever still owes the second factor."""
    reference = request.cookies.get(session_cookie(request))
    signed = signed_in(desk_of(request), reference) if reference else None
    return signed if signed and (signed.whole or half) else None


def _seated(desk: Desk, signed: Signed) -> Caller:
    if signed.must_enrol:
        raise Enrol("您的职务须先启用动态码(双重验证)")
    if signed.principal is None:
        raise NoSeat(f"{signed.name},您现在没有担任任何职务,看不到任何内容;请联系管理员")
    return Caller(desk=desk, principal=signed.principal, token=f"session:{signed.session}", signed=signed)


def _seen_as(tx: Transaction, request: Request) -> Caller:
    """Whoever plays a rehearsal: the department of the root, or the role they have chosen."""
    desk = desk_of(request)
    role, _, code = request.cookies.get(SEEN_AS, "").partition(":")
    body = organisations.by_code(tx, code) if role in SEEN_ROLES and code else None
    if body is None or body.id is None or not may_hold(body, role):
        role, body = "department", organisations.by_id(tx, organisations.root(tx))
    assert body is not None and body.id is not None  # a tree has a root
    holder = posts.person_for(tx, role, body.id, local_date(tx.now, desk.settings.zone))
    principal = principal_at(role, body, holder.code if holder else None)
    return Caller(desk=desk, principal=principal, token=f"rehearsal:{role}:{principal.code}")


def at_this_machine(request: Request) -> bool:
    """From a loopback address, under a loopback name (another site's page cannot pretend that), and not passed on for others."""
    passed_on = any(name in request.headers for name in FORWARDED)
    client = request.client.host if request.client else ""
    return not passed_on and _is_loopback(client) and _is_loopback(request.url.hostname or "")


def _is_loopback(name: str) -> bool:
    try:
        return name.lower() == "localhost" or ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def is_encrypted(request: Request) -> bool:
    """As the browser sees it: a proxy before us may take the encryption off."""
    return request.url.scheme == "https" or desk_of(request).settings.public_url.startswith("https:")


def session_cookie(request: Request) -> str:
    return SESSION if is_encrypted(request) else SESSION_IN_CLEAR


def network_of(request: Request) -> str:
    """Where the request comes from; a proxy's word counts only where the installation names the proxy."""
    client = request.client.host if request.client else ""
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return said[:64] if said and client in desk_of(request).settings.proxies else client


def _only_known_parameters(request: Request) -> None:
    """A misspelt filter is refused, so that nobody believes it has narrowed anything."""
    known = set(_parameters(request.scope["route"].dependant))
    asked = [name for name, _ in request.query_params.multi_items()]
    if unknown := [name for name in dict.fromkeys(asked) if name not in known]:
        raise BadInput(*(f"没有“{name}”这个参数" for name in unknown))
    if len(asked) > len(set(asked)):
        raise BadInput("同一个参数写了两次")


def _parameters(asked: Any) -> Iterator[str]:
    """Of a route and of whatever it depends on."""
    yield from (parameter.alias for parameter in asked.query_params)
    for one in asked.dependencies:
        yield from _parameters(one)


# ── what exists, and what one may ────────────────────────────────


def narrowed(caller: Caller, filters: Filters, action: str = "read_work") -> Filters | None:
    """The filters that show the caller what exists for them; None: nothing of it does. Raises Unknown, Forbidden."""
    POLICY.require(caller.principal, action)
    return POLICY.narrowed(caller.desk, caller.principal, filters)


def require(caller: Caller, action: str) -> None:
    """For what concerns no single organisation. Raises Forbidden."""
    POLICY.require(caller.principal, action)


def seen_case(desk: Desk, tx: Transaction, principal: Principal, code: str, year: int | None) -> Case:
    """The case with this code, if it exists for whoever asks. Raises Unknown, in the same words for both."""
    return POLICY.seen_case(desk, tx, principal, code, year)


def relations(tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
    """What the caller is to this very cycle: for showing what is on offer."""
    return POLICY.relations(tx, principal, case)


def acting_relations(tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
    """The same for whoever is about to act. Raises Forbidden where they must stand aside."""
    return POLICY.acting_relations(tx, principal, case)


def signature(caller: Caller) -> tuple[str, str | None]:
    """The name for the record, and the person's code. In earnest nobody acts from a vacant post. Raises Forbidden."""
    principal = caller.principal
    if principal.person is None and not caller.desk.rehearsal:
        role = SEAT_WORDS[principal.role]
        raise Forbidden(f"{principal.code}({role})的岗位现在空缺,没有人可以这个身份办理")
    return principal.person or f"role:{principal.role}", principal.person
