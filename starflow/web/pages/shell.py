"""What every page knows: for whom it is, in which language, what time it is, and the ways that lead from it.

A rehearsal shows itself to whoever sits at the machine, who may look at it as any role there is; what is in earnest, and whoever
comes from elsewhere, needs a token or a session.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from starflow.service import seat
from starflow.service.access import Principal
from starflow.service.desk import Desk
from starflow.service.seat import Seat
from starflow.web.auth import TOKEN, Caller, at_this_machine, desk_of, viewer_in
from starflow.web.forms import csrf_field
from starflow.web.pages import rendering
from starflow.web.pages.language import CHINESE, LANGUAGES, worded
from storage.database import Transaction

SCREEN, ON_THE_WALL = "/screen", "starflow_screen"
"""The one page that a wall shows by a token in its address, which goes on as a cookie of that page alone."""
LANGUAGE, LARGE = "starflow_language", "starflow_large"
"""The cookies of how somebody reads: the language, and whether the text is large."""
REHEARSAL = "rehearsal:"
"""How the token of whoever plays a rehearsal begins."""


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of the menu, and the roles that see it; `reviewing`: only those who have somebody below them."""

    path: str
    title: str
    roles: tuple[str, ...]
    reviewing: bool = False
    mark: str = ""


BODY = ("organisation", "superior", "leader")
HOUSE = ("department", "committee", "auditor")
MENU = (
    Way("/", "总览", HOUSE, mark="▦"),
    Way("/", "总览", BODY, reviewing=True, mark="▦"),
    Way("/tasks", "我的任务", BODY, mark="☑"),
    Way("/queue", "考评", ("department", "city"), mark="✎"),
    Way("/queue", "考评", BODY, reviewing=True, mark="✎"),
    Way("/meeting", "批准", ("department", "committee"), mark="⚖"),
    Way("/organisations", "组织", (*HOUSE, *BODY), mark="☰"),
    Way("/n", "公示", (*HOUSE, *BODY), mark="☷"),
    Way("/screen", "大屏", HOUSE, mark="▣"),
    Way("/admin", "管理", ("department", "admin", "auditor"), mark="⚙"),
)
"""Who finds what on the left. A page itself decides again who may see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Whoever looks at a page, and at which moment."""

    request: Request
    caller: Caller
    seat: Seat
    lang: str
    large: bool
    guest: bool  # at the machine of a rehearsal, without a token

    @property
    def desk(self) -> Desk:
        return self.caller.desk

    @property
    def principal(self) -> Principal:
        return self.caller.principal

    @property
    def now(self) -> datetime:
        return self.seat.now

    @property
    def zone(self) -> ZoneInfo:
        return self.seat.zone

    def say(self, text: str, **values: object) -> str:
        return worded(self.lang, text, **values)

    def page(self, template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> Response:
        """This page for this reader."""
        frame: dict[str, Any] = {"look": self, "menu": tuple(menu_of(self)), "now": self.now}
        frame["csrf_field"] = cache(partial(csrf_field, self.request))
        if self.guest and self.seat.started:
            frame |= {"chairs": seat.chairs(self.desk), "slider": self.days_ahead}
        return rendering.answer(template, self.lang, status, headers, **frame, **values)

    @property
    def days_ahead(self) -> int:
        """How far the clock of a rehearsal can be moved on: to the end of January after the year."""
        return max(0, (date((self.seat.year or self.now.year) + 1, 1, 31) - self.now.date()).days)


def menu_of(look: Look) -> Iterable[Way]:
    for way in MENU:
        if look.principal.role in way.roles and (look.seat.reviews or not way.reviewing):
            yield way


# ── who looks ────────────────────────────────────────────────────


Shown = Annotated[HTTPAuthorizationCredentials | None, Security(TOKEN)]


def looking(request: Request, shown: Shown) -> Look:
    """The one dependency of every page. Raises Unauthenticated, Forbidden, Unknown."""
    with desk_of(request).reading() as tx:
        return look_in(tx, request, shown)


def look_in(tx: Transaction, request: Request, shown: HTTPAuthorizationCredentials | None) -> Look:
    """The same in a reading that goes on, for a page that is to be seen in the same."""
    caller = _viewer(tx, request, shown)
    return Look(
        request=request,
        caller=caller,
        seat=seat.seat_of(caller.desk, tx, caller.principal),
        lang=language_of(request),
        large=request.cookies.get(LARGE) == "1",
        guest=caller.token.startswith(REHEARSAL),
    )


Looking = Annotated[Look, Depends(looking)]


def screen_token(request: Request) -> str:
    return (request.query_params.get("token") or request.cookies.get(ON_THE_WALL, ""))[:200]


def language_of(request: Request) -> str:
    chosen = request.cookies.get(LANGUAGE, CHINESE)
    return chosen if chosen in LANGUAGES else CHINESE


def _viewer(tx: Transaction, request: Request, shown: HTTPAuthorizationCredentials | None) -> Caller:
    """Before there is a roster a rehearsal is nobody's, and there is nothing to be seen."""
    desk = desk_of(request)
    if shown is None and request.url.path == SCREEN and (token := screen_token(request)):
        shown = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)
    if desk.rehearsal and not seat.has_root(desk) and at_this_machine(request):
        return Caller(desk=desk, principal=seat.NOBODY, token=REHEARSAL)
    return viewer_in(tx, request, shown)
