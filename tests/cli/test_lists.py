"""The lists, as people read them; their JSON is compared with the page in test_page."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DECLARATION, Cli


def test_stuck_says_who_where_what_and_when(cli: Cli) -> None:
    cli.done("clock", "move", "2027-06-16T10:00")
    cli.done("tick")  # what waits in the outbox leaves
    lines = cli.done("stuck").splitlines()

    assert lines[0] == "2027年度 · 今天6月16日(周三) · 卡住4家(共4)"
    assert lines[1].split() == ["灯", "单位", "环节", "停留", "缺什么", "该谁办", "自动上报"]
    assert lines[2].split() == [
        "■", "逾期11天", "B1", "第一支部", "申报", "62天", "尚未申报", "马国(6月16日(周三)已提醒)", "6月20日(周日)", "→", "高桂",
    ]  # fmt: skip
    assert lines[-1] == "提示:starflow nudge --light red --dry-run"


def test_a_vacant_post_is_the_first_thing_missing(cli: Cli) -> None:
    line = next(line for line in cli.done("stuck").splitlines() if "D60" in line)

    assert "岗位空缺" in line and "融媒体支部(空缺)" in line


def test_nobody_stuck_is_good_news(cli: Cli) -> None:
    lines = cli.done("stuck", "--light", "red").splitlines()

    assert lines == ["2027年度 · 今天5月6日(周四) · 卡住0家(共4)", "全部按时,没有卡住的单位"]


def test_all_lists_every_open_one(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)

    codes = [row["organisation"] for row in cli.json("stuck", "--all")["rows"]]

    assert codes == ["B1", "B2", "D01", "D60"]
    assert [row["organisation"] for row in cli.json("stuck")["rows"]] == ["B2", "D01", "D60"]


def test_a_list_that_was_cut_goes_on_at_its_next(cli: Cli) -> None:
    first = cli.json("cycles", "--limit", "3")
    rest = cli.json("cycles", "--after", first["next"])

    assert [row["organisation"] for row in first["rows"]] == ["B1", "B2", "D01"]
    assert [row["organisation"] for row in rest["rows"]] == ["D60"]
    assert "next" not in rest
    assert cli.done("cycles", "--limit", "3").splitlines()[-1] == f"还有更多:加上 --after {first['next']}"
    assert "卡住不止3家(共4)" in cli.done("stuck", "--limit", "3")


NARROWED = [
    (("--under", "D01"), ["B1", "B2", "D01"]),
    (("--stage", "self_evaluation"), ["B1"]),
    (("--stage", "rating.declaration"), ["B2", "D01", "D60"]),
    (("--light", "grey"), ["B1"]),
    (("--owner", "superior"), []),
    (("--year", "2027", "--limit", "1"), ["B1"]),
]


@pytest.mark.parametrize(("flags", "codes"), NARROWED, ids=[" ".join(flags) for flags, _ in NARROWED])
def test_a_list_is_narrowed(cli: Cli, flags: tuple[str, ...], codes: list[str]) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)

    assert [row["organisation"] for row in cli.json("cycles", *flags)["rows"]] == codes


def test_due_looks_fourteen_days_ahead_unless_told_otherwise(cli: Cli) -> None:
    assert cli.json("due")["rows"] == []
    assert len(cli.json("due", "--next", "60d")["rows"]) == 4


def test_what_matches_nothing_says_so(cli: Cli) -> None:
    assert cli.done("stars") == "没有符合条件的\n"


def test_the_quotas_are_explained(sitting: Cli) -> None:
    lines = sitting.done("quota").splitlines()

    assert lines[:2] == [
        "五星级名额:参评4个×1/10向下取整,不超过0个",
        "  已用0,拟定1,超额决定0,还可批准0",
    ]


def test_english_labels(cli: Cli) -> None:
    lines = cli.done("stuck", "--lang", "en").splitlines()

    assert lines[0] == "Year 2027 · today Thu 2027-05-06 · 4 stuck (of 4)"
    assert lines[1].split("  ")[0] == "light"
    assert lines[2].startswith("▲ behind")


def test_the_search_of_the_pages_narrows_lists_nudges_and_exports(cli: Cli, tmp_path: Path) -> None:
    cli.done("clock", "move", "2027-06-16T10:00")
    where = ("--where", "灯:红 单位:D01 第")
    listed = [row["organisation"] for row in cli.json("stuck", *where)["rows"]]
    nudged = [row["organisation"] for row in cli.json("nudge", "--dry-run", *where)["rows"]]
    cli.done("sheet", "export", "stuck", "--out", str(tmp_path / "stuck.json"), *where)
    written = json.loads((tmp_path / "stuck.json").read_text(encoding="utf-8"))

    assert (listed, nudged) == (["B1", "B2"], ["B1", "B2"])
    assert (len(written["rows"]), written["narrowed"]) == (2, "范围=D01、灯=red、名称=第")


def test_a_search_that_names_nothing_is_refused_in_the_words_of_the_pages(cli: Cli) -> None:
    assert cli.refused("cycles", "--where", "灯:紫") == (2, "没有“紫”这种灯,只有红、黄、蓝、绿、灰、黑")
    assert cli.refused("cycles", "--light", "red", "--where", "灯:黄") == (2, "“灯”已经另外写明,查询里不要再写")
