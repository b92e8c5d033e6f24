"""Voting in a browser without a script, or with curl: looking never votes, and every slip that may not vote is answered alike."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import httpx
import pytest

from starflow.service import polls
from starflow.service.acting import Acting
from starflow.service.polls import NewPoll
from starflow.web.ballots import voting
from storage import ballots
from tests.web.conftest import ZONE, Web

BRANCH = Acting(actor="P4", relations=frozenset({"organisation"}), person="P4")
GOOD = {"q_overall": "satisfied", "confirm": "yes"}


@dataclass
class Phone:
    """Keeps the one cookie, follows the one redirect, and sends a form."""

    web: Web
    cookie: str = ""
    shown: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> httpx.Response:
        answer = self._send("GET", path)
        return self._send("GET", answer.headers["location"]) if answer.status_code == 303 else answer

    def post(self, fields: Mapping[str, str]) -> httpx.Response:
        return self._send("POST", "/b", urlencode(fields).encode())

    def _send(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        sent = {"cookie": self.cookie} if self.cookie else {}
        if content is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        answer = self.web.ask(method, path, by=None, content=content, headers=sent)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer


@pytest.fixture
def tokens(web: Web) -> tuple[str, ...]:
    """The slips of B1's ten members."""
    web.play("B1", "rating.survey")
    wanted = NewPoll(mode="slips", closes_at=datetime(2027, 5, 7, 18, tzinfo=ZONE), own_unit=2)
    polls.open_poll(web.desk, "B1", wanted, acting=BRANCH)
    return polls.issue_slips(web.desk, "B1", acting=BRANCH)[0].tokens


def used(web: Web) -> int:
    with web.desk.reading() as tx:
        found = ballots.by_id(tx, 1)
    return found.used if found else 0


def test_a_vote_on_a_telephone(web: Web, tokens: tuple[str, ...]) -> None:
    phone = Phone(web)

    page = phone.get(f"/b/{tokens[0]}")
    assert page.status_code == 200
    assert "第一支部 2027年度测评" in page.text and "票证是您自己抽的" in page.text
    assert page.text.count("<fieldset") == 11 and page.text.count('type="radio"') == 44 and " checked" not in page.text
    assert "<script" not in page.text and "<img" not in page.text
    style = web.ask("GET", "/static/leaf.css", by=None)
    assert len(page.content) + len(style.content) < 30_000

    done = phone.post({"t": tokens[0], **GOOD})
    assert (done.status_code, used(web)) == (200, 1)
    assert "已收到,谢谢" in done.text and "满意" not in done.text and tokens[0] not in done.text
    assert (done.headers["clear-site-data"], phone.cookie) == ('"cache", "storage"', "starflow_b=")


def test_curl_alone_can_vote_without_any_cookie(web: Web, tokens: tuple[str, ...]) -> None:
    assert (Phone(web).post({"t": tokens[0], **GOOD}).status_code, used(web)) == (200, 1)


def test_fetched_three_times_by_a_scanner_it_still_votes(web: Web, tokens: tuple[str, ...]) -> None:
    for _ in range(3):
        assert web.ask("GET", f"/b/{tokens[0]}", by=None).status_code == 303
        assert web.ask("HEAD", f"/b/{tokens[0]}", by=None).status_code == 405
    assert used(web) == 0

    assert Phone(web).post({"t": tokens[0], **GOOD}).status_code == 200


def test_what_is_missing_is_said_on_top_and_nothing_is_lost(web: Web, tokens: tuple[str, ...]) -> None:
    phone = Phone(web)
    half = phone.post({"t": tokens[0], "q_3": "dissatisfied", "remark": "窗口<b>慢</b>", "confirm": "yes"})

    assert (half.status_code, used(web)) == (422, 0)
    assert "<title>错误:" in half.text and "“总体评价”还没有选" in half.text
    assert 'name="q_3" value="dissatisfied" checked' in half.text and "窗口&lt;b&gt;慢&lt;/b&gt;" in half.text
    assert "提交后不能修改" in phone.post({"t": tokens[0], "q_overall": "satisfied"}).text
    assert phone.post({"t": tokens[0], "q_overall": "splendid", "confirm": "yes"}).status_code == 422
    assert phone.post({"t": tokens[0], **GOOD, "remark": "长" * 501}).status_code == 422
    whole = phone.post({"t": tokens[0], **GOOD, "remark": "长" * 3000})
    assert (whole.status_code, "意见超过500字" in whole.text, "长" * 3000 in whole.text) == (422, True, True)


