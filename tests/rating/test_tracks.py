"""The kinds of matters as tables: every act fired once, every guard refusing once, what a star calls for, and by when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflow.engine.errors import Faulty
from workflow.engine.machine import ANYONE, CLOCK, Ask, Decision, Refusal, decide
from workflow.engine.table import OWNER
from workflow.engine.workdays import Calendar
from workflow.rating import tracks, wording
from workflow.rating.scheme import Cite, Scheme, Track
from workflow.rating.shelf import calendar as calendar_named
from workflow.rating.track_dates import matter_dates
from workflow.rating.track_guards import MatterFacts
from workflow.rating.track_parts import NEW, OPEN, Act, Kind, Status, check
from workflow.rating.track_payloads import PERSONAL

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2027, 6, 20, 2, tzinfo=UTC)
MEETING = {"meeting": {"on": "2027-06-20", "number": "2027-6"}}
ITEM = {"target": "四星级", "measure": "主题党日", "responsible": "马国", "due_on": "2027-08-31"}
TOLD: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("plan", "file"): {"target_star": 4, "measures": "补短板"},
    ("ledger_item", "open"): ITEM,
    ("ledger_item", "claim"): {"evidence": "照片"},
    ("inspection", "open"): {"on": "2027-07-02"},
    ("inspection", "record"): {"on": "2027-06-20", "result": "passed", "findings": "好"},
    ("rectification", "open"): {"problem": "停了两个月"},
    ("rectification", "report"): {"result": "已补", "evidence": "记录"},
    ("demotion", "open"): {"star": 2},
    ("demotion", "approve"): MEETING,
    ("demotion", "reject"): MEETING,
    ("key_management", "name_leader"): {"leader": "赵勇"},
    ("key_management", "replace_leader"): {"leader": "钱二"},
    ("plaque", "award"): {"on": "2027-06-20"},
    ("plaque", "take_back"): {"on": "2027-06-20"},
    ("supervision", "open"): {"content": "不积极"},
    ("supervision", "criticise"): {"document": "9号", "problem": "停滞"},
    ("implementation_plan", "file"): {"document": "发改委〔2027〕3号"},
}
ROWS = [(kind, row) for kind in tracks.KINDS for row in kind.table.rows]


def facts(**said: Any) -> MatterFacts:
    """A branch with three stars under a committee that was told to rectify, as everything allows it."""
    allowed: dict[str, Any] = {
        "star": 3,
        "labels": {n: f"{n}星级" for n in range(6)},
        "stars": (3,),
        "released_from": 2,
        "proposed": 2,
        "plan": 7,
        "warned": True,
        "unit": True,
        "ended": True,
        "opened_by": "superior",
        "opened_on": date(2027, 6, 1),
        "today": date(2027, 6, 20),
    }
    return MatterFacts(**allowed | said)


def fire(kind: Kind, status: str, act: str, role: str, payload: Any = None, reason: str = "", **said: Any) -> Any:
    relations = frozenset({role, ANYONE})
    ask = Ask(trigger=act, relations=relations, payload=payload or {}, reason=reason)
    return decide(kind.table, status, ask, facts(relations=relations, **said), NOW)


def refused(kind: Kind, status: str, act: str, role: str, payload: Any = None, **said: Any) -> list[str]:
    verdict = fire(kind, status, act, role, payload, "因", **said)
    assert isinstance(verdict, Refusal) and verdict.code == "guard", verdict
    return [str(reason) for reason in verdict.reasons]


# ── the table ────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=[f"{k.name}-{r.stage}-{r.trigger}" for k, r in ROWS])
def test_every_act_of_every_kind_can_be_done_by_whoever_it_belongs_to(kind: Kind, row: Any) -> None:
    asking = frozenset({kind.opened_by[0], ANYONE})
    by = kind.table.stage[row.stage].owner_of(facts(relations=asking)) if row.by == OWNER else row.by

    done = fire(kind, row.stage, row.trigger, by, TOLD.get((kind.name, row.trigger)), "因")

    assert isinstance(done, Decision), done
    assert done.after in {way.dest for way in row.ways}
    assert done.role == (by if by != ANYONE else ANYONE)


def test_the_kinds_bear_the_names_of_the_glossary() -> None:
    assert [kind.name for kind in tracks.KINDS] == [
        "plan", "ledger_item", "inspection", "rectification", "demotion", "key_management", "plaque",
        "demonstration_site", "supervision", "implementation_plan", "objection",
    ]  # fmt: skip
    assert all(kind.rule.startswith("R") and kind.title for kind in tracks.KINDS)


def test_names_fit_into_their_columns() -> None:
    for kind in tracks.KINDS:
        assert max(map(len, (kind.name, *kind.status, *(act.trigger for act in kind.acts)))) <= 40
        assert OPEN in {act.trigger for act in kind.acts} or kind.elsewhere


def test_a_kind_with_a_dead_end_does_not_pass_the_checks() -> None:
    lost = Kind(
        "lost",
        "迷路",
        "R0",
        statuses=(
            Status("open", "开", "organisation"),
            Status("nowhere", "无路", "organisation"),
            Status("done", "完", ends=True),
        ),
        acts=(Act(OPEN, "开", (NEW,), "open"), Act("stray", "走", ("open",), "nowhere")),
        opened_by=("organisation",),
    )

    with pytest.raises(Faulty) as found:
        check((lost,))

    assert found.value.faults == (
        "lost done:从起点到不了这个环节",
        "lost new:死路,从这里到不了任何终点",
        "lost open:死路,从这里到不了任何终点",
        "lost nowhere:死路,从这里到不了任何终点",
    )


def test_only_the_scheme_says_who_signs_off_a_ledger() -> None:
    assert isinstance(fire(tracks.LEDGER_ITEM, "claimed", "sign_off", "department", closed_by="department"), Decision)
    assert isinstance(fire(tracks.LEDGER_ITEM, "claimed", "sign_off", "superior", closed_by="department"), Refusal)


@pytest.mark.parametrize(
    ("kind", "act", "payload", "role", "after"),
    [
        (tracks.INSPECTION, OPEN, {"on": "2027-06-20", "result": "passed", "findings": "好"}, "superior", "passed"),
        (tracks.INSPECTION, OPEN, {"on": "2027-06-20", "result": "slipped", "findings": "差"}, "superior", "slipped"),
        (tracks.INSPECTION, OPEN, {"on": "2027-09-20"}, "department", "open"),
        (tracks.KEY_MANAGEMENT, OPEN, {"leader": "赵勇", "weak": True}, "superior", "tied"),
        (tracks.KEY_MANAGEMENT, OPEN, {}, CLOCK, "open"),
        (tracks.SUPERVISION, OPEN, {"content": "线索"}, "department", "open"),
        (tracks.SUPERVISION, OPEN, {"content": "线索"}, "organisation", "clue"),
    ],
)
def test_an_opening_leads_where_its_facts_say(kind: Kind, act: str, payload: Any, role: str, after: str) -> None:
    assert fire(kind, NEW, act, role, payload).after == after


def test_what_slipped_suggests_a_rectification() -> None:
    done = fire(
        tracks.INSPECTION, "open", "record", "superior", {"on": "2027-06-20", "result": "slipped", "findings": "差"}
    )

    assert tracks.SUGGESTS[tracks.INSPECTION.name, done.after] == tracks.RECTIFICATION.name


@pytest.mark.parametrize(
    ("kind", "status", "act"),
    [
        (tracks.LEDGER_ITEM, "claimed", "send_back"),
        (tracks.RECTIFICATION, "reported", "send_back"),
        (tracks.DEMOTION, NEW, "open"),
        (tracks.DEMOTION, "proposed", "reject"),
        (tracks.DEMOTION, "proposed", "withdraw"),
        (tracks.KEY_MANAGEMENT, "tied", "replace_leader"),
        (tracks.DEMONSTRATION_SITE, NEW, "open"),
        (tracks.DEMONSTRATION_SITE, "designated", "withdraw"),
        (tracks.SUPERVISION, "clue", "dismiss"),
        (tracks.SUPERVISION, "open", "clear"),
        (tracks.PLAN, "open", "cancel"),
    ],
)
def test_what_a_clerk_would_have_to_explain_needs_a_reason(kind: Kind, status: str, act: str) -> None:
    assert kind.table.row[status, act].needs_reason


def test_what_an_act_found_is_a_word_of_its_table_or_none() -> None:
    def found(effect: Any, relations: frozenset[str] = frozenset(), **told: Any) -> Any:
        return effect(facts(relations=relations), Ask(trigger="", payload=SimpleNamespace(**told)), NOW)

    assert [found(tracks.result, result=said) for said in ("passed", None)] == [{"outcome": "passed"}, {"outcome": ""}]
    assert [found(tracks.leader_named, leader=said) for said in ("赵勇", None)] == [
        {"outcome": "tied"},
        {"outcome": ""},
    ]
    of = tracks.by_the_department
    assert [found(of, frozenset({by})) for by in ("department", "city")] == [{"outcome": "department"}, {"outcome": ""}]


# ── guards ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "status", "act", "role", "payload", "said", "sentence"),
    [
        (tracks.PLAN, NEW, OPEN, CLOCK, {}, {"twin": 3}, "已经有一件,编号3,不另立"),
        (tracks.PLAN, NEW, OPEN, CLOCK, {}, {"star": None}, "还没有定星,定星后再报年度方案(R49)"),
        (tracks.PLAQUE, NEW, OPEN, CLOCK, {}, {"star": 2}, "现为2星级,只有3星级才办这一项"),
        (tracks.PLAQUE, NEW, OPEN, CLOCK, {}, {"star": None, "stars": (5, 4)}, "现为未评,只有5星级、4星级才办这一项"),
        (tracks.IMPLEMENTATION_PLAN, NEW, OPEN, CLOCK, {}, {"unit": False}, "实施方案由市直工委直属的机关党委、总支制定(R62)"),
        (tracks.DEMOTION, NEW, OPEN, "superior", {"star": 1}, {"star": None}, "还没有定星,无星可降(R54)"),
        (tracks.DEMOTION, NEW, OPEN, "superior", {"star": 9}, {}, "现为3星级,降级后的星级须低于它,不能是9星(R54)"),
        (
            tracks.DEMOTION, NEW, OPEN, "superior", {"star": 1}, {"warned": False},
            "本年度还没有对它限期整改或通报批评,不能直接提出降级(R54)",
        ),
        (tracks.DEMOTION, "proposed", "approve", "committee", MEETING, {"star": 2}, "现为2星级,不必再降为2星级(R54)"),
        (
            tracks.DEMOTION, "proposed", "approve", "committee", MEETING, {"opened_on": date(2027, 6, 21)},
            "会议日期2027-06-20早于提出的日期2027-06-21",
        ),
        (
            tracks.DEMOTION, "proposed", "reject", "committee", {"meeting": {"on": "2027-06-21", "number": "1"}}, {},
            "日期2027-06-21晚于今天2027-06-20",
        ),
        (tracks.PLAN, "open", "file", "organisation", {"target_star": 6, "measures": "无"}, {}, "现为3星级,争星目标不能是6星(R49)"),
        (tracks.LEDGER_ITEM, NEW, OPEN, "organisation", ITEM | {"due_on": "2027-06-19"}, {}, "期限2027-06-19早于今天2027-06-20"),
        (
            tracks.KEY_MANAGEMENT, "tied", "release", "superior", {}, {"star": 1},
            "现为1星级,重新评定达到2星级及以上才解除重点管理,联系领导不脱钩(R55)",
        ),
        (
            tracks.KEY_MANAGEMENT, "tied", "release", "superior", {}, {"released_from": None},
            "现为3星级,重新评定升星才解除重点管理,联系领导不脱钩(R55)",
        ),
        (tracks.KEY_MANAGEMENT, "tied", "cancel", "department", {}, {"ended": False}, "重点管理不能撤销,只有党组织撤销的除外(R55)"),
    ],
)  # fmt: skip
def test_every_guard_refuses_in_a_sentence(
    kind: Kind, status: str, act: str, role: str, payload: Any, said: Any, sentence: str
) -> None:
    assert refused(kind, status, act, role, payload, **said) == [sentence]


def test_a_ledger_without_a_plan_is_refused() -> None:
    assert refused(tracks.LEDGER_ITEM, NEW, OPEN, "organisation", ITEM, plan=None) == [
        "还没有本年度的晋位争星方案,台账建立在年度方案的基础上(R50)"
    ]


def test_a_result_without_findings_is_not_a_result() -> None:
    verdict = fire(tracks.INSPECTION, NEW, OPEN, "superior", {"on": "2027-06-20", "result": "passed"})

    assert (verdict.code, [str(r) for r in verdict.reasons]) == (
        "payload",
        ["数据:result和findings要么都写,要么都不写"],
    )


def test_guards_asked_without_a_payload_say_what_is_known_already() -> None:
    for kind, row in ROWS:
        for guard in row.guards:
            assert guard(facts(), Ask(trigger=row.trigger), NOW) is None, (kind.name, row.trigger)


def test_what_names_a_person_is_named_in_one_place() -> None:
    supervision = tracks.SUPERVISION.table.row[NEW, OPEN].takes
    assert supervision is not None and set(PERSONAL) <= set(supervision.model_fields)


# ── what a star calls for ────────────────────────────────────────


@pytest.mark.parametrize(
    ("star", "standing", "wanted"),
    [
        (5, {}, [("plan", "open"), ("plaque", "open")]),
        (4, {}, [("plan", "open")]),
        (2, {"plan": "filed"}, []),
        (1, {"plan": "open"}, [("key_management", "open")]),
        (0, {"plan": "cancelled", "key_management": "tied"}, []),
        (2, {"plan": "filed", "key_management": "tied"}, [("key_management", "release")]),
        (1, {"plan": "filed", "key_management": "open"}, []),
        (4, {"plan": "filed", "plaque": "to_award"}, [("plaque", "lapse")]),
        (4, {"plan": "filed", "plaque": "awarded"}, [("plaque", "recall")]),
        (4, {"plan": "filed", "plaque": "to_recall"}, []),
        (5, {"plan": "filed", "plaque": "to_recall"}, [("plaque", "restore")]),
        (5, {"plan": "filed", "plaque": "awarded"}, []),
        (3, {"plan": "filed", "demonstration_site": "designated"}, [("demonstration_site", "propose_withdrawal")]),
        (3, {"plan": "filed", "demonstration_site": "to_withdraw"}, []),
        (
            5,
            {"plan": "filed", "plaque": "awarded", "demonstration_site": "to_withdraw"},
            [("demonstration_site", "restore")],
        ),
    ],
)
def test_a_star_calls_for(scheme: Scheme, star: int, standing: dict[str, str], wanted: list[tuple[str, str]]) -> None:
    assert list(tracks.follow_ups(scheme, star, standing)) == wanted


@pytest.mark.parametrize(
    ("star", "standing", "wanted"),
    [
        (0, {"plan": "filed", "key_management": "tied"}, [("rectification", "open")]),
        (0, {"plan": "filed", "key_management": "tied", "rectification": "open"}, []),
        (3, {"plan": "filed"}, []),
    ],
)
def test_a_track_that_rectifies_calls_for_a_rectification_once(
    scheme: Scheme, star: int, standing: dict[str, str], wanted: list[tuple[str, str]]
) -> None:
    weak = Track(cite=Cite(rule="1"), code="weak", title="整顿", stars=(0,), rectify="+60 days")
    one = scheme.model_copy(update={"track": (weak,)})

    assert list(tracks.follow_ups(one, star, standing)) == wanted


@pytest.mark.parametrize(
    ("released_from", "star", "wanted"),
    [(None, 1, []), (None, 2, [("key_management", "release")]), (3, 2, []), (3, 3, [("key_management", "release")])],
)
def test_key_management_ends_where_the_scheme_releases(
    scheme: Scheme, released_from: int | None, star: int, wanted: list[tuple[str, str]]
) -> None:
    rule = scheme.key_management.model_copy(update={"released_from": released_from})
    one = scheme.model_copy(update={"key_management": rule})

    assert list(tracks.follow_ups(one, star, {"plan": "filed", "key_management": "tied"})) == wanted


@pytest.mark.parametrize(
    ("opened_by", "judge"), [("", "superior"), (CLOCK, "superior"), ("department", "department"), ("city", "city")]
)
def test_whoever_opened_a_matter_judges_it(opened_by: str, judge: str) -> None:
    assert tracks.opener(facts(opened_by=opened_by)) == judge


@pytest.mark.parametrize("star", range(6))
@pytest.mark.parametrize("held", [None, "tied"])
@pytest.mark.parametrize("plaque", [None, "to_award", "awarded", "to_recall"])
@pytest.mark.parametrize("site", [None, "designated", "to_withdraw"])
def test_what_was_called_for_is_not_called_for_again(
    scheme: Scheme, star: int, held: str | None, plaque: str | None, site: str | None
) -> None:
    there = {"key_management": held, "plaque": plaque, "demonstration_site": site}
    standing = {kind: status for kind, status in there.items() if status}

    for name, act in tracks.follow_ups(scheme, star, dict(standing)):
        kind = tracks.KIND[name]
        stars = kind.stars(scheme) if kind.stars else ()
        done = fire(
            kind, standing.get(name, NEW) if act != OPEN else NEW, act, CLOCK, star=star, stars=stars, twin=None
        )
        standing[name] = done.after
        if kind.status[done.after].ends:
            del standing[name]

    assert list(tracks.follow_ups(scheme, star, standing)) == []


def test_a_scheme_without_these_tables_calls_for_nothing(scheme: Scheme) -> None:
    plain = scheme.model_copy(
        update={name: type(getattr(scheme, name))() for name in ("plan", "key_management", "plaque", "site")}
    )

    assert [step for star in range(6) for step in tracks.follow_ups(plain, star, {})] == []


@pytest.mark.parametrize(
    ("kind", "unit"),
    [("机关党委", True), ("党总支", True), ("机关党总支", True), ("党支部", False), ("市直工委", False)],
)
def test_a_committee_or_general_branch_leads_a_unit(kind: str, unit: bool) -> None:
    assert tracks.is_unit(kind) is unit


# ── dates ────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def workdays(scheme: Scheme) -> Calendar:
    return calendar_named(scheme.scheme.calendar)


def dated(scheme: Scheme, workdays: Calendar, kind: Kind, status: str, entered: datetime = NOW, **data: Any) -> Any:
    return matter_dates(
        kind.status[status].due,
        since=kind.acts[0].title,
        judges=kind.status[status].judges,
        scheme=scheme,
        calendar=workdays,
        zone=ZONE,
        opened_at=NOW,
        entered_at=entered,
        data=data,
    )


@pytest.mark.parametrize(
    ("kind", "status", "data", "due_on", "sentence"),
    [
        (tracks.PLAN, "open", {}, date(2027, 7, 20), "截止:布置6月20日(星期日)起30天(次日为第1天) → 7月20日24时"),
        (
            tracks.IMPLEMENTATION_PLAN,
            "open",
            {},
            date(2027, 7, 5),
            "截止:布置6月20日(星期日)起15天(次日为第1天) → 7月5日24时",
        ),
        (
            tracks.RECTIFICATION,
            "open",
            {},
            date(2027, 7, 20),
            "截止:提出整改6月20日(星期日)起30天(次日为第1天) → 7月20日24时",
        ),
        (tracks.RECTIFICATION, "returned", {"due_on": "2027-07-01"}, date(2027, 7, 1), "截止:7月1日24时(商定的日期)"),
        (
            tracks.LEDGER_ITEM,
            "in_progress",
            {"due_on": "2028-01-05"},
            date(2028, 1, 5),
            "截止:2028年1月5日24时(商定的日期)",
        ),
        (tracks.INSPECTION, "open", {"on": "2027-07-02"}, date(2027, 7, 2), "截止:7月2日24时(商定的日期)"),
        (
            tracks.DEMOTION,
            "proposed",
            {},
            date(2027, 7, 9),
            "截止:提出降级6月20日(星期日)起15个工作日 → 7月9日24时;2027年节假日安排尚未公布,按未确认日历计算",
        ),
        (
            tracks.SUPERVISION,
            "clue",
            {},
            date(2027, 7, 2),
            "截止:登记督导6月20日(星期日)起10个工作日 → 7月2日24时;2027年节假日安排尚未公布,按未确认日历计算",
        ),
    ],
)
def test_a_due_comes_from_the_scheme_or_from_what_was_agreed(
    scheme: Scheme, workdays: Calendar, kind: Kind, status: str, data: Any, due_on: date, sentence: str
) -> None:
    found = dated(scheme, workdays, kind, status, **data)

    assert found.due_at is not None
    assert (found.due_at.astimezone(ZONE).date() - due_on).days == 1  # its 24:00
    assert found.arithmetic == (sentence,)


def test_who_judges_has_three_working_days_of_his_own(scheme: Scheme, workdays: Calendar) -> None:
    friday = datetime(2027, 6, 25, 10, tzinfo=UTC)

    late = dated(scheme, workdays, tracks.LEDGER_ITEM, "claimed", friday, due_on="2027-06-25")
    early = dated(scheme, workdays, tracks.LEDGER_ITEM, "claimed", friday, due_on="2027-06-30")

    assert late.arithmetic == (
        "截止:6月25日24时(商定的日期)",
        "核验时间:报来6月25日(星期五)起3个工作日 → 6月30日24时;2027年节假日安排尚未公布,按未确认日历计算;晚于原期限,以此为截止",
    )
    assert early.arithmetic == ("截止:6月30日24时(商定的日期)",)
    assert late.due_at == early.due_at


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (tracks.KEY_MANAGEMENT, "open"),
        (tracks.KEY_MANAGEMENT, "tied"),
        (tracks.PLAQUE, "to_award"),
        (tracks.PLAQUE, "awarded"),
        (tracks.SUPERVISION, "open"),
        (tracks.DEMONSTRATION_SITE, "to_withdraw"),
    ],
)
def test_the_regulation_gives_no_date_for_these(scheme: Scheme, workdays: Calendar, kind: Kind, status: str) -> None:
    found = dated(scheme, workdays, kind, status)

    assert (found.due_at, found.arithmetic) == (None, ())


def test_what_rests_is_owed_by_nobody() -> None:
    resting = [(k.name, s.name) for k in tracks.KINDS for s in k.statuses if s.rests and not s.ends]

    assert resting == [("plaque", "awarded"), ("demonstration_site", "designated")]
    assert replace(tracks.PLAQUE.status["awarded"], owner="department").rests is False


def test_a_scheme_may_name_every_kind_in_its_ladder():
    assert {kind.name for kind in tracks.KINDS} == set(wording.MATTERS)
