"""The roster in and out."""

from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import ROSTER, Cli


def test_an_import_says_what_it_did_and_a_second_one_changes_nothing(bare: Cli, roster_file: Path) -> None:
    bare.done("init")

    first = bare.json("org", "import", str(roster_file))
    second = bare.json("org", "import", str(roster_file))

    assert (first["added"], first["applied"], first["faults"]) == (5, True, [])
    assert (second["added"], second["unchanged"]) == (0, 5)


def test_a_dry_run_writes_nothing(bare: Cli, roster_file: Path) -> None:
    bare.done("init")

    said = bare.done("org", "import", str(roster_file), "--dry-run")

    assert said == "试算(没有写入):新增5个,变更0个,停用0个,不变0个\n"
    assert bare.json("org", "export") == {"rows": []}


def test_every_fault_is_given_with_its_row_and_nothing_is_written(bare: Cli, tmp_path: Path) -> None:
    file = tmp_path / "faulty.csv"
    file.write_text(ROSTER.replace("党支部,D01,机关,10,2028", "党支部,D99,机关,-1,2028"), encoding="utf-8")
    bare.done("init")

    said = bare.json("org", "import", str(file), exit_code=1)

    assert [(fault["row"], fault["column"]) for fault in said["faults"]] == [(5, "党员数"), (5, "上级编码")]
    assert said["applied"] is False
    assert bare.run("org", "import", str(file)).stdout.splitlines()[0] == "名册有2处错误,什么都没有写入:"
    assert bare.json("org", "export") == {"rows": []}


UNREADABLE = [(b"", "文件是空的,没有内容可导入"), (b"%PDF-1.7", "这不是表格文件。请用 csv、xlsx、xls 或 ods 导入")]


@pytest.mark.parametrize(("content", "sentence"), UNREADABLE, ids=["empty", "pdf"])
def test_a_file_that_is_no_table_is_a_finding(bare: Cli, tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "roster.csv").write_bytes(content)
    bare.done("init")

    said = bare.json("org", "import", str(tmp_path / "roster.csv"), exit_code=1)

    assert said["faults"] == [{"row": None, "column": None, "message": sentence}]


def test_a_file_that_is_not_there_is_a_bad_argument(bare: Cli) -> None:
    bare.done("init")

    code, sentence = bare.refused("org", "import", "nowhere.csv")

    assert (code, sentence) == (2, "读不到文件「nowhere.csv」:没有这个文件")


def test_columns_that_are_not_used_are_named(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(ROSTER.replace("分管领导\n", "分管领导,心情\n"), encoding="utf-8")
    bare.done("init")

    assert "没有用到的列:心情" in bare.done("org", "import", str(tmp_path / "more.csv"))


def test_the_tree_is_indented(cli: Cli) -> None:
    assert cli.done("org", "tree").splitlines() == [
        "GW 市直工委(市直工委,0人)高桂",
        "  D01 发改委机关党委(机关党委,10人)赵勇",
        "    B1 第一支部(党支部,10人)马国",
        "    B2 第二支部(党支部,10人)黄丽",
        "  D60 融媒体支部(党支部,10人)空缺",
    ]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_was_exported_can_be_imported_again(cli: Cli, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"out.{suffix}"

    cli.done("org", "export", "--out", str(file))

    assert cli.json("org", "import", str(file), "--dry-run")["unchanged"] == 5


def test_an_export_into_an_unknown_form_or_place_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli.refused("org", "export", "--out", "roster.docx")[0] == 2
    assert cli.refused("org", "export", "--out", str(tmp_path / "nowhere" / "roster.csv"))[0] == 2


def test_an_empty_roster_offers_lists_and_comes_back_with_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    empty, filled, back = (tmp_path / name for name in ("empty.xlsx", "filled.xlsx", "back.xlsx"))
    cli.done("org", "template", "--out", str(empty))
    book = openpyxl.load_workbook(empty)
    sheet = book.worksheets[0]
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    titles = [cell.value for cell in sheet[2]]
    for at, row in enumerate(
        (("GW", "市直工委", "市直工委", "", 0, ""), ("B1", "第一支部", "党支部", "X9", 9, "无效"))
    ):
        said = dict(zip(("编码", "名称", "类别", "上级编码", "党员数", "邮箱"), row, strict=True))
        for place, title in enumerate(titles, start=1):
            sheet.cell(3 + at, place, said.get(str(title)) or (0 if title == "党员数" else None))
    book.save(filled)

    report = cli.json("org", "import", str(filled), "--back", str(back), exit_code=1)

    assert lists == ['"市直工委,机关党委,机关党总支,党支部"', '"机关,事业单位,窗口单位,离退休"']
    assert [(fault["row"], fault["column"]) for fault in report["faults"]] == [(4, "上级编码")]
    (told,) = [row for row in openpyxl.load_workbook(back).worksheets[0].iter_rows(values_only=True) if row[0] == "B1"]
    assert "上级编码" in str(told[-1]) and "X9" in str(told[-1])
