"""The world of the stories: a small town with every route in it, a hand clock, and people who go through the one door."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from starflow.service import obligations, upkeep
from starflow.service.campaigns import open_campaign
from starflow.service.case import load_case
from starflow.service.cycles import CycleAsk, Fired, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from storage import matters, records, stars
from storage import obligations as owed
from storage.models import Notice, Obligation
from tests.kept import desk_after
from workflow.engine.errors import StarflowError
from workflow.rating.roster import RosterRow

CITY = ZoneInfo("Asia/Shanghai")
ROOT = "市直工委"
TOWN = (
    ("GW", "市直机关工作委员会", ROOT, None, 0),
    ("D01", "市发展改革委机关党委", "机关党委", "GW", 60),
    ("D01Z", "市发展改革委离退休党总支", "党总支", "D01", 20),
    ("D0101", "离退休第一党支部", "党支部", "D01Z", 12),
    ("D0102", "综合处党支部", "党支部", "D01", 12),
    ("D51", "市体育中心党支部", "党支部", "GW", 10),
)
SCORES = [str(n) for n in range(1, 11)]


def sheet(base: str) -> dict[str, str]:
    """Ten criterion scores that sum to `base`, such as "85" or "95.5"."""
    tenth = f"{float(base) / 10:.2f}"
    return dict.fromkeys(SCORES, tenth)


class Clock:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def move_to(self, local: str) -> obligations.Swept:
        return obligations.move_clock(self.desk, datetime.fromisoformat(local).replace(tzinfo=CITY))


class World:
    """What a story needs to say: who does what, what was refused, and what is so then."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.clock = desk, Clock(desk)

    @property
    def today(self) -> str:
        return self.desk.clock.now().astimezone(CITY).date().isoformat()

    def does(self, code: str, trigger: str, by: str, reason: str = "", **payload: Any) -> Fired:
        ask = CycleAsk(
            code=code,
            trigger=trigger,
            relations=frozenset({by}),
            actor=f"role:{by}",
            payload=payload,
            reason=reason,
        )
        return fire(self.desk, ask)

    def refused(self, code: str, trigger: str, by: str, reason: str = "", **payload: Any) -> StarflowError:
        """The refusal, after making sure that nothing was written."""
        before = self.history(code)
        with pytest.raises(StarflowError) as caught:
            self.does(code, trigger, by, reason, **payload)
        assert self.history(code) == before
        return caught.value

    # ── whole stretches, by real triggers ────────────────────────

    def to_review(self, code: str, base: str = "85", *, recheck: bool = False) -> None:
        if not recheck:
            self.does(code, "declare", "organisation", head="书记", members_due=10, target_star=5)
        meeting = {"on": self.today, "attendees": ["书记", "委员"], "minutes": "逐项对照"}
        self.does(code, "submit_self_evaluation", "organisation", meeting=meeting, scores=sheet(base), star=4)
        paper = {"members_present": 10, "own_unit": 6, "satisfied": 16}
        self.does(code, "file_survey", "organisation", meeting={"on": self.today}, paper=paper, tellers=["甲", "乙"])

    def to_publicity(self, code: str, base: str, star: int) -> None:
        self.to_review(code, base)
        self.does(code, "propose_star", "superior", base=base, star=star)
        if star == 5 and self.stage(code) == "rating.audit":
            self.does(code, "pass_audit", "department")

    def posts(self, code: str, by: str) -> None:
        self.does(code, "post_notice", by, on=self.today, place="公告栏")

    def approves(self, code: str, number: str = "2027-1") -> Fired:
        return self.does(code, "approve", "committee", meeting={"on": self.today, "number": number})

    # ── what is so ───────────────────────────────────────────────

    def stage(self, code: str) -> str:
        with self.desk.reading() as tx:
            return load_case(self.desk, tx, code).cycle.stage

    def owed(self, code: str) -> Obligation | None:
        with self.desk.reading() as tx:
            return owed.open_stage(tx, load_case(self.desk, tx, code).cycle.id)

    def due(self, code: str) -> str:
        found = self.owed(code)
        assert found is not None and found.due_at is not None
        return found.due_at.astimezone(CITY).strftime("%m-%d %H:%M")

    def star(self, code: str) -> tuple[int, str] | None:
        """(star in force, from)."""
        with self.desk.reading() as tx:
            found = stars.in_force(tx, load_case(self.desk, tx, code).cycle.organisation_id)
        return (found.star, found.from_on.isoformat()) if found else None

    def history(self, code: str) -> tuple[tuple[int, str, str], ...]:
        with self.desk.reading() as tx:
            rows = records.history(tx, load_case(self.desk, tx, code).cycle.id)
        return tuple((record.seq, record.trigger, record.after) for record, _ in rows)

    def detail(self, code: str, trigger: str) -> Mapping[str, Any]:
        with self.desk.reading() as tx:
            rows = records.history(tx, load_case(self.desk, tx, code).cycle.id)
        return next(d.detail for r, d in reversed(rows) if r.trigger == trigger and d and d.detail is not None)

    def late(self, code: str, trigger: str) -> tuple[int, str | None]:
        with self.desk.reading() as tx:
            rows = records.history(tx, load_case(self.desk, tx, code).cycle.id)
        return next((r.late_days, r.late_stage) for r, _ in reversed(rows) if r.trigger == trigger)

    def objection(self, code: str) -> int:
        """The number of the oldest open objection."""
        with self.desk.reading() as tx:
            found = matters.open_of(tx, "objection", load_case(self.desk, tx, code).cycle.id)
        assert found and found[0].id is not None
        return found[0].id

    def rungs(self, code: str) -> list[tuple[str, str]]:
        """(rung, recipient role) of every notice of the ladder about an organisation, in order."""
        with self.desk.reading() as tx:
            cycle = load_case(self.desk, tx, code).cycle
            ladder = select(Notice).where(Notice.cycle_id == cycle.id, col(Notice.kind).in_(("reminder", "escalation")))
            found = tx.session.exec(ladder.order_by(col(Notice.due_at), col(Notice.id)))
            return [(notice.rung, notice.recipient_role) for notice in found]


def rows_of(town: tuple[tuple[str, str, str, str | None, int], ...] = TOWN) -> list[RosterRow]:
    return [
        RosterRow(
            code=code,
            name=name,
            kind=kind,
            parent=parent,
            field="机关",
            members=members,
            election_due_on=date(2029, 1, 1),
            head=f"{code}书记",
            email=f"{code.lower()}@example.org",
            leader=f"{code}领导" if parent in (None, "GW") else "",
        )
        for code, name, kind, parent, members in town
    ]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The town on the morning of 15 April 2027, the campaign just opened; every story ends with nothing broken."""
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    at = datetime(2027, 4, 15, 8, tzinfo=CITY)

    def opened() -> Desk:
        desk = create_desk(settings, rehearsal_at=at, seed=1)
        report = import_roster(desk, rows_of(), scheme_root_kind=ROOT, dry_run=False)
        assert report.faults == ()
        open_campaign(desk, 2027, "anyang-five-star", actor="role:department")
        return desk

    with closing(desk_after(opened, settings, "world")) as desk:
        yield World(desk)
        assert upkeep.check(desk) == ()
