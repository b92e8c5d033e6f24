"""Organisations: the tree as it stands, the roster that it amounts to, and how a new roster is written.

Writing is set-based, so that 100 000 rows are a few statements: parents first, then one `settle` lets the paths of whole
subtrees and the dated subordination follow. Every span is half-open: what ended on the 5th is no longer so on the 5th.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, select

from storage import tallies
from storage.among import among
from storage.database import Transaction, known_to_planner
from storage.models import Campaign, Cycle, Election, Installation, Organisation, Person, Post, Subordination
from storage.statements import Statement
from workflow.engine.errors import Unknown
from workflow.rating.roster import Change, RosterRow

T = TypeVar("T")
CITY = "CITY"
ENDS = ("closed", "exempt")  # the stages at which a cycle is over
CHUNK = 5_000  # rows of one statement, and between two words of progress
OURS_NOW = (col(Organisation.external).is_(False), col(Organisation.ended_on).is_(None))
BULK: Mapping[str, Any] = {"synchronize_session": False}
_body = Organisation.__table__  # type: ignore[attr-defined]


# ── one organisation, or a few ───────────────────────────────────


def by_code(tx: Transaction, code: str) -> Organisation | None:
    """The organisation that has or had this code."""
    return tx.session.exec(select(Organisation).where(Organisation.code == code)).one_or_none()


def by_id(tx: Transaction, organisation_id: int) -> Organisation | None:
    """Asked once per transaction: what was read is kept, because a sweep asks for the same superiors all the time."""
    found = tx.session.get(Organisation, organisation_id)
    if found is not None:
        tx.known.setdefault("organisations", {})[organisation_id] = found
    return found


def id_of(tx: Transaction, code: str) -> int:
    """Raises Unknown where no organisation has or had this code."""
    ids: dict[str, int] = tx.known.setdefault("ids", {})
    if code not in ids:
        found = tx.session.scalar(sa.select(col(Organisation.id)).where(col(Organisation.code) == code))
        if found is None:
            raise Unknown(f"没有编码为{code}的组织")
        ids[code] = found
    return ids[code]


def root(tx: Transaction) -> int:
    """The id of the root. Raises Unknown before the first roster."""
    if "root" in tx.known:
        return int(tx.known["root"])
    found = _ROOT.rows(tx, {})
    if not found:
        raise Unknown("还没有导入名册:没有根组织")
    tx.known["root"] = found[0][0]
    return int(found[0][0])


_ROOT = Statement(
    sa.select(_body.c.id).where(_body.c.parent_id.is_(None), ~_body.c.external, _body.c.ended_on.is_(None))
)


def place_of(tx: Transaction, code: str) -> tuple[int, str] | None:
    """The id and the path of the organisation that has or had this code."""
    rows = _PLACE.once(tx, {"code": code})
    return (rows[0][0], rows[0][1]) if rows else None


_PLACE = Statement(sa.select(_body.c.id, _body.c.path).where(_body.c.code == sa.bindparam("code", type_=sa.String)))


class _Body(NamedTuple):
    """Who an organisation is, and where it stands."""

    id: int
    name: str
    path: str
    parent_id: int | None


_BODIES = Statement(
    sa.select(_body.c.id, _body.c.name, _body.c.path, _body.c.parent_id).where(among(_body.c.id, "ids"))
)


def read_ahead(tx: Transaction, organisation_ids: Collection[int]) -> None:
    """For whoever is going to ask about many of them one by one, and changes none."""
    known: dict[int, _Body] = tx.known.setdefault("bodies", {})
    known |= {row[0]: _Body(*row) for row in _BODIES.rows(tx, {"ids": organisation_ids})}


def _body_of(tx: Transaction, organisation_id: int) -> _Body | Organisation:
    found: _Body | None = tx.known.get("bodies", {}).get(organisation_id)
    return found or _known(tx, organisation_id)


def name_of(tx: Transaction, organisation_id: int) -> str:
    return _body_of(tx, organisation_id).name


def path_of(tx: Transaction, organisation_id: int) -> str:
    return _body_of(tx, organisation_id).path


def parent_of(tx: Transaction, organisation_id: int) -> int | None:
    """Its superior's id; None at the root and for external bodies."""
    return _body_of(tx, organisation_id).parent_id


def unit_of(tx: Transaction, organisation_id: int) -> int | None:
    """The topmost organisation below the root that it belongs to, maybe itself; None at the root and for external bodies."""
    return unit_id(_known(tx, organisation_id).path)


