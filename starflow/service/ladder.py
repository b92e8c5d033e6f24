"""The ladder: who is told of an obligation, when, and how far up it climbs.

Rungs are independent facts derived from the stored deadline each time the bell rings, so that a rung that was missed is not
lost and one that moved does not ring twice. A vacant post is skipped and named, and the level above hears of it (R67).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from starflow.service import filings
from starflow.service.case import Case
from starflow.service.desk import Desk
from storage import evidence, obligations, outbox, posts
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Event
from storage.obligations import Due
from workflow.engine.deadlines import Ringing, due_date, local_date, next_ringing, ringings
from workflow.engine.machine import Decision
from workflow.rating import notices, tracks
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
    rings = _rings_between(scheme, values["stage"], values["target_at"], values["due_at"], values["grace_days"])
    return tuple(one for one in rings if one.at >= values["opened_at"])


@lru_cache(maxsize=4096)
def _rings_between(
    scheme: Scheme, stage: str, target_at: datetime | None, due_at: datetime | None, grace_days: int
) -> tuple[Ringing, ...]:
    """Hundreds of obligations have the same dates: their rungs are reckoned once."""
    return ringings(
        ladder_of(scheme, stage),
        target_at=target_at,
        due_at=due_at,
        grace_days=grace_days,
        opened_at=LONG_AGO,
        zone=scheme.zone,
        hour=scheme.reminder.hour,
    )


LONG_AGO = datetime.min.replace(tzinfo=UTC)


def next_ring(case: Case, values: Mapping[str, Any], after: datetime) -> datetime | None:
    found = next_ringing(rings_of(case.scheme, values), after)
    return found.at if found else None


# ── ringing ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fallen:
    """One rung of one obligation that has fallen due."""

    obligation: Due
    ringing: Ringing
    scheme: Scheme


Climb = tuple[Fallen, Address, str, tuple[Address, ...]]
"""A notice on its way up: the post it has reached, its words by now, and the posts it has passed."""


def ring_page(desk: Desk, tx: Transaction, page: Sequence[tuple[Due, Scheme]]) -> int:
    """Put the notices of every rung that has fallen due and set the next ones; returns how many rungs rang."""
    rung: list[Fallen] = []
    following: dict[int, datetime | None] = {}
    tree.read_ahead(tx, {number for o, _ in page for number in (o.owner_id, o.organisation_id)})
    for o, scheme in page:
        rings = rings_of(scheme, o._asdict())
        rung += [Fallen(o, r, scheme) for r in rings if o.rings_at <= r.at <= tx.now]
        later = next_ringing(rings, tx.now)
        following[o.id] = later.at if later else None
    put = {(notice.obligation_id, notice.rung) for notice in outbox.put(tx, _notices(desk, tx, rung))}
    for one in rung:
        if one.ringing.rung.document == PROPOSAL and (one.obligation.id, one.ringing.rung.name) in put:
            _propose(tx, one)
    obligations.set_rings(tx, following)
    return len(rung)


def _notices(desk: Desk, tx: Transaction, rung: Sequence[Fallen]) -> list[outbox.NewNotice]:
    """A notice to each recipient; where a post is vacant, one more to the first post above it that is held."""
    found: list[outbox.NewNotice] = []
    waiting: list[Climb] = [(one, a, _rung_words(tx, one), (a,)) for one in rung for a in _recipients(tx, one)]
    while waiting:
        day = local_date(tx.now, waiting[0][0].scheme.zone)
        held = posts.numbers_for(tx, {(a.role, a.organisation_id) for _, a, _, _ in waiting}, day)
        climbing: list[Climb] = []
        for one, a, words, seen in waiting:
            person = held.get((a.role, a.organisation_id))
            found += [_notice(one, a, words, person, channel) for channel in desk.settings.channels]
            if person is None and (higher := above(tx, a)) not in seen:
                said = f"{words}({tree.name_of(tx, a.organisation_id)}的岗位空缺,报上一级)"
                climbing.append((one, higher, said, (*seen, higher)))
        waiting = climbing
    return found


def _recipients(tx: Transaction, one: Fallen) -> tuple[Address, ...]:
    return tuple(dict.fromkeys(a for r in one.ringing.rung.recipients for a in addresses(tx, one.obligation, r)))


def _prefix(one: Fallen) -> str:
    """The unique key without its recipient: obligation, visit, rung, deadline version (contract §1)."""
    o = one.obligation
    return f"{o.id}:{o.visit}:{one.ringing.rung.name}:{o.deadline_version}:"


def _notice(one: Fallen, a: Address, words: str, person: int | None, channel: str) -> outbox.NewNotice:
    o, rung = one.obligation, one.ringing.rung
    return outbox.NewNotice(
        key=f"{_prefix(one)}{a.role}:{a.organisation_id}:{channel}",
        kind=rung.kind,
        organisation_id=o.organisation_id,
        stage=o.stage,
        rung=rung.name,
        recipient_role=a.role,
        recipient_id=a.organisation_id,
        person_id=person,
        channel=channel,
        text=words,
        due_at=one.ringing.at,
        obligation_id=o.id,
        cycle_id=o.cycle_id,
        document=rung.document,
        deadline_version=o.deadline_version,
    )


def addresses(tx: Transaction, o: Due, recipient: str) -> Iterator[Address]:
    return addressed(recipient, Address(o.owner_role, o.owner_id), tree.path_of(tx, o.owner_id), tree.root(tx))


def addressed(recipient: str, owner: Address, path: str, root: int) -> Iterator[Address]:
    """The posts that a rung's word means for this owner; `path` is that of the owner's organisation."""
    match recipient:
        case "owner":
            yield owner
        case "superior":
            yield _above(owner, _parent_id(path), root)
        case "department":
            yield Address("department", root)
        case "leader":
            unit = tree.unit_id(path)
            yield Address("leader", unit) if unit else Address("committee", root)


def above(tx: Transaction, a: Address) -> Address:
    """One level up. An overdue review climbs to the reviewer's superior, never to the organisation under review."""
    return _above(a, tree.parent_of(tx, a.organisation_id), tree.root(tx))


