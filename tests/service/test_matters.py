"""Work beside the stage through its one door: what a star calls for, who does what by when, and what is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from starflow.service import campaigns, organisations
from starflow.service.acting import Acting
from starflow.service.case import load_case
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from starflow.service.matter_lists import list_matters, show_matter
from starflow.service.matters import Acted, act_on_matter, clue_offer, late_clue, open_matter
from starflow.service.obligations import move_clock
from starflow.service.settings import read_settings
from starflow.service.view import Filters
from storage import stars
from storage.invariants import invariants
from storage.models import Event, Matter, MatterAct, Notice, Obligation, Organisation, Record, Star
from tests.kept import desk_after
from workflow.engine.deadlines import due_date
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, StarflowError, Unknown, WrongStage
from workflow.rating.roster import RosterRow

ZONE = ZoneInfo("Asia/Shanghai")
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", email="gw@x", leader="黄建"),
    RosterRow(code="D01", name="发改委党委", kind="机关党委", parent="GW", members=40, head="赵勇", email="d01@x"),
    RosterRow(code="D0101", name="一支部", kind="党支部", parent="D01", members=5, head="马国", email="b1@x"),
    RosterRow(code="D0102", name="二支部", kind="党支部", parent="D01", members=5, head="朱超", email="b2@x"),
    RosterRow(code="D02", name="档案馆支部", kind="党支部", parent="GW", members=5, head="何明", email="d02@x"),
)
MEETING = {"meeting": {"on": "2027-06-20", "number": "2027-6"}}


def at(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=ZONE)


@dataclass
class Town:
    """A root, a committee with two branches, a branch directly under the root; its year is open."""

    desk: Desk

    def on(self, day: str) -> None:
        move_clock(self.desk, at(day))

    def fire(self, code: str, trigger: str, role: str, payload: dict[str, Any] | None = None) -> None:
        relations = frozenset({role})
        fire(self.desk, CycleAsk(code=code, trigger=trigger, relations=relations, actor=role, payload=payload or {}))

    def open(self, kind: str, code: str, role: str, data: Any = None, **said: Any) -> Acted:
        return open_matter(self.desk, kind, code, data, acting=by(role), **said)

    def act(self, which: Any, act: str | None, role: str, data: Any = None, **said: Any) -> Acted:
        return act_on_matter(self.desk, which, act, data, acting=by(role), **said)

    def rate(self, code: str, base: str, star: int) -> None:
        """By its own way to `rated`, arriving on 18 June (five stars: on 20 June, with the meeting)."""
        self.fire(code, "declare", "organisation", {"head": "甲", "members_due": 5, "target_star": 5})
        self.review("2027-05-06", code, base, star)
        if star == 5:
            self.fire(code, "pass_audit", "department")
        self.on("2027-06-10")
        self.fire(code, "post_notice", "department" if star == 5 else "superior", {"on": "2027-06-10", "place": "栏"})
        self.on("2027-06-20")
        if star == 5:
            self.excess(code)
            self.fire(code, "approve", "committee", MEETING)
            self.fire(code, "confirm_star", "city")

    def excess(self, code: str) -> None:
        """So few organisations leave no room for five stars."""
        self.fire(code, "record_excess", "committee", {"level": "five_star", "number": 1, "reason": "从严把关"})

    def recheck(self, code: str, base: str, star: int) -> None:
        """To `closed` in January."""
        self.on("2027-12-03")
        self.review("2027-12-03", code, base, star, today="2027-12-03")
        self.fire(code, "post_notice", "department" if star == 5 else "superior", {"on": "2027-12-03", "place": "栏"})
        self.on("2027-12-20")
        self.fire(code, "approve", "committee", {"meeting": {"on": "2027-12-20", "number": "2027-12"}})
        if star == 5:
            self.fire(code, "confirm_star", "city")

    def review(self, day: str, code: str, base: str, star: int, today: str = "2027-05-06") -> None:
        scores = {str(n): "9" for n in range(1, 11)}
        meeting = {"on": day, "attendees": ["甲"], "minutes": "逐项对照"}
        self.fire(code, "submit_self_evaluation", "organisation", {"meeting": meeting, "scores": scores, "star": 5})
        paper = {"members_present": 5, "own_unit": 5, "satisfied": 10}
        self.fire(
            code, "file_survey", "organisation", {"meeting": {"on": day}, "paper": paper, "tellers": ["甲", "乙"]}
        )
        self.fire(code, "propose_star", "superior", {"base": base, "star": star})

    def matters(self, code: str, **said: Any) -> list[tuple[str, str]]:
        """(kind, status) of an organisation's matters, as the list shows them."""
        return [(row.kind, row.status) for row in self.rows(code, **said)]

    def rows(self, code: str, **said: Any) -> list[Any]:
        return [
            row
            for row in list_matters(self.desk, Filters(**said.pop("by", {})), **said).rows
            if row.organisation == code
        ]

    def number(self, kind: str, code: str) -> int:
        return next(row.id for row in self.rows(code, closed=True) if row.kind == kind)

    def owed(self, matter_id: int) -> Obligation | None:
        with self.desk.reading() as tx:
            its = (Obligation.matter_id == matter_id, sa.column("closed_at").is_(None))
            return tx.session.scalars(sa.select(Obligation).where(*its)).one_or_none()

    def star(self, code: str) -> Star:
        with self.desk.reading() as tx:
            found = stars.in_force(tx, load_case(self.desk, tx, code).cycle.organisation_id)
            assert found is not None
            return found

    def events(self) -> list[tuple[Any, ...]]:
        with self.desk.reading() as tx:
            code = sa.select(Organisation.code).where(Organisation.id == Event.organisation_id).scalar_subquery()
            found = sa.select(code, Event.level, Event.status).where(Event.code == "criticism")
            return [tuple(r) for r in tx.session.execute(found)]

    def told(self, matter_id: int) -> list[tuple[str, str]]:
        with self.desk.reading() as tx:
            its = Notice.key.startswith(f"matter:{matter_id}#")  # type: ignore[attr-defined]
            return [tuple(r) for r in tx.session.execute(sa.select(Notice.recipient_role, Notice.text).where(its))]

    def everything(self) -> tuple[int, ...]:
        """Counts of all that an act could write; equal before and after a refusal."""
        with self.desk.reading() as tx:
            tables = (Matter, MatterAct, Obligation, Notice, Event, Star, Record)
            return tuple(tx.session.scalar(sa.select(sa.func.count()).select_from(t)) or 0 for t in tables)

    def refused(self, kind: type[StarflowError], work: Any) -> tuple[str, ...]:
        before = self.everything()
        with pytest.raises(kind) as refusal:
            work()
        assert self.everything() == before
        return tuple(str(reason) for reason in refusal.value.reasons)

    def is_sound(self) -> bool:
        with self.desk.reading() as tx:
            assert invariants(tx) == ()
        return True