def founded_on(tx: Transaction, organisation_id: int) -> date | None:
    """As the roster says; where it does not, since when it stands there. None for those of the first roster, who are older than
    anybody knows here.
    """
    body, first = _known(tx, organisation_id), _known(tx, root(tx)).started_on
    return body.founded_on or (body.started_on if body.started_on > first else None)


def children(tx: Transaction, organisation_id: int) -> tuple[Organisation, ...]:
    """Those that stand directly under it today, by code."""
    return _listed(tx, Organisation.parent_id == organisation_id)


def subtree(tx: Transaction, path: str) -> tuple[Organisation, ...]:
    """The organisation with this path and all that stand below it today, by code."""
    return _listed(tx, under(tx, path))


def named(tx: Transaction, text: str, path: str = "") -> tuple[Organisation, ...]:
    """Those at or below the path today that are called so, in part, by code."""
    below = (under(tx, path),) if path else ()
    return _listed(tx, col(Organisation.name).contains(text, autoescape=True), *below)


def with_children(tx: Transaction, path: str) -> tuple[Organisation, ...]:
    """Those at or below the path that have somebody below them today, by code."""
    child = Organisation.__table__.alias("child")  # type: ignore[attr-defined]
    has = sa.exists().where(child.c.parent_id == col(Organisation.id), child.c.ended_on.is_(None))
    return _listed(tx, under(tx, path), has)


def under(tx: Transaction, path: str) -> sa.ColumnElement[bool]:
    """At or below this path. On SQLite a range, because an index answers it and no LIKE."""
    column = col(Organisation.path)
    if tx.dialect == "sqlite":
        return sa.and_(column >= path, column < f"{path[:-1]}0")  # "0" is the character after "/"
    return column.startswith(path)


def unit_id(path: str) -> int | None:
    """`unit_of` from the path "/root/unit/…/"."""
    ids = path.strip("/").split("/")
    return int(ids[1]) if len(ids) > 1 else None


def _known(tx: Transaction, organisation_id: int) -> Organisation:
    found = by_id(tx, organisation_id)
    if found is None:
        raise Unknown(f"没有序号为{organisation_id}的组织")
    return found


def _listed(tx: Transaction, *conditions: Any) -> tuple[Organisation, ...]:
    """By code in the order of characters, which is not every database's collation."""
    found = tx.session.exec(select(Organisation).where(*OURS_NOW, *conditions))
    return tuple(sorted(found, key=lambda organisation: organisation.code))


# ── the roster as it stands ──────────────────────────────────────

_parent = aliased(Organisation)
_head, _leader = aliased(Post), aliased(Post)
_head_person, _leader_person = aliased(Person), aliased(Person)


def roster(tx: Transaction, *, with_ended: bool = False) -> tuple[RosterRow, ...]:
    """Every organisation of our own as a roster has it, by code; external bodies are left out."""
    statement = (
        sa.select(
            *_columns(Organisation, "code", "name", "kind", "field", "members", "founded_on", "ended_on"),
            col(_parent.code).label("parent"),
            col(Election.due_on).label("election_due_on"),
            col(_head_person.name).label("head"),
            *_columns(_head_person, "phone", "email"),
            col(_leader_person.name).label("leader"),
        )
        .outerjoin(_parent, col(_parent.id) == col(Organisation.parent_id))
        .outerjoin(Election, sa.and_(_its(Election), col(Election.held_on).is_(None)))
        .outerjoin(_head, sa.and_(_its(_head), col(_head.role) == "head", col(_head.until_on).is_(None)))
        .outerjoin(_head_person, col(_head_person.id) == col(_head.person_id))
        .outerjoin(_leader, sa.and_(_its(_leader), col(_leader.role) == "leader", col(_leader.until_on).is_(None)))
        .outerjoin(_leader_person, col(_leader_person.id) == col(_leader.person_id))
        .where(OURS_NOW[0] if with_ended else sa.and_(*OURS_NOW))
    )
    rows = (RosterRow(**_present(row)) for row in tx.session.execute(statement).mappings())
    return tuple(sorted(rows, key=lambda row: row.code))


def ids_by_code(tx: Transaction) -> dict[str, int]:
    """code → id of every organisation there is, ended and external ones too."""
    return _pairs(tx.session.execute(sa.select(*_columns(Organisation, "code", "id"))))


def ended_codes(tx: Transaction) -> dict[str, date]:
    ended = sa.select(*_columns(Organisation, "code", "ended_on")).where(col(Organisation.ended_on).is_not(None))
    return _pairs(tx.session.execute(ended))


