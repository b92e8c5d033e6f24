"""Documents on paper: both writers say the same, on the measures of GB/T 9704, in the fonts that are prescribed or that are here."""

import io
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

from starflow.documents.paper.blocks import Paper, Signed, Table, Text
from starflow.documents.paper.certificate import Certificate, certified, checked, new_key
from starflow.documents.paper.docx_writer import to_docx
from starflow.documents.paper.fonts import faces
from starflow.documents.paper.kinds import DOCUMENTS, Wanted, logo_of, paper_of
from starflow.documents.paper.pack import evidence_pack
from starflow.documents.paper.pdf_writer import broken, to_pdf
from starflow.documents.paper.verifier import faults_of_pack
from starflow.service import meetings
from starflow.service.matters import act_on_matter, open_matter
from starflow.service.slips import answer_slip, close_slip, issue_slip, receive_slip
from storage.models import Organisation
from tests.service.town import BRANCH, COMMITTEE, DEPARTMENT, SUPERIOR, Town, town_of
from workflow.engine.errors import BadInput, Forbidden, Refused, Unavailable, Unknown
from workflow.rating.votes import Vote

AT = datetime(2027, 5, 6, 2, tzinfo=UTC)
VOTE = Vote(present=9, in_favour=8, against=0, abstained=1)


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as found:
        yield found


def words(content: bytes) -> str:
    """Every text of a docx, tables included."""
    document = Document(io.BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def square_font(folder: Path, text: str) -> Path:
    """A font in which every character of the text is a square: PDFs are tested where no Chinese font is installed, too."""
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, 800), (950, 800), (950, 0)):
        pen.lineTo(point)
    pen.closePath()
    names = {ord(character): f"u{ord(character):04X}" for character in sorted(set(text) | {" "})}
    order = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(order, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 50)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=880, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    builder.save(folder / "square.ttf")
    return folder / "square.ttf"


def played(town: Town) -> dict[str, Wanted]:
    """A town in which every document has something to say."""
    slip = issue_slip(town.desk, "D05", acting=SUPERIOR, colour="red")
    town.waiting({"D01": (4, "85"), "D02": (3, "75")})
    meetings.approve(town.desk, "2027-1", acting=COMMITTEE, codes=["D01"], on=date(2027, 5, 14), vote=VOTE)
    town.fire("U1", "declare", {"head": "书记", "members_due": 10, "target_star": 3})
    town.evaluate("U1", 3, "75", on="2027-05-14")
    plan(town, "D01")
    key, _ = new_key()
    return {
        "notice": Wanted(kind="notice"),
        "slip": Wanted(kind="slip", number=str(slip.id)),
        "minutes": Wanted(kind="minutes", number="2027-1"),
        "approval_list": Wanted(kind="approval_list"),
        "certificate": Wanted(kind="certificate", code="D01", key=key),
        "ledger": Wanted(kind="ledger"),
        "summary": Wanted(kind="summary"),
    }


def plan(town: Town, code: str) -> None:
    act_on_matter(town.desk, ("plan", code), "file", {"target_star": 5, "measures": "一月一主题"}, acting=BRANCH)
    item = {"target": "完善三会一课", "measure": "逐月检查", "responsible": "张伟", "due_on": "2027-09-30"}
    open_matter(town.desk, "ledger_item", code, item, acting=BRANCH)


