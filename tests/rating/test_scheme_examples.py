"""The samples in a scheme: what they are rated with, and what is said where they come out otherwise."""

from datetime import date
from decimal import Decimal

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.rating.inputs import Election, Event, RatingInputs, Satisfaction
from workflow.rating.scheme import examine
from workflow.rating.scheme_examples import inputs_of
from workflow.rating.scheme_rules import Example

NOT_RATED = f"""
[[effect]]
code = "young"
title = "成立不满一年"
needs = [{{ value = "members", op = "<", than = "3" }}]
then = "not_rated"
{CITE}
"""


def sample(title: str, expect: str, more: str = 'base = "85"') -> str:
    return f'[[example]]\ntitle = "{title}"\nexpect = {{ {expect} }}\n{more}\n'


def said(*samples: str) -> list[tuple[str, str]]:
    _, findings = examine((PLAIN.text() + NOT_RATED + "".join(samples)).encode())
    return [(found.place.partition(" ")[2], found.text) for found in findings]


def test_samples_that_come_out_as_they_say_are_no_fault() -> None:
    assert said(sample("一", "star = 3"), sample("二", 'total = "85"'), sample("三", 'star = 3, total = "85"')) == []


def test_a_sample_that_comes_out_otherwise_says_how_and_why() -> None:
    assert said(sample("星级", "star = 2"), sample("总分", 'total = "84.5"'), sample("都不对", 'star = 1, total = "10"')) == [
        ("example[0].expect", "“星级”:应为第2等,算得第3等(85分,达到第3等下限80分,为第3等)"),
        ("example[1].expect", "“总分”:总分应为84.5,算得85"),
        ("example[2].expect", "“都不对”:应为第1等,算得第3等(85分,达到第3等下限80分,为第3等)"),
        ("example[2].expect", "“都不对”:总分应为10,算得85"),
    ]  # fmt: skip


def test_a_sample_says_whether_it_is_rated_at_all() -> None:
    few, many = 'base = "85"\nmembers = 2', 'base = "85"\nmembers = 20'

    assert said(sample("不评", "not_rated = true", few), sample("评", "star = 3", many)) == []
    assert said(sample("该不评", "not_rated = true", many), sample("该评", "star = 3", few)) == [
        ("example[0].expect", "“该不评”:应为不予评定,却可以评定"),
        ("example[1].expect", "“该评”:应可以评定,却成立不满一年(党员数2,低于3),不予评定(1)"),
    ]


def test_a_sample_that_cannot_be_rated_does_not_hide_the_next() -> None:
    event = '{ code = "nothing", on = "2027-03-01" }'
    wrong = f'base = "85"\nevents = [{event}]'

    assert said(sample("没有的事项", "star = 3", wrong), sample("下一个", "star = 2")) == [
        ("example[0]", "“没有的事项”评不出来:方案没有事项“nothing”,也没有别的事项"),
        ("example[1].expect", "“下一个”:应为第2等,算得第3等(85分,达到第3等下限80分,为第3等)"),
    ]


def test_every_fact_of_a_sample_is_rated_with() -> None:
    facts = {
        "title": "全部", "round": "recheck", "rated_on": "2027-12-01", "year": 2026, "field": "机关", "base": "85",
        "scores": {"s0": "85"}, "self_score": "90", "claimed": 3, "target": 2, "held": 1, "history": {"2026": 1},
        "founded_on": "2020-01-01", "members": 12, "expect": {"star": 3},
        "events": ({"code": "award", "on": "2027-03-01", "level": "市级", "case": "甲案"},),
        "satisfaction": {"satisfied": 3, "valid": 4}, "election": {"due_on": "2027-02-01", "held_on": "2027-03-01", "extension": "approved"},
    }  # fmt: skip

    assert inputs_of(Example.model_validate(facts)) == RatingInputs(
        round="recheck", rated_on=date(2027, 12, 1), year=2026, field="机关", base=Decimal(85), scores={"s0": Decimal(85)},
        self_score=Decimal(90), claimed=3, target=2, held=1, history=((2026, 1),), founded_on=date(2020, 1, 1), members=12,
        events=(Event("award", date(2027, 3, 1), "市级", "甲案"),), satisfaction=Satisfaction(3, 4),
        election=Election(date(2027, 2, 1), date(2027, 3, 1), "approved"),
    )  # fmt: skip


def test_without_a_score_in_all_the_sheets_are_summed() -> None:
    assert inputs_of(Example.model_validate({"title": "分表", "scores": {"a": "40", "b": "45.5"}, "expect": {"star": 3}})) == (
        RatingInputs(
            round="rating", rated_on=date(2027, 6, 1), base=Decimal("85.5"), history=(),
            scores={"a": Decimal(40), "b": Decimal("45.5")},
        )
    )  # fmt: skip