def _above(a: Address, parent: int | None, root: int) -> Address:
    match a.role:
        case "organisation" | "superior" | "leader":
            return Address("department", root) if parent is None or parent == root else Address("superior", parent)
        case "department":
            return Address("committee", root)
    return Address("department", root)


def _parent_id(path: str) -> int | None:
    ids = path.strip("/").split("/")
    return int(ids[-2]) if len(ids) > 1 else None


def _rung_words(tx: Transaction, one: Fallen) -> str:
    colour = next((r.colour for r in one.scheme.rung if r.name == one.ringing.rung.name), None)
    return f"【{COLOURS[colour]}】{_said(tx, one)}" if colour else _said(tx, one)


COLOURS: Mapping[str, str] = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红", "black": "黑"}


def _said(tx: Transaction, one: Fallen) -> str:
    o, rung, zone = one.obligation, one.ringing.rung, one.scheme.zone
    what = f"{tree.name_of(tx, o.organisation_id)}“{stage_title(one.scheme, o.stage)}”"
    until = o.due_at if rung.counts_from == "due" or o.target_at is None else o.target_at
    day = f"{due_date(until, zone):%m月%d日}" if until else ""
    if rung.kind == "escalation":
        document = "拟通报批评" if rung.document == PROPOSAL else rung.document or "上报"
        return f"{document}:{what}{day}到期,已逾期{rung.days + 1}天"
    return f"提醒:{what}的目标日{day}已过" if rung.days > 0 else f"提醒:{what}距{day}还有{-rung.days}天"


def stage_title(scheme: Scheme, stage: str) -> str:
    """The title of a stage, or of the kind of a matter."""
    found = next((s for s in scheme.stage if s.name == stage), None)
    return found.title if found else tracks.TITLES.get(stage, stage)


def _propose(tx: Transaction, one: Fallen) -> None:
    """Proposes an R41 event against the body that owes the act, if it is one that is rated."""
    o, scheme = one.obligation, one.scheme
    if scheme.absence is None or o.owner_role not in ("organisation", "superior"):
        return
    what = f"{tree.name_of(tx, o.organisation_id)}“{stage_title(scheme, o.stage)}”"
    evidence.put(
        tx,
        Event(
            organisation_id=o.owner_id,
            code=scheme.absence.event,
            happened_on=local_date(one.ringing.at, scheme.zone),
            proof=f"{what}逾期{one.ringing.rung.days + 1}天未办",
            status="proposed",
            proposed_by="clock",
            proposed_at=tx.now,
        ),
    )


# ── events ───────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class News:
    """A transition that may have to be told. `owed`: the obligation as it is now."""

    before: Case
    after: Case
    done: Decision
    reason: str
    owed: Mapping[str, Any] | None


