"""Tables out: the same rows as CSV, xlsx or JSON.

A name that begins with `=` is a formula to the program that opens the file next, so no cell leaves unguarded: as text with
an apostrophe in CSV, as a cell of type string in xlsx. Reading takes the apostrophe off again, and only that one, so a text
that has one of its own gets another in both.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def to_csv(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a BOM, so that Excel and WPS see Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([guard(title) for title in titles])
    writer.writerows([guard(text_of(value)) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(titles: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str) -> bytes:
    """One sheet of text cells: no formula, no link, no number that loses its leading zeros."""
    data = io.BytesIO()
    workbook = xlsxwriter.Workbook(data, {"in_memory": True, "constant_memory": True})
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate([titles, *rows]):
        for column, value in enumerate(row):
            sheet.write_string(number, column, in_cell(text_of(value)))
    workbook.close()
    return data.getvalue()


def to_json(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The contract's list: `{"rows": […]}`, dates as ISO text, absent as null."""
    plain = [
        {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()} for row in rows
    ]
    return json.dumps({"rows": plain}, ensure_ascii=False).encode()


def guard(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def in_cell(text: str) -> str:
    """The text for a cell of type string: guarded only where reading would otherwise take an apostrophe off that is its own."""
    return guard(text) if text.startswith("'") else text


def unguard(text: str) -> str:
    """Take off the apostrophe that `guard` put on; leave every other one."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def text_of(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
