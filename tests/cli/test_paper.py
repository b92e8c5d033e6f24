"""Documents, certificates, packs and slips on the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_minutes_as_docx_say_which_fonts_they_name(sitting: Cli, tmp_path: Path) -> None:
    sitting.json("meeting", "open", "2027-1", "--on", "2027-05-20")
    out = tmp_path / "纪要.docx"

    said = sitting.json("document", "minutes", "--number", "2027-1", "--out", str(out))

    assert said["title"] == "市直工委会议纪要"
    assert said["fonts"] == "字体按公文格式写明为方正小标宋简体和仿宋_GB2312,由打开文件的电脑提供"
    assert out.read_bytes().startswith(b"PK")


def test_a_document_in_a_strange_form_and_a_huge_logo_are_refused(sitting: Cli, tmp_path: Path) -> None:
    huge = tmp_path / "logo.png"
    with huge.open("wb") as file:
        file.truncate(100 * 1024**2)

    assert sitting.refused("document", "approval_list", "--out", "x.odt") == (2, "文书只能排成 docx 或 pdf,不是“odt”")
    command = ("document", "approval_list", "--out", str(tmp_path / "x.docx"), "--logo", str(huge))
    assert sitting.refused(*command) == (2, "标志图片太大:100.0 MiB,最多 2 MiB")


def test_a_key_is_made_once_and_a_certificate_checked_without_a_database(bare: Cli, tmp_path: Path) -> None:
    from starflow.documents.paper.certificate import certified
    from tests.documents.test_paper import CERTIFICATE

    file = tmp_path / "cert.key"
    made = bare.json("certificate", "key", str(file))
    text = certified(CERTIFICATE, file.read_bytes())

    assert file.stat().st_mode & 0o777 == 0o600
    assert bare.json("certificate", "check", text, "--public", made["public"])["name"] == "第01支部"
    assert bare.refused("certificate", "key", str(file)) == (2, f"文件“{file}”已经存在,不覆盖")


def test_a_slip_goes_its_way(cli: Cli) -> None:
    issued = cli.json("slip", "issue", "B1", "--as", "superior", "--colour", "yellow")
    number = str(issued["id"])
    assert (issued["number"], issued["status"]) == ("督办〔2027〕黄1号", "issued")

    assert cli.json("slip", "receive", number)["status"] == "received"
    assert cli.json("slip", "reply", number, "--text", "已安排")["status"] == "answered"
    assert cli.json("slip", "close", number)["status"] == "closed"
    assert [one["status"] for one in cli.json("slip", "list")["rows"]] == ["closed"]
    assert cli.json("slip", "list", "--open") == {"rows": []}


@pytest.mark.parametrize("code", ["B1", "D60"])
def test_a_pack_of_any_organisation(cli: Cli, tmp_path: Path, code: str) -> None:
    from starflow.documents.paper.verifier import faults_of_pack

    out = tmp_path / "pack.zip"
    cli.done("pack", code, "--out", str(out))

    assert faults_of_pack(out)[0] == []
