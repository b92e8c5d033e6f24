"""A notice runs its week in public: exactly its days, corrected in the open, objected to by name and without one."""

import re
import string
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from starflow.service import objections, publicity
from starflow.service.acting import Acting
from starflow.service.case import load_case
from starflow.service.desk import Desk
from starflow.service.objections import NewObjection, Receipt, Waiting
from starflow.service.publicity import notice_page
from starflow.service.uploads import Upload
from storage import filings, matters, publications
from storage.database import Transaction
from tests.documents.test_paper import square_font, words
from tests.web.browser import Browser, hidden
from tests.web.conftest import Web
from workflow.engine.errors import BadInput, StarflowError
from workflow.rating.scheme import Scheme

FACTS = "5月4日服务窗口有三人脱岗半天,有照片为证。"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + b"\x00\x00\x00\rIHDR"
    + b"\x00\x00\x00\x08\x00\x00\x00\x08\x08\x02\x00\x00\x00"
    + b"\x00" * 20
)
SUPERIOR = Acting(actor="P3", relations=frozenset({"superior", "department"}), person="P3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def slug(web: Web) -> str:
    """B1's five stars hang since 6 May; their days are the 7th to the 13th."""
    web.play("B1", "rating.publicity")
    web.fire("B1", "post_notice", {"on": "2027-05-06", "place": "公告栏"})
    return entry(web, "B1")


def entry(web: Web, code: str) -> str:
    with web.desk.reading() as tx:
        found = publications.last_of_cycle(tx, cycle_id(tx, web, code), "rating")
    assert found is not None
    return found.slug


def cycle_id(tx: Transaction, web: Web, code: str) -> int:
    return load_case(web.desk, tx, code).cycle.id


def page(web: Web, path: str) -> httpx.Response:
    return web.ask("GET", path, by=None, address="203.0.113.9", host="star.example.org")


def brought(web: Web, slug: str, **said: object) -> Receipt | Waiting:
    values: dict[str, object] = {"code": "B1", "content": FACTS, "anonymous": True, **said}
    return objections.bring(web.desk, slug, NewObjection(**values))  # type: ignore[arg-type]


# ── its days ─────────────────────────────────────────────────────


def test_a_notice_is_public_for_exactly_its_days(web: Web, slug: str) -> None:
    def seen() -> tuple[bool, bool]:
        text = page(web, f"/n/{slug}").text
        return "第一支部" in text, f"/n/{slug}" in page(web, "/n").text

    assert seen() == (False, False)
    assert "公示从2027年5月7日(星期五)0时开始" in page(web, f"/n/{slug}").text
    web.at("2027-05-07 00:00")
    assert seen() == (True, True)
    web.at("2027-05-13 23:59")
    assert seen() == (True, True)
    web.at("2027-05-14 00:00")
    assert seen() == (False, False)
    assert "公示已结束" in page(web, f"/n/{slug}").text
    assert web.stage("B1") == "rating.approval"


def test_it_says_first_whether_one_can_object_and_everything_else_it_must(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")

    answer = page(web, f"/n/{slug}")

    text = answer.text
    assert answer.status_code == 200
    assert text.index("可以提出异议,截至2027年5月13日(星期四)24时") < text.index("<h1>")
    assert "关于2027年度申报创星拟定星级的公示" in text and "五星级" in text
    assert "共7天" in text and "公示:张贴日" in text
    assert re.search(r"流转记录校验值 [0-9a-f]{64}", text) and "第1版" in text
    assert "<svg" in text and "<script" not in text and " style=" not in text
    assert page(web, "/n/nowhere").status_code == 404


def test_a_correction_is_another_version_and_the_first_stays_readable(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    texts = {"contact": "0372-0000000", "place": "一楼大厅"}

    assert publicity.correct(web.desk, slug, texts, "补充联系方式", acting=SUPERIOR) == 2

    text = page(web, f"/n/{slug}").text
    assert "<del>公告栏</del> 一楼大厅" in text and "第2版" in text and "补充联系方式" in text
    assert "已经更正" in page(web, f"/n/{slug}/v/1").text
    assert notice_page(web.desk, slug).last_on == notice_page(web.desk, slug, 1).last_on
    with pytest.raises(StarflowError):
        publicity.correct(web.desk, slug, texts, "再来一次", acting=SUPERIOR)


def test_it_can_be_taken_along_as_docx_pdf_and_xlsx_while_it_hangs(
    web: Web, slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = ("docx", "pdf", "xlsx")
    assert [page(web, f"/n/{slug}/v/1/{form}").status_code for form in forms] == [422] * 3
    web.at("2027-05-08 10:00")
    publicity.correct(web.desk, slug, {"contact": "0372-0000000"}, "补充联系方式", acting=SUPERIOR)
    assert [form in page(web, f"/n/{slug}").text for form in forms] == [True] * 3

    said = words(page(web, f"/n/{slug}/v/2/docx").content)
    for wanted in (
        "第一支部",
        "五星级",
        "0372-0000000",
        "第2版更正,原因:补充联系方式",
        notice_page(web.desk, slug).head,
    ):
        assert wanted in said
    square = square_font(tmp_path, said + string.printable)
    monkeypatch.setattr(web.desk, "settings", replace(web.desk.settings, pdf_font=square))
    got = {form: page(web, f"/n/{slug}/v/2/{form}") for form in forms}

    assert {one.status_code for one in got.values()} == {200}
    assert all(one.headers["content-disposition"].startswith("attachment;") for one in got.values())
    assert got["pdf"].content.startswith(b"%PDF-")
    sheet = load_workbook(BytesIO(got["xlsx"].content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[2:] == [("编码", "党组织", "拟定星级", "现有星级"), ("B1", "第一支部", "五星级", "未评")]
    assert page(web, f"/n/{slug}/v/1/odt").status_code == page(web, "/n/nowhere/v/1/pdf").status_code == 404


def test_several_are_posted_as_one_notice(web: Web) -> None:
    for code in ("B1", "B2"):
        web.play(code, "rating.publicity")

    department = Acting(actor="P1", relations=frozenset({"department", "superior"}), person="P1")
    posted = publicity.publish(
        web.desk, ["B1", "B2"], date(2027, 5, 6), "门户网站", acting=department, texts={"contact": "0372"}
    )

    web.at("2027-05-07 09:00")
    seen = notice_page(web.desk, posted.slug)
    assert ([line.code for line in seen.lines], seen.contact, seen.place) == (["B1", "B2"], "0372", "门户网站")


# ── objections ───────────────────────────────────────────────────


def test_one_objection_is_dismissed_and_one_upheld_and_the_star_posted_anew(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    first, second = brought(web, slug), brought(web, slug, content="对满意率的计算有疑问,请核对原始数据。")
    assert isinstance(first, Receipt) and isinstance(second, Receipt)
    ids = _open(web)
    web.post("/cycles/B1/dismiss_objection", {"objection": ids[0], "finding": "照片为前年所摄"}, ("department", "GW"))
    web.post("/cycles/B1/uphold_objection", {"objection": ids[1], "finding": "重复计票"}, ("department", "GW"))

    assert [objections.fate(web.desk, one.number, one.pin).status for one in (first, second)] == ["dismissed", "upheld"]
    assert web.stage("B1") == "rating.review"

    web.fire("B1", "propose_star", {"base": "85", "star": 4})
    web.fire("B1", "post_notice", {"on": "2027-05-08", "place": "公告栏"})
    anew = entry(web, "B1")
    web.at("2027-05-09 10:00")
    assert "<del>五星级</del> 四星级" in page(web, f"/n/{anew}").text
    assert (notice_page(web.desk, anew).last_on.isoformat(), "已更正,另行公示" in page(web, f"/n/{slug}").text) == (
        "2027-05-15",
        True,
    )
    web.at("2027-05-16 00:01")
    assert web.stage("B1") == "rated"


def test_a_star_that_is_weighed_again_is_no_longer_before_the_public_and_the_page_says_so(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    brought(web, slug)
    web.post("/cycles/B1/uphold_objection", {"objection": _open(web)[0], "finding": "重复计票"}, ("department", "GW"))

    notice, form = page(web, f"/n/{slug}").text, page(web, f"/n/{slug}/objection").text
    another = brought(web, slug)

    halted = "公示已停止:异议核实后,星级退回重新考评,改变的另行公示。"
    assert (halted in notice, halted in form, "可以提出异议" in notice + form) == (True, True, False)
    assert "<del>五星级</del> 已退回重新考评" in notice
    assert isinstance(another, Receipt)
    assert (another.late, another.halted) == (True, True)


def _open(web: Web) -> list[int]:
    with web.desk.reading() as tx:
        return [one.id or 0 for one in matters.open_of(tx, "objection", cycle_id(tx, web, "B1"))]


def test_after_the_last_day_it_becomes_a_clue(web: Web, slug: str) -> None:
    web.at("2027-05-15 10:00")

    late = brought(web, slug)

    assert isinstance(late, Receipt) and late.late
    assert objections.fate(web.desk, late.number, late.pin).title == "作为督导线索登记"
    assert web.stage("B1") == "rating.approval"


def test_a_named_objection_counts_once_its_code_is_typed(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    public = Browser(web.app)
    fields = {"code": "B1", "content": FACTS, "who": "named", "name": "张三", "contact": "13800001234"}

    asked = public.request("POST", f"/n/{slug}/objection", data=fields)
    assert "138****1234" in asked.text and _open(web) == []
    code = re.search(r"验证码是 <b>(\d{6})</b>", asked.text)
    assert code is not None
    ticket = hidden(asked.text)["ticket"]
    wrong = public.request("POST", "/objections/code", data={"ticket": ticket, "code": "000000", "contact": "x"})
    assert (wrong.status_code, "验证码不对" in wrong.text, _open(web)) == (400, True, [])

    done = public.request("POST", "/objections/code", data={"ticket": ticket, "code": code[1]})
    assert "异议已受理" in done.text and len(_open(web)) == 1

    found = dict(re.findall(r'id="(number|pin)">(\d+)<', done.text))
    status = public.request("POST", "/objections/status", data=found)
    assert "正在核实" in status.text and "核实截止" in status.text
    again = public.request("POST", "/objections/code", data={"ticket": ticket, "code": code[1]})
    assert (again.status_code, len(_open(web))) == (400, 1)


def test_who_objects_is_for_the_handler_alone_and_each_look_is_written_down(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    waiting = brought(web, slug, anonymous=False, name="张三丰", contact="zsf@example.org")
    assert isinstance(waiting, Waiting) and waiting.code is not None
    objections.confirm(web.desk, waiting.ticket, waiting.code)
    (matter,) = _open(web)

    for seat in ("organisation:B1", "organisation:D01", "superior:D01", "committee:GW", "city:CITY"):
        shown = Browser(web.app, cookies={"starflow_as": seat}).get(f"/objections/{matter}")
        assert (shown.status_code in (403, 404), "张三丰" in shown.text) == (True, False)
    everything = [
        web.ask("GET", f"/api/v1/{path}").text for path in ("matters", "cycles/B1/history", f"matters/{matter}")
    ]
    assert not any("张三丰" in text or "zsf@" in text for text in everything)

    handler = Browser(web.app)
    assert "张三丰" not in handler.get(f"/objections/{matter}").text
    assert "须写明理由" in handler.post(f"/objections/{matter}/objector", reason=" ").text
    assert "张三丰,zsf@example.org" in handler.post(f"/objections/{matter}/objector", reason="约谈核实").text
    with web.desk.reading() as tx:
        filing = filings.by_matter(tx, matter)
        assert filing is not None and filing.id is not None
        assert [(one.reason, one.actor != "") for one in filings.looks(tx, filing.id)] == [("约谈核实", True)]


def test_an_objection_without_facts_is_refused_and_nothing_is_stored(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    public = Browser(web.app)

    refused = public.request("POST", f"/n/{slug}/objection", data={"code": "B1", "content": "不服", "who": "anonymous"})

    assert refused.status_code == 400
    assert "请写明事实" in refused.text and ">不服</textarea>" in refused.text and _open(web) == []


def test_where_the_scheme_takes_no_anonymous_objections_the_page_and_the_door_say_so(
    web: Web, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = type(web.desk).scheme

    def by_name_only(desk: Desk, tx: Transaction, scheme_hash: str) -> Scheme:
        found = honest(desk, tx, scheme_hash)
        return found.model_copy(update={"objection": found.objection.model_copy(update={"anonymous_ok": False})})

    monkeypatch.setattr(type(web.desk), "scheme", by_name_only)
    web.at("2027-05-08 10:00")

    form = page(web, f"/n/{slug}/objection").text
    assert "按本方案只受理实名的" in form and 'value="anonymous"' not in form
    with pytest.raises(BadInput, match="只受理实名的异议"):
        brought(web, slug)
    assert isinstance(brought(web, slug, anonymous=False, name="李四", contact="13800000000"), Waiting)


def test_one_telephone_objects_three_times_a_day_at_most(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    said = {"anonymous": False, "name": "张三", "contact": "138 0000 1234"}
    for _ in range(3):
        brought(web, slug, **said)

    with pytest.raises(StarflowError, match="一天最多提3件"):
        brought(web, slug, **{**said, "contact": "13800001234"})


def test_five_wrong_pins_lock_a_number_for_an_hour(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    receipt = brought(web, slug)
    assert isinstance(receipt, Receipt)
    wrong = f"{(int(receipt.pin) + 1) % 10**6:06}"

    for _ in range(5):
        with pytest.raises(StarflowError, match="不对"):
            objections.fate(web.desk, receipt.number, wrong)
    with pytest.raises(StarflowError, match="一小时后"):
        objections.fate(web.desk, receipt.number, receipt.pin)
    web.at("2027-05-08 11:01")
    assert objections.fate(web.desk, receipt.number, receipt.pin).status == "open"


# ── files ────────────────────────────────────────────────────────


def test_a_file_goes_to_the_handler_as_an_attachment_and_to_nobody_else(web: Web, slug: str, folder: Path) -> None:
    web.at("2027-05-08 10:00")
    web.desk.settings = replace(web.desk.settings, uploads=folder)
    brought(web, slug, files=(Upload("../照片 1.png", PNG),))
    (matter,) = _open(web)

    handler = Browser(web.app)
    assert "照片 1.png" in handler.get(f"/objections/{matter}").text
    got = handler.get("/files/1")
    assert (got.status_code, got.content) == (200, PNG)
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["content-type"] == "application/octet-stream"
    for seat in ("organisation:B1", "organisation:D01", "organisation:B2"):
        assert Browser(web.app, cookies={"starflow_as": seat}).get("/files/1").status_code == 404
    assert page(web, "/files/1").status_code in (303, 401)


def test_a_file_that_is_not_taken_leaves_nothing_behind(web: Web, slug: str, folder: Path) -> None:
    web.at("2027-05-08 10:00")
    web.desk.settings = replace(web.desk.settings, uploads=folder)

    for bad in (Upload("a.pdf", b"MZ" + b"\0" * 99), Upload("photo.pdf", PNG), Upload("empty.pdf", b"")):
        with pytest.raises(StarflowError):
            brought(web, slug, files=(bad,))

    assert (_open(web), list(folder.rglob("*"))) == ([], [])


def test_what_is_wrong_is_said_on_top_and_at_its_field_and_nothing_typed_is_lost(web: Web, slug: str) -> None:
    web.at("2027-05-08 10:00")
    public = Browser(web.app)
    typed = {"code": "B1", "content": "不服", "who": "named", "name": "王", "contact": "没有"}

    found = public.request("POST", f"/n/{slug}/objection", data=typed).text
    asked = public.request("POST", "/objections/status", data={"number": "7", "pin": "1"}).text

    for field, said in (("content", "请写明事实"), ("name", "请写真实姓名"), ("contact", "请写能收到验证码")):
        assert re.search(rf'<li><a href="#{field}">{said}', found), field
        assert re.search(rf'<span class="wrong" id="{field}-fault-1">{said}', found), field
        assert re.search(rf'id="{field}"[^>]* aria-invalid="true" aria-describedby="{field}-fault-1', found), field
    assert [value in found for value in (">不服</textarea>", 'value="王"', 'value="没有"')] == [True] * 3
    assert '<a href="#number">查询号或查询密码不对</a>' in asked or '<a href="#pin">查询号或查询密码不对</a>' in asked
