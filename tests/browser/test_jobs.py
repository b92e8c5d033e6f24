"""The six main jobs, by mouse and by keyboard alone: nudge, move the clock, extend, evaluate oneself, review, approve."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE, Site
from tests.browser.places import COMMITTEE, DEPARTMENT, SECRETARY, SUPERIOR

MOST_TABS = 400
Press = Callable[[Page, Locator], None]
Fill = Callable[[Page, Locator, str], None]


def reach(page: Page, what: Locator) -> None:
    """By the tabulator, as somebody without a mouse would."""
    for _ in range(MOST_TABS):
        if what.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached by keyboard")


def by_mouse(page: Page, what: Locator) -> None:
    what.click()


def by_keyboard(page: Page, what: Locator) -> None:
    reach(page, what)
    if what.get_attribute("type") == "checkbox":
        page.keyboard.press("Space")
        return
    with page.expect_navigation():
        page.keyboard.press("Enter")


def typed(page: Page, what: Locator, text: str) -> None:
    reach(page, what)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def filled(page: Page, what: Locator, text: str) -> None:
    what.fill(text)


WAYS = pytest.mark.parametrize(("press", "fill"), [(by_mouse, filled), (by_keyboard, typed)], ids=["mouse", "keyboard"])


@WAYS
def test_find_the_stuck_and_nudge(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/", DEPARTMENT)
    press(page, page.get_by_role("button", name="催办市教育局第3党支部"))
    press(page, page.get_by_role("button", name="发送催办"))

    expect(page.get_by_role("heading", name="已催办1家")).to_be_visible(timeout=PATIENCE)
    press(page, page.get_by_role("button", name="撤销"))
    expect(page.get_by_role("heading", name="已撤销1家的催办")).to_be_visible(timeout=PATIENCE)


@WAYS
def test_move_the_clock_and_see_what_happened(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/", DEPARTMENT)
    press(page, page.get_by_role("button", name="+7天"))

    page.get_by_text("到时自动推进").wait_for()
    expect(page.get_by_text("2027年6月23日").first).to_be_visible(timeout=PATIENCE)


@WAYS
def test_extend_two_at_once(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/", DEPARTMENT)
    for name in ("市发展和改革委员会第2党支部", "市教育局第3党支部"):
        press(page, page.get_by_role("checkbox", name=f"选中{name}"))
    press(page, page.get_by_role("button", name="延期…"))
    page.locator("#f-until").fill("2027-06-30")
    fill(page, page.locator("#f-reason"), "换届期间")
    press(page, page.get_by_role("button", name="确认延期"))

    expect(page.get_by_role("heading", name="已延期2家")).to_be_visible(timeout=PATIENCE)


@WAYS
def test_evaluate_oneself(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/tasks", SECRETARY)
    press(page, page.get_by_role("link", name="继续:报送自评"))
    for _ in range(10):
        fill(page, page.get_by_label("得分"), "9")
        press(page, page.get_by_role("button", name="保存,").first)
    page.locator("input[name='meeting.on']").fill("2027-06-16")
    fill(page, page.locator("textarea[name='meeting.attendees']"), "胡强勇")
    fill(page, page.locator("textarea[name='meeting.minutes']"), "一致同意")
    page.locator("select[name='star']").select_option("4")
    press(page, page.get_by_role("button", name="报送自评"))

    expect(page.get_by_text("已办理:")).to_be_visible(timeout=PATIENCE)


@WAYS
def test_review(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/queue", SUPERIOR)
    press(page, page.get_by_role("link", name="市民政局第4党支部"))
    press(page, page.get_by_role("button", name="同意自评"))
    page.get_by_text("分数怎么来的").wait_for()
    press(page, page.get_by_role("button", name="拟定星级"))
    page.wait_for_url("**/queue", timeout=PATIENCE)

    page.goto(site.url + "/organisations/D0604/history")
    expect(page.get_by_role("rowheader", name="拟定星级")).to_be_visible(timeout=PATIENCE)


@WAYS
def test_approve_a_list_with_an_exception(site: Site, press: Press, fill: Fill) -> None:
    page = site.page("/meeting", COMMITTEE)
    press(page, page.get_by_role("checkbox", name="批准市科协党总支"))
    fill(page, page.get_by_label("市科协党总支除外的理由"), "材料待核实")
    fill(page, page.locator("#f-number"), "工委会2027年0616次")
    press(page, page.get_by_role("button", name="预览决定"))
    press(page, page.get_by_role("button", name="作出决定"))

    assert "暂缓1家" in page.get_by_role("heading", level=1).inner_text()


def test_the_single_keys_of_the_list(site: Site) -> None:
    page = site.page("/", DEPARTMENT)
    for key in ("j", "j", "x", "k", "x"):
        page.keyboard.press(key)

    assert page.locator("input[name=code]:checked").count() == 2
    page.keyboard.press("/")
    assert page.locator("#q").evaluate("element => element === document.activeElement")


def test_a_reviewer_scores_by_single_keys(site: Site) -> None:
    page = site.page("/queue/D0604", SUPERIOR)
    scores = page.locator("[data-score]")
    before = [field for field in scores.evaluate_all("all => all.map(each => each.value)") if field]
    for key in ("9", "0", "7"):
        page.keyboard.press(key)

    given = scores.evaluate_all("all => all.map(each => each.value)")
    assert [value for value in given if value][len(before) :] == ["9", "10", "7"]
    with page.context.expect_page() as opened:
        page.keyboard.press("e")
    assert "/evidence/D0604" in opened.value.url


def test_whoever_presents_goes_on_by_arrows_and_leaves_out_by_x(site: Site) -> None:
    page = site.page("/meeting?wall=1", COMMITTEE)
    ticked = page.locator("input[name=code]:checked").count()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")

    here = page.locator("tr.here input[name=code]")
    was = here.is_checked()
    page.keyboard.press("x")
    assert page.locator("tbody tr").nth(1).evaluate("row => row.classList.contains('here')")
    assert (here.is_checked(), page.locator("input[name=code]:checked").count()) == (not was, ticked + (1 - 2 * was))


def test_without_a_script_everything_can_still_be_done(site: Site) -> None:
    page = site.page("/", DEPARTMENT, java_script_enabled=False)
    page.get_by_role("button", name="催办市教育局第3党支部").click()
    page.get_by_role("button", name="发送催办").click()
    expect(page.get_by_role("heading", name="已催办1家")).to_be_visible(timeout=PATIENCE)
    page.goto(site.url + "/")
    page.get_by_role("button", name="+1天").click()

    expect(page.get_by_text("2027年6月17日").first).to_be_visible(timeout=PATIENCE)
