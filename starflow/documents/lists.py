"""Every list as a file: LISTS says which there are and what their columns are; what they are narrowed to stands above them.

A file goes from hand to hand, so it says of itself what it shows: the title, the filters, the moment, and how many rows.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from starflow.documents.export import guard, in_cell, text_of, to_csv
from starflow.service import directory, lists
from starflow.service.agenda import agenda
from starflow.service.desk import Desk
from starflow.service.imports import imports_list
from starflow.service.matter_lists import list_matters
from starflow.service.quotas import quota
from starflow.service.registers import elections, events
from starflow.service.shapes import Owner, plain
from starflow.service.sittings import meeting_list
from starflow.service.view import Filters
from workflow.engine.errors import BadInput, Unknown

FORMS = ("xlsx", "csv", "json")
LIGHTS = {"black": "✕终止", "red": "■逾期", "yellow": "▲滞后", "green": "●按期", "blue": "◆临近", "grey": "○未到"}
FILTER_WORDS = {
    "under": "范围",
    "stage": "环节",
    "light": "灯",
    "owner": "办理者",
    "year": "年度",
    "reviewer": "上级",
    "text": "名称",
}
Cell = Callable[[Any], Any]
Columns = tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list by name: its title, how its rows are found, its columns, and the filters it knows."""

    name: str
    title: str
    rows: Callable[[Desk, Filters], Iterable[Any]]
    columns: Columns
    knows: tuple[str, ...] = ()


# ── cells ────────────────────────────────────────────────────────


def _of(name: str) -> Cell:
    return lambda row: getattr(row, name)


def _who(name: str = "owner") -> Cell:
    def said(row: Any) -> str:
        one: Owner | None = getattr(row, name)
        return "" if one is None else f"{one.organisation_name} {one.person_name or '(空缺)'}"

    return said


def _joined(name: str) -> Cell:
    return lambda row: ";".join(map(str, getattr(row, name)))


def _light(row: Any) -> str:
    return LIGHTS[str(row.light)] if row.light is not None else ""


def _until(name: str) -> Cell:
    """The end of a day reads 24:00 of that day."""

    def said(row: Any) -> str:
        return moment(getattr(row, name))

    return said


def moment(at: datetime | None) -> str:
    if at is None:
        return ""
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{date.fromordinal(at.toordinal() - 1)} 24:00"
    return f"{at:%Y-%m-%d %H:%M}"


ORGANISATION: Columns = (("编码", _of("organisation")), ("名称", _of("name")))

