"""Posts and the people in them: a post is one (organisation, role), held from–until or vacant.

An obligation is owed by a role, never by a person, so a handover moves no rows: whose desk it lies on is asked on the day.
Spans are half-open: whoever hands over on the 5th no longer holds the post on the 5th.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select

from storage.among import among
from storage.database import Transaction
from storage.models import Organisation, Person, Post
from storage.organisations import CITY, OURS_NOW, by_code, by_id, chunks, insert_many, place_of, root, unit_id
from storage.statements import Statement

POST_OF: Mapping[str, str] = {  # whose desk the obligation of an owner's role lands on
    "organisation": "head",
    "superior": "head",
    "leader": "leader",
    "department": "department",
    "committee": "committee",
    "city": "city",
}


Owner = tuple[str, int]  # an obligation's owner_role and owner_id


class PostKey(NamedTuple):
    organisation_id: int
    role: str


class Vacancy(NamedTuple):
    """A post that ought to be held and is not."""

    code: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """Who is to hold a post."""

    organisation_id: int
    role: str
    name: str
    phone: str = ""
    email: str = ""

    @property
    def post(self) -> PostKey:
        return PostKey(self.organisation_id, self.role)

    @property
    def identity(self) -> tuple[str | int, ...]:
        """A name alone is nobody: without an address it means the same person only within one organisation."""
        return (self.name, self.phone, self.email) if self.email else (self.name, self.organisation_id)


_post, _person = Post.__table__, Person.__table__  # type: ignore[attr-defined]
_NOW = _post.c.until_on.is_(None)


# ── who holds what ───────────────────────────────────────────────


def holder(tx: Transaction, organisation_id: int, role: str, on: date) -> Person | None:
    """Who holds the post on that day; None: it is vacant."""
    post = PostKey(organisation_id, role)
    return _holders(tx, [post], on).get(post)


def person_for(tx: Transaction, owner_role: str, owner_id: int, on: date) -> Person | None:
    """The person on whose desk this owner's obligations lie on that day; None: the post is vacant."""
    return people_for(tx, [(owner_role, owner_id)], on).get((owner_role, owner_id))


def people_for(tx: Transaction, owners: Iterable[Owner], on: date) -> dict[Owner, Person]:
    """`person_for` of many owners in a handful of statements; who is missing from the answer has a vacant post."""
    posts = _posts_of_owners(tx, set(owners))
    held = _holders(tx, set(posts.values()), on)
    return {owner: held[post] for owner, post in posts.items() if post in held}


class Named(NamedTuple):
    """A person as lists show them."""

    code: str
    name: str


def named_for(tx: Transaction, owners: Iterable[Owner], on: date) -> dict[Owner, Named]:
    """`people_for` where the name is enough."""
    return {owner: Named(code, name) for owner, (_, code, name) in _held_by(tx, owners, on).items()}


def numbers_for(tx: Transaction, owners: Iterable[Owner], on: date) -> dict[Owner, int]:
    """`people_for` where the person's number is enough."""
    return {owner: number for owner, (number, _, _) in _held_by(tx, owners, on).items()}


def _held_by(tx: Transaction, owners: Iterable[Owner], on: date) -> dict[Owner, tuple[int, str, str]]:
    posts = _posts_of_owners(tx, set(owners))
    wanted = frozenset(post.organisation_id for post in posts.values())
    found = _NAMED.once(tx, {"ids": wanted, "day": on}) if wanted else ()
    held = {PostKey(body, role): (number, code, name) for body, role, number, code, name in found}
    return {owner: held[post] for owner, post in posts.items() if post in held}


_DAY = sa.bindparam("day", type_=sa.Date)
_NAMED = Statement(
    sa.select(_post.c.organisation_id, _post.c.role, _person.c.id, _person.c.code, _person.c.name)
    .join(_person, _person.c.id == _post.c.person_id)
    .where(among(_post.c.organisation_id, "ids"), _post.c.from_on <= _DAY, sa.or_(_NOW, _post.c.until_on > _DAY))
)


def current(tx: Transaction, organisation_id: int, role: str) -> Post | None:
    return tx.session.exec(
        select(Post).where(Post.organisation_id == organisation_id, Post.role == role, col(Post.until_on).is_(None))
    ).one_or_none()


