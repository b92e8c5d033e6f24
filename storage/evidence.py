"""Evidence: score sheets, filed surveys, events, elections; what a score can be recomputed from.

Nothing here is deleted: an event is withdrawn, a term is closed, and both go on being shown.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Assessment, Campaign, Cycle, Election, Event, Organisation, Star, Survey
from storage.organisations import OURS_NOW, chunks, under
from workflow.rating.survey import Tally

Sheets = Mapping[tuple[int, str, str], Assessment]
"""(cycle, round, made by) → its newest sheet."""


def put(tx: Transaction, row: Assessment | Survey | Event | Election) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


# ── sheets and surveys ───────────────────────────────────────────


def newest_survey(tx: Transaction, cycle_id: int, round_: str) -> Survey | None:
    return tx.session.scalars(_NEWEST_SURVEY, {"cycle": cycle_id, "round": round_}).first()


def tally_of(filed: Survey) -> Tally:
    """What was counted, for the rules that look at it."""
    return Tally(filed.members_present, filed.own_unit, filed.related_unit, filed.answers)


def newest_assessment(tx: Transaction, cycle_id: int, round_: str, made_by: str) -> Assessment | None:
    return tx.session.scalars(_NEWEST_SHEET, {"cycle": cycle_id, "round": round_, "by": made_by}).first()


_CYCLE: sa.BindParameter[int] = sa.bindparam("cycle")
_ROUND: sa.BindParameter[str] = sa.bindparam("round")
_NEWEST_SURVEY = (
    select(Survey)
    .where(col(Survey.cycle_id) == _CYCLE, col(Survey.round) == _ROUND)
    .order_by(col(Survey.id).desc())
    .limit(1)
)
_NEWEST_SHEET = (
    select(Assessment)
    .where(
        col(Assessment.cycle_id) == _CYCLE,
        col(Assessment.round) == _ROUND,
        col(Assessment.made_by) == sa.bindparam("by"),
    )
    .order_by(col(Assessment.id).desc())
    .limit(1)
)


def newest_sheets(tx: Transaction, cycle_ids: Collection[int]) -> Sheets:
    """The newest sheets of many cycles."""
    found: dict[tuple[int, str, str], Assessment] = {}
    for chunk in chunks(cycle_ids):
        its = select(Assessment).where(col(Assessment.cycle_id).in_(chunk)).order_by(col(Assessment.id))
        found |= {(sheet.cycle_id, sheet.round, sheet.made_by): sheet for sheet in tx.session.exec(its)}
    return found


def newest_surveys(tx: Transaction, cycle_ids: Collection[int]) -> dict[tuple[int, str], Survey]:
    """(cycle, round) → the survey that counts."""
    found: dict[tuple[int, str], Survey] = {}
    for chunk in chunks(cycle_ids):
        its = select(Survey).where(col(Survey.cycle_id).in_(chunk)).order_by(col(Survey.id))
        found |= {(filed.cycle_id, filed.round): filed for filed in tx.session.exec(its)}
    return found


def surveys_of(tx: Transaction, campaign_id: int) -> tuple[Survey, ...]:
    of_it = select(Survey).join(Cycle, col(Cycle.id) == col(Survey.cycle_id)).where(Cycle.campaign_id == campaign_id)
    return tuple(tx.session.exec(of_it.order_by(col(Survey.id))))


def reviews_of(tx: Transaction, campaign_id: int, made_by: str = "superior") -> tuple[Assessment, ...]:
    """Every sheet of a campaign that was made by the superiors, or by the organisations themselves."""
    of_it = select(Assessment).join(Cycle, col(Cycle.id) == col(Assessment.cycle_id))
    wanted = of_it.where(Cycle.campaign_id == campaign_id, Assessment.made_by == made_by)
    return tuple(tx.session.exec(wanted.order_by(col(Assessment.id))))


# ── events ───────────────────────────────────────────────────────


def confirmed_events(tx: Transaction, organisation_id: int, year: int, years: int = 1) -> tuple[Event, ...]:
    """Those of a year, or of so many years up to it."""
    return tuple(
        tx.session.exec(
            select(Event)
            .where(Event.organisation_id == organisation_id, Event.status == "confirmed", _in_year(year, years))
            .order_by(col(Event.happened_on), col(Event.id))
        )
    )


def decided_events(tx: Transaction, organisation_ids: Collection[int]) -> Iterator[Event]:
    """Every event of these organisations that somebody has decided on, however, by number."""
    for chunk in chunks(tuple(organisation_ids)):
        its = (col(Event.organisation_id).in_(chunk), col(Event.decided_at).is_not(None))
        yield from tx.session.exec(select(Event).where(*its).order_by(col(Event.id)))


@dataclass(frozen=True, slots=True)
class Registered:
    """An event with whom it is about."""

    event: Event
    organisation: Organisation


def events(
    tx: Transaction,
    *,
    path: str = "",
    year: int | None = None,
    code: str | None = None,
    status: str | None = None,
) -> tuple[Registered, ...]:
    """Events at or below a path, the newest first."""
    statement = (
        select(Event, Organisation)
        .join(Organisation, col(Organisation.id) == col(Event.organisation_id))
        .order_by(col(Event.id).desc())
    )
    if path:
        statement = statement.where(under(tx, path))
    if year is not None:
        statement = statement.where(_in_year(year))
    for column, wanted in ((Event.code, code), (Event.status, status)):
        if wanted is not None:
            statement = statement.where(col(column) == wanted)
    return tuple(Registered(event, organisation) for event, organisation in tx.session.exec(statement))


def event(tx: Transaction, event_id: int, *, lock: bool = False) -> Registered | None:
    """`lock`: of two who decide on it at once, the second sees what the first has decided."""
    statement = (
        select(Event, Organisation)
        .join(Organisation, col(Organisation.id) == col(Event.organisation_id))
        .where(Event.id == event_id)
    )
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update(of=Event)
    found = tx.session.exec(statement).first()
    return Registered(*found) if found else None


def same_event(tx: Transaction, wanted: Event) -> Event | None:
    """One that says the same and has not been withdrawn: entered twice, it would count twice."""
    its = (
        Event.organisation_id == wanted.organisation_id,
        Event.code == wanted.code,
        col(Event.level).is_not_distinct_from(wanted.level),
        Event.happened_on == wanted.happened_on,
        Event.proof == wanted.proof,
        Event.status != "withdrawn",
    )
    return tx.session.exec(select(Event).where(*its).limit(1)).first()


@dataclass(frozen=True, slots=True)
class Scored:
    """A round that was scored after some instant, and whether its star has been granted."""

    year: int
    round: str
    granted: bool


def scored_since(tx: Transaction, organisation_id: int, year: int, since: datetime) -> tuple[Scored, ...]:
    """Rounds of a year whose superior's sheet is not older than `since`: they have counted what was confirmed by then."""
    granted = sa.exists().where(col(Star.cycle_id) == col(Cycle.id), col(Star.round) == col(Assessment.round))
    statement = (
        sa.select(col(Campaign.year), col(Assessment.round), granted)
        .select_from(Assessment)
        .join(Cycle, col(Cycle.id) == col(Assessment.cycle_id))
        .join(Campaign, col(Campaign.id) == col(Cycle.campaign_id))
        .where(
            col(Cycle.organisation_id) == organisation_id,
            col(Campaign.year) == year,
            col(Assessment.made_by) == "superior",
            col(Assessment.at) >= since,
        )
        .distinct()
        .order_by(col(Assessment.round))
    )
    return tuple(Scored(*row) for row in tx.session.execute(statement))


