"""What coordinators do to dates and people: extend, hold, release, nudge."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from starflow.cli.acting import coordinator
from starflow.cli.arguments import Because, By, Code, DryRun, Light, Limit, Owner, Stage, Under, Where, Year, read_day
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, day
from starflow.cli.words import say

Until = Annotated[date, typer.Option("--until", metavar="D", parser=read_day, help="延到这一天的24时")]
Subtree = Annotated[bool, typer.Option("--subtree", help="连同全部下级")]


def extend(
    code: Code, until: Until, reason: Because, subtree: Subtree = False, year: Year = None, by: By = None
) -> Result:
    from starflow.service.obligations import extend as move

    with at_desk() as desk:
        moved = move(desk, code, until, reason, actor=coordinator(desk, by), subtree=subtree, year=year)
    said = say("{n}家的期限已延至{until}24时", n=moved, until=day(until))
    return Result({"organisation": code, "until": until, "subtree": subtree, "cycles": moved}, (said,))


def hold(code: Code, reason: Because, year: Year = None, by: By = None) -> Result:
    from starflow.service.obligations import hold as pause

    with at_desk() as desk:
        pause(desk, code, reason, actor=coordinator(desk, by), year=year)
    return Result({"organisation": code, "held": True, "reason": reason}, (say("{code}已暂停计时", code=code),))


def release(code: Code, year: Year = None, by: By = None) -> Result:
    from starflow.service.obligations import release as resume

    with at_desk() as desk:
        days = resume(desk, code, actor=coordinator(desk, by), year=year)
    said = say("{code}恢复计时,期限顺延{n}天", code=code, n=days)
    return Result({"organisation": code, "held": False, "days": days}, (said,))


def nudge(
    under: Under = None,
    stage: Stage = None,
    light: Light = None,
    owner: Owner = None,
    where: Where = "",
    year: Year = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    by: By = None,
) -> Result:
    """Whoever is stuck and matches; the same rows as `stuck` with the same flags."""
    from starflow.service.lists import stuck
    from starflow.service.obligations import nudge as remind
    from starflow.service.search import narrowed_by
    from starflow.service.view import Filters

    filters = Filters(under=under, stage=stage, light=light, owner=owner, year=year, limit=limit)
    with at_desk() as desk:
        filters = narrowed_by(desk, filters, where)
        codes = [row.organisation for row in stuck(desk, filters).rows]
        nudged = remind(desk, codes, actor=coordinator(desk, by), year=filters.year, dry_run=dry_run)
    titles = (say("单位"), say("给谁"), say("人员"), say("结果"))
    rows = [
        (one.organisation, f"{one.recipient} {one.recipient_role}".strip(), one.person or "", one.note)
        for one in nudged
    ]
    sent = sum(one.sent for one in nudged)
    word = say("将催办{n}家" if dry_run else "已催办{n}家", n=sent)
    data = {"rows": [asdict(one) for one in nudged], "sent": sent, "dry_run": dry_run}
    return Result(data, (Table(titles, rows), word) if rows else (say("没有符合条件的"),))