def by(role: str) -> Acting:
    return Acting(actor=f"role:{role}", relations=frozenset({role}))


@contextmanager
def opened(database_url: str, day: str, rated: tuple[str, int] | None = None) -> Iterator[Town]:
    """The town on the day on which its year is opened; or on 20 June, the first branch rated with this score and star."""
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})

    def played() -> Desk:
        desk = create_desk(settings, rehearsal_at=at(day), seed=1)
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        campaigns.open_campaign(desk, 2027, "anyang-five-star", actor="role:department")
        if rated is not None:
            Town(desk).rate("D0101", *rated)
        return desk

    with closing(desk_after(played, settings, "matters", day, rated)) as desk:
        yield Town(desk)


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with opened(database_url, "2027-05-06") as town:
        yield town


@pytest.fixture
def three(database_url: str) -> Iterator[Town]:
    """The first branch has three stars; it is 20 June."""
    with opened(database_url, "2027-05-06", ("75", 3)) as town:
        yield town


@pytest.fixture
def one(database_url: str) -> Iterator[Town]:
    with opened(database_url, "2027-05-06", ("55", 1)) as town:
        yield town


@pytest.fixture
def five(database_url: str) -> Iterator[Town]:
    with opened(database_url, "2027-05-06", ("95", 5)) as town:
        yield town


# ── what a star calls for ────────────────────────────────────────


@pytest.mark.parametrize(("day", "due_at"), [("2027-04-14", "2027-05-01"), ("2027-05-06", "2027-05-22")])
def test_each_unit_owes_its_implementation_plan_fifteen_days_after_the_year_begins(
    database_url: str, day: str, due_at: str
) -> None:
    with opened(database_url, day) as town:
        (row,) = list_matters(town.desk).rows

    assert (row.kind, row.organisation, row.status) == ("implementation_plan", "D01", "open")
    assert (row.owner.role, row.owner.organisation, row.due_at) == ("organisation", "D01", at(due_at, 0))


def test_a_new_unit_owes_one_too_and_nobody_a_second(town: Town) -> None:
    d03 = RosterRow(code="D03", name="教育局总支", kind="党总支", parent="GW", members=9)
    organisations.import_roster(town.desk, (*ROSTER, d03), scheme_root_kind="市直工委", dry_run=False)

    campaigns.add_cycle(town.desk, "D03", actor="role:department")

    assert [row.organisation for row in list_matters(town.desk).rows] == ["D01", "D03"]


def test_three_stars_call_for_a_plan_alone(three: Town) -> None:
    (plan,) = three.rows("D0101")

    assert (plan.kind, plan.status, plan.owner.role) == ("plan", "open", "organisation")
    owed = three.owed(plan.id)
    assert owed is not None and owed.due_at is not None
    assert owed.arithmetic == ["截止:布置6月18日(星期五)起30天(次日为第1天) → 7月18日24时"]
    assert due_date(owed.due_at, ZONE) == date(2027, 7, 18)
    assert owed.rings_at == at("2027-07-04", 9)  # fourteen days before
    assert three.is_sound()


