"""A town for the committee: eight branches directly under the root and a unit with one of its own, so that one may have five stars."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starflow.service import obligations, organisations, upkeep
from starflow.service.acting import Acting
from starflow.service.campaigns import open_campaign
from starflow.service.cycles import CycleAsk, Fired, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import read_settings
from storage import cycles, records
from storage.cycles import CycleRow
from tests.kept import desk_after
from workflow.rating.roster import RosterRow

ZONE = ZoneInfo("Asia/Shanghai")
ROLES = frozenset({"organisation", "superior", "department", "committee", "city"})
COMMITTEE = Acting(actor="P2", relations=frozenset({"committee"}), person="P2")
DEPARTMENT = Acting(actor="P1", relations=frozenset({"department", "superior"}), person="P1")
SUPERIOR = Acting(actor="P3", relations=frozenset({"superior"}), person="P3")
BRANCH = Acting(actor="P9", relations=frozenset({"organisation"}), person="P9")
MEETING = {"meeting": {"on": "2027-05-14", "number": "2027-1"}}


def roster(branches: int) -> tuple[RosterRow, ...]:
    """The root, so many direct branches D01…, and a unit U with its branch U1, which are rated too."""
    unit = (
        RosterRow(code="U", name="发改委机关党委", kind="机关党委", parent="GW", field="机关", members=10, head="赵勇"),
        RosterRow(code="U1", name="发改委第一支部", kind="党支部", parent="U", field="机关", members=10, head="马国"),
    )
    direct = (
        RosterRow(
            code=f"D{n:02}",
            name=f"第{n:02}支部",
            kind="党支部",
            parent="GW",
            field="窗口单位",
            members=10,
            head=f"书记{n:02}",
        )
        for n in range(1, branches + 1)
    )
    return (RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", leader="黄建"), *direct, *unit)


@dataclass(frozen=True)
class Town:
    """The year 2027 under the default scheme; whatever has to be done is done by whoever may."""

    desk: Desk

    def at(self, local: str) -> None:
        obligations.move_clock(self.desk, datetime.fromisoformat(local).replace(tzinfo=ZONE))

    def fire(
        self,
        code: str,
        trigger: str,
        data: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
        by: str = "P9",
        year: int | None = None,
    ) -> Fired:
        ask = CycleAsk(
            code=code,
            trigger=trigger,
            relations=ROLES,
            actor=by,
            person=by,
            payload=data or {},
            reason=reason,
            year=year,
        )
        return fire(self.desk, ask)

    def propose(self, code: str, star: int, base: str, *, on: str = "2027-05-06", **votes: int) -> None:
        """From the declaration to the posted notice, all on one day."""
        self.fire(code, "declare", {"head": "书记", "members_due": 10, "target_star": star})
        self.evaluate(code, star, base, on=on, **votes)

    def evaluate(self, code: str, star: int, base: str, *, on: str, **votes: int) -> None:
        self.survey(code, star, on=on, **votes)
        self.fire(code, "propose_star", {"base": base, "star": star}, reason="综合平时掌握情况", by="P1")
        if self.cycle(code).stage.endswith("audit"):
            self.fire(code, "pass_audit")
        self.fire(code, "post_notice", {"on": on, "place": "公告栏"})

    def survey(self, code: str, star: int, *, on: str, unhappy: int = 1, masses: int = 5) -> None:
        meeting = {"on": on, "attendees": ["书记"], "minutes": "一致同意"}
        scores = {str(number): "9.5" for number in range(1, 11)}
        self.fire(code, "submit_self_evaluation", {"meeting": meeting, "scores": scores, "star": star})
        paper = {
            "members_present": 10,
            "own_unit": masses,
            "satisfied": 10 + masses - unhappy,
            "dissatisfied": unhappy,
        }
        self.fire(code, "file_survey", {"meeting": {"on": on}, "paper": paper, "tellers": ["甲", "乙"]})

    def waiting(self, proposals: Mapping[str, tuple[int, str]]) -> None:
        """These organisations (code → star, score) wait for approval; it is the morning of 14 May."""
        for code, (star, base) in proposals.items():
            self.propose(code, star, base)
        self.at("2027-05-14 10:00")

    def cycle(self, code: str, year: int = 2027) -> CycleRow:
        with self.desk.reading() as tx:
            campaign = cycles.campaign_of_year(tx, year)
            found = cycles.find(tx, campaign.id, code)
            assert found is not None
            return found

    def stages(self, *codes: str) -> list[str]:
        return [self.cycle(code).stage for code in codes]

    def history(self, code: str) -> list[tuple[int, str, str]]:
        with self.desk.reading() as tx:
            return [(r.seq, r.trigger, r.actor) for r, _ in records.history(tx, self.cycle(code).id)]

    def broken(self) -> tuple[str, ...]:
        return upkeep.check(self.desk)


@contextmanager
def town_of(url: str, branches: int = 8, scheme: str = "anyang-five-star") -> Iterator[Town]:
    """The campaign is opened late, on 6 May, so that tests have less of a spring to play through."""
    may = datetime(2027, 5, 6, 10, tzinfo=ZONE)
    settings = read_settings({"STARFLOW_DATABASE_URL": url})

    def opened() -> Desk:
        desk = create_desk(settings, rehearsal_at=may, seed=1)
        organisations.import_roster(desk, roster(branches), scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, scheme, actor="P1")
        return desk

    with closing(desk_after(opened, settings, "town", branches, scheme)) as desk:
        yield Town(desk)
