"""Work beside the stage: plans, ledgers, rectification, key management, plaques … One door for every act on a matter.

    Ask → Facts → Decision → Act → Notice, in one transaction, as in `cycles`: read everything, decide, write everything.

What a star calls for is opened and closed here too, by the same tables. Objections are opened and settled by the cycle's own
acts; they are matters only so that each has a number, a status and a history.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from starflow.service.acting import Acting
from starflow.service.case import Case, case_of, load_case
from starflow.service.desk import Desk
from starflow.service.matter_turns import (
    Turn,
    Written,
    announce,
    begin,
    carry_on,
    decided,
    facts_of,
    plain_facts,
    who_what_when,
)
from storage import cycles, filings, matters
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Matter, MatterAct
from storage.notice_models import Filing
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, Stale, StarflowError, Unknown, WrongStage
from workflow.engine.machine import ANYONE, CLOCK, Ask
from workflow.rating import tracks
from workflow.rating.track_parts import NEW, OPEN, Kind

OBJECTION = tracks.OBJECTION.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterAsk:
    """What somebody wants done with a matter; `key` makes a repeat return the first act."""

    act: str | None  # None: the way forward
    acting: Acting
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    expected_version: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What became of an ask. `opened`: matters that it opened besides; `suggests`: kinds that somebody may now want to open."""

    id: int
    kind: str
    organisation: str
    act: str
    before: str | None
    status: str
    version: int
    due_at: datetime | None = None
    notices: int = 0
    opened: tuple[int, ...] = ()
    suggests: tuple[str, ...] = ()
    repeated: bool = False


# ── the door ─────────────────────────────────────────────────────


def open_matter(
    desk: Desk,
    kind: str,
    code: str,
    data: Mapping[str, Any] | None = None,
    *,
    acting: Acting,
    reason: str = "",
    year: int | None = None,
    key: str | None = None,
) -> Acted:
    """Open a matter of this kind with an organisation, or raise the reason why not; nothing is written then.

    Raises Unknown (kind, code), BadInput (data), Forbidden (role), Refused (guards).
    """
    ask = MatterAsk(act=OPEN, acting=acting, data=data or {}, reason=reason, key=key)
    with desk.transaction() as tx:
        wanted = kind_named(kind)
        return open_in(desk, tx, wanted, load_case(desk, tx, code, year, lock=True), ask)


def act_on_matter(
    desk: Desk,
    which: int | tuple[str, str],
    act: str | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    acting: Acting,
    reason: str = "",
    year: int | None = None,
    expected_version: int | None = None,
    key: str | None = None,
) -> Acted:
    """Do it, or raise the reason why not; nothing is written then.

    `which` is a number, or (kind, code) where one is open; of several the data's `id` names one. Without an act: the way forward.
    Raises Unknown, BadInput, Stale and WrongStage (409), Forbidden (role), Refused (guards).
    """
    said = dict(data or {})
    with desk.transaction() as tx:
        case, matter = _locked(desk, tx, _which(tx, which, said, year, key))
        ask = MatterAsk(act=act, acting=acting, data=said, reason=reason, expected_version=expected_version, key=key)
        return act_in(desk, tx, case, matter, ask)


def open_in(desk: Desk, tx: Transaction, kind: Kind, case: Case, ask: MatterAsk) -> Acted:
    """`open_matter` in a transaction that is already open, on a cycle that is locked."""
    _by_this_door(kind, ask)
    if first := _repeated(tx, kind, case, ask):
        return first
    facts = facts_of(tx, case, kind, None, ask.acting.relations)
    done = decided(tx, kind, None, _asked(ask, kind), facts)
    also = {"plan": facts.plan} if kind is tracks.LEDGER_ITEM else {}
    turn = Turn(
        kind=kind,
        case=case,
        done=done,
        actor=ask.acting.actor,
        reason=ask.reason,
        key=ask.key,
        opened_at=tx.now,
        also=also,
    )
    (written,) = begin(tx, (turn,))
    return _acted(desk, tx, written, ask)


def act_in(desk: Desk, tx: Transaction, case: Case, matter: Matter, ask: MatterAsk) -> Acted:
    """`act_on_matter` in a transaction that is already open, on a cycle and a matter that are locked."""
    kind = tracks.KIND[matter.kind]
    _by_this_door(kind, ask)
    if first := _repeated(tx, kind, case, ask, matter):
        return first
    _same_version(tx, matter, ask.expected_version)
    facts = facts_of(tx, case, kind, matter, ask.acting.relations)
    turn = Turn(
        kind=kind,
        case=case,
        done=decided(tx, kind, matter, _asked(ask, kind, matter), facts),
        actor=ask.acting.actor,
        reason=ask.reason,
        key=ask.key,
        matter=matter,
        opened_at=matter.opened_at,
    )
    return _acted(desk, tx, carry_on(tx, turn), ask)


