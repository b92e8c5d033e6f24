"""The one door: every change of a cycle's stage, by a person or by the clock, goes through `fire`.

    Ask → Facts → Decision → Record → Notice, in one transaction: read everything, decide, write everything.

Before any decision the clock's own ways that are already due are applied in order, and after it once more, so that a cycle is
never judged by a stage that time has ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from starflow.service import filings, ladder, outcomes
from starflow.service.around import Around
from starflow.service.case import Case, case_of, facts_of, stored_facts, unknown
from starflow.service.desk import Desk
from storage import cycles, obligations, records
from storage.cycles import CycleRow, Present
from storage.database import Transaction
from storage.models import Record
from storage.obligations import Stay
from storage.records import Appended
from workflow.engine.deadlines import Visit, late_days
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, StarflowError, Unknown, WrongStage
from workflow.engine.machine import ANYONE, CLOCK, Ask, Decision, Refusal, decide
from workflow.rating.facts import ROUND_FACTS, Facts
from workflow.rating.stages import KIND

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
    record: Record | Appended
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
    found = cycles.present(tx, ask.year, ask.code)
    if found is None:
        raise unknown(tx, ask.code, ask.year)
    if first := _repeated(
        tx, ask
    ):  # asked under the lock: of two at once with one key the second finds the first's record
        return first
    (present,) = catch_up(desk, tx, [found])
    case = case_of(desk, tx, present.cycle)
    _same_version(tx, case, ask)
    facts = facts_of(tx, case, ask.payload)
    decision = _decided(tx, case, ask, facts)
    (enacted,) = enact(desk, tx, [Step(case, present, ask, facts, decision, tx.now)])
    catch_up(desk, tx, [enacted.present])
    return enacted.fired


def catch_up(desk: Desk, tx: Transaction, presents: Sequence[Present]) -> tuple[Present, ...]:
    """Apply to each cycle, in order, every way of the clock that is due by now; returns the cycles as they stand then.

    What a guard refuses waits for its cause to go. Cycles that have equally far to go move together.
    """
    standing = list(presents)
    waiting = list(range(len(standing)))
    while waiting:
        steps = {place: step for place in waiting if (step := _clock_step(desk, tx, standing[place]))}
        for place, enacted in zip(steps, enact(desk, tx, list(steps.values())), strict=True):
            standing[place] = enacted.present
        waiting = list(steps)
    return tuple(standing)


def _clock_step(desk: Desk, tx: Transaction, present: Present) -> "Step | None":
    """The way of the clock that is due; its guards look at nothing but the cycle's own row."""
    cycle = present.cycle
    if cycle.acts_at is None or cycle.acts_at > tx.now:
        return None
    case = case_of(desk, tx, cycle)
    row = next((r for r in case.table.of(cycle.stage) if r.by == CLOCK), None)
    if row is None:
        return None
    ask = CycleAsk(code=cycle.code, trigger=row.trigger, relations=frozenset({CLOCK}), actor=CLOCK)
    facts = stored_facts(case)
    verdict = decide(case.table, cycle.stage, _engine_ask(ask), facts, case.now)
    if isinstance(verdict, Refusal):
        cycles.update_facts(tx, cycle.id, {"acts_at": None})
        return None
    return Step(case, present, ask, facts, verdict, cycle.acts_at)


