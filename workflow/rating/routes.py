"""Which organisation takes which route of a scheme; decided once, when its year is opened."""

from workflow.rating.scheme import Scheme


def route_of(scheme: Scheme, *, direct: bool, kind: str, field: str) -> str:
    """The first rule that fits; without rules those directly under the root take the last route, the others the first."""
    for rule in scheme.procedure.assign:
        if (
            (rule.direct is None or rule.direct == direct)
            and (not rule.kind or kind in rule.kind)
            and (not rule.field or field in rule.field)
        ):
            return rule.route
    routes = tuple(scheme.procedure.routes)
    return routes[-1] if direct else routes[0]
