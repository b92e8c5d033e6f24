"""The star and its explanation: thirty decided cases, the sentences, and what must hold for all facts."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rating.schemes_at_random import PLAIN
from workflow.engine.errors import BadInput
from workflow.rating import shelf
from workflow.rating.scheme import Scheme, load, load_bytes
from workflow.rating.scheme_rules import Sheet
from workflow.rating.scheme_values import Cite
from workflow.rating.scoring import (
    Cap,
    Election,
    Event,
    RatingInputs,
    Satisfaction,
    Step,
    base_of,
    cap_of,
    differences,
    rate,
    score_faults,
)

CASES = json.loads((Path(__file__).parents[1] / "data" / "rating-cases.json").read_text(encoding="utf-8"))["cases"]
SCHEME = load_bytes(shelf.scheme_bytes("anyang-five-star"))
JUNE = RatingInputs(round="rating", rated_on=date(2027, 6, 3), base=Decimal(97))
DECEMBER = RatingInputs(round="recheck", rated_on=date(2027, 12, 20), base=Decimal(97))


def inputs_of(facts: dict) -> RatingInputs:
    day = date.fromisoformat
    election, votes = facts.get("election"), facts.get("satisfaction")
    return RatingInputs(
        round=facts["round"],
        rated_on=day(facts["rated_on"]),
        base=Decimal(facts["base"]),
        events=tuple(Event(e["code"], day(e["on"]), e.get("level")) for e in facts["events"]),
        election=election
        and Election(day(election["due_on"]), election["held_on"] and day(election["held_on"]), election["extension"]),
        satisfaction=votes and Satisfaction(**votes),
    )


def case(number: int) -> RatingInputs:
    return inputs_of(CASES[number - 1]["facts"])


def absences(*days: tuple[int, int]) -> tuple[Event, ...]:
    return tuple(Event("unexcused", date(2027, month, day)) for month, day in days)


def varied(**tables) -> Scheme:
    return SCHEME.model_copy(update=tables)


THREE = absences((1, 10), (2, 10), (3, 10))


# --- thirty cases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decided", CASES, ids=lambda decided: decided["name"])
def test_a_decided_case_has_its_total_and_its_star(decided):
    rating = rate(SCHEME, inputs_of(decided["facts"]))

    assert {"total": str(rating.total), "star": rating.star} == decided["expect"]


def test_low_satisfaction_costs_points_and_the_star_and_both_are_explained():
    rating = rate(SCHEME, case(9))

    assert (rating.band_star, rating.cap) == (5, 0)
    assert rating.cap_reasons == ("满意率49%(49/100),低于50%,不定星级(R40)",)
    assert rating.steps == (
        Step("R27", "基础分99分", "=99"),
        Step("R40", "满意率49%(49/100),低于60%,扣5分", "-5"),
        Step("R27", "总分99-5=94分", "=94"),
        Step("R29", "94分,达到五星级下限90分,为五星级", "star=5"),
        Step("R40", "满意率49%(49/100),低于50%,不定星级", "star=0"),
    )


def test_an_approval_protects_from_the_first_cap_but_not_after_a_year():
    assert rate(SCHEME, case(12)).steps[2:] == (
        Step("R29", "97分,达到五星级下限90分,为五星级", "star=5"),
        Step("R42", "换届应于2026-05-01前完成,至2027-06-03仍未换届,延期已获批准,不受限制", "none"),
        Step("R43", "换届到期日为2026-05-01,至2027-06-03超过一年未换届,不得高于三星级", "star<=3"),
        Step("R43", "按最低的限制,由五星级改为三星级", "star=3"),
    )


def test_december_reduces_first_and_caps_then():
    assert rate(SCHEME, case(16)).steps == (
        Step("R27", "基础分85分", "=85"),
        Step("R41", "无故缺席或未按时完成任务:3次(每次3分),共扣9分", "-9"),
        Step("R27", "总分85-9=76分", "=76"),
        Step("R29", "76分,达到三星级下限70分,未达到四星级下限80分,为三星级", "star=3"),
        Step(
            "R44",
            "年度内无故缺席或未按时完成任务累计3次,达到3次,年底评定降低1个星级:由三星级降为二星级",
            "star=2",
        ),
        Step("R44", "年度内无故缺席或未按时完成任务累计3次,达到3次,不得高于四星级", "star<=4"),
    )


def test_a_cap_that_the_star_does_not_exceed_changes_nothing():
    assert [step.effect for step in rate(SCHEME, case(15)).steps[-2:]] == ["star=4", "star<=4"]


def test_of_several_caps_the_lowest_wins_and_all_are_named():
    rating = rate(SCHEME, case(29))

    assert rating.cap == 3
    assert rating.cap_reasons == (
        "换届到期日为2026-01-10,至2027-06-03超过一年未换届,不得高于三星级(R43)",
        "换届应于2026-01-10前完成,至2027-06-03仍未换届,未请示,不得高于四星级(R42)",
        "年度内无故缺席或未按时完成任务累计3次,达到3次,不得高于四星级(R44)",
    )
    assert rating.steps[-1] == Step("R43", "按最低的限制,由五星级改为三星级", "star=3")


def test_points_are_listed_by_level_with_their_tariff():
    assert [rate(SCHEME, case(number)).steps[1] for number in (3, 5, 6)] == [
        Step(
            "R33",
            "受表彰或发表署名文章:市级表彰1次(每次3分)、省级署名文章1次(每次5分),以最高的为准,加5分",
            "+5",
        ),
        Step("R36", "受通报批评:市直工委通报批评1次(每次3分)、市委通报批评1次(每次5分),共扣8分", "-8"),
        Step("R37", "违法违纪:班子成员严重警告以下处分1次(每次3分)、一般党员处分2次(每次2分),共扣7分", "-7"),
    ]


def test_an_award_of_another_year_has_a_line_that_says_so():
    assert rate(SCHEME, case(20)).steps[1] == Step("R33", "2026-12-30的国家级表彰不在2027年度内,不计", "none")


def test_an_award_after_the_rating_has_a_line_that_says_so():
    assert rate(SCHEME, case(28)).steps[1] == Step("R33", "2027-06-20的国家级表彰晚于评定日2027-06-03,不计", "none")


def test_a_total_beyond_the_limits_says_what_becomes_of_it():
    assert rate(SCHEME, case(18)).steps[3].text == "总分100+8+8=116分,超过满分100分的部分照实计入"
    assert rate(SCHEME, case(19)).steps[2].text == "总分10-15=-5分,按0分计"


# --- windows ----------------------------------------------------------------------------------------------------------


def test_december_counts_the_whole_year():
    award = Event("commendation", date(2027, 12, 31), "city")

    assert rate(SCHEME, replace(DECEMBER, events=(award,))).total == 100


def test_a_recheck_that_ends_in_january_still_looks_at_its_own_year():
    late = replace(DECEMBER, rated_on=date(2028, 1, 12), year=2027, events=THREE)

    assert rate(SCHEME, late).star == 3


# --- elections --------------------------------------------------------------------------------------------------------


def overdue(due_on: date, on: date, extension: str = "none") -> int:
    return cap_of(SCHEME, replace(JUNE, rated_on=on, election=Election(due_on, None, extension))).star


def test_on_its_due_day_an_election_is_not_overdue():
    assert overdue(date(2027, 6, 3), date(2027, 6, 3)) == 5
    assert overdue(date(2027, 6, 3), date(2027, 6, 4)) == 4


def test_the_year_after_29_february_ends_on_the_28th():
    assert overdue(date(2024, 2, 29), date(2025, 2, 28)) == 4
    assert overdue(date(2024, 2, 29), date(2025, 3, 1)) == 3


def test_the_year_before_a_leap_day_ends_on_its_own_day():
    assert overdue(date(2027, 2, 28), date(2028, 2, 28)) == 4
    assert overdue(date(2027, 2, 28), date(2028, 2, 29)) == 3


def test_a_filed_request_protects_unless_it_was_refused():
    due, now = date(2027, 3, 1), date(2027, 6, 3)

    assert [overdue(due, now, e) for e in ("none", "requested", "approved", "refused")] == [4, 5, 5, 4]


def test_an_election_held_after_the_rating_was_not_held_yet():
    election = Election(date(2027, 1, 10), held_on=date(2027, 6, 4))

    assert cap_of(SCHEME, replace(JUNE, election=election)).star == 4


def test_an_election_held_on_the_day_of_the_rating_was_held():
    election = Election(date(2027, 1, 10), held_on=date(2027, 6, 3))

    assert cap_of(SCHEME, replace(JUNE, election=election)).star == 5


# --- caps without a score ---------------------------------------------------------------------------------------------


def test_caps_are_known_before_there_is_a_score():
    assert cap_of(SCHEME, replace(JUNE, base=None, events=THREE)) == Cap(
        star=4, reasons=("年度内无故缺席或未按时完成任务累计3次,达到3次,不得高于四星级(R44)",)
    )


def test_nothing_in_the_way_leaves_the_top_star():
    assert cap_of(SCHEME, replace(JUNE, base=None)) == Cap(star=5, reasons=())


def test_a_scheme_may_cap_before_it_reduces():
    caps_first = varied(absence=SCHEME.absence.model_copy(update={"order": ("caps", "downgrade")}))

    rating = rate(caps_first, case(15))

    assert rating.star == 3


def test_more_than_three_is_not_three_or_more():
    strict = varied(absence=SCHEME.absence.model_copy(update={"op": ">"}))

    assert rate(strict, case(14)).star == 5


# --- same case --------------------------------------------------------------------------------------------------------

AFFAIR = (
    Event("criticism", date(2027, 3, 1), "work_committee", case="A"),
    Event("discipline", date(2027, 3, 2), "leader_major", case="A"),
    Event("discipline", date(2027, 3, 3), "member"),
)


def test_one_affair_may_cost_twice():
    assert rate(SCHEME, replace(JUNE, events=AFFAIR)).total == 87


def test_a_scheme_may_count_only_the_heaviest_of_one_affair():
    merged = varied(deduct=SCHEME.deduct.model_copy(update={"same_case": "max"}))

    rating = rate(merged, replace(JUNE, events=AFFAIR))

    assert rating.total == 90
    assert rating.steps[1] == Step(
        "R36", "受通报批评:市直工委通报批评1次(每次3分),其中1次与同一案件重复,不再扣分,共扣0分", "none"
    )


# --- small cells ------------------------------------------------------------------------------------------------------


def test_few_ballots_tell_only_the_side_of_the_threshold():
    rating = rate(SCHEME, replace(JUNE, satisfaction=Satisfaction(1, 4)))

    assert (rating.total, rating.star) == (92, 0)
    assert [step for step in rating.steps if step.rule == "R40"] == [
        Step("R40", "有效票不足5张,不显示数字:满意率低于60%,扣5分", "-5"),
        Step("R40", "有效票不足5张,不显示数字:满意率低于50%,不定星级", "star=0"),
    ]


def test_few_satisfied_ballots_tell_no_number_either():
    rating = rate(SCHEME, replace(JUNE, satisfaction=Satisfaction(3, 4)))

    assert rating.steps[1] == Step("R40", "有效票不足5张,不显示数字:满意率不低于60%,不扣分", "none")


def test_unanimous_ballots_are_not_given_exactly():
    rating = rate(SCHEME, replace(JUNE, satisfaction=Satisfaction(34, 34)))

    assert rating.steps[1] == Step("R40", "满意率90%以上,不低于60%,不扣分", "none")


def test_no_valid_ballot_has_no_effect_and_says_so():
    assert rate(SCHEME, case(22)).steps[1] == Step("R40", "没有有效票,满意率不计,不扣分也不影响定星", "none")


def test_a_band_that_begins_at_nought_says_so_where_totals_go_below_it():
    below = replace(PLAIN, bounds=(-10, 0, 60, 80)).text().replace('min = "0"\ndecimals', 'min = "-10"\ndecimals')

    assert rate(load(below), replace(JUNE, base=Decimal(30))).steps[-1] == Step(
        "1", "30分,达到第1等下限0分,未达到第2等下限60分,为第1等", "star=1"
    )


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"base": None}, "没有基础分"),
        ({"base": Decimal("89.999")}, "基础分得89.999分,小数超过2位"),
        ({"base": Decimal("100.01")}, "基础分得100.01分,超过满分100分"),
        ({"base": Decimal("-1")}, "基础分得-1分,低于0分"),
        ({"base": Decimal("NaN")}, "基础分的得分“NaN”不是数"),
        ({"round": "june"}, "没有轮次“june”,只有rating、recheck"),
        (
            {"events": (Event("prize", date(2027, 3, 1)),)},
            "方案没有事项“prize”,只有commendation、article、innovation、criticism、discipline、unexcused",
        ),
        (
            {"events": (Event("article", date(2027, 3, 1), "county"),)},
            "事项“article”没有级别“county”,只有city、province、nation",
        ),
        ({"events": (Event("article", date(2027, 3, 1)),)}, "事项“article”缺级别,只有city、province、nation"),
        (
            {"election": Election(date(2027, 3, 1), None, "maybe")},
            "换届延期没有“maybe”这一情形,只有none、requested、approved、refused",
        ),
        ({"satisfaction": Satisfaction(6, 5)}, "满意6票与有效5票不合"),
    ],
)
def test_facts_that_the_scheme_does_not_know_are_refused(wrong, sentence):
    with pytest.raises(BadInput) as refusal:
        rate(SCHEME, replace(JUNE, **wrong))

    assert [reason.text for reason in refusal.value.reasons] == [sentence]


def test_a_base_is_at_most_what_the_sheets_of_the_field_give():
    cite = Cite(rule="1")
    common = Sheet(code="common", title="通用", max=Decimal(60), cite=cite)
    office = Sheet(code="office", title="机关", max=Decimal(40), fields=("机关",), cite=cite)
    scheme, ninety = varied(sheet=(common, office), criterion=()), replace(JUNE, base=Decimal(90))

    assert rate(scheme, replace(ninety, field="机关")).total == 90
    with pytest.raises(BadInput) as refusal:
        rate(scheme, replace(ninety, field="农村"))
    assert [reason.text for reason in refusal.value.reasons] == ["基础分得90分,超过满分60分"]


def test_all_faults_are_named_at_once():
    with pytest.raises(BadInput) as refusal:
        rate(SCHEME, replace(JUNE, base=Decimal(101), satisfaction=Satisfaction(-1, 5)))

    assert len(refusal.value.reasons) == 2


# --- the sheet --------------------------------------------------------------------------------------------------------

FULL = {criterion.code: "9.25" for criterion in SCHEME.criterion}


def test_the_base_is_the_sum_of_the_sheet():
    assert base_of(SCHEME, {code: Decimal(score) for code, score in FULL.items()}) == Decimal("92.50")


def test_a_full_sheet_has_no_faults():
    assert score_faults(SCHEME, FULL) == ()


def test_every_fault_of_a_sheet_is_named():
    sheet = FULL | {"11": "5", "2": "10.5", "3": "9.125", "4": "-1", "5": "九", "6": "1e1"}
    del sheet["1"]

    assert score_faults(SCHEME, sheet) == (
        "没有第11项指标",
        "第1项“组织健全”没有得分",
        "第2项“制度完善、落实”得10.5分,超过满分10分",
        "第3项“党组织战斗堡垒作用强”得9.125分,小数超过2位",
        "第4项“党员模范带头作用好”得-1分,低于0分",
        "第5项“服务形式多样、服务对象满意度高”的得分“九”不是数",
        "第6项“党建引领作用明显,群团工作扎实有效”的得分“1e1”不是数",
    )


def test_a_faulty_sheet_has_no_base():
    with pytest.raises(BadInput) as refusal:
        base_of(SCHEME, {"1": Decimal(10)})

    assert len(refusal.value.reasons) == 9


def test_differences_beyond_the_limit_are_flagged():
    assert differences(SCHEME, Decimal("98.5"), Decimal(75), Decimal(85)) == (
        "自评98.5分与考评85分相差13.5分,超过10分",
    )
    assert differences(SCHEME, None, Decimal("74.99"), Decimal(85)) == ("测评74.99分与考评85分相差10.01分,超过10分",)


# --- for all facts ----------------------------------------------------------------------------------------------------

days = st.dates(date(2026, 11, 1), date(2028, 2, 1))
PENALTIES = (
    *(("criticism", level) for level in ("work_committee", "city", "province", "nation")),
    *(("discipline", level) for level in ("leader_minor", "leader_major", "member")),
    ("unexcused", None),
)
REWARDS = tuple(
    (code, lv) for code in ("commendation", "article", "innovation") for lv in ("city", "province", "nation")
)


def events_of(kinds):
    pairs, cases = st.sampled_from(kinds), st.sampled_from((None, "A", "B"))
    return st.builds(lambda pair, on, of: Event(pair[0], on, pair[1], of), pairs, days, cases)


elections = st.builds(
    Election,
    due_on=st.dates(date(2024, 1, 1), date(2028, 2, 1)),
    held_on=st.none() | days,
    extension=st.sampled_from(("none", "requested", "approved", "refused")),
)
votes = st.integers(0, 30).flatmap(
    lambda valid: st.builds(Satisfaction, satisfied=st.integers(0, valid), valid=st.just(valid))
)
facts = st.builds(
    RatingInputs,
    round=st.sampled_from(("rating", "recheck")),
    rated_on=st.dates(date(2027, 5, 1), date(2027, 12, 31)),
    base=st.decimals(0, 100, places=2),
    events=st.lists(events_of(PENALTIES + REWARDS), max_size=8).map(tuple),
    election=st.none() | elections,
    satisfaction=st.none() | votes,
)
schemes = st.sampled_from((SCHEME, varied(deduct=SCHEME.deduct.model_copy(update={"same_case": "max"}))))


@given(schemes, facts)
def test_totals_are_decimals_and_stars_are_levels(scheme, inputs):
    rating = rate(scheme, inputs)

    assert type(rating.total) is Decimal
    assert rating.total >= 0
    assert {rating.star, rating.band_star, rating.cap} <= set(scheme.stars)


@given(schemes, facts, events_of(PENALTIES))
def test_another_deduction_never_raises_total_star_or_cap(scheme, inputs, event):
    before, after = rate(scheme, inputs), rate(scheme, replace(inputs, events=(*inputs.events, event)))

    assert (after.total <= before.total, after.star <= before.star, after.cap <= before.cap) == (True, True, True)


@given(schemes, facts, events_of(REWARDS))
def test_another_bonus_never_lowers_the_star(scheme, inputs, event):
    assert rate(scheme, replace(inputs, events=(*inputs.events, event))).star >= rate(scheme, inputs).star


@given(schemes, facts)
def test_no_star_is_above_the_lowest_cap(scheme, inputs):
    rating = rate(scheme, inputs)
    said = [
        int(step.effect[-1]) for step in rating.steps if step.effect.startswith("star<=") or step.effect == "star=0"
    ]

    assert rating.star <= rating.cap
    assert rating.cap == cap_of(scheme, replace(inputs, base=None)).star
    assert all(rating.star <= cap for cap in said)


@given(schemes, facts, st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(scheme, inputs, chance):
    shuffled = list(inputs.events)
    chance.shuffle(shuffled)

    assert rate(scheme, replace(inputs, events=tuple(shuffled))) == rate(scheme, inputs)


@given(schemes, facts)
def test_the_total_is_what_the_lines_say(scheme, inputs):
    rating = rate(scheme, inputs)
    points = [Decimal(step.effect) for step in rating.steps if step.effect[0] in "+-"]

    assert rating.total == max(Decimal(0), inputs.base + sum(points))


@given(facts, st.integers(1, 4), st.data())
def test_few_ballots_of_one_side_are_told_alike(inputs, valid, data):
    one, other = (Satisfaction(data.draw(st.integers(0, valid)), valid) for _ in range(2))
    told = [rate(SCHEME, replace(inputs, satisfaction=votes)) for votes in (one, other)]
    sides = [(100 * v.satisfied < 60 * v.valid, 100 * v.satisfied < 50 * v.valid) for v in (one, other)]

    assert (told[0] == told[1]) == (sides[0] == sides[1])


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_year_overdue_is_365_or_366_days(due_on):
    caps = [overdue(due_on, due_on + timedelta(days=n)) for n in (364, 367)]

    assert caps == [4, 3]
