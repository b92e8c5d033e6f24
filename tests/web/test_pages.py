"""The pages that people work with: each role finds its own, forms keep what was typed, two at once see each other."""

import html
from base64 import b64encode
from dataclasses import replace

import pytest

from starflow.service import organisations
from starflow.service.sight import who_sees
from starflow.web.auth import SEEN_AS
from tests.web.browser import Browser, hidden
from tests.web.conftest import Web
from tests.web.test_overview import read

DEPARTMENT, COMMITTEE, SUPERIOR = "department:GW", "committee:GW", "superior:D01"
HEAD_OF_B1, CITY, ADMIN = "organisation:B1", "city:CITY", "admin:GW"


def browser(web: Web, seat: str) -> Browser:
    """A rehearsal's browser at this machine, looking from this seat."""
    return Browser(web.app, cookies={SEEN_AS: seat})


PAGES = {
    DEPARTMENT: ("/", "/organisations", "/organisations/B1", "/queue", "/meeting", "/screen", "/admin", "/admin/scheme",
                 "/admin/people", "/admin/notices"),
    ADMIN: ("/admin", "/admin/scheme", "/admin/roster", "/admin/people", "/admin/notices"),
    COMMITTEE: ("/", "/meeting", "/screen", "/organisations"),
    SUPERIOR: ("/", "/tasks", "/queue", "/organisations", "/organisations/B1"),
    HEAD_OF_B1: ("/tasks", "/organisations", "/organisations/B1", "/organisations/B1/do/declare"),
    CITY: ("/queue",),
}  # fmt: skip


@pytest.mark.parametrize("seat", PAGES)
def test_each_role_finds_its_pages(web: Web, seat: str) -> None:
    web.at("2027-06-16 10:00")
    look = browser(web, seat)

    assert {path: look.get(path).status_code for path in PAGES[seat]} == dict.fromkeys(PAGES[seat], 200)


@pytest.mark.parametrize("tab", ["", "/way", "/papers", "/score", "/matters", "/history"])
def test_an_organisation_has_six_sides_in_both_languages(web: Web, tab: str) -> None:
    web.play("B1", "rating.publicity")
    look = browser(web, DEPARTMENT)
    chinese = look.get(f"/organisations/B1{tab}")
    look.cookies["starflow_language"] = "en"

    english = look.get(f"/organisations/B1{tab}")

    assert (chinese.status_code, english.status_code) == (200, 200)
    assert "下一步由谁做什么" in chinese.text and "Whose move it is" in english.text


def test_what_lies_outside_is_not_found_in_the_words_for_what_does_not_exist(web: Web) -> None:
    look = browser(web, HEAD_OF_B1)
    outside, nowhere = look.get("/organisations/D60"), look.get("/organisations/D99")

    assert (outside.status_code, nowhere.status_code) == (404, 404)
    assert outside.text.replace("D60", "D99") == nowhere.text


def test_a_form_with_nothing_in_it_comes_back_with_every_fault_linked_to_its_field(web: Web) -> None:
    answer = browser(web, HEAD_OF_B1).submit("/organisations/B1/do/declare", head="马国")

    assert answer.status_code == 400
    assert 'value="马国"' in answer.text
    assert 'href="#f-members_due"' in answer.text and 'id="f-members_due"' in answer.text
    assert web.stage("B1") == "rating.declaration"


def test_what_is_against_the_act_itself_stands_at_its_button(web: Web) -> None:
    answer = browser(web, HEAD_OF_B1).submit(
        "/organisations/B1/do/declare", head="马国", members_due="10", target_star="5"
    )

    assert (answer.status_code, 'href="#f-act">4月15日才开始申报' in answer.text) == (422, True)


