"""Filled-in workbooks: templates with lists, every usual form of file, every fault with its place, and the workbook sent back."""

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest

from starflow.documents.books import BOOK, BOOKS
from starflow.documents.filled import FAULTS, read_filled, sent_back, template
from starflow.documents.sheets import read
from workflow.engine.errors import BadInput
from workflow.rating.roster import Fault
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SCHEME = load_bytes(scheme_bytes("anyang-five-star"))
EVENTS = BOOK["events"].columns(SCHEME)
CSV = "编码,名称,事项,级别,日期,依据,所属案件,已核实\nD01,第一支部,表彰,市级,2027-03-08,安发〔2027〕3号,,是\n"
VALUES = {
    "code": "D01",
    "name": "第一支部",
    "event": "commendation",
    "level": "city",
    "on": date(2027, 3, 8),
    "proof": "安发〔2027〕3号",
    "confirmed": "yes",
}


def ods_of(content: bytes) -> bytes:
    """The same rows as an OpenDocument sheet, by hand: the smallest that is one."""
    rows = read(content).rows
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{cells}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", body)
    return data.getvalue()


def xlsx_of(content: bytes) -> bytes:
    book = openpyxl.Workbook()
    for row in read(content).rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "gbk", "utf-16", "xlsx", "ods"])
def test_a_row_reads_alike_in_every_usual_form(form: str) -> None:
    plain = CSV.encode()
    content = {"xlsx": xlsx_of, "ods": ods_of}[form](plain) if form in ("xlsx", "ods") else CSV.encode(form)

    filled = read_filled(read(content), EVENTS)

    assert (filled.lines, filled.faults) == (((2, VALUES),), ())


def test_the_value_itself_may_stand_where_a_word_may() -> None:
    text = CSV.replace("表彰", "commendation").replace("市级", "city").replace("是", "YES")

    assert read_filled(read(text.encode()), EVENTS).lines == ((2, VALUES),)


def test_every_fault_has_its_row_and_column() -> None:
    text = CSV + "D02,第二支部,嘉奖,市级,2027-02-30,,,\n"

    assert read_filled(read(text.encode()), EVENTS).faults == (
        Fault(3, "事项", "事项不能是「嘉奖」,可选:表彰、署名文章、创新推广、通报批评、处分、无故缺席或未按时完成任务"),
        Fault(3, "日期", "没有「2027-02-30」这一天"),
        Fault(3, "依据", "依据不能为空"),
    )


def test_a_missing_column_and_an_empty_sheet_are_faults_of_the_file() -> None:
    found = read_filled(read("编码,名称,事项\nD01,甲,表彰\n".encode()), EVENTS).faults

    assert [fault.message for fault in found] == ["缺少必需的列「日期」", "缺少必需的列「依据」"]
    assert read_filled(read(CSV.splitlines()[0].encode() + b"\n"), EVENTS).faults == (
        Fault(1, None, "表头下面没有一行数据"),
    )


def test_more_rows_than_anybody_fills_in_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starflow.documents.filled.MOST_ROWS", 3)
    row = CSV.splitlines()[1]

    with pytest.raises(BadInput, match="一次最多导入3行"):
        read_filled(read((CSV + f"{row}\n" * 3).encode()), EVENTS)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_a_template_is_understood_as_its_own_kind(book: Any) -> None:
    columns = book.columns(SCHEME)
    example = {"code": "D01", "name": "甲"} | book.example
    row = [example.get(one.key, "9.5" if one.key.startswith("score_") else "") for one in columns]

    filled = read_filled(read(template(book.title, columns, [row], "说明")), columns)

    assert (filled.faults, filled.header.ignored, len(filled.lines)) == ((), (), 1)


def test_a_template_offers_lists_and_explains_itself() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template("加分扣分事项", EVENTS, [], "说明")))
    rules = [(rule.type, rule.formula1) for rule in book.active.data_validations.dataValidation]

    assert ("list", '"市级,省级,国家级,市直工委,班子成员严重警告以下,班子成员撤销党内职务以上,一般党员"') in rules
    assert [cell.value for cell in book["填写说明"]["A"]][2:5] == ["编码", "名称", "事项"]


def test_the_workbook_comes_back_with_a_column_that_says_what_is_wrong() -> None:
    sheet = read(("登记表\n" + CSV).encode())
    faults = [Fault(3, "依据", "依据不能为空"), Fault(3, None, "重复")]

    back = sent_back(sheet, 2, faults)
    rows = read(back).rows
    assert (rows[1][8], rows[2][8]) == (FAULTS, "依据:依据不能为空;重复")

    again = read(sent_back(read(back), 2, [])).rows  # a corrected file has the column once
    assert again[1].count(FAULTS) == 1
    assert read_filled(read(back), EVENTS).lines == ((3, VALUES),)
