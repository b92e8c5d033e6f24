"""Backups that were restored before they are believed: made while everybody works, proved, put back, and moved elsewhere.

A backup is a folder: the database of one moment as an SQLite file, whatever it came from; the uploaded files; and a list with
the hash of everything. It is verified by opening a restored copy and asking it all that `doctor` asks of the data.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from starflow.service import upkeep
from starflow.service.desk import EPOCH, Desk
from starflow.service.settings import Settings
from storage import copying, migrations, records, runs
from storage.database import DatabaseError, open_database
from workflow.engine.errors import BadInput, Refused, Unavailable, Unknown

DATABASE, LIST, FILES = "starflow.db", "list.json", "uploads"
JOB = "backup"
OLDEST = timedelta(hours=26)
"""A day, and two hours for what takes long."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup and what it was found to hold; `faults` is empty where it can be believed."""

    path: str
    rows: int
    records: int
    files: int
    head: str
    faults: tuple[str, ...] = ()


def create(desk: Desk, folder: Path) -> Backup:
    """Take a backup below `folder`, verify it by restoring it, and note that for `doctor`. Raises Refused if it does not hold."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = folder / f"starflow-{desk.wall.now():%Y%m%dT%H%M%SZ}"
    if made.exists():
        raise Refused(f"{made}已经存在,请稍后再试")
    with _unfinished(made) as part:
        copying.snapshot(desk.database, part / DATABASE, desk.clock.now())
        _copy_files(desk.settings.uploads, part / FILES)
        (part / LIST).write_text(json.dumps(_listed(part), indent=1), encoding="utf-8")
        found = verify(part, desk.settings)
        if found.faults:
            raise Refused(*(f"备份没有通过核对:{fault}" for fault in found.faults))
    with desk.transaction() as tx:
        runs.worked(tx, JOB, f"{made.name}:{found.rows}行,{found.records}条记录,已核对")
    return replace(found, path=str(made))


def verify(backup: Path, settings: Settings) -> Backup:
    """Restore a copy into a place of its own and compare: every file, every table, the chain, and all that must be true."""
    listed = _list_of(backup)
    faults = [f"文件{name}与清单不符" for name, digest in listed["files"].items() if _hash(backup / name) != digest]
    rows, files = sum(count for count, _ in listed["tables"].values()), len(listed["files"])
    try:
        with (
            _copy_of(backup) as url,
            closing(Desk(open_database(url), replace(settings, database_url=url))) as restored,
        ):
            faults += _faults_of(restored, listed["tables"])
            with restored.reading() as tx:
                proved = records.verify(tx)
    except (Unavailable, DatabaseError) as broken:
        return Backup(str(backup), rows, 0, files, "", (*faults, f"备份的数据库打不开:{broken}"))
    return Backup(str(backup), rows, proved.records, files, proved.head, tuple(faults))


def restore(backup: Path, settings: Settings) -> Backup:
    """Put a backup into the empty database of these settings, and its files into an empty folder. Raises Refused."""
    found = verify(backup, settings)
    if found.faults:
        raise Refused(*(f"备份没有通过核对:{fault}" for fault in found.faults))
    if (backup / FILES).is_dir() and settings.uploads.is_dir() and any(settings.uploads.iterdir()):
        raise Refused(f"存放附件的目录{settings.uploads}不是空的,不能覆盖")
    with _copy_of(backup) as url:
        _copied(url, settings.database_url)
    _copy_files(backup / FILES, settings.uploads)
    return found


def copy_to(desk: Desk, url: str) -> Mapping[str, int]:
    """Every row into another, empty database, which may be of the other kind; returns how many rows of each table."""
    if url == desk.settings.database_url:
        raise BadInput("目标就是现在的数据库")
    held = _copied(desk.settings.database_url, url)
    return {name: count for name, (count, _) in held.items() if count}


def _copied(source_url: str, url: str) -> copying.Held:
    """Copies and compares what the two databases hold; on any difference nothing is left in the target."""
    with closing(open_database(source_url)) as source, closing(open_database(url, create=True)) as target:
        now = EPOCH
        with source.reading(now) as from_there, target.transaction(now) as into:
            held = copying.copy_all(from_there, into)
            arrived = copying.held(into)
            if differing := [name for name in held if held[name] != arrived[name]]:
                raise Refused(f"复制后内容不一致:{'、'.join(differing)};目标数据库没有保留任何数据")
    return held


# ── what a backup is made of ─────────────────────────────────────


@contextmanager
def _unfinished(made: Path) -> Iterator[Path]:
    """A folder that takes its name only when all of it is on the disk; whatever goes wrong leaves none."""
    part = made.with_name(f".{made.name}.part")
    part.mkdir(mode=0o700)
    try:
        yield part
        for file in sorted(p for p in part.rglob("*") if p.is_file()):
            _to_disk(file)
        part.rename(made)
        _to_disk(made.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_files(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


@contextmanager
def _copy_of(backup: Path) -> Iterator[str]:
    """The address of a restored copy: a database that is opened is written to, and a backup is not."""
    with tempfile.TemporaryDirectory(prefix="starflow-backup-") as scratch:
        copy = Path(scratch, DATABASE)
        if (backup / DATABASE).is_file():
            shutil.copyfile(backup / DATABASE, copy)
        yield f"sqlite:///{copy}"


def _listed(part: Path) -> dict[str, Any]:
    files = {str(p.relative_to(part)): _hash(p) for p in sorted(part.rglob("*")) if p.is_file()}
    with _copy_of(part) as url, closing(open_database(url)) as database, database.reading(EPOCH) as tx:
        tables = {name: list(found) for name, found in copying.held(tx).items()}
    return {"revision": migrations.HEAD, "files": files, "tables": tables}


def _faults_of(restored: Desk, listed: Mapping[str, Any]) -> Iterator[str]:
    if said := copying.is_sound(restored.database):
        yield f"数据库文件损坏:{said}"
        return
    with restored.reading() as tx:
        found = copying.held(tx)
    yield from (f"{name}表与清单不符" for name in found if list(found[name]) != listed.get(name))
    yield from upkeep.check(restored)


def _list_of(backup: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((backup / LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unknown(f"“{backup}”不是备份:里面没有{LIST}") from None
    except (ValueError, OSError) as error:
        raise BadInput(f"备份的清单读不出来:{error}") from None
    if not isinstance(found.get("files"), dict) or not isinstance(found.get("tables"), dict):
        raise BadInput("备份的清单不完整")
    return found


def _hash(file: Path) -> str:
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ── the nightly one, and what doctor asks ────────────────────────


def nightly(desk: Desk) -> str:
    """Backs up into STARFLOW_BACKUPS and keeps the newest; without the setting there is nothing to do."""
    folder = desk.settings.backups
    if folder is None or desk.rehearsal:
        return "没有设置STARFLOW_BACKUPS,不备份" if folder is None else "演练不备份"
    made = create(desk, folder)
    for old in sorted(folder.glob("starflow-*Z"))[: -desk.settings.backups_kept]:
        shutil.rmtree(old)
    return f"备份{Path(made.path).name}:{made.rows}行,已核对"
