"""A machine as a table: stages, rows, and every reason why it must not run.

Conditions are finite (a fact is one of listed values), so the checks try every world instead of reasoning about it.
"""

from collections.abc import Callable, Iterable, Mapping
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


ALWAYS = When()

Guard = Callable[[Any, Any, Any], Reason | None]
"""(facts, ask, now) → None for yes, a sentence for not yet."""
Effect = Callable[[Any, Any, Any], Mapping[str, Any]]
"""(facts, ask, now) → the fields of the facts that the act changes."""


@dataclass(frozen=True, slots=True)
class Way:
    """One destination; a way with a `name` is taken when the payload's `to` names it."""

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
    def chooses(self) -> bool:
        return any(way.name for way in self.ways)


class StageOf(Protocol):
    """What the engine asks of a stage."""

    @property
    def name(self) -> str: ...
    @property
    def ends(self) -> bool: ...
    @property
    def cite_rule(self) -> str | None: ...
    def owner_of(self, facts: Any) -> str: ...


@dataclass(frozen=True, eq=False)  # one table, one machine: identity is equality
class Table:
    """All rows of one procedure. `on_arrival` maps a stage's name to the pure function that runs when it is reached."""

    stages: tuple[StageOf, ...]
    rows: tuple[Row, ...]
    on_arrival: Mapping[str, Callable[[Any], Mapping[str, Any]]] = field(default_factory=dict)
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
        """The way forward of a stage: its first row, unless the stage ends or only offers exits."""
        rows = self.of(stage)
        return rows[0] if rows and not self.stage[stage].ends else None

    def faults(self, worlds: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
        """Every reason why this table must not run, each naming its stage; empty when it may."""
        tried = tuple(worlds)
        names = [s.name for s in self.stages]
        doubled = {f"环节{n}出现了两次" for n in names if names.count(n) > 1}
        if doubled:
            return tuple(sorted(doubled))
        said = [f"{r.stage}.{r.trigger}:同一环节的同一动作写了两次" for r in self.rows if self.row[r.stage, r.trigger] is not r]
        edges: dict[str, set[str]] = {n: set() for n in names}
        for row in self.rows:
            led = leads_to(row, tried)
            edges[row.stage] |= {dest for dest in led if dest is not None}
            if None in led:
                said.append(f"{row.stage}.{row.trigger}:有的情形下无处可去")
        return tuple(dict.fromkeys(said + self._shape_faults(names, edges)))

    def _shape_faults(self, names: list[str], edges: dict[str, set[str]]) -> list[str]:
        reached = closure({names[0]}, edges)
        back = {n: {m for m in names if n in edges[m]} for n in names}
        alive = closure({s.name for s in self.stages if s.ends}, back)
        unreachable = [f"{n}:从起点到不了这个环节" for n in names if n not in reached]
        return unreachable + [f"{n}:死路,从这里到不了任何终点" for n in names if n not in alive]


def leads_to(row: Row, worlds: Iterable[tuple[Any, Any]]) -> set[str | None]:
    """Where a row can lead. Effects are pure, so they are simply run in every world; None: no way was open."""
    if row.chooses:
        return {w.dest for w in row.ways}
    return {way_of(row, after) for after in (effected(row, facts, ask, None) for facts, ask in worlds)}


def way_of(row: Row, facts: Any) -> str | None:
    """The first way whose condition holds; None when none does."""
    return next((w.dest for w in row.ways if w.when.holds(facts)), None)


def effected(row: Row, facts: Any, ask: Any, now: Any) -> Any:
    """The facts after the act's effect."""
    return facts.changed_by(row.effect(facts, ask, now)) if row.effect else facts


def closure(start: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        new = edges[todo.pop()] - seen
        seen |= new
        todo += new
    return seen
