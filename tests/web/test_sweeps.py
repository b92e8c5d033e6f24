"""Over every route at once: nothing of another's subtree comes through, looking changes nothing, and no form is accepted that
another site could have made.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk
from starflow.service.settings import read_settings
from starflow.web import forms
from starflow.web.auth import SESSION_IN_CLEAR
from starflow.web.guard import HEADERS
from tests.kept import app_at
from tests.web import matrix
from tests.web.browser import Browser
from tests.web.conftest import APRIL
from tests.web.matrix import COLUMNS, SEATS, Town, filled, routes_of, settle
from tests.web.test_matrix import VALUES

FOREIGN = {
    "self": ("B4", "第四支部"),
    "superior": ("D60", "融媒体支部"),
    "unrelated": ("B3", "第三支部"),
    "sibling": ("B3", "第三支部"),
}
"""Who looks, and what lies outside their subtree."""
SEES = {"self": ("B3",), "superior": ("Z1", "B3", "B4"), "unrelated": ("D60",), "sibling": ("B4",)}
SHARED = {"GET /api/v1/openapi.json"}
"""The examples of the documentation name bodies of their own."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "town.db"


@pytest.fixture
def town(file: Path) -> Iterator[Town]:
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{file}", "STARFLOW_ARGON2_MIB": "8"})
    with closing(create_desk(settings, rehearsal_at=APRIL, seed=1)) as desk:
        organisations.import_roster(desk, matrix.TOWN, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        yield settle(desk, app_at(desk))


def gets(town: Town) -> list[str]:
    return [route.removeprefix("GET ") for route in routes_of(town.app) if route.startswith("GET ")]


def look(town: Town, path: str, seat: str, about: str) -> tuple[int, str]:
    values = {
        **VALUES,
        "act": "nothing",
        "id": str(town.matters.get(about, 0)),
        "matter_id": str(town.matters.get(about, 0)),
    }
    answer = town.ask("GET", filled(path, about, values), seat, token=path.startswith("/api/"))
    return answer.status_code, answer.text


COUNTED = ("attempt", "access_event")
"""Taking a list away is counted and logged: that somebody has read is written down, and nothing else."""


def digest(file: Path) -> str:
    """Everything that the database holds about the work."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]
        tables = [name for name in tables if name not in COUNTED]
        found = [(name, sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))) for name in tables]
    return hashlib.sha256(repr(found).encode()).hexdigest()


# ── what lies outside ────────────────────────────────────────────


@pytest.mark.parametrize("seat", FOREIGN)
def test_what_lies_outside_is_answered_like_what_does_not_exist(town: Town, seat: str) -> None:
    code, _ = FOREIGN[seat]
    differs = {}
    for path in gets(town):
        if "{code}" in path:
            foreign, nothing = look(town, path, seat, code), look(town, path, seat, "X9999")
            if unmarked(foreign[1], code) != unmarked(nothing[1], "X9999") or foreign[0] != 404:
                differs[path] = (foreign, nothing)

    assert differs == {}


def unmarked(text: str, code: str) -> str:
    """Without the code itself, and the number under which a refusal is logged."""
    return re.sub(r"[0-9a-f]{16,}", "", text).replace(code, "")


@pytest.mark.parametrize("seat", FOREIGN)
def test_no_list_no_count_and_no_page_names_what_lies_outside(town: Town, seat: str) -> None:
    _, name = FOREIGN[seat]
    named = [
        path for path in gets(town) if f"GET {path}" not in SHARED and name in look(town, path, seat, SEES[seat][0])[1]
    ]

    assert named == []


@pytest.mark.parametrize("seat", FOREIGN)
def test_no_filter_widens_what_one_sees(town: Town, seat: str) -> None:
    code, name = FOREIGN[seat]
    lists = (
        "stuck?all=true",
        "cycles?",
        "obligations?",
        "due?days=3000",
        "notices?",
        "stars?",
        "organisations?",
        "matters?",
    )
    answers = {one: town.ask("GET", f"/api/v1/{one}&under={code}", seat, token=True) for one in lists}
    wide = {one: town.ask("GET", f"/api/v1/{one}&limit=500", seat, token=True).json()["rows"] for one in lists}

    assert {one: answer.status_code for one, answer in answers.items()} == dict.fromkeys(lists, 404)
    assert [one for one, answer in answers.items() if name in answer.text] == []
    bodies = {row.get("organisation", row.get("code")) for rows in wide.values() for row in rows}
    assert bodies <= set(SEES[seat])


def test_a_cursor_of_somebody_elses_list_shows_nothing_more(town: Town) -> None:
    theirs = town.ask("GET", "/api/v1/cycles?limit=1", "department", token=True).json()["next"]
    answer = town.ask("GET", f"/api/v1/cycles?next={theirs}", "unrelated", token=True)

    assert {row["organisation"] for row in answer.json().get("rows", ())} <= {"D60"}


def test_a_matter_of_another_subtree_has_no_number(town: Town) -> None:
    foreign = look(town, "/api/v1/matters/{id}", "unrelated", "B3")
    nothing = town.ask("GET", "/api/v1/matters/999", "unrelated", token=True)

    assert (foreign[0], nothing.status_code) == (404, 404)
    assert unmarked(foreign[1], str(town.matters["B3"])) == unmarked(nothing.text, "999")


def test_nobody_ends_somebody_elses_session(town: Town, file: Path) -> None:
    before = digest(file)
    answers = [
        town.ask("POST", "/account/sessions/end", "self", token=False, fields={"number": str(number)}).status_code
        for number in range(2, len(SEATS) + 1)
    ]

    assert set(answers) == {404}
    assert digest(file) == before


# ── looking ──────────────────────────────────────────────────────


@pytest.mark.long
def test_looking_changes_nothing(town: Town, file: Path) -> None:
    before = digest(file)
    for column in COLUMNS:
        for path in gets(town):
            look(town, path, column, "B3")

    assert digest(file) == before


@pytest.mark.long
def test_what_is_compared_would_show_a_change(town: Town, file: Path) -> None:
    before = digest(file)
    town.ask("POST", "/sign-out", "self", token=False)

    assert digest(file) != before


# ── forms ────────────────────────────────────────────────────────

ELSEWHERE = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {},
)
"""The last one comes from our own origin, but without the token."""
ANYBODYS = {
    "POST /b",
    "POST /n/{slug}/objection",
    "POST /objections/code",
    "POST /objections/status",
    "POST /unsubscribe/{token}",
}
"""The public's: a ballot is cast by whoever holds its link, an objection is lodged without signing in, a mail program unsubscribes by
one click (RFC 8058). No session speaks there."""


def test_no_form_is_accepted_that_another_site_could_have_made(town: Town, file: Path) -> None:
    before, let_through = digest(file), []
    pages = [r for r in routes_of(town.app) if r.startswith("POST /") and "/api/" not in r and r not in ANYBODYS]
    for route in pages:
        path = filled(route.removeprefix("POST "), "B3", {**VALUES, "act": "open", "id": "1", "matter_id": "1"})
        for headers in ELSEWHERE:
            token = {forms.FIELD: forms.token_of(town.sessions["department"])} if headers else {}
            browser = Browser(town.app, cookies={SESSION_IN_CLEAR: town.sessions["department"]})
            answer = browser.request("POST", path, data={**token, "code": "B3"}, headers=headers, address="10.1.1.1")
            if answer.status_code != 403:
                let_through.append((route, headers, answer.status_code))

    assert let_through == []
    assert digest(file) == before


def test_a_session_opens_no_door_of_the_programs(town: Town) -> None:
    answers = {
        route: town.ask(
            "POST",
            filled(route.removeprefix("POST "), "B3", {**VALUES, "act": "x", "id": "1", "matter_id": "1"}),
            "leader",
            token=True,
        )
        for route in routes_of(town.app)
        if route.startswith("POST /api/")
    }

    assert {route: answer.status_code for route, answer in answers.items() if answer.status_code != 401} == {}


# ── headers ──────────────────────────────────────────────────────


@pytest.mark.long
def test_every_answer_carries_the_headers_of_a_page_that_trusts_nobody(town: Town) -> None:
    missing = {}
    for route in [*routes_of(town.app), "GET /nothing", "GET /static/nothing"]:
        method, path = route.split(" ")
        for column in ("anonymous", "self", "department"):
            program = path.startswith("/api/")
            asked = filled(path, "B3", {**VALUES, "act": "x", "id": "1", "matter_id": "1"})
            answer = town.ask(method, asked, column, token=program, csrf=False)
            lacking = set(HEADERS) - set(answer.headers)
            policy = answer.headers.get("content-security-policy", "")
            if lacking or "unsafe" in policy or "default-src 'none'" not in policy:
                missing[route, column] = lacking or policy

    assert missing == {}


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(town: Town) -> None:
    said = []
    for path in gets(town):
        answer = Browser(town.app).get(
            filled(path, "B3", {**VALUES, "act": "x", "id": "1", "matter_id": "1"}), address="10.1.1.1"
        )
        said += [
            one
            for one in answer.headers.get_list("set-cookie")
            if not re.search(r"; HttpOnly; SameSite=(Lax|Strict)", one)
        ]

    assert said == []
