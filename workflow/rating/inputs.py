"""What a rating looks at: the year's facts, frozen; which of them count, and what is wrong with them.

A fact that the scheme does not know is refused and never passed over: an event with a misspelt level would otherwise
cost nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workflow.rating.scheme_tables import Bonus, Deduction, Scheme
from workflow.rating.wording import EACH, EXTENSION_WORDS, joined

ROUNDS = ("rating", "recheck")
UNTOUCHED = "none"  # the effect of a line that changes nothing


@dataclass(frozen=True, slots=True)
class Event:
    """Something confirmed that brings or costs points; `case` links events of one affair."""

    code: str
    on: date
    level: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True)
class Election:
    due_on: date
    held_on: date | None = None
    extension: str = "none"


@dataclass(frozen=True, slots=True)
class Satisfaction:
    satisfied: int
    valid: int


@dataclass(frozen=True, slots=True)
class RatingInputs:
    """All that a rating looks at. `base` is only wanted by `rate`; `year` is the year of the work (default: of the rating)."""

    round: str
    rated_on: date
    base: Decimal | None = None
    events: tuple[Event, ...] = ()
    election: Election | None = None
    satisfaction: Satisfaction | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation; `effect` is `=93`, `+5`, `-3`, `star=4`, `star<=4` or `none`."""

    rule: str
    text: str
    effect: str


def fact_faults(scheme: Scheme, inputs: RatingInputs) -> tuple[str, ...]:
    faults = [] if inputs.round in ROUNDS else [f"没有轮次“{inputs.round}”,只有{joined(ROUNDS)}"]
    for event in inputs.events:
        faults.extend(_event_faults(scheme, event))
    if inputs.election and inputs.election.extension not in EXTENSION_WORDS:
        faults.append(f"换届延期没有“{inputs.election.extension}”这一情形,只有{joined(EXTENSION_WORDS)}")
    votes = inputs.satisfaction
    if votes and not 0 <= votes.satisfied <= votes.valid:
        faults.append(f"满意{votes.satisfied}票与有效{votes.valid}票不合")
    return tuple(faults)


def _event_faults(scheme: Scheme, event: Event) -> tuple[str, ...]:
    every: tuple[Bonus | Deduction, ...] = (*scheme.bonus, *scheme.deduction)
    items = tuple(item for item in every if event.code in item.events)
    if not items:
        known = joined(dict.fromkeys(code for item in every for code in item.events))
        return (f"方案没有事项“{event.code}”,只有{known}",)
    said = f"没有级别“{event.level}”" if event.level else "缺级别"
    return tuple(
        f"事项“{event.code}”{said},只有{joined(item.points)}"
        for item in items
        if (event.level or EACH) not in item.points
    )


def outside(event: Event, inputs: RatingInputs) -> str | None:
    """Why an event is outside the window: the year of the work, in the June round only up to the rating (R33)."""
    year = year_of(inputs)
    if event.on.year != year:
        return f"不在{year}年度内"
    if inputs.round == "rating" and event.on > inputs.rated_on:
        return f"晚于评定日{inputs.rated_on}"
    return None


def year_of(inputs: RatingInputs) -> int:
    return inputs.year or inputs.rated_on.year


def in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.on, e.code, e.level or "", e.case or ""))
