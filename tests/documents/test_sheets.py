"""Reading any spreadsheet file: the same rows out of every format, and one sentence out of every file that is none."""

import datetime
import io
import itertools
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from starflow.documents import cells, export, sheets
from starflow.documents.sheets import Sheet
from workflow.engine.errors import BadInput, Unknown

TEXT = "编码,名称,党员数\r\nD01,市发展和改革委员会𠮷·支部,14\r\nD02,市教育局,9\r\n"
ROWS = (("编码", "名称", "党员数"), ("D01", "市发展和改革委员会𠮷·支部", "14"), ("D02", "市教育局", "9"))


def refusal(data: bytes, filename: str = "roster.xlsx") -> str:
    with pytest.raises(BadInput) as refused:
        sheets.read(data, filename)
    return str(refused.value)


# -- files of the corpus


def xlsx(rows: list[list[object]], **options: object) -> bytes:
    data = io.BytesIO()
    workbook = xlsxwriter.Workbook(data, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **options})
    sheet = workbook.add_worksheet("名册")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    workbook.close()
    return data.getvalue()


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The zip again, each entry changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def archive(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in entries.items():
            new.writestr(name, content)
    return out.getvalue()


def ods(rows: list[list[str]]) -> bytes:
    spaces = {"office": "office", "table": "table", "text": "text"}
    names = " ".join(f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{key}:1.0"' for key in spaces)
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    filler = '<table:table-cell table:number-columns-repeated="16380"/>'  # as LibreOffice pads its rows
    body = "".join(f"<table:table-row>{''.join(map(cell.format, row))}{filler}</table:table-row>" for row in rows)
    sheet = f'<table:table table:name="名册">{body}</table:table>'
    content = f"<office:document-content {names}><office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body></office:document-content>"
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": manifest,
            "content.xml": content,
        }
    )


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file: header, one sector of allocation table, one of directory, then the streams."""
    sector, end, free = 512, 0xFFFFFFFE, 0xFFFFFFFF
    padded = {name: data.ljust(max(4096, -(-len(data) // sector) * sector), b"\0") for name, data in streams.items()}
    table, body, entries = [0xFFFFFFFD, end], b"", [directory_entry("Root Entry", 5, end, 0, child=1)]
    for name, data in padded.items():
        first, count = len(table), len(data) // sector
        table += [*range(first + 1, first + count), end]
        entries.append(directory_entry(name, 2, first, len(data)))
        body += data
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    fat = struct.pack(f"<{len(table)}I", *table).ljust(sector, b"\xff")
    return header + fat + b"".join(entries).ljust(sector, b"\0") + body


def directory_entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBB3I", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return head + b"\0" * 36 + struct.pack("<IQ", start, size)


def xls(rows: list[list[str]]) -> bytes:
    """A workbook of Excel 97: globals, one sheet, its cells as labels."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def beginning(kind: int) -> bytes:
        return record(0x809, struct.pack("<4H2I", 0x600, kind, 0x0DBB, 0x07CC, 0, 6))

    def label(row: int, column: int, text: str) -> bytes:
        data = text.encode("utf-16-le")
        return record(0x204, struct.pack("<3HHB", row, column, 0, len(data) // 2, 1) + data)

    end, page = record(0x0A, b""), record(0x42, struct.pack("<H", 1200))
    name = struct.pack("<BB", 1, 0) + b"S"
    offset = len(beginning(5) + page + record(0x85, struct.pack("<IH", 0, 0) + name) + end)
    globals_ = beginning(5) + page + record(0x85, struct.pack("<IH", offset, 0) + name) + end
    labels = b"".join(label(y, x, text) for y, row in enumerate(rows) for x, text in enumerate(row))
    return ole({"Workbook": globals_ + beginning(0x10) + labels + end})


# -- the same rows out of every format


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_reads_the_same_in_every_encoding_and_with_every_delimiter(encoding: str, delimiter: str) -> None:
    data = TEXT.replace(",", delimiter).encode(encoding)

    assert sheets.read(data, "roster.csv") == Sheet(rows=ROWS, name="roster.csv")


def test_a_csv_in_gbk_reads_the_same() -> None:
    data = TEXT.replace("𠮷", "吉").encode("gbk")

    assert sheets.read(data, "roster.csv").rows[1] == ("D01", "市发展和改革委员会吉·支部", "14")


@pytest.mark.parametrize("make", [xlsx, ods, xls])
def test_a_workbook_reads_the_same_in_every_format(make: Callable[[list[list[str]]], bytes]) -> None:
    data = make([list(row) for row in ROWS])

    assert sheets.read(data, "any name").rows == ROWS


def test_a_file_is_read_by_its_path_and_by_what_it_holds_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(xlsx([["编码", "名称"], ["D01", "甲"]]))

    assert sheets.read(path).rows == (("编码", "名称"), ("D01", "甲"))


def test_numbers_dates_and_truth_become_the_text_a_reader_means() -> None:
    day, instant = datetime.date(2028, 1, 5), datetime.datetime(2028, 1, 5, 13, 30)  # noqa: DTZ001 – a cell has no zone

    sheet = sheets.read(xlsx([[14.0, 14.5, 13800000000, day, instant, True, None, "007"]]))

    assert sheet.rows == (("14", "14.5", "13800000000", "2028-01-05", "2028-01-05 13:30:00", "True", "", "007"),)


def test_a_workbook_of_the_1904_system_keeps_its_days() -> None:
    sheet = sheets.read(xlsx([["届满", datetime.date(2028, 1, 5)]], date_1904=True))

    assert sheet.rows == (("届满", "2028-01-05"),)


def test_rows_and_columns_before_the_first_cell_are_kept_so_that_numbers_agree_with_the_spreadsheet() -> None:
    sheet = sheets.read(xlsx([[], ["", "", ""], [None, "编码"]]))

    assert sheet.rows == (("", ""), ("", ""), ("", "编码"))


def test_blank_lines_and_line_breaks_in_a_cell_of_a_csv_count_as_a_spreadsheet_counts_them() -> None:
    sheet = sheets.read('编码,名称\n\n"D\n01",甲\n'.encode(), "roster.csv")

    assert sheet.rows == (("编码", "名称"), (), ("D 01", "甲"))


def test_the_first_visible_sheet_with_content_is_read() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["藏起来的"])
    workbook.active.sheet_state = "hidden"
    workbook.create_sheet("空表")
    workbook.create_sheet("名册").append(["编码", "=1+1", "甲"])
    data = io.BytesIO()
    workbook.save(data)

    assert sheets.read(data.getvalue()) == Sheet(rows=(("编码", "", "甲"),), name="名册")


def test_space_of_any_width_and_invisible_characters_go_but_a_name_keeps_its_own() -> None:
    cell = "\ufeff\u3000\u00a0\u2009阿依·古丽１\u200b 㛃\u202e\u2009"

    assert sheets.clean(cell) == "阿依·古丽１ 㛃"


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-3", "@x", "\t=1", "\r=1", "＝1", "－1", "＋1", "＠a", "'=1", "''=cmd|x"]
)
def test_a_formula_guard_is_put_on_and_taken_off_again(text: str) -> None:
    assert export.guard(text) == "'" + text
    assert export.unguard(export.guard(text)) == text


