"""What stands beside the stage: the closed table of the kinds of matters, and what a star calls for (R48–R65).

Each kind is a small table of the same engine: its statuses are the stages, and the first act of a status is its way forward.
Whoever owns a status owes the act. A procedure's stages are data; what one can do with a matter is said in this file alone.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from workflow.engine.machine import ANYONE, CLOCK, Ask
from workflow.engine.table import Way
from workflow.rating import track_dates as dates
from workflow.rating import track_guards as guards
from workflow.rating import track_payloads as payloads
from workflow.rating.payloads import Sitting
from workflow.rating.scheme import Scheme
from workflow.rating.track_guards import MatterFacts
from workflow.rating.track_parts import NEW, OPEN, Act, Kind, Status, check, when
from workflow.rating.votes import votes_agree

OVERDUE = "overdue"
"""Shown in place of the status of a ledger's item that is past its due; never stored: the light says it."""
DEPARTMENT, ORGANISATION, SUPERIOR = "department", "organisation", "superior"
BOTH = (ORGANISATION, SUPERIOR)


# ── effects: what the act found, for the ways to look at ─────────


def result(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": ask.payload.result or ""}


def leader_named(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": "tied" if ask.payload.leader else ""}


def by_the_department(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": DEPARTMENT if DEPARTMENT in f.relations else ""}


# ── owners that depend on the case ───────────────────────────────


def opener(f: MatterFacts) -> str:
    """Whoever told others to put something right, or planned an inspection, also judges it."""
    return SUPERIOR if f.opened_by in ("", CLOCK) else f.opened_by


def closer(f: MatterFacts) -> str:
    return f.closed_by


# ── the kinds ────────────────────────────────────────────────────

CANCEL = Act("cancel", "撤销", to="cancelled", by=DEPARTMENT, needs_reason=True)
CANCELLED = Status("cancelled", "已撤销", ends=True, tells=(ORGANISATION,))
PLAN = Kind(
    "plan",
    "年度晋位争星方案",
    "R49",
    statuses=(
        Status("open", "待报备", ORGANISATION, dates.by_plan),
        Status("filed", "已报备", ends=True, tells=(SUPERIOR,)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "布置", (NEW,), "open", guards=(guards.only_one, guards.rated)),
        Act("file", "报备", ("open",), "filed", takes=payloads.Plan, guards=(guards.target_not_below,)),
        CANCEL,
    ),
    opened_by=(CLOCK, ORGANISATION, SUPERIOR),
    once="campaign",
)

LEDGER_ITEM = Kind(
    "ledger_item",
    "整改台账条目",
    "R50",
    statuses=(
        Status("open", "待整改", ORGANISATION, dates.as_agreed),
        Status("in_progress", "整改中", ORGANISATION, dates.as_agreed),
        Status("claimed", "已报完成", closer, dates.as_agreed, judges=True),
        Status("returned", "退回重改", ORGANISATION, dates.as_agreed),
        Status("signed_off", "已销号", ends=True, tells=(ORGANISATION,)),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN, "列入台账", (NEW,), "open", takes=payloads.LedgerItem, guards=(guards.under_a_plan, guards.date_ahead)
        ),
        Act("start", "开始整改", ("open",), "in_progress"),
        Act("claim", "报完成", ("in_progress", "returned"), "claimed", takes=payloads.Evidence),
        Act("sign_off", "销号", ("claimed",), "signed_off"),
        Act(
            "send_back",
            "退回",
            ("claimed",),
            "returned",
            takes=payloads.AnotherDate,
            needs_reason=True,
            guards=(guards.date_ahead,),
        ),
        CANCEL,
    ),
    opened_by=(ORGANISATION,),
)

INSPECTION = Kind(
    "inspection",
    "考核复验",
    "R53",
    statuses=(
        Status("open", "待复验", opener, dates.on_the_day),
        Status("passed", "复验相符", ends=True, tells=(ORGANISATION,)),
        Status("slipped", "工作下滑,建议限期整改", ends=True, tells=BOTH),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "安排复验",
            (NEW,),
            (when("passed", "passed"), when("slipped", "slipped"), Way("open")),
            takes=payloads.Inspection,
            guards=(guards.held_already,),
            effect=result,
        ),
        Act(
            "record",
            "记录结果",
            ("open",),
            (when("passed", "passed"), Way("slipped")),
            takes=payloads.Finding,
            guards=(guards.held_already,),
            effect=result,
        ),
        CANCEL,
    ),
    opened_by=(SUPERIOR, DEPARTMENT),
)

RECTIFICATION = Kind(
    "rectification",
    "限期整改",
    "R54",
    statuses=(
        Status("open", "整改中", ORGANISATION, dates.as_agreed_or_ruled),
        Status("reported", "已报整改结果", opener, dates.as_agreed_or_ruled, judges=True),
        Status("returned", "退回重改", ORGANISATION, dates.as_agreed_or_ruled),
        Status("accepted", "整改合格", ends=True, tells=(ORGANISATION,)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "提出整改", (NEW,), "open", takes=payloads.Rectification, guards=(guards.date_ahead,)),
        Act("report", "报整改结果", ("open", "returned"), "reported", takes=payloads.Report),
        Act("accept", "验收", ("reported",), "accepted", takes=payloads.Acceptance, guards=(guards.acceptable,)),
        Act(
            "send_back",
            "退回",
            ("reported",),
            "returned",
            takes=payloads.AnotherDate,
            needs_reason=True,
            guards=(guards.date_ahead,),
        ),
        CANCEL,
    ),
    opened_by=(CLOCK, SUPERIOR, DEPARTMENT),
)

DEMOTION = Kind(
    "demotion",
    "年中降级",
    "R54",
    statuses=(
        Status("proposed", "待工委会批准", "committee", dates.as_an_approval),
        Status("approved", "已批准降级", ends=True, tells=BOTH),
        Status("rejected", "未批准降级", ends=True, tells=BOTH),
        Status("withdrawn", "已撤回", ends=True),
    ),
    acts=(
        Act(
            OPEN,
            "提出降级",
            (NEW,),
            "proposed",
            takes=payloads.Demotion,
            needs_reason=True,
            guards=(guards.only_one, guards.lower_star, guards.warned_before),
        ),
        Act(
            "approve",
            "批准降级",
            ("proposed",),
            "approved",
            takes=Sitting,
            guards=(guards.met_since, guards.still_lower, votes_agree),
        ),
        Act(
            "reject",
            "不予批准",
            ("proposed",),
            "rejected",
            takes=Sitting,
            needs_reason=True,
            guards=(guards.met_since, votes_agree),
        ),
        Act("withdraw", "撤回", ("proposed",), "withdrawn", by=SUPERIOR, needs_reason=True),
    ),
    opened_by=(SUPERIOR,),
    once="open",
)

KEY_MANAGEMENT = Kind(
    "key_management",
    "重点管理",
    "R55",
    statuses=(
        Status("open", "待落实联系领导", SUPERIOR),
        Status("tied", "联系领导挂包整顿", SUPERIOR, tells=(ORGANISATION,)),
        Status("released", "已解除重点管理", ends=True, tells=BOTH),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "列入重点管理",
            (NEW,),
            (when("tied", "tied"), Way("open")),
            takes=payloads.KeyManagement,
            guards=(guards.only_one, guards.star_fits),
            effect=leader_named,
        ),
        Act("name_leader", "落实联系领导", ("open",), "tied", takes=payloads.ContactLeader),
        Act("replace_leader", "更换联系领导", ("tied",), takes=payloads.ContactLeader, needs_reason=True),
        Act("release", "解除", to="released", by=ANYONE, guards=(guards.released_by_a_rating,)),
        Act(
            "cancel",
            "撤销",
            to="cancelled",
            by=DEPARTMENT,
            needs_reason=True,
            guards=(guards.organisation_ended,),
        ),
    ),
    opened_by=(CLOCK, SUPERIOR, DEPARTMENT),
    once="open",
    stars=lambda scheme: scheme.key_management.stars,
)