def _in_year(year: int, years: int = 1) -> Any:
    first, last = date(year - years + 1, 1, 1), date(year, 12, 31)
    return sa.and_(col(Event.happened_on) >= first, col(Event.happened_on) <= last)


# ── elections ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Term:
    """An organisation, its running term if the register has one, and when it last elected."""

    organisation: Organisation
    running: Election | None
    last_held_on: date | None


def term_that_counts(tx: Transaction, organisation_id: int) -> Election | None:
    """The running term; without one, the term that was renewed last."""
    return tx.session.exec(
        select(Election)
        .where(Election.organisation_id == organisation_id)
        .order_by(sa.nulls_first(col(Election.held_on).desc()))
        .limit(1)
    ).first()


def running_term(tx: Transaction, organisation_id: int, *, lock: bool = False) -> Election | None:
    statement = select(Election).where(Election.organisation_id == organisation_id, _RUNNING)
    if lock and tx.dialect == "postgresql":
        statement = statement.with_for_update()
    return tx.session.exec(statement).first()


def last_election(tx: Transaction, organisation_id: int) -> date | None:
    """When the organisation elected last, as far as the register knows."""
    its = sa.select(sa.func.max(col(Election.held_on))).where(col(Election.organisation_id) == organisation_id)
    return tx.session.scalar(its)


def terms(tx: Transaction, *, path: str = "", due_by: date | None = None) -> tuple[Term, ...]:
    """Every rated organisation of today with its term, the first to run out first; without a term come last."""
    last = sa.select(sa.func.max(_PAST.c.held_on)).where(_PAST.c.organisation_id == col(Organisation.id))
    statement = (
        sa.select(Organisation, Election, last.scalar_subquery())
        .outerjoin(Election, sa.and_(col(Election.organisation_id) == col(Organisation.id), _RUNNING))
        .where(*OURS_NOW, col(Organisation.parent_id).is_not(None))
        .order_by(sa.nulls_last(col(Election.due_on)), col(Organisation.id))
    )
    if path:
        statement = statement.where(under(tx, path))
    if due_by is not None:
        statement = statement.where(col(Election.due_on) <= due_by)
    return tuple(Term(*row) for row in tx.session.execute(statement))


_RUNNING: Any = col(Election.held_on).is_(None)
_PAST = Election.__table__.alias("past")  # type: ignore[attr-defined]