def test_one_star_calls_for_key_management_and_the_superior_hears_of_it(one: Town) -> None:
    assert one.matters("D0101") == [("plan", "open"), ("key_management", "open")]
    number = one.number("key_management", "D0101")
    assert one.told(number) == [("superior", "一支部已到“重点管理”(待落实联系领导),请于规定时间前办理")]


def test_five_stars_call_for_a_plaque(five: Town) -> None:
    assert five.matters("D0101") == [("plan", "open"), ("plaque", "to_award")]
    owed = five.owed(five.number("plaque", "D0101"))
    assert owed is not None and owed.owner_role == "department"


def test_a_reminder_rings_for_a_matter_as_for_a_stage(three: Town) -> None:
    three.on("2027-07-05")

    with three.desk.reading() as tx:
        rung = tx.session.scalars(sa.select(Notice).where(Notice.stage == "plan")).one()  # type: ignore[arg-type]
    assert (rung.rung, rung.recipient_role, rung.kind) == ("-14", "organisation", "reminder")


def test_the_plan_comes_once_a_year_however_often_a_star_is_granted(three: Town) -> None:
    three.act(("plan", "D0101"), "file", "organisation", {"target_star": 4, "measures": "补短板"})

    three.recheck("D0101", "85", 4)

    assert three.matters("D0101", closed=True) == [("plan", "filed")]
    assert three.is_sound()


# ── key management ───────────────────────────────────────────────


def test_the_contact_leader_is_not_released_before_a_rating_of_two_stars(one: Town) -> None:
    one.act(("key_management", "D0101"), "name_leader", "superior", {"leader": "赵勇", "position": "副主任"})

    said = one.refused(Refused, lambda: one.act(("key_management", "D0101"), "release", "superior"))

    assert said == ("现为一星级,重新评定达到二星级及以上才解除重点管理,联系领导不脱钩(R55)",)
    assert one.matters("D0101") == [("plan", "open"), ("key_management", "tied")]


def test_a_later_rating_of_two_stars_releases_by_itself_with_the_record(one: Town) -> None:
    number = one.number("key_management", "D0101")
    one.act(number, None, "superior", {"leader": "赵勇"})

    one.recheck("D0101", "65", 2)

    shown = show_matter(one.desk, number)
    assert (shown.status, shown.acts[-1].act, shown.acts[-1].role) == ("released", "release", "clock")
    assert shown.data == {"opened_by": "clock", "star": 2, "record": "2027/D0101#14", "weak": False, "leader": "赵勇"}
    assert one.owed(number) is None
    assert one.is_sound()


def test_one_star_again_leaves_the_leader_tied_and_opens_no_second(one: Town) -> None:
    one.act(("key_management", "D0101"), "name_leader", "superior", {"leader": "赵勇"})

    one.recheck("D0101", "45", 0)

    assert one.matters("D0101") == [("plan", "open"), ("key_management", "tied")]


def test_a_leader_is_replaced_only_with_a_reason(one: Town) -> None:
    which = ("key_management", "D0101")
    one.act(which, "name_leader", "superior", {"leader": "赵勇"})
    other = {"leader": "钱二"}

    assert one.refused(BadInput, lambda: one.act(which, "replace_leader", "superior", other)) == ("须写明理由(R55)",)

    done = one.act(which, "replace_leader", "superior", other, reason="赵勇调离")
    assert (done.before, done.status, done.version) == ("tied", "tied", 3)


def test_key_management_is_not_for_three_stars(three: Town) -> None:
    said = three.refused(Refused, lambda: three.open("key_management", "D0101", "superior"))

    assert said == ("现为三星级,只有一星级、不定星级才办这一项(R55)",)


# ── plan and ledger ──────────────────────────────────────────────

ITEM = {"target": "四星级", "measure": "每月一次主题党日", "responsible": "马国", "due_on": "2027-08-31"}


def test_an_item_goes_from_open_to_signed_off(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM).id
    path = [
        three.act(item, "start", "organisation"),
        three.act(item, "claim", "organisation", {"evidence": "照片"}),
        three.act(item, "send_back", "superior", {"due_on": "2027-09-15"}, reason="缺签到"),
        three.act(item, "claim", "organisation", {"evidence": "签到表"}),
        three.act(item, "sign_off", "superior"),
    ]

    assert [step.status for step in path] == ["in_progress", "claimed", "returned", "claimed", "signed_off"]
    assert three.matters("D0101") == [("plan", "open")]
    shown = show_matter(three.desk, item)
    assert shown.data == {**ITEM, "due_on": "2027-09-15", "evidence": "签到表", "opened_by": "organisation", "plan": 2}
    assert [act.seq for act in shown.acts] == [1, 2, 3, 4, 5, 6]