def last_end(tx: Transaction, organisation_id: int, role: str) -> date | None:
    """The day on which the post's last spell of a holder ended; None: nobody has left it yet."""
    its = (col(Post.organisation_id) == organisation_id, col(Post.role) == role)
    return tx.session.scalar(sa.select(sa.func.max(col(Post.until_on))).where(*its))


def vacancies(tx: Transaction) -> tuple[Vacancy, ...]:
    """Posts without a holder today: heads everywhere, by code; then those of the root and of the city."""
    held = sa.exists().where(col(Post.organisation_id) == col(Organisation.id), col(Post.role) == "head", _NOW)
    headless = select(Organisation).where(*OURS_NOW, ~held)
    found = sorted(Vacancy(body.code, body.name, "head") for body in tx.session.exec(headless))
    return (*found, *_vacancies_at_the_top(tx))


def _vacancies_at_the_top(tx: Transaction) -> Iterator[Vacancy]:
    top = by_id(tx, root(tx))
    for body, role in ((top, "department"), (top, "committee"), (by_code(tx, CITY), "city")):
        if body is not None and current(tx, _id(body), role) is None:
            yield Vacancy(body.code, body.name, role)


def _posts_of_owners(tx: Transaction, owners: set[Owner]) -> dict[Owner, PostKey]:
    """At which organisation each owner's post hangs: the root and the city have theirs, the leader is the unit's."""
    roles = {role for role, _ in owners}
    at_root = root(tx) if roles & {"department", "committee"} else None
    at_city = place_of(tx, CITY) if "city" in roles else None
    top = {"department": at_root, "committee": at_root, "city": at_city[0] if at_city else None}
    units = _units(tx, {number for role, number in owners if role == "leader"})

    def body(role: str, number: int) -> int | None:
        return top[role] if role in top else units.get(number) if role == "leader" else number

    at = {(role, number): body(role, number) for role, number in owners if role in POST_OF}
    return {owner: PostKey(number, POST_OF[owner[0]]) for owner, number in at.items() if number is not None}


