"""A list of the committee takes two signatures in earnest: one member puts it on the table, another signs it in a session of their own."""

import pytest

from starflow.service import granting
from tests.web.browser import Browser, hidden, on_the_wall
from tests.web.conftest import Web
from tests.web.test_overview import read
from tests.web.test_two import member

CHOSEN = {"number": "工委会3号", "on": "2027-05-20", "code": "D60"}


@pytest.fixture
def earnest(web: Web) -> Web:
    """The town's five-star branch waits for the committee, and nobody plays any more."""
    web.play("D60", "rating.approval")
    on_the_wall(web.desk)
    web.desk.rehearsal = False
    return web


def excess_signed(first: Browser, second: Browser) -> None:
    """The town is too small for a five-star place, so that the committee lets it exceed its quota by one."""
    level = first.get("/meeting").text.split('<option value="')[1].split('"')[0]
    reason = {"number": "工委会3号", "on": "2027-05-20", "level": level, "count": "1", "reason": "集体研究"}
    assert first.post("/meeting/excess", **reason).status_code == 303
    assert "超出1个" in second.post("/two/1/confirm").text


def signed_first(browser: Browser) -> str:
    """What the page says of the list once it lies on the table, by three clicks at most: preview, sign."""
    preview = browser.post("/meeting/preview", **CHOSEN)
    asked = browser.request("POST", "/meeting/decide", data=hidden(preview.text))
    assert asked.status_code == 303, asked.text
    return browser.get(asked.headers["location"]).text


def test_a_list_is_approved_when_a_second_member_signs_it(earnest: Web) -> None:
    first, second = member(earnest, "甲"), member(earnest, "乙")
    excess_signed(first, second)
    mine = read(signed_first(first)).text
    assert "须由另一位委员会签" in mine and earnest.stage("D60") == "rating.approval"
    assert "融媒体支部" in second.get("/meeting").text

    done = second.post("/two/2/confirm")

    assert (done.status_code, "批准1家,暂缓0家,未能批准0家" in done.text) == (200, True)
    last = next(row for row in reversed(earnest.history("D60")["rows"]) if row["trigger"] == "approve")
    assert (last["actor"], last["reason"]) == ("P7", "P7提出,P8会签")


def test_nobody_signs_a_second_time_what_they_have_signed_first(earnest: Web) -> None:
    first = member(earnest, "甲")
    signed_first(first)

    alone = first.post("/two/1/confirm")

    assert (alone.status_code, earnest.stage("D60")) == (403, "rating.approval")


def test_a_list_that_changed_between_the_signatures_is_not_approved(earnest: Web) -> None:
    first, second = member(earnest, "甲"), member(earnest, "乙")
    signed_first(first)
    earnest.fire("D60", "reject", {"meeting": {"on": "2027-05-20", "number": "2"}, "reason": "再核"})

    page, refused = second.get("/meeting"), second.post("/two/1/confirm")

    assert "提出之后名单有变动" in page.text and "会签,立即生效" not in page.text
    assert (refused.status_code, "D60提出时五星级、" in refused.text) == (422, True)


def test_a_member_who_has_stood_aside_signs_for_everybody_else_only(earnest: Web) -> None:
    first, second = member(earnest, "甲"), member(earnest, "乙")
    excess_signed(first, second)
    granting.recuse(earnest.desk, "P8", "D60", "亲属")
    signed_first(first)

    done = second.post("/two/2/confirm")

    assert "批准0家" in done.text and "P8在该组织任职或已申请回避" in done.text
    assert earnest.stage("D60") == "rating.approval"


def test_a_list_is_taken_back_by_whoever_put_it_on_the_table(earnest: Web) -> None:
    first = member(earnest, "甲")
    signed_first(first)

    assert first.post("/two/1/refuse", back="/meeting").headers["location"] == "/meeting"
    assert "待会签" not in first.get("/meeting").text


def test_the_signature_asks_again_who_one_is(earnest: Web) -> None:
    from datetime import timedelta

    first = member(earnest, "甲")
    preview = hidden(first.post("/meeting/preview", **CHOSEN).text)
    on_the_wall(earnest.desk).move(timedelta(minutes=16))

    answer = first.request("POST", "/meeting/decide", data=preview)

    assert (answer.status_code, "再证明一次" in answer.text) == (403, True)


def test_a_vote_is_previewed_signed_twice_and_shown_with_the_sitting(earnest: Web) -> None:
    first, second = member(earnest, "甲"), member(earnest, "乙")
    excess_signed(first, second)
    counted = {"present": "9", "in_favour": "8", "against": "0", "abstained": "1"}
    preview = first.post("/meeting/preview", **CHOSEN, **counted)
    asked = first.request("POST", "/meeting/decide", data=hidden(preview.text))
    said = "到会9人:赞成8票,反对0票,弃权1票"
    assert (said in preview.text, asked.status_code, said in second.get("/meeting").text) == (True, 303, True)

    second.post("/two/2/confirm")

    assert f"{said} — 批准" in second.get("/meeting").text


def test_a_vote_that_does_not_add_up_comes_back_with_the_fault_at_its_field(earnest: Web) -> None:
    first = member(earnest, "甲")
    short = {"present": "9", "in_favour": "8", "against": "", "abstained": "0"}
    wrong = {"present": "9", "in_favour": "8", "against": "1", "abstained": "1"}

    missing, uneven = (first.post("/meeting/preview", **CHOSEN, **typed) for typed in (short, wrong))

    assert missing.status_code == uneven.status_code == 400
    assert '<a href="#f-against">请填写“反对”的人数(0至9999)' in missing.text
    assert '<a href="#f-in_favour">赞成8票、反对1票、弃权1票,合计10票,与到会的9人不符(R24)</a>' in uneven.text
    assert [
        typed in uneven.text for typed in ('name="present" inputmode="numeric" size="4" maxlength="6" value="9"',)
    ] == [True]
