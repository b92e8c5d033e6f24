"""The lists, over a small city in its year."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from starflow.service import lists, obligations
from starflow.service.desk import Desk
from starflow.service.lists import Filters
from starflow.service.organisations import Holder, appoint
from starflow.service.shapes import Page
from starflow.service.why import why
from storage import matters, organisations
from storage import obligations as owed
from storage.models import Matter
from workflow.engine.errors import BadInput, StarflowError, Unknown

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # the statements themselves: tests/storage/test_queries.py


# ── stuck ────────────────────────────────────────────────────────


def stuck(city: Any, **filters: Any) -> list[str]:
    return [row.organisation for row in lists.stuck(city.desk, Filters(**filters)).rows]


def test_a_stage_past_its_due_is_stuck_and_says_who_owes_it_and_who_hears_of_it_next(city: Any) -> None:
    city.at("2027-06-06 10:00")
    city.send_all()
    city.at("2027-06-08 10:00")

    row = lists.stuck(city.desk, Filters(under="B1")).as_json()

    assert row == {
        "rows": [
            {
                "organisation": "B1",
                "name": "第一支部",
                "year": 2027,
                "stage": "rating.declaration",
                "owner": {"role": "organisation", "organisation": "B1", "person": "P6"},
                "since": "2027-04-15T00:00:00+08:00",
                "target_at": "2027-05-02T00:00:00+08:00",
                "due_at": "2027-06-06T00:00:00+08:00",
                "days_overdue": 3,
                "light": "red",
                "missing": [],
                "last_reminder_at": "2027-06-06T10:00:00+08:00",
                "escalates_at": "2027-06-09T09:00:00+08:00",
                "escalates_to": [{"role": "department", "organisation": "GW", "person": "P1"}],
            }
        ]
    }


def test_before_the_target_only_a_vacant_post_is_stuck(city: Any) -> None:
    city.at("2027-04-16 10:00")

    rows = lists.stuck(city.desk).rows

    assert [(row.organisation, row.light, row.vacant, row.owner.person) for row in rows] == [
        ("D60", "grey", True, None)
    ]
    assert lists.stuck(city.desk).as_json()["rows"][0]["escalates_at"] == "2027-06-06T09:00:00+08:00"


def test_past_the_target_everybody_is_yellow_and_stuck(city: Any) -> None:
    city.at("2027-05-02 00:00")

    rows = lists.stuck(city.desk).rows

    assert [(row.organisation, row.light, row.days_overdue) for row in rows] == [
        (code, "yellow", 0) for code in ("B1", "B2", "D01", "D60", "Z1")
    ]


def test_the_longest_overdue_come_first_and_then_the_codes(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.review("Z1", "2027-04-16")
    city.at("2027-06-07 10:00")

    rows = lists.stuck(city.desk).rows

    assert [(row.organisation, row.days_overdue > 2) for row in rows] == [
        ("Z1", True),
        *((code, False) for code in ("B1", "B2", "D01", "D60")),
    ]


def test_what_is_on_hold_is_stuck_and_escalates_to_nobody(city: Any) -> None:
    obligations.hold(city.desk, "B1", "机构改革", actor="P1")

    rows = lists.stuck(city.desk, Filters(under="B1")).rows

    assert [(row.held, row.light, row.escalates_at, row.escalates_to) for row in rows] == [(True, "grey", None, ())]


def test_what_cannot_go_on_within_a_week_of_its_due_is_stuck_with_the_reasons(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.review("B1", "2027-04-16")

    row = lists.stuck(city.desk, Filters(under="B1")).rows[0]

    assert (row.stage, row.light, row.owner.person, row.missing) == (
        "rating.publicity",
        "blue",
        "P5",
        ("公示尚未张贴",),
    )


def test_a_period_that_runs_is_not_stuck_and_is_listed_with_all(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.post("B1", "2027-04-16")

    everything = lists.stuck(city.desk, Filters(under="B1"), everything=True).rows

    assert stuck(city, under="B1") == []
    assert [(row.owner.role, row.owner.person, row.missing) for row in everything] == [
        ("clock", None, ("期限到4月23日24时为止",))
    ]


def test_an_open_objection_is_named_as_what_is_missing(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.post("B1", "2027-04-16")
    city.fire("B1", "object", {"content": "材料不实"})
    city.at("2027-05-10 10:00")

    row = lists.stuck(city.desk, Filters(under="B1")).rows[0]

    assert (row.owner.role, row.owner.organisation, row.light) == ("department", "GW", "red")
    assert row.missing == ("尚有1件异议未办结",)


def test_one_more_of_a_full_quota_is_named_as_what_is_missing(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.post("D60", "2027-04-16", star=5, base="95")
    city.at("2027-05-20 10:00")

    row = lists.stuck(city.desk, Filters(under="D60")).rows[0]

    assert (row.stage, row.missing) == ("rating.approval", _forward_reasons(city.desk, "D60"))
    assert "名额0个" in row.missing[0]


def test_the_list_gives_the_reasons_that_why_gives_in_every_stage(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.submit("B1", "2027-05-05")
    city.file("B2", "2027-05-05")
    city.review("Z1", "2027-05-05")
    city.post("D60", "2027-05-05")
    city.at("2027-05-20 10:00")

    rows = lists.stuck(city.desk, everything=True).rows

    assert {row.stage for row in rows} == {
        f"rating.{stage}" for stage in ("declaration", "survey", "review", "publicity", "approval")
    }
    assert {row.organisation: row.missing for row in rows} == {
        row.organisation: _forward_reasons(city.desk, row.organisation) for row in rows
    }


def _forward_reasons(desk: Desk, code: str) -> tuple[str, ...]:
    return tuple(reason.text for reason in why(desk, code).options[0].reasons)


def test_escalation_climbs_from_the_owner_and_not_from_the_organisation(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.file("B1", "2027-05-05")
    city.at("2027-06-05 10:00")

    row = lists.stuck(city.desk, Filters(under="B1")).rows[0]

    assert (row.stage, row.owner.organisation) == ("rating.review", "Z1")
    assert [(to.role, to.organisation, to.person) for to in row.escalates_to] == [
        ("superior", "Z1", "P5"),
        ("superior", "D01", "P3"),
    ]


def test_a_handover_changes_the_person_and_no_row(city: Any) -> None:
    city.at("2027-05-05 10:00")
    appoint(city.desk, "B1", "head", Holder("李四"))

    row = lists.stuck(city.desk, Filters(under="B1")).rows[0]

    assert (row.owner.person, row.owner.person_name) == ("P9", "李四")


def test_more_rows_take_no_more_statements(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.review("B1", "2027-05-05")
    city.at("2027-06-20 10:00")

    with city.statements() as one:
        lists.stuck(city.desk, Filters(under="B1"))
    with city.statements() as all_five:
        lists.stuck(city.desk)

    assert len(all_five) == len(one) - 1  # nobody looked up the code to look under


# ── the other lists ──────────────────────────────────────────────


def test_a_cycle_shows_its_open_stage_and_who_owes_it(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.review("B1", "2027-05-05")

    page = lists.cycles(city.desk, Filters(under="B1"))

    assert page.as_json() == {
        "rows": [
            {
                "organisation": "B1",
                "name": "第一支部",
                "round": "rating",
                "stage": "rating.publicity",
                "light": "blue",
                "owner": {"role": "superior", "organisation": "Z1", "person": "P5"},
                "due_at": "2027-05-08T00:00:00+08:00",
                "proposed_star": 4,
                "star": None,
            }
        ]
    }


def test_at_rest_a_cycle_is_green_and_nobody_owes_anything(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.post("B1", "2027-05-05")
    city.at("2027-06-20 10:00")

    row = lists.cycles(city.desk, Filters(under="B1")).rows[0]

    assert (row.stage, row.round, row.light, row.owner, row.due_at, row.star) == ("rated", None, "green", None, None, 4)


def test_at_rest_a_cycle_is_yellow_whose_last_stay_ended_late(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.post("D60", "2027-05-05")
    city.at("2027-07-20 10:00")
    city.fire("D60", "approve", {"meeting": {"on": "2027-07-20", "number": "2027-7"}})

    row = lists.cycles(city.desk, Filters(under="D60")).rows[0]

    assert (row.stage, row.light) == ("rated", "yellow")


def test_an_exempt_and_an_unrated_cycle_are_black(city: Any) -> None:
    city.fire("B1", "exempt", reason="合并:并入第二支部")
    city.fire("B2", "close_unrated", reason="撤销")

    rows = lists.cycles(city.desk, Filters(light="black")).rows

    assert [(row.organisation, row.stage) for row in rows] == [("B1", "exempt"), ("B2", "closed")]


def test_an_obligation_shows_its_next_rung(city: Any) -> None:
    city.at("2027-04-16 10:00")

    page = lists.obligations(city.desk, Filters(under="B1"))

    assert page.as_json() == {
        "rows": [
            {
                "id": page.rows[0].id,
                "organisation": "B1",
                "stage": "rating.declaration",
                "owner": {"role": "organisation", "organisation": "B1", "person": "P6"},
                "target_at": "2027-05-02T00:00:00+08:00",
                "due_at": "2027-06-06T00:00:00+08:00",
                "light": "grey",
                "next_rung": "-14",
                "next_rung_at": "2027-04-17T09:00:00+08:00",
            }
        ]
    }


def test_the_obligation_of_a_matter_is_listed_by_its_kind_and_after_all_that_has_a_due(city: Any) -> None:
    with city.desk.transaction() as tx:
        gw, b1 = (organisations.id_of(tx, code) for code in ("GW", "B1"))
        plan = matters.put(tx, Matter(kind="plan", organisation_id=b1, status="open", opened_at=tx.now))
        to = {"owner_role": "superior", "owner_id": gw, "opened_at": tx.now, "arithmetic": []}
        owed.put(tx, {"matter_id": plan.id, "organisation_id": b1, "stage": "plan", "visit": 1, "grace_days": 0} | to)

    rows = lists.obligations(city.desk).rows

    assert [(row.organisation, row.stage) for row in rows][-1] == ("B1", "plan")
    assert lists.obligations(city.desk, Filters(stage="plan")).rows == rows[-1:]
    assert (rows[-1].light, rows[-1].next_rung) == ("grey", None)


def test_what_falls_due_is_counted_to_the_end_of_the_last_day_and_leaves_out_what_is_overdue(city: Any) -> None:
    city.at("2027-05-22 10:00")
    before = [len(lists.due(city.desk, days=days).rows) for days in (13, 14)]
    city.at("2027-06-06 00:00")

    assert before == [0, 5]
    assert lists.due(city.desk, days=14).rows == ()


def test_notices_come_newest_first_with_whom_they_are_for(city: Any) -> None:
    city.at("2027-06-09 10:00")

    page = lists.notices(city.desk, Filters(under="B1"))

    assert [row.rung for row in page.rows] == ["e3", "e0", "e0", "+1", "-1", "-3", "-7", "-14"]
    assert page.as_json()["rows"][0] == {
        "key": page.rows[0].key,
        "organisation": "B1",
        "stage": "rating.declaration",
        "rung": "e3",
        "kind": "escalation",
        "recipient": {"role": "department", "organisation": "GW", "person": "P1"},
        "channel": "console",
        "due_at": "2027-06-09T09:00:00+08:00",
        "sent_at": None,
        "status": "queued",
    }
    assert {row.recipient.role for row in lists.notices(city.desk, Filters(owner="superior")).rows} == {"superior"}


def test_a_star_is_listed_on_the_days_on_which_it_is_in_force(city: Any) -> None:
    city.at("2027-05-05 10:00")
    city.post("B1", "2027-05-05")
    city.at("2027-05-20 10:00")

    assert lists.stars(city.desk).as_json() == {
        "rows": [
            {
                "organisation": "B1",
                "star": 4,
                "round": "rating",
                "from": "2027-05-13",
                "until": None,
                "decision": "公示无异议,上级党组织定星",
            }
        ]
    }
    assert lists.stars(city.desk, as_of=date(2027, 5, 12)).rows == ()


def test_campaigns_are_listed_with_their_scheme(city: Any) -> None:
    page = lists.campaigns(city.desk).as_json()

    scheme_hash = page["rows"][0].pop("scheme_hash")
    assert len(scheme_hash) == 64
    assert page == {
        "rows": [
            {
                "year": 2027,
                "status": "open",
                "scheme": "anyang-five-star",
                "rated": 5,
                "opened_at": "2027-04-14T09:00:00+08:00",
                "closed_at": None,
            }
        ]
    }


# ── filters and pages ────────────────────────────────────────────

LISTS: tuple[Callable[..., Page[Any]], ...] = (lists.stuck, lists.cycles, lists.obligations, lists.notices, lists.stars)


def test_a_list_that_is_cut_goes_on_where_it_was_cut(city: Any) -> None:
    city.at("2027-05-05 10:00")
    for code in ("B1", "Z1"):
        city.post(code, "2027-05-05")
    city.review("B2", "2027-05-05")
    city.at("2027-06-10 10:00")

    for listed in LISTS:
        whole = listed(city.desk).rows
        assert len(whole) > 1
        assert _one_by_one(city, listed) == whole


def _one_by_one(city: Any, listed: Callable[..., Page[Any]]) -> tuple[Any, ...]:
    page = listed(city.desk, Filters(limit=1))
    found = page.rows
    while page.next is not None:
        page = listed(city.desk, Filters(limit=1, after=page.next))
        found += page.rows
    return found


NARROWED: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({}, ["B2", "B1", "D01", "D60", "Z1"]),
    ({"under": "Z1"}, ["B2", "B1", "Z1"]),
    ({"stage": "rating.publicity"}, ["B2"]),
    ({"stage": "publicity"}, ["B2"]),
    ({"owner": "superior"}, ["B2"]),
    ({"light": "red"}, ["B2"]),
    ({"light": "yellow", "under": "D01"}, ["B1", "D01", "Z1"]),
    ({"limit": 2}, ["B2", "B1"]),
)


def test_filters_narrow_the_list(city: Any) -> None:
    city.at("2027-05-02 10:00")
    city.review("B2", "2027-05-02")
    city.at("2027-05-20 10:00")

    assert [stuck(city, **filters) for filters, _ in NARROWED] == [codes for _, codes in NARROWED]


REFUSED: tuple[tuple[dict[str, Any], type[StarflowError]], ...] = (
    ({"under": "X9"}, Unknown),
    ({"stage": "rating.reviw"}, Unknown),
    ({"stage": "plan"}, Unknown),  # a kind of matters, which have no stage
    ({"year": 2031}, Unknown),
    ({"light": "amber"}, BadInput),
    ({"owner": "boss"}, BadInput),
    ({"limit": 0}, BadInput),
    ({"after": "garbage"}, BadInput),
    ({"after": "WzFd"}, BadInput),  # "[1]", as another list gives it
)


def test_a_filter_that_names_nothing_is_refused(city: Any) -> None:
    for filters, refusal in REFUSED:
        with pytest.raises(refusal):
            lists.stuck(city.desk, Filters(**filters))


def test_a_filter_that_a_list_does_not_know_is_refused(city: Any) -> None:
    with pytest.raises(BadInput, match="通知清单不能按light筛选"):
        lists.notices(city.desk, Filters(light="red"))
    with pytest.raises(BadInput, match="星级清单不能按stage、owner筛选"):
        lists.stars(city.desk, Filters(stage="review", owner="city"))
