"""How single values are read: what each form gives, and the sentence for whatever is something else."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from workflow.rating.payloads import PaperCount, paper_count
from workflow.rating.scheme_asking import only_secret
from workflow.rating.scheme_rules import real_day
from workflow.rating.scheme_stages import kind_of, named
from workflow.rating.scheme_values import (
    day_of_year,
    due_rule,
    fixed_day,
    length_after,
    length_of_time,
    listed,
    not_empty,
    shown,
    target_rule,
    to_decimal,
    to_ratio,
)

FIXED = "应如“06-05”“01-15 next year”“06-30 in 2 years”"
DUE = "应如“06-05”“01-15 next year”“+30 days”“+10 workdays”"


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (to_decimal, "89.50", Decimal("89.50")), (to_decimal, "-3", Decimal(-3)), (to_decimal, Decimal("1.5"), Decimal("1.5")),
        (to_ratio, "4/5", Fraction(4, 5)), (to_ratio, "1", Fraction(1)), 
        (day_of_year, "06-05", "06-05"), (fixed_day, "01-15 next year", "01-15 next year"), (due_rule, "+30 days", "+30 days"),
        (target_rule, "due -20 days", "due -20 days"), (length_after, "+2 workdays", "+2 workdays"),
        (length_of_time, "7 days", "7 days"), (listed, "甲", ("甲",)), (listed, ("甲", "乙"), ("甲", "乙")),
        (not_empty, ("甲",), ("甲",)), (real_day, "2027-06-03", date(2027, 6, 3)), (named, "review", "review"),
        (named, ("review", "survey"), ("review", "survey")), (only_secret, True, True),
        (kind_of, {"name": "rating.review"}, "review"), (kind_of, {"name": "rated_2", "kind": "rated"}, "rated"),
        (kind_of, {}, ""), (kind_of, "不是表", ""),
    ],
)  # fmt: skip
def test_a_value_is_read(read: Callable[[Any], Any], written: Any, value: Any) -> None:
    assert read(written) == value


@pytest.mark.parametrize(
    ("read", "written", "said"),
    [
        (to_decimal, 89.5, "“89.5”应写成带引号的数,如\"89.5\""), (to_decimal, "八十", "“八十”不是数,应如\"89.5\""),
        (to_ratio, 0.8, "“0.8”应写成带引号的数,如\"4/5\""), (to_ratio, "八成", "“八成”不是数,应如\"4/5\""),
        (to_ratio, "3/2", "“3/2”大于1,比例应在0与1之间"),
        (day_of_year, "六月", "“六月”不是日期,应如“06-05”"), (day_of_year, "02-30", "“02-30”不是日期"),
        (day_of_year, "+3 days", "“+3 days”不是一年中的某一天,应如“06-05”"),
        (day_of_year, "06-05 next year", "“06-05 next year”不是一年中的某一天,应如“06-05”"),
        (fixed_day, "六月", f"“六月”不是日期,{FIXED}"), (fixed_day, "+3 days", f"“+3 days”不是某一年的某一天,{FIXED}"),
        (due_rule, "六月", f"“六月”不是日期,{DUE}"), (due_rule, "due -3 days", "“due -3 days”从截止日倒推,不能用作截止日"),
        (target_rule, "六月", f"“六月”不是日期,{DUE}“due -20 days”"),
        (length_after, "三天", "“三天”不是日期,应如“+30 days”或“+2 workdays”"),
        (length_after, "06-05", "“06-05”不是期限,应如“+30 days”或“+2 workdays”"),
        (length_of_time, "三天", "“三天”不是时长,应如“7 days”或“10 workdays”"),
        (not_empty, (), "列表是空的,至少写一项"),
        (real_day, "2027-02-30", "“2027-02-30”不是日期,应如2027-06-03"), (real_day, 20270603, "“20270603”不是日期,应如2027-06-03"),
        (named, (), "列表不是环节名,应写一个环节名或环节名的列表"), (named, ("",), "列表不是环节名,应写一个环节名或环节名的列表"),
        (named, 3, "“3”不是环节名,应写一个环节名或环节名的列表"), (named, ("review", 3), "列表不是环节名,应写一个环节名或环节名的列表"),
        (only_secret, False, "测评一律不记名,本产品不办记名测评"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_it_should_be(read: Callable[[Any], Any], written: Any, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        read(written)

    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (("甲",), "列表"), ({"a": 1}, "表"), (True, "“true”"), (False, "“false”"), (7, "“7”"), ("Abc", "“Abc”"),
        ("字" * 40, f"“{'字' * 40}”"), ("字" * 41, f"“{'字' * 40}”"),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_it_stands_in_the_file_and_cut(value: Any, words: str) -> None:
    assert shown(value) == words


def test_two_tellers_are_two_people() -> None:
    count = paper_count(("satisfied", "dissatisfied"))(tellers=("王某", "李某"))
    assert count.paper.model_dump() == {
        "members_present": 0, "own_unit": 0, "related_unit": 0, "satisfied": 0, "dissatisfied": 0,
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        PaperCount(tellers=("王某", " 王某 "))
    assert [error["msg"] for error in refused.value.errors()] == ["Value error, 监票人须是两个人"]
