"""The register of events (事项): awards, sanctions and absences, proposed by anybody and counted once a person has confirmed them.

What was confirmed is never edited away: a withdrawal keeps the row with its reason and leaves every star that was granted
meanwhile as it is; only later scores count without it (R35, R36, R41, R45).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from starflow.service.acting import Acting
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.shapes import FOR_PEOPLE, Page
from storage import cycles, evidence
from storage import organisations as tree
from storage.database import Transaction
from storage.evidence import Registered
from storage.models import Event, Organisation
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Reason, Refused, Unknown
from workflow.rating.inputs import Event as ScoredEvent
from workflow.rating.inputs import RatingInputs, fact_faults
from workflow.rating.scheme import Bonus, Deduction, Scheme
from workflow.rating.wording import EACH, event_word

PROPOSED, CONFIRMED, WITHDRAWN = "proposed", "confirmed", "withdrawn"
STATUSES = (PROPOSED, CONFIRMED, WITHDRAWN)
CRITICISM = "criticism"
LONGEST = {"proof": 2000, "case": 80, "reason": 2000}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSaid:
    """What is to be entered: one of the scheme's words, the day, the level, the paper that proves it, the affair it belongs to."""

    code: str
    on: date
    proof: str
    level: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event as it stands. `note` says what becomes of scores that have counted it already."""

    id: int
    organisation: str
    name: str
    code: str
    level: str | None
    on: date
    case: str | None
    proof: str
    status: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    note: str | None
    title: str = field(metadata=FOR_PEOPLE)


# ── reading ──────────────────────────────────────────────────────


def events(
    desk: Desk,
    *,
    year: int | None = None,
    under: str | None = None,
    code: str | None = None,
    status: str | None = None,
) -> Page[EventLine]:
    """Events of a calendar year (all years without one), the newest first. Raises Unknown, BadInput."""
    if status is not None and status not in STATUSES:
        raise BadInput(f"status不能是“{status}”,只能是{'、'.join(STATUSES)}")
    with desk.reading() as tx:
        path = _organisation(tx, under).path if under is not None else ""
        found = evidence.events(tx, path=path, year=year, code=code, status=status)
        return Page(tuple(_line(desk, one) for one in found))


def event(desk: Desk, event_id: int) -> EventLine:
    """Raises Unknown."""
    with desk.reading() as tx:
        return _line(desk, _event(tx, event_id))


# ── entering ─────────────────────────────────────────────────────


def add_event(
    desk: Desk,
    organisations: Sequence[str],
    said: EventSaid,
    *,
    acting: Acting,
    confirm: bool = False,
    unit: bool = False,
) -> tuple[EventLine, ...]:
    """Propose an event of each organisation, or with `confirm` enter it as confirmed; all of them or none.

    `unit`: a criticism that names no organisation but only the unit to which they belong (R36).
    Raises Unknown, BadInput, Forbidden, and Refused where the same is in the register already.
    """
    with desk.transaction() as tx:
        return add_event_in(desk, tx, organisations, said, acting=acting, confirm=confirm, unit=unit)


def add_event_in(
    desk: Desk,
    tx: Transaction,
    organisations: Sequence[str],
    said: EventSaid,
    *,
    acting: Acting,
    confirm: bool = False,
    unit: bool = False,
) -> tuple[EventLine, ...]:
    """`add_event` within a transaction that is already open."""
    acting.role(("organisation", "superior", "department", "committee"), "登记事项", "R35")
    scheme = _scheme(desk, tx, said.on.year)
    _check(scheme, said, local_date(tx.now, scheme.zone))
    if confirm:
        _may_confirm(scheme, said.code, acting)
    bearers = _bearers(tx, scheme, said.code, organisations, unit)
    new = [_entered(tx, bearer, said, acting, confirmed=confirm) for bearer in bearers]
    return tuple(_line(desk, Registered(one, bearer)) for one, bearer in zip(new, bearers, strict=True))


def _scheme(desk: Desk, tx: Transaction, year: int) -> Scheme:
    """The rules of the year of the event; where no campaign was opened for it, those of the newest."""
    campaign = cycles.campaign_of_year(tx, year) or campaign_of(tx, None)
    return desk.scheme(tx, campaign.scheme_hash)


def _check(scheme: Scheme, said: EventSaid, today: date) -> None:
    scored = ScoredEvent(code=said.code, on=said.on, level=said.level, case=said.case)
    faults = list(fact_faults(scheme, RatingInputs(round="rating", rated_on=said.on, events=(scored,))))
    if said.on > today:
        faults.append(f"日期{said.on}晚于今天{today}")
    if not said.proof.strip():
        faults.append(f"须写明依据({_proofs(scheme, said.code) or '文号、证书、通报、会议签到等'})")
    faults += _too_long({"proof": said.proof, "case": said.case or ""})
    if faults:
        raise BadInput(*(Reason(fault, _rule(scheme, said.code)) for fault in faults))


def _proofs(scheme: Scheme, code: str) -> str:
    """The papers that the scheme wants for an event."""
    return "、".join(dict.fromkeys(item.evidence for item in _items(scheme, code) if item.evidence))


def _too_long(texts: dict[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        if len(text) > LONGEST[name]:
            yield f"{name}最多{LONGEST[name]}个字"


def _entered(tx: Transaction, bearer: Organisation, said: EventSaid, acting: Acting, *, confirmed: bool) -> Event:
    assert bearer.id is not None
    new = Event(
        organisation_id=bearer.id,
        code=said.code,
        level=said.level,
        happened_on=said.on,
        proof=said.proof.strip(),
        case=said.case,
        status=CONFIRMED if confirmed else PROPOSED,
        proposed_by=acting.actor,
        proposed_at=tx.now,
        decided_by=acting.actor if confirmed else None,
        decided_at=tx.now if confirmed else None,
    )
    if (same := evidence.same_event(tx, new)) is not None:
        raise Refused(Reason(f"{bearer.name}的同一事项已经登记(编号{same.id}),重复登记会重复计分", "R35"))
    evidence.put(tx, new)
    return new


# ── who bears it ─────────────────────────────────────────────────


def _bearers(
    tx: Transaction, scheme: Scheme, code: str, organisations: Sequence[str], unit: bool
) -> tuple[Organisation, ...]:
    """Whose score an event touches: whom it names; of a criticism, whom the scheme makes bear it (R36)."""
    named = [_organisation(tx, one) for one in organisations]
    if not named:
        raise BadInput("须写明是哪个党组织的事项")
    if unit and code != CRITICISM:
        raise BadInput(Reason("只有通报批评可以只点单位", "R36"))
    bearer = scheme.criticism.bearer if code == CRITICISM else "named"
    found = [heir for one in named for heir in _heirs(tx, one, bearer, unit)]
    for one in found:
        _rated(one)
    return tuple({one.id: one for one in found}.values())


def _heirs(tx: Transaction, named: Organisation, bearer: str, unit: bool) -> Iterable[Organisation]:
    if bearer == "named" and not unit:
        return (named,)
    top = tree.by_id(tx, tree.unit_id(named.path) or 0)
    if top is None:
        return (named,)
    return tree.subtree(tx, top.path) if bearer == "all" else (top,)


def _rated(one: Organisation) -> None:
    if one.external or one.parent_id is None:
        raise BadInput(Reason(f"{one.name}不参评,不登记事项", "R1"))
    if one.ended_on is not None:
        raise BadInput(Reason(f"{one.name}已于{one.ended_on}停用", "R1"))


def _organisation(tx: Transaction, code: str) -> Organisation:
    found = tree.by_code(tx, code)
    if found is None:
        raise Unknown(f"没有编码为“{code}”的党组织")
    return found


# ── confirming, reducing, withdrawing ────────────────────────────


def confirm_event(
    desk: Desk, event_id: int, *, acting: Acting, level: str | None = None, reason: str = ""
) -> EventLine:
    """Let a proposed event count. The department may give a bonus a lower level, with a reason, also later (R35).

    Whom the scheme names confirms an item (a bonus: the evaluator), the department everything. Raises Unknown, Forbidden, Refused, BadInput.
    """
    with desk.transaction() as tx:
        found = _event(tx, event_id, lock=True)
        one, scheme = found.event, _scheme(desk, tx, found.event.happened_on.year)
        _may_confirm(scheme, one.code, acting)
        reduced = level is not None and level != one.level
        if one.status == WITHDRAWN or (one.status == CONFIRMED and not reduced):
            raise Refused(Reason(f"事项{event_id}已经{_status_word(one)},不再确认", "R35"))
        note = _counted(desk, tx, one)
        if reduced:
            reason = _reduced(scheme, one, level or "", reason, acting)
        one.status, one.reason = CONFIRMED, reason or one.reason
        one.decided_by, one.decided_at = acting.actor, tx.now
        evidence.put(tx, one)
        return _line(desk, found, note)


def withdraw_event(desk: Desk, event_id: int, reason: str, *, acting: Acting) -> EventLine:
    """Refuse a proposed event or take back a confirmed one; the row stays, and so does every star granted meanwhile (R45).

    Raises Unknown, Forbidden, Refused, BadInput (no reason).
    """
    if not reason.strip():
        raise BadInput(Reason("撤销事项须写明理由", "R45"))
    if faults := tuple(_too_long({"reason": reason})):
        raise BadInput(*faults)
    with desk.transaction() as tx:
        return withdraw_event_in(desk, tx, event_id, reason, acting=acting)


def withdraw_event_in(desk: Desk, tx: Transaction, event_id: int, reason: str, *, acting: Acting) -> EventLine:
    """`withdraw_event` within a transaction that is already open; the reason has been looked at."""
    found = _event(tx, event_id, lock=True)
    one = found.event
    _may_withdraw(_scheme(desk, tx, one.happened_on.year), one, acting)
    if one.status == WITHDRAWN:
        raise Refused(Reason(f"事项{event_id}已经撤销", "R45"))
    note = _counted(desk, tx, one)
    before = f"(此前由{one.decided_by}于{one.decided_at:%Y-%m-%d}确认)" if one.status == CONFIRMED else ""
    one.status, one.reason = WITHDRAWN, f"{reason.strip()}{before}"
    one.decided_by, one.decided_at = acting.actor, tx.now
    evidence.put(tx, one)
    return _line(desk, found, note)


def _event(tx: Transaction, event_id: int, *, lock: bool = False) -> Registered:
    found = evidence.event(tx, event_id, lock=lock)
    if found is None:
        raise Unknown(f"没有编号为{event_id}的事项")
    return found


def _may_confirm(scheme: Scheme, code: str, acting: Acting) -> str:
    allowed = tuple(dict.fromkeys(("department", *(item.confirmed_by for item in _items(scheme, code)))))
    return acting.role(allowed, f"确认{event_word(code, EACH)}", "R35" if len(allowed) > 1 else "R41")


def _may_withdraw(scheme: Scheme, one: Event, acting: Acting) -> str:
    """A claim may be taken back by whoever it is for, as long as nobody has confirmed it."""
    if not _bonuses(scheme, one.code):
        return acting.role(("department",), f"撤销{event_word(one.code, EACH)}", "R41")
    own = ("organisation",) if one.status == PROPOSED else ()
    return acting.role(("department", "superior", *own), f"撤销{event_word(one.code, EACH)}", "R35")


def _reduced(scheme: Scheme, one: Event, level: str, reason: str, acting: Acting) -> str:
    """The event gets the lower level; returns the reason with both."""
    acting.role(("department",), "核减加分", "R35")
    if not reason.strip():
        raise BadInput(Reason("核减须写明理由", "R35"))
    lower = [b for b in _bonuses(scheme, one.code) if b.points.get(level, 0) < b.points[one.level or EACH]]
    if not lower or any(level not in b.points for b in lower):
        words = event_word(one.code, one.level or EACH)
        raise BadInput(Reason(f"{words}只能核减为更低的级别,不能改为“{level}”;不予认可的请撤销", "R35"))
    said = f"由{event_word(one.code, one.level or EACH)}核减为{event_word(one.code, level)}:{reason.strip()}"
    one.level = level
    return said


def _bonuses(scheme: Scheme, code: str) -> tuple[Bonus, ...]:
    return tuple(item for item in scheme.bonus if code in item.events)


def _rule(scheme: Scheme, code: str) -> str | None:
    return next((item.cite.rule for item in _items(scheme, code)), None)


def _items(scheme: Scheme, code: str) -> tuple[Bonus | Deduction, ...]:
    every: tuple[Bonus | Deduction, ...] = (*scheme.bonus, *scheme.deduction)
    return tuple(item for item in every if code in item.events)


def _counted(desk: Desk, tx: Transaction, one: Event) -> str | None:
    """What becomes of scores that have counted a confirmed event: a granted star stays, a proposed one has to be scored again."""
    if one.decided_at is None:
        return None
    scored = evidence.scored_since(tx, one.organisation_id, one.happened_on.year, one.decided_at)
    said = (
        f"{s.year}年度{_scheme(desk, tx, s.year).round_word(s.round)}"
        + ("已定的星级不变" if s.granted else "拟定的星级已计入此项,须退回考评重新计分")
        for s in scored
    )
    return ";".join(said) or None


def _status_word(one: Event) -> str:
    return {PROPOSED: "登记", CONFIRMED: "确认", WITHDRAWN: "撤销"}[one.status]


def _line(desk: Desk, found: Registered, note: str | None = None) -> EventLine:
    one, zone = found.event, desk.settings.zone
    assert one.id is not None
    return EventLine(
        id=one.id,
        organisation=found.organisation.code,
        name=found.organisation.name,
        code=one.code,
        level=one.level,
        on=one.happened_on,
        case=one.case,
        proof=one.proof,
        status=one.status,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at.astimezone(zone),
        decided_by=one.decided_by,
        decided_at=one.decided_at.astimezone(zone) if one.decided_at else None,
        reason=one.reason or None,
        note=note,
        title=event_word(one.code, one.level or EACH),
    )
