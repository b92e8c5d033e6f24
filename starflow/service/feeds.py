"""Calendar feeds: who may read which dates by a secret address. Only its hash is kept; revoking it ends it at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from starflow.service.clock import new_secret
from starflow.service.desk import Desk
from starflow.service.organisations import find_person
from starflow.service.shapes import Page
from storage import feeds, organisations
from storage.database import Transaction
from storage.models import Person
from storage.paper_models import Feed
from workflow.engine.errors import BadInput, Refused, Unknown

UNKNOWN = "没有这个日历,或已停用"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed: of a person's own work, or of everybody's at or below an organisation."""

    id: int
    person: str | None
    organisation: str | None
    actor: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a feed shows: one of the two is set, by code."""

    person: str | None
    organisation: str | None
    title: str


def issue_feed(desk: Desk, *, person: str | None, under: str | None, actor: str) -> str:
    """The secret of a new feed, this once. Raises Unknown, BadInput."""
    if (person is None) == (under is None):
        raise BadInput("日历或属于一个人(person),或属于一个范围(under),只写其一")
    plain = new_secret()
    with desk.transaction() as tx:
        person_id = find_person(tx, person).id if person is not None else None
        body = organisations.by_code(tx, under) if under is not None else None
        if under is not None and body is None:
            raise Unknown(f"没有编码为“{under}”的党组织")
        feeds.put(
            tx,
            Feed(
                hash=_digest(plain),
                person_id=person_id,
                organisation_id=body.id if body else None,
                actor=actor,
                created_at=tx.now,
            ),
        )
    return plain


def feed_list(desk: Desk) -> Page[FeedLine]:
    with desk.reading() as tx:
        return Page(tuple(_line(desk, tx, one) for one in feeds.listed(tx)))


def revoke_feed(desk: Desk, number: int) -> FeedLine:
    """Raises Unknown, Refused."""
    with desk.transaction() as tx:
        found = feeds.by_id(tx, number)
        if found is None:
            raise Unknown(f"没有编号为{number}的日历")
        if found.revoked_at is not None:
            raise Refused(f"日历{number}已经停用")
        found.revoked_at = tx.now
        feeds.put(tx, found)
        return _line(desk, tx, found)


def scope_of(desk: Desk, plain: str) -> Scope:
    """Raises Unknown, in the same words for what never was and what is no longer."""
    with desk.reading() as tx:
        found = feeds.by_hash(tx, _digest(plain))
        if found is None:
            raise Unknown(UNKNOWN)
        return _scope(tx, found)


def _scope(tx: Transaction, one: Feed) -> Scope:
    person = tx.session.get(Person, one.person_id) if one.person_id is not None else None
    body = organisations.by_id(tx, one.organisation_id) if one.organisation_id is not None else None
    if person is not None:
        return Scope(person=person.code, organisation=None, title=f"争星 · {person.name}的待办")
    if body is None or body.ended_on is not None:
        raise Unknown(UNKNOWN)
    return Scope(person=None, organisation=body.code, title=f"争星 · {body.name}")


def _line(desk: Desk, tx: Transaction, one: Feed) -> FeedLine:
    assert one.id is not None
    person = tx.session.get(Person, one.person_id) if one.person_id is not None else None
    body = organisations.by_id(tx, one.organisation_id) if one.organisation_id is not None else None
    zone = desk.settings.zone
    return FeedLine(
        id=one.id,
        person=person.code if person else None,
        organisation=body.code if body else None,
        actor=one.actor,
        created_at=one.created_at.astimezone(zone),
        revoked_at=one.revoked_at.astimezone(zone) if one.revoked_at else None,
    )


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