@pytest.mark.parametrize("length", [9_000, 500_000], ids=["too long", "far too long"])
def test_what_is_too_long_to_be_read_uses_nothing_up_and_says_so(
    web: Web, tokens: tuple[str, ...], length: int
) -> None:
    answers = [Phone(web).post({"t": token, **GOOD, "remark": "长" * length}) for token in (tokens[0], "a" * 26)]

    assert [one.status_code for one in answers] == [413, 413] and answers[0].content == answers[1].content
    assert "您的票没有用掉" in answers[0].text
    assert (Phone(web).post({"t": tokens[0], **GOOD}).status_code, used(web)) == (200, 1)


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain"])
def test_what_comes_in_another_way_uses_nothing_up_and_is_answered_alike(
    web: Web, tokens: tuple[str, ...], kind: str
) -> None:
    said = set()
    for token in (tokens[0], "x" * 26):
        body = f'--x\r\nContent-Disposition: form-data; name="t"\r\n\r\n{token}\r\n--x--\r\n'.encode()
        answer = web.ask("POST", "/b", by=None, content=body, headers={"content-type": kind})
        said.add((answer.status_code, answer.text))

    ((status, text),) = said
    assert status == 415 and "您的票没有用掉" in text and used(web) == 0
    assert Phone(web).post({"t": tokens[0], **GOOD}).status_code == 200


def test_a_page_that_was_opened_before_its_slip_was_reprinted_votes_no_more(web: Web, tokens: tuple[str, ...]) -> None:
    phone = Phone(web)
    assert phone.get(f"/b/{tokens[0]}").status_code == 200
    polls.issue_slips(web.desk, "B1", acting=BRANCH)

    stale = phone.post({"t": tokens[0], **GOOD})

    assert (stale.status_code, used(web)) == (410, 0)
    assert stale.text == Phone(web).post({"t": "x" * 26, **GOOD}).text


def test_used_wrong_closed_and_garbage_are_answered_byte_for_byte_alike(web: Web, tokens: tuple[str, ...]) -> None:
    Phone(web).post({"t": tokens[0], **GOOD})
    asked = [f"/b/{tokens[0]}", "/b/" + "a" * 26, "/b/%FF%00"[:6], "/b/" + "长" * 300, "/b"]
    answers = [web.ask("GET", path, by=None) for path in asked]
    answers.append(Phone(web).post({"t": tokens[0], **GOOD}))
    answers.append(Phone(web).post({}))
    web.at("2027-05-07 18:00")
    answers.append(web.ask("GET", f"/b/{tokens[1]}", by=None))
    answers.append(Phone(web).post({"t": tokens[1], **GOOD}))

    assert {(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers} == {
        (410, answers[0].content, tuple(sorted(answers[0].headers.items())))
    }
    assert used(web) == 1


def test_two_slips_on_one_telephone_are_not_mixed_up(web: Web, tokens: tuple[str, ...]) -> None:
    phone = Phone(web)
    phone.get(f"/b/{tokens[0]}")
    phone.get(f"/b/{tokens[1]}")

    assert [phone.post({"t": token, **GOOD}).status_code for token in tokens[:2]] == [200, 200]
    assert used(web) == 2


def test_the_token_leaves_the_address_and_travels_in_no_header(web: Web, tokens: tuple[str, ...]) -> None:
    hop = web.ask("GET", f"/b/{tokens[0]}", by=None)

    assert hop.headers["location"] == "/b"
    assert hop.headers["set-cookie"] == f"starflow_b={tokens[0]}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1200"
    assert (hop.headers["referrer-policy"], hop.headers["cache-control"]) == ("no-referrer", "no-store")


def test_no_log_line_holds_a_token_or_an_answer(
    web: Web, tokens: tuple[str, ...], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(desk: object, token: str, *rest: object) -> None:
        raise RuntimeError(f"{token} {rest}")

    Phone(web).post({"t": tokens[0], **GOOD, "remark": "canary"})
    monkeypatch.setattr(voting, "cast", broken)
    assert Phone(web).post({"t": tokens[1], **GOOD, "remark": "canary"}).status_code == 503
    monkeypatch.setattr(voting, "paper_for", broken)
    assert Phone(web).get(f"/b/{tokens[2]}").status_code == 503

    ours = [record.getMessage() for record in caplog.records if record.name != "httpx"]
    assert [line for line in ours if any(one in line for one in (*tokens, "canary", "satisfied"))] == []
    assert "RuntimeError" in caplog.text


def test_the_ballot_speaks_english_too(web: Web, tokens: tuple[str, ...]) -> None:
    phone = Phone(web)
    phone.get(f"/b/{tokens[0]}")

    page = phone.get("/b?lang=en")

    assert '<html lang="en">' in page.text and "How this stays secret" in page.text and "dissatisfied" in page.text
    assert phone.get("/b?lang=xx").text.count("怎样保密") == 1
