"""The ladder: who is told of an obligation, when, and how far up it climbs.

Rungs are independent facts derived from the stored deadline each time the bell rings, so that a rung that was missed is not
lost and one that moved does not ring twice. A vacant post is skipped and named, and the level above hears of it (R67).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starflow.service import organisations as people
from starflow.service.case import Case, case_of
from starflow.service.desk import Desk
from storage import cycles, evidence, obligations, outbox
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Event, Obligation
from workflow.engine.deadlines import Ringing, Rung, due_date, local_date, next_ringing, ringings
from workflow.engine.machine import Decision
from workflow.rating import notices
from workflow.rating.scheme import Scheme
from workflow.rating.stages import KIND
from workflow.rating.timing import Dates, ladder_of

PROPOSAL = "proposal"
"""The document of a rung that proposes an event; a person confirms or withdraws it, the system never posts points."""


@dataclass(frozen=True, slots=True)
class Address:
    """A post: a role at an organisation."""

    role: str
    organisation_id: int


# ── the obligation of a stage ────────────────────────────────────


def obligation_values(tx: Transaction, case: Case, role: str, dates: Dates) -> dict[str, Any]:
    cycle = case.cycle
    return {
        "cycle_id": cycle.id,
        "organisation_id": cycle.organisation_id,
        "stage": cycle.stage,
        "visit": cycle.visit,
        "owner_role": role,
        "owner_id": owner_id(tx, case, role),
        "opened_at": cycle.entered_at,
        "target_at": dates.target_at,
        "due_at": dates.due_at,
        "phase_due_at": dates.phase_due_at or dates.due_at,
        "grace_days": case.scheme.deadline.grace_days,
        "arithmetic": list(dates.arithmetic),
    }


def owner_id(tx: Transaction, case: Case, role: str) -> int:
    """The organisation whose post owes the act; the clock's waiting is booked on the organisation itself."""
    match role:
        case "superior":
            return case.cycle.reviewer_id
        case "department" | "committee":
            return root_id(case.cycle.path)
        case "city":
            return tree.id_of(tx, tree.CITY)
    return case.cycle.organisation_id


def root_id(path: str) -> int:
    return int(path.split("/")[1])


def rings_of(scheme: Scheme, values: Mapping[str, Any]) -> tuple[Ringing, ...]:
    """All rungs of an obligation; none where the clock is waited for."""
    if values["owner_role"] == "clock":
        return ()
    return ringings(
        ladder_of(scheme),
        target_at=values["target_at"],
        due_at=values["due_at"],
        grace_days=values["grace_days"],
        opened_at=values["opened_at"],
        zone=scheme.zone,
        hour=scheme.reminder.hour,
    )


def next_ring(tx: Transaction, case: Case, values: Mapping[str, Any], after: datetime) -> datetime | None:
    found = next_ringing(rings_of(case.scheme, values), after)
    return found.at if found else None


def values_of(o: Obligation) -> dict[str, Any]:
    names = ("owner_role", "target_at", "due_at", "grace_days", "opened_at")
    return {name: getattr(o, name) for name in names}


# ── ringing ──────────────────────────────────────────────────────


def ring(desk: Desk, tx: Transaction, o: Obligation, scheme: Scheme) -> int:
    """Put the notices of every rung that has fallen due and set the next one; returns how many rungs rang."""
    rings = rings_of(scheme, values_of(o))
    due = [r for r in rings if o.rings_at is not None and o.rings_at <= r.at <= tx.now]
    for ringing in due:
        _put_rung(desk, tx, o, ringing, scheme)
    later = next_ringing(rings, tx.now)
    assert o.id is not None
    obligations.update(tx, o.id, {"rings_at": later.at if later else None})
    return len(due)


