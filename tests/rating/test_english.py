"""Every sentence of guards, scoring and dates has its English, whatever fills its holes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow.rating.english import CATALOGUE, chinese, english
from workflow.rating.printed import procedure_markdown, procedure_text
from workflow.rating.scheme import Scheme

ROOT = Path(__file__).parents[2] / "workflow"
SPEAKERS = (
    *("rating/guards.py", "rating/track_guards.py", "rating/caps.py", "rating/points.py", "rating/scoring.py"),
    *("rating/sheet.py", "rating/survey.py", "rating/quota.py", "rating/levels.py", "rating/formula.py"),
    *(
        "rating/figures.py",
        "rating/inputs.py",
        "rating/stages.py",
        "rating/tracks.py",
        "rating/draws.py",
        "rating/linked.py",
    ),
    *("rating/scheme_faults.py", "rating/rule_faults.py", "rating/scheme_values.py", "rating/scheme_words.py"),
    *("rating/scheme_tables.py", "rating/scheme_rules.py", "rating/scheme_stages.py", "rating/scheme_unknown.py"),
    *("rating/scheme_examples.py", "rating/scheme.py", "rating/scheme_what_if.py", "rating/procedure.py"),
    *("rating/scheme_asking.py", "rating/scheme_afterwards.py", "rating/scheme_basics.py"),
    *(
        "rating/date_faults.py",
        "rating/scheme_findings.py",
        "engine/table.py",
        "engine/machine.py",
        "engine/workdays.py",
    ),
    *("rating/wording.py", "rating/timing.py", "rating/printed.py", "engine/deadlines.py", "engine/render.py"),
)
PARTS = {"{}月{}日", "次年", "%m月%d日%H:%M", "{}{}月{}日", "总分", "星期{}", "{}月{}日({})", "{}{}", "## {}"}
PARTS |= {"一二三四五六日", "党委", "总支", "没有{}", "第{}年", "星", "([0-9]+(?:[–/][0-9]+)*)(星| stars?)"}
"""Pieces of dates, which the catalogue has month by month, and the beginning of sentences that it has figure by figure."""


def said_in(file: str) -> Iterator[str]:
    """Every Chinese text as it is written, with `{}` where something is filled in; docstrings are for developers."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    holders = (ast.Module, ast.FunctionDef, ast.ClassDef)
    loose = {
        id(n.value)
        for node in ast.walk(tree)
        if isinstance(node, holders)
        for n in node.body
        if isinstance(n, ast.Expr)
    }
    loose |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield "" if " · " in node.value else re.sub(r"\{[a-z_]+\}", "{}", node.value)


@pytest.mark.parametrize("file", SPEAKERS)
def test_every_sentence_has_its_english(file: str) -> None:
    assert [text for text in said_in(file) if chinese(text) and text not in CATALOGUE and text not in PARTS] == []


def test_english_fills_every_hole() -> None:
    for zh, en in ((zh, en) for zh, en in CATALOGUE.items() if en):
        holes = zh.count("{}")
        assert {n for n in range(holes) if f"{{{n}}}" in en} == set(range(holes)), zh
        assert not chinese(en), zh


@pytest.mark.parametrize(
    ("said", "english_of_it"),
    [
        ("尚有1件异议未办结", "1 objections are still open"),
        (
            "党员参加9人,应到12人的80%即10人,还差1人,上级尚未认可说明",
            "members: 9 came; 80% of 12 is 10: 1 short; the superior has not accepted an explanation",
        ),
        ("满意率58.33%(7/12),低于60%,扣5分", "satisfaction 58.33% (7/12), below 60%, 5 points deducted"),
        (
            "五星级已批准52个,本次1个,名额52个(524×1/10向下取整),超出1个,须先记录超额理由",
            "five stars: 52 approved, 1 asked for now, quota 52 (524 × 1/10, rounded down), 1 too many, "
            "the reason for the excess must be recorded first",
        ),
        (
            "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)",
            "due: 24:00 of 5 Jun (the scheme says “06-05”; in 2027, 5 Jun is a Sat)",
        ),
        (
            "截止:进入环节6月6日(星期日)起5个工作日 → 6月11日24时;其间6月9日(星期三)为法定节日,不计",
            "due: 5 working days from entry on Sun 6 Jun → 24:00 of 11 Jun; among them Wed 9 Jun (statutory holiday, not counted)",
        ),
        ("截止进入环节后5个工作日", "due 5 working days after entry"),
        ("路线A且拟定5星", "route A and 5 stars proposed"),
        ("目标:截止6月5日(星期六)前35天 → 5月1日24时", "target: 35 days before the due, Sat 5 Jun → 24:00 of 1 May"),
        ("市级表彰2次(每次3分)", "municipal commendation ×2 (3 points each)"),
        ("总分90+3=93分", "total 90+3 = 93 points"),
        ("分数段有空缺:0分及以下的不属于任何等次", "a gap: 0 points and below belongs to no level"),
        ("分数段有空缺:低于0.01分的不属于任何等次", "a gap: below 0.01 points belongs to no level"),
        (
            "截止日12-20 next year早于前面环节recheck.review的截止日01-15 in 2 years",
            "the due 12-20 next year lies before that of the earlier stage recheck.review, 01-15 in 2 years",
        ),
        (
            "目标日12-20 last year早于前面环节rating.declaration的目标日02-09",
            "the target 12-20 last year lies before that of the earlier stage rating.declaration, 02-09",
        ),
        ("没有人说过的话", "没有人说过的话"),
    ],
)
def test_a_sentence_made_of_sentences(said: str, english_of_it: str) -> None:
    assert english(said) == english_of_it


def test_the_procedure_is_printed_in_one_language(scheme: Scheme) -> None:
    words = (stage.title for stage in scheme.stage)
    text = procedure_text(scheme, english)

    assert not chinese(text), [line for line in text.splitlines() if chinese(line)][:3]
    assert "workdays" not in procedure_text(scheme) and "next year" not in procedure_text(scheme)
    assert "## Paths" in procedure_markdown(scheme, english) and words
