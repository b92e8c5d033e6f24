"""The forms that a walk through a year does not meet: accounts, administration, ballots, notices, objections, evidence.

Together with that walk every form of the application is looked through: the routes say which there are, and one that nobody walks
makes the last test fail.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx
import pyotp
import pytest

from starflow.service import accounts, polls
from starflow.service.acting import Acting
from starflow.service.polls import NewPoll
from starflow.web.app import create_app
from starflow.web.auth import SEEN_AS
from tests.web.browser import PASSWORD, Browser, hidden, on_the_wall
from tests.web.conftest import ZONE, Web
from tests.web.hostile import PAYLOADS
from tests.web.matrix import routes_of, undone
from tests.web.page_forms import Page, PageForm
from tests.web.test_forms import ADMIN, BENIGN, COMMITTEE, DEPARTMENT, FREE_TEXTS, PLAIN, lost, not_text, town
from tests.web.test_notices import entry
from tests.web.test_two import appointed, secret_on

BRANCH = Acting(actor="P5", relations=frozenset({"organisation"}), person="P5")
SHORT, WHOLE = PAYLOADS[5] + PAYLOADS[27], " ".join(PAYLOADS)
"""What fits into a short field, and all of them at once."""
LONG = "很长的文字" * 1200

Looker = tuple[Browser, str]
"""Somebody's browser, and the page that it is on."""


@dataclass
class Place:
    """A page with forms, as somebody comes to it."""

    browser: Browser
    path: str
    shown: httpx.Response
    forms: list[PageForm] = field(default_factory=list)


@dataclass
class Beside:
    """What came of going through every one of them."""

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    hostile: dict[tuple[str, str], str] = field(default_factory=dict)
    lost: dict[tuple[str, str], str] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Beside:
    found = Beside()
    with closing(town(tmp_path_factory.mktemp("beside") / "town.db")) as desk:
        web = Web(desk, create_app(desk))
        for place in places(web):
            for form in Page(place.shown.text).posts(place.path):
                action = named(form)
                if action in found.fields or action in found.plain or action in FREE_TEXTS or action in PLAIN:
                    continue
                if form.texts:
                    found.fields[action] = tuple(sorted({re.sub(r"\d+$", "*", one.name) for one in form.texts}))
                else:
                    found.plain.add(action)
                with undone(web.desk):
                    _looked_through(place.browser, form, found)
    return found


def _looked_through(browser: Browser, form: PageForm, found: Beside) -> None:
    plain, half = send(browser, form, BENIGN), send(browser, form, BENIGN, half=True)
    for how, text in (("missing", ""), *((("too long", LONG),) if form.texts else ())):
        found.tried[how] += 1
        if fault := lost(send(browser, form, text), text):
            found.lost[form.action, how] = fault
    for text in (SHORT, WHOLE) if form.texts else ():
        found.tried["hostile"] += 1
        if fault := not_text(plain, send(browser, form, text), text):
            found.hostile[form.action, text[:20]] = fault
        if fault := not_text(half, send(browser, form, text, half=True), text):
            found.hostile[form.action, f"half filled in: {text[:20]}"] = fault


def send(browser: Browser, form: PageForm, text: str, *, half: bool = False) -> httpx.Response:
    """From a browser that keeps nothing of the answer: the next form finds it as it was. `half`: nothing but texts, so that most
    forms come back.
    """
    once, said = replace(browser, cookies=dict(browser.cookies)), form.filled(text)
    unsaid = {one.name for one in form.fields if one.kind not in ("text", "hidden")} if half else set()
    return once.request("POST", form.action, data={name: its for name, its in said.items() if name not in unsaid})


def named(form: PageForm) -> str:
    """Its address without what differs from one place to the next, and which of several it is that go there."""
    path, act = form.action.partition("?")[0], {"act": "", **form.filled("")}["act"]
    for pattern, name in (
        (r"/(activate|unsubscribe)/[\w.-]+", r"/\1/{token}"),
        (r"^/n/[^/]+", "/n/{slug}"),
        (r"/\d+", "/{number}"),
    ):
        path = re.sub(pattern, name, path)
    return f"{path}#{act}" if act else path


# ── where they are ───────────────────────────────────────────────


