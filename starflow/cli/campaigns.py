"""The rating year: open it, add an organisation that came later, see how far it is."""

from dataclasses import asdict

from starflow.cli.acting import coordinator
from starflow.cli.arguments import DEFAULT_SCHEME, Because, By, Code, SchemeName, TheYear, Year
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, progress
from starflow.cli.words import say


def open_(year: TheYear, scheme: SchemeName = DEFAULT_SCHEME, by: By = None) -> Result:
    from starflow.service.campaigns import open_campaign

    with at_desk() as desk:
        actor = coordinator(desk, by)
        with progress(say("开展年度")) as told:
            opened = open_campaign(desk, year, scheme, actor=actor, progress=told)
    routes = "、".join(f"{route} {count}" for route, count in opened.routes.items())
    said = say("{year}年度已开展:{n}个党组织参评", year=year, n=opened.cycles)
    return Result(
        asdict(opened),
        (said, f"  {say('方案')} {opened.scheme} {opened.scheme_hash[:12]}", f"  {say('路线')} {routes}"),
    )


def add(code: Code, year: Year = None, by: By = None) -> Result:
    from starflow.service.campaigns import add_cycle, show_campaign

    with at_desk() as desk:
        stage = add_cycle(desk, code, actor=coordinator(desk, by), year=year)
        of = show_campaign(desk, year).year
    return Result({"organisation": code, "year": of, "stage": stage}, (f"{code} → {stage}",))


def show(year: Year = None) -> Result:
    from starflow.service.campaigns import show_campaign

    with at_desk() as desk:
        seen = show_campaign(desk, year)
    counts = Table((say("环节"), say("家数")), [(name, str(count)) for name, count in seen.stages.items()])
    head = say("{year}年度 · {status} · 参评{n}家", year=seen.year, status=say(STATUS[seen.status]), n=seen.rated)
    return Result(asdict(seen), (head, f"{say('方案')} {seen.scheme} {seen.scheme_hash[:12]}", counts))


def reroute(code: Code, reason: Because, year: Year = None, by: By = None) -> Result:
    """After the roster has moved an organisation: its present superior reviews it from now on."""
    from starflow.service.campaigns import reroute as take_present_superior

    with at_desk() as desk:
        reviewer = take_present_superior(desk, code, reason, actor=coordinator(desk, by), year=year)
    return Result(
        {"organisation": code, "reviewer": reviewer}, (say("{code}改由{reviewer}考评", code=code, reviewer=reviewer),)
    )


STATUS = {"open": "在办", "closed": "已结束"}
