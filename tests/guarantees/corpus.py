"""Files that break importers: whatever is in them, nothing crashes, nothing hangs, and never is half a file taken in."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl

from starflow.documents import roster, sheets
from starflow.documents.values import FaultyRoster
from starflow.service.organisations import import_roster
from storage import copying
from tests.guarantees import faults
from tests.guarantees.places import ROOT, opened
from tests.guarantees.trial import Trial, must
from workflow.engine.errors import BadInput, StarflowError

HEAD = ["编码", "名称", "类别", "上级编码", "党员数", "换届到期日"]
GOOD = [
    ["GW", "市直工委", "市直工委", "", "0", ""],
    ["D01", "发改委机关党委", "机关党委", "GW", "30", "2029-06-04"],
    ["B1", "第一支部", "党支部", "D01", "10", "2028-03-04"],
]


def csv(rows: list[list[str]], encoding: str = "utf-8", mark: str = ",") -> bytes:
    return "".join(mark.join(row) + "\n" for row in rows).encode(encoding)


def xlsx(rows: list[list[Any]], change: Callable[[Any], None] = lambda book: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def replaced(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, content if entry.filename == name else old.read(entry))
    return out.getvalue()


def changed(row: int, column: int, value: str) -> list[list[str]]:
    """The good table with one cell changed; the head is row 0."""
    table = [list(HEAD), *(list(line) for line in GOOD)]
    table[row][column] = value
    return table


TABLE = [HEAD, *GOOD]
SHEET = "xl/worksheets/sheet1.xml"
NS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
FAR = b'<worksheet %s><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>' % NS
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (c + 1, *[c] * 8) for c in range(ord("a"), ord("k"))
    )
    + b"]><worksheet %s><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>&k;</t></is></c></row></sheetData></worksheet>"
    % NS
)


def files() -> Iterator[tuple[str, bytes, str]]:
    """(what it is, its bytes, what must become of it: taken, refused, or either without harm)."""
    book = xlsx(TABLE)
    yield "good csv", csv(TABLE), "taken"
    yield "good workbook", book, "taken"
    for encoding in ("utf-8-sig", "gbk", "gb18030", "utf-16"):
        yield f"csv in {encoding}", csv(TABLE, encoding), "taken"
    for mark in (";", "\t"):
        yield f"csv with {mark!r}", csv(TABLE, mark=mark), "taken"
    yield "columns in another order", csv([row[::-1] for row in TABLE]), "taken"
    yield "header on row 3", csv([["名册", *[""] * 5], [""] * 6, *TABLE]), "taken"
    yield "an unknown column", csv([[*row, "x"] for row in TABLE]), "taken"
    yield "child before parent", csv([HEAD, *GOOD[::-1]]), "taken"
    yield "full-width digits", csv(changed(3, 4, "１０")), "taken"
    yield "stray spaces and NBSP", csv(changed(3, 0, " B1  ")), "taken"
    yield "rare characters", csv(changed(3, 1, "𠮷㛃·支部")), "taken"
    yield "no column for the code", csv([row[1:] for row in TABLE]), "refused"
    yield "the code's column twice", csv([[row[0], *row] for row in TABLE]), "refused"
    yield "the same code twice", csv([*TABLE, GOOD[2]]), "refused"
    yield "an unknown parent", csv(changed(3, 3, "NOWHERE")), "refused"
    yield "its own parent", csv(changed(3, 3, "B1")), "refused"
    yield (
        "a loop of two",
        csv([HEAD, GOOD[0], ["A", "甲", "党支部", "B", "3", ""], ["B", "乙", "党支部", "A", "3", ""]]),
        "refused",
    )
    yield "two roots", csv([*TABLE, ["G2", "另一工委", "市直工委", "", "0", ""]]), "refused"
    yield "negative members", csv(changed(3, 4, "-1")), "refused"
    yield "members in words", csv(changed(3, 4, "若干")), "refused"
    yield "29 February 2023", csv(changed(3, 5, "2023-02-29")), "refused"
    yield "month 13", csv(changed(3, 5, "2027-13-01")), "refused"
    for guard in ("=1+1", "=cmd|' /C calc'!A0", "+1", "-支部", "@SUM(1)", "\tx"):
        yield f"a name {guard!r}", csv(changed(3, 1, guard)), "either"
    yield "a code as a float", xlsx([HEAD, *GOOD[:2], [13800000000.0, "支部", "党支部", "D01", 10.0, None]]), "either"
    yield "empty", b"", "refused"
    yield "only spaces", b"  \n \n", "refused"
    yield "header alone", csv([HEAD]), "refused"
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "refused"
    yield "a PDF", b"%PDF-1.7\n" + b"x" * 500, "refused"
    yield "a web page", b"<html><table><tr><td>1</td></tr></table></html>", "refused"
    yield "NUL inside", csv(TABLE).replace(b"B1", b"B\x001"), "refused"
    yield "broken UTF-8", csv(TABLE)[:40] + b"\xff\xfe" + csv(TABLE)[40:], "refused"
    yield "cut off in a character", csv(TABLE)[: csv(TABLE).index("市直工委".encode()) + 1], "refused"
    yield "an open quotation mark", csv(TABLE).replace(b"B1", b'"B1'), "refused"
    yield "a cell of 200 000 characters", csv(changed(3, 1, "长" * 200_000)), "refused"
    yield "300 columns", csv([row + ["x"] * 300 for row in TABLE]), "refused"
    yield "a truncated workbook", book[: len(book) // 2], "refused"
    yield "a workbook of noise", b"PK\x03\x04" + bytes(range(256)) * 20, "refused"
    yield "a Word document", packed(word__document_xml=b"<x/>", **{"[Content_Types].xml": b"<x/>"}), "refused"
    yield "a zip with ../", packed(**{"..__..__etc__passwd": b"x"}), "refused"
    yield "one cell at XFD1048576", replaced(book, SHEET, FAR), "refused"
    yield "a billion laughs", replaced(book, SHEET, LAUGHS), "refused"
    yield "a bomb of 300 MB", packed(xl__workbook_xml=b"<x/>", bomb=b"\0" * 300_000_000), "refused"
    yield "2 000 entries", packed(**{f"xl__{n}.xml": b"<x/>" for n in range(2_000)}), "refused"
    yield "not XML where XML belongs", replaced(book, SHEET, b"\0\1\2 not xml"), "refused"
    yield "a sheet without rows", xlsx([]), "refused"
    yield "a hidden first sheet", xlsx(TABLE, _hide_the_first), "either"
    yield "merged cells", xlsx(TABLE, lambda made: made.active.merge_cells("A2:A3")), "either"
    yield "a sheet's odd name", xlsx(TABLE, lambda made: setattr(made.active, "title", "名册·𠮷 (1)")), "taken"
    yield "300 sheets", xlsx(TABLE, lambda made: [made.create_sheet() for _ in range(300)]), "taken"  # type: ignore[arg-type,return-value]
    yield "formulas without values", xlsx(changed(3, 1, "=A1&B1")), "either"


def _hide_the_first(book: Any) -> None:
    book.create_sheet("可见").append(["x"])
    book.active.sheet_state = "hidden"


def imports(trial: Trial) -> str:
    """G22: each file is read in a child under limits; it is taken as a whole or refused with a sentence, and nothing else moves."""
    found, longest = {"taken": 0, "refused": 0}, 0.0
    with opened(trial, 6) as desk, faults.switched_on(trial.fault):
        for name, data, expected in files():
            with desk.reading() as tx:
                before = copying.held(tx)
            began = time.monotonic()
            outcome = _outcome(desk, name, data)
            longest = max(longest, time.monotonic() - began)
            must(expected in (outcome, "either"), f"“{name}” was {outcome}")
            with desk.reading() as tx:
                must(copying.held(tx) == before, f"“{name}” has left something behind")
            found[outcome] += 1
    total = sum(found.values())
    return f"{total}个文件:整份读入{found['taken']}、说明原因后拒绝{found['refused']};崩溃0、卡死0(最久{longest:.0f}秒)、半份导入0"


def _outcome(desk: Any, name: str, data: bytes) -> str:
    try:
        read = roster.parse(sheets.read(data, "名册"), root_kind=ROOT)
        report = import_roster(desk, read.rows, scheme_root_kind=ROOT, dry_run=True)
        if report.faults and not all(fault.row is not None or str(fault) for fault in report.faults):
            must(False, f"“{name}”: a fault without a sentence")
        return "taken"
    except (BadInput, FaultyRoster, StarflowError) as refusal:
        must(str(refusal).strip() or getattr(refusal, "faults", ()), f"“{name}” was refused without a word")
        return "refused"
    except Exception as error:
        must(False, f"“{name}” broke the importer: {type(error).__name__}: {error}")
        raise