def test_whose_turn_it_is_changes_hands_and_the_superior_hears(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM).id
    three.act(item, "start", "organisation")

    claimed = three.act(item, "claim", "organisation", {"evidence": "照片"})

    owed = three.owed(item)
    assert owed is not None
    assert (owed.owner_role, owed.stage, owed.visit) == ("superior", "ledger_item", 3)
    assert claimed.notices == 1
    assert three.told(item) == [("superior", "一支部已到“整改台账条目”(已报完成),请于08月31日前办理")]


def test_work_claimed_on_the_last_evening_gives_the_superior_three_working_days(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM | {"due_on": "2027-06-25"}).id
    three.act(item, "start", "organisation")
    three.on("2027-06-25")

    claimed = three.act(item, "claim", "organisation", {"evidence": "照片"})

    assert claimed.due_at is not None
    assert due_date(claimed.due_at, ZONE) == date(2027, 6, 30)  # Monday to Wednesday


def test_overdue_is_shown_and_never_stored(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM | {"due_on": "2027-06-25"}).id
    three.on("2027-06-26")

    assert three.matters("D0101") == [("plan", "open"), ("ledger_item", "overdue")]
    assert [row.id for row in list_matters(three.desk, status="overdue").rows] == [item]
    assert show_matter(three.desk, item).status == "open"


def test_an_act_after_its_due_is_marked_late_for_ever(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM | {"due_on": "2027-06-25"}).id
    three.on("2027-06-28")

    three.act(item, "start", "organisation")

    assert show_matter(three.desk, item).acts[-1].data == {"late_days": 3}


def test_a_ledger_stands_on_a_plan(town: Town) -> None:
    said = town.refused(Refused, lambda: town.open("ledger_item", "D0101", "organisation", ITEM))

    assert said == ("还没有本年度的晋位争星方案,台账建立在年度方案的基础上(R50)",)


def test_an_item_without_a_responsible_person_or_with_a_past_date_is_refused(three: Town) -> None:
    nobody = {name: value for name, value in ITEM.items() if name != "responsible"}

    assert three.refused(BadInput, lambda: three.open("ledger_item", "D0101", "organisation", nobody)) == (
        "缺少responsible(R50)",
    )
    past = ITEM | {"due_on": "2027-06-19"}
    assert three.refused(Refused, lambda: three.open("ledger_item", "D0101", "organisation", past)) == (
        "期限2027-06-19早于今天2027-06-20(R50)",
    )


def test_a_target_below_the_star_held_is_refused(three: Town) -> None:
    plan = {"target_star": 2, "measures": "维持"}

    said = three.refused(Refused, lambda: three.act(("plan", "D0101"), "file", "organisation", plan))

    assert said == ("现为三星级,争星目标不能是二星级(R49)",)


def test_two_items_are_told_apart_by_their_number(three: Town) -> None:
    first = three.open("ledger_item", "D0101", "organisation", ITEM).id
    second = three.open("ledger_item", "D0101", "organisation", ITEM).id
    which = ("ledger_item", "D0101")

    assert three.refused(BadInput, lambda: three.act(which, "start", "organisation")) == (
        f"一支部有2件在办的整改台账条目(编号{first}、{second}),请在数据里用id写明是哪一件",
    )
    assert three.act(which, "start", "organisation", {"id": second}).id == second


# ── inspection, rectification, demotion ──────────────────────────


def test_an_inspection_that_finds_the_work_slipped_suggests_a_rectification_and_opens_none(three: Town) -> None:
    held = {"on": "2027-06-20", "result": "slipped", "findings": "三会一课停了两个月"}

    done = three.open("inspection", "D0101", "superior", held)

    assert (done.status, done.suggests) == ("slipped", ("rectification",))
    assert three.matters("D0101") == [("plan", "open")]
    assert three.told(done.id) == [("organisation", "一支部“考核复验”(工作下滑,建议限期整改)")]


def test_a_planned_inspection_is_owed_by_whoever_planned_it(three: Town) -> None:
    planned = three.open("inspection", "D0101", "department", {"on": "2027-07-02"})
    owed = three.owed(planned.id)

    assert owed is not None and owed.owner_role == "department"
    said = three.refused(
        Refused,
        lambda: three.act(
            planned.id, "record", "department", {"on": "2027-07-02", "result": "passed", "findings": "好"}
        ),
    )
    assert said == ("日期2027-07-02晚于今天2027-06-20(R53)",)


def test_a_rectification_runs_thirty_days_and_is_judged_by_whoever_opened_it(three: Town) -> None:
    opened = three.open("rectification", "D0101", "superior", {"problem": "三会一课停了两个月"})
    assert opened.due_at is not None
    assert due_date(opened.due_at, ZONE) == date(2027, 7, 20)

    three.act(opened.id, "report", "organisation", {"result": "已补课", "evidence": "记录本"})
    said = three.refused(Forbidden, lambda: three.act(opened.id, "accept", "department"))

    assert said == ("验收由上级党组织办理(R54)",)
    assert three.act(opened.id, None, "superior").status == "accepted"


