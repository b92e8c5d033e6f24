"""Playing: the demo city and a whole year in rehearsal. Neither ever opens the database of STARFLOW_DATABASE_URL."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from starflow.cli.arguments import DEFAULT_SCHEME, SchemeName, read_instant, write_bytes
from starflow.cli.opening import localised
from starflow.cli.output import Result, json_of, moment, progress
from starflow.cli.words import say, told
from workflow.engine.errors import BadInput

if TYPE_CHECKING:
    from starflow.service.desk import Desk
    from workflow.rating.roster import RosterRow

RosterOption = Annotated[
    str | None, typer.Option("--roster", metavar="FILE", help="名册文件;不写则用随附的525行样例名册")
]
YearOption = Annotated[int, typer.Option("--year", metavar="Y", help="年度")]
BehaviourOption = Annotated[str, typer.Option("--behaviour", metavar="prompt|mixed|lazy", help="大家办事有多及时")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="随机种子:同样的参数得到同样的结果")]
EventsOut = Annotated[str | None, typer.Option("--out", metavar="FILE", help="把全部流转记录写成JSON行")]
Keep = Annotated[str | None, typer.Option("--keep", metavar="FILE", help="把演练用的数据库留在这个文件")]
Port = Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="网页的端口")]
NoServe = Annotated[bool, typer.Option("--no-serve", help="只列出卡住的,不开网页")]
DemoAt = Annotated[
    datetime | None, typer.Option("--at", metavar="T", parser=read_instant, help="演到什么时间;不写则演到2027-06-16")
]
DEMO_SEED = 7
SAMPLE_ROOT = "市直工委"


def rehearse(
    roster: RosterOption = None,
    year: YearOption = 2027,
    scheme: SchemeName = DEFAULT_SCHEME,
    behaviour: BehaviourOption = "mixed",
    seed: Seed = 1,
    out: EventsOut = None,
    keep: Keep = None,
) -> Result:
    """A whole year; exit code 1 when something that must always hold did not."""
    from starflow.service import rehearsal
    from starflow.service.schemes import read_scheme

    rules, _ = read_scheme(scheme)
    rows = _rows(roster, rules.roster.root_kind if roster else SAMPLE_ROOT)
    with _desk(keep, rehearsal.starts_at(rules, year), seed) as desk:
        with progress(say("演练")) as told:
            played = rehearsal.begin(desk, rows, year, scheme, behaviour, beside=True)
            for _ in rehearsal.play(played, progress=told):
                pass
        seen = rehearsal.report(played)
        if out:
            write_bytes(out, "".join(f"{json_of(event)}\n" for event in rehearsal.events(played)).encode())
    lines = (
        say("{year}年度演练完毕:{n}条流转记录,未办结{left}家", year=year, n=seen.transitions, left=seen.unfinished),
        f"  {say('星级')} " + "、".join(f"{label}{count}" for label, count in seen.stars.items()),
        say("  提醒{a}条,上报{b}条,逾期办理{c}次", a=seen.reminders, b=seen.escalations, c=seen.late),
        *(f"  {_matters(kind, counts)}" for kind, counts in seen.matters.items()),
        f"  {say('链头')} {seen.head}",
        *(f"  ✘ {violation}" for violation in seen.violations),
    )
    return Result(asdict(seen), lines, exit_code=int(bool(seen.violations)))


def _matters(kind: str, counts: dict[str, int]) -> str:
    """A kind of matter, and how many stand where."""
    from workflow.rating.tracks import KIND

    its = KIND[kind]
    return f"{told(its.title)} " + say("、").join(f"{told(its.status[name].title)}{n}" for name, n in counts.items())


def demo(port: Port = 8000, no_serve: NoServe = False, at: DemoAt = None, keep: Keep = None) -> Result | None:
    """A city on 16 June: who is stuck, how to look, and a page until Ctrl-C."""
    from schedules.relay import deliver
    from starflow.cli.lists import stuck_at
    from starflow.service import rehearsal
    from starflow.service.access import issue_token
    from starflow.service.demo import SCHEME, SHOWN_AT, STORY, YEAR, stage_city
    from starflow.service.schemes import read_scheme
    from starflow.service.view import Filters

    rules, _ = read_scheme(SCHEME)
    until = localised(at, rules.zone) if at else SHOWN_AT
    if until <= rehearsal.starts_at(rules, YEAR):
        raise BadInput(f"演示从{YEAR}年4月14日开始,--at 须晚于这一天")
    with _desk(keep, rehearsal.starts_at(rules, YEAR), DEMO_SEED) as desk:
        with progress(say("演示城市")) as told:
            staged = stage_city(desk, _rows(None, rules.roster.root_kind), until, told, after_work=deliver)
        token = issue_token(desk, "department", "GW", label="demo", days=7)
        now = moment(desk.clock.now().astimezone(rules.zone))
        seen = stuck_at(desk, Filters())
        story = (say("看点:"), *(f"  {code}  {said}" for code, (_, said) in STORY.items()), "")
        where = (
            _how_to_look(desk, token)
            if keep or not no_serve
            else (say("加 --keep demo.db 可以把这个数据库留下来,再用其他命令查看"),)
        )
        told_lines = (
            say("演示城市,人和数据都是虚构的。现在是 {now}。", now=now),
            "",
            *seen.lines,
            "",
            *(story if until == SHOWN_AT else ()),  # on another day other things are to be seen
            *_how_to_vote(port, staged.slips, no_serve),
            *where,
        )
        if no_serve:
            return Result({"now": desk.clock.now().astimezone(rules.zone), "token": token, **seen.data}, told_lines)
        from starflow.cli.output import show
        from starflow.cli.serve import serve_desk

        show(Result({}, told_lines), as_json=False)
        serve_desk(desk, port=port)
    return None


def _how_to_vote(port: int, slips: Mapping[str, tuple[str, ...]], no_serve: bool) -> tuple[str, ...]:
    """Slips that have not voted, and where the secretary sees the turnout and prints more; only where pages are to be had."""
    left = [token for tokens in slips.values() for token in tokens]
    if no_serve or not left:
        return ()
    here = f"http://127.0.0.1:{port}"
    return (
        say("投一票(抽签的票证,各投一次):"),
        *(f"  {here}/b/{token}" for token in left[:3]),
        say("书记看参与率、打印票证:打开下面的网页,点“以这个支部书记的身份看”,再点测评"),
        *(f"  {here}/organisations/{code}" for code in slips),
        "",
    )


def _how_to_look(desk: "Desk", token: str) -> tuple[str, ...]:
    url = shlex.quote(desk.settings.database_url)
    return (
        say("再看:"),
        f"  export STARFLOW_DATABASE_URL={url}",
        "  starflow why D0203        # " + say("为什么停在这里"),
        "  starflow history D0106    # " + say("全部流转记录"),
        "  starflow nudge --light red --dry-run",
        f"  {say('接口令牌(组织部)')}: {token}",
    )


# ── their own database ───────────────────────────────────────────


def _rows(roster: str | None, root_kind: str) -> "tuple[RosterRow, ...]":
    from importlib.resources import files

    from starflow.documents.roster import parse
    from starflow.documents.sheets import read

    sheet = (
        read(roster)
        if roster
        else read((files("starflow.documents") / "samples" / "roster.csv").read_bytes(), "roster.csv")
    )
    return parse(sheet, root_kind=root_kind).rows


@contextmanager
def _desk(keep: str | None, at: datetime, seed: int) -> "Iterator[Desk]":
    """A rehearsal's desk on a file of its own: kept where asked, else gone afterwards."""
    from starflow.service.desk import create_desk
    from starflow.service.settings import read_settings

    with TemporaryDirectory(prefix="starflow-") as folder:
        path = Path(keep).absolute() if keep else Path(folder) / "rehearsal.db"
        if path.exists():
            raise BadInput(f"文件{path}已经存在,请换一个名字")
        settings = read_settings({**os.environ, "STARFLOW_DATABASE_URL": f"sqlite:///{path}"})
        desk = create_desk(settings, rehearsal_at=at, seed=seed)
        try:
            yield desk
        finally:
            desk.close()
