"""How numbers and facts are put into Chinese sentences: points, percentages, the words of events and extensions.

The identifiers are the vocabulary of facts (regulation §11); a word that stands in no table here is shown as it is.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType

from workflow.engine.deadlines import AfterEntry, AfterNamed, BeforeDue, parse_date_rule, parse_length

MATTERS = (
    *("plan", "ledger_item", "inspection", "rectification", "demotion", "key_management", "plaque"),
    *("demonstration_site", "supervision", "implementation_plan", "objection"),
)
"""The kinds of work beside the stages (`tracks.py`), as a scheme may name them."""
EACH = "each"  # the level of an event that has no levels

LEVEL_WORDS = {
    "city": "市级",
    "province": "省级",
    "nation": "国家级",
    "work_committee": "市直工委",
    "leader_minor": "班子成员严重警告以下",
    "leader_major": "班子成员撤销党内职务以上",
    "member": "一般党员",
}
# A commendation of the city's level is given by a 市; a criticism by its committee.
CRITICISM_WORDS = {"city": "市委", "province": "省委", "nation": "中央"}
EVENT_WORDS = {
    "commendation": "表彰",
    "article": "署名文章",
    "innovation": "创新推广",
    "criticism": "通报批评",
    "discipline": "处分",
    "unexcused": "无故缺席或未按时完成任务",
}
EXTENSION_WORDS = {
    "none": "未请示",
    "requested": "已请示",
    "approved": "延期已获批准",
    "refused": "请示未获同意",
}
OPERATOR_WORDS = {"<": "低于", "<=": "不高于", ">": "高于", ">=": "不低于"}
COUNT_WORDS = {"<": "少于", "<=": "不超过", ">": "超过", ">=": "达到"}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
ROUND_WORDS = {"floor": "向下取整", "ceil": "向上取整", "half_up": "四舍五入"}


def plain(number: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros, no minus before zero."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def percent(share: Fraction) -> str:
    """A share as a percentage with at most two decimals; for reading only, comparisons stay with the fraction."""
    hundredths = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return f"{plain(hundredths.quantize(Decimal('0.01'), ROUND_HALF_UP))}%"


def event_word(code: str, level: str, own: Mapping[str, str] = MappingProxyType({})) -> str:
    """市级表彰, 市委通报批评: the same level is another body in a criticism. A scheme's own words come first."""
    words = LEVEL_WORDS | CRITICISM_WORDS if code == "criticism" else LEVEL_WORDS
    word = own.get(code, EVENT_WORDS.get(code, code))
    return word if level == EACH else f"{own.get(level, words.get(level, level))}{word}"


def joined(words: Iterable[str]) -> str:
    return "、".join(words)


NAMED_DATES = {"opening": "开展"}


def rule_in_words(text: str) -> str:
    """6月5日, 次年1月15日, 进入环节后10个工作日, 截止前20天."""
    match parse_date_rule(text):
        case AfterEntry(length):
            return f"进入环节后{length}"
        case BeforeDue(length):
            return f"截止前{length}"
        case AfterNamed(name, length):
            return f"{NAMED_DATES.get(name, name)}后{length}"
        case fixed:
            return f"{_later(fixed.years)}{fixed.month}月{fixed.day}日"


def span_in_words(text: str) -> str:
    return str(parse_length(text))


def _later(years: int) -> str:
    """The campaign's own year is the first."""
    return {0: "", 1: "次年"}.get(years, f"第{years + 1}年")
