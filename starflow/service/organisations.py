"""Organisations: take a roster in whole or not at all, give it out again, show the tree, hand posts over.

Who exists and who stands under whom is the roster's to say (`roster.py` writes it); who holds a post may also be said here.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from starflow.service import roster
from starflow.service.desk import Desk
from starflow.service.roster import CITY_NAME, FOLLOWS, Progress
from storage import organisations, posts
from storage.database import Transaction
from storage.models import Organisation, Person
from storage.posts import Appointment, PostKey, Vacancy
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Unknown
from workflow.rating.roster import (
    COLUMNS,
    LONGEST,
    TITLES,
    Difference,
    Fault,
    RosterRow,
    difference,
    faults,
    misaddressed,
    outline,
)

ROLES = {"head": "负责人", "leader": "分管领导", "department": "组织部", "committee": "工委会", "city": CITY_NAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do. With faults nothing is counted and nothing written."""

    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    ignored_columns: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    applied: bool = False
    open_cycles: tuple[str, ...] = ()  # ended organisations whose cycle must be exempted or closed by hand
    number: int | None = field(
        default=None, compare=False
    )  # undoes it; None where nothing was written, and at the first roster


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLine:
    """One organisation of the printed tree; `head` is empty where the post is vacant."""

    depth: int
    code: str
    name: str
    kind: str
    members: int
    head: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The person to appoint."""

    name: str
    phone: str = ""
    email: str = ""


# ── the roster in ────────────────────────────────────────────────


def import_roster(
    desk: Desk,
    rows: Sequence[RosterRow],
    *,
    scheme_root_kind: str,
    dry_run: bool,
    columns: Iterable[str] = COLUMNS,
    ignored_columns: Sequence[str] = (),
    progress: Progress | None = None,
    filename: str = "",
    actor: str = "department",
) -> ImportReport:
    """Make the standing roster equal to these rows, in one transaction; whoever is missing ends today.

    A column not among `columns` says nothing about anybody. Faults are reported, not raised. Every import but the first can be
    undone by its number.
    """
    with desk.reading() if dry_run else _changing(desk) as tx:
        standing = organisations.roster(tx)
        found = [
            *faults(rows, scheme_root_kind),
            *roster.clashes(tx, rows, standing, scheme_root_kind, _today(desk, tx)),
        ]
        if found:
            by_row = tuple(sorted(found, key=lambda fault: fault.row or 0))
            return ImportReport(ignored_columns=tuple(ignored_columns), faults=by_row)
        wanted = difference(rows, standing, columns)
        report = _report(tx, wanted, tuple(ignored_columns), applied=not dry_run)
        if wanted and not dry_run:
            roster.apply(tx, wanted, _today(desk, tx), progress)
            if standing:
                return replace(report, number=roster.remember(tx, wanted, filename, actor))
        return report


@contextmanager
def _changing(desk: Desk) -> Iterator[Transaction]:
    """A transaction that changes tree or posts; one at a time, so that each compares with what the last one left."""
    with desk.transaction() as tx:
        organisations.lock(tx)
        yield tx


def _report(tx: Transaction, wanted: Difference, ignored: tuple[str, ...], *, applied: bool) -> ImportReport:
    return ImportReport(
        added=len(wanted.added),
        changed=len(wanted.changed),
        ended=len(wanted.ended),
        unchanged=wanted.unchanged,
        ignored_columns=ignored,
        applied=applied,
        open_cycles=organisations.with_open_cycles(tx, [row.code for row in wanted.ended]),
    )


# ── the roster out ───────────────────────────────────────────────


def export(desk: Desk) -> tuple[RosterRow, ...]:
    """Every organisation of our own by code, ended ones too; external bodies are left out."""
    with desk.reading() as tx:
        return organisations.roster(tx, with_ended=True)


def tree(desk: Desk) -> tuple[TreeLine, ...]:
    """The tree of today, every superior before those below it."""
    with desk.reading() as tx:
        rows = organisations.roster(tx)
    return tuple(
        TreeLine(depth=depth, code=row.code, name=row.name, kind=row.kind, members=row.members, head=row.head)
        for depth, row in outline(rows)
    )


# ── posts ────────────────────────────────────────────────────────


def appoint(desk: Desk, code: str, role: str, person: Holder, from_on: date | None = None) -> None:
    """Put a person into a post from a day on (default: today), ending whoever holds it.

    Raises Unknown, BadInput: a post that the organisation does not have, a day ahead, or one before the last change.
    """
    with _changing(desk) as tx:
        appoint_in(desk, tx, code, role, person, from_on)


def appoint_in(desk: Desk, tx: Transaction, code: str, role: str, person: Holder, from_on: date | None = None) -> None:
    """`appoint` within a transaction that is already open and has locked the roster."""
    body = _body(tx, code, role)
    on = from_on or _today(desk, tx)
    _check_day(tx, body, role, on, _today(desk, tx))
    _check_person(person)
    new = Appointment(organisation_id=body, role=role, name=person.name, phone=person.phone, email=person.email)
    posts.hand_over(tx, [new], on)


def vacate(desk: Desk, code: str, role: str, on: date | None = None) -> None:
    """End whoever holds the post, from a day on (default: today). Raises Unknown, BadInput."""
    with _changing(desk) as tx:
        vacate_in(desk, tx, code, role, on)


def vacate_in(desk: Desk, tx: Transaction, code: str, role: str, on: date | None = None) -> None:
    """`vacate` within a transaction that is already open and has locked the roster."""
    body = _body(tx, code, role)
    if posts.current(tx, body, role) is None:
        raise BadInput(f"{code}的{ROLES[role]}本来就空缺")
    _check_day(tx, body, role, on or _today(desk, tx), _today(desk, tx))
    posts.vacate(tx, [PostKey(body, role)], on or _today(desk, tx))


def holder_in(tx: Transaction, code: str, role: str, today: date) -> Person | None:
    """Who holds this post on the day. Raises Unknown, BadInput where there is no such post."""
    return posts.holder(tx, _body(tx, code, role), role, today)


def vacancies(desk: Desk) -> tuple[Vacancy, ...]:
    with desk.reading() as tx:
        return posts.vacancies(tx)


def person_for(tx: Transaction, owner_role: str, owner_id: int, on: date) -> Person | None:
    """The person on whose desk this owner's obligations lie on that day; None: the post is vacant."""
    return posts.person_for(tx, owner_role, owner_id, on)


