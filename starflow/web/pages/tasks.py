"""P3, the secretary's page: what is done, what comes next, what cannot begin yet and why; then whatever else waits for the body."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from starflow.service import lists, seat
from starflow.service import picture as pictures
from starflow.service.picture import AHEAD, DONE, HERE, Picture
from starflow.service.shapes import ObligationLine
from starflow.service.view import Filters
from starflow.service.why import Why
from starflow.web.auth import narrowed
from starflow.web.pages.organisation import explained
from starflow.web.pages.shell import BODY, Look, Looking
from storage import cycles
from workflow.engine.errors import Forbidden

router = APIRouter(include_in_schema=False)

SELF_EVALUATION = "self_evaluation"


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the list. `link` is empty where nothing can be done yet."""

    title: str
    state: str
    note: str
    link: str
    urgent: bool


@router.get("/tasks")
def tasks(look: Looking) -> Response:
    """Raises Forbidden for whoever is no body of the roster."""
    if not look.seat.started:
        return look.page("empty.html")
    if look.principal.role not in BODY:
        raise Forbidden("“我的任务”是各党组织的页面;您的待办在考评和批准里")
    own = _own(look)
    others = _others(look)
    if own is None:
        return look.page("tasks.html", own=None, tasks=(), others=others, why=None, done=0, mine=None)
    why, seen = own
    found = tuple(_task(look, why, seen, stop) for stop in seen.stops)
    mine = next((one for one in why.options if one.allowed and one.role == "organisation"), None)
    return look.page(
        "tasks.html",
        own=seen,
        why=why,
        tasks=found,
        done=sum(one.state == DONE for one in found),
        others=others,
        mine=mine,
        link=_link(why, mine.trigger) if mine else f"/organisations/{why.organisation}",
    )


def _own(look: Look) -> tuple[Why, Picture] | None:
    """The body's own cycle; a unit that only reviews may have none."""
    with look.desk.reading() as tx:
        campaign = cycles.campaign_of_year(tx, None)
        assert campaign is not None and campaign.id is not None  # the year has begun
        if cycles.find(tx, campaign.id, look.principal.code) is None:
            return None
    why, _ = explained(look, look.principal.code)
    return why, pictures.picture(look.desk, look.principal.code, year=why.year)


def _task(look: Look, why: Why, seen: Picture, stop: pictures.Stop) -> Task:
    mine = why.owner is not None and why.owner.organisation == look.principal.code and why.owner.role == "organisation"
    if stop.state == HERE:
        acts = [one for one in why.options if one.role == "organisation"]
        link = _link(why, acts[0].trigger) if mine and acts else f"/organisations/{seen.code}"
        note = ";".join(seen.missing) if mine else ""
        return Task(stop.title, HERE, note, link, mine)
    note = f"{stop.closed_at:%Y-%m-%d}" if stop.closed_at else ""
    return Task(stop.title, stop.state, note if stop.state != AHEAD else "", "", False)


def _link(why: Why, trigger: str) -> str:
    """Self-evaluation has pages of its own, one for each criterion."""
    if trigger == "submit_self_evaluation":
        return f"/organisations/{why.organisation}/self-evaluation"
    return f"/organisations/{why.organisation}/do/{trigger}"


def _others(look: Look) -> tuple[ObligationLine, ...]:
    """Matters of the body: its plan, its ledger, whatever else it owes beside the stages."""
    seen = narrowed(look.caller, Filters(owed_by=seat.owed_by(look.principal), limit=100))
    found = lists.obligations(look.desk, seen) if seen is not None else None
    return tuple(one for one in found.rows if "." not in one.stage) if found else ()
