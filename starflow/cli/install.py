"""The database itself: making it, bringing it up to date, its clock, and the jobs that the bell rings, once by hand."""

import os
from datetime import datetime
from typing import Annotated

import typer

from starflow.cli.arguments import read_instant
from starflow.cli.opening import at_desk, localised, zone_of
from starflow.cli.output import Result, Table, moment, progress
from starflow.cli.words import reported, say
from workflow.engine.errors import BadInput

Rehearsal = Annotated[bool, typer.Option("--rehearsal", help="建演练用的数据库:时钟用手拨动,不会真的发出消息")]
At = Annotated[
    datetime | None,
    typer.Option("--at", metavar="T", parser=read_instant, help="演练开始的时间,例如 2027-04-14T08:00"),
]
To = Annotated[datetime, typer.Argument(metavar="T", parser=read_instant, help="拨到的时间,例如 2027-05-06T10:00")]


def init(rehearsal: Rehearsal = False, at: At = None) -> Result:
    """Live, or with a hand clock that stands at `at`."""
    from starflow.service.desk import create_desk
    from starflow.service.settings import read_settings

    if rehearsal != (at is not None):
        raise BadInput(
            say("演练数据库须用 --at 写明起始时间" if rehearsal else "--at 只用于演练数据库,请加上 --rehearsal")
        )
    settings = read_settings(os.environ)
    desk = create_desk(settings, rehearsal_at=localised(at, settings.zone) if at else None)
    try:
        kind = "rehearsal" if desk.rehearsal else "live"
        now = desk.clock.now().astimezone(settings.zone)
    finally:
        desk.close()
    lines = (
        say("已建好{kind}。现在是 {now}。", kind=say(KINDS[kind]), now=moment(now)),
        say("下一步:starflow org import 名册文件"),
    )
    return Result({"kind": kind, "now": now}, lines)


KINDS = {"live": "正式数据库", "rehearsal": "演练数据库"}


def db_upgrade() -> Result:
    from contextlib import closing

    from starflow.service.settings import read_settings
    from storage.database import connect, revision, upgrade

    with closing(connect(read_settings(os.environ).database_url)) as database:
        before = revision(database)
        if before is None:
            raise BadInput(say("数据库里还没有 starflow 的表,请先运行 starflow init"))
        after = upgrade(database)
    same = before == after
    line = say("数据库已是最新版本({after})", after=after) if same else f"{before} → {after}"
    return Result({"before": before, "after": after}, (line,))


def tick() -> Result:
    """Every job once; exit code 1 when one of them failed."""
    from schedules.bell import tick as ring_each

    with at_desk() as desk:
        strokes = ring_each(desk)
    rows = [{"job": stroke.job, "said": stroke.said, "failed": stroke.failed} for stroke in strokes]
    table = Table(
        (say("任务"), say("做了什么")), [(s.job, ("✘ " if s.failed else "") + reported(s.said)) for s in strokes]
    )
    return Result({"rows": rows}, (table,), exit_code=int(any(stroke.failed for stroke in strokes)))


def clock_show() -> Result:
    with at_desk() as desk:
        now = desk.clock.now().astimezone(zone_of(desk))
        kind = "rehearsal" if desk.rehearsal else "live"
    return Result({"kind": kind, "now": now}, (f"{moment(now)}({say(KINDS[kind])})",))


def clock_move(to: To) -> Result:
    """Everything that falls due on the way happens in order, each at its own instant."""
    from dataclasses import asdict

    from starflow.service.obligations import move_clock

    with at_desk() as desk:
        zone, start = zone_of(desk), desk.clock.now()
        until = localised(to, zone)
        with progress(say("拨动时钟")) as told:
            swept = move_clock(desk, until, lambda at: told((at - start).days, (until - start).days))
        now = desk.clock.now().astimezone(zone)
    return Result({"now": now, **asdict(swept)}, (f"{moment(now)}:{swept}",))
