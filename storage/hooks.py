"""Webhooks out: who is told, what is still to be told, and what became of it.

Ids of records are given before their transactions commit, so a newer one may be seen before an older. Therefore nothing is told
by a cursor alone: above its floor each hook looks again for records without a delivery, and the floor follows after an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from storage.database import Transaction
from storage.models import Campaign, Cycle, Organisation, Record
from storage.paper_models import Hook, HookDelivery

SETTLED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A record on its way, with what a receiver is told of it."""

    delivery: HookDelivery
    record: Record
    organisation: str
    name: str
    year: int


def put(tx: Transaction, row: Hook | HookDelivery) -> int:
    tx.session.add(row)
    tx.session.flush()
    assert row.id is not None
    return row.id


def by_id(tx: Transaction, number: int) -> Hook | None:
    return tx.session.get(Hook, number, with_for_update=True)


def listed(tx: Transaction, *, revoked: bool = True) -> tuple[Hook, ...]:
    its = select(Hook).order_by(col(Hook.id))
    return tuple(tx.session.exec(its if revoked else its.where(col(Hook.revoked_at).is_(None))))


def newest_record(tx: Transaction) -> int:
    return tx.session.scalar(sa.select(sa.func.max(col(Record.id)))) or 0


def enrol(tx: Transaction, hook: Hook) -> None:
    """Puts every record that has no delivery yet on its way to this hook."""
    assert hook.id is not None
    newest = newest_record(tx)
    had = sa.exists().where(col(HookDelivery.hook_id) == hook.id, col(HookDelivery.record_id) == col(Record.id))
    moment = SQLModel.metadata.tables["hook_delivery"].c.next_try_at.type
    wanted = sa.select(
        sa.literal(hook.id), col(Record.id), sa.literal("pending"), sa.literal(0), sa.literal(tx.now, moment), sa.literal("")
    ).where(col(Record.id) > max(hook.floor, hook.since), ~had)  # fmt: skip
    columns = ["hook_id", "record_id", "status", "attempts", "next_try_at", "said"]
    tx.session.execute(sa.insert(HookDelivery).from_select(columns, wanted))
    if tx.now - hook.floor_at >= SETTLED:
        hook.floor, hook.floor_at = hook.seen, tx.now
        hook.seen = newest
    elif hook.seen == 0:
        hook.seen = newest
    put(tx, hook)


def first_due(tx: Transaction, hook_id: int) -> Due | None:
    """The oldest that is pending, if its time has come; whoever fails holds up the others, so that the order is kept."""
    its = (
        sa.select(HookDelivery, Record, col(Organisation.code), col(Organisation.name), col(Campaign.year))
        .join(Record, col(Record.id) == col(HookDelivery.record_id))
        .join(Cycle, col(Cycle.id) == col(Record.cycle_id))
        .join(Organisation, col(Organisation.id) == col(Cycle.organisation_id))
        .join(Campaign, col(Campaign.id) == col(Cycle.campaign_id))
        .where(col(HookDelivery.hook_id) == hook_id, col(HookDelivery.status) == "pending")
        .order_by(col(HookDelivery.record_id))
        .limit(1)
        .with_for_update(of=HookDelivery, skip_locked=True)
    )
    found = tx.session.execute(its).one_or_none()
    if found is None or found[0].next_try_at > tx.now:
        return None
    return Due(*found)


def delivery(tx: Transaction, number: int) -> HookDelivery | None:
    return tx.session.get(HookDelivery, number)


def again(tx: Transaction, hook: Hook, cursor: int) -> int:
    """Everything after the cursor goes once more; returns how much."""
    assert hook.id is not None
    fresh = {"status": "pending", "attempts": 0, "next_try_at": tx.now, "sent_at": None}
    which = sa.and_(col(HookDelivery.hook_id) == hook.id, col(HookDelivery.record_id) > cursor)
    tx.session.execute(sa.update(HookDelivery).where(which).values(fresh))
    hook.since, hook.floor = min(hook.since, cursor), min(hook.floor, cursor)
    put(tx, hook)
    enrol(tx, hook)
    waiting = sa.select(sa.func.count()).where(which, col(HookDelivery.status) == "pending")
    return tx.session.scalar(waiting) or 0


def log(tx: Transaction, hook_id: int, limit: int) -> Iterator[HookDelivery]:
    its = select(HookDelivery).where(HookDelivery.hook_id == hook_id).order_by(col(HookDelivery.record_id).desc())
    yield from tx.session.exec(its.limit(limit))


def counts(tx: Transaction) -> dict[tuple[int, str], int]:
    found = tx.session.execute(
        sa.select(col(HookDelivery.hook_id), col(HookDelivery.status), sa.func.count()).group_by(
            col(HookDelivery.hook_id), col(HookDelivery.status)
        )
    )
    return {(int(hook), str(status)): int(number) for hook, status, number in found}


def settle(tx: Transaction, number: int, values: dict[str, Any]) -> None:
    tx.session.execute(sa.update(HookDelivery).where(col(HookDelivery.id) == number).values(values))
