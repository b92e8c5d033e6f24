"""What a sitting of the committee decides: approvals in one go with single exceptions, rejections, a recorded excess (R24, R30).

Every decision goes through the cycle's own door in a transaction of its own, the best first, so that a batch that breaks off has
approved some and none by halves; asked again, it goes on where it stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from starflow.service.acting import Acting
from starflow.service.agenda import DEFER, Agenda, Room, agenda, in_scope, room_for, waiting
from starflow.service.case import campaign_of, case_of
from starflow.service.cycles import CycleAsk, Fired, administer, fire_in
from starflow.service.desk import Desk
from starflow.service.quotas import quota_lines
from starflow.service.shapes import plain as in_json
from starflow.service.sittings import close_meeting, enter_sitting, meeting_list, open_meeting, open_sitting
from storage import cycles, grants, meetings, records
from storage.cycles import CycleRow
from storage.database import Transaction, retrying
from storage.models import Campaign, Meeting
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Reason, Refused, StarflowError, Unknown
from workflow.rating.quota import tie_text
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.votes import Vote
from workflow.rating.wording import joined

__all__ = [  # all that one can do with sittings, in one place
    "Agenda",
    "Batch",
    "BatchLine",
    "Excess",
    "agenda",
    "approve",
    "close_meeting",
    "excess",
    "meeting_list",
    "open_meeting",
    "reject",
]

APPROVED, REJECTED, DEFERRED, REFUSED = "approved", "rejected", "deferred", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """What became of one organisation: approved, rejected, deferred, or refused; `reasons` say why the last two."""

    organisation: str
    name: str
    outcome: str
    star: int | None
    after: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a sitting decided in one go."""

    number: str
    held_on: date
    approved: int
    deferred: int
    refused: int
    rows: tuple[BatchLine, ...]

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def approve(
    desk: Desk,
    number: str,
    *,
    acting: Acting,
    codes: Sequence[str] = (),
    exceptions: Mapping[str, str] | None = None,
    on: date | None = None,
    year: int | None = None,
    second: str | None = None,
    vote: Vote | None = None,
) -> Batch:
    """Approve everybody who is listed, or these codes, but for the exceptions (code → why), who stay on the list.

    With its date, a sitting that is not entered yet is entered along with it. `second`: who has signed too, by code.
    `vote`: what was counted at the table, kept with each of them.

    The line of every quota is drawn first: whoever is beyond it is refused, and those whom it would part although their totals
    are equal are all refused, until no more of them are named than fit or an excess has been recorded.
    Raises Unknown, BadInput, Refused, Forbidden before anything is decided; what is refused later stands in its line.
    """
    _agrees(vote, approving=True)
    sitting = replace(_prepared(desk, number, acting, codes, exceptions or {}, year, on, second), vote=vote)
    lines = [_deferred(desk, sitting, row, reason) for row, reason in sitting.passed_over]
    lines += [_approved(desk, sitting, row) for row in sitting.chosen]
    outcomes = [line.outcome for line in lines]
    return Batch(
        number=sitting.number,
        held_on=sitting.held_on,
        approved=outcomes.count(APPROVED),
        deferred=outcomes.count(DEFERRED),
        refused=outcomes.count(REFUSED),
        rows=tuple(lines),
    )


def reject(
    desk: Desk,
    number: str,
    code: str,
    reason: str,
    *,
    acting: Acting,
    year: int | None = None,
    second: str | None = None,
    vote: Vote | None = None,
) -> BatchLine:
    """Send one organisation back for another review, with the committee's reason. Raises what `fire` raises."""
    _agrees(vote, approving=False)
    sitting = replace(_prepared(desk, number, acting, (code,), {}, year, second=second), vote=vote)
    row = sitting.chosen[0]
    if row.code in sitting.barred:
        raise Refused(sitting.barred[row.code])
    said = f"{reason}({_signed(sitting)})" if second else reason
    fired = retrying(lambda: _fired(desk, sitting, row, "reject", said))
    return _line(row, REJECTED, after=fired.record.after)


