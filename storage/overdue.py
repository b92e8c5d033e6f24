"""The open stages in the order of their dues, for a whole campaign or below any body, without counting or sorting what is not shown.

What is kept was true when the cycle was last counted (`cycle.tallied`); cycles that have changed since are asked afresh and merged in.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import chain, repeat
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage import tallies
from storage.among import among
from storage.counted import Counted
from storage.database import Transaction
from storage.organisations import chunks
from storage.outbox import INSERTS
from storage.statements import Statement, inserted, past_its_index

_tables = SQLModel.metadata.tables
PAGE, SCREEN = 200, 51  # rows fetched at a time, and at first


class Late(NamedTuple):
    """An open stage whose due has passed, with all that its light follows from; `code` in bytes."""

    due_at: datetime
    code: bytes
    cycle_id: int
    target_at: datetime | None
    grace_days: int
    outcome: str | None


def overdue(
    tx: Transaction, campaign_id: int, path: str, until: datetime, after: tuple[datetime, str] | None = None
) -> Iterator[Late]:
    """Those at or below a path whose open stage was due by `until`: the longest ago first, then by code."""
    beyond = (after[0], after[1].encode()) if after else None
    changed = tallies.untallied(tx, campaign_id)
    fresh = sorted(one for one in _fresh(tx, changed, path, until) if beyond is None or one[:2] > beyond)
    anew = frozenset(changed)
    kept = (one for one in _kept(tx, campaign_id, path, until, beyond) if one.cycle_id not in anew)
    return merge(kept, fresh) if fresh else kept


def _kept(
    tx: Transaction, campaign_id: int, path: str, until: datetime, beyond: tuple[datetime, bytes] | None
) -> Iterator[Late]:
    """In pages, each beginning after the last row of the one before."""
    low, high = path.encode(), f"{path[:-1]}0".encode()  # "0" is the character after "/"
    its = {"campaign": campaign_id, "until": until, "low": low, "high": high, "unit": unit_of(path)}
    for many in chain((SCREEN,), repeat(PAGE)):
        further = {} if beyond is None else {"due": beyond[0], "code": beyond[1]}
        rows = _page(path.count("/"), beyond is None, many).rows(tx, its | further)
        yield from map(Late._make, rows)
        if len(rows) < many:
            return
        beyond = rows[-1][0], rows[-1][1]


def unit_of(path: str) -> int:
    """The body under the root at or below which a path ends; 0 for the root's own, or none at all."""
    return next((int(number) for number in path.split("/")[2:3] if number), 0)


@cache
def _page(slashes: int, first: bool, many: int) -> Statement:
    """As many in their order, then what else is to be known of each: of one that has changed meanwhile that may be gone.

    At or below the root every row is wanted, at or below a unit every row of it: they stand in order already. Deeper, they are sorted.
    """
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
    page = (
        sa.select(o.due_at, o.code, o.cycle_id)
        .where(*its)
        .order_by(due, o.code, o.cycle_id)
        .limit(sa.literal_column(str(many)))
        .subquery("page")
    )
    return Statement(
        sa.select(*page.c, _owed.c.target_at, _owed.c.grace_days, _cycle.c.outcome)
        .outerjoin(_owed, sa.and_(_owed.c.cycle_id == page.c.cycle_id, _OPEN))
        .outerjoin(_cycle, _cycle.c.id == page.c.cycle_id)
        .order_by(page.c.due_at, page.c.code, page.c.cycle_id)
    )


def _bound(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


def _fresh(tx: Transaction, changed: Sequence[int], path: str, until: datetime) -> Iterator[Late]:
    for page in chunks(changed, PAGE):
        for its_path, due_at, code, *rest in _FRESH.rows(tx, {"ids": page, "until": until}):
            if its_path.startswith(path):
                yield Late(due_at, code.encode(), *rest)


_owed, _cycle, _body = (_tables[name] for name in ("obligation", "cycle", "organisation"))
_OPEN = sa.and_(_owed.c.closed_at.is_(None), _owed.c.matter_id.is_(None))
_FRESH = Statement(
    sa.select(
        _body.c.path, _owed.c.due_at, _body.c.code, _cycle.c.id, _owed.c.target_at, _owed.c.grace_days, _cycle.c.outcome
    )
    .join(_cycle, _cycle.c.id == _owed.c.cycle_id)
    .join(_body, _body.c.id == _cycle.c.organisation_id)
    .where(_OPEN, _owed.c.due_at <= _bound("until", _owed.c.due_at), among(_owed.c.cycle_id, "ids"))
)


def keep(tx: Transaction, counted: Collection[Counted]) -> None:
    """From now on these cycles stand in the list as they have just been counted."""
    table = _tables["overdue"]
    owing = [one for one in counted if one.due_at is not None and one.closed_at is None]
    gone = {one.id for one in counted} - {one.id for one in owing}
    if gone:
        tx.connection.execute(sa.delete(table).where(table.c.cycle_id.in_(gone)))
    _PUT[tx.dialect].run(tx, *map(_row, owing))


def _put(insert: Any) -> Statement:
    columns = _tables["overdue"].c
    newer = {column.name: insert.excluded[column.name] for column in columns if column.name != "cycle_id"}
    return Statement(inserted(insert, *columns).on_conflict_do_update(index_elements=["cycle_id"], set_=newer))


_PUT = {dialect: _put(insert(_tables["overdue"])) for dialect, insert in INSERTS.items()}


def _row(one: Counted) -> dict[str, Any]:
    its = {"cycle_id": one.id, "campaign_id": one.campaign_id, "unit_id": unit_of(one.path), "due_at": one.due_at}
    return its | {"code": one.code.encode(), "path": one.path.encode()}
