"""In whose name something is done from a command line: which relations a `--as` claims, and whether `--by` may claim them.

A rehearsal plays every role itself. In a live database the machine's user vouches for a person, and both stand in the record.
"""

import getpass
import os
from typing import TYPE_CHECKING

from starflow.cli.words import say
from workflow.engine.errors import Forbidden

if TYPE_CHECKING:
    from starflow.service.access import Standing
    from starflow.service.acting import Acting
    from starflow.service.desk import Desk
    from storage.database import Transaction
    from storage.models import Person

Posts = tuple[tuple[int, str], ...]
NOBODY = 0
"""The id of no organisation: towards the city as a whole nobody is `organisation` or `superior`."""


def acting_on(desk: "Desk", code: str, role: str, by: str | None, year: int | None) -> "Acting":
    """Whoever claims this role towards a cycle. Raises Unknown, BadInput, Forbidden."""
    from starflow.service.case import load_case

    with desk.reading() as tx:
        cycle = load_case(desk, tx, code, year).cycle
        return _acting(desk, tx, _standing(tx, cycle.organisation_id, cycle.reviewer_id), role, by)


def acting_for(desk: "Desk", code: str, role: str, by: str | None) -> "Acting":
    """The same towards an organisation, whether it is being rated or not."""
    from storage import organisations

    with desk.reading() as tx:
        organisation_id = organisations.id_of(tx, code)
        superior = organisations.parent_of(tx, organisation_id) or NOBODY
        return _acting(desk, tx, _standing(tx, organisation_id, superior), role, by)


def acting_at_the_top(desk: "Desk", role: str, by: str | None) -> "Acting":
    """The same for what concerns all of them: a sitting of the committee."""
    with desk.reading() as tx:
        return _acting(desk, tx, _standing(tx, NOBODY, NOBODY), role, by)


def acting_by_paper(desk: "Desk", code: str, role: str, by: str | None, year: int | None, *, rated: bool) -> "Acting":
    """For a row of a spreadsheet: whoever holds the post has signed the paper, the machine's user vouches for it."""
    if by is not None or desk.rehearsal:
        return acting_on(desk, code, role, by, year) if rated else acting_for(desk, code, role, by)
    from starflow.service.case import load_case
    from storage import organisations, posts
    from workflow.engine.deadlines import local_date

    with desk.reading() as tx:
        organisation_id = organisations.id_of(tx, code)
        superior = organisations.parent_of(tx, organisation_id) or NOBODY
        if rated:
            superior = load_case(desk, tx, code, year).cycle.reviewer_id
        standing = _standing(tx, organisation_id, superior)
        today = local_date(tx.now, desk.settings.zone)
        holders = [posts.holder(tx, body, post, today) for body, post in _posts(role, standing)]
        signed = next((holder.code for holder in holders if holder is not None), None)
        if signed is None:
            raise Forbidden(say("{code}的岗位空缺,没有人可以签字", code=code))
        return _acting(desk, tx, standing, role, signed)


def coordinator(desk: "Desk", by: str | None) -> str:
    """The name of whoever opens, extends, holds and nudges: the department, or the machine's user for it."""
    if by is None:
        return "role:department" if desk.rehearsal else f"cli:{os_user()}"
    return acting_at_the_top(desk, "department", by).actor


def both(reason: str, first: str | None, second: str | None) -> str:
    """Both names stand in the reason where two have signed."""
    return f"{reason}({first}提出,{second}会签)" if second else reason


def _acting(desk: "Desk", tx: "Transaction", standing: "Standing", role: str, by: str | None) -> "Acting":
    from starflow.service.access import claimed
    from starflow.service.acting import Acting

    relations = claimed(role, standing)
    if by is None:
        return Acting(actor=_nameless(desk, role), relations=relations)
    person = _holder(desk, tx, by, role, _posts(role, standing))
    return Acting(actor=f"cli:{os_user()} for {person.code}", relations=relations, person=person.code)


def _nameless(desk: "Desk", role: str) -> str:
    """Whoever objects may stay unknown (R23); everybody else is somebody."""
    if desk.rehearsal:
        return f"role:{role}"
    if role == "anyone":
        return f"cli:{os_user()}"
    raise Forbidden(say("这是正式数据库,须用 --by 写明代谁办理(人员编号或邮箱)"))


def _standing(tx: "Transaction", organisation_id: int, reviewer_id: int) -> "Standing":
    from starflow.service.access import Standing
    from storage import organisations

    return Standing(
        organisation_id=organisation_id,
        reviewer_id=reviewer_id,
        root_id=organisations.root(tx),
        city_id=organisations.id_of(tx, organisations.CITY),
    )


def _posts(role: str, standing: "Standing") -> Posts:
    """The posts whose holder has this role; none where everybody has it."""
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


def _holder(desk: "Desk", tx: "Transaction", by: str, role: str, wanted: Posts) -> "Person":
    from starflow.service.organisations import find_person
    from storage import posts
    from workflow.engine.deadlines import local_date
    from workflow.rating.stages import ROLE_WORDS

    person = find_person(tx, by)
    today = local_date(tx.now, desk.settings.zone)
    holders = [posts.holder(tx, organisation, post, today) for organisation, post in wanted]
    if wanted and person.id not in [holder.id for holder in holders if holder]:
        held = "、".join(_named(holder) for holder in holders if holder) or say("空缺")
        raise Forbidden(
            say(
                "{person}现在不担任{role}的岗位;该岗位:{held}",
                person=_named(person),
                role=say(ROLE_WORDS[role]),
                held=held,
            )
        )
    return person


def _named(person: "Person") -> str:
    return f"{person.code}({person.name})"


def os_user() -> str:
    """The name under which the machine knows whoever types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without an entry, as in a container
        return f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"
