"""What has been taken of a quota, of how many it is, and the register of sittings."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from storage import cycles, installation, meetings, organisations, records
from storage.database import Database, Transaction
from storage.meetings import Decided, Sat, Scope
from storage.models import Campaign, Excess, MeetingItem
from workflow.rating.roster import RosterRow

NOW = datetime(2027, 6, 1, 1, tzinfo=UTC)
TODAY = date(2027, 6, 1)
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委"),
    RosterRow(code="U", name="发改委机关党委", kind="机关党委", parent="GW", field="机关"),
    RosterRow(code="U1", name="第一支部", kind="党支部", parent="U", field="机关"),
    RosterRow(code="V", name="教育局机关党委", kind="机关党委", parent="GW", field="窗口单位"),
    RosterRow(code="V1", name="第二支部", kind="党支部", parent="V", field="窗口单位"),
    RosterRow(code="W", name="新支部", kind="党支部", parent="GW", field="窗口单位"),
)


def year(tx: Transaction, rated: int, **changes: Mapping[str, Any]) -> int:
    """A campaign with a cycle for each of the roster; `changes`: code → what is different about its cycle."""
    ids: dict[str, int] = {}
    list(organisations.insert(tx, ROSTER, ids, TODAY))
    organisations.settle(tx, TODAY)
    installation.adopt(tx, digest="h", name="s", title="s", content=b"")
    campaign = Campaign(year=2027, scheme_hash="h", rated_count=rated, opened_at=NOW)
    tx.session.add(campaign)
    tx.session.flush()
    assert campaign.id is not None
    for row in ROSTER[1:]:
        values = {
            "campaign_id": campaign.id,
            "organisation_id": ids[row.code],
            "reviewer_id": ids["GW"],
            "route": "B",
            "field": row.field,
            "scheme_hash": "h",
            "stage": "rating.review",
            "version": 1,
            "visit": 1,
            "entered_at": NOW,
            "head": "0",
            "nested": False,
        }
        cycles.insert(tx, values | changes.get(row.code, {}))
    return campaign.id


def on_its_way(star: int) -> dict[str, Any]:
    return {"stage": "rating.city_review", "proposed": star, "approved_on": TODAY}


def record_of(tx: Transaction, code: str, detail: Mapping[str, Any]) -> int:
    cycle = cycles.find(tx, 1, code)
    assert cycle is not None
    new = records.NewRecord(
        chain=cycle.chain, cycle_id=cycle.id, seq=1, trigger="reject", before="rating.approval", after="rating.review",
        role="committee", actor="P1", at=NOW, late_days=0, late_stage=None, scheme_hash="5c" * 32, previous_hash="0" * 64, detail=detail,
    )  # fmt: skip
    written = records.id_of(tx, records.append(tx, new))
    assert written is not None
    return written


# ── quotas ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cycle", "taken"),
    [
        ({"stage": "rating.approval", "proposed": 5}, {}),
        (on_its_way(5), {5: 1}),
        ({"stage": "rating.review", "star": 5}, {}),
        ({"stage": "rated", "star": 5}, {5: 1}),
        ({"stage": "recheck.survey", "star": 5}, {5: 1}),
        ({"stage": "recheck.approval", "star": 5, "proposed": 4}, {5: 1}),
        ({"stage": "recheck.approval", "star": 4, "proposed": 5}, {4: 1}),
        ({"stage": "recheck.city_review", "star": 4, "proposed": 5, "approved_on": TODAY}, {5: 1}),
        ({"stage": "closed", "star": 5}, {5: 1}),
        ({"stage": "closed", "star": 5, "outcome": "unrated"}, {}),
        ({"stage": "exempt", "star": 5, "outcome": "exempt"}, {}),
        ({"stage": "closed", "star": 4, "outcome": "unrechecked", "proposed": 5, "approved_on": TODAY}, {4: 1}),
    ],
    ids=[
        "proposed only",
        "approved and before the city",
        "last year's star",
        "in force from this year",
        "in the recheck",
        "a demotion not yet approved",
        "a promotion not yet approved",
        "a promotion before the city",
        "the year is over",
        "closed unrated",
        "exempt",
        "closed before the city had looked at a promotion",
    ],
)
def test_a_place_is_taken_by_what_was_approved_this_year(
    database: Database, cycle: dict[str, Any], taken: dict[int, int]
) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 4, U=cycle)

        assert meetings.approved_counts(tx, campaign) == taken


def test_one_cycle_can_be_left_out_of_the_count(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 4, U=on_its_way(5), V=on_its_way(5))
        one = cycles.find(tx, campaign, "U")
        assert one is not None

        assert meetings.approved_counts(tx, campaign, without=one.id) == {5: 1}


@pytest.mark.parametrize(("exempt", "base"), [("U", 3), ("W", 4)], ids=["from the opening", "joined later"])
def test_the_base_is_the_roster_of_the_opening_without_the_exempt(database: Database, exempt: str, base: int) -> None:
    """W joined later: it never was in the base, so its exemption takes nothing from it."""
    with database.transaction(NOW) as tx:
        campaign = year(tx, 4, **{exempt: {"stage": "exempt", "outcome": "exempt"}})

        assert meetings.rated_base(tx, campaign) == base


def test_a_quota_may_be_counted_over_a_unit_or_a_field(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 5, U=on_its_way(5), U1=on_its_way(4), V=on_its_way(5), W=on_its_way(5))
        unit = Scope.of("unit", organisations.by_id(tx, organisations.id_of(tx, "U1")).path, "机关")  # type: ignore[union-attr]
        field = Scope.of("field", "/1/9/", "窗口单位")

        assert [meetings.rated_base(tx, campaign, scope) for scope in (Scope(), unit, field)] == [5, 2, 3]
        assert [meetings.approved_counts(tx, campaign, scope) for scope in (unit, field)] == [{4: 1, 5: 1}, {5: 2}]


def test_a_recorded_excess_counts_where_its_cycle_belongs(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 5)
        for code, number in (("U1", 2), ("V1", 1)):
            row = {"quota": "five_star", "number": number, "reason": "确有必要", "actor": "P1", "at": NOW}
            meetings.put(tx, Excess(campaign_id=campaign, record_id=record_of(tx, code, {}), **row))
        unit = Scope(unit=f"/{organisations.root(tx)}/{organisations.id_of(tx, 'U')}/")

        assert meetings.excess_allowed(tx, campaign, "five_star") == 3
        assert meetings.excess_allowed(tx, campaign, "five_star", unit) == 2
        assert meetings.excess_allowed(tx, campaign, "bottom") == 0


# ── sittings ─────────────────────────────────────────────────────


def test_a_sitting_is_entered_once_however_often_it_is_named(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 5)

        first = meetings.sitting(tx, campaign, "2027-1", TODAY)
        again = meetings.sitting(tx, campaign, "2027-1", date(2027, 7, 1))

        assert (again.id, again.held_on) == (first.id, TODAY)
        assert meetings.of_campaign(tx, campaign) == (Sat(1, "2027-1", TODAY, "open", NOW, None, 0, 0),)


def test_a_sitting_is_closed_once(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 5)
        sitting = meetings.sitting(tx, campaign, "2027-1", TODAY)
        assert sitting.id is not None

        assert [meetings.close(tx, sitting.id), meetings.close(tx, sitting.id)] == [True, False]
        assert meetings.of_campaign(tx, campaign) == (Sat(1, "2027-1", TODAY, "closed", NOW, NOW, 0, 0),)


def test_what_a_sitting_decided_is_listed_with_its_reasons(database: Database) -> None:
    with database.transaction(NOW) as tx:
        campaign = year(tx, 5)
        sitting = meetings.sitting(tx, campaign, "2027-1", TODAY)
        cycle = cycles.find(tx, campaign, "U1")
        assert sitting.id is not None and cycle is not None
        record = record_of(tx, "U1", {"reason": "佐证不足"})

        item = {"meeting_id": sitting.id, "cycle_id": cycle.id, "record_id": record}
        meetings.put(tx, MeetingItem(**item, outcome="rejected", star=5))

        assert meetings.decided(tx, sitting.id) == (Decided("U1", "第一支部", "rejected", 5, "佐证不足", NOW),)
        assert [(one.approved, one.rejected) for one in meetings.of_campaign(tx, campaign)] == [(0, 1)]
