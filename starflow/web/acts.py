"""POST: everything that can be done to a cycle, through its one door.

One operation for each act of the closed vocabulary, so that the documentation shows what each must be told. A scheme that
does not offer an act says so (409), and one that nobody knows is not found (404).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from starflow.service import obligations
from starflow.service.clock import new_secret
from starflow.service.cycles import CycleAsk, Fired, fire_in
from starflow.service.obligations import Nudged
from starflow.web import examples
from starflow.web.auth import Caller, Identified, relations, seen_case, signature
from starflow.web.bodies import RawBody, act_schema, documented_body, read_act, read_model
from starflow.web.problems import documented
from starflow.web.reads import Code, Year, described, said
from starflow.web.schemas import model_of
from storage import records
from storage.database import Transaction, retrying
from workflow.engine.errors import BadInput, Forbidden
from workflow.engine.machine import ANYONE, CLOCK
from workflow.rating.payloads import Text
from workflow.rating.stages import FROM_ANYWHERE, KINDS, ROLE_WORDS, Act

router = APIRouter()

ACTS: Mapping[str, Act] = {act.trigger: act for kind in KINDS for act in kind.acts if act.by != CLOCK} | {
    act.trigger: act for act, _, _ in FROM_ANYWHERE
}
OBJECT = "object"
REFUSALS = (400, 401, 403, 404, 409, 413, 422, 503)

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="幂等键:同一令牌重复提交时返回第一次的结果", examples=["7c2e-0001"]),
]


# ── through the door ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of an act: the record, and how many notices it put into the outbox."""

    organisation: str
    trigger: str
    before: str
    after: str
    version: int
    seq: int
    hash: str
    notices: int


def fire(caller: Caller, code: str, trigger: str, raw: bytes, year: int | None, key: str | None) -> Response:
    """Judged and done in one transaction, again when the database asks for that: the key makes sure that twice is once."""
    body = read_act(raw, reason_is_data=_reason_is_data(trigger))
    its = scoped(caller, key)

    def done() -> Fired:
        with caller.desk.transaction() as tx:
            held = _relations(tx, caller, code, year, trigger, its)
            actor, person = (ANYONE, None) if trigger == OBJECT else signature(caller)
            ask = CycleAsk(
                code=code,
                trigger=trigger,
                relations=held,
                actor=actor,
                person=person,
                payload=body.payload,
                reason=body.reason,
                year=year,
                expected_version=body.expected_version,
                key=its,
            )
            return fire_in(caller.desk, tx, ask)

    return _answered(retrying(done))


def _relations(tx: Transaction, caller: Caller, code: str, year: int | None, trigger: str, key: str) -> frozenset[str]:
    """Nobody learns from a record who objected, so whoever does acts as anyone. What one has done oneself may be repeated,
    even when the cycle has meanwhile left one's sight.
    """
    if records.by_key(tx, key) is not None:
        return frozenset()
    case = seen_case(caller.desk, tx, caller.principal, code, year)
    return frozenset({ANYONE}) if trigger == OBJECT else relations(tx, caller.principal, case)


def _answered(fired: Fired) -> Response:
    record = fired.record
    done = Done(
        organisation=fired.code,
        trigger=record.trigger,
        before=record.before,
        after=record.after,
        version=record.seq,
        seq=record.seq,
        hash=record.hash,
        notices=fired.notices,
    )
    return said(asdict(done), {"idempotent-replayed": "true"} if fired.repeated else {})


def scoped(caller: Caller, key: str | None) -> str:
    """A key counts for the token that it came with only: two tenants may count alike."""
    if key is not None and not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise BadInput("Idempotency-Key应为1至200个可见的ASCII字符")
    said_by = f"{caller.token}|{key if key is not None else new_secret()}"
    return f"api:{hashlib.sha256(said_by.encode()).hexdigest()}"


def _reason_is_data(trigger: str) -> bool:
    act = ACTS.get(trigger)
    return act is not None and act.takes is not None and "reason" in act.takes.model_fields


# ── one operation for each act ───────────────────────────────────


def _operation(trigger: str) -> Callable[..., Response]:
    def act(caller: Identified, code: Code, raw: RawBody, year: Year = None, key: Key = None) -> Response:
        return fire(caller, code, trigger, raw, year, key)

    return act


for _act in ACTS.values():
    router.add_api_route(
        f"/cycles/{{code}}/{_act.trigger}",
        _operation(_act.trigger),
        methods=["POST"],
        operation_id=_act.trigger,
        summary=_act.title,
        tags=["办"],
        responses=described(model_of(Done), examples.FIRED | {"trigger": _act.trigger}, *REFUSALS),
        openapi_extra=documented_body(
            act_schema(_act.trigger, _act.title, _act.takes, _act.needs_reason), examples.BODIES[_act.trigger]
        ),
    )


