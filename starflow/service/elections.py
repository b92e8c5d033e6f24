"""The register of elections (换届): one row per term; who is due, who has asked for time, who was reminded (R42, R43).

A term ends with an election and the next one begins with it, as long as the scheme says for this kind of organisation. A
request counts only if it was filed before the term ran out; what the department decides on it stands beside it with its date.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from starflow.service.acting import Acting
from starflow.service.case import election_of
from starflow.service.desk import Desk
from starflow.service.ladder import Address, above
from starflow.service.shapes import FOR_PEOPLE, Page
from storage import cycles, evidence, outbox, posts
from storage import organisations as tree
from storage.database import Transaction
from storage.evidence import Term
from storage.models import Election, Organisation, Person
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Reason, Refused, Unknown
from workflow.rating.inputs import RatingInputs
from workflow.rating.scheme import Election as Rule
from workflow.rating.scheme import Scheme
from workflow.rating.scoring import cap_of
from workflow.rating.wording import EXTENSION_WORDS

STAGE = "election"
"""Stands in notices where others have a stage."""
LAST = "committee"
"""Nobody stands above it."""
NONE, REQUESTED, APPROVED, REFUSED = "none", "requested", "approved", "refused"
LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionLine:
    """An organisation's running term. `cap`: the highest star that the register allows today, where it bounds one."""

    organisation: str
    name: str
    kind: str
    last_held_on: date | None
    due_on: date | None
    days_left: int | None
    extension: str
    requested_on: date | None
    note: str | None
    cap: int | None
    reason: str | None = field(metadata=FOR_PEOPLE)


# ── reading ──────────────────────────────────────────────────────


def elections(desk: Desk, *, under: str | None = None, due_by: date | None = None) -> Page[ElectionLine]:
    """Every rated organisation with its term, the first to run out first; those without an entry come last."""
    with desk.reading() as tx:
        path = _organisation(tx, under).path if under is not None else ""
        scheme, today = _scheme(desk, tx), local_date(tx.now, desk.settings.zone)
        return Page(tuple(_line(scheme, term, today) for term in evidence.terms(tx, path=path, due_by=due_by)))


def _line(scheme: Scheme | None, term: Term, today: date) -> ElectionLine:
    running, body = term.running, term.organisation
    cap, reason = _cap(scheme, running, today)
    return ElectionLine(
        organisation=body.code,
        name=body.name,
        kind=body.kind,
        last_held_on=term.last_held_on,
        due_on=running.due_on if running else None,
        days_left=(running.due_on - today).days if running else None,
        extension=running.extension if running else NONE,
        requested_on=running.requested_on if running else None,
        note=(running.note or None) if running else None,
        cap=cap,
        reason=reason,
    )


def _cap(scheme: Scheme | None, running: Election | None, today: date) -> tuple[int | None, str | None]:
    """By the same function that bounds a rating."""
    if scheme is None or running is None:
        return None, None
    cap = cap_of(scheme, RatingInputs(round="rating", rated_on=today, election=election_of(running)))
    return (cap.star, ";".join(cap.reasons)) if cap.reasons else (None, None)


# ── writing ──────────────────────────────────────────────────────


def set_election(
    desk: Desk,
    code: str,
    *,
    acting: Acting,
    held_on: date | None = None,
    due_on: date | None = None,
    extension: str | None = None,
    on: date | None = None,
    reason: str = "",
) -> ElectionLine:
    """Enter one of: that the election was held, another end of the running term, a request for time or what became of it.

    `held_on` closes the term and opens the next, to `due_on` where that is given too. `on` is the day of the request or decision
    (today). Raises Unknown, BadInput, Forbidden, Refused.
    """
    with desk.transaction() as tx:
        return set_election_in(
            desk, tx, code, acting=acting, held_on=held_on, due_on=due_on, extension=extension, on=on, reason=reason
        )


def set_election_in(
    desk: Desk,
    tx: Transaction,
    code: str,
    *,
    acting: Acting,
    held_on: date | None = None,
    due_on: date | None = None,
    extension: str | None = None,
    on: date | None = None,
    reason: str = "",
) -> ElectionLine:
    """`set_election` within a transaction that is already open."""
    body, today = _body(tx, code), local_date(tx.now, desk.settings.zone)
    scheme = _scheme(desk, tx)
    assert body.id is not None
    running = evidence.running_term(tx, body.id, lock=True)
    if len(reason) > LONGEST:
        raise BadInput(f"说明最多{LONGEST}个字")
    match held_on, due_on, extension:
        case (date(), _, None):
            acting.role(("department", "superior"), "登记换届", "R42")
            _held(tx, body, running, held_on, due_on or _next_due(scheme, body, held_on), today, reason)
        case (None, date(), None):
            acting.role(("department",), "更正换届到期日", "R42")
            _moved(tx, body, running, due_on, reason)
        case (None, None, str()):
            _extension(tx, body, running, extension, on or today, today, reason, acting)
        case _:
            raise BadInput(
                "换届日期(held_on)、到期日(due_on)、请示情况(extension)只写其一;换届日期可以同时写下一届的到期日"
            )
    found = next(term for term in evidence.terms(tx, path=body.path) if term.organisation.id == body.id)
    return _line(scheme, found, today)