def find_person(tx: Transaction, text: str) -> Person:
    """The one person with this code or e-mail address. Raises Unknown, or BadInput where it is several people's."""
    found = posts.people_called(tx, text)
    if not found:
        raise Unknown(f"没有编号或邮箱为“{text}”的人")
    if len(found) > 1:
        raise BadInput(f"邮箱“{text}”是几个人的,请写编号:{'、'.join(f'{p.code}({p.name})' for p in found)}")
    return found[0]


def _body(tx: Transaction, code: str, role: str) -> int:
    """The id of the organisation, if it has such a post."""
    if role not in ROLES:
        raise BadInput(f"没有“{role}”这种岗位,可选:{'、'.join(ROLES)}")
    found = organisations.by_code(tx, code)
    if found is None or found.id is None:
        raise Unknown(f"没有编码为{code}的组织")
    if found.ended_on is not None:
        raise BadInput(f"{code}已于{found.ended_on.isoformat()}停用,不再任免")
    if role not in _roles_at(found):
        raise BadInput(f"{code}没有{ROLES[role]}岗位,只有:{'、'.join(ROLES[r] for r in _roles_at(found))}")
    return found.id


def _roles_at(body: Organisation) -> tuple[str, ...]:
    if body.external:
        return ("city",)
    return ("head", "leader", *(FOLLOWS if body.parent_id is None else ()))


def _check_day(tx: Transaction, body: int, role: str, on: date, today: date) -> None:
    """A post's spells follow one another: none starts in the future, none before the last one changed."""
    if on > today:
        raise BadInput(f"任免日期{on.isoformat()}还没有到,今天是{today.isoformat()}")
    post = posts.current(tx, body, role)
    last = post.from_on if post else posts.last_end(tx, body, role)
    if last is not None and on < last:
        raise BadInput(f"任免日期{on.isoformat()}早于该岗位上一次变动的{last.isoformat()}")


def _check_person(person: Holder) -> None:
    if not person.name.strip():
        raise BadInput("须写明任职人的姓名")
    texts = {"head": person.name, "phone": person.phone, "email": person.email}
    long = [
        f"{TITLES[column]}最多{LONGEST[column]}个字" for column, text in texts.items() if len(text) > LONGEST[column]
    ]
    if any(not letter.isprintable() for letter in person.name + person.phone + person.email):
        long.append("姓名、电话和邮箱里不能有换行和控制字符")
    elif sentence := misaddressed(person.email):
        long.append(sentence)
    if long:
        raise BadInput(*long)


def _today(desk: Desk, tx: Transaction) -> date:
    return local_date(tx.now, desk.settings.zone)
