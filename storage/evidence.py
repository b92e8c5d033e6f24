"""Evidence: score sheets, filed surveys, confirmed events, elections; what a score can be recomputed from."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Assessment, Election, Event, Survey


def put(tx: Transaction, row: Assessment | Survey | Event | Election) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


def newest_survey(tx: Transaction, cycle_id: int, round_: str) -> Survey | None:
    return tx.session.exec(
        select(Survey)
        .where(Survey.cycle_id == cycle_id, Survey.round == round_)
        .order_by(col(Survey.id).desc())
        .limit(1)
    ).first()


def newest_assessment(tx: Transaction, cycle_id: int, round_: str, made_by: str) -> Assessment | None:
    return tx.session.exec(
        select(Assessment)
        .where(Assessment.cycle_id == cycle_id, Assessment.round == round_, Assessment.made_by == made_by)
        .order_by(col(Assessment.id).desc())
        .limit(1)
    ).first()


def confirmed_events(tx: Transaction, organisation_id: int, year: int) -> tuple[Event, ...]:
    return tuple(
        tx.session.exec(
            select(Event)
            .where(
                Event.organisation_id == organisation_id,
                Event.status == "confirmed",
                col(Event.happened_on) >= date(year, 1, 1),
                col(Event.happened_on) <= date(year, 12, 31),
            )
            .order_by(col(Event.happened_on), col(Event.id))
        )
    )


def events(tx: Transaction, organisation_id: int | None = None, under: str = "") -> tuple[Any, ...]:
    """(event, organisation's code, name), newest first."""
    from storage.models import Organisation

    statement = (
        select(Event, Organisation.code, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Event.organisation_id))
        .order_by(col(Event.id).desc())
    )
    if organisation_id is not None:
        statement = statement.where(Event.organisation_id == organisation_id)
    if under:
        statement = statement.where(col(Organisation.path).startswith(under))
    return tuple(tx.session.exec(statement))


def event(tx: Transaction, event_id: int) -> Event | None:
    return tx.session.get(Event, event_id)


def term_that_counts(tx: Transaction, organisation_id: int) -> Election | None:
    """The running term; without one, the term that was renewed last."""
    return tx.session.exec(
        select(Election)
        .where(Election.organisation_id == organisation_id)
        .order_by(sa.nulls_first(col(Election.held_on).desc()))
        .limit(1)
    ).first()