def test_demotion_needs_criticism_or_rectification_first(three: Town) -> None:
    ask = {"star": 2}

    said = three.refused(Refused, lambda: three.open("demotion", "D0101", "superior", ask, reason="工作下滑"))

    assert said == ("本年度还没有对它限期整改或通报批评,不能直接提出降级(R54)",)


def demoted(town: Town, star: int) -> int:
    town.open("rectification", "D0101", "superior", {"problem": "工作下滑"})
    proposal = town.open("demotion", "D0101", "superior", {"star": star}, reason="整改无效").id
    town.on("2027-07-01")
    meeting = {"meeting": {"on": "2027-06-30", "number": "2027-7"}}
    town.act(proposal, "approve", "committee", meeting)
    return proposal


def test_an_approved_demotion_puts_the_lower_star_in_force_with_a_record_of_its_own(three: Town) -> None:
    demoted(three, 2)

    star = three.star("D0101")
    assert (star.star, star.round, star.from_on, star.decision) == (
        2,
        "rating",
        date(2027, 6, 30),
        "工委会2027-7批准降级",
    )
    with three.desk.reading() as tx:
        cycle = load_case(three.desk, tx, "D0101").cycle
        record = tx.session.get(Record, star.record_id)
    assert record is not None
    assert (cycle.star, cycle.stage, record.trigger, record.before, record.after) == (
        2,
        "rated",
        "demote",
        "rated",
        "rated",
    )
    assert three.is_sound()


def test_a_demotion_to_one_star_calls_for_key_management(three: Town) -> None:
    demoted(three, 1)

    assert three.matters("D0101") == [("plan", "open"), ("rectification", "open"), ("key_management", "open")]


def test_the_committee_has_as_long_as_for_any_approval(three: Town) -> None:
    three.open("rectification", "D0101", "superior", {"problem": "工作下滑"})

    proposed = three.open("demotion", "D0101", "superior", {"star": 2}, reason="整改无效")

    assert proposed.due_at is not None
    assert due_date(proposed.due_at, ZONE) == date(2027, 7, 9)  # fifteen working days
    assert three.told(proposed.id) == [("committee", "一支部已到“年中降级”(待工委会批准),请于07月09日前办理")]


def test_a_proposal_of_last_year_lowers_the_star_in_the_newest_year(three: Town) -> None:
    three.open("rectification", "D0101", "superior", {"problem": "工作下滑"})
    proposal = three.open("demotion", "D0101", "superior", {"star": 2}, reason="整改无效").id
    campaigns.open_campaign(three.desk, 2028, "anyang-five-star", actor="role:department")

    three.act(proposal, "approve", "committee", MEETING)

    with three.desk.reading() as tx:
        last, newest = (load_case(three.desk, tx, "D0101", year).cycle for year in (2027, 2028))
    assert (last.star, newest.star, three.star("D0101").star) == (3, 2, 2)
    assert three.star("D0101").cycle_id == newest.id
    assert [row.kind for row in three.rows("D0101", by={"year": 2028})] == ["plan"]
    assert three.is_sound()


@pytest.mark.parametrize(
    ("star", "said"),
    [
        (3, "现为三星级,降级后的星级须低于它,不能是三星级(R54)"),
        (4, "现为三星级,降级后的星级须低于它,不能是四星级(R54)"),
    ],
)
def test_a_demotion_leads_downward(three: Town, star: int, said: str) -> None:
    three.open("rectification", "D0101", "superior", {"problem": "工作下滑"})

    refusal = three.refused(Refused, lambda: three.open("demotion", "D0101", "superior", {"star": star}, reason="因"))

    assert refusal == (said,)


def test_a_demotion_rejected_leaves_the_star(three: Town) -> None:
    three.open("rectification", "D0101", "superior", {"problem": "工作下滑"})
    three.open("demotion", "D0101", "superior", {"star": 2}, reason="整改无效")

    done = three.act(("demotion", "D0101"), "reject", "committee", MEETING, reason="再观察")

    assert (done.status, three.star("D0101").star) == ("rejected", 3)


def test_a_sitting_of_another_date_is_refused_with_nothing_written(five: Town) -> None:
    five.open("rectification", "D0101", "superior", {"problem": "工作下滑"})
    five.on("2027-07-01")
    five.open("demotion", "D0101", "superior", {"star": 4}, reason="整改无效")
    five.on("2027-07-03")
    twisted = {"meeting": {"on": "2027-07-02", "number": "2027-6"}}

    said = five.refused(Refused, lambda: five.act(("demotion", "D0101"), "approve", "committee", twisted))

    assert said == ("会议2027-6的日期是2027-06-20,不是2027-07-02(R24)",)
    assert five.star("D0101").star == 5


# ── plaque and demonstration site ────────────────────────────────


