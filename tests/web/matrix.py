"""Everybody, in every relation, at every route: a small town whose cycle is asked about by each of them.

What a request would write is undone before it is kept, so that every one of them finds the town as it was.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from starflow.service import accounts, sessions
from starflow.service.access import BODIES, issue_token
from starflow.service.acting import Acting
from starflow.service.desk import Desk
from starflow.service.matters import open_matter
from starflow.web import forms
from starflow.web.auth import SESSION_IN_CLEAR
from storage import accounts as kept
from storage import grants, organisations, posts
from storage.account_models import RoleGrant
from storage.database import Transaction
from tests.web.browser import Browser, on_the_wall
from workflow.rating.roster import RosterRow

FILE = Path(__file__).parent / "matrix.toml"
TOWN = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂"),
    RosterRow(code="D01", name="发改委机关党委", kind="机关党委", parent="GW", members=10, head="赵勇", leader="黄建"),
    RosterRow(code="Z1", name="机关总支", kind="党总支", parent="D01", members=10, head="马国"),
    RosterRow(code="B3", name="第三支部", kind="党支部", parent="Z1", members=10, head="黄丽"),
    RosterRow(code="B4", name="第四支部", kind="党支部", parent="Z1", members=10, head="李伟"),
    RosterRow(code="D60", name="融媒体支部", kind="党支部", parent="GW", members=10, head="王芳"),
)
TARGET = "B3"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who asks: a role at a body, and about whom, where it is not the target."""

    name: str
    role: str
    code: str
    about: str = TARGET


SEATS = (
    Seat("self", "organisation", "B3"),
    Seat("superior", "organisation", "Z1"),
    Seat("above", "organisation", "D01"),
    Seat("sibling", "organisation", "B4"),
    Seat("below", "organisation", "B3", about="Z1"),
    Seat("unrelated", "organisation", "D60"),
    Seat("leader", "leader", "D01"),
    Seat("department", "department", "GW"),
    Seat("committee", "committee", "GW"),
    Seat("city", "city", "CITY"),
    Seat("auditor", "auditor", "GW"),
    Seat("admin", "admin", "GW"),
)
ANYBODY = "anonymous"
COLUMNS = (ANYBODY, *(seat.name for seat in SEATS))
YES = "yes"


@dataclass
class Town:
    """The application, and what each seat shows: a session, and where there can be one a token."""

    desk: Desk
    app: FastAPI
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    matters: dict[str, int] = field(default_factory=dict)  # an open one about each body that is asked about

    def ask(
        self,
        method: str,
        path: str,
        seat: str,
        *,
        token: bool,
        csrf: bool = True,
        fields: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """From another machine, as this seat; an object that says nothing, or a form with no more than these fields."""
        browser = Browser(self.app)
        headers: dict[str, str] = {}
        if seat != ANYBODY:
            if token and seat in self.tokens:
                headers["authorization"] = f"Bearer {self.tokens[seat]}"
            else:
                browser.cookies[SESSION_IN_CLEAR] = self.sessions[seat]
        if token and method == "POST":
            return browser.request(method, path, address="10.1.1.1", headers=headers, content=b"{}")
        data = {forms.FIELD: forms.token_of(self.sessions[seat])} if csrf and seat != ANYBODY else {}
        return browser.request(method, path, address="10.1.1.1", headers=headers, data={**data, **(fields or {})})


def settle(desk: Desk, app: FastAPI) -> Town:
    """An account, a session and, where there can be one, a token for every seat."""
    on_the_wall(desk)
    town = Town(desk, app)
    for seat in SEATS:
        with desk.transaction() as tx:
            person = _sit(tx, seat, desk.clock.now().date())
        link = accounts.invite(desk, person, login=f"{seat.name}-{seat.about}".lower(), by="test")
        with desk.transaction(desk.wall.now()) as tx:
            known = kept.by_login(tx, link.login)
            assert known is not None and known.account.id is not None
            kept.change(tx, known.account, totp_at=tx.now, totp_secret="A" * 32)
            town.sessions[seat.name] = sessions.open_session(
                desk, tx, known.account.id, whole=True, browser="", network=""
            )
        if seat.role in BODIES:
            town.tokens[seat.name] = issue_token(desk, seat.role, seat.code, label="", days=365)
    department = Acting(actor="test", relations=frozenset({"department"}))
    for about in {seat.about for seat in SEATS}:
        opened = open_matter(desk, "inspection", about, {"on": "2027-09-10"}, acting=department)
        town.matters[about] = opened.id
    return town


def _sit(tx: Transaction, seat: Seat, on: date) -> str:
    """Somebody who holds this role, and nothing else."""
    body = organisations.by_code(tx, seat.code)
    assert body is not None and body.id is not None
    person = posts.add_person(tx, name=f"{seat.name}·{seat.role}")
    assert person.id is not None
    if seat.role == "leader":
        posts.vacate(tx, [posts.PostKey(body.id, "leader")], on)
        named = posts.Appointment(organisation_id=body.id, role="leader", name=person.name, email=f"{seat.name}@x.org")
        posts.appoint(tx, [named], on)
        return posts.people_called(tx, f"{seat.name}@x.org")[0].code
    grants.add(
        tx,
        RoleGrant(
            person_id=person.id, role=seat.role, organisation_id=body.id, from_on=on, granted_by="a", confirmed_by="b"
        ),
    )
    return person.code


@contextmanager
def undone(desk: Desk) -> Iterator[None]:
    """Whatever is written is taken back at the end of its transaction."""
    real = desk.transaction

    class Undo(Exception):
        pass

    @contextmanager
    def transaction(now: datetime | None = None) -> Iterator[Transaction]:
        try:
            with real(now) as tx:
                yield tx
                raise Undo
        except Undo:
            pass

    desk.transaction = transaction  # type: ignore[method-assign]
    try:
        yield
    finally:
        desk.transaction = real  # type: ignore[method-assign]


# ── the routes ───────────────────────────────────────────────────


def routes_of(app: FastAPI) -> tuple[str, ...]:
    """Every route of the running application, as "METHOD /path/{parameter}"."""
    found = set()
    for one in app.routes:
        candidates = one.effective_candidates() if hasattr(one, "effective_candidates") else [one]
        for route in candidates:
            if isinstance(one, APIRoute) or hasattr(route, "methods"):
                found |= {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}
    return tuple(sorted(found))


def filled(path: str, about: str, values: Mapping[str, str]) -> str:
    for name, value in {"code": about, **values}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def answered(answer: httpx.Response) -> str:
    """`yes`: it was let through to the work; else the refusal."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/sign-in"):
        return "sign-in"
    return (
        str(answer.status_code)
        if answer.status_code in (401, 403, 404, 405, 409, 410) or answer.status_code >= 500
        else YES
    )


# ── the expectations ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Expectation:
    """One route at one stage, and what each column is answered."""

    route: str
    stage: str
    expected: Mapping[str, str]


def expectations() -> tuple[Expectation, ...]:
    """The reviewed file, line by line."""
    said: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Expectation(route, rule.get("stage", ""), _spread(rule)) for rule in said["rule"] for route in rule["routes"]
    )


def _spread(rule: Mapping[str, Any]) -> dict[str, str]:
    found = {column: str(answer) for answer in rule["answers"] for column in rule["answers"][answer]}
    assert sorted(found) == sorted(COLUMNS), f"{rule['title']}: {set(COLUMNS) ^ set(found)}"
    return found
