"""Spreadsheets on the command line: out, in, back with the faults, and undone."""

from pathlib import Path

from starflow.documents.sheets import read
from tests.cli.conftest import Cli

DECLARED = "编码,名称,负责人,应到党员数,目标星级\nB1,第一支部,马国,10,4\nB2,第二支部,黄丽,10,3\n"


def test_a_list_leaves_as_a_workbook(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "stuck.xlsx"

    said = cli.json("sheet", "export", "cycles", "--under", "D01", "--out", str(out))

    assert said == {"file": str(out), "title": "各党组织办理进度", "rows_written": 3}
    assert read(out).rows[1][0].startswith("筛选:范围=D01;导出时间:2027-05-06 10:00")


def test_a_template_names_whoever_stands_below(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"

    cli.done("sheet", "template", "declarations", "--under", "D01", "--out", str(out))

    assert [row[:2] for row in read(out).rows[2:]] == [
        ("B1", "第一支部"),
        ("B2", "第二支部"),
        ("D01", "发改委机关党委"),
    ]


def test_preview_import_and_the_second_time(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "申报.csv"
    file.write_text(DECLARED, encoding="gbk")

    seen = cli.json("sheet", "import", "declarations", str(file), "--dry-run")
    assert (seen["added"], seen["applied"], seen["number"]) == (2, False, None)
    done = cli.json("sheet", "import", "declarations", str(file))
    assert (done["added"], done["applied"], done["rows"][0]["text"]) == (
        2,
        True,
        "rating.declaration → rating.self_evaluation",
    )
    assert "已经导入过" in cli.done("sheet", "import", "declarations", str(file))
    assert cli.json("history", "B1")["rows"][-1]["trigger"] == "declare"


def test_faults_come_back_in_the_workbook(cli: Cli, tmp_path: Path) -> None:
    file, back = tmp_path / "申报.csv", tmp_path / "back.xlsx"
    file.write_text(DECLARED.replace("10,3", "10,9"), encoding="utf-8")

    found = cli.json("sheet", "import", "declarations", str(file), "--back", str(back), exit_code=1)

    assert [(one["row"], one["column"]) for one in found["faults"]] == [(3, None)]
    assert read(back).rows[0][-1] == "错误说明"
    assert cli.json("history", "B1")["rows"][-1]["trigger"] == "open"


def test_an_import_is_listed_and_undone(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("编码,岗位,姓名\nB1,负责人,新人\nD60,负责人,赵六\n", encoding="utf-8")
    done = cli.json("sheet", "import", "people", str(file))
    assert [(one["organisation"], one["what"]) for one in done["rows"]] == [("B1", "changed"), ("D60", "added")]

    cli.done("sheet", "undo", str(done["number"]))

    assert [one["undone_by"] for one in cli.json("sheet", "list")["rows"]] == ["role:department"]
    heads = {one["code"]: one["head"] for one in cli.json("org", "export")["rows"]}
    assert (heads["B1"], heads["D60"]) == ("马国", None)


def test_in_a_live_database_the_holder_of_the_post_has_signed_the_paper(live: Cli, tmp_path: Path) -> None:
    file = tmp_path / "申报.csv"
    file.write_text("编码,负责人,应到党员数,目标星级\nD60,某人,10,4\n", encoding="utf-8")

    found = live.json("sheet", "import", "declarations", str(file), exit_code=1)

    assert found["faults"] == [{"row": 2, "column": None, "message": "D60的岗位空缺,没有人可以签字"}]
