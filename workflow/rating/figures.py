"""The figures that a formula or a condition may name: which a scheme knows, and what they come to in one case.

A figure that the case does not have (nobody was surveyed, no founding day is known) is absent, never zero: what is compared
with it does not hold, and the sentence says so. All figures are exact fractions.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from functools import cache
from math import prod
from operator import eq, ge, gt, le, lt

from workflow.rating.inputs import RatingInputs, counts_for, year_of
from workflow.rating.scheme_rules import Comparison, Component, Counter, Needs
from workflow.rating.scheme_tables import Bonus, Deduction, Scheme
from workflow.rating.sheet import sheet_scores
from workflow.rating.wording import OPERATOR_WORDS, OPPOSITE, joined, plain

Figures = Mapping[str, Fraction]
COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}
PLACES = Decimal("0.000001")
"""A number without an end is cut off after the sixth place, never rounded up into a band."""

SCORES: Mapping[str, str] = {
    "superior": "考评分",
    "self": "自评分",
    "survey": "测评满意率(百分)",
    "base": "基础分",
    "bonus": "加分",
    "deduction": "扣分",
    "lowest_sheet": "各表最低分",
}
"""Known before the total."""
CASE: Mapping[str, str] = {
    "satisfaction": "满意率",
    "turnout": "党员参与率",
    "held": "现有等次",
    "claimed": "自评等次",
    "target": "申报的目标等次",
    "years_rated": "连续参评年数",
    "age_months": "成立月数",
    "members": "党员数",
}
TOTAL = "total"
SHOWN_AS_SIDE = ("satisfaction", "survey")
"""Few ballots give their authors away: of these only the side of the threshold is said."""


# --- which there are --------------------------------------------------------------------------------------------------


def names(scheme: Scheme) -> dict[str, str]:
    """Every figure of a scheme with its words, but the components and the total."""
    found = {**SCORES, **CASE}
    found |= {f"sheet.{sheet.code}": sheet.title for sheet in scheme.sheet}
    found |= {f"criterion.{item.code}": item.title for item in scheme.criterion}
    found |= {f"points.{item.code}": item.title for item in scheme.bonus}
    found |= {f"points.{item.code}": item.title for item in scheme.deduction}
    found |= {f"counter.{counter.code}": counter.title for counter in scheme.counter}
    return found | {f"years_at.{level.star}": f"连续评为{level.label}及以上的年数" for level in scheme.levels}


def all_names(scheme: Scheme) -> dict[str, str]:
    """Those a condition may name: the formula's own numbers too."""
    return names(scheme) | {item.code: item.title for item in scheme.component} | {TOTAL: "总分"}


# --- what they come to ------------------------------------------------------------------------------------------------


def case_figures(scheme: Scheme, inputs: RatingInputs) -> dict[str, Fraction]:
    """What is known of a case before anything is scored."""
    found: dict[str, Fraction | int | None] = {
        "held": inputs.held,
        "claimed": inputs.claimed,
        "target": inputs.target,
        "members": inputs.members,
        "turnout": None if inputs.turnout is None else inputs.turnout * 100,
        "age_months": _months(inputs),
    }
    if inputs.satisfaction and inputs.satisfaction.valid:
        share = Fraction(100 * inputs.satisfaction.satisfied, inputs.satisfaction.valid)
        found |= {"satisfaction": share, "survey": share}
    if inputs.history is not None:
        found |= {f"years_at.{star}": _years(inputs, star) for star in scheme.stars}
        found["years_rated"] = _years(inputs, scheme.lowest)
    found |= {f"counter.{counter.code}": _counted(counter, inputs) for counter in scheme.counter}
    return {name: Fraction(value) for name, value in found.items() if value is not None}


def score_figures(scheme: Scheme, inputs: RatingInputs) -> dict[str, Fraction]:
    """The sheets and their lines as they were scored."""
    sheets = sheet_scores(scheme, inputs.scores, inputs.base, inputs.field)
    found = {f"sheet.{code}": Fraction(points) for code, points in sheets.items()}
    found |= {f"criterion.{code}": Fraction(points) for code, points in inputs.scores.items()}
    if sheets:
        found["lowest_sheet"] = Fraction(min(sheets.values()))
    if inputs.self_score is not None:
        found["self"] = Fraction(inputs.self_score)
    if inputs.base is not None:
        found["superior"] = Fraction(inputs.base)
    return found


def _months(inputs: RatingInputs) -> int | None:
    born, day = inputs.founded_on, inputs.rated_on
    return None if born is None else (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)


def _years(inputs: RatingInputs, star: int) -> int:
    """So many years without a break, up to the last one, with at least this star."""
    held, year = dict(inputs.history or ()), year_of(inputs) - 1
    count = 0
    while held.get(year - count, -1) >= star:
        count += 1
    return count


