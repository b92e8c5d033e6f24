"""Acts over HTTP: through the one door, as what the token's role is to the cycle; every refusal writes nothing."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk
from starflow.service.settings import read_settings
from starflow.web.acts import ACTS
from starflow.web.app import create_app
from tests.web.conftest import DECLARATION, ROSTER, SCORES, Web, documented_model

ROOT, UNIT, BRANCH, SIBLING, CITY = (
    ("department", "GW"),
    ("superior", "D01"),
    ("organisation", "B1"),
    ("organisation", "B2"),
    ("city", "CITY"),
)


def refused(web: Web, code: str, trigger: str, data: Any, by: tuple[str, str]) -> tuple[int, dict[str, Any]]:
    """The status and the problem, having seen that nothing was written."""
    before = web.history(code)
    answer = web.post(f"/cycles/{code}/{trigger}", data, by)
    assert web.history(code) == before
    return answer.status_code, answer.json()


# ── done ─────────────────────────────────────────────────────────


def test_an_act_answers_with_its_record(web: Web) -> None:
    web.at("2027-05-06 10:00")

    said = web.post("/cycles/B1/declare", DECLARATION, BRANCH)

    newest = web.history("B1")["rows"][-1]
    assert said.json() == {
        "organisation": "B1",
        "trigger": "declare",
        "before": "rating.declaration",
        "after": "rating.self_evaluation",
        "version": 2,
        "seq": 2,
        "hash": newest["hash"],
        "notices": said.json()["notices"],
    }
    assert (newest["actor"], newest["role"], newest["reason"]) == ("P4", "organisation", None)
    documented_model("POST", "/cycles/{code}/declare").model_validate(said.json())


def test_a_reason_stands_beside_the_data(web: Web) -> None:
    web.play("B1", "rating.review")

    web.post("/cycles/B1/send_back", {"to": "survey", "reason": "缺两份测评表"}, UNIT)

    newest = web.history("B1")["rows"][-1]
    assert (newest["after"], newest["role"], newest["reason"]) == ("rating.survey", "superior", "缺两份测评表")


def test_a_reason_that_is_data_too_reaches_both(web: Web) -> None:
    web.play("D60", "rating.approval")
    data = {"level": "five_star", "number": 1, "reason": "集体研究"}

    assert web.post("/cycles/D60/record_excess", data, ("committee", "GW")).status_code == 200
    assert web.history("D60")["rows"][-1]["reason"] == "集体研究"


def test_the_city_confirms_what_is_before_it(web: Web) -> None:
    web.play("D60", "rating.city_review")

    said = web.post("/cycles/D60/confirm_star", {"document": "3号"}, CITY, {"idempotency-key": "1"})

    assert (said.status_code, said.json()["after"]) == (200, "rated")
    assert web.get("/cycles/D60", CITY).status_code == 404
    again = web.post("/cycles/D60/confirm_star", {"document": "3号"}, CITY, {"idempotency-key": "1"})
    assert (again.status_code, again.json()["seq"]) == (200, said.json()["seq"])


def test_a_body_may_be_empty_where_there_is_nothing_to_say(web: Web) -> None:
    web.play("B1", "rating.review")

    assert web.ask("POST", "/api/v1/cycles/B1/begin_review", by=UNIT).status_code == 200


def test_nobody_learns_from_the_history_who_objected(web: Web) -> None:
    web.play("B1", "rating.publicity")
    web.fire("B1", "post_notice", {"on": "2027-05-06", "place": "公告栏"})

    said = web.post("/cycles/B1/object", {"content": "与实际不符"}, BRANCH)

    newest = web.history("B1")["rows"][-1]
    assert said.status_code == 200
    assert (newest["trigger"], newest["actor"], newest["role"]) == ("object", "anyone", "anyone")


# ── refused ──────────────────────────────────────────────────────


def test_outside_the_subtree_is_not_found_inside_but_not_allowed_is_forbidden(web: Web) -> None:
    web.at("2027-05-06 10:00")

    assert refused(web, "B1", "declare", DECLARATION, SIBLING)[0] == 404
    status, problem = refused(web, "B1", "declare", DECLARATION, UNIT)
    assert (status, problem["code"]) == (403, "forbidden")


def test_the_wrong_stage_is_a_conflict_with_who_did_what_when(web: Web) -> None:
    web.at("2027-05-06 10:00")
    web.post("/cycles/B1/declare", DECLARATION, BRANCH)

    status, problem = refused(web, "B1", "declare", DECLARATION, BRANCH)

    assert (status, problem["code"]) == (409, "wrong_stage")
    assert problem["current"] == {
        "stage": "rating.self_evaluation",
        "version": 2,
        "actor": "P4",
        "role": "organisation",
        "trigger": "declare",
        "at": "2027-05-06T02:00:00+00:00",
    }


def test_a_version_that_somebody_else_has_changed_is_a_conflict(web: Web) -> None:
    web.at("2027-05-06 10:00")

    status, problem = refused(web, "B1", "declare", {**DECLARATION, "expected_version": 0}, BRANCH)

    assert (status, problem["code"], problem["current"]["version"]) == (409, "stale", 1)
    assert web.post("/cycles/B1/declare", {**DECLARATION, "expected_version": 1}, BRANCH).status_code == 200


def test_a_guard_refuses_with_every_reason_and_its_rule(web: Web) -> None:
    web.play("B1", "rating.survey")
    paper = {"members_present": 3, "own_unit": 5, "satisfied": 8}

    status, problem = refused(
        web, "B1", "file_survey", {"meeting": {"on": "2027-05-06"}, "paper": paper, "tellers": ["甲", "乙"]}, BRANCH
    )

    assert (status, problem["code"], problem["reasons"][0]["cite"]) == (422, "refused", "R13")
    assert problem["reasons"][0]["text"].startswith("党员参加3人,应到10人的80%即8人")


def test_the_clocks_acts_are_nobodys(web: Web) -> None:
    web.play("B1", "rating.publicity")

    assert refused(web, "B1", "close_publicity", {}, ROOT)[0] == 403


def test_an_act_that_nobody_knows_is_not_found(web: Web) -> None:
    assert refused(web, "B1", "abracadabra", {}, BRANCH)[0] == 404
    assert refused(web, "B1", "abracadabra", {}, SIBLING)[1]["detail"] == "2027年度没有编码为“B1”的党组织"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "缺少head;缺少members_due;缺少target_star"),
        ({**DECLARATION, "star": 5}, "没有star这一项"),
        ({**DECLARATION, "reason": 5}, "reason应为文字"),
        ({**DECLARATION, "expected_version": "1"}, "expected_version应为不小于零的整数"),
        ({**DECLARATION, "members_due": 2**40}, "整数不能超过2147483647"),
        ({**DECLARATION, "head": "a\x00b"}, "文字里有不能保存的字符"),
        ([], '请求的内容应是一个JSON对象,例如 {"star": 5}'),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_in_sentences(web: Web, body: Any, said: str) -> None:
    web.at("2027-05-06 10:00")

    status, problem = refused(web, "B1", "declare", body, BRANCH)

    assert (status, problem["detail"]) == (400, said)


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff\xfe", b'{"head": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"a": "\\ud800"}', b'{"a": 1e999}'],
)  # fmt: skip
def test_what_is_no_json_or_could_not_be_kept_is_refused(web: Web, content: bytes) -> None:
    answer = web.ask("POST", "/api/v1/cycles/B1/declare", by=BRANCH, content=content)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


@pytest.mark.parametrize("on", ["2027-05-06T10:00:00", "6月5日", 20270506])
def test_a_time_where_a_day_is_meant_is_refused(web: Web, on: Any) -> None:
    web.play("B1", "rating.publicity")

    assert refused(web, "B1", "post_notice", {"on": on, "place": "公告栏"}, ROOT)[0] == 400


WEIRD: tuple[Any, ...] = (None, -1, 2.5, "x", [[]], {"on": 1}, {"1": None}, {"satisfied": -1})


def test_no_data_whatsoever_breaks_an_act(web: Web) -> None:
    """Every key of every act's data with every odd value, where the act stands."""
    stages = {
        "declare": ("declaration", BRANCH),
        "submit_self_evaluation": ("self_evaluation", BRANCH),
        "file_survey": ("survey", BRANCH),
        "propose_star": ("review", UNIT),
    }
    said = set()
    for trigger, (stage, by) in stages.items():
        web.play("B1", f"rating.{stage}")
        for name in ACTS[trigger].takes.model_fields:
            said |= {web.post(f"/cycles/B1/{trigger}", {name: value}, by).status_code for value in WEIRD}

    assert said == {400}


