"""decide(): may this be done, and where does it lead? The only file that imports `transitions`.

Guards refuse, ways choose, effects are pure, arrival grants, in this order. There is one shared Machine per table; what
travels through it is a throw-away subject, so that a machine never holds on to a cycle (pitfalls: shared/stack.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from transitions import EventData, Machine

from workflow.engine.errors import Faulty, Reason
from workflow.engine.table import OWNER, Row, Table, Way, effected, field_of

ANYONE, CLOCK = "anyone", "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody wants done, and as whom. `relations` are the actor's relations to this very cycle."""

    trigger: str
    relations: frozenset[str] = frozenset()
    person: str | None = None  # whose act it is, where a person is known
    payload: Any = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes: from `before` to `after`, as `role`, with the facts as they are then."""

    trigger: str
    before: str
    after: str
    role: str
    facts: Any
    payload: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """No. `code` is one of unknown, stage, role, payload, guard."""

    code: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One act that a stage offers: a button, live where `reasons` is empty."""

    trigger: str
    role: str
    reasons: tuple[Reason, ...]
    takes: type[BaseModel] | None
    needs_reason: bool

    @property
    def allowed(self) -> bool:
        return not self.reasons


class Subject:
    """What the machine moves: made for one event, then thrown away."""

    __slots__ = ("facts", "state", "to")

    def __init__(self, state: str, facts: Any, to: str | None) -> None:
        self.state, self.facts, self.to = state, facts, to


def decide(table: Table, stage: str, ask: Ask, facts: Any, now: datetime) -> Decision | Refusal:
    """Judge one ask. Pure; collects every reason against it before it says no."""
    row = table.row.get((stage, ask.trigger))
    if row is None:
        return _no_such_act(table, stage, ask)
    role = acting_role(table, row, ask.relations, facts)
    read = read_payload(row, ask)
    said = _role_reasons(table, row, role, facts)
    if said:
        return Refusal("role", said)
    if isinstance(read, tuple):
        return Refusal("payload", read)
    asked = Ask(trigger=ask.trigger, relations=ask.relations, person=ask.person, payload=read, reason=ask.reason)
    said = guard_reasons(row, asked, facts, now)
    if said:
        return Refusal("guard", said)
    return _move(table, row, asked, effected(row, facts, asked, now), role)


def options(table: Table, stage: str, relations: frozenset[str], facts: Any, now: datetime) -> tuple[Option, ...]:
    """Every act of the stage with the reasons against it, by the same functions that decide."""
    return tuple(_option(table, row, relations, facts, now) for row in table.of(stage))


def refusals(row: Row, facts: Any, now: datetime) -> tuple[Reason, ...]:
    """What the row's guards say before anybody has filled in its payload."""
    return guard_reasons(row, Ask(trigger=row.trigger), facts, now)


def acting_role(table: Table, row: Row, relations: frozenset[str], facts: Any) -> str:
    """The role in which the actor may do it; empty when none of the actor's relations will do."""
    by = wanted_role(table, row, facts)
    if by == ANYONE:
        return next((r for r in sorted(relations) if r != ANYONE), ANYONE)
    return by if by in relations else ""


def wanted_role(table: Table, row: Row, facts: Any) -> str:
    return table.stage[row.stage].owner_of(facts) if row.by == OWNER else row.by


def read_payload(row: Row, ask: Ask) -> Any | tuple[Reason, ...]:
    """The payload as the row's model, or a sentence for each thing wrong with it."""
    said = [Reason("须写明理由")] if row.needs_reason and not ask.reason.strip() else []
    value: Any = None
    if row.takes is None:
        if ask.payload:
            said += [Reason(f"{row.trigger}不带数据,多余的项:{'、'.join(map(str, ask.payload))}")]
    else:
        try:
            value = row.takes.model_validate(ask.payload or {})
            said += _destination_reasons(row, field_of(value, "to"))
        except ValidationError as error:
            said += [Reason(_sentence(fault)) for fault in error.errors()]
    return tuple(said) if said else value


def _destination_reasons(row: Row, to: str | None) -> list[Reason]:
    if any(to in (way.name, way.dest) for way in row.ways) or (to is None and not row.chooses):
        return []
    offered = "、".join(way.name or way.dest for way in row.ways)
    if to is None:
        return [Reason(f"须写明转到哪个环节(to):{offered}")]
    return [Reason(f"不能转到“{to}”,可以转到:{offered}")]


