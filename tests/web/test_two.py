"""Two people, two sessions; a second factor for whoever approves; sessions that one can see and end; nobody judges their own."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyotp
import pytest

from starflow.service import granting, organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import Settings, read_settings
from starflow.web.app import create_app
from storage import grants, posts
from storage import organisations as tree
from storage.account_models import RoleGrant
from tests.kept import desk_after
from tests.web.browser import PASSWORD, Browser, hidden, on_the_wall
from tests.web.conftest import ROSTER, Web

FORCED = {"act": "exempt", "code": "B1", "reason": "合并:已并入第二支部"}


def in_earnest(settings: Settings) -> Desk:
    """An installation in earnest, whose year is open."""
    desk = create_desk(settings)
    organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, desk.clock.now().year, "anyang-five-star", actor="P1")
    return desk


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Desk]:
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/live.db", "STARFLOW_ARGON2_MIB": "8"})
    with closing(in_earnest(settings)) as desk:
        on_the_wall(desk)
        yield desk


@pytest.fixture
def on_both(database_url: str) -> Iterator[Desk]:
    """The same on each of the two databases."""
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url, "STARFLOW_ARGON2_MIB": "8"})
    with closing(desk_after(lambda: in_earnest(settings), settings, ROSTER, "in earnest")) as desk:
        on_the_wall(desk)
        yield desk


def appointed(desk: Desk, name: str, role: str, code: str) -> str:
    """Somebody new in this role; their code."""
    with desk.transaction() as tx:
        person, body = posts.add_person(tx, name=name), tree.by_code(tx, code)
        assert person.id is not None and body is not None and body.id is not None
        grants.add(
            tx,
            RoleGrant(
                person_id=person.id,
                role=role,
                organisation_id=body.id,
                from_on=tx.now.date() - timedelta(days=2),
                granted_by="a",
                confirmed_by="b",
            ),
        )
        return person.code


@pytest.fixture
def enter(live: Desk) -> Callable[[str], Browser]:
    """Somebody's own browser, signed in, with the second factor that their role asks for."""
    app = create_app(live)

    def entered(person: str) -> Browser:
        browser = Browser(app)
        browser.signed_in(live, person)
        page = browser.post("/account/second-factor").text
        browser.post("/account/second-factor/confirm", code=pyotp.TOTP(secret_on(page)).at(live.wall.now()))
        return browser

    return entered


def secret_on(page: str) -> str:
    return page.split("<code>")[1].split("</code>")[0]


def test_a_cycle_is_ended_by_force_by_two_and_not_by_one(live: Desk, enter: Callable[[str], Browser]) -> None:
    first, second = (enter(appointed(live, name, "department", "GW")) for name in ("甲", "乙"))

    asked = first.post("/two", **FORCED)
    alone = first.post("/two/1/confirm")
    done = second.post("/two/1/confirm")
    again = second.post("/two/1/confirm")

    assert asked.status_code == 303, asked.text
    assert (alone.status_code, "提出的人自己不能复核" in alone.text) == (403, True)
    assert (done.status_code, "B1:exempt" in done.text) == (200, True)
    assert again.status_code == 409


def test_the_same_person_in_another_browser_is_still_one(live: Desk, enter: Callable[[str], Browser]) -> None:
    person = appointed(live, "甲", "department", "GW")
    first = enter(person)
    first.post("/two", **FORCED)
    other = Browser(first.app)
    on_the_wall(live).move(timedelta(seconds=60))
    code = other.submit("/sign-in", login=person.lower(), password=PASSWORD)

    assert "动态码" in code.text and code.status_code == 200
    assert other.get("/two").status_code == 303  # half signed in is not signed in


def test_a_program_does_not_do_alone_what_takes_two(on_both: Desk) -> None:
    from starflow.service.access import issue_token

    appointed(on_both, "甲", "department", "GW")
    token = issue_token(on_both, "department", "GW", label="", days=1)
    answer = Browser(create_app(on_both)).request(
        "POST",
        "/api/v1/cycles/B1/exempt",
        headers={"authorization": f"Bearer {token}"},
        content='{"reason": "并入"}'.encode(),
    )

    assert (answer.status_code, "须两人办理" in answer.text) == (403, True)


def test_whoever_approves_is_led_to_a_second_factor_first(on_both: Desk) -> None:
    browser = Browser(create_app(on_both)).signed_in(on_both, appointed(on_both, "甲", "committee", "GW"))

    answer = browser.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account/second-factor?next=%2F")


