"""A case: one cycle together with all that its guards may look at, read in one go.

Reading depends on the stage, because a branch that declares needs no score. Nothing is decided here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from starflow.service import standing
from starflow.service.desk import Desk
from starflow.service.rank_cut import rank_block
from starflow.service.scopes import quota_base, scope_word
from starflow.service.standing import Standing
from storage import ballots, cycles, evidence, meetings, organisations, records, stars
from storage.ballot_models import Poll
from storage.cycles import CycleRow, Year
from storage.database import Transaction
from storage.models import Campaign, Election
from workflow.engine.deadlines import local_date
from workflow.engine.errors import BadInput, Unknown
from workflow.engine.table import Table
from workflow.engine.workdays import Calendar, month_day
from workflow.rating import scoring, survey, voting
from workflow.rating.facts import Facts
from workflow.rating.figures import asked_for, window_of
from workflow.rating.inputs import Event as ScoredEvent
from workflow.rating.inputs import RatingInputs
from workflow.rating.procedure import decides_quotas, table_of
from workflow.rating.quota import excess_reason, limit
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_asking import HEADS
from workflow.rating.scheme_stages import Stage
from workflow.rating.sheet import base_of, review_faults, score_faults, sheets_of


@dataclass(frozen=True, slots=True)
class Case:
    """Everything about one cycle at one moment."""

    cycle: CycleRow
    scheme: Scheme
    table: Table
    calendar: Calendar
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.scheme.zone

    @property
    def today(self) -> date:
        return local_date(self.now, self.zone)

    @property
    def stage(self) -> Stage:
        return self.scheme.stage_of(self.cycle.stage)


def campaign_of(tx: Transaction, year: int | None) -> Campaign:
    """The campaign of a year, or the newest open one; Unknown where there is none."""
    found = cycles.campaign_of_year(tx, year)
    if found is None:
        raise _no_campaign(year)
    return found


def year_of(tx: Transaction, year: int | None) -> Year:
    """`campaign_of` for whoever only looks."""
    found = cycles.year_row(tx, year)
    if found is None:
        raise _no_campaign(year)
    return found


def _no_campaign(year: int | None) -> Unknown:
    return Unknown(f"没有{year}年度的创建活动" if year else "还没有开展过创建活动,请先运行 starflow campaign open")


def load_case(desk: Desk, tx: Transaction, code: str, year: int | None = None, *, lock: bool = False) -> Case:
    campaign = campaign_of(tx, year)
    assert campaign.id is not None
    found = cycles.find(tx, campaign.id, code, lock=lock)
    if found is None:
        raise unknown(tx, code, year)
    return case_of(desk, tx, found)


def unknown(tx: Transaction, code: str, year: int | None) -> Unknown:
    """Why there is no such cycle: no such year, nobody of that code, the root, or somebody who is not rated in it."""
    campaign, found = campaign_of(tx, year), organisations.by_code(tx, code)
    if found is None or found.external:
        return Unknown(f"{campaign.year}年度没有编码为“{code}”的党组织")
    if found.parent_id is None and found.ended_on is None:
        return Unknown(f"{found.name}({code})组织评定,自己不参评,没有评定周期")
    return Unknown(f"{found.name}({code})不在{campaign.year}年度的参评名单里")


def case_of(desk: Desk, tx: Transaction, cycle: CycleRow) -> Case:
    scheme = desk.scheme(tx, cycle.scheme_hash)
    return Case(cycle, scheme, table_of(scheme), desk.calendar(scheme), tx.now)


def facts_of(tx: Transaction, case: Case, payload: Mapping[str, Any] | None = None) -> Facts:
    """What the guards may look at; `payload` as it was sent, for the figures that hang on it."""
    facts = stored_facts(case)
    match case.stage.kind:
        case "self_evaluation":
            return facts.changed_by({"score_faults": _score_faults(case.scheme, case.cycle.field, payload)})
        case "survey":
            poll = ballots.current(tx, case.cycle.id, case.cycle.round)
            return facts.changed_by(survey_facts(case, poll, payload))
        case "review":
            return facts.changed_by(_review_facts(tx, case, payload) | _places_left(tx, case, payload))
        case "publicity" | "approval":
            return facts.changed_by(_decision_facts(tx, case, facts, payload))
    return facts


def stored_facts(case: Case) -> Facts:
    """The part of the facts that stands in the cycle's own row: no question to the database."""
    return standing.facts_of(standing_of(case))


def standing_of(case: Case) -> Standing:
    return standing.standing_of(case.cycle, case.scheme, case.calendar, case.now)


