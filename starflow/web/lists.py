"""GET: who is stuck, and every other list of open work, of words and of stars, as `starflow.service.lists` makes them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from starflow.service import lists
from starflow.service.shapes import CycleLine, NoticeLine, ObligationLine, StarLine, Stuck
from starflow.web import examples
from starflow.web.auth import Identified, require
from starflow.web.replies import PER_PAGE, Limit, Lit, Next, Search, Under, Unlit, Year, list_of, lit, narrowed_list

router = APIRouter()


@router.get("/stuck", summary="谁卡住了", tags=["看"], responses=list_of(Stuck, examples.STUCK))
def stuck(
    caller: Identified,
    filters: Lit,
    everything: Annotated[bool, Query(alias="all", description="全部在办的环节,不只是卡住的")] = False,
) -> Response:
    """逾期最久的在前:该谁办、缺什么、何时自动上报。"""
    return narrowed_list(caller, filters, lambda seen: lists.stuck(caller.desk, seen, everything=everything))


@router.get("/cycles", summary="各党组织办到哪一步", tags=["看"], responses=list_of(CycleLine, examples.CYCLE))
def cycles(
    caller: Identified,
    filters: Lit,
) -> Response:
    """按编码排列。"""
    return narrowed_list(caller, filters, lambda seen: lists.cycles(caller.desk, seen))


@router.get("/obligations", summary="全部待办", tags=["看"], responses=list_of(ObligationLine, examples.OBLIGATION))
def obligations(
    caller: Identified,
    filters: Lit,
) -> Response:
    """环节和事项的待办,先到期的在前。"""
    return narrowed_list(caller, filters, lambda seen: lists.obligations(caller.desk, seen))


@router.get("/due", summary="今后若干天内到期的", tags=["看"], responses=list_of(ObligationLine, examples.OBLIGATION))
def due(
    caller: Identified,
    filters: Lit,
    days: Annotated[int, Query(ge=0, le=3660, description="今后多少天", examples=[14])] = 14,
) -> Response:
    """已经逾期的不在其中,见“谁卡住了”。"""
    return narrowed_list(caller, filters, lambda seen: lists.due(caller.desk, seen, days=days))


@router.get("/notices", summary="提醒、催办和通知", tags=["看"], responses=list_of(NoticeLine, examples.NOTICE))
def notices(
    caller: Identified,
    filters: Unlit,
) -> Response:
    """最近的在前;owner是收件人的身份。"""
    return narrowed_list(caller, filters, lambda seen: lists.notices(caller.desk, seen))


@router.get("/stars", summary="有效的星级", tags=["看"], responses=list_of(StarLine, examples.STAR))
def stars(
    caller: Identified,
    as_of: Annotated[date | None, Query(description="哪一天;不写则为今天", examples=["2027-07-01"])] = None,
    year: Year = None,
    under: Under = None,
    search: Search = "",
    limit: Limit = PER_PAGE,
    after: Next = None,
) -> Response:
    """某一天有效的星级,按编码排列。"""
    require(caller, "read_roster")
    filters = lit(caller, year, under, search=search, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: lists.stars(caller.desk, seen, as_of=as_of), "read_roster")
