"""A document as values: a head, blocks in order, a signature. Both writers lay out the same values, so neither says more.

The measures are those of GB/T 9704-2012: A4, a text area of 156 by 225 mm, 22 lines of 28 characters of size 3 (16 pt).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

TOP_MM, LEFT_MM, WIDTH_MM, HEIGHT_MM = 37, 28, 156, 225
LINES, PER_LINE = 22, 28
LINE_MM = HEIGHT_MM / LINES
BODY_PT, TITLE_PT, HEAD_PT, TABLE_PT = 16.0, 22.0, 34.0, 12.0  # sizes 3, 2, the red head, small 4
RED = (200, 16, 16)
SHORT = 8  # characters of a cell that stands in the middle
COLOURS = {"blue": (31, 78, 160), "yellow": (191, 132, 0), "red": RED}


@dataclass(frozen=True, slots=True)
class Heading:
    """一、 in a sans face."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; the first line is indented by two characters unless it greets or lists."""

    text: str
    indent: bool = True
    centred: bool = False
    bold: bool = False
    size: float = BODY_PT


@dataclass(frozen=True, slots=True)
class Table:
    """Titles and rows of text; `widths` are shares of the line."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    size: float = TABLE_PT

    def shares(self) -> tuple[float, ...]:
        given = self.widths or tuple(1.0 for _ in self.titles)
        return tuple(share / sum(given) for share in given)

    def centred(self) -> tuple[bool, ...]:
        """Columns whose every cell is short; a column is set one way from top to bottom."""
        return tuple(all(len(row[at]) <= SHORT for row in self.rows) for at in range(len(self.titles)))


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each label; the longest takes the line."""

    title: str
    bars: tuple[tuple[str, int], ...]
    colours: tuple[tuple[int, int, int], ...] = ()

    def colour(self, at: int) -> tuple[int, int, int]:
        return self.colours[at] if at < len(self.colours) else (31, 78, 121)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, centred, with a line below it."""

    png: bytes
    width_mm: float
    below: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A line to cut along: what is below goes back signed."""

    words: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Who issues it, and the day in words, at the right with room for the seal."""

    by: str
    on: date | None


@dataclass(frozen=True, slots=True)
class NewPage:
    pass


Block = Heading | Text | Table | Bars | Picture | Cut | Signed | NewPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole document. `head` is the red head with the issuer's name; `number` stands below it."""

    title: str
    blocks: tuple[Block, ...]
    head: str = ""
    number: str = ""
    colour: str = "red"
    subject: str = ""
    frame: bool = False  # a certificate: a double frame instead of a head
    size: float = BODY_PT
    logo: bytes | None = None
    signed: str = ""  # what a certificate's QR code says


def in_words(on: date) -> str:
    """2027年6月5日: figures, without leading zeros."""
    return f"{on.year}年{on.month}月{on.day}日"


def numbered(texts: Sequence[str]) -> tuple[Heading, ...]:
    """一、 二、 三、 in front of each."""
    return tuple(Heading(f"{ORDER[at]}、{text}") for at, text in enumerate(texts))


ORDER = "一二三四五六七八九十"
