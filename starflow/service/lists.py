"""The lists: who is stuck, how every cycle stands, what is owed, what falls due, what was said, which stars are in force.

Every list is one statement over what is stored, then a handful more for the rows that are shown. Lights, rungs and reasons are
asked of the same pure functions that decide, so that a list never waits for a timer to tell the truth.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from starflow.service import ladder
from starflow.service.case import Case, campaign_of, case_of, facts_of, quota_block, stored_facts
from starflow.service.desk import Desk
from starflow.service.ladder import Address, addressed, rings_of, stage_title
from starflow.service.shapes import (
    CampaignLine,
    CycleLine,
    NoticeLine,
    ObligationLine,
    Owner,
    Page,
    StarLine,
    Stuck,
)
from storage import cycles as cycle_rows
from storage import organisations as tree
from storage import posts, queries
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Campaign, Person
from storage.queries import Edges, InForce, OpenStage, Owed, Standing, Stay, Told, Where
from workflow.engine import deadlines
from workflow.engine.deadlines import NEAR_DAYS, Light, Ringing, days_overdue, due_date, end_of_day, start_of_day
from workflow.engine.errors import BadInput, Unknown
from workflow.engine.machine import CLOCK, refusals
from workflow.rating.facts import Facts
from workflow.rating.scheme import Role, Scheme

Found = TypeVar("Found")
LINE = TypeVar("LINE")
ROLES = (*Role.__args__, "leader", CLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What all lists can be narrowed to; `after` is the `next` of the page before."""

    under: str | None = None
    stage: str | None = None
    light: str | None = None
    owner: str | None = None
    year: int | None = None
    limit: int | None = None
    after: str | None = None


NO_FILTERS = Filters()


# ── the lists ────────────────────────────────────────────────────


def stuck(desk: Desk, filters: Filters = NO_FILTERS, *, everything: bool = False) -> Page[Stuck]:
    """Open stages that need a hand, most days overdue first, then by code; `everything`: every open one.

    Those that are late, or owed by a vacant post, or on hold, or that within a week of their due cannot yet go on. Where the
    clock runs a period, time is all that is missing: that is no reason to be listed.
    """
    with desk.reading() as tx:
        view = _view(desk, tx, filters)
        today = view.today
        edges = Edges(today, start_of_day(today, view.zone), end_of_day(today + timedelta(NEAR_DAYS), view.zone))
        found = queries.open_stages(tx, view.where(filters, _due_and_code), edges, everything=everything)
        judged = (_judged(view, one) for one in found)
        kept = (one for one in judged if (everything or one.stuck) and _shines(one.light, filters))
        rows, cut = _cut(kept, filters)
        return Page(_stuck_lines(view, rows), _cursor(rows[-1].found.place) if cut else None)


def cycles(desk: Desk, filters: Filters = NO_FILTERS) -> Page[CycleLine]:
    """Every cycle of the year, by code."""
    with desk.reading() as tx:
        view = _view(desk, tx, filters)
        found = queries.standings(tx, view.where(filters, _code))
        rows, cut = _cut((one for one in found if _shines(light_of(view, one), filters)), filters)
        people = _people(view, (one.stay for one in rows if one.stay))
        lines = tuple(_cycle_line(view, one, people) for one in rows)
        return Page(lines, _cursor((rows[-1].cycle.code,)) if cut else None)


def obligations(desk: Desk, filters: Filters = NO_FILTERS) -> Page[ObligationLine]:
    """Everything that is owed, of stages and of matters, by due; what has no due comes last."""
    with desk.reading() as tx:
        view = _view(desk, tx, filters)
        found = queries.open_obligations(tx, view.where(filters, _due_code_and_id))
        return _obligation_page(view, found, filters)


def due(desk: Desk, filters: Filters = NO_FILTERS, *, days: int = 14) -> Page[ObligationLine]:
    """What falls due from now to the end of the day so many days ahead; what is overdue already is in `stuck`."""
    if not 0 <= days <= 3660:
        raise BadInput(f"天数{days}不在0至3660之间")
    with desk.reading() as tx:
        view = _view(desk, tx, filters)
        until = end_of_day(view.today + timedelta(days), view.zone)
        where = view.where(filters, _due_code_and_id)
        found = queries.open_obligations(tx, where, due_after=tx.now, due_by=until)
        return _obligation_page(view, found, filters)


def notices(desk: Desk, filters: Filters = NO_FILTERS) -> Page[NoticeLine]:
    """What was said or waits to be said, the newest first; `owner` is the recipient's role."""
    _has_no(filters, "light", "通知")
    with desk.reading() as tx:
        view = _view(desk, tx, filters)
        rows, cut = _cut(queries.notices(tx, view.where(filters, _number)), filters)
        lines = tuple(_notice_line(view, one) for one in rows)
        return Page(lines, _cursor((rows[-1].id,)) if cut else None)


def stars(desk: Desk, filters: Filters = NO_FILTERS, *, as_of: date | None = None) -> Page[StarLine]:
    """The star of every organisation on a day, today unless said otherwise, by code."""
    for name in ("light", "stage", "owner"):
        _has_no(filters, name, "星级")
    with desk.reading() as tx:
        if cycle_rows.campaign_of_year(tx, None) is None:
            return Page(())  # no star was ever granted, and there is no scheme that says which day it is
        view = _view(desk, tx, Filters(under=filters.under, limit=filters.limit, after=filters.after))
        where = Where(path=view.path, after=_read_cursor(filters.after, _code))
        rows, cut = _cut(queries.stars_as_of(tx, as_of or view.today, where), filters)
        return Page(tuple(map(_star_line, rows)), _cursor((rows[-1].code,)) if cut else None)


def campaigns(desk: Desk) -> Page[CampaignLine]:
    """All years, the newest first."""
    with desk.reading() as tx:
        return Page(tuple(_campaign_line(desk, tx, year) for year in queries.years(tx)))


# ── a view: what every row of one list is seen by ────────────────


@dataclass(frozen=True, slots=True)
class View:
    """The desk and one campaign at one moment."""

    desk: Desk
    tx: Transaction
    campaign: Campaign
    scheme: Scheme
    path: str = ""
    stages: tuple[str, ...] = ()

    @property
    def zone(self) -> Any:
        return self.scheme.zone

    @property
    def today(self) -> date:
        return self.desk.today(self.scheme, self.tx.now)

    def where(self, filters: Filters, reads: "Reader") -> Where:
        return Where(
            campaign_id=self.campaign.id,
            path=self.path,
            stages=self.stages,
            owner_role=filters.owner,
            after=_read_cursor(filters.after, reads),
        )
