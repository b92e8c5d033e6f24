"""The one door: every change of a cycle's stage, by a person or by the clock, goes through `fire`.

    Ask → Facts → Decision → Record → Notice, in one transaction: read everything, decide, write everything.

Before any decision the clock's own ways that are already due are applied in order, and after it once more, so that a cycle is
never judged by a stage that time has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from starflow.service import ladder, outcomes
from starflow.service.case import Case, case_of, dates_of, facts_of, load_case, stored_facts
from starflow.service.desk import Desk
from storage import cycles, obligations, records
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Obligation, Record
from workflow.engine.deadlines import Visit, late_days
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, StarflowError, Unknown, WrongStage
from workflow.engine.machine import ANYONE, CLOCK, Ask, Decision, Refusal, decide
from workflow.rating.facts import ROUND_FACTS, Facts
from workflow.rating.stages import KIND
from workflow.rating.timing import Dates

REFUSALS: Mapping[str, type[StarflowError]] = {
    "unknown": Unknown,
    "stage": WrongStage,
    "role": Forbidden,
    "payload": BadInput,
    "guard": Refused,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleAsk:
    """Who wants what done to which cycle. `role` is the relation acted in; `key` makes a repeat return the first record."""

    code: str
    trigger: str
    relations: frozenset[str]
    actor: str
    person: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    year: int | None = None
    expected_version: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """What became of an ask: the record, and how many notices it put into the outbox."""

    code: str
    record: Record
    notices: int
    repeated: bool = False


def fire(desk: Desk, ask: CycleAsk) -> Fired:
    """Do it, or raise the reason why not; nothing is written then.

    Raises Unknown (code, trigger), BadInput (payload), Stale and WrongStage (409), Forbidden (role), Refused (guards).
    """
    with desk.transaction() as tx:
        return fire_in(desk, tx, ask)


def fire_in(desk: Desk, tx: Transaction, ask: CycleAsk) -> Fired:
    """`fire` within a transaction that is already open, for batches."""
    ask = _with_its_reason(ask)
    if CLOCK in ask.relations:
        raise Forbidden("时钟的动作由系统办理,不能代办")
    if first := _repeated(tx, ask):
        return first
    case = load_case(desk, tx, ask.code, ask.year, lock=True)
    case = catch_up(desk, tx, case)
    _same_version(tx, case, ask)
    facts = facts_of(tx, case, ask.payload)
    decision = _decided(tx, case, ask, facts)
    fired, then = _apply(desk, tx, case, ask, facts, decision, at=tx.now)
    catch_up(desk, tx, then)
    return fired


def catch_up(desk: Desk, tx: Transaction, case: Case) -> Case:
    """Apply, in order, every way of the clock that is due by now; what a guard refuses waits for its cause to go."""
    while case.cycle.acts_at is not None and case.cycle.acts_at <= tx.now:
        row = next((r for r in case.table.of(case.cycle.stage) if r.by == CLOCK), None)
        if row is None:
            break
        ask = CycleAsk(code=case.cycle.code, trigger=row.trigger, relations=frozenset({CLOCK}), actor=CLOCK)
        facts = facts_of(tx, case)
        verdict = decide(case.table, case.cycle.stage, _engine_ask(ask), facts, case.now)
        if isinstance(verdict, Refusal):
            cycles.update_facts(tx, case.cycle.id, {"acts_at": None})
            break
        _, case = _apply(desk, tx, case, ask, facts, verdict, at=case.cycle.acts_at)
    return case


def administer(
    tx: Transaction, case: Case, trigger: str, actor: str, detail: Mapping[str, Any], role: str = "department"
) -> Record:
    """Records what a coordinator did to a cycle without moving it (extend, hold, release, reroute)."""
    cycle = case.cycle
    record = records.append(
        tx,
        records.NewRecord(
            chain=cycle.chain,
            cycle_id=cycle.id,
            seq=cycle.version + 1,
            trigger=trigger,
            before=cycle.stage,
            after=cycle.stage,
            role=role,
            actor=actor,
            at=max(tx.now, records.newest(tx, cycle.id).at),
            late_days=0,
            late_stage=None,
            scheme_hash=cycle.scheme_hash,
            previous_hash=cycle.head,
            detail=detail,
        ),
    )
    cycles.move(tx, cycle, {"head": record.hash})
    return record


def _repeated(tx: Transaction, ask: CycleAsk) -> Fired | None:
    record = records.by_key(tx, ask.key) if ask.key else None
    if record is None:
        return None
    cycle = cycles.by_id(tx, record.cycle_id)
    if record.trigger != ask.trigger or cycle is None or cycle.code != ask.code:
        raise Refused(f"幂等键“{ask.key}”已用于另一件事", current=_who_what_when(record))
    return Fired(ask.code, record, 0, repeated=True)


def _same_version(tx: Transaction, case: Case, ask: CycleAsk) -> None:
    if ask.expected_version is None or ask.expected_version == case.cycle.version:
        return
    newest = records.newest(tx, case.cycle.id)
    raise Stale(
        f"{case.cycle.name}已是第{case.cycle.version}版,您看到的是第{ask.expected_version}版",
        current=_who_what_when(newest) | {"version": case.cycle.version, "stage": case.cycle.stage},
    )


def _who_what_when(record: Record) -> dict[str, Any]:
    return {"actor": record.actor, "role": record.role, "trigger": record.trigger, "at": record.at.isoformat()}


def _engine_ask(ask: CycleAsk) -> Ask:
    return Ask(
        trigger=ask.trigger,
        relations=ask.relations | {ANYONE},
        person=ask.person,
        payload=dict(ask.payload),
        reason=ask.reason,
    )


def _with_its_reason(ask: CycleAsk) -> CycleAsk:
    """A reason may stand in the payload, where the contract's table lists it, or beside it."""
    if ask.reason or not isinstance(ask.payload.get("reason"), str):
        return ask
    return replace(ask, reason=ask.payload["reason"], payload={k: v for k, v in ask.payload.items() if k != "reason"})


