"""What a scheme's year would send: on which day, for which stage, to how many people, if nobody finished anything earlier.

The same rungs, dates and addresses as the real thing; only the roster is today's and the work is imagined undone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starflow.service.desk import Desk
from starflow.service.ladder import Address, addressed
from storage import organisations as tree
from storage import posts
from storage.database import Transaction
from storage.models import Organisation
from workflow.engine.deadlines import Ringing, local_date, ringings
from workflow.engine.workdays import Calendar
from workflow.rating.facts import Facts
from workflow.rating.scheme import Scheme, Stage
from workflow.rating.timing import ladder_of, stage_dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One rung of one stage on one morning. Without a roster nobody can be counted: people and vacant are None."""

    at: datetime
    stage: str
    title: str
    rung: str
    kind: str
    document: str | None
    recipients: tuple[str, ...]
    people: int | None
    vacant: int | None


def forecast(
    scheme: Scheme, year: int, opens_at: datetime, calendar: Calendar, desk: Desk | None
) -> tuple[Mailing, ...]:
    """Every message of the year whose day is known beforehand, in order of time."""
    if desk is None:
        found = [_mailing(stage, ring, scheme.zone) for stage, ring in _rings(scheme, year, opens_at, calendar)]
    else:
        with desk.reading() as tx:
            rated, root = _rated(tx)
            found = [
                _counted(tx, stage, ring, rated, root, scheme.zone)
                for stage, ring in _rings(scheme, year, opens_at, calendar)
            ]
    return tuple(sorted(found, key=lambda one: (one.at, one.stage)))


def _rings(scheme: Scheme, year: int, opens_at: datetime, calendar: Calendar) -> Iterator[tuple[Stage, Ringing]]:
    """Only of stages with a date of their own; what counts from an entry nobody knows yet."""
    for stage in scheme.stage:
        if stage.due is None or stage.due.startswith("+") or stage.owner == "clock":
            continue
        dates = stage_dates(
            stage, scheme=scheme, year=year, calendar=calendar, zone=scheme.zone, entered_at=opens_at, facts=Facts()
        )
        yield from (
            (stage, ring)
            for ring in ringings(
                ladder_of(scheme, stage.name),
                target_at=dates.target_at,
                due_at=dates.due_at,
                grace_days=scheme.deadline.grace_days,
                opened_at=opens_at,
                zone=scheme.zone,
                hour=scheme.reminder.hour,
            )
        )


def _rated(tx: Transaction) -> tuple[list[Organisation], int]:
    root = tree.root(tx)
    top = tree.by_id(tx, root)
    return [one for one in tree.subtree(tx, top.path if top else "/") if one.id != root], root


def _counted(
    tx: Transaction, stage: Stage, ring: Ringing, rated: list[Organisation], root: int, zone: ZoneInfo
) -> Mailing:
    paths = {one.id: one.path for one in rated}
    owners = {_owner(tx, stage.owner, one, root) for one in rated}
    told = {
        address
        for owner in owners
        for recipient in ring.rung.recipients
        for address in addressed(recipient, owner, paths.get(owner.organisation_id, f"/{root}/"), root)
    }
    people = posts.people_for(tx, [(a.role, a.organisation_id) for a in told], local_date(tx.now, zone))
    return _mailing(stage, ring, zone, people=len({p.id for p in people.values()}), vacant=len(told) - len(people))


def _owner(tx: Transaction, role: str, organisation: Organisation, root: int) -> Address:
    assert organisation.id is not None and organisation.parent_id is not None  # rated, so it stands below the root
    match role:
        case "organisation":
            return Address(role, organisation.id)
        case "superior":
            return Address(role, organisation.parent_id)
        case "city":
            return Address(role, tree.id_of(tx, tree.CITY))
    return Address(role, root)


def _mailing(
    stage: Stage, ring: Ringing, zone: ZoneInfo, people: int | None = None, vacant: int | None = None
) -> Mailing:
    return Mailing(
        at=ring.at.astimezone(zone),
        stage=stage.name,
        title=stage.title,
        rung=ring.rung.name,
        kind=ring.rung.kind,
        document=ring.rung.document,
        recipients=ring.rung.recipients,
        people=people,
        vacant=vacant,
    )
