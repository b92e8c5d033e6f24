"""Who can see an organisation, and what they may do with it: each seat around it asked of the one policy, nothing decided here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from starflow.service.access import Principal
from starflow.service.case import Case, load_case
from starflow.service.desk import Desk
from starflow.service.policy import POLICY, RULES
from storage import grants, organisations, posts
from storage.database import Transaction
from storage.models import Organisation
from workflow.engine.errors import Forbidden, Unknown

ALONG = ("organisation", "leader")
AT_THE_TOP = ("department", "committee", "auditor", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One seat: who holds it today, whether its holder sees the organisation's work, as what, and what they may do there."""

    role: str
    organisation: str
    name: str
    people: tuple[str, ...]
    sees: bool
    relations: tuple[str, ...]
    may: tuple[str, ...]


def who_sees(desk: Desk, code: str, year: int | None = None) -> tuple[Sight, ...]:
    """From the top down to itself, and the city, which stands beside the tree. Raises Unknown."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        return tuple(_sight(desk, tx, case, role, body) for role, body in _seats(tx, case))


def _seats(tx: Transaction, case: Case) -> Iterator[tuple[str, Organisation]]:
    above = [int(part) for part in case.cycle.path.strip("/").split("/")]
    for role in AT_THE_TOP:
        yield role, _body(tx, organisations.root(tx))
    for number in above:
        for role in ALONG if number != organisations.root(tx) else ():
            yield role, _body(tx, number)
    if case.cycle.reviewer_id not in above:
        yield "organisation", _body(tx, case.cycle.reviewer_id)
    yield "city", _body(tx, organisations.id_of(tx, organisations.CITY))


def _body(tx: Transaction, number: int) -> Organisation:
    found = organisations.by_id(tx, number)
    assert found is not None  # it stands in the path of an organisation
    return found


def _sight(desk: Desk, tx: Transaction, case: Case, role: str, body: Organisation) -> Sight:
    assert body.id is not None
    seat = Principal(role=role, organisation_id=body.id, code=body.code, path=body.path, person=None, label="")
    sees = _sees(desk, tx, seat, case)
    held = POLICY.relations(tx, seat, case) - {"anyone"} if sees else frozenset()
    return Sight(
        role=role,
        organisation=body.code,
        name=body.name,
        people=tuple(_people(tx, role, body.id, case.today)),
        sees=sees,
        relations=tuple(sorted(held)),
        may=tuple(rule.title for rule in RULES if sees and (held or {role}) & set(rule.roles)),
    )


def _sees(desk: Desk, tx: Transaction, seat: Principal, case: Case) -> bool:
    try:
        POLICY.seen_case(desk, tx, seat, case.cycle.code, case.cycle.year)
    except (Unknown, Forbidden):
        return False
    return True


def _people(tx: Transaction, role: str, organisation_id: int, on: date) -> Iterator[str]:
    """By post of the roster, then by grant."""
    post = posts.holder(tx, organisation_id, "head" if role == "organisation" else role, on)
    if post is not None:
        yield post.name
    for grant, person, body in grants.grants(tx):
        running = grant.from_on <= on and (grant.until_on is None or on < grant.until_on)
        if running and grant.role == role and body.id == organisation_id and person.id != (post.id if post else None):
            yield person.name
