"""The months of a year under a scheme, and those after it into which it reaches: what falls due, what opens, and what is said on which morning."""

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


def months_of(calendar: YearCalendar) -> Mapping[tuple[int, int], Month]:
    """(year, month) → what happens: the twelve of the year, and later ones in which something does."""
    twelve = [(calendar.year, number) for number in range(1, 13)]
    stages = [(_month_of(at), stage) for stage in calendar.stages if (at := stage.due_at or stage.opens_at) is not None]
    mailings = [((one.at.year, one.at.month), one) for one in calendar.mailings]
    later = sorted({at for at, _ in (*stages, *mailings)} - set(twelve))
    return {
        month: Month(
            stages=tuple(stage for at, stage in stages if at == month),
            mailings=tuple(one for at, one in mailings if at == month),
        )
        for month in (*twelve, *later)
    }


def _month_of(at: datetime) -> tuple[int, int]:
    """24:00 of a day belongs to that day's month."""
    assert at.tzinfo is not None  # a calendar's instants are its scheme's zone's
    day = due_date(at, at.tzinfo)
    return day.year, day.month
