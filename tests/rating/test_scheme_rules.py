"""What a scheme may ask for besides bands: its formula, its effects, history, and what it leaves open."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.engine.deadlines import parse_date_rule
from workflow.engine.errors import BadInput, Faulty
from workflow.rating.figures import decimal_of
from workflow.rating.inputs import RatingInputs, Satisfaction
from workflow.rating.scheme import Scheme, load
from workflow.rating.scheme_tables import Threshold
from workflow.rating.scoring import Rating, rate
from workflow.rating.survey import holds
from workflow.rating.wording import rule_in_words

SMALL = '{ value = "members", op = "<", than = "11" }'


def scheme(more: str = "", **changed: str) -> Scheme:
    text = PLAIN.text()
    for old, new in changed.items():
        text = text.replace(f'{old} = "100"', new)
    return load(f"{text}\n{more}")


def effect(then: str, more: str = "") -> str:
    return f'[[effect]]\ncode = "e"\ntitle = "人少"\nneeds = [{SMALL}]\nthen = "{then}"\n{more}\n{CITE}\n'


def rated(one: Scheme, base: str, **facts: object) -> Rating:
    inputs = {"round": "rating", "rated_on": date(2027, 6, 1), "base": Decimal(base), "members": 5, **facts}
    return rate(one, RatingInputs(**inputs))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("then", "more", "base", "star"),
    [
        ("set", "star = 1", "90", 1),
        ("set", "star = 3", "10", 3),
        ("floor", "star = 2", "10", 2),
        ("floor", "star = 2", "90", 3),
        ("cap", "star = 1", "90", 1),
        ("cap", "star = 1", "10", 0),
        ("minus", "steps = 2", "90", 1),
        ("minus", "steps = 9", "50", 0),
        ("bottom", "", "90", 0),
        ("no_level", "", "90", 0),
    ],
)
def test_an_effect_moves_the_level_and_never_the_total(then: str, more: str, base: str, star: int) -> None:
    seen = rated(scheme(effect(then, more)), base)

    assert (seen.star, seen.total) == (star, Decimal(base))


def test_an_effect_whose_figure_is_absent_does_not_hold() -> None:
    assert rated(scheme(effect("bottom")), "90", members=None).star == 3


def test_an_effect_may_hold_in_one_round_only() -> None:
    with pytest.raises(Faulty, match="没有“recheck”这一轮"):
        scheme(effect("bottom", 'rounds = "recheck"'))


def test_whoever_is_not_to_be_rated_is_told_why() -> None:
    assert rated(scheme(effect("not_rated")), "90").not_rated == ("人少(党员数5,低于11),不予评定(1)",)


@pytest.mark.parametrize(
    ("rule", "held", "base", "star"),
    [
        ("max_up = 1", 1, "90", 2),
        ("max_up = 1", 3, "90", 3),
        ("max_down = 1", 3, "10", 2),
        ("first_max = 2", None, "90", 2),
        ("first_max = 2", 1, "90", 3),
    ],
)
def test_a_level_moves_by_steps_where_the_scheme_says_so(rule: str, held: int | None, base: str, star: int) -> None:
    assert rated(scheme(f"[changes]\n{rule}\n{CITE}"), base, held=held, history=()).star == star


def test_years_are_counted_without_a_gap_up_to_the_last_one() -> None:
    needs = '[[eligibility]]\nstar = 3\ntitle = "两年"\nneeds = [{ value = "years_at.2", op = ">=", than = "2" }]'
    one = scheme(f"{needs}\n{CITE}")

    assert rated(one, "90", history=((2025, 2), (2026, 3))).star == 3
    assert rated(one, "90", history=((2024, 3), (2026, 3))).star == 2
    assert rated(one, "90", history=((2024, 3), (2025, 3))).star == 2


def test_holders_keep_what_others_may_not_have_yet() -> None:
    needs = '[[eligibility]]\nstar = 3\ntitle = "两年"\nneeds = [{ value = "years_at.2", op = ">=", than = "9" }]'
    one = scheme(f"{needs}\nholders_keep = true\n{CITE}")

    assert (rated(one, "90", held=3, history=()).star, rated(one, "90", held=2, history=()).star) == (3, 2)


def test_weights_are_reckoned_with_and_need_what_they_weigh() -> None:
    one = scheme(superior='superior = "60", self = "40"')

    assert rated(one, "90", self_score=Decimal(50)).total == Decimal(74)
    with pytest.raises(BadInput, match="算不出总分,还没有自评分"):
        rated(one, "90")


def test_a_number_without_an_end_is_cut_off_and_never_rounded_up() -> None:
    assert decimal_of(Fraction(2, 3)) == Decimal("0.666666")
    assert decimal_of(Fraction(7 * 48, 10) + Fraction(3 * 88, 10)) == Decimal(60)


def test_what_is_left_open_is_listed_and_filled_in_for_a_rehearsal() -> None:
    text = PLAIN.text().replace('opens_on = "02-01"', "opens_on = { unknown = true }")
    one = load(text + '\n[assumed]\n"campaign.opens_on" = "01-05"\n')

    assert (one.campaign.opens_on, [u.name for u in one.undecided]) == ("01-05", ["campaign.opens_on"])


def test_an_assumption_about_something_decided_is_refused() -> None:
    with pytest.raises(Faulty, match="值已写在原处,这一行应删去"):
        load(PLAIN.text() + '\n[assumed]\n"campaign.opens_on" = "01-05"\n')


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        ('scale = ["good"]\nlabels = { good = "好" }', "scale至少两档,各写一次"),
        ('scale = ["good", "good"]\nlabels = { good = "好" }', "scale至少两档,各写一次"),
        ('scale = ["satisfied", "own_unit"]', "scale中的“own_unit”是到会人数的名称,请换一个"),
        ('labels = { good = "好" }', "labels写了“good”,scale没有这一档"),
        ('scale = ["satisfied", "bad"]', "“bad”不是常用的四档之一,须在labels写明它在票上的叫法"),
        ('scale = ["satisfied", "很差"]', "“很差”不是名称"),
    ],
)
def test_answers_that_could_not_be_counted_are_refused(survey: str, said: str) -> None:
    with pytest.raises(Faulty, match=re.escape(said)):
        load(PLAIN.text() + f'\n[survey]\n{survey}\ncite = {{ rule = "1" }}\n')


def test_satisfied_answers_are_among_the_valid_ones() -> None:
    ballots = 'count = ["satisfied"]\nof = ["dissatisfied"]\nweights = { unknown = "1/2" }\ncite = { rule = "1" }'
    with pytest.raises(Faulty) as refused:
        load(PLAIN.text() + f"\n[satisfaction]\n{ballots}\n")

    said = str(refused.value)
    assert "“satisfied”算满意,却不在有效票(of)里" in said and "“unknown”不算满意(count)" in said


QUARTERS = (Path(__file__).parents[1] / "data" / "quarters.toml").read_text(encoding="utf-8")


def test_a_year_may_have_any_number_of_rounds_each_with_its_rules() -> None:
    one = load(QUARTERS)
    small = RatingInputs(round="q2", rated_on=date(2027, 7, 5), base=Decimal(90), members=2)

    assert (one.rounds, one.round_word("q3")) == (("q1", "q2", "q3", "q4"), "第三季度")
    assert [rate(one, replace(small, round=name)).star for name in one.rounds] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "q3"\ntitle', 'name = "q9"\ntitle', "没有“q9”这一轮的环节"),
        ('name = "q3"\ntitle', 'name = "q9"\ntitle', "轮次“q3”没有写明叫什么"),
        ('name = "q3"\ntitle', 'name = "q2"\ntitle', "“q2”写了两次"),
        ('name = "q3.review"', 'name = "q1.second"\nkind = "review"', "轮次“q1”前面已经结束"),
        ('[[stage]]\nname = "rated"\nuntil = "07-01"\n', "", "“q1”与“q2”两轮之间须有定星的环节"),
        ('name = "rated_2"', 'name = "rest"', "名称须为rated"),
        ('name = "q1.review"', 'name = "a_round_of_eighteen.review"', "轮次的名称不超过16个字符"),
        ('until = "01-01 next year"', 'until = "+3 days"', "不是某一年的某一天"),
    ],
)
def test_rounds_that_do_not_follow_each_other_are_refused(before: str, after: str, said: str) -> None:
    assert before in QUARTERS
    text = QUARTERS.replace(f"{before}", after, 1)
    if after == "":
        text = QUARTERS.replace(before + 'cite = { rule = "2" }\n', "", 1)
    with pytest.raises(Faulty, match=re.escape(said)):
        load(text)


def test_a_round_may_begin_years_later() -> None:
    later = QUARTERS.replace('until = "01-01 next year"', 'until = "06-30 in 3 years"', 1)
    one = load(later.replace('due = "01-10 next year"', 'due = "07-10 in 3 years"', 1))
    (rest,) = [stage for stage in one.stage if stage.name == "rated_3"]

    assert rule_in_words(rest.until) == "第4年6月30日"
    assert parse_date_rule(rest.until).of(2027) == date(2030, 6, 30)


@pytest.mark.parametrize(
    ("base", "said"),
    [("101", "基础分得101分,超过满分100分"), ("89.55", "基础分得89.55分,小数超过1位"), ("-1", "基础分得-1分,低于0分")],
)
def test_a_score_that_nobody_can_have_is_refused(base: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        rated(scheme(), base)

    assert refused.value.message == said


def test_a_threshold_is_compared_exactly() -> None:
    below = Threshold(op="<", value=Decimal(60))

    assert [holds(Satisfaction(satisfied, 1000), below) for satisfied in (599, 600, 601)] == [True, False, False]
