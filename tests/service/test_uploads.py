"""Files are judged by their content before anything in them is opened; each refusal is a sentence that says what to do."""

import struct
import zipfile
from io import BytesIO

import pytest

from starflow.service import uploads
from starflow.service.uploads import Upload, clean_name, kind_of
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
