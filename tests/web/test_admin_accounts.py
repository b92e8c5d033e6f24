"""The page of the accounts: a link shown once or mailed, states, locking at once, and nobody opening what is somebody else's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schedules import inviting
from schedules.channels import ChannelDown
from schedules.letters import Letter
from starflow.service import accounts
from starflow.service.desk import Desk
from storage import posts
from tests.web.browser import PASSWORD, Browser, on_the_wall
from tests.web.conftest import Web
from tests.web.page_forms import Page
from tests.web.test_overview import read
from tests.web.test_two import appointed, enter, live

__all__ = ["enter", "live"]  # fixtures
INVITED = {"who": "P4", "login": "maguo", "way": "shown"}


@pytest.fixture
def admin(web: Web) -> Browser:
    """The administrator of a rehearsal."""
    on_the_wall(web.desk)
    return Browser(web.app, cookies={"starflow_as": "admin:GW"})


def link_on(page: str) -> str:
    """Where the link on this page leads."""
    return "/activate/" + page.split("/activate/")[1].split("<")[0].strip()


def states(desk: Desk) -> dict[str, str]:
    return {one.login: one.status for one in accounts.listed(desk)}


def test_whoever_is_invited_opens_the_link_and_the_page_shows_it_once(web: Web, admin: Browser) -> None:
    made = admin.post("/admin/accounts", **INVITED)
    again = admin.get("/admin/accounts")

    assert (made.status_code, "马国的激活链接" in made.text) == (200, True)
    assert "/activate/" not in again.text and "未激活 1" in read(again.text).text
    assert Browser(web.app).submit(link_on(made.text), password=PASSWORD, again=PASSWORD).status_code == 200
    assert states(web.desk) == {"maguo": "active"}


def test_a_new_link_makes_the_one_before_it_worthless(web: Web, admin: Browser) -> None:
    first = link_on(admin.post("/admin/accounts", **INVITED).text)
    second = link_on(admin.post("/admin/accounts/link", login="maguo", way="shown").text)

    assert (Browser(web.app).get(first).status_code, Browser(web.app).get(second).status_code) == (410, 200)


def test_whoever_is_locked_is_out_at_once_and_comes_back_when_unlocked(web: Web, admin: Browser) -> None:
    inside = Browser(web.app).signed_in(web.desk, "P4", "maguo")
    empty = admin.post("/admin/accounts/lock", login="maguo", reason="")
    locked = admin.post("/admin/accounts/lock", login="maguo", reason="调离")

    assert (empty.status_code, 'href="#f-reason"' in empty.text) == (400, True)
    assert "退出了1处登录" in locked.text and "调离" in locked.text and states(web.desk) == {"maguo": "disabled"}
    assert inside.submit("/sign-in", login="maguo", password=PASSWORD).status_code == 401
    admin.post("/admin/accounts/unlock", login="maguo")
    assert inside.submit("/sign-in", login="maguo", password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("said", "status", "fault"),
    [
        ({"who": ""}, 400, "who"),
        ({"who": "P99"}, 422, "who"),
        ({"who": "P4", "login": "a b"}, 422, "who"),
        ({"who": "P4", "name": "长" * 81}, 400, "name"),
        ({"who": "P4", "login": "maguo", "way": "mail"}, 422, "way"),
    ],
)
def test_what_is_wrong_with_an_invitation_comes_back_linked_with_every_word(
    web: Web, admin: Browser, said: dict[str, str], status: int, fault: str
) -> None:
    answer = admin.post("/admin/accounts", **said)
    page = Page(answer.text)

    assert (answer.status_code, f"#f-{fault}" in page.links, f"f-{fault}" in page.ids) == (status, True, True)
    assert all(text in page.said for name, text in said.items() if name != "way")


def test_the_list_is_narrowed_by_name_and_state(web: Web, admin: Browser) -> None:
    admin.post("/admin/accounts", **INVITED)
    admin.post("/admin/accounts", who="P5", login="huangli", way="shown")

    found = {q: "maguo" in admin.get(f"/admin/accounts?q={q}").text.split("<tbody>")[-1] for q in ("马国", "huang")}

    assert found == {"马国": True, "huang": False}
    assert "没有符合条件的账号" in admin.get("/admin/accounts?state=active").text


# ── by mail ──────────────────────────────────────────────────────


class Letterbox:
    """A mail server that keeps what it takes, or takes nothing."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.down = False

    def send(self, letter: Letter) -> None:
        if self.down:
            raise ChannelDown("down")
        self.letters.append(letter)


