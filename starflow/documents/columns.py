"""What the columns of a roster are called, and how a cell of each is read.

COLUMNS is the one list: import recognises by it, export titles by it, and `docs/roster.md` is printed from it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Reading(StrEnum):
    """How the text of a cell becomes a value."""

    TEXT = "文字"
    TOKEN = "代码"
    WHOLE = "整数"
    DATE = "日期"
    SCORE = "分数"
    CHOICE = "选项"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    key: str
    title: str
    title_en: str
    meaning: str
    required: bool = False
    may_be_blank: bool = True
    reading: Reading = Reading.TEXT
    synonyms: tuple[str, ...] = ()
    synonyms_en: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()  # (value, word): a cell may hold either


COLUMNS = (
    Column(
        key="code",
        title="编码",
        title_en="Code",
        required=True,
        may_be_blank=False,
        reading=Reading.TOKEN,
        synonyms=("代码", "编号", "组织编码", "组织代码", "组织编号", "党组织编码", "党组织代码", "支部编码"),
        synonyms_en=("ID", "Organisation code", "Organization code"),
        meaning="组织的固定编号,不得重复,停用后不再使用;由字母、数字、汉字和 - _ . 组成",
    ),
    Column(
        key="name",
        title="名称",
        title_en="Name",
        required=True,
        may_be_blank=False,
        synonyms=("全称", "组织名称", "党组织名称", "党组织全称", "支部名称", "党支部名称", "单位名称"),
        synonyms_en=("Organisation", "Organization", "Organisation name", "Organization name"),
        meaning="组织全称;不同的组织可以同名",
    ),
    Column(
        key="kind",
        title="类别",
        title_en="Kind",
        required=True,
        may_be_blank=False,
        synonyms=("类型", "组织类别", "组织类型", "党组织类别", "党组织类型"),
        synonyms_en=("Type", "Category"),
        meaning="市直工委、机关党委、党总支、党支部等;市直工委是唯一的根,不参加评定",
    ),
    Column(
        key="parent",
        title="上级编码",
        title_en="Parent",
        required=True,
        reading=Reading.TOKEN,
        synonyms=("上级代码", "上级编号", "上级组织编码", "上级组织代码", "上级党组织编码", "上级党组织代码"),
        synonyms_en=("Parent code", "Superior", "Superior code"),
        meaning="上级组织的编码,须在同一文件中,先后不限;只有根留空",
    ),
    Column(
        key="field",
        title="领域",
        title_en="Field",
        synonyms=("所属领域", "党建领域"),
        synonyms_en=("Sector",),
        meaning="机关、事业单位、窗口单位、离退休等",
    ),
    Column(
        key="members",
        title="党员数",
        title_en="Members",
        required=True,
        may_be_blank=False,
        reading=Reading.WHOLE,
        synonyms=("党员人数", "党员总数", "党员数量"),
        synonyms_en=("Member count", "Number of members", "Party members"),
        meaning="党员人数,零或正整数",
    ),
    Column(
        key="founded_on",
        title="成立日期",
        title_en="Founded on",
        reading=Reading.DATE,
        synonyms=("成立日", "成立时间", "组建日期", "建立日期"),
        synonyms_en=("Founded", "Date of foundation"),
        meaning="组织成立的日期,不得晚于今天;方案按成立时间规定资格的要用;留空则保留已登记的",
    ),
    Column(
        key="election_due_on",
        title="换届到期日",
        title_en="Election due on",
        reading=Reading.DATE,
        synonyms=("换届到期日期", "换届到期时间", "应换届日期", "届满日期", "任期届满日期"),
        synonyms_en=("Election due", "Election due date", "Term ends on"),
        meaning="本届任期届满、应当换届的日期",
    ),
    Column(
        key="head",
        title="负责人",
        title_en="Head",
        synonyms=("负责人姓名", "书记", "书记姓名", "党组织书记", "支部书记"),
        synonyms_en=("Secretary",),
        meaning="书记姓名;空缺时留空",
    ),
    Column(
        key="phone",
        title="电话",
        title_en="Phone",
        reading=Reading.TOKEN,
        synonyms=("电话号码", "联系电话", "手机", "手机号", "手机号码", "办公电话"),
        synonyms_en=("Telephone", "Mobile"),
        meaning="负责人的电话",
    ),
    Column(
        key="email",
        title="邮箱",
        title_en="E-mail",
        reading=Reading.TOKEN,
        synonyms=("电子邮箱", "电子邮件", "邮箱地址"),
        synonyms_en=("Mail", "E-mail address"),
        meaning="接收提醒的邮箱",
    ),
    Column(
        key="leader",
        title="分管领导",
        title_en="Leader",
        synonyms=("联系领导", "挂包领导", "挂包联系领导"),
        synonyms_en=("Contact leader",),
        meaning="挂包联系该组织的领导",
    ),
    Column(
        key="ended_on",
        title="停用日期",
        title_en="Ended on",
        reading=Reading.DATE,
        synonyms=("停用日", "撤销日期"),
        synonyms_en=("Ended",),
        meaning="导出时写出;填有日期的行视为已停用,不在名册之内",
    ),
)

TITLES = {column.key: column.title for column in COLUMNS}


def heading_key(text: str) -> str:
    """What of a heading counts: "* 党员数(人):" is 党员数, "Election_due-on" is "electiondueon"."""
    text = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", unicodedata.normalize("NFKC", text))
    return re.sub(r"[\s*:_\-]", "", text).casefold()


def headings(column: Column) -> Iterator[str]:
    """Every way to write the heading; the first three are the column's own names and win over synonyms."""
    yield from (column.title, column.title_en, column.key)
    yield from (*column.synonyms, *column.synonyms_en)


def known_headings(columns: Sequence[Column]) -> dict[str, Column]:
    """Every way to write a heading of these columns, and which column it means; an own name wins over a synonym."""
    every = {heading_key(text): column for column in columns for text in headings(column)}
    own = {heading_key(text): column for column in columns for text in (column.title, column.title_en, column.key)}
    return every | own


def own_headings(columns: Sequence[Column]) -> frozenset[str]:
    return frozenset(heading_key(text) for column in columns for text in (column.title, column.title_en, column.key))
