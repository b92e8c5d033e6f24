"""Counts that are kept: under which facets each cycle stands, summed for every body above it, so that no question counts cycles.

A decision only takes away the mark `tallied`, in the UPDATE it makes anyway: no row is shared by two decisions. `fold` later counts
the unmarked anew, in pages. Whoever reads takes what is kept, and counts the unmarked for himself: so the answer is exact at any moment,
whatever was killed when.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import SQLModel

from storage.among import among
from storage.database import Transaction, known_to_planner
from storage.outbox import INSERTS
from storage.statements import Statement, by_name, inserted

_tables = SQLModel.metadata.tables
_tally, _facet, _cycle = (_tables[name] for name in ("tally", "facet", "cycle"))
_CAMPAIGN = sa.bindparam("campaign", type_=sa.Integer)
FOLDING = "starflow tally"


class Countable(Protocol):
    """A cycle that stands below `path`, and what is counted for it at present, below `kept_path`."""

    @property
    def id(self) -> int: ...
    @property
    def campaign_id(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def kept(self) -> str | None: ...
    @property
    def kept_path(self) -> str | None: ...


# ── what is no longer true ───────────────────────────────────────


def untally(tx: Transaction, cycle_ids: Any) -> None:
    """These cycles (ids, or a select of them) are to be counted anew."""
    cycle = _tables["cycle"]
    tx.connection.execute(sa.update(cycle).where(cycle.c.id.in_(cycle_ids), cycle.c.tallied).values(tallied=sa.false()))


def untally_moved(tx: Transaction) -> None:
    """Cycles whose body stands elsewhere in the tree than when they were counted."""
    cycle, body = _tables["cycle"], _tables["organisation"]
    elsewhere = sa.exists().where(body.c.id == cycle.c.organisation_id, body.c.path != cycle.c.tallied_path)
    tx.session.execute(
        sa.update(cycle).where(cycle.c.tallied, elsewhere).values(tallied=sa.false()),
        execution_options={"synchronize_session": False},
    )


# ── reading ──────────────────────────────────────────────────────


Below = dict[int, Counter[str]]
Own = dict[int, tuple[str, ...]]


def kept(tx: Transaction, campaign_id: int, body_ids: Collection[int]) -> tuple[Below, Own]:
    """body → facet → how many cycles below it, and body → the facets of its own cycle, as last counted."""
    below: Below = {body: Counter() for body in body_ids}
    own: dict[int, tuple[int, ...]] = {}
    said: dict[int, str] = {}
    for body, facet, name, number, its in _KEPT.rows(tx, {"campaign": campaign_id, "ids": body_ids}):
        if its is None:
            said[facet] = name
            below[body][name] = number
        else:
            own[body] = numbers_of(its)
    said |= names(tx, {facet for facets in own.values() for facet in facets} - said.keys())
    return below, {body: tuple(said[facet] for facet in facets) for body, facets in own.items()}


_NONE = sa.null()
_BELOW = (
    sa.select(_tally.c.body_id, _facet.c.id, _facet.c.name, _tally.c.number, sa.cast(_NONE, sa.Text))
    .join(_facet, _facet.c.id == _tally.c.facet_id)
    .where(_tally.c.campaign_id == _CAMPAIGN, among(_tally.c.body_id, "ids"))
)
_OWN = sa.select(_cycle.c.organisation_id, _NONE, _NONE, _NONE, _cycle.c.tally).where(
    _cycle.c.campaign_id == _CAMPAIGN, among(_cycle.c.organisation_id, "ids"), _cycle.c.tally.is_not(None)
)
_KEPT = Statement(sa.union_all(_BELOW, _OWN))


def names(tx: Transaction, numbers: Collection[int]) -> dict[int, str]:
    return dict(_NAMES.rows(tx, {"ids": numbers})) if numbers else {}


_NAMES = Statement(sa.select(_facet.c.id, _facet.c.name).where(among(_facet.c.id, "ids")))


def untallied(tx: Transaction, campaign_id: int | None = None, limit: int | None = None) -> tuple[int, ...]:
    """The cycles that are to be counted anew; with a `limit` they are claimed: on PostgreSQL those that nobody else holds."""
    if campaign_id is not None and limit is None:
        return tuple(row[0] for row in _UNTALLIED.once(tx, {"campaign": campaign_id}))
    cycle = _tables["cycle"]
    statement = sa.select(cycle.c.id).where(_NOT_TALLIED)
    if campaign_id is not None:
        statement = statement.where(cycle.c.campaign_id == campaign_id)
    if limit is not None:
        statement = statement.limit(limit)
        statement = statement.with_for_update(skip_locked=True) if tx.dialect == "postgresql" else statement
    return tuple(tx.connection.execute(statement).scalars())


_NOT_TALLIED = sa.text("NOT cycle.tallied")  # in the words of its partial index
_UNTALLIED = Statement(sa.select(_cycle.c.id).where(_NOT_TALLIED, _cycle.c.campaign_id == _CAMPAIGN))


# ── counting anew ────────────────────────────────────────────────


def may_fold(tx: Transaction) -> bool:
    """One at a time; whoever comes second has nothing to do."""
    if tx.dialect != "postgresql":
        return True
    return bool(tx.connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(FOLDING)))).scalar())


def folded(tx: Transaction) -> None:
    """After many: each list would read all that is still believed to be uncounted."""
    known_to_planner(tx, "cycle", "overdue", "tally", "facet")


def keep(tx: Transaction, pages: Iterable[tuple[Countable, Sequence[str]]]) -> None:
    """From now on each of these cycles is counted under these facets and no others."""
    rows = tuple(pages)
    numbers = _numbers(tx, {name for _, facets in rows for name in facets})
    changes: Counter[tuple[int, int, int]] = Counter()
    for one, facets in rows:
        for body in bodies_of(one.kept_path):
            changes.subtract((one.campaign_id, body, number) for number in numbers_of(one.kept))
        for body in bodies_of(one.path):
            changes.update((one.campaign_id, body, numbers[name]) for name in facets)
    _add(tx, {key: change for key, change in changes.items() if change})
    kept = ((one, ",".join(str(numbers[name]) for name in facets)) for one, facets in rows)
    _MARK.run(tx, *({"which": one.id, "tally": tally, "tallied_path": one.path} for one, tally in kept))


_MARK = Statement(
    sa.update(_cycle)
    .where(_cycle.c.id == sa.bindparam("which", type_=sa.Integer))
    .values(**by_name(_cycle.c.tally, _cycle.c.tallied_path), tallied=sa.true())
)


def chain_of(path: str | None) -> tuple[int, ...]:
    """From the root to the body itself."""
    return tuple(int(part) for part in (path or "").strip("/").split("/") if part)


def bodies_of(path: str | None) -> tuple[int, ...]:
    """Whoever a cycle is counted for: all above its body; the body itself is its own count."""
    return chain_of(path)[:-1]


def numbers_of(kept: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in kept.split(",")) if kept else ()


def _numbers(tx: Transaction, wanted: Collection[str]) -> dict[str, int]:
    facet = _tables["facet"]
    if not wanted:
        return {}
    query = sa.select(facet.c.name, facet.c.id).where(facet.c.name.in_(wanted))
    found = dict(tx.connection.execute(query).all())
    new = sorted(set(wanted) - found.keys())
    if new:
        tx.connection.execute(
            INSERTS[tx.dialect](facet).on_conflict_do_nothing(index_elements=["name"]), [{"name": name} for name in new]
        )
        found = dict(tx.connection.execute(query).all())
    return found


def _add(tx: Transaction, changes: Mapping[tuple[int, int, int], int]) -> None:
    rows = (
        {"campaign_id": campaign, "body_id": body, "facet_id": facet, "number": change}
        for (campaign, body, facet), change in sorted(changes.items())
    )
    _ADD[tx.dialect].run(tx, *rows)
    if any(change < 0 for change in changes.values()):
        gone = sorted({body for (_, body, _), change in changes.items() if change < 0})
        tx.connection.execute(sa.delete(_tally).where(_tally.c.number == 0, _tally.c.body_id.in_(gone)))


def _adding(insert: Any) -> Statement:
    sums = {"number": _tally.c.number + insert.excluded.number}
    place = ["campaign_id", "body_id", "facet_id"]
    return Statement(inserted(insert, *_tally.c).on_conflict_do_update(index_elements=place, set_=sums))


_ADD = {dialect: _adding(insert(_tally)) for dialect, insert in INSERTS.items()}
