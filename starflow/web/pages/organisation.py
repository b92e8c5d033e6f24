"""P2, one organisation: whose move it is, its year as a line and as a way, how its score came about, all its records with proof."""

from typing import Any

from fastapi import APIRouter, Response

from starflow.service import matter_lists, slips
from starflow.service import picture as pictures
from starflow.service import why as explanations
from starflow.service.picture import Picture, ScoreStep
from starflow.service.policy import POLICY
from starflow.service.view import Filters
from starflow.service.why import Why
from starflow.web.auth import relations, seen_case
from starflow.web.pages.drawings import diagram, own_step, timeline, waterfall
from starflow.web.pages.shell import Look, Looking
from workflow.engine.errors import Unknown
from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Scheme
from workflow.rating.stages import TITLES

router = APIRouter(include_in_schema=False)

TABS = (
    ("", "时间轴"),
    ("way", "流程图"),
    ("papers", "材料"),
    ("score", "得分"),
    ("matters", "整改台账和事项"),
    ("history", "全部记录"),
)
"""What can be looked at, by the last part of the address."""
RECORDED = {
    "open": "开启年度",
    "extend": "延期",
    "hold": "暂停计时",
    "release": "恢复计时",
    "reroute": "改派上级",
    "migrate": "换方案",
    "defer": "暂缓",
    "demote": "降级",
    "open_survey": "开启测评",
    "extend_survey": "延长测评",
    "close_survey": "结束测评",
    "void_survey": "作废测评",
}
"""Records that are no acts of the procedure, in words."""


@router.get("/organisations/{code}")
def organisation(look: Looking, code: str) -> Response:
    return _tab(look, code, "")


@router.get("/organisations/{code}/{tab}")
def organisation_tab(look: Looking, code: str, tab: str) -> Response:
    """Raises Unknown."""
    if tab not in (name for name, _ in TABS if name):
        raise Unknown("没有这个页面")
    return _tab(look, code, tab)


def _tab(look: Look, code: str, tab: str) -> Response:
    why, scheme = explained(look, code)
    seen = pictures.picture(look.desk, code, year=why.year)
    with look.desk.reading() as tx:
        held = relations(tx, look.principal, seen_case(look.desk, tx, look.principal, code, why.year))
    more: dict[str, Any] = {}
    match tab:
        case "":
            more = {"drawn": timeline(seen, look.now)}
        case "way":
            more = {"drawn": diagram(seen)}
        case "score":
            more = {"blocks": waterfall(_steps(look, seen))}
        case "matters":
            found = matter_lists.list_matters(look.desk, Filters(under=code), closed=True)
            more = {"matters": [one for one in found.rows if one.organisation == code]}
            more["slips"] = [one for one in slips.slip_list(look.desk, under=code).rows if one.organisation == code]
        case "history":
            more = {"records": tuple(reversed(explanations.history(look.desk, code, year=why.year).rows))}
    return look.page(
        "organisation.html",
        seen=seen,
        why=why,
        tabs=TABS,
        tab=tab,
        options=[one for one in why.options if one.role != CLOCK],
        scheme=scheme,
        titles={stage.name: stage.title for stage in scheme.stage},
        triggers=TITLES,
        recorded=RECORDED,
        criteria=criteria(scheme, seen),
        may_slip=POLICY.may(look.principal, "slip", held),
        done=TITLES.get(look.request.query_params.get("done", ""), ""),
        **more,
    )


def _steps(look: Look, seen: Picture) -> tuple[ScoreStep, ...]:
    own = (own_step(look.say("自评"), seen.own.base),) if seen.own else ()
    return (*own, *(seen.superior.steps if seen.superior else ()))


def explained(look: Look, code: str) -> tuple[Why, Scheme]:
    """Why it stands where it stands, for whoever looks. Raises Unknown outside one's sight."""
    with look.desk.reading() as tx:
        case = seen_case(look.desk, tx, look.principal, code, None)
        held = relations(tx, look.principal, case)
    return explanations.why(look.desk, code, year=case.cycle.year, relations=held), case.scheme


def criteria(scheme: Scheme, seen: Picture) -> list[dict[str, object]]:
    """Each criterion with what the organisation gave itself and what its superior gives, and whether they differ much."""
    rows: list[dict[str, object]] = []
    for one in scheme.criterion:
        own, scored = (sheet.scores.get(one.code) if sheet else None for sheet in (seen.own, seen.superior))
        apart = abs(float(own) - float(scored)) / float(one.max) > 0.2 if own and scored else False
        rows.append(
            {"code": one.code, "title": one.title, "max": one.max, "own": own, "scored": scored, "apart": apart}
        )
    return rows
