"""POST: everything that can be done to a cycle, through its one door.

One operation for each act of the closed vocabulary, so that the documentation shows what each must be told. A scheme that
does not offer an act says so (409), and one that nobody knows is not found (404).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Header, Response

from starflow.service.clock import new_secret
from starflow.service.cycles import CycleAsk, Fired, fire_in
from starflow.service.policy import POLICY
from starflow.web import examples
from starflow.web.auth import Caller, Identified, acting_relations, seen_case, signature
from starflow.web.bodies import RawBody, act_schema, documented_body, read_act
from starflow.web.problems import documented
from starflow.web.replies import Code, Year, described, said
from starflow.web.schemas import model_of
from storage import records
from storage.database import Transaction, retrying
from workflow.engine.errors import BadInput
from workflow.engine.machine import ANYONE, CLOCK
from workflow.rating.payloads import survey_filing
from workflow.rating.scheme_asking import USUAL_ANSWERS
from workflow.rating.stages import FROM_ANYWHERE, KINDS, Act

router = APIRouter()

ACTS: Mapping[str, Act] = {
    act.trigger: replace(act, takes=survey_filing(tuple(USUAL_ANSWERS), (), False))
    if act.trigger == "file_survey"
    else act
    for act in (
        *(act for kind in KINDS for act in kind.acts if act.by != CLOCK),
        *(act for act, _, _ in FROM_ANYWHERE),
    )
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
            held = held_to_act(tx, caller, code, year, trigger, its)
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


def held_to_act(tx: Transaction, caller: Caller, code: str, year: int | None, trigger: str, key: str) -> frozenset[str]:
    """Nobody learns from a record who objected, so whoever does acts as anyone. What one has done oneself may be repeated,
    even when the cycle has meanwhile left one's sight.
    """
    if records.by_key(tx, key) is not None:
        return frozenset()
    case = seen_case(caller.desk, tx, caller.principal, code, year)
    held = frozenset({ANYONE}) if trigger == OBJECT else acting_relations(tx, caller.principal, case)
    if held & set(POLICY.rule(trigger).roles if POLICY.takes_two(caller.desk, trigger) else ()):
        POLICY.require_not_alone(caller.desk, trigger)
    return held


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


# ── an act that nobody knows ─────────────────────────────────────


@router.post("/cycles/{code}/{trigger}", include_in_schema=False, responses=documented(404))
def unknown(caller: Identified, code: Code, trigger: str, raw: RawBody, year: Year = None, key: Key = None) -> Response:
    """The door says so itself, after it has seen whether the cycle exists for whoever asks; the clock's acts end here too."""
    return fire(caller, code, trigger, raw, year, key)