def test_every_document_is_written_both_ways_and_says_the_same(town: Town, tmp_path: Path) -> None:
    wanted = played(town)
    assert [one.name for one in DOCUMENTS] == list(wanted)
    papers = {kind: paper_of(town.desk, one) for kind, one in wanted.items()}
    texts = {kind: words(to_docx(paper)) for kind, paper in papers.items()}
    font = square_font(tmp_path, "".join(texts.values()) + "—0123456789-✂\u3000")

    for kind, paper in papers.items():
        content = to_pdf(paper, faces(font), AT)
        assert content.startswith(b"%PDF") and content == to_pdf(paper, faces(font), AT), kind

    assert "公示时间:2027年5月14日至2027年5月21日。" in texts["notice"] and "发改委第一支部" in texts["notice"]
    assert "红色督办单" in texts["slip"] and "督办〔2027〕红1号" in texts["slip"] and "回  执" in texts["slip"]
    assert "批准1个党组织的拟定星级(四星级1个)" in texts["minutes"] and "第02支部(拟定三星级)。" in texts["minutes"]
    assert "表决:到会9人,赞成8票,反对0票,弃权1票。" in texts["minutes"]
    assert "第02支部" in texts["approval_list"] and "第01支部" not in texts["approval_list"]
    assert "第01支部" in texts["certificate"] and "★★★★" in texts["certificate"]
    assert "完善三会一课" in texts["ledger"] and "2027年9月30日" in texts["ledger"]
    assert "共有10个党组织参评" in texts["summary"]


def test_a_notice_names_the_days_of_each_organisation_where_they_differ(town: Town) -> None:
    """One period for all would promise some a week that is over, and others one that has not begun."""
    for code in ("D01", "D02"):
        town.fire(code, "declare", {"head": "书记", "members_due": 10, "target_star": 3})
        town.survey(code, 3, on="2027-05-06")
        town.fire(code, "propose_star", {"base": "75", "star": 3}, reason="综合平时掌握情况", by="P1")
    town.fire("D01", "post_notice", {"on": "2027-05-06", "place": "公告栏"})

    text = words(to_docx(paper_of(town.desk, Wanted(kind="notice"))))

    assert "公示时间:各党组织张贴的日期不同,分别列在下表。" in text
    assert ("5月6日至5月13日" in text, "尚未张贴,自张贴次日起算" in text) == (True, True)


