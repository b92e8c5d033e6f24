"""A scheme's stage list → Table. The list is read from top to bottom; a stage that does not apply is passed over.

Since every condition is finite, the compiler enumerates the worlds and lets the engine prove by trying them that every stage
can be reached and that none is a dead end.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from pydantic import BaseModel

from workflow.engine.errors import Faulty
from workflow.engine.machine import Ask
from workflow.engine.table import ALWAYS, Effect, Fault, Guard, Row, Table, Way, When
from workflow.rating import guards, payloads
from workflow.rating.facts import Facts, WorldPayload
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_places import Path
from workflow.rating.scheme_stages import Stage, when_of
from workflow.rating.stages import EXITS, FROM_ANYWHERE, KIND, NAMED, NEXT, ONWARD, ROLE_WORDS, STAY, TITLES, Act, Kind


@cache
def table_of(scheme: Scheme) -> Table:
    """The checked table of a scheme; Faulty with every fault of the procedure, each with its line and its stage."""
    if faults := procedure_faults(scheme):
        raise Faulty(f"{scheme.place(*path)}: {sentence}" for path, sentence in faults)
    return compile_procedure(scheme)


MOST_WORLDS = 6_000
"""So many cases are tried in a few seconds; the default scheme has 336."""


def procedure_faults(scheme: Scheme) -> tuple[tuple[Path, str], ...]:
    """What is wrong with the shape of the procedure, each with its place in the file."""
    if (many := count_worlds(scheme)) > MOST_WORLDS:
        return ((("stage",), f"条件能分出{many}种情形,超过{MOST_WORLDS}种:等次、路线或条件里的领域太多"),)
    faults = tuple(_short_cuts(scheme)) or compile_procedure(scheme).faults(worlds(scheme))
    return tuple(_placed(scheme, fault) for fault in faults)


def count_worlds(scheme: Scheme) -> int:
    levels, fields = len(scheme.level), len(_named_values(scheme, "field") or ("",))
    nested = 2 if _named_values(scheme, "nested") else 1
    return len(scheme.procedure.routes) * fields * nested * levels * (levels + 1) * 4


def compile_procedure(scheme: Scheme) -> Table:
    rows = [row for stage in scheme.stage for act in KIND[stage.kind].acts if (row := _row(scheme, stage, act))]
    rows += [row for act, kind, not_in in FROM_ANYWHERE for row in _exits(scheme, act, kind, not_in)]
    arrivals = {s.name: arrive for s in scheme.stage if (arrive := KIND[s.kind].on_arrival)}
    words = {**ROLE_WORDS, **{str(role): body for role, body in scheme.bodies.items()}}
    words |= {**TITLES, **{s.name: s.title for s in scheme.stage}}
    return Table(scheme.stage, tuple(rows), arrivals, words)


def kind_of(scheme: Scheme, stage: str) -> Kind:
    return KIND[next(s.kind for s in scheme.stage if s.name == stage)]


def worlds(scheme: Scheme) -> Iterator[tuple[Facts, Ask]]:
    """Every case that a condition can tell apart, with the payload that proposes its star."""
    stars = sorted(level.star for level in scheme.level)
    fields = _named_values(scheme, "field") or ("",)
    nested = (False, True) if _named_values(scheme, "nested") else (False,)
    for route, field, below, proposed, star, full, objections in itertools.product(
        scheme.procedure.routes, fields, nested, stars, (None, *stars), (False, True), (0, 1)
    ):
        facts = Facts(
            route=route,
            field=field,
            nested=below,
            star=star,
            proposed=proposed,
            posted_star=proposed if full else None,
            open_objections=objections,
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
        takes=_takes(scheme, stage, act),
        needs_reason=act.needs_reason,
        guards=_bound_guards(scheme, act) + _window(scheme, stage, act) + act.guards + _more_guards(stage, act),
        effect=_effect(scheme, stage, act),
    )


def _effect(scheme: Scheme, stage: Stage, act: Act) -> Effect | None:
    return partial(act.effect, _placed_in(scheme, stage)) if act.effect else None


@dataclass(frozen=True, slots=True)
class Placed:
    """A stage as the effects see it: with what stands below it."""

    stage: Stage
    hung_again: bool
    in_first_round: bool

    @property
    def falls_to(self) -> int | None:
        return self.stage.falls_to


def _placed_in(scheme: Scheme, stage: Stage) -> Placed:
    return Placed(stage, _hung_again(scheme, stage), stage.round == scheme.first_round)


def _hung_again(scheme: Scheme, stage: Stage) -> bool:
    """Below in the same round the same level is made public once more."""
    below = scheme.stage[scheme.stage.index(stage) + 1 :]
    return any(other.again and other.round == stage.round for other in below)


def _window(scheme: Scheme, stage: Stage, act: Act) -> tuple[Guard, ...]:
    """What a stage's window and its papers ask of the acts that finish it."""
    if act.to != NEXT and act.trigger != "keep_star":
        return ()
    survey = act.trigger == "file_survey"
    papers = tuple(
        (paper.title, when_of(paper.when or ()), paper.cite.rule)
        for paper in scheme.attachment
        if paper.stage == stage.name
    )
    asked: tuple[tuple[object, Guard], ...] = (
        (stage.opens or any(but.opens for but in stage.but), guards.window_open),
        (papers, partial(guards.attached, papers)),
        (survey and scheme.survey.masses_quorum, guards.masses_reached),
        (survey and {"members_due", "attended"} & set(scheme.survey.asks), guards.heads_add_up),
        (survey and scheme.survey.channels, partial(guards.channels_listed, scheme.survey.channels)),
        (stage.kind == "review" and _spares_some(scheme), guards.to_be_rated),
        (stage.kind == "review" and decides_quotas(scheme), guards.quota_kept),
    )
    return tuple(guard for wanted, guard in asked if wanted)


