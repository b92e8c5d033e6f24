"""The slips of a survey on paper: twelve on a page of A4, each with its code and its letters, no number, in an order of chance."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, PackageLoader

from starflow.service.case import load_case
from starflow.service.desk import Desk
from starflow.service.poll_views import live
from starflow.service.polls import HERE, Slips, ballot_link
from workflow.rating.voting import ELECTORATES

PER_PAGE = 12
PAGES = Environment(loader=PackageLoader("starflow.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
SHEET = Path(__file__).parents[1] / "static" / "slips.css"


def slip_page(desk: Desk, code: str, year: int | None, sheets: Sequence[Slips], *, linked: bool = False) -> str:
    """One page of HTML to be printed. `linked`: the style comes from the server; otherwise it stands in the file itself."""
    survey = live(desk, code, year)
    with desk.reading() as tx:
        name = load_case(desk, tx, code, year).cycle.name
    return PAGES.get_template("ballots/slips.html").render(
        name=name,
        year=survey.year,
        closes_at=survey.closes_at,
        pages=[page for sheet in sheets for page in _pages(desk, sheet)],
        total=sum(len(sheet.tokens) for sheet in sheets),
        nowhere=None if desk.settings.public_url else HERE,
        style=None if linked else SHEET.read_text(encoding="utf-8"),
    )


def _pages(desk: Desk, sheet: Slips) -> list[dict[str, Any]]:
    """Members' slips and those of the masses are never on one page."""
    title = ELECTORATES[sheet.electorate]
    slips = [_slip(ballot_link(desk, token), token) for token in sheet.tokens]
    return [{"title": title, "slips": slips[start : start + PER_PAGE]} for start in range(0, len(slips), PER_PAGE)]


def _slip(link: str, token: str) -> dict[str, str]:
    letters = " ".join(token[start : start + 4] for start in range(0, len(token), 4))
    where = link.removesuffix(token).partition("://")[2]
    return {"svg": qr(link), "where": where, "letters": letters}


def qr(link: str) -> str:
    """An inline picture of a link; nothing is fetched for it."""
    return str(segno.make(link, error="m").svg_inline(scale=3, border=2, omitsize=True))
