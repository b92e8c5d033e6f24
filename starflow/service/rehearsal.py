"""A whole year in a minute: the same use cases as in earnest, on a hand clock, played by people with dice.

Deterministic: the same roster, scheme, behaviour and seed give the same head on every machine and on both databases.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from starflow.service import players_beside, upkeep
from starflow.service.acting import Acting
from starflow.service.campaigns import open_campaign, opens_at
from starflow.service.case import Case, case_of, facts_of, stored_facts
from starflow.service.cycles import CycleAsk, fire_in
from starflow.service.desk import Desk
from starflow.service.matters import MatterAsk, act_in, kind_named, open_in
from starflow.service.obligations import move_clock
from starflow.service.organisations import import_roster
from starflow.service.players import BEHAVIOURS, Move, Part, Player, findings, moves
from starflow.service.players_beside import Step
from starflow.service.schemes import read_scheme
from storage import cycles, matters, obligations, outbox, records
from storage.database import Transaction
from storage.models import Matter, Obligation
from storage.obligations import Beside
from workflow.engine.deadlines import FixedDate, local_date, parse_date_rule
from workflow.engine.errors import BadInput, Forbidden, StarflowError
from workflow.rating.facts import Facts
from workflow.rating.roster import RosterRow
from workflow.rating.scheme import Scheme
from workflow.rating.stages import KIND
from workflow.rating.timing import window_opens
from workflow.rating.track_parts import OPEN

WORK_HOUR = 10
DAYS_AFTER_YEAR = 90
"""A year that has not come to its ends so many days after it, or after its scheme's last day, is reported as unfinished."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How the year went, in the shape of the contract's `rehearse`. `matters`: kind → status → how many stand there."""

    head: str
    transitions: int
    violations: tuple[str, ...]
    stars: dict[str, int]
    reminders: int
    escalations: int
    late: int
    unfinished: int
    matters: dict[str, dict[str, int]]


@dataclass(slots=True)
class Year:
    """A year being played: who plays, and on which day each obligation will be acted on."""

    desk: Desk
    scheme: Scheme
    campaign_id: int
    player: Player
    days: dict[tuple[int, str, int], date] = field(default_factory=dict)
    beside: bool = False
    """Whether matters are played too: plans, ledgers, inspections, rectifications."""


def rehearse(
    desk: Desk,
    rows: Sequence[RosterRow],
    year: int,
    scheme_name: str,
    behaviour: str,
    *,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> Rehearsed:
    """Import the roster, open the campaign the day before it begins, play it to the ends of the recheck, and check it.

    `until` stops earlier. Raises Forbidden on a live database, BadInput for an unknown behaviour or a faulty roster.
    """
    played = begin(desk, rows, year, scheme_name, behaviour, beside=True)
    for _ in play(played, until, progress):
        pass
    return report(played)


def begin(
    desk: Desk,
    rows: Sequence[RosterRow],
    year: int,
    scheme_name: str,
    behaviour: str,
    parts: Mapping[str, Part] | None = None,
    *,
    beside: bool = False,
) -> Year:
    """Everything up to the campaign's opening; `parts` names those whose story is told instead of diced.

    `beside`: matters are played too.
    """
    if not desk.rehearsal:
        raise Forbidden("演练只能在演练数据库里进行")
    known = {b.name: b for b in BEHAVIOURS}
    if behaviour not in known:
        raise BadInput(f"没有“{behaviour}”这种行为,只有{'、'.join(known)}")
    root = next((row.kind for row in rows if row.parent is None), "")
    rows = dressed(rows, read_scheme(scheme_name)[0])
    imported = import_roster(desk, rows, scheme_root_kind=root, dry_run=False)
    if imported.faults:
        raise BadInput(*(str(fault) for fault in imported.faults[:20]))
    open_campaign(desk, year, scheme_name, actor="role:department")
    with desk.reading() as tx:
        campaign = cycles.campaign_of_year(tx, year)
        assert campaign is not None and campaign.id is not None  # opened just now
        scheme = desk.scheme(tx, campaign.scheme_hash)
    return Year(desk, scheme, campaign.id, Player(desk.seed or 0, known[behaviour], parts or {}), beside=beside)


def dressed(rows: Sequence[RosterRow], scheme: Scheme) -> tuple[RosterRow, ...]:
    """A roster that was not made for this scheme: its fields bear names of the scheme's, in turn."""
    fields = tuple(scheme.fields)
    foreign = sorted({row.field for row in rows if row.parent is not None} - set(fields))
    if not fields or not foreign:
        return tuple(rows)
    return tuple(
        replace(row, field=fields[n % len(fields)]) if row.parent is not None and row.field in foreign else row
        for n, row in enumerate(rows)
    )