@pytest.mark.parametrize("text", ["", "D01", "'quoted'", "a=b", "'"])
def test_a_cell_that_is_no_formula_is_left_alone(text: str) -> None:
    assert (export.guard(text), export.unguard(text)) == (text, text)


def test_a_csv_without_a_line_break_at_its_end_says_so() -> None:
    assert sheets.read("编码,名称\nD01,甲".encode(), "x").open_ended is True


# -- one sentence out of every file that is none


@pytest.mark.parametrize("data", [b"", b" \r\n ", "\ufeff\n".encode(), b",,\n,,\n"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data) == sheets.EMPTY


def test_a_workbook_without_content_is_refused() -> None:
    assert refusal(xlsx([])) == cells.EMPTY


def test_a_missing_file_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(Unknown):
        sheets.read(tmp_path / "none.csv")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("make", [xlsx, ods, xls])
def test_a_truncated_workbook_is_refused(make: Callable[[list[list[str]]], bytes], keep: float) -> None:
    data = make([list(row) for row in ROWS])

    assert refusal(data[: int(len(data) * (keep if make is not xls else 0.1))]) == cells.DAMAGED


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_csv_cut_inside_a_character_is_refused(encoding: str) -> None:
    assert refusal("编码,名称\nD01,甲".encode(encoding)[:-1], "roster.csv") == sheets.CUT_OFF


def test_a_csv_with_a_quotation_mark_that_is_never_closed_is_refused() -> None:
    assert refusal('编码,名称\nD01,"甲\nD02,乙\n'.encode()).startswith("第2行读不下去:引号没有配对")


def test_damaged_utf8_is_not_taken_for_gbk() -> None:
    data = TEXT.encode().replace("教".encode(), b"\xff\xff")

    assert refusal(data, "roster.csv") == sheets.BROKEN_UTF8.format(line=3)


def test_an_encrypted_workbook_is_refused() -> None:
    assert refusal(ole({"EncryptedPackage": b"secret"})) == cells.ENCRYPTED


def test_documents_that_are_no_tables_are_refused_by_what_they_are() -> None:
    answers = [
        refusal(archive({"word/document.xml": "<w/>", "[Content_Types].xml": "<Types/>"})),
        refusal(ole({"WordDocument": b"text"})),
        refusal(archive({"xl/workbook.bin": b""})),
        refusal("<html><table><tr><td>编码</td></tr></table></html>".encode(), "roster.xls"),
        refusal(b"%PDF-1.7 ..."),
        refusal(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        refusal(archive({"readme.txt": "hello"})),
    ]

    assert answers == [
        *(cells.WORD, cells.WORD, cells.BINARY_WORKBOOK, sheets.WEB_PAGE),
        *(sheets.NOT_A_TABLE, sheets.NOT_A_TABLE, cells.DAMAGED),
    ]


# -- and no file hurts the server


def with_sheet(change: Callable[[bytes], bytes]) -> bytes:
    workbook = xlsx([["编码", "名称"], ["D01", "甲"]])
    return rewritten(workbook, lambda name, content: change(content) if name.endswith("sheet1.xml") else content)


@pytest.mark.parametrize("far", [b"XFD1048576", b"IW2", b"A1000001", b"xfd2"])
def test_a_cell_at_the_far_end_is_refused_before_the_reader_allocates_the_sheet(far: bytes) -> None:
    data = with_sheet(lambda xml: xml.replace(b'r="B2"', b'r="%s"' % far))

    with pytest.raises(cells.Refusal, match="表格太大"):
        cells.check_container(data)
    assert refusal(data) == cells.TOO_LARGE


def test_a_reader_that_aborts_takes_only_the_child_with_it() -> None:
    data = with_sheet(lambda xml: xml.replace(b'r="B2"', b'r="IV1000000"'))  # within the bounds, but 256 million cells

    assert refusal(data) == cells.TOO_LARGE


def test_an_exaggerated_dimension_and_blank_styled_cells_far_away_are_harmless() -> None:
    far_blank = b'<row r="1048576"/></sheetData>'
    data = with_sheet(
        lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"').replace(b"</sheetData>", far_blank)
    )

    assert sheets.read(data).rows == (("编码", "名称"), ("D01", "甲"))


@pytest.mark.parametrize(
    "entries",
    [
        {"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * 30_000_000},
        {f"xl/worksheets/sheet{number}.xml": b"<x/>" for number in range(cells.MAX_ENTRIES + 1)},
    ],
    ids=["ratio", "entries"],
)
def test_a_bomb_is_refused_without_being_unpacked(entries: dict[str, str | bytes]) -> None:
    assert refusal(archive(entries)) == cells.BOMB


def test_a_bomb_of_entities_is_refused() -> None:
    names = "abcdefghij"
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise(names))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{entities}]><sst>&j;</sst>'
    workbook = xlsx([["编码"]])

    data = rewritten(workbook, lambda name, old: bomb.encode() if name.endswith("sharedStrings.xml") else old)

    assert refusal(data) == cells.DAMAGED


def test_a_name_that_climbs_out_of_the_archive_writes_nothing(tmp_path: Path) -> None:
    data = io.BytesIO(xlsx([["编码"]]))
    with zipfile.ZipFile(data, "a") as new:
        new.writestr("../../escaped", "x")

    assert sheets.read(data.getvalue()).rows == (("编码",),)


def test_a_csv_with_too_many_columns_or_an_endless_cell_is_refused() -> None:
    assert refusal(b"a," * 300 + b"\n") == cells.TOO_LARGE
    assert refusal(b"a," + b"x" * 200_000 + b"\n").startswith("第1行读不下去")