def inputs_of(tx: Transaction, case: Case, base: Decimal | None = None) -> RatingInputs:
    """What a rating of this cycle today looks at (R33–R44)."""
    cycle = case.cycle
    filed = evidence.newest_survey(tx, cycle.id, cycle.round)
    rule = case.scheme.satisfaction
    votes = survey.satisfaction(rule, evidence.tally_of(filed)) if rule and filed else None
    worked = cycle.year + case.scheme.scheme.year_offset
    return RatingInputs(
        round=cycle.round,
        rated_on=case.today,
        base=base,
        events=tuple(
            ScoredEvent(code=e.code, on=e.happened_on, level=e.level, case=e.case)
            for e in evidence.confirmed_events(tx, cycle.organisation_id, worked, years=window_of(case.scheme))
        ),
        election=election_of(evidence.term_that_counts(tx, cycle.organisation_id)),
        satisfaction=votes,
        year=cycle.year + case.scheme.scheme.year_offset,
        field=cycle.field,
        members=cycle.members,
        held=cycle.star,
        **_looked_up(tx, case),
    )


def _looked_up(tx: Transaction, case: Case) -> dict[str, Any]:
    """What only some schemes ask for: nobody else pays for the questions."""
    cycle, asked = case.cycle, asked_for(case.scheme)
    found: dict[str, Any] = {}
    if asked & {"self", "claimed"}:
        own = evidence.newest_assessment(tx, cycle.id, cycle.round, "self")
        found |= {"self_score": own.base, "claimed": own.star} if own else {}
    if "turnout" in asked and (filed := evidence.newest_survey(tx, cycle.id, cycle.round)) and filed.members:
        found["turnout"] = Fraction(filed.members_present, filed.members)
    if "target" in asked:
        found["target"] = records.newest_said(tx, cycle.id, "declare").get("target_star")
    if "history" in asked:
        found["history"] = stars.by_year(tx, cycle.organisation_id, before=cycle.year)
    if "age_months" in asked:
        found["founded_on"] = organisations.founded_on(tx, cycle.organisation_id)
    return found


def election_of(term: Election | None) -> Any:
    from workflow.rating.inputs import Election as Term

    return Term(due_on=term.due_on, held_on=term.held_on, extension=term.extension) if term else None


def _score_faults(
    scheme: Scheme,
    field: str,
    payload: Mapping[str, Any] | None,
    faults_of: Callable[[Scheme, Mapping[str, str], str], tuple[str, ...]] = score_faults,
) -> tuple[str, ...]:
    scores = (payload or {}).get("scores")
    if not isinstance(scores, Mapping):
        return ()
    return faults_of(scheme, {str(k): str(v) for k, v in scores.items()}, field)


def survey_facts(case: Case, poll: Poll | None, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """On paper alone, or with the ballots of the round's survey and what two tellers have signed for."""
    rule = case.scheme.survey
    members = poll.members if poll else case.cycle.members
    paper = _paper_of(case.scheme, payload)
    found: dict[str, Any] = {"members": members, "quorum": rule.quorum if rule.hard else Fraction(0)}
    found["masses_quorum"] = rule.masses_quorum if rule.hard else Fraction(0)
    if poll is None:
        signed = () if (payload or {}).get("tellers") else (NO_TELLERS,)
        return found | {"tally_faults": (*survey.tally_faults(rule, paper, members), *signed) if paper else ()}
    faults = poll_faults(poll, paper, case.zone)
    if faults:
        return found | {"poll_faults": faults}
    counted = counted_in(poll)
    found |= {"came": counted.members_present, "masses_came": counted.masses}
    return found | {"tally_faults": survey.tally_faults(rule, counted, members)}


NO_TELLERS = "纸质票须由两名监票人清点签字,请写明他们的姓名"


def poll_faults(poll: Poll, paper: survey.Tally | None, zone: ZoneInfo) -> tuple[str, ...]:
    """Why the ballots cannot be filed yet; of a running survey no number is said."""
    if poll.status == "open":
        closes = poll.closes_at.astimezone(zone)
        return (f"测评还在进行,{month_day(closes)} {closes:%H:%M}截止后才能备案",)
    if poll.counted is None:
        return ("两名监票人还没有核对票数",)
    if paper is not None and (paper.present or any(paper.answers.values())):
        return ("本次测评用了票证,纸质票由两名监票人核对时一并登记,备案时不再另填",)
    return ()


def counted_in(poll: Poll) -> survey.Tally:
    """The ballots of a closed survey, cast online and on paper, as one tally."""
    assert poll.tally is not None and poll.counted is not None
    heads = poll.tally["used"]
    online = survey.Tally(
        members_present=heads.get("member", 0),
        own_unit=heads.get("own_unit", 0),
        related_unit=heads.get("related_unit", 0),
        answers=poll.tally["answers"][voting.OVERALL],
    )
    return survey.added(online, survey.counted(poll.counted["paper"]))


def _paper_of(scheme: Scheme, payload: Mapping[str, Any] | None) -> survey.Tally | None:
    """None where it cannot be read; the payload's model says why."""
    paper = (payload or {}).get("paper")
    if isinstance(paper, Mapping) and _are_counts(paper.values()) and set(paper) <= {*HEADS, *scheme.survey.scale}:
        return survey.counted(paper)
    return None


def _are_counts(values: Iterable[Any]) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in values)