PLAQUE = Kind(
    "plaque",
    "授牌",
    "R59",
    statuses=(
        Status("to_award", "待授牌", DEPARTMENT),
        Status("awarded", "已授牌"),
        Status("to_recall", "待收回牌匾", DEPARTMENT),
        Status("recalled", "牌匾已收回", ends=True, tells=(ORGANISATION,)),
        Status("lapsed", "未授牌即降星", ends=True),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "提请授牌", (NEW,), "to_award", guards=(guards.only_one, guards.star_fits)),
        Act("award", "授牌", ("to_award",), "awarded", takes=payloads.Ceremony, guards=(guards.held_already,)),
        Act(
            "take_back", "收回牌匾", ("to_recall",), "recalled", takes=payloads.Ceremony, guards=(guards.held_already,)
        ),
        Act("lapse", "不再授牌", ("to_award",), "lapsed", by=CLOCK),
        Act("recall", "须收回牌匾", ("awarded",), "to_recall", by=CLOCK),
        Act("restore", "不再收回", ("to_recall",), "awarded", by=CLOCK),
        CANCEL,
    ),
    opened_by=(CLOCK, DEPARTMENT),
    once="open",
    stars=lambda scheme: scheme.plaque.stars,
)

DEMONSTRATION_SITE = Kind(
    "demonstration_site",
    "示范点",
    "R60",
    statuses=(
        Status("designated", "已确定为示范点", tells=BOTH),
        Status("to_withdraw", "失去星级,建议撤销示范点", DEPARTMENT),
        Status("withdrawn", "已撤销示范点", ends=True, tells=BOTH),
    ),
    acts=(
        Act(
            OPEN,
            "确定示范点",
            (NEW,),
            "designated",
            needs_reason=True,
            guards=(guards.only_one, guards.star_fits),
        ),
        Act(
            "withdraw",
            "撤销示范点",
            ("to_withdraw", "designated"),
            "withdrawn",
            by=DEPARTMENT,
            needs_reason=True,
        ),
        Act("propose_withdrawal", "建议撤销示范点", ("designated",), "to_withdraw", by=CLOCK),
        Act("restore", "不再撤销", ("to_withdraw",), "designated", by=CLOCK),
    ),
    opened_by=(DEPARTMENT, "committee"),
    once="open",
    stars=lambda scheme: scheme.site.stars,
)

