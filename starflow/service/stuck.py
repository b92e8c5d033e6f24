"""Who is stuck where: the open stages that need a hand, each with what is missing and who hears of it next.

The database picks those that may be stuck by their dates, posts and holds; here the same pure functions that decide say
whether they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from starflow.service.desk import Desk
from starflow.service.ladder import Address, addressed
from starflow.service.missing import Missing
from starflow.service.shapes import Owner, Page, Stuck
from starflow.service.view import (
    Filters,
    People,
    View,
    code,
    cut,
    instant,
    light_at,
    light_of,
    owner,
    owner_of,
    rungs_ahead,
    view_of,
    where_of,
)
from storage import organisations as tree
from storage import posts, queries
from storage.database import Transaction
from storage.overdue import Late
from storage.queries import Body, Edges, OpenStage
from workflow.engine.deadlines import NEAR_DAYS, Light, Ringing, days_overdue, end_of_day, start_of_day
from workflow.engine.machine import CLOCK
from workflow.rating.scheme import Scheme

LATE = (Light.RED, Light.YELLOW)


class Judged(NamedTuple):
    """An open stage and what its dates say of it. Where they say enough, `found` is read only if it is shown."""

    cycle_id: int
    place: tuple[datetime | None, str]
    light: Light
    stuck: bool | None
    """None: only if something is missing."""
    found: OpenStage | None = None


class Shown(NamedTuple):
    """An open stage that becomes a line, in its light."""

    found: OpenStage
    light: Light


def stuck(desk: Desk, filters: Filters | None = None, *, everything: bool = False) -> Page[Stuck]:
    """Open stages that are late, owed by a vacant post, on hold, or near their due and not yet able to go on.

    Most days overdue first, then by code. `everything`: all open ones.
    """
    with desk.looking() as tx:
        return glance(desk, tx, filters or Filters(), everything=everything).page


@dataclass(frozen=True, slots=True)
class Glance:
    """The first lines of a page, and how many there would be."""

    page: Page[Stuck]
    total: int


def glance(
    desk: Desk, tx: Transaction, filters: Filters, *, everything: bool = False, shown: int | None = None
) -> Glance:
    """`stuck` in a reading that goes on, with no more than `shown` lines: the others are only counted."""
    view = view_of(desk, tx, filters)
    missing = Missing(desk, tx)
    rows, following = cut(view, _kept(view, missing, everything), lambda one: one.place)
    return Glance(Page(_lines(view, missing, _shown(view, rows[:shown])), following), len(rows))


def _kept(view: View, missing: Missing, everything: bool) -> Iterator[Judged]:
    edges = _edges(view)
    for page in queries.stages_in_order(view.tx, where_of(view, instant, code), edges, everything=everything):
        dated = {one: _late(view, late) for one, late in page if late is not None}
        clear = {one: judged for one, judged in dated.items() if everything or judged.stuck}
        read = queries.open_stages(view.tx, [one for one, _ in page if one not in clear], edges.today)
        all_ = (clear.get(one) or _judged(view, edges, read[one]) for one, _ in page)
        judged = [one for one in all_ if view.shows(one.light)]
        open_ = [] if everything else [one.found.cycle for one in judged if one.stuck is None and one.found]
        lacking = {cycle.id for cycle, said in zip(open_, missing.of(open_), strict=True) if said}
        yield from (one for one in judged if everything or one.stuck or one.cycle_id in lacking)


def _edges(view: View) -> Edges:
    today = view.today
    return Edges(today, start_of_day(today, view.zone), end_of_day(today + timedelta(NEAR_DAYS), view.zone))


def _late(view: View, late: Late) -> Judged:
    """By its dates alone: whether a post is vacant or anything is missing no longer matters to what is late."""
    light = Light.BLACK if late.outcome is not None else light_at(view, late.target_at, late.due_at, late.grace_days)
    return Judged(late.cycle_id, (late.due_at, late.code.decode()), light, light in LATE or None)


def _judged(view: View, edges: Edges, found: OpenStage) -> Judged:
    light = light_of(view, found.cycle.outcome, found.stay)
    return Judged(found.cycle.id, found.place, light, _is_stuck(edges, found, light), found)


def _is_stuck(edges: Edges, found: OpenStage, light: Light) -> bool | None:
    """Where the clock runs a period, time is all that is: that alone is no reason."""
    if light in LATE or found.vacant or found.stay.held_at is not None:
        return True
    due_at = found.stay.due_at
    near = due_at is not None and due_at <= edges.near_at
    return None if near and found.stay.owner_role != CLOCK else False


def _shown(view: View, rows: Sequence[Judged]) -> list[Shown]:
    """With all that has not been read yet."""
    read = queries.open_stages(view.tx, [row.cycle_id for row in rows if row.found is None], view.today)
    return [Shown(row.found or read[row.cycle_id], row.light) for row in rows]


# ── the lines ────────────────────────────────────────────────────


def _lines(view: View, missing: Missing, rows: Sequence[Shown]) -> tuple[Stuck, ...]:
    """The rows that are shown, with what is asked for all of them together."""
    root = tree.root(view.tx)
    rings = [_escalation(view, row) for row in rows]
    told = [_addresses(row, ring, root) for row, ring in zip(rows, rings, strict=True)]
    everybody = {(address.role, address.organisation_id) for addresses in told for address in addresses}
    bodies = queries.bodies(view.tx, {number for _, number in everybody})
    owing = {(row.found.stay.owner_role, row.found.stay.owner_id) for row in rows}
    people = posts.named_for(view.tx, everybody | owing, view.today)
    lacking = missing.of([row.found.cycle for row in rows])
    return tuple(
        _line(view, row, owner_of(row.found.stay, people), ring, _owners(addresses, bodies, people), said)
        for row, ring, addresses, said in zip(rows, rings, told, lacking, strict=True)
    )


def _escalation(view: View, row: Shown) -> Ringing | None:
    ahead = rungs_ahead(view, _scheme(view, row), row.found.stay)
    return next((ringing for ringing in ahead if ringing.rung.kind == "escalation"), None)


def _scheme(view: View, row: Shown) -> Scheme:
    return view.desk.scheme(view.tx, row.found.cycle.scheme_hash)


def _addresses(row: Shown, ringing: Ringing | None, root: int) -> tuple[Address, ...]:
    if ringing is None:
        return ()
    stay = row.found.stay
    owes = Address(stay.owner_role, stay.owner_id)
    said = (a for recipient in ringing.rung.recipients for a in addressed(recipient, owes, stay.owner_path, root))
    return tuple(dict.fromkeys(said))


def _owners(addresses: Sequence[Address], bodies: Mapping[int, Body], people: People) -> tuple[Owner, ...]:
    return tuple(owner(a.role, *bodies[a.organisation_id], people.get((a.role, a.organisation_id))) for a in addresses)


def _line(
    view: View,
    row: Shown,
    owes: Owner,
    ringing: Ringing | None,
    told: tuple[Owner, ...],
    missing: tuple[str, ...],
) -> Stuck:
    cycle, stay = row.found.cycle, row.found.stay
    return Stuck(
        organisation=cycle.code,
        name=cycle.name,
        year=cycle.year,
        stage=cycle.stage,
        owner=owes,
        since=stay.opened_at.astimezone(view.zone),
        target_at=view.local(stay.target_at),
        due_at=view.local(stay.due_at),
        days_overdue=days_overdue(now=view.now, zone=view.zone, due_at=stay.due_at),
        light=row.light,
        missing=missing,
        last_reminder_at=view.local(row.found.told_at),
        escalates_at=view.local(ringing.at) if ringing else None,
        escalates_to=told,
        stage_title=_scheme(view, row).stage_of(cycle.stage).title,
        vacant=row.found.vacant,
        held=stay.held_at is not None,
    )
