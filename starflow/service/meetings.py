"""Sittings of the committee: the list they decide on, decisions in one go with single exceptions, the recorded excess (R24, R30).

Every decision goes through the cycle's own door in a transaction of its own, the best first, so that a batch that breaks off has
approved some and none by halves; asked again, it goes on where it stopped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from starflow.service.acting import Acting
from starflow.service.case import Case, campaign_of, case_of
from starflow.service.cycles import CycleAsk, administer, fire_in
from starflow.service.desk import Desk
from starflow.service.quotas import QuotaLine, quota_lines
from starflow.service.shapes import FOR_PEOPLE, Page
from starflow.service.shapes import plain as in_json
from storage import cycles, evidence, meetings, records
from storage.cycles import CycleRow
from storage.database import Transaction, retrying
from storage.evidence import Sheets
from storage.meetings import Scope
from storage.models import Campaign, Meeting, Survey
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Reason, Refused, StarflowError, Unknown
from workflow.rating import survey
from workflow.rating.inputs import Satisfaction
from workflow.rating.quota import Ranking, Row, ranked, tie_text
from workflow.rating.scheme import Quota, Scheme
from workflow.rating.sheet import differences
from workflow.rating.wording import joined, plain

LONGEST = 80
APPROVED, REJECTED, DEFERRED, REFUSED = "approved", "rejected", "deferred", "refused"
PREPARES = ("committee", "department")
"""The committee decides; its department enters a sitting and closes it."""


# ── the register of sittings ─────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLine:
    """A sitting and how much it has decided so far."""

    number: str
    held_on: date
    year: int
    status: str
    opened_at: datetime
    closed_at: datetime | None
    approved: int
    rejected: int


def meeting_list(desk: Desk, year: int | None = None) -> Page[MeetingLine]:
    """All sittings of a year, by date."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        assert campaign.id is not None
        zone = desk.scheme(tx, campaign.scheme_hash).zone
        return Page(
            tuple(
                MeetingLine(
                    number=sat.number,
                    held_on=sat.held_on,
                    year=campaign.year,
                    status=sat.status,
                    opened_at=sat.opened_at.astimezone(zone),
                    closed_at=sat.closed_at.astimezone(zone) if sat.closed_at else None,
                    approved=sat.approved,
                    rejected=sat.rejected,
                )
                for sat in meetings.of_campaign(tx, campaign.id)
            )
        )


