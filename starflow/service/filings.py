"""What a finished stage files for the record (备案) or announces, and to whom: a notice and a line of the record, no waiting."""

from dataclasses import dataclass
from typing import Any

from starflow.service.case import Case
from workflow.engine.machine import Decision
from workflow.rating.scheme_rules import Filing
from workflow.rating.scheme_stages import when_of
from workflow.rating.stages import body_of

WORDS = {"file": "报{bodies}备案", "announce": "向{bodies}公布"}


@dataclass(frozen=True, slots=True)
class Filed:
    """One filing that this transition calls for, with its sentence."""

    rule: Filing
    text: str


def filed(case: Case, done: Decision) -> tuple[Filed, ...]:
    """The filings of the stage that has just been finished: not where work goes back, and not for whoever is not rated."""
    if not case.scheme.filing or done.facts.outcome is not None:
        return ()
    names = [stage.name for stage in case.scheme.stage]
    if done.before not in names or names.index(done.after) <= names.index(done.before):
        return ()
    proposed = done.facts.proposed if done.facts.proposed is not None else done.facts.star
    seen = done.facts.changed_by({"proposed": proposed})
    its = (rule for rule in case.scheme.filing if rule.after == done.before)
    return tuple(Filed(rule, _sentence(case, rule, proposed)) for rule in its if when_of(rule.when or ()).holds(seen))


def _sentence(case: Case, rule: Filing, star: int | None) -> str:
    bodies = "、".join((*(body_of(case.scheme, role) for role in rule.to), *rule.also_to))
    label = case.scheme.level_of(star).label if star in case.scheme.stars else "未评"
    return f"{case.cycle.name}:{rule.title}({label}){WORDS[rule.act].format(bodies=bodies)}"


def recorded(case: Case, done: Decision) -> dict[str, Any]:
    """What the record says of it; nothing where a scheme files nothing."""
    found = filed(case, done)
    return (
        {"filed": [{"code": one.rule.code, "text": one.text, "cite": one.rule.cite.rule} for one in found]}
        if found
        else {}
    )
