"""Where somebody sits: which body and role, whether anybody stands below, how much waits for them, what time it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starflow.service.access import Principal, may_hold
from starflow.service.desk import Desk
from storage import cycles, organisations, posts, queries
from storage.database import Transaction
from storage.models import Organisation
from storage.organisations import CITY
from workflow.engine.deadlines import local_date
from workflow.engine.errors import Unknown

OWES = {
    "organisation": ("organisation", "superior"),
    "superior": ("superior",),
    "department": ("department", "superior"),
    "committee": ("committee",),
    "city": ("city",),
    "leader": ("leader",),
}
"""role → the roles in which its body owes: the department is the superior of whoever stands directly under the root."""


@dataclass(frozen=True, slots=True)
class Seat:
    """`year` is None before the first campaign."""

    now: datetime
    zone: ZoneInfo
    year: int | None
    title: str
    name: str
    person: str
    reviews: bool
    waiting: int
    labels: Mapping[int, str]
    """The levels as the scheme of the year calls them."""

    @property
    def started(self) -> bool:
        return self.year is not None

    def level(self, star: int) -> str:
        return self.labels.get(star, f"{star}星级")


def seat_of(desk: Desk, tx: Transaction, principal: Principal) -> Seat:
    """In the newest open campaign."""
    campaign = cycles.year_row(tx, None)
    scheme = desk.scheme(tx, campaign.scheme_hash) if campaign else None
    zone = scheme.zone if scheme else desk.settings.zone
    post = principal.role, principal.organisation_id
    body = queries.seated(tx, campaign.id if campaign else 0, principal.organisation_id)
    person = posts.named_for(tx, [post], local_date(tx.now, zone)).get(post) if body else None
    return Seat(
        now=tx.now.astimezone(zone),
        zone=zone,
        year=campaign.year if campaign else None,
        title=scheme.title if scheme else "",
        name=body.name if body else principal.code,
        person=person.name if person else "",
        reviews=body is not None and body.reviews,
        waiting=sum(body.owed.get(role, 0) for role in OWES.get(principal.role, ())) if body else 0,
        labels=scheme.star_words if scheme else {},
    )


def owed_by(principal: Principal) -> tuple[int, tuple[str, ...]]:
    """Whose obligations are one's own."""
    return principal.organisation_id, OWES.get(principal.role, ())


# ── a rehearsal, looked at as anybody ────────────────────────────


NOBODY = Principal(role="department", organisation_id=0, code="", path="", person=None, label="rehearsal")
"""Who looks before there is a roster: there is nothing to be seen."""


def has_root(desk: Desk) -> bool:
    with desk.reading() as tx:
        return _root(tx) is not None


def _root(tx: Transaction) -> Organisation | None:
    try:
        return organisations.by_id(tx, organisations.root(tx))
    except Unknown:
        return None


def may_sit(desk: Desk, role: str, code: str) -> bool:
    """Whether there is such a body, and it has such a role."""
    with desk.reading() as tx:
        body = organisations.by_code(tx, code)
        return body is not None and body.ended_on is None and may_hold(body, role)


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat that a rehearsal can be looked at from."""

    role: str
    code: str
    name: str

    @property
    def place(self) -> str:
        """As a form says it."""
        return f"{self.role}:{self.code}"


def chairs(desk: Desk) -> tuple[Chair, ...]:
    """The seats of the house, then the superiors; a branch's own is on its page."""
    with desk.reading() as tx:
        root = _root(tx)
        if root is None:
            return ()
        superiors = organisations.with_children(tx, root.path)
        house = (Chair("department", root.code, root.name), Chair("committee", root.code, root.name))
        city = (Chair("city", CITY, ""), Chair("admin", root.code, root.name), Chair("auditor", root.code, root.name))
        return (*house, *city, *(Chair("superior", body.code, body.name) for body in superiors if body.id != root.id))