def _put_rung(desk: Desk, tx: Transaction, o: Obligation, ringing: Ringing, scheme: Scheme) -> None:
    rung = ringing.rung
    name = tree.name_of(tx, o.organisation_id)
    words = _rung_words(o, rung, name, scheme)
    to = dict.fromkeys(a for r in rung.recipients for a in addresses(tx, o, r))
    news = [n for a in to for n in _climbing(desk, tx, o, rung, ringing.at, a, words, scheme)]
    put = outbox.put(tx, news)
    if rung.document == PROPOSAL and put:
        _propose(tx, o, ringing, scheme)


def addresses(tx: Transaction, o: Obligation, recipient: str) -> Iterator[Address]:
    owner = Address(o.owner_role, o.owner_id)
    root = tree.root(tx)
    match recipient:
        case "owner":
            yield owner
        case "superior":
            yield above(tx, owner)
        case "department":
            yield Address("department", root)
        case "leader":
            unit = tree.unit_of(tx, o.owner_id)
            yield Address("leader", unit) if unit else Address("committee", root)


def above(tx: Transaction, a: Address) -> Address:
    """One level up. An overdue review climbs to the reviewer's superior, never to the organisation under review."""
    root = tree.root(tx)
    match a.role:
        case "organisation" | "superior" | "leader":
            parent = tree.parent_of(tx, a.organisation_id)
            return Address("department", root) if parent is None or parent == root else Address("superior", parent)
        case "department":
            return Address("committee", root)
    return Address("department", root)


def _climbing(
    desk: Desk, tx: Transaction, o: Obligation, rung: Rung, at: datetime, a: Address, words: str, scheme: Scheme
) -> Iterator[outbox.NewNotice]:
    """The notice to this post, and where it is vacant, one to the first post above it that is held."""
    seen: set[Address] = set()
    while a not in seen:
        seen.add(a)
        person = people.person_for(tx, a.role, a.organisation_id, local_date(tx.now, scheme.zone))
        for channel in desk.settings.channels:
            yield outbox.NewNotice(
                key=f"{o.id}:{o.visit}:{rung.name}:{o.deadline_version}:{a.role}:{a.organisation_id}:{channel}",
                kind=rung.kind,
                organisation_id=o.organisation_id,
                stage=o.stage,
                rung=rung.name,
                recipient_role=a.role,
                recipient_id=a.organisation_id,
                person_id=person.id if person else None,
                channel=channel,
                text=words,
                due_at=at,
                obligation_id=o.id,
                cycle_id=o.cycle_id,
                document=rung.document,
                deadline_version=o.deadline_version,
            )
        if person is not None:
            return
        words = f"{words}({tree.name_of(tx, a.organisation_id)}的岗位空缺,报上一级)"
        a = above(tx, a)


def _rung_words(o: Obligation, rung: Rung, name: str, scheme: Scheme) -> str:
    title = stage_title(scheme, o.stage)
    until = o.due_at if rung.counts_from == "due" or o.target_at is None else o.target_at
    day = f"{due_date(until, scheme.zone):%m月%d日}" if until else ""
    if rung.kind == "escalation":
        overdue = f"{rung.days + 1}天"
        return f"{rung.document if rung.document != PROPOSAL else '拟通报批评'}:{name}“{title}”{day}到期,已逾期{overdue}"
    if rung.days > 0:
        return f"提醒:{name}“{title}”的目标日{day}已过"
    return f"提醒:{name}“{title}”距{day}还有{-rung.days}天"


def stage_title(scheme: Scheme, stage: str) -> str:
    found = next((s for s in scheme.stage if s.name == stage), None)
    return found.title if found else stage


def _propose(tx: Transaction, o: Obligation, ringing: Ringing, scheme: Scheme) -> None:
    """Proposes an R41 event against the body that owes the act, if it is one that is rated."""
    if scheme.absence is None or o.owner_role not in ("organisation", "superior"):
        return
    title = stage_title(scheme, o.stage)
    evidence.put(
        tx,
        Event(
            organisation_id=o.owner_id,
            code=scheme.absence.event,
            happened_on=local_date(ringing.at, scheme.zone),
            proof=f"{tree.name_of(tx, o.organisation_id)}“{title}”逾期{ringing.rung.days + 1}天未办",
            status="proposed",
            proposed_by="clock",
            proposed_at=tx.now,
        ),
    )


