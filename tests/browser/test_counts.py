"""What the main jobs cost: clicks counted by the browser itself, fields counted on the pages that ask for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Site
from tests.browser.places import COMMITTEE, DEPARTMENT, SECRETARY

TO_FILL_IN = "main form.form :is(input:not([type=hidden]), textarea, select)"


@contextmanager
def clicks(page: Page) -> Iterator[list[str]]:
    """Every click that reaches a page from now on, whatever page that is."""
    found: list[str] = []
    page.context.expose_function("clicked", lambda text: found.append(str(text)))
    page.add_init_script(
        "addEventListener('click', (event) => { if (event.isTrusted) clicked(event.target.innerText || '') }, true)"
    )
    page.reload()
    yield found


def test_the_stuck_are_found_and_nudged_by_three_clicks_at_most(site: Site) -> None:
    page = site.page("/", DEPARTMENT)
    with clicks(page) as found:
        page.get_by_role("button", name="催办市教育局第3党支部").click()
        page.get_by_role("button", name="发送催办").click()
        expect(page.get_by_role("heading", name="已催办1家")).to_be_visible(timeout=PATIENCE)

    assert len(found) == 2 <= 3


def test_a_list_is_approved_by_four_clicks_at_most(site: Site) -> None:
    """The number of the sitting is typed: the form comes with the list ticked up to the line, and with today's date."""
    page = site.page("/meeting", COMMITTEE)
    with clicks(page) as found:
        page.locator("#f-number").click()
        page.keyboard.type("工委会2027年0616次")
        page.get_by_role("button", name="预览决定").click()
        page.get_by_role("button", name="作出决定").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("批准", timeout=PATIENCE)

    assert len(found) == 3 <= 4


def test_a_self_evaluation_has_twenty_five_fields_at_most(site: Site) -> None:
    base, page = "/organisations/D0104/self-evaluation", site.page("/tasks", SECRETARY)
    asked = []
    for part in (*map(str, range(1, 11)), "check"):
        page.goto(f"{site.url}{base}/{part}")
        asked.append(page.locator(TO_FILL_IN).count())

    assert sum(asked) <= 25, asked
    assert min(asked) > 0, asked
