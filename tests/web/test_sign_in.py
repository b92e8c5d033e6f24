"""Signing in with a browser: from the invitation to the session, and what becomes of a form that comes too late."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from fastapi import FastAPI, Response

from starflow.service import accounts
from starflow.service.desk import create_desk
from starflow.service.settings import read_settings
from starflow.web.app import create_app
from starflow.web.auth import Viewer
from starflow.web.forms import Posted
from tests.web.browser import PASSWORD, Browser, hidden, on_the_wall
from tests.web.conftest import Web


@cache
def with_two_pages_more() -> FastAPI:
    """The application with a page that takes a text and one that is only there."""

    def note(caller: Viewer, form: Posted) -> Response:
        return Response(f"{caller.principal.role}:{caller.principal.code} {form.get('note')}")

    def there(caller: Viewer) -> Response:
        return Response("here")

    app = create_app(None)  # type: ignore[arg-type]  # each test puts its own desk there
    app.add_api_route("/note", note, methods=["POST"])
    app.add_api_route("/there", there, methods=["GET"])
    return app


@pytest.fixture
def app(web: Web) -> FastAPI:
    app = with_two_pages_more()
    app.state.desk = web.desk
    return app


@pytest.fixture
def browser(web: Web, app: FastAPI) -> Browser:
    on_the_wall(web.desk)
    return Browser(app)


def test_an_invitation_leads_to_a_session(web: Web, browser: Browser) -> None:
    link = accounts.invite(web.desk, "P4", login="maguo", by="test")

    set_ = browser.submit(f"/activate/{link.token}", password=PASSWORD, again=PASSWORD)
    inside = browser.submit("/sign-in", login="MaGuo ", password=PASSWORD)

    assert (set_.status_code, "密码已经设好" in set_.text) == (200, True)
    assert (inside.status_code, inside.headers["location"]) == (303, "/")
    assert "HttpOnly" in inside.headers["set-cookie"] and "SameSite=Lax" in inside.headers["set-cookie"]
    assert browser.post("/note", note="好").text == "organisation:B1 好"


def test_a_link_works_once(web: Web, browser: Browser) -> None:
    link = accounts.invite(web.desk, "P4", by="test")
    browser.submit(f"/activate/{link.token}", password=PASSWORD, again=PASSWORD)

    assert browser.get(f"/activate/{link.token}").status_code == 410
    assert browser.get("/activate/never-was").status_code == 410


def test_a_form_after_the_session_has_ended_keeps_what_was_typed(web: Web, browser: Browser) -> None:
    wall = on_the_wall(web.desk)
    browser.signed_in(web.desk, "P4")
    token = browser.csrf()
    wall.move(timedelta(minutes=31))

    late = browser.request("POST", "/note", data={"csrf_token": token, "note": "写了很久\n的<b>话"}, address="10.1.1.1")
    again = browser.request("POST", "/sign-in", address="10.1.1.1",
                            data=hidden(late.text) | {"login": "p4", "password": PASSWORD})  # fmt: skip
    sent = browser.request("POST", "/note", data=hidden(again.text), address="10.1.1.1")

    assert late.status_code == 401 and "内容还在" in late.text
    assert again.status_code == 200 and "写了很久\n的&lt;b&gt;话" in again.text
    assert sent.text == "organisation:B1 写了很久\n的<b>话"


def test_a_form_from_another_site_is_refused_and_not_carried(web: Web, browser: Browser) -> None:
    browser.signed_in(web.desk, "P4")
    data = {"csrf_token": browser.csrf(), "note": "x"}

    answers = [
        browser.request("POST", "/note", data=data, headers={"origin": "https://evil.example"}),
        browser.request("POST", "/note", data=data, headers={"sec-fetch-site": "cross-site"}),
        browser.request("POST", "/note", data=data, headers={"origin": "null"}),
        browser.request("POST", "/note", data={"note": "x"}),
        browser.request("POST", "/note", data={"note": "x", "csrf_token": "0" * 64}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert ["再提交一次" in answer.text for answer in answers] == [False, False, False, True, True]


def test_whoever_is_not_known_is_sent_to_sign_in(web: Web, browser: Browser) -> None:
    answer = browser.request("GET", "/there?a=1", address="10.1.1.1")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fthere%3Fa%3D1")


def test_five_wrong_passwords_are_enough(web: Web, browser: Browser) -> None:
    browser.activated(web.desk, "P4")

    said = [browser.submit("/sign-in", login="p4", password=f"wrong {n}") for n in range(6)]
    right = browser.submit("/sign-in", login="p4", password=PASSWORD)

    assert [answer.status_code for answer in said] == [401] * 5 + [429]
    assert (right.status_code, right.headers["retry-after"]) == (429, "900")


@pytest.mark.parametrize(
    "onwards", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(web: Web, browser: Browser, onwards: str) -> None:
    browser.activated(web.desk, "P4")

    answer = browser.submit("/sign-in", login="p4", password=PASSWORD, next=onwards)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_behind_an_encrypting_proxy_the_cookie_is_for_this_host_alone(database_url: str) -> None:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url, "STARFLOW_PUBLIC_URL": "https://star.example.org"})
    with closing(create_desk(settings, rehearsal_at=datetime(2027, 4, 14, tzinfo=UTC))) as desk:
        answer = Browser(create_app(desk)).get("/sign-in")

    assert re.match(r"__Host-browser=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure$", answer.headers["set-cookie"])
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def test_a_new_database_lets_nobody_in(database_url: str) -> None:
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": database_url}))) as desk:
        assert accounts.listed(desk) == ()