def test_a_code_counts_once_and_a_recovery_code_too(on_both: Desk) -> None:
    person, wall = appointed(on_both, "甲", "committee", "GW"), on_the_wall(on_both)
    browser = Browser(create_app(on_both))
    browser.signed_in(on_both, person)
    secret = secret_on(browser.post("/account/second-factor").text)
    code = pyotp.TOTP(secret).at(wall.now())
    page = browser.post("/account/second-factor/confirm", code=code).text
    recovery = [part.split("</code>")[0] for part in page.split("<code>")[1:]]

    def come_in(shown: str) -> int:
        other = Browser(browser.app)
        asked = other.submit("/sign-in", login=person.lower(), password=PASSWORD)
        return other.request("POST", "/sign-in/code", data={**hidden(asked.text), "code": shown}).status_code

    used = come_in(code)
    wall.move(timedelta(seconds=30))
    fresh = come_in(pyotp.TOTP(secret).at(wall.now()))
    answers = [come_in(recovery[0]), come_in(recovery[0]), come_in(recovery[1])]

    assert (len(recovery), used, fresh, answers) == (10, 401, 303, [303, 401, 303])


def test_one_sees_ones_sessions_and_ends_the_others(on_both: Desk) -> None:
    app = create_app(on_both)
    here, there = Browser(app), Browser(app)
    here.signed_in(on_both, "P4")
    there.submit("/sign-in", login="p4", password=PASSWORD)

    before = here.get("/account").text.count("/account/sessions/end")
    here.post("/account/sessions/end")

    assert (before, there.get("/account").status_code, here.get("/account").status_code) == (3, 303, 200)


def test_what_cannot_be_undone_asks_again_who_one_is_and_keeps_what_was_typed(
    live: Desk, enter: Callable[[str], Browser]
) -> None:
    browser, wall = enter(appointed(live, "甲", "department", "GW")), on_the_wall(live)
    wall.move(timedelta(minutes=16))

    answer = browser.post("/two", **FORCED)

    assert (answer.status_code, "再证明一次" in answer.text, "已并入第二支部" in answer.text) == (403, True, True)


def test_nobody_judges_whom_they_have_recused_themselves_from(on_both: Desk) -> None:
    from starflow.service.case import load_case
    from starflow.service.policy import POLICY
    from starflow.service.sessions import principal_at
    from workflow.engine.errors import Forbidden

    granting.recuse(on_both, "P3", "B1", "亲属")
    with on_both.reading() as tx:
        body, case, other = tree.by_code(tx, "D01"), load_case(on_both, tx, "B1"), load_case(on_both, tx, "B2")
        assert body is not None
        reviewer = principal_at("organisation", body, "P3")
        with pytest.raises(Forbidden, match="您已申请回避该组织"):
            POLICY.acting_relations(tx, reviewer, case)

        assert POLICY.relations(tx, reviewer, case) == {"anyone"}
        assert POLICY.acting_relations(tx, reviewer, other) == {"anyone", "superior"}


def test_a_lost_second_factor_is_reset_by_two_administrators_and_not_by_its_owner(
    live: Desk, enter: Callable[[str], Browser]
) -> None:
    first, second, owner = (appointed(live, name, "admin", "GW") for name in ("甲", "乙", "丙"))
    one, two, mine = enter(first), enter(second), enter(owner)
    asked = one.post("/two", act="reset_totp", who=owner.lower(), reason="手机丢了")
    assert (asked.status_code, mine.post("/two/1/confirm").status_code) == (303, 403)

    done = two.post("/two/1/confirm")

    assert (done.status_code, "双重验证已重置" in done.text) == (200, True)
    assert mine.get("/account").status_code == 303  # every session of the account has ended
    mine.submit("/sign-in", login=owner.lower(), password=PASSWORD)
    assert mine.get("/admin").headers["location"].startswith("/account/second-factor")


def test_a_role_is_given_from_the_page_by_two_administrators(live: Desk, enter: Callable[[str], Browser]) -> None:
    one, two = (enter(appointed(live, name, "admin", "GW")) for name in ("甲", "乙"))
    wrong = one.post("/two", act="grant_role", who="P99", role="auditor", code="GW", reason="年度审计")
    one.post("/two", act="grant_role", who=appointed_nobody(live, "丁"), role="auditor", code="GW", reason="年度审计")

    done = two.post("/two/1/confirm")

    assert (wrong.status_code, 'value="P99"' in wrong.text) == (404, True)
    assert (done.status_code, "在GW担任auditor" in done.text) == (200, True)


def appointed_nobody(desk: Desk, name: str) -> str:
    """Somebody new who holds no role; their code."""
    with desk.transaction() as tx:
        return posts.add_person(tx, name=name).code


# ── the roster, and a committee's no ─────────────────────────────


def roster_file(desk: Desk, changed: str) -> str:
    """The standing roster with another name and a founding date for one organisation, as the page carries it along."""
    rows = [
        [
            "编码",
            "名称",
            "类别",
            "上级编码",
            "领域",
            "党员数",
            "成立日期",
            "换届到期日",
            "负责人",
            "电话",
            "邮箱",
            "分管领导",
        ]
    ]
    rows += [
        [r.code, "改过的名称" if r.code == changed else r.name, r.kind, r.parent or "", r.field, str(r.members),
         "2020-07-01" if r.code == changed else "", str(r.election_due_on or ""), r.head, r.phone, r.email, r.leader]
        for r in organisations.export(desk)
    ]  # fmt: skip
    return b64encode("\n".join(map(",".join, rows)).encode()).decode()


