"""Every refusal is a problem with reasons, and no answer leaves without its headers."""

import logging

import httpx
import pytest

from starflow.web import problems
from starflow.web.bodies import MAX_BODY
from starflow.web.guard import HEADERS
from tests.web.conftest import Web
from workflow.engine.errors import Unavailable

KEYS = ["type", "title", "status", "detail", "code", "reasons", "current", "trace_id"]
OK, REFUSED = ("department", "GW"), None


def shape(answer: httpx.Response) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status_code, answer.headers["content-type"], list(problem)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "unknown"),
        ("GET", "/api/v1/stuck/", 404, "unknown"),
        ("GET", "/static/nothing", 404, "unknown"),
        ("DELETE", "/api/v1/stuck", 405, "method_not_allowed"),
        ("PUT", "/api/v1/cycles/B1/declare", 405, "method_not_allowed"),
        ("GET", "/api/v1/cycles/%00", 400, "bad_input"),
        ("GET", "/api/v1/stuck?under=%00", 400, "bad_input"),
        ("GET", "/api/v1/stuck?limit=x", 400, "bad_input"),
        ("GET", "/api/v1/cycles/B9", 404, "unknown"),
    ],
)
def test_every_refusal_is_a_problem(web: Web, method: str, path: str, status: int, code: str) -> None:
    answer = web.ask(method, path)

    assert shape(answer) == (status, "application/problem+json", KEYS)
    assert answer.json()["code"] == code
    assert answer.json()["type"] == f"urn:starflow:problem:{code}"


@pytest.mark.parametrize("path", ["/docs", "/static/../pyproject.toml", "/nothing"])
def test_whoever_looks_for_a_page_that_is_none_gets_one_that_says_so(web: Web, path: str) -> None:
    answer = web.ask("GET", path)

    assert (answer.status_code, "没有这个页面" in answer.text) == (404, True)


def test_a_body_too_large_is_refused_whatever_it_says_of_its_length(web: Web) -> None:
    answer = web.ask("POST", "/api/v1/cycles/B1/declare", content=b" " * (MAX_BODY + 1))

    assert shape(answer) == (413, "application/problem+json", KEYS)


def test_a_database_that_is_away_is_a_problem_without_its_address(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("数据库无法连接:secret-host refused")

    monkeypatch.setattr(web.desk.database, "reading", away)
    answers = [web.ask("GET", path, by=None, headers={"authorization": "Bearer x"}) for path in ("/api/v1/stuck", "/")]

    assert shape(answers[0]) == (503, "application/problem+json", KEYS)
    assert answers[0].headers["retry-after"] == "5"
    assert [(one.status_code, "secret-host" in one.text) for one in answers] == [(503, False), (503, False)]


def test_a_fault_of_the_program_is_a_number_and_no_traceback(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("where it hurts")

    monkeypatch.setattr("starflow.web.registers.lists.campaigns", broken)
    answer = web.get("/campaigns")

    trace_id = answer.json()["trace_id"]
    assert shape(answer) == (500, "application/problem+json", KEYS)
    assert "hurts" not in answer.text and "Traceback" not in answer.text and trace_id in answer.json()["detail"]
    assert [(r.levelno, r.exc_info is not None) for r in caplog.records if trace_id in r.getMessage()] == [
        (logging.ERROR, True)
    ]


def test_what_is_denied_is_logged_without_the_token(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.ask("GET", "/api/v1/stuck", by=None, headers={"authorization": "Bearer canary-token"})

    assert any("401" in record.getMessage() for record in caplog.records)
    assert "canary-token" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "by", "status"),
    [
        ("GET", "/", REFUSED, 200),
        ("GET", "/healthz", REFUSED, 200),
        ("GET", "/readyz", REFUSED, 200),
        ("GET", "/static/pages.css", REFUSED, 200),
        ("GET", "/api/v1/openapi.json", REFUSED, 200),
        ("GET", "/api/v1/stuck", OK, 200),
        ("GET", "/api/v1/stuck", REFUSED, 401),
        ("GET", "/api/v1/cycles/B9", OK, 404),
        ("GET", "/nothing", REFUSED, 404),
        ("GET", "/%00", REFUSED, 400),
        ("POST", "/", REFUSED, 405),
        ("POST", "/api/v1/cycles/B1/declare", OK, 403),
    ],
)
def test_every_answer_has_the_headers(
    web: Web, method: str, path: str, by: tuple[str, str] | None, status: int
) -> None:
    answer = web.ask(method, path, by=by)

    assert answer.status_code == status
    forms = {"referrer-policy": "same-origin"} if "csrf_token" in answer.text else {}
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS | forms
    assert "strict-transport-security" not in answer.headers


def test_a_fault_has_the_headers_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("starflow.web.pages.overview.glance")

    answer = web.ask("GET", "/", by=None)

    assert (answer.status_code, {name: answer.headers.get(name) for name in HEADERS}) == (500, HEADERS)


def test_reading_writes_nothing(web: Web) -> None:
    before = web.history("B1")
    for path in ("/", "/api/v1/stuck", "/api/v1/cycles/B1", "/api/v1/cycles/B1/why", "/api/v1/meetings", "/readyz"):
        web.ask("GET", path)

    assert web.history("B1") == before


def test_ready_means_that_the_database_is_there(web: Web) -> None:
    assert web.ask("GET", "/healthz", by=None).json() == {"status": "alive"}
    assert web.ask("GET", "/readyz", by=None).json() == {"status": "ready"}


@pytest.mark.parametrize("start", ["/b/", "/calendar/", "/activate/", "/unsubscribe/"])
def test_a_log_line_holds_no_address_that_is_a_secret(start: str) -> None:
    assert problems.shown_path(f"{start}xiuidqwvihyensfy.ics") == f"{start}…"
    assert problems.shown_path("/n/abc") == "/n/abc"
