"""The lists and one cycle over HTTP: the service's own JSON, narrowed in the database to what exists for whoever asks."""

import json
from base64 import urlsafe_b64encode

import pytest

from starflow.service import lists
from starflow.service.view import Filters
from starflow.service.why import why
from tests.web.conftest import Web, documented_model

ROOT, UNIT, BRANCH, OTHER, CITY = (
    ("department", "GW"),
    ("superior", "D01"),
    ("organisation", "B1"),
    ("organisation", "D60"),
    ("city", "CITY"),
)
JUNE = "2027-06-07 10:00"


def codes(web: Web, path: str, by: tuple[str, str]) -> list[str]:
    key = "code" if path.startswith("/organisations") else "organisation"
    return [row[key] for row in web.get(path, by).json()["rows"]]


# ── the shapes ───────────────────────────────────────────────────


def test_lists_are_the_services_own_json(web: Web) -> None:
    web.at(JUNE)
    whole = Filters(under="GW", limit=50)

    said = {path: web.get(path).json() for path in ("/stuck", "/cycles", "/obligations", "/campaigns")}

    assert said == {
        "/stuck": lists.stuck(web.desk, whole).as_json(),
        "/cycles": lists.cycles(web.desk, whole).as_json(),
        "/obligations": lists.obligations(web.desk, whole).as_json(),
        "/campaigns": lists.campaigns(web.desk).as_json(),
    }
    assert [row["organisation"] for row in said["/stuck"]["rows"]] == ["B1", "B2", "D01", "D60"]


@pytest.mark.parametrize(
    "path",
    ["/stuck", "/stuck?all=true", "/cycles", "/obligations", "/due?days=60", "/notices", "/stars", "/organisations",
     "/campaigns", "/schemes", "/meetings", "/matters?closed=true", "/quotas", "/draws"],
)  # fmt: skip
def test_every_list_has_the_shape_that_is_documented(web: Web, path: str) -> None:
    web.play("D60", "rating.review")

    said = web.get(path)

    assert said.status_code == 200
    documented_model("GET", path.partition("?")[0]).model_validate(said.json())


@pytest.mark.parametrize("below", ["", "/why", "/history"])
def test_one_cycle_has_the_shape_that_is_documented(web: Web, below: str) -> None:
    said = web.get(f"/cycles/B1{below}", BRANCH)

    assert said.status_code == 200
    documented_model("GET", "/cycles/{code}" + below).model_validate(said.json())


def test_a_cycle_says_where_it_stands_and_which_version_it_is(web: Web) -> None:
    assert web.get("/cycles/B1").json() == {
        "organisation": "B1",
        "name": "第一支部",
        "year": 2027,
        "round": "rating",
        "stage": "rating.declaration",
        "version": 1,
        "light": "grey",
        "owner": {"role": "organisation", "organisation": "B1", "person": "P4"},
        "since": "2027-04-15T00:00:00+08:00",
        "target_at": "2027-05-02T00:00:00+08:00",
        "due_at": "2027-06-06T00:00:00+08:00",
        "proposed_star": None,
        "star": None,
    }


def test_why_answers_for_the_role_of_the_token(web: Web) -> None:
    web.at("2027-05-06 10:00")

    assert web.get("/cycles/B1/why", UNIT).json() == why(web.desk, "B1", relations=frozenset({"superior"})).as_json()
    assert [o["trigger"] for o in web.get("/cycles/B1/why", BRANCH).json()["options"] if o["allowed"]] == ["declare"]


def test_telephone_numbers_leave_masked(web: Web) -> None:
    rows = web.get("/organisations?under=D01").json()["rows"]

    assert {row["code"]: row["phone"] for row in rows} == {"B1": None, "B2": None, "D01": "138****1234"}


# ── pages ────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/cycles", "/stuck", "/obligations", "/organisations"])
def test_pages_follow_one_another_without_gap_or_double(web: Web, path: str) -> None:
    web.at(JUNE)
    whole, found, following = web.get(path).json()["rows"], [], "?limit=2"
    while following:
        page = web.get(path + following).json()
        found += page["rows"]
        following = f"?limit=2&next={page['next']}" if "next" in page else ""

    assert found == whole
    assert len(whole) > 2


# ── sight ────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/cycles", "/stuck", "/obligations?stage=rating.declaration", "/organisations"])
def test_a_list_holds_oneself_and_what_is_below_and_nothing_else(web: Web, path: str) -> None:
    web.at(JUNE)
    top = ["GW"] if path == "/organisations" else []

    assert {by: sorted(codes(web, path, by)) for by in (ROOT, UNIT, BRANCH, OTHER)} == {
        ROOT: ["B1", "B2", "D01", "D60", *top],
        UNIT: ["B1", "B2", "D01"],
        BRANCH: ["B1"],
        OTHER: ["D60"],
    }