def _review_facts(tx: Transaction, case: Case, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """The explained rating of the scores in the payload, or without scores the cap alone."""
    inputs = inputs_of(tx, case)
    faults = _sheet_faults(case.scheme, case.cycle.field, payload)
    base = None if faults or payload is None else _base(case, payload)
    if base is None:
        cap = scoring.cap_of(case.scheme, inputs)
        return {"cap": cap.star, "cap_reasons": tuple(map(str, cap.reasons)), "score_faults": faults}
    scores = {str(k): Decimal(str(v)) for k, v in ((payload or {}).get("scores") or {}).items()}
    try:
        rating = scoring.rate(case.scheme, replace(inputs, base=base, scores=scores))
    except BadInput as refusal:  # a figure that the scheme's formula wants is not there yet
        cap = scoring.cap_of(case.scheme, inputs)
        said = tuple(reason.text for reason in refusal.reasons)
        return {"cap": cap.star, "cap_reasons": tuple(map(str, cap.reasons)), "score_faults": said}
    return {"cap": rating.cap, "cap_reasons": tuple(map(str, rating.cap_reasons)), "rating": rating}


def _sheet_faults(scheme: Scheme, field: str, payload: Mapping[str, Any] | None) -> tuple[str, ...]:
    if payload is None:
        return ()
    if (payload.get("scores") is None) == (payload.get("base") is None):
        return ("须填各项得分(scores)或总分(base)之一",)
    verification = payload.get("verification")
    if verification is not None and verification not in scheme.review.verification:
        return (f"核查方式只能是{'、'.join(scheme.review.verification)}",)
    if payload.get("scores") is None and len(sheets_of(scheme, field)) > 1:
        return ("有几张评分表,须填各表各项的得分(scores)",)
    return _score_faults(scheme, field, payload, review_faults)


def _base(case: Case, payload: Mapping[str, Any]) -> Decimal | None:
    """None where the payload cannot be read; the payload's model says why."""
    try:
        if payload.get("base") is not None:
            return Decimal(str(payload["base"]))
        return base_of(case.scheme, {str(k): Decimal(str(v)) for k, v in payload["scores"].items()}, case.cycle.field)
    except (ArithmeticError, AttributeError, BadInput):
        return None


def _decision_facts(tx: Transaction, case: Case, facts: Facts, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    scored = evidence.newest_assessment(tx, case.cycle.id, case.cycle.round, "superior")
    found: dict[str, Any] = {"scored_by": scored.actor.rpartition(" for ")[2] if scored else None}
    if case.stage.kind == "approval":
        if payload is not None:  # an act is being judged: what is counted now must still be true when it is written
            meetings.lock_quotas(tx, case.cycle.campaign_id)
        found["quota_block"] = quota_block(tx, case, facts.proposed)
    return found


def _places_left(tx: Transaction, case: Case, payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """A review that nobody approves keeps the quotas itself; proposals on their way take their places already."""
    if not decides_quotas(case.scheme) or payload is None:
        return {}
    meetings.lock_quotas(tx, case.cycle.campaign_id)
    star = payload.get("star", case.cycle.star)
    return {"quota_block": quota_block(tx, case, star if isinstance(star, int) else None, proposals=True)}


def quota_block(tx: Transaction, case: Case, star: int | None, *, proposals: bool = False) -> str | None:
    """Why approving this star would exceed a quota; None when there is room or a recorded decision covers it (R30)."""
    cycle = case.cycle
    for quota in case.scheme.quotas_of(cycle.year):
        if quota.op != "max" or star not in quota.stars or (quota.fields and cycle.field not in quota.fields):
            continue
        if proposals and not quota.hard:
            continue
        scope = meetings.Scope.of(quota.scope, cycle.path, cycle.field, quota.fields)
        counts = meetings.approved_counts(tx, cycle.campaign_id, scope, without=cycle.id, proposals=proposals)
        allowed = meetings.excess_allowed(tx, cycle.campaign_id, quota.code, scope)
        base = quota_base(tx, cycle.campaign_id, quota, scope, {cycle.id: star})
        said = excess_reason(case.scheme, quota, base, counts, allowed, more=1)
        if said is not None:
            return said.text
        if quota.resolution == "rank_cut" and not proposals:
            taken = sum(count for star, count in counts.items() if star in quota.stars)
            left = limit(quota, base) + (0 if quota.hard else allowed) - taken
            if (cut := rank_block(tx, case.scheme, quota, cycle, scope, scope_word(tx, scope), left)) is not None:
                return cut
    return None
