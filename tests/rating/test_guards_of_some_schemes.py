"""Guards that only some schemes bind, each asked alone: what they let pass, and the sentence with which they refuse."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask
from workflow.engine.table import ALWAYS, When
from workflow.rating.facts import Facts
from workflow.rating.guards import (
    approved_after_entry,
    attached,
    ballots_settled,
    channels_listed,
    heads_add_up,
    held_in_campaign,
    in_time,
    lower_star_explained,
    masses_reached,
    not_above_score,
    objector_named,
    posted_since_entry,
    reason_is_listed,
    star_still_held,
    tally_adds_up,
    to_be_rated,
    turnout_reached,
    window_open,
    within_caps,
)
from workflow.rating.scoring import Rating

NOW = datetime(2027, 6, 1, tzinfo=UTC)
UNTOLD = Ask(trigger="act")
FIVE = When(((("proposed", (5,)),),))
PAPERS = (("会议记录", ALWAYS, "第9条"), ("五星材料", FIVE, "第12条"), ("照片", ALWAYS, ""))


def told(**payload: Any) -> Ask:
    return Ask(trigger="act", payload=SimpleNamespace(**payload))


def by_rating(not_rated: tuple[str, ...] = (), **said: Any) -> Facts:
    return Facts(
        rating=Rating(total=0, star=0, cap=5, cap_reasons=(), band_star=0, steps=(), not_rated=not_rated), **said
    )


# ── when ─────────────────────────────────────────────────────────


def test_a_stage_with_a_window_is_worked_on_from_its_first_day():
    opens = date(2027, 6, 1)

    early = window_open(Facts(stage_opens_on=opens, today=date(2027, 5, 31)), UNTOLD, NOW)

    assert early == Reason("6月1日才开始办理")
    assert window_open(Facts(stage_opens_on=opens, today=opens), UNTOLD, NOW) is None
    assert window_open(Facts(today=opens), UNTOLD, NOW) is None
    assert window_open(Facts(stage_opens_on=opens), UNTOLD, NOW) is None


def test_nobody_declares_before_the_campaign_opens_nor_after_the_last_instant_of_a_strict_scheme():
    opens = date(2027, 4, 15)

    assert in_time(Facts(opens_on=opens, today=date(2027, 4, 14)), UNTOLD, NOW) == Reason("4月15日才开始申报", "R8")
    assert in_time(Facts(opens_on=opens, today=opens), UNTOLD, NOW) is None
    assert in_time(Facts(opens_on=opens), UNTOLD, NOW) is None
    assert in_time(Facts(refused_after=NOW), UNTOLD, NOW) == Reason("已过截止时间,本方案不接受补办", "R8")


@pytest.mark.parametrize(("day", "said"), [(date(2027, 6, 1), None), (date(2027, 6, 20), None)])
def test_a_day_is_good_from_the_first_to_the_last(day, said):
    facts = Facts(opens_on=date(2027, 6, 1), entered_on=date(2027, 6, 1), today=date(2027, 6, 20))
    meeting = SimpleNamespace(on=day)

    assert held_in_campaign(facts, told(meeting=meeting), NOW) is said
    assert approved_after_entry(facts, told(meeting=meeting), NOW) is said
    assert posted_since_entry(facts, told(on=day), NOW) is said


def test_a_day_after_today_is_refused_wherever_it_is_reported():
    facts = Facts(entered_on=date(2027, 6, 1), opens_on=date(2027, 6, 1), today=date(2027, 6, 20))
    later = date(2027, 6, 21)

    assert approved_after_entry(facts, told(meeting=SimpleNamespace(on=later)), NOW) == Reason(
        "会议日期2027-06-21晚于今天2027-06-20"
    )
    assert posted_since_entry(facts, told(on=later), NOW) == Reason("张贴日期2027-06-21晚于今天2027-06-20")


def test_without_a_first_or_last_day_every_day_is_good():
    assert held_in_campaign(Facts(), told(meeting=SimpleNamespace(on=date(1999, 1, 1))), NOW) is None


# ── papers ───────────────────────────────────────────────────────


def test_the_papers_that_the_case_wants_are_named_together_with_the_rule_of_the_first():
    assert attached(PAPERS, Facts(), told(star=5, attachments={}), NOW) == Reason(
        "还缺材料:会议记录、五星材料、照片", "第9条"
    )
    assert attached(PAPERS, Facts(), told(star=4, attachments={"会议记录": 1}), NOW) == Reason("还缺材料:照片", None)
    assert attached(PAPERS, Facts(), told(star=4, attachments={"会议记录": 1, "照片": 2}), NOW) is None


def test_where_the_act_names_no_star_the_proposed_one_says_which_papers_are_wanted():
    assert attached(PAPERS, Facts(proposed=5), told(), NOW) == Reason("还缺材料:会议记录、五星材料、照片", "第9条")
    assert attached(PAPERS, Facts(proposed=5), UNTOLD, NOW) is None


# ── who came, who objects ────────────────────────────────────────


def filing(due: int, own: int, related: int) -> Ask:
    return told(masses_due=due, paper=SimpleNamespace(own_unit=own, related_unit=related))


def test_a_share_of_the_masses_is_reached_by_ballots_and_both_kinds_of_paper_together():
    facts = Facts(masses_quorum=Fraction(1, 2), masses_came=2)

    assert masses_reached(facts, filing(10, 1, 1), NOW) == Reason(
        "群众参加4人,应到10人的50%即5人,还差1人,上级尚未认可说明", "R14"
    )
    assert masses_reached(facts, filing(10, 2, 1), NOW) is None
    assert masses_reached(facts, filing(10, 1, 2), NOW) is None


def test_a_share_of_the_masses_is_not_asked_for_unless_the_scheme_wants_it_and_nobody_has_excused_it():
    short = filing(10, 0, 0)

    assert masses_reached(Facts(), short, NOW) is None
    assert masses_reached(Facts(masses_quorum=Fraction(1, 2), turnout_excused=True), short, NOW) is None
    assert masses_reached(Facts(masses_quorum=Fraction(1, 2)), UNTOLD, NOW) is None


def test_no_more_members_are_due_than_there_are_and_no_more_come_than_are_due():
    facts = Facts(members=12)

    assert heads_add_up(facts, told(members_due=13), NOW) == Reason("应到党员13人,多于党员总数12人", "R13")
    assert heads_add_up(facts, told(members_due=10, attended=11), NOW) == Reason("到会党员11人,多于应到党员10人", "R13")
    assert heads_add_up(facts, told(members_due=12, attended=12), NOW) is None
    assert heads_add_up(facts, told(attended=13), NOW) == Reason("到会党员13人,多于应到党员12人", "R13")
    assert heads_add_up(Facts(), UNTOLD, NOW) is None


def test_a_filing_that_says_who_was_due_and_came_is_judged_by_its_own_numbers():
    facts = Facts(members=12, quorum=Fraction(4, 5), came=3)
    paper = SimpleNamespace(members_present=6)

    assert turnout_reached(facts, told(paper=paper), NOW) == Reason(
        "党员参加9人,应到12人的80%即10人,还差1人,上级尚未认可说明", "R13"
    )
    assert turnout_reached(facts, told(paper=paper, attended=8, members_due=10), NOW) is None
    assert turnout_reached(facts, told(paper=paper, attended=7, members_due=10), NOW) == Reason(
        "党员参加7人,应到10人的80%即8人,还差1人,上级尚未认可说明", "R13"
    )
    assert turnout_reached(facts.changed_by({"turnout_excused": True}), told(paper=paper), NOW) is None


def test_everything_that_is_wrong_with_the_ballots_is_said_in_one_sentence():
    two = ("票数对不上", "没有监票人")

    assert ballots_settled(Facts(poll_faults=two), UNTOLD, NOW) == Reason("票数对不上;没有监票人", "R15")
    assert tally_adds_up(Facts(tally_faults=two), UNTOLD, NOW) == Reason("票数对不上;没有监票人", "R14")


def test_only_the_ways_of_asking_that_the_scheme_lists_are_taken():
    known = ("纸质", "网上")

    assert channels_listed(known, Facts(), told(channels=("网上", "口头", "电话")), NOW) == Reason(
        "方案没有“口头”这种测评方式,只有纸质、网上", "R15"
    )
    assert channels_listed(known, Facts(), told(channels=("网上", "纸质")), NOW) is None
    assert channels_listed(known, Facts(), UNTOLD, NOW) is None


def test_where_objections_are_signed_an_anonymous_one_is_not_taken():
    nameless = Reason("本方案只受理署名的异议,请写明姓名", "第20条")

    assert [objector_named("第20条", Facts(), told(name=name), NOW) for name in (None, " ", "王某")] == [
        nameless,
        nameless,
        None,
    ]
    assert objector_named("第20条", Facts(), UNTOLD, NOW) is None


# ── which star ───────────────────────────────────────────────────


def test_who_is_not_to_be_rated_is_told_every_reason():
    assert to_be_rated(by_rating(("成立不足一年", "正在换届")), UNTOLD, NOW) == Reason("成立不足一年;正在换届")
    assert to_be_rated(by_rating(), UNTOLD, NOW) is None
    assert to_be_rated(Facts(), UNTOLD, NOW) is None


def test_a_star_at_the_cap_or_at_the_score_is_within_it_and_where_there_is_none_nothing_is_said():
    labels = {4: "四星级", 3: "三星级"}

    assert within_caps(Facts(cap=3, labels=labels), told(star=3), NOW) is None
    assert within_caps(Facts(), told(star=5), NOW) is None
    assert within_caps(Facts(cap=0, cap_reasons=("被查处",), labels=labels), told(star=4), NOW) == Reason(
        "拟定四星级,最高只能定0星:被查处", "R46"
    )
    assert not_above_score(Facts(), told(star=5), NOW) is None


def test_a_star_is_kept_only_where_there_is_one_that_caps_and_score_allow():
    assert star_still_held(Facts(), UNTOLD, NOW) == Reason("没有现行星级可以保持", "R56")
    assert star_still_held(Facts(star=4, cap=3, cap_reasons=("被查处",)), UNTOLD, NOW) == Reason(
        "现有的4星不能保持,最高只能定3星:被查处", "R46"
    )
    assert star_still_held(Facts(star=3, cap=3), UNTOLD, NOW) is None


def test_a_star_below_the_score_wants_a_reason_and_one_at_the_score_none():
    labels = {4: "四星级", 3: "三星级"}
    scored = by_rating(labels=labels)
    scored = scored.changed_by({"rating": replace(scored.rating, star=4, total=85)})

    assert lower_star_explained(scored, told(star=4), NOW) is None
    assert lower_star_explained(scored, told(star=3), NOW) == Reason("按得分85应为四星级,拟定三星级须写明理由", "R32")


def test_every_cap_that_takes_a_star_away_is_named():
    capped = Facts(star=4, cap=3, cap_reasons=("被查处", "缺席3次"))

    assert star_still_held(capped, UNTOLD, NOW) == Reason("现有的4星不能保持,最高只能定3星:被查处、缺席3次", "R46")


def test_a_reason_begins_with_one_of_the_scheme_and_may_go_on():
    known = ("新成立", "其他")

    assert reason_is_listed(known, "R1", Facts(), Ask(trigger="exempt", reason="  其他:搬迁"), NOW) is None
    assert reason_is_listed(known, "R1", Facts(), Ask(trigger="exempt"), NOW) is None
    assert reason_is_listed(known, "R1", Facts(), Ask(trigger="exempt", reason="人少,其他"), NOW) == Reason(
        "免评理由须以方案所列之一开头:新成立、其他", "R1"
    )
