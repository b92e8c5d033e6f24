"""Which level is reached: its band, the pass line of its sheet, and whatever else the scheme says it needs."""

from workflow.rating.figures import Figures, all_hold, failing
from workflow.rating.inputs import RatingInputs, Step
from workflow.rating.scheme_rules import Need, Needs
from workflow.rating.scheme_tables import Level, Scheme


def reached(scheme: Scheme, inputs: RatingInputs, band_star: int, figures: Figures) -> tuple[int, tuple[Step, ...]]:
    """From the band's star down to the highest level that has all it needs; the lowest needs nothing."""
    if scheme.score.climb == "each":
        return _climbed(scheme, inputs, band_star, figures)
    steps: list[Step] = []
    for level in reversed(scheme.levels):
        if level.star > band_star:
            continue
        missing = _missing(scheme, inputs, level, figures)
        if not missing or level is scheme.levels[0]:
            return level.star, (*steps, *_said(scheme, inputs, level))
        steps.append(Step(level.cite.rule, f"不得{level.label}:{missing}", "none"))
    return scheme.lowest, tuple(steps)


def _climbed(scheme: Scheme, inputs: RatingInputs, band_star: int, figures: Figures) -> tuple[int, tuple[Step, ...]]:
    """Level by level from the lowest: the first that is missed ends it."""
    held = scheme.levels[0]
    for level in scheme.levels[1:]:
        missing = _missing(scheme, inputs, level, figures)
        if level.star > band_star or missing:
            why = (Step(level.cite.rule, f"不得{level.label}:{missing}", "none"),) if missing else ()
            return held.star, (*why, *_said(scheme, inputs, held))
        held = level
    return held.star, _said(scheme, inputs, held)


def _said(scheme: Scheme, inputs: RatingInputs, level: Level) -> tuple[Step, ...]:
    """Nothing where the band has said it already."""
    if not any(needs_of(scheme, one, inputs.field) for one in scheme.levels):
        return ()
    return (Step(level.cite.rule, f"达到{level.label}的条件", f"star={level.star}"),)


def _missing(scheme: Scheme, inputs: RatingInputs, level: Level, figures: Figures) -> str:
    needs = needs_of(scheme, level, inputs.field)
    return "" if all_hold(needs, figures) else failing(scheme, needs, figures)


def needs_of(scheme: Scheme, level: Level, field: str = "") -> Needs:
    """What is written at the level, and the pass lines of the sheets made for it."""
    passes = tuple(
        Need(value=f"sheet.{sheet.code}", op=">=", than=sheet.pass_line)
        for sheet in scheme.sheet
        if sheet.star == level.star and sheet.pass_line is not None and (not sheet.fields or field in sheet.fields)
    )
    return (*passes, *level.needs)