def test_a_form_filled_in_is_done_through_the_one_door(web: Web) -> None:
    web.at("2027-05-06 10:00")
    look = browser(web, HEAD_OF_B1)
    answer = look.submit("/organisations/B1/do/declare", head="马国", members_due="10", target_star="5")

    assert (answer.status_code, answer.headers["location"]) == (303, "/organisations/B1?done=declare")
    assert web.stage("B1") == "rating.self_evaluation"
    assert web.history("B1")["rows"][-1]["actor"] == "P4"


def test_of_two_at_once_the_second_sees_both_versions(web: Web) -> None:
    look = browser(web, HEAD_OF_B1)
    form = hidden(look.get("/organisations/B1/do/declare").text)
    web.play("B1", "rating.survey")

    answer = look.request(
        "POST", "/organisations/B1/do/declare", data={**form, "head": "<b>马国</b>", "members_due": "10"}
    )

    page = read(answer.text)
    assert answer.status_code == 409
    assert "已被别人先办" in page.text and "党员群众测评" in page.text
    assert "<b>马国</b>" in page.text and "<b>马国</b>" not in answer.text


def test_self_evaluation_is_kept_page_by_page_and_sent_at_the_end(web: Web) -> None:
    web.play("B1", "rating.self_evaluation")
    look = browser(web, HEAD_OF_B1)
    base = "/organisations/B1/self-evaluation"
    assert look.get(base).headers["location"] == f"{base}/1"
    for number in range(1, 11):
        kept = {f"scores.{number}": "9.5", f"why.{number}": f"第{number}项有台账可查", "go": "next"}
        look.submit(f"{base}/{number}", **kept)
    assert look.get(base).headers["location"] == f"{base}/check"

    sent = {"meeting.on": "2027-05-06", "meeting.attendees": "马国\n黄丽", "meeting.minutes": "一致同意", "star": "5"}
    form = hidden(look.get(f"{base}/check").text)
    answer = look.request("POST", f"{base}/send", data={**form, **sent})

    assert (answer.status_code, web.stage("B1")) == (303, "rating.survey")
    assert "第1项有台账可查" in web.history("B1")["rows"][-1]["reason"]


def test_a_score_that_is_none_stays_on_its_page(web: Web) -> None:
    web.play("B1", "rating.self_evaluation")
    answer = browser(web, HEAD_OF_B1).submit("/organisations/B1/self-evaluation/1", **{"scores.1": "10.5"})

    assert answer.status_code == 400
    assert 'value="10.5"' in answer.text and 'href="#f-scores.1"' in answer.text


def test_a_reviewer_agrees_reckons_and_hands_in(web: Web) -> None:
    web.play("B1", "rating.review")
    look = browser(web, SUPERIOR)
    form = hidden(look.get("/queue/B1").text)
    agreed = look.request("POST", "/queue/B1", data={**form, "go": "agree"})
    assert "95" in read(agreed.text).text and "分数怎么来的" in agreed.text

    scores = {f"scores.{number}": "9.5" for number in range(1, 11)}
    answer = look.request("POST", "/queue/B1", data={**form, **scores, "star": "5", "go": "propose_star"})

    assert (answer.status_code, web.stage("B1")) == (303, "rating.audit")


def test_the_committee_approves_what_it_has_looked_at(web: Web) -> None:
    web.play("D60", "rating.approval")
    look = browser(web, COMMITTEE)
    chosen = {"number": "3", "on": "2027-05-20", "code": "D60"}
    listed = look.submit("/meeting", **chosen)
    assert listed.status_code == 405  # the page itself takes no form
    preview = look.post("/meeting/preview", **chosen)

    answer = look.request("POST", "/meeting/decide", data=hidden(preview.text))

    assert (answer.status_code, "批准0家" in answer.text or "批准1家" in answer.text) == (200, True)


def test_a_list_that_has_changed_since_its_preview_is_shown_again(web: Web) -> None:
    web.play("D60", "rating.approval")
    look = browser(web, COMMITTEE)
    preview = hidden(look.post("/meeting/preview", number="3", on="2027-05-20", code="D60").text)

    answer = look.request("POST", "/meeting/decide", data={**preview, "seen": "D60:1:1"})

    assert (answer.status_code, "有变动" in answer.text, web.stage("D60")) == (409, True, "rating.approval")