# ── what is asked, of what ───────────────────────────────────────


def kind_named(name: str) -> Kind:
    if name not in tracks.KIND:
        raise Unknown(f"没有“{name}”这类事项,只有{'、'.join(tracks.KIND)}")
    return tracks.KIND[name]


def _which(
    tx: Transaction, which: int | tuple[str, str], said: dict[str, Any], year: int | None, key: str | None
) -> Matter:
    """By number, or the one that is open; what a key has done before is found again though it be closed."""
    first = matters.act_by_key(tx, key) if key else None
    done = matters.by_id(tx, first.matter_id) if first else None
    if isinstance(which, int):
        found = matters.by_id(tx, which)
        if found is None:
            raise Unknown(f"没有编号为{which}的事项")
        return found
    kind, organisation = kind_named(which[0]), tree.by_code(tx, which[1])
    if organisation is None or organisation.id is None:
        raise Unknown(f"没有编码为“{which[1]}”的党组织")
    number = said.pop("id", None)
    if done is not None and (done.kind, done.organisation_id) == (kind.name, organisation.id):
        return done
    there = _open_ones(tx, kind, organisation.id, year)
    return _only(f"{organisation.name}", kind, [one for one in there if number in (None, one.id)], number)


def _open_ones(tx: Transaction, kind: Kind, organisation_id: int, year: int | None) -> tuple[Matter, ...]:
    there = matters.in_the_way(tx, kind.name, organisation_id, None)
    if year is None:
        return there
    campaign = cycles.campaign_of_year(tx, year)
    return tuple(one for one in there if campaign is not None and one.campaign_id == campaign.id)


def _only(name: str, kind: Kind, there: list[Matter], number: object) -> Matter:
    if kind.elsewhere:
        raise Refused(Reason(kind.elsewhere, kind.rule))
    if not there:
        named = "" if number is None else f"编号为{number}的"
        raise Unknown(f"{name}没有{named}在办的{kind.title}")
    if len(there) > 1:
        numbers = "、".join(str(one.id) for one in there)
        raise BadInput(f"{name}有{len(there)}件在办的{kind.title}(编号{numbers}),请在数据里用id写明是哪一件")
    return there[0]


def _locked(desk: Desk, tx: Transaction, matter: Matter) -> tuple[Case, Matter]:
    """First the cycle, then the matter, in the order of the cycle's own door."""
    assert matter.id is not None and matter.cycle_id is not None  # every opening names its cycle
    row = cycles.by_id(tx, matter.cycle_id, lock=True)
    again = matters.by_id(tx, matter.id, lock=True)
    assert row is not None and again is not None  # neither is ever deleted
    return case_of(desk, tx, row), again


def _by_this_door(kind: Kind, ask: MatterAsk) -> None:
    if kind.elsewhere:
        raise Refused(Reason(kind.elsewhere, kind.rule))
    if CLOCK in ask.acting.relations:
        raise Forbidden("时钟的动作由系统办理,不能代办")


def _asked(ask: MatterAsk, kind: Kind, matter: Matter | None = None) -> Ask:
    status = matter.status if matter else NEW
    forward = kind.table.forward(status)
    if ask.act is None and forward is None:
        raise WrongStage(Reason(f"{kind.title}现为“{kind.status[status].title}”,没有下一步可办", kind.rule))
    return Ask(
        trigger=ask.act or (forward.trigger if forward else ""),
        relations=ask.acting.relations | {ANYONE},
        person=ask.acting.person,
        payload=dict(ask.data),
        reason=ask.reason,
    )


def _repeated(tx: Transaction, kind: Kind, case: Case, ask: MatterAsk, matter: Matter | None = None) -> Acted | None:
    """The first result of the same key; asked after the lock, so that of two at once the second finds the first."""
    first = matters.act_by_key(tx, ask.key) if ask.key else None
    if first is None:
        return None
    about = matter if matter is not None and matter.id == first.matter_id else matters.by_id(tx, first.matter_id)
    assert about is not None  # a foreign key
    same = about is matter if matter else (about.kind, about.organisation_id) == (kind.name, case.cycle.organisation_id)
    if not same or ask.act not in (None, first.act):
        raise Refused(f"幂等键“{ask.key}”已用于另一件事", current=who_what_when(first))
    return _as_it_was(first, kind, case)


