"""Explaining one cycle: its dates, its acts with the reasons against them, its records."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from starflow.service import obligations
from starflow.service.why import Hold, history, why
from storage.models import RecordDetail
from workflow.engine.errors import Reason, Unknown

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def test_a_stage_is_explained_with_its_dates_and_every_act(city: Any) -> None:
    city.at("2027-04-15 08:00")
    shape = why(city.desk, "B1").as_json()

    options = shape.pop("options")
    assert shape == {
        "organisation": "B1",
        "year": 2027,
        "stage": "rating.declaration",
        "version": 1,
        "light": "grey",
        "owner": {"role": "organisation", "organisation": "B1", "person": "P6"},
        "since": "2027-04-15T00:00:00+08:00",
        "target_at": "2027-05-02T00:00:00+08:00",
        "due_at": "2027-06-06T00:00:00+08:00",
        "arithmetic": [
            "截止:6月5日24时(方案写明“06-05”,2027年6月5日为星期六)",
            "目标:截止6月5日(星期六)前35天 → 5月1日24时",
        ],
        "acts_at": None,
        "extended_until": None,
        "hold": None,
        "held_days": 0,
        "objections": [],
        "founded_on": None,
    }
    assert [(option["trigger"], option["role"], option["allowed"]) for option in options] == [
        ("declare", "organisation", True),
        ("exempt", "department", True),
        ("close_unrated", "department", True),
    ]
    assert sorted(options[0]["payload"]["required"]) == ["head", "members_due", "target_star"]
    assert options[1]["payload"] == {"type": "object", "properties": {}, "additionalProperties": False}
    assert options[1]["needs_reason"]


def test_a_reason_comes_with_its_rule(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.review("B1", "2027-04-16")

    closing = why(city.desk, "B1").options[0]

    assert (closing.trigger, closing.role, closing.allowed) == ("close_publicity", "clock", False)
    assert closing.reasons == (Reason("公示尚未张贴", "R21"),)


def test_to_somebody_in_particular_other_peoples_acts_are_refused(city: Any) -> None:
    city.at("2027-04-15 08:00")
    options = why(city.desk, "B1", relations=frozenset({"organisation"})).options

    assert [(option.trigger, option.allowed) for option in options] == [
        ("declare", True),
        ("exempt", False),
        ("close_unrated", False),
    ]
    assert options[1].reasons == (Reason("“免评”由组织部办理"),)


def test_where_the_actor_says_where_to_the_stages_on_offer_are_listed(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.file("B1", "2027-04-16")

    sending_back = next(option for option in why(city.desk, "B1").options if option.trigger == "send_back")

    assert sending_back.payload["properties"] == {"to": {"enum": ["self_evaluation", "survey"]}}
    assert sending_back.payload["required"] == ["to"]


def test_at_rest_nobody_owes_anything_and_the_clocks_next_date_is_explained(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.post("B1", "2027-04-16")
    city.at("2027-05-05 10:00")

    found = why(city.desk, "B1").as_json()

    assert (found["stage"], found["light"], found["owner"], found["due_at"]) == ("rated", "green", None, None)
    assert found["arithmetic"] == ["复核:12月1日0时开始(方案写明“12-01”)"]
    assert found["acts_at"] == "2027-12-01T00:00:00+08:00"


def test_a_hold_and_an_extension_are_shown(city: Any) -> None:
    city.at("2027-04-16 10:00")
    obligations.extend(city.desk, "B1", date(2027, 6, 20), "汛期", actor="P1", subtree=False, year=None)
    obligations.hold(city.desk, "B1", "机构改革", actor="P1")

    found = why(city.desk, "B1")

    assert (found.extended_until, found.as_json()["due_at"]) == (date(2027, 6, 20), "2027-06-21T00:00:00+08:00")
    assert found.hold == Hold(since=found.hold.since, reason="机构改革")
    assert found.as_json()["hold"]["since"] == "2027-04-16T10:00:00+08:00"


def test_an_open_objection_is_shown_by_its_id_and_nothing_that_was_said(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.post("B1", "2027-04-16")
    city.fire("B1", "object", {"content": "材料不实", "name": "王五"})

    found = why(city.desk, "B1").as_json()

    objection = found["objections"][0]["id"]
    assert found["objections"] == [{"id": objection, "opened_at": "2027-04-16T10:00:00+08:00"}]
    city.fire("B1", "dismiss_objection", {"objection": objection, "finding": "属实无误"})
    assert why(city.desk, "B1").objections == ()


def test_an_unknown_code_and_an_unknown_year_are_refused(city: Any) -> None:
    with pytest.raises(Unknown, match="2027年度没有编码为“X9”的党组织"):
        why(city.desk, "X9")
    with pytest.raises(Unknown, match="没有2031年度"):
        history(city.desk, "B1", year=2031)


def test_the_root_rates_and_is_not_rated(city: Any) -> None:
    with pytest.raises(Unknown) as refused:
        why(city.desk, "GW")

    assert refused.value.reasons[0].text.endswith("(GW)组织评定,自己不参评,没有评定周期")


def test_history_lists_every_record_in_its_chain(city: Any) -> None:
    city.at("2027-04-16 10:00")
    city.file("B1", "2027-04-16")
    city.fire("B1", "send_back", {"to": "survey"}, reason="票数不清")

    rows = history(city.desk, "B1").as_json()["rows"]

    assert [(row["seq"], row["trigger"], row["before"], row["after"], row["role"]) for row in rows] == [
        (1, "open", None, "rating.declaration", "department"),
        (2, "declare", "rating.declaration", "rating.self_evaluation", "organisation"),
        (3, "submit_self_evaluation", "rating.self_evaluation", "rating.survey", "organisation"),
        (4, "file_survey", "rating.survey", "rating.review", "organisation"),
        (5, "send_back", "rating.review", "rating.survey", "superior"),
    ]
    assert {key: rows[4][key] for key in ("at", "actor", "reason", "previous_hash")} == {
        "at": "2027-04-16T10:00:00+08:00",
        "actor": "P9",
        "reason": "票数不清",
        "previous_hash": rows[3]["hash"],
    }
    assert rows[3]["reason"] is None


def test_an_erased_reason_is_absent_and_its_record_stays(city: Any) -> None:
    city.fire("B1", "exempt", reason="合并:并入第二支部")
    with city.desk.transaction() as tx:
        erased = sa.update(RecordDetail).where(col(RecordDetail.erased_at).is_(None))
        tx.session.execute(erased.values(detail=sa.null(), erased_at=tx.now))

    rows = history(city.desk, "B1").rows

    assert [(row.trigger, row.reason) for row in rows] == [("open", None), ("exempt", None)]


def test_a_late_act_is_marked_for_people_with_whom_it_is_charged_to(city: Any) -> None:
    city.at("2027-06-08 10:00")
    city.declare("B1")

    row = history(city.desk, "B1").rows[-1]

    assert (row.trigger, row.late_days, row.late_stage) == ("declare", 3, "rating.declaration")
