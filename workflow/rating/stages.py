"""The closed vocabulary of stage kinds. A procedure orders them; only this file says what one can do in them.

An act goes NEXT (the first stage below that applies), STAYs, or goes where the scheme's line of the same NAME says. Where the
scheme has no such line, the act does not exist. The first act of a kind is its way forward.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from workflow.engine.machine import Ask
from workflow.engine.table import ALWAYS, OWNER, Guard, When
from workflow.rating import guards, payloads
from workflow.rating.facts import Facts
from workflow.rating.votes import votes_agree

NEXT, STAY, NAMED = "next", "stay", "named"

StageEffect = Callable[[Any, Facts, Ask, Any], Mapping[str, Any]]
"""(stage, facts, ask, now) → changed facts; the compiler binds the stage."""


# ── effects: what the act changes in the facts ───────────────────


def excuse(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"turnout_excused": True}


def begin(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"review_begun": True}


def propose(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """A notice goes on hanging only as long as it names the proposed star."""
    star = ask.payload.star
    hangs = {} if star == f.noticed_star else {"noticed_star": None, "posted_on": None}
    return {**_reviewed(f, star), **hangs}


def keep(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return _reviewed(f, f.star)


def reopen(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """The work is the organisation's again: a new survey has to earn its turnout anew."""
    return {"review_begun": False, "turnout_excused": False}


def hang(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"posted_on": ask.payload.on, "noticed_star": f.proposed}


