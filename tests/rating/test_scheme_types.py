"""How the value of each key is written, in both languages, and what stands for it where it is not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workflow.rating.scheme_model import entries
from workflow.rating.scheme_types import default_of, type_of, written


@pytest.mark.parametrize(
    ("path", "zh", "en", "default"),
    [
        ("scheme", "表", "table", "!"),
        ("survey", "表", "table", "–"),
        ("level", "几张表", "list of tables", "!"),
        ("phase", "以自定名称命名的表", "tables under names of your own", "–"),
        ("scheme.name", "文字", "text", "!"),
        ("scheme.zone", "文字", "text", '"Asia/Shanghai"'),
        ("scheme.year_offset", "整数", "whole number", "0"),
        ("level.min", "带引号的数", "quoted number", "–"),
        ("level.min_inclusive", "true 或 false", "true or false", "true"),
        ("fields", "表:名称 = 文字", "table: name = text", "–"),
        ("procedure.assign.kind", "列表:文字", "list of text", "–"),
        ("stage.when.star", "列表:整数", "list of whole number", "–"),
        ("stage.owner", *('`"organisation"` / `"superior"` / `"department"` / `"committee"` / `"city"`',) * 2, "!"),
        ("stage.but.target", "日期或截止前的时长", "date, or length before the due", "–"),
        ("stage.but.due", "日期", "date", "–"),
        ("stage.but.period", "时长", "length of time", "–"),
        ("stage.send_back", "环节名或其列表", "stage, or list of stages", "–"),
        ("campaign.opens_on", "月-日", "MM-DD", "!"),
        ("score.rounding", *('`"half_up"` / `"floor"` / `"ceil"`',) * 2, '"half_up"'),
        ("score.weights", "表:名称 = 带引号的数", "table: name = quoted number", "!"),
        ("satisfaction.weights", "表:名称 = 带引号的分数", "table: name = quoted fraction", "–"),
        ("election.exempt_if", '列表:`"requested"` / `"approved"`', 'list of `"requested"` / `"approved"`', "–"),
        (
            "absence.order", '列表:`"downgrade"` / `"caps"`', 'list of `"downgrade"` / `"caps"`', '["downgrade", "caps"]',
        ),
        ("survey.anonymous", "`true`", "`true`", "true"),
        ("publicity.post_within", "之后的时长", "length after", '"+2 workdays"'),
        ("assumed", "表:名称 = 值", "table: name = value", "–"),
        ("example.rated_on", "年-月-日", "YYYY-MM-DD", "2027-06-01"),
    ],
)  # fmt: skip
def test_a_key_says_how_it_is_written(path: str, zh: str, en: str, default: str) -> None:
    entry = entries()[path]

    assert (*type_of(entry), default_of(entry.field)) == (zh, en, default)


@pytest.mark.parametrize(
    ("value", "toml"),
    [
        (None, ""), ("", ""), ((), ""), ({}, ""), ({"a": 1}, ""), (True, "true"), (False, "false"), (7, "7"), ("甲", '"甲"'),
        (Decimal("0.5"), '"0.5"'), ((1, "乙"), '[1, "乙"]'), (date(2027, 6, 5), "2027-06-05"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_toml_has_it(value: Any, toml: str) -> None:
    assert written(value) == toml
