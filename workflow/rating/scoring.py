"""From the superior's score and the year's facts to an explained star.

The order is fixed: base, bonuses, deductions (or the scheme's own formula), limits of the score, band and what else a level
needs, levels given directly, no star for low satisfaction, reductions, caps. Every step leaves a line with its numbers and
its rule, so that nobody has to believe the result. Numbers are Decimal or Fraction; the scheme holds all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from workflow.engine.errors import BadInput
from workflow.rating.caps import (
    absence_bound,
    absences_in,
    effect_bounds,
    election_bounds,
    eligibility_bounds,
    label,
    lifts,
    lowered_by,
    no_star_bound,
    not_rated,
    step_bounds,
)
from workflow.rating.figures import case_figures
from workflow.rating.formula import Total, total_of
from workflow.rating.inputs import (
    UNTOUCHED,
    Election,
    Event,
    RatingInputs,
    Satisfaction,
    Step,
    fact_faults,
)
from workflow.rating.levels import reached
from workflow.rating.linked import linked_steps
from workflow.rating.points import bonuses, deductions
from workflow.rating.scheme_tables import Level, Scheme
from workflow.rating.sheet import base_of, differences, highest_base, score_fault, score_faults
from workflow.rating.wording import plain

__all__ = [  # what other rooms need of a rating, in one place
    "Cap",
    "Election",
    "Event",
    "Rating",
    "RatingInputs",
    "Satisfaction",
    "Step",
    "base_of",
    "cap_of",
    "differences",
    "rate",
    "score_faults",
]


@dataclass(frozen=True, slots=True)
class Rating:
    total: Decimal
    star: int
    cap: int
    cap_reasons: tuple[str, ...]
    band_star: int
    steps: tuple[Step, ...]
    not_rated: tuple[str, ...] = ()  # why nothing may be proposed at all


@dataclass(frozen=True, slots=True)
class Cap:
    """The highest star that the facts allow, and why; no reason means that nothing stands in the way."""

    star: int
    reasons: tuple[str, ...]


def rate(scheme: Scheme, inputs: RatingInputs) -> Rating:
    """The explained rating; BadInput when a fact is none that the scheme knows."""
    _refuse((*_base_faults(scheme, inputs), *fact_faults(scheme, inputs)))
    points = (*bonuses(scheme, inputs), *deductions(scheme, inputs))
    total = total_of(scheme, inputs, points)
    band_star, band = _band(scheme, total.number)
    level_star, more = reached(scheme, inputs, band_star, total.figures)
    star, changes = _star(scheme, inputs, level_star, total)
    cap = _cap(scheme, inputs, total)
    return Rating(
        total=total.number,
        star=star,
        cap=cap.star,
        cap_reasons=cap.reasons,
        band_star=band_star,
        steps=(*total.steps, band, *more, *changes, *linked_steps(scheme, star, total.figures)),
        not_rated=not_rated(scheme, inputs, total.figures),
    )


def cap_of(scheme: Scheme, inputs: RatingInputs) -> Cap:
    """The highest star that the facts allow, asked before there is a score."""
    _refuse(fact_faults(scheme, inputs))
    return _cap(scheme, inputs)


def _refuse(faults: Iterable[str]) -> None:
    if found := tuple(faults):
        raise BadInput(*found)


def _base_faults(scheme: Scheme, inputs: RatingInputs) -> tuple[str, ...]:
    if inputs.base is None:
        return ("没有基础分",)
    fault = score_fault("基础分", f"{inputs.base:f}", highest_base(scheme, inputs.field), scheme.score.decimals)
    return (fault,) if fault else ()


def _band(scheme: Scheme, total: Decimal) -> tuple[int, Step]:
    """The highest level whose lower bound the total reaches; 89.99 is not 90."""
    star = scheme.band(total)
    level, above = scheme.level_of(star), next((level for level in scheme.levels if level.star > star), None)
    if level.min is None:
        return star, Step(level.cite.rule, f"{plain(total)}分,等次按各自的条件定", UNTOUCHED)
    over = _bar(level) if level.min > scheme.score.min else ""
    missed = f"未{_bar(above)}" if above else ""
    text = ",".join(filter(None, (f"{plain(total)}分", over, missed, f"为{level.label}")))
    return star, Step(level.cite.rule, text, f"star={star}")


def _bar(level: Level) -> str:
    return f"{'达到' if level.min_inclusive else '超过'}{level.label}下限{plain(level.min or Decimal(0))}分"


def _star(scheme: Scheme, inputs: RatingInputs, level_star: int, total: Total) -> tuple[int, tuple[Step, ...]]:
    """From the level reached to the result: given directly, no star, then reduction and caps in the order of the scheme."""
    lifted, lifting = lifts(scheme, inputs, level_star, total.figures)
    no_star = no_star_bound(scheme, inputs)
    star, steps = (0 if no_star else lifted), [*lifting, *(bound.step for bound in no_star)]
    for effect in scheme.absence.order if scheme.absence else ("downgrade", "caps"):
        change = _reduced if effect == "downgrade" else _capped
        star, more = change(scheme, inputs, star, total)
        steps.extend(more)
    return star, tuple(steps)


def _reduced(scheme: Scheme, inputs: RatingInputs, star: int, total: Total) -> tuple[int, tuple[Step, ...]]:
    """What takes levels off the star just computed (R44); none stays none."""
    after, steps = _absent(scheme, inputs, star)
    lower, more = lowered_by(scheme, inputs, after, total.figures)
    return lower, (*steps, *more)


def _absent(scheme: Scheme, inputs: RatingInputs, star: int) -> tuple[int, tuple[Step, ...]]:
    """December's reduction for repeated absence."""
    rule = scheme.absence
    if rule is None or inputs.round != rule.downgrade_round or not (absences := absences_in(scheme, inputs)):
        return star, ()
    ladder = [star, *(lower for lower in reversed(scheme.stars) if lower < star)]
    after = ladder[min(rule.downgrade, len(ladder) - 1)]
    now, then = label(scheme, star), label(scheme, after)
    said = f"由{now}降为{then}" if after != star else f"已是{now},不再降低"
    effect = f"star={after}" if after != star else UNTOUCHED
    return after, (Step(rule.cite.rule, f"{absences},年底评定降低{rule.downgrade}个星级:{said}", effect),)


