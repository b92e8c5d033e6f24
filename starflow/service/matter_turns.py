"""How an act on a matter is judged and written: facts, decision, then matter, act, obligation and notices together.

A turn is one act that has been decided on. Turns that open something are written many at once, each table with one statement.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from starflow.service import ladder
from starflow.service.case import Case
from starflow.service.desk import Desk
from starflow.service.ladder import Address
from storage import matters, obligations, outbox, posts, stars
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Matter, MatterAct
from workflow.engine.deadlines import days_overdue, due_date, local_date
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, StarflowError, Unknown, WrongStage
from workflow.engine.machine import ANYONE, CLOCK, Ask, Decision, Refusal, decide
from workflow.engine.table import OWNER
from workflow.rating import notices, tracks
from workflow.rating.stages import ROLE_WORDS
from workflow.rating.timing import Dates
from workflow.rating.track_dates import matter_dates
from workflow.rating.track_guards import MatterFacts
from workflow.rating.track_parts import NEW, Kind, Status
from workflow.rating.track_payloads import PERSONAL

CRITICISM = "criticism"
"""The code of the event that a circular (通报批评) is in the register of awards and sanctions."""
NOT_REPEATED = (*PERSONAL, "content")
"""What stands in the matter's data alone, so that erasing it there by rule erases it."""


# ── facts ────────────────────────────────────────────────────────


def facts_of(tx: Transaction, case: Case, kind: Kind, matter: Matter | None, relations: frozenset[str]) -> MatterFacts:
    """What the guards of this kind may look at."""
    star = stars.in_force(tx, case.cycle.organisation_id)
    facts = plain_facts(case, kind, star.star if star else None, relations)
    if matter is None:
        return facts.changed_by(_before_opening(tx, case, kind))
    organisation = tree.by_id(tx, case.cycle.organisation_id)
    return facts.changed_by(
        {
            "opened_by": matter.data.get("opened_by", ""),
            "opened_on": local_date(matter.opened_at, case.zone),
            "proposed": matter.data.get("star"),
            **_acceptance(case, kind, matter),
            "ended": organisation is not None and organisation.ended_on is not None,
        }
    )


def _acceptance(case: Case, kind: Kind, matter: Matter) -> dict[str, Any]:
    """What the track of the star that called for a rectification wants of its acceptance."""
    track = case.scheme.track_of(matter.data.get("star")) if kind is tracks.RECTIFICATION else None
    return {"accept_from": track.accept_from, "dissatisfied_below": track.dissatisfied_below} if track else {}


def plain_facts(case: Case, kind: Kind, star: int | None, relations: frozenset[str]) -> MatterFacts:
    """The part of the facts that needs no question to the database."""
    return MatterFacts(
        relations=relations | {ANYONE},
        closed_by=case.scheme.ledger.closed_by,
        opened_on=case.today,
        today=case.today,
        star=star,
        labels=case.scheme.star_words,
        stars=kind.stars(case.scheme) if kind.stars else (),
        released_from=case.scheme.key_management.released_from,
        unit=case.cycle.reviewer_id == ladder.root_id(case.cycle.path) and tracks.is_unit(case.cycle.kind),
    )


def _before_opening(tx: Transaction, case: Case, kind: Kind) -> dict[str, Any]:
    cycle = case.cycle
    found: dict[str, Any] = {}
    if kind.once:
        there = matters.in_the_way(tx, kind.name, cycle.organisation_id, cycle.campaign_id if kind.yearly else None)
        found["twin"] = there[0].id if there else None
    if kind is tracks.LEDGER_ITEM:
        plans = matters.in_the_way(tx, tracks.PLAN.name, cycle.organisation_id, cycle.campaign_id)
        found["plan"] = plans[-1].id if plans else None
    if kind is tracks.DEMOTION:
        found["warned"] = _was_warned(tx, case)
    return found


def _was_warned(tx: Transaction, case: Case) -> bool:
    """R54's first step: told to rectify this year, or criticised in a circular that a person has confirmed."""
    cycle = case.cycle
    told = matters.in_the_way(tx, tracks.RECTIFICATION.name, cycle.organisation_id, cycle.campaign_id)
    year = date(cycle.year, 1, 1), date(cycle.year, 12, 31)
    return bool(told) or matters.confirmed(tx, cycle.organisation_id, CRITICISM, *year)


# ── decision ─────────────────────────────────────────────────────

REFUSALS: Mapping[str, type[StarflowError]] = {  # as at the cycle's door, which cannot be asked from here
    "unknown": Unknown,
    "stage": WrongStage,
    "role": Forbidden,
    "payload": BadInput,
    "guard": Refused,
}


