"""The survey commands: open, print, watch, close, sign for; no vote passes here."""

from pathlib import Path

from tests.cli.conftest import DECLARATION, SELF_EVALUATION, Cli


def opened(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)
    cli.fire("B1", "submit_self_evaluation", "organisation", SELF_EVALUATION)
    cli.done("survey", "open", "B1", "--closes", "2027-05-07T18:00", "--own-unit", "2")


def test_a_survey_is_opened_printed_closed_and_signed_for(cli: Cli, tmp_path: Path) -> None:
    opened(cli)
    sheet = tmp_path / "slips.html"

    printed = cli.json("survey", "slips", "B1", "--out", str(sheet))
    assert printed["slips"] == {"member": 10, "own_unit": 2}
    assert sheet.stat().st_mode & 0o777 == 0o600
    page = sheet.read_text(encoding="utf-8")
    assert page.count('class="slip"') == 12
    assert page.count('class="sheet"') == 2
    assert "<script" not in page and "http-equiv" not in page

    assert cli.json("survey", "show", "B1")["status"] == "open"
    cli.done("survey", "close", "B1")
    cli.done("survey", "count", "B1", "--data", '{"tellers": ["甲", "乙"], "returned": 12}')
    shown = cli.json("survey", "show", "B1")

    assert (shown["status"], shown["came"], shown["counted"]) == ("closed", 0, True)
    assert cli.json("survey", "results", "B1")["note"] == "不足5票,不显示分项结果"
    code, said = cli.refused("survey", "seal", "B1")
    assert (code, "密钥封存到那时" in said) == (4, True)
    assert "作废" in cli.done("survey", "void", "B1", "--reason", "无人到会", "--as", "superior")


def test_a_list_of_people_is_read_from_a_file(cli: Cli, tmp_path: Path) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)
    cli.fire("B1", "submit_self_evaluation", "organisation", SELF_EVALUATION)
    people = tmp_path / "people.csv"
    people.write_text("姓名,地址,票种\n甲,a@example.org\n丙,c@example.org,本单位群众\n", encoding="utf-8")
    closes = ("--closes", "2027-05-07T18:00", "--own-unit", "1")

    shown = cli.json("survey", "open", "B1", "--mode", "links", *closes, "--people", str(people))

    assert (shown["mode"], shown["masses"], shown["members"]) == ("links", 1, 10)
    assert cli.refused("survey", "slips", "B1", "--out", str(people))[0] == 4


def test_what_is_read_wrong_says_so(cli: Cli) -> None:
    assert cli.refused("survey", "show", "B1") == (2, "第一支部本轮没有开启测评")
    assert cli.refused("survey", "open", "B1", "--closes", "2027-05-07T18:00", "--own-unit", "2")[0] == 3