def names(desk: Desk) -> dict[str, str]:
    return {row.code: row.name for row in organisations.export(desk)}


def test_a_roster_is_looked_at_by_one_administrator_and_taken_in_by_another(
    live: Desk, enter: Callable[[str], Browser]
) -> None:
    one, two = (enter(appointed(live, name, "admin", "GW")) for name in ("甲", "乙"))
    file, before = {"packed": roster_file(live, "B1"), "name": "名册.csv"}, names(live)
    seen = one.post("/admin/roster", **file)
    silent = one.post("/admin/roster", **file, go="apply", reason="")
    asked = one.post("/admin/roster", **file, go="apply", reason="名称核对")

    alone, shown = one.post("/two/1/confirm"), two.get("/admin/roster?asked=1")
    unchanged = names(live)
    done = two.post("/two/1/confirm")

    assert "由另一位管理员复核" in seen.text and "将会:新增0,修改1,停用0" in seen.text
    assert (silent.status_code, file["packed"] in silent.text, asked.headers["location"]) == (400, True, "/two")
    assert (alone.status_code, unchanged, "修改1" in shown.text) == (403, before, True)
    assert (done.status_code, names(live)) == (200, before | {"B1": "改过的名称"})
    assert {row.code: row.founded_on for row in organisations.export(live) if row.founded_on} == {
        "B1": date(2020, 7, 1)
    }


def test_a_roster_that_would_do_something_else_by_now_is_not_taken_in(
    live: Desk, enter: Callable[[str], Browser]
) -> None:
    one, two = (enter(appointed(live, name, "admin", "GW")) for name in ("甲", "乙"))
    one.post("/admin/roster", packed=roster_file(live, "B1"), name="a.csv", go="apply", reason="名称核对")
    rows = [replace(row, name="别人先改") if row.code == "B1" else row for row in ROSTER]
    rows = [replace(row, name="也改了") if row.code == "B2" else row for row in rows]
    organisations.import_roster(live, rows, scheme_root_kind="市直工委", dry_run=False)

    answer = two.post("/two/1/confirm")

    assert (answer.status_code, "在预览之后有变动" in answer.text, names(live)["B1"]) == (422, True, "别人先改")


def test_an_import_is_undone_by_two_administrators(live: Desk, enter: Callable[[str], Browser]) -> None:
    one, two = (enter(appointed(live, name, "admin", "GW")) for name in ("甲", "乙"))
    before = names(live)
    rows = [replace(row, name="改过的名称") if row.code == "B1" else row for row in ROSTER]
    organisations.import_roster(live, rows, scheme_root_kind="市直工委", dry_run=False)
    asked = one.post("/admin/roster/undo", **hidden(one.get("/admin/roster").text), reason="导错了")

    still = names(live)["B1"]
    done = two.post("/two/1/confirm")

    assert (asked.status_code, still, done.status_code, names(live)) == (303, "改过的名称", 200, before)


def test_the_committee_says_no_by_two_of_its_members_and_no_program_does(web: Web) -> None:
    web.play("D60", "rating.approval")
    on_the_wall(web.desk)
    web.desk.rehearsal = False
    said = {"meeting.on": "2027-05-20", "meeting.number": "工委会3号", "reason": "材料不实"}
    first, second, third = (member(web, name) for name in ("甲", "乙", "丙"))
    granting.recuse(web.desk, "P9", "D60", "亲属")
    program = web.post(
        "/cycles/D60/reject", {"meeting": {"on": "2027-05-20", "number": "3"}, "reason": "x"}, ("committee", "GW")
    )
    asked = first.submit("/organisations/D60/do/reject", **said)

    partial = third.post("/two/1/confirm")
    stage = web.stage("D60")
    done = second.post("/two/1/confirm")

    assert (program.status_code, "须两人办理" in program.text) == (403, True)
    assert (asked.status_code, asked.headers["location"]) == (303, "/two"), asked.text
    assert (partial.status_code, stage) == (403, "rating.approval")
    assert (done.status_code, web.stage("D60")) == (200, "rating.review")
    assert web.history("D60")["rows"][-1]["reason"] == "材料不实(P7提出,P8复核)"


def member(web: Web, name: str) -> Browser:
    """A member of the committee, signed in with a second factor."""
    browser = Browser(web.app)
    browser.signed_in(web.desk, appointed(web.desk, name, "committee", "GW"))
    page = browser.post("/account/second-factor").text
    browser.post("/account/second-factor/confirm", code=pyotp.TOTP(secret_on(page)).at(web.desk.wall.now()))
    return browser