def with_open_cycles(tx: Transaction, codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes whose cycle of an open campaign is not over, in the order given."""
    statement = (
        sa.select(col(Organisation.code))
        .join(Cycle, _its(Cycle))
        .join(Campaign, col(Campaign.id) == col(Cycle.campaign_id))
        .where(col(Campaign.status) == "open", col(Cycle.stage).not_in(ENDS))
    )
    found = set(tx.session.scalars(statement))
    return tuple(code for code in codes if code in found)


def _columns(model: Any, *names: str) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(getattr(model, name) for name in names)


def _its(model: Any) -> sa.ColumnElement[bool]:
    """The row belongs to the organisation."""
    return col(model.organisation_id) == col(Organisation.id)


def _present(row: sa.RowMapping) -> dict[str, Any]:
    """Without what is absent: a roster's row has its own word for that."""
    return {str(key): value for key, value in row.items() if value is not None}


def _pairs(found: Iterable[Any]) -> dict[Any, Any]:
    return dict(iter(found))


# ── the tree changes ─────────────────────────────────────────────


def lock(tx: Transaction) -> None:
    """Wait for whoever is changing tree or posts, and keep others waiting until the end of this transaction."""
    tx.session.execute(sa.select(col(Installation.id)).with_for_update())


def insert(tx: Transaction, rows: Sequence[RosterRow], ids: dict[str, int], on: date) -> Iterator[int]:
    """Add organisations, parents before children, and yield after each statement how many it added.

    `ids` (code → id of those that stand) learns the new ones. `settle` must follow.
    """
    rest: Sequence[RosterRow] = rows
    while rest:
        ready = [row for row in rest if row.parent is None or row.parent in ids]
        if not ready:
            raise ValueError(f"no way up to the root from {rest[0].code}")
        for chunk in chunks(ready):
            insert_many(tx, Organisation, [_values(row, ids, on) for row in chunk])
            yield len(chunk)
        ids.update(_newcomers(tx))
        rest = [row for row in rest if row.code not in ids]


def insert_external(tx: Transaction, *, code: str, name: str, kind: str, on: date) -> int:
    """Add a body that decides but neither is rated nor stands in a roster. `settle` must follow."""
    insert_many(tx, Organisation, [_values(RosterRow(code=code, name=name, kind=kind), {}, on) | {"external": True}])
    return _newcomers(tx)[code]


def update(tx: Transaction, changes: Sequence[Change], ids: Mapping[str, int]) -> None:
    """Write what is new about organisations that stay; one with a new parent moves. `settle` must follow."""
    values = [
        {"id": ids[new.code], "parent_id": _id_of(new.parent, ids)}
        | {name: getattr(new, name) for name in ("name", "kind", "field", "members", "founded_on")}
        for new in (change.after for change in changes)
    ]
    if values:
        tx.session.execute(sa.update(Organisation), values)


def end(tx: Transaction, organisation_ids: Sequence[int], on: date) -> None:
    """End organisations, and whatever posts are held in them. `settle` must follow."""
    for chunk in chunks(organisation_ids):
        ended = sa.update(Organisation).where(col(Organisation.id).in_(chunk)).values(ended_on=on)
        tx.session.execute(ended, execution_options=BULK)
        left = sa.update(Post).where(col(Post.organisation_id).in_(chunk), col(Post.until_on).is_(None))
        tx.session.execute(left.values(until_on=on), execution_options=BULK)


def reopen(tx: Transaction, organisation_ids: Sequence[int]) -> None:
    """Take back that organisations have ended, with the posts and the subordination that ended with them. `settle` must follow."""
    for number in organisation_ids:
        body = _known(tx, number)
        for model in (Post, Subordination):
            ended = sa.update(model).where(col(model.organisation_id) == number, col(model.until_on) == body.ended_on)
            tx.session.execute(ended.values(until_on=None), execution_options=BULK)
        body.ended_on = None
    tx.session.flush()


def remove(tx: Transaction, codes: Mapping[int, str]) -> tuple[str, ...]:
    """Take organisations out (id → code) that an import has just brought; returns the codes of those that something refers to."""
    used: list[str] = []
    tx.session.flush()
    for number in sorted(codes, reverse=True):
        try:
            with tx.session.begin_nested():
                for model in (Post, Subordination, Election):
                    its = sa.delete(model).where(col(model.organisation_id) == number)
                    tx.session.execute(its, execution_options=BULK)
                tx.session.execute(
                    sa.delete(Organisation).where(col(Organisation.id) == number), execution_options=BULK
                )
        except IntegrityError:
            used.append(codes[number])
    return tuple(sorted(used))


def settle(tx: Transaction, on: date) -> None:
    """Let paths and dated subordination follow the parents as they have just been written."""
    tx.session.execute(_rewrite_paths(), execution_options=BULK)
    tallies.untally_moved(tx)
    tx.session.execute(_end_subordination(on), execution_options=BULK)
    tx.session.execute(_begin_subordination(on))
    tx.session.expire_all()


def _newcomers(tx: Transaction) -> dict[str, int]:
    """code → id of those that have not been settled yet. Asked for apart: RETURNING makes a large insert three times slower."""
    unsettled = sa.select(*_columns(Organisation, "code", "id")).where(col(Organisation.path) == "")
    return _pairs(tx.session.execute(unsettled))


def _values(row: RosterRow, ids: Mapping[str, int], on: date) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("code", "name", "kind", "field", "members", "founded_on")},
        "parent_id": _id_of(row.parent, ids),
        "path": "",
        "external": False,
        "started_on": on,
    }


