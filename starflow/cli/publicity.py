"""Public notices and objections from the command line: post several as one, correct in the open, see who objected (logged)."""

from datetime import date
from typing import Annotated

import typer

from starflow.cli.acting import acting_at_the_top, acting_on
from starflow.cli.arguments import Because, By, Year, read_day, read_number, read_role
from starflow.cli.completion import codes
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, day
from starflow.cli.words import say

Codes = Annotated[list[str], typer.Argument(metavar="CODE...", help="要公示的党组织", autocompletion=codes)]
On = Annotated[date, typer.Option("--on", metavar="D", parser=read_day, help="张贴日期")]
Place = Annotated[str, typer.Option("--place", metavar="TEXT", help="张贴地点")]
Basis = Annotated[str, typer.Option("--basis", metavar="TEXT", help="依据;不写则引方案原文")]
Contact = Annotated[str, typer.Option("--contact", metavar="TEXT", help="联系方式")]
As = Annotated[str, typer.Option("--as", metavar="ROLE", parser=read_role, help="以什么身份;不写则为 department")]
Slug = Annotated[str, typer.Argument(metavar="NOTICE", help="公示的代码,即网址 /n/ 之后的部分")]
Id = Annotated[int, typer.Argument(metavar="ID", parser=read_number, help="异议的编号")]
NewPlace = Annotated[str, typer.Option("--place", metavar="TEXT", help="更正张贴地点")]
NewBasis = Annotated[str, typer.Option("--basis", metavar="TEXT", help="更正依据")]
NewContact = Annotated[str, typer.Option("--contact", metavar="TEXT", help="更正联系方式")]


def post(
    codes: Codes,
    on: On,
    place: Place,
    basis: Basis = "",
    contact: Contact = "",
    role: As = "department",
    by: By = None,
    year: Year = None,
) -> Result:
    """All of them as one notice, or none."""
    from starflow.service.publicity import publish
    from starflow.service.shapes import plain

    with at_desk() as desk:
        acting = acting_on(desk, codes[0], role, by, year)
        texts = {"basis": basis, "contact": contact}
        posted = publish(desk, codes, on, place, acting=acting, texts=texts, year=year)
    said = say(
        "已公示:/n/{slug},{first}至{last}", slug=posted.slug, first=day(posted.first_on), last=day(posted.last_on)
    )
    return Result(plain(posted), (said,))


def list_() -> Result:
    from starflow.service.publicity import hanging
    from starflow.service.shapes import Page

    with at_desk() as desk:
        found = hanging(desk)
    titles = (say("代码"), say("标题"), say("公示单位"), say("最后一天"))
    rows = [(one.slug, one.title, one.publisher, day(one.last_on)) for one in found]
    return Result(Page(found).as_json(), (Table(titles, rows),) if rows else (say("现在没有正在公示的名单"),))


def correct(
    notice: Slug,
    reason: Because,
    place: NewPlace = "",
    basis: NewBasis = "",
    contact: NewContact = "",
    role: As = "department",
    by: By = None,
) -> Result:
    from starflow.service.publicity import correct as again
    from starflow.service.publicity import notice_page, targets

    said = {name: text for name, text in (("place", place), ("basis", basis), ("contact", contact)) if text}
    with at_desk() as desk:
        year = notice_page(desk, notice).year
        first = next(code for code, _ in targets(desk, notice))  # one publisher has posted them all
        version = again(desk, notice, said, reason, acting=acting_on(desk, first, role, by, year))
    return Result({"notice": notice, "version": version}, (say("已更正为第{n}版,原文加删除线保留", n=version),))


def objector(matter: Id, reason: Because, role: As = "department", by: By = None) -> Result:
    """Each look is written down."""
    from starflow.service.objections import objector as look
    from starflow.service.shapes import plain

    with at_desk() as desk:
        found = look(desk, matter, reason, acting=acting_at_the_top(desk, role, by))
    who = say("匿名") if not found.named else f"{found.name} {found.contact}"
    return Result(plain(found), (who, say("本次查看已记录,累计{n}次", n=found.looks)))