# ── a sitting about to decide ────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """On whom it decides and in which order, whom it passes over, and for whom there is no place."""

    id: int
    number: str
    held_on: date
    year: int
    acting: Acting
    chosen: tuple[CycleRow, ...]
    passed_over: tuple[tuple[CycleRow, str], ...]
    no_place: Mapping[str, Reason]
    approved: frozenset[str]  # by this very sitting already
    barred: Mapping[str, Reason]  # those whom one of the signers must not judge
    second: str | None = None
    vote: Vote | None = None

    @property
    def minuted(self) -> dict[str, Any]:
        """As every decision of it is told."""
        said: dict[str, Any] = {"on": self.held_on.isoformat(), "number": self.number}
        return said | ({"votes": asdict(self.vote)} if self.vote else {})


def _agrees(vote: Vote | None, *, approving: bool) -> None:
    """Raises Refused before anything is entered."""
    if vote and (fault := vote.fault(approving)):
        raise Refused(fault)


def _prepared(
    desk: Desk,
    number: str,
    acting: Acting,
    codes: Sequence[str],
    exceptions: Mapping[str, str],
    year: int | None,
    on: date | None = None,
    second: str | None = None,
) -> Sitting:
    """Read everything once; nothing is decided yet, and a sitting is entered only if it may go on to decide."""
    with desk.transaction() if on else desk.reading() as tx:
        found = enter_sitting(tx, number, on, acting, year) if on else open_sitting(tx, number, year)
        campaign, meeting = found
        scheme = desk.scheme(tx, campaign.scheme_hash)
        assert meeting.id is not None
        _may_decide(scheme, acting)
        today = local_date(tx.now, scheme.zone)
        _held(meeting, today)
        listed = waiting(tx, campaign, scheme)
        wanted = _named(tx, campaign, codes) if codes else listed
        passed_over = _passed_over(wanted, exceptions)
        chosen = [row for row in wanted if row.code not in exceptions]
        room = room_for(tx, campaign, scheme, [row for row in chosen if row in listed])
        done = (one.code for one in meetings.decided(tx, meeting.id) if one.outcome == APPROVED)
        return Sitting(
            id=meeting.id,
            number=meeting.number,
            held_on=meeting.held_on,
            year=campaign.year,
            acting=acting,
            chosen=_in_order(chosen, room),
            passed_over=passed_over,
            no_place=_no_place(room),
            approved=frozenset(done) - {row.code for row in listed},
            barred=dict(_barred(tx, chosen, (acting.person, second), today)),
            second=second,
        )


def _may_decide(scheme: Scheme, acting: Acting) -> None:
    owners = dict.fromkeys(str(stage.owner) for stage in scheme.stage if stage.kind == "approval")
    acting.role(tuple(owners), "批准", "R24")


def _held(meeting: Meeting, today: date) -> None:
    if meeting.held_on > today:
        raise Refused(Reason(f"会议{meeting.number}定于{meeting.held_on}召开,今天是{today},还不能作决定", "R24"))


def _named(tx: Transaction, campaign: Campaign, codes: Sequence[str]) -> tuple[CycleRow, ...]:
    assert campaign.id is not None
    found = {code: cycles.find(tx, campaign.id, code) for code in dict.fromkeys(codes)}
    if unknown := [code for code, row in found.items() if row is None]:
        raise Unknown(f"{campaign.year}年度没有编码为{joined(unknown)}的党组织")
    return tuple(row for row in found.values() if row is not None)


def _passed_over(wanted: Iterable[CycleRow], exceptions: Mapping[str, str]) -> tuple[tuple[CycleRow, str], ...]:
    listed = {row.code: row for row in wanted}
    if strangers := [code for code in exceptions if code not in listed]:
        raise BadInput(Reason(f"{joined(strangers)}不在这次要批准的名单里,不必除外", "R24"))
    if silent := [code for code, reason in exceptions.items() if not reason.strip()]:
        raise BadInput(Reason(f"{joined(silent)}除外,须写明理由", "R24"))
    return tuple((listed[code], reason.strip()) for code, reason in exceptions.items())


def _barred(
    tx: Transaction, chosen: Iterable[CycleRow], signers: Iterable[str | None], today: date
) -> Iterator[tuple[str, Reason]]:
    """Nobody signs for an organisation that is their own, or from which they have recused themselves."""
    for person in filter(None, signers):
        own = grants.interests(tx, person, today)
        for row in chosen:
            if row.organisation_id in own:
                yield row.code, Reason(f"{person}在该组织任职或已申请回避,须由其他委员批准", "R24")