# ── dates and nudges ─────────────────────────────────────────────


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Extension(Closed):
    until: date = Field(description="延到这一天的24时")
    reason: Text
    subtree: bool = Field(default=False, description="连同全部下级")


class Holding(Closed):
    reason: Text


class Nothing(Closed):
    """No data."""


class Nudging(Closed):
    dry_run: bool = Field(default=False, description="只看会怎样,不发出")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """How many cycles an extension has moved."""

    organisation: str
    until: date
    subtree: bool
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`days`: by how many days the dates have moved, where a hold has ended."""

    organisation: str
    held: bool
    days: int | None


def _takes(model: type[BaseModel], name: str) -> dict[str, Any]:
    return documented_body(model.model_json_schema(), examples.BODIES[name])


@router.post(
    "/cycles/{code}/extend",
    summary="延期",
    tags=["期限"],
    responses=described(
        model_of(Extended), {"organisation": "D0102", "until": "2027-06-12", "subtree": False, "cycles": 1}, *REFUSALS
    ),
    openapi_extra=_takes(Extension, "extend"),
)
def extend(caller: Identified, code: Code, raw: RawBody, year: Year = None) -> Response:
    """本轮的截止不早于某一天;由组织部办理。"""
    said_ = read_model(raw, Extension)
    actor, of = _coordinating(caller, code, year, ("department",), "延期")
    moved = obligations.extend(
        caller.desk, code, said_.until, said_.reason, actor=actor, subtree=said_.subtree, year=of
    )
    return said({"organisation": code, "until": said_.until.isoformat(), "subtree": said_.subtree, "cycles": moved})


@router.post(
    "/cycles/{code}/hold",
    summary="暂停计时",
    tags=["期限"],
    responses=described(model_of(Held), {"organisation": "D0102", "held": True, "days": None}, *REFUSALS),
    openapi_extra=_takes(Holding, "hold"),
)
def hold(caller: Identified, code: Code, raw: RawBody, year: Year = None) -> Response:
    """暂停期间不再提醒;由组织部办理。"""
    reason = read_model(raw, Holding).reason
    actor, of = _coordinating(caller, code, year, ("department",), "暂停计时")
    obligations.hold(caller.desk, code, reason, actor=actor, year=of)
    return said({"organisation": code, "held": True, "days": None})


@router.post(
    "/cycles/{code}/release",
    summary="恢复计时",
    tags=["期限"],
    responses=described(model_of(Held), {"organisation": "D0102", "held": False, "days": 3}, *REFUSALS),
    openapi_extra=_takes(Nothing, "release"),
)
def release(caller: Identified, code: Code, raw: RawBody, year: Year = None) -> Response:
    """暂停的天数补回;由组织部办理。"""
    read_model(raw, Nothing)
    actor, of = _coordinating(caller, code, year, ("department",), "恢复计时")
    days = obligations.release(caller.desk, code, actor=actor, year=of)
    return said({"organisation": code, "held": False, "days": days})


@router.post(
    "/cycles/{code}/nudge",
    summary="立即催办",
    tags=["期限"],
    responses=described(model_of(Nudged), examples.NUDGED, *REFUSALS),
    openapi_extra=_takes(Nudging, "nudge"),
)
def nudge(caller: Identified, code: Code, raw: RawBody, year: Year = None) -> Response:
    """催办欠办的人;由上级党组织或组织部办理。没有发出时note说明为什么。"""
    dry_run = read_model(raw, Nudging).dry_run
    actor, of = _coordinating(caller, code, year, ("superior", "department"), "催办")
    (nudged,) = obligations.nudge(caller.desk, (code,), actor=actor, year=of, dry_run=dry_run)
    return said(asdict(nudged))


def _coordinating(caller: Caller, code: str, year: int | None, roles: tuple[str, ...], what: str) -> tuple[str, int]:
    """The name for the record, and the year that is meant. Raises Unknown, Forbidden."""
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        held = relations(tx, caller.principal, case)
    if not held & set(roles):
        raise Forbidden(f"{what}由{'、'.join(ROLE_WORDS[role] for role in roles)}办理")
    return signature(caller)[0], case.cycle.year


# ── an act that nobody knows ─────────────────────────────────────


@router.post("/cycles/{code}/{trigger}", include_in_schema=False, responses=documented(404))
def unknown(caller: Identified, code: Code, trigger: str, raw: RawBody, year: Year = None, key: Key = None) -> Response:
    """The door says so itself, after it has seen whether the cycle exists for whoever asks; the clock's acts end here too."""
    return fire(caller, code, trigger, raw, year, key)
