"""Surveys with secret ballots: opened, printed, watched in steps, closed, signed for by two tellers. No command casts or shows a vote."""

import csv
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.acting import acting_on
from starflow.cli.arguments import (
    Because,
    By,
    Code,
    Data,
    Reason,
    Year,
    read_instant,
    read_number,
    read_role,
    read_text,
    write_bytes,
)
from starflow.cli.opening import at_desk, localised, zone_of
from starflow.cli.output import Result, Table, moment
from starflow.cli.words import say
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.service.poll_views import Live
    from starflow.service.poll_views import Result as Outcome
    from starflow.service.polls import Invited

As = Annotated[str, typer.Option("--as", metavar="ROLE", parser=read_role, help="以什么身份;不写则为 organisation")]
Mode = Annotated[str, typer.Option("--mode", metavar="M", help="slips 抽签二维码,或 links 个人链接")]
Closes = Annotated[datetime, typer.Option("--closes", metavar="T", parser=read_instant, help="截止时间")]
Own = Annotated[int, typer.Option("--own-unit", metavar="N", parser=read_number, help="本单位群众的票数")]
Related = Annotated[int, typer.Option("--related-unit", metavar="N", parser=read_number, help="联系单位群众的票数")]
Members = Annotated[
    int | None, typer.Option("--members", metavar="N", parser=read_number, help="党员数;须与名册一致,不写则用名册的")
]
People = Annotated[
    str | None, typer.Option("--people", metavar="FILE", help="个人链接发给谁:CSV,三列 姓名,电话或邮箱,票种")
]
Out = Annotated[str, typer.Option("--out", metavar="FILE", help="写入这个网页文件,打印后请删除")]
Until = Annotated[datetime, typer.Option("--until", metavar="T", parser=read_instant, help="延长到")]
Round = Annotated[
    str,
    typer.Option(
        "--round", metavar="R", help="哪一轮:rating 申报创星,recheck 年底复检,或方案里的别的轮次;不写为第一轮"
    ),
]
Below = Annotated[bool, typer.Option("--below", help="下级各党组织的结果及汇总")]


def open_(
    code: Code,
    closes: Closes,
    mode: Mode = "slips",
    own_unit: Own = 0,
    related_unit: Related = 0,
    members: Members = None,
    people: People = None,
    role: As = "organisation",
    by: By = None,
    year: Year = None,
) -> Result:
    from starflow.service.polls import NewPoll, open_poll

    with at_desk() as desk:
        wanted = NewPoll(
            mode=mode,
            closes_at=localised(closes, zone_of(desk, year)),
            own_unit=own_unit,
            related_unit=related_unit,
            members=members,
            people=_people(people),
        )
        open_poll(desk, code, wanted, acting=acting_on(desk, code, role, by, year), year=year)
        return _seen(desk, code, year)


def _people(name: str | None) -> tuple["Invited", ...]:
    from starflow.service.polls import Invited
    from workflow.rating.voting import ELECTORATES

    if name is None:
        return ()
    kinds = {title: kind for kind, title in ELECTORATES.items()}
    found = []
    for number, row in enumerate(csv.reader(read_text(name).splitlines()), 1):
        if not row or row[0].strip() in ("姓名", "name"):
            continue
        if len(row) < 2:
            raise BadInput(say("名单第{n}行应有姓名和电话或邮箱", n=number))
        kind = row[2].strip() if len(row) > 2 else "member"
        found.append(Invited(name=row[0].strip(), address=row[1].strip(), electorate=kinds.get(kind, kind) or "member"))
    return tuple(found)


def slips(code: Code, out: Out, role: As = "organisation", by: By = None, year: Year = None) -> Result:
    """The tokens stand in the file and nowhere else; printed again, they are others."""
    from starflow.service.polls import issue_slips
    from starflow.web.ballots.slips import slip_page

    with at_desk() as desk:
        sheets = issue_slips(desk, code, acting=acting_on(desk, code, role, by, year), year=year)
        write_bytes(out, slip_page(desk, code, year, sheets).encode(), private=True)
    number = sum(len(sheet.tokens) for sheet in sheets)
    said = say("票证{n}张写入 {file}:请打印、裁开、由党员自己抽取,然后删除这个文件", n=number, file=out)
    return Result({"slips": {sheet.electorate: len(sheet.tokens) for sheet in sheets}, "file": out}, (said,))


def show(code: Code, year: Year = None) -> Result:
    with at_desk() as desk:
        return _seen(desk, code, year)


def _seen(desk: Any, code: str, year: int | None) -> Result:
    from starflow.service.poll_views import live
    from starflow.service.shapes import plain

    found = live(desk, code, year)
    return Result(plain(found), tuple(_lines(found)))