def guard_reasons(row: Row, ask: Ask, facts: Any, now: datetime) -> tuple[Reason, ...]:
    return tuple(said for guard in row.guards if (said := guard(facts, ask, now)) is not None)


def _no_such_act(table: Table, stage: str, ask: Ask) -> Refusal:
    said = partial(_said, table)
    if ask.trigger not in table.triggers:
        return Refusal("unknown", (Reason(f"没有“{ask.trigger}”这个动作"),))
    return Refusal("stage", (Reason(f"“{said(stage)}”环节不能“{said(ask.trigger)}”", table.stage[stage].cite_rule),))


def _role_reasons(table: Table, row: Row, role: str, facts: Any) -> tuple[Reason, ...]:
    if role:
        return ()
    return (Reason(f"“{_said(table, row.trigger)}”由{_said(table, wanted_role(table, row, facts))}办理"),)


def _said(table: Table, identifier: str) -> str:
    return table.words.get(identifier, identifier)


def _option(table: Table, row: Row, relations: frozenset[str], facts: Any, now: datetime) -> Option:
    role = acting_role(table, row, relations, facts)
    said = _role_reasons(table, row, role, facts) + refusals(row, facts, now)
    return Option(row.trigger, wanted_role(table, row, facts), said, row.takes, row.needs_reason)


def _move(table: Table, row: Row, ask: Ask, facts: Any, role: str) -> Decision:
    subject = Subject(row.stage, facts, field_of(ask.payload, "to"))
    if not machine_of(table).events[row.trigger].trigger(subject):
        raise Faulty((f"{row.stage}.{row.trigger}:此情形下无处可去",))  # a table that was checked has no such case
    arrive = table.on_arrival.get(subject.state) if row.arrives and subject.state != row.stage else None
    if arrive:
        facts = facts.changed_by(arrive(facts))
    return Decision(row.trigger, row.stage, subject.state, role, facts, ask.payload, ask.reason)


@cache
def machine_of(table: Table) -> Machine:
    """The one `transitions.Machine` of a table; safe to share between threads because it holds no model."""
    names = [s.name for s in table.stages]
    machine = Machine(model=None, states=names, initial=None, auto_transitions=False, send_event=True)
    for row in table.rows:
        for way in row.ways:
            dest = None if way.dest == row.stage else way.dest  # None: internal, nothing is left or entered
            machine.add_transition(row.trigger, row.stage, dest, conditions=_opens(way))
    return machine


def _opens(way: Way) -> Callable[[EventData], bool] | None:
    if way.name:
        return partial(_is_named, way)
    return partial(_holds, way) if way.when.any_of else None


def _is_named(way: Way, event: EventData) -> bool:
    return _subject(event).to in (None, way.name, way.dest)  # None: checked before, there is but one


def _holds(way: Way, event: EventData) -> bool:
    return way.when.holds(_subject(event).facts)


def _subject(event: EventData) -> Subject:
    return cast(Subject, event.model)


SAID: Mapping[str, str] = {
    "missing": "缺少{at}",
    "extra_forbidden": "没有{at}这一项",
    "string_type": "{at}应为文字",
    "string_too_short": "{at}不能为空",
    "string_too_long": "{at}最多{max_length}个字",
    "too_short": "{at}不能为空",
    "int_type": "{at}应为整数",
    "int_parsing": "{at}应为整数",
    "int_from_float": "{at}应为整数",
    "greater_than_equal": "{at}不能小于{ge}",
    "less_than_equal": "{at}不能大于{le}",
    "decimal_type": "{at}应为数",
    "decimal_parsing": "{at}应为数",
    "finite_number": "{at}应为数",
    "decimal_max_places": "{at}最多写{decimal_places}位小数",
    "decimal_max_digits": "{at}的位数太多",
    "date_type": "{at}应为日期,如2027-06-05",
    "date_from_datetime_parsing": "{at}应为日期,如2027-06-05",
    "date_from_datetime_inexact": "{at}应为日期,如2027-06-05",
    "tuple_type": "{at}应为列表",
    "dict_type": "{at}应为一组名称和数值",
    "model_type": "{at}应为一组名称和数值",
}
"""Every kind of fault that a payload can have, in the words of the clerk who has to mend it."""


def _sentence(fault: Any) -> str:
    at = ".".join(map(str, fault["loc"])) or "数据"
    if fault["type"] not in SAID:  # a validator's own words
        return f"{at}:{fault['msg'].removeprefix('Value error, ')}"
    return SAID[fault["type"]].format(at=at, **fault.get("ctx", {}))
