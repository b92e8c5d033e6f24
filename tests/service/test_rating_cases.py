"""`starflow rate FILE`: results in the contract's shape, or every fault of the file."""

import json
from pathlib import Path

import pytest

from starflow.service.rating_cases import rate_cases
from workflow.engine.errors import BadInput

DECIDED = (Path(__file__).parents[1] / "data" / "rating-cases.json").read_text(encoding="utf-8")
FACTS = {"round": "rating", "rated_on": "2027-06-03", "base": "90.50", "events": []}


def file_of(*cases: dict, scheme: str = "anyang-five-star") -> str:
    return json.dumps({"scheme": scheme, "cases": cases}, ensure_ascii=False)


def one(**facts) -> str:
    return file_of({"name": "甲", "facts": FACTS | facts})


def refusals(text: str) -> list[str]:
    with pytest.raises(BadInput) as refusal:
        rate_cases(text)
    return [reason.text for reason in refusal.value.reasons]


def test_the_thirty_decided_cases_agree():
    results = rate_cases(DECIDED)["results"]

    assert [result["agrees"] for result in results] == [True] * 30


def test_a_result_has_the_shape_of_the_contract():
    assert rate_cases(one()) == {
        "results": [
            {
                "name": "甲",
                "total": "90.5",
                "star": 5,
                "steps": [
                    {"rule": "R27", "text": "基础分90.5分", "effect": "=90.5"},
                    {"rule": "R27", "text": "总分90.5分", "effect": "=90.5"},
                    {"rule": "R29", "text": "90.5分,达到五星级下限90分,为五星级", "effect": "star=5"},
                ],
                "agrees": None,
            }
        ]
    }


@pytest.mark.parametrize(
    ("expect", "agrees"),
    [
        (None, None),
        ({"total": "90.5", "star": 5}, True),
        ({"total": "90.50"}, True),
        ({"star": 4}, False),
        ({"total": "90.49", "star": 5}, False),
    ],
)
def test_an_expectation_is_compared(expect, agrees):
    case = {"name": "甲", "facts": FACTS, "expect": expect}

    assert rate_cases(file_of(case))["results"][0]["agrees"] is agrees


def test_a_byte_order_mark_does_no_harm():
    assert len(rate_cases("\ufeff" + DECIDED)["results"]) == 30


def test_a_file_without_cases_has_no_results():
    assert rate_cases(file_of()) == {"results": []}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "不是JSON:第1行第1列读不下去"),
        ('{"scheme": }', "不是JSON:第1行第12列读不下去"),
        ("[]", "文件应是一个JSON对象,有scheme和cases两个键"),
        ('{"scheme": "a", "cases": {}}', "cases:应为方括号里的列表"),
        ('{"scheme": "a", "cases": [1]}', "cases[0]:“1”应为一张表"),
        ("[" * 100_000, "不是评定案例:数字过长或嵌套过深"),
        ('{"scheme": ' + "9" * 10_000 + "}", "不是评定案例:数字过长或嵌套过深"),
        ('{"scheme": "a", "scheme": "b"}', "“scheme”写了两次"),
        ('{"cases": []}', "scheme:缺少这个键"),
        (file_of(scheme="nowhere"), "没有方案“nowhere”"),
        (one(base=90.5), "案例“甲”的cases[0].facts.base:“90.5”应写成带引号的数,如“89.5”"),
        (one(base="90.555"), "甲:基础分得90.555分,小数超过2位"),
        (one(base="120"), "甲:基础分得120分,超过满分100分"),
        (one(base="九十"), "案例“甲”的cases[0].facts.base:“九十”应写成带引号的数,如“89.5”"),
        (one(rated_on="2027-02-29"), "案例“甲”的cases[0].facts.rated_on:“2027-02-29”不是日期"),
        (one(rated_on=20270603), "案例“甲”的cases[0].facts.rated_on:“20270603”不是日期,应如“2027-06-03”"),
        (one(round="june"), "甲:没有轮次“june”,只有rating、recheck"),
        (one(weather="fine"), "案例“甲”的cases[0].facts.weather:没有这个键"),
        (
            one(satisfaction={"satisfied": -1, "valid": 3}),
            "案例“甲”的cases[0].facts.satisfaction.satisfied:“-1”小于0",
        ),
        (one(satisfaction={"satisfied": 4, "valid": 3}), "甲:满意4票与有效3票不合"),
        (
            one(events=[{"code": "prize", "on": "2027-03-01"}]),
            "甲:方案没有事项“prize”,只有commendation、article、innovation、criticism、discipline、unexcused",
        ),
        (
            one(events=[{"code": "article", "on": "2027-03-01", "level": "county"}]),
            "甲:事项“article”没有级别“county”,只有city、province、nation",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text, sentence):
    said = refusals(text)

    assert len(said) == 1
    assert said[0].startswith(sentence)


def test_every_fault_of_every_case_is_named():
    wrong = {"name": "乙", "facts": FACTS | {"base": 1, "rated_on": "tomorrow"}}

    assert len(refusals(file_of(wrong, {"name": "丙"}))) == 3


def test_one_bad_case_refuses_the_file():
    good, bad = {"name": "甲", "facts": FACTS}, {"name": "乙", "facts": FACTS | {"base": "101"}}

    assert refusals(file_of(good, bad)) == ["乙:基础分得101分,超过满分100分"]
