"""A score computed once more: from the sheet as it was handed in and the register of events as it stood then (I11).

Nothing is taken from the sheet's own total. What the register no longer says for certain (an event that was withdrawn or reduced
after the decision, or decided on in its very instant) is tried in every way it can have stood; the total must come of one of them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import prod

from starflow.service.desk import Desk
from storage import cycles, evidence, records
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.models import Assessment, Event, Survey
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput
from workflow.rating import survey
from workflow.rating.figures import window_of
from workflow.rating.formula import total_of
from workflow.rating.inputs import Event as ScoredEvent
from workflow.rating.inputs import RatingInputs
from workflow.rating.points import bonuses, deductions
from workflow.rating.scheme import Scheme
from workflow.rating.wording import plain

PASSING = frozenset({"held", "claimed", "target", "members", "age_months"})
"""Figures of a case that change after the decision without a trace in the register: a formula that names one is left alone."""
MOST = 64
"""Where the register may have stood in more ways than so many, the total proves nothing and is not asked for."""


@dataclass(frozen=True, slots=True)
class Register:
    """What a campaign's scores hang on, read once: by organisation, and by cycle and round, the oldest first."""

    events: Mapping[int, Sequence[Event]]
    surveys: Mapping[tuple[int, str], Sequence[Survey]]
    own: Mapping[tuple[int, str], Sequence[Assessment]]


def scores_agree(desk: Desk, tx: Transaction, campaign_id: int) -> Iterator[str]:
    """I11: every superior's total is what its scores and the events of its day come to, and its star none above it."""
    rows = {row.id: row for row in cycles.in_campaign(tx, campaign_id)}
    ran_under = records.schemes_of(tx, campaign_id, ("propose_star", "keep_star"))
    register = _register(tx, campaign_id, rows.values())
    for sheet in evidence.reviews_of(tx, campaign_id):
        row = rows[sheet.cycle_id]
        scheme = desk.scheme(tx, ran_under.get((row.id, sheet.at), row.scheme_hash))
        named = {name for item in scheme.component for name in item.of}
        if sheet.total is None or named & PASSING:
            continue
        totals = tuple(_total(scheme, row, sheet, register, its) for its in _ways(scheme, row, sheet, register))
        if totals and plain(sheet.total) not in totals:
            yield f"I11 考评{sheet.id}({row.code}):记{plain(sheet.total)}分,按得分和当时的事项应为{totals[0]}分"
        elif sheet.star > (most := _highest(scheme, sheet)):
            yield f"I11 考评{sheet.id}({row.code}):{plain(sheet.total)}分至多{most}星,定了{sheet.star}星"


def _highest(scheme: Scheme, sheet: Assessment) -> int:
    """What the total gives, or what an effect of the scheme has given directly: the lines of the sheet say so."""
    assert sheet.total is not None
    given = [int(effect[5:]) for step in sheet.steps if (effect := str(step["effect"])).startswith("star=")]
    return max([scheme.band(sheet.total), *given])


def _register(tx: Transaction, campaign_id: int, rows: Collection[CycleRow]) -> Register:
    events: dict[int, list[Event]] = {}
    surveys: dict[tuple[int, str], list[Survey]] = {}
    own: dict[tuple[int, str], list[Assessment]] = {}
    for one in evidence.decided_events(tx, [row.organisation_id for row in rows]):
        events.setdefault(one.organisation_id, []).append(one)
    for filed in evidence.surveys_of(tx, campaign_id):
        surveys.setdefault((filed.cycle_id, filed.round), []).append(filed)
    for sheet in evidence.reviews_of(tx, campaign_id, made_by="self"):
        own.setdefault((sheet.cycle_id, sheet.round), []).append(sheet)
    return Register(events, surveys, own)


def _total(scheme: Scheme, row: CycleRow, sheet: Assessment, register: Register, events: Sequence[ScoredEvent]) -> str:
    """In plain digits; a word where it cannot be computed."""
    key = (sheet.cycle_id, sheet.round)
    filed = next((one for one in reversed(register.surveys.get(key, ())) if one.at <= sheet.at), None)
    mine = next((one for one in reversed(register.own.get(key, ())) if one.at <= sheet.at), None)
    rule = scheme.satisfaction
    inputs = RatingInputs(
        round=sheet.round,
        rated_on=local_date(sheet.at, scheme.zone),
        base=sheet.base,
        scores={code: Decimal(points) for code, points in sheet.scores.items()},
        events=tuple(events),
        satisfaction=survey.satisfaction(rule, evidence.tally_of(filed)) if rule and filed else None,
        turnout=Fraction(filed.members_present, filed.members) if filed and filed.members else None,
        self_score=mine.base if mine else None,
        year=row.year + scheme.scheme.year_offset,
        field=row.field,
    )
    try:
        return plain(total_of(scheme, inputs, (*bonuses(scheme, inputs), *deductions(scheme, inputs))).number)
    except BadInput as refusal:
        return f"(算不出:{refusal.message})"


# ── the register as it stood ─────────────────────────────────────


def _ways(scheme: Scheme, row: CycleRow, sheet: Assessment, register: Register) -> Iterator[tuple[ScoredEvent, ...]]:
    """Every set of events that may have counted when the sheet was handed in."""
    year, years = row.year + scheme.scheme.year_offset, window_of(scheme)
    its = [e for e in register.events.get(row.organisation_id, ()) if year - years < e.happened_on.year <= year]
    choices = [_choices(scheme, event, sheet) for event in its]
    if prod(map(len, choices)) <= MOST:
        yield from (tuple(event for event in chosen if event is not None) for chosen in product(*choices))


def _choices(scheme: Scheme, event: Event, sheet: Assessment) -> tuple[ScoredEvent | None, ...]:
    """How one event may have counted: with its level, with the one it had before it was reduced, or not at all."""
    assert event.decided_at is not None
    said = ScoredEvent(code=event.code, on=event.happened_on, level=event.level, case=event.case)
    if event.proposed_at > sheet.at:
        return (None,)
    if event.decided_at < sheet.at:
        return (said,) if event.status == "confirmed" else (None,)
    if event.decided_at == sheet.at or event.status != "confirmed":
        return (None, said)
    levels = [level for item in scheme.bonus if event.code in item.events for level in item.points]
    higher = (ScoredEvent(event.code, event.happened_on, level, event.case) for level in levels if event.level)
    return (None, *(one for one in dict.fromkeys(higher) if one != said)) if event.reason else (None,)
