"""Who holds a post on a day, and who counts as the same person."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from storage import organisations, posts
from storage.database import Database, Transaction
from storage.models import Person, Post
from storage.posts import Appointment, PostKey, Vacancy
from workflow.rating.roster import RosterRow

NOW = datetime(2027, 4, 1, 1, tzinfo=UTC)
TODAY, MAY, JUNE = date(2027, 4, 1), date(2027, 5, 1), date(2027, 6, 1)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委"),
    RosterRow(code="D01", name="发改委机关党委", kind="机关党委", parent="GW"),
    RosterRow(code="Z1", name="离退休党总支", kind="党总支", parent="D01"),
)


def city(tx: Transaction) -> dict[str, int]:
    """A root, a unit, a branch below it and the external body; code → id."""
    ids: dict[str, int] = {}
    list(organisations.insert(tx, ROSTER, ids, TODAY))
    ids["CITY"] = organisations.insert_external(tx, code="CITY", name="市委组织部", kind="市委组织部", on=TODAY)
    organisations.settle(tx, TODAY)
    return ids


def named(organisation_id: int, role: str, name: str, *, email: str = "") -> Appointment:
    return Appointment(organisation_id=organisation_id, role=role, name=name, phone="000", email=email)


def held(tx: Transaction, organisation_id: int, role: str, on: date) -> str | None:
    person = posts.holder(tx, organisation_id, role, on)
    return person.name if person else None


def test_a_handover_ends_the_old_holder_on_the_day_on_which_the_new_one_begins(database: Database) -> None:
    with database.transaction(NOW) as tx:
        head = PostKey(city(tx)["D01"], "head")
        posts.appoint(tx, [named(*head, "赵勇")], TODAY)

        posts.hand_over(tx, [named(*head, "李四")], MAY)

        days = (date(2027, 3, 31), TODAY, date(2027, 4, 30), MAY, JUNE)
        assert [held(tx, *head, day) for day in days] == [None, "赵勇", "赵勇", "李四", "李四"]


def test_a_vacated_post_is_vacant_from_that_day(database: Database) -> None:
    with database.transaction(NOW) as tx:
        head = PostKey(city(tx)["D01"], "head")
        posts.appoint(tx, [named(*head, "赵勇")], TODAY)

        posts.vacate(tx, [head], MAY)

        assert [held(tx, *head, day) for day in (TODAY, MAY)] == ["赵勇", None]
        assert posts.last_end(tx, *head) == MAY
        assert posts.current(tx, *head) is None


def test_a_post_has_one_holder_at_a_time(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction(NOW) as tx:
        head = PostKey(city(tx)["D01"], "head")
        posts.appoint(tx, [named(*head, "赵勇")], TODAY)
        posts.appoint(tx, [named(*head, "李四")], MAY)


def test_the_same_name_and_address_is_the_same_person_and_the_same_name_alone_is_not(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = city(tx)
        first = [named(ids["D01"], "head", "赵勇", email="z@x"), named(ids["D01"], "leader", "罗建")]
        posts.appoint(tx, [*first, named(ids["GW"], "leader", "罗建")], TODAY)

        posts.appoint(tx, [named(ids["Z1"], "head", "赵勇", email="z@x"), named(ids["Z1"], "leader", "罗建")], TODAY)

        people = [(p.code, p.name, p.email) for p in tx.session.scalars(sa.select(Person).order_by(col(Person.id)))]
        assert people == [("P1", "赵勇", "z@x"), ("P2", "罗建", ""), ("P3", "罗建", ""), ("P4", "罗建", "")]
        assert list(tx.session.scalars(sa.select(col(Post.person_id)).order_by(col(Post.id)))) == [1, 2, 3, 1, 4]


def test_without_an_address_a_name_is_the_same_person_within_one_organisation(database: Database) -> None:
    with database.transaction(NOW) as tx:
        root = city(tx)["GW"]

        posts.appoint(tx, [named(root, "leader", "黄建"), named(root, "committee", "黄建")], TODAY)

        assert posts.holder(tx, root, "leader", TODAY) == posts.holder(tx, root, "committee", TODAY)


def test_a_contact_is_corrected_unless_its_holder_has_a_post_elsewhere(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = city(tx)
        posts.appoint(
            tx, [named(ids["D01"], "head", "赵勇", email="z@x"), named(ids["Z1"], "head", "罗建", email="l@x")], TODAY
        )

        posts.appoint(tx, [named(ids["GW"], "head", "罗建", email="l@x")], TODAY)
        shared = named(ids["Z1"], "head", "罗建", email="new@x")

        assert posts.correct_contacts(tx, [named(ids["D01"], "head", "赵勇", email="new@x"), shared]) == (shared,)
        assert sorted(tx.session.scalars(sa.select(col(Person.email)))) == ["l@x", "new@x"]


def test_the_owner_of_an_obligation_is_looked_up_at_the_body_that_its_role_names(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = city(tx)
        roles = [
            ("GW", "head"),
            ("GW", "department"),
            ("GW", "committee"),
            ("CITY", "city"),
            ("D01", "head"),
            ("D01", "leader"),
        ]
        posts.appoint(tx, [named(ids[code], role, f"{code}.{role}") for code, role in roles], TODAY)
        owners = {
            ("organisation", ids["D01"]): "D01.head",
            ("superior", ids["GW"]): "GW.head",
            ("department", ids["GW"]): "GW.department",
            ("committee", ids["GW"]): "GW.committee",
            ("city", ids["CITY"]): "CITY.city",
            ("leader", ids["Z1"]): "D01.leader",
        }
        vacant = [("organisation", ids["Z1"]), ("leader", ids["GW"]), ("clock", ids["Z1"])]

        found = posts.people_for(tx, [*owners, *vacant], TODAY)

        assert {owner: person.name for owner, person in found.items()} == owners
        assert posts.person_for(tx, "superior", ids["GW"], TODAY) == found["superior", ids["GW"]]
        assert posts.person_for(tx, "organisation", ids["Z1"], TODAY) is None


def test_vacancies_are_heads_everywhere_and_the_posts_of_root_and_city(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = city(tx)
        posts.appoint(tx, [named(ids["D01"], "head", "赵勇"), named(ids["GW"], "department", "高桂")], TODAY)

        assert posts.vacancies(tx) == (
            Vacancy("GW", "市直工委", "head"),
            Vacancy("Z1", "离退休党总支", "head"),
            Vacancy("GW", "市直工委", "committee"),
            Vacancy("CITY", "市委组织部", "city"),
        )


def test_ending_an_organisation_ends_its_posts(database: Database) -> None:
    with database.transaction(NOW) as tx:
        ids = city(tx)
        posts.appoint(tx, [named(ids["Z1"], "head", "赵勇"), named(ids["Z1"], "leader", "罗建")], TODAY)

        organisations.end(tx, [ids["Z1"]], MAY)

        assert [held(tx, ids["Z1"], role, MAY) for role in ("head", "leader")] == [None, None]


def test_of_several_with_one_address_those_who_hold_a_post_are_meant(database: Database) -> None:
    with database.transaction(NOW) as tx:
        head = PostKey(city(tx)["D01"], "head")
        posts.appoint(tx, [named(*head, "赵勇", email="d01@x")], TODAY)
        posts.hand_over(tx, [named(*head, "李四", email="d01@x")], MAY)

        assert [person.name for person in posts.people_called(tx, "d01@x")] == ["李四"]
        assert [person.name for person in posts.people_called(tx, "P1")] == ["赵勇"]
        assert posts.people_called(tx, "nobody@x") == ()
