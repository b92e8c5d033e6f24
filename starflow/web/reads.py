"""GET: the lists, and one cycle with its explanation and its history. Each is a use case of the service, narrowed to what exists
for whoever asks.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from starflow.service import campaigns as years
from starflow.service import directory, lists, sittings
from starflow.service import why as explanations
from starflow.service.agenda import Agenda, agenda
from starflow.service.case import campaign_of
from starflow.service.shapes import (
    FOR_PEOPLE,
    CampaignLine,
    CycleLine,
    HistoryLine,
    NoticeLine,
    ObligationLine,
    Owner,
    Page,
    StarLine,
    Stuck,
    plain,
)
from starflow.service.sittings import MeetingLine
from starflow.service.view import OWNERS, Filters, light_of, owner_of, people_of, view_of
from starflow.service.why import Why
from starflow.web import examples
from starflow.web.auth import Caller, Identified, narrowed, of_our_tree, relations, seen_case
from starflow.web.problems import documented
from starflow.web.schemas import model_of, page_of
from storage import queries
from workflow.engine.deadlines import Light
from workflow.engine.errors import Forbidden

router = APIRouter()

Year = Annotated[int | None, Query(ge=2000, le=2200, description="年度;不写则为最近一次在办的年度", examples=[2027])]
Code = Annotated[str, InPath(description="组织编码", examples=["D0102"])]
Under = Annotated[str | None, Query(description="只看这个组织及其下级", examples=["D01"])]
Stage = Annotated[str | None, Query(description="只看这个环节(全名或末段)", examples=["rating.review"])]
Lamp = Annotated[Light | None, Query(description="只看这种灯", examples=["red"])]
OwedBy = Annotated[
    str | None,
    Query(description="只看由这种身份办理的", examples=["superior"], json_schema_extra={"enum": list(OWNERS)}),
]
Limit = Annotated[int, Query(ge=1, le=500, description="最多列出这么多行", examples=[50])]
Next = Annotated[str | None, Query(alias="next", description="从上一页给出的next处继续")]

PER_PAGE = 50
REFUSALS = (400, 401, 403, 404, 503)


def said(shape: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(shape, ensure_ascii=False), 200, dict(headers or {}), "application/json")


def described(model: Any, example: Mapping[str, Any], *refusals: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: how it answers, and how it may refuse."""
    yes = {"model": model, "description": "办妥", "content": {"application/json": {"example": dict(example)}}}
    return {200: yes, **documented(*(refusals or REFUSALS))}


def list_of(shape: type, row: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    return described(page_of(shape), examples.page(row))


def narrowed_list(caller: Caller, filters: Filters, find: Callable[[Filters], Page[Any]]) -> Response:
    """The page that exists for the caller; an empty one where nothing of it does."""
    seen = narrowed(caller, filters)
    return said((Page(()) if seen is None else find(seen)).as_json())


# ── who is stuck, and every other open work ──────────────────────


@router.get("/stuck", summary="谁卡住了", tags=["看"], responses=list_of(Stuck, examples.STUCK))
def stuck(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    everything: Annotated[bool, Query(alias="all", description="全部在办的环节,不只是卡住的")] = False,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """逾期最久的在前:该谁办、缺什么、何时自动上报。"""
    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.stuck(caller.desk, seen, everything=everything))


@router.get("/cycles", summary="各党组织办到哪一步", tags=["看"], responses=list_of(CycleLine, examples.CYCLE))
def cycles(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """按编码排列。"""
    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.cycles(caller.desk, seen))


@router.get("/obligations", summary="全部待办", tags=["看"], responses=list_of(ObligationLine, examples.OBLIGATION))
def obligations(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """环节和事项的待办,先到期的在前。"""
    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.obligations(caller.desk, seen))


@router.get("/due", summary="今后若干天内到期的", tags=["看"], responses=list_of(ObligationLine, examples.OBLIGATION))
def due(
    caller: Identified,
    days: Annotated[int, Query(ge=0, le=3660, description="今后多少天", examples=[14])] = 14,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    light: Lamp = None,
    owner: OwedBy = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """已经逾期的不在其中,见“谁卡住了”。"""
    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.due(caller.desk, seen, days=days))


@router.get("/notices", summary="提醒、催办和通知", tags=["看"], responses=list_of(NoticeLine, examples.NOTICE))
def notices(
    caller: Identified,
    year: Year = None,
    under: Under = None,
    stage: Stage = None,
    owner: OwedBy = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """最近的在前;owner是收件人的身份。"""
    filters = Filters(under=under, stage=stage, owner=owner, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.notices(caller.desk, seen))


@router.get("/stars", summary="有效的星级", tags=["看"], responses=list_of(StarLine, examples.STAR))
def stars(
    caller: Identified,
    as_of: Annotated[date | None, Query(description="哪一天;不写则为今天", examples=["2027-07-01"])] = None,
    year: Year = None,
    under: Under = None,
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """某一天有效的星级,按编码排列。"""
    of_our_tree(caller)
    filters = Filters(under=under, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.stars(caller.desk, seen, as_of=as_of))


# ── the roster, the years, the rules, the sittings ───────────────


@router.get(
    "/organisations",
    summary="党组织名册",
    tags=["看"],
    responses=list_of(directory.OrganisationLine, examples.ORGANISATION),
)
def organisations(
    caller: Identified, year: Year = None, under: Under = None, limit: Limit = PER_PAGE, after: Next = None
) -> Response:
    """含已停用的;写明年度时只列该年度参评的。电话只显示首尾。"""
    of_our_tree(caller)
    filters = Filters(under=under, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: directory.listed(caller.desk, seen))


@router.get("/campaigns", summary="各年度", tags=["看"], responses=list_of(CampaignLine, examples.CAMPAIGN))
def campaigns(caller: Identified, year: Year = None) -> Response:
    """最近的在前。"""
    found = lists.campaigns(caller.desk).rows
    return said(Page(tuple(line for line in found if year in (None, line.year))).as_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeLine:
    """A scheme, by the hash of its file."""

    name: str
    title: str
    hash: str


@router.get("/schemes", summary="方案", tags=["看"], responses=list_of(SchemeLine, examples.SCHEME))
def schemes(caller: Identified, year: Year = None) -> Response:
    """随附的和采用过的;写明年度时只列该年度所用的。"""
    found = [SchemeLine(**one) for one in years.schemes(caller.desk)]
    if year is not None:
        with caller.desk.reading() as tx:
            used = campaign_of(tx, year).scheme_hash
        found = [one for one in found if one.hash == used]
    return said(Page(tuple(found)).as_json())


@router.get(
    "/meetings",
    summary="工委会的会议",
    tags=["看"],
    responses=described(
        page_of(MeetingLine, agenda=Agenda), examples.page(examples.MEETING_LINE) | {"agenda": examples.AGENDA}
    ),
)
def meetings(caller: Identified, year: Year = None) -> Response:
    """以及待批准的名单、排名和名额线(agenda)。只有组织部和工委会看得到。"""
    if caller.principal.role not in ("department", "committee"):
        raise Forbidden("会议由工委会和组织部查看")
    held, waiting = sittings.meeting_list(caller.desk, year), agenda(caller.desk, year)
    return said(held.as_json() | {"agenda": waiting.as_json()})


# ── one cycle ────────────────────────────────────────────────────


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
