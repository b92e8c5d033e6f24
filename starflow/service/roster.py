"""How a difference between two rosters is written: the order of it, and what a row means for terms and posts.

The row names the head and the leader of each organisation. The root's head is also the department's contact and the root's
leader the committee's, until somebody else is appointed there by hand.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from storage import imports, organisations, posts
from storage.database import Transaction
from storage.organisations import CITY
from storage.paper_models import Import
from storage.posts import Appointment
from workflow.engine.errors import Refused
from workflow.rating.roster import COLUMNS, DATES, TITLES, Change, Difference, Fault, RosterRow

Progress = Callable[[int, int], None]
CITY_NAME = "市委组织部"
CITY_CONTACT = f"{CITY_NAME}联系人"
"""Holds the city's post until somebody is named: an office outside is not ours to fill, so it is no vacancy of ours."""

FOLLOWS = {"department": "head", "committee": "leader"}
"""The root's own posts, and which column of its row each goes along with while one person holds both."""


def clashes(
    tx: Transaction, rows: Sequence[RosterRow], standing: Sequence[RosterRow], root_kind: str, today: date
) -> Iterator[Fault]:
    """What only the database knows: codes are never reused, the root stays the root, and which day is today."""
    ended = organisations.ended_codes(tx)
    roots = [row.code for row in standing if row.parent is None]
    for row in rows:
        if row.code in ended:
            yield _fault(row, f"编码{row.code}已于{ended[row.code].isoformat()}停用,停用的编码不再使用")
        if row.founded_on and row.founded_on > today:
            yield Fault(row.row or None, TITLES["founded_on"], f"成立日期{row.founded_on}晚于今天{today}")
        if row.code == CITY:
            yield _fault(row, f"编码{CITY}留给{CITY_NAME},不能用于名册里的组织")
        if row.kind == root_kind and roots and row.code not in roots:
            yield _fault(row, f"根组织已是{roots[0]},不能换成{row.code}")


def _fault(row: RosterRow, message: str) -> Fault:
    return Fault(row.row or None, TITLES["code"], message)


def apply(tx: Transaction, wanted: Difference, today: date, progress: Progress | None) -> None:
    """Organisations and their tree, then terms, then posts: each refers to what came before."""
    ids = organisations.ids_by_code(tx)
    founding = CITY not in ids
    done, total = 0, 2 * len(wanted.added)
    for added in organisations.insert(tx, wanted.added, ids, today):
        _tell(progress, done := done + added, total)
    if founding:
        ids[CITY] = organisations.insert_external(tx, code=CITY, name=CITY_NAME, kind=CITY_NAME, on=today)
    organisations.update(tx, wanted.changed, ids)
    organisations.end(tx, [ids[row.code] for row in wanted.ended], today)
    organisations.settle(tx, today)
    _apply_terms(tx, wanted, ids)
    for chunk in organisations.chunks(wanted.added):
        posts.appoint(tx, [new for row in chunk for new in _appointments(row, ids[row.code])], today)
        _tell(progress, done := done + len(chunk), total)
    if founding:
        posts.appoint(tx, [Appointment(organisation_id=ids[CITY], role="city", name=CITY_CONTACT)], today)
    _apply_posts(tx, wanted.changed, ids, today)
    organisations.imported(tx)


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _apply_terms(tx: Transaction, wanted: Difference, ids: dict[str, int]) -> None:
    changed = [change for change in wanted.changed if change.of("election_due_on")]
    first = [*wanted.added, *(change.after for change in changed if change.before.election_due_on is None)]
    moved = [change.after for change in changed if change.before.election_due_on is not None]
    organisations.begin_terms(tx, {ids[row.code]: row.election_due_on for row in first if row.election_due_on})
    organisations.move_terms(tx, {ids[row.code]: row.election_due_on for row in moved if row.election_due_on})


def _appointments(row: RosterRow, organisation_id: int) -> Iterator[Appointment]:
    """The posts that a new organisation's row fills."""
    for role in ("head", "leader", *(FOLLOWS if row.parent is None else ())):
        new = _appointment(row, organisation_id, role)
        if new.name:
            yield new


