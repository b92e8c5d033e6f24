"""A scheme's stage list → Table. The list is read from top to bottom; a stage that does not apply is passed over.

Since every condition is finite, the compiler enumerates the worlds and lets the engine prove by trying them that every stage
can be reached and that none is a dead end.
"""

import itertools
from collections.abc import Iterator
from functools import cache, partial

from workflow.engine.errors import Faulty, Reason
from workflow.engine.machine import Ask
from workflow.engine.table import ALWAYS, Guard, Row, Table, Way, closure
from workflow.rating import guards
from workflow.rating.facts import Facts, WorldPayload
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_stages import Stage
from workflow.rating.stages import FROM_ANYWHERE, KIND, NAMED, NEXT, STAY, Act, Kind


@cache
def table_of(scheme: Scheme) -> Table:
    """The checked table of a scheme; raises Faulty with every fault of the procedure."""
    table = compile_procedure(scheme)
    if said := table.faults(worlds(scheme)):
        raise Faulty(said)
    return table


def compile_procedure(scheme: Scheme) -> Table:
    rows = [row for stage in scheme.stage for act in KIND[stage.kind].acts if (row := _row(scheme, stage, act))]
    rows += [row for act, kind, not_in in FROM_ANYWHERE for row in _exits(scheme, act, kind, not_in)]
    arrivals = {s.name: arrive for s in scheme.stage if (arrive := KIND[s.kind].on_arrival)}
    return Table(scheme.stage, tuple(rows), arrivals)


def kind_of(scheme: Scheme, stage: str) -> Kind:
    return KIND[next(s.kind for s in scheme.stage if s.name == stage)]


def rounds(scheme: Scheme) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.round for s in scheme.stage if s.round))


def worlds(scheme: Scheme) -> Iterator[tuple[Facts, Ask]]:
    """Every case that a condition can tell apart, with the payload that proposes its star."""
    stars = sorted(level.star for level in scheme.level)
    fields = _named_values(scheme, "field") or ("",)
    nested = (False, True) if _named_values(scheme, "nested") else (False,)
    for route, field, below, proposed, star, full in itertools.product(
        scheme.procedure.routes, fields, nested, stars, (None, *stars), (False, True)
    ):
        facts = Facts(
            route=route,
            field=field,
            nested=below,
            star=star,
            proposed=proposed,
            posted_star=proposed if full else None,
        )
        yield facts, Ask(trigger="", payload=WorldPayload(star=proposed))


def _named_values(scheme: Scheme, fact: str) -> tuple[str, ...]:
    conditions = [c for s in scheme.stage for c in (s.condition, *(b.condition for b in s.but))]
    said = {v for c in conditions for alternative in c.any_of for k, vs in alternative if k == fact for v in vs}
    return (*sorted(map(str, said)), "") if said else ()


def _row(scheme: Scheme, stage: Stage, act: Act) -> Row | None:
    to = getattr(stage, act.trigger) if act.to == NAMED else act.to
    if not to:
        return None  # the scheme does not offer this exit
    return Row(
        stage=stage.name,
        trigger=act.trigger,
        by=act.by,
        ways=_ways(scheme, stage, to),
        takes=act.takes,
        needs_reason=act.needs_reason,
        guards=act.guards + _more_guards(stage, act),
        effect=partial(act.effect, stage) if act.effect else None,
    )


def _more_guards(stage: Stage, act: Act) -> tuple[Guard, ...]:
    """Where a star can be kept, proposing the same star would go round the check that it is still earned (R56)."""
    return (guards.star_changes,) if act.trigger == "propose_star" and stage.keep_star else ()


def _ways(scheme: Scheme, stage: Stage, to: str | tuple[str, ...]) -> tuple[Way, ...]:
    if to == STAY:
        return (Way(stage.name),)
    if to == NEXT:
        return tuple(_below(scheme, stage))
    if isinstance(to, str) or len(to) == 1:
        return (Way(scheme.full_name(stage, to if isinstance(to, str) else to[0])),)
    return tuple(Way(scheme.full_name(stage, name), name=name) for name in to)


def _below(scheme: Scheme, stage: Stage) -> Iterator[Way]:
    """The first stage below that applies; the list ends at the first that always does."""
    for below in scheme.stage[scheme.stage.index(stage) + 1 :]:
        way = Way(below.name, below.condition & KIND[below.kind].applies)
        yield way
        if way.when == ALWAYS:
            return


def _exits(scheme: Scheme, act: Act, kind: str, not_in: tuple[str, ...]) -> Iterator[Row]:
    dest = next((s.name for s in scheme.stage if s.kind == kind), None)
    if dest is None:
        return
    more: tuple[Guard, ...] = (partial(_reason_of_scheme, scheme),) if act.trigger == "exempt" else ()
    for stage in scheme.stage:
        if not KIND[stage.kind].ends and stage.kind not in not_in:
            effect = partial(act.effect, stage) if act.effect else None
            yield Row(
                stage=stage.name,
                trigger=act.trigger,
                by=act.by,
                ways=(Way(dest),),
                needs_reason=act.needs_reason,
                guards=act.guards + more,
                effect=effect,
                arrives=False,
            )


def _reason_of_scheme(scheme: Scheme, f: Facts, ask: Ask, now: object) -> Reason | None:
    known = scheme.roster.exempt_reasons
    if not ask.reason or any(ask.reason.startswith(reason) for reason in known):
        return None
    return Reason(f"免评理由须以方案所列之一开头:{'、'.join(known)}", scheme.roster.cite.rule or "R1")


def stages_between(table: Table, start: str) -> frozenset[str]:
    """Every stage that can still be reached from `start`."""
    edges: dict[str, set[str]] = {s.name: set() for s in table.stages}
    for row in table.rows:
        edges[row.stage] |= {way.dest for way in row.ways}
    return frozenset(closure({start}, edges))
