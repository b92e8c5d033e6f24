"""Matters beside the stage over HTTP: listed, opened with an organisation, carried on by their number.

What an act must be told depends on the kind and on how the matter stands: `GET /matters/{id}` shows the JSON Schema of each
act that is on offer.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from starflow.service.acting import Acting
from starflow.service.desk import Desk
from starflow.service.matter_lists import MatterLine, MatterView, list_matters, show_matter
from starflow.service.matters import Acted, act_on_matter, kind_named, open_matter
from starflow.service.shapes import plain
from starflow.service.view import Filters
from starflow.web import examples
from starflow.web.acts import REFUSALS, Key, scoped
from starflow.web.auth import Caller, Identified, acting_relations, relations, seen_case, signature
from starflow.web.bodies import LARGEST, RawBody, act_schema, documented_body, read_act
from starflow.web.replies import (
    PER_PAGE,
    Code,
    Lamp,
    Limit,
    Next,
    OwedBy,
    Under,
    Year,
    described,
    list_of,
    narrowed_list,
    said,
)
from starflow.web.schemas import model_of
from storage import cycles, matters
from storage.database import Transaction, retrying
from storage.models import Matter
from workflow.engine.errors import Unknown
from workflow.engine.machine import ANYONE
from workflow.rating.track_parts import OPEN, Kind
from workflow.rating.tracks import KIND, KINDS

router = APIRouter()

Number = Annotated[int, InPath(ge=1, le=LARGEST, description="事项编号", examples=[17])]
OPENED = tuple(kind for kind in KINDS if not kind.elsewhere)
"""The kinds that are opened by this door."""


@router.get("/matters", summary="环节以外的事项", tags=["事项"], responses=list_of(MatterLine, examples.MATTER))
def list_(
    caller: Identified,
    kind: Annotated[str | None, Query(description="只看这种事项", examples=["plan"])] = None,
    status: Annotated[str | None, Query(description="只看这种状态", examples=["open"])] = None,
    closed: Annotated[bool, Query(description="连同已经办结的")] = False,
    year: Year = None,
    under: Under = None,
    light: Lamp = None,
    owner: OwedBy = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """方案、台账、复验、整改、降级、重点管理、授牌、示范点、督导、实施方案、异议;不写年度则为各年度的。"""
    filters = Filters(under=under, stage=kind, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: list_matters(caller.desk, seen, status=status, closed=closed))


@router.get(
    "/matters/{id}",
    summary="一件事项",
    tags=["事项"],
    responses=described(model_of(MatterView), examples.MATTER_VIEW),
)
def show(caller: Identified, id: Number) -> Response:
    """经过、期限,以及现在可以办什么、要填什么。不含异议人或反映人的姓名和联系方式。"""
    with caller.desk.reading() as tx:
        _, held = _seen(caller, tx, id, relations)
    return said(show_matter(caller.desk, id, held).as_json())


# ── opening ──────────────────────────────────────────────────────


def open_with(caller: Caller, kind: Kind, code: str, raw: bytes, year: int | None, key: str | None) -> Response:
    body = read_act(raw, reason_is_data=_reason_is_data(kind, OPEN))
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        acting = _acting(caller, kind, OPEN, acting_relations(tx, caller.principal, case))
    its = scoped(caller, key)

    def done() -> Acted:
        return open_matter(
            caller.desk, kind.name, code, body.payload, acting=acting, reason=body.reason, year=year, key=its
        )

    return _answered(caller.desk, retrying(done))


def _operation(kind: Kind) -> Callable[..., Response]:
    def act(caller: Identified, code: Code, raw: RawBody, year: Year = None, key: Key = None) -> Response:
        return open_with(caller, kind, code, raw, year, key)

    return act


for _kind in OPENED:
    _first = next(act for act in _kind.acts if act.trigger == OPEN)
    router.add_api_route(
        f"/cycles/{{code}}/matters/{_kind.name}",
        _operation(_kind),
        methods=["POST"],
        operation_id=f"open_{_kind.name}",
        summary=f"{_kind.title}:{_first.title}",
        tags=["事项"],
        responses=described(model_of(Acted), examples.ACTED | {"kind": _kind.name, "act": OPEN}, *REFUSALS),
        openapi_extra=documented_body(
            act_schema(f"open_{_kind.name}", _first.title, _first.takes, _first.needs_reason),
            examples.MATTERS[_kind.name],
        ),
    )


@router.post("/cycles/{code}/matters/{kind}", include_in_schema=False)
def open_unknown(
    caller: Identified, code: Code, kind: str, raw: RawBody, year: Year = None, key: Key = None
) -> Response:
    """A kind that nobody knows, or that is opened elsewhere: the service says so, once the cycle is known to be in sight."""
    with caller.desk.reading() as tx:
        seen_case(caller.desk, tx, caller.principal, code, year)
    return open_with(caller, kind_named(kind), code, raw, year, key)


# ── carrying on ──────────────────────────────────────────────────


@router.post(
    "/matters/{id}/{act}",
    summary="办理事项的一步",
    tags=["事项"],
    responses=described(model_of(Acted), examples.ACTED, *REFUSALS),
    openapi_extra=documented_body(
        act_schema("matter_act", "事项的动作", None, False, closed=False), {"measures": "逐项整改"}
    ),
)
def carry_on(caller: Identified, id: Number, act: str, raw: RawBody, key: Key = None) -> Response:
    """请求体是该动作的数据(见 GET /matters/{id} 的 options),另可带reason和expected_version。"""
    with caller.desk.reading() as tx:
        matter, held = _seen(caller, tx, id, acting_relations)
        kind = KIND[matter.kind]
        acting = _acting(caller, kind, act, held)
    body = read_act(raw, reason_is_data=_reason_is_data(kind, act))
    its = scoped(caller, key)

    def done() -> Acted:
        return act_on_matter(
            caller.desk,
            id,
            act,
            body.payload,
            acting=acting,
            reason=body.reason,
            expected_version=body.expected_version,
            key=its,
        )

    return _answered(caller.desk, retrying(done))


def _seen(
    caller: Caller, tx: Transaction, number: int, what: Callable[..., frozenset[str]]
) -> tuple[Matter, frozenset[str]]:
    """A matter that exists for the caller, and what the caller is to its organisation. Raises Unknown, Forbidden."""
    matter = matters.by_id(tx, number)
    row = cycles.by_id(tx, matter.cycle_id) if matter is not None and matter.cycle_id is not None else None
    try:
        if matter is None or row is None or caller.principal.role == "city":  # the city has none
            raise Unknown
        case = seen_case(caller.desk, tx, caller.principal, row.code, row.year)
    except Unknown:
        raise Unknown(f"没有编号为{number}的事项") from None
    return matter, what(tx, caller.principal, case)


def _acting(caller: Caller, kind: Kind, act: str, held: frozenset[str]) -> Acting:
    """Whoever reports something as anyone may do so without a name in the history."""
    if act == OPEN and ANYONE in kind.opened_by and not held & (set(kind.opened_by) - {ANYONE}):
        return Acting(actor=ANYONE, relations=frozenset({ANYONE}))
    actor, person = signature(caller)
    return Acting(actor=actor, relations=held, person=person)


def _reason_is_data(kind: Kind, trigger: str) -> bool:
    return any(one.takes and "reason" in one.takes.model_fields for one in kind.acts if one.trigger == trigger)


def _answered(desk: Desk, done: Acted) -> Response:
    shape: Mapping[str, Any] = plain(done)
    return said(
        {**shape, "due_at": _local(desk, done.due_at)},
        {"idempotent-replayed": "true"} if done.repeated else {},
    )


def _local(desk: Desk, at: datetime | None) -> str | None:
    return at.astimezone(desk.settings.zone).isoformat() if at else None
