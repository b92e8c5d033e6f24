"""In whose name something is done from a command line: which relations a `--as` claims, and whether `--by` may claim them.

A rehearsal plays every role itself. In a live database the machine's user vouches for a person, and both stand in the record.
"""

import getpass
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow.engine.errors import Forbidden

if TYPE_CHECKING:
    from starflow.service.access import Standing
    from starflow.service.desk import Desk
    from storage.database import Transaction
    from storage.models import Person


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: their relations to the cycle, the name in the record, and the code of the person if one is known."""

    relations: frozenset[str]
    name: str
    person: str | None


def acting_on(desk: "Desk", code: str, role: str, by: str | None, year: int | None) -> Actor:
    """Whoever claims this role towards a cycle. Raises Unknown, BadInput, Forbidden."""
    from starflow.service.access import claimed
    from starflow.service.case import load_case

    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        standing = _standing(tx, case.cycle.organisation_id, case.cycle.reviewer_id)
        relations = claimed(role, standing)
        if by is None:
            return Actor(relations, _nameless(desk, role), None)
        person = _holder(desk, tx, by, role, _posts(role, standing))
        return Actor(relations, f"cli:{os_user()} for {person.code}", person.code)


def coordinator(desk: "Desk", by: str | None) -> str:
    """The name of whoever coordinates, that is the department: opening, extending, holding, nudging."""
    if by is None:
        return "role:department" if desk.rehearsal else f"cli:{os_user()}"
    with desk.reading() as tx:
        standing = _standing(tx, 0, 0)
        return f"cli:{os_user()} for {_holder(desk, tx, by, 'department', _posts('department', standing)).code}"


def _nameless(desk: "Desk", role: str) -> str:
    """Whoever objects may stay unknown (R23); everybody else is somebody."""
    if desk.rehearsal:
        return f"role:{role}"
    if role == "anyone":
        return f"cli:{os_user()}"
    raise Forbidden("这是正式数据库,须用 --by 写明代谁办理(人员编号或邮箱)")


def _standing(tx: "Transaction", organisation_id: int, reviewer_id: int) -> "Standing":
    from starflow.service.access import Standing
    from storage import organisations

    return Standing(
        organisation_id=organisation_id,
        reviewer_id=reviewer_id,
        root_id=organisations.root(tx),
        city_id=organisations.id_of(tx, organisations.CITY),
    )


def _posts(role: str, standing: "Standing") -> tuple[tuple[int, str], ...]:
    """The posts whose holder has this role towards the cycle; none where everybody has it."""
    match role:
        case "organisation":
            return ((standing.organisation_id, "head"),)
        case "superior" if standing.reviewer_id == standing.root_id:
            return ((standing.root_id, "head"), (standing.root_id, "department"))
        case "superior":
            return ((standing.reviewer_id, "head"),)
        case "department" | "committee":
            return ((standing.root_id, role),)
        case "city":
            return ((standing.city_id, role),)
    return ()


def _holder(desk: "Desk", tx: "Transaction", by: str, role: str, wanted: tuple[tuple[int, str], ...]) -> "Person":
    from starflow.service.organisations import find_person
    from storage import posts
    from workflow.engine.deadlines import local_date

    person = find_person(tx, by)
    today = local_date(tx.now, desk.settings.zone)
    holders = [posts.holder(tx, organisation, post, today) for organisation, post in wanted]
    if wanted and person.id not in [holder.id for holder in holders if holder]:
        held = "、".join(f"{holder.code}({holder.name})" for holder in holders if holder) or "空缺"
        raise Forbidden(f"{person.code}({person.name})现在不担任{role}的岗位;该岗位:{held}")
    return person


def os_user() -> str:
    """The name under which the machine knows whoever types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without an entry, as in a container
        return f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"