def _in_order(chosen: Iterable[CycleRow], room: Sequence[Room]) -> tuple[CycleRow, ...]:
    """Whoever asks for no place first, because he may set one free; then the best first."""
    asking = {code for one in room for code in one.asking}
    return tuple(sorted(chosen, key=lambda row: (row.code in asking, -(row.total or Decimal(0)), row.code)))


def _no_place(room: Iterable[Room]) -> dict[str, Reason]:
    """Whoever is beyond a line, and whoever stands on it with the same total as somebody beyond it."""
    found: dict[str, Reason] = {}
    for one in room:
        found |= dict.fromkeys(one.beyond, Reason(_beyond(one), one.line.cite))
        found |= dict.fromkeys(one.tied, Reason(f"{tie_text(one.ranking)};请指名批准,或先记录超额决定", one.line.cite))
    return found


def _beyond(one: Room) -> str:
    line, more = one.line, "不得超出" if one.line.hard else "须先记录超额决定"
    return (
        f"在名额线以外:{line.title or line.quota}还剩{one.left}个,这次要{len(one.asking)}个({line.arithmetic}),{more}"
    )


# ── one organisation ─────────────────────────────────────────────


def _approved(desk: Desk, sitting: Sitting, row: CycleRow) -> BatchLine:
    if row.code in sitting.approved:
        return _line(row, APPROVED, after=row.stage)
    if row.code in sitting.barred:
        return _line(row, REFUSED, reasons=(sitting.barred[row.code],))
    if row.code in sitting.no_place:
        return _line(row, REFUSED, reasons=(sitting.no_place[row.code],))
    return _tried(row, APPROVED, lambda: _fired(desk, sitting, row, "approve", _signed(sitting)).record.after)


def _signed(sitting: Sitting) -> str:
    """Both names stand in the history where two have signed."""
    return f"{sitting.acting.actor}提出,{sitting.second}会签" if sitting.second else ""


def _tried(row: CycleRow, outcome: str, act: Callable[[], str]) -> BatchLine:
    """The refusal of one is no reason not to go on with the next."""
    try:
        return _line(row, outcome, after=retrying(act))
    except StarflowError as refusal:
        return _line(row, REFUSED, reasons=refusal.reasons or (Reason(refusal.message),))


def _fired(desk: Desk, sitting: Sitting, row: CycleRow, trigger: str, reason: str) -> Fired:
    """Through the door; the key makes a repeat after a lost answer return the first record."""
    with desk.transaction() as tx:
        ask = CycleAsk(
            code=row.code,
            trigger=trigger,
            relations=sitting.acting.relations,
            actor=sitting.acting.actor,
            person=sitting.acting.person,
            payload={"meeting": sitting.minuted},
            reason=reason,
            year=sitting.year,
            key=f"meeting:{sitting.id}:{trigger}:{row.code}:{row.visit}",
        )
        return fire_in(desk, tx, ask)


def _deferred(desk: Desk, sitting: Sitting, row: CycleRow, reason: str) -> BatchLine:
    line = _tried(row, DEFERRED, lambda: _defer(desk, sitting, row, reason))
    return line if line.outcome == REFUSED else _line(row, DEFERRED, after=line.after, reasons=(Reason(reason, "R24"),))


def _defer(desk: Desk, sitting: Sitting, row: CycleRow, reason: str) -> str:
    """A record that moves nothing. Said twice in the same words at the same sitting, it is said once."""
    detail = {"reason": reason, "meeting": {"on": sitting.held_on.isoformat(), "number": sitting.number}}
    with desk.transaction() as tx:
        found = cycles.by_id(tx, row.id, lock=True)
        assert found is not None  # no cycle is ever deleted
        case = case_of(desk, tx, found)
        if case.stage.kind != "approval":
            raise Refused(Reason(f"{found.name}在{case.stage.title}环节,不在待批准之列", "R24"))
        newest = records.newest(tx, found.id)
        said = records.detail_of(tx, newest.id) if newest.trigger == DEFER and newest.id is not None else None
        if said is None or said.detail != detail:
            administer(tx, case, DEFER, sitting.acting.actor, detail, role="committee")
        return found.stage