def test_losing_the_fifth_star_calls_the_plaque_back_and_proposes_to_withdraw_the_site(five: Town) -> None:
    five.act(("plaque", "D0101"), "award", "department", {"on": "2027-06-20", "place": "大会"})
    five.open("demonstration_site", "D0101", "department", reason="制度健全")

    demoted(five, 4)

    assert five.matters("D0101") == [
        ("plan", "open"),
        ("plaque", "to_recall"),
        ("demonstration_site", "to_withdraw"),
        ("rectification", "open"),
    ]
    assert five.act(("plaque", "D0101"), None, "department", {"on": "2027-07-01"}).status == "recalled"
    assert five.act(("demonstration_site", "D0101"), None, "department", reason="已降级").status == "withdrawn"
    assert five.is_sound()


def test_a_plaque_not_yet_awarded_lapses(five: Town) -> None:
    number = five.number("plaque", "D0101")

    demoted(five, 4)

    assert show_matter(five.desk, number).status == "lapsed"


def test_an_awarded_plaque_rests_and_nobody_owes_anything(five: Town) -> None:
    five.act(("plaque", "D0101"), "award", "department", {"on": "2027-06-20"})

    (plaque,) = five.rows("D0101", by={"stage": "plaque"})

    assert (plaque.status, plaque.owner, plaque.due_at) == ("awarded", None, None)


def test_a_fifth_star_won_back_before_the_plaque_was_taken_lets_it_hang(five: Town) -> None:
    five.act(("plaque", "D0101"), "award", "department", {"on": "2027-06-20"})
    demoted(five, 4)

    five.recheck("D0101", "95", 5)

    assert five.matters("D0101", by={"stage": "plaque"}) == [("plaque", "awarded")]


def test_a_site_is_chosen_among_five_stars_only(three: Town) -> None:
    said = three.refused(Refused, lambda: three.open("demonstration_site", "D0101", "department", reason="好"))

    assert said == ("现为三星级,只有五星级才办这一项(R60)",)


# ── supervision ──────────────────────────────────────────────────


def test_criticism_is_only_proposed_and_comes_with_a_date_for_rectification(three: Town) -> None:
    opened = three.open("supervision", "D0101", "department", {"content": "活动开展不积极"})
    circular = {"document": "工委〔2027〕9号", "problem": "活动停滞", "due_on": "2027-07-10"}

    done = three.act(opened.id, "criticise", "department", circular)

    assert three.events() == [("D0101", "work_committee", "proposed")]
    (rectification,) = three.rows("D0101", by={"stage": "rectification"})
    assert (done.opened, rectification.due_at) == ((rectification.id,), at("2027-07-11", 0))
    assert (
        three.act(rectification.id, "report", "organisation", {"result": "改", "evidence": "证"}).status == "reported"
    )
    assert three.act(rectification.id, "accept", "department").status == "accepted"


def test_a_late_objection_becomes_a_clue_that_the_department_owes_an_answer(three: Town) -> None:
    ask = {"content": "得分有假", "name": "王五", "contact": "139"}
    with pytest.raises(StarflowError):
        three.fire("D0101", "object", "anyone", ask)

    with three.desk.transaction() as tx:
        clue = late_clue(
            three.desk, tx, load_case(three.desk, tx, "D0101"), "得分有假", name="王五", contact="139", actor="x"
        )

    owed = three.owed(clue.id)
    assert owed is not None and owed.due_at is not None
    assert (clue.status, owed.owner_role) == ("clue", "department")
    assert due_date(owed.due_at, ZONE) == date(2027, 7, 2)  # ten working days
    assert three.act(clue.id, None, "department").status == "open"
    assert three.act(clue.id, "clear", "department", reason="查无实据").status == "cleared"


OFFER = "可以作为督导线索登记:starflow matter open supervision D02 --as anyone"


def test_a_door_offers_the_clue_to_whoever_objects_when_the_stage_is_over(town: Town) -> None:
    with pytest.raises(WrongStage) as refusal:
        town.fire("D02", "object", "anyone", {"content": "得分有假"})

    assert clue_offer("D02", refusal.value, "object") == f"现在不在公示期,{OFFER}"
    assert clue_offer("D02", refusal.value, "declare") is None


def test_a_door_offers_the_clue_when_only_an_open_objection_keeps_the_stage(objected: Town) -> None:
    objected.on("2027-05-20")

    with pytest.raises(Refused) as late:
        objected.fire("D02", "object", "anyone", {"content": "得分有假"})
    with pytest.raises(Refused) as other:
        objected.fire("D02", "post_notice", "superior", {"on": "2027-05-20", "place": "栏"})

    assert clue_offer("D02", late.value) == f"公示期已过,{OFFER}"
    assert clue_offer("D02", other.value) is None


