"""What the guards of matters may look at, and one question each: None means yes, a sentence means not yet, because …"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask
from workflow.rating.wording import percent, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterFacts:
    """One matter, or one that is to be opened, as a guard sees it."""

    relations: frozenset[str] = frozenset()  # of whoever asks, to the organisation
    opened_by: str = ""  # the role that opened it: it also judges what is reported to it
    closed_by: str = "superior"  # who signs off the items of a ledger
    opened_on: date | None = None
    today: date | None = None

    star: int | None = None  # in force
    labels: Mapping[int, str] = field(default_factory=dict)  # of every star that the scheme has
    stars: tuple[int, ...] = ()  # those for which the scheme has this kind of matter
    released_from: int | None = None
    proposed: int | None = None  # the lower star of a demotion

    twin: int | None = None  # the one that is there already, where there can be but one
    plan: int | None = None  # the organisation's plan of this year
    warned: bool = False  # told to rectify, or criticised, this year
    unit: bool = False  # a committee or general branch directly under the root
    ended: bool = False  # the organisation is no more

    accept_from: Decimal | None = None  # points that the acceptance of a rectification needs
    dissatisfied_below: Fraction | None = None  # share of those asked

    outcome: str = ""  # what the act found; ways look at it

    def changed_by(self, fields: Mapping[str, Any]) -> Self:
        return replace(self, **fields) if fields else self

    def label(self, star: int | None) -> str:
        return "未评" if star is None else self.labels.get(star, f"{star}星")

    def named(self, stars: Iterable[int]) -> str:
        return "、".join(self.label(star) for star in sorted(stars, reverse=True))


# ── may it be opened? ────────────────────────────────────────────


def only_one(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(f"已经有一件,编号{f.twin},不另立") if f.twin is not None else None


def rated(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    return Reason("还没有定星,定星后再报年度方案", "R49") if f.star is None else None


def star_fits(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    if f.star in f.stars:
        return None
    return Reason(f"现为{f.label(f.star)},只有{f.named(f.stars) or '方案写明的星级'}才办这一项")


def under_a_plan(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    return Reason("还没有本年度的晋位争星方案,台账建立在年度方案的基础上", "R50") if f.plan is None else None


def is_a_unit(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    return None if f.unit else Reason("实施方案由市直工委直属的机关党委、总支制定", "R62")


def lower_star(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    if f.star is None:
        return Reason("还没有定星,无星可降", "R54")
    star = getattr(ask.payload, "star", None)
    if star is not None and (star not in f.labels or star >= f.star):
        return Reason(f"现为{f.label(f.star)},降级后的星级须低于它,不能是{f.label(star)}", "R54")
    return None


def warned_before(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    """Two steps: criticism or rectification first, demotion only then."""
    return None if f.warned else Reason("本年度还没有对它限期整改或通报批评,不能直接提出降级", "R54")


# ── may it be done? ──────────────────────────────────────────────


def target_not_below(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    star = getattr(ask.payload, "target_star", None)
    if star is None or (star in f.labels and star >= (f.star or 0)):
        return None
    return Reason(f"现为{f.label(f.star)},争星目标不能是{f.label(star)}", "R49")


def date_ahead(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    day = getattr(ask.payload, "due_on", None)
    return Reason(f"期限{day}早于今天{f.today}") if day and f.today and day < f.today else None


def held_already(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    """What is recorded has happened; an inspection without a result may be still to come."""
    if ask.payload is None or getattr(ask.payload, "result", "held") is None:
        return None
    return _not_after_today(ask.payload.on, f)


def met_since(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    if ask.payload is None:
        return None
    day = ask.payload.meeting.on
    if f.opened_on and day < f.opened_on:
        return Reason(f"会议日期{day}早于提出的日期{f.opened_on}")
    return _not_after_today(day, f)


def acceptable(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    """Only where the scheme's track says what its acceptance takes."""
    said = ask.payload
    if said is None:
        return None
    if f.accept_from is not None and (said.score is None or said.score < f.accept_from):
        found = "没有验收得分" if said.score is None else f"验收得{plain(said.score)}分"
        return Reason(f"{found},达到{plain(f.accept_from)}分才算整改合格")
    if f.dissatisfied_below is None:
        return None
    if not said.asked or said.dissatisfied is None:
        return Reason("验收须写明测评人数(asked)和不满意人数(dissatisfied)")
    if Fraction(said.dissatisfied, said.asked) < f.dissatisfied_below:
        return None
    limit = percent(f.dissatisfied_below)
    return Reason(f"测评{said.asked}人,不满意{said.dissatisfied}人,不低于{limit},整改不算合格")


def still_lower(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    if f.star is None or f.proposed is None or f.proposed >= f.star:
        return Reason(f"现为{f.label(f.star)},不必再降为{f.label(f.proposed)}", "R54")
    return None


def released_by_a_rating(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    """不转化不脱钩: nothing but a later rating lets the contact leader go."""
    if not in_need(f.star, f.stars, f.released_from):
        return None
    wanted = f"达到{f.label(f.released_from)}及以上" if f.released_from is not None else "升星"
    return Reason(f"现为{f.label(f.star)},重新评定{wanted}才解除重点管理,联系领导不脱钩", "R55")


def organisation_ended(f: MatterFacts, ask: Ask, now: datetime) -> Reason | None:
    return None if f.ended else Reason("重点管理不能撤销,只有党组织撤销的除外", "R55")


def in_need(star: int | None, stars: Iterable[int], released_from: int | None) -> bool:
    """Whether an organisation with this star stays under key management."""
    return star is None or (star in stars if released_from is None else star < released_from)


def _not_after_today(day: date, f: MatterFacts) -> Reason | None:
    return Reason(f"日期{day}晚于今天{f.today}") if f.today and day > f.today else None
