"""Whether the organisations of a roster form one tree: each code once, one root, every parent there, no loop.

Every check is linear, for a roster may have 100 000 rows. A loop is reported on each of its rows: any may be the wrong one.
"""

from collections.abc import Iterator, Mapping

from starflow.documents.header import Header
from workflow.rating.roster import Fault, RosterRow

SHOWN_ANCESTORS = 4


def double_codes(header: Header, rows: list[RosterRow], ended: list[RosterRow]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for row in sorted((*rows, *ended), key=lambda row: row.row):
        if row.code and first.setdefault(row.code, row.row) != row.row:
            yield Fault(row.row, header.label("code"), f"编码「{row.code}」与第{first[row.code]}行重复")


def root_faults(header: Header, rows: list[RosterRow], root_kind: str) -> Iterator[Fault]:
    roots = [row for row in rows if row.kind == root_kind]
    if rows and not roots:
        yield Fault(None, header.label("kind"), f"没有根:应有且只有一个类别为「{root_kind}」的组织")
    for row in roots[1:]:
        yield Fault(row.row, header.label("kind"), f"第二个「{root_kind}」:根只能有一个,已在第{roots[0].row}行")
    for row in rows:
        if row.kind == root_kind and row.parent:
            yield Fault(row.row, header.label("parent"), f"「{root_kind}」是根,上级编码应当留空")
        if row.kind != root_kind and not row.parent:
            yield Fault(row.row, header.label("parent"), f"上级编码不能为空:只有根(类别「{root_kind}」)没有上级")


def unknown_parents(header: Header, rows: list[RosterRow], ended: list[RosterRow]) -> Iterator[Fault]:
    codes = {row.code for row in rows}
    ended_at = {row.code: row.row for row in ended}
    for row in rows:
        if row.parent and row.parent not in codes:
            known = f"已停用(第{ended_at[row.parent]}行)" if row.parent in ended_at else "不在本文件中"
            yield Fault(row.row, header.label("parent"), f"上级编码「{row.parent}」{known}")


def loops(header: Header, rows: list[RosterRow]) -> Iterator[Fault]:
    """Every organisation that is its own superior's superior. Each is walked over once."""
    parent = {row.code: row.parent for row in reversed(rows) if row.code}  # of two rows with one code the first counts
    looping = _looping(parent)
    for row in rows:
        if row.code in looping:
            yield Fault(row.row, header.label("parent"), f"上下级成环:{_path(row.code, parent)}")


def _looping(parent: Mapping[str, str | None]) -> set[str]:
    finished: set[str] = set()
    looping: set[str] = set()
    for start in parent:
        walk: dict[str, None] = {}  # an ordered set
        code: str | None = start
        while code is not None and code not in finished and code not in walk:
            walk[code] = None
            code = parent.get(code)
        if code in walk:
            way = list(walk)
            looping.update(way[way.index(code) :])
        finished.update(walk)
    return looping


def _path(start: str, parent: Mapping[str, str | None]) -> str:
    way, code = [start], parent[start]
    while code and code != start and len(way) <= SHOWN_ANCESTORS:
        way.append(code)
        code = parent.get(code)
    return " → ".join((*way, start if code == start else "…"))
