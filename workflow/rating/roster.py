"""The roster as values: one organisation's row, what is wrong with a whole, and how it differs from what stands.

A roster is the whole truth about who exists today: whoever is missing from it has ended. A row names its parent by code
only, so the same functions serve a file, a synthetic city and the database's own rows.
"""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

MAX_DEPTH = 20  # levels below the root; the path of an organisation has room for twice as many
MAX_MEMBERS = 100_000_000
LONGEST: Mapping[str, int] = {  # what the tables hold
    "code": 40,
    "name": 200,
    "kind": 40,
    "field": 40,
    "head": 80,
    "phone": 40,
    "email": 200,
    "leader": 80,
}
TITLES: Mapping[str, str] = {
    "code": "编码",
    "name": "名称",
    "kind": "类别",
    "parent": "上级编码",
    "field": "领域",
    "members": "党员数",
    "founded_on": "成立日期",
    "election_due_on": "换届到期日",
    "head": "负责人",
    "phone": "电话",
    "email": "邮箱",
    "leader": "分管领导",
}
COLUMNS = tuple(TITLES)
DATES = ("founded_on", "election_due_on")
"""No date given leaves the register's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One organisation as a roster has it. Without a head the post is vacant; `row` is its number in a file, else 0."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    field: str = ""
    members: int = 0
    founded_on: date | None = None
    election_due_on: date | None = None
    head: str = ""
    phone: str = ""
    email: str = ""
    leader: str = ""
    ended_on: date | None = None
    row: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: the row's number and the column's heading as the spreadsheet shows them."""

    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        place = f"第{self.row}行" if self.row else "文件"
        return f"{place} {self.column}:{self.message}" if self.column else f"{place}:{self.message}"


@dataclass(frozen=True, slots=True)
class Change:
    """An organisation that stays, with something about it new."""

    before: RosterRow
    after: RosterRow

    def of(self, *columns: str) -> bool:
        """Whether any of these columns is new."""
        return any(getattr(self.before, column) != getattr(self.after, column) for column in columns)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new roster asks of the standing one."""

    added: tuple[RosterRow, ...] = ()
    changed: tuple[Change, ...] = ()
    ended: tuple[RosterRow, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.ended)


def difference(
    rows: Iterable[RosterRow], existing: Iterable[RosterRow], columns: Iterable[str] = COLUMNS
) -> Difference:
    """Compare a faultless new roster with what stands; a column that the file does not have says nothing."""
    standing = {row.code: row for row in existing}
    said = tuple(columns)
    new = {row.code: _as_kept(row, standing.get(row.code), said) for row in rows}
    stays = tuple(Change(standing[code], row) for code, row in new.items() if code in standing)
    changed = tuple(change for change in stays if change.before != change.after)
    return Difference(
        added=tuple(row for code, row in new.items() if code not in standing),
        changed=changed,
        ended=tuple(row for code, row in standing.items() if code not in new),
        unchanged=len(stays) - len(changed),
    )


def _as_kept(row: RosterRow, before: RosterRow | None, columns: Sequence[str]) -> RosterRow:
    """The row as the tables can hold it: contacts belong to a person."""
    if before is not None:
        said = {column: getattr(row, column) for column in columns}
        dates = {name: said.get(name) or getattr(before, name) for name in DATES}
        row = replace(before, row=row.row, **said | dates)
    return row if row.head else replace(row, phone="", email="")


def outline(rows: Iterable[RosterRow]) -> Iterator[tuple[int, RosterRow]]:
    """Each row with its depth, every superior before those below it, siblings by code: the tree as one reads it."""
    below = _below(sorted(rows, key=lambda row: row.code, reverse=True))
    ahead = [(0, row) for row in below[None]]
    while ahead:
        depth, row = ahead.pop()
        yield depth, row
        ahead += [(depth + 1, child) for child in below[row.code]]


def _below(rows: Iterable[RosterRow]) -> dict[str | None, list[RosterRow]]:
    below: dict[str | None, list[RosterRow]] = defaultdict(list)
    for row in rows:
        below[row.parent or None].append(row)
    return below


# ── faults ───────────────────────────────────────────────────────


def faults(rows: Sequence[RosterRow], root_kind: str) -> tuple[Fault, ...]:
    """Everything that forbids these rows to be one tree which the tables can hold, by row."""
    by_code = {row.code: row for row in reversed(rows)}  # of two rows with one code the first counts
    found = [fault for row in rows for fault in _misfits(row)]
    found += [_fault(row, "code", f"编码{row.code}重复") for row in rows if row is not by_code[row.code]]
    found += _root_faults(rows, root_kind)
    found += _tree_faults(by_code)
    return tuple(sorted(found, key=lambda fault: fault.row or 0))


def _misfits(row: RosterRow) -> Iterator[Fault]:
    for column, longest in LONGEST.items():
        text: str = getattr(row, column)
        if len(text) > longest:
            yield _fault(row, column, f"{TITLES[column]}有{len(text)}个字,最多{longest}个")
        if "\0" in text:
            yield _fault(row, column, f"{TITLES[column]}里有不可见的控制字符")
    if not 0 <= row.members <= MAX_MEMBERS:
        yield _fault(row, "members", f"党员数不合理:{row.members}")
    if sentence := misaddressed(row.email):
        yield _fault(row, "email", sentence)


ADDRESS = re.compile(r"[^\s@<>()\[\]:;,\"\\]+@[^\s@<>()\[\]:;,\"\\]+")


def misaddressed(email: str) -> str:
    """What is wrong with an address for mail; empty where nothing is. Two addresses, or a header brought along, are none."""
    return (
        ""
        if not email or ADDRESS.fullmatch(email)
        else f"邮箱“{email[:60]}”不是一个邮箱地址,请写成 name@example.org 的样子"
    )


def _root_faults(rows: Sequence[RosterRow], root_kind: str) -> Iterator[Fault]:
    roots = [row for row in rows if row.kind == root_kind]
    if not roots:
        yield Fault(None, TITLES["kind"], f"没有根:应有且只有一个类别为“{root_kind}”的组织")
    for row in roots[1:]:
        yield _fault(row, "kind", f"第二个“{root_kind}”:根只能有一个,已有{roots[0].code}")
    for row in rows:
        if bool(row.parent) == (row.kind == root_kind):
            yield _fault(row, "parent", "根没有上级" if row.parent else "上级编码不能为空:只有根没有上级")


def _tree_faults(by_code: Mapping[str, RosterRow]) -> Iterator[Fault]:
    depths = {row.code: depth for depth, row in outline(by_code.values())}
    for code, row in by_code.items():
        if row.parent and row.parent not in by_code:
            yield _fault(row, "parent", f"上级编码{row.parent}不在名册里")
        elif code not in depths:
            yield _fault(row, "parent", f"从{code}往上走不到根:上下级成环,或上级本身有误")
        elif depths[code] > MAX_DEPTH:
            yield _fault(row, "parent", f"层级过深:在根之下第{depths[code]}层,最多{MAX_DEPTH}层")


def _fault(row: RosterRow, column: str, message: str) -> Fault:
    return Fault(row.row or None, TITLES[column], message)