def _decided(tx: Transaction, case: Case, ask: CycleAsk, facts: Facts) -> Decision:
    verdict = decide(case.table, case.cycle.stage, _engine_ask(ask), facts, case.now)
    if isinstance(verdict, Decision):
        return verdict
    current: dict[str, Any] = {"stage": case.cycle.stage, "version": case.cycle.version}
    if verdict.code == "stage":
        current |= _who_what_when(records.newest(tx, case.cycle.id))
    raise REFUSALS[verdict.code](*verdict.reasons, current=current)


def _apply(
    desk: Desk, tx: Transaction, case: Case, ask: CycleAsk, facts: Facts, done: Decision, at: datetime
) -> tuple[Fired, Case]:
    """Write everything: record, evidence, cycle, obligation, star, notices. `at` is when it takes effect."""
    moved = done.after != done.before
    record = _recorded(tx, case, ask, done, facts, _late(tx, case, done, at), at)
    changes: dict[str, Any] = {n: v for n in ROUND_FACTS if (v := getattr(done.facts, n)) != getattr(case.cycle, n)}
    changes |= {"stage": done.after, "visit": case.cycle.visit + 1, "entered_at": at} if moved else {}
    changes |= {"head": record.hash, **outcomes.write(tx, case, ask.actor, facts, done, record)}
    cycles.move(tx, case.cycle, changes)
    then = replace(case, cycle=replace(case.cycle, **changes, version=case.cycle.version + 1))
    if moved:
        obligations.close_stage(tx, case.cycle.id)
    then, owed = redate(tx, then, fresh=moved)
    if moved and done.facts.outcome is None and KIND[then.stage.kind].on_arrival:
        outcomes.arrive(desk, tx, case, then, done, record, at)
    return Fired(ask.code, record, ladder.announce(desk, tx, case, then, done, ask.reason, owed)), then


def _recorded(
    tx: Transaction, case: Case, ask: CycleAsk, done: Decision, facts: Facts, late: Mapping[str, int], at: datetime
) -> Record:
    cycle = case.cycle
    newest = records.newest(tx, cycle.id)
    detail = {
        "person": ask.person,
        "reason": ask.reason or None,
        "payload": done.payload.model_dump(mode="json") if done.payload is not None else None,
        **({"effective_at": at.isoformat()} if at != tx.now else {}),
        **({"late": dict(late)} if late else {}),
        **outcomes.explained(facts, done),
    }
    charged = max(late, key=lambda stage: late[stage]) if late else None
    return records.append(
        tx,
        records.NewRecord(
            chain=cycle.chain,
            cycle_id=cycle.id,
            seq=cycle.version + 1,
            trigger=done.trigger,
            before=done.before,
            after=done.after,
            role=done.role,
            actor=ask.actor,
            at=max(tx.now, newest.at),  # a clock that was set back must not turn history round
            late_days=sum(late.values()),
            late_stage=charged,
            scheme_hash=cycle.scheme_hash,
            previous_hash=cycle.head,
            detail={k: v for k, v in detail.items() if v is not None},
            ask_key=ask.key,
            retention="objections" if "objection" in done.trigger or done.trigger == "object" else "details",
        ),
    )


