"""From the superior's score and the year's facts to an explained star.

The order is fixed: base, bonuses, deductions, limits of the score, band, no star for low satisfaction, December's
reduction, caps. Every step leaves a line with its numbers and its rule, so that nobody has to believe the result.
Numbers are Decimal or Fraction; the scheme holds all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from workflow.engine.errors import BadInput
from workflow.rating.caps import absence_bound, absences_in, election_bounds, label, no_star_bound
from workflow.rating.inputs import (
    UNTOUCHED,
    Election,
    Event,
    RatingInputs,
    Satisfaction,
    Step,
    fact_faults,
)
from workflow.rating.points import Line, bonuses, deductions, low_satisfaction
from workflow.rating.scheme_tables import Level, Scheme
from workflow.rating.sheet import base_of, differences, score_fault, score_faults
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


@dataclass(frozen=True, slots=True)
class Cap:
    """The highest star that the facts allow, and why; no reason means that nothing stands in the way."""

    star: int
    reasons: tuple[str, ...]


def rate(scheme: Scheme, inputs: RatingInputs) -> Rating:
    """The explained rating; BadInput when a fact is none that the scheme knows."""
    base = _checked(scheme, inputs)
    points = (*bonuses(scheme, inputs), *deductions(scheme, inputs), *low_satisfaction(scheme, inputs))
    total, sums = _total(scheme, base, points)
    band_star, band = _band(scheme, total)
    star, changes = _star(scheme, inputs, band_star)
    cap = _cap(scheme, inputs)
    return Rating(
        total=total,
        star=star,
        cap=cap.star,
        cap_reasons=cap.reasons,
        band_star=band_star,
        steps=(
            Step(scheme.score.cite.rule, f"基础分{plain(base)}分", f"={plain(base)}"),
            *(line.step for line in points),
            sums,
            band,
            *changes,
        ),
    )


def cap_of(scheme: Scheme, inputs: RatingInputs) -> Cap:
    """The highest star that the facts allow, asked before there is a score."""
    _refuse(fact_faults(scheme, inputs))
    return _cap(scheme, inputs)


def _checked(scheme: Scheme, inputs: RatingInputs) -> Decimal:
    _refuse((*_base_faults(scheme, inputs.base), *fact_faults(scheme, inputs)))
    return inputs.base if inputs.base is not None else Decimal(0)


def _refuse(faults: Iterable[str]) -> None:
    if found := tuple(faults):
        raise BadInput(*found)


def _base_faults(scheme: Scheme, base: Decimal | None) -> tuple[str, ...]:
    if base is None:
        return ("没有基础分",)
    fault = score_fault("基础分", f"{base:f}", scheme.score.max, scheme.score.decimals)
    return (fault,) if fault else ()


def _total(scheme: Scheme, base: Decimal, lines: tuple[Line, ...]) -> tuple[Decimal, Step]:
    score = scheme.score
    moved = [line.points for line in lines if line.points]
    raw = base + sum(moved, Decimal(0))
    total = max(score.min, min(raw, score.max) if score.clamp_top else raw)
    terms = plain(base) + "".join(f"{'+' if points > 0 else '-'}{plain(abs(points))}" for points in moved)
    text = f"总分{terms}={plain(raw)}分" if moved else f"总分{plain(raw)}分"
    if total != raw:
        text += f",按{plain(total)}分计"
    elif raw > score.max:
        text += f",超过满分{plain(score.max)}分的部分照实计入"
    return total, Step(score.cite.rule, text, f"={plain(total)}")


def _band(scheme: Scheme, total: Decimal) -> tuple[int, Step]:
    """The highest level whose lower bound the total reaches; 89.99 is not 90."""
    star = scheme.band(total)
    level, above = scheme.level_of(star), next((level for level in scheme.levels if level.star > star), None)
    reached = _bar(level) if level.min > scheme.score.min else ""
    missed = f"未{_bar(above)}" if above else ""
    text = ",".join(filter(None, (f"{plain(total)}分", reached, missed, f"为{level.label}")))
    return star, Step(level.cite.rule, text, f"star={star}")


def _bar(level: Level) -> str:
    return f"{'达到' if level.min_inclusive else '超过'}{level.label}下限{plain(level.min)}分"


def _star(scheme: Scheme, inputs: RatingInputs, band_star: int) -> tuple[int, tuple[Step, ...]]:
    """From the band's star to the result: no star, then reduction and caps in the order of the scheme."""
    no_star = no_star_bound(scheme, inputs)
    star, steps = (0 if no_star else band_star), [bound.step for bound in no_star]
    for effect in scheme.absence.order if scheme.absence else ("caps",):
        change = _reduced if effect == "downgrade" else _capped
        star, more = change(scheme, inputs, star)
        steps.extend(more)
    return star, tuple(steps)


def _reduced(scheme: Scheme, inputs: RatingInputs, star: int) -> tuple[int, tuple[Step, ...]]:
    """December's reduction for repeated absence, from the star just computed (R44); none stays none."""
    rule = scheme.absence
    if rule is None or inputs.round != rule.downgrade_round or not (absences := absences_in(scheme, inputs)):
        return star, ()
    ladder = [star, *(lower for lower in reversed(scheme.stars) if lower < star)]
    after = ladder[min(rule.downgrade, len(ladder) - 1)]
    now, then = label(scheme, star), label(scheme, after)
    said = f"由{now}降为{then}" if after != star else f"已是{now},不再降低"
    effect = f"star={after}" if after != star else UNTOUCHED
    return after, (Step(rule.cite.rule, f"{absences},年底评定降低{rule.downgrade}个星级:{said}", effect),)


def _capped(scheme: Scheme, inputs: RatingInputs, star: int) -> tuple[int, tuple[Step, ...]]:
    bounds = (*election_bounds(scheme, inputs), *absence_bound(scheme, inputs))
    steps = tuple(bound.step for bound in bounds)
    lowest = min(bounds, key=lambda bound: bound.star, default=None)
    if lowest is None or star <= lowest.star:
        return star, steps
    text = f"按最低的限制,由{label(scheme, star)}改为{label(scheme, lowest.star)}"
    return lowest.star, (*steps, Step(lowest.step.rule, text, f"star={lowest.star}"))


def _cap(scheme: Scheme, inputs: RatingInputs) -> Cap:
    """The lowest of all bounds with every reason, the lowest first (R46)."""
    bounds = (*no_star_bound(scheme, inputs), *election_bounds(scheme, inputs), *absence_bound(scheme, inputs))
    standing = sorted((b for b in bounds if b.step.effect != UNTOUCHED), key=lambda bound: bound.star)
    reasons = tuple(f"{bound.step.text}({bound.step.rule})" for bound in standing)
    return Cap(standing[0].star if standing else scheme.stars[-1], reasons)
