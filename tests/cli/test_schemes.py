"""Schemes in words, in dates and in print."""

import re
from pathlib import Path

import pytest

from starflow.cli.arguments import DEFAULT_SCHEME
from starflow.cli.scheme_words import condition, in_words
from starflow.cli.words import speaking
from tests.cli.conftest import Cli
from workflow.rating import shelf
from workflow.rating.scheme import load_bytes


def test_the_shipped_schemes_are_listed_without_any_database(bare: Cli) -> None:
    assert DEFAULT_SCHEME in [row["name"] for row in bare.json("scheme", "list")["rows"]]


def test_a_scheme_that_may_run_has_no_faults(bare: Cli) -> None:
    assert bare.json("scheme", "check", DEFAULT_SCHEME) == {"ok": True, "faults": [], "undecided": []}


def test_a_faulty_scheme_says_every_fault_with_its_line(bare: Cli, tmp_path: Path) -> None:
    text = (
        shelf.scheme_bytes(DEFAULT_SCHEME)
        .decode()
        .replace('min = "90"', "min = 90.5")
        .replace("star = 4", "star = -4", 1)
    )
    (tmp_path / "faulty.toml").write_text(text, encoding="utf-8")

    result = bare.run("scheme", "check", str(tmp_path / "faulty.toml"))

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "✘ 2处错误:",
        '  第39行第1列 level[0] 5星.min: “90.5”应写成带引号的数,如"89.5"',
        '      → 下限;如 min = "90"',
        "  第43行第1列 level[1] -4星.star: “-4”小于0",
        "      → 第几级:整数,越大越好;0 是“评了,但没有星级”,与“未评”不同;如 star = 5",
    ]


def test_a_scheme_that_is_not_there_is_unknown(bare: Cli) -> None:
    assert bare.refused("scheme", "show", "utopia")[0] == 2
    assert bare.refused("scheme", "check", "utopia")[0] == 2


def test_the_calendar_names_the_saturday_and_the_doubt(bare: Cli) -> None:
    said = bare.json("scheme", "calendar", DEFAULT_SCHEME, "--year", "2027")
    rows = {row["stage"]: row for row in said["rows"]}

    assert (said["opens_on"], said["recheck_opens_on"]) == ("2027-04-15", "2027-12-01")
    assert rows["rating.review"]["due_at"] == "2027-06-06T00:00:00+08:00"
    assert rows["rating.review"]["arithmetic"][0] == "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)"
    assert rows["rating.audit"]["rule"] == "进入环节后5个工作日"
    assert rows["rating.publicity"]["rule"] == "张贴次日起7天"
    assert said["notes"][0] == "注意:6月5日(周六)不上班,方案规定不顺延"
    assert [("2027" in note, "2028" in note) for note in said["notes"][1:]] == [(True, False), (False, True)]


def test_the_calendar_says_whether_the_holidays_are_published(bare: Cli) -> None:
    published = {year: bare.json("scheme", "calendar", "--year", str(year))["confirmed"] for year in (2026, 2028)}

    assert published == {2026: True, 2028: False}


def test_a_date_of_the_next_year_bears_its_year(bare: Cli) -> None:
    said = bare.done("scheme", "calendar", "shandong-party-committees", "--year", "2027")

    line = next(one for one in said.splitlines() if "rating.inspection" in one)
    assert "2028年1月15日(周六)24时" in line and "截止:2028年1月15日24时" in line
    assert " 12月31日(周五)24时" in said and "注意:2028年1月15日(周六)不上班" in said
    assert "2028年1月8日(周六) 09:00" in said


def test_the_calendar_counts_with_the_installation_s_own_years(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cn-2027.toml").write_text(
        'year = 2027\nconfirmed = true\nsource = "国办发明电"\nfestivals = []\ndays_off = []\nmakeup = [2027-06-05]\n',
        encoding="utf-8",
    )

    result = cli.run("scheme", "calendar", "--year", "2027", env={"STARFLOW_CALENDARS": str(tmp_path)})

    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if "节假日安排" in line] == [
        "2027年节假日安排已公布,已核对",
        "2028年节假日安排尚未公布,按未确认日历计算",
    ]
    assert "注意:6月5日" not in result.stdout


def test_the_calendar_is_this_year_s_unless_told_otherwise(bare: Cli) -> None:
    assert bare.json("scheme", "calendar")["year"] >= 2026


