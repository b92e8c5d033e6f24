"""P1, the coordinator's home: how the year stands, and who is stuck, why, and whose move it is.

The map's cells lead to the same rows as a list; what is selected in the list is nudged or given more time in one go.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from starflow.service import since
from starflow.service.overview import DIRECT, Overview, overview_in, pace_text
from starflow.service.search import Asked, search, suggestions_in
from starflow.service.stuck import Glance, glance
from starflow.service.view import Filters
from starflow.web.auth import desk_of, narrowed
from starflow.web.pages.shell import HOUSE, Look, Shown, look_in
from storage.database import Transaction
from workflow.engine.deadlines import Light
from workflow.engine.errors import BadInput

router = APIRouter(include_in_schema=False)

PER_PAGE, AT_FIRST = 50, 10


@router.get("/")
def home(
    request: Request,
    shown: Shown,
    q: Annotated[str, Query(max_length=400)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
    everything: Annotated[bool, Query(alias="all")] = False,
    moved: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """The overview; whoever has nobody below goes on to the own tasks, and the city to what is before it."""
    with desk_of(request).reading() as tx:  # one snapshot, so that list, map and frame never contradict each other
        look = look_in(tx, request, shown)
        if not look.seat.started:
            return look.page("empty.html")
        if look.principal.role == "city":
            return RedirectResponse("/queue", 303)
        if look.principal.role not in HOUSE and not look.seat.reviews:
            return RedirectResponse("/tasks", 303)
        seen = narrowed(look.caller, Filters())
        assert seen is not None  # only the city's can be empty
        asked = _asked(look, q)
        with look.desk.looking(tx) as its:
            found, wrong = _stuck(look, its, seen, asked, after, None if everything or q or after else AT_FIRST)
            stands = overview_in(look.desk, its, seen)
            suggested = suggestions_in(look.desk, its)
    return look.page(
        "overview.html",
        200 if wrong is None else 400,
        seen=stands,
        tiles=tuple(_tiles(look, stands)),
        forecast=_forecast(look, stands),
        rows=found.page.rows,
        total=f"{found.total}+" if found.page.next else found.total,
        total_rows=found.total,
        next=found.page.next,
        q=q,
        wrong=wrong.reasons if wrong else (),
        happened=since.happened(look.desk, seen, moved) if moved else None,
        direct=DIRECT,
        suggestions=suggested,
    )


def _asked(look: Look, q: str) -> Asked | BadInput:
    """What the search asks for; where it cannot be read, why not."""
    try:
        return search(look.desk, q, within=look.principal.path)
    except BadInput as wrong:
        return wrong


def _stuck(
    look: Look, tx: Transaction, seen: Filters, asked: Asked | BadInput, after: str | None, shown: int | None
) -> tuple[Glance, BadInput | None]:
    """What is asked for among the stuck; where that cannot be read, everything, and why not."""
    if isinstance(asked, Asked):
        try:
            wanted = asked.narrowing(replace(seen, limit=PER_PAGE, after=after))
            return glance(look.desk, tx, wanted, shown=shown), None
        except BadInput as wrong:
            asked = wrong
    return glance(look.desk, tx, replace(seen, limit=PER_PAGE), shown=shown), asked


def _tiles(look: Look, seen: Overview) -> tuple[dict[str, object], ...]:
    red, near = seen.lights.get(Light.RED, 0), seen.lights.get(Light.BLUE, 0)
    yellow = seen.lights.get(Light.YELLOW, 0)
    places = seen.places
    tiles: list[dict[str, object]] = [
        {"title": look.say("需要您处理"), "figure": look.seat.waiting, "link": "/queue", "light": ""},
        {"title": look.say("逾期"), "figure": red, "link": "/organisations?q=灯:红", "light": "red"},
        {"title": look.say("滞后"), "figure": yellow, "link": "/organisations?q=灯:黄", "light": "yellow"},
        {"title": look.say("临近"), "figure": near, "link": "/organisations?q=灯:蓝", "light": "blue"},
    ]
    if seen.on_time is not None:
        tiles.append({"title": look.say("按时办完"), "figure": f"{seen.on_time}%", "link": "", "light": "green"})
    if places is not None and look.principal.role in HOUSE:
        figure = f"{places.used}/{places.limit}"
        title = look.say("%(quota)s:已拟/可批", quota=places.title)
        tiles.append({"title": title, "figure": figure, "link": "/meeting", "light": ""})
    return tuple(tiles)


def _forecast(look: Look, seen: Overview) -> dict[str, object] | None:
    if seen.forecast is None:
        return None
    return {
        "on": seen.forecast.ends_on,
        "pace": pace_text(seen.forecast),
        "left": seen.forecast.left,
        "days": seen.forecast.days,
    }