def _id_of(code: str | None, ids: Mapping[str, int]) -> int | None:
    return None if code is None else ids[code]


def _rewrite_paths() -> sa.Update:
    own = sa.cast(col(Organisation.id), sa.Text).concat("/")
    top: sa.Select[*tuple[Any, ...]] = sa.select(
        col(Organisation.id).label("id"), sa.literal("/").concat(own).label("path")
    )
    tree = top.where(col(Organisation.parent_id).is_(None)).cte("tree", recursive=True)
    below = sa.select(col(Organisation.id), tree.c.path.concat(own))
    tree = tree.union_all(below.join(tree, col(Organisation.parent_id) == tree.c.id))
    moved = sa.and_(col(Organisation.id) == tree.c.id, col(Organisation.path) != tree.c.path)
    return sa.update(Organisation).where(moved).values(path=tree.c.path)


def _end_subordination(on: date) -> sa.Update:
    moved = col(Organisation.parent_id).is_distinct_from(col(Subordination.parent_id))
    no_longer = sa.exists().where(_its(Subordination), sa.or_(moved, col(Organisation.ended_on).is_not(None)))
    return sa.update(Subordination).where(col(Subordination.until_on).is_(None), no_longer).values(until_on=on)


def _begin_subordination(on: date) -> sa.Insert:
    current = sa.exists().where(_its(Subordination), col(Subordination.until_on).is_(None))
    missing = sa.select(col(Organisation.id), col(Organisation.parent_id), sa.literal(on, sa.Date))
    missing = missing.where(col(Organisation.ended_on).is_(None), ~current)
    return sa.insert(Subordination).from_select(["organisation_id", "parent_id", "from_on"], missing)


def imported(tx: Transaction) -> None:
    """After an import: a plan for small tables would join 100 000 rows for an hour."""
    known_to_planner(tx, "organisation", "subordination", "post", "person", "election")


# ── the register of terms ────────────────────────────────────────


def begin_terms(tx: Transaction, due: Mapping[int, date]) -> None:
    """Enter the current term of organisations (id → when it runs out) that have none in the register."""
    for chunk in chunks(due.items()):
        insert_many(tx, Election, [{"organisation_id": number, "due_on": due_on} for number, due_on in chunk])


def move_terms(tx: Transaction, due: Mapping[int, date]) -> None:
    """Change when the current term of organisations runs out.

    An extension was asked for one date: of another date it says nothing, and a note keeps what it said.
    """
    for chunk in chunks(due):
        current = select(Election).where(col(Election.organisation_id).in_(chunk), col(Election.held_on).is_(None))
        for term in tx.session.exec(current):
            _reschedule(term, due[term.organisation_id])
    tx.session.flush()


def _reschedule(term: Election, due_on: date) -> None:
    term.note = f"名册导入改期:原{term.due_on.isoformat()}({term.extension})"
    term.due_on, term.extension, term.requested_on = due_on, "none", None


# ── many rows ────────────────────────────────────────────────────


def insert_many(tx: Transaction, model: type[SQLModel], values: Sequence[Mapping[str, Any]]) -> None:
    """One statement below the unit of work, which costs more than the database does."""
    if values:
        tx.session.connection().execute(sa.insert(model.__table__), values)  # type: ignore[attr-defined]


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