def _units(tx: Transaction, organisation_ids: Iterable[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for chunk in chunks(organisation_ids):
        statement = sa.select(col(Organisation.id), col(Organisation.path)).where(col(Organisation.id).in_(chunk))
        found |= {number: unit_id(path) for number, path in tx.session.execute(statement)}
    return found


def _holders(tx: Transaction, posts: Iterable[PostKey], on: date) -> dict[PostKey, Person]:
    found: dict[PostKey, Person] = {}
    for chunk in chunks(posts):
        statement = select(Post.organisation_id, Post.role, Person).where(
            col(Person.id) == col(Post.person_id),
            col(Post.organisation_id).in_({post.organisation_id for post in chunk}),
            col(Post.role).in_({post.role for post in chunk}),
            col(Post.from_on) <= on,
            sa.or_(col(Post.until_on).is_(None), col(Post.until_on) > on),
        )
        found |= {PostKey(number, role): person for number, role, person in tx.session.exec(statement)}
    return found


# ── handing over ─────────────────────────────────────────────────


def vacate(tx: Transaction, posts: Sequence[PostKey], on: date) -> None:
    """End whoever holds these posts now."""
    if not posts:
        return
    its = sa.and_(_post.c.organisation_id == sa.bindparam("its"), _post.c.role == sa.bindparam("as_role"))
    statement = sa.update(_post).where(its, _post.c.until_on.is_(None)).values(until_on=on)
    tx.session.connection().execute(statement, [{"its": post.organisation_id, "as_role": post.role} for post in posts])
    tx.session.expire_all()


def appoint(tx: Transaction, appointments: Sequence[Appointment], on: date) -> None:
    """Put people into vacant posts. Whoever has the same name and address elsewhere is the same person."""
    for chunk in chunks(appointments):
        people = _people(tx, chunk)
        values = [new.post._asdict() | {"person_id": people[new.identity], "from_on": on} for new in chunk]
        insert_many(tx, Post, values)


def hand_over(tx: Transaction, appointments: Sequence[Appointment], on: date) -> None:
    """End whoever holds these posts and put the new holders in."""
    vacate(tx, [new.post for new in appointments], on)
    appoint(tx, appointments, on)


# ── people ───────────────────────────────────────────────────────


def people_called(tx: Transaction, text: str) -> tuple[Person, ...]:
    """Who is meant by a person's code or e-mail address: of several, those who hold a post now."""
    named = sa.or_(col(Person.code) == text, col(Person.email) == text)
    found = sorted(tx.session.exec(select(Person).where(named)), key=_id)
    exact = [person for person in found if person.code == text]
    active = [person for person in found if _posts_of(tx, _id(person))]
    return tuple(exact or active or found)


def add_person(tx: Transaction, *, name: str, email: str = "") -> Person:
    """Somebody who holds no post of the roster."""
    number = (tx.session.scalar(sa.select(sa.func.max(col(Person.id)))) or 0) + 1
    person = Person(code=f"P{number}", name=name, email=email)
    tx.session.add(person)
    tx.session.flush()
    return person


def correct_contacts(tx: Transaction, corrected: Sequence[Appointment]) -> tuple[Appointment, ...]:
    """Write new contacts of people who keep their post; returns those not written, because they hold posts elsewhere too."""
    left: list[Appointment] = []
    for chunk in chunks(corrected):
        people = _people_in(tx, chunk)
        shared = _in_several_bodies(tx, set(people.values()))
        left += [new for new in chunk if people[new.post] in shared]
        values = [
            {"its": people[new.post], "phone": new.phone, "email": new.email}
            for new in chunk
            if people[new.post] not in shared
        ]
        if values:
            its = sa.update(_person).where(_person.c.id == sa.bindparam("its"))
            tx.session.connection().execute(its, values)
    tx.session.expire_all()
    return tuple(left)


def _people_in(tx: Transaction, appointments: Sequence[Appointment]) -> dict[PostKey, int]:
    bodies = {new.organisation_id for new in appointments}
    statement = sa.select(_post.c.organisation_id, _post.c.role, _post.c.person_id)
    found = tx.session.execute(statement.where(_post.c.organisation_id.in_(bodies), _NOW))
    return {PostKey(number, role): person for number, role, person in found}


def _in_several_bodies(tx: Transaction, people: set[int]) -> set[int]:
    bodies = sa.func.count(sa.distinct(_post.c.organisation_id))
    several = sa.select(_post.c.person_id).where(_post.c.person_id.in_(people), _NOW).group_by(_post.c.person_id)
    return set(tx.session.scalars(several.having(bodies > 1)))


def _posts_of(tx: Transaction, person_id: int) -> Sequence[Post]:
    return tx.session.exec(select(Post).where(Post.person_id == person_id, col(Post.until_on).is_(None))).all()


def _id(model: Organisation | Person) -> int:
    assert model.id is not None  # it came from the database
    return model.id


def _people(tx: Transaction, appointments: Sequence[Appointment]) -> dict[tuple[str | int, ...], int]:
    emails = {new.email for new in appointments if new.email}
    columns = (col(Person.name), col(Person.phone), col(Person.email), col(Person.id))
    known = tx.session.execute(sa.select(*columns).where(col(Person.email).in_(emails)))
    people: dict[tuple[str | int, ...], int] = {tuple(identity): number for *identity, number in known}
    return people | _inserted(tx, {new.identity: new for new in appointments if new.identity not in people})


def _inserted(
    tx: Transaction, unknown: Mapping[tuple[str | int, ...], Appointment]
) -> dict[tuple[str | int, ...], int]:
    """New people are P1, P2, … in the order of their coming: short enough to type, and alike on both databases."""
    if not unknown:
        return {}
    first = (tx.session.scalar(sa.select(sa.func.max(col(Person.id)))) or 0) + 1
    codes = {f"P{number}": identity for number, identity in enumerate(unknown, start=first)}
    values: list[dict[str, Any]] = [
        {"code": code, "name": new.name, "phone": new.phone, "email": new.email}
        for code, new in zip(codes, unknown.values(), strict=True)
    ]
    insert_many(tx, Person, values)
    new = tx.session.execute(sa.select(col(Person.code), col(Person.id)).where(col(Person.id) >= first))
    return {codes[code]: number for code, number in new}
