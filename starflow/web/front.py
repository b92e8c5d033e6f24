"""The first page: who is stuck where, in plain HTML that needs no script.

A rehearsal shows itself to whoever sits at the machine; what is in earnest, and whoever comes from elsewhere, needs a token.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials
from jinja2 import Environment, PackageLoader

from starflow.service import lists
from starflow.service.answers import answer_of
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.shapes import Owner, Page, Stuck
from starflow.service.view import Filters
from starflow.web.auth import TOKEN, at_this_machine, desk_of, identified, narrowed
from starflow.web.problems import BUSY, NO_TOKEN, TITLES
from workflow.engine.deadlines import Light
from workflow.engine.errors import StarflowError, Unauthenticated, Unavailable, Unknown
from workflow.rating.stages import ROLE_WORDS

router = APIRouter()
PAGES = Environment(loader=PackageLoader("starflow.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)

MOST = 500
LIGHTS = {
    Light.BLACK: ("✕", "终止"),
    Light.RED: ("■", "逾期"),
    Light.YELLOW: ("▲", "滞后"),
    Light.GREEN: ("●", "按期"),
    Light.BLUE: ("◆", "临近"),
    Light.GREY: ("○", "未到"),
}
"""Colour is never alone: a shape and a word."""
ROLES = {**ROLE_WORDS, "leader": "分管领导", "clock": "到时自动"}
WEEKDAYS = "一二三四五六日"


@router.get("/", include_in_schema=False)
def front(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]) -> Response:
    """Never anything but a page: a refusal too is one that says what to do."""
    try:
        return _page("front.html", 200, **_overview(desk_of(request), _sight(request, shown)))
    except StarflowError as refusal:
        said = [BUSY] if isinstance(refusal, Unavailable) else [str(reason) for reason in refusal.reasons]
        headers = NO_TOKEN if isinstance(refusal, Unauthenticated) else {}
        return _page(
            "refused.html",
            answer_of(refusal).http_status,
            headers=headers,
            title=TITLES[refusal.code],
            reasons=said,
            sign_in=isinstance(refusal, Unauthenticated),
        )


def _page(template: str, status: int, headers: dict[str, str] | None = None, **values: Any) -> Response:
    html = PAGES.get_template(template).render(**values)
    return Response(html, status, {"content-language": "zh-CN", **(headers or {})}, "text/html; charset=utf-8")


# ── who may look ─────────────────────────────────────────────────


def _sight(request: Request, shown: HTTPAuthorizationCredentials | None) -> Filters | None:
    """What whoever looks may see; None: nothing. Raises Unauthenticated, Forbidden."""
    if shown is None and desk_of(request).rehearsal and at_this_machine(request):
        return Filters(limit=MOST)
    return narrowed(identified(request, shown), Filters(limit=MOST))


# ── what stands on it ────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Group:
    """The stuck ones of one stage."""

    stage: str
    title: str
    rows: tuple[dict[str, Any], ...]


def _overview(desk: Desk, filters: Filters | None) -> dict[str, Any]:
    common = {"rehearsal": desk.rehearsal, "year": None, "groups": (), "more": False, "total": 0}
    try:
        with desk.reading() as tx:
            campaign = campaign_of(tx, None)
            scheme = desk.scheme(tx, campaign.scheme_hash)
            now = tx.now.astimezone(scheme.zone)
    except Unknown as nothing:
        return common | {"now": "", "nothing": str(nothing)}
    found: Page[Stuck] = Page(()) if filters is None else lists.stuck(desk, filters)
    order = [stage.name for stage in scheme.stage]
    return common | {
        "now": f"{_day(now)} {now:%H:%M}",
        "year": campaign.year,
        "groups": tuple(_groups(found.rows, order)),
        "total": len(found.rows),
        "more": found.next is not None,
        "nothing": None,
    }


def _groups(rows: Iterable[Stuck], order: list[str]) -> Iterable[Group]:
    """By stage, in the order of the procedure; within one, in the order of the list."""
    listed = sorted(rows, key=lambda row: order.index(row.stage))
    for stage in dict.fromkeys(row.stage for row in listed):
        its = [row for row in listed if row.stage == stage]
        yield Group(stage, its[0].stage_title, tuple(map(_line, its)))


def _line(row: Stuck) -> dict[str, Any]:
    shape, word = LIGHTS[row.light]
    return {
        "light": row.light.value,
        "shape": shape,
        "word": word,
        "code": row.organisation,
        "name": row.name,
        "owner": _owner(row.owner, row.organisation),
        "vacant": row.vacant,
        "held": row.held,
        "missing": row.missing,
        "due": _deadline(row.due_at),
        "due_at": row.due_at.isoformat() if row.due_at else "",
        "days_overdue": row.days_overdue,
        "escalates": _escalation(row),
    }


def _owner(owner: Owner, about: str) -> str:
    """The role, where it is somebody else's also whose, and who holds it."""
    whose = "" if owner.organisation == about else owner.organisation_name
    who = owner.person_name or ("" if owner.role == "clock" else "空缺")
    return " ".join(filter(None, (ROLES.get(owner.role, owner.role), whose, who)))


def _escalation(row: Stuck) -> str:
    if row.escalates_at is None or not row.escalates_to:
        return ""
    told = "、".join(
        dict.fromkeys(f"{one.organisation_name}{ROLES.get(one.role, one.role)}" for one in row.escalates_to)
    )
    return f"{_day(row.escalates_at)} {told}"


def _deadline(at: datetime | None) -> str:
    """The end of a day is 24:00 of that day, not 0:00 of the next."""
    if at is None:
        return ""
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{_day(at - timedelta(days=1))}24时"
    return f"{_day(at)} {at:%H:%M}"


def _day(at: datetime) -> str:
    return f"{at.month}月{at.day}日(周{WEEKDAYS[at.weekday()]})"
