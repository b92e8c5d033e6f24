"""Files that people bring: judged by their content before anything is opened, kept by their hash where no server shows them.

The list of what is taken is short. An archive (docx, xlsx, ofd) is judged by its directory alone: nothing in it is unpacked.
"""

import hashlib
import os
import struct
import threading
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from starflow.service.clock import SystemClock
from starflow.service.desk import Desk
from storage import attachments
from storage.database import Transaction
from storage.notice_models import Attached, Attachment
from workflow.engine.errors import BadInput, Unavailable, Unknown

MOST_BYTES = 20 * 1024 * 1024
MOST_PARTS, MOST_UNPACKED, MOST_RATIO = 2000, 200 * 1024 * 1024, 200
MOST_PIXELS = 100_000_000
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was brought."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kind:
    """What is taken: how a file begins, how its name must end, and what else must be true of it."""

    name: str
    endings: tuple[str, ...]
    begins: bytes
    holds: Callable[[bytes], str | None]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is kept, ready to be sent: always as an attachment, under the name it was brought with."""

    name: str
    kind: str
    size: int
    path: Path
    owner: str
    owner_id: int


# ── judging ──────────────────────────────────────────────────────


def kind_of(upload: Upload) -> Kind:
    """Raises BadInput with what is wrong, in words for whoever brought the file."""
    name, content = clean_name(upload.name), upload.content
    if not content:
        raise BadInput(f"“{name}”是空文件")
    if len(content) > MOST_BYTES:
        raise BadInput(f"“{name}”超过{MOST_BYTES // 1048576}MB,请压缩或拆成几个再传")
    candidates = [kind for kind in KINDS if content.startswith(kind.begins)]
    if not candidates:
        raise BadInput(f"“{name}”的内容不是可以接收的格式;只接收{TAKEN}。旧版doc、xls请另存为docx、xlsx或PDF")
    why = [kind.holds(content) for kind in candidates]
    fits = [kind for kind, fault in zip(candidates, why, strict=True) if fault is None]
    if not fits:
        raise BadInput(f"“{name}”{next(fault for fault in why if fault)}")
    if not any(name.lower().endswith(ending) for ending in fits[0].endings):
        raise BadInput(f"“{name}”的内容是{fits[0].name},文件名却不是{'、'.join(fits[0].endings)};请改回原来的文件名")
    return fits[0]


def clean_name(name: str) -> str:
    """The last part of a path, printable, of bounded length; its ending stays."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .") or "附件"
    stem, dot, ending = kept.rpartition(".")
    return kept if len(kept) <= LONGEST_NAME else f"{stem[: LONGEST_NAME - 10]}{dot}{ending[:8]}"


def _anything(content: bytes) -> str | None:
    return None


def _png(content: bytes) -> str | None:
    if len(content) < 33 or content[12:16] != b"IHDR":
        return "不是完整的PNG图片"
    width, height = struct.unpack(">II", content[16:24])
    return f"有{width}×{height}个像素,太大" if width * height > MOST_PIXELS else None


def _archive(*wanted: str) -> Callable[[bytes], str | None]:
    def holds(content: bytes) -> str | None:
        return _archive_fault(content, wanted)

    return holds


