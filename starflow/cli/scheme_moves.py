"""`scheme adopt`, `scheme diff` and `scheme migrate`: which scheme a year runs under, and what a change of it would mean."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.acting import coordinator
from starflow.cli.arguments import By, DryRun, Year
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, working
from starflow.cli.words import say, told
from workflow.engine.deadlines import due_date
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.service.migration import StageMove

File = Annotated[str, typer.Argument(metavar="S", help="方案名称或文件")]
Before = Annotated[str, typer.Argument(metavar="A", help="原来的方案:名称或文件")]
After = Annotated[str, typer.Argument(metavar="B", help="另一份方案:名称或文件")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由;--dry-run 时不必写")]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OLD=NEW", help="环节改了名称的:旧名称=新名称;可以写几次"),
]


def adopt(scheme: File) -> Result:
    """Keep it in the database, so that a campaign may be opened on it without the file."""
    from starflow.service.campaigns import adopt_scheme

    with at_desk() as desk:
        found = adopt_scheme(desk, scheme)
    said = say("已采用 {title}({name},{hash})", title=found.title, name=found.name, hash=found.hash[:12])
    return Result({"name": found.name, "title": found.title, "hash": found.hash}, (said,))


def diff(before: Before, after: After) -> Result:
    """What the second says otherwise than the first, section by section, in words."""
    from starflow.cli.scheme_words import difference
    from starflow.cli.words import speaking
    from starflow.service.schemes import read_scheme

    first, second = read_scheme(before)[0], read_scheme(after)[0]
    changes = difference(first, second)
    with speaking("zh"):  # as JSON has it
        rows = difference(first, second)
    lines = [f"{first.title}({first.name},{first.hash[:12]}) → {second.title}({second.name},{second.hash[:12]})"]
    for title, gone, new in changes:
        lines += ["", say(title), *(f"  - {said}" for said in gone), *(f"  + {said}" for said in new)]
    if not changes:
        lines.append(say("两份方案说的一样"))
    data = {
        "before": {"name": first.name, "hash": first.hash},
        "after": {"name": second.name, "hash": second.hash},
        "rows": [{"section": title, "removed": list(gone), "added": list(new)} for title, gone, new in rows],
    }
    return Result(data, lines)


def migrate(
    scheme: File, dry_run: DryRun = False, reason: Why = "", maps: Maps = None, year: Year = None, by: By = None
) -> Result:
    """Exit code 1 where a dry run finds what stands in the way."""
    from starflow.service.migration import migrate as move
    from starflow.service.migration import plan_migration
    from starflow.service.schemes import read_scheme

    found, content = read_scheme(scheme)
    stages = dict(_pair(one) for one in maps or ())
    with at_desk() as desk:
        if dry_run:
            done = plan_migration(desk, found, year=year, stages=stages)
        else:
            with working(say("更换方案")):
                done = move(desk, found, content, reason, actor=coordinator(desk, by), year=year, stages=stages)
    head = say("{year}年度:{before} → {after}", year=done.year, before=done.before[:12], after=done.after[:12])
    rows = [
        (
            f"{told(row.title)} {row.stage}",
            str(row.cycles),
            row.to or say("不动"),
            str(sum(one.organisations for one in row.dates if one.which == "due_at") or ""),
        )
        for row in done.rows
    ]
    table = Table((say("环节"), say("家数"), say("转到"), say("改截止日")), rows)
    more = [line for row in done.rows for line in (*_in_the_way(row), *_moving(row))]
    end = say("试算(没有写入)") if dry_run else say("已更换{n}家", n=done.moved)
    data = {
        "year": done.year,
        "before": done.before,
        "after": done.after,
        "dry_run": dry_run,
        "blocked": bool(done.blocked),
        "moved": done.moved,
        "done": done.done,
        "rows": [asdict(row) for row in done.rows],
    }
    return Result(data, (head, table, *more, end), exit_code=int(dry_run and bool(done.blocked)))


DATES = {"target_at": "目标", "due_at": "截止", "acts_at": "时钟办理"}


def _in_the_way(row: "StageMove") -> Iterator[str]:
    for one in row.blocked:
        codes = say("、").join(one.codes) + ("…" if one.organisations > len(one.codes) else "")
        said = say("✘ {title}:{n}家不能转({codes}):{why}")
        yield said.format(title=told(row.title), n=one.organisations, codes=codes, why=told(one.reason))


def _moving(row: "StageMove") -> Iterator[str]:
    """An end of a day is called by that day, the beginning of the clock's by its own."""
    for one in row.dates:
        before, after = (_day(at, one.which) for at in (one.before, one.after))
        said = say("{title}:{n}家的{which}由 {before} 改为 {after}")
        which = say(DATES[one.which])
        yield said.format(title=told(row.title), n=one.organisations, which=which, before=before, after=after)


def _day(at: datetime | None, which: str) -> str:
    if at is None:
        return say("没有日期")
    return f"{at:%Y-%m-%d %H:%M}" if which == "acts_at" else f"{due_date(at, at.tzinfo or UTC)}"


def _pair(said: str) -> tuple[str, str]:
    old, equals, new = said.partition("=")
    if not equals or not old or not new:
        raise BadInput(say("--map 写成 旧环节=新环节,不是“{said}”", said=said))
    return old, new
