"""The child process that opens a workbook: bytes on stdin, rows of text as JSON lines on stdout.

A workbook of 1.4 kB can make the reader allocate 512 GB and abort the process it runs in (measured). So the reader runs
here, alone and under limits: when it dies, only this process dies. It imports nothing of starflow, so that it starts fast
and can be run by its path.

The first line of the answer is `{"refused": sentence}` or `{"name": sheet}`; every further line is one row.
"""

import contextlib
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any

MEMORY_BYTES = 1024**3
CPU_SECONDS = 30
MAX_ROWS = 1_000_000
MAX_COLUMNS = 256
MAX_CELLS = 5_000_000  # what the server itself will hold in memory
MAX_UNPACKED_BYTES = 100 * 1024**2
MAX_RATIO = 100
RATIO_FLOOR_BYTES = 10 * 1024**2  # an honest small sheet of empty styled cells packs better than 100 : 1
MAX_ENTRIES = 1_000
CHUNK_BYTES = 1024**2

DAMAGED = "文件打不开:已损坏、不完整,或者不是电子表格。请用 Excel 或 WPS 打开后另存为 xlsx 再导入"
ENCRYPTED = "文件有密码保护,读不到内容。请去掉密码后再导入"
EMPTY = "工作簿里没有一张可见的、有内容的工作表"
TOO_LARGE = f"表格太大:最多 {MAX_ROWS:,} 行、{MAX_COLUMNS} 列、{MAX_CELLS:,} 格。请把名册复制到一张新表后再导入"
BOMB = "压缩包展开后大得不合理,不予打开"
WORD = "这是 Word 文档,不是电子表格。请把表格另存为 xlsx 后再导入"
BINARY_WORKBOOK = "这是 xlsb 工作簿。请另存为 xlsx 后再导入"


class Refusal(Exception):
    """The workbook is refused, with the sentence to show."""


def main() -> None:
    """Answer with the rows of the first visible sheet that holds anything, or with the sentence of a refusal."""
    limit_this_process()
    try:
        name, rows = read_workbook(sys.stdin.buffer.read())
    except Refusal as refusal:
        answer({"refused": str(refusal)})
    except MemoryError:
        answer({"refused": TOO_LARGE})
    else:
        answer({"name": name})
        for row in rows:
            answer(row)


def limit_this_process() -> None:
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system that knows no such limit, or has a lower one already
            resource.setrlimit(what, (limit, limit))


def read_workbook(data: bytes) -> tuple[str, Iterator[list[str]]]:
    check_container(data)
    import python_calamine  # after the limits, and never in the server's own process

    try:
        workbook = python_calamine.load_workbook(io.BytesIO(data))
        for index, sheet in enumerate(workbook.sheets_metadata):
            if sheet.visible is not python_calamine.SheetVisibleEnum.Visible:
                continue
            if rows := workbook.get_sheet_by_index(index).to_python(skip_empty_area=False):
                return sheet.name, bounded(rows)
    except python_calamine.PasswordError:
        raise Refusal(ENCRYPTED) from None
    except (MemoryError, Refusal):
        raise
    except BaseException:  # the reader's panics are no Exception, and this process is a door
        raise Refusal(DAMAGED) from None
    raise Refusal(EMPTY)


def bounded(rows: list[list[Any]]) -> Iterator[list[str]]:
    width = len(rows[0])  # all rows are equally wide
    if len(rows) > MAX_ROWS or width > MAX_COLUMNS or len(rows) * width > MAX_CELLS:
        raise Refusal(TOO_LARGE)
    return ([text_of(cell) for cell in row] for row in rows)


def text_of(cell: Any) -> str:
    """The text a reader of the sheet means: 14.0 is "14", a date is its ISO form."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def check_container(data: bytes) -> None:
    """Refuse what can be recognised without unpacking it: encrypted files, documents, bombs, cells at the far end."""
    if not data.startswith(b"PK"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refusal(ENCRYPTED)
        if "WordDocument".encode("utf-16-le") in data:
            raise Refusal(WORD)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_archive(archive, len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise Refusal(DAMAGED) from None


def check_archive(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
        raise Refusal(BOMB)
    if unpacked > RATIO_FLOOR_BYTES and unpacked > MAX_RATIO * packed_bytes:
        raise Refusal(BOMB)
    names = [entry.filename.lower() for entry in entries]
    if any(name.startswith("word/") for name in names):
        raise Refusal(WORD)
    if "xl/workbook.bin" in names:
        raise Refusal(BINARY_WORKBOOK)
    for entry, name in zip(entries, names, strict=True):
        if entry.flag_bits & 1:
            raise Refusal(ENCRYPTED)
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            with archive.open(entry) as part:
                check_references(part)


# A cell or row at column 257 or row 1 000 001 and beyond that is not self-closing: one that holds something. Empty styled
# cells out there are harmless, and so is a `<dimension>` that exaggerates; both occur in honest files.
FAR_AWAY = re.compile(
    rb"""<(?:\w+:)?(?:c|row)\b[^<>]*?\sr=["']"""
    rb"""(?:(?:[A-Z]{3,}|I[W-Z]|[J-Z][A-Z])\d+|[A-Z]*(?!1000000["'])\d{7,})"""
    rb"""["'][^<>]*?(?<!/)>""",
    re.IGNORECASE,
)


def check_references(part: IO[bytes]) -> None:
    """Look through a sheet in pieces for cells so far away that the reader would allocate everything before them."""
    rest = b""
    while chunk := part.read(CHUNK_BYTES):
        piece = rest + chunk
        if FAR_AWAY.search(piece):
            raise Refusal(TOO_LARGE)
        rest = piece[piece.rfind(b"<") :][:CHUNK_BYTES]


def answer(line: Any) -> None:
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main()
