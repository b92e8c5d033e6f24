"""A document as PDF: the same values on the same measures, set in a font of this machine, which the file says of itself."""

import io
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import TextEmphasis, XPos, YPos
from fpdf.fonts import FontFace

from starflow.documents.paper.blocks import (
    COLOURS,
    HEAD_PT,
    HEIGHT_MM,
    LEFT_MM,
    LINE_MM,
    RED,
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
from starflow.documents.paper.fonts import Faces

MM_PER_PT = 0.352778
BODY, HEAD, TITLE = "body", "head", "title"
INDENT = "\u3000\u3000"
RECEIPT_MM = 46
logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table that it drops


class _Page(FPDF):
    """A4 with the page number at the outer edge, as the standard has it."""

    numbered = True

    def footer(self) -> None:
        if not self.numbered:
            return
        self.set_y(TOP_MM + HEIGHT_MM + 7)
        self.set_font(BODY, size=14)
        self.set_text_color(0, 0, 0)
        self.cell(WIDTH_MM, 6, f"— {self.page_no()} —", align="R" if self.page_no() % 2 else "L")


def to_pdf(paper: Paper, fonts: Faces, at: datetime) -> bytes:
    """`at` is when it was made; the same document at the same moment has the same bytes."""
    pdf = _Page(format="A4")
    pdf.numbered = not paper.frame
    for family, face in ((BODY, fonts.body), (HEAD, fonts.head), (TITLE, fonts.title)):
        pdf.add_font(family, fname=face.file, collection_font_number=face.number)
    pdf.set_margins(LEFT_MM, TOP_MM, 210 - LEFT_MM - WIDTH_MM)
    pdf.set_auto_page_break(True, margin=297 - TOP_MM - HEIGHT_MM)
    pdf.set_title(paper.title)
    pdf.set_subject(paper.signed or paper.subject)
    pdf.set_author(paper.head or "starflow")
    pdf.set_keywords(fonts.said)
    pdf.set_creation_date(at)
    pdf.set_lang("zh-CN")
    pdf.add_page()
    if paper.frame:
        _frame(pdf)
    if paper.logo is not None:
        pdf.image(io.BytesIO(paper.logo), h=18)
    if paper.head:
        _head(pdf, paper)
    _title(pdf, paper)
    for block, then in zip(paper.blocks, (*paper.blocks[1:], None), strict=True):
        if isinstance(block, Text) and isinstance(then, Signed):
            _with_signature(pdf, block, paper)
        WRITERS[type(block)](pdf, block, paper)
    return bytes(pdf.output())


def _frame(pdf: _Page) -> None:
    pdf.set_draw_color(*RED)
    for inset, width in ((10, 1.6), (13, 0.4)):
        pdf.set_line_width(width)
        pdf.rect(inset, inset, 210 - 2 * inset, 297 - 2 * inset)
    pdf.set_draw_color(0, 0, 0)
    pdf.set_line_width(0.2)


def _head(pdf: _Page, paper: Paper) -> None:
    pdf.set_text_color(*COLOURS[paper.colour])
    size = min(HEAD_PT, WIDTH_MM / MM_PER_PT / max(1, len(paper.head)))
    pdf.set_font(TITLE, size=size)
    pdf.cell(WIDTH_MM, 16, paper.head, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_text_color(0, 0, 0)
    pdf.set_font(BODY, size=paper.size)
    pdf.cell(WIDTH_MM, LINE_MM, paper.number, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_draw_color(*COLOURS[paper.colour])
    pdf.set_line_width(0.8)
    pdf.line(LEFT_MM, pdf.get_y() + 2, LEFT_MM + WIDTH_MM, pdf.get_y() + 2)
    pdf.set_draw_color(0, 0, 0)
    pdf.set_line_width(0.2)
    pdf.ln(LINE_MM)


def _title(pdf: _Page, paper: Paper) -> None:
    pdf.set_font(TITLE, size=TITLE_PT)
    pdf.multi_cell(WIDTH_MM, LINE_MM * 1.1, paper.title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(LINE_MM * 0.8)


# ── blocks ───────────────────────────────────────────────────────


def _paragraph(pdf: _Page, text: str, *, font: str, size: float, align: str = "L", height: float = LINE_MM) -> None:
    pdf.set_font(font, size=size)
    for line in broken(text, WIDTH_MM, pdf.get_string_width):
        pdf.cell(WIDTH_MM, height, line, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


CLOSING = frozenset("。,、;:?!)》」』”’】〕%,.;:?!)]}" + "\uff0c\uff1b\uff1a\uff1f\uff01\uff09")
WORD = re.compile(r"[0-9A-Za-z%./:_×-]+|.", re.DOTALL)


def broken(text: str, width: float, measure: Callable[[str], float], *, hangs: bool = True) -> list[str]:
    """Lines of a Chinese paragraph: no line begins with a closing mark, and no number is cut. The mark hangs into the margin; in the
    cell of a table it takes the character before it along.
    """
    found: list[str] = []
    for part in text.split("\n"):
        line = ""
        for piece in WORD.findall(part):
            if line and measure(line + piece) > width and not (hangs and piece in CLOSING):
                along = 1 if piece in CLOSING and len(line) > 1 else 0
                found.append(line[: len(line) - along])
                line = line[len(line) - along :]
            line += piece
        found.append(line)
    return found


def _heading(pdf: _Page, block: Heading, paper: Paper) -> None:
    if pdf.get_y() + 3 * LINE_MM > TOP_MM + HEIGHT_MM:  # no heading stands alone at the foot of a page
        pdf.add_page()
    _paragraph(pdf, INDENT + block.text, font=HEAD, size=paper.size)


def _text(pdf: _Page, block: Text, paper: Paper) -> None:
    height = max(LINE_MM if block.size >= paper.size else block.size * MM_PER_PT * 1.6, block.size * MM_PER_PT * 1.6)
    text = (INDENT if block.indent else "") + block.text
    _paragraph(
        pdf,
        text,
        font=HEAD if block.bold else BODY,
        size=block.size,
        align="C" if block.centred else "L",
        height=height,
    )


def _with_signature(pdf: _Page, block: Text, paper: Paper) -> None:
    """The last paragraph goes over with the signature."""
    pdf.set_font(BODY, size=block.size)
    lines = len(broken(block.text, WIDTH_MM - 2 * block.size * MM_PER_PT, pdf.get_string_width))
    if pdf.get_y() + (lines + 3) * LINE_MM > TOP_MM + HEIGHT_MM >= TOP_MM + (lines + 3) * LINE_MM:
        pdf.add_page()


def _table(pdf: _Page, block: Table, paper: Paper) -> None:
    """Its titles stand on every page. The last rows go over with the signature: no page has a signature alone."""
    pdf.set_font(BODY, size=block.size)
    rows, left = tuple(_lines(pdf, block, row) for row in block.rows), 2 if len(block.rows) > 3 else 0
    _rows(pdf, block, rows[: len(rows) - left], titles=True)
    if left:
        lines = sum(max(text.count("\n") + 1 for text in row) for row in rows[-left:])
        over = pdf.get_y() + lines * _height(block) + 2 * left + 4 * LINE_MM > TOP_MM + HEIGHT_MM
        if over:
            pdf.add_page()
        _rows(pdf, block, rows[-left:], titles=over)
    pdf.set_font(BODY, size=paper.size)
    pdf.ln(LINE_MM / 2)


CELL_MM = 0.8


def _rows(pdf: _Page, block: Table, rows: Sequence[tuple[str, ...]], *, titles: bool) -> None:
    widths = tuple(WIDTH_MM * share for share in block.shares())
    head = FontFace(family=HEAD, emphasis=TextEmphasis.NONE, size_pt=block.size)
    pdf.set_font(BODY, size=block.size)
    with pdf.table(
        col_widths=widths, line_height=_height(block), text_align="CENTER", first_row_as_headings=titles,
        headings_style=head, wrapmode="CHAR", padding=CELL_MM,
    ) as table:  # fmt: skip
        for cells in (block.titles, *rows) if titles else rows:
            row = table.row()
            for text, centred in zip(cells, block.centred(), strict=True):
                row.cell(text, align="C" if cells is block.titles or centred else "L")


def _lines(pdf: _Page, block: Table, row: tuple[str, ...]) -> tuple[str, ...]:
    inner = (WIDTH_MM * share - 2 * CELL_MM - 0.1 for share in block.shares())
    return tuple(
        "\n".join(broken(text, width, pdf.get_string_width, hangs=False))
        for text, width in zip(row, inner, strict=True)
    )


def _height(block: Table) -> float:
    return block.size * MM_PER_PT * 1.5


def _bars(pdf: _Page, block: Bars, paper: Paper) -> None:
    needed = LINE_MM + 8 * len(block.bars)
    if pdf.get_y() + needed > TOP_MM + HEIGHT_MM:
        pdf.add_page()
    _heading(pdf, Heading(block.title), paper)
    most = max((number for _, number in block.bars), default=0) or 1
    for at, (label, number) in enumerate(block.bars):
        y = pdf.get_y()
        pdf.set_font(BODY, size=12)
        pdf.cell(44, 7, label, align="R")
        pdf.set_fill_color(*block.colour(at))
        length = 92 * number / most
        pdf.rect(LEFT_MM + 47, y + 1, max(length, 0.3), 5, style="F")
        pdf.set_xy(LEFT_MM + 49 + length, y)
        pdf.cell(16, 7, str(number), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(1)
    pdf.set_fill_color(255, 255, 255)
    pdf.ln(3)


def _picture(pdf: _Page, block: Picture, paper: Paper) -> None:
    pdf.image(io.BytesIO(block.png), x=(210 - block.width_mm) / 2, w=block.width_mm)
    if block.below:
        _paragraph(pdf, block.below, font=BODY, size=9, align="C", height=5)


def _cut(pdf: _Page, block: Cut, paper: Paper) -> None:
    if pdf.get_y() + RECEIPT_MM > TOP_MM + HEIGHT_MM:
        pdf.add_page()
    y = pdf.get_y() + 3
    pdf.set_dash_pattern(dash=2, gap=1.5)
    pdf.line(LEFT_MM, y, LEFT_MM + WIDTH_MM, y)
    pdf.set_dash_pattern()
    _paragraph(pdf, block.words, font=BODY, size=10, align="C", height=12)


def _signed(pdf: _Page, block: Signed, paper: Paper) -> None:
    if pdf.get_y() + 3 * LINE_MM > TOP_MM + HEIGHT_MM:
        pdf.add_page()
    pdf.ln(LINE_MM)
    pdf.set_font(BODY, size=paper.size)
    em = paper.size * MM_PER_PT
    for text, from_right in ((block.by, 2), (in_words(block.on) if block.on else "    年    月    日", 4)):
        pdf.cell(WIDTH_MM - from_right * em, LINE_MM, text, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _new_page(pdf: _Page, block: NewPage, paper: Paper) -> None:
    pdf.add_page()


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
