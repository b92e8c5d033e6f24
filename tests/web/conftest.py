"""A small city in its rating year, asked over HTTP as whoever one likes; without a socket, on both databases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from starflow.service import obligations, organisations
from starflow.service.access import issue_token
from starflow.service.campaigns import open_campaign
from starflow.service.case import load_case
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import Settings, read_settings
from starflow.service.why import EVERYBODY, history
from starflow.web.app import ROUTERS
from tests.asgi import asked
from tests.kept import app_at, desk_after, step
from workflow.rating.roster import RosterRow

ZONE = ZoneInfo("Asia/Shanghai")
APRIL = datetime(2027, 4, 14, 8, tzinfo=ZONE)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", leader="黄建"),
    RosterRow(
        code="D01", name="发改委机关党委", kind="机关党委", parent="GW", members=10, head="赵勇", phone="13812341234"
    ),
    RosterRow(code="B1", name="第一支部", kind="党支部", parent="D01", members=10, head="马国"),
    RosterRow(code="B2", name="第二支部", kind="党支部", parent="D01", members=10, head="黄丽"),
    RosterRow(code="D60", name="融媒体支部", kind="党支部", parent="GW", members=10),
)
"""Four are rated. Persons: P1 高桂, P2 黄建, P3 赵勇, P4 马国, P5 黄丽; P6 of the city. D60 has nobody."""

SCORES = {str(number): "9.5" for number in range(1, 11)}
DECLARATION = {"head": "马国", "members_due": 10, "target_star": 5}
ON = {"on": "2027-05-06"}
PLAY: Mapping[str, tuple[Any, ...]] = {
    "rating.declaration": ("declare", DECLARATION),
    "rating.self_evaluation": (
        "submit_self_evaluation",
        {"meeting": {**ON, "attendees": ["马国"], "minutes": "一致同意"}, "scores": SCORES, "star": 5},
    ),
    "rating.survey": (
        "file_survey",
        {"meeting": ON, "paper": {"members_present": 10, "own_unit": 5, "satisfied": 15}, "tellers": ["甲", "乙"]},
    ),
    "rating.review": ("propose_star", {"scores": SCORES, "star": 5}),
    "rating.audit": ("pass_audit",),
    "rating.publicity": ("post_notice", {**ON, "place": "公告栏"}),
    "rating.approval": ("approve", {"meeting": {"on": "2027-05-20", "number": "1"}}),
}


def documented_model(method: str, path: str) -> type[BaseModel]:
    """What the documentation says that an operation below /api/v1 answers with."""
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    found = next(route for route in routes if route.path == path and method in route.methods)
    model: type[BaseModel] = found.responses[200]["model"]
    return model


@dataclass(frozen=True)
class Web:
    """The application at a desk. Every role has a token; `ask` speaks as one of them, from this machine unless said otherwise."""

    desk: Desk
    app: FastAPI
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        *,
        by: tuple[str, str] | None = ("department", "GW"),
        data: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
        host: str = "localhost",
    ) -> httpx.Response:
        shown = {"authorization": f"Bearer {self.token(*by)}"} if by else {}

        return asked(
            self.app, method, path, base=f"http://{host}", address=address,
            json=data, content=content, headers={**shown, **(headers or {})},
        )  # fmt: skip

    def get(self, path: str, by: tuple[str, str] | None = ("department", "GW")) -> httpx.Response:
        return self.ask("GET", f"/api/v1{path}", by=by)

    def post(
        self, path: str, data: Any, by: tuple[str, str], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.ask("POST", f"/api/v1{path}", by=by, data=data, headers=headers)

    def token(self, role: str, code: str) -> str:
        if (role, code) not in self.tokens:
            self.tokens[role, code] = issue_token(self.desk, role, code, label="", days=365)
        return self.tokens[role, code]

    def at(self, local: str) -> None:
        step(self.desk, local, lambda: self._at(local))

    def _at(self, local: str) -> None:
        obligations.move_clock(self.desk, datetime.fromisoformat(local).replace(tzinfo=ZONE))

    def fire(self, code: str, trigger: str, data: Mapping[str, Any] | None = None) -> None:
        """As whoever may do it, past the web."""
        everybody = EVERYBODY - {"clock"}
        fire(self.desk, CycleAsk(code=code, trigger=trigger, relations=everybody, actor="P9", payload=data or {}))

    def play(self, code: str, until: str) -> None:
        """Real acts, until the cycle stands in this stage; five stars all the way."""
        step(self.desk, (code, until), lambda: self._play(code, until))

    def _play(self, code: str, until: str) -> None:
        self._at("2027-05-06 10:00")
        while (stage := self.stage(code)) != until:
            if stage == "rating.approval":
                self.fire(code, "record_excess", {"level": "five_star", "number": 1, "reason": "集体研究"})
            self.fire(code, *PLAY[stage])
            if stage == "rating.publicity":
                self._at("2027-05-20 10:00")

    def stage(self, code: str) -> str:
        with self.desk.reading() as tx:
            return load_case(self.desk, tx, code).cycle.stage

    def history(self, code: str) -> dict[str, Any]:
        return history(self.desk, code).as_json()


@pytest.fixture
def web(database_url: str) -> Iterator[Web]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url, "STARFLOW_ARGON2_MIB": "8"})
    with closing(desk_after(lambda: opened(settings, ROSTER), settings, ROSTER, "2027 is open")) as desk:
        yield Web(desk, app_at(desk))


def opened(settings: Settings, roster: Sequence[RosterRow]) -> Desk:
    """The year 2027 opened for these organisations on 14 April."""
    desk = create_desk(settings, rehearsal_at=APRIL, seed=1)
    organisations.import_roster(desk, roster, scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, 2027, "anyang-five-star", actor="P1")
    return desk
