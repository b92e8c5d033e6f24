"""Spreadsheets: every list out, templates to fill in, filled-in workbooks in, and an import undone as a whole."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.acting import acting_by_paper, coordinator
from starflow.cli.arguments import (
    By,
    DryRun,
    Light,
    Owner,
    Stage,
    Under,
    Where,
    Year,
    read_number,
    read_role,
    write_bytes,
)
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, moment, text
from starflow.cli.words import say

if TYPE_CHECKING:
    from starflow.documents.books import Book
    from starflow.service.acting import Acting
    from starflow.service.desk import Desk
    from starflow.service.imports import ImportLine, Taken
    from workflow.rating.scheme import Scheme

ListName = Annotated[
    str, typer.Argument(metavar="LIST", help="清单,例如 stuck、cycles、notices、stars、agenda、events、elections")
]
OutFile = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个文件;按后缀写成 csv、xlsx 或 json")]
BookName = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="表格:people、events、elections、declarations、self_evaluations、ballots、reviews、postings",
    ),
]
Template = Annotated[str, typer.Option("--out", metavar="FILE", help="模板写入这个文件(xlsx)")]
FilledFile = Annotated[str, typer.Argument(metavar="FILE", help="填好的表格:csv、xlsx、xls 或 ods")]
Back = Annotated[
    str | None, typer.Option("--back", metavar="FILE", help="有错时把原表连同“错误说明”一列写入这个文件(xlsx)")
]
SheetAs = Annotated[
    str | None,
    typer.Option("--as", metavar="ROLE", parser=read_role, help="以什么身份;不写则用这种表格通常的身份"),
]
Number = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="导入的编号")]
SHOWN = 50
USUAL = {
    "people": "department",
    "events": "department",
    "elections": "department",
    "declarations": "organisation",
    "self_evaluations": "organisation",
    "ballots": "organisation",
    "reviews": "superior",
    "postings": "superior",
}
OF_CYCLES = ("declarations", "self_evaluations", "ballots", "reviews", "postings")


def export(
    name: ListName,
    out: OutFile,
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
) -> Result:
    from starflow.documents.lists import export_list, sheetful
    from starflow.service.search import narrowed_by
    from starflow.service.view import Filters

    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year)
    with at_desk() as desk:
        filters = narrowed_by(desk, filters, where)
        content = export_list(desk, name, filters, out.rpartition(".")[2].lower())
        sheet = sheetful(desk, name, filters)
    write_bytes(out, content)
    said = say("已写入 {out}:{title},{n}行", out=out, title=sheet.title, n=len(sheet.rows))
    return Result({"file": out, "title": sheet.title, "rows_written": len(sheet.rows)}, (said,))


def template(kind: BookName, out: Template, under: Under = None) -> Result:
    """With the codes and names of whoever stands below, so that nobody has to type them."""
    from starflow.documents.filled import template as made

    with at_desk() as desk:
        book, scheme = _book(kind), _scheme(desk)
        columns = book.columns(scheme)
        rows = _codes(desk, under) if under is not None else [_example(book, scheme)]
    note = say("填写说明:红色列名必填;不要改动列名;填好后用 starflow sheet import {kind} 文件 导入", kind=kind)
    write_bytes(out, made(book.title, columns, rows, note))
    return Result(
        {"file": out, "kind": kind, "columns": [one.title for one in columns]}, (say("已写入 {out}", out=out),)
    )


def _example(book: "Book", scheme: "Scheme") -> list[str]:
    example = {"code": "D0101", "name": say("示例,请删除本行")} | book.example
    return [example.get(one.key, "9.5" if one.key.startswith("score_") else "") for one in book.columns(scheme)]


def _codes(desk: "Desk", under: str) -> list[list[str]]:
    from starflow.service.directory import listed
    from starflow.service.view import Filters

    found = listed(desk, Filters(under=under)).rows
    return [[one.code, one.name] for one in found if one.ended_on is None and one.parent is not None]


def _book(kind: str) -> "Book":
    from starflow.documents.books import BOOK
    from workflow.engine.errors import Unknown

    if kind not in BOOK:
        raise Unknown(say("没有“{kind}”这种表格,可选:{known}", kind=kind, known="、".join(BOOK)))
    return BOOK[kind]


def _scheme(desk: "Desk") -> "Scheme":
    from starflow.service.case import campaign_of

    with desk.reading() as tx:
        return desk.scheme(tx, campaign_of(tx, None).scheme_hash)


def import_(
    kind: BookName,
    file: FilledFile,
    role: SheetAs = None,
    by: By = None,
    year: Year = None,
    dry_run: DryRun = False,
    back: Back = None,
) -> Result:
    """All rows or none; exit code 1 with every fault."""
    from starflow.documents.filled import read_filled, sent_back
    from starflow.documents.sheets import read
    from starflow.documents.values import FaultyRoster
    from starflow.service.imports import File, Taken, take_in

    book, content = _book(kind), _content(file)
    with at_desk() as desk:
        sheet = read(content, Path(file).name)
        header_row = 1
        try:
            filled = read_filled(sheet, book.columns(_scheme(desk)))
        except FaultyRoster as faulty:
            taken = Taken(kind=kind, faults=faulty.places)
        else:
            header_row = filled.header.number
            taken = Taken(kind=kind, faults=filled.faults)
            if not filled.faults:
                named = File(name=Path(file).name, sha256=hashlib.sha256(content).hexdigest())
                taken = take_in(
                    desk, kind, filled.lines, named,
                    actings=_actings(desk, kind, role, by, year), actor=coordinator(desk, by if kind not in OF_CYCLES else None), dry_run=dry_run, year=year,
                )  # fmt: skip
    if taken.faults and back is not None:
        write_bytes(back, sent_back(sheet, header_row, taken.faults))
    return Result(_shape(taken), _lines(taken, dry_run, back), exit_code=int(bool(taken.faults)))


def _content(file: str) -> bytes:
    from starflow.documents.sheets import load

    return load(Path(file))


def _actings(desk: "Desk", kind: str, role: str | None, by: str | None, year: int | None) -> "Callable[[str], Acting]":
    """Asked once for each organisation; whoever cannot act makes his row faulty and no other."""
    known: dict[str, Any] = {}

    def acting(code: str) -> "Acting":
        if code not in known:
            known[code] = acting_by_paper(desk, code, role or USUAL[kind], by, year, rated=kind in OF_CYCLES)
        found: Acting = known[code]
        return found

    return acting


def _shape(taken: "Taken") -> dict[str, Any]:
    from starflow.service.shapes import plain

    faults = [{"row": one.row, "column": one.column, "message": one.message} for one in taken.faults]
    return plain(taken) | {"faults": faults}


def _lines(taken: "Taken", dry_run: bool, back: str | None) -> list[str | Table]:
    if taken.faults:
        more = len(taken.faults) - SHOWN
        lines: list[str | Table] = [say("有{n}处错误,没有写入任何一行:", n=len(taken.faults))]
        lines += [f"  {fault}" for fault in taken.faults[:SHOWN]]
        lines += [say("  另有{n}处", n=more)] if more > 0 else []
        return [*lines, *([say("原表连同错误说明已写入 {out}", out=back)] if back else [])]
    if not taken.applied and not dry_run:
        return [say("这个文件已经导入过(编号{n}),没有再写入", n=taken.number)]
    counts = {name: getattr(taken, name) for name in ("added", "changed", "ended", "unchanged")}
    done = say("试算(没有写入)" if dry_run else "已导入")
    head = say("{done}:新增{added}个,变更{changed}个,停用{ended}个,不变{unchanged}个", done=done, **counts)
    rows = [(str(one.row), one.organisation, say(WHAT[one.what]), one.text) for one in taken.rows[:SHOWN]]
    table = Table(tuple(map(say, ("行", "单位", "会怎样", "内容"))), rows)
    return [head, *([table] if rows else []), *_how_undone(taken)]


def _how_undone(taken: "Taken") -> list[str]:
    """Also under a preview where nothing can be undone: that is the time to know it."""
    from starflow.service.undoing import LASTING_BOOKS

    if taken.kind in LASTING_BOOKS:
        return [say("这张表逐行写入流转记录,导入以后不能整批撤销,请先核对")]
    return [say("要撤销:starflow sheet undo {n}", n=taken.number)] if taken.applied else []


WHAT = {"added": "新增", "changed": "变更", "ended": "停用", "unchanged": "不变"}


def list_() -> Result:
    from starflow.service.imports import imports_list

    with at_desk() as desk:
        page = imports_list(desk)
    return Result(page.as_json(), [_table(page.rows)] if page.rows else [say("还没有导入过表格")])


def undo(number: Number, role: SheetAs = None, by: By = None) -> Result:
    from starflow.service.imports import ROSTER
    from starflow.service.shapes import plain
    from starflow.service.undoing import kind_of, undo_import, undo_roster

    with at_desk() as desk:
        kind, actor = kind_of(desk, number), coordinator(desk, None)
        if kind == ROSTER:
            line = undo_roster(desk, number, actor=actor)
        else:
            line = undo_import(desk, number, actings=_actings(desk, kind, role, by, None), actor=actor)
    return Result(plain(line), (say("导入{n}已撤销", n=number), _table([line])))


def _table(rows: "Any") -> Table:
    titles = ("编号", "表格", "文件", "经办", "时间", "新增", "变更", "停用", "不变", "撤销")
    return Table(tuple(map(say, titles)), [_cells(one) for one in rows])


def _cells(one: "ImportLine") -> tuple[str, ...]:
    undone = moment(one.undone_at) if one.undone_at else ""
    counts = (one.added, one.changed, one.ended, one.unchanged)
    return (str(one.number), one.kind, one.filename, one.actor, moment(one.at), *map(text, counts), undone)
