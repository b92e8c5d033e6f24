"""Why a cycle stands where it stands: its dates with their arithmetic, every act with the reasons against it, all its records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from starflow.service.around import around
from starflow.service.case import Case, facts_of, load_case
from starflow.service.desk import Desk
from starflow.service.matters import OBJECTION
from starflow.service.shapes import FOR_PEOPLE, HistoryLine, Owner, Page, plain
from starflow.service.view import Filters, View, light_of, owner_of, people_of, view_of
from storage import matters, obligations, organisations, queries, records
from storage.database import Transaction
from storage.models import Obligation, Record, RecordDetail
from workflow.engine.deadlines import Light
from workflow.engine.errors import Reason
from workflow.engine.machine import ANYONE, CLOCK, Option, options
from workflow.engine.table import Row
from workflow.rating.facts import Facts
from workflow.rating.scheme import Role
from workflow.rating.stages import TITLES

EVERYBODY = frozenset({*get_args(Role), ANYONE, CLOCK})
"""Every relation there is: what anybody at all could do."""

NO_DATA: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLine:
    """One act of the stage. `payload` is the JSON Schema of its data; `needs_reason`: it also takes a reason."""

    trigger: str
    role: str
    allowed: bool
    reasons: tuple[Reason, ...]
    payload: Mapping[str, Any]
    needs_reason: bool
    title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Since when and why the work is paused."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenObjection:
    """An objection that is not settled; its id is what a finding names."""

    id: int
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The contract's keys, then what else bears on the dates: the clock's own, extension, hold, objections."""

    organisation: str
    year: int
    stage: str
    version: int
    light: Light
    owner: Owner | None
    since: datetime
    target_at: datetime | None
    due_at: datetime | None
    arithmetic: tuple[str, ...]
    options: tuple[OptionLine, ...]
    acts_at: datetime | None
    extended_until: date | None
    hold: Hold | None
    held_days: int
    objections: tuple[OpenObjection, ...]
    founded_on: date | None
    name: str = field(metadata=FOR_PEOPLE)
    stage_title: str = field(metadata=FOR_PEOPLE)

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = plain(self)
        return shape


def why(desk: Desk, code: str, *, year: int | None = None, relations: frozenset[str] = EVERYBODY) -> Why:
    """Explain the present stage; an act that none of the relations may do says so among its reasons."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        view = view_of(desk, tx, Filters(year=case.cycle.year))
        facts = facts_of(tx, case)
        current = obligations.open_stage(tx, case.cycle.id)
        stay = queries.newest_stay(tx, case.cycle.id)
        return Why(
            organisation=case.cycle.code,
            year=case.cycle.year,
            stage=case.cycle.stage,
            version=case.cycle.version,
            light=light_of(view, case.cycle.outcome, stay),
            owner=owner_of(stay, people_of(view, [stay])) if current and stay else None,
            since=case.cycle.entered_at.astimezone(case.zone),
            target_at=view.local(current.target_at) if current else None,
            due_at=view.local(current.due_at) if current else None,
            arithmetic=_arithmetic(tx, case, facts, current),
            options=_options(case, facts, relations),
            acts_at=view.local(case.cycle.acts_at),
            extended_until=_extended(tx, case),
            hold=_hold(view, current),
            held_days=current.held_days if current else 0,
            objections=_objections(tx, view, case),
            founded_on=organisations.founded_on(tx, case.cycle.organisation_id),
            name=case.cycle.name,
            stage_title=case.stage.title,
        )


def history(desk: Desk, code: str, *, year: int | None = None) -> Page[HistoryLine]:
    """All records of a cycle, in order."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        return Page(tuple(_history_line(case, *row) for row in records.history(tx, case.cycle.id)))


# ── the parts of why ─────────────────────────────────────────────


def _arithmetic(tx: Transaction, case: Case, facts: Facts, current: Obligation | None) -> tuple[str, ...]:
    """As stored with the deadline; at rest nothing is owed, and the clock's next date is explained instead."""
    if current is not None:
        return tuple(current.arithmetic)
    return around(tx, case).dates(case, case.cycle.stage, facts, case.cycle.entered_at).arithmetic


def _extended(tx: Transaction, case: Case) -> date | None:
    cycle = case.cycle
    return around(tx, case).extended_until(cycle, cycle.round) if cycle.round else None


def _hold(view: View, current: Obligation | None) -> Hold | None:
    if current is None or current.held_at is None:
        return None
    return Hold(since=current.held_at.astimezone(view.zone), reason=current.held_reason or "")


def _objections(tx: Transaction, view: View, case: Case) -> tuple[OpenObjection, ...]:
    """Without a word of what was said or by whom."""
    found = matters.open_of(tx, OBJECTION, case.cycle.id) if case.cycle.open_objections else ()
    return tuple(OpenObjection(id=m.id, opened_at=m.opened_at.astimezone(view.zone)) for m in found if m.id is not None)


def _options(case: Case, facts: Facts, relations: frozenset[str]) -> tuple[OptionLine, ...]:
    stage, table = case.cycle.stage, case.table
    offered = options(table, stage, relations, facts, case.now)
    return tuple(_option_line(option, table.row[stage, option.trigger]) for option in offered)


def _option_line(option: Option, row: Row) -> OptionLine:
    return OptionLine(
        trigger=option.trigger,
        role=option.role,
        allowed=option.allowed,
        reasons=option.reasons,
        payload=payload_schema(row),
        needs_reason=option.needs_reason,
        title=TITLES.get(option.trigger, option.trigger),
    )


def payload_schema(row: Row) -> Mapping[str, Any]:
    """The JSON Schema of an act's data; where the actor says where to (`to`), with the stages on offer."""
    schema = _schema(row.takes) if row.takes else NO_DATA
    if "to" not in schema["properties"]:
        return schema
    required = [*schema.get("required", ()), *(["to"] if row.chooses else ())]
    offered = {"enum": [way.name or way.dest for way in row.ways]}
    return schema | {"properties": schema["properties"] | {"to": offered}, "required": required}


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _history_line(case: Case, record: Record, detail: RecordDetail | None) -> HistoryLine:
    said = detail.detail if detail and detail.detail else {}
    return HistoryLine(
        seq=record.seq,
        at=record.at.astimezone(case.zone),
        trigger=record.trigger,
        before=record.before or None,
        after=record.after,
        actor=record.actor,
        role=record.role,
        reason=said.get("reason") or None,
        hash=record.hash,
        previous_hash=record.previous_hash,
        late_days=record.late_days,
        late_stage=record.late_stage,
    )
