"""Evidence is brought by the organisation, criterion by criterion, and read by whoever sees the cycle."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.asgi import asked
from tests.web.browser import Browser, hidden
from tests.web.conftest import Web

PDF = b"%PDF-1.7\nminutes\n"


@pytest.fixture
def secretary(web: Web, tmp_path: Path) -> Browser:
    web.desk.settings = replace(web.desk.settings, uploads=tmp_path / "uploads")
    web.play("B1", "rating.self_evaluation")
    return Browser(web.app, cookies={"starflow_as": "organisation:B1"})


def bring(browser: Browser, name: str, content: bytes, criterion: str = "1") -> httpx.Response:
    token = hidden(browser.get("/evidence/B1").text)["csrf_token"]

    cookie = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    return asked(
        browser.app, "POST", "/evidence/B1", base="http://localhost",
        data={"csrf_token": token, "criterion": criterion},
        files={"files": (name, content, "text/html")},
        headers={"cookie": cookie, "origin": "http://localhost"},
    )  # fmt: skip


def test_a_file_is_brought_and_read_by_the_superior(web: Web, secretary: Browser) -> None:
    assert bring(secretary, "会议记录.pdf", PDF).status_code == 303

    superior = Browser(web.app, cookies={"starflow_as": "organisation:D01"})
    assert "会议记录.pdf" in superior.get("/evidence/B1").text
    got = superior.get("/files/1")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/octet-stream")
    assert "%E4%BC%9A%E8%AE%AE" in got.headers["content-disposition"]
    assert Browser(web.app, cookies={"starflow_as": "organisation:B2"}).get("/files/1").status_code == 404


def test_what_is_not_taken_is_said_and_nothing_is_kept(web: Web, secretary: Browser, tmp_path: Path) -> None:
    refused = bring(secretary, "会议记录.pdf", b"<script>alert(1)</script>")

    assert (refused.status_code, "不是可以接收的格式" in refused.text) == (400, True)
    assert not (tmp_path / "uploads").exists()
    assert bring(secretary, "a.pdf", PDF, criterion="99").status_code == 400


def test_once_it_is_with_the_superior_nothing_is_added(web: Web, secretary: Browser) -> None:
    web.play("B1", "rating.review")

    assert 'type="file"' not in secretary.get("/evidence/B1").text