def decides_quotas(scheme: Scheme) -> bool:
    """Where no stage approves, the review itself keeps within hard quotas; soft ones are only shown."""
    return any(q.op == "max" and q.hard for q in scheme.quota) and not approves(scheme)


def approves(scheme: Scheme) -> bool:
    """Whether anybody could record that a quota may be exceeded."""
    return any(stage.kind == "approval" for stage in scheme.stage)


def _spares_some(scheme: Scheme) -> bool:
    return any(effect.then == "not_rated" for effect in scheme.effect)


def _takes(scheme: Scheme, stage: Stage, act: Act) -> type[BaseModel] | None:
    """What the act must be told: more than usual only where the scheme asks for more."""
    takes = act.takes
    if act.trigger == "file_survey":
        takes = payloads.survey_filing(scheme.survey.scale, scheme.survey.asks, bool(scheme.survey.channels))
    onward = act.to == NEXT or act.trigger == "keep_star"
    papers = onward and any(paper.stage == stage.name for paper in scheme.attachment)
    return payloads.with_attachments(takes) if papers else takes


def _bound_guards(scheme: Scheme, act: Act) -> tuple[Guard, ...]:
    """What only the scheme's own lists can say: which stars there are, and why one may be exempt."""
    if act.trigger == "exempt":
        return (partial(guards.reason_is_listed, scheme.roster.exempt_reasons, scheme.roster.cite.rule or "R1"),)
    if act.takes and {"star", "target_star"} & set(act.takes.model_fields):
        return (partial(guards.star_is_listed, scheme.star_words),)
    if act.trigger == "object" and not scheme.objection.anonymous_ok:
        return (partial(guards.objector_named, scheme.objection.cite.rule or "R23"),)
    return ()


def _more_guards(stage: Stage, act: Act) -> tuple[Guard, ...]:
    """Where a star can be kept, proposing the same star would go round the check that it is still earned (R56)."""
    return (guards.star_changes,) if act.trigger == "propose_star" and stage.keep_star else ()


def _ways(scheme: Scheme, stage: Stage, to: str | tuple[str, ...]) -> tuple[Way, ...]:
    if to == STAY:
        return (Way(stage.name),)
    if _names(to) == (NEXT,):
        return tuple(_below(scheme, stage))
    return tuple(Way(scheme.full_name(stage, name), name=name) for name in _names(to))


def _names(to: str | tuple[str, ...]) -> tuple[str, ...]:
    return (to,) if isinstance(to, str) else to


def _below(scheme: Scheme, stage: Stage) -> Iterator[Way]:
    """The first stage below that applies; the list ends at the first that always does."""
    for below in scheme.stage[scheme.stage.index(stage) + 1 :]:
        if KIND[below.kind].aside:
            continue
        way = Way(below.name, stands(below))
        yield way
        if way.when == ALWAYS:
            return


def stands(stage: Stage) -> When:
    """When a cycle that comes down the list stops here."""
    kind = KIND[stage.kind]
    when = stage.condition if stage.again else stage.condition & kind.applies
    return when | kind.insists if kind.insists else when


def _exits(scheme: Scheme, act: Act, kind: str, not_in: tuple[str, ...]) -> Iterator[Row]:
    dest = next((s.name for s in scheme.stage if s.kind == kind), None)
    if dest is None:
        return
    for stage in scheme.stage:
        if not KIND[stage.kind].ends and stage.kind not in not_in:
            yield Row(
                stage=stage.name,
                trigger=act.trigger,
                by=act.by,
                ways=(Way(dest),),
                needs_reason=act.needs_reason,
                guards=_bound_guards(scheme, act) + act.guards,
                effect=_effect(scheme, stage, act),
                arrives=False,
            )


def _short_cuts(scheme: Scheme) -> Iterator[Fault]:
    """An exit leads back within its round, or onward from stage to stage: whatever skips one is refused (R45)."""
    if scheme.stage[0].condition != ALWAYS:
        yield Fault(scheme.stage[0].name, "", "第一个环节不能有条件:每个党组织都从这里开始")
    for i, stage in enumerate(scheme.stage):
        above = {s.name for s in scheme.stage[:i] if s.round == stage.round and not KIND[s.kind].on_arrival}
        for exit_ in stage.exits:
            for name in _names(getattr(stage, exit_)):
                if name == NEXT and exit_ not in ONWARD:
                    yield Fault(stage.name, exit_, "不能写“next”,只能退到前面的环节")
                elif name != NEXT and exit_ == "keep_star":
                    yield Fault(stage.name, exit_, f"“{name}”会跳过环节,只能写“next”:照常往下走")
                elif name != NEXT and scheme.full_name(stage, name) not in above:
                    yield Fault(stage.name, exit_, f"“{name}”不是本轮前面的环节,只能往回退")


def _placed(scheme: Scheme, fault: Fault) -> tuple[Path, str]:
    """`stage[3].send_back`; an act that the scheme does not write is named in the sentence."""
    path = ("stage", [s.name for s in scheme.stage].index(fault.stage))
    if fault.trigger in EXITS:
        return (*path, fault.trigger), fault.text
    return path, f"{fault.trigger and fault.trigger + ':'}{fault.text}"
