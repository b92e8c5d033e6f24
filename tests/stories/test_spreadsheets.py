"""A coordinator runs the whole year with spreadsheets alone: templates out, filled in, in again; lists out, minutes printed."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

from starflow.documents.sheets import read
from tests.cli.conftest import ROSTER, Cli

SCORES = {f"{n}.": "9" for n in range(1, 11)}  # by the beginning of the heading
Fill = Callable[[str], Mapping[str, Any]]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The office on 6 May, its roster taken from a spreadsheet."""
    (tmp_path / "名册.csv").write_text(ROSTER, encoding="gb18030")
    cli = Cli(f"sqlite:///{tmp_path}/starflow.db")
    cli.done("init", "--rehearsal", "--at", "2027-04-14T08:00")
    cli.done("org", "import", str(tmp_path / "名册.csv"))
    cli.done("campaign", "open", "2027")
    cli.done("clock", "move", "2027-05-06T10:00")
    return cli


def fill_in(cli: Cli, folder: Path, kind: str, fill: Fill, *only: str, under: str = "GW") -> dict[str, Any]:
    """Take a template, fill in the rows of these organisations as a person would in Excel, look first, then import."""
    file = folder / f"{kind}.xlsx"
    cli.done("sheet", "template", kind, "--under", under, "--out", str(file))
    book = openpyxl.load_workbook(file)
    sheet = book.active
    titles = [cell.value for cell in sheet[2]]
    for row in range(sheet.max_row, 2, -1):
        code = sheet.cell(row, 1).value
        if only and code not in only:
            sheet.delete_rows(row)
            continue
        for title, value in fill(code).items():
            at = next(
                n for n, one in enumerate(titles, 1) if one == title or (title[-1] == "." and one.startswith(title))
            )
            sheet.cell(row, at).value = value
    book.save(file)
    seen = cli.json("sheet", "import", kind, str(file), "--dry-run")
    done = cli.json("sheet", "import", kind, str(file))
    assert (seen["rows"], done["applied"]) == (done["rows"], True)
    return done


def stars(cli: Cli) -> dict[str, int]:
    return {row["organisation"]: row["star"] for row in cli.json("stars")["rows"]}


def test_a_year_with_spreadsheets_alone(cli: Cli, tmp_path: Path) -> None:
    everybody = ("B1", "B2", "D01", "D60")
    target = {"B1": 4, "B2": 3, "D01": 4, "D60": 4}
    score = {"B1": "9", "B2": "8", "D01": "9", "D60": "9"}

    # registers: an award, and an election that was held
    fill_in(
        cli,
        tmp_path,
        "events",
        lambda code: {"事项": "表彰", "级别": "市级", "日期": "2027-03-08", "依据": "安发3号", "已核实": "是"},
        "B1",
    )
    fill_in(cli, tmp_path, "elections", lambda code: {"换届日期": "2027-02-20", "到期日": "2030-02-20"}, "B2")

    # three of four declare; the fourth is nudged, and declares
    def declare(code: str) -> Mapping[str, Any]:
        return {"负责人": "书记", "应到党员数": "10", "目标星级": target[code]}

    def review(code: str) -> Mapping[str, Any]:
        return {**dict.fromkeys(SCORES, score[code]), "拟定星级": target[code], "理由": "综合平时掌握情况"}

    assert fill_in(cli, tmp_path, "declarations", declare, "B1", "B2", "D01")["added"] == 3
    nudged = cli.json("nudge", "--stage", "declaration")
    assert [row["organisation"] for row in nudged["rows"]] == ["D60"]
    out = tmp_path / "进度.xlsx"
    cli.done("sheet", "export", "cycles", "--stage", "declaration", "--out", str(out))
    assert [row[0] for row in read(out).rows[3:]] == ["D60"]
    fill_in(cli, tmp_path, "declarations", declare, "D60")

    # self-evaluations, ballots on paper, reviews, postings
    meeting = {"会议日期": "2027-05-05", "参会人员": "书记、委员", "会议意见": "一致同意"}
    fill_in(
        cli,
        tmp_path,
        "self_evaluations",
        lambda code: {**meeting, **dict.fromkeys(SCORES, score[code]), "自评星级": target[code]},
        *everybody,
    )
    ballots = {
        "测评日期": "2027-05-06",
        "到会党员数": 10,
        "本单位群众数": 5,
        "满意": 14,
        "基本满意": 1,
        "监票人甲": "周敏",
        "监票人乙": "吴涛",
    }
    fill_in(cli, tmp_path, "ballots", lambda code: ballots, *everybody)
    fill_in(cli, tmp_path, "reviews", review, *everybody)
    fill_in(cli, tmp_path, "postings", lambda code: {"张贴日期": "2027-05-06", "张贴地点": "一楼公告栏"}, *everybody)

    # a week later the branches of the unit have their stars; the others go to the committee, with list and minutes
    cli.done("clock", "move", "2027-05-20T10:00")
    assert stars(cli) == {"B1": 4, "B2": 3}
    cli.done("document", "approval_list", "--out", str(tmp_path / "名单.docx"))
    cli.done("meeting", "approve", "2027-1", "--on", "2027-05-20")
    cli.done("document", "minutes", "--number", "2027-1", "--out", str(tmp_path / "纪要.docx"))
    document = Document(io.BytesIO((tmp_path / "纪要.docx").read_bytes()))
    said = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "批准2个党组织的拟定星级(四星级2个)" in said
    assert {cell.text for cell in document.tables[0].columns[1].cells} == {"党组织", "发改委机关党委", "融媒体支部"}
    assert stars(cli) == target

    # December: the same sheets again; whoever keeps his star is closed
    cli.done("clock", "move", "2027-12-02T10:00")
    score = {"B1": "8.2", "B2": "7.5", "D01": "8.5", "D60": "8.5"}
    late = meeting | {"会议日期": "2027-12-02"}
    fill_in(
        cli,
        tmp_path,
        "self_evaluations",
        lambda code: {**late, **dict.fromkeys(SCORES, score[code]), "自评星级": target[code]},
        *everybody,
    )
    fill_in(cli, tmp_path, "ballots", lambda code: ballots | {"测评日期": "2027-12-02"}, *everybody)
    fill_in(cli, tmp_path, "reviews", review, *everybody)
    assert {row["stage"] for row in cli.json("cycles")["rows"]} == {"closed"}
    cli.done("document", "summary", "--out", str(tmp_path / "总结.docx"))
    assert cli.json("verify")["ok"] is True
    assert len(cli.json("sheet", "list")["rows"]) == 11