def _lines(found: "Live") -> list[str]:
    from starflow.service.polls import MODES

    status = {"open": "进行中", "closed": "已截止", "void": "已作废"}[found.status]
    lines = [
        f"{found.organisation} {found.name} · {say(MODES[found.mode])} · {say(status)}",
        found.turnout,
        say("截止:{at}", at=moment(found.closes_at)),
    ]
    if found.status == "open":
        lines.append(say("参与情况每5分钟更新一次,以上为{at}的情况", at=moment(found.stepped_at)))
    elif not found.counted:
        lines.append(say("等两名监票人核对票数:starflow survey count {code}", code=found.organisation))
    return lines


def extend(
    code: Code, until: Until, reason: Because, role: As = "organisation", by: By = None, year: Year = None
) -> Result:
    from starflow.service.polls import extend_poll

    with at_desk() as desk:
        at = localised(until, zone_of(desk, year))
        extend_poll(desk, code, at, reason, acting=acting_on(desk, code, role, by, year), year=year)
        return _seen(desk, code, year)


def remind(code: Code, role: As = "organisation", by: By = None, year: Year = None) -> Result:
    from starflow.service.polls import remind as again

    with at_desk() as desk:
        again(desk, code, acting=acting_on(desk, code, role, by, year), year=year)
    return Result({"organisation": code}, (say("系统将提醒未投人员;是谁、有几人,截止前不显示"),))


def close(code: Code, role: As = "organisation", by: By = None, year: Year = None) -> Result:
    from starflow.service.polls import close_poll

    with at_desk() as desk:
        close_poll(desk, code, acting=acting_on(desk, code, role, by, year), year=year)
        return _seen(desk, code, year)


def count(
    code: Code, data: Data = None, reason: Reason = "", role: As = "organisation", by: By = None, year: Year = None
) -> Result:
    from starflow.service.polls import count_poll

    with at_desk() as desk:
        acting = acting_on(desk, code, role, by, year)
        count_poll(desk, code, data or {}, acting=acting, reason=reason, year=year)
        return _seen(desk, code, year)


def void(code: Code, reason: Because, role: As = "organisation", by: By = None, year: Year = None) -> Result:
    from starflow.service.polls import void_poll

    with at_desk() as desk:
        void_poll(desk, code, reason, acting=acting_on(desk, code, role, by, year), year=year)
    return Result({"organisation": code, "status": "void"}, (say("测评已作废,答案已销毁,可以重新开启"),))


def results(code: Code, below: Below = False, year: Year = None) -> Result:
    """Frozen at the close; shares only, and from the smallest cell on."""
    from starflow.service.poll_views import result, results_below
    from starflow.service.shapes import plain

    with at_desk() as desk:
        if not below:
            one = result(desk, code, year)
            return Result(plain(one), tuple(_outcome(one)))
        each, total = results_below(desk, code, year)
    if total is None:
        return Result({"rows": [], "total": None}, (say("下级还没有已截止的测评"),))
    lines = [line for one in (*each, total) for line in (*_outcome(one), "")]
    return Result({"rows": [plain(one) for one in each], "total": plain(total)}, lines)


def seal(code: Code, round_: Round = "", year: Year = None) -> Result:
    """Exit code 1 where something does not agree."""
    from starflow.service.seals import open_seal
    from starflow.service.shapes import plain

    with at_desk() as desk:
        found = open_seal(desk, code, round_, year)
    kept = {None: "选票已按期销毁,只余合计", True: "选票加起来就是合计", False: "选票加起来不是合计"}[
        found.ballots_agree
    ]
    lines = (
        f"{found.organisation} {found.name}",
        say("校验值 {seal}", seal=found.seal),
        say("密钥 {key}", key=found.key),
        say("合计与截止时的校验值一致" if found.tally_agrees else "合计与截止时的校验值不一致:截止后被改过"),
        say(kept),
    )
    return Result(plain(found), lines, exit_code=int(not found.tally_agrees or found.ballots_agree is False))


def _outcome(one: "Outcome") -> list[str | Table]:
    lines: list[str | Table] = [f"{one.organisation} {one.name}"]
    lines += [text for text in (one.turnout, one.satisfaction, one.note) if text]
    if one.rows:
        answers = list(one.rows[0]["shares"])
        titles = (say("项目"), *(say(one.answers.get(a, a)) for a in answers))
        lines.append(Table(titles, [(row["title"], *row["shares"].values()) for row in one.rows]))
    lines += [f"· {remark}" for remark in one.remarks]
    return lines