@pytest.mark.parametrize("path", ["/cycles/D60", "/cycles/D60/why", "/cycles/D60/history", "/cycles?under=D60"])
def test_what_is_outside_is_refused_in_the_words_for_what_does_not_exist(web: Web, path: str) -> None:
    outside, nowhere = web.get(path, BRANCH), web.get(path.replace("D60", "D99"), BRANCH)

    said = [(answer.status_code, answer.json()["detail"].replace("D60", "D99")) for answer in (outside, nowhere)]
    assert said == [(404, nowhere.json()["detail"])] * 2
    assert web.get(path, OTHER).status_code == 200


def test_one_may_look_at_part_of_what_one_sees(web: Web) -> None:
    assert codes(web, "/cycles?under=B2", UNIT) == ["B2"]


def test_the_city_sees_what_waits_for_its_review_and_nothing_else(web: Web) -> None:
    assert codes(web, "/cycles", CITY) == []
    web.play("D60", "rating.city_review")

    for path in ("/cycles", "/stuck?all=true", "/obligations"):
        assert codes(web, path, CITY) == ["D60"]
    assert web.get("/cycles/D60", CITY).json()["stage"] == "rating.city_review"
    assert web.get("/cycles/B1", CITY).status_code == 404
    assert codes(web, "/cycles?owner=superior", CITY) == []
    assert {
        path: web.get(path, CITY).status_code for path in ("/organisations", "/stars", "/meetings", "/cycles?under=D60")
    } == {
        "/organisations": 403,
        "/stars": 403,
        "/meetings": 403,
        "/cycles?under=D60": 403,
    }


def test_sittings_are_for_the_committee_and_its_department(web: Web) -> None:
    roles = (ROOT, ("committee", "GW"), UNIT, BRANCH)

    assert [web.get("/meetings", by).status_code for by in roles] == [200, 200, 403, 403]


# ── parameters ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit不能小于1"),
        ("limit=501", "limit不能大于500"),
        ("limit=many", "limit应为整数"),
        ("year=27", "year不能小于2000"),
        ("light=pink", "light不能是这个值,只能是black、red、yellow、green、blue、grey"),
        ("undr=D01", "没有“undr”这个参数"),
        ("under=D01&under=D60", "同一个参数写了两次"),
        ("all=perhaps", "all应为true或false"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_in_a_sentence(web: Web, query: str, said: str) -> None:
    answer = web.get(f"/stuck?{query}")

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, "bad_input", said)


@pytest.mark.parametrize(
    "path", ["/stuck?year=2026", "/cycles/B1?year=2026", "/schemes?year=2026", "/meetings?year=2026"]
)
def test_a_year_that_was_not_opened_is_not_found(web: Web, path: str) -> None:
    assert web.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/organisations", "/campaigns", "/schemes", "/cycles"])
def test_every_list_takes_a_year(web: Web, path: str) -> None:
    found = web.get(f"{path}?year=2027").json()["rows"]

    assert len(found) == (4 if path in ("/organisations", "/cycles") else 1)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/stuck", ["0001-01-01T00:00:00+14:00", "B1"]),
        ("/stuck", ["2027-06-06T00:00:00+08:00", "\ud800"]),
        ("/cycles", ["\ud800"]),
        ("/cycles", [1]),
        ("/obligations", ["9999-12-31T23:59:59-14:00", "B1", 1]),
        ("/notices", ["B1"]),
        ("/notices", []),
    ],
)
def test_a_forged_cursor_is_refused(web: Web, path: str, place: list[object]) -> None:
    forged = urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    assert (web.get(f"{path}?next={forged}").status_code) == 400


# ── tokens ───────────────────────────────────────────────────────


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer nobody-has-this", "Basic YTpi"])
def test_nothing_is_said_without_a_token_that_holds(web: Web, shown: str) -> None:
    answer = web.ask("GET", "/api/v1/stuck?limt=1", by=None, headers={"authorization": shown} if shown else {})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="starflow"'


def test_a_list_and_an_export_are_searched_in_the_words_of_the_pages(web: Web) -> None:
    listed = web.get("/cycles?q=上级:D01 阶段:申报").json()["rows"]
    export = web.get("/exports/cycles?form=json&q=上级:D01 阶段:申报").json()
    narrowed = web.get("/cycles?q=单位:D60", by=("organisation", "D01"))
    wrong = web.get("/cycles?light=red&q=灯:黄")

    assert [row["organisation"] for row in listed] == ["B1", "B2"]
    assert ([row["organisation"] for row in export["rows"]], export["narrowed"]) == (
        ["B1", "B2"],
        "范围=GW、环节=declaration、上级=D01",
    )
    assert (narrowed.status_code, "没有名称含“D60”的单位" in narrowed.text) == (400, True)
    assert (wrong.status_code, "“灯”已经另外写明" in wrong.text) == (400, True)
