"""Matters over HTTP: opened with an organisation in sight, carried on by number, unknown to everybody else."""

from typing import Any

import pytest

from starflow.service.matter_lists import list_matters
from starflow.service.view import Filters
from storage import matters
from tests.web.conftest import Web, documented_model

ROOT, UNIT, BRANCH, SIBLING, CITY = (
    ("department", "GW"),
    ("superior", "D01"),
    ("organisation", "B1"),
    ("organisation", "B2"),
    ("city", "CITY"),
)
PROBLEM = {"problem": "记录不全", "due_on": "2027-06-15"}


def rectification(web: Web) -> dict[str, Any]:
    web.at("2027-05-06 10:00")
    answer = web.post("/cycles/B1/matters/rectification", PROBLEM, UNIT, {"idempotency-key": "1"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_one_that_may_opens_a_matter(web: Web) -> None:
    opened = rectification(web)

    documented_model("POST", "/matters/{id}/{act}").model_validate(opened)
    listed = web.get("/matters?kind=rectification", BRANCH).json()
    assert listed == list_matters(web.desk, Filters(stage="rectification", under="B1", limit=50)).as_json()
    assert [row["id"] for row in listed["rows"]] == [opened["id"]]
    assert opened["due_at"] == listed["rows"][0]["due_at"] == "2027-06-16T00:00:00+08:00"


def test_the_same_key_opens_one(web: Web) -> None:
    first = rectification(web)
    again = web.post("/cycles/B1/matters/rectification", PROBLEM, UNIT, {"idempotency-key": "1"})

    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first["id"], "true")


def test_a_matter_is_carried_on_by_its_number(web: Web) -> None:
    number = rectification(web)["id"]

    shown = web.get(f"/matters/{number}", BRANCH).json()
    done = web.post(
        f"/matters/{number}/report", {"result": "已补齐", "evidence": "记录本", "expected_version": 1}, BRANCH
    )

    assert [option["act"] for option in shown["options"] if option["allowed"]] == ["report"]
    assert (done.status_code, done.json()["status"]) == (200, "reported")
    assert web.post(f"/matters/{number}/accept", {"expected_version": 1}, UNIT).json()["code"] == "stale"
    assert web.post(f"/matters/{number}/report", {"result": "x", "evidence": "y"}, BRANCH).status_code == 409
    assert web.post(f"/matters/{number}/send_back", {}, UNIT).status_code == 400
    assert web.post(f"/matters/{number}/accept", {}, BRANCH).status_code == 403


@pytest.mark.parametrize("by", [SIBLING, CITY])
def test_outside_the_subtree_there_is_no_such_matter(web: Web, by: tuple[str, str]) -> None:
    number = rectification(web)["id"]
    said = [
        web.get(f"/matters/{number}", by),
        web.get("/matters/4711", by),
        web.post(f"/matters/{number}/report", {}, by),
    ]

    assert [(one.status_code, one.json()["detail"].replace(str(number), "4711")) for one in said] == [
        (404, "没有编号为4711的事项")
    ] * 3
    assert web.get("/matters?kind=rectification", by).json() == {"rows": []}


def test_the_city_has_no_matters_not_even_of_what_is_before_it(web: Web) -> None:
    web.play("D60", "rating.city_review")
    number = web.post("/cycles/D60/matters/rectification", {"problem": "记录不全"}, ROOT).json()["id"]

    assert web.get(f"/matters/{number}").status_code == 200
    assert web.get(f"/matters/{number}", CITY).status_code == 404


def test_opening_is_for_those_who_may(web: Web) -> None:
    web.at("2027-05-06 10:00")
    said = [web.post("/cycles/B1/matters/rectification", PROBLEM, by) for by in (BRANCH, SIBLING, CITY)]

    assert [one.status_code for one in said] == [403, 404, 404]


def test_a_kind_that_nobody_knows_is_not_found_and_objections_are_lodged_elsewhere(web: Web) -> None:
    assert web.post("/cycles/B1/matters/picnic", {}, UNIT).status_code == 404
    assert web.post("/cycles/B1/matters/objection", {}, UNIT).status_code == 422


def test_whoever_reports_something_stays_unnamed(web: Web) -> None:
    web.at("2027-05-06 10:00")
    number = web.post("/cycles/B1/matters/supervision", {"content": "记录后补", "name": "某某"}, BRANCH).json()["id"]

    shown = web.get(f"/matters/{number}", BRANCH)

    with web.desk.reading() as tx:
        assert [(act.actor, act.role) for act in matters.acts(tx, number)] == [("anyone", "anyone")]
    assert [act["role"] for act in shown.json()["acts"]] == ["anyone"]
    assert [word for word in ("某某", "记录后补", '"P4"') if word in shown.text] == []
