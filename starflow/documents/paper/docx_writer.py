"""A document as docx: GB/T 9704 with the fonts it prescribes by name; whoever opens it has them, or Word puts others in."""

import io
from collections.abc import Callable, Mapping
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from starflow.documents.paper.blocks import (
    COLOURS,
    HEAD_PT,
    HEIGHT_MM,
    LEFT_MM,
    LINE_MM,
    TITLE_PT,
    TOP_MM,
    WIDTH_MM,
    Bars,
    Cut,
    Heading,
    NewPage,
    Paper,
    Picture,
    Signed,
    Table,
    Text,
    in_words,
)

BODY, SANS, TITLE, FIGURES = "仿宋_GB2312", "黑体", "方正小标宋简体", "Times New Roman"
BLOCKS_IN_A_BAR = 28


def to_docx(paper: Paper) -> bytes:
    document = Document()
    _page(document, paper)
    if paper.logo is not None:
        document.add_picture(io.BytesIO(paper.logo), height=Mm(18))
    if paper.head:
        _head(document, paper)
    _centred(document, paper.title, TITLE, TITLE_PT, space_after=LINE_MM)
    for block in paper.blocks:
        WRITERS[type(block)](document, block, paper)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def _page(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.right_margin = Mm(210 - LEFT_MM - WIDTH_MM)
    section.bottom_margin = Mm(297 - TOP_MM - HEIGHT_MM)
    section.footer_distance = Mm(297 - TOP_MM - HEIGHT_MM - 7 - 4)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FIGURES, Pt(paper.size)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = Mm(LINE_MM)
    normal.paragraph_format.space_after = Pt(0)
    document.core_properties.title = paper.title
    document.core_properties.subject = paper.subject
    document.core_properties.author = paper.head or "starflow"
    if not paper.frame:
        _numbers(section)
    else:
        section._sectPr.append(_frame())


def _numbers(section: Any) -> None:
    """— 1 — in figures of size 4, at the outer edge: right on odd pages, left on even ones."""
    settings = section.part.document.settings
    settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        for text, field in (("— ", None), ("", "PAGE"), (" —", None)):
            run = paragraph.add_run(text)
            run.font.size, run.font.name = Pt(14), "宋体"
            if field:
                _field(run, field)


def _field(run: Any, code: str) -> None:
    for kind in ("begin", None, "end"):
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = code
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _frame() -> Any:
    """A double frame round a certificate."""
    borders = OxmlElement("w:pgBorders")
    borders.set(qn("w:offsetFrom"), "page")
    for side in ("top", "left", "bottom", "right"):
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", "thinThickSmallGap"), ("sz", "24"), ("space", "24"), ("color", "C81010")):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)
    return borders


def _head(document: Any, paper: Paper) -> None:
    colour = COLOURS[paper.colour]
    _centred(document, paper.head, TITLE, _head_size(paper.head), colour=colour, line=16)
    line = _centred(document, paper.number or " ", BODY, paper.size, line=LINE_MM)
    borders = OxmlElement("w:pBdr")
    edge = OxmlElement("w:bottom")
    hexed = "".join(f"{part:02X}" for part in colour)
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", hexed)):
        edge.set(qn(f"w:{name}"), value)
    borders.append(edge)
    line._p.get_or_add_pPr().append(borders)
    _centred(document, "", BODY, paper.size)


def _head_size(text: str) -> float:
    """One line, whatever the name."""
    return min(HEAD_PT, WIDTH_MM / 0.3528 / max(1, len(text)))


def _run(paragraph: Any, text: str, font: str, size: float, *, bold: bool = False, colour: Any = None) -> Any:
    run = paragraph.add_run(text)
    run.font.name, run.font.size, run.bold = FIGURES, Pt(size), bold
    run._r.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), font)
    if colour is not None:
        run.font.color.rgb = RGBColor(*colour)
    return run


