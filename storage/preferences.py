"""How people want to be told, and the log of every attempt to tell them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from storage.database import Transaction
from storage.models import Message, Person
from storage.paper_models import Delivery, Preference


@dataclass(frozen=True, slots=True)
class Logged:
    """One attempt, with whom it was for."""

    message_id: int
    person: str | None
    name: str | None
    channel: str
    attempt: int
    at: datetime
    outcome: str
    said: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message is for, and its key."""

    person: Person
    key: str


def addressee(tx: Transaction, message_id: int) -> Addressee | None:
    its = select(Person, Message.key).join(Message, col(Message.person_id) == col(Person.id))
    found = tx.session.exec(its.where(col(Message.id) == message_id)).first()
    return Addressee(*found) if found else None


def of_person(tx: Transaction, person_id: int) -> Preference | None:
    return tx.session.get(Preference, person_id)


def put(tx: Transaction, row: Preference) -> None:
    tx.session.merge(row)
    tx.session.flush()


def of_people(tx: Transaction, people: Iterable[int]) -> dict[int, Preference]:
    its = select(Preference).where(col(Preference.person_id).in_(set(people)))
    return {one.person_id: one for one in tx.session.exec(its)}


def log(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.session.execute(sa.insert(Delivery), rows)


def logged(tx: Transaction, limit: int = 200) -> tuple[Logged, ...]:
    """The newest first."""
    its = (
        sa.select(
            col(Delivery.message_id),
            col(Person.code),
            col(Person.name),
            col(Message.channel),
            col(Delivery.attempt),
            col(Delivery.at),
            col(Delivery.outcome),
            col(Delivery.said),
        )
        .join(Message, col(Message.id) == col(Delivery.message_id))
        .outerjoin(Person, col(Person.id) == col(Message.person_id))
        .order_by(col(Delivery.id).desc())
        .limit(limit)
    )
    return tuple(Logged(*row) for row in tx.session.execute(its))