def _archive_fault(content: bytes, wanted: tuple[str, ...]) -> str | None:
    """By the directory at its end, whose length is looked at before it is read."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - 65557))
    if end < 0 or end + 22 > len(content):
        return "不是完整的文件(压缩目录缺失)"
    if struct.unpack("<H", content[end + 10 : end + 12])[0] > MOST_PARTS:
        return f"里面的部件超过{MOST_PARTS}个"
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error):
        return "不是完整的文件(压缩目录损坏)"
    return _parts_fault(parts, wanted)


def _parts_fault(parts: list[zipfile.ZipInfo], wanted: tuple[str, ...]) -> str | None:
    names = [part.filename for part in parts]
    faults: tuple[tuple[bool, str], ...] = (
        (len(parts) > MOST_PARTS, f"里面的部件超过{MOST_PARTS}个"),
        (sum(part.file_size for part in parts) > MOST_UNPACKED, f"展开后超过{MOST_UNPACKED // 1048576}MB"),
        (any(_ratio(part) > MOST_RATIO for part in parts), "的压缩比异常(可能是压缩炸弹)"),
        (
            any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names),
            "里有越界的路径",
        ),
        (any(part.flag_bits & 1 for part in parts), "是加密的,无法检查"),
        (
            any("vbaproject" in name.lower() or "/activex" in name.lower() for name in names),
            "含有宏或控件,请去掉后再传",
        ),
        (any(not any(name.startswith(one) for name in names) for one in wanted), "的内容与格式不符"),
    )
    return next((said for wrong, said in faults if wrong), None)


def _ratio(part: zipfile.ZipInfo) -> float:
    return part.file_size / max(1, part.compress_size) if part.file_size > 1_000_000 else 0


KINDS = (
    Kind("PDF", (".pdf",), b"%PDF-", _anything),
    Kind("PNG", (".png",), b"\x89PNG\r\n\x1a\n", _png),
    Kind("JPEG", (".jpg", ".jpeg"), b"\xff\xd8\xff", _anything),
    Kind("docx", (".docx",), b"PK\x03\x04", _archive("[Content_Types].xml", "word/")),
    Kind("xlsx", (".xlsx",), b"PK\x03\x04", _archive("[Content_Types].xml", "xl/")),
    Kind("ofd", (".ofd",), b"PK\x03\x04", _archive("OFD.xml")),
)
TAKEN = "、".join(kind.name for kind in KINDS)


# ── keeping ──────────────────────────────────────────────────────


def keep(desk: Desk, upload: Upload) -> tuple[str, Kind]:
    """Judge it and write it to disk under its hash; until a row names it, it is nothing. Raises BadInput, Unavailable."""
    kind = kind_of(upload)
    digest = hashlib.sha256(upload.content).hexdigest()
    path = path_of(desk, digest)
    try:
        if path.exists():
            os.utime(path)  # wanted again: the sweep leaves it alone
        else:
            _write(path, upload.content)
    except OSError as error:
        raise Unavailable(f"附件存不下来:{error.strerror}") from error
    return digest, kind


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a file of this name is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.half")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    half.replace(path)


def attach(
    desk: Desk,
    tx: Transaction,
    uploads: Iterable[Upload],
    owner: str,
    owner_id: int,
    *,
    label: str = "",
    actor: str = "",
) -> tuple[int, ...]:
    """Keep them and say to what they belong, in the transaction of the work they belong to."""
    found = []
    for upload in uploads:
        digest, kind = keep(desk, upload)
        row = Attachment(hash=digest, kind=kind.name, size=len(upload.content), at=tx.now)
        name = clean_name(upload.name)
        its = Attached(hash=digest, owner=owner, owner_id=owner_id, name=name, label=label, actor=actor, at=tx.now)
        found.append(attachments.attach(tx, row, its))
    return tuple(found)


def path_of(desk: Desk, digest: str) -> Path:
    return Path(desk.settings.uploads or "uploads") / digest[:2] / digest


def stored(desk: Desk, tx: Transaction, attached_id: int) -> Stored:
    """Raises Unknown. Who may have it is for the caller to say."""
    found = attachments.by_id(tx, attached_id)
    if found is None:
        raise Unknown(f"没有编号为{attached_id}的附件")
    attached, file = found
    path = path_of(desk, file.hash)
    if not path.is_file():
        raise Unavailable(f"附件{attached_id}的文件不在存放目录里,请联系管理员")
    return Stored(attached.name, file.kind, file.size, path, attached.owner, attached.owner_id)


# ── nothing left behind ──────────────────────────────────────────

ORPHAN_AFTER = timedelta(days=1)
"""So long a file may lie here before a row names it: the transaction it came with has long ended."""


def sweep_orphans(desk: Desk) -> int:
    """Files that no row names: their request failed, or whoever brought them never confirmed. Returns how many went.

    Ages are those of the machine's disk, so they are told by the machine's clock in a rehearsal too.
    """
    before = (SystemClock().now() - ORPHAN_AFTER).timestamp()
    folder = Path(desk.settings.uploads or "uploads")
    old = [path for path in folder.glob("*/*") if path.is_file() and path.stat().st_mtime < before]
    with desk.transaction() as tx:
        attachments.forget_unowned(tx)
        named = attachments.known(tx)
        gone = [path for path in old if path.name not in named and path.stat().st_mtime < before]
        for path in gone:
            path.unlink(missing_ok=True)
    return len(gone)
