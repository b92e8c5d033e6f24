"""GET: the roster, the years, the rules, and the sittings of the committee."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from starflow.service import campaigns as years
from starflow.service import directory, lists, sittings
from starflow.service.agenda import Agenda, agenda
from starflow.service.case import campaign_of
from starflow.service.draws import DrawLine, draw_list
from starflow.service.quotas import QuotaLine, quota
from starflow.service.shapes import CampaignLine, Page
from starflow.service.sittings import MeetingLine
from starflow.service.view import Filters
from starflow.web import examples
from starflow.web.auth import Identified, require
from starflow.web.replies import PER_PAGE, Limit, Next, Under, Year, described, list_of, narrowed_list, said
from starflow.web.schemas import page_of

router = APIRouter()


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
    require(caller, "read_roster")
    filters = Filters(under=under, year=year, limit=limit, after=after)
    return narrowed_list(caller, filters, lambda seen: directory.listed(caller.desk, seen), "read_roster")


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
    require(caller, "read_meetings")
    held, waiting = sittings.meeting_list(caller.desk, year), agenda(caller.desk, year)
    return said(held.as_json() | {"agenda": waiting.as_json()})


@router.get(
    "/quotas",
    summary="名额",
    tags=["看"],
    responses=described(page_of(QuotaLine, year=int), examples.page(examples.QUOTA) | {"year": 2027}),
)
def quotas(caller: Identified, year: Year = None) -> Response:
    """每项名额的排名、名额线、并列和抽签的承诺值(draw)。只有组织部和工委会看得到。"""
    require(caller, "read_meetings")
    return said(quota(caller.desk, year).as_json())


@router.get("/draws", summary="抽签", tags=["看"], responses=list_of(DrawLine, examples.DRAW))
def draws(caller: Identified, year: Year = None) -> Response:
    """公布的承诺值,和公布以后的种子:谁都可以用sha256sum核对。"""
    require(caller, "read_work")
    return said(Page(draw_list(caller.desk, year)).as_json())