def places(web: Web) -> Iterator[Place]:
    """The town in May: B2 holds its survey, B1's stars hang, D60's are to be hung; somebody objects; people have accounts."""
    web.play("B2", "rating.survey")
    yield from seen(seat(web, "organisation:B2"), "/survey/B2", "/evidence/B2")
    wanted = NewPoll(mode="slips", closes_at=datetime(2027, 5, 9, 18, tzinfo=ZONE), own_unit=2)
    polls.open_poll(web.desk, "B2", wanted, acting=BRANCH)
    slips = polls.issue_slips(web.desk, "B2", acting=BRANCH)[0].tokens
    yield from seen(seat(web, "organisation:B2"), "/survey/B2")
    yield from seen(Browser(web.app), f"/b/{slips[0]}")
    yield from objected_to(web)
    polls.close_poll(web.desk, "B2", acting=BRANCH)
    yield from seen(seat(web, "organisation:B2"), "/survey/B2")
    yield from of_accounts(web)


def objected_to(web: Web) -> Iterator[Place]:
    web.play("B1", "rating.publicity")
    web.fire("B1", "post_notice", {"on": "2027-05-06", "place": "公告栏"})
    web.at("2027-05-08 10:00")
    slug, anybody, department = entry(web, "B1"), Browser(web.app), seat(web, DEPARTMENT)
    yield from seen(anybody, f"/n/{slug}/objection", "/objections/status")
    yield from seen(department, f"/n/{slug}/correct")
    said = {
        "code": "B1",
        "content": "窗口有人脱岗半天,有照片为证。",
        "who": "named",
        "name": "张三",
        "contact": "13800000000",
    }
    with undone(web.desk):
        yield Place(anybody, "/objections/code", anybody.request("POST", f"/n/{slug}/objection", data=said))
    asked = anybody.request("POST", f"/n/{slug}/objection", data=said).text
    shown = {**hidden(asked), "code": re.findall(r"验证码是 <b>(\d+)", asked)[0]}
    anybody.request("POST", "/objections/code", data=shown)
    number = web.get("/matters?kind=objection").json()["rows"][0]["id"]
    yield from seen(department, f"/objections/{number}", "/organisations?q=灯:绿", "/two")
    department.post("/two", act="exempt", code="D60", reason="并入")
    yield from seen(department, "/two")
    yield from seen(seat(web, COMMITTEE), "/two")
    yield from seen(seat(web, ADMIN), "/two")


def of_accounts(web: Web) -> Iterator[Place]:
    wall, anybody, admin = on_the_wall(web.desk), Browser(web.app), seat(web, ADMIN)
    link = accounts.invite(web.desk, "P3", login="zhaoyong", by="test")
    yield from seen(anybody, "/sign-in", f"/activate/{link.token}")
    mine = Browser(web.app).signed_in(web.desk, appointed(web.desk, "丁", "auditor", "GW"), "dingyi")
    yield from seen(mine, "/account", "/account/prove", "/account/second-factor")
    begun = mine.post("/account/second-factor")
    yield Place(mine, "/account/second-factor", begun)
    half = _half_signed_in(web, begun.text, mine)
    yield from seen(half, "/sign-in/code")
    wall.move(timedelta(minutes=1))
    admin.post("/admin/accounts/lock", login="dingyi", reason="调离")
    yield from seen(admin, "/admin/accounts", "/admin/roster", "/admin/scheme/check?open=standard-branch")
    admin.post("/admin/accounts/unlock", login="dingyi")
    yield from seen(admin, "/admin/accounts")


def _half_signed_in(web: Web, page: str, mine: Browser) -> Browser:
    """Somebody who has shown a password and not yet the code."""
    mine.post("/account/second-factor/confirm", code=pyotp.TOTP(secret_on(page)).at(web.desk.wall.now()))
    half = Browser(web.app)
    half.submit("/sign-in", login="dingyi", password=PASSWORD)
    return half


def seat(web: Web, its: str) -> Browser:
    return Browser(web.app, cookies={SEEN_AS: its})


def seen(browser: Browser, *paths: str) -> Iterator[Place]:
    for path in paths:
        shown = browser.get(path)
        if shown.status_code == 303:
            shown = browser.get(shown.headers["location"])
        assert shown.status_code == 200, (path, shown.status_code)
        yield Place(browser, path, shown)


