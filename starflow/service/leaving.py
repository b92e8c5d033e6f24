"""Unsubscribing from what is only for information, by the link in such a letter; duty is told whatever anybody wishes.

The link is made of the message's own key, which has chance in it and is kept nowhere but in the message: no table of tokens, no
lasting secret. Whoever holds the link may do this one thing, and take it back.
"""

import hashlib
import hmac
from dataclasses import dataclass

from starflow.service.desk import Desk
from storage import preferences
from storage.database import Transaction
from storage.models import Person
from storage.paper_models import Preference
from workflow.engine.errors import Unknown

UNKNOWN = "没有这个退订链接"
BY_LINK = "退订链接"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whose letters these are, and whether they still come."""

    name: str
    language: str
    unsubscribed: bool


def leave_url(home: str, message_id: int, key: str) -> str:
    """Empty where the installation has no address that people could reach."""
    return f"{home.rstrip('/')}/unsubscribe/{message_id}-{_proof(key)}" if home else ""


def wish_of(desk: Desk, token: str) -> Wish:
    """Raises Unknown, in the same words for whatever is no such link."""
    with desk.reading() as tx:
        person = _person(tx, token)
        return _wish(person, preferences.of_person(tx, person.id or 0))


def leave(desk: Desk, token: str, *, unsubscribed: bool = True) -> Wish:
    """Twice is once. Raises Unknown."""
    with desk.transaction() as tx:
        person = _person(tx, token)
        assert person.id is not None
        kept = preferences.of_person(tx, person.id) or Preference(person_id=person.id, actor=BY_LINK, at=tx.now)
        if kept.unsubscribed != unsubscribed:
            kept.unsubscribed, kept.actor, kept.at = unsubscribed, BY_LINK, tx.now
            preferences.put(tx, kept)
        return _wish(person, kept)


def _person(tx: Transaction, token: str) -> Person:
    number, _, proof = token.partition("-")
    found = (
        preferences.addressee(tx, int(number)) if number.isascii() and number.isdigit() and len(number) < 12 else None
    )
    if found is None or not hmac.compare_digest(_proof(found.key).encode(), proof.encode()):
        raise Unknown(UNKNOWN)
    return found.person


def _proof(key: str) -> str:
    return hashlib.sha256(f"unsubscribe {key}".encode()).hexdigest()[:32]


def _wish(person: Person, kept: Preference | None) -> Wish:
    return Wish(
        name=person.name,
        language=kept.language if kept else "zh",
        unsubscribed=bool(kept and kept.unsubscribed),
    )