def starts_at(scheme: Scheme, year: int) -> datetime:
    """The day before the campaign opens, in the morning."""
    return opens_at(scheme, year) - timedelta(hours=14)


def play(
    played: Year,
    until: datetime | None = None,
    progress: Progress | None = None,
    stops: Collection[date] = (),
) -> Iterator[datetime]:
    """From one day of work to the next until every cycle has ended; yields after each. `stops` are visited in any case."""
    desk, zone = played.desk, played.scheme.zone
    first = local_date(desk.clock.now(), zone) + timedelta(days=1)
    day: date | None = first
    last = max(date(first.year + 1, 1, 1), _last_due(played.scheme, first.year)) + timedelta(days=DAYS_AFTER_YEAR)
    span = (last - first).days - DAYS_AFTER_YEAR + 31
    while day is not None and day <= last:
        at = datetime(day.year, day.month, day.day, WORK_HOUR, tzinfo=zone)
        if until is not None and at > until:
            move_clock(desk, until)
            return
        move_clock(desk, at)
        following = _work(played, at)
        if progress is not None:
            progress(min(span, (day - first).days + 1), span)
        yield at
        day = min((d for d in (following, *stops) if d is not None and d > day), default=None)


def _last_due(scheme: Scheme, year: int) -> date:
    """The last fixed day of a scheme: some go on into the next year."""
    rules = (parse_date_rule(stage.due) for stage in scheme.stage if stage.due)
    return max((rule.of(year) for rule in rules if isinstance(rule, FixedDate)), default=date(year, 12, 31))


def report(played: Year) -> Rehearsed:
    violations = upkeep.check(played.desk)
    with played.desk.reading() as tx:
        rows = cycles.in_campaign(tx, played.campaign_id)
        told = outbox.count_by_kind(tx)
        labels = {level.star: level.label for level in played.scheme.level}
        counted = Counter("未评" if r.star is None else labels.get(r.star, str(r.star)) for r in rows)
        ends = {s.name for s in played.scheme.stage if KIND[s.kind].ends}
        return Rehearsed(
            head=records.root_of(records.current_heads(tx)),
            transitions=sum(r.version for r in rows),
            violations=violations,
            stars=dict(sorted(counted.items())),
            reminders=told.get("reminder", 0),
            escalations=told.get("escalation", 0),
            late=records.late_count(tx),
            unfinished=sum(r.stage not in ends for r in rows),
            matters=matters.count_by_status(tx, played.campaign_id),
        )


def events(played: Year) -> Iterator[dict[str, Any]]:
    """Every record of the year, cycle after cycle, as one JSON object each."""
    with played.desk.reading() as tx:
        for chain, rows in records.chains(tx):
            for record, detail in rows:
                yield {
                    "cycle": chain,
                    "seq": record.seq,
                    "at": record.at.astimezone(played.scheme.zone).isoformat(),
                    "trigger": record.trigger,
                    "before": record.before,
                    "after": record.after,
                    "role": record.role,
                    "detail": detail.detail if detail else None,
                    "hash": record.hash,
                }


# ── a day ────────────────────────────────────────────────────────


def _work(played: Year, at: datetime) -> date | None:
    """Everybody whose day has come acts; returns the next day on which anybody will, None when the year is over."""
    zone = played.scheme.zone
    today = local_date(at, zone)
    with played.desk.transaction(at) as tx:
        for code, o in obligations.open_in(tx, played.campaign_id):
            if _day_of(played, tx, o) <= today:
                _act(played, tx, code, o)
        besides = tuple(_beside(played, tx, today))
        planned = [_day_of(played, tx, o) for _, o in obligations.open_in(tx, played.campaign_id)]
        moves_at = cycles.next_move(tx, played.campaign_id)
    days = [d for d in (*planned, *besides) if d < date.max]
    if moves_at is not None:
        days.append(local_date(moves_at, zone))
    return max(min(days), today + timedelta(days=1)) if days else None