def test_nobody_reads_who_reported(three: Town) -> None:
    said = {"content": "得分有假", "name": "王五", "contact": "13900000000"}
    clue = three.open("supervision", "D0101", "anyone", said)

    page, shown = str(list_matters(three.desk).as_json()), str(show_matter(three.desk, clue.id).as_json())
    to_the_department = str(show_matter(three.desk, clue.id, frozenset({"department"})).as_json())

    with three.desk.reading() as tx:
        history = str([act.data for act in tx.session.scalars(sa.select(MatterAct))])
    for text in (page, shown, to_the_department, history):
        assert "王五" not in text and "13900000000" not in text
    assert "得分有假" not in page + shown + history
    assert "得分有假" in to_the_department


# ── objections are settled elsewhere ─────────────────────────────


@pytest.fixture
def objected(town: Town) -> Town:
    """An objection is open in the publicity of the branch directly under the root."""
    town.fire("D02", "declare", "organisation", {"head": "甲", "members_due": 5, "target_star": 5})
    town.review("2027-05-06", "D02", "85", 4)
    town.fire("D02", "post_notice", "superior", {"on": "2027-05-06", "place": "栏"})
    town.on("2027-05-07")
    town.fire("D02", "object", "anyone", {"content": "得分有假", "name": "王五"})
    return town


def test_an_objection_is_listed_with_its_handler_and_its_own_date(objected: Town) -> None:
    (row,) = objected.rows("D02")

    assert (row.kind, row.status, row.owner.role, row.owner.organisation) == ("objection", "open", "department", "GW")
    assert row.due_at == at("2027-05-22", 0)  # ten working days
    assert [r.kind for r in list_matters(objected.desk, Filters(owner="department")).rows] == ["objection"]


def test_an_objection_shows_by_when_its_handler_must_have_verified_it(objected: Town) -> None:
    seen = show_matter(objected.desk, objected.number("objection", "D02"))

    (row,) = list_matters(objected.desk, Filters(owner="department")).rows
    assert (seen.due_at, len(seen.arithmetic) > 0) == (row.due_at, True)
    assert seen.due_at is not None


def test_an_objection_is_not_acted_on_by_this_door(objected: Town) -> None:
    number = objected.number("objection", "D02")
    sentence = (
        "异议随公示办理:提出用object,核实后用dismiss_objection(不成立)或uphold_objection(成立),"
        "都是该党组织本年度评定的动作(R23)"
    )

    assert objected.refused(Refused, lambda: objected.act(number, "dismiss_objection", "department")) == (sentence,)
    assert objected.refused(Refused, lambda: objected.act(("objection", "D02"), None, "department")) == (sentence,)
    assert objected.refused(Refused, lambda: objected.open("objection", "D02", "anyone")) == (sentence,)

    objected.fire("D02", "dismiss_objection", "department", {"objection": number, "finding": "查无实据"})
    assert [act.act for act in show_matter(objected.desk, number).acts] == ["object", "dismiss_objection"]
    assert objected.is_sound()


# ── the door ─────────────────────────────────────────────────────


def test_a_repeat_returns_the_first_act_even_after_the_matter_is_closed(three: Town) -> None:
    plan = {"target_star": 4, "measures": "补短板"}
    first = three.act(("plan", "D0101"), "file", "organisation", plan, key="k1")
    before = three.everything()

    again = three.act(("plan", "D0101"), "file", "organisation", plan, key="k1")

    assert (again.id, again.status, again.version, again.repeated) == (first.id, "filed", 2, True)
    assert three.everything() == before


def test_a_repeated_opening_opens_one(three: Town) -> None:
    first = three.open("ledger_item", "D0101", "organisation", ITEM, key="k2")

    again = three.open("ledger_item", "D0101", "organisation", ITEM, key="k2")

    assert (again.id, again.repeated) == (first.id, True)


def test_a_key_means_one_thing(three: Town) -> None:
    three.open("ledger_item", "D0101", "organisation", ITEM, key="k3")
    plan = {"target_star": 4, "measures": "补短板"}

    said = three.refused(Refused, lambda: three.act(("plan", "D0101"), "file", "organisation", plan, key="k3"))

    assert said == ("幂等键“k3”已用于另一件事",)


def test_whoever_saw_an_older_version_is_told_who_was_faster(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM).id
    three.act(item, "start", "organisation")

    with pytest.raises(Stale) as refusal:
        three.act(item, "claim", "organisation", {"evidence": "照片"}, expected_version=1)

    assert refusal.value.current == {
        "actor": "role:organisation",
        "role": "organisation",
        "act": "start",
        "at": "2027-06-20T02:00:00+00:00",
        "version": 2,
        "status": "in_progress",
    }


def test_of_two_hands_at_once_one_opens_and_the_other_is_shown_what_was_opened(three: Town) -> None:
    def open_it(_: int) -> Acted:
        return three.open("ledger_item", "D0101", "organisation", ITEM, key="same")

    with ThreadPoolExecutor(2) as hands:
        first, second = hands.map(open_it, range(2))

    assert first.id == second.id
    assert {first.repeated, second.repeated} == {False, True}
    assert [row.kind for row in three.rows("D0101")] == ["plan", "ledger_item"]


