"""Relations to a cycle, sight of the tree, and tokens."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from starflow.service import access, organisations
from starflow.service.access import Principal, Standing
from starflow.service.desk import Desk, create_desk
from starflow.service.organisations import Holder
from starflow.service.settings import read_settings
from storage import installation
from storage import organisations as stored
from storage.models import Token
from workflow.engine.errors import BadInput, Forbidden, Unauthenticated, Unknown
from workflow.rating.roster import RosterRow

APRIL = datetime(2027, 4, 1, 1, tzinfo=UTC)
ROOT, UNIT, BRANCH, OTHER, CITY = 1, 4, 9, 7, 2
BELOW_A_UNIT = Standing(organisation_id=BRANCH, reviewer_id=UNIT, root_id=ROOT, city_id=CITY)
DIRECTLY_UNDER_THE_ROOT = Standing(organisation_id=UNIT, reviewer_id=ROOT, root_id=ROOT, city_id=CITY)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", leader="黄建"),
    RosterRow(code="D01", name="发改委", kind="机关党委", parent="GW", head="赵勇"),
    RosterRow(code="B1", name="第一党支部", kind="党支部", parent="D01"),
)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings, rehearsal_at=APRIL, seed=1)) as desk:
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        yield desk


def move_clock(desk: Desk, to: datetime) -> None:
    with desk.transaction() as tx:
        installation.move_hand_clock(tx, to)


# ── relations ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("standing", "held"),
    [
        (
            BELOW_A_UNIT,
            {
                ("organisation", BRANCH): {"organisation"},
                ("organisation", UNIT): {"superior"},
                ("superior", UNIT): {"superior"},
                ("department", ROOT): {"department"},
                ("committee", ROOT): {"committee"},
                ("city", CITY): {"city"},
            },
        ),
        (
            DIRECTLY_UNDER_THE_ROOT,
            {
                ("organisation", UNIT): {"organisation"},
                ("organisation", ROOT): {"superior"},
                ("superior", ROOT): {"superior"},
                ("department", ROOT): {"department", "superior"},
                ("committee", ROOT): {"committee"},
                ("city", CITY): {"city"},
            },
        ),
    ],
)
def test_every_role_at_every_body_holds_these_relations_and_no_other(
    standing: Standing, held: dict[tuple[str, int], set[str]]
) -> None:
    everybody = product((*access.ROLES, "leader", "clock", ""), (ROOT, UNIT, BRANCH, OTHER, CITY))

    assert {who: access.relations_of(*who, standing) for who in everybody} == {
        who: frozenset({"anyone", *held.get(who, ())})
        for who in product((*access.ROLES, "leader", "clock", ""), (ROOT, UNIT, BRANCH, OTHER, CITY))
    }


def test_nobody_is_the_superior_of_himself() -> None:
    odd = Standing(organisation_id=ROOT, reviewer_id=ROOT, root_id=ROOT, city_id=CITY)

    assert [access.relations_of(role, ROOT, odd) for role in ("organisation", "superior", "department")] == [
        {"organisation", "anyone"},
        {"anyone"},
        {"department", "anyone"},
    ]


def test_a_claimed_role_is_held_by_the_body_whose_it_is() -> None:
    assert {role: access.claimed(role, BELOW_A_UNIT) for role in access.ROLES} == {
        **{role: frozenset({role, "anyone"}) for role in access.BODIES},
        "anyone": frozenset({"anyone"}),
    }
    assert access.claimed("department", DIRECTLY_UNDER_THE_ROOT) == {"department", "superior", "anyone"}


def test_nobody_acts_as_the_clock_or_in_a_role_that_does_not_exist() -> None:
    with pytest.raises(Forbidden, match="不能以时钟的名义办理"):
        access.claimed("clock", BELOW_A_UNIT)
    with pytest.raises(BadInput, match="没有“admin”这种身份"):
        access.claimed("admin", BELOW_A_UNIT)


# ── sight ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("actor", "target", "sees"),
    [
        ("/1/", "/1/4/9/", True),
        ("/1/4/", "/1/4/", True),
        ("/1/4/", "/1/4/9/", True),
        ("/1/4/", "/1/40/", False),
        ("/1/4/", "/1/", False),
        ("/1/4/9/", "/1/4/", False),
        ("/1/4/", "/1/7/9/", False),
        ("", "/1/4/", False),
        ("/", "/1/4/", False),
        ("/1/4", "/1/40/", False),
    ],
)
def test_one_sees_oneself_and_what_stands_below(actor: str, target: str, sees: bool) -> None:
    assert access.may_see(actor, target) is sees


def principal(role: str, path: str) -> Principal:
    return Principal(role=role, organisation_id=9, code="X", path=path, person=None, label="")


def test_what_lies_outside_is_as_unknown_as_what_does_not_exist(desk: Desk) -> None:
    with pytest.raises(Unknown) as outside:
        access.require_sight(principal("superior", "/1/4/"), "D99", "/1/7/")
    with desk.reading() as tx, pytest.raises(Unknown) as missing:
        stored.id_of(tx, "D99")

    assert outside.value.reasons == missing.value.reasons


def test_the_city_sees_what_is_before_it_and_nothing_else() -> None:
    access.require_sight(principal("city", "/2/"), "B1", "/1/4/9/", before_the_city=True)

    with pytest.raises(Unknown):
        access.require_sight(principal("city", "/2/"), "B1", "/1/4/9/")
    with pytest.raises(Unknown):
        access.require_sight(principal("organisation", "/1/7/"), "B1", "/1/4/9/", before_the_city=True)


# ── tokens ───────────────────────────────────────────────────────


def test_a_token_speaks_for_its_role_and_for_whoever_holds_the_post_today(desk: Desk) -> None:
    plain = access.issue_token(desk, "organisation", "D01", "办公系统", 30)
    before = access.authenticate(desk, plain)

    organisations.appoint(desk, "D01", "head", Holder("李四"))

    assert (before.role, before.code, before.person, before.label) == ("organisation", "D01", "P3", "办公系统")
    assert before.path == f"/{stored_id(desk, 'GW')}/{stored_id(desk, 'D01')}/"
    assert access.authenticate(desk, plain).person == "P5"
    assert access.authenticate(desk, access.issue_token(desk, "organisation", "B1", "", 1)).person is None


def stored_id(desk: Desk, code: str) -> int:
    with desk.reading() as tx:
        return stored.id_of(tx, code)


def test_the_database_holds_no_token_that_could_be_used(desk: Desk) -> None:
    plain = access.issue_token(desk, "department", "GW", "", 30)

    with desk.reading() as tx:
        kept = tx.session.scalars(sa.select(Token)).one()
    assert plain not in kept.model_dump_json()
    with pytest.raises(Unauthenticated):
        access.authenticate(desk, kept.hash)


def test_two_tokens_are_never_alike(desk: Desk) -> None:
    assert len({access.issue_token(desk, "city", "CITY", "", 1) for _ in range(3)}) == 3


def test_a_token_ends_with_its_days(desk: Desk) -> None:
    plain = access.issue_token(desk, "committee", "GW", "", 30)
    move_clock(desk, APRIL + timedelta(days=30) - timedelta(milliseconds=1))
    assert access.authenticate(desk, plain).role == "committee"

    move_clock(desk, APRIL + timedelta(days=30))

    with pytest.raises(Unauthenticated, match="令牌无效或已过期"):
        access.authenticate(desk, plain)


def test_a_token_that_is_unknown_revoked_or_of_an_ended_body_is_refused_in_the_same_words(desk: Desk) -> None:
    revoked, orphaned = (access.issue_token(desk, "organisation", code, "", 30) for code in ("D01", "B1"))
    with desk.transaction() as tx:
        tx.session.execute(
            sa.update(Token).where(Token.organisation_id == stored.id_of(tx, "D01")).values(revoked_at=tx.now)
        )
    organisations.import_roster(desk, ROSTER[:2], scheme_root_kind="市直工委", dry_run=False)

    for plain in ("", "x", revoked, orphaned):
        with pytest.raises(Unauthenticated, match=r"^令牌无效或已过期$"):
            access.authenticate(desk, plain)


@pytest.mark.parametrize(
    ("role", "code", "days", "said"),
    [
        ("department", "D01", 1, "D01不能有“department”这种身份"),
        ("committee", "CITY", 1, "CITY不能有“committee”这种身份"),
        ("city", "GW", 1, "GW不能有“city”这种身份"),
        ("organisation", "CITY", 1, "CITY不能有“organisation”这种身份"),
        ("clock", "GW", 1, "没有“clock”这种身份,可选:organisation、superior、department、committee、city"),
        ("organisation", "D01", 0, "令牌的有效天数须在1至3650之间"),
    ],
)
def test_a_role_belongs_to_its_own_kind_of_body(desk: Desk, role: str, code: str, days: int, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        access.issue_token(desk, role, code, "", days)

    assert refusal.value.message == said
    with desk.reading() as tx:
        assert tx.session.scalars(sa.select(Token)).all() == []


def test_no_token_for_an_organisation_that_does_not_exist_or_no_longer(desk: Desk) -> None:
    organisations.import_roster(desk, ROSTER[:2], scheme_root_kind="市直工委", dry_run=False)

    with pytest.raises(Unknown, match="没有编码为D99的组织"):
        access.issue_token(desk, "organisation", "D99", "", 1)
    with pytest.raises(BadInput, match="B1已于2027-04-01停用,不再发令牌"):
        access.issue_token(desk, "organisation", "B1", "", 1)