def decided(tx: Transaction, kind: Kind, matter: Matter | None, ask: Ask, facts: MatterFacts) -> Decision:
    """What comes of the ask, or the refusal in the matter's own words."""
    status = matter.status if matter else NEW
    verdict = decide(kind.table, status, ask, facts, tx.now)
    if isinstance(verdict, Decision):
        return verdict
    current: dict[str, Any] = {}
    if matter is not None and matter.id is not None:
        current = {"status": status, "version": matter.version}
        if verdict.code == "stage":
            current |= who_what_when(matters.newest_act(tx, matter.id))
    raise REFUSALS[verdict.code](*_sentences(kind, kind.status[status], ask, facts, verdict), current=current)


def _sentences(kind: Kind, now: Status, ask: Ask, facts: MatterFacts, verdict: Refusal) -> Iterator[Reason]:
    """The engine speaks of stages and triggers; a clerk knows kinds, statuses and acts by their titles."""
    act = kind.titled(ask.trigger)
    match verdict.code:
        case "unknown":
            known = [f"{row.trigger}({kind.titled(row.trigger)})" for row in kind.table.of(now.name) if row.by != CLOCK]
            yield Reason(f"{kind.title}没有“{ask.trigger}”这个动作,现在可办:{'、'.join(known) or '没有'}", kind.rule)
        case "stage":
            yield Reason(f"{kind.title}现为“{now.title}”,不能{act}", kind.rule)
        case "role" if now.name == NEW:
            yield Reason(f"{act}({kind.title})由{_words(kind.opened_by)}办理", kind.rule)
        case "role":
            row = kind.table.row[now.name, ask.trigger]
            yield Reason(f"{act}由{_words((now.owner_of(facts) if row.by == OWNER else row.by,))}办理", kind.rule)
        case _:
            yield from (replace(said, cite=said.cite or kind.rule) for said in verdict.reasons)


def _words(roles: Iterable[str]) -> str:
    return "、".join(ROLE_WORDS.get(role, "任何人") for role in roles if role != CLOCK) or "系统按星级的变化自动"


def who_what_when(act: MatterAct) -> dict[str, Any]:
    return {"actor": act.actor, "role": act.role, "act": act.act, "at": act.at.isoformat()}


# ── turns ────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One act that has been decided on. Without a matter it opens one, as of `opened_at`."""

    kind: Kind
    case: Case
    done: Decision
    actor: str
    reason: str = ""
    key: str | None = None
    matter: Matter | None = None
    opened_at: datetime
    also: Mapping[str, Any] = field(default_factory=dict)  # data that nobody needs to say

    @property
    def status(self) -> Status:
        return self.kind.status[self.done.after]

    @property
    def moves(self) -> bool:
        return self.done.after != self.done.before

    @property
    def entered_at(self) -> datetime:
        return self.opened_at if self.matter is None else self.case.now

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = self.done.payload.model_dump(mode="json", exclude_none=True) if self.done.payload else {}
        return said

    @property
    def data(self) -> dict[str, Any]:
        """Of the matter after the act."""
        before = {"opened_by": self.done.role} if self.matter is None else self.matter.data
        return {**before, **self.said, **self.also}


@dataclass(frozen=True, slots=True)
class Written:
    """A turn that stands in the database, and the obligation that it left, if it left one."""

    turn: Turn
    matter_id: int
    version: int
    owed: Mapping[str, Any] | None


def begin(tx: Transaction, turns: Sequence[Turn]) -> tuple[Written, ...]:
    """Put new matters, their first acts and their obligations."""
    ids = matters.put_all(tx, [_matter(turn) for turn in turns])
    matters.put_acts(tx, [_act(tx, turn, which, 1, turn.said) for turn, which in zip(turns, ids, strict=True)])
    written = tuple(
        Written(turn, which, 1, _obligation(tx, turn, which, 1)) for turn, which in zip(turns, ids, strict=True)
    )
    obligations.put(tx, *(one.owed for one in written if one.owed is not None))
    return written


def carry_on(tx: Transaction, turn: Turn) -> Written:
    """Move a matter by compare-and-swap, with its act; in another status it is another piece of work that is owed."""
    matter = turn.matter
    assert matter is not None and matter.id is not None
    said, data = turn.said | _lateness(tx, turn, matter.id), turn.data
    matters.move(tx, matter, turn.done.after, data, closes=turn.status.ends)
    matters.put_acts(tx, [_act(tx, turn, matter.id, matter.version, said)])
    if not turn.moves:
        return Written(turn, matter.id, matter.version, None)
    obligations.close_matter(tx, matter.id)
    owed = _obligation(tx, turn, matter.id, matter.version)
    if owed is not None:
        obligations.put(tx, owed)
    return Written(turn, matter.id, matter.version, owed)


def _matter(turn: Turn) -> dict[str, Any]:
    cycle = turn.case.cycle
    return {
        "kind": turn.kind.name,
        "organisation_id": cycle.organisation_id,
        "campaign_id": cycle.campaign_id,
        "cycle_id": cycle.id,
        "status": turn.done.after,
        "version": 1,
        "data": turn.data,
        "opened_at": turn.opened_at,
        "closed_at": turn.case.now if turn.status.ends else None,
    }