def test_a_scheme_is_told_section_by_section_with_its_rules() -> None:
    scheme = load_bytes(shelf.scheme_bytes(DEFAULT_SCHEME))

    sections = dict(in_words(scheme))

    assert list(sections) == [
        "概况", "等次", "办理程序", "时间", "评分", "加分与扣分", "封顶与降级", "名额", "测评、公示与异议", "评定以后", "提醒与催办",
    ]  # fmt: skip
    assert sections["等次"][0] == "五星级:90分起(R29)"
    assert sections["办理程序"][5] == (
        "5. 审核(rating.audit):仅路线A且拟定5星,组织部办理,截止进入环节后5个工作日,可退回考评(R19)"
    )
    assert (
        sections["名额"][0] == "五星级名额:五星级不超过总数的10%(向下取整),超出的须记明理由,同分的依次看会议决定(R30)"
    )
    assert sections["提醒与催办"][-3] == "e14:逾期第15天9时 → 组织部,proposal(R65)"


@pytest.mark.parametrize("name", shelf.scheme_names())
def test_in_english_only_the_schemes_own_words_stay_chinese(name: str) -> None:
    scheme, text = load_bytes(shelf.scheme_bytes(name)), shelf.scheme_bytes(name).decode()

    with speaking("en"):
        said = [sentence for _, sentences in in_words(scheme) for sentence in sentences]

    ours = (word for sentence in said for word in re.findall("[\u4e00-\u9fff]+", sentence))
    assert [word for word in ours if word not in text] == []


@pytest.mark.parametrize("name", shelf.scheme_names())
def test_every_shipped_scheme_can_be_told_and_dated(bare: Cli, name: str) -> None:
    assert bare.json("scheme", "show", name)["sections"]
    assert bare.json("scheme", "calendar", name, "--year", "2027")["rows"]


def test_a_condition_that_asks_for_no_change_says_so() -> None:
    scheme = load_bytes(shelf.scheme_bytes(DEFAULT_SCHEME))

    assert condition(scheme, scheme.stage_of("recheck.publicity").condition) == "变星"


@pytest.mark.parametrize("form", ["text", "markdown", "mermaid"])
def test_the_procedure_is_printed(bare: Cli, form: str) -> None:
    assert "rating" in bare.done("procedure", "--format", form)


def test_a_form_that_there_is_not_is_refused(bare: Cli) -> None:
    assert bare.refused("procedure", "--format", "pdf") == (2, "格式没有“pdf”,可选:text、markdown、mermaid")


def test_the_calendar_says_what_would_be_sent_to_how_many(cli: Cli) -> None:
    said = cli.json("scheme", "calendar", "--year", "2027")["messages"]

    first = next(one for one in said if one["stage"] == "rating.review")
    overdue = next(one for one in said if (one["stage"], one["rung"]) == ("rating.survey", "e0"))
    assert (first["at"], first["rung"], first["people"], first["vacant"]) == ("2027-05-17T09:00:00+08:00", "-14", 2, 0)
    assert (overdue["at"], overdue["recipients"]) == ("2027-06-06T09:00:00+08:00", ["owner", "superior"])
    assert (overdue["people"], overdue["vacant"]) == (4, 1)


def test_without_a_roster_nobody_is_counted(bare: Cli) -> None:
    said = bare.json("scheme", "calendar", "--year", "2027")["messages"]

    assert {(one["people"], one["vacant"]) for one in said} == {(None, None)}


def test_the_calendar_lists_the_holidays_in_stretches(bare: Cli) -> None:
    said = bare.done("scheme", "calendar", "--year", "2026").splitlines()

    assert [line for line in said if line.startswith("放假")] == [
        "放假:01-01–01-03、02-15–02-23、04-04–04-06、05-01–05-05、06-19–06-21、09-25–09-27、10-01–10-07"
    ]


def test_what_the_source_leaves_open_is_listed_by_the_check(bare: Cli) -> None:
    said = bare.json("scheme", "check", "central-classification")

    assert (said["ok"], said["faults"]) == (True, [])
    assert said["undecided"][1] == {
        "path": "stage.rating.self_evaluation.due",
        "place": "第54行 stage[0] rating.self_evaluation.due",
        "assumed": '"03-09"',
    }
    assert [one["path"] for one in said["undecided"]] == [
        "rung",
        "stage.rating.self_evaluation.due",
        "stage.rating.publicity.period",
        "stage.rating.publicity.verify",
        "campaign.opens_on",
        "satisfaction.count",
        "satisfaction.of",
    ]
