"""Any spreadsheet file in, rows of text cells out.

What a file is, its content says, not its name. CSV is read here; a workbook is opened by a child process under limits
(`cells.py`), because the reader can abort its whole process. Whatever cannot be read is refused with one sentence that
says what to do; nothing is guessed silently.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starflow.documents import cells
from starflow.documents.export import unguard
from workflow.engine.errors import BadInput, Unknown, because

MAX_FILE_BYTES = 50 * 1024**2
WALL_SECONDS = 90  # the child's own limit of CPU comes first; this one is for a child that only waits
DELIMITERS = (",", ";", "\t")
SAMPLE_ROWS = 50
WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")  # zip (xlsx, ods) and OLE (xls, or an encrypted xlsx)
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
ENDS_IN_A_CHARACTER = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")

EMPTY = "文件是空的,没有内容可导入"
CUT_OFF = "文件不完整:末尾的一个字被截断了。请重新导出或重新上传"
NOT_A_TABLE = "这不是表格文件。请用 csv、xlsx、xls 或 ods 导入"
WEB_PAGE = "这是网页(HTML)格式的表格。请用 Excel 或 WPS 打开后另存为 xlsx 再导入"
UNKNOWN_ENCODING = "文件的文字编码无法识别。请另存为 UTF-8 或 GBK 编码的 csv,或另存为 xlsx 再导入"
BROKEN_UTF8 = "文件是 UTF-8 编码,但第{line}行有损坏的字节。请重新导出后再导入"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows as the file holds them: `rows[0]` is the row that a spreadsheet numbers 1. Blank rows are kept, cells are clean."""

    rows: tuple[tuple[str, ...], ...]
    name: str
    open_ended: bool = False  # a CSV without a line break at its end: its last row may have been cut off


def read(source: str | os.PathLike[str] | bytes, filename: str | None = None) -> Sheet:
    """The first visible sheet with content. Raises BadInput with the sentence to show, Unknown where there is no file."""
    if not isinstance(source, bytes):
        filename, source = filename or Path(source).name, load(Path(source))
    if not source.strip():
        raise BadInput(EMPTY)
    if len(source) > MAX_FILE_BYTES:
        raise BadInput(f"文件太大:最多 {MAX_FILE_BYTES // 1024**2} MiB")
    sheet = _workbook(source) if source.startswith(WORKBOOKS) else _csv(source, filename or "csv")
    if not any(any(row) for row in sheet.rows):
        raise BadInput(EMPTY)
    return sheet


def load(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"文件太大:最多 {MAX_FILE_BYTES // 1024**2} MiB")
        return path.read_bytes()
    except OSError as error:
        raise Unknown(f"读不到文件「{path}」:{because(error)}") from error


# -- CSV


def _csv(data: bytes, name: str) -> Sheet:
    text = _decode(data)
    if "\0" in text or text.startswith("%PDF"):
        raise BadInput(NOT_A_TABLE)
    if text.lstrip().startswith("<"):
        raise BadInput(WEB_PAGE)
    rows = tuple(_records(text, _delimiter(text)))
    return Sheet(rows=rows, name=name, open_ended=not text.endswith(("\n", "\r")))


def _decode(data: bytes) -> str:
    encodings = [encoding for bom, encoding in BOMS if data.startswith(bom)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            if error.reason in ENDS_IN_A_CHARACTER:
                raise BadInput(CUT_OFF) from error
            if encoding.startswith("utf-8") and _mostly_utf8(data):
                raise BadInput(BROKEN_UTF8.format(line=data.count(b"\n", 0, error.start) + 1)) from error
    raise BadInput(UNKNOWN_ENCODING)


def _mostly_utf8(data: bytes) -> bool:
    """GBK read as UTF-8 is broken nearly everywhere; damaged UTF-8 is broken here and there."""
    text = data.decode("utf-8", errors="replace")
    return text.count("\ufffd") * 10 < sum(not character.isascii() for character in text)


def _delimiter(text: str) -> str:
    """The one that splits some row near the top into the most cells."""

    def widest(delimiter: str) -> int:
        rows = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
        return max((len(row) for row, _ in zip(_forgiving(rows), range(SAMPLE_ROWS), strict=False)), default=0)

    return max(DELIMITERS, key=widest)


def _forgiving(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def _records(text: str, delimiter: str) -> Iterator[tuple[str, ...]]:
    # Strict, because otherwise a quotation mark that is never closed swallows the rest of the file as one cell.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = total = 0
    try:
        for number, row in enumerate(rows, start=1):
            total += len(row)
            if number > cells.MAX_ROWS or len(row) > cells.MAX_COLUMNS or total > cells.MAX_CELLS:
                raise BadInput(cells.TOO_LARGE)
            yield tuple(clean(cell) for cell in row)
    except csv.Error as error:
        raise BadInput(f"第{number + 1}行读不下去:引号没有配对、文件被截断,或者一个单元格过长") from error


# -- workbooks


def _workbook(data: bytes) -> Sheet:
    first, *lines = _ask_the_child(data).splitlines()  # of bytes: the line breaks of JSON lines and no others
    head = json.loads(first)
    if "refused" in head:
        raise BadInput(head["refused"])
    return Sheet(rows=tuple(tuple(clean(cell) for cell in json.loads(line)) for line in lines), name=head["name"])


def _ask_the_child(data: bytes) -> bytes:
    """What the child says. Killed by its limits, or by the reader's abort, it says that the table is too large."""
    command = [sys.executable, "-P", cells.__file__]
    try:
        child = subprocess.run(command, input=data, capture_output=True, timeout=WALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BadInput(cells.TOO_LARGE) from error
    if child.returncode < 0:
        raise BadInput(cells.TOO_LARGE) from ChildProcessError(signal.strsignal(-child.returncode))
    child.check_returncode()  # anything else is a fault of ours, not of the file
    return child.stdout


# -- cells

# Invisible characters that come along when one copies from a page or a PDF: without them "D01" would not equal "D01".
# A line break inside a cell becomes a space; NUL would be refused by the database; joiners inside rare characters stay.
_BREAKS = dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), " ")
_INVISIBLE = dict.fromkeys(
    (
        *range(0x20),
        *range(0x7F, 0xA0),
        0xAD,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFEFF,
    )
)
_STRAY: dict[int, str | None] = {**_INVISIBLE, **_BREAKS}


def clean(cell: str) -> str:
    """The cell without a formula guard, invisible characters, and space of any width around it."""
    return unguard(cell).translate(_STRAY).strip()
