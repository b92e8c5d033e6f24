"""Work beside the stage. Objections are opened and settled by the cycle's own acts; the others follow from a star."""

from datetime import date, datetime
from typing import Any

from starflow.service.case import Case
from starflow.service.desk import Desk
from storage import matters
from storage.database import Transaction
from storage.models import Matter, MatterAct
from workflow.engine.errors import BadInput

OBJECTION = "objection"


def lodge_objection(tx: Transaction, case: Case, said: Any, actor: str) -> Matter:
    """An objection as a matter of the cycle; who lodged it stands in its data only, under the short retention (R23)."""
    matter = matters.put(
        tx,
        Matter(
            kind=OBJECTION,
            organisation_id=case.cycle.organisation_id,
            campaign_id=case.cycle.campaign_id,
            cycle_id=case.cycle.id,
            status="open",
            data=said.model_dump(mode="json"),
            opened_at=tx.now,
        ),
    )
    _act(tx, matter, "object", "", "open", "anyone", actor, "")
    return matter


def settle_objection(
    tx: Transaction, case: Case, said: Any, outcome: str, role: str, actor: str
) -> datetime | None:
    """Close one open objection of this cycle; returns when the oldest one still open was lodged."""
    matter = matters.by_id(tx, said.objection, lock=True)
    if matter is None or matter.kind != OBJECTION or matter.cycle_id != case.cycle.id:
        raise BadInput(f"{case.cycle.name}没有编号为{said.objection}的异议")
    if matter.closed_at is not None:
        raise BadInput(f"异议{said.objection}已经办结")
    matters.move(tx, matter, outcome, matter.data | {"finding": said.finding}, closes=True)
    _act(tx, matter, outcome, "open", outcome, role, actor, said.finding)
    return matters.oldest_open_at(tx, OBJECTION, case.cycle.id)


def follow_up(
    desk: Desk, tx: Transaction, case: Case, before: int | None, star: int, from_on: date, *, changed: bool
) -> None:
    """Open what follows from a star (R48–R60)."""


def _act(
    tx: Transaction, matter: Matter, act: str, before: str, after: str, role: str, actor: str, reason: str
) -> None:
    assert matter.id is not None
    matters.put_act(
        tx,
        MatterAct(
            matter_id=matter.id,
            seq=matter.version,
            act=act,
            before=before,
            after=after,
            role=role,
            actor=actor,
            at=tx.now,
            reason=reason,
        ),
    )
