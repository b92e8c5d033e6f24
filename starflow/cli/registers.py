"""The two registers: events that bring or cost points, and elections."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import acting_for
from starflow.cli.arguments import As, Because, By, Code, Reason, Under, Year, read_day, read_number
from starflow.cli.completion import codes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, text
from starflow.cli.words import say

if TYPE_CHECKING:
    from starflow.service.acting import Acting
    from starflow.service.desk import Desk
    from starflow.service.registers import ElectionLine, EventLine

Word = Annotated[str, typer.Argument(metavar="EVENT", help="事项,例如 commendation、criticism、discipline、unexcused")]
Of = Annotated[list[str], typer.Argument(metavar="CODE...", help="组织编码,可以写几个", autocompletion=codes)]
Id = Annotated[int, typer.Argument(metavar="ID", parser=read_number, help="编号")]
HappenedOn = Annotated[date, typer.Option("--on", metavar="D", parser=read_day, help="发生日期")]
Proof = Annotated[str, typer.Option("--proof", metavar="TEXT", help="依据:文号、证书、通报、会议签到等")]
Level = Annotated[str | None, typer.Option("--level", metavar="L", help="级别,例如 city、province、nation")]
Affair = Annotated[str | None, typer.Option("--case", metavar="TEXT", help="所属案件,同一案件写同样的字")]
Confirm = Annotated[bool, typer.Option("--confirm", help="登记的同时确认")]
Unit = Annotated[bool, typer.Option("--unit", help="通报批评只点了单位,没有点组织")]
Status = Annotated[str | None, typer.Option("--status", metavar="S", help="只看 proposed、confirmed 或 withdrawn")]
EventCode = Annotated[str | None, typer.Option("--event", metavar="EVENT", help="只看这种事项")]
DueBy = Annotated[date | None, typer.Option("--due-by", metavar="D", parser=read_day, help="只看这一天以前到期的")]
HeldOn = Annotated[date | None, typer.Option("--held", metavar="D", parser=read_day, help="已于这一天换届")]
DueOn = Annotated[
    date | None, typer.Option("--due", metavar="D", parser=read_day, help="到期日;与 --held 同写时是下一届的")
]
Extension = Annotated[
    str | None, typer.Option("--extension", metavar="E", help="请示情况:requested、approved 或 refused")
]
SaidOn = Annotated[
    date | None, typer.Option("--on", metavar="D", parser=read_day, help="请示或答复的日期;不写则为今天")
]


# ── events ───────────────────────────────────────────────────────


def event_list(under: Under = None, status: Status = None, event: EventCode = None, year: Year = None) -> Result:
    from starflow.service.registers import events

    with at_desk() as desk:
        page = events(desk, year=year, under=under, code=event, status=status)
    lines = [_events(page.rows)] if page.rows else [say("没有符合条件的")]
    return Result(page.as_json(), lines)


def event_add(
    event: Word,
    of: Of,
    on: HappenedOn,
    proof: Proof,
    role: As,
    level: Level = None,
    case: Affair = None,
    confirm: Confirm = False,
    unit: Unit = False,
    by: By = None,
) -> Result:
    from starflow.service.registers import EventSaid, add_event

    said = EventSaid(code=event, on=on, proof=proof, level=level, case=case)
    with at_desk() as desk:
        added = add_event(desk, of, said, acting=_towards_all(desk, of, role, by), confirm=confirm, unit=unit)
    return _registered(added)


def _towards_all(desk: "Desk", of: Sequence[str], role: str, by: str | None) -> "Acting":
    """What the actor is to every one of them."""
    from dataclasses import replace

    found = [acting_for(desk, code, role, by) for code in of]
    return replace(found[0], relations=frozenset.intersection(*(one.relations for one in found)))


def event_confirm(event_id: Id, role: As, level: Level = None, reason: Reason = "", by: By = None) -> Result:
    from starflow.service.registers import confirm_event, event

    with at_desk() as desk:
        acting = acting_for(desk, event(desk, event_id).organisation, role, by)
        return _registered((confirm_event(desk, event_id, acting=acting, level=level, reason=reason),))


def event_withdraw(event_id: Id, reason: Because, role: As, by: By = None) -> Result:
    from starflow.service.registers import event, withdraw_event

    with at_desk() as desk:
        acting = acting_for(desk, event(desk, event_id).organisation, role, by)
        return _registered((withdraw_event(desk, event_id, reason, acting=acting),))


def _registered(rows: Sequence["EventLine"]) -> Result:
    """One event or several: always a list, so that nobody has to ask which."""
    from starflow.service.shapes import plain

    notes = [one.note for one in rows if one.note]
    return Result({"rows": [plain(one) for one in rows]}, [_events(rows), *notes])


def _events(rows: Sequence["EventLine"]) -> Table:
    titles = ("编号", "单位", "事项", "日期", "状态", "依据", "经办")
    cells = [
        (
            str(one.id), f"{one.organisation} {one.name}", f"{one.title} {one.code}", one.on.isoformat(),
            say(STATUS.get(one.status, one.status)), _proof(one), one.decided_by or one.proposed_by,
        )
        for one in rows
    ]  # fmt: skip
    return Table(tuple(map(say, titles)), cells)


STATUS = {"proposed": "待确认", "confirmed": "已确认", "withdrawn": "已撤销"}


def _proof(one: "EventLine") -> str:
    return one.proof + (f";{one.reason}" if one.reason else "")


# ── elections ────────────────────────────────────────────────────


def election_list(under: Under = None, due_by: DueBy = None) -> Result:
    from starflow.service.registers import elections

    with at_desk() as desk:
        page = elections(desk, under=under, due_by=due_by)
    return Result(page.as_json(), [_elections(page.rows)] if page.rows else [say("没有符合条件的")])


def election_set(
    code: Code,
    role: As,
    held: HeldOn = None,
    due: DueOn = None,
    extension: Extension = None,
    on: SaidOn = None,
    reason: Reason = "",
    by: By = None,
) -> Result:
    from starflow.service.registers import set_election
    from starflow.service.shapes import plain

    with at_desk() as desk:
        acting = acting_for(desk, code, role, by)
        line = set_election(
            desk, code, acting=acting, held_on=held, due_on=due, extension=extension, on=on, reason=reason
        )
    return Result(plain(line), (_elections([line]),))


def _elections(rows: Sequence["ElectionLine"]) -> Table:
    titles = ("单位", "类别", "上次换届", "到期", "还有", "请示", "限制", "备注")
    return Table(tuple(map(say, titles)), [_election(one) for one in rows])


def _election(one: "ElectionLine") -> tuple[str, ...]:
    left = "" if one.days_left is None else say("{n}天", n=one.days_left)
    cap = "" if one.cap is None else say("最高{n}星", n=one.cap)
    asked = say(EXTENSIONS.get(one.extension, one.extension))
    name = f"{one.organisation} {one.name}"
    return name, one.kind, text(one.last_held_on), text(one.due_on), left, asked, cap, text(one.note)


EXTENSIONS: dict[str, str] = {"none": "未请示", "requested": "已请示", "approved": "同意延期", "refused": "不同意"}
