"""The statements behind the lists, on both databases: order, pages, narrowing, vacancy."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import cycles, obligations, organisations, posts, queries, stars
from storage.database import Database, Transaction
from storage.models import Campaign, Matter, Notice, Obligation, SchemeFile, Star
from storage.queries import Edges, OpenStage, Where, open_stages, stages_in_order
from workflow.rating.roster import RosterRow

NOW = datetime(2027, 6, 8, 2, tzinfo=UTC)
TODAY, OPENED = date(2027, 6, 8), datetime(2027, 4, 14, 16, tzinfo=UTC)
MIDNIGHT = datetime(2027, 6, 7, 16, tzinfo=UTC)
EDGES = Edges(TODAY, MIDNIGHT, MIDNIGHT + timedelta(days=8))
LATE, SOON, FAR = MIDNIGHT - timedelta(days=2), MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(days=60)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂"),
    RosterRow(code="D1", name="发改委", kind="机关党委", parent="GW", head="赵勇"),
    RosterRow(code="b1", name="第一支部", kind="党支部", parent="D1", head="马国"),
    RosterRow(code="B2", name="第二支部", kind="党支部", parent="D1", head="黄丽"),
    RosterRow(code="a3", name="第三支部", kind="党支部", parent="GW", head="李四"),
)


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    with database.transaction(NOW) as tx:
        yield tx


def open_year(tx: Transaction, **due: datetime | None) -> dict[str, int]:
    """The roster, a campaign, and for each code a cycle whose declaration is due then; code → id of the organisation."""
    ids: dict[str, int] = {}
    list(organisations.insert(tx, ROSTER, ids, date(2027, 1, 1)))
    organisations.settle(tx, date(2027, 1, 1))
    heads = [posts.Appointment(organisation_id=ids[row.code], role="head", name=row.head) for row in ROSTER]
    posts.appoint(tx, heads, date(2027, 1, 1))
    tx.session.add(SchemeFile(hash="s", name="test", title="", content=b"", adopted_at=NOW))
    tx.session.flush()
    tx.session.add(Campaign(id=1, year=2027, scheme_hash="s", rated_count=4, opened_at=OPENED))
    tx.session.flush()
    for code, due_at in due.items():
        stay(tx, cycle(tx, ids, code), ids[code], due_at=due_at)
    return ids


def cycle(tx: Transaction, ids: dict[str, int], code: str, **values: Any) -> int:
    stands = {"stage": "rating.declaration", "version": 1, "visit": 1, "entered_at": OPENED, "head": "0" * 64} | values
    its = {"campaign_id": 1, "organisation_id": ids[code], "reviewer_id": ids["GW"], "scheme_hash": "s"}
    return cycles.insert(tx, its | {"route": "A", "nested": False, "field": ""} | stands)


def stay(tx: Transaction, cycle_id: int | None, organisation_id: int, **values: Any) -> int:
    owes = {"owner_role": "organisation", "owner_id": organisation_id, "opened_at": OPENED, "grace_days": 0}
    its = {"cycle_id": cycle_id, "organisation_id": organisation_id, "stage": "rating.declaration", "visit": 1}
    obligations.put(tx, its | owes | {"arithmetic": []} | values)
    return int(tx.session.scalar(sa.select(sa.func.max(Obligation.id))))


def found(tx: Transaction, edges: Edges = EDGES, *, everything: bool = False, **where: Any) -> list[OpenStage]:
    pages = stages_in_order(tx, Where(campaign_id=1, **where), edges, everything=everything)
    ids = [one for page in pages for one, _ in page]
    read = open_stages(tx, ids, edges.today)
    return [read[one] for one in ids]


def stuck(tx: Transaction, *, everything: bool = False, **where: Any) -> list[str]:
    return [one.cycle.code for one in found(tx, everything=everything, **where)]


def test_the_longest_overdue_come_first_and_codes_are_in_the_order_of_characters(tx: Transaction) -> None:
    open_year(tx, b1=SOON, B2=FAR, a3=SOON, D1=LATE)

    assert stuck(tx, everything=True) == ["D1", "B2", "a3", "b1"]


def test_what_is_far_from_its_due_and_neither_held_nor_vacant_is_not_looked_at(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON, B2=FAR, a3=FAR, D1=FAR)
    held = {"held_at": NOW, "held_reason": "机构改革"}
    tx.session.execute(
        sa.update(queries._obligation).where(queries._obligation.c.organisation_id == ids["B2"]).values(held)
    )
    posts.vacate(tx, [posts.PostKey(ids["a3"], "head")], TODAY)

    assert [(one.cycle.code, one.vacant) for one in found(tx)] == [("B2", False), ("a3", True), ("b1", False)]


def test_a_post_is_vacant_from_the_day_on_which_its_holder_leaves(tx: Transaction) -> None:
    ids = open_year(tx, a3=FAR)
    posts.vacate(tx, [posts.PostKey(ids["a3"], "head")], TODAY + timedelta(days=1))

    tomorrow = Edges(TODAY + timedelta(days=1), MIDNIGHT + timedelta(days=1), EDGES.near_at)

    assert stuck(tx) == []
    assert [one.vacant for one in found(tx, tomorrow)] == [True]


def test_what_waits_for_the_clock_is_never_vacant(tx: Transaction) -> None:
    ids = open_year(tx)
    posts.vacate(tx, [posts.PostKey(ids["a3"], "head")], TODAY)
    stay(tx, cycle(tx, ids, "a3"), ids["a3"], owner_role="clock", due_at=FAR)

    assert stuck(tx) == []


@pytest.mark.parametrize(
    ("narrowed", "codes"),
    [
        ({"stages": ("rating.review",)}, []),
        ({"owner_role": "superior"}, []),
        ({"owner_role": "organisation"}, ["D1", "B2", "a3", "b1"]),
    ],
)
def test_open_stages_are_narrowed(tx: Transaction, narrowed: dict[str, Any], codes: list[str]) -> None:
    open_year(tx, b1=SOON, B2=SOON, a3=SOON, D1=LATE)

    assert stuck(tx, **narrowed) == codes


def test_a_path_narrows_to_the_organisation_and_all_below_it(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON, B2=SOON, a3=SOON, D1=LATE)

    assert stuck(tx, path=f"/{ids['GW']}/{ids['D1']}/") == ["D1", "B2", "b1"]


def test_pages_of_open_stages_join_without_a_gap(tx: Transaction) -> None:
    open_year(tx, b1=LATE, B2=SOON, a3=LATE, D1=None)
    whole = found(tx, everything=True)

    rests = [stuck(tx, everything=True, after=one.place) for one in whole]

    assert [one.cycle.code for one in whole] == ["a3", "b1", "B2", "D1"]
    assert rests == [["b1", "B2", "D1"], ["B2", "D1"], ["D1"], []]


def test_a_cycle_comes_with_its_open_stay_or_at_rest_with_the_last_one(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON)
    rests = cycle(tx, ids, "a3", stage="rated", visit=3)
    stay(tx, rests, ids["a3"], closed_at=NOW)
    last = stay(tx, rests, ids["a3"], visit=2, stage="rating.publicity", closed_at=NOW)
    cycle(tx, ids, "B2", stage="exempt", outcome="exempt")

    found = [(one.cycle.code, one.stay and one.stay.stage) for one in queries.standings(tx, Where(campaign_id=1))]

    assert found == [("B2", None), ("a3", "rating.publicity"), ("b1", "rating.declaration")]
    newest = queries.newest_stay(tx, rests)
    assert newest is not None and newest.id == last


def test_cycles_are_narrowed_to_the_open_work_of_an_owner(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON)
    stay(tx, cycle(tx, ids, "a3"), ids["a3"], owner_role="superior", owner_id=ids["GW"])

    found = [one.cycle.code for one in queries.standings(tx, Where(campaign_id=1, owner_role="superior"))]

    assert found == ["a3"]


def test_obligations_come_by_due_then_code_and_those_of_matters_are_among_them(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON, a3=SOON, D1=None)
    tx.session.add(Matter(id=7, kind="plan", organisation_id=ids["B2"], campaign_id=1, status="open", opened_at=NOW))
    tx.session.flush()
    stay(tx, None, ids["B2"], matter_id=7, stage="plan", due_at=LATE)

    whole = list(queries.open_obligations(tx, Where(campaign_id=1)))

    assert [(one.code, one.stay.stage == "plan") for one in whole] == [
        ("B2", True), ("a3", False), ("b1", False), ("D1", False),
    ]  # fmt: skip
    assert [len(list(queries.open_obligations(tx, Where(campaign_id=1, after=one.place)))) for one in whole] == [
        3,
        2,
        1,
        0,
    ]
    assert [one.code for one in queries.open_obligations(tx, Where(), due_after=LATE, due_by=SOON)] == ["a3", "b1"]


def test_the_work_of_another_year_is_left_out_and_that_of_no_year_is_in(tx: Transaction) -> None:
    ids = open_year(tx, b1=SOON)
    tx.session.add(Campaign(id=2, year=2028, scheme_hash="s", rated_count=4, opened_at=NOW))
    tx.session.add(Matter(id=7, kind="plan", organisation_id=ids["B2"], status="open", opened_at=NOW))
    tx.session.flush()
    stay(tx, None, ids["B2"], matter_id=7, stage="plan", due_at=LATE)

    assert [one.code for one in queries.open_obligations(tx, Where(campaign_id=2))] == ["B2"]


def notice(tx: Transaction, key: str, obligation_id: int, organisation_id: int, **values: Any) -> None:
    its = {
        "obligation_id": obligation_id,
        "organisation_id": organisation_id,
        "stage": "rating.declaration",
        "rung": "-7",
    }
    to = {"recipient_role": "organisation", "recipient_id": organisation_id, "channel": "console", "text": ""}
    said = {"kind": "reminder", "due_at": NOW, "created_at": NOW, "status": "sent", "sent_at": NOW}
    tx.session.add(Notice(key=key, **(its | to | said | values)))
    tx.session.flush()


def test_the_last_thing_that_was_said_is_the_newest_that_left(tx: Transaction) -> None:
    ids = open_year(tx)
    told, untold = cycle(tx, ids, "b1"), cycle(tx, ids, "a3")
    first, second = stay(tx, told, ids["b1"]), stay(tx, untold, ids["a3"])
    notice(tx, "1", first, ids["b1"], sent_at=LATE)
    notice(tx, "2", first, ids["b1"], kind="nudge", sent_at=MIDNIGHT)
    notice(tx, "3", first, ids["b1"], kind="event", sent_at=NOW)
    notice(tx, "4", second, ids["a3"], status="queued", sent_at=None)

    read = open_stages(tx, [told, untold], TODAY)
    assert {one: read[one].told_at for one in read} == {told: MIDNIGHT, untold: None}


def test_notices_come_newest_first_and_are_narrowed_by_recipient(tx: Transaction) -> None:
    ids = open_year(tx)
    owes = stay(tx, cycle(tx, ids, "b1"), ids["b1"])
    notice(tx, "1", owes, ids["b1"])
    notice(tx, "2", owes, ids["b1"], recipient_role="superior", recipient_id=ids["D1"])
    notice(tx, "3", owes, ids["b1"])

    whole = list(queries.notices(tx, Where(campaign_id=1)))

    assert [(one.key, one.code, one.recipient_code) for one in whole] == [
        ("3", "b1", "b1"), ("2", "b1", "D1"), ("1", "b1", "b1"),
    ]  # fmt: skip
    assert [one.key for one in queries.notices(tx, Where(owner_role="superior"))] == ["2"]
    assert [one.key for one in queries.notices(tx, Where(after=(whole[1].id,)))] == ["1"]


def test_a_star_ends_on_the_day_on_which_the_next_one_begins(tx: Transaction) -> None:
    ids = open_year(tx)
    for star, day in ((3, date(2027, 5, 1)), (4, TODAY)):
        stars.grant(tx, Star(organisation_id=ids["b1"], star=star, round="rating", from_on=day, decision="批准"))

    days = (date(2027, 4, 30), date(2027, 5, 1), date(2027, 6, 7), TODAY)

    assert [[one.star for one in queries.stars_as_of(tx, day, Where())] for day in days] == [[], [3], [3], [4]]


def test_what_is_fetched_in_several_pieces_stays_in_order(tx: Transaction) -> None:
    ids = open_year(tx)
    many = [
        RosterRow(code=f"X{number:04}", name="支部", kind="党支部", parent="D1") for number in range(queries.PAGE + 50)
    ]
    list(organisations.insert(tx, many, ids, TODAY))
    organisations.settle(tx, TODAY)
    for row in reversed(many):
        stay(tx, cycle(tx, ids, row.code), ids[row.code], due_at=SOON)

    assert stuck(tx) == [row.code for row in many]
