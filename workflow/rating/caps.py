"""What bounds a star whatever the score: low satisfaction, an overdue election, repeated absence (R40, R42-R44).

A bound is asked with or without a score, for the guards must know it before there is one. The lowest wins; all are named.
"""

from dataclasses import dataclass
from datetime import date

from workflow.rating.inputs import UNTOUCHED, Election, RatingInputs, Step, outside
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
    return (_bound(scheme, rule.cite.rule, absences, rule.cap, exempt=False),) if rule and absences else ()


def absences_in(scheme: Scheme, inputs: RatingInputs) -> str:
    """The sentence on repeated absence in the year, empty below the threshold."""
    rule = scheme.absence
    times = sum(event.code == rule.event and outside(event, inputs) is None for event in inputs.events) if rule else 0
    if rule is None or not COMPARE[rule.op](times, rule.threshold):
        return ""
    return f"年度内{event_word(rule.event, EACH)}累计{times}次,{COUNT_WORDS[rule.op]}{rule.threshold}次"


def _bound(scheme: Scheme, rule: str, said: str, star: int, *, exempt: bool) -> Bound:
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
