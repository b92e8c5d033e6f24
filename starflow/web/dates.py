"""POST: what coordinators do to dates and people: extend, hold, release, nudge."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from starflow.service import obligations
from starflow.service.obligations import Nudged
from starflow.service.policy import POLICY
from starflow.web import examples
from starflow.web.acts import REFUSALS
from starflow.web.auth import Caller, Identified, acting_relations, seen_case, signature
from starflow.web.bodies import RawBody, documented_body, read_model
from starflow.web.replies import Code, Year, described, said
from starflow.web.schemas import model_of
from workflow.rating.payloads import Text

router = APIRouter()


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
    actor, of = coordinating(caller, code, year, "extend")
    said_ = read_model(raw, Extension)
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
    actor, of = coordinating(caller, code, year, "hold")
    reason = read_model(raw, Holding).reason
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
    actor, of = coordinating(caller, code, year, "release")
    read_model(raw, Nothing)
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
    actor, of = coordinating(caller, code, year, "nudge")
    dry_run = read_model(raw, Nudging).dry_run
    (nudged,) = obligations.nudge(caller.desk, (code,), actor=actor, year=of, dry_run=dry_run)
    return said(asdict(nudged))


def coordinating(caller: Caller, code: str, year: int | None, action: str) -> tuple[str, int]:
    """The name for the record, and the year that is meant. Raises Unknown, Forbidden."""
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        held = acting_relations(tx, caller.principal, case)
    POLICY.require(caller.principal, action, held)
    return signature(caller)[0], case.cycle.year
