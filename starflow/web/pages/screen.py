"""P9, the big screen: three panels without names of people, dark, each of them whole on one wall; the last picture stays."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from starflow.service import since
from starflow.service.overview import Overview, Unit, overview
from starflow.service.view import Filters
from starflow.web.auth import is_encrypted, narrowed
from starflow.web.forms import cookie
from starflow.web.pages.shell import ON_THE_WALL, SCREEN, Looking
from workflow.engine.deadlines import Light
from workflow.engine.errors import Forbidden

router = APIRouter(include_in_schema=False)

SHOWN = 12
LASTS = 30 * 24 * 3600


@router.get("/screen")
def screen(look: Looking, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """A token in the address leaves it at once. Raises Forbidden for the city, which has no year of its own to show."""
    if token:
        answer = RedirectResponse(SCREEN, 303)
        kept = cookie(ON_THE_WALL, token, encrypted=is_encrypted(look.request), seconds=LASTS)
        answer.headers.append("set-cookie", kept.replace("Path=/;", f"Path={SCREEN};"))
        return answer
    if not look.seat.started:
        return look.page("empty.html")
    seen = narrowed(look.caller, Filters())
    if seen is None or look.principal.role == "city":
        raise Forbidden("大屏由组织部和各党组织使用")
    shown = overview(look.desk, seen)
    week = since.days_ago(look.desk, 7)
    return look.page(
        "screen.html",
        seen=shown,
        league=sorted((one for one in shown.units if one.rated), key=_share, reverse=True)[:SHOWN],
        flow=_flow(shown),
        happened=since.happened(look.desk, seen, week),
        lights=[(light, shown.lights.get(light, 0)) for light in (Light.RED, Light.YELLOW, Light.BLUE, Light.GREY)],
    )


def _share(unit: Unit) -> float:
    """How much of what a unit has finished was finished in time."""
    passed = sum(cell.passed for cell in unit.cells)
    return 1 - sum(cell.late for cell in unit.cells) / passed if passed else 0.0


def _flow(shown: Overview) -> list[tuple[str, int, int]]:
    """(stage, how many stand there, how many have passed)."""
    return [
        (
            column.title,
            sum(unit.cells[n].standing for unit in shown.units),
            sum(unit.cells[n].passed for unit in shown.units),
        )
        for n, column in enumerate(shown.columns)
        if not column.rest
    ]
