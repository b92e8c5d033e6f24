"""What an act on a matter leaves behind besides itself: a lower star in force, a proposed event, another matter."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starflow.service.case import Case, campaign_of, case_of
from starflow.service.cycles import administer, redate, reloaded
from starflow.service.desk import Desk
from starflow.service.matter_turns import CRITICISM, Written
from storage import cycles, evidence, meetings, records, stars
from storage import organisations as tree
from storage.database import Transaction
from storage.models import Event, MeetingItem, Star
from workflow.engine.errors import Reason, Refused
from workflow.rating import tracks
from workflow.rating.payloads import CommitteeMeeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What is to be done next: matters to be opened (kind, data), and a star whose consequences follow in a cycle."""

    opens: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    star: int | None = None
    case: Case | None = None


# ── a demotion is approved ───────────────────────────────────────


def demote(desk: Desk, tx: Transaction, written: Written) -> Then:
    """The lower star is in force from the meeting's date, on a record of its own in the cycle of the newest year (R58)."""
    turn, said = written.turn, written.turn.done.payload.meeting
    case = _present(desk, tx, turn.case)
    lower = int(turn.data["star"])
    before = stars.in_force(tx, case.cycle.organisation_id)
    assert before is not None  # a guard has seen it
    detail = {
        "matter": written.matter_id,
        "approved_by": turn.done.role,
        "meeting": said.model_dump(mode="json"),
        "before": before.star,
        "after": lower,
        **({"reason": turn.reason} if turn.reason else {}),
    }
    record = administer(tx, case, "demote", turn.actor, detail, role="committee")
    record_id = records.id_of(tx, record)
    _minute(tx, case, said, lower, record_id)
    stars.grant(
        tx,
        Star(
            organisation_id=case.cycle.organisation_id,
            star=lower,
            round=before.round,
            cycle_id=case.cycle.id,
            record_id=record_id,
            from_on=said.on,
            decision=f"工委会{said.number}批准降级",
        ),
    )
    cycles.update_facts(tx, case.cycle.id, {"star": lower})
    case = reloaded(desk, tx, case)
    redate(tx, case)  # owners and dates may hang on the star
    return Then(star=lower, case=case)


def _present(desk: Desk, tx: Transaction, case: Case) -> Case:
    """The organisation's cycle of the newest year: there its star stands now, whatever year the proposal is from."""
    newest = campaign_of(tx, None)
    assert newest.id is not None
    row = cycles.find(tx, newest.id, case.cycle.code, lock=True)
    return case_of(desk, tx, row) if row else case


def _minute(tx: Transaction, case: Case, said: CommitteeMeeting, star: int, record_id: int) -> None:
    number, held_on = said.number, said.on
    sat = meetings.sitting(tx, case.cycle.campaign_id, number, held_on)
    if sat.held_on != held_on:
        raise Refused(Reason(f"会议{number}的日期是{sat.held_on},不是{held_on}", "R24"))
    if sat.status == "closed":
        raise Refused(Reason(f"会议{number}已经闭会,不能再加决定", "R24"))
    assert sat.id is not None
    meetings.put(
        tx,
        MeetingItem(
            meeting_id=sat.id,
            cycle_id=case.cycle.id,
            record_id=record_id,
            outcome="approved",
            star=star,
            reason="降级",
            **(said.votes.model_dump() if said.votes else {}),
        ),
    )


# ── a supervision ends in a circular ─────────────────────────────


def criticise(desk: Desk, tx: Transaction, written: Written) -> Then:
    """Proposes the event, which a person confirms before it costs a point, and sets a date for putting things right (R65)."""
    turn, said = written.turn, written.turn.done.payload
    for organisation_id in _bearers(tx, turn.case):
        evidence.put(
            tx,
            Event(
                organisation_id=organisation_id,
                code=CRITICISM,
                level="work_committee",
                happened_on=turn.case.today,
                proof=f"{said.document}(督导事项{written.matter_id})",
                proposed_by=turn.actor,
                proposed_at=tx.now,
            ),
        )
    told = {"problem": said.problem} | ({"due_on": said.due_on.isoformat()} if said.due_on else {})
    return Then(opens=((tracks.RECTIFICATION.name, told),))


def _bearers(tx: Transaction, case: Case) -> Iterable[int]:
    """Whose score a circular about this organisation lowers (R36)."""
    own = case.cycle.organisation_id
    top = tree.unit_of(tx, own)
    bearer = case.scheme.criticism.bearer
    if bearer == "named" or top is None:
        return (own,)
    if bearer == "top":
        return (top,)
    unit = tree.by_id(tx, top)
    assert unit is not None  # it stands in a path
    return tuple(one.id for one in tree.subtree(tx, unit.path) if one.id is not None)


Outcome = Callable[[Desk, Transaction, Written], Then]
OUTCOMES: Mapping[tuple[str, str], Outcome] = {
    (tracks.DEMOTION.name, "approve"): demote,
    (tracks.SUPERVISION.name, "criticise"): criticise,
}
