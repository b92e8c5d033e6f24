"""By when an act on a matter is due: a length that the scheme writes, a day that people agreed on, or no day at all.

Everything is counted afresh from what is stored (opening, entry, data), so that `doctor` can ask again.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from workflow.engine.deadlines import (
    AfterEntry,
    Length,
    Reckoned,
    Unit,
    end_of_day,
    local_date,
    parse_date_rule,
    reckon_after,
    spoken,
)
from workflow.engine.machine import CLOCK
from workflow.engine.workdays import Calendar
from workflow.rating.scheme import Scheme
from workflow.rating.timing import Dates

Due = Callable[[Scheme, Mapping[str, Any]], str | date | None]
"""(scheme, the matter's data) → "+30 days", the day agreed on, or none."""


def by_plan(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    track = scheme.track_of(data.get("star"))
    return (track.plan if track else None) or scheme.plan.due


def by_implementation_plan(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    return scheme.implementation_plan.due


def as_agreed(scheme: Scheme, data: Mapping[str, Any]) -> date | None:
    return date.fromisoformat(data["due_on"]) if data.get("due_on") else None


def as_agreed_or_ruled(scheme: Scheme, data: Mapping[str, Any]) -> str | date | None:
    """What was agreed; else, where a star called for it, as its track says."""
    track = scheme.track_of(data.get("star")) if data.get("opened_by") == CLOCK else None
    return as_agreed(scheme, data) or (track.rectify if track else None) or scheme.rectification.due


def on_the_day(scheme: Scheme, data: Mapping[str, Any]) -> date:
    return date.fromisoformat(data["on"])


def as_an_approval(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    """The committee has as long as for the stage where it approves; a fixed day of the year would say nothing here."""
    written = next((stage.due for stage in scheme.stage if stage.kind == "approval" and stage.due), None)
    return written if written and isinstance(parse_date_rule(written), AfterEntry) else None


def as_an_objection(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    verify = next((stage.verify for stage in scheme.stage if stage.verify), None)
    return f"+{verify}" if verify else None


def matter_dates(
    rule: Due | None,
    *,
    since: str,
    judges: bool,
    scheme: Scheme,
    calendar: Calendar,
    zone: tzinfo,
    opened_at: datetime,
    entered_at: datetime,
    data: Mapping[str, Any],
) -> Dates:
    """Lengths count from the opening, which `since` names; who judges has some working days of his own besides."""
    said = rule(scheme, data) if rule else None
    if said is None:
        return Dates()
    steps = [_due(said, since, local_date(opened_at, zone), calendar)]
    if judges:
        steps += _own_days(scheme, steps[-1].on, local_date(entered_at, zone), calendar)
    due_at = end_of_day(steps[-1].on, zone)
    return Dates(due_at=due_at, phase_due_at=due_at, arithmetic=tuple(step.sentence for step in steps))


def _due(said: str | date, since: str, opened_on: date, calendar: Calendar) -> Reckoned:
    if isinstance(said, date):
        return Reckoned(said, f"截止:{spoken(said, opened_on.year)}24时(商定的日期)")
    rule = parse_date_rule(said)
    assert isinstance(rule, AfterEntry)  # the scheme's own model reads nothing else here
    return reckon_after(rule.length, f"截止:{since}", opened_on, calendar)


def _own_days(scheme: Scheme, due_on: date, entered_on: date, calendar: Calendar) -> list[Reckoned]:
    """As a reviewer has (R8): what is handed in on the last evening is not the superior's delay the next morning."""
    length = Length(max((stage.min_workdays for stage in scheme.stage), default=0), Unit.WORKDAYS)
    if not length.amount or length.after(entered_on, calendar) <= due_on:
        return []
    own = reckon_after(length, "核验时间:报来", entered_on, calendar)
    return [Reckoned(own.on, f"{own.sentence};晚于原期限,以此为截止")]
