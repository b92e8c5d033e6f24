"""The roster: rows of a sheet → organisations or every fault of the file; organisations → a file.

A file is taken as a whole or not at all. So reading never stops at the first fault: it goes on with what it has, and the
clerk gets one list, each line with the row and the column as the spreadsheet shows them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starflow.documents.columns import COLUMNS, TITLES, Column, heading_key
from starflow.documents.export import to_csv, to_json, to_xlsx
from starflow.documents.header import Header, cell_at, find_header
from starflow.documents.readings import value_of
from starflow.documents.sheets import Sheet
from starflow.documents.tree import double_codes, loops, root_faults, unknown_parents
from starflow.documents.values import FaultyRoster, Roster
from workflow.engine.errors import BadInput
from workflow.rating.roster import Fault, RosterRow

PROGRESS_EVERY = 1_000
TOTALS = ("合计", "总计", "共计", "小计", "总数", "total", "grandtotal", "sum")
EXPORT_KEYS = (
    *("code", "name", "kind", "parent", "field", "members", "election_due_on"),
    *("head", "leader", "phone", "email", "ended_on"),
)

Progress = Callable[[int, int], None]


KINDS = ("机关党委", "机关党总支", "党支部")
FIELDS = ("机关", "事业单位", "窗口单位", "离退休")


def template_columns(root_kind: str) -> tuple[Column, ...]:
    """The columns of an empty roster, with the usual words where a list helps; other words may stand there too."""
    usual = {"kind": (root_kind, *KINDS), "field": FIELDS}
    return tuple(replace(one, choices=tuple((word, word) for word in usual.get(one.key, ()))) for one in COLUMNS)


def parse(sheet: Sheet, *, root_kind: str, progress: Progress | None = None) -> Roster:
    """The roster in the sheet. Raises FaultyRoster with every fault of the file."""
    header = find_header(sheet)
    faults = list(header.faults)
    lines = list(_lines(sheet, header))
    faults += _cut_off(sheet, header, lines)
    rows, ended = _organisations(header, lines, faults, progress)
    faults += double_codes(header, rows, ended)
    if {"code", "kind", "parent"} <= header.keys:
        faults += root_faults(header, rows, root_kind)
        faults += unknown_parents(header, rows, ended)
        faults += loops(header, rows)
    if not lines:
        faults.append(Fault(header.number, None, "表头下面没有一行数据"))
    if faults:
        raise FaultyRoster(faults)
    return Roster(
        rows=tuple(rows),
        columns=tuple(column.key for column in COLUMNS if column.key in header.keys and column.key != "ended_on"),
        ignored_columns=header.ignored,
    )


# -- export


def export_rows(organisations: Sequence[RosterRow]) -> list[dict[str, Any]]:
    """The organisations as `org export` gives them: absent is None. The founding stands there only if anybody's is known."""
    dated = any(one.founded_on for one in organisations)
    keys = [key for key in (*EXPORT_KEYS[:6], "founded_on", *EXPORT_KEYS[6:]) if dated or key != "founded_on"]
    return [{key: None if (value := getattr(one, key, None)) == "" else value for key in keys} for one in organisations]


def export_titles(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(TITLES[key] for key in (rows[0] if rows else EXPORT_KEYS))


def export(rows: Sequence[Mapping[str, Any]], form: str) -> bytes:
    """The rows of `org export` as a file of the form csv, xlsx or json. What csv and xlsx hold can be imported again."""
    if form == "json":
        return to_json(rows)
    titles = export_titles(rows)
    cells = ([*row.values()] for row in rows)
    if form == "csv":
        return to_csv(titles, cells)
    if form == "xlsx":
        return to_xlsx(titles, cells, name="名册")
    raise BadInput(f"不能导出为「{form}」,只能导出为 csv、xlsx 或 json")


# -- the rows

Line = tuple[int, tuple[str, ...]]


def _lines(sheet: Sheet, header: Header) -> Iterator[Line]:
    """The rows that speak of organisations: no blank one, no total, no footer below the total, no repeated header."""
    code_at = next((index for column, index in header.places if column.key == "code"), 0)
    total_seen = False
    for number, row in enumerate(sheet.rows[header.number :], start=header.number + 1):
        if not any(row) or row == header.labels:
            continue
        if _is_total(row, code_at):
            total_seen = True
        elif cell_at(row, code_at) or not total_seen:
            yield number, row


def _is_total(row: tuple[str, ...], code_at: int) -> bool:
    first = next(index for index, cell in enumerate(row) if cell)
    return heading_key(row[first]) in TOTALS and (first == code_at or not cell_at(row, code_at))


def _cut_off(sheet: Sheet, header: Header, lines: list[Line]) -> Iterator[Fault]:
    """A CSV that breaks off: no line break at its end, and the last row is shorter than the header."""
    if sheet.open_ended and lines and lines[-1][0] == len(sheet.rows):
        number, row = lines[-1]
        if len(row) < len(header.labels):
            yield Fault(number, None, f"文件似乎被截断:最后一行只有{len(row)}格,表头有{len(header.labels)}格")


def _organisations(
    header: Header, lines: list[Line], faults: list[Fault], progress: Progress | None
) -> tuple[list[RosterRow], list[RosterRow]]:
    """The organisations of the file, and those it calls ended; faults of single cells are added to `faults`."""
    rows: list[RosterRow] = []
    ended: list[RosterRow] = []
    for done, (number, line) in enumerate(lines, start=1):
        row = RosterRow(row=number, **_values(header, number, line, faults))
        (rows if row.ended_on is None else ended).append(row)
        if progress and (done % PROGRESS_EVERY == 0 or done == len(lines)):
            progress(done, len(lines))
    return rows, ended


BLANK: dict[str, Any] = {
    **dict.fromkeys(("code", "name", "kind", "field", "head", "phone", "email", "leader"), ""),
    "parent": None,
    "members": 0,
    "founded_on": None,
    "election_due_on": None,
}


def _values(header: Header, number: int, line: tuple[str, ...], faults: list[Fault]) -> dict[str, Any]:
    values = dict(BLANK)
    for column, index in header.places:
        try:
            values[column.key] = value_of(column, cell_at(line, index))
        except ValueError as error:
            faults.append(Fault(number, header.labels[index], str(error)))
    values["parent"] = values["parent"] or None
    return values