def _capped(scheme: Scheme, inputs: RatingInputs, star: int, total: Total) -> tuple[int, tuple[Step, ...]]:
    bounds = (
        *election_bounds(scheme, inputs),
        *absence_bound(scheme, inputs),
        *effect_bounds(scheme, inputs, total.figures),
        *eligibility_bounds(scheme, inputs, total.figures),
        *step_bounds(scheme, inputs),
    )
    steps = tuple(bound.step for bound in bounds)
    lowest = min(bounds, key=lambda bound: bound.star, default=None)
    if lowest is None or star <= lowest.star:
        return star, steps
    text = f"按最低的限制,由{label(scheme, star)}改为{label(scheme, lowest.star)}"
    return lowest.star, (*steps, Step(lowest.step.rule, text, f"star={lowest.star}"))


def _cap(scheme: Scheme, inputs: RatingInputs, total: Total | None = None) -> Cap:
    """The lowest of all bounds with every reason, the lowest first (R46)."""
    known = total.figures if total else case_figures(scheme, inputs)
    bounds = (
        *no_star_bound(scheme, inputs),
        *election_bounds(scheme, inputs),
        *absence_bound(scheme, inputs),
        *effect_bounds(scheme, inputs, known),
        *(eligibility_bounds(scheme, inputs, known) if total else ()),
        *step_bounds(scheme, inputs),
    )
    standing = sorted((b for b in bounds if b.step.effect != UNTOUCHED), key=lambda bound: bound.star)
    reasons = tuple(f"{bound.step.text}({bound.step.rule})" for bound in standing)
    return Cap(standing[0].star if standing else scheme.stars[-1], reasons)
