"""What bounds a star whatever the score: low satisfaction, an overdue election, repeated absence (R40, R42-R44), and the
effects, eligibility rules and steps that a scheme lists.

A bound is asked with or without a score, for the guards must know it before there is one. The lowest wins; all are named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflow.rating.figures import Figures, all_hold, failing, holding
from workflow.rating.inputs import UNTOUCHED, Election, RatingInputs, Step, outside
from workflow.rating.scheme_rules import Effect
from workflow.rating.scheme_tables import Scheme
from workflow.rating.survey import COMPARE, holds, share_text, side_text
from workflow.rating.wording import COUNT_WORDS, EACH, EXTENSION_WORDS, event_word


@dataclass(frozen=True, slots=True)
class Bound:
    """No more than `star`, says the step; a step without effect explains why a bound does not stand."""

    step: Step
    star: int


def no_star_bound(scheme: Scheme, inputs: RatingInputs) -> tuple[Bound, ...]:
    rule, votes = scheme.satisfaction, inputs.satisfaction
    if rule is None or rule.no_star is None or votes is None or not votes.valid or not holds(votes, rule.no_star):
        return ()
    text = f"{share_text(rule, votes)}{side_text(rule.no_star.op, rule.no_star.value)},{label(scheme, 0)}"
    return (Bound(Step(rule.cite.rule, text, "star=0"), star=0),)


def election_bounds(scheme: Scheme, inputs: RatingInputs) -> tuple[Bound, ...]:
    """What an overdue election costs (R42), and one that is overdue by more than a year (R43)."""
    rule, election = scheme.election, inputs.election
    if rule is None or election is None or not _overdue(election, inputs.rated_on):
        return ()
    said = f"换届应于{election.due_on}前完成,至{inputs.rated_on}仍未换届,{EXTENSION_WORDS[election.extension]}"
    bounds = [_bound(scheme, rule.cite.rule, said, rule.cap, exempt=election.extension in rule.exempt_if)]
    longer = rule.over_one_year
    if longer and inputs.rated_on > one_year_after(election.due_on):
        said = f"换届到期日为{election.due_on},至{inputs.rated_on}超过一年未换届"
        exempt = longer.exempt and election.extension in rule.exempt_if
        bounds.append(_bound(scheme, longer.cite.rule, said, longer.cap, exempt=exempt))
    return tuple(bounds)


def absence_bound(scheme: Scheme, inputs: RatingInputs) -> tuple[Bound, ...]:
    rule, absences = scheme.absence, absences_in(scheme, inputs)
    return (_bound(scheme, rule.cite.rule, absences, rule.cap),) if rule and absences else ()


def absences_in(scheme: Scheme, inputs: RatingInputs) -> str:
    """The sentence on repeated absence in the year, empty below the threshold."""
    rule = scheme.absence
    if rule is None:
        return ""
    times = sum(event.code == rule.event and outside(event, inputs) is None for event in inputs.events)
    if not COMPARE[rule.op](times, rule.threshold):
        return ""
    return f"年度内{event_word(rule.event, EACH, scheme.words)}累计{times}次,{COUNT_WORDS[rule.op]}{rule.threshold}次"


# --- what a scheme lists: effects, eligibility, steps ------------------------------------------------------------------


def _standing(scheme: Scheme, inputs: RatingInputs, figures: Figures, *kinds: str) -> Iterator[tuple[Effect, str]]:
    """Every effect of these kinds that applies in this round and whose needs all hold, with the sentence why."""
    for effect in scheme.effect:
        applies = effect.then in kinds and (not effect.rounds or inputs.round in effect.rounds)
        if applies and all_hold(effect.needs, figures):
            yield effect, f"{effect.title}({holding(scheme, effect.needs, figures)})"


def effect_bounds(scheme: Scheme, inputs: RatingInputs, figures: Figures) -> tuple[Bound, ...]:
    """No more than this, nothing but the lowest, or no level at all."""
    found = []
    for effect, said in _standing(scheme, inputs, figures, "cap", "bottom", "no_level"):
        star = effect.star if effect.star is not None else scheme.lowest  # to have no level is the lowest of all
        word = "不得高于" if effect.then == "cap" else "直接定为"
        found.append(Bound(Step(effect.cite.rule, f"{said},{word}{label(scheme, star)}", f"star<={star}"), star))
    return tuple(found)


def eligibility_bounds(scheme: Scheme, inputs: RatingInputs, figures: Figures) -> tuple[Bound, ...]:
    """A level that one may not be given yet bounds the star just below it."""
    found = []
    for rule in scheme.eligibility:
        below = max((star for star in scheme.stars if star < rule.star), default=scheme.lowest)
        keeps = rule.holders_keep and inputs.held is not None and inputs.held >= rule.star
        if all_hold(rule.needs, figures) is not True:
            said = f"{rule.title}({failing(scheme, rule.needs, figures)})"
            if keeps:
                step = Step(rule.cite.rule, f"{said},已是{label(scheme, rule.star)}的不受此限", UNTOUCHED)
                found.append(Bound(step, scheme.stars[-1]))
            else:
                text = f"{said},不得高于{label(scheme, below)}"
                found.append(Bound(Step(rule.cite.rule, text, f"star<={below}"), below))
    return tuple(found)


def step_bounds(scheme: Scheme, inputs: RatingInputs) -> tuple[Bound, ...]:
    """How far up one may come in one go; asked only where somebody has looked up what is in force."""
    rule = scheme.changes
    if inputs.history is None:
        return ()
    if inputs.held is None:
        if rule.first_max is None:
            return ()
        text = f"首次评定,不得高于{label(scheme, rule.first_max)}"
        return (Bound(Step(rule.cite.rule, text, f"star<={rule.first_max}"), rule.first_max),)
    if rule.max_up is None:
        return ()
    highest = moved(scheme, inputs.held, rule.max_up)
    text = f"现为{label(scheme, inputs.held)},一次最多升{rule.max_up}个等次,不得高于{label(scheme, highest)}"
    return (Bound(Step(rule.cite.rule, text, f"star<={highest}"), highest),)


def lifts(scheme: Scheme, inputs: RatingInputs, star: int, figures: Figures) -> tuple[int, tuple[Step, ...]]:
    """Levels given directly, levels that one may not fall below, and how far down one may go in one go."""
    steps = []
    for effect, said in _standing(scheme, inputs, figures, "set", "floor"):
        assert effect.star is not None  # the scheme's own model says so
        after = effect.star if effect.then == "set" else max(star, effect.star)
        word = "直接定为" if effect.then == "set" else "不低于"
        text = f"{said},{word}{label(scheme, effect.star)}"
        steps.append(Step(effect.cite.rule, text, f"star={after}" if after != star else UNTOUCHED))
        star = after
    rule = scheme.changes
    if rule.max_down is not None and inputs.held is not None and inputs.history is not None:
        least = moved(scheme, inputs.held, -rule.max_down)
        if star < least:
            text = f"现为{label(scheme, inputs.held)},一次最多降{rule.max_down}个等次,定为{label(scheme, least)}"
            steps.append(Step(rule.cite.rule, text, f"star={least}"))
            star = least
    return star, tuple(steps)


def lowered_by(scheme: Scheme, inputs: RatingInputs, star: int, figures: Figures) -> tuple[int, tuple[Step, ...]]:
    """Effects that take so many levels off."""
    steps = []
    for effect, said in _standing(scheme, inputs, figures, "minus"):
        assert effect.steps is not None  # the scheme's own model says so
        after = moved(scheme, star, -effect.steps)
        text = f"{said},降低{effect.steps}个等次,由{label(scheme, star)}改为{label(scheme, after)}"
        steps.append(Step(effect.cite.rule, text, f"star={after}" if after != star else UNTOUCHED))
        star = after
    return star, tuple(steps)


def not_rated(scheme: Scheme, inputs: RatingInputs, figures: Figures) -> tuple[str, ...]:
    """Why the organisation is not rated at all, each with its rule."""
    return tuple(
        f"{said},不予评定({effect.cite.rule})" for effect, said in _standing(scheme, inputs, figures, "not_rated")
    )


def moved(scheme: Scheme, star: int, steps: int) -> int:
    """So many levels up or down, at most to the ends of the scale."""
    at = next(n for n in reversed(range(len(scheme.stars))) if scheme.stars[n] <= star or n == 0)
    return scheme.stars[min(max(at + steps, 0), len(scheme.stars) - 1)]


# --- parts --------------------------------------------------------------------------------------------------------------


def _bound(scheme: Scheme, rule: str, said: str, star: int, *, exempt: bool = False) -> Bound:
    if exempt:
        return Bound(Step(rule, f"{said},不受限制", UNTOUCHED), scheme.stars[-1])
    return Bound(Step(rule, f"{said},不得高于{label(scheme, star)}", f"star<={star}"), star)


def _overdue(election: Election, on: date) -> bool:
    return election.due_on < on and (election.held_on is None or election.held_on > on)


def one_year_after(day: date) -> date:
    """The same day of the next year; the year that began on 29 February ends on the 28th."""
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year + 1, day=28)
    return day.replace(year=day.year + 1)


def label(scheme: Scheme, star: int) -> str:
    return scheme.level_of(star).label if star in scheme.stars else f"{star}星"