def _as_it_was(first: MatterAct, kind: Kind, case: Case) -> Acted:
    return Acted(
        id=first.matter_id,
        kind=kind.name,
        organisation=case.cycle.code,
        act=first.act,
        before=first.before or None,
        status=first.after,
        version=first.seq,
        repeated=True,
    )


def _same_version(tx: Transaction, matter: Matter, expected: int | None) -> None:
    if expected is None or expected == matter.version:
        return
    assert matter.id is not None
    raise Stale(
        f"这件事已是第{matter.version}版,您看到的是第{expected}版",
        current=who_what_when(matters.newest_act(tx, matter.id)) | {"version": matter.version, "status": matter.status},
    )


# ── what follows from an act ─────────────────────────────────────


def _acted(desk: Desk, tx: Transaction, written: Written, ask: MatterAsk) -> Acted:
    turn, done = written.turn, written.turn.done
    told = announce(desk, tx, written)
    suggested = tracks.SUGGESTS.get((turn.kind.name, done.after)) if turn.moves else None
    return Acted(
        id=written.matter_id,
        kind=turn.kind.name,
        organisation=turn.case.cycle.code,
        act=done.trigger,
        before=None if done.before == NEW else done.before,
        status=done.after,
        version=written.version,
        due_at=written.owed["due_at"] if written.owed else None,
        notices=told,
        opened=_aftermath(desk, tx, written, ask),
        suggests=(suggested,) if suggested else (),
    )


def _aftermath(desk: Desk, tx: Transaction, written: Written, ask: MatterAsk) -> tuple[int, ...]:
    from starflow.service.matter_outcomes import OUTCOMES  # late: it writes records by `cycles`, which comes here

    outcome = OUTCOMES.get((written.turn.kind.name, written.turn.done.trigger))
    if outcome is None:
        return ()
    then = outcome(desk, tx, written)
    case = then.case or written.turn.case
    opened = [
        open_in(desk, tx, tracks.KIND[kind], case, MatterAsk(act=OPEN, acting=ask.acting, data=said)).id
        for kind, said in then.opens
    ]
    followed = _follow(desk, tx, case, then.star, tx.now) if then.star is not None else ()
    return (*opened, *followed)


# ── what a star calls for ────────────────────────────────────────


def follow_up(
    desk: Desk, tx: Transaction, case: Case, before: int | None, star: int, from_on: date, *, changed: bool
) -> None:
    """Open and close what a star in force calls for (R48–R60). It runs once for every organisation rated: few statements."""
    _follow(desk, tx, case, star, case.cycle.entered_at)


def _follow(desk: Desk, tx: Transaction, case: Case, star: int, at: datetime) -> tuple[int, ...]:
    """Bring an organisation's matters into line with its star; returns the numbers of the new ones."""
    cycle = case.cycle
    there = {m.kind: m for m in matters.standing(tx, cycle.organisation_id, cycle.campaign_id, *CALLED_FOR)}
    steps = tracks.follow_ups(case.scheme, star, {kind: matter.status for kind, matter in there.items()})
    turns = [_turn(tx, case, star, tracks.KIND[kind], act, there.get(kind), at) for kind, act in steps]
    begun = begin(tx, [turn for turn in turns if turn.matter is None])
    moved = [carry_on(tx, turn) for turn in turns if turn.matter is not None]
    for written in (*begun, *moved):
        if written.owed is None or written.owed["due_at"] is None:  # otherwise the ladder tells of it in time
            announce(desk, tx, written)
    return tuple(written.matter_id for written in begun)


CALLED_FOR = (
    (tracks.PLAN.name, tracks.RECTIFICATION.name),  # once a year; the others stand until a star changes them
    (tracks.KEY_MANAGEMENT.name, tracks.PLAQUE.name, tracks.DEMONSTRATION_SITE.name),
)


def _turn(tx: Transaction, case: Case, star: int, kind: Kind, act: str, matter: Matter | None, at: datetime) -> Turn:
    """By the same decision as anybody's; which star called for it, and by which record, is kept with the matter."""
    moved = matter if act != OPEN else None
    facts = plain_facts(case, kind, star, frozenset({CLOCK}))
    said = {"problem": _called_for(case, star)} if kind is tracks.RECTIFICATION else {}
    done = decided(tx, kind, moved, Ask(trigger=act, relations=facts.relations, payload=said), facts)
    also = {"star": star, "record": f"{case.cycle.chain}#{case.cycle.version}"}
    return Turn(
        kind=kind,
        case=case,
        done=done,
        actor=CLOCK,
        matter=moved,
        opened_at=moved.opened_at if moved else at,
        also=also,
    )


