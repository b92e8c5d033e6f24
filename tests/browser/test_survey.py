"""A branch of twenty-one members holds its survey in browsers alone: the secretary at a desk, everybody else with a phone 390 px wide."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk, open_desk
from starflow.service.settings import read_settings
from storage import evidence
from tests.browser.conftest import Site, served
from tests.service.conftest import ROSTER, ZONE, City

TWENTY_ONE = tuple(replace(row, members=21) if row.code == "B1" else row for row in ROSTER)
SECRETARY, PHONE, ROW = "organisation:B1", 390, 44


@dataclass(frozen=True)
class Room:
    """The meeting: its server, and the database whose clock is moved by hand."""

    site: Site
    url: str

    def at(self, local: str) -> None:
        with closing(open_desk(read_settings({"STARFLOW_DATABASE_URL": self.url}))) as desk:
            City(desk).at(local)

    def phone(self, token: str) -> Page:
        """Somebody scans a slip; no script runs there."""
        context = self.site.browser.new_context(
            viewport={"width": PHONE, "height": 844}, java_script_enabled=False, has_touch=True, locale="zh-CN"
        )
        page = context.new_page()
        page.goto(f"{self.site.url}/b/{token}")
        return page


@pytest.fixture
def room(tmp_path: Path, browser: Browser) -> Iterator[Room]:
    """The branch has evaluated itself; it is the sixth of May."""
    url = f"sqlite:///{tmp_path / 'room.db'}"
    april = datetime(2027, 4, 14, 9, tzinfo=ZONE)
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": url}), rehearsal_at=april, seed=1)) as desk:
        organisations.import_roster(desk, TWENTY_ONE, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        City(desk).at("2027-05-06 10:00")
        City(desk).submit("B1", "2027-05-05")
    with served(tmp_path / "room.db", browser) as site:
        yield Room(site, url)


def vote(room: Room, token: str, answer: str = "满意") -> None:
    page = room.phone(token)
    page.locator("#q_overall").get_by_label(answer, exact=True).check()
    page.get_by_label("我知道提交后不能修改").check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到,谢谢。可以关闭页面。")).to_be_visible()
    page.context.close()


def opened(room: Room) -> tuple[Page, Sequence[str]]:
    """The secretary's page, and the slips as they come out of the printer: the members' first."""
    page = room.site.page("/survey/B1", SECRETARY)
    page.get_by_label("人数与实际相符").check()
    page.get_by_label("截止", exact=True).fill("2027-05-07T18:00")
    page.get_by_role("button", name="开启测评").click()
    page.get_by_role("button", name="生成票证").click()
    assert page.locator(".slip svg").count() == 26
    drawn = [said.replace(" ", "") for said in page.locator(".letters").all_inner_texts()]
    page.goto(f"{room.site.url}/survey/B1")
    return page, drawn


def test_a_branch_of_twenty_one_reaches_its_quorum_and_files_the_survey(room: Room) -> None:
    page, drawn = opened(room)
    members, masses = drawn[:21], drawn[21:]
    for token in members[:16]:
        vote(room, token)
    room.at("2027-05-06 10:06")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("党员已投16/21,未达到80%,还差1票")

    vote(room, members[16], "不满意")
    for token in masses:
        vote(room, token, "基本满意")
    room.at("2027-05-06 10:12")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("党员已投17/21,已达到80%")
    expect(page.get_by_role("heading", name="结果")).to_have_count(0)

    page.get_by_text("提前截止").click()
    page.get_by_label("到会的都已投票").check()
    page.get_by_role("button", name="现在截止").click()
    page.get_by_label("监票人甲").fill("周敏")
    page.get_by_label("监票人乙").fill("吴涛")
    page.get_by_label("收回的空票(张)").fill("4")
    page.get_by_role("button", name="监票人确认").click()
    expect(page.get_by_text("满意率95.45%(21/22)")).to_be_visible()
    page.get_by_role("button", name="报上级备案").click()
    expect(page.get_by_role("button", name="报上级备案")).to_have_count(0)

    with closing(open_desk(read_settings({"STARFLOW_DATABASE_URL": room.url}))) as desk, desk.reading() as tx:
        (filed,) = evidence.surveys_of(tx, 1)
    counted = (
        filed.members_present,
        filed.own_unit,
        *(filed.answers[a] for a in ("satisfied", "basically_satisfied", "dissatisfied")),
    )
    assert (filed.members, counted) == (21, (17, 5, 16, 5, 1))


def height(row: Locator) -> float:
    box = row.bounding_box()
    assert box is not None
    return box["height"]


def test_the_ballot_on_a_narrow_phone(room: Room) -> None:
    """What is missing comes back on top with everything chosen; rows are for thumbs; nothing runs out to the side."""
    page = room.phone(opened(room)[1][0])
    rows = page.locator("fieldset label, label.confirm").all()
    assert len(rows) == 45 and min(height(row) for row in rows) >= ROW
    assert page.locator("input:checked").count() == 0
    page.locator("#q_3").get_by_label("不满意", exact=True).check()
    page.get_by_label("意见").fill("窗口有点慢")
    page.get_by_label("我知道提交后不能修改").check()
    page.get_by_role("button", name="提交").click()

    expect(page.get_by_role("alert")).to_contain_text("“总体评价”还没有选")
    expect(page.locator("#q_3").get_by_label("不满意", exact=True)).to_be_checked()
    expect(page.get_by_label("意见")).to_have_value("窗口有点慢")
    assert page.viewport_size is not None
    assert (page.locator("main").bounding_box() or {})["width"] <= PHONE
    page.locator("#q_overall").get_by_label("满意", exact=True).check()
    page.get_by_label("我知道提交后不能修改").check()
    page.get_by_role("button", name="提交").click()
    said = page.locator("main").inner_text()
    assert "已收到" in said and re.search("满意|窗口", said) is None


def test_the_ballot_has_no_barrier(room: Room) -> None:
    token = opened(room)[1][0]
    page = room.site.page(f"/b/{token}", SECRETARY, PHONE)

    assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_the_demo_has_a_survey_under_way_and_one_whose_slips_can_be_printed(looked_at: Site) -> None:
    running = looked_at.page("/survey/D0603", "organisation:D0603")
    expect(running.get_by_role("status")).to_contain_text("党员已投7/12,未达到80%,还差3票")
    few = looked_at.page("/survey/D0110", "organisation:D0110")
    expect(few.get_by_role("status")).to_contain_text("党员未达到80%,还差4票")
    expect(few.get_by_role("button", name="生成票证")).to_be_visible()
