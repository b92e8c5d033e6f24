"""A public notice as it hangs, to be taken along: docx and pdf in the layout of official documents, xlsx for whoever counts.

It says what the notice's own page says at this moment, no more: outside its days there is no list and so no paper.
"""

import threading
from collections.abc import Callable, Mapping

from starflow.documents.lists import Sheetful, workbook
from starflow.documents.paper.blocks import Block, Heading, Paper, Picture, Signed, Table, Text, in_words, numbered
from starflow.documents.paper.certificate import qr_png
from starflow.documents.paper.docx_writer import to_docx
from starflow.documents.paper.fonts import faces
from starflow.documents.paper.pdf_writer import to_pdf
from starflow.service.desk import Desk
from starflow.service.publicity import NoticePage, Shown
from workflow.engine.errors import Refused, Unknown

TITLES = ("党组织", "拟定星级", "现有星级")


def posted_paper(desk: Desk, notice: NoticePage, link: str, form: str) -> bytes:
    """Raises Unknown (form), Refused outside the notice's days, Unavailable where no font is installed for a PDF."""
    if form not in WRITERS:
        raise Unknown(f"公示没有“{form}”格式,只有{'、'.join(WRITERS)}")
    if notice.state != "during":
        raise Refused("名单只在公示期内公开,现在没有可以下载的")
    return WRITERS[form](desk, notice, link)


def _docx(desk: Desk, notice: NoticePage, link: str) -> bytes:
    return to_docx(paper(notice, link))


def _pdf(desk: Desk, notice: NoticePage, link: str) -> bytes:
    """One at a time, and what was just laid out is kept: a public page must not be a way to keep this machine busy."""
    fonts = faces(desk.settings.pdf_font)
    said = paper(notice, link)
    with LAYING_OUT:
        if said not in LAID_OUT:
            while len(LAID_OUT) >= MOST_KEPT:
                LAID_OUT.pop(next(iter(LAID_OUT)))
            LAID_OUT[said] = to_pdf(said, fonts, desk.clock.now().astimezone(notice.at.tzinfo))
        return LAID_OUT[said]


LAYING_OUT = threading.Lock()
MOST_KEPT = 16
LAID_OUT: dict[Paper, bytes] = {}
"""A notice's paper is a value, so the same paper is the same bytes."""


def _xlsx(desk: Desk, notice: NoticePage, link: str) -> bytes:
    rows = tuple((line.code, line.name, _star(line), line.star_before or "未评") for line in notice.lines)
    sheet = Sheetful(
        title=notice.title,
        narrowed=f"{link} 第{notice.version}版,公示期{in_words(notice.first_on)}至{in_words(notice.last_on)}",
        at=desk.clock.now().astimezone(notice.at.tzinfo),
        titles=("编码", *TITLES),
        rows=rows,
        plain_rows=notice.lines,
    )
    return workbook(sheet)


WRITERS: Mapping[str, Callable[[Desk, NoticePage, str], bytes]] = {"docx": _docx, "pdf": _pdf, "xlsx": _xlsx}


def paper(notice: NoticePage, link: str) -> Paper:
    scope = f"(范围:{notice.scope})" if notice.scope else ""
    heads = numbered(("公示期", "对公示有异议的"))
    return Paper(
        title=notice.title,
        head=notice.publisher,
        subject=notice.title,
        blocks=(
            Text(f"根据{notice.basis},现将{len(notice.lines)}个党组织的拟定星级公示如下{scope}。"),
            Table(TITLES, tuple((line.name, _star(line), line.star_before or "未评") for line in notice.lines), (6, 3, 2)),
            *_period(heads[0], notice),
            *_objecting(heads[1], notice),
            Signed(notice.publisher, notice.posted_on),
            Picture(qr_png(notice.scanned(link)), 30, link),
            Text(f"第{notice.version}版。张贴时流转记录校验值:{notice.head}", indent=False, size=10),
            *([Text(f"张贴前全部记录的锚点:{notice.anchor}", indent=False, size=10)] if notice.anchor else []),
        ),
    )  # fmt: skip


def _period(head: Heading, notice: NoticePage) -> tuple[Block, ...]:
    said = f"{in_words(notice.first_on)}0时至{in_words(notice.last_on)}24时,共{notice.days}天。"
    corrected = f"第{notice.version}版更正,原因:{notice.correction}。"
    return (
        head,
        Text(f"{said}{in_words(notice.posted_on)}张贴于{notice.place}。"),
        *(Text(f"{text}。".replace("。。", "。")) for text in notice.arithmetic),
        *([Text(corrected)] if notice.correction else []),
    )


def _objecting(head: Heading, notice: NoticePage) -> tuple[Block, ...]:
    contact = f"联系方式:{notice.contact}。" if notice.contact else ""
    return (head, Text(f"{notice.objecting}{contact}扫下面的二维码可以看到这份公示,并在网上提出异议。"))


def _star(line: Shown) -> str:
    if line.replaced_by is not None:
        return "已更正,另行公示"
    return f"{line.star}(原为{line.struck})" if line.struck else line.star