def _appointment(row: RosterRow, organisation_id: int, role: str) -> Appointment:
    if FOLLOWS.get(role, role) == "leader":
        return Appointment(organisation_id=organisation_id, role=role, name=row.leader)
    return Appointment(organisation_id=organisation_id, role=role, name=row.head, phone=row.phone, email=row.email)


def _apply_posts(tx: Transaction, changes: Sequence[Change], ids: dict[str, int], today: date) -> None:
    """A new name hands the post over, no name vacates it; a new contact of the same head is a correction."""
    due = [
        _appointment(change.after, ids[change.after.code], role)
        for change in changes
        for role in _changed_roles(tx, change, ids[change.after.code])
    ]
    posts.vacate(tx, [new.post for new in due if not new.name], today)
    contacts = [change.after for change in changes if not change.of("head") and change.of("phone", "email")]
    shared = posts.correct_contacts(tx, [_appointment(row, ids[row.code], "head") for row in contacts])
    posts.hand_over(tx, [*(new for new in due if new.name), *shared], today)


def _changed_roles(tx: Transaction, change: Change, organisation_id: int) -> Iterator[str]:
    """The posts that get another holder, or none."""
    for role in ("head", "leader"):
        if change.of(role):
            yield role
            if change.after.parent is None:
                yield from _following(tx, organisation_id, role)


def _following(tx: Transaction, root_id: int, role: str) -> Iterator[str]:
    """The root's own posts that whoever holds this role holds as well, or that are vacant with it."""
    for other, column in FOLLOWS.items():
        if column == role and _holder_id(tx, root_id, other) == _holder_id(tx, root_id, role):
            yield other


def _holder_id(tx: Transaction, organisation_id: int, role: str) -> int | None:
    post = posts.current(tx, organisation_id, role)
    return post.person_id if post else None


# ── undone ───────────────────────────────────────────────────────


def remember(tx: Transaction, done: Difference, filename: str, actor: str) -> int:
    """Keep what it takes to put the roster back; returns the import's number."""
    pairs = [
        *((None, row) for row in done.added),
        *((change.before, change.after) for change in done.changed),
        *((row, None) for row in done.ended),
    ]
    undo = [{"before": _told(before), "after": _told(after)} for before, after in pairs]
    row = Import(
        kind="roster",
        filename=filename[:200],
        sha256=hashlib.sha256(json.dumps(undo, ensure_ascii=False, sort_keys=True).encode()).hexdigest(),
        actor=actor,
        at=tx.now,
        added=len(done.added),
        changed=len(done.changed),
        ended=len(done.ended),
        unchanged=done.unchanged,
        undo=undo,
    )
    return imports.put(tx, row)


def put_back(tx: Transaction, undo: Sequence[Mapping[str, Any]], today: date) -> None:
    """The roster as it stood before an import. Raises Refused where somebody has been changed, rated or given work since."""
    pairs = [(_row(one["before"]), _row(one["after"])) for one in undo]
    standing = {row.code: row for row in organisations.roster(tx)}
    if moved := [(after or before) for before, after in pairs if _moved(before, after, standing)]:
        raise Refused(*(f"{row.code} {row.name}在导入以后又有变动" for row in moved if row))
    ids = organisations.ids_by_code(tx)
    organisations.reopen(tx, [ids[before.code] for before, after in pairs if before and after is None])
    changed = tuple(Change(after, before) for before, after in pairs if before and after)
    apply(tx, Difference(changed=changed), today, None)
    added = [after for before, after in pairs if after and before is None]
    if used := organisations.remove(tx, {ids[row.code]: row.code for row in added}):
        raise Refused(
            *(f"{code}是这次导入新增的,已经参评或另有登记,不能撤掉;请从名册里删去这一行再导入" for code in used)
        )
    organisations.settle(tx, today)


def _moved(before: RosterRow | None, after: RosterRow | None, standing: Mapping[str, RosterRow]) -> bool:
    row = after or before
    return row is not None and standing.get(row.code) != after


def _told(row: RosterRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    said = {name: value for name, value in asdict(row).items() if name in COLUMNS and value not in (None, "")}
    return said | {name: on.isoformat() for name in DATES if (on := getattr(row, name))}


def _row(said: Mapping[str, Any] | None) -> RosterRow | None:
    if said is None:
        return None
    dates = {name: date.fromisoformat(said[name]) for name in DATES if said.get(name)}
    return RosterRow(**{**said, **dates})