def _held(
    tx: Transaction,
    body: Organisation,
    running: Election | None,
    held_on: date,
    next_due_on: date,
    today: date,
    reason: str,
) -> None:
    """Closes the running term and opens the next; without one in the register, only the next."""
    assert body.id is not None
    last = evidence.last_election(tx, body.id)
    if held_on > today:
        raise BadInput(Reason(f"换届日期{held_on}还没有到,今天是{today}", "R42"))
    if last is not None and held_on <= last:
        raise BadInput(Reason(f"换届日期{held_on}不晚于上一次换届的{last}", "R42"))
    if next_due_on <= held_on:
        raise BadInput(Reason(f"下一届到期日{next_due_on}不晚于换届日期{held_on}", "R42"))
    ended = running or Election(organisation_id=body.id, due_on=held_on, note="登记以前的一届,原到期日不详")
    ended.held_on, ended.note = held_on, _noted(ended.note, reason)
    evidence.put(tx, ended)
    evidence.put(tx, Election(organisation_id=body.id, due_on=next_due_on))


def _next_due(scheme: Scheme | None, body: Organisation, held_on: date) -> date:
    rule = scheme.election if scheme else None
    years = rule.terms.get(body.kind) if rule else None
    if years is None:
        raise BadInput(Reason(f"方案没有写明{body.kind}的任期,须写明下一届的到期日(due_on)", "R42"))
    return _years_after(held_on, years)


def _moved(tx: Transaction, body: Organisation, running: Election | None, due_on: date, reason: str) -> None:
    """A corrected end of the term. What was asked for the other date says nothing of this one."""
    assert body.id is not None
    if running is None:
        evidence.put(tx, Election(organisation_id=body.id, due_on=due_on, note=reason.strip()))
        return
    if not reason.strip():
        raise BadInput(Reason("更正到期日须写明理由", "R42"))
    before = f"原到期日{running.due_on}({EXTENSION_WORDS[running.extension]}),更正:{reason.strip()}"
    running.due_on, running.extension, running.requested_on = due_on, NONE, None
    running.note = _noted(running.note, before)
    evidence.put(tx, running)


def _extension(
    tx: Transaction,
    body: Organisation,
    running: Election | None,
    extension: str,
    on: date,
    today: date,
    reason: str,
    acting: Acting,
) -> None:
    if extension not in (REQUESTED, APPROVED, REFUSED):
        raise BadInput(f"请示情况没有“{extension}”,只有{REQUESTED}、{APPROVED}、{REFUSED}")
    who = ("organisation", "superior", "department") if extension == REQUESTED else ("department",)
    acting.role(who, "登记请示" if extension == REQUESTED else "答复请示", "R42")
    if running is None:
        raise Refused(Reason(f"{body.name}没有登记换届到期日,请先登记", "R42"))
    if on > today:
        raise BadInput(Reason(f"日期{on}晚于今天{today}", "R42"))
    if extension == REQUESTED:
        _requested(running, on, reason)
    else:
        _answered(running, extension, on, reason)
    evidence.put(tx, running)


def _requested(running: Election, on: date, reason: str) -> None:
    """Filed after the term has run out, a request is kept but changes nothing (R42)."""
    if running.extension in (APPROVED, REFUSED):
        raise Refused(Reason(f"请示已有答复({EXTENSION_WORDS[running.extension]})", "R42"))
    if running.extension == REQUESTED:
        raise Refused(Reason(f"已于{running.requested_on}请示", "R42"))
    running.requested_on = on
    if on <= running.due_on:
        running.extension = REQUESTED
        running.note = _noted(running.note, f"{on}请示" + _because(reason))
    else:
        running.note = _noted(running.note, f"{on}请示,晚于到期日{running.due_on},不计" + _because(reason))