SUPERVISION = Kind(
    "supervision",
    "督导",
    "R65",
    statuses=(
        Status("clue", "线索待核", DEPARTMENT, dates.as_an_objection),
        Status("open", "督导中", DEPARTMENT),
        Status("criticised", "已拟通报批评,限期整改", ends=True, tells=BOTH),
        Status("cleared", "督导已结,未发现问题", ends=True),
        Status("dismissed", "线索不成立", ends=True),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "登记督导",
            (NEW,),
            (when(DEPARTMENT, "open"), Way("clue")),
            takes=payloads.Supervision,
            effect=by_the_department,
        ),
        Act("take_up", "立项核查", ("clue",), "open"),
        Act("dismiss", "线索不成立", ("clue",), "dismissed", needs_reason=True),
        Act(
            "criticise",
            "通报批评、限期整改",
            ("open",),
            "criticised",
            takes=payloads.Criticism,
            guards=(guards.date_ahead,),
        ),
        Act("clear", "未发现问题", ("open",), "cleared", needs_reason=True),
        CANCEL,
    ),
    opened_by=(DEPARTMENT, ANYONE),
)

IMPLEMENTATION_PLAN = Kind(
    "implementation_plan",
    "实施方案",
    "R62",
    statuses=(
        Status("open", "待报", ORGANISATION, dates.by_implementation_plan),
        Status("filed", "已报", ends=True, tells=(DEPARTMENT,)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "布置", (NEW,), "open", guards=(guards.only_one, guards.is_a_unit)),
        Act("file", "报送", ("open",), "filed", takes=payloads.ImplementationPlan),
        CANCEL,
    ),
    opened_by=(CLOCK, ORGANISATION, DEPARTMENT),
    once="campaign",
)