def administer(
    tx: Transaction,
    case: Case,
    trigger: str,
    actor: str,
    detail: Mapping[str, Any],
    role: str = "department",
    *,
    after: str = "",
    scheme_hash: str = "",
) -> Appended:
    """Records what a coordinator did to a cycle without an act (extend, hold, release, reroute).

    Only a migration says where the cycle stands `after` it, and under which scheme.
    """
    cycle = case.cycle
    record = records.append(
        tx,
        records.NewRecord(
            chain=cycle.chain,
            cycle_id=cycle.id,
            seq=cycle.version + 1,
            trigger=trigger,
            before=cycle.stage,
            after=after or cycle.stage,
            role=role,
            actor=actor,
            at=max(tx.now, records.newest(tx, cycle.id).at),
            late_days=0,
            late_stage=None,
            scheme_hash=scheme_hash or cycle.scheme_hash,
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


# ── a decision takes effect ──────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """A decision that is to be written. `at` is when it takes effect: the clock's ways when they were due."""

    case: Case
    present: Present
    ask: CycleAsk
    facts: Facts
    done: Decision
    at: datetime

    @property
    def moves(self) -> bool:
        return self.done.after != self.done.before


@dataclass(frozen=True, slots=True)
class Enacted:
    """What became of a step, and the cycle as it stands then."""

    fired: Fired
    present: Present


def enact(desk: Desk, tx: Transaction, steps: Sequence[Step]) -> tuple[Enacted, ...]:
    """Write everything that the decisions bring, each about another cycle: record, evidence, cycle, obligation, star, notices.

    One statement for each kind of row, however many cycles: a sweep of two hundred leaves the very rows of two hundred acts.
    """
    if not steps:
        return ()
    around = Around(tx, [step.present for step in steps])
    appended = records.append_all(tx, [_new_record(tx, around, step) for step in steps])
    after = [_after(tx, around, step, record) for step, record in zip(steps, appended, strict=True)]
    cycles.move_all(tx, [(step.case.cycle, then.changes) for step, then in zip(steps, after, strict=True)])
    obligations.close_stages(tx, [step.case.cycle.id for step in steps if step.moves])
    _owe(tx, after)
    for step, then in zip(steps, after, strict=True):
        if step.moves and step.done.facts.outcome is None and KIND[then.case.stage.kind].on_arrival:
            outcomes.arrive(desk, tx, step.case, then.case, step.done, then.record, step.at)
    told = ladder.announce(
        desk,
        tx,
        [
            ladder.News(step.case, then.case, step.done, step.ask.reason, then.owed)
            for step, then in zip(steps, after, strict=True)
        ],
    )
    return tuple(
        Enacted(Fired(then.case.cycle.code, then.record, count), _present(step.present, then))
        for step, then, count in zip(steps, after, told, strict=True)
    )


def _new_record(tx: Transaction, around: Around, step: Step) -> records.NewRecord:
    cycle, ask, done, said_at = step.case.cycle, step.ask, step.done, step.present.said_at
    late = _late(around, step)
    detail = {
        "person": ask.person,
        "reason": ask.reason or None,
        "payload": done.payload.model_dump(mode="json", exclude=outcomes.UNTOLD) if done.payload is not None else None,
        **({"effective_at": step.at.isoformat()} if step.at != tx.now else {}),
        **({"late": dict(late)} if late else {}),
        **outcomes.explained(step.facts, done),
        **filings.recorded(step.case, done),
    }
    return records.NewRecord(
        chain=cycle.chain,
        cycle_id=cycle.id,
        seq=cycle.version + 1,
        trigger=done.trigger,
        before=done.before,
        after=done.after,
        role=done.role,
        actor=ask.actor,
        at=max(tx.now, said_at or tx.now),  # a clock that was set back must not turn history round
        late_days=sum(late.values()),
        late_stage=max(late, key=lambda stage: late[stage]) if late else None,
        scheme_hash=cycle.scheme_hash,
        previous_hash=cycle.head,
        detail={k: v for k, v in detail.items() if v is not None},
        ask_key=ask.key,
        retention="objections" if "objection" in done.trigger or done.trigger == "object" else "details",
    )


def _late(around: Around, step: Step) -> dict[str, int]:
    """Whom this finish charges with late days: stage → days; empty when nothing is late (R8)."""
    case, current = step.case, step.present.stay
    if not step.moves or current is None or current.phase_due_at is None or step.at < current.phase_due_at:
        return {}
    past = [_visit(case, stay) for stay in around.stays(case.cycle) if stay.closed_at]
    present = replace(_visit(case, current), finished_at=step.at)
    before = late_days(past, calendar=case.calendar, zone=case.zone)
    after = late_days([*past, present], calendar=case.calendar, zone=case.zone)
    charged = {(c.visit, c.stage): c.days for c in before}
    found: dict[str, int] = {}
    for c in after:
        if more := c.days - charged.get((c.visit, c.stage), 0):
            found[c.stage] = found.get(c.stage, 0) + more
    return found


def _visit(case: Case, stay: Stay) -> Visit:
    return Visit(
        stage=stay.stage,
        entered_at=stay.opened_at,
        finished_at=stay.closed_at or stay.opened_at,
        due_at=stay.phase_due_at,
        own_workdays=case.scheme.stage_of(stay.stage).min_workdays,
    )


@dataclass(frozen=True, slots=True)
class After:
    """A cycle after a step: its changed columns, and what is owed now (None: it rests). `fresh`: it has just come there."""

    case: Case
    record: Appended
    changes: Mapping[str, Any]
    owed: Mapping[str, Any] | None
    fresh: bool


def _after(tx: Transaction, around: Around, step: Step, record: Appended) -> After:
    case, done, cycle = step.case, step.done, step.case.cycle
    changes: dict[str, Any] = {n: v for n in ROUND_FACTS if (v := getattr(done.facts, n)) != getattr(cycle, n)}
    changes |= {"stage": done.after, "visit": cycle.visit + 1, "entered_at": step.at} if step.moves else {}
    changes |= {"head": record.hash, **outcomes.write(tx, case, step.ask.actor, step.facts, done, record)}
    then = _with(case, cycle._replace(**changes, version=cycle.version + 1))
    dates, owed = dated(tx, around, then, None if step.moves else step.present.stay, fresh=step.moves)
    return After(
        _with(then, then.cycle._replace(**dates)),
        record,
        changes | dates,
        owed,
        fresh=step.present.stay is None or step.moves,
    )


def _with(case: Case, cycle: CycleRow) -> Case:
    """The same case with another state of its cycle."""
    return Case(cycle, case.scheme, case.table, case.calendar, case.now)


def dated(
    tx: Transaction, around: Around, case: Case, current: Stay | None, *, fresh: bool
) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    """The dates of the present stay: what changes of the cycle, and its obligation with the present owner (None: it rests)."""
    cycle, facts = case.cycle, stored_facts(case)
    dates = around.present_dates(case, current.held_days if current else 0)
    acts_at = None if dates.acts_at is None or cycle.open_objections else max(dates.acts_at, cycle.entered_at)
    if acts_at is not None and cycle.acts_at is None and not fresh:
        acts_at = max(acts_at, tx.now)  # what held the clock up is gone only now: publicity closes today, not back then
    changes = {"runs_until": dates.acts_at, "acts_at": acts_at}
    if KIND[case.stage.kind].rests:
        return changes, None
    values = ladder.obligation_values(tx, case, dates.owner_role or case.stage.owner_of(facts), dates)
    if current is None:
        return changes, values | {"rings_at": ladder.next_ring(case, values, cycle.entered_at)}
    if current.due_at != values["due_at"] or current.target_at != values["target_at"]:
        values |= {"deadline_version": current.deadline_version + 1}
    values |= {"opened_at": current.opened_at, "visit": current.visit}
    return changes, values | {"rings_at": None if current.held_at else ladder.next_ring(case, values, tx.now)}


def _owe(tx: Transaction, after: Sequence[After]) -> None:
    """Store the obligations: the one place that does."""
    obligations.put(tx, *(one.owed for one in after if one.owed is not None and one.fresh))
    for one in after:
        if one.owed is not None and not one.fresh:
            obligations.keep(tx, one.case.cycle.id, one.owed)


def _present(before: Present, then: After) -> Present:
    """The cycle as it stands after what has just been written."""
    return Present(then.case.cycle, then.record.at, before.extended, _stay(before.stay, then) if then.owed else None)


def _stay(before: Stay | None, then: After) -> Stay:
    owed = then.owed or {}
    kept = None if then.fresh else before
    return Stay(
        id=kept.id if kept else None,
        cycle_id=then.case.cycle.id,
        stage=owed["stage"],
        visit=owed["visit"],
        opened_at=owed["opened_at"],
        closed_at=None,
        target_at=owed["target_at"],
        due_at=owed["due_at"],
        phase_due_at=owed["phase_due_at"],
        deadline_version=owed.get("deadline_version", kept.deadline_version if kept else 1),
        held_at=kept.held_at if kept else None,
        held_days=kept.held_days if kept else 0,
    )


def redate(tx: Transaction, case: Case) -> None:
    """Count the dates of the present stay afresh, after something that they hang on has changed."""
    redate_all(tx, [(case, present) for present in cycles.presents(tx, [case.cycle.id])])


def redate_all(tx: Transaction, standing: Sequence[tuple[Case, Present]]) -> None:
    """`redate` of many cycles; what is owed for the first time is put in one statement."""
    around, new = Around(tx, [present for _, present in standing]), []
    for case, present in standing:
        changes, owed = dated(tx, around, case, present.stay, fresh=False)
        if any(getattr(case.cycle, name) != value for name, value in changes.items()):
            cycles.update_facts(tx, case.cycle.id, changes)
        if owed is not None and present.stay is None:
            new.append(owed)
        elif owed is not None:
            obligations.keep(tx, case.cycle.id, owed)
    obligations.put(tx, *new)


def reloaded(desk: Desk, tx: Transaction, case: Case) -> Case:
    """The case as it stands after what this transaction has written."""
    found: CycleRow | None = cycles.by_id(tx, case.cycle.id)
    assert found is not None  # it was read in this transaction
    return case_of(desk, tx, found)