# ── twice is once ────────────────────────────────────────────────


def test_the_same_key_returns_the_first_record(web: Web) -> None:
    web.at("2027-05-06 10:00")
    key = {"idempotency-key": "k1"}

    first, again = (web.post("/cycles/B1/declare", DECLARATION, BRANCH, key) for _ in range(2))

    assert (first.json()["seq"], again.json()["seq"]) == (2, 2)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert len(web.history("B1")["rows"]) == 2


def test_two_tenants_may_use_the_same_key(web: Web) -> None:
    web.at("2027-05-06 10:00")
    key = {"idempotency-key": "1"}

    said = [web.post(f"/cycles/{by[1]}/declare", DECLARATION, by, key) for by in (BRANCH, SIBLING)]

    assert [(one.status_code, one.json()["organisation"]) for one in said] == [(200, "B1"), (200, "B2")]


def test_a_key_that_was_used_for_something_else_is_refused(web: Web) -> None:
    web.at("2027-05-06 10:00")
    web.post("/cycles/B1/declare", DECLARATION, BRANCH, {"idempotency-key": "1"})

    answer = web.post("/cycles/B1/withdraw", {"reason": "填错"}, BRANCH, {"idempotency-key": "1"})

    assert answer.status_code == 422


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(web: Web, key: str) -> None:
    assert web.post("/cycles/B1/declare", DECLARATION, BRANCH, {"idempotency-key": key}).status_code == 400


