"""The open stages in the order of their dues, for a whole campaign or below any body, without counting or sorting what is not shown.

What is kept was true when the cycle was last counted (`cycle.tallied`); cycles that have changed since are asked afresh and merged in.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import chain, repeat
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import tallies
from storage.counted import Counted
from storage.database import Transaction
from storage.organisations import chunks
from storage.outbox import INSERTS
from storage.statements import Statement, past_its_index

_tables = SQLModel.metadata.tables
PAGE, SCREEN = 200, 51  # rows fetched at a time, and at first
Place = tuple[datetime, bytes, int]
"""A due, the code's bytes, and the cycle."""


def overdue(
    tx: Transaction, campaign_id: int, path: str, until: datetime, after: tuple[datetime, str] | None = None
) -> Iterator[int]:
    """The cycles at or below a path whose open stage was due by `until`: the longest ago first, then by code."""
    beyond = (after[0], after[1].encode()) if after else None
    changed = tallies.untallied(tx, campaign_id)
    fresh = sorted(one for one in _fresh(tx, changed, path, until) if beyond is None or one[:2] > beyond)
    anew = frozenset(changed)
    kept = (one for one in _kept(tx, campaign_id, path, until, beyond) if one[2] not in anew)
    yield from (cycle_id for _, _, cycle_id in merge(kept, fresh))


def _kept(
    tx: Transaction, campaign_id: int, path: str, until: datetime, beyond: tuple[datetime, bytes] | None
) -> Iterator[Place]:
    """In pages, each beginning after the last row of the one before."""
    low, high = path.encode(), f"{path[:-1]}0".encode()  # "0" is the character after "/"
    its = {"campaign": campaign_id, "until": until, "low": low, "high": high, "unit": unit_of(path)}
    for many in chain((SCREEN,), repeat(PAGE)):
        further = {} if beyond is None else {"due": beyond[0], "code": beyond[1]}
        rows = _page(path.count("/"), beyond is None).rows(tx, its | further | {"many": many})
        yield from ((row[0], row[1], row[2]) for row in rows)
        if len(rows) < many:
            return
        beyond = rows[-1][0], rows[-1][1]


def unit_of(path: str) -> int:
    """The body under the root at or below which a path ends; 0 for the root's own, or none at all."""
    return next((int(number) for number in path.split("/")[2:3] if number), 0)


@cache
def _page(slashes: int, first: bool) -> Statement:
    """At or below the root every row is wanted, at or below a unit every row of it: they stand in order already. Deeper, they are sorted."""
    o = _tables["overdue"].c
    due = o.due_at if slashes <= 3 else past_its_index(o.due_at)  # by the path's
    its = [o.campaign_id == sa.bindparam("campaign", type_=sa.Integer), due <= _bound("until", o.due_at)]
    if slashes == 3:
        its.append(o.unit_id == _bound("unit", o.unit_id))
    elif slashes > 3:
        its += [o.path >= _bound("low", o.path), o.path < _bound("high", o.path)]
    if not first:
        last, code = _bound("due", o.due_at), _bound("code", o.code)
        its += [due >= last, sa.or_(due > last, sa.and_(due == last, o.code > code))]
    return Statement(
        sa.select(o.due_at, o.code, o.cycle_id)
        .where(*its)
        .order_by(due, o.code, o.cycle_id)
        .limit(sa.bindparam("many", type_=sa.Integer))
    )


def _bound(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


def _fresh(tx: Transaction, changed: Sequence[int], path: str, until: datetime) -> Iterator[Place]:
    owed, cycle, body = _tables["obligation"], _tables["cycle"], _tables["organisation"]
    statement: sa.Select[Any] = (
        sa.select(owed.c.due_at, body.c.code, cycle.c.id, body.c.path)
        .join(cycle, cycle.c.id == owed.c.cycle_id)
        .join(body, body.c.id == cycle.c.organisation_id)
        .where(owed.c.closed_at.is_(None), owed.c.matter_id.is_(None), owed.c.due_at <= until)
    )
    for page in chunks(changed, PAGE):
        for due_at, code, cycle_id, its_path in tx.connection.execute(statement.where(owed.c.cycle_id.in_(page))):
            if its_path.startswith(path):
                yield due_at, code.encode(), cycle_id


def keep(tx: Transaction, counted: Collection[Counted]) -> None:
    """From now on these cycles stand in the list as they have just been counted."""
    table = _tables["overdue"]
    owing = [one for one in counted if one.due_at is not None and one.closed_at is None]
    gone = {one.id for one in counted} - {one.id for one in owing}
    if gone:
        tx.connection.execute(sa.delete(table).where(table.c.cycle_id.in_(gone)))
    if owing:
        insert = INSERTS[tx.dialect](table)
        columns = ("campaign_id", "unit_id", "due_at", "code", "path")
        said = insert.on_conflict_do_update(
            index_elements=["cycle_id"], set_={name: insert.excluded[name] for name in columns}
        )
        tx.connection.execute(said, [_row(one) for one in owing])


def _row(one: Counted) -> dict[str, Any]:
    its = {"cycle_id": one.id, "campaign_id": one.campaign_id, "unit_id": unit_of(one.path), "due_at": one.due_at}
    return its | {"code": one.code.encode(), "path": one.path.encode()}