def post(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """What has had its days is the star on the notice, whatever is proposed by now; a second publicity hangs another."""
    hung = {"posted_on": None, "noticed_star": None} if stage.hung_again else {}
    return {"posted_star": f.noticed_star, **hung}


def lodge(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"open_objections": f.open_objections + 1}


def settle(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"open_objections": f.open_objections - 1}


def uphold(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """An unchanged star is not posted twice, if its days were full."""
    full = f.posted_on is not None and guards.period_over(f, ask, now) is None
    return {**settle(stage, f, ask, now), **(post(stage, f, ask, now) if full else {})}


def approve(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"approved_on": ask.payload.meeting.on, "meeting_number": ask.payload.meeting.number}


def fall(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """Onward with a lower star, approved as it was; back to the review, the approval is void."""
    if stage.falls_to is None:
        return {"approved_on": None, "meeting_number": None}
    return {"proposed": stage.falls_to}


def mark_exempt(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    return {"outcome": "exempt"}


def mark_unrated(stage: Any, f: Facts, ask: Ask, now: Any) -> Mapping[str, Any]:
    """未评 before the first rating of the year, 未复检 after it."""
    return {"outcome": "unrated" if stage.in_first_round else "unrechecked"}


def grant(f: Facts) -> Mapping[str, Any]:
    """The star is in force; the round ends, so its facts are wiped."""
    granted = {} if f.proposed is None else {"star": f.proposed}
    return {
        **granted,
        "proposed": None,
        "total": None,
        "posted_star": None,
        "noticed_star": None,
        "posted_on": None,
        "turnout_excused": False,
        "review_begun": False,
        "approved_on": None,
        "meeting_number": None,
    }


def _reviewed(f: Facts, star: int | None) -> Mapping[str, Any]:
    """A new proposal: what a meeting approved before was another one."""
    total = f.rating.total if f.rating else None
    return {"proposed": star, "total": total, "review_begun": True, "approved_on": None, "meeting_number": None}


# ── the kinds ────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done in a stage."""

    trigger: str
    title: str
    to: str = NEXT
    by: str = OWNER
    takes: type[BaseModel] | None = None
    needs_reason: bool = False
    guards: tuple[Guard, ...] = ()
    effect: StageEffect | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A form of work.

    `applies` is a condition that every stage of the kind has by itself; where `insists` holds, no stage of the kind is passed
    over, whatever the scheme says. A kind `aside` is never the next stage: only its own exit leads there.
    """

    name: str
    title: str
    acts: tuple[Act, ...] = ()
    applies: When = ALWAYS
    insists: When | None = None
    aside: bool = False
    ends: bool = False
    rests: bool = False  # no obligation while a cycle stands here
    on_arrival: Callable[[Facts], Mapping[str, Any]] | None = None


DECLARE = Act("declare", "申报", takes=payloads.Declaration, guards=(guards.in_time,))
SUBMIT = Act(
    "submit_self_evaluation",
    "报送自评",
    takes=payloads.SelfEvaluation,
    guards=(guards.in_time, guards.held_in_campaign, guards.scores_complete),
)
FILE_SURVEY = Act(
    "file_survey",
    "测评备案",
    takes=payloads.SurveyFiling,
    guards=(
        guards.in_time,
        guards.held_in_campaign,
        guards.ballots_settled,
        guards.turnout_reached,
        guards.tally_adds_up,
    ),
)
ACCEPT_TURNOUT = Act(
    "accept_turnout",
    "认可参与率说明",
    STAY,
    "superior",
    needs_reason=True,
    guards=(guards.turnout_not_excused,),
    effect=excuse,
)
PROPOSE = Act(
    "propose_star",
    "拟定星级",
    takes=payloads.Proposal,
    guards=(guards.scores_complete, guards.within_caps, guards.not_above_score, guards.lower_star_explained),
    effect=propose,
)
KEEP = Act(
    "keep_star",
    "保持星级",
    NAMED,
    takes=payloads.Review,
    guards=(guards.scores_complete, guards.star_still_held),
    effect=keep,
)
BEGIN = Act("begin_review", "开始考评", STAY, guards=(guards.review_not_begun,), effect=begin)
SEND_BACK = Act("send_back", "退回", NAMED, takes=payloads.Destination, needs_reason=True, effect=reopen)
SEND_BACK_TO_REVIEW = Act("send_back", "退回", NAMED, takes=payloads.Destination, needs_reason=True)
WITHDRAW = Act(
    "withdraw", "撤回", NAMED, "organisation", needs_reason=True, guards=(guards.review_not_begun,), effect=reopen
)
CLOSE_PUBLICITY = Act(
    "close_publicity",
    "公示期满",
    by="clock",
    guards=(guards.notice_posted, guards.period_over, guards.no_open_objection),
    effect=post,
)
POST_NOTICE = Act(
    "post_notice",
    "张贴公示",
    STAY,
    takes=payloads.Posting,
    guards=(guards.not_yet_posted, guards.posted_since_entry),
    effect=hang,
)
OBJECT = Act(
    "object",
    "提出异议",
    STAY,
    "anyone",
    takes=payloads.Objection,
    guards=(guards.notice_posted, guards.period_running),
    effect=lodge,
)
DISMISS = Act(
    "dismiss_objection",
    "异议不成立",
    STAY,
    "department",
    takes=payloads.Finding,
    guards=(guards.has_open_objection, guards.not_by_the_scorer),
    effect=settle,
)
UPHOLD = Act(
    "uphold_objection",
    "异议成立",
    NAMED,
    "department",
    takes=payloads.Finding,
    guards=(guards.has_open_objection, guards.not_by_the_scorer),
    effect=uphold,
)
APPROVE = Act(
    "approve",
    "批准",
    takes=payloads.Sitting,
    guards=(guards.approved_after_entry, guards.not_by_the_scorer, guards.quota_kept, votes_agree),
    effect=approve,
)
RECORD_EXCESS = Act("record_excess", "记录超额决定", STAY, takes=payloads.ExcessDecision, needs_reason=True)
REJECT = Act(
    "reject",
    "不予批准",
    NAMED,
    takes=payloads.Sitting,
    needs_reason=True,
    guards=(guards.approved_after_entry, votes_agree),
)

KINDS = (
    Kind("declaration", "申报", (DECLARE,)),
    Kind("self_evaluation", "自评", (SUBMIT,)),
    Kind("survey", "党员群众测评", (FILE_SURVEY, ACCEPT_TURNOUT)),
    Kind("review", "考评", (PROPOSE, KEEP, BEGIN, SEND_BACK, WITHDRAW)),
    Kind("audit", "审核", (Act("pass_audit", "审核通过"), SEND_BACK_TO_REVIEW)),
    Kind(
        "publicity",
        "公示",
        (CLOSE_PUBLICITY, POST_NOTICE, OBJECT, DISMISS, UPHOLD),
        applies=When(((("posted", (False,)),),)),
        insists=When(((("objected", (True,)),),)),  # only here can an objection be settled
    ),
    Kind("approval", "批准", (APPROVE, RECORD_EXCESS, REJECT)),
    Kind(
        "city_review",
        "市级复审",
        (
            Act("confirm_star", "复审确认", takes=payloads.Document),
            Act("overturn_star", "复审未通过", NAMED, needs_reason=True, effect=fall),
        ),
    ),
    Kind("task", "办理", (Act("complete_task", "办结"), SEND_BACK_TO_REVIEW)),
    Kind(
        "rated",
        "已定星",
        (Act("open_recheck", "转入下一轮", by="clock", guards=(guards.recheck_opened,)),),
        rests=True,
        on_arrival=grant,
    ),
    Kind("closed", "已办结", ends=True, rests=True, on_arrival=grant),
    Kind("exempt", "免评", ends=True, rests=True, aside=True),
)

FROM_ANYWHERE = (
    # (act, the kind it leads to, kinds where it does not stand)
    (Act("exempt", "免评", by="department", needs_reason=True, effect=mark_exempt), "exempt", ("rated",)),
    (Act("close_unrated", "终止评定", by="department", needs_reason=True, effect=mark_unrated), "closed", ()),
)
"""The exits that stand at every open stage by themselves. They grant nothing: the star in force stays."""

KIND: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
TITLES: Mapping[str, str] = {act.trigger: act.title for kind in KINDS for act in kind.acts} | {
    act.trigger: act.title for act, _, _ in FROM_ANYWHERE
}
ONWARD = ("keep_star", "overturn_star")
"""The exits that may say "next"; all others lead back."""
ROLE_WORDS: Mapping[str, str] = {
    "organisation": "本组织",
    "superior": "上级党组织",
    "department": "组织部",
    "committee": "工委会",
    "city": "市委组织部",
    "anyone": "任何人",
    "clock": "时钟",
}


def body_of(scheme: Any, role: str) -> str:
    """What a role is called in a scheme."""
    return str(scheme.bodies.get(role) or ROLE_WORDS.get(role, role))


EXITS = tuple(dict.fromkeys(act.trigger for kind in KINDS for act in kind.acts if act.to == NAMED))
