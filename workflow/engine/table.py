"""A machine as a table: stages, rows, and every reason why it must not run.

Conditions are finite (a fact is one of listed values), so the checks try every world instead of reasoning about it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import BaseModel

from workflow.engine.errors import Reason

OWNER = "owner"
"""In `Row.by`: whoever the stage names as its owner."""


@dataclass(frozen=True, slots=True)
class When:
    """Alternatives of (fact, allowed values); no alternative at all means always."""

    any_of: tuple[tuple[tuple[str, tuple[Any, ...]], ...], ...] = ()

    def holds(self, facts: Any) -> bool:
        return not self.any_of or any(all(getattr(facts, k) in vs for k, vs in alt) for alt in self.any_of)

    def __and__(self, other: "When") -> "When":
        if not (self.any_of and other.any_of):
            return self if self.any_of else other
        return When(tuple(a + b for a in self.any_of for b in other.any_of))

    def __or__(self, other: "When") -> "When":
        return When(self.any_of + other.any_of) if self.any_of and other.any_of else ALWAYS

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts that it looks at."""
        return tuple(dict.fromkeys(k for alternative in self.any_of for k, _ in alternative))


ALWAYS = When()

Guard = Callable[[Any, Any, Any], Reason | None]
"""(facts, ask, now) → None for yes, a sentence for not yet."""
Effect = Callable[[Any, Any, Any], Mapping[str, Any]]
"""(facts, ask, now) → the fields of the facts that the act changes."""


@dataclass(frozen=True, slots=True)
class Way:
    """One destination. A way with a `name` is taken when the payload's `to` names it, or when it is the only one."""

    dest: str
    when: When = ALWAYS
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """At `stage`, `by` may fire `trigger`; the first way that holds after the effect is taken."""

    stage: str
    trigger: str
    by: str
    ways: tuple[Way, ...]
    takes: type[BaseModel] | None = None
    needs_reason: bool = False
    guards: tuple[Guard, ...] = ()
    effect: Effect | None = None
    arrives: bool = True  # False: an exit that does not run the destination's `on_arrival`

    @property
    def named(self) -> bool:
        """Its ways are called by name; the facts have no say."""
        return any(way.name for way in self.ways)

    @property
    def chooses(self) -> bool:
        """Whoever acts must say where to."""
        return self.named and len(self.ways) > 1


