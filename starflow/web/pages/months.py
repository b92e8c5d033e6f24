"""The twelve months of a year under a scheme: what falls due, what opens, and what is said on which morning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starflow.service.forecast import Mailing
from starflow.service.year_calendar import DatedStage, YearCalendar
from workflow.engine.deadlines import due_date


@dataclass(frozen=True, slots=True)
class Month:
    """`stages` fall due or open in it; `mailings` go out to whoever has not finished."""

    stages: tuple[DatedStage, ...]
    mailings: tuple[Mailing, ...]


def months_of(calendar: YearCalendar) -> Mapping[int, Month]:
    return {number: _month(calendar, number) for number in range(1, 13)}


def _month(calendar: YearCalendar, number: int) -> Month:
    dated = ((stage, stage.due_at or stage.opens_at) for stage in calendar.stages)
    return Month(
        stages=tuple(stage for stage, at in dated if at is not None and _month_of(at) == (calendar.year, number)),
        mailings=tuple(one for one in calendar.mailings if (one.at.year, one.at.month) == (calendar.year, number)),
    )


def _month_of(at: datetime) -> tuple[int, int]:
    """24:00 of a day belongs to that day's month."""
    assert at.tzinfo is not None  # a calendar's instants are its scheme's zone's
    day = due_date(at, at.tzinfo)
    return day.year, day.month