@pytest.fixture
def mailing(web: Web, monkeypatch: pytest.MonkeyPatch) -> Letterbox:
    """The installation sends mail under an address of its own, and P4 has one."""
    box = Letterbox()
    web.desk.settings = replace(web.desk.settings, channels=("smtp",), public_url="http://localhost")
    monkeypatch.setattr(inviting, "channels_of", lambda settings, rehearsal: {"smtp": box})
    with web.desk.transaction() as tx:
        person = posts.people_called(tx, "P4")[0]
        person.email = "maguo@unit.example"
        tx.session.add(person)
    return box


def test_a_mailed_link_is_on_no_page(web: Web, admin: Browser, mailing: Letterbox) -> None:
    answer = admin.post("/admin/accounts", **{**INVITED, "way": "mail"})

    assert (answer.status_code, "/activate/" in answer.text, "已发到马国的邮箱" in answer.text) == (200, False, True)
    assert [(one.address, one.name) for one in mailing.letters] == [("maguo@unit.example", "马国")]
    assert Browser(web.app).get(link_on(mailing.letters[0].body.replace("\n", "<"))).status_code == 200


def test_no_link_is_made_for_a_letter_that_cannot_go_out(web: Web, admin: Browser, mailing: Letterbox) -> None:
    without = admin.post("/admin/accounts", who="P6", login="huangli", way="mail")
    assert (without.status_code, "没有邮箱,没有生成链接" in without.text, states(web.desk)) == (422, True, {})

    first = link_on(admin.post("/admin/accounts", who="P6", login="huangli", way="shown").text)
    again = admin.post("/admin/accounts/link", login="huangli", way="mail")
    web.desk.settings = replace(web.desk.settings, channels=())
    unsent = admin.post("/admin/accounts/link", login="huangli", way="mail")

    assert (again.status_code, "没有邮箱,没有生成链接" in again.text) == (422, True)
    assert (unsent.status_code, "没有接入邮件,没有生成链接" in unsent.text) == (422, True)
    assert Browser(web.app).get(first).status_code == 200  # the link that was there still opens


def test_a_link_that_the_mail_server_did_not_take_is_said_so(web: Web, admin: Browser, mailing: Letterbox) -> None:
    mailing.down = True

    answer = admin.post("/admin/accounts", **{**INVITED, "way": "mail"})

    assert (answer.status_code, "邮件服务器没有收下" in answer.text) == (422, True)


# ── in earnest ───────────────────────────────────────────────────


def test_an_account_in_use_is_opened_for_another_by_two_administrators_only(
    live: Desk, enter: Callable[[str], Browser]
) -> None:
    one, two = (enter(appointed(live, name, "admin", "GW")) for name in ("甲", "乙"))
    owner = Browser(one.app).signed_in(live, "P4", "maguo")
    alone = one.post("/admin/accounts/link", login="maguo", way="shown")
    assert (alone.status_code, "/activate/" in alone.text, states(live)["maguo"]) == (403, False, "active")

    one.post("/two", act="withdraw_password", who="maguo", reason="忘了密码")
    mine = one.post("/two/1/confirm")
    done = two.post("/two/1/confirm")
    link = link_on(two.post("/admin/accounts/link", login="maguo", way="shown").text)

    assert (mine.status_code, done.status_code, states(live)["maguo"]) == (403, 200, "invited")
    assert owner.get("/account").status_code == 303
    assert owner.submit(link, password=PASSWORD, again=PASSWORD).status_code == 200


def test_nobody_locks_their_own_account(live: Desk, enter: Callable[[str], Browser]) -> None:
    person = appointed(live, "甲", "admin", "GW")
    mine = enter(person)

    assert mine.post("/admin/accounts/lock", login=person.lower(), reason="试试").status_code == 403
    assert states(live)[person.lower()] == "active"
