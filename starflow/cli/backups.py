"""Backups, and the move to another database: everything is compared before it is called done."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.opening import at_desk
from starflow.cli.output import Result, working
from starflow.cli.words import say
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.service.backups import Backup

Into = Annotated[str | None, typer.Option("--into", metavar="DIR", help="备份放在这个目录;不写则为 STARFLOW_BACKUPS")]
Folder = Annotated[str, typer.Argument(metavar="BACKUP", help="一份备份的目录")]
ToUrl = Annotated[str, typer.Option("--to", metavar="URL", help="目标数据库的地址,须是空的")]


def create(into: Into = None) -> Result:
    """While everybody works; verified by restoring it."""
    from starflow.service.backups import create as make

    with at_desk() as desk, working(say("备份")):
        folder = Path(into) if into else desk.settings.backups
        if folder is None:
            raise BadInput(say("须写明 --into 目录,或设置 STARFLOW_BACKUPS"))
        return _shown(make(desk, folder), "✔ 已备份并核对:{path}")


def verify(backup: Folder) -> Result:
    """Exit code 1 when it does not hold."""
    from starflow.service.backups import verify as prove
    from starflow.service.settings import read_settings

    with working(say("核对备份")):
        return _shown(prove(Path(backup), read_settings(os.environ)), "✔ 备份可以恢复:{path}")


def restore(backup: Folder) -> Result:
    """Into the database of STARFLOW_DATABASE_URL, which must not hold anything yet."""
    from starflow.service.backups import restore as put_back
    from starflow.service.settings import read_settings

    with working(say("恢复")):
        return _shown(put_back(Path(backup), read_settings(os.environ)), "✔ 已恢复:{path}")


def copy(to: ToUrl) -> Result:
    """SQLite to PostgreSQL, or the other way; rows are compared by their hashes."""
    from starflow.service.backups import copy_to

    with at_desk() as desk, working(say("复制数据库")):
        tables = copy_to(desk, to)
    rows = sum(tables.values())
    line = say("✔ 已复制{rows}行({tables}张表),内容逐行一致", rows=rows, tables=len(tables))
    return Result({"rows": rows, "tables": dict(tables)}, (line,))


def _shown(found: "Backup", done: str) -> Result:
    counted = say(
        "{rows}行,{records}条流转记录,{files}个文件", rows=found.rows, records=found.records, files=found.files
    )
    lines = [say(done, path=found.path)] if not found.faults else []
    lines += [f"✘ {fault}" for fault in found.faults]
    data = asdict(found) | {"ok": not found.faults, "faults": list(found.faults)}
    return Result(data, [*lines, f"  {counted}", f"  {say('总哈希')} {found.head}"], exit_code=int(bool(found.faults)))
