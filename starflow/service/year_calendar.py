"""The dates of a year under a scheme, stage by stage, as if each were entered on the day on which the campaign opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from starflow.service.campaigns import opens_at
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.forecast import Mailing, forecast
from workflow.engine.workdays import Calendar
from workflow.rating.facts import Facts
from workflow.rating.scheme import Scheme
from workflow.rating.timing import stage_dates


@dataclass(frozen=True, slots=True)
class DatedStage:
    """A stage of the year; one whose dates count from its entry has neither."""

    stage: str
    title: str
    target_at: datetime | None
    due_at: datetime | None
    opens_at: datetime | None
    arithmetic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """`days_off` and `makeup` are what a reader who only knows week-ends would have counted differently; `mailings` go out to whoever
    has not finished by then.
    """

    year: int
    scheme: str
    title: str
    hash: str
    stages: tuple[DatedStage, ...]
    days_off: tuple[date, ...]
    makeup: tuple[date, ...]
    confirmed: bool
    surprises: tuple[str, ...]
    mailings: tuple[Mailing, ...] = ()


def year_calendar(desk: Desk, year: int | None = None) -> YearCalendar:
    """Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
    return calendar_under(desk, scheme, campaign.year)


def calendar_under(desk: Desk, scheme: Scheme, year: int) -> YearCalendar:
    """A year as it would be under this scheme."""
    calendar, first, last = desk.calendar(scheme), date(year, 1, 1), date(year, 12, 31)
    known = next((one for one in calendar.years if one.year == year), None)
    return YearCalendar(
        year=year,
        scheme=scheme.name,
        title=scheme.title,
        hash=scheme.hash,
        stages=tuple(_dated(scheme, year, calendar)),
        days_off=tuple(sorted(known.days_off)) if known else (),
        makeup=tuple(sorted(known.makeup)) if known else (),
        confirmed=calendar.confirmed(first),
        surprises=calendar.surprises(first, last),
        mailings=tuple(one for one in forecast(scheme, year, opens_at(scheme, year), calendar, None)),
    )


def _dated(scheme: Scheme, year: int, calendar: Calendar) -> Iterator[DatedStage]:
    for stage in scheme.stage:
        if stage.ends or stage.period is not None or (stage.due and stage.due.startswith("+")):
            if not stage.ends:
                yield DatedStage(stage.name, stage.title, None, None, None, ())
            continue
        entered = opens_at(scheme, year)
        dates = stage_dates(
            stage, scheme=scheme, year=year, calendar=calendar, zone=scheme.zone, entered_at=entered, facts=Facts()
        )
        opens = dates.acts_at if stage.until is not None else None
        yield DatedStage(
            stage.name,
            stage.title,
            _local(scheme, dates.target_at),
            _local(scheme, dates.due_at),
            _local(scheme, opens),
            tuple(dates.arithmetic),
        )


def _local(scheme: Scheme, at: datetime | None) -> datetime | None:
    return at.astimezone(scheme.zone) if at else None
