"""A browser as far as we need one: it keeps cookies, says where its forms come from, and sends what a page's form holds."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI

from starflow.service import accounts
from starflow.service.desk import Desk
from tests.asgi import asked

PASSWORD = "correct horse battery staple"


@dataclass
class Wall:
    """A clock on the wall that stands still until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


def on_the_wall(desk: Desk, at: datetime = datetime(2027, 4, 14, 1, 0, 5, tzinfo=UTC)) -> Wall:
    """Puts such a clock up and returns it; the one that hangs there already stays."""
    if not isinstance(desk.wall, Wall):
        desk.wall = Wall(at)
    assert isinstance(desk.wall, Wall)
    return desk.wall


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and said.get("type") == "hidden" and said.get("name"):
            self.found.setdefault(said["name"] or "", said.get("value") or "")


def hidden(html: str) -> dict[str, str]:
    page = _Hidden()
    page.feed(html)
    return page.found


@dataclass
class Browser:
    """`address` is where it sits; it speaks to us under one of our own names."""

    app: FastAPI
    host: str = "localhost"
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """A form with the token that this browser's pages carry now."""
        return self.request("POST", path, data={"csrf_token": self.csrf(), **fields})

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """The form of the page at this path, filled in."""
        return self.request("POST", path, data={**hidden(self.get(path).text), **fields})

    def csrf(self) -> str:
        return hidden(self.get("/sign-in").text)["csrf_token"]

    def request(
        self,
        method: str,
        path: str,
        *,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        address: str = "127.0.0.1",
        content: bytes | None = None,
    ) -> httpx.Response:
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        if method == "POST":
            sent |= {"origin": f"{self.scheme}://{self.host}", "content-type": "application/x-www-form-urlencoded"}
        body = content or (urlencode(data or {}).encode() if method == "POST" else None)

        answer = asked(
            self.app, method, path, base=f"{self.scheme}://{self.host}", address=address,
            content=body, headers={**sent, **(headers or {})},
        )  # fmt: skip
        self._keep(answer)
        return answer

    def _keep(self, answer: httpx.Response) -> None:
        for said in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(said).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    # ── people ──

    def activated(self, desk: Desk, person: str, login: str = "") -> str:
        """An account for this person, with a password; the login."""
        on_the_wall(desk)
        link = accounts.invite(desk, person, login=login, by="test")
        return accounts.activate(desk, link.token, PASSWORD, PASSWORD, network="")

    def signed_in(self, desk: Desk, person: str, login: str = "") -> "Browser":
        login = self.activated(desk, person, login)
        answer = self.submit("/sign-in", login=login, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return self
