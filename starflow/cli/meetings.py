"""Sittings of the committee: the ranked list with its cut line, decisions in one go, single exceptions, a recorded excess."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import acting_at_the_top, both
from starflow.cli.arguments import Because, By, Code, Second, Year, read_day, read_number, read_role
from starflow.cli.completion import codes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, day, text
from starflow.cli.words import say, told
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.service.agenda import Agenda, AgendaLine, AgendaQuota
    from starflow.service.meetings import BatchLine
    from starflow.service.sittings import VoteLine
    from workflow.rating.votes import Vote

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="会议编号")]
On = Annotated[date, typer.Option("--on", metavar="D", parser=read_day, help="会议日期")]
MaybeOn = Annotated[
    date | None, typer.Option("--on", metavar="D", parser=read_day, help="会议日期;会议还没有登记时一并登记")
]
Codes = Annotated[
    list[str] | None, typer.Argument(metavar="CODE...", help="只批准这些;不写则为名单上的全部", autocompletion=codes)
]
Except = Annotated[list[str] | None, typer.Option("--except", metavar="CODE=理由", help="除外的组织及理由;可以写几次")]
Level = Annotated[str, typer.Argument(metavar="LEVEL", help="名额的代码,或它所计的星级")]
Count = Annotated[int, typer.Argument(metavar="N", parser=read_number, help="超出几个")]
Votes = Annotated[
    str | None,
    typer.Option(
        "--votes",
        metavar="N,N,N,N",
        help="表决:到会、赞成、反对、弃权的人数,如 9,8,1,0",
    ),
]
SittingAs = Annotated[
    str,
    typer.Option("--as", metavar="ROLE", parser=read_role, help="以什么身份:committee;登记和闭会也可以是 department"),
]


def open_(number: Number, on: On, role: SittingAs = "committee", by: By = None, year: Year = None) -> Result:
    from starflow.service.meetings import open_meeting
    from starflow.service.shapes import plain

    with at_desk() as desk:
        line = open_meeting(desk, number, on, acting=acting_at_the_top(desk, role, by), year=year)
    return Result(plain(line), (say("会议{number}已登记:{on}", number=line.number, on=day(line.held_on)),))


def list_(year: Year = None) -> Result:
    """The sittings of the year, and everybody who waits for the next one."""
    from starflow.service.meetings import agenda, meeting_list

    with at_desk() as desk:
        sittings, waiting = meeting_list(desk, year), agenda(desk, year)
    titles = (say("会议"), say("日期"), say("状态"), say("批准"), say("不批准"), say("表决"))
    rows = [
        (
            one.number,
            day(one.held_on),
            say(STATUS[one.status]),
            str(one.approved),
            str(one.rejected),
            ";".join(map(_vote_sentence, one.votes)),
        )
        for one in sittings.rows
    ]
    known = (Table(titles, rows),) if rows else (say("还没有登记过会议"),)
    return Result(sittings.as_json() | {"agenda": waiting.as_json()}, (*known, "", *_agenda_lines(waiting)))


def _vote_sentence(one: "VoteLine") -> str:
    return say("到会{present}人,赞成{in_favour}、反对{against}、弃权{abstained}({n}家)", present=one.present,
               in_favour=one.in_favour, against=one.against, abstained=one.abstained, n=len(one.organisations))  # fmt: skip


def read_votes(said: str | None) -> "Vote | None":
    """Four numbers: how many were there, for, against, abstained."""
    from workflow.rating.votes import Vote

    if said is None:
        return None
    parts = said.replace("，", ",").split(",")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        raise BadInput(say("--votes 写成 到会,赞成,反对,弃权 四个数,如 9,8,1,0,不是“{said}”", said=said))
    present, in_favour, against, abstained = map(int, parts)
    return Vote(present=present, in_favour=in_favour, against=against, abstained=abstained)


STATUS = {"open": "进行中", "closed": "已闭会"}
CUT = "────"


def _agenda_lines(waiting: "Agenda") -> Iterator[str | Table]:
    if not waiting.rows:
        yield say("没有待批准的")
        return
    titles = ("#", "单位", "自评", "满意率", "考评", "总分", "拟定", "现星级", "名额", "提示")
    cuts = {one.cut_after for one in waiting.quotas if one.cut_after}
    rows: list[Sequence[str]] = []
    for line in waiting.rows:
        rows.append(_agenda_row(line))
        if line.organisation in cuts:
            rows.append([CUT, say("── 名额到此 ──"), *[CUT] * (len(titles) - 2)])
    yield say("待批准{n}家:", n=len(waiting.rows))
    yield Table(tuple(map(say, titles)), rows)
    yield from map(_quota_sentence, waiting.quotas)


def _agenda_row(line: "AgendaLine") -> tuple[str, ...]:
    within = {True: "✔", False: "✘", None: ""}[line.within] + (say("并列") if line.tied else "")
    flags = ";".join((*line.flags, *((line.deferred,) if line.deferred else ())))
    return (
        str(line.rank),
        f"{line.organisation} {line.name}",
        text(line.self_score),
        text(line.satisfaction),
        text(line.base),
        line.total,
        str(line.proposed_star),
        text(line.star),
        within,
        flags,
    )


def _quota_sentence(one: "AgendaQuota") -> str:
    said = say("{title}:{arithmetic},已用{taken},还可批准{left},本次要{wanted}", title=one.title or one.quota,
               arithmetic=told(one.arithmetic), taken=one.taken, left=one.left, wanted=one.wanted)  # fmt: skip
    return f"{said};{one.tie}" if one.tie else said


def approve(
    number: Number,
    codes: Codes = None,
    exceptions: Except = None,
    on: MaybeOn = None,
    votes: Votes = None,
    role: SittingAs = "committee",
    by: By = None,
    second: Second = None,
    year: Year = None,
) -> Result:
    """Everybody on the list, or those named; exit code 4 when somebody was refused, the others are approved all the same."""
    from starflow.service.countersigning import countersigner
    from starflow.service.meetings import approve as decide

    passed_over = dict(map(_exception, exceptions or ()))
    with at_desk() as desk:
        acting = acting_at_the_top(desk, role, by)
        also = countersigner(desk, "approve", acting.person, second)
        batch = decide(
            desk,
            number,
            acting=acting,
            codes=codes or (),
            exceptions=passed_over,
            on=on,
            year=year,
            second=also,
            vote=read_votes(votes),
        )
    titles = (say("单位"), say("结果"), say("星级"), say("转到"), say("因为"))
    said = say("会议{number}:批准{approved},暂缓{deferred},不能批准{refused}", number=batch.number,
               approved=batch.approved, deferred=batch.deferred, refused=batch.refused)  # fmt: skip
    return Result(batch.as_json(), (Table(titles, list(map(_outcome, batch.rows))), said), 4 if batch.refused else 0)


def _exception(said: str) -> tuple[str, str]:
    code, equals, reason = said.partition("=")
    if not (code.strip() and equals and reason.strip()):
        raise BadInput(say("--except 写成 CODE=理由,不是“{said}”", said=said))
    return code.strip(), reason.strip()


OUTCOMES = {"approved": "批准", "rejected": "不批准", "deferred": "暂缓", "refused": "不能批准"}


def _outcome(line: "BatchLine") -> tuple[str, ...]:
    reasons = ";".join(told(str(reason)) for reason in line.reasons)
    return f"{line.organisation} {line.name}", say(OUTCOMES[line.outcome]), text(line.star), text(line.after), reasons


def reject(
    number: Number,
    code: Code,
    reason: Because,
    votes: Votes = None,
    role: SittingAs = "committee",
    by: By = None,
    second: Second = None,
    year: Year = None,
) -> Result:
    from starflow.service.countersigning import countersigner
    from starflow.service.meetings import reject as send_back
    from starflow.service.shapes import plain

    with at_desk() as desk:
        acting = acting_at_the_top(desk, role, by)
        also = countersigner(desk, "reject", acting.person, second, code, year)
        line = send_back(desk, number, code, reason, acting=acting, year=year, second=also, vote=read_votes(votes))
    return Result(plain(line), (f"{line.organisation} {line.name} → {line.after}",))


def excess(
    number: Number,
    level: Level,
    count: Count,
    reason: Because,
    role: SittingAs = "committee",
    by: By = None,
    second: Second = None,
    year: Year = None,
) -> Result:
    from starflow.service.countersigning import countersigner
    from starflow.service.meetings import excess as record

    with at_desk() as desk:
        acting = acting_at_the_top(desk, role, by)
        also = countersigner(desk, "record_excess", acting.person, second)
        done = record(desk, number, level, count, both(reason, acting.person, also), acting=acting, year=year)
    said = say("名额{quota}可超出{excess}个,还可批准{left}个(记在{organisation}的第{seq}条)", quota=done.quota,
               excess=done.excess, left=done.left, organisation=done.organisation, seq=done.seq)  # fmt: skip
    return Result(done.as_json(), (said,))


def close(number: Number, role: SittingAs = "committee", by: By = None, year: Year = None) -> Result:
    from starflow.service.meetings import close_meeting

    with at_desk() as desk:
        closed = close_meeting(desk, number, acting=acting_at_the_top(desk, role, by), year=year)
    said = say("会议{number}已闭会:批准{approved},不批准{rejected},留待下次{left}", number=closed.number,
               approved=closed.approved, rejected=closed.rejected, left=len(closed.rows))  # fmt: skip
    rows = [(one.organisation, one.name, text(one.proposed_star), text(one.reason)) for one in closed.rows]
    left = (Table((say("单位"), say("名称"), say("拟定"), say("因为")), rows),) if rows else ()
    return Result(closed.as_json(), (said, *left))