# ── dates and nudges ─────────────────────────────────────────────


def test_the_department_extends_holds_and_releases(web: Web) -> None:
    web.at("2027-05-06 10:00")

    extended = web.post("/cycles/D01/extend", {"until": "2027-06-12", "reason": "防汛", "subtree": True}, ROOT)
    held = web.post("/cycles/B1/hold", {"reason": "待批复"}, ROOT)
    web.at("2027-05-09 10:00")
    released = web.post("/cycles/B1/release", {}, ROOT)

    assert extended.json() == {"organisation": "D01", "until": "2027-06-12", "subtree": True, "cycles": 3}
    assert held.json() == {"organisation": "B1", "held": True, "days": None}
    assert released.json() == {"organisation": "B1", "held": False, "days": 3}
    assert web.get("/cycles/B2").json()["due_at"] == "2027-06-13T00:00:00+08:00"


@pytest.mark.parametrize(
    ("act", "data"),
    [("extend", {"until": "2027-06-12", "reason": "防汛"}), ("hold", {"reason": "待批复"}), ("release", {})],
)
def test_nobody_else_does(web: Web, act: str, data: dict[str, Any]) -> None:
    assert [refused(web, "B1", act, data, by)[0] for by in (UNIT, BRANCH, SIBLING)] == [403, 403, 404]


def test_a_superior_nudges_whoever_owes(web: Web) -> None:
    web.at("2027-05-06 10:00")

    said = web.post("/cycles/B1/nudge", {"dry_run": True}, UNIT)

    assert said.json() == {
        "organisation": "B1",
        "recipient_role": "organisation",
        "recipient": "第一支部",
        "person": "马国",
        "sent": True,
        "note": "将发出",
    }
    assert web.post("/cycles/B1/nudge", {}, BRANCH).status_code == 403


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"reason": "防汛"}, "缺少until"),
        ({"until": "明天", "reason": "防汛"}, "until应为日期,如2027-06-05"),
        ({"until": "2027-06-12", "reason": "", "x": 1}, "reason不能为空;没有x这一项"),
        ({"until": "9999-12-31", "reason": "防汛"}, "日期9999-12-31不在1900年至2200年之间"),
        ({"until": "2027-06-12T00:00:00", "reason": "防汛"}, "“2027-06-12T00:00:00”应写成日期,如2027-06-05,不带时刻"),
    ],
)
def test_an_extension_is_read_in_sentences(web: Web, data: dict[str, Any], said: str) -> None:
    assert refused(web, "B1", "extend", data, ROOT)[1]["detail"] == said


# ── in earnest ───────────────────────────────────────────────────


@pytest.fixture
def live(database_url: str) -> Iterator[Web]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings)) as desk:
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, desk.clock.now().year, "anyang-five-star", actor="P1")
        yield Web(desk, create_app(desk))


def test_in_earnest_nobody_acts_from_a_vacant_post(live: Web) -> None:
    vacant, held = (live.post(f"/cycles/{code}/declare", DECLARATION, ("organisation", code)) for code in ("D60", "B1"))

    assert (vacant.status_code, vacant.json()["detail"]) == (
        403,
        "D60(本组织)的岗位现在空缺,没有人可以这个身份办理",
    )
    assert held.status_code == 200


def test_in_a_rehearsal_a_vacant_post_is_played(web: Web) -> None:
    web.at("2027-05-06 10:00")

    assert web.post("/cycles/D60/declare", DECLARATION, ("organisation", "D60")).status_code == 200
    assert web.history("D60")["rows"][-1]["actor"] == "role:organisation"


def test_scores_are_strings(web: Web) -> None:
    web.play("B1", "rating.review")

    status, problem = refused(web, "B1", "propose_star", {"scores": {**SCORES, "1": 9.5}, "star": 5}, UNIT)

    assert status == 400
    assert "分数须写成字符串" in problem["detail"]
