"""What a cycle's own row, its scheme and the day say of it: the facts that are stored, and the dates of its present stay.

On one day hundreds of cycles stand alike, so each such standing is worked out once, by the pure functions, and remembered.
"""

from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from storage.cycles import CycleRow
from workflow.engine.deadlines import FixedDate, local_date, parse_date_rule, start_of_day
from workflow.engine.workdays import Calendar
from workflow.rating.facts import ROUND_FACTS, Facts
from workflow.rating.scheme import Scheme
from workflow.rating.timing import Dates, stage_dates, window_opens

OF_THE_ROW = (*ROUND_FACTS, "route", "field", "nested")
_values = attrgetter(*OF_THE_ROW)
REMEMBERED = 4096


class Standing(NamedTuple):
    """All that facts and dates hang on. `total` is the row's as it is written: 85 and 85.0 are equal and not the same."""

    scheme: Scheme
    calendar: Calendar
    stage: str
    year: int
    entered_on: date
    today: date
    runs_until: datetime | None
    total: str
    row: tuple[Any, ...]


def standing_of(cycle: CycleRow, scheme: Scheme, calendar: Calendar, now: datetime) -> Standing:
    zone = scheme.zone
    entered_on, today = local_date(cycle.entered_at, zone), local_date(now, zone)
    of_the_row = (cycle.runs_until, str(cycle.total), _values(cycle))
    return Standing(scheme, calendar, cycle.stage, cycle.year, entered_on, today, *of_the_row)


@lru_cache(maxsize=REMEMBERED)
def facts_of(standing: Standing) -> Facts:
    """The part of the facts that stands in the cycle's own row: no question to the database."""
    scheme, until = standing.scheme, standing.runs_until
    return Facts(
        **dict(zip(OF_THE_ROW, standing.row, strict=True)),
        runs_until=until.astimezone(scheme.zone) if until else None,
        opens_on=_opens_on(scheme, standing.year),
        entered_on=standing.entered_on,
        today=standing.today,
        refused_after=_refused_after(scheme, standing.stage, standing.year),
        stage_opens_on=_stage_opens_on(standing),
        labels=scheme.star_words,
    )


@lru_cache(maxsize=REMEMBERED)
def dates_of(standing: Standing, extended_until: date | None, held_days: int, objection_at: datetime | None) -> Dates:
    """The dates of the present stay, by the one pure function."""
    return stage_dates(
        standing.scheme.stage_of(standing.stage),
        scheme=standing.scheme,
        year=standing.year,
        calendar=standing.calendar,
        zone=standing.scheme.zone,
        entered_at=start_of_day(standing.entered_on, standing.scheme.zone),
        facts=facts_of(standing),
        extended_until=extended_until,
        held_days=held_days,
        objection_opened_at=objection_at,
    )


def _opens_on(scheme: Scheme, year: int) -> date:
    month, day = map(int, scheme.campaign.opens_on.split("-"))
    return date(year, month, day)


def _stage_opens_on(standing: Standing) -> date | None:
    said = dict(zip(OF_THE_ROW, standing.row, strict=True))
    its = Facts(**{name: said[name] for name in ("route", "field", "star", "nested", "proposed")})
    stage = standing.scheme.stage_of(standing.stage)
    return window_opens(stage, standing.scheme, standing.year, standing.calendar, standing.entered_on, its)


def _refused_after(scheme: Scheme, stage: str, year: int) -> datetime | None:
    """Only a scheme that says so refuses late acts; the default one marks them (R8)."""
    phase = next((p for p in scheme.phase.values() if stage in p.covers), None)
    if phase is None or phase.after_due == "late":
        return None
    rule = parse_date_rule(phase.due)
    if not isinstance(rule, FixedDate):
        return None
    return start_of_day(rule.of(year), scheme.zone).replace(hour=23, minute=59, second=59)
