"""The evidence pack: one cycle's history with all that its hashes cover, the scheme it ran under, and a verifier that needs only Python.

What was erased by rule is erased here too; its digest still holds the chain together.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from starflow.documents.export import to_csv
from starflow.documents.paper import verifier
from starflow.service.case import load_case
from starflow.service.desk import Desk
from storage import installation, records
from storage.models import Record, RecordDetail

EPOCH = (1980, 1, 1, 0, 0, 0)
README = """证据包 · Evidence pack

manifest.json  文件清单与哈希,链头 / the files with their hashes, and the head of the chain
history.jsonl  全部流转记录及其明细,一行一条 / every record with its details
history.csv    同样的记录,给人看 / the same for people
scheme.toml    当时所用的方案,其哈希写在每条记录里 / the scheme in force; its hash stands in every record
anchor.json    最近一次锚点 / the newest anchor
verify.py      核验程序:python verify.py 证据包.zip / the verifier

核验只说明证据包自制作以来没有被改动、链条完整;要确认链头本身,请与保存在数据库以外的锚点核对。
"""


def evidence_pack(desk: Desk, code: str, year: int | None = None) -> bytes:
    """Everything about one cycle as a zip; the same history gives the same bytes. Raises Unknown."""
    with desk.reading() as tx:
        cycle = load_case(desk, tx, code, year).cycle
        history = records.history(tx, cycle.id)
        scheme = installation.scheme_content(tx, cycle.scheme_hash) or b""
        anchor = records.latest_anchor(tx)
    lines = [_line(record, detail) for record, detail in history]
    files = {
        "README.txt": README.encode(),
        "history.jsonl": b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines),
        "history.csv": _table(lines),
        "scheme.toml": scheme,
        "verify.py": Path(verifier.__file__).read_bytes(),
    }
    if anchor is not None:
        said = {"at": anchor.at.isoformat(), "cycles": anchor.cycles, "records": anchor.records, "head": anchor.head}
        files["anchor.json"] = json.dumps(said).encode()
    manifest = {
        "chain": cycle.chain,
        "organisation": cycle.code,
        "name": cycle.name,
        "records": len(lines),
        "head": lines[-1]["hash"] if lines else records.GENESIS,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return _zipped({"manifest.json": json.dumps(manifest, ensure_ascii=False, indent=1).encode(), **files})


def _line(record: Record, detail: RecordDetail | None) -> dict[str, Any]:
    """In UTC, as the hash has it."""
    names = ("seq", "trigger", "before", "after", "role", "actor", "late_days", "late_stage", "scheme_hash")
    said: dict[str, Any] = {name: getattr(record, name) for name in names}
    said |= {"at": record.at.astimezone(UTC).isoformat(), "detail_digest": record.detail_digest}
    said |= {"previous_hash": record.previous_hash, "hash": record.hash}
    erased = detail is None or detail.erased_at is not None
    return said | {
        "salt": None if detail is None or erased else detail.salt,
        "detail": None if detail is None or erased else (detail.detail or {}),
        "erased": erased,
    }


def _table(lines: list[dict[str, Any]]) -> bytes:
    names = ("seq", "at", "trigger", "before", "after", "role", "actor", "late_days", "hash")
    titles = ("序号", "时间(UTC)", "动作", "原环节", "现环节", "身份", "经办", "逾期天数", "哈希")
    reason = ([*(line[name] for name in names), (line["detail"] or {}).get("reason")] for line in lines)
    return to_csv((*titles, "理由"), reason)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()
