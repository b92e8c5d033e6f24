"""Matters beside the stage: plans, ledgers, inspections, rectification, plaques … listed, opened, and carried on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import acting_on
from starflow.cli.arguments import (
    After,
    As,
    By,
    Code,
    Data,
    Expect,
    Key,
    Light,
    Limit,
    Owner,
    Reason,
    Under,
    Year,
    read_number,
)
from starflow.cli.completion import kinds
from starflow.cli.lists import Columns, more_of, table_of, who
from starflow.cli.opening import at_desk, zone_of
from starflow.cli.output import Result, Table, deadline, moment, text
from starflow.cli.output import light as shown_light
from starflow.cli.words import say

if TYPE_CHECKING:
    from starflow.service.desk import Desk
    from starflow.service.matter_lists import ActLine, MatterOption
    from starflow.service.matters import Acted

Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="哪种事项,例如 plan、ledger_item、plaque", autocompletion=kinds)
]
Id = Annotated[int, typer.Argument(metavar="ID", parser=read_number, help="编号")]
OfKind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="只看这种事项", autocompletion=kinds)]
Status = Annotated[str | None, typer.Option("--status", metavar="S", help="只看这种状态")]
Closed = Annotated[bool, typer.Option("--closed", help="连同已经办结的")]
Act = Annotated[str | None, typer.Argument(metavar="ACT", help="动作;不写则办下一步")]


def list_(
    kind: OfKind = None,
    status: Status = None,
    closed: Closed = False,
    under: Under = None,
    light: Light = None,
    owner: Owner = None,
    year: Year = None,
    limit: Limit = None,
    after: After = None,
) -> Result:
    """Open matters of every year, unless a year is given."""
    from starflow.service.matter_lists import list_matters
    from starflow.service.view import Filters

    filters = Filters(under=under, stage=kind, light=light, owner=owner, year=year, limit=limit, after=after)
    with at_desk() as desk:
        page = list_matters(desk, filters, status=status, closed=closed)
    lines = (table_of(MATTERS, page.rows), *more_of(page)) if page.rows else (say("没有符合条件的"),)
    return Result(page.as_json(), lines)


MATTERS: Columns = (
    ("编号", lambda row: str(row.id)),
    ("灯", lambda row: shown_light(row.light) if row.light else ""),
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("事项", lambda row: f"{row.kind_title} {row.kind}"),
    ("状态", lambda row: f"{row.status_title} {row.status}"),
    ("该谁办", lambda row: who(row.owner) if row.owner else ""),
    ("截止", lambda row: deadline(row.due_at)),
)


def show(matter_id: Id) -> Result:
    """One matter: what is known of it, what has happened to it, what can be done."""
    from starflow.service.matter_lists import show_matter
    from starflow.service.why import EVERYBODY

    with at_desk() as desk:
        seen = show_matter(desk, matter_id, EVERYBODY)
    head = f"{say('编号')}{seen.id} {seen.kind_title} · {seen.organisation} {seen.name} · {seen.status_title}"
    lines: list[str | Table] = [head]
    lines += [say("截止:{at}", at=deadline(seen.due_at))] if seen.due_at else []
    lines += [f"  {step}" for step in seen.arithmetic]
    lines += [f"  {name}: {value}" for name, value in seen.data.items()]
    lines += ["", _acts(seen.acts), "", _options(seen.options)]
    return Result(seen.as_json(), lines)


def _acts(acts: Sequence["ActLine"]) -> Table:
    titles = ("#", say("时间"), say("动作"), say("到"), say("身份"), say("经办"), say("理由"))
    rows = [
        (str(one.seq), moment(one.at), f"{one.title} {one.act}", one.after, one.role, text(one.actor), text(one.reason))
        for one in acts
    ]
    return Table(titles, rows)


def _options(options: Sequence["MatterOption"]) -> Table:
    titles = ("", say("动作"), say("名称"), say("由谁"), say("还不能办,因为"))
    return Table(
        titles,
        [
            ("✔" if one.allowed else "–", one.act, one.title, one.role, ";".join(map(str, one.reasons)))
            for one in options
        ],
    )


def open_(
    kind: Kind,
    code: Code,
    role: As,
    data: Data = None,
    reason: Reason = "",
    key: Key = None,
    by: By = None,
    year: Year = None,
) -> Result:
    from starflow.service.matters import open_matter

    with at_desk() as desk:
        acting = acting_on(desk, code, role, by, year)
        return _done(desk, open_matter(desk, kind, code, data, acting=acting, reason=reason, year=year, key=key))


def act(
    kind: Kind,
    code: Code,
    role: As,
    what: Act = None,
    data: Data = None,
    reason: Reason = "",
    expect: Expect = None,
    key: Key = None,
    by: By = None,
    year: Year = None,
) -> Result:
    """The one that is open; of several, the data's `id` names one."""
    from starflow.service.matters import act_on_matter

    with at_desk() as desk:
        acting = acting_on(desk, code, role, by, year)
        done = act_on_matter(
            desk,
            (kind, code),
            what,
            data,
            acting=acting,
            reason=reason,
            year=year,
            expected_version=expect,
            key=key,
        )
        return _done(desk, done)


def _done(desk: "Desk", done: "Acted") -> Result:
    from starflow.service.shapes import plain
    from workflow.rating.tracks import KIND

    kind = KIND[done.kind]
    due_at = done.due_at.astimezone(zone_of(desk)) if done.due_at else None
    moved = f"{kind.status[done.before].title if done.before else ''} → {kind.status[done.status].title}"
    lines = [f"{say('编号')}{done.id} {kind.title} {done.organisation}:{moved}({say('第{n}版', n=done.version)})"]
    lines += [say("截止:{at}", at=deadline(due_at))] if due_at else []
    lines += [say("同时立项:{ids}", ids="、".join(map(str, done.opened)))] if done.opened else []
    lines += (
        [say("建议接着立项:{kinds}", kinds="、".join(KIND[one].title for one in done.suggests))]
        if done.suggests
        else []
    )
    lines += [say("这件事先前已经办过,返回的是当时的结果")] if done.repeated else []
    return Result(plain(done) | {"due_at": due_at}, lines)