def _act(tx: Transaction, turn: Turn, matter_id: int, seq: int, said: Mapping[str, Any]) -> dict[str, Any]:
    done = turn.done
    return {
        "matter_id": matter_id,
        "seq": seq,
        "act": done.trigger,
        "before": "" if done.before == NEW else done.before,
        "after": done.after,
        "role": done.role,
        "actor": turn.actor,
        "at": tx.now,
        "data": {name: value for name, value in said.items() if name not in NOT_REPEATED},
        "reason": turn.reason,
        "ask_key": turn.key,
    }


def _lateness(tx: Transaction, turn: Turn, matter_id: int) -> dict[str, Any]:
    """An act after its due is accepted, and marked late for ever."""
    owed = obligations.of_matter(tx, matter_id) if turn.moves else None
    late = days_overdue(now=tx.now, zone=turn.case.zone, due_at=owed.due_at if owed else None)
    return {"late_days": late} if late else {}


def _obligation(tx: Transaction, turn: Turn, matter_id: int, visit: int) -> dict[str, Any] | None:
    """Who owes what in the status that the matter has reached; nobody where it ends or rests."""
    if turn.status.ends or turn.status.rests:
        return None
    case, data = turn.case, turn.data
    role = turn.status.owner_of(turn.done.facts.changed_by({"opened_by": data["opened_by"]}))
    dates = dates_of(case, turn.kind, turn.done.after, turn.opened_at, turn.entered_at, data)
    values: dict[str, Any] = {
        "cycle_id": case.cycle.id,
        "matter_id": matter_id,
        "organisation_id": case.cycle.organisation_id,
        "stage": turn.kind.name,
        "visit": visit,
        "owner_role": role,
        "owner_id": ladder.owner_id(tx, case, role),
        "opened_at": turn.entered_at,
        "target_at": None,
        "due_at": dates.due_at,
        "phase_due_at": dates.phase_due_at,
        "grace_days": case.scheme.deadline.grace_days,
        "deadline_version": 1,
        "arithmetic": list(dates.arithmetic),
        "held_days": 0,
    }
    return values | {"rings_at": ladder.next_ring(case, values, turn.entered_at)}


def dates_of(
    case: Case, kind: Kind, status: str, opened_at: datetime, entered_at: datetime, data: Mapping[str, Any]
) -> Dates:
    """The dates of a matter in a status, by the one pure function."""
    return matter_dates(
        kind.status[status].due,
        since=kind.acts[0].title,
        judges=kind.status[status].judges,
        scheme=case.scheme,
        calendar=case.calendar,
        zone=case.zone,
        opened_at=opened_at,
        entered_at=entered_at,
        data=data,
    )


# ── notices ──────────────────────────────────────────────────────


def announce(desk: Desk, tx: Transaction, written: Written) -> int:
    """Work arrives at somebody who did not send it there himself, or has ended where others wait for it."""
    turn = written.turn
    told = dict(_told(tx, written)) if turn.moves else {}
    held = posts.people_for(tx, {(a.role, a.organisation_id) for a in told}, turn.case.today) if told else {}
    news = []
    for a, words in told.items():
        person = held.get((a.role, a.organisation_id))
        news += [
            outbox.NewNotice(
                key=f"matter:{written.matter_id}#{written.version}:{a.role}:{a.organisation_id}:{channel}",
                kind="event",
                organisation_id=turn.case.cycle.organisation_id,
                stage=turn.kind.name,
                rung=turn.done.trigger[:16],
                recipient_role=a.role,
                recipient_id=a.organisation_id,
                person_id=person.id if person else None,
                channel=channel,
                text=words,
                due_at=tx.now,
                cycle_id=turn.case.cycle.id,
            )
            for channel in desk.settings.channels
        ]
    return len(outbox.put(tx, news))


def _told(tx: Transaction, written: Written) -> Iterator[tuple[Address, str]]:
    turn, owed, case = written.turn, written.owed, written.turn.case
    stage = f"“{turn.kind.title}”({turn.status.title})"
    for role in turn.status.tells:
        if role != turn.done.role:
            reason = f":{turn.reason}" if turn.reason else ""
            yield Address(role, ladder.owner_id(tx, case, role)), f"{case.cycle.name}{stage}{reason}"
    if owed is not None and owed["owner_role"] != turn.done.role:
        due = f"{due_date(owed['due_at'], case.zone):%m月%d日}" if owed["due_at"] else "规定时间"
        words = notices.ON_ENTRY.words.format(name=case.cycle.name, stage=stage, due=due)
        yield Address(owed["owner_role"], owed["owner_id"]), words
