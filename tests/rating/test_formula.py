"""The total, line by line: weights, the scheme's own formula, rounding and limits; and what is said where a figure is missing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.engine.errors import BadInput
from workflow.rating.formula import Total, total_of
from workflow.rating.inputs import RatingInputs, Satisfaction, Step
from workflow.rating.points import Line
from workflow.rating.scheme import Scheme, load

ASKING = replace(PLAIN, kinds=("self_evaluation", "survey", "review"))
SCORE = 'weights = { superior = "100" }\n\ncite = { rule = "1" }'
ASKED = """
[satisfaction]
count = ["satisfied"]
of = ["satisfied", "dissatisfied"]
cite = { rule = "4" }
[survey]
quorum = "4/5"
cite = { rule = "4" }
"""
AWARD = """
[[bonus]]
code = "award"
title = "获奖"
events = ["award"]
points = { each = "3" }
aggregate = "sum"
cite = { rule = "2" }
[[deduction]]
code = "finding"
title = "被查出问题"
events = ["finding"]
points = { each = "2" }
cite = { rule = "3" }
"""


def scheme(score: str = "", more: str = "", weights: str = '{ superior = "100" }') -> Scheme:
    text = ASKING.text().replace(SCORE, f'weights = {weights}\n{score}\ncite = {{ rule = "S" }}')
    return load(f"{text}\n{ASKED}\n{more}")


def component(code: str, of: str, more: str = "") -> str:
    return f'[[component]]\ncode = "{code}"\ntitle = "{code}项"\nof = {of}\n{more}\n{CITE}\n'


def line(points: str, code: str = "") -> Line:
    return Line(Step("2", f"{points}分的事", points), Decimal(points), code)


def total(one: Scheme, base: str | None, *lines: Line, **facts: Any) -> Total:
    base_ = None if base is None else Decimal(base)
    return total_of(one, RatingInputs("rating", date(2027, 6, 1), base_, members=5, **facts), lines)


def said(found: Total) -> list[tuple[str, str, str]]:
    return [(step.rule, step.text, step.effect) for step in found.steps]


# ── base plus bonuses minus deductions ───────────────────────────


def test_the_superiors_score_alone_is_the_base() -> None:
    found = total(scheme(), "87.50")

    assert found.number == Decimal("87.5")
    assert said(found) == [("S", "基础分87.5分", "=87.5"), ("S", "总分87.5分", "=87.5")]
    assert found.figures == {
        "members": 5, "superior": Fraction("87.5"), "sheet.s0": Fraction("87.5"), "lowest_sheet": Fraction("87.5"),
        "base": Fraction("87.5"), "bonus": 0, "deduction": 0, "total": Fraction("87.5"),
    }  # fmt: skip


def test_a_weight_of_nothing_counts_for_nothing() -> None:
    found = total(scheme(weights='{ superior = "100", self = "0" }'), "90")

    assert said(found)[0] == ("S", "基础分90分", "=90")


def test_weights_are_reckoned_with_and_every_number_is_shown() -> None:
    weights = '{ superior = "60", self = "30", survey = "10" }'
    found = total(scheme(weights=weights), "90", self_score=Decimal(50), satisfaction=Satisfaction(3, 4))

    assert found.number == Decimal("76.5")
    assert said(found) == [
        ("S", "基础分考评90×60%+自评50×30%+测评75×10%=76.5分", "=76.5"),
        ("S", "总分76.5分", "=76.5"),
    ]


def test_a_survey_counts_for_as_much_as_the_full_score_is_high() -> None:
    text = ASKING.text().replace('max = "100"', 'max = "120"')
    weights = 'weights = { superior = "50", survey = "50" }'
    one = load(text.replace(SCORE, f'{weights}\ncite = {{ rule = "S" }}') + ASKED)

    found = total(one, "120", satisfaction=Satisfaction(1, 2))

    assert said(found)[0] == ("S", "基础分考评120×50%+测评60×50%=90分", "=90")


def test_what_is_weighed_must_be_there() -> None:
    with pytest.raises(BadInput, match=r"^算不出总分,还没有测评满意率\(百分\)、自评分$"):
        total(scheme(weights='{ superior = "60", self = "30", survey = "10" }'), "90")


def test_points_are_added_line_by_line_and_known_by_item() -> None:
    one = scheme(more=AWARD)
    found = total(one, "90", line("3", "award"), line("-2", "finding"), line("0"))

    assert found.number == Decimal(91)
    assert said(found) == [
        ("S", "基础分90分", "=90"), ("2", "3分的事", "3"), ("2", "-2分的事", "-2"), ("2", "0分的事", "0"),
        ("S", "总分90+3-2=91分", "=91"),
    ]  # fmt: skip
    points = {name: found.figures[name] for name in ("bonus", "deduction", "points.award", "points.finding")}
    assert points == {"bonus": 3, "deduction": 2, "points.award": 3, "points.finding": 2}


def test_points_of_half_and_of_nothing_are_gained_and_lost_as_they_are() -> None:
    found = total(scheme(more=AWARD), "90", line("0.5"), line("-0.5", "finding"), line("0", "award"))

    points = {name: found.figures[name] for name in ("bonus", "deduction", "points.award", "points.finding")}
    half = Fraction(1, 2)
    assert points == {"bonus": half, "deduction": half, "points.award": 0, "points.finding": half}
    assert said(found)[-1] == ("S", "总分90+0.5-0.5=90分", "=90")


def test_an_item_that_brought_nothing_has_no_points() -> None:
    found = total(scheme(more=AWARD), "90")

    assert (found.figures["points.award"], found.figures["points.finding"]) == (0, 0)


def test_a_total_below_nought_is_rounded_downwards_too() -> None:
    text = ASKING.text().replace('min = "0"', 'min = "-100"')
    one = load(text.replace(SCORE, f'{SCORE}\ntotal_decimals = 0\nrounding = "floor"') + ASKED + AWARD)
    half_up = load(text.replace(SCORE, f"{SCORE}\ntotal_decimals = 0") + ASKED + AWARD)

    assert (total(one, "0", line("-2.5")).number, total(half_up, "0", line("-2.6")).number) == (
        Decimal(-3),
        Decimal(-3),
    )


@pytest.mark.parametrize(
    ("score", "base", "points", "last"),
    [
        ("", "99", "3", ("S", "总分99+3=102分,超过满分100分的部分照实计入", "=102")),
        ("clamp_top = true", "99", "3", ("S", "总分99+3=102分,按100分计", "=100")),
        ("clamp_top = true", "97", "3", ("S", "总分97+3=100分", "=100")),
        ("", "97", "3", ("S", "总分97+3=100分", "=100")),
        ("", "1", "-3", ("S", "总分1-3=-2分,按0分计", "=0")),
        ("total_decimals = 0", "89.5", "0", ("S", "总分89.5分,按90分计", "=90")),
        ("total_decimals = 0", "89.4", "0", ("S", "总分89.4分,按89分计", "=89")),
        ('total_decimals = 0\nrounding = "floor"', "89.9", "0", ("S", "总分89.9分,按89分计", "=89")),
        ('total_decimals = 0\nrounding = "ceil"', "89.1", "0", ("S", "总分89.1分,按90分计", "=90")),
        ("total_decimals = 1", "89.25", "0", ("S", "总分89.25分,按89.3分计", "=89.3")),
        ('total_decimals = 2\nrounding = "floor"', "89.259", "0", ("S", "总分89.259分,按89.25分计", "=89.25")),
        ('total_decimals = 2\nrounding = "ceil"', "89.251", "0", ("S", "总分89.251分,按89.26分计", "=89.26")),
    ],
)  # fmt: skip
def test_a_sum_is_rounded_and_kept_within_the_limits(score: str, base: str, points: str, last: Any) -> None:
    assert said(total(scheme(score), base, line(points)))[-1] == last


# ── by the scheme's own formula ──────────────────────────────────


def by_formula(*components: str, score: str = "", more: str = "") -> Scheme:
    return scheme(f'total = "all"\n{score}', "".join(components) + more)


@pytest.mark.parametrize(
    ("of", "more", "step", "number"),
    [
        ('["superior", "self"]', "", "all项:考评分90+自评分50=140", "140"),
        ('["superior", "self"]', 'op = "difference"', "all项:考评分90-自评分50=40", "40"),
        ('["superior", "self"]', 'op = "product"\ntimes = "0.01"', "all项:(考评分90×自评分50)×0.01=45", "45"),
        ('["superior", "self"]', 'op = "min"', "all项:考评分90、自评分50取最低=50", "50"),
        ('["superior", "self"]', 'op = "max"', "all项:考评分90、自评分50取最高=90", "90"),
        ('["superior", "self"]', 'op = "average"', "all项:考评分90、自评分50取平均=70", "70"),
        ('["superior", "self"]', 'op = "average"\ntimes = "0.5"', "all项:(考评分90、自评分50取平均)×0.5=35", "35"),
        ('["superior"]', 'times = "0.7"', "all项:考评分90×0.7=63", "63"),
        ('["superior"]', 'max = "80"', "all项:考评分90=80", "80"),
        ('["superior"]', 'min = "95"', "all项:考评分90=95", "95"),
    ],
)
def test_a_component_says_its_arithmetic(of: str, more: str, step: str, number: str) -> None:
    found = total(by_formula(component("all", of, more)), "90", self_score=Decimal(50))

    expected = [("S", "基础分90分", "=90"), ("1", step, f"={number}"), ("S", f"总分{number}分", f"={number}")]
    assert said(found) == expected
    assert (found.number, found.figures["all"], found.figures["total"]) == (Decimal(number),) + (Fraction(number),) * 2


def test_components_follow_one_another_and_those_without_their_figures_are_left_out() -> None:
    one = by_formula(
        component("half", '["superior"]', 'times = "0.5"'),
        component("asked", '["survey"]'),
        component("mine", '["self"]'),
        component("all", '["half", "mine"]'),
    )

    found = total(one, "90", self_score=Decimal(50))

    assert said(found)[1:] == [
        ("1", "half项:考评分90×0.5=45", "=45"),
        ("1", "mine项:自评分50=50", "=50"),
        ("1", "all项:half项45+mine项50=95", "=95"),
        ("S", "总分95分", "=95"),
    ]
    assert "asked" not in found.figures


def test_points_stand_in_a_formula_too() -> None:
    one = by_formula(
        component("plus", '["superior", "bonus"]'),
        component("all", '["plus", "points.finding"]', 'op = "difference"'),
        more=AWARD,
    )

    assert said(total(one, "90", line("3", "award"), line("-2", "finding")))[3:] == [
        ("1", "plus项:考评分90+加分3=93", "=93"),
        ("1", "all项:plus项93-被查出问题2=91", "=91"),
        ("S", "总分91分", "=91"),
    ]


def test_a_formula_may_do_without_the_superiors_score() -> None:
    found = total(by_formula(component("all", '["self"]')), None, self_score=Decimal(50))

    assert said(found) == [("S", "基础分0分", "=0"), ("1", "all项:自评分50=50", "=50"), ("S", "总分50分", "=50")]


def test_a_formula_without_its_figures_names_what_is_lacking_at_the_bottom() -> None:
    one = by_formula(
        component("asked", '["survey", "superior"]'),
        component("mine", '["self"]'),
        component("all", '["asked", "mine"]'),
    )

    with pytest.raises(BadInput, match=r"^算不出总分,还没有自评分、测评满意率\(百分\)$"):
        total(one, "90")


@pytest.mark.parametrize(
    ("score", "times", "last"),
    [
        ("", "1.2", ("S", "总分108分", "=108")),
        ("clamp_top = true", "1.2", ("S", "总分108分,按100分计", "=100")),
        ("", "-1", ("S", "总分-90分,按0分计", "=0")),
        ("total_decimals = 0", "0.75", ("S", "总分67.5分,按68分计", "=68")),
        ('total_decimals = 1\nrounding = "ceil"', "0.7501", ("S", "总分67.509分,按67.6分计", "=67.6")),
    ],
)
def test_what_a_formula_gives_is_rounded_and_kept_within_the_limits(score: str, times: str, last: Any) -> None:
    one = by_formula(component("all", '["superior"]', f'times = "{times}"'), score=score)

    assert said(total(one, "90"))[-1] == last
