"""Files are judged by their content before anything in them is opened; each refusal is a sentence that says what to do."""

import hashlib
import os
import struct
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from starflow.service import jobs, uploads
from starflow.service.desk import Desk
from starflow.service.objections import NewObjection, bring
from starflow.service.polls import digest
from starflow.service.uploads import Upload, clean_name, kind_of
from storage import publications
from tests.service.conftest import City
from workflow.engine.errors import BadInput

PDF = b"%PDF-1.7\n%\xe2\xe3\n"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20


def png(width: int = 8, height: int = 8) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02" + b"\0" * 20


def archive(*names: str, content: bytes = b"x", method: int = zipfile.ZIP_STORED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name in names:
            file.writestr(name, content)
    return made.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("会议记录.pdf", PDF, "PDF"),
        ("照片.JPG", JPEG, "JPEG"),
        ("截图.png", png(), "PNG"),
        ("总结.docx", DOCX, "docx"),
        ("台账.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        ("公文.ofd", archive("OFD.xml", "Doc_0/Document.xml"), "ofd"),
    ],
)
def test_what_is_taken(name: str, content: bytes, kind: str) -> None:
    assert kind_of(Upload(name, content)).name == kind


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("空.pdf", b"", "是空文件"),
        ("程序.pdf", b"MZ\x90\x00", "不是可以接收的格式"),
        ("页面.pdf", b"<html><script>alert(1)</script>", "不是可以接收的格式"),
        ("图.svg", b"<svg onload='x'/>", "不是可以接收的格式"),
        ("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "另存为docx"),
        ("改名.pdf", png(), "的内容是PNG,文件名却不是.png"),
        ("改名.png", DOCX, "的内容是docx,文件名却不是.docx"),
        ("大.pdf", PDF + b"\0" * uploads.MOST_BYTES, "超过20MB"),
        ("巨图.png", png(20000, 20000), "太大"),
        ("半个.docx", DOCX[:-30], "压缩目录"),
        ("压缩包.docx", archive("readme.txt"), "的内容与格式不符"),
        ("宏.docx", archive("[Content_Types].xml", "word/a.xml", "word/vbaProject.bin"), "含有宏"),
        ("越界.docx", archive("[Content_Types].xml", "word/a.xml", "../../etc/passwd"), "越界的路径"),
        ("多.docx", archive("[Content_Types].xml", *(f"word/{n}" for n in range(2100))), "部件超过2000个"),
        (
            "炸弹.docx",
            archive("[Content_Types].xml", "word/a.xml", content=b"\0" * 9_000_000, method=zipfile.ZIP_DEFLATED),
            "压缩炸弹",
        ),
    ],
)
def test_what_is_refused_says_why(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        kind_of(Upload(name, content))

    assert name in str(refusal.value) and sentence in str(refusal.value)


def test_a_name_is_only_a_name() -> None:
    assert clean_name("..\\..\\C:\\报告.pdf") == "报告.pdf"
    assert clean_name("/etc/passwd") == "passwd"
    assert clean_name('a"\r\nSet-Cookie: x.pdf') == "aSet-Cookie x.pdf"
    assert len(clean_name("长" * 300 + ".pdf")) <= 120 and clean_name("长" * 300 + ".pdf").endswith(".pdf")
    assert clean_name("...") == "附件"


# ── nothing left behind ──────────────────────────────────────────


def aged(path: Path, days: float) -> None:
    at = path.stat().st_mtime - days * 86_400
    os.utime(path, (at, at))


def test_a_file_that_no_row_names_is_swept_after_a_day_and_not_before(city: City, tmp_path: Path) -> None:
    desk = Desk(city.desk.database, replace(city.desk.settings, uploads=tmp_path))
    with desk.transaction() as tx:
        uploads.attach(desk, tx, [Upload("会议记录.pdf", PDF)], "evidence", 1)
    lost, again, fresh = (uploads.keep(desk, Upload("a.pdf", PDF + said))[0] for said in (b"lost", b"again", b"fresh"))
    kept = uploads.path_of(desk, hashlib.sha256(PDF).hexdigest())
    half = uploads.path_of(desk, lost).with_suffix(".1.2.half")
    half.write_bytes(b"%PDF")
    for path in (kept, half, uploads.path_of(desk, lost), uploads.path_of(desk, again)):
        aged(path, 1.01)
    aged(uploads.path_of(desk, fresh), 0.9)
    uploads.keep(desk, Upload("a.pdf", PDF + b"again"))

    assert jobs.sweep_uploads(desk) == "清除无主附件2个"

    left = {kept.name, again, fresh}
    assert {path.name for path in tmp_path.glob("*/*")} == left
    assert jobs.sweep_uploads(desk) == "清除无主附件0个"


def test_what_came_with_an_objection_never_confirmed_goes_with_it(city: City, tmp_path: Path) -> None:
    desk = Desk(city.desk.database, replace(city.desk.settings, uploads=tmp_path))
    city.at("2027-05-06 10:00")
    city.post("B1", "2027-05-06")
    city.at("2027-05-08 10:00")
    with desk.reading() as tx:
        (slug,) = {one.slug for one, _ in publications.running(tx)}
    said = NewObjection(
        code="B1", content="5月4日窗口三人脱岗半天。", name="李四", contact="13800000000", files=(Upload("a.pdf", PDF),)
    )
    bring(desk, slug, said)
    city.at("2027-05-09 10:01")

    jobs.tidy_ballots(desk)
    for path in tmp_path.glob("*/*"):
        aged(path, 1.01)
    jobs.sweep_uploads(desk)

    assert list(tmp_path.glob("*/*")) == []
    with desk.reading() as tx:
        everything = str(tx.session.execute(sa.text("SELECT * FROM objection_filing")).all())
        assert tx.session.execute(sa.text("SELECT * FROM attached")).all() == []
    assert [trace for trace in ("李四", "138", "脱岗", digest("13800000000")) if trace in everything] == []
