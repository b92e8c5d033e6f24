"""What a rating looks at: the year's facts, frozen; which of them count, and what is wrong with them.

A fact that the scheme does not know is refused and never passed over: an event with a misspelt level would otherwise
cost nothing.
"""

import dataclasses
from calendar import isleap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from workflow.rating.scheme_rounds import USUAL_ROUNDS
from workflow.rating.scheme_tables import Bonus, Deduction, Scheme
from workflow.rating.wording import EACH, EXTENSION_WORDS, joined

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
    satisfied: int | Fraction  # no whole number where the scheme counts an answer in part
    valid: int


@dataclass(frozen=True, slots=True)
class RatingInputs:
    """All that a rating looks at. `base` is only wanted by `rate`; `year` is the year of the work (default: of the rating).

    `scores` are the lines of the sheets. `history` is the star of each earlier year, None where nobody has looked it up.
    """

    round: str
    rated_on: date
    base: Decimal | None = None
    events: tuple[Event, ...] = ()
    election: Election | None = None
    satisfaction: Satisfaction | None = None
    year: int | None = None
    scores: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    field: str = ""
    self_score: Decimal | None = None
    claimed: int | None = None
    target: int | None = None
    held: int | None = None
    history: tuple[tuple[int, int], ...] | None = None
    founded_on: date | None = None
    members: int | None = None
    turnout: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation; `effect` is `=93`, `+5`, `-3`, `star=4`, `star<=4` or `none`."""

    rule: str
    text: str
    effect: str


def fact_faults(scheme: Scheme, inputs: RatingInputs) -> tuple[str, ...]:
    rounds = tuple(dict.fromkeys((*USUAL_ROUNDS, *scheme.rounds)))
    faults = [] if inputs.round in rounds else [f"没有轮次“{inputs.round}”,只有{joined(rounds)}"]
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
    counted = tuple(code for counter in scheme.counter for code in counter.events)
    if not items and event.code in counted:
        return ()
    if not items:
        known = joined(dict.fromkeys((*(code for item in every for code in item.events), *counted)))
        return (f"方案没有事项“{event.code}”,只有{known}" if known else f"方案没有事项“{event.code}”,也没有别的事项",)
    said = f"没有级别“{event.level}”" if event.level else "缺级别"
    return tuple(
        f"事项“{event.code}”{said},只有{joined(item.points)}"
        for item in items
        if (event.level or EACH) not in item.points
    )


def outside(event: Event, inputs: RatingInputs, years: int = 1, window: str = "calendar_year") -> str | None:
    """Why an event is outside the window: so many years up to the year of the work, but for the recheck at the end of it only up to the rating.

    A window of "months" has twelve of them for each year, up to the day of the rating.
    """
    if window == "months":
        first = real_date(inputs.rated_on.year - years, inputs.rated_on.month, inputs.rated_on.day)
        return None if first < event.on <= inputs.rated_on else f"不在评定日以前{12 * years}个月内"
    year = year_of(inputs)
    if not year - years < event.on.year <= year:
        return f"不在{year}年度内" if years == 1 else f"不在{year - years + 1}至{year}年度内"
    if inputs.round != "recheck" and event.on > inputs.rated_on:
        return f"晚于评定日{inputs.rated_on}"
    return None


def counts_for(event: Event, inputs: RatingInputs, years: int, window: str = "calendar_year") -> bool:
    return outside(event, inputs, years, window) is None


def real_date(year: int, month: int, day: int) -> date:
    """29 February of a common year is the 28th."""
    return date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)


def year_of(inputs: RatingInputs) -> int:
    return inputs.year or inputs.rated_on.year


def in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.on, e.code, e.level or "", e.case or ""))
