"""What may be seen of a survey: while it runs a stepped turnout; shares, from the smallest cell on, once the tellers have signed; nothing else.

Not between the close and the tellers' word: with it ballots on paper come into the overall judgement, and two results, one without them
and one with them, would give a single ballot on paper by their difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starflow.service.case import Case, case_of, counted_in, load_case
from starflow.service.desk import Desk
from storage import ballots, cycles
from storage import organisations as tree
from storage.ballot_models import Poll
from storage.database import Transaction
from workflow.engine.errors import Unknown
from workflow.rating import survey, voting
from workflow.rating.voting import form_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A survey as its secretary sees it: counts in steps, never names, never answers."""

    organisation: str
    name: str
    year: int
    round: str
    mode: str
    status: str
    members: int
    masses: int
    needed: int
    turnout: str
    came: int | None  # None while it runs and the members are few
    percent: int | None
    reached: bool
    opened_at: datetime
    closes_at: datetime
    extended: bool
    counted: bool
    stepped_at: datetime
    undelivered: int = 0


def live(desk: Desk, code: str, year: int | None = None) -> Live:
    """Raises Unknown where the round has no survey."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        poll = _poll(tx, case)
        failed = sum(one.status == "failed" for one in ballots.invitations(tx, poll.id or 0))
        return _live(case, poll, failed, tx.now)


def _live(case: Case, poll: Poll, undelivered: int, now: datetime) -> Live:
    quorum = case.scheme.survey.quorum
    running = poll.status == "open"
    _, came = ballots.shown(poll, now) if running else (poll.used, _came(poll))
    said = (
        voting.running_turnout(poll.members, came, quorum)
        if running
        else survey.turnout_text(came, poll.members, quorum)
    )
    few = running and poll.members < voting.STEPPED_BELOW
    step = ballots.step_of(poll.opened_at, now) - 1
    return Live(
        organisation=case.cycle.code,
        name=case.cycle.name,
        year=case.cycle.year,
        round=poll.round,
        mode=poll.mode,
        status=poll.status,
        members=poll.members,
        masses=poll.own_unit + poll.related_unit,
        needed=survey.needed(poll.members, quorum),
        turnout=said,
        came=None if few else came,
        percent=None if few else came * 100 // poll.members,
        reached=came >= survey.needed(poll.members, quorum),
        opened_at=poll.opened_at.astimezone(case.zone),
        closes_at=poll.closes_at.astimezone(case.zone),
        extended=poll.extended,
        counted=poll.counted is not None,
        stepped_at=(poll.opened_at + step * ballots.STEP).astimezone(case.zone),
        undelivered=undelivered,
    )


def _came(poll: Poll) -> int:
    """Members who took part in a closed survey; those on paper as soon as the tellers have counted them."""
    return poll.used_members if poll.counted is None else counted_in(poll).members_present


def _poll(tx: Transaction, case: Case) -> Poll:
    poll = ballots.current(tx, case.cycle.id, case.cycle.round)
    if poll is None:
        raise Unknown(f"{case.cycle.name}本轮没有开启测评")
    return poll


# ── results ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A frozen result as far as it may be shown. `rows` is empty where it may not, and `note` says why."""

    organisation: str
    name: str
    ballots: int
    turnout: str
    satisfaction: str
    rows: tuple[Mapping[str, Any], ...]
    remarks: tuple[str, ...]
    note: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)  # what each answer is called