def test_a_nudge_can_be_taken_back_for_ten_seconds(web: Web) -> None:
    web.at("2027-06-16 10:00")
    look = browser(web, DEPARTMENT)
    preview = look.post("/nudges/preview", code="B1")
    assert "催办:第一支部" in preview.text
    sent = look.request("POST", "/nudges", data=hidden(preview.text))

    undone = look.request("POST", "/nudges/undo", data=hidden(sent.text))

    assert "已撤销1家的催办" in undone.text
    assert "催办1家" in look.post("/nudges/preview", code="B1").text  # and the cool-down does not count it


def test_what_is_past_taking_back_has_left(web: Web) -> None:
    web.at("2027-06-16 10:00")
    look = browser(web, DEPARTMENT)
    sent = look.request("POST", "/nudges", data=hidden(look.post("/nudges/preview", code="B1").text))
    web.at("2027-06-16 10:01")

    assert "来不及撤销了" in look.request("POST", "/nudges/undo", data=hidden(sent.text)).text


def test_an_extension_is_asked_for_with_a_day_and_a_reason(web: Web) -> None:
    web.at("2027-06-01 10:00")
    look = browser(web, DEPARTMENT)
    faulty = look.post("/extensions", code="B1", until="2027-05-01", reason="")
    assert faulty.status_code == 400 and 'href="#f-until"' in faulty.text and 'href="#f-reason"' in faulty.text

    done = look.post("/extensions", code="B1", until="2027-06-20", reason="换届")

    assert "已延期1家" in done.text
    assert web.get("/cycles/B1/why").json()["due_at"] == "2027-06-21T00:00:00+08:00"


def test_the_clock_of_a_rehearsal_is_moved_from_the_page(web: Web) -> None:
    look = browser(web, DEPARTMENT)
    moved = look.post("/rehearsal/clock", step="7")

    answer = look.get(moved.headers["location"])

    assert web.desk.clock.now().day == 21
    assert "从4月14日(周三) 08:00到4月21日(周三) 08:00" in answer.text


def test_a_search_narrows_and_says_what_it_does_not_know(web: Web) -> None:
    look = browser(web, DEPARTMENT)
    narrowed = read(look.get("/organisations?q=上级:D01 阶段:申报").text).text
    wrong = look.get("/organisations?q=颜色:红")

    assert "第一支部" in narrowed and "融媒体支部" not in narrowed
    assert (wrong.status_code, "不能按“颜色”查询" in wrong.text, 'value="颜色:红"' in wrong.text) == (400, True, True)


def test_a_search_is_kept_under_a_name(web: Web) -> None:
    look = browser(web, DEPARTMENT)
    look.post("/filters", q="灯:红", name="逾期的")

    assert "逾期的" in look.get("/organisations").text
    assert "逾期的" not in browser(web, COMMITTEE).get("/organisations").text


PAYLOADS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><b>", "<svg/onload=alert(1)>")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_somebody_types_stays_text(web: Web, payload: str) -> None:
    look = browser(web, HEAD_OF_B1)
    typed = look.submit("/organisations/B1/do/declare", head=payload)

    assert typed.status_code == 400
    assert payload in html.unescape(typed.text) and payload not in typed.text


