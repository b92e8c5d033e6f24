"""A page in English is English: no sentence of a service is left in Chinese, only names, what people wrote, and the scheme's own labels."""

import ast
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from starflow.service import lists
from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.policy import RULES
from starflow.service.publicity import hanging, notice_page
from starflow.web.app import create_app
from starflow.web.auth import SEEN_AS
from starflow.web.english import SENTENCES, told
from tests.web.browser import Browser
from tests.web.conftest import ROSTER, Web
from tests.web.page_forms import Page
from tests.web.test_forms import ABOUT, COMMITTEE, DEPARTMENT, HEAD, SUPERIOR, advance, town
from workflow.rating import shelf
from workflow.rating.english import chinese

ROOT = Path(__file__).parents[2] / "starflow"
SPEAKERS = (
    *(ROOT / "service" / f"{name}.py" for name in ("policy", "twofold", "draws", "search", "sittings", "meetings", "drafts", "sessions", "totp")),
    *(ROOT / "service" / f"{name}.py" for name in ("objections", "publicity", "polls", "poll_views", "uploads")),
    *(ROOT / "web" / "pages").glob("*.py"),
    *(ROOT / "web" / "ballots").glob("*.py"),
    ROOT / "web" / "accounts" / "two.py",
)  # fmt: skip
REFUSALS = {"BadInput", "Refused", "Unknown", "Forbidden", "WrongStage", "Reason", "TwoNeeded", "NoSeat"}
HAN = re.compile(r"[\u3400-\u9fff]+")
QUOTED = re.compile(r'<(\w+)[^>]* lang="zh-CN"[^>]*>.*?</\1>', re.DOTALL)
"""What a page says is Chinese: names, and what somebody wrote."""
HOUSE = (
    "/",
    "/organisations",
    "/meeting",
    "/screen",
    "/admin",
    "/admin/scheme",
    "/admin/scheme/check",
    "/admin/people",
    "/admin/notices",
    "/queue",
    "/two",
    "/n",
    "/objections/status",
)
SEATS = {
    DEPARTMENT: HOUSE,
    COMMITTEE: ("/", "/meeting", "/two"),
    SUPERIOR: ("/", "/tasks", "/queue", "/queue/B1"),
    HEAD: ("/tasks", "/organisations", "/survey/B1", "/evidence/B1"),
    "admin:GW": ("/admin", "/admin/roster", "/admin/accounts", "/"),
}
WRONG = (
    "/organisations?q=灯:紫",
    "/?q=颜色:红",
    "/organisations/X9",
    "/organisations/D60/nothing",
    "/screen",
    "/tasks",
    "/meeting",
    "/nothing",
)


def said_in(file: Path) -> Iterator[str]:
    """Every sentence that a refusal is made with, as it is written; `{}` where something is filled in."""
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS:
            for part in call.args:
                text = _text(part)
                if text and chinese(text):
                    yield text


def _text(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in values)
    return ""


def test_every_refusal_that_pages_show_has_its_english() -> None:
    missing = [text for file in SPEAKERS for text in said_in(file) if chinese(told("en", text.replace("{}", "7")))]

    assert missing == []
    assert [rule.title for rule in RULES if chinese(told("en", rule.title))] == []


def test_why_a_notice_was_not_sent_is_said_in_english() -> None:
    reasons = ("事项已办结", "截止时间已变更", "已暂停计时", "到点太久,不再发出", "通知清单不能按灯筛选")

    assert [told("en", reason) for reason in reasons if chinese(told("en", reason))] == []


def test_english_fills_every_hole() -> None:
    assert [zh for zh, en in SENTENCES.items() if zh.count("{}") != en.count("{}") or HAN.search(en)] == []


# ── the pages ────────────────────────────────────────────────────