def result(desk: Desk, code: str, year: int | None = None) -> Result:
    """Of one organisation, after the tellers' word; what is shown then is shown for good."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code, year)
        return _result(tx, case, _poll(tx, case))


def results_below(desk: Desk, code: str, year: int | None = None) -> tuple[tuple[Result, ...], Result | None]:
    """Each organisation directly reviewed by this one, and all of them together once none of them can still vote.

    Two totals, one before and one after somebody's close, would give that one's answers by their difference.
    """
    with desk.reading() as tx:
        top = tree.by_code(tx, code)
        case = load_case(desk, tx, code, year) if top is None or top.parent_id is not None else None
        campaign = case.cycle.campaign_id if case else _newest(tx, year)
        reviewer = top.id if top else None
        rows = [r for r in cycles.in_campaign(tx, campaign) if r.reviewer_id == reviewer]
        cases = {row.id: case_of(desk, tx, row) for row in rows}
        polls = [p for row in rows for p in ballots.currents(tx, [row.id], row.round) if p.status == "closed"]
        if not polls:
            return (), None
        each = tuple(_result(tx, cases[p.cycle_id], p) for p in polls)
        waiting = sum(one.stage.kind in BEFORE_THE_END for one in cases.values())
        asked = next(iter(cases.values())).scheme.survey
        named = {cases[p.cycle_id].cycle.code: p for p in polls if p.counted is not None}
        if not named:
            return each, None
        return each, _together(code, top.name if top else code, named, asked.min_cell, waiting, asked.words)


BEFORE_THE_END = ("declaration", "self_evaluation", "survey")


def _newest(tx: Transaction, year: int | None) -> int:
    found = cycles.campaign_of_year(tx, year)
    if found is None or found.id is None:
        raise Unknown("还没有开展过创建活动")
    return found.id


def _result(tx: Transaction, case: Case, poll: Poll) -> Result:
    rule, quorum = case.scheme.satisfaction, case.scheme.survey.quorum
    least = case.scheme.survey.min_cell
    closed = poll.status == "closed" and poll.tally is not None
    counted = counted_in(poll) if closed and poll.counted is not None else None
    seen = counted is not None and poll.used >= least
    note = "" if seen else _why_not(closed, counted is not None, least)
    votes = survey.satisfaction(rule, counted) if rule and counted else None
    return Result(
        organisation=case.cycle.code,
        name=case.cycle.name,
        ballots=counted.present if counted else poll.used if closed else 0,
        turnout=survey.turnout_text(_came(poll), poll.members, quorum) if closed else "",
        satisfaction=survey.satisfaction_text(rule, votes) if rule and votes else "",
        rows=tuple(voting.breakdown(form_from(poll.form), _answers(poll), poll.used, least)) if seen else (),
        remarks=ballots.remarks(tx, poll.id or 0) if seen else (),
        note=note,
        answers=case.scheme.survey.words,
    )


def _answers(poll: Poll) -> dict[str, dict[str, int]]:
    """Question → answer → how many; those on paper are in the overall judgement, the only question they are asked."""
    assert poll.tally is not None
    return {**poll.tally["answers"], voting.OVERALL: dict(counted_in(poll).answers)}


def _why_not(closed: bool, counted: bool, least: int) -> str:
    if not closed:
        return "测评还在进行,截止前不显示任何结果"
    return f"不足{least}票,不显示分项结果" if counted else "两名监票人核对票数后显示结果"


def _together(
    code: str, name: str, polls: Mapping[str, Poll], least: int, waiting: int, words: Mapping[str, str]
) -> Result:
    used = {one: p.used for one, p in polls.items()}
    first = next(iter(polls.values()))
    why = (
        (waiting > 0, f"还有{waiting}个党组织的测评没有结束,都结束后才汇总"),
        (len({p.form_hash for p in polls.values()}) > 1, "表式不同,不汇总"),
        (sum(used[one] for one in voting.summed_among(used, least)) < least, f"不足{least}票,不汇总"),
    )
    note = next((said for wrong, said in why if wrong), "")
    total = {} if note else voting.rolled_up({c: _answers(p) for c, p in polls.items() if p.tally}, least)
    left_out = len(used) - len(voting.summed_among(used, least))
    return Result(
        organisation=code,
        name=f"{name}汇总",
        ballots=sum(used.values()),
        turnout="",
        satisfaction="",
        rows=() if note else tuple(voting.breakdown(form_from(first.form), total, sum(used.values()), least)),
        remarks=(),
        answers=words,
        note=note or (f"不足{least}票的{left_out}个党组织没有计入,以免从汇总中推算出来" if left_out else ""),
    )
