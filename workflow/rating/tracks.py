"""What stands beside the stage: the closed table of the kinds of matters, and what a star calls for (R48–R65).

Each kind is a small table of the same engine: its statuses are the stages, and the first act of a status is its way forward.
Whoever owns a status owes the act; dates come from the scheme, from the day that people agreed on, or there are none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from workflow.engine.deadlines import (
    AfterEntry,
    Length,
    Reckoned,
    Unit,
    end_of_day,
    local_date,
    parse_date_rule,
    reckon_after,
    spoken,
)
from workflow.engine.errors import Faulty
from workflow.engine.machine import ANYONE, CLOCK, Ask
from workflow.engine.table import ALWAYS, OWNER, Effect, Guard, Row, Table, Way, When
from workflow.rating import track_guards as guards
from workflow.rating import track_payloads as payloads
from workflow.rating.payloads import Sitting
from workflow.rating.scheme import Scheme
from workflow.rating.timing import Dates
from workflow.rating.track_guards import MatterFacts

NEW, OPEN = "new", "open"
"""Where every matter comes from, and the act that opens it."""
OVERDUE = "overdue"
"""Shown in place of the status of a ledger's item that is past its due; never stored: the light says it."""

Due = Callable[[Scheme, Mapping[str, Any]], str | date | None]
"""(scheme, the matter's data) → a length as the scheme writes it, the day agreed on, or none."""


# ── when a status is due ─────────────────────────────────────────


