"""The directory: the organisations of the roster as lists have them, with telephone numbers that nobody can dial.

Whole numbers leave by `starflow org export` only, where whoever takes them is known to the machine.
"""

import re
from dataclasses import dataclass
from datetime import date

from starflow.service.case import campaign_of
from starflow.service.desk import Desk
from starflow.service.shapes import Page
from starflow.service.view import Filters
from storage import directory, organisations
from storage.queries import Where
from workflow.engine.errors import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationLine:
    """The keys of `org export`; the phone is masked."""

    code: str
    name: str
    kind: str
    parent: str | None
    field: str
    members: int
    election_due_on: date | None
    head: str | None
    leader: str | None
    phone: str | None
    email: str | None
    ended_on: date | None


def listed(desk: Desk, filters: Filters) -> Page[OrganisationLine]:
    """Organisations by code; with a year, those that were rated in it. Raises Unknown (year, code)."""
    with desk.reading() as tx:
        found = organisations.by_code(tx, filters.under) if filters.under is not None else None
        if filters.under is not None and found is None:
            raise Unknown(f"没有编码为{filters.under}的组织")
        where = Where(
            campaign_id=campaign_of(tx, filters.year).id if filters.year is not None else None,
            path=found.path if found else "",
            after=(filters.after,) if filters.after is not None else (),
        )
        rows: list[OrganisationLine] = []
        for entry in directory.entries(tx, where):
            if len(rows) == filters.limit:
                return Page(tuple(rows), rows[-1].code)
            rows.append(_line(entry))
    return Page(tuple(rows))


def _line(entry: directory.Entry) -> OrganisationLine:
    return OrganisationLine(
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        parent=entry.parent,
        field=entry.field,
        members=entry.members,
        election_due_on=entry.election_due_on,
        head=entry.head,
        leader=entry.leader,
        phone=masked(entry.phone),
        email=entry.email or None,
        ended_on=entry.ended_on,
    )


def masked(phone: str | None) -> str | None:
    """138****1234: enough to recognise a number that one knows, too little to learn one."""
    if not phone:
        return None
    digits = re.sub(r"\D", "", phone)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 7 else "****"