OBJECTION = Kind(
    "objection",
    "异议",
    "R23",
    statuses=(
        Status("open", "待核实", DEPARTMENT, dates.as_an_objection),
        Status("upheld", "成立", ends=True),
        Status("dismissed", "不成立", ends=True),
    ),
    acts=(
        Act("object", "提出异议", (NEW,), "open"),
        Act("uphold_objection", "异议成立", ("open",), "upheld"),
        Act("dismiss_objection", "异议不成立", ("open",), "dismissed"),
    ),
    opened_by=(ANYONE,),
    elsewhere="异议随公示办理:提出用object,核实后用dismiss_objection(不成立)或uphold_objection(成立),都是该党组织本年度评定的动作",
)

KINDS = (
    PLAN,
    LEDGER_ITEM,
    INSPECTION,
    RECTIFICATION,
    DEMOTION,
    KEY_MANAGEMENT,
    PLAQUE,
    DEMONSTRATION_SITE,
    SUPERVISION,
    IMPLEMENTATION_PLAN,
    OBJECTION,
)
KIND: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
TITLES: Mapping[str, str] = MappingProxyType({kind.name: kind.title for kind in KINDS})
SUGGESTS: Mapping[tuple[str, str], str] = MappingProxyType({("inspection", "slipped"): "rectification"})
"""(kind, status) → the kind that a person may want to open now; nothing is opened by itself."""

check(KINDS)


def is_unit(kind: str) -> bool:
    """Whether an organisation of this kind, directly under the root, leads a unit of its own (R62)."""
    return kind.endswith(("党委", "总支"))


# ── what a star calls for ────────────────────────────────────────


def follow_ups(scheme: Scheme, star: int, standing: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(kind, act) for all that a star in force calls for. `standing`: kind → status of what is open, and of the year's plan.

    Level-triggered: once it is done, asking again calls for nothing more.
    """
    track = scheme.track_of(star)
    if (scheme.plan.due or (track and track.plan)) and PLAN.name not in standing:
        yield PLAN.name, OPEN
    if track and track.rectify and RECTIFICATION.name not in standing:
        yield RECTIFICATION.name, OPEN
    yield from _key_management(scheme, star, KEY_MANAGEMENT.name in standing)
    yield from _plaque(star in scheme.plaque.stars, standing.get(PLAQUE.name, ""))
    yield from _site(star in scheme.site.stars, standing.get(DEMONSTRATION_SITE.name, ""))


def _key_management(scheme: Scheme, star: int, stands: bool) -> Iterator[tuple[str, str]]:
    rule = scheme.key_management
    if not stands and star in rule.stars:
        yield KEY_MANAGEMENT.name, OPEN
    elif stands and not guards.in_need(star, rule.stars, rule.released_from):
        yield KEY_MANAGEMENT.name, "release"


def _plaque(deserved: bool, status: str) -> Iterator[tuple[str, str]]:
    acts = {"": OPEN, "to_recall": "restore"} if deserved else {"to_award": "lapse", "awarded": "recall"}
    if status in acts:
        yield PLAQUE.name, acts[status]


def _site(deserved: bool, status: str) -> Iterator[tuple[str, str]]:
    acts = {"to_withdraw": "restore"} if deserved else {"designated": "propose_withdrawal"}
    if status in acts:
        yield DEMONSTRATION_SITE.name, acts[status]
