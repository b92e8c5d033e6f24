"""Verify an evidence pack (证据包核验): python verify.py PACK.zip. Python 3.9 or later, nothing else, no network.

It recomputes every hash of every record from what the pack itself holds, checks that each record continues the one before,
that the details fit their digests, and that every file is the one that the manifest lists. It proves that the pack is whole and
unchanged since the head was published; compare `head` with the anchor that your office keeps outside the database.
"""

import hashlib
import json
import sys
import zipfile

GENESIS = "0" * 64
FILE_LIMIT = 200 * 1024 * 1024
COVERED = (
    "seq", "trigger", "before", "after", "role", "actor", "at", "late_days", "late_stage", "scheme_hash",
    "detail_digest", "previous_hash",
)  # fmt: skip


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def record_hash(chain, record):
    return sha256(canonical([chain] + [record[name] for name in COVERED]))


def faults_of_chain(chain, records):
    previous, last_at = GENESIS, ""
    for expected, record in enumerate(records, 1):
        place = "{}#{}".format(chain, record.get("seq"))
        if record["seq"] != expected:
            yield f"{place}: 序号应为 {expected} / number should be {expected}"
        if record["previous_hash"] != previous:
            yield f"{place}: 与上一条不相接 / does not continue the record before"
        if record["hash"] != record_hash(chain, record):
            yield f"{place}: 内容与哈希不符 / content does not fit its hash"
        if record["at"] < last_at:
            yield f"{place}: 时间早于上一条 / earlier than the record before"
        if record.get("detail") is not None:
            salted = record["salt"].encode() + b"|" + canonical(record["detail"])
            if sha256(salted) != record["detail_digest"]:
                yield f"{place}: 明细与摘要不符 / details do not fit their digest"
        elif not record.get("erased"):
            yield f"{place}: 明细不见了 / details are missing"
        previous, last_at = record["hash"], record["at"]


def faults_of_files(archive, manifest):
    names = {info.filename for info in archive.infolist()} - {"manifest.json"}
    for name in sorted(names - set(manifest["files"])):
        yield f"{name}: 清单里没有这个文件 / not in the manifest"
    for name, digest in sorted(manifest["files"].items()):
        if name not in names:
            yield f"{name}: 文件不见了 / file is missing"
        elif archive.getinfo(name).file_size > FILE_LIMIT:
            yield f"{name}: 文件过大 / file too large"
        elif sha256(archive.read(name)) != digest:
            yield f"{name}: 文件与清单不符 / file differs from the manifest"


def faults_of_pack(path):
    """Every fault, and the manifest with the head of the chain."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        faults = list(faults_of_files(archive, manifest))
        if not faults:
            records = [json.loads(line) for line in archive.read("history.jsonl").decode().splitlines()]
            faults += faults_of_chain(manifest["chain"], records)
            head = records[-1]["hash"] if records else GENESIS
            if (len(records), head) != (manifest["records"], manifest["head"]):
                faults.append("链头与清单不符 / the head differs from the manifest")
    return faults, manifest


def main(arguments):
    if len(arguments) != 2:
        print(__doc__)
        return 2
    try:
        faults, manifest = faults_of_pack(arguments[1])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        print(f"打不开或残缺 / cannot be read: {error}")
        return 2
    for fault in faults:
        print("✘ " + fault)
    if not faults:
        print(f"✔ {manifest['chain']}: {manifest['records']} 条记录完整,链头 / records intact, head {manifest['head']}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
