"""Roles given beside the posts of the roster, and what takes two people."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage.account_models import Recusal, RoleGrant, Twofold
from storage.database import Transaction
from storage.models import Organisation, Person, Post
from storage.statements import Statement


class Seat(NamedTuple):
    """A role that somebody holds at an organisation today: by a post of the roster, or by a grant."""

    role: str
    organisation_id: int
    code: str
    path: str
    name: str


def seats(tx: Transaction, person_id: int, on: date) -> tuple[Seat, ...]:
    """Whatever this person may sit down as on that day, at organisations that still exist; the highest first."""
    held = sorted(
        _SEATS.rows(tx, {"person": person_id, "day": on})
    )  # posts before grants, in the order of their giving
    seats = dict.fromkeys(Seat("organisation" if role == "head" else role, *body) for _, _, role, *body in held)
    return tuple(sorted(seats, key=lambda seat: (len(seat.path), seat.code)))


_post, _grant, _body = (SQLModel.metadata.tables[name] for name in ("post", "role_grant", "organisation"))
_DAY = sa.bindparam("day", type_=sa.Date)


def _held(part: int, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    its, body = table.c, _body.c
    return (
        sa.select(sa.literal_column(str(part)), its.id, its.role, body.id, body.code, body.path, body.name)
        .join(_body, body.id == its.organisation_id)
        .where(its.person_id == sa.bindparam("person", type_=sa.Integer), body.ended_on.is_(None), *conditions)
        .where(its.from_on <= _DAY, sa.or_(its.until_on.is_(None), its.until_on > _DAY))
    )


_SEATS = Statement(sa.union_all(_held(0, _post), _held(1, _grant, _grant.c.ended_at.is_(None))))


def grants(tx: Transaction, person_id: int | None = None) -> Sequence[tuple[RoleGrant, Person, Organisation]]:
    """Those not ended, in the order of their giving."""
    its = (
        select(RoleGrant, Person, Organisation)
        .where(col(Person.id) == col(RoleGrant.person_id), col(Organisation.id) == col(RoleGrant.organisation_id))
        .where(col(RoleGrant.ended_at).is_(None))
        .order_by(col(RoleGrant.id))
    )
    chosen = its if person_id is None else its.where(RoleGrant.person_id == person_id)
    return [(grant, person, body) for grant, person, body in tx.session.exec(chosen)]


def holders(tx: Transaction, role: str, on: date) -> Sequence[Person]:
    """Whoever has this role by a grant that holds on that day."""
    its = (
        select(Person)
        .where(col(Person.id) == col(RoleGrant.person_id), RoleGrant.role == role, col(RoleGrant.ended_at).is_(None))
        .where(col(RoleGrant.from_on) <= on)
        .where(sa.or_(col(RoleGrant.until_on).is_(None), col(RoleGrant.until_on) > on))
    )
    return tx.session.exec(its.distinct()).all()


def add(tx: Transaction, grant: RoleGrant) -> None:
    tx.session.add(grant)
    tx.session.flush()


def end(tx: Transaction, grant_id: int, by: str) -> bool:
    its = sa.update(RoleGrant).where(col(RoleGrant.id) == grant_id, col(RoleGrant.ended_at).is_(None))
    done = tx.session.connection().execute(its.values(ended_at=tx.now, ended_by=by))
    tx.session.expire_all()
    return done.rowcount == 1


# ── who must stand aside ─────────────────────────────────────────


def interest(tx: Transaction, person_code: str, organisation_id: int, on: date) -> str | None:
    """Why this person must not judge this organisation: it is their own, or they have declared it."""
    person = sa.select(col(Person.id)).where(col(Person.code) == person_code).scalar_subquery()
    heads = sa.exists().where(
        col(Post.person_id) == person,
        col(Post.organisation_id) == organisation_id,
        col(Post.role) == "head",
        col(Post.from_on) <= on,
        sa.or_(col(Post.until_on).is_(None), col(Post.until_on) > on),
    )
    belongs = sa.exists().where(
        col(RoleGrant.person_id) == person,
        col(RoleGrant.organisation_id) == organisation_id,
        col(RoleGrant.role) == "organisation",
        col(RoleGrant.ended_at).is_(None),
    )
    declared = sa.exists().where(
        col(Recusal.person_id) == person,
        col(Recusal.organisation_id) == organisation_id,
        col(Recusal.ended_at).is_(None),
    )
    own, said = tx.session.execute(sa.select(sa.or_(heads, belongs), declared)).one()
    return "您在该组织任职" if own else "您已申请回避该组织" if said else None


def interests(tx: Transaction, person_code: str, on: date) -> frozenset[int]:
    """All organisations that this person must not judge, by id."""
    person = sa.select(col(Person.id)).where(col(Person.code) == person_code).scalar_subquery()
    heads = sa.select(col(Post.organisation_id)).where(
        col(Post.person_id) == person,
        col(Post.role) == "head",
        col(Post.from_on) <= on,
        sa.or_(col(Post.until_on).is_(None), col(Post.until_on) > on),
    )
    belongs = sa.select(col(RoleGrant.organisation_id)).where(
        col(RoleGrant.person_id) == person, col(RoleGrant.role) == "organisation", col(RoleGrant.ended_at).is_(None)
    )
    declared = sa.select(col(Recusal.organisation_id)).where(
        col(Recusal.person_id) == person, col(Recusal.ended_at).is_(None)
    )
    return frozenset(tx.session.execute(sa.union(heads, belongs, declared)).scalars())


def recuse(tx: Transaction, person_id: int, organisation_id: int, reason: str) -> None:
    tx.session.add(Recusal(person_id=person_id, organisation_id=organisation_id, reason=reason, at=tx.now))
    tx.session.flush()


# ── what takes two ───────────────────────────────────────────────


def ask(tx: Transaction, asked: Twofold) -> int:
    tx.session.add(asked)
    tx.session.flush()
    assert asked.id is not None  # it was flushed
    return asked.id


def asked(tx: Transaction, number: int) -> Twofold | None:
    return tx.session.get(Twofold, number)


def waiting(tx: Transaction, act: str | None = None) -> Sequence[Twofold]:
    its = select(Twofold).where(Twofold.outcome == "open").order_by(col(Twofold.id))
    return tx.session.exec(its if act is None else its.where(Twofold.act == act)).all()


def decide(tx: Transaction, number: int, outcome: str, *, by: str | None, within: str | None, said: str = "") -> bool:
    """Once: whoever comes second finds it decided."""
    its = sa.update(Twofold).where(col(Twofold.id) == number, col(Twofold.outcome) == "open")
    values = {"outcome": outcome, "decided_by": by, "decided_in": within, "decided_at": tx.now, "said": said}
    done = tx.session.connection().execute(its.values(**values))
    tx.session.expire_all()
    return done.rowcount == 1


def reopen(tx: Transaction, number: int) -> None:
    """What was claimed could not be done: it waits again."""
    values = {"outcome": "open", "decided_by": None, "decided_in": None, "decided_at": None}
    tx.session.connection().execute(sa.update(Twofold).where(col(Twofold.id) == number).values(**values))
    tx.session.expire_all()


def note(tx: Transaction, number: int, said: str) -> None:
    tx.session.connection().execute(sa.update(Twofold).where(col(Twofold.id) == number).values(said=said))
    tx.session.expire_all()