def test_a_docx_has_the_measures_and_names_the_fonts_of_the_standard(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    document = Document(io.BytesIO(to_docx(paper_of(town.desk, Wanted(kind="approval_list")))))
    section = document.sections[0]
    fonts = {
        run._r.rPr.rFonts.get(qn("w:eastAsia")) for one in document.paragraphs for run in one.runs if run.text.strip()
    }

    sizes = (section.page_width, section.page_height, section.top_margin, section.left_margin, section.right_margin)
    assert [round(size / Mm(1)) for size in sizes] == [210, 297, 37, 28, 26]
    assert fonts == {"方正小标宋简体", "仿宋_GB2312"}
    assert document.styles["Normal"].font.size.pt == 16


def test_what_a_document_needs_and_what_there_is_not(town: Town) -> None:
    for wanted, error, said in (
        (Wanted(kind="poem"), Unknown, "没有“poem”这种文书"),
        (Wanted(kind="minutes"), BadInput, "会议纪要须写明编号"),
        (Wanted(kind="minutes", number="X"), Unknown, "2027年度没有编号为“X”的会议"),
        (Wanted(kind="certificate", code="D01", key=new_key()[0]), Refused, "D01现在没有有效的星级"),
        (Wanted(kind="notice"), Refused, "现在没有处在公示环节的党组织"),
        (Wanted(kind="ledger"), Refused, "2027年度没有整改台账条目"),
    ):
        with pytest.raises(error, match=said):
            paper_of(town.desk, wanted)


def test_without_a_chinese_font_it_says_which_to_install(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="apt-get install fonts-noto-cjk"):
        faces(folders=[str(tmp_path)])
    with pytest.raises(BadInput, match="不是字体文件"):
        faces(tmp_path / "missing.ttf")


def test_no_line_begins_with_a_closing_mark_and_no_number_is_cut() -> None:
    lines = broken("会议批准四个党组织,编号2027-06-05的除外。完", 10, lambda text: float(len(text)))

    assert lines == ["会议批准四个党组织,", "编号", "2027-06-05", "的除外。完"]


def test_in_the_cell_of_a_table_a_closing_mark_takes_a_character_along() -> None:
    assert broken("第三支部“申报”", 7, lambda text: float(len(text)), hangs=False) == ["第三支部“申", "报”"]


def texts_drawn(content: bytes) -> list[int]:
    """How many pieces of text stand on each page."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    return [text.count(b" Tj") for text in map(unpacked, streams) if b"BT " in text]


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize("rows", range(14, 34))
def test_titles_stand_on_every_page_and_no_signature_stands_alone(tmp_path: Path, rows: int) -> None:
    table = Table(("序号", "党组织"), tuple((str(n), f"第{n}支部") for n in range(rows)))
    paper = Paper(title="公示", head="工委", blocks=(Text("现予公示。"), table, Signed("工委", date(2027, 6, 1))))
    font = square_font(tmp_path, "公示工委现予。序号党组织第支部年月日0123456789—\u3000 ")

    pages = texts_drawn(to_pdf(paper, faces(font), AT))

    titles, signature, number, head = 2, 2, 1, 3
    assert pages[-1] >= signature + number + (titles + 4 if len(pages) > 1 else 0)
    assert sum(pages) == head + len(pages) * (titles + number) + 2 * rows + signature


@pytest.mark.parametrize("lines", range(12, 22))
def test_the_last_paragraph_goes_over_with_the_signature(tmp_path: Path, lines: int) -> None:
    paper = Paper(title="公示", blocks=(*[Text("现予公示。")] * lines, Signed("工委", date(2027, 6, 1))))
    font = square_font(tmp_path, "公示工委现予。年月日0123456789—\u3000 ")

    assert texts_drawn(to_pdf(paper, faces(font), AT))[-1] >= 4


def test_a_certificate_is_one_page_whatever_the_name(town: Town, tmp_path: Path) -> None:
    wanted = played(town)["certificate"]
    for length in (6, 16, 17, 44, 45, 70):
        with town.desk.transaction() as tx:
            tx.session.execute(sa.update(Organisation).where(Organisation.code == "D01").values(name="中" * length))
        paper = paper_of(town.desk, wanted)
        font = square_font(tmp_path, words(to_docx(paper)) + "—0123456789\u3000")

        assert len(texts_drawn(to_pdf(paper, faces(font), AT))) == 1, length


# ── certificates ─────────────────────────────────────────────────

CERTIFICATE = Certificate(
    organisation="D01",
    name="第01支部",
    star=4,
    year=2027,
    from_on=date(2027, 5, 14),
    decision="批准",
    issuer="市直工委",
)


def test_a_certificate_is_checked_with_the_public_key_alone() -> None:
    key, public = new_key()
    text = certified(CERTIFICATE, key)

    assert checked(text, public) == CERTIFICATE
    with pytest.raises(BadInput, match="签名不符"):
        checked(text, new_key()[1])
    head, body, signature = text.split(".")
    forged = certified(Certificate(**{**as_dict(CERTIFICATE), "star": 5}), new_key()[0]).split(".")[1]
    with pytest.raises(BadInput, match="签名不符"):
        checked(f"{head}.{forged}.{signature}", public)
    for broken_text in ("", "x", text[:-5] + "!!!!!", f"{head}.{body}", "A" * 5000):
        with pytest.raises(BadInput):
            checked(broken_text, public)


def as_dict(certificate: Certificate) -> dict[str, Any]:
    return {name: getattr(certificate, name) for name in Certificate.__slots__}


# ── logos ────────────────────────────────────────────────────────


def png(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, "PNG")
    return data.getvalue()


def test_a_logo_is_a_small_picture_or_refused() -> None:
    assert logo_of(png(200, 80)) == png(200, 80)
    for content, said in (
        (b"\x89PNG" + bytes(100 * 1024**2), "标志图片太大:100.0 MiB,最多 2 MiB"),
        (b"<svg/>", "标志须是PNG或JPEG图片"),
        (png(5000, 2), "边长最多4000像素,这张是5000×2"),
        (png(50, 50)[:60], "标志须是PNG或JPEG图片"),
    ):
        with pytest.raises(BadInput, match=said):
            logo_of(content)


# ── evidence packs ───────────────────────────────────────────────


def test_a_pack_verifies_itself_with_python_alone(town: Town, tmp_path: Path) -> None:
    town.waiting({"D01": (4, "85")})
    file = tmp_path / "pack.zip"
    file.write_bytes(evidence_pack(town.desk, "D01"))
    with zipfile.ZipFile(file) as archive:
        archive.extract("verify.py", tmp_path)

    done = subprocess.run([sys.executable, "-I", "-S", tmp_path / "verify.py", file], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("✔ 2027/D01: 7 条记录完整")
    assert evidence_pack(town.desk, "D01") == file.read_bytes()


def test_every_tampering_is_found(town: Town, tmp_path: Path) -> None:
    import hashlib
    import json

    town.waiting({"D01": (4, "85")})
    with zipfile.ZipFile(io.BytesIO(evidence_pack(town.desk, "D01"))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}

    def faults(history: bytes, *, resealed: bool) -> list[str]:
        manifest = json.loads(files["manifest.json"])
        if resealed:
            manifest["files"]["history.jsonl"] = hashlib.sha256(history).hexdigest()
        changed = files | {"history.jsonl": history, "manifest.json": json.dumps(manifest).encode()}
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            for name, content in changed.items():
                archive.writestr(name, content)
        return faults_of_pack(tmp_path / "bad.zip")[0]

    history = files["history.jsonl"]
    lines = history.splitlines(keepends=True)
    assert faults(history, resealed=False) == []
    assert len(faults(history.replace(b'"85"', b'"95"'), resealed=False)) == 1
    assert "明细与摘要不符" in faults(history.replace(b'"85"', b'"95"'), resealed=True)[0]
    assert "链头与清单不符" in faults(b"".join(lines[:-1]), resealed=True)[0]
    assert any("与上一条不相接" in said for said in faults(b"".join([*lines[:3], *lines[4:]]), resealed=True))


def test_the_verifier_is_short_enough_to_be_read() -> None:
    from starflow.documents.paper import verifier

    assert len(Path(verifier.__file__).read_text(encoding="utf-8").splitlines()) <= 120


# ── supervision slips ────────────────────────────────────────────


def test_a_slip_is_numbered_received_answered_and_closed(town: Town) -> None:
    first = issue_slip(town.desk, "D01", acting=SUPERIOR, colour="blue")
    second = issue_slip(town.desk, "D02", acting=DEPARTMENT, colour="blue")
    assert [one.number for one in (first, second)] == ["督办〔2027〕蓝1号", "督办〔2027〕蓝2号"]
    assert (first.status, first.answer_by) == ("issued", date(2027, 5, 13))
    with pytest.raises(Refused, match="这件事已发过蓝色督办单"):
        issue_slip(town.desk, "D01", acting=SUPERIOR, colour="blue")
    with pytest.raises(Forbidden, match="由承办的单位签收"):
        receive_slip(town.desk, first.id, acting=SUPERIOR)
    with pytest.raises(Refused, match="还没有反馈"):
        close_slip(town.desk, first.id, "", acting=DEPARTMENT)

    received = receive_slip(town.desk, first.id, acting=BRANCH)
    answered = answer_slip(town.desk, first.id, "本周内申报", acting=BRANCH)
    closed = close_slip(town.desk, first.id, "已申报", acting=DEPARTMENT)

    assert [one.status for one in (received, answered, closed)] == ["received", "answered", "closed"]
    assert (closed.received_by, closed.reply, closed.finding) == ("P9", "本周内申报", "已申报")


def test_whoever_owes_nothing_gets_no_slip_and_a_branch_issues_none(town: Town) -> None:
    with pytest.raises(Forbidden, match="签发督办单由上级党组织、组织部、工委会办理"):
        issue_slip(town.desk, "D01", acting=BRANCH)
    with pytest.raises(BadInput, match="督办单没有“green”色"):
        issue_slip(town.desk, "D01", acting=SUPERIOR, colour="green")