def test_of_two_hands_at_once_one_acts_and_the_other_is_told_who_was_faster(three: Town) -> None:
    item = three.open("ledger_item", "D0101", "organisation", ITEM).id

    def start(_: int) -> str:
        try:
            return three.act(item, "start", "organisation").status
        except WrongStage as refusal:
            return str(refusal.current["act"])

    with ThreadPoolExecutor(2) as hands:
        said = sorted(hands.map(start, range(2)))

    assert said == ["in_progress", "start"]
    assert three.is_sound()


@pytest.mark.parametrize(
    ("error", "act", "role", "said"),
    [
        (Forbidden, "file", "superior", "报备由本组织办理(R49)"),
        (
            Unknown,
            "declare",
            "organisation",
            "年度晋位争星方案没有“declare”这个动作,现在可办:file(报备)、cancel(撤销)(R49)",
        ),
        (BadInput, "cancel", "department", "须写明理由(R49)"),
        (BadInput, "file", "organisation", "缺少target_star(R49);缺少measures(R49)"),
        (Forbidden, "file", "clock", "时钟的动作由系统办理,不能代办"),
    ],
)
def test_the_door_says_no_in_sentences(three: Town, error: Any, act: str, role: str, said: str) -> None:
    assert ";".join(three.refused(error, lambda: three.act(("plan", "D0101"), act, role))) == said


def test_a_closed_matter_offers_nothing_more(three: Town) -> None:
    number = three.act(("plan", "D0101"), None, "organisation", {"target_star": 4, "measures": "补短板"}).id

    assert three.refused(WrongStage, lambda: three.act(number, "file", "organisation")) == (
        "年度晋位争星方案现为“已报备”,不能报备(R49)",
    )
    assert three.refused(WrongStage, lambda: three.act(number, None, "organisation")) == (
        "年度晋位争星方案现为“已报备”,没有下一步可办(R49)",
    )
    assert three.refused(Unknown, lambda: three.act(("plan", "D0101"), None, "organisation")) == (
        "一支部没有在办的年度晋位争星方案",
    )


def test_what_there_is_not_is_said(three: Town) -> None:
    kinds = three.refused(Unknown, lambda: three.open("party", "D0101", "superior"))
    assert kinds[0].startswith("没有“party”这类事项,只有plan、ledger_item、")
    assert three.refused(Unknown, lambda: three.open("plan", "D9", "superior")) == ("2027年度没有编码为“D9”的党组织",)
    assert three.refused(Unknown, lambda: three.act(99, None, "superior")) == ("没有编号为99的事项",)
    assert three.refused(
        Forbidden, lambda: three.open("demotion", "D0101", "department", {"star": 2}, reason="因")
    ) == ("提出降级(年中降级)由上级党组织办理(R54)",)


def test_a_second_plan_of_the_year_is_refused(three: Town) -> None:
    said = three.refused(Refused, lambda: three.open("plan", "D0101", "organisation"))

    assert said == (f"已经有一件,编号{three.number('plan', 'D0101')},不另立(R49)",)


# ── the list ─────────────────────────────────────────────────────


def test_the_list_has_the_shape_of_the_contract_and_is_continued_where_it_was_cut(three: Town) -> None:
    first = list_matters(three.desk, Filters(limit=1))

    assert first.as_json() == {
        "rows": [
            {
                "id": 1,
                "kind": "implementation_plan",
                "organisation": "D01",
                "status": "open",
                "owner": {"role": "organisation", "organisation": "D01", "person": "P3"},
                "due_at": "2027-05-22T00:00:00+08:00",
            }
        ],
        "next": first.next,
    }
    rest = list_matters(three.desk, Filters(limit=1, after=first.next))
    assert ([row.kind for row in rest.rows], rest.next) == (["plan"], None)


def test_the_list_is_narrowed_by_kind_light_owner_and_subtree(three: Town) -> None:
    def found(**said: Any) -> list[str]:
        return [row.kind for row in list_matters(three.desk, Filters(**said)).rows]

    assert found(stage="plan") == ["plan"]
    assert found(light="red") == ["implementation_plan"]
    assert found(owner="organisation", under="D0101") == ["plan"]
    assert found(owner="department") == []
    assert found(year=2027) == ["implementation_plan", "plan"]


def test_a_matter_shows_its_buttons_with_the_reasons_under_the_grey_ones(three: Town) -> None:
    number = three.number("plan", "D0101")

    shown = show_matter(three.desk, number, frozenset({"organisation"}))

    assert [(option.act, option.allowed) for option in shown.options] == [("file", True), ("cancel", False)]
    assert [str(reason) for reason in shown.options[1].reasons] == ["“撤销”由组织部办理"]
    assert shown.options[0].payload is not None and shown.options[0].payload["required"] == ["target_star", "measures"]