def open_meeting(desk: Desk, number: str, held_on: date, *, acting: Acting, year: int | None = None) -> MeetingLine:
    """Enter a sitting; entered already with the same date, it stays as it is. Raises Forbidden, BadInput, Refused."""
    acting.role(PREPARES, "登记会议", "R24")
    number = number.strip()
    if not 0 < len(number) <= LONGEST:
        raise BadInput(f"会议编号须有1至{LONGEST}个字")
    with desk.transaction() as tx:
        campaign = campaign_of(tx, year)
        assert campaign.id is not None
        meeting = meetings.sitting(tx, campaign.id, number, held_on)
        if meeting.held_on != held_on:
            raise Refused(Reason(f"会议{number}已经登记,日期是{meeting.held_on},不是{held_on}", "R24"))
        _still_open(meeting)
        year = campaign.year
    return next(line for line in meeting_list(desk, year).rows if line.number == number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed sitting: what it decided, and who still waits for a decision."""

    number: str
    held_on: date
    approved: int
    rejected: int
    rows: tuple["Undecided", ...]

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An organisation that waits for approval, and why it was passed over, if a sitting said so."""

    organisation: str
    name: str
    proposed_star: int | None
    reason: str | None


def close_meeting(desk: Desk, number: str, *, acting: Acting, year: int | None = None) -> Closed:
    """No more decisions of this sitting; whoever is left waits for the next. Raises Unknown, Forbidden, Refused."""
    acting.role(PREPARES, "闭会", "R24")
    with desk.transaction() as tx:
        campaign, meeting = _meeting(tx, number, year, lock=True)
        assert meeting.id is not None
        outcomes = [one.outcome for one in meetings.decided(tx, meeting.id)]
        meetings.close(tx, meeting.id)
        waiting = _waiting(tx, campaign, desk.scheme(tx, campaign.scheme_hash))
        return Closed(
            number=number,
            held_on=meeting.held_on,
            approved=outcomes.count(APPROVED),
            rejected=outcomes.count(REJECTED),
            rows=tuple(_undecided(tx, row) for row in waiting),
        )


def _undecided(tx: Transaction, row: CycleRow) -> Undecided:
    newest = records.newest(tx, row.id)
    detail = records.detail_of(tx, newest.id) if newest.trigger == DEFER and newest.id is not None else None
    return Undecided(
        organisation=row.code,
        name=row.name,
        proposed_star=row.proposed,
        reason=(detail.detail or {}).get("reason") if detail else None,
    )


def _meeting(tx: Transaction, number: str, year: int | None, *, lock: bool = False) -> tuple[Campaign, Meeting]:
    """A sitting that may still decide."""
    campaign = campaign_of(tx, year)
    assert campaign.id is not None
    meeting = meetings.by_number(tx, campaign.id, number, lock=lock)
    if meeting is None:
        raise Unknown(f"{campaign.year}年度没有编号为“{number}”的会议,请先登记(meeting open)")
    _still_open(meeting)
    return campaign, meeting


def _still_open(meeting: Meeting) -> None:
    if meeting.status == "closed":
        raise Refused(Reason(f"会议{meeting.number}已经闭会,不能再加决定", "R24"))


# ── the list that a sitting decides on ───────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaLine:
    """One organisation that waits for approval. `within`: its quota has room down to here; None where no quota asks."""

    rank: int
    organisation: str
    name: str
    round: str
    route: str
    self_score: str | None
    self_star: int | None
    satisfaction: str | None  # a sentence, which says no more than so few ballots allow
    base: str | None
    total: str
    proposed_star: int
    star: int | None  # in force
    within: bool | None
    tied: bool
    flags: tuple[str, ...]
    decided: str | None  # what this year's sittings have said of it before


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaQuota:
    """How many of the listed a quota still has room for, and whom the cut line would part although their totals are equal."""

    quota: str
    scope: str
    limit: int
    base: int
    arithmetic: str
    taken: int
    excess: int
    left: int
    wanted: int
    cut_after: str | None
    tie: str | None
    title: str = field(metadata=FOR_PEOPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """Everybody who waits for approval, by total, equal totals with the same rank."""

    year: int
    rows: tuple[AgendaLine, ...]
    quotas: tuple[AgendaQuota, ...]

    def as_json(self) -> dict[str, Any]:
        shape: dict[str, Any] = in_json(self)
        return shape


def agenda(desk: Desk, year: int | None = None) -> Agenda:
    """The ranked list with the cut line of every quota. Raises Unknown (year)."""
    with desk.reading() as tx:
        campaign = campaign_of(tx, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        waiting = _waiting(tx, campaign, scheme)
        room = _room(tx, campaign, scheme, waiting)
        papers = _papers(tx, waiting)
        ranking = ranked(map(_row, waiting), 0)
        by_code = {row.code: row for row in waiting}
        lines = (_line(scheme, by_code[place.row.code], place.rank, papers, room) for place in ranking.places)
        return Agenda(year=campaign.year, rows=tuple(lines), quotas=tuple(map(_quota_of, room)))


def _waiting(tx: Transaction, campaign: Campaign, scheme: Scheme) -> tuple[CycleRow, ...]:
    assert campaign.id is not None
    stages = [stage.name for stage in scheme.stage if stage.kind == "approval"]
    return cycles.in_campaign(tx, campaign.id, stages=stages) if stages else ()


def _row(cycle: CycleRow) -> Row:
    return Row(cycle.code, cycle.name, cycle.total or Decimal(0), cycle.proposed or 0)


@dataclass(frozen=True, slots=True)
class Papers:
    """What was handed in for the listed cycles."""

    sheets: Sheets
    surveys: Mapping[tuple[int, str], Survey]
    deferred: Mapping[int, str]


def _papers(tx: Transaction, waiting: Sequence[CycleRow]) -> Papers:
    ids = [row.id for row in waiting]
    said = {row.id: reason for row in waiting if (reason := _undecided(tx, row).reason)}
    return Papers(evidence.newest_sheets(tx, ids), evidence.newest_surveys(tx, ids), said)


def _line(scheme: Scheme, cycle: CycleRow, rank: int, papers: Papers, room: Sequence["Room"]) -> AgendaLine:
    own = papers.sheets.get((cycle.id, cycle.round, "self"))
    scored = papers.sheets.get((cycle.id, cycle.round, "superior"))
    votes = _votes(scheme, papers.surveys.get((cycle.id, cycle.round)))
    mine = [one for one in room if cycle.code in one.ranks]
    return AgendaLine(
        rank=rank,
        organisation=cycle.code,
        name=cycle.name,
        round=cycle.round,
        route=cycle.route,
        self_score=plain(own.base) if own else None,
        self_star=own.star if own else None,
        satisfaction=survey.satisfaction_text(scheme.satisfaction, votes) if scheme.satisfaction and votes else None,
        base=plain(scored.base) if scored else None,
        total=plain(cycle.total or Decimal(0)),
        proposed_star=cycle.proposed or 0,
        star=cycle.star,
        within=all(one.ranks[cycle.code] < one.ranking.cut for one in mine) if mine else None,
        tied=any(cycle.code in one.tied for one in mine),
        flags=_flags(scheme, own.base if own else None, votes, scored.base if scored else None),
        decided=papers.deferred.get(cycle.id),
    )


def _votes(scheme: Scheme, filed: Survey | None) -> Satisfaction | None:
    if filed is None or scheme.satisfaction is None:
        return None
    names = (
        "members_present",
        "own_unit",
        "related_unit",
        "satisfied",
        "basically_satisfied",
        "dissatisfied",
        "unknown",
    )
    return survey.satisfaction(scheme.satisfaction, survey.Tally(**{name: getattr(filed, name) for name in names}))


def _flags(
    scheme: Scheme, own: Decimal | None, votes: Satisfaction | None, superior: Decimal | None
) -> tuple[str, ...]:
    """Where the others see it differently (R28); a survey that may not be shown in numbers says nothing here."""
    return () if superior is None else differences(scheme, own, _share(scheme, votes), superior)


def _share(scheme: Scheme, votes: Satisfaction | None) -> Decimal | None:
    few = votes is None or scheme.satisfaction is None or votes.valid < max(1, scheme.satisfaction.min_cell)
    if few or votes is None or votes.satisfied in (0, votes.valid):
        return None
    return (Decimal(100 * votes.satisfied) / Decimal(votes.valid)).quantize(Decimal("0.01"))


# ── room in the quotas for those who are listed ──────────────────


@dataclass(frozen=True, slots=True)
class Room:
    """A quota of places, in one scope, and the listed who ask for one of them, by rank."""

    line: QuotaLine
    left: int
    ranking: Ranking

    @property
    def ranks(self) -> dict[str, int]:
        """code → its place in the list, from 0."""
        return {place.row.code: number for number, place in enumerate(self.ranking.places)}

    @property
    def tied(self) -> frozenset[str]:
        return frozenset(place.row.code for place in self.ranking.tied)


def _room(tx: Transaction, campaign: Campaign, scheme: Scheme, listed: Sequence[CycleRow]) -> tuple[Room, ...]:
    """Places that are left, with those that the listed demotions set free."""
    lines = [line for line in quota_lines(tx, campaign, scheme) if line.op == "max"]
    by_code = {one.code: one for one in scheme.quota}
    return tuple(_room_of(tx, by_code[line.quota], line, listed) for line in lines)


def _room_of(tx: Transaction, one: Quota, line: QuotaLine, listed: Sequence[CycleRow]) -> Room:
    here = [row for row in listed if line.scope in ("all", _scope_word(tx, one, row))]
    holders = {place.organisation for place in line.ranked if place.taken}
    freed = [row for row in here if row.code in holders and row.proposed not in one.stars]
    asking = [row for row in here if row.code not in holders and row.proposed in one.stars]
    left = max(0, line.limit + line.excess - line.taken + len(freed))
    return Room(line, left, ranked(map(_row, asking), left))


def _scope_word(tx: Transaction, one: Quota, row: CycleRow) -> str:
    from starflow.service.quotas import scope_word

    return scope_word(tx, Scope.of(one.scope, row.path, row.field))


def _quota_of(room: Room) -> AgendaQuota:
    line, places = room.line, room.ranking.places
    return AgendaQuota(
        quota=line.quota,
        scope=line.scope,
        limit=line.limit,
        base=line.base,
        arithmetic=line.arithmetic,
        taken=line.taken,
        excess=line.excess,
        left=room.left,
        wanted=len(places),
        cut_after=places[room.ranking.cut - 1].row.code if 0 < room.ranking.cut < len(places) else None,
        tie=tie_text(room.ranking),
        title=line.title,
    )


# ── deciding ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """What became of one organisation: approved, rejected, deferred, or refused for these reasons."""

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
    year: int | None = None,
) -> Batch:
    """Approve everybody who is listed, or these codes, but for the exceptions (code → why), which stay on the list.

    Those whom a cut line would part although their totals are equal are not parted: they must be named, no more than fit.
    Raises Unknown, BadInput, Refused, Forbidden before anything is decided; what is refused later stands in its line.
    """
    sitting = _prepared(desk, number, acting, codes, exceptions or {}, year)
    lines = [_deferred(desk, sitting, row, reason) for row, reason in sitting.passed_over]
    for row in sitting.chosen:
        tie = sitting.parted.get(row.code)
        lines.append(_line_of(row, REFUSED, reasons=(tie,)) if tie else _approved(desk, sitting, row))
    outcomes = [line.outcome for line in lines]
    return Batch(
        number=number,
        held_on=sitting.held_on,
        approved=outcomes.count(APPROVED),
        deferred=outcomes.count(DEFERRED),
        refused=outcomes.count(REFUSED),
        rows=tuple(lines),
    )


def reject(
    desk: Desk, number: str, code: str, reason: str, *, acting: Acting, to: str | None = None, year: int | None = None
) -> BatchLine:
    """Send one organisation back for another review, with the committee's reason. Raises what `fire` raises."""
    sitting = _prepared(desk, number, acting, (code,), {}, year)
    row = sitting.chosen[0]
    fired = retrying(lambda: _fired(desk, sitting, row, "reject", reason, {"to": to} if to else {}))
    return _line_of(row, REJECTED, after=fired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """A sitting about to decide: on whom, on whom not, and who may not be parted by the cut line."""

    id: int
    number: str
    held_on: date
    year: int
    acting: Acting
    chosen: tuple[CycleRow, ...]
    passed_over: tuple[tuple[CycleRow, str], ...]
    parted: Mapping[str, Reason]


def _prepared(
    desk: Desk, number: str, acting: Acting, codes: Sequence[str], exceptions: Mapping[str, str], year: int | None
) -> Sitting:
    """Read everything once; nothing is decided yet."""
    with desk.reading() as tx:
        campaign, meeting = _meeting(tx, number, year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        _may_decide(scheme, acting)
        _held(meeting, local_date(tx.now, scheme.zone))
        listed = _waiting(tx, campaign, scheme)
        wanted = _named(tx, campaign, codes) if codes else listed
        passed_over = _passed_over(wanted, exceptions)
        chosen = [row for row in wanted if row.code not in exceptions]
        room = _room(tx, campaign, scheme, [row for row in chosen if row.id in {one.id for one in listed}])
        assert meeting.id is not None
        return Sitting(
            id=meeting.id,
            number=meeting.number,
            held_on=meeting.held_on,
            year=campaign.year,
            acting=acting,
            chosen=_in_order(chosen, room),
            passed_over=passed_over,
            parted=_parted(room),
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
        raise BadInput(f"{joined(strangers)}不在这次要批准的名单里,不必除外")
    if silent := [code for code, reason in exceptions.items() if not reason.strip()]:
        raise BadInput(Reason(f"{joined(silent)}除外须写明理由", "R24"))
    return tuple((listed[code], reason.strip()) for code, reason in exceptions.items())


def _in_order(chosen: Iterable[CycleRow], room: Sequence[Room]) -> tuple[CycleRow, ...]:
    """Whoever asks for no place first, for he may set one free; then the best first."""
    asking = {code for one in room for code in one.ranks}
    return tuple(sorted(chosen, key=lambda row: (row.code in asking, -(row.total or Decimal(0)), row.code)))


def _parted(room: Iterable[Room]) -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    for one in room:
        said = tie_text(one.ranking)
        if said is not None:
            reason = Reason(f"{said}:请指名批准,或先作超额决定", one.line.cite)
            found |= dict.fromkeys((place.row.code for place in one.ranking.tied), reason)
    return found


def _approved(desk: Desk, sitting: Sitting, row: CycleRow) -> BatchLine:
    """One approval in its own transaction. The key makes a repeat after a lost answer return the first record."""
    return _tried(row, APPROVED, lambda: _fired(desk, sitting, row, "approve", "", {}))


def _tried(row: CycleRow, outcome: str, act: Callable[[], str]) -> BatchLine:
    try:
        return _line_of(row, outcome, after=retrying(act))
    except StarflowError as refusal:
        return _line_of(row, REFUSED, reasons=refusal.reasons or (Reason(refusal.message),))


def _fired(desk: Desk, sitting: Sitting, row: CycleRow, trigger: str, reason: str, more: Mapping[str, Any]) -> str:
    with desk.transaction() as tx:
        ask = CycleAsk(
            code=row.code,
            trigger=trigger,
            relations=sitting.acting.relations,
            actor=sitting.acting.actor,
            person=sitting.acting.person,
            payload={"meeting": {"on": sitting.held_on.isoformat(), "number": sitting.number}, **more},
            reason=reason,
            year=sitting.year,
            key=f"meeting:{sitting.id}:{trigger}:{row.code}:{row.visit}",
        )
        return fire_in(desk, tx, ask).record.after


def _line_of(row: CycleRow, outcome: str, *, after: str | None = None, reasons: tuple[Reason, ...] = ()) -> BatchLine:
    return BatchLine(
        organisation=row.code, name=row.name, outcome=outcome, star=row.proposed, after=after, reasons=reasons
    )


# ── passing somebody over ────────────────────────────────────────

DEFER = "defer"
"""The committee has looked at it and leaves it on the list: a record without a change of stage."""


def _deferred(desk: Desk, sitting: Sitting, row: CycleRow, reason: str) -> BatchLine:
    line = _tried(row, DEFERRED, lambda: _defer(desk, sitting, row, reason))
    return line if line.outcome == REFUSED else _line_of(row, DEFERRED, after=row.stage, reasons=(Reason(reason),))


def _defer(desk: Desk, sitting: Sitting, row: CycleRow, reason: str) -> str:
    """Said twice at the same sitting in the same words, it is said once."""
    with desk.transaction() as tx:
        case = _waiting_case(desk, tx, row)
        detail = {"reason": reason, "meeting": {"on": sitting.held_on.isoformat(), "number": sitting.number}}
        newest = records.newest(tx, case.cycle.id)
        said = records.detail_of(tx, newest.id) if newest.trigger == DEFER and newest.id is not None else None
        if said is None or said.detail != detail:
            administer(tx, case, DEFER, sitting.acting.actor, detail)
        return case.cycle.stage


def _waiting_case(desk: Desk, tx: Transaction, row: CycleRow) -> Case:
    found = cycles.by_id(tx, row.id, lock=True)
    assert found is not None  # cycles are never deleted
    case = case_of(desk, tx, found)
    if case.stage.kind != "approval":
        raise Refused(f"{found.name}现在是{case.stage.title},不在待批准之列")
    return case


# ── the recorded excess ──────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A decision to exceed a quota: where it was recorded, and what the quota allows now."""

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
    """Record the committee's decision to exceed a quota (its code, or a star it counts) by so many; one per sitting.

    It is recorded on the first of the listed for whom there is no room. Raises Unknown, BadInput, Refused, Forbidden.
    """
    sitting = _prepared(desk, number, acting, (), {}, year)
    with desk.transaction() as tx:
        campaign = campaign_of(tx, sitting.year)
        scheme = desk.scheme(tx, campaign.scheme_hash)
        one = _quota_named(scheme, level)
        row = _recorded_on(one, sitting, _room(tx, campaign, scheme, sitting.chosen))
        ask = _excess_ask(sitting, one, row, count, reason)
        _not_yet_decided(tx, sitting, one, ask)
        fired = fire_in(desk, tx, ask)
        line = next(line for line in quota_lines(tx, campaign, scheme) if _covers(tx, line, one, row))
        return Excess(
            quota=one.code,
            number=count,
            reason=reason,
            meeting=sitting.number,
            organisation=fired.code,
            seq=fired.record.seq,
            limit=line.limit,
            excess=line.excess,
            taken=line.taken,
            left=line.left,
        )


def _quota_named(scheme: Scheme, level: str) -> Quota:
    upper = [one for one in scheme.quota if one.op == "max"]
    found = next((one for one in upper if level == one.code or level in map(str, one.stars)), None)
    if found is None:
        known = joined(one.code for one in upper) or "没有"
        raise BadInput(Reason(f"“{level}”不是限定上限的名额,可以决定超额的有:{known}", "R30"))
    if found.hard:
        raise Refused(Reason(f"{found.title or found.code}是硬性名额,不得超出", found.cite.rule))
    return found


def _recorded_on(one: Quota, sitting: Sitting, room: Sequence[Room]) -> CycleRow:
    if not sitting.chosen:
        raise Refused(Reason("现在没有待批准的党组织,不需要超额决定", one.cite.rule))
    by_code = {row.code: row for row in sitting.chosen}
    beyond = [p.row.code for r in room if r.line.quota == one.code for p in r.ranking.places[r.ranking.cut :]]
    asking = [p.row.code for r in room if r.line.quota == one.code for p in r.ranking.places]
    return by_code[next(iter((*beyond, *asking)), sitting.chosen[0].code)]


def _excess_ask(sitting: Sitting, one: Quota, row: CycleRow, count: int, reason: str) -> CycleAsk:
    return CycleAsk(
        code=row.code,
        trigger="record_excess",
        relations=sitting.acting.relations,
        actor=sitting.acting.actor,
        person=sitting.acting.person,
        payload={"level": one.code, "number": count, "reason": reason},
        reason=f"{sitting.number}({sitting.held_on})",
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
    raise Refused(
        Reason(
            f"会议{sitting.number}已决定{one.title or one.code}超出{said.get('number', '?')}个,一次会议只作一个决定",
            "R30",
        )
    )


def _covers(tx: Transaction, line: QuotaLine, one: Quota, row: CycleRow) -> bool:
    return line.quota == one.code and line.scope in ("all", _scope_word(tx, one, row))
