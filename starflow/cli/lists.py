"""The lists: who is stuck, how every cycle stands, what is owed and falls due, what was said, which stars are in force."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starflow.cli.arguments import After, Light, Limit, Owner, Stage, Under, Where, Year, read_day, read_days
from starflow.cli.opening import at_desk, local_now
from starflow.cli.output import Result, Table, day, deadline, light, moment, text
from starflow.cli.words import say, told

if TYPE_CHECKING:
    from starflow.service.desk import Desk
    from starflow.service.quotas import QuotaLine, QuotaPlace
    from starflow.service.shapes import Owner as Body
    from starflow.service.shapes import Page, Stuck
    from starflow.service.view import Filters

All = Annotated[bool, typer.Option("--all", help="列出所有未结的,不只是卡住的")]
Next = Annotated[int, typer.Option("--next", metavar="14d", parser=read_days, help="今后多少天以内")]
Resend = Annotated[bool, typer.Option("--resend", help="先把多次未能发出的消息重新排队")]
AsOf = Annotated[date | None, typer.Option("--as-of", metavar="D", parser=read_day, help="某一天的星级;不写则为今天")]
SHOWN_REASONS = 3


def stuck(
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    after: After = None,
    everything: All = False,
) -> Result:
    from starflow.service.search import narrowed_by

    with at_desk() as desk:
        filters = narrowed_by(desk, _filters(under, stage, light, owner, year, limit, after), where)
        return stuck_at(desk, filters, everything=everything)


def stuck_at(desk: "Desk", filters: "Filters", *, everything: bool = False) -> Result:
    """The stuck list of a desk that is open already."""
    from starflow.service.campaigns import show_campaign
    from starflow.service.lists import stuck as find

    page = find(desk, filters, everything=everything)
    seen, today = show_campaign(desk, filters.year), local_now(desk, filters.year).date()
    count = say("不止{n}", n=len(page.rows)) if page.next else str(len(page.rows))
    word = say("未结{n}家" if everything else "卡住{n}家", n=count)
    head = f"{say('{year}年度', year=seen.year)} · {say('今天')}{day(today)} · {word}{say('(共{n})', n=sum(seen.stages.values()))}"
    if not page.rows:
        return Result(page.as_json(), (head, say("全部按时,没有卡住的单位")))
    columns = (*STUCK[:3], ("停留", lambda row: say("{n}天", n=max(0, (today - row.since.date()).days))), *STUCK[3:])
    table = table_of(columns, page.rows)
    red = any(row.light == "red" for row in page.rows)
    hint = (say("提示:starflow nudge --light red --dry-run"),) if red else ()
    return Result(page.as_json(), (head, table, *more_of(page), *hint))


def who(owner: "Body") -> str:
    """A person where there is one; a vacant post is the first thing to repair."""
    if owner.role == "clock":
        return say("时钟")
    return owner.person_name or f"{owner.organisation_name}({say('空缺')})"


def _missing(row: "Stuck") -> str:
    """What stands in the way; where nothing does, the act itself is what is missing."""
    said = [*((say("岗位空缺"),) if row.vacant else ()), *((say("已暂停"),) if row.held else ()), *row.missing]
    more = len(said) - SHOWN_REASONS
    found = ";".join(said[:SHOWN_REASONS]) + (say(";等{n}项", n=len(said)) if more > 0 else "")
    return found or say("尚未{act}", act=row.stage_title)


def _owner_reminded(row: "Stuck") -> str:
    return who(row.owner) + (f"({day(row.last_reminder_at.date())}{say('已提醒')})" if row.last_reminder_at else "")


def _escalation(row: "Stuck") -> str:
    if row.escalates_at is None:
        return ""
    told = "、".join(dict.fromkeys(who(one) for one in row.escalates_to))
    return f"{day(row.escalates_at.date())} → {told}" if told else day(row.escalates_at.date())


Columns = tuple[tuple[str, Callable[[Any], str]], ...]

STUCK: Columns = (
    (
        "灯",
        lambda row: (
            say("{light}{n}天", light=light(row.light), n=row.days_overdue) if row.days_overdue else light(row.light)
        ),
    ),
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("环节", lambda row: row.stage_title),
    ("缺什么", _missing),
    ("该谁办", _owner_reminded),
    ("自动上报", _escalation),
)


def cycles(
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    after: After = None,
) -> Result:
    from starflow.service.lists import cycles as find

    return _listed(find, CYCLES, _filters(under, stage, light, owner, year, limit, after), where)


CYCLES: Columns = (
    ("灯", lambda row: light(row.light)),
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("环节", lambda row: f"{row.stage_title} {row.stage}"),
    ("该谁办", lambda row: who(row.owner) if row.owner else ""),
    ("截止", lambda row: deadline(row.due_at)),
    ("拟定", lambda row: text(row.proposed_star)),
    ("现星级", lambda row: text(row.star)),
)


def obligations(
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    after: After = None,
) -> Result:
    from starflow.service.lists import obligations as find

    return _listed(find, OWED, _filters(under, stage, light, owner, year, limit, after), where)


def due(
    days: Next = 14,
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    after: After = None,
) -> Result:
    from starflow.service.lists import due as find

    filters = _filters(under, stage, light, owner, year, limit, after)
    return _listed(lambda desk, wanted: find(desk, wanted, days=days), OWED, filters, where)


OWED: Columns = (
    ("编号", lambda row: str(row.id)),
    ("灯", lambda row: light(row.light)),
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("事项", lambda row: row.stage_title),
    ("该谁办", lambda row: who(row.owner)),
    ("目标", lambda row: deadline(row.target_at)),
    ("截止", lambda row: deadline(row.due_at)),
    ("下次提醒", lambda row: f"{moment(row.next_rung_at)} {text(row.next_rung)}".strip()),
)


def notices(
    under: Under = None,
    stage: Stage = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    after: After = None,
    resend: Resend = False,
) -> Result:
    from starflow.service.lists import notices as find

    if resend:
        from starflow.service.upkeep import resend as revive

        with at_desk() as desk:
            revive(desk)
    return _listed(find, NOTICES, _filters(under, stage, None, owner, year, limit, after), where)


NOTICES: Columns = (
    ("时间", lambda row: moment(row.sent_at or row.due_at)),
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("级", lambda row: row.rung),
    ("给谁", lambda row: who(row.recipient)),
    ("通道", lambda row: row.channel),
    ("状态", lambda row: say(NOTICE_STATUS.get(row.status, row.status)) + (f"({row.note})" if row.note else "")),
    ("内容", lambda row: row.text),
)
NOTICE_STATUS = {
    "queued": "待发",
    "sent": "已发",
    "suppressed": "不必再发",
    "expired": "已过时",
    "vacant": "岗位空缺",
    "dead": "发不出",
    "unsure": "不知是否送达",
}


def stars(
    as_of: AsOf = None, under: Under = None, where: Where = "", limit: Limit = None, after: After = None
) -> Result:
    from starflow.service.lists import stars as find

    filters = _filters(under, None, None, None, None, limit, after)
    return _listed(lambda desk, wanted: find(desk, wanted, as_of=as_of), STARS, filters, where)


STARS: Columns = (
    ("单位", lambda row: f"{row.organisation} {row.name}"),
    ("星级", lambda row: "★" * row.star or say("无星")),
    ("自", lambda row: row.from_on.isoformat()),
    ("至", lambda row: text(row.until_on)),
    ("依据", lambda row: row.decision),
)


def quota(year: Year = None) -> Result:
    """Every quota of the year: what is allowed, taken and asked for, and who stands on which side of the line."""
    from starflow.service.quotas import quota as find

    with at_desk() as desk:
        found = find(desk, year)
    lines: list[str | Table] = []
    for line in found.rows:
        lines += [*([""] if lines else []), *_quota(line)]
    return Result(found.as_json(), lines or [say("这份方案没有名额规定")])


def _quota(line: "QuotaLine") -> Iterator[str | Table]:
    scope = "" if line.scope == "all" else f"({line.scope})"
    yield f"{line.title or line.quota}{scope}:{told(line.arithmetic)}"
    left = say("还可批准{n}" if line.op == "max" else "还缺{n}", n=line.left)
    yield "  " + say("已用{taken},拟定{proposed},超额决定{excess},{left}", taken=line.taken, proposed=line.proposed,
                     excess=line.excess, left=left)  # fmt: skip
    yield from (f"  {told(said)}" for said in (line.tie, line.warning) if said)
    if line.ranked:
        rows = [(str(p.rank), f"{p.organisation} {p.name}", p.total, str(p.star), _place(p)) for p in line.ranked]
        yield Table(("#", say("单位"), say("总分"), say("星级"), say("名额")), rows)
    if line.lowest:
        rows = [(f"{c.organisation} {c.name}", c.total, text(c.star)) for c in line.lowest]
        yield Table((say("得分最低的"), say("总分"), say("星级")), rows)


def _place(place: "QuotaPlace") -> str:
    said = say("已占") if place.taken else "✔" if place.within else "✘"
    return said + (say("并列") if place.tied else "")


# ── what all lists share ─────────────────────────────────────────


def _listed(find: Callable[[Any, Any], "Page[Any]"], columns: Columns, filters: "Filters", where: str) -> Result:
    from starflow.service.search import narrowed_by

    with at_desk() as desk:
        page = find(desk, narrowed_by(desk, filters, where))
    lines = (table_of(columns, page.rows), *more_of(page)) if page.rows else (say("没有符合条件的"),)
    return Result(page.as_json(), lines)


def _filters(
    under: str | None,
    stage: str | None,
    light: str | None,
    owner: str | None,
    year: int | None,
    limit: int | None,
    after: str | None,
) -> "Filters":
    from starflow.service.view import Filters

    return Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit, after=after)


def table_of(columns: Columns, rows: Iterable[Any]) -> Table:
    return Table(tuple(say(title) for title, _ in columns), [[show(row) for _, show in columns] for row in rows])


def more_of(page: "Page[Any]") -> Sequence[str]:
    return (say("还有更多:加上 --after {next}", next=page.next),) if page.next else ()
