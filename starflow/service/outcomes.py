"""What a transition leaves behind besides itself: evidence, objections, decisions of a meeting, and at the end the star."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from starflow.service import hanging, matters
from starflow.service.case import Case, counted_in
from starflow.service.desk import Desk
from storage import ballots, evidence, meetings, records, stars
from storage.database import Transaction
from storage.models import Assessment, Excess, MeetingItem, Star, Survey
from storage.records import Appended
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput
from workflow.engine.machine import Decision
from workflow.rating.facts import Facts
from workflow.rating.guards import turnout_of
from workflow.rating.sheet import base_of
from workflow.rating.survey import counted


def explained(facts: Facts, done: Decision) -> dict[str, Any]:
    """The explained score, kept in the record's detail: inputs and every step, as they were judged."""
    if facts.rating is None or done.trigger not in ("propose_star", "keep_star"):
        return {}
    return {
        "rating": {
            "total": str(facts.rating.total),
            "star": facts.rating.star,
            "cap": facts.rating.cap,
            "steps": [asdict(step) for step in facts.rating.steps],
        }
    }


def write(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> Mapping[str, Any]:
    """Keep what the act brought, each kind of act in its own table; returns what it changes of the cycle besides."""
    keep = WRITERS.get(done.trigger)
    return (keep(tx, case, actor, facts, done, record) if keep else None) or {}


def arrive(
    desk: Desk, tx: Transaction, before: Case, after: Case, done: Decision, record: Appended, at: datetime
) -> None:
    """A round ends with a star: put it in force (R52) and open what follows from it (R48–R60)."""
    star = done.facts.star
    if star is None:
        return
    round_ = before.cycle.round
    from_on = in_force_from(before, done, at)
    if round_ != before.scheme.first_round and star == before.cycle.star:
        matters.follow_up(desk, tx, after, before.cycle.star, star, from_on, changed=False)
        return  # an unchanged star goes on being in force under its own decision
    stars.grant(
        tx,
        Star(
            organisation_id=after.cycle.organisation_id,
            star=star,
            round=round_,
            cycle_id=after.cycle.id,
            record_id=records.id_of(tx, record),
            from_on=from_on,
            decision=decision_text(before, done),
        ),
    )
    matters.follow_up(desk, tx, after, before.cycle.star, star, from_on, changed=True)


def in_force_from(before: Case, done: Decision, at: datetime) -> date:
    """The meeting's date (R24), else the day publicity closed (R52)."""
    if done.trigger == "approve":
        held_on: date = done.payload.meeting.on
        return held_on
    return before.cycle.approved_on or local_date(at, before.zone)


def decision_text(before: Case, done: Decision) -> str:
    if done.trigger == "approve":
        return f"工委会{done.payload.meeting.number}批准"
    number = before.cycle.meeting_number
    approved = f"工委会{number}批准" if number else "公示无异议,上级党组织定星"
    return {"confirm_star": f"{approved},市委组织部复审确认", "overturn_star": f"{approved},市级复审未通过"}.get(
        done.trigger, approved
    )


Changes = Mapping[str, Any]
"""Columns of the cycle that an act changes besides its facts."""

# ── one writer per act ───────────────────────────────────────────


def _self_evaluation(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    base = base_of(case.scheme, done.payload.scores, case.cycle.field)
    evidence.put(tx, _sheet(case, tx, "self", actor, done.payload.scores, base, done.payload.star))


def _review(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    rating = facts.rating
    if rating is None:
        raise BadInput("须填各项得分(scores)或总分(base)之一")
    scores = done.payload.scores or {}
    base = done.payload.base if done.payload.base is not None else base_of(case.scheme, scores, case.cycle.field)
    star = done.payload.star if done.trigger == "propose_star" else rating.star  # kept: the guard saw that they agree
    sheet = _sheet(case, tx, "superior", actor, scores, base, star)
    sheet.total, sheet.verification = rating.total, done.payload.verification
    sheet.steps = [asdict(step) for step in rating.steps]
    evidence.put(tx, sheet)


def _sheet(
    case: Case, tx: Transaction, made_by: str, actor: str, scores: Mapping[str, Decimal], base: Decimal, star: int
) -> Assessment:
    return Assessment(
        cycle_id=case.cycle.id,
        round=case.cycle.round,
        made_by=made_by,
        scores={code: format(points, "f") for code, points in scores.items()},
        base=base,
        star=star,
        actor=actor,
        at=tx.now,
    )


def _survey(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    poll = ballots.current(tx, case.cycle.id, case.cycle.round)
    tally = counted_in(poll) if poll else counted(done.payload.paper.model_dump())
    came, due = turnout_of(facts, done.payload)
    evidence.put(
        tx,
        Survey(
            cycle_id=case.cycle.id,
            round=case.cycle.round,
            members=due,
            held_on=done.payload.meeting.on,
            excused=facts.turnout_excused,
            at=tx.now,
            **asdict(replace(tally, members_present=min(came, due))),
        ),
    )


def _posting(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    hanging.hang(tx, case, actor, done.facts, done.payload.place, record.seq, record.hash)


UNTOLD = {"name", "contact"}
"""What no record keeps of a payload: of all acts only an objection has these, and who objects stands in one table alone."""


def _objection(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> Changes:
    matters.lodge_objection(tx, case, done.payload, actor)
    return {} if facts.open_objections else {"objection_opened_at": tx.now}


def _finding(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> Changes:
    outcome = "upheld" if done.trigger == "uphold_objection" else "dismissed"
    oldest = matters.settle_objection(tx, case, done.payload, outcome, done.role, actor)
    return {"objection_opened_at": oldest}


def _sitting(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    said = done.payload.meeting
    meeting = meetings.sitting(tx, case.cycle.campaign_id, said.number, said.on)
    if meeting.held_on != said.on:
        raise BadInput(f"会议{said.number}的日期是{meeting.held_on},不是{said.on}")
    if meeting.status == "closed":
        raise BadInput(f"会议{said.number}已经闭会,不能再加决定")
    assert meeting.id is not None
    meetings.put(
        tx,
        MeetingItem(
            meeting_id=meeting.id,
            cycle_id=case.cycle.id,
            record_id=records.id_of(tx, record),
            outcome="approved" if done.trigger == "approve" else "rejected",
            star=facts.proposed if facts.proposed is not None else 0,
            reason=done.reason,
            **(said.votes.model_dump() if said.votes else {}),
        ),
    )


def _excess(tx: Transaction, case: Case, actor: str, facts: Facts, done: Decision, record: Appended) -> None:
    level = done.payload.level
    quota = next((q for q in case.scheme.quota if level == q.code or level in map(str, q.stars)), None)
    if quota is None:
        raise BadInput(f"方案没有“{level}”这项名额,只有{'、'.join(q.code for q in case.scheme.quota)}")
    if quota.op != "max" or quota.hard:
        raise BadInput(f"名额“{quota.title or quota.code}”不接受超额决定({quota.cite.rule})")
    meetings.put(
        tx,
        Excess(
            campaign_id=case.cycle.campaign_id,
            quota=quota.code,
            number=done.payload.number,
            reason=done.reason,
            actor=actor,
            at=tx.now,
            record_id=records.id_of(tx, record),
        ),
    )


Writer = Callable[[Transaction, Case, str, Facts, Decision, Appended], Changes | None]
WRITERS: Mapping[str, Writer] = {
    "submit_self_evaluation": _self_evaluation,
    "file_survey": _survey,
    "propose_star": _review,
    "keep_star": _review,
    "post_notice": _posting,
    "object": _objection,
    "dismiss_objection": _finding,
    "uphold_objection": _finding,
    "approve": _sitting,
    "reject": _sitting,
    "record_excess": _excess,
}
