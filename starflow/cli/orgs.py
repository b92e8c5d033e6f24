"""Organisations: the roster in and out, and the tree."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.arguments import DEFAULT_SCHEME, DryRun, write_bytes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, progress
from starflow.cli.words import say
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.documents.values import Roster
    from starflow.service.desk import Desk
    from starflow.service.organisations import ImportReport

RosterFile = Annotated[str, typer.Argument(metavar="FILE", help="名册文件:csv、xlsx、xls 或 ods,列名见 docs/roster.md")]
Out = Annotated[str | None, typer.Option("--out", metavar="FILE", help="写入这个文件;按后缀写成 csv、xlsx 或 json")]
Back = Annotated[
    str | None, typer.Option("--back", metavar="FILE", help="有错时把原表连同“错误说明”一列写入这个文件(xlsx)")
]
TemplateOut = Annotated[str, typer.Option("--out", metavar="FILE", help="模板写入这个文件(xlsx)")]
SHOWN = 50


def template(out: TemplateOut) -> Result:
    """A roster to fill in: the usual kinds and fields as lists, every column explained."""
    from starflow.documents.filled import template as made
    from starflow.documents.roster import template_columns

    with at_desk() as desk:
        columns = template_columns(_root_kind(desk))
    note = say("填写说明:红色列名必填;不要改动列名;填好后用 starflow org import 文件 导入")
    write_bytes(out, made("党组织名册", columns, (), note))
    return Result({"file": out, "columns": [one.title for one in columns]}, (say("已写入 {out}", out=out),))


def import_(file: RosterFile, dry_run: DryRun = False, back: Back = None) -> Result:
    """All or nothing; exit code 1 with every fault."""
    from starflow.service.organisations import ImportReport

    with at_desk() as desk:
        root_kind = _root_kind(desk)
        roster = _read(file, root_kind)
        report = (
            ImportReport(faults=tuple(roster))
            if isinstance(roster, list)
            else _take(desk, file, roster, root_kind, dry_run)
        )
    lines = _lines(report, dry_run)
    if report.faults and back is not None and _send_back(file, back, report.faults):
        lines = [*lines, say("原表连同错误说明已写入 {out}", out=back)]
    return Result(_shape(report), lines, exit_code=int(bool(report.faults)))


def _send_back(file: str, back: str, faults: tuple[Any, ...]) -> bool:
    """False where the file is no table that anything could be written beside."""
    from starflow.documents.filled import sent_back
    from starflow.documents.header import find_header
    from starflow.documents.sheets import read
    from starflow.documents.values import FaultyRoster

    try:
        sheet = read(file)
    except BadInput:
        return False
    try:
        header_row = find_header(sheet).number
    except FaultyRoster:
        header_row = 1
    write_bytes(back, sent_back(sheet, header_row, faults))
    return True


def _root_kind(desk: "Desk") -> str:
    """By the newest campaign's scheme; before the first campaign by the default one's."""
    from starflow.service.schemes import read_scheme
    from storage.cycles import campaign_of_year

    with desk.reading() as tx:
        campaign = campaign_of_year(tx, None)
        scheme = desk.scheme(tx, campaign.scheme_hash) if campaign else read_scheme(DEFAULT_SCHEME)[0]
    return scheme.roster.root_kind


def _read(file: str, root_kind: str) -> "Roster | list[Any]":
    """The roster, or its faults; a file that cannot be read as a table has one, without a row."""
    from starflow.documents.roster import parse
    from starflow.documents.sheets import read
    from starflow.documents.values import FaultyRoster
    from workflow.rating.roster import Fault

    try:
        sheet = read(file)
        with progress(say("读名册")) as told:
            return parse(sheet, root_kind=root_kind, progress=told)
    except FaultyRoster as faulty:
        return list(faulty.places)
    except BadInput as unreadable:
        return [Fault(None, None, reason.text) for reason in unreadable.reasons]


def _take(desk: "Desk", file: str, roster: "Roster", root_kind: str, dry_run: bool) -> "ImportReport":
    from starflow.service.organisations import import_roster

    with progress(say("写入名册")) as told:
        return import_roster(
            desk,
            roster.rows,
            scheme_root_kind=root_kind,
            dry_run=dry_run,
            columns=roster.columns,
            ignored_columns=roster.ignored_columns,
            progress=told,
            filename=Path(file).name,
        )


def _shape(report: "ImportReport") -> dict[str, Any]:
    names = ("added", "changed", "ended", "unchanged", "ignored_columns")
    faults = [{"row": fault.row, "column": fault.column, "message": fault.message} for fault in report.faults]
    said = {name: getattr(report, name) for name in names}
    return {
        **said,
        "faults": faults,
        "applied": report.applied,
        "open_cycles": report.open_cycles,
        "number": report.number,
    }


def _lines(report: "ImportReport", dry_run: bool) -> list[str]:
    if report.faults:
        more = len(report.faults) - SHOWN
        lines = [say("名册有{n}处错误,什么都没有写入:", n=len(report.faults))]
        lines += [f"  {fault}" for fault in report.faults[:SHOWN]]
        return lines + ([say("  还有{n}处,用 --json 看全部", n=more)] if more > 0 else [])
    lines = [
        say("{done}:新增{added}个,变更{changed}个,停用{ended}个,不变{unchanged}个",
            done=say("试算(没有写入)" if dry_run else "已导入"), **_counts(report))
    ]  # fmt: skip
    if report.ignored_columns:
        lines.append(say("没有用到的列:{names}", names="、".join(report.ignored_columns)))
    if report.number is not None:
        lines.append(say("要撤销:starflow sheet undo {n}", n=report.number))
    if report.open_cycles:
        lines.append(say("已停用、但本年度还没有办结的,请免评或终止:{codes}", codes="、".join(report.open_cycles)))
    return lines


def _counts(report: "ImportReport") -> dict[str, int]:
    return {name: getattr(report, name) for name in ("added", "changed", "ended", "unchanged")}


def tree() -> Result:
    from starflow.service.organisations import tree as lines_of

    with at_desk() as desk:
        found = lines_of(desk)
    lines = [
        f"{'  ' * one.depth}{one.code} {one.name}({one.kind},{one.members}{say('人')}){one.head or say('空缺')}"
        for one in found
    ]
    return Result({"rows": [asdict(one) for one in found]}, lines or [say("还没有导入名册")])


def export(out: Out = None) -> Result:
    """On stdout as a table, or into a file that can be imported again."""
    from starflow.documents.roster import export as written
    from starflow.documents.roster import export_rows, export_titles
    from starflow.service.organisations import export as rows_of

    with at_desk() as desk:
        rows = export_rows(rows_of(desk))
    if out is not None:
        write_bytes(out, written(rows, out.rpartition(".")[2].lower()))
        return Result({"rows": rows}, (say("已写入 {out}:{n}个组织", out=out, n=len(rows)),))
    cells = [["" if cell is None else str(cell) for cell in row.values()] for row in rows]
    return Result({"rows": rows}, (Table(export_titles(rows), cells),))
