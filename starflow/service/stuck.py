"""Who is stuck where: the open stages that need a hand, each with what is missing and who hears of it next.

The database picks those that may be stuck by their dates, posts and holds; here the same pure functions that decide say
whether they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starflow.service.case import Case, case_of, facts_of, quota_block, stored_facts
from starflow.service.desk import Desk
from starflow.service.ladder import Address, addressed
from starflow.service.shapes import Owner, Page, Stuck
from starflow.service.view import (
    Filters,
    People,
    View,
    code,
    cut,
    instant,
    light_of,
    owner,
    owner_of,
    people_of,
    rungs_ahead,
    view_of,
    where_of,
)
from storage import organisations as tree
from storage import posts, queries
from storage.database import Transaction
from storage.meetings import Scope
from storage.queries import Body, Edges, OpenStage
from workflow.engine.deadlines import NEAR_DAYS, Light, Ringing, days_overdue, end_of_day, start_of_day
from workflow.engine.machine import CLOCK, refusals
from workflow.rating.facts import Facts

Blocks = dict[tuple[Any, ...], str | None]
"""What a quota says of one more of a star, asked once for all cycles that wait for approval."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An open stage and what the pure functions say of it."""

    found: OpenStage
    case: Case
    light: Light
    missing: tuple[str, ...]
    near: bool

    @property
    def stuck(self) -> bool:
        """Where the clock runs a period, time is all that is missing: that alone is no reason."""
        late = self.light in (Light.RED, Light.YELLOW)
        waits = self.near and bool(self.missing) and self.found.stay.owner_role != CLOCK
        return late or self.found.vacant or self.found.stay.held_at is not None or waits


def stuck(desk: Desk, filters: Filters | None = None, *, everything: bool = False) -> Page[Stuck]:
    """Open stages that are late, owed by a vacant post, on hold, or near their due and not yet able to go on.

    Most days overdue first, then by code. `everything`: all open ones.
    """
    with desk.looking() as tx:
        view = view_of(desk, tx, filters or Filters())
        edges = _edges(view)
        blocks: Blocks = {}
        found = queries.open_stages(tx, where_of(view, instant, code), edges, everything=everything)
        judged = (_judged(view, edges, blocks, one) for one in found)
        kept = (one for one in judged if (everything or one.stuck) and view.shows(one.light))
        rows, following = cut(view, kept, lambda one: one.found.place)
        return Page(_lines(view, rows), following)


def _edges(view: View) -> Edges:
    today = view.today
    return Edges(today, start_of_day(today, view.zone), end_of_day(today + timedelta(NEAR_DAYS), view.zone))


def _judged(view: View, edges: Edges, blocks: Blocks, found: OpenStage) -> Judged:
    case = case_of(view.desk, view.tx, found.cycle)
    due_at = found.stay.due_at
    return Judged(
        found=found,
        case=case,
        light=light_of(view, found.cycle.outcome, found.stay),
        missing=_missing(view.tx, case, blocks),
        near=due_at is not None and due_at <= edges.near_at,
    )


def missing_of(tx: Transaction, case: Case) -> tuple[str, ...]:
    """What the guards of one cycle's way forward say before anybody has filled in anything."""
    return _missing(tx, case, {})


def _missing(tx: Transaction, case: Case, blocks: Blocks) -> tuple[str, ...]:
    """What the guards of the way forward say before anybody has filled in anything."""
    forward = case.table.forward(case.cycle.stage)
    if forward is None:
        return ()
    return tuple(reason.text for reason in refusals(forward, _facts(tx, case, blocks), case.now))


def _facts(tx: Transaction, case: Case, blocks: Blocks) -> Facts:
    """`facts_of` without the evidence that only a payload brings into play: no question per row."""
    match case.stage.kind:
        case "review" | "publicity":
            return stored_facts(case)
        case "approval":
            key = _quota_key(case)
            if key not in blocks:
                blocks[key] = quota_block(tx, case, case.cycle.proposed)
            return stored_facts(case).changed_by({"quota_block": blocks[key]})
    return facts_of(tx, case)


def _quota_key(case: Case) -> tuple[Any, ...]:
    """Cycles that are alike in this are counted alike: the star they ask for, the one they give up, and the quotas' scopes."""
    cycle = case.cycle
    scopes = (Scope.of(quota.scope, cycle.path, cycle.field) for quota in case.scheme.quota)
    return case.scheme.hash, cycle.proposed, cycle.star, *scopes


# ── the lines ────────────────────────────────────────────────────


def _lines(view: View, rows: Sequence[Judged]) -> tuple[Stuck, ...]:
    """The rows that are shown, with what is asked for all of them together."""
    root = tree.root(view.tx)
    last = queries.last_told(view.tx, [row.found.stay.id for row in rows])
    rings = [_escalation(view, row) for row in rows]
    told = [_addresses(row, ring, root) for row, ring in zip(rows, rings, strict=True)]
    everybody = {address for addresses in told for address in addresses}
    bodies = queries.bodies(view.tx, {address.organisation_id for address in everybody})
    higher = posts.people_for(view.tx, {(a.role, a.organisation_id) for a in everybody}, view.today)
    people = people_of(view, (row.found.stay for row in rows))
    return tuple(
        _line(view, row, owner_of(row.found.stay, people), last, ring, _owners(addresses, bodies, higher))
        for row, ring, addresses in zip(rows, rings, told, strict=True)
    )


def _escalation(view: View, row: Judged) -> Ringing | None:
    ahead = rungs_ahead(view, row.case.scheme, row.found.stay)
    return next((ringing for ringing in ahead if ringing.rung.kind == "escalation"), None)


def _addresses(row: Judged, ringing: Ringing | None, root: int) -> tuple[Address, ...]:
    if ringing is None:
        return ()
    stay = row.found.stay
    owes = Address(stay.owner_role, stay.owner_id)
    said = (a for recipient in ringing.rung.recipients for a in addressed(recipient, owes, stay.owner_path, root))
    return tuple(dict.fromkeys(said))


def _owners(addresses: Sequence[Address], bodies: Mapping[int, Body], people: People) -> tuple[Owner, ...]:
    return tuple(owner(a.role, *bodies[a.organisation_id], people.get((a.role, a.organisation_id))) for a in addresses)


def _line(
    view: View, row: Judged, owes: Owner, last: Mapping[int, datetime], ringing: Ringing | None, told: tuple[Owner, ...]
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
        missing=row.missing,
        last_reminder_at=view.local(last.get(stay.id)),
        escalates_at=view.local(ringing.at) if ringing else None,
        escalates_to=told,
        stage_title=row.case.stage.title,
        vacant=row.found.vacant,
        held=stay.held_at is not None,
    )
