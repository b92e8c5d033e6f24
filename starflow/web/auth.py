"""Who is asking, and what exists for them: default deny by subtree.

Outside one's subtree nothing exists (404, in the very words for what does not exist); inside, the role decides (403). The city
stands in no tree of ours: it sees the cycles whose open act is the city's to do, and nothing else. Lists are narrowed by the
same two predicates in the database, never afterwards.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from starflow.service.access import Principal, Standing, authenticate, may_see, relations_of, require_sight
from starflow.service.case import Case, campaign_of, case_of
from starflow.service.desk import Desk
from starflow.service.view import Filters
from storage import cycles, obligations, organisations
from storage.cycles import CycleRow
from storage.database import Transaction
from workflow.engine.errors import BadInput, Forbidden, Unauthenticated, Unknown
from workflow.rating.stages import ROLE_WORDS

TOKEN = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="令牌由 starflow token issue 发出,属于一个组织的一种身份",
)
HOW_TO_SIGN_IN = "请在请求头里带上令牌(Authorization: Bearer …);令牌由管理员用 starflow token issue 发出"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks, at the desk where they are served. `token` is the hash of what they showed."""

    desk: Desk
    principal: Principal
    token: str


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def identified(request: Request, shown: HTTPAuthorizationCredentials | None) -> Caller:
    """Raises Unauthenticated."""
    if shown is None:
        raise Unauthenticated(HOW_TO_SIGN_IN)
    desk = desk_of(request)
    principal = authenticate(desk, shown.credentials)
    return Caller(desk=desk, principal=principal, token=hashlib.sha256(shown.credentials.encode()).hexdigest())


def caller(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]) -> Caller:
    """The one dependency of every route below /api/v1: who asks, and nothing asked that the route does not know."""
    found = identified(request, shown)
    _only_known_parameters(request)
    return found


Identified = Annotated[Caller, Depends(caller)]


def _only_known_parameters(request: Request) -> None:
    """A misspelt filter is refused, so that nobody believes it has narrowed anything."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    asked = [name for name, _ in request.query_params.multi_items()]
    if unknown := [name for name in dict.fromkeys(asked) if name not in known]:
        raise BadInput(*(f"没有“{name}”这个参数" for name in unknown))
    if len(asked) > len(set(asked)):
        raise BadInput("同一个参数写了两次")


# ── sight ────────────────────────────────────────────────────────


def narrowed(caller: Caller, filters: Filters) -> Filters | None:
    """The filters that show the caller what exists for them; None: nothing of it does. Raises Unknown, Forbidden."""
    principal = caller.principal
    if principal.role == "city":
        if filters.under is not None:
            raise Forbidden("市委组织部的清单不能按组织范围(under)筛选")
        return replace(filters, owner="city") if filters.owner in (None, "city") else None
    if filters.under is None:
        return replace(filters, under=principal.code)
    with caller.desk.reading() as tx:
        found = organisations.by_code(tx, filters.under)
    require_sight(principal, filters.under, found.path if found else "")
    return filters


def of_our_tree(caller: Caller) -> None:
    """For lists that have nothing that is before the city. Raises Forbidden."""
    if caller.principal.role == "city":
        raise Forbidden("市委组织部只能看到等待复审的周期")


def seen_case(desk: Desk, tx: Transaction, principal: Principal, code: str, year: int | None) -> Case:
    """The case with this code, if it exists for whoever asks. Raises Unknown, in the same words for both."""
    campaign = campaign_of(tx, year)
    assert campaign.id is not None  # it was read
    found = cycles.find(tx, campaign.id, code)
    if found is None or not _sees(tx, principal, found):
        raise Unknown(f"{campaign.year}年度没有编码为“{code}”的党组织")
    return case_of(desk, tx, found)


def _sees(tx: Transaction, principal: Principal, cycle: CycleRow) -> bool:
    if principal.role != "city":
        return may_see(principal.path, cycle.path)
    current = obligations.open_stage(tx, cycle.id)
    return current is not None and current.owner_role == "city"


def relations(tx: Transaction, principal: Principal, case: Case) -> frozenset[str]:
    """What the caller is to this very cycle."""
    standing = Standing(
        organisation_id=case.cycle.organisation_id,
        reviewer_id=case.cycle.reviewer_id,
        root_id=organisations.root(tx),
        city_id=organisations.id_of(tx, organisations.CITY),
    )
    return relations_of(principal.role, principal.organisation_id, standing)


def signature(caller: Caller) -> tuple[str, str | None]:
    """The name for the record, and the person's code. In earnest nobody acts from a vacant post. Raises Forbidden."""
    principal = caller.principal
    if principal.person is None and not caller.desk.rehearsal:
        role = ROLE_WORDS[principal.role]
        raise Forbidden(f"{principal.code}({role})的岗位现在空缺,没有人可以这个身份办理")
    return principal.person or f"role:{principal.role}", principal.person