def _day_of(played: Year, tx: Transaction, o: Obligation) -> date:
    assert o.id is not None and o.cycle_id is not None
    key = (o.id, o.owner_role, o.deadline_version)
    if key not in played.days:
        case = _case(played, tx, o)
        if o.owner_role == "clock":
            told = case.cycle.code in played.player.parts
            chance = not told and played.player.dice(case, "objection") < 0.03
            played.days[key] = case.today + timedelta(days=2) if chance else date.max
        else:
            first = window_opens(
                case.stage,
                case.scheme,
                case.cycle.year,
                case.calendar,
                local_date(case.cycle.entered_at, case.zone),
                stored_facts(case),
            )
            planned = played.player.acts_on(case, o)
            played.days[key] = max(planned, first) if first else planned
    return played.days[key]


def _act(played: Year, tx: Transaction, code: str, o: Obligation) -> None:
    """Try the player's moves until the cycle has left the stage; what is refused is simply not done."""
    case = _case(played, tx, o)
    facts = facts_of(tx, case)
    for move in tuple(_moves(played, tx, case, facts)):
        attempt(played, tx, code, move)
        row = cycles.by_id(tx, case.cycle.id)
        if row is None or row.stage != case.cycle.stage:
            return


def _moves(played: Year, tx: Transaction, case: Case, facts: Facts) -> Iterator[Move]:
    if facts.open_objections:
        for objection in matters.open_of(tx, "objection", case.cycle.id):
            assert objection.id is not None
            yield from findings(played.player, case, objection.id)
    else:
        yield from moves(played.player, case, facts)


# ── beside the stages ────────────────────────────────────────────


def _beside(played: Year, tx: Transaction, today: date) -> Iterator[date]:
    """Let whoever's day has come act on their matters, once each; yields the days of all that is still owed."""
    if not played.beside:
        return
    for owed in obligations.open_beside(tx, played.campaign_id):
        if _day_beside(played, owed) <= today:
            played.days[_key(owed)] = date.max  # done, or refused and left
            _act_beside(played, tx, owed)
    yield from (_day_beside(played, owed) for owed in obligations.open_beside(tx, played.campaign_id))


def _key(owed: Beside) -> tuple[int, str, int]:
    return owed.id, owed.owner_role, owed.deadline_version


def _day_beside(played: Year, owed: Beside) -> date:
    if (key := _key(owed)) not in played.days:
        played.days[key] = players_beside.day_of(played.player, played.scheme, owed)
    return played.days[key]


def _act_beside(played: Year, tx: Transaction, owed: Beside) -> None:
    row, matter = cycles.by_id(tx, owed.cycle_id), matters.by_id(tx, owed.matter_id)
    assert row is not None and matter is not None  # it is owed
    case = case_of(played.desk, tx, row)
    for step in tuple(players_beside.steps(played.player, case, matter, owed.owner_role)):
        before = matter.version
        attempt_beside(played, tx, case, matter, step)
        if not step.kind and matter.version != before and matter.closed_at is None:
            return  # what it has become is for another day


def attempt_beside(played: Year, tx: Transaction, case: Case, matter: Matter, step: Step) -> str | None:
    """Let somebody try an act on a matter, or open another; returns the refusal, None when it was done."""
    acting = Acting(actor=f"role:{step.role}", relations=frozenset({step.role}))
    ask = MatterAsk(act=step.act or OPEN, acting=acting, data=step.data, reason=step.reason)
    try:
        with tx.session.begin_nested():
            if step.kind:
                open_in(played.desk, tx, kind_named(step.kind), case, ask)
            else:
                act_in(played.desk, tx, case, matter, ask)
    except StarflowError as refusal:
        return refusal.message
    return None


def attempt(played: Year, tx: Transaction, code: str, move: Move) -> str | None:
    """Let somebody try something; returns the refusal, None when it was done."""
    ask = CycleAsk(
        code=code,
        trigger=move.trigger,
        relations=frozenset({move.role}),
        actor=f"role:{move.role}",
        payload=move.payload,
        reason=move.reason,
    )
    try:
        with tx.session.begin_nested():
            fire_in(played.desk, tx, ask)
    except StarflowError as refusal:
        return refusal.message  # an answer, also for a player
    return None


def _case(played: Year, tx: Transaction, o: Obligation) -> Case:
    row: Any = cycles.by_id(tx, o.cycle_id) if o.cycle_id is not None else None
    assert row is not None
    return case_of(played.desk, tx, row)
