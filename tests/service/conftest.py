"""A small city in its rating year: a root, a unit with a general branch and two branches, and a branch under the root."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from starflow.service import obligations, organisations
from starflow.service.campaigns import open_campaign
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import read_settings
from starflow.service.why import EVERYBODY
from storage import outbox
from storage.statements import Statement
from tests.kept import desk_after, step
from workflow.rating.roster import RosterRow

ZONE = ZoneInfo("Asia/Shanghai")
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", leader="黄建"),
    RosterRow(code="D01", name="发改委机关党委", kind="机关党委", parent="GW", members=10, head="赵勇", leader="罗建"),
    RosterRow(code="D60", name="融媒体支部", kind="党支部", parent="GW", members=10),
    RosterRow(code="Z1", name="离退休总支", kind="党总支", parent="D01", members=10, head="徐建"),
    RosterRow(code="B1", name="第一支部", kind="党支部", parent="Z1", members=10, head="马国"),
    RosterRow(code="B2", name="第二支部", kind="党支部", parent="Z1", members=10, head="黄丽"),
)
"""Five are rated. Persons in order: P1 高桂, P2 黄建, P3 赵勇, P4 罗建, P5 徐建, P6 马国, P7 黄丽, P8 of the city. D60 has nobody."""


@dataclass(frozen=True)
class City:
    """The year 2027 under the default scheme, its clock at 14 April."""

    desk: Desk

    def at(self, local: str) -> None:
        moment = datetime.fromisoformat(local).replace(tzinfo=ZONE)
        step(self.desk, local, lambda: obligations.move_clock(self.desk, moment))

    def fire(self, code: str, trigger: str, data: Mapping[str, Any] | None = None, *, reason: str = "") -> None:
        """As whoever may do it."""
        everybody = EVERYBODY - {"clock"}
        fire(
            self.desk,
            CycleAsk(code=code, trigger=trigger, relations=everybody, actor="P9", payload=data or {}, reason=reason),
        )

    def declare(self, code: str) -> None:
        self.fire(code, "declare", {"head": "马国", "members_due": 10, "target_star": 4})

    def submit(self, code: str, on: str) -> None:
        self.declare(code)
        meeting = {"on": on, "attendees": ["马国"], "minutes": "一致同意"}
        scores = {str(number): "8.5" for number in range(1, 11)}
        self.fire(code, "submit_self_evaluation", {"meeting": meeting, "scores": scores, "star": 4})

    def file(self, code: str, on: str) -> None:
        self.submit(code, on)
        paper = {"members_present": 10, "own_unit": 5, "satisfied": 15}
        self.fire(code, "file_survey", {"meeting": {"on": on}, "paper": paper, "tellers": ["甲", "乙"]})

    def review(self, code: str, on: str, *, star: int = 4, base: str = "85") -> None:
        self.file(code, on)
        self.fire(code, "propose_star", {"base": base, "star": star})

    def post(self, code: str, on: str, *, star: int = 4, base: str = "85") -> None:
        self.review(code, on, star=star, base=base)
        self.fire(code, "post_notice", {"on": on, "place": "一楼公告栏"})

    def send_all(self) -> None:
        """As the relay does it: whatever is queued leaves now."""
        with self.desk.transaction() as tx:
            outbox.sent(tx, tx.session.scalars(sa.select(outbox.MESSAGE.c.id).where(outbox.WAITING)).all())

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Every statement that the database gets meanwhile."""
        said: list[str] = []

        def heard(*event: Any) -> None:
            said.append(event[2])

        def prepared(its: Statement, tx: Any) -> Any:
            spoken = spoken_of(its, tx)
            said.append(spoken.sql)
            return spoken

        engine, spoken_of = self.desk.database.engine, Statement._for
        sa.event.listen(engine, "before_cursor_execute", heard)
        Statement._for = prepared  # type: ignore[method-assign]
        yield said
        Statement._for = spoken_of  # type: ignore[method-assign]
        sa.event.remove(engine, "before_cursor_execute", heard)


@pytest.fixture
def city(database_url: str) -> Iterator[City]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    april = datetime(2027, 4, 14, 9, tzinfo=ZONE)

    def opened() -> Desk:
        desk = create_desk(settings, rehearsal_at=april, seed=1)
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        return desk

    with closing(desk_after(opened, settings, "city")) as desk:
        yield City(desk)