class StageOf(Protocol):
    """What the engine asks of a stage."""

    @property
    def name(self) -> str: ...
    @property
    def ends(self) -> bool: ...
    @property
    def cite_rule(self) -> str | None: ...
    def owner_of(self, facts: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a table must not run: at a stage, or at one of its triggers."""

    stage: str
    trigger: str
    text: str

    def __str__(self) -> str:
        return f"{self.stage}.{self.trigger}:{self.text}" if self.trigger else f"{self.stage}:{self.text}"


@dataclass(frozen=True, eq=False)  # one table, one machine: identity is equality
class Table:
    """All rows of one procedure. `on_arrival` maps a stage's name to the pure function that runs when it is reached."""

    stages: tuple[StageOf, ...]
    rows: tuple[Row, ...]
    on_arrival: Mapping[str, Callable[[Any], Mapping[str, Any]]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)  # identifier → what people call it, in refusals
    stage: Mapping[str, StageOf] = field(init=False)
    row: Mapping[tuple[str, str], Row] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stage", MappingProxyType({s.name: s for s in self.stages}))
        object.__setattr__(self, "row", MappingProxyType({(r.stage, r.trigger): r for r in self.rows}))

    @property
    def triggers(self) -> frozenset[str]:
        return frozenset(r.trigger for r in self.rows)

    def of(self, stage: str) -> tuple[Row, ...]:
        return tuple(r for r in self.rows if r.stage == stage)

    def forward(self, stage: str) -> Row | None:
        """The way forward of a stage: its first row, unless it only offers the exits that stand everywhere."""
        return next((row for row in self.of(stage)[:1] if row.arrives), None)

    def faults(self, worlds: Iterable[tuple[Any, Any]]) -> tuple[Fault, ...]:
        """Every fault of the first class that has any: names, then edges, then reachability; empty when it may run."""
        if misnamed := tuple(self._misnamed()):
            return misnamed
        tried = tuple(worlds)
        led = tuple((row, leads_to(row, tried)) for row in self.rows)
        return tuple(self._stranded(led, tried)) or tuple(self._cut_off(led))

    def _misnamed(self) -> Iterator[Fault]:
        names = [s.name for s in self.stages]
        yield from (Fault(n, "", "这个环节写了两次") for n in self.stage if names.count(n) > 1)
        for row in self.rows:
            if self.row[row.stage, row.trigger] is not row:
                yield Fault(row.stage, row.trigger, "同一环节的同一动作写了两次")
            dests = [way.dest for way in row.ways]
            for dest in dict.fromkeys(dests):
                if dest not in self.stage:
                    yield Fault(row.stage, row.trigger, f"没有“{dest}”这个环节")
                elif dests.count(dest) > 1:
                    yield Fault(row.stage, row.trigger, f"去处{dest}写了两次")
            if row.chooses and (row.takes is None or "to" not in row.takes.model_fields):
                yield Fault(row.stage, row.trigger, "有几个去处,数据里却没有to可以选定")

    def _stranded(self, led: "Led", worlds: tuple[tuple[Any, Any], ...]) -> Iterator[Fault]:
        for row, dests in led:
            if None in dests:
                yield Fault(row.stage, row.trigger, f"有的情形下无处可去{_example(row, worlds)}")

    def _cut_off(self, led: "Led") -> Iterator[Fault]:
        """An exit that stands everywhere by itself reaches its own end, but does not bring a dead end to life."""
        names = list(self.stage)
        reached = closure(set(names[:1]), self._edges(led))
        onward = self._edges((row, dests) for row, dests in led if row.arrives)
        back = {n: {m for m in names if n in onward[m]} for n in names}
        alive = closure({s.name for s in self.stages if s.ends}, back)
        yield from (Fault(n, "", "从起点到不了这个环节") for n in names if n not in reached)
        yield from (Fault(n, "", "死路,从这里到不了任何终点") for n in names if n not in alive)

    def _edges(self, led: "Led") -> dict[str, set[str]]:
        edges: dict[str, set[str]] = {n: set() for n in self.stage}
        for row, dests in led:
            edges[row.stage] |= {dest for dest in dests if dest is not None}
        return edges


Led = Iterable[tuple[Row, set[str | None]]]
"""Rows with the stages that each leads to in the worlds that were tried."""


def leads_to(row: Row, worlds: Iterable[tuple[Any, Any]]) -> set[str | None]:
    """Where a row can lead. Effects are pure, so they are simply run in every world; None: no way was open."""
    if row.named:
        return {way.dest for way in row.ways}
    if row.ways and row.ways[0].when == ALWAYS:
        return {row.ways[0].dest}
    return {way_of(row, effected(row, facts, ask, None)) for facts, ask in worlds}


def _example(row: Row, worlds: Iterable[tuple[Any, Any]]) -> str:
    """The first case without a way, by the facts that the ways look at."""
    afters = (effected(row, facts, ask, None) for facts, ask in worlds)
    stranded = next(after for after in afters if way_of(row, after) is None)
    looked_at = dict.fromkeys(fact for way in row.ways for fact in way.when.facts)
    return f"(如{'、'.join(f'{fact}={getattr(stranded, fact)}' for fact in looked_at)})" if looked_at else ""


def way_of(row: Row, facts: Any) -> str | None:
    """The first way whose condition holds; None when none does."""
    return next((w.dest for w in row.ways if w.when.holds(facts)), None)


def effected(row: Row, facts: Any, ask: Any, now: Any) -> Any:
    """The facts after the act's effect."""
    return facts.changed_by(row.effect(facts, ask, now)) if row.effect else facts


def field_of(payload: Any, name: str) -> Any:
    """What the payload says under this name, None where it knows none: which a model is slow to say."""
    return vars(payload).get(name) if isinstance(payload, BaseModel) else getattr(payload, name, None)


def closure(start: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        new = edges[todo.pop()] - seen
        seen |= new
        todo += new
    return seen