def _line(row: CycleRow, outcome: str, *, after: str | None = None, reasons: tuple[Reason, ...] = ()) -> BatchLine:
    return BatchLine(
        organisation=row.code, name=row.name, outcome=outcome, star=row.proposed, after=after, reasons=reasons
    )


# ── the recorded excess ──────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A decision to exceed a quota: in whose history it stands, and what the quota allows now."""

    quota: str
    number: int
    reason: str
    meeting: str
    organisation: str
    seq: int
    limit: int
    excess: int
    taken: int
    left: int

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def excess(
    desk: Desk, number: str, level: str, count: int, reason: str, *, acting: Acting, year: int | None = None
) -> Excess:
    """Record that the committee lets a quota (its code, or a star it counts) be exceeded by so many; one per sitting.

    It stands in the history of the first of the listed for whom there is no room. Raises Unknown, BadInput, Refused, Forbidden.
    """
    if not reason.strip():
        raise BadInput(Reason("超额决定须写明理由", "R30"))
    sitting = _prepared(desk, number, acting, (), {}, year)
    with desk.transaction() as tx:
        campaign = campaign_of(tx, sitting.year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        one = _quota(scheme, level)
        row = _first_beyond(one, sitting, room_for(tx, campaign, scheme, sitting.chosen))
        cycles.by_id(tx, row.id, lock=True)
        ask = _excess_ask(sitting, one, row, count, reason)
        _not_yet_decided(tx, sitting, one, ask)
        fired = fire_in(desk, tx, ask)
        lines = quota_lines(tx, campaign, scheme)
        line = next(line for line in lines if line.quota == one.code and in_scope(tx, one, line.scope, row))
        return Excess(
            quota=one.code,
            number=count,
            reason=reason,
            meeting=sitting.number,
            organisation=row.code,
            seq=fired.record.seq,
            limit=line.limit,
            excess=line.excess,
            taken=line.taken,
            left=line.left,
        )


def _quota(scheme: Scheme, level: str) -> Quota:
    upper = [one for one in scheme.quota if one.op == "max"]
    found = next((one for one in upper if level == one.code or level in map(str, one.stars)), None)
    if found is None:
        known = joined(one.code for one in upper) or "没有"
        raise BadInput(Reason(f"“{level}”不是有上限的名额,可以决定超额的:{known}", "R30"))
    if found.hard:
        raise Refused(Reason(f"{found.title or found.code}是硬性名额,不得超出", found.cite.rule))
    return found


def _first_beyond(one: Quota, sitting: Sitting, room: Sequence[Room]) -> CycleRow:
    if not sitting.chosen:
        raise Refused(Reason("现在没有待批准的党组织,不需要超额决定", one.cite.rule))
    mine = [its for its in room if its.line.quota == one.code]
    order = [code for its in mine for code in its.beyond] + [code for its in mine for code in its.asking]
    by_code = {row.code: row for row in sitting.chosen}
    return by_code[order[0]] if order else sitting.chosen[0]


def _excess_ask(sitting: Sitting, one: Quota, row: CycleRow, count: int, reason: str) -> CycleAsk:
    return CycleAsk(
        code=row.code,
        trigger="record_excess",
        relations=sitting.acting.relations,
        actor=sitting.acting.actor,
        person=sitting.acting.person,
        payload={"level": one.code, "number": count},
        reason=f"{reason.strip()}(会议{sitting.number})",
        year=sitting.year,
        key=f"meeting:{sitting.id}:record_excess:{one.code}",
    )


def _not_yet_decided(tx: Transaction, sitting: Sitting, one: Quota, ask: CycleAsk) -> None:
    """One decision with one number; a second thought belongs to another sitting."""
    record = records.by_key(tx, ask.key or "")
    if record is None or record.id is None:
        return
    detail = records.detail_of(tx, record.id)
    said = ((detail.detail if detail else None) or {}).get("payload", {})
    decided = f"会议{sitting.number}已决定{one.title or one.code}超出{said.get('number', '若干')}个"
    raise Refused(Reason(f"{decided},一次会议只作一个超额决定", one.cite.rule))