def _counted(counter: Counter, inputs: RatingInputs) -> int:
    its = [
        event
        for event in inputs.events
        if event.code in counter.events and (not counter.levels or event.level in counter.levels)
    ]
    if counter.period == "times":
        return sum(counts_for(event, inputs, counter.years) for event in its)
    years, year = {event.on.year for event in its if event.on <= inputs.rated_on}, year_of(inputs)
    return next((n for n in range(counter.years) if year - n not in years), counter.years)


@cache
def asked_for(scheme: Scheme) -> frozenset[str]:
    """What has to be looked up for this scheme's ratings: figures by name, and `history`."""
    named = {name for item in scheme.component for name in item.of}
    every = [*(level.needs for level in scheme.level), *(e.needs for e in scheme.effect)]
    every += [*(rule.needs for rule in scheme.eligibility), *(rule.needs for rule in scheme.linked)]
    named |= {one.value for needs in every for need in needs for one in need.alternatives}
    named |= {name for name, weight in scheme.score.weights.items() if weight and name == "self"}
    moves = scheme.changes
    past = any(name.startswith("years_") for name in named)
    if past or moves.max_up or moves.max_down or moves.first_max is not None:
        named.add("history")
    return frozenset(named)


@cache
def window_of(scheme: Scheme) -> int:
    """How many years of events a rating looks at."""
    items: tuple[Bonus | Deduction, ...] = (*scheme.bonus, *scheme.deduction)
    spans = [item.window_years + (item.window == "months") for item in items]  # twelve months lie in two years
    return max([1, *spans, *(counter.years for counter in scheme.counter)])


# --- the formula ------------------------------------------------------------------------------------------------------


def computed(item: Component, figures: Figures) -> Fraction | None:
    """What one component comes to; None where one of its figures is absent."""
    if any(name not in figures for name in item.of):
        return None
    numbers = [figures[name] for name in item.of]
    value = _applied(item.op, numbers) * Fraction(item.times)
    value = value if item.min is None else max(value, Fraction(item.min))
    return value if item.max is None else min(value, Fraction(item.max))


def _applied(op: str, numbers: list[Fraction]) -> Fraction:
    match op:
        case "difference":
            return numbers[0] - sum(numbers[1:], Fraction(0))
        case "product":
            return prod(numbers, start=Fraction(1))
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "average":
            return sum(numbers, Fraction(0)) / len(numbers)
    return sum(numbers, Fraction(0))


def decimal_of(number: Fraction) -> Decimal:
    """As a decimal, exact up to the sixth place."""
    scaled = number.numerator * 10**6 // number.denominator
    found = Decimal(scaled).scaleb(-6)
    return found.quantize(PLACES, ROUND_DOWN).normalize() + 0


# --- conditions -------------------------------------------------------------------------------------------------------


def compared(one: Comparison, figures: Figures) -> bool | None:
    """None where the figure is absent."""
    return None if one.value not in figures else bool(COMPARE[one.op](figures[one.value], Fraction(one.than)))


def all_hold(needs: Needs, figures: Figures) -> bool | None:
    """Whether every need holds; None where that hangs on a figure that is absent."""
    verdicts = [_any([compared(one, figures) for one in need.alternatives]) for need in needs]
    return False if False in verdicts else None if None in verdicts else True


def _any(verdicts: list[bool | None]) -> bool | None:
    return True if True in verdicts else None if None in verdicts else False


def failing(scheme: Scheme, needs: Needs, figures: Figures) -> str:
    """Which needs do not hold, with the numbers."""
    return ";".join(
        "或".join(_missed(scheme, one, figures) for one in need.alternatives)
        for need in needs
        if not _any([compared(one, figures) for one in need.alternatives])
    )


def _missed(scheme: Scheme, one: Comparison, figures: Figures) -> str:
    word = all_names(scheme).get(one.value, one.value)
    if one.value not in figures:
        return f"没有{word}"
    said = "" if one.value in SHOWN_AS_SIDE else plain(decimal_of(figures[one.value]))
    opposite = OPPOSITE.get(one.op)
    return f"{word}{said}{',' if said else ''}{OPERATOR_WORDS[opposite] if opposite else '不等于'}{plain(one.than)}"


def holding(scheme: Scheme, needs: Needs, figures: Figures) -> str:
    """Why all of them hold."""
    found = (next((one for one in need.alternatives if compared(one, figures)), None) for need in needs)
    return joined(_said(scheme, one, figures) for one in found if one is not None)


def _said(scheme: Scheme, one: Comparison, figures: Figures) -> str:
    word = all_names(scheme).get(one.value, one.value)
    said = "" if one.value in SHOWN_AS_SIDE else plain(decimal_of(figures[one.value]))
    return f"{word}{said}{',' if said else ''}{OPERATOR_WORDS.get(one.op, '等于')}{plain(one.than)}"
