"""A filled-in workbook: its rows as values, or every fault with its row and column; and the same workbook sent back with them."""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from starflow.documents.columns import Column, Reading
from starflow.documents.export import in_cell
from starflow.documents.header import Header, cell_at, find_header
from starflow.documents.readings import MAX_CHARACTERS, Value, value_of
from starflow.documents.sheets import Sheet
from workflow.engine.errors import BadInput
from workflow.rating.roster import Fault

MOST_ROWS = 20_000
FAULTS = "错误说明"
BLUE, GREY, RED = "#1F4E79", "#D9E2EC", "#C00000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The rows that say something, each with its number in the file, and all that is wrong with single cells."""

    header: Header
    lines: tuple[tuple[int, dict[str, Value]], ...]
    faults: tuple[Fault, ...]


def read_filled(sheet: Sheet, columns: Sequence[Column]) -> Filled:
    """Raises FaultyRoster where there is no header, BadInput where there is nothing below it or far too much."""
    header = find_header(sheet, columns)
    faults, lines = list(header.faults), []
    for number, row in enumerate(sheet.rows[header.number :], start=header.number + 1):
        if not any(row) or row == header.labels or cell_at(row, 0).startswith("填写说明"):
            continue
        if len(lines) == MOST_ROWS:
            raise BadInput(f"一次最多导入{MOST_ROWS:,}行,请分成几个文件")
        lines.append((number, _values(header, number, row, faults)))
    if not lines and not faults:
        faults.append(Fault(header.number, None, "表头下面没有一行数据"))
    return Filled(header=header, lines=tuple(lines), faults=tuple(faults))


def _values(header: Header, number: int, row: Sequence[str], faults: list[Fault]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for column, index in header.places:
        cell = cell_at(row, index)
        if column.key == "person" and cell:  # 空缺 is a word of its own here
            values[column.key] = cell[:MAX_CHARACTERS]
            continue
        try:
            value = value_of(column, cell)
        except ValueError as error:
            faults.append(Fault(number, header.labels[index], str(error)))
            continue
        if value not in ("", None):
            values[column.key] = value
    return values


# ── templates ────────────────────────────────────────────────────


def template(title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], note: str) -> bytes:
    """An empty workbook to fill in: text cells, lists where a list helps, and a second sheet that explains every column."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "font_color": "white", "bg_color": BLUE, "border": 1, "text_wrap": True})
    must = book.add_format({"bold": True, "font_color": "white", "bg_color": RED, "border": 1, "text_wrap": True})
    text = book.add_format({"num_format": "@", "border": 1, "border_color": GREY})
    head = book.add_format({"bold": True, "font_size": 14})
    sheet = book.add_worksheet(title[:31])
    sheet.write_string(0, 0, title, head)
    for at, column in enumerate(columns):
        sheet.write_string(1, at, column.title, must if column.required else bold)
        sheet.set_column(at, at, max(10, 2 * len(column.title) + 2), text)
        sheet.write_comment(1, at, column.meaning)
        _limit(sheet, at, column)
    for number, row in enumerate(rows, start=2):
        for at, cell in enumerate(row):
            sheet.write_string(number, at, in_cell(cell), text)
    sheet.freeze_panes(2, 2)
    _explain(book, columns, note, bold)
    book.close()
    return data.getvalue()


def _limit(sheet: object, at: int, column: Column) -> None:
    """What Excel and WPS refuse while one types; whatever gets past them is refused at the import."""
    rule: dict[str, object] | None = None
    if column.reading is Reading.CHOICE:
        rule = {"validate": "list", "source": [word for _, word in column.choices]}
    elif column.choices:  # usual words; others may stand there too
        rule = {"validate": "list", "source": [word for _, word in column.choices], "error_type": "information"}
    elif column.reading is Reading.WHOLE:
        rule = {"validate": "integer", "criteria": ">=", "value": 0}
    elif column.reading is Reading.SCORE:
        rule = {"validate": "decimal", "criteria": ">=", "value": 0}
    if rule is not None:
        said = {"ignore_blank": True, "error_title": column.title, "error_message": column.meaning[:255]}
        sheet.data_validation(2, at, 2 + MOST_ROWS, at, rule | said)  # type: ignore[attr-defined]


def _explain(book: object, columns: Sequence[Column], note: str, bold: object) -> None:
    sheet = book.add_worksheet("填写说明")  # type: ignore[attr-defined]
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 2, 12)
    sheet.set_column(3, 3, 80)
    sheet.write_string(0, 0, note)
    for at, word in enumerate(("列名", "必填", "读作", "说明")):
        sheet.write_string(1, at, word, bold)
    for number, one in enumerate(columns, start=2):
        listed = ";可选:" + "、".join(word for _, word in one.choices) if one.choices else ""
        cells = (one.title, "是" if one.required else "", one.reading.value, one.meaning + listed)
        for at, cell in enumerate(cells):
            sheet.write_string(number, at, cell)


# ── sent back ────────────────────────────────────────────────────


def sent_back(sheet: Sheet, header_row: int, faults: Iterable[Fault]) -> bytes:
    """The same rows with one more column that says what is wrong with each; faulty rows are red."""
    said: dict[int | None, list[str]] = defaultdict(list)
    for fault in faults:
        said[fault.row].append(f"{fault.column}:{fault.message}" if fault.column else fault.message)
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    out = book.add_worksheet(sheet.name[:31].translate(str.maketrans("[]:*?/\\", "       ")).strip(" '") or "Sheet1")
    red, text = book.add_format({"bg_color": "#FDE9E7", "num_format": "@"}), book.add_format({"num_format": "@"})
    width = max(len(row) for row in sheet.rows)
    at = next((i for i, label in enumerate(sheet.rows[header_row - 1]) if label == FAULTS), width)
    for number, row in enumerate(sheet.rows, start=1):
        style = red if number in said and number != header_row else text
        for index, cell in enumerate(row):
            if index != at:
                out.write_string(number - 1, index, in_cell(cell), style)
        if number in said and number != header_row:
            out.write_string(number - 1, at, ";".join(said[number]), style)
    whole = [*said[None], *said[header_row]]
    out.write_string(header_row - 1, at, FAULTS + (f"({';'.join(whole)})" if whole else ""), text)
    out.set_column(at, at, 60)
    book.close()
    return data.getvalue()
