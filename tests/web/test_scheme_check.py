"""A scheme in the page: every fault with line and column, its year, what it changes; two people adopt it, and the running year stays."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from starflow.service.campaigns import schemes
from starflow.service.desk import Desk
from tests.web.browser import Browser
from tests.web.conftest import Web
from tests.web.page_forms import Page
from tests.web.test_overview import read
from tests.web.test_two import appointed, enter, live
from workflow.rating import shelf

__all__ = ["enter", "live"]  # fixtures
SOURCE = shelf.scheme_bytes("anyang-five-star").decode()
TITLE = SOURCE.split('title = "')[1].split('"')[0]
ANOTHER = SOURCE.replace(f'title = "{TITLE}', 'title = "另一份方案', 1)
FAULTY = SOURCE.replace("[scheme]", "[scheme]\nfarbe = 1", 1).replace('sheet = "', 'sheet = "没有的', 1)
AT = "/admin/scheme/check"


@pytest.fixture
def admin(web: Web) -> Browser:
    return Browser(web.app, cookies={"starflow_as": "admin:GW"})


def test_all_faults_are_named_with_line_and_column_and_lead_to_their_lines(admin: Browser) -> None:
    answer = admin.post(AT, toml=FAULTY, go="check")
    page = Page(answer.text)
    leads = [link for link in page.links if link.startswith("#line-")]

    line = FAULTY[: FAULTY.index("farbe")].count("\n") + 1
    assert (answer.status_code, f"第{line}行第1列" in answer.text) == (422, True)
    assert leads[0] == f"#line-{line}" and {link[1:] for link in leads} <= page.ids
    assert FAULTY.strip() in page.said


def test_a_sound_scheme_shows_its_year_and_what_it_changes(admin: Browser) -> None:
    answer = admin.post(AT, toml=ANOTHER, go="check")
    text = read(answer.text).text

    assert (answer.status_code, "方案检查通过" in text, "与本年的方案相差2行" in text) == (200, True, True)
    assert "6月5日" in text and "提醒和上报" in text


def test_the_year_on_the_page_reaches_into_the_next_where_the_scheme_does(admin: Browser) -> None:
    page = admin.post(AT, toml=shelf.scheme_bytes("shandong-party-committees").decode(), go="check").text

    months = page.partition('<ol class="months">')[2].partition("</ol>")[0]
    assert [month in months for month in ("<b>十二月</b>", "<b>2028年1月</b>", "<b>2028年2月</b>")] == [True] * 3
    assert "2028年1月15日(周六)24时" in months and "2027年" not in months


def test_a_scheme_is_tried_on_the_scores_of_the_year(web: Web, admin: Browser) -> None:
    web.play("B1", "rating.publicity")
    stricter = SOURCE[: SOURCE.index("[[example]]")].replace('min = "90"', 'min = "96"', 1)

    answer = admin.post(AT, toml=stricter, go="try")

    assert "1家的分数试算,1家的星级会变" in read(answer.text).text and "第一支部" in answer.text


@pytest.mark.parametrize(
    ("said", "fault"), [({"toml": ""}, "请粘贴方案的内容"), ({"toml": "长" * 100_001}, "最多100000个字")]
)
def test_nothing_and_too_much_are_refused(admin: Browser, said: dict[str, str], fault: str) -> None:
    answer = admin.post(AT, **said, go="check")

    assert (answer.status_code, fault in answer.text) == (400, True)


def test_a_file_is_read_before_the_text(web: Web, admin: Browser) -> None:
    content = (
        f"--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{admin.csrf()}\r\n"
        f"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.toml\"\r\n\r\n{ANOTHER}\r\n--x--\r\n"
    )  # fmt: skip
    headers = {"content-type": "multipart/form-data; boundary=x"}

    answer = admin.request("POST", AT, content=content.encode(), headers=headers)

    assert (answer.status_code, "另一份方案" in answer.text, "方案检查通过" in answer.text) == (200, True, True)


def test_a_shipped_scheme_is_opened_to_begin_with(admin: Browser) -> None:
    assert "standard-branch" in Page(admin.get(f"{AT}?{urlencode({'open': 'standard-branch'})}").text).said
    assert admin.get(f"{AT}?open=nothing").status_code == 404


def test_what_the_department_puts_forward_an_administrator_adopts(live: Desk, enter: Callable[[str], Browser]) -> None:
    asking, second = enter(appointed(live, "甲", "department", "GW")), enter(appointed(live, "乙", "admin", "GW"))
    before = [one["hash"] for one in schemes(live)]
    nothing = asking.post(AT, toml=ANOTHER, go="adopt", reason="")
    asked = asking.post(AT, toml=ANOTHER, go="adopt", reason="明年用")

    shown = second.get(f"{AT}?asked=1")
    alone = asking.post("/two/1/confirm")
    unchanged = [one["hash"] for one in schemes(live)]
    done = second.post("/two/1/confirm")

    assert (nothing.status_code, 'href="#f-reason"' in nothing.text, asked.status_code) == (422, True, 303)
    assert "另一份方案" in second.get("/two").text or "另一份方案" in shown.text
    assert (alone.status_code, unchanged == before) == (403, True)
    assert (done.status_code, "已采用另一份方案" in done.text) == (200, True)
    assert {one["title"] for one in schemes(live)} >= {TITLE, "另一份方案"}


def test_a_faulty_scheme_is_not_put_forward(live: Desk, enter: Callable[[str], Browser]) -> None:
    asking = enter(appointed(live, "甲", "admin", "GW"))

    assert asking.post(AT, toml=FAULTY, go="adopt", reason="明年用").status_code == 422
    assert asking.get(f"{AT}?asked=1").status_code == 404