def _answered(running: Election, extension: str, on: date, reason: str) -> None:
    """The department may also accept a special reason that nobody has filed in time; then it has to say which (R42)."""
    if running.extension == extension:
        raise Refused(Reason(f"已是{EXTENSION_WORDS[extension]}", "R42"))
    if running.extension != REQUESTED and not reason.strip():
        raise BadInput(Reason("没有按期请示的,须写明认可或不认可的理由", "R42"))
    if running.requested_on is not None and on < running.requested_on:
        raise BadInput(Reason(f"答复日期{on}早于请示日期{running.requested_on}", "R42"))
    running.extension = extension
    running.note = _noted(running.note, f"{on}{EXTENSION_WORDS[extension]}" + _because(reason))


def _because(reason: str) -> str:
    return f":{reason.strip()}" if reason.strip() else ""


def _noted(before: str, more: str) -> str:
    return ";".join(filter(None, (before, more.strip())))


# ── reminders ────────────────────────────────────────────────────


def election_reminders(desk: Desk) -> int:
    """Remind of every term that ends within the scheme's months, once per term and end; returns how many notices are new.

    May be called as often as one likes: what is said already has its key.
    """
    with desk.transaction() as tx:
        scheme = _scheme(desk, tx)
        if scheme is None or scheme.election is None:
            return 0
        today = local_date(tx.now, scheme.zone)
        near = evidence.terms(tx, due_by=_months_after(today, scheme.election.remind_months))
        return len(outbox.put(tx, _notices(desk, tx, scheme.election, near, today)))


@dataclass(frozen=True, slots=True)
class Word:
    """A reminder on its way: of which term, to which post, in which words by now."""

    term: Election
    to: Address
    text: str


def _notices(desk: Desk, tx: Transaction, rule: Rule, near: Sequence[Term], today: date) -> Iterator[outbox.NewNotice]:
    """To each organisation; where its post is vacant, also to the first above it that is held."""
    waiting = [
        Word(term.running, Address("organisation", term.running.organisation_id), _words(term, term.running, today))
        for term in near
        if term.running is not None
    ]
    while waiting:
        held = posts.people_for(tx, {(word.to.role, word.to.organisation_id) for word in waiting}, today)
        vacant = []
        for word in waiting:
            person = held.get((word.to.role, word.to.organisation_id))
            yield from (_notice(tx, rule, word, person, channel) for channel in desk.settings.channels)
            if person is None and word.to.role != LAST:
                said = f"{word.text}({tree.name_of(tx, word.to.organisation_id)}的岗位空缺,报上一级)"
                vacant.append(Word(word.term, above(tx, word.to), said))
        waiting = vacant


def _notice(tx: Transaction, rule: Rule, word: Word, person: Person | None, channel: str) -> outbox.NewNotice:
    term, to = word.term, word.to
    return outbox.NewNotice(
        key=f"{STAGE}:{term.id}:{term.due_on}:{to.role}:{to.organisation_id}:{channel}",
        kind="reminder",
        organisation_id=term.organisation_id,
        stage=STAGE,
        rung=f"-{rule.remind_months}m",
        recipient_role=to.role,
        recipient_id=to.organisation_id,
        person_id=person.id if person else None,
        channel=channel,
        text=word.text,
        due_at=tx.now,
    )


def _words(term: Term, running: Election, today: date) -> str:
    when = f"应于{running.due_on}前换届" + (f",已过{(today - running.due_on).days}天" if today > running.due_on else "")
    match running.extension:
        case "requested":
            rest = f"已于{running.requested_on}请示,待答复"
        case "approved":
            rest = "延期已获同意,超过一年不换届的仍受限制"
        case "refused":
            rest = "请示未获同意,须按期换届"
        case _ if today > running.due_on:
            rest = "未按期请示"
        case _:
            rest = "不能按期的,须在到期前请示"
    return f"换届提醒:{term.organisation.name}{when};{rest}"


# ── small change ─────────────────────────────────────────────────


def _scheme(desk: Desk, tx: Transaction) -> Scheme | None:
    """The newest campaign's rules; before the first campaign there are none."""
    campaign = cycles.campaign_of_year(tx, None)
    return desk.scheme(tx, campaign.scheme_hash) if campaign else None


def _organisation(tx: Transaction, code: str) -> Organisation:
    found = tree.by_code(tx, code)
    if found is None:
        raise Unknown(f"没有编码为“{code}”的党组织")
    return found


def _body(tx: Transaction, code: str) -> Organisation:
    found = _organisation(tx, code)
    if found.external or found.parent_id is None:
        raise BadInput(Reason(f"{found.name}不参评,不登记换届", "R42"))
    if found.ended_on is not None:
        raise BadInput(Reason(f"{found.name}已于{found.ended_on}停用", "R42"))
    return found


def _years_after(day: date, years: int) -> date:
    """The term that began on 29 February ends on the 28th where there is none."""
    return _months_after(day, 12 * years)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