def labels(desk: Desk) -> list[str]:
    """Whatever stands in the scheme in Chinese, the names of the roster, what was sent, and what these tests type: the longest first."""
    with desk.reading() as tx:
        scheme = desk.scheme(tx, campaign_of(tx, None).scheme_hash)
    titles = [stage.title for stage in scheme.stage]
    words = HAN.findall(shelf.scheme_bytes("anyang-five-star").decode())
    names = [text for row in ROSTER for text in (row.name, row.head, row.leader, row.kind) if text]
    sent = [part for row in lists.notices(desk).rows for part in HAN.findall(row.text)]
    typed = ("紫", "颜色", "公告栏", "一致同意", "集体研究", "中文", "争星")
    return sorted(
        {*titles, *words, *names, *sent, *typed, *(part for name in names for part in HAN.findall(name))},
        key=len,
        reverse=True,
    )


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], list[str]]:
    """(stage, seat, page) → the Chinese left on it, at three stages of a year."""
    found: dict[tuple[str, str, str], list[str]] = {}
    with closing(town(tmp_path_factory.mktemp("english") / "town.db")) as desk:
        web = Web(desk, create_app(desk))
        for stage in ("rating.declaration", "rating.review", "rating.approval"):
            advance(web, stage)
            if stage == "rating.declaration":
                web.at("2027-05-05 10:00")
            data = re.compile("|".join(map(re.escape, labels(desk))))
            for seat, paths in SEATS.items():
                for path, text in _pages(web, seat, (*paths, *WRONG)):
                    left = HAN.findall(data.sub(" ", text))
                    if left:
                        found[stage, seat, path] = left
    return found


def _pages(web: Web, seat: str, paths: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    look = Browser(web.app, cookies={SEEN_AS: seat, "starflow_language": "en"})
    ahead, seen = [*paths, "/organisations/B1"], set[str]()
    while ahead:
        path = ahead.pop(0)
        if path in seen:
            continue
        seen.add(path)
        page = Page(look.get(path).text)
        yield path, "\n".join(page.words)
        ahead += [link for link in page.links if ABOUT.match(link)]


@pytest.mark.long
def test_no_page_in_english_shows_chinese_but_names_and_labels(walked: dict[tuple[str, str, str], list[str]]) -> None:
    assert walked == {}


# ── before everybody ─────────────────────────────────────────────


def test_a_notice_its_objection_and_a_survey_speak_english_to_whoever_asks(web: Web) -> None:
    """From the link in a notice to the number that one gets; every page says how to read it in the other language."""
    web.play("B1", "rating.publicity")
    web.fire("B1", "post_notice", {"on": "2027-05-06", "place": "公告栏"})
    web.at("2027-05-08 10:00")
    (notice,) = hanging(web.desk)
    slug = notice.slug
    public, data = Browser(web.app), re.compile("|".join(map(re.escape, labels(web.desk))))
    objection = {"code": "B1", "content": "不服", "who": "named", "name": "", "contact": ""}
    lodged = {"code": "B1", "content": "5月4日服务窗口有三人脱岗半天,有照片为证。", "who": "anonymous"}

    asked = public.get(f"/n/{slug}?lang=en")
    pages = {
        "notice": asked,
        "objection": public.get(f"/n/{slug}/objection"),
        "faults": public.request("POST", f"/n/{slug}/objection", data=objection),
        "lodged": public.request("POST", f"/n/{slug}/objection", data=lodged),
        "status": public.get("/objections/status"),
        "wrong": public.request("POST", "/objections/status", data={"number": "1", "pin": "2"}),
        "board": public.get("/n"),
        "nothing": public.get("/n/nothing"),
    }

    assert {name: page.headers["content-language"] for name, page in pages.items()} == dict.fromkeys(pages, "en")
    left = {}
    for name, page in pages.items():
        text = "\n".join(Page(QUOTED.sub(" ", page.text)).words)
        for own in (notice.title, notice_page(web.desk, slug).handler, "不服"):
            text = text.replace(own, " ")
        left[name] = HAN.findall(data.sub(" ", text))
    assert {name: rest for name, rest in left.items() if rest} == {}
    assert f'<a href="/n/{slug}?lang=zh-CN" lang="zh-CN">中文</a>' in asked.text
    assert public.get("/n?lang=zh-CN").headers["content-language"] == "zh-CN"