def test_a_roster_is_looked_at_then_imported_then_undone(web: Web) -> None:
    """A column that the file does not have says nothing: the telephone numbers stay."""
    look, before = browser(web, ADMIN), organisations.export(web.desk)
    rows = [["编码", "名称", "类别", "上级编码", "领域", "党员数", "换届到期日", "负责人", "邮箱", "分管领导"]]
    rows += [
        [r.code, r.name + "(新)" * (r.code == "B1"), r.kind, r.parent or "", r.field, str(r.members),
         str(r.election_due_on or ""), r.head, r.email, r.leader]
        for r in before
    ]  # fmt: skip
    file = b64encode("\n".join(map(",".join, rows)).encode()).decode()

    seen = look.submit("/admin/roster", packed=file, name="名册.csv")
    unchanged = organisations.export(web.desk)
    done = look.submit("/admin/roster", packed=file, name="名册.csv", go="apply")
    changed = {r.code: r for r in organisations.export(web.desk)}
    undone = look.submit("/admin/roster/undo", **hidden(look.get("/admin/roster").text))

    assert "将会:新增0,修改1,停用0" in seen.text and unchanged == before
    assert "已导入:新增0,修改1,停用0" in done.text
    assert changed == {r.code: replace(r, name=r.name + "(新)" * (r.code == "B1")) for r in before}
    assert "已撤销" in undone.text and organisations.export(web.desk) == before


def test_a_wall_shows_the_big_screen_by_a_token_and_nothing_else(web: Web) -> None:
    wall = Browser(web.app, host="starflow.example")
    entered = wall.get(f"/screen?token={web.token('department', 'GW')}", address="10.1.1.1")

    assert (entered.status_code, entered.headers["location"]) == (303, "/screen")
    assert "Path=/screen; HttpOnly; SameSite=Lax" in entered.headers["set-cookie"]
    assert wall.get("/screen", address="10.1.1.1").status_code == 200
    assert wall.get("/", address="10.1.1.1").headers["location"].startswith("/sign-in")
    assert Browser(web.app).get("/screen?token=nonsense", address="10.1.1.1").headers["location"].startswith("/sign-in")


def test_a_supervision_slip_is_issued_from_the_page_and_taken_along(web: Web) -> None:
    web.at("2027-06-16 10:00")
    look = browser(web, DEPARTMENT)
    issued = look.post("/organisations/B1/slip")
    page = look.get(issued.headers["location"]).text
    paper = look.get("/organisations/B1/slips/1")

    assert "督办〔2027〕红1号" in page and "已发,待签收" in page
    assert (paper.status_code, paper.content[:2]) == (200, b"PK")
    assert look.get("/organisations/B2/slips/1").status_code == 404


def test_the_minutes_of_a_sitting_are_taken_along(web: Web) -> None:
    web.play("D60", "rating.approval")
    look = browser(web, COMMITTEE)
    preview = look.post("/meeting/preview", number="3", on="2027-05-20", code="D60")
    look.request("POST", "/meeting/decide", data=hidden(preview.text))
    paper = look.get("/meeting/minutes?number=3")

    assert (paper.status_code, paper.content[:2]) == (200, b"PK")
    assert look.get("/meeting/minutes?number=4").status_code == 404


def test_who_sees_a_branch_is_told_seat_by_seat_as_the_policy_decides(web: Web) -> None:
    web.at("2027-05-08 10:00")
    look = browser(web, DEPARTMENT)

    seats = {(one.role, one.organisation): one for one in who_sees(web.desk, "B1")}
    page, unknown = look.get("/admin/people?code=B1"), look.get("/admin/people?code=X9")

    assert {key for key, one in seats.items() if one.sees} == {
        ("department", "GW"), ("committee", "GW"), ("auditor", "GW"), ("organisation", "D01"), ("leader", "D01"),
        ("organisation", "B1"), ("leader", "B1"),
    }  # fmt: skip
    assert [seats["admin", "GW"].sees, seats["city", "CITY"].sees] == [False, False]
    assert (seats["organisation", "D01"].relations, seats["organisation", "B1"].relations) == (
        ("superior",),
        ("organisation",),
    )
    assert "催办" in seats["organisation", "D01"].may and "催办" not in seats["organisation", "B1"].may
    assert seats["leader", "D01"].may == ("查看办理情况", "查看名册和星级", "导出名单")
    assert "B1的办理情况" in page.text and seats["organisation", "B1"].people[0] in page.text
    assert (unknown.status_code, '<a href="#f-code">' in unknown.text) == (404, True)
