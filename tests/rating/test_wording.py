"""Numbers, events and dates as Chinese sentences say them."""

from decimal import Decimal
from fractions import Fraction

import pytest

from workflow.rating.wording import event_word, percent, plain, rule_in_words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"), ("-0", "0"), ("0.00", "0"), ("-0.00", "0"), ("100", "100"), ("-10", "-10"), ("100.0", "100"),
        ("89.50", "89.5"), ("0.50", "0.5"), ("-0.05", "-0.05"), ("1E+2", "100"), ("1E-3", "0.001"), ("10.010", "10.01"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_people_write_it(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(0), "0%"), (Fraction(1), "100%"), (Fraction(4, 5), "80%"), (Fraction(2, 3), "66.67%"),
        (Fraction(1, 3), "33.33%"), (Fraction(1, 800), "0.13%"), (Fraction(1, 160), "0.63%"),
    ],
)  # fmt: skip
def test_a_share_is_a_percentage_rounded_half_up(share: Fraction, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("code", "level", "own", "word"),
    [
        ("commendation", "city", {}, "市级表彰"),
        ("criticism", "city", {}, "市委通报批评"),
        ("criticism", "work_committee", {}, "市直工委通报批评"),
        ("unexcused", "each", {}, "无故缺席或未按时完成任务"),
        ("visit", "each", {}, "visit"),
        ("visit", "village", {}, "villagevisit"),
        ("visit", "village", {"visit": "走访", "village": "村级"}, "村级走访"),
        ("commendation", "city", {"city": "本市", "commendation": "嘉奖"}, "本市嘉奖"),
    ],
)
def test_an_event_is_called_by_its_level_and_its_word(code: str, level: str, own: dict[str, str], word: str) -> None:
    assert event_word(code, level, own) == word


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("06-05", "6月5日"),
        ("01-15 next year", "次年1月15日"),
        ("06-30 in 2 years", "第3年6月30日"),
        ("+30 days", "进入环节后30天"),
        ("+10 workdays", "进入环节后10个工作日"),
        ("due -20 days", "截止前20天"),
        ("opening +3 days", "开展后3天"),
        ("rating.review +1 days", "rating.review后1天"),
    ],
)
def test_a_date_of_the_scheme_is_said_in_words(rule: str, words: str) -> None:
    assert rule_in_words(rule) == words
