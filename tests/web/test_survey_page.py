"""A branch of twenty-one members holds its survey: from the secretary's page to the filing, as a browser does it."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest

from starflow.service.desk import Desk
from starflow.service.settings import read_settings
from storage import evidence
from tests.kept import app_at, desk_after
from tests.web.browser import Browser
from tests.web.conftest import ROSTER, Web, opened

TWENTY_ONE = tuple(replace(row, members=21) if row.code == "B1" else row for row in ROSTER)
OPENING = {"certified": "yes", "mode": "slips", "own_unit": "5", "related_unit": "0", "closes_at": "2027-05-07T18:00"}


@pytest.fixture
def web(database_url: str) -> Iterator[Web]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})

    def played() -> Desk:
        desk = opened(settings, TWENTY_ONE)
        Web(desk, app_at(desk)).play("B1", "rating.survey")
        return desk

    with closing(desk_after(played, settings, "B1 holds its survey")) as desk:
        yield Web(desk, app_at(desk))


@pytest.fixture
def secretary(web: Web) -> Browser:
    return Browser(web.app, cookies={"starflow_as": "organisation:B1"})


def letters(page: str) -> list[str]:
    """What stands on the slips of a printed page."""
    return [found.replace(" ", "") for found in re.findall(r'class="letters">([^<]+)<', page)]


def vote(web: Web, token: str, **answers: str) -> httpx.Response:
    fields = {"t": token, "confirm": "yes", "q_overall": "satisfied", **answers}
    form = {"content-type": "application/x-www-form-urlencoded"}
    return web.ask("POST", "/b", by=None, content=urlencode(fields).encode(), headers=form)


def test_a_branch_of_twenty_one_reaches_its_quorum_and_files_the_survey(web: Web, secretary: Browser) -> None:
    page = secretary.get("/survey/B1")
    assert "名册上共有党员21人" in page.text and "须有17张党员票" in page.text

    assert secretary.post("/survey/B1/open", **OPENING).status_code == 303
    slips = secretary.post("/survey/B1/slips").text
    drawn = letters(slips)
    assert slips.count("不能扫码的,在浏览器里输入 127.0.0.1:8000/b/ 接着输入") == 26 and "别的手机打不开" in slips
    assert (len(drawn), slips.count('class="slip"'), slips.count("<section")) == (26, 26, 3)
    assert re.search(r"\b1/26\b|编号", slips.replace("票证不编号", "")) is None
    members, masses = drawn[:21], drawn[21:]

    assert [vote(web, token).status_code for token in members[:16]] == [200] * 16
    assert "党员已投0/21" in secretary.get("/survey/B1").text
    web.at("2027-05-06 10:05")
    assert "党员已投16/21,未达到80%,还差1票" in secretary.get("/survey/B1").text

    vote(web, members[16], q_overall="dissatisfied", remark="多听意见")
    assert {vote(web, token).status_code for token in masses} == {200}
    web.at("2027-05-06 10:10")
    running = secretary.get("/survey/B1").text
    assert "党员已投17/21,已达到80%" in running
    assert "多听意见" not in running and "满意率" not in running

    assert "请勾选确认" in secretary.post("/survey/B1/close").text
    secretary.post("/survey/B1/close", sure="yes")
    secretary.post("/survey/B1/count", teller_1="甲", teller_2="乙", returned="4")
    closed = secretary.get("/survey/B1").text
    assert "满意率95.45%(21/22)" in closed and "多听意见" in closed

    assert secretary.post("/survey/B1/file", held_on="2027-05-06").status_code == 303
    assert web.stage("B1") == "rating.review"
    with web.desk.reading() as tx:
        (filed,) = evidence.surveys_of(tx, 1)
    assert (
        filed.members,
        filed.members_present,
        filed.own_unit,
        filed.answers["satisfied"],
        filed.answers["dissatisfied"],
    ) == (
        21,
        17,
        5,
        21,
        1,
    )


def test_what_is_refused_keeps_what_was_typed(secretary: Browser) -> None:
    refused = secretary.post("/survey/B1/open", **{**OPENING, "closes_at": "2027-05-01T18:00", "own_unit": "7"})

    assert refused.status_code == 400
    assert "截止时间已经过去" in refused.text and 'value="7"' in refused.text and "<title>错误:" in refused.text


@pytest.mark.parametrize(("seat", "status"), [("organisation:B2", 404), ("organisation:D01", 200), ("city:CITY", 404)])
def test_outside_ones_subtree_there_is_no_survey(web: Web, secretary: Browser, seat: str, status: int) -> None:
    secretary.post("/survey/B1/open", **OPENING)

    shown = Browser(web.app, cookies={"starflow_as": seat}).get("/survey/B1")

    assert (shown.status_code, "生成票证" in shown.text) == (status, False)


def test_a_superior_cannot_print_slips(web: Web, secretary: Browser) -> None:
    secretary.post("/survey/B1/open", **OPENING)

    refused = Browser(web.app, cookies={"starflow_as": "organisation:D01"}).post("/survey/B1/slips")

    assert (refused.status_code, letters(refused.text)) == (403, [])


def test_a_fault_leads_to_its_field_in_the_form_that_was_sent(secretary: Browser) -> None:
    typed = {
        "certified": "yes",
        "mode": "slips",
        "own_unit": "many",
        "related_unit": "3",
        "closes_at": "2027-05-20T18:00",
    }

    wrong = secretary.post("/survey/B1/open", **typed).text
    unticked = secretary.post("/survey/B1/open", **typed | {"certified": ""}).text

    assert '<a href="#open-own_unit">“本单位群众”应为不小于零的整数,不是“many”</a>' in wrong
    assert (
        'id="open-own_unit" name="own_unit" type="number" value="many" aria-invalid="true" aria-describedby="open-own_unit-fault-1"'
        in wrong
    )
    assert 'id="open-related_unit" name="related_unit" type="number" value="3">' in wrong
    assert '<a href="#open-certified">请先核对名册上的党员数,并勾选确认</a>' in unticked
