"""GET: one cycle, why it stands where it stands, and all its records."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Response

from starflow.service import why as explanations
from starflow.service.shapes import FOR_PEOPLE, HistoryLine, Owner, plain
from starflow.service.view import Filters, light_of, owner_of, people_of, view_of
from starflow.service.why import Why
from starflow.web import examples
from starflow.web.auth import Identified, relations, seen_case
from starflow.web.replies import Code, Year, described, list_of, said
from starflow.web.schemas import model_of
from storage import queries
from workflow.engine.deadlines import Light

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDetail:
    """One organisation's year as it stands; `version` is what an act may be bound to."""

    organisation: str
    name: str
    year: int
    round: str | None
    stage: str
    version: int
    light: Light
    owner: Owner | None
    since: datetime
    target_at: datetime | None
    due_at: datetime | None
    proposed_star: int | None
    star: int | None
    stage_title: str = field(metadata=FOR_PEOPLE)


@router.get(
    "/cycles/{code}",
    summary="一个党组织本年度的办理",
    tags=["看"],
    responses=described(model_of(CycleDetail), examples.CYCLE_DETAIL),
)
def cycle(caller: Identified, code: Code, year: Year = None) -> Response:
    """现在在哪个环节、该谁办、期限。version可用作办理时的expected_version。"""
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        view = view_of(caller.desk, tx, Filters(year=case.cycle.year))
        newest = queries.newest_stay(tx, case.cycle.id)
        stay = newest if newest and newest.closed_at is None else None
        seen = CycleDetail(
            organisation=case.cycle.code,
            name=case.cycle.name,
            year=case.cycle.year,
            round=case.cycle.round or None,
            stage=case.cycle.stage,
            version=case.cycle.version,
            light=light_of(view, case.cycle.outcome, newest),
            owner=owner_of(stay, people_of(view, [stay])) if stay else None,
            since=case.cycle.entered_at.astimezone(case.zone),
            target_at=view.local(stay.target_at) if stay else None,
            due_at=view.local(stay.due_at) if stay else None,
            proposed_star=case.cycle.proposed,
            star=case.cycle.star,
            stage_title=case.stage.title,
        )
    return said(plain(seen))


@router.get(
    "/cycles/{code}/why",
    summary="为什么停在这里",
    tags=["看"],
    responses=described(model_of(Why), examples.WHY),
)
def why(caller: Identified, code: Code, year: Year = None) -> Response:
    """期限怎么算的、可以办什么、还缺什么;每个动作都说明令牌的身份能不能办。"""
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
        held = relations(tx, caller.principal, case)
    return said(explanations.why(caller.desk, code, year=case.cycle.year, relations=held).as_json())


@router.get(
    "/cycles/{code}/history",
    summary="全部流转记录",
    tags=["看"],
    responses=list_of(HistoryLine, examples.HISTORY),
)
def history(caller: Identified, code: Code, year: Year = None) -> Response:
    """每条记录的哈希都接着上一条。"""
    with caller.desk.reading() as tx:
        case = seen_case(caller.desk, tx, caller.principal, code, year)
    return said(explanations.history(caller.desk, code, year=case.cycle.year).as_json())