# ── events ───────────────────────────────────────────────────────


def announce(desk: Desk, tx: Transaction, before: Case, after: Case, done: Decision, actor_role: str, reason: str) -> int:
    """Put a notice for whoever should hear of this transition; returns how many."""
    told = list(_told(before, after, done, actor_role))
    obligation = obligations.open_stage(tx, after.cycle.id)
    today = local_date(tx.now, after.zone)
    news = []
    for said in told:
        words = said.words.format(**_words(after, before, done, reason, obligation))
        for a in dict.fromkeys(_event_addresses(tx, after, obligation, said.recipients)):
            person = people.person_for(tx, a.role, a.organisation_id, today)
            news += [
                outbox.NewNotice(
                    key=f"{after.cycle.id}#{before.cycle.version + 1}:{a.role}:{a.organisation_id}:{said.words[:4]}:{channel}",
                    kind="event",
                    organisation_id=after.cycle.organisation_id,
                    stage=after.cycle.stage,
                    rung=done.trigger[:16],
                    recipient_role=a.role,
                    recipient_id=a.organisation_id,
                    person_id=person.id if person else None,
                    channel=channel,
                    text=words,
                    due_at=tx.now,
                    cycle_id=after.cycle.id,
                )
                for channel in desk.settings.channels
            ]
    return len(outbox.put(tx, news))


def _told(before: Case, after: Case, done: Decision, actor_role: str) -> Iterable[notices.Told]:
    if done.trigger in notices.BY_TRIGGER:
        yield notices.BY_TRIGGER[done.trigger]
    if done.before == done.after:
        return
    kind = KIND[after.stage.kind]
    if kind.on_arrival and done.facts.outcome is None:
        yield notices.ON_GRANT
    elif not kind.rests and done.trigger not in notices.BY_TRIGGER:
        owner = after.stage.owner_of(done.facts)
        if owner != actor_role and not (owner == "superior" and actor_role == "department"):
            yield notices.ON_ENTRY


def _words(after: Case, before: Case, done: Decision, reason: str, o: Obligation | None) -> dict[str, str]:
    labels = {level.star: level.label for level in after.scheme.level}
    star = done.facts.star
    due = o.due_at if o else None
    return {
        "name": after.cycle.name,
        "stage": after.stage.title,
        "reason": reason or "未写理由",
        "due": f"{due_date(due, after.zone):%m月%d日}" if due else "规定时间",
        "level": labels.get(star, "未评") if star is not None else "未评",
        "before": labels.get(before.cycle.star, "未评") if before.cycle.star is not None else "未评",
    }


def _event_addresses(tx: Transaction, case: Case, o: Obligation | None, recipients: Iterable[str]) -> Iterator[Address]:
    for recipient in recipients:
        match recipient:
            case notices.OWNER if o is not None and o.owner_role != "clock":
                yield Address(o.owner_role, o.owner_id)
            case notices.ORGANISATION:
                yield Address("organisation", case.cycle.organisation_id)
            case notices.TOP:
                yield Address("superior", tree.unit_of(tx, case.cycle.organisation_id) or case.cycle.reviewer_id)
            case notices.DEPARTMENT:
                yield Address("department", root_id(case.cycle.path))


def scheme_of(desk: Desk, tx: Transaction, o: Obligation) -> Scheme:
    """The scheme under which an obligation runs: its cycle's, or its matter's campaign's."""
    if o.cycle_id is not None:
        cycle = cycles.by_id(tx, o.cycle_id)
        assert cycle is not None
        return case_of(desk, tx, cycle).scheme
    from starflow.service.case import campaign_of

    return desk.scheme(tx, campaign_of(tx, None).scheme_hash)
