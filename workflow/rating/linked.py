"""Grades that follow an organisation's level, such as its secretary's: a line of the explanation, and nothing is decided by it."""

from workflow.rating.figures import Figures, all_hold, failing
from workflow.rating.inputs import UNTOUCHED, Step
from workflow.rating.scheme_rules import Linked
from workflow.rating.scheme_tables import Scheme


def linked_steps(scheme: Scheme, star: int, figures: Figures) -> tuple[Step, ...]:
    return tuple(Step(rule.cite.rule, _sentence(scheme, rule, star, figures), UNTOUCHED) for rule in scheme.linked)


def _sentence(scheme: Scheme, rule: Linked, star: int, figures: Figures) -> str:
    label = scheme.level_of(star).label
    if all_hold(rule.needs, figures) or star == scheme.lowest:
        return f"{rule.title}:随本组织的{label},为{rule.grades[str(star)]}"
    lower = max(other for other in scheme.stars if other < star)
    grade = rule.otherwise or rule.grades[str(lower)]
    return f"{rule.title}:本组织为{label},但{failing(scheme, rule.needs, figures)},为{grade}"
