"""By when an act on a matter is due, and from which local day its length is counted."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_afterwards import Plan, Rectification, Track
from workflow.rating.scheme_values import Cite
from workflow.rating.shelf import calendar
from workflow.rating.timing import Dates
from workflow.rating.track_dates import (
    as_agreed_or_ruled,
    as_an_approval,
    as_an_objection,
    by_implementation_plan,
    by_plan,
    matter_dates,
)

ZONE = ZoneInfo("Asia/Shanghai")
LATE = datetime(2027, 6, 20, 20, tzinfo=UTC)
"""In the evening in Greenwich, and the 21st already where the matter is dealt with."""


def ruled(scheme: Scheme) -> Scheme:
    cite = Cite(rule="1")
    tracks = (
        Track(cite=cite, code="weak", title="整顿", stars=(0,), plan="+10 days", rectify="+60 days"),
        Track(cite=cite, code="good", title="巩固", stars=(3, 4)),
    )
    said = {
        "track": tracks,
        "plan": Plan(due="+30 days", cite=cite),
        "rectification": Rectification(due="+20 days", cite=cite),
    }
    return scheme.model_copy(update=said)


@pytest.mark.parametrize(
    ("data", "plan", "rectification"),
    [
        ({}, "+30 days", "+20 days"),
        ({"star": 0}, "+10 days", "+20 days"),
        ({"star": 0, "opened_by": "superior"}, "+10 days", "+20 days"),
        ({"star": 0, "opened_by": CLOCK}, "+10 days", "+60 days"),
        ({"star": 4, "opened_by": CLOCK}, "+30 days", "+20 days"),
        ({"star": 5, "opened_by": CLOCK}, "+30 days", "+20 days"),
        ({"star": 0, "opened_by": CLOCK, "due_on": "2027-07-01"}, "+10 days", date(2027, 7, 1)),
    ],
)
def test_a_track_of_its_own_comes_before_the_general_length(
    scheme: Scheme, data: dict[str, Any], plan: str, rectification: str | date
) -> None:
    one = ruled(scheme)

    assert (by_plan(one, data), as_agreed_or_ruled(one, data)) == (plan, rectification)


@pytest.mark.parametrize(
    ("stages", "approval", "objection"),
    [
        (("rating.review\nowner = \"superior\"\ndue = \"05-01\"",), None, None),
        (("rating.approval\nowner = \"committee\"\ndue = \"06-15\"",), None, None),
        (("rating.approval\nowner = \"committee\"\ndue = \"+15 days\"",), "+15 days", None),
        (("rating.approval\nowner = \"committee\"",), None, None),
        (
            ('rating.publicity\nowner = "department"\nperiod = "7 days"\nverify = "5 workdays"',),
            None,
            "+5 workdays",
        ),
    ],
    ids=range(5),
)  # fmt: skip
def test_a_committee_and_a_handler_have_as_long_as_at_their_stage(
    scheme_of: Any, stages: tuple[str, ...], approval: str | None, objection: str | None
) -> None:
    one = scheme_of(*stages, "closed")

    assert (as_an_approval(one, {}), as_an_objection(one, {})) == (approval, objection)


def dated(scheme: Scheme, *, judges: bool, entered: datetime) -> Dates:
    return matter_dates(
        by_plan,
        since="布置",
        judges=judges,
        scheme=ruled(scheme),
        calendar=calendar("weekends"),
        zone=ZONE,
        opened_at=LATE,
        entered_at=entered,
        data={},
    )


def due(day: int) -> dict[str, datetime]:
    return dict.fromkeys(("due_at", "phase_due_at"), datetime(2027, 7, day, 16, tzinfo=UTC))


COUNTED = "截止:布置6月21日(星期一)起30天(次日为第1天) → 7月21日24时"
OWN = "核验时间:报来7月22日(星期四)起3个工作日 → 7月27日24时;晚于原期限,以此为截止"
HANDED_IN = datetime(2027, 7, 21, 20, tzinfo=UTC)


def test_the_days_are_those_of_the_place(scheme: Scheme) -> None:
    assert dated(scheme, judges=False, entered=HANDED_IN) == Dates(**due(21), arithmetic=(COUNTED,))
    assert dated(scheme, judges=True, entered=LATE) == Dates(**due(21), arithmetic=(COUNTED,))
    assert dated(scheme, judges=True, entered=HANDED_IN) == Dates(**due(27), arithmetic=(COUNTED, OWN))


def test_without_a_stage_that_grants_working_days_who_judges_has_none_of_his_own(scheme: Scheme) -> None:
    bare = scheme.model_copy(update={"stage": ()})

    assert dated(bare, judges=True, entered=HANDED_IN) == Dates(**due(21), arithmetic=(COUNTED,))


def test_a_scheme_that_gives_no_length_gives_no_date(scheme_of: Any) -> None:
    one = scheme_of('rating.review\nowner = "superior"\ndue = "05-01"', "closed")

    assert (by_plan(one, {}), by_implementation_plan(one, {}), as_agreed_or_ruled(one, {})) == (None, None, None)
