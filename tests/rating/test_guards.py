"""Every guard of every act refuses once, alone, with its sentence and its rule."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask, Decision, Refusal, decide, refusals
from workflow.engine.render import name_of
from workflow.engine.table import Row

EVERYBODY = frozenset({"organisation", "superior", "department", "committee", "city", "clock"})
BEFORE_THE_END, AT_THE_END = timedelta(seconds=-1), timedelta(0)
TOO_LATE = {"refused_after": True}


@dataclass(frozen=True)
class Case:
    """What is different from the facts in which nothing speaks against the act, and what is said then."""

    said: str = ""
    cite: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    reason: str = "其他:说明"
    when: timedelta | None = None


LATE = Case("已过截止时间,本方案不接受补办", "R8", TOO_LATE)
INCOMPLETE = Case("第2项没有得分;没有第11项指标", "R26", {"score_faults": ("第2项没有得分", "没有第11项指标")})
BY_THE_SCORER = Case("打分的人不能办理同一党组织的异议和批准", "R23", {"scored_by": "p1"})
NO_OBJECTION = Case("没有待办的异议", "R23", {"open_objections": 0})
NOT_POSTED = Case("公示尚未张贴", "R21", {"posted_on": None})
BEGUN = Case("上级已开始考评,请上级退回", "R11", {"review_begun": True})
NINE_STARS = Case(
    "方案没有第9级这一等次,只有五星级、四星级、三星级、二星级、一星级、不定星级", "R29", {"cap": None}, {"star": 9}
)
TOO_EARLY = Case("会议日期2027-05-31早于2027-06-01", None, {}, {"meeting": {"on": "2027-05-31", "number": "1"}})


def voted(present: int, in_favour: int, against: int = 0, abstained: int = 0) -> dict[str, Any]:
    votes = {"present": present, "in_favour": in_favour, "against": against, "abstained": abstained}
    return {"meeting": {"on": "2027-06-15", "number": "1", "votes": votes}}


CASES: dict[tuple[str, str], Case] = {
    ("declare", "star_is_listed"): replace(NINE_STARS, payload={"target_star": 9}),
    ("declare", "in_time"): LATE,
    ("submit_self_evaluation", "star_is_listed"): NINE_STARS,
    ("submit_self_evaluation", "in_time"): LATE,
    ("submit_self_evaluation", "held_in_campaign"): Case(
        "会议日期2027-04-14早于2027-04-15",
        payload={"meeting": {"on": "2027-04-14", "attendees": ["王某"], "minutes": "逐项对照"}},
    ),
    ("submit_self_evaluation", "scores_complete"): INCOMPLETE,
    ("file_survey", "in_time"): LATE,
    ("file_survey", "held_in_campaign"): Case(
        "会议日期2027-06-21晚于今天2027-06-20", payload={"meeting": {"on": "2027-06-21"}}
    ),
    ("file_survey", "ballots_settled"): Case(
        "两名监票人还没有核对票数", "R15", {"poll_faults": ("两名监票人还没有核对票数",), "members": 13}
    ),
    ("file_survey", "turnout_reached"): Case(
        "党员参加10人,应到13人的80%即11人,还差1人,上级尚未认可说明", "R13", {"members": 13}
    ),
    ("file_survey", "tally_adds_up"): Case(
        "参加群众0人,不得少于1人", "R14", {"tally_faults": ("参加群众0人,不得少于1人",)}
    ),
    ("accept_turnout", "turnout_not_excused"): Case("参与率不足的说明已经认可", "R13", {"turnout_excused": True}),
    ("propose_star", "star_is_listed"): replace(NINE_STARS, facts={"cap": None, "rating": None}),
    ("propose_star", "scores_complete"): INCOMPLETE,
    ("propose_star", "within_caps"): Case(
        "拟定四星级,最高只能定三星级:超过一年未换届、缺席3次",
        "R46",
        {"cap": 3, "cap_reasons": ("超过一年未换届", "缺席3次")},
    ),
    ("propose_star", "not_above_score"): Case("按得分85应为四星级,不得拟定五星级", "R29", payload={"star": 5}),
    ("propose_star", "lower_star_explained"): Case(
        "按得分85应为四星级,拟定二星级须写明理由", "R32", payload={"star": 2}, reason=" "
    ),
    ("propose_star", "star_changes"): Case("拟定等次与现有的四星级相同,请办理“保持星级”", "R56", {"star": 4}),
    ("keep_star", "scores_complete"): INCOMPLETE,
    ("keep_star", "star_still_held"): Case("按得分85应为三星级,与现有的五星级不同,请另行拟定", "R56", {"star": 5}),
    ("begin_review", "review_not_begun"): BEGUN,
    ("withdraw", "review_not_begun"): BEGUN,
    ("close_publicity", "notice_posted"): NOT_POSTED,
    ("close_publicity", "period_over"): Case("期限到6月15日24时为止", "R21", when=BEFORE_THE_END),
    ("close_publicity", "no_open_objection"): Case("尚有2件异议未办结", "R23", {"open_objections": 2}),
    ("post_notice", "not_yet_posted"): Case("公示已于2027-06-08张贴", "R21", {"posted_on": date(2027, 6, 8)}),
    ("post_notice", "posted_since_entry"): Case(
        "张贴日期2027-05-31早于2027-06-01", payload={"on": "2027-05-31", "place": "公示栏"}
    ),
    ("object", "notice_posted"): NOT_POSTED,
    ("object", "period_running"): Case("公示期已过,作为监督线索登记", "R65", when=AT_THE_END),
    ("dismiss_objection", "has_open_objection"): NO_OBJECTION,
    ("dismiss_objection", "not_by_the_scorer"): BY_THE_SCORER,
    ("uphold_objection", "has_open_objection"): NO_OBJECTION,
    ("uphold_objection", "not_by_the_scorer"): BY_THE_SCORER,
    ("approve", "approved_after_entry"): TOO_EARLY,
    ("approve", "not_by_the_scorer"): BY_THE_SCORER,
    ("approve", "quota_kept"): Case("五星级已满53家", "R30", {"quota_block": "五星级已满53家"}),
    ("reject", "approved_after_entry"): TOO_EARLY,
    ("approve", "votes_agree"): Case("赞成4票,没有超过到会8人的半数,不能批准", "R24", payload=voted(8, 4, 4)),
    ("reject", "votes_agree"): Case("赞成5票,已超过到会9人的半数,不能不予批准", "R24", payload=voted(9, 5, 3, 1)),
    ("open_recheck", "recheck_opened"): Case("下一轮从06-16 00:00开始", "R56", when=BEFORE_THE_END),
    ("exempt", "reason_is_listed"): Case(
        "免评理由须以方案所列之一开头:新成立不足一年、合并、撤销、其他", "R1", reason="人太少"
    ),
}


@pytest.fixture(scope="module")
def judged(table, told, ready, ends):
    """The verdict on a row, asked by everybody at once, in facts where nothing else speaks against it."""

    def judge(row: Row, case: Case) -> Decision | Refusal:
        payload = told.get(row.trigger, {}) | ({"to": row.ways[0].name} if row.chooses else {}) | case.payload
        usual = BEFORE_THE_END if row.trigger == "object" else AT_THE_END
        now = ends + (usual if case.when is None else case.when)
        facts = ready(row.trigger).changed_by(case.facts | ({"refused_after": now} if case.facts == TOO_LATE else {}))
        ask = Ask(trigger=row.trigger, relations=EVERYBODY, person="p1", payload=payload, reason=case.reason)
        return decide(table, row.stage, ask, facts, now)

    return judge


@pytest.mark.parametrize("trigger, guard", CASES)
def test_a_guard_refuses_alone_with_its_sentence_and_its_rule(table, judged, trigger, guard):
    case = CASES[trigger, guard]
    rows = [row for row in table.rows if row.trigger == trigger and guard in map(name_of, row.guards)]

    assert [judged(row, case) for row in rows] == [Refusal("guard", (Reason(case.said, case.cite),))] * len(rows)


def test_every_guard_of_every_row_has_its_case_above(table):
    assert {(row.trigger, name_of(guard)) for row in table.rows for guard in row.guards} == set(CASES)


def test_where_nothing_speaks_against_it_every_act_is_done(table, judged):
    verdicts = {(row.stage, row.trigger): judged(row, Case()) for row in table.rows}

    assert {at: verdict for at, verdict in verdicts.items() if not isinstance(verdict, Decision)} == {}


def test_asked_before_a_payload_is_there_a_guard_says_only_what_is_known_already(table, ready, ends):
    known = {row.trigger: refusals(row, ready(row.trigger), ends) for row in table.rows}

    assert {trigger: said for trigger, said in known.items() if said} == {
        "file_survey": (Reason("党员参加0人,应到12人的80%即10人,还差10人,上级尚未认可说明", "R13"),),
        "object": (Reason("公示期已过,作为监督线索登记", "R65"),),
    }


# ── on the edge ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trigger", "different"),
    [
        ("declare", Case(facts={"refused_after": None})),
        ("file_survey", Case(payload={"paper": {"members_present": 9}}, facts={"turnout_excused": True})),
        ("file_survey", Case(payload={"paper": {"members_present": 4}}, facts={"came": 6})),
        ("file_survey", Case(payload={"paper": {"members_present": 0}}, facts={"quorum": Fraction(0)})),
        ("file_survey", Case(payload={"meeting": {"on": "2027-04-15"}})),
        ("file_survey", Case(payload={"meeting": {"on": "2027-06-20"}})),
        ("propose_star", Case(facts={"cap": 4})),
        ("propose_star", Case(payload={"star": 0})),
        ("post_notice", Case(payload={"on": "2027-06-01"})),
        ("approve", Case(facts={"scored_by": "p2"})),
        ("exempt", Case(reason="合并:并入第二支部")),
    ],
)
def test_the_edge_still_belongs_to_what_is_allowed(table, judged, trigger, different):
    row = next(row for row in table.rows if row.trigger == trigger)

    assert isinstance(judged(row, different), Decision)


def test_one_who_did_not_score_may_find_on_the_objection_and_nobody_is_not_somebody(table, told, ready, ends):
    row = table.row["rating.publicity", "dismiss_objection"]
    ask = Ask(trigger=row.trigger, relations=EVERYBODY, person=None, payload=told[row.trigger])

    assert isinstance(decide(table, row.stage, ask, ready(row.trigger), ends), Decision)