def announce(desk: Desk, tx: Transaction, news: Sequence[News]) -> tuple[int, ...]:
    """Put a notice for whoever should hear of these transitions; returns how many for each."""
    letters = [
        (place, told, a)
        for place, one in enumerate(news)
        for told in (*_told(one.before, one.after, one.done), *_filings(one.before, one.done))
        for a in dict.fromkeys(_event_addresses(tx, one.after, one.owed, told.recipients))
    ]
    if not letters:
        return (0,) * len(news)
    today = local_date(tx.now, news[0].after.zone)
    held = posts.numbers_for(tx, {(a.role, a.organisation_id) for _, _, a in letters}, today)
    written = [
        (place, _event(tx, news[place], told, a, held.get((a.role, a.organisation_id)), channel))
        for place, told, a in letters
        for channel in desk.settings.channels
    ]
    put = {notice.key for notice in outbox.put(tx, [notice for _, notice in written])}
    counted = Counter(place for place, notice in written if notice.key in put)
    if put:
        desk.enqueue(tx, "sweep", 1)  # which merges them into messages
    return tuple(counted[place] for place in range(len(news)))


def _filings(before: Case, done: Decision) -> Iterable[notices.Told]:
    """What the finished stage files or announces, to whomever the scheme names."""
    for one in filings.filed(before, done):
        said = one.text.replace("{", "{{").replace("}", "}}")
        yield notices.Told(one.rule.to, said, f"filing-{one.rule.code}")


def _event(
    tx: Transaction, one: News, told: notices.Told, a: Address, person: int | None, channel: str
) -> outbox.NewNotice:
    cycle, seq = one.after.cycle, one.before.cycle.version + 1
    return outbox.NewNotice(
        key=f"{cycle.id}#{seq}:{a.role}:{a.organisation_id}:{told.code or one.done.trigger}:{channel}",
        kind="event",
        organisation_id=cycle.organisation_id,
        stage=cycle.stage,
        rung=one.done.trigger[:16],
        recipient_role=a.role,
        recipient_id=a.organisation_id,
        person_id=person,
        channel=channel,
        text=told.words.format(**_words(one.after, one.before, one.done, one.reason, one.owed)),
        due_at=tx.now,
        cycle_id=cycle.id,
    )


def _told(before: Case, after: Case, done: Decision) -> Iterable[notices.Told]:
    if done.trigger in notices.BY_TRIGGER:
        yield notices.BY_TRIGGER[done.trigger]
    if done.before == done.after:
        return
    kind = KIND[after.stage.kind]
    if kind.on_arrival and done.facts.outcome is None:
        yield notices.ON_GRANT
    elif not kind.rests and done.trigger not in notices.BY_TRIGGER:
        owner = after.stage.owner_of(done.facts)
        if owner != done.role and not (owner == "superior" and done.role == "department"):
            yield notices.ON_ENTRY


def _words(after: Case, before: Case, done: Decision, reason: str, owed: Mapping[str, Any] | None) -> dict[str, str]:
    labels = after.scheme.star_words
    star = done.facts.star
    due = owed["due_at"] if owed else None
    return {
        "name": after.cycle.name,
        "stage": after.stage.title,
        "reason": reason or "未写理由",
        "due": f"{due_date(due, after.zone):%m月%d日}" if due else "规定时间",
        "level": labels.get(star, "未评") if star is not None else "未评",
        "before": labels.get(before.cycle.star, "未评") if before.cycle.star is not None else "未评",
    }


def _event_addresses(
    tx: Transaction, case: Case, owed: Mapping[str, Any] | None, recipients: Iterable[str]
) -> Iterator[Address]:
    for recipient in recipients:
        match recipient:
            case notices.OWNER if owed is not None and owed["owner_role"] != "clock":
                yield Address(owed["owner_role"], owed["owner_id"])
            case notices.ORGANISATION:
                yield Address("organisation", case.cycle.organisation_id)
            case notices.TOP:
                yield Address("superior", tree.unit_id(case.cycle.path) or case.cycle.reviewer_id)
            case "superior" | "committee" | "city":
                yield Address(recipient, owner_id(tx, case, recipient))
            case notices.DEPARTMENT:
                yield Address("department", root_id(case.cycle.path))


def schemes_of(desk: Desk, tx: Transaction, page: Sequence[Due]) -> list[tuple[Due, Scheme]]:
    """Each obligation with the scheme it runs under: its cycle's, or for a matter without a cycle its campaign's."""
    hashes = obligations.scheme_hashes(tx, [o.id for o in page])
    return [(o, desk.scheme(tx, hashes[o.id])) for o in page]