def _centred(
    document: Any,
    text: str,
    font: str,
    size: float,
    *,
    colour: Any = None,
    line: float | None = None,
    space_after: float = 0,
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Mm(line or LINE_MM * max(1, size / 20))
    paragraph.paragraph_format.space_after = Mm(space_after)
    _run(paragraph, text, font, size, colour=colour)
    return paragraph


# ── blocks ───────────────────────────────────────────────────────


def _heading(document: Any, block: Heading, paper: Paper) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.first_line_indent = Pt(2 * paper.size)
    paragraph.paragraph_format.keep_with_next = True
    _run(paragraph, block.text, SANS, paper.size)


def _text(document: Any, block: Text, paper: Paper) -> None:
    paragraph = document.add_paragraph()
    if block.indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * block.size)
    if block.centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
    if block.size > paper.size:
        paragraph.paragraph_format.line_spacing = Pt(block.size * 1.7)
    _run(paragraph, block.text, SANS if block.bold else BODY, block.size)


def _table(document: Any, block: Table, paper: Paper) -> None:
    table = document.add_table(rows=1, cols=len(block.titles))
    table.style, table.autofit = "Table Grid", False
    _narrow_margins(table)
    for column, share in zip(table.columns, block.shares(), strict=True):
        column.width = Mm(WIDTH_MM * share)
    for row, cells in enumerate((block.titles, *block.rows)):
        line = table.rows[0] if row == 0 else table.add_row()
        _is_whole(line)
        for at, text in enumerate(cells):
            cell = line.cells[at]
            cell.width = Mm(WIDTH_MM * block.shares()[at])
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.line_spacing = Pt(block.size * 1.4)
            middle = row == 0 or block.centred()[at]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if middle else WD_ALIGN_PARAGRAPH.LEFT
            paragraph.paragraph_format.keep_with_next = row == 0 or row >= len(block.rows) - 1  # with the signature
            _run(paragraph, text, SANS if row == 0 else BODY, block.size)
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    document.add_paragraph().paragraph_format.keep_with_next = True


def _is_whole(row: Any) -> None:
    """No row goes over a page."""
    whole = OxmlElement("w:cantSplit")
    whole.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(whole)


def _narrow_margins(table: Any) -> None:
    """A millimetre at either side of a cell, so that figures stand in one line."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "57")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.append(margins)


def _bars(document: Any, block: Bars, paper: Paper) -> None:
    """Bars of block characters: they need no picture and can be edited."""
    _heading(document, Heading(block.title), paper)
    most = max((number for _, number in block.bars), default=0) or 1
    for at, (label, number) in enumerate(block.bars):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.line_spacing = Pt(20)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(44))
        _run(paragraph, f"{label}\t", BODY, 12)
        _run(paragraph, "█" * round(BLOCKS_IN_A_BAR * number / most), BODY, 10, colour=block.colour(at))
        _run(paragraph, f" {number}", BODY, 12)


def _picture(document: Any, block: Picture, paper: Paper) -> None:
    document.add_picture(io.BytesIO(block.png), width=Mm(block.width_mm))
    paragraph = document.paragraphs[-1]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    if block.below:
        below = document.add_paragraph()
        below.alignment = WD_ALIGN_PARAGRAPH.CENTER
        below.paragraph_format.line_spacing = Pt(14)
        _run(below, block.below, BODY, 9)


def _cut(document: Any, block: Cut, paper: Paper) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True
    _run(paragraph, f"- - - - - - - - - - - - {block.words} - - - - - - - - - - - -", BODY, 12)


def _signed(document: Any, block: Signed, paper: Paper) -> None:
    document.add_paragraph().paragraph_format.keep_with_next = True
    for text, from_right in ((block.by, 2), (in_words(block.on) if block.on else "    年    月    日", 4)):
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(from_right * paper.size)
        paragraph.paragraph_format.keep_with_next = from_right == 2  # who and when stay together
        _run(paragraph, text, BODY, paper.size)


def _new_page(document: Any, block: NewPage, paper: Paper) -> None:
    document.add_page_break()


WRITERS: Mapping[type, Callable[[Any, Any, Paper], None]] = {
    Heading: _heading,
    Text: _text,
    Table: _table,
    Bars: _bars,
    Picture: _picture,
    Cut: _cut,
    Signed: _signed,
    NewPage: _new_page,
}