LISTS = (
    Listing(
        "organisations",
        "党组织名册",
        lambda desk, f: directory.listed(desk, f).rows,
        (
            ("编码", _of("code")),
            ("名称", _of("name")),
            ("类别", _of("kind")),
            ("上级编码", _of("parent")),
            ("领域", _of("field")),
            ("党员数", _of("members")),
            ("换届到期日", _of("election_due_on")),
            ("负责人", _of("head")),
            ("分管领导", _of("leader")),
            ("电话", _of("phone")),
            ("邮箱", _of("email")),
            ("停用日期", _of("ended_on")),
        ),
        ("under", "year"),
    ),
    Listing(
        "stuck",
        "卡住的单位",
        lambda desk, f: lists.stuck(desk, f).rows,
        (
            *ORGANISATION,
            ("灯", _light),
            ("逾期天数", _of("days_overdue")),
            ("环节", _of("stage_title")),
            ("缺什么", _joined("missing")),
            ("该谁办", _who()),
            ("进入时间", _until("since")),
            ("目标", _until("target_at")),
            ("截止", _until("due_at")),
            ("最近提醒", _until("last_reminder_at")),
            ("自动上报", _until("escalates_at")),
        ),
        ("under", "stage", "light", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "cycles",
        "各党组织办理进度",
        lambda desk, f: lists.cycles(desk, f).rows,
        (
            *ORGANISATION,
            ("灯", _light),
            ("环节", _of("stage_title")),
            ("该谁办", _who()),
            ("截止", _until("due_at")),
            ("拟定星级", _of("proposed_star")),
            ("现星级", _of("star")),
        ),
        ("under", "stage", "light", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "obligations",
        "全部待办",
        lambda desk, f: lists.obligations(desk, f).rows,
        (
            ("编号", _of("id")),
            *ORGANISATION,
            ("事项", _of("stage_title")),
            ("灯", _light),
            ("该谁办", _who()),
            ("目标", _until("target_at")),
            ("截止", _until("due_at")),
            ("下次提醒", _until("next_rung_at")),
        ),
        ("under", "stage", "light", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "due",
        "近期到期",
        lambda desk, f: lists.due(desk, f).rows,
        (
            ("编号", _of("id")),
            *ORGANISATION,
            ("事项", _of("stage_title")),
            ("灯", _light),
            ("该谁办", _who()),
            ("目标", _until("target_at")),
            ("截止", _until("due_at")),
        ),
        ("under", "stage", "light", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "notices",
        "提醒、催办和通知",
        lambda desk, f: lists.notices(desk, f).rows,
        (
            *ORGANISATION,
            ("环节", _of("stage_title")),
            ("级", _of("rung")),
            ("种类", _of("kind")),
            ("给谁", _who("recipient")),
            ("通道", _of("channel")),
            ("应发", _until("due_at")),
            ("发出", _until("sent_at")),
            ("状态", _of("status")),
            ("内容", _of("text")),
            ("备注", _of("note")),
        ),
        ("under", "stage", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "stars",
        "有效的星级",
        lambda desk, f: lists.stars(desk, f).rows,
        (
            *ORGANISATION,
            ("星级", _of("star")),
            ("自", _of("from_on")),
            ("至", _of("until_on")),
            ("依据", _of("decision")),
        ),
        ("under",),
    ),
    Listing(
        "quota",
        "名额",
        lambda desk, f: quota(desk, f.year).rows,
        (
            ("名额", _of("title")),
            ("范围", _of("scope")),
            ("基数", _of("base")),
            ("限额", _of("limit")),
            ("已用", _of("taken")),
            ("拟定", _of("proposed")),
            ("超额决定", _of("excess")),
            ("还剩", _of("left")),
            ("算式", _of("arithmetic")),
            ("并列", _of("tie")),
        ),
        ("year",),
    ),
    Listing(
        "agenda",
        "待批准名单",
        lambda desk, f: agenda(desk, f.year).rows,
        (
            ("名次", _of("rank")),
            *ORGANISATION,
            ("自评", _of("self_score")),
            ("测评", _of("satisfaction")),
            ("考评", _of("base")),
            ("总分", _of("total")),
            ("拟定星级", _of("proposed_star")),
            ("现星级", _of("star")),
            ("名额线内", lambda row: {True: "是", False: "否"}.get(row.within, "")),
            ("并列", lambda row: "是" if row.tied else ""),
            ("提示", _joined("flags")),
            ("缓议理由", _of("deferred")),
        ),
        ("year",),
    ),
    Listing(
        "meetings",
        "工委会会议",
        lambda desk, f: meeting_list(desk, f.year).rows,
        (
            ("会议", _of("number")),
            ("日期", _of("held_on")),
            ("年度", _of("year")),
            ("状态", _of("status")),
            ("批准", _of("approved")),
            ("不批准", _of("rejected")),
        ),
        ("year",),
    ),
    Listing(
        "matters",
        "环节以外的事项",
        lambda desk, f: list_matters(desk, f, closed=True).rows,
        (
            ("编号", _of("id")),
            *ORGANISATION,
            ("事项", _of("kind_title")),
            ("状态", _of("status_title")),
            ("灯", _light),
            ("该谁办", _who()),
            ("截止", _until("due_at")),
            ("立项", _until("opened_at")),
        ),
        ("under", "stage", "light", "owner", "year", "reviewer", "text"),
    ),
    Listing(
        "events",
        "加分扣分事项",
        lambda desk, f: events(desk, year=f.year, under=f.under).rows,
        (
            ("编号", _of("id")),
            *ORGANISATION,
            ("事项", _of("title")),
            ("日期", _of("on")),
            ("依据", _of("proof")),
            ("所属案件", _of("case")),
            ("状态", _of("status")),
            ("经办", lambda row: row.decided_by or row.proposed_by),
            ("理由", _of("reason")),
        ),
        ("under", "year"),
    ),
    Listing(
        "elections",
        "换届登记",
        lambda desk, f: elections(desk, under=f.under).rows,
        (
            *ORGANISATION,
            ("类别", _of("kind")),
            ("上次换届", _of("last_held_on")),
            ("到期日", _of("due_on")),
            ("还有天数", _of("days_left")),
            ("请示情况", _of("extension")),
            ("请示日期", _of("requested_on")),
            ("最高星级", _of("cap")),
            ("备注", _of("note")),
        ),
        ("under",),
    ),
    Listing(
        "campaigns",
        "各年度",
        lambda desk, f: lists.campaigns(desk).rows,
        (
            ("年度", _of("year")),
            ("状态", _of("status")),
            ("方案", _of("scheme")),
            ("参评数", _of("rated")),
            ("开展", _until("opened_at")),
            ("结束", _until("closed_at")),
        ),
    ),
    Listing(
        "imports",
        "导入记录",
        lambda desk, f: imports_list(desk).rows,
        (
            ("编号", _of("number")),
            ("表格", _of("kind")),
            ("文件", _of("filename")),
            ("经办", _of("actor")),
            ("时间", _until("at")),
            ("新增", _of("added")),
            ("变更", _of("changed")),
            ("停用", _of("ended")),
            ("不变", _of("unchanged")),
            ("撤销时间", _until("undone_at")),
            ("撤销人", _of("undone_by")),
        ),
    ),
)
LISTED = {one.name: one for one in LISTS}


# ── out ──────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheetful:
    """A list about to leave: what it is of itself, and its cells."""

    title: str
    narrowed: str
    at: datetime
    titles: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    plain_rows: tuple[Any, ...]

    @property
    def above(self) -> str:
        return f"筛选:{self.narrowed};导出时间:{self.at:%Y-%m-%d %H:%M}({self.at.tzname()});共{len(self.rows)}行"


def export_list(desk: Desk, name: str, filters: Filters, form: str) -> bytes:
    """A list as a file. Raises Unknown (list), BadInput (form, a filter that says nothing about these rows)."""
    if form not in FORMS:
        raise BadInput(f"不能导出为「{form}」,只能导出为{'、'.join(FORMS)}")
    return WRITERS[form](sheetful(desk, name, filters))


def sheetful(desk: Desk, name: str, filters: Filters) -> Sheetful:
    listing = LISTED.get(name)
    if listing is None:
        raise Unknown(f"没有“{name}”这个清单,可选:{'、'.join(LISTED)}")
    given = {key: getattr(filters, key) for key in FILTER_WORDS if getattr(filters, key) not in (None, "")}
    if strange := [FILTER_WORDS[key] for key in given if key not in listing.knows]:
        raise BadInput(f"{listing.title}不能按{'、'.join(strange)}筛选")
    found = tuple(listing.rows(desk, filters))
    return Sheetful(
        title=listing.title,
        narrowed="、".join(f"{FILTER_WORDS[key]}={value}" for key, value in given.items()) or "无",
        at=desk.clock.now().astimezone(desk.settings.zone),
        titles=tuple(title for title, _ in listing.columns),
        rows=tuple(tuple(cell(row) for _, cell in listing.columns) for row in found),
        plain_rows=found,
    )


def _json(sheet: Sheetful) -> bytes:
    shape = {
        "title": sheet.title,
        "narrowed": sheet.narrowed,
        "at": sheet.at.isoformat(),
        "rows": [plain(row) for row in sheet.plain_rows],
    }
    return json.dumps(shape, ensure_ascii=False).encode()


def _csv(sheet: Sheetful) -> bytes:
    body = to_csv(sheet.titles, sheet.rows).removeprefix(b"\xef\xbb\xbf")
    head = io.StringIO(newline="")
    csv.writer(head).writerows([[guard(sheet.title)], [guard(sheet.above)]])
    return b"\xef\xbb\xbf" + head.getvalue().encode() + body


def workbook(sheet: Sheetful) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "font_size": 14})
    label = book.add_format({"bold": True, "bg_color": "#D9E2EC", "border": 1})
    out = book.add_worksheet(sheet.title[:31])
    out.write_string(0, 0, sheet.title, head)
    out.write_string(1, 0, sheet.above)
    for at, title in enumerate(sheet.titles):
        out.write_string(2, at, title, label)
        out.set_column(at, at, _width(title, (row[at] for row in sheet.rows)))
    for number, row in enumerate(sheet.rows, start=3):
        for at, value in enumerate(row):
            if isinstance(value, int) and not isinstance(value, bool):
                out.write_number(number, at, value)
            else:
                out.write_string(number, at, in_cell(text_of(value)))
    out.freeze_panes(3, 2)
    out.autofilter(2, 0, 2 + max(1, len(sheet.rows)), len(sheet.titles) - 1)
    out.repeat_rows(2)
    out.set_landscape()
    out.fit_to_pages(1, 0)
    book.close()
    return data.getvalue()


def _width(title: str, cells: Iterator[Any]) -> int:
    longest = max((_wide(text_of(cell)) for cell in cells), default=0)
    return min(50, max(_wide(title) + 2, longest + 2))


def _wide(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


WRITERS: dict[str, Callable[[Sheetful], bytes]] = {"xlsx": workbook, "csv": _csv, "json": _json}


def names() -> Sequence[str]:
    return tuple(LISTED)