def _late(tx: Transaction, case: Case, done: Decision, at: datetime) -> dict[str, int]:
    """Whom this finish charges with late days: stage → days; empty when nothing is late (R8)."""
    current = obligations.open_stage(tx, case.cycle.id) if done.after != done.before else None
    if current is None or current.phase_due_at is None or at < current.phase_due_at:
        return {}
    stays = obligations.stays(tx, case.cycle.id, case.cycle.round)
    before = late_days([_visit(case, s) for s in stays if s.closed_at], calendar=case.calendar, zone=case.zone)
    after = late_days(
        [_visit(case, s) for s in stays if s.closed_at] + [replace(_visit(case, current), finished_at=at)],
        calendar=case.calendar,
        zone=case.zone,
    )
    charged = {(c.visit, c.stage): c.days for c in before}
    found: dict[str, int] = {}
    for c in after:
        if more := c.days - charged.get((c.visit, c.stage), 0):
            found[c.stage] = found.get(c.stage, 0) + more
    return found


def _visit(case: Case, stay: Obligation) -> Visit:
    return Visit(
        stage=stay.stage,
        entered_at=stay.opened_at,
        finished_at=stay.closed_at or stay.opened_at,
        due_at=stay.phase_due_at,
        own_workdays=case.scheme.stage_of(stay.stage).min_workdays,
    )


def redate(tx: Transaction, case: Case, *, fresh: bool = False) -> tuple[Case, Mapping[str, Any] | None]:
    """Store the dates of the present stay, and its obligation with the present owner; the one place that writes either.

    Returns the case with its new dates and the obligation's values, None where the cycle rests. `fresh`: just entered.
    """
    cycle = case.cycle
    current = None if fresh else obligations.open_stage(tx, cycle.id)
    facts = stored_facts(case)
    dates = dates_of(tx, case, cycle.stage, facts, cycle.entered_at, current.held_days if current else 0)
    acts_at = None if dates.acts_at is None or cycle.open_objections else max(dates.acts_at, cycle.entered_at)
    if acts_at is not None and cycle.acts_at is None and not fresh:
        acts_at = max(acts_at, tx.now)  # what held the clock up is gone only now: publicity closes today, not back then
    if (cycle.runs_until, cycle.acts_at) != (dates.acts_at, acts_at):
        changes: dict[str, Any] = {"runs_until": dates.acts_at, "acts_at": acts_at}
        cycles.update_facts(tx, cycle.id, changes)
        case = replace(case, cycle=replace(cycle, **changes))
    if KIND[case.stage.kind].rests:
        return case, None
    return case, _owe(tx, case, dates.owner_role or case.stage.owner_of(facts), dates, current)


def _owe(tx: Transaction, case: Case, role: str, dates: Dates, current: Obligation | None) -> Mapping[str, Any]:
    values = ladder.obligation_values(tx, case, role, dates)
    if current is None or current.id is None:
        obligations.put(tx, values | {"rings_at": ladder.next_ring(case, values, case.cycle.entered_at)})
        return values
    if current.due_at != values["due_at"] or current.target_at != values["target_at"]:
        values |= {"deadline_version": current.deadline_version + 1}
    values |= {"opened_at": current.opened_at, "visit": current.visit}
    rings_at = None if current.held_at else ladder.next_ring(case, values, tx.now)
    obligations.update(tx, current.id, values | {"rings_at": rings_at})
    return values


def reloaded(desk: Desk, tx: Transaction, case: Case) -> Case:
    """The case as it stands after what this transaction has written."""
    found: CycleRow | None = cycles.by_id(tx, case.cycle.id)
    assert found is not None  # it was read in this transaction
    return case_of(desk, tx, found)