def _called_for(case: Case, star: int) -> str:
    """The words of a rectification that a star calls for."""
    track = case.scheme.track_of(star)
    return f"{track.title if track else '限期整改'}:现为{case.scheme.star_word(star)},按方案限期整改"


def open_implementation_plans(desk: Desk, tx: Transaction, campaign_id: int, root_id: int) -> int:
    """One for each unit of the year that has none yet (R62); returns how many."""
    rows = [r for r in matters.without(tx, PLAN_OF_UNIT.name, campaign_id, root_id) if tracks.is_unit(r.kind)]
    cases = [case_of(desk, tx, row) for row in rows]
    turns = [_turn_of_unit(tx, case) for case in cases if case.scheme.implementation_plan.due is not None]
    return len(begin(tx, turns))


PLAN_OF_UNIT = tracks.IMPLEMENTATION_PLAN


def _turn_of_unit(tx: Transaction, case: Case) -> Turn:
    facts = plain_facts(case, PLAN_OF_UNIT, case.cycle.star, frozenset({CLOCK}))
    done = decided(tx, PLAN_OF_UNIT, None, Ask(trigger=OPEN, relations=facts.relations), facts)
    return Turn(kind=PLAN_OF_UNIT, case=case, done=done, actor=CLOCK, opened_at=case.cycle.entered_at)


# ── objections, and what comes too late to be one ────────────────


def lodge_objection(tx: Transaction, case: Case, said: Any, actor: str) -> Matter:
    """An objection as a matter of the cycle; who lodged it stands in a table of its own, for the handler alone (R23)."""
    matter = matters.put(
        tx,
        Matter(
            kind=OBJECTION,
            organisation_id=case.cycle.organisation_id,
            campaign_id=case.cycle.campaign_id,
            cycle_id=case.cycle.id,
            status="open",
            data={"content": said.content},
            opened_at=tx.now,
        ),
    )
    if said.name or said.contact:
        assert matter.id is not None
        filings.put(
            tx,
            Filing(
                slug="",
                cycle_id=case.cycle.id,
                status="open",
                named=True,
                name=(said.name or "")[:80],
                contact=(said.contact or "")[:200],
                matter_id=matter.id,
                at=tx.now,
            ),
        )
    _put_act(tx, matter, "object", "", "anyone", actor, "")
    return matter


def settle_objection(tx: Transaction, case: Case, said: Any, outcome: str, role: str, actor: str) -> datetime | None:
    """Close one open objection of this cycle; returns when the oldest one still open was lodged."""
    matter = matters.by_id(tx, said.objection, lock=True)
    if matter is None or matter.kind != OBJECTION or matter.cycle_id != case.cycle.id:
        raise BadInput(f"{case.cycle.name}没有编号为{said.objection}的异议")
    if matter.closed_at is not None:
        raise BadInput(f"异议{said.objection}已经办结")
    matters.move(tx, matter, outcome, matter.data | {"finding": said.finding}, closes=True)
    _put_act(tx, matter, SETTLES[outcome], "open", role, actor, said.finding)
    return matters.oldest_open_at(tx, OBJECTION, case.cycle.id)


SETTLES = {"upheld": "uphold_objection", "dismissed": "dismiss_objection"}


def _put_act(tx: Transaction, matter: Matter, act: str, before: str, role: str, actor: str, reason: str) -> None:
    assert matter.id is not None
    matters.put_act(
        tx,
        MatterAct(
            matter_id=matter.id,
            seq=matter.version,
            act=act,
            before=before,
            after=matter.status,
            role=role,
            actor=actor,
            at=tx.now,
            reason=reason,
        ),
    )


def late_clue(
    desk: Desk,
    tx: Transaction,
    case: Case,
    content: str,
    *,
    name: str | None = None,
    contact: str | None = None,
    actor: str,
) -> Acted:
    """An objection after the last day is no objection any more: a clue, which the department looks into (R23, R65)."""
    said = {"content": content} | {key: text for key, text in (("name", name), ("contact", contact)) if text}
    acting = Acting(actor=actor, relations=frozenset({ANYONE}))
    return open_in(desk, tx, tracks.SUPERVISION, case, MatterAsk(act=OPEN, acting=acting, data=said))


def clue_offer(code: str, refusal: StarflowError, trigger: str = "object") -> str | None:
    """What a door may offer whoever objects too late: mostly the stage is over, else only its period is."""
    late = any(said.cite == tracks.SUPERVISION.rule for said in refusal.reasons)
    if trigger != "object" or not (late or isinstance(refusal, WrongStage)):
        return None
    why = "公示期已过" if late else "现在不在公示期"
    return f"{why},可以作为督导线索登记:starflow matter open supervision {code} --as anyone"
