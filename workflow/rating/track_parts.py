"""The parts of which a kind of matter is made: statuses, acts, and the engine's table that they amount to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from types import MappingProxyType

from pydantic import BaseModel

from workflow.engine.errors import Faulty
from workflow.engine.machine import ANYONE, Ask
from workflow.engine.table import OWNER, Effect, Guard, Row, Table, Way, When
from workflow.rating.scheme import Scheme
from workflow.rating.stages import ROLE_WORDS
from workflow.rating.track_dates import Due
from workflow.rating.track_guards import MatterFacts

NEW, OPEN = "new", "open"
"""Where every matter comes from, and the act that opens it."""

Owner = str | Callable[[MatterFacts], str]


@dataclass(frozen=True, slots=True)
class Status:
    """A stage of a matter. `judges`: its owner judges what others did; `tells`: who hears of it besides the owner."""

    name: str
    title: str
    owner: Owner = ""
    due: Due | None = None
    judges: bool = False
    ends: bool = False
    tells: tuple[str, ...] = ()

    @property
    def rests(self) -> bool:
        """Nobody owes anything while the matter stands here."""
        return self.owner == ""

    @property
    def cite_rule(self) -> str | None:
        return None  # the kind has it

    def owner_of(self, facts: MatterFacts) -> str:
        return self.owner if isinstance(self.owner, str) else self.owner(facts)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done: at these statuses (none named: at every open one), leading to a status or staying."""

    trigger: str
    title: str
    at: tuple[str, ...] = ()
    to: str | tuple[Way, ...] = ""
    by: str = OWNER
    takes: type[BaseModel] | None = None
    needs_reason: bool = False
    guards: tuple[Guard, ...] = ()
    effect: Effect | None = None


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of matter. `once`: an organisation has at most one that is "open", or one in a "campaign"; empty: many."""

    name: str
    title: str
    rule: str
    statuses: tuple[Status, ...]
    acts: tuple[Act, ...]
    opened_by: tuple[str, ...]
    once: str = ""
    stars: Callable[[Scheme], tuple[int, ...]] | None = None  # for which the scheme has it; none: whatever the star
    elsewhere: str = ""  # the sentence for those who would act on it here
    table: Table = field(init=False)
    status: Mapping[str, Status] = field(init=False)

    def __post_init__(self) -> None:
        statuses = (Status(NEW, "未提出", partial(_opener, self.opened_by)), *self.statuses)
        object.__setattr__(self, "status", MappingProxyType({status.name: status for status in statuses}))
        words = {**ROLE_WORDS, **{s.name: s.title for s in statuses}, **{act.trigger: act.title for act in self.acts}}
        object.__setattr__(self, "table", Table(statuses, tuple(_rows(self.acts, statuses)), words=words))

    @property
    def yearly(self) -> bool:
        return self.once == "campaign"

    def titled(self, trigger: str) -> str:
        return next((act.title for act in self.acts if act.trigger == trigger), trigger)


def when(outcome: str, dest: str) -> Way:
    """The way that is taken where the act found this."""
    return Way(dest, When(((("outcome", (outcome,)),),)))


def _opener(opened_by: tuple[str, ...], facts: MatterFacts) -> str:
    """In which role it is opened: the first of those that may which the actor holds."""
    return next((role for role in opened_by if role in facts.relations), opened_by[-1])


def _rows(acts: tuple[Act, ...], statuses: tuple[Status, ...]) -> Iterator[Row]:
    open_ones = tuple(status.name for status in statuses if not status.ends and status.name != NEW)
    for act in acts:
        for at in act.at or open_ones:
            ways = act.to if isinstance(act.to, tuple) else (Way(act.to or at),)
            yield Row(at, act.trigger, act.by, ways, act.takes, act.needs_reason, act.guards, act.effect)


# ── the table's checks ───────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class WorldPayload:
    """Stands for any payload while every world is tried."""

    result: str | None = None
    leader: str | None = None


def worlds() -> Iterator[tuple[MatterFacts, Ask]]:
    """Every case that a way can tell apart."""
    for role, result, leader in product(("department", ANYONE), (None, "passed", "slipped"), (None, "某某")):
        yield MatterFacts(relations=frozenset({role})), Ask(trigger="", payload=WorldPayload(result, leader))


def check(kinds: Iterable[Kind]) -> None:
    """Raises Faulty where a kind has a status that cannot be reached or left, or an act that leads nowhere."""
    said = [f"{kind.name} {fault}" for kind in kinds for fault in kind.table.faults(worlds())]
    if said:
        raise Faulty(said)
