"""How a cell of a roster becomes a value, or a sentence for the clerk."""

import re
import unicodedata
from datetime import date, timedelta

from starflow.documents.columns import Column, Reading

MAX_CHARACTERS = 200
MAX_MEMBERS = 100_000_000
CODE = re.compile(r"\w[\w.\-·()]{0,63}")
VACANT = frozenset(("无", "空缺", "暂缺", "-", "--", "—", "——", "/", "N/A"))
INTEGER = re.compile(r"-?[0-9]+(\.0+)?")
GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
DAY_ZERO = date(1899, 12, 30)  # spreadsheets number their days from here
DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)"
)
COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
TIME_OF_DAY = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
SCORED = re.compile(r"-?[0-9]{1,6}(\.[0-9]+)?")
SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")

Value = str | int | date | None


def value_of(column: Column, cell: str) -> Value:
    """The cell's value. Raises ValueError with a sentence for the clerk."""
    if cell == "" or (column.may_be_blank and cell in VACANT):
        if not column.may_be_blank:
            raise ValueError(f"{column.title}不能为空")
        return None if column.reading is Reading.DATE else ""
    if column.reading is Reading.WHOLE:
        return whole(cell)
    if column.reading is Reading.DATE:
        return day(cell)
    if column.reading is Reading.SCORE:
        return score(cell)
    if column.reading is Reading.CHOICE:
        return choice(column, cell)
    text = plain(cell) if column.reading is Reading.TOKEN else cell
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"有{len(text)}个字,最多{MAX_CHARACTERS}个")
    if column.key == "code" and not CODE.fullmatch(text):
        raise ValueError(f"编码「{text}」只能由字母、数字、汉字和 - _ . 组成,以字母、数字或汉字开头,最多64个字")
    return text


def whole(cell: str) -> int:
    text = plain(cell).replace("\u2212", "-")
    if GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not INTEGER.fullmatch(text):
        raise ValueError(f"「{cell[:20]}」不是整数")
    number = int(text.partition(".")[0][:20])
    if number < 0:
        raise ValueError(f"不能为负数:{number}")
    if number > MAX_MEMBERS:
        raise ValueError(f"大得不合理:{text[:20]}")
    return number


def day(cell: str) -> date:
    text = TIME_OF_DAY.sub("", unicodedata.normalize("NFKC", cell).strip())
    text = re.sub(r"\s", "", text)
    try:
        if match := DATE.fullmatch(text) or COMPACT_DATE.fullmatch(text):
            year, month, day_of_month = (int(part) for part in match.groups() if part)
            return _within_reason(date(year, month, day_of_month))
        if match := SERIAL.fullmatch(text):
            return DAY_ZERO + timedelta(days=int(match[1]))
    except ValueError:
        raise ValueError(f"没有「{cell[:20]}」这一天") from None
    raise ValueError(f"「{cell[:20]}」不是日期,请写成 2027-06-05 的样子")


def _within_reason(on: date) -> date:
    if not 1921 <= on.year <= 2199:
        raise ValueError(on)
    return on


def score(cell: str) -> str:
    """A decimal as it is written, "9.50" as "9.5"; how many decimals there may be, the scheme says."""
    text = plain(cell)
    if not SCORED.fullmatch(text):
        raise ValueError(f"「{cell[:20]}」不是分数,请写成 9.5 的样子")
    return text.rstrip("0").rstrip(".") if "." in text else text


def choice(column: Column, cell: str) -> str:
    """The value behind a word of the list; the value itself may stand there too."""
    text = plain(cell).casefold()
    for value, word in column.choices:
        if text in (value.casefold(), plain(word).casefold()):
            return value
    known = "、".join(word for _, word in column.choices)
    raise ValueError(f"{column.title}不能是「{cell[:20]}」,可选:{known}")


def plain(cell: str) -> str:
    """Full-width letters and digits as ordinary ones, without any space."""
    return "".join(unicodedata.normalize("NFKC", cell).split())
