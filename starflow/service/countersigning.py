"""The second signature where one hand types for both: at the command line of an installation in earnest.

Whoever runs the machine vouches for people, so that both names are given at once. Where nobody but one person holds the role (an
office with one operator), there is nobody to ask, and the one name stands alone in the record; as soon as a second person has been
given the role, the second name is asked for.
"""

from collections.abc import Sequence

from starflow.service.desk import Desk
from starflow.service.organisations import find_person
from starflow.service.policy import POLICY, SEAT_WORDS, TwoNeeded
from starflow.service.twofold import confirmers_of, impartial
from storage import grants, organisations, posts
from storage.database import Transaction
from storage.models import Person
from workflow.engine.deadlines import local_date
from workflow.engine.errors import Forbidden


def countersigner(
    desk: Desk, action: str, first: str | None, second: str | None, about: str | None = None, year: int | None = None
) -> str | None:
    """Who signs beside `first`, by code; None where it takes one only. `about`: the organisation, to which both are strangers.

    Raises TwoNeeded, Forbidden, Unknown.
    """
    if not POLICY.takes_two(desk, action):
        return None
    found = _found(desk, action, first, second)
    if about is not None:
        impartial(desk, about, year, tuple(one for one in (first, found) if one is not None))
    return found


def _found(desk: Desk, action: str, first: str | None, second: str | None) -> str | None:
    rule = POLICY.rule(action)
    with desk.reading() as tx:
        if second is None:
            others = [one for one in _holding(desk, tx, rule.roles) if one.code != first]
            if others:
                known = "、".join(f"{one.code}({one.name})" for one in others)
                raise TwoNeeded(f"{rule.title}须两人办理:请用 --second 写明会签的另一位({known})")
            return None
        person = find_person(tx, second)
        if person.code == first:
            raise Forbidden("须由另一个人会签,提出的人自己不能会签")
        confirmers = confirmers_of(action)
        if person.code not in {one.code for one in _holding(desk, tx, confirmers)}:
            raise Forbidden(
                f"{rule.title}由{'、'.join(SEAT_WORDS[role] for role in confirmers)}会签,{person.code}({person.name})现在不是"
            )
        return person.code


def _holding(desk: Desk, tx: Transaction, roles: Sequence[str]) -> list[Person]:
    """By a post of the root or by a grant, today."""
    today, root = local_date(tx.now, desk.settings.zone), organisations.root(tx)
    by_post = [posts.holder(tx, root, role, today) for role in roles]
    found = [
        *(one for one in by_post if one is not None),
        *(one for role in roles for one in grants.holders(tx, role, today)),
    ]
    return list({one.code: one for one in found}.values())
