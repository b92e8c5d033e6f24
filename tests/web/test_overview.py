"""The overview: who is stuck where, how far everybody is; for a rehearsal open to this machine only, else for a session or a token."""

from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser

import pytest

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk
from starflow.service.settings import read_settings
from starflow.web.app import create_app
from tests.web.conftest import APRIL, ROSTER, Web
from workflow.rating.roster import RosterRow


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += f" {data.strip()}" if data.strip() else ""


def read(html: str) -> Text:
    page = Text()
    page.feed(html)
    return page


def test_it_shows_who_is_stuck_by_stage(web: Web) -> None:
    web.play("B1", "rating.survey")
    web.at("2027-06-16 10:00")

    answer = web.ask("GET", "/", by=None)

    page = read(answer.text)
    assert answer.status_code == 200
    assert "2027年度:谁卡住了" in page.text and "卡住的4家" in page.text
    assert "■ 逾期 11天 第一支部 B1 党员群众测评 党员参加0人" in page.text
    assert "马国 本组织" in page.text
    assert "空缺" in page.text
    assert {"style", "iframe"} & set(page.tags) == set()
    assert '<html lang="zh-CN">' in answer.text


def test_when_nobody_is_stuck_it_says_so(web: Web) -> None:
    with web.desk.transaction() as tx:  # the one vacant post
        tx.session.connection().exec_driver_sql(
            "UPDATE obligation SET owner_id = (SELECT id FROM organisation WHERE code = 'B1') WHERE closed_at IS NULL"
        )

    assert "没有卡住的单位" in read(web.ask("GET", "/", by=None).text).text


@pytest.mark.parametrize(
    ("address", "host", "headers", "status"),
    [
        ("127.0.0.1", "localhost", {}, 200),
        ("127.0.0.1", "127.0.0.1:8000", {}, 200),
        ("::1", "[::1]:8000", {}, 200),
        ("10.0.0.5", "localhost", {}, 303),
        ("127.0.0.1", "starflow.example", {}, 303),
        ("127.0.0.1", "127.0.0.1.example", {}, 303),
        ("127.0.0.1", "localhost", {"x-forwarded-for": "127.0.0.1"}, 303),
        ("127.0.0.1", "localhost", {"forwarded": "for=127.0.0.1"}, 303),
    ],
)
def test_a_rehearsal_is_open_to_this_machine_only(
    web: Web, address: str, host: str, headers: dict[str, str], status: int
) -> None:
    answer = web.ask("GET", "/", by=None, address=address, host=host, headers=headers)

    assert (answer.status_code, "谁卡住了" in answer.text) == (status, status == 200)
    assert answer.headers.get("location") == (None if status == 200 else "/sign-in?next=%2F")


def test_with_a_token_one_sees_what_one_may(web: Web) -> None:
    web.at("2027-06-16 10:00")

    seen = read(web.ask("GET", "/", by=("superior", "D01"), address="10.0.0.5").text).text

    assert "第二支部" in seen and "第一支部" in seen and "融媒体支部" not in seen and "卡住的3家" in seen


def test_whoever_has_nobody_below_goes_to_the_own_tasks(web: Web) -> None:
    answer = web.ask("GET", "/", by=("organisation", "B2"), address="10.0.0.5")

    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")


def test_a_token_that_does_not_hold_is_worse_than_none(web: Web) -> None:
    answer = web.ask("GET", "/", by=None, headers={"authorization": "Bearer nobody"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F")


@pytest.fixture
def live(database_url: str) -> Iterator[Web]:
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings)) as desk:
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, desk.clock.now().year, "anyang-five-star", actor="P1")
        yield Web(desk, create_app(desk))


def test_what_is_in_earnest_needs_a_token(live: Web) -> None:
    assert live.ask("GET", "/", by=None).status_code == 303
    assert live.ask("GET", "/").status_code == 200


def test_before_the_first_year_it_says_what_to_do(database_url: str) -> None:
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": database_url}), rehearsal_at=APRIL)) as desk:
        answer = Web(desk, create_app(desk)).ask("GET", "/", by=None)

    assert (answer.status_code, "starflow campaign open" in answer.text) == (200, True)


def test_a_name_is_text_whatever_stands_in_it(database_url: str) -> None:
    evil = (*ROSTER, RosterRow(code="X1", name="<script>alert(1)</script>", kind="党支部", parent="GW", members=3))
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": database_url}), rehearsal_at=APRIL)) as desk:
        organisations.import_roster(desk, evil, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        answer = Web(desk, create_app(desk)).ask("GET", "/", by=None)

    assert "&lt;script&gt;" in answer.text and "<script>" not in answer.text