# ── what is expected ─────────────────────────────────────────────

TEXTS_BESIDE = {
    "/admin/accounts": ("login", "name", "who"),
    "/admin/accounts/lock": ("reason",),
    "/admin/scheme/check": ("reason", "toml"),
    "/b": ("remark",),
    "/filters": ("name",),
    "/n/{slug}/correct": ("basis", "contact", "place", "reason", "scope", "title"),
    "/n/{slug}/objection": ("contact", "content", "name"),
    "/objections/{number}/dismiss": ("finding",),
    "/objections/{number}/objector": ("reason",),
    "/objections/{number}/uphold": ("finding",),
    "/sign-in": ("login",),
    "/survey/B2/count": ("reason", "teller_*"),
    "/survey/B2/extend": ("reason",),
    "/survey/B2/open": ("people",),
    "/survey/B2/void": ("reason",),
    "/two#exempt": ("code", "reason"),
    "/two#grant_role": ("code", "reason", "who"),
    "/two#reset_totp": ("reason", "who"),
    "/two#withdraw_password": ("reason",),
}
PLAIN_BESIDE = {
    "/account/password", "/account/prove", "/account/seat", "/account/second-factor", "/account/second-factor/confirm",
    "/account/sessions/end", "/activate/{token}", "/admin/accounts/link", "/admin/accounts/unlock", "/evidence/B2",
    "/objections/code", "/objections/status", "/preferences", "/rehearsal/as", "/rehearsal/clock", "/sign-in/code", "/sign-out",
    "/survey/B2/close", "/survey/B2/slips", "/two/{number}/confirm", "/two/{number}/refuse",
}  # fmt: skip
NO_FORM = {
    "/account/provider": "a button of installations with an identity provider",
    "/account/provider/unbind": "a button of installations with an identity provider",
    "/sign-in/provider": "a button of installations with an identity provider",
    "/admin/notices/resend": "a button, shown when a letter could not be sent",
    "/admin/roster/undo": "a button, shown after an import",
    "/extensions/preview": "the other button of the form that reminds",
    "/meeting/decide": "what the preview holds, which the year walks",
    "/meeting/draw/commit": "of schemes with a draw, walked in test_draws",
    "/meeting/draw/tell": "of schemes with a draw, walked in test_draws",
    "/n": "several notices at once, by programs",
    "/nudges/undo": "a button, shown for ten seconds",
    "/organisations/{code}/self-evaluation/draft": "the script keeps what the page's own form holds",
    "/queue/{code}/draft": "the script keeps what the page's own form holds",
    "/organisations/{code}/slip": "a choice of colour, shown for what is stuck",
    "/unsubscribe/{token}": "a button behind a link in a mail",
}
"""Where no page that is walked has a form with anything to write in it, and why."""


@pytest.mark.long
def test_sixty_hostile_texts_stay_text_in_every_one_of_their_fields(beside: Beside) -> None:
    assert beside.hostile == {}
    assert beside.tried["hostile"] == 2 * len(TEXTS_BESIDE)


@pytest.mark.long
def test_what_is_refused_there_comes_back_with_every_word(beside: Beside) -> None:
    assert beside.lost == {}


@pytest.mark.long
def test_their_fields_for_free_text_are_known(beside: Beside) -> None:
    assert beside.fields == TEXTS_BESIDE
    assert beside.plain == PLAIN_BESIDE


def test_every_route_that_takes_a_form_is_walked() -> None:
    """By the year, by this walk, or named here with the reason why no page of ours has it."""
    walked = {action.partition("#")[0] for action in (*FREE_TEXTS, *PLAIN, *TEXTS_BESIDE, *PLAIN_BESIDE)}
    takes = {r.removeprefix("POST ") for r in routes_of(create_app(None)) if r.startswith("POST ") and "/api/" not in r}  # type: ignore[arg-type]

    assert {route for route in takes if not any(_fits(route, action) for action in walked)} == set(NO_FORM)


def _fits(route: str, action: str) -> bool:
    return (
        re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", re.escape(route).replace(r"\{", "{").replace(r"\}", "}")), action)
        is not None
    )