def by_plan(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    return scheme.plan.due


def by_implementation_plan(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    return scheme.implementation_plan.due


def as_agreed(scheme: Scheme, data: Mapping[str, Any]) -> date | None:
    return date.fromisoformat(data["due_on"]) if data.get("due_on") else None


def as_agreed_or_ruled(scheme: Scheme, data: Mapping[str, Any]) -> str | date | None:
    return as_agreed(scheme, data) or scheme.rectification.due


def on_the_day(scheme: Scheme, data: Mapping[str, Any]) -> date | None:
    return date.fromisoformat(data["on"])


def as_an_approval(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    """The committee has as long as for the stage of the same name; a fixed day of the year says nothing here."""
    written = next((stage.due for stage in scheme.stage if stage.kind == "approval" and stage.due), None)
    return written if written and isinstance(parse_date_rule(written), AfterEntry) else None


def as_an_objection(scheme: Scheme, data: Mapping[str, Any]) -> str | None:
    verify = next((stage.verify for stage in scheme.stage if stage.verify), None)
    return f"+{verify}" if verify else None


# ── effects: what the act found ──────────────────────────────────


def found(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": ask.payload.result or ""}


def tied(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": "tied" if getattr(ask.payload, "leader", None) else ""}


def by_whom(f: MatterFacts, ask: Ask, now: datetime) -> Mapping[str, Any]:
    return {"outcome": "department" if "department" in f.relations else ""}


# ── the parts of a kind ──────────────────────────────────────────

Owner = str | Callable[[MatterFacts], str]


@dataclass(frozen=True, slots=True)
class Status:
    """A stage of a matter. `tells`: who hears of its arrival besides its owner; `judges`: what somebody else has done."""

    name: str
    title: str
    owner: Owner = ""
    due: Due | None = None
    judges: bool = False
    ends: bool = False
    tells: tuple[str, ...] = ()

    @property
    def rests(self) -> bool:
        """Nobody owes anything while the matter stands here."""
        return self.owner == ""

    @property
    def cite_rule(self) -> str | None:
        return None  # the kind has it

    def owner_of(self, facts: MatterFacts) -> str:
        return self.owner if isinstance(self.owner, str) else self.owner(facts)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done: at these statuses (none named: at every open one), leading to a status or staying."""

    trigger: str
    title: str
    at: tuple[str, ...] = ()
    to: str | tuple[Way, ...] = ""
    by: str = OWNER
    takes: type[BaseModel] | None = None
    needs_reason: bool = False
    guards: tuple[Guard, ...] = ()
    effect: Effect | None = None


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of matter. `once`: of an organisation there is but one that is "open", or one in a "campaign"."""

    name: str
    title: str
    rule: str
    statuses: tuple[Status, ...]
    acts: tuple[Act, ...]
    opened_by: tuple[str, ...] = ()
    once: str = ""
    stars: Callable[[Scheme], tuple[int, ...]] | None = None
    elsewhere: str = ""  # the sentence for those who would act on it here
    table: Table = field(init=False)
    status: Mapping[str, Status] = field(init=False)

    def __post_init__(self) -> None:
        statuses = (Status(NEW, "未提出", partial(_opener, self.opened_by)), *self.statuses)
        object.__setattr__(self, "status", MappingProxyType({status.name: status for status in statuses}))
        object.__setattr__(self, "table", Table(statuses, tuple(_rows(self, statuses))))

    def titled(self, trigger: str) -> str:
        return next((act.title for act in self.acts if act.trigger == trigger), trigger)


def _opener(opened_by: tuple[str, ...], facts: MatterFacts) -> str:
    """In which role it is opened: the first of those that may which the actor holds."""
    return next((role for role in opened_by if role in facts.relations), opened_by[0])


def _rows(kind: Kind, statuses: tuple[Status, ...]) -> Iterator[Row]:
    open_ones = tuple(s.name for s in statuses if not s.ends and s.name != NEW)
    for act in kind.acts:
        for status in act.at or open_ones:
            ways = act.to if isinstance(act.to, tuple) else (Way(act.to or status),)
            yield Row(status, act.trigger, act.by, ways, act.takes, act.needs_reason, act.guards, act.effect)


def _if(outcome: str, dest: str) -> Way:
    return Way(dest, When(((("outcome", (outcome,)),),)))


# ── who ──────────────────────────────────────────────────────────


def opener(f: MatterFacts) -> str:
    return f.opened_by or "superior"


def closer(f: MatterFacts) -> str:
    return f.closed_by


# ── the kinds ────────────────────────────────────────────────────

CANCEL = Act("cancel", "撤销", to="cancelled", by="department", needs_reason=True)
CANCELLED = Status("cancelled", "已撤销", ends=True, tells=("organisation",))
BOTH = ("organisation", "superior")

PLAN = Kind(
    "plan",
    "年度晋位争星方案",
    "R49",
    statuses=(
        Status("open", "待报备", "organisation", by_plan),
        Status("filed", "已报备", ends=True, tells=("superior",)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "布置", (NEW,), "open", guards=(guards.only_one, guards.rated)),
        Act("file", "报备", ("open",), "filed", takes=payloads.Plan, guards=(guards.target_not_below,)),
        CANCEL,
    ),
    opened_by=(CLOCK, "organisation", "superior"),
    once="campaign",
)

LEDGER_ITEM = Kind(
    "ledger_item",
    "整改台账条目",
    "R50",
    statuses=(
        Status("open", "待整改", "organisation", as_agreed),
        Status("in_progress", "整改中", "organisation", as_agreed),
        Status("claimed", "已报完成", closer, as_agreed, judges=True),
        Status("returned", "退回重改", "organisation", as_agreed),
        Status("signed_off", "已销号", ends=True, tells=("organisation",)),
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
    opened_by=("organisation",),
)

INSPECTION = Kind(
    "inspection",
    "考核复验",
    "R53",
    statuses=(
        Status("open", "待复验", opener, on_the_day),
        Status("passed", "复验相符", ends=True, tells=("organisation",)),
        Status("slipped", "工作下滑,建议限期整改", ends=True, tells=BOTH),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "安排复验",
            (NEW,),
            (_if("passed", "passed"), _if("slipped", "slipped"), Way("open")),
            takes=payloads.Inspection,
            guards=(guards.held_already,),
            effect=found,
        ),
        Act(
            "record",
            "记录结果",
            ("open",),
            (_if("passed", "passed"), Way("slipped")),
            takes=payloads.Finding,
            guards=(guards.held_already,),
            effect=found,
        ),
        CANCEL,
    ),
    opened_by=("superior", "department"),
)

RECTIFICATION = Kind(
    "rectification",
    "限期整改",
    "R54",
    statuses=(
        Status("open", "整改中", "organisation", as_agreed_or_ruled),
        Status("reported", "已报整改结果", opener, as_agreed_or_ruled, judges=True),
        Status("returned", "退回重改", "organisation", as_agreed_or_ruled),
        Status("accepted", "整改合格", ends=True, tells=("organisation",)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "提出整改", (NEW,), "open", takes=payloads.Rectification, guards=(guards.date_ahead,)),
        Act("report", "报整改结果", ("open", "returned"), "reported", takes=payloads.Report),
        Act("accept", "验收", ("reported",), "accepted"),
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
    opened_by=("superior", "department"),
)

DEMOTION = Kind(
    "demotion",
    "年中降级",
    "R54",
    statuses=(
        Status("proposed", "待工委会批准", "committee", as_an_approval),
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
            guards=(guards.met_since, guards.still_lower),
        ),
        Act(
            "reject",
            "不予批准",
            ("proposed",),
            "rejected",
            takes=Sitting,
            needs_reason=True,
            guards=(guards.met_since,),
        ),
        Act("withdraw", "撤回", ("proposed",), "withdrawn", by="superior", needs_reason=True),
    ),
    opened_by=("superior",),
    once="open",
)

KEY_MANAGEMENT = Kind(
    "key_management",
    "重点管理",
    "R55",
    statuses=(
        Status("open", "待落实联系领导", "superior"),
        Status("tied", "联系领导挂包整顿", "superior", tells=("organisation",)),
        Status("released", "已解除重点管理", ends=True, tells=BOTH),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "列入重点管理",
            (NEW,),
            (_if("tied", "tied"), Way("open")),
            takes=payloads.KeyManagement,
            guards=(guards.only_one, guards.star_fits),
            effect=tied,
        ),
        Act("name_leader", "落实联系领导", ("open",), "tied", takes=payloads.ContactLeader),
        Act("replace_leader", "更换联系领导", ("tied",), takes=payloads.ContactLeader, needs_reason=True),
        Act("release", "解除", to="released", by=ANYONE, guards=(guards.released_by_a_rating,)),
        Act(
            "cancel",
            "撤销",
            to="cancelled",
            by="department",
            needs_reason=True,
            guards=(guards.organisation_ended,),
        ),
    ),
    opened_by=(CLOCK, "superior", "department"),
    once="open",
    stars=lambda scheme: scheme.key_management.stars,
)

PLAQUE = Kind(
    "plaque",
    "授牌",
    "R59",
    statuses=(
        Status("to_award", "待授牌", "department"),
        Status("awarded", "已授牌"),
        Status("to_recall", "待收回牌匾", "department"),
        Status("recalled", "牌匾已收回", ends=True, tells=("organisation",)),
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
    opened_by=(CLOCK, "department"),
    once="open",
    stars=lambda scheme: scheme.plaque.stars,
)

DEMONSTRATION_SITE = Kind(
    "demonstration_site",
    "示范点",
    "R60",
    statuses=(
        Status("designated", "已确定为示范点", tells=BOTH),
        Status("to_withdraw", "失去星级,建议撤销示范点", "department"),
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
            by="department",
            needs_reason=True,
        ),
        Act("propose_withdrawal", "建议撤销示范点", ("designated",), "to_withdraw", by=CLOCK),
        Act("restore", "不再撤销", ("to_withdraw",), "designated", by=CLOCK),
    ),
    opened_by=("department", "committee"),
    once="open",
    stars=lambda scheme: scheme.site.stars,
)

SUPERVISION = Kind(
    "supervision",
    "督导",
    "R65",
    statuses=(
        Status("clue", "线索待核", "department", as_an_objection),
        Status("open", "督导中", "department"),
        Status("criticised", "已拟通报批评,限期整改", ends=True, tells=BOTH),
        Status("cleared", "督导已结,未发现问题", ends=True),
        Status("dismissed", "线索不成立", ends=True),
        CANCELLED,
    ),
    acts=(
        Act(
            OPEN,
            "立项督导",
            (NEW,),
            (_if("department", "open"), Way("clue")),
            takes=payloads.Supervision,
            effect=by_whom,
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
    opened_by=("department", ANYONE),
)

IMPLEMENTATION_PLAN = Kind(
    "implementation_plan",
    "实施方案",
    "R62",
    statuses=(
        Status("open", "待报", "organisation", by_implementation_plan),
        Status("filed", "已报", ends=True, tells=("department",)),
        CANCELLED,
    ),
    acts=(
        Act(OPEN, "布置", (NEW,), "open", guards=(guards.only_one, guards.is_a_unit)),
        Act("file", "报送", ("open",), "filed", takes=payloads.ImplementationPlan),
        CANCEL,
    ),
    opened_by=(CLOCK, "organisation", "department"),
    once="campaign",
)

OBJECTION = Kind(
    "objection",
    "异议",
    "R23",
    statuses=(
        Status("open", "待核实", "department", as_an_objection),
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
SUGGESTS: Mapping[tuple[str, str], str] = MappingProxyType({("inspection", "slipped"): "rectification"})
"""(kind, status) → the kind that a person may want to open now; nothing is opened by itself."""

UNIT_KINDS = ("党委", "总支")
"""How the kinds of organisations end that, directly under the root, lead a unit of their own (R62)."""


def is_unit(kind: str) -> bool:
    return kind.endswith(UNIT_KINDS)


# ── what a star calls for ────────────────────────────────────────


def follow_ups(scheme: Scheme, star: int, standing: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(kind, act) for all that a star in force calls for. `standing`: kind → status of what is open, and of the year's plan.

    Level-triggered: asked again, it calls for nothing more.
    """
    if scheme.plan.due is not None and PLAN.name not in standing:
        yield PLAN.name, OPEN
    yield from _key_management(scheme, star, KEY_MANAGEMENT.name in standing)
    yield from _plaque(star in scheme.plaque.stars, standing.get(PLAQUE.name))
    yield from _site(star in scheme.site.stars, standing.get(DEMONSTRATION_SITE.name))


def _key_management(scheme: Scheme, star: int, stands: bool) -> Iterator[tuple[str, str]]:
    rule = scheme.key_management
    if not stands and star in rule.stars:
        yield KEY_MANAGEMENT.name, OPEN
    elif stands and not guards.in_need(star, rule.stars, rule.released_from):
        yield KEY_MANAGEMENT.name, "release"


def _plaque(deserved: bool, status: str | None) -> Iterator[tuple[str, str]]:
    acts = {None: OPEN, "to_recall": "restore"} if deserved else {"to_award": "lapse", "awarded": "recall"}
    if status in acts:
        yield PLAQUE.name, acts[status]


def _site(deserved: bool, status: str | None) -> Iterator[tuple[str, str]]:
    acts = {"to_withdraw": "restore"} if deserved else {"designated": "propose_withdrawal"}
    if status in acts:
        yield DEMONSTRATION_SITE.name, acts[status]


# ── dates ────────────────────────────────────────────────────────


def matter_dates(
    kind: Kind,
    status: str,
    *,
    scheme: Scheme,
    calendar: Any,
    zone: tzinfo,
    opened_at: datetime,
    entered_at: datetime,
    data: Mapping[str, Any],
) -> Dates:
    """When the act of this status is due. Lengths count from the opening; who judges has some working days of his own."""
    rule = kind.status[status].due
    said = rule(scheme, data) if rule else None
    if said is None:
        return Dates()
    steps = (_first_step(kind, said, local_date(opened_at, zone), calendar),)
    if kind.status[status].judges:
        steps += _own_days(scheme, steps[-1].on, local_date(entered_at, zone), calendar)
    due_at = end_of_day(steps[-1].on, zone)
    return Dates(due_at=due_at, phase_due_at=due_at, arithmetic=tuple(step.sentence for step in steps))


def _first_step(kind: Kind, said: str | date, opened_on: date, calendar: Any) -> Reckoned:
    if isinstance(said, date):
        return Reckoned(said, f"截止:{spoken(said, opened_on.year)}24时(商定的日期)")
    rule = parse_date_rule(said)
    assert isinstance(rule, AfterEntry)  # a scheme's model
    return reckon_after(rule.length, f"截止:{kind.titled(kind.acts[0].trigger)}{kind.title},", opened_on, calendar)


def _own_days(scheme: Scheme, due_on: date, entered_on: date, calendar: Any) -> tuple[Reckoned, ...]:
    """As a reviewer has (R8): work that is handed in on the last evening is not overdue the next morning."""
    length = Length(max((stage.min_workdays for stage in scheme.stage), default=0), Unit.WORKDAYS)
    if not length.amount or length.after(entered_on, calendar) <= due_on:
        return ()
    own = reckon_after(length, "核验时间:报来", entered_on, calendar)
    return (Reckoned(own.on, f"{own.sentence};晚于原期限,以此为截止"),)


# ── the table's checks ───────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _WorldPayload:
    """Stands for any payload while every world is tried."""

    result: str | None = None
    leader: str | None = None


def worlds() -> Iterator[tuple[MatterFacts, Ask]]:
    """Every case that a way can tell apart."""
    for role, result, leader in product(("department", ANYONE), (None, "passed", "slipped"), (None, "某某")):
        facts = MatterFacts(relations=frozenset({role}))
        yield facts, Ask(trigger="", payload=_WorldPayload(result, leader))


def check(kinds: Iterable[Kind]) -> None:
    said = [f"{kind.name} {fault}" for kind in kinds for fault in kind.table.faults(worlds())]
    if said:
        raise Faulty(said)


check(KINDS)
