"""The tables of a scheme file, in the order of the file; attribute names are the names in the TOML.

A table that a scheme leaves out means that the rule does not exist there: lists are empty, lengths are None. A table
that is written must say where it comes from.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from workflow.rating.scheme_afterwards import (
    Bodies,
    Changes,
    Criticism,
    ImplementationPlan,
    KeyManagement,
    Ledger,
    Plan,
    Plaque,
    Recheck,
    Rectification,
    Reminder,
    Retention,
    Rung,
    Site,
    Track,
)
from workflow.rating.scheme_asking import Objection, Publicity, Review, Route, Survey
from workflow.rating.scheme_basics import Positive, Stars, WhenWritten, Window, Words
from workflow.rating.scheme_places import Places
from workflow.rating.scheme_rounds import USUAL_ROUNDS, Round, RoundName
from workflow.rating.scheme_rules import (
    Assign,
    Attachment,
    Component,
    Counter,
    Effect,
    Eligibility,
    Example,
    Filing,
    Linked,
    Needs,
    Sheet,
)
from workflow.rating.scheme_stages import AnyStage, Stage
from workflow.rating.scheme_unknown import Undecided
from workflow.rating.scheme_values import (
    Amount,
    Cited,
    Closed,
    Count,
    Day,
    Due,
    Number,
    Operator,
    Points,
    Ratio,
    Word,
    not_empty,
    shown,
)

# --- what the scheme is -----------------------------------------------------------------------------------------------


def known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"没有时区{shown(name)}") from None
    return name


def only_organisations(value: object) -> object:
    """Persons are out of scope: their files need other protection than an organisation's year."""
    if value in ("members", "persons", "people"):
        raise ValueError("本产品只评定组织,不评定个人(党员积分等请用别的系统)")
    return value


class About(Closed):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    title: Word
    title_en: str = ""
    zone: Annotated[str, AfterValidator(known_zone)] = "Asia/Shanghai"
    calendar: Word = "cn"
    text: str = ""
    year_offset: int = 0
    rates: Annotated[
        Literal["organisations"],
        BeforeValidator(only_organisations),
        Field(description="评定对象,只有 organisations(党组织、团队) · what is rated"),
    ] = "organisations"


class Level(Cited):
    """A band: from `min` up to the next level's; an upper bound may be written and is then checked against the next."""

    star: Count
    label: Word
    label_en: str = ""
    alias: Annotated[str, Field(description="另一套名称,如“好” · the same level in a second set of labels")] = ""
    alias_en: Annotated[str, Field(description="另一套名称的英文 · the second label in English")] = ""
    min: Annotated[
        Number | None, Field(description="下限(分);只凭条件定的等次不写 · lower bound; none where only needs decide")
    ] = None
    min_inclusive: bool = True
    max: Annotated[Number | None, Field(description="上限(分),与下一等次的下限核对 · upper bound")] = None
    max_inclusive: Annotated[bool, Field(description="上限是否含本数 · whether the upper bound belongs to it")] = True
    below: Number | None = None
    needs: Annotated[Needs, Field(description="除分数以外还须同时成立的条件 · what must also hold")] = ()

    @model_validator(mode="after")
    def one_upper_bound(self) -> Self:
        if self.max is not None and self.below is not None:
            raise ValueError("max与below只写一个")
        return self

    @property
    def top(self) -> tuple[Decimal, bool] | None:
        """The upper bound as written, and whether it belongs to the band."""
        if self.max is not None:
            return self.max, self.max_inclusive
        return (self.below, False) if self.below is not None else None

    def reached_by(self, total: Decimal) -> bool:
        if self.min is None:
            return True
        return total >= self.min if self.min_inclusive else total > self.min

    def passed_by(self, total: Decimal) -> bool:
        """Above the upper bound that is written."""
        if self.top is None:
            return False
        bound, inclusive = self.top
        return total > bound if inclusive else total >= bound


# --- procedure, dates, who takes part ---------------------------------------------------------------------------------


class Procedure(WhenWritten):
    routes: Annotated[Mapping[Word, Word], Field(min_length=1)]
    assign: Annotated[
        tuple[Assign, ...],
        Field(
            description="哪类组织走哪条路线,取第一个符合的;不写时直属的走最后一条,其余走第一条 · who takes which route"
        ),
    ] = ()


class Campaign(Cited):
    opens_on: Day
    every_years: Annotated[Positive, Field(description="几年评一次 · a campaign every so many years")] = 1


class Phase(Cited):
    due: Due
    covers: Words
    after_due: Literal["late", "refuse"] = "late"


class Deadline(WhenWritten):
    weekend_rule: Literal["none", "next_workday"] = "none"
    grace_days: Count = 0


class Roster(Cited):
    root_kind: Word
    exempt_reasons: Words
    min_members: Count = 0


# --- the score --------------------------------------------------------------------------------------------------------


class Criterion(Cited):
    """One line of the sheet; `fields` empty means all fields."""

    code: Word
    title: Word
    max: Amount
    sub: tuple[Word, ...] = ()
    fields: tuple[Word, ...] = ()
    sheet: Annotated[str, Field(description="属于哪张评分表([[sheet]] 的 code) · the sheet it belongs to")] = ""


class Score(Cited):
    max: Number
    min: Number
    decimals: Annotated[int, Field(ge=0, le=6)]
    flag_difference: Amount
    weights: Mapping[Literal["self", "survey", "superior"], Amount]
    clamp_top: bool = False
    total: Annotated[
        str, Field(description="总分取哪个 [[component]];不写为 考评分+加分-扣分 · the component that is the total")
    ] = ""
    total_decimals: Annotated[
        int | None,
        Field(ge=0, le=6, description="总分保留几位小数再定等次;不写为不取整 · decimals of the total before banding"),
    ] = None
    rounding: Annotated[
        Literal["half_up", "floor", "ceil"], Field(description="总分取整的办法 · how the total is rounded")
    ] = "half_up"
    bonus_cap: Annotated[Amount | None, Field(description="加分合计最多(分) · most bonus points in all")] = None
    deduction_cap: Annotated[Amount | None, Field(description="扣分合计最多(分) · most deducted points in all")] = None
    gaps: Annotated[
        Literal["refuse", "lower", "upper"],
        Field(description="分数段之间的空缺:refuse 不许有,lower 归下一档,upper 归上一档 · scores between two bands"),
    ] = "refuse"
    climb: Annotated[
        Literal["any", "each"],
        Field(description="each 须逐级达标:低一等次没有达到的,高的也不算 · each level needs all those below"),
    ] = "any"


Confirmer = Annotated[
    Literal["superior", "department", "committee"],
    Field(description="由谁确认;组织部总是可以 · who confirms it; the department always may"),
]


class Bonus(Cited):
    code: Word
    title: Word
    events: Words
    points: Annotated[Points, Field(min_length=1)]
    aggregate: Literal["max", "sum"]
    cap: Amount | None = None
    window: Window = "calendar_year"
    window_years: Annotated[
        Positive, Field(description="计入几个年度,含所评年度 · calendar years that count, the rated one included")
    ] = 1
    multiplier: Annotated[Amount, Field(description='折算系数,如 "0.5" · factor for imported points')] = Decimal(1)
    evidence: Annotated[str, Field(description="须附的证明材料 · the proof that is wanted")] = ""
    confirmed_by: Confirmer = "superior"


class Deduction(Cited):
    code: Word
    title: Word
    events: Words
    points: Annotated[Points, Field(min_length=1)]
    aggregate: Literal["max", "sum"] = "sum"
    cap: Amount | None = None
    window: Window = "calendar_year"
    window_years: Annotated[
        Positive, Field(description="计入几个年度,含所评年度 · calendar years that count, the rated one included")
    ] = 1
    multiplier: Annotated[Amount, Field(description='折算系数,如 "0.5" · factor for imported points')] = Decimal(1)
    evidence: Annotated[str, Field(description="须附的证明材料 · the proof that is wanted")] = ""
    confirmed_by: Confirmer = "department"


class Deduct(WhenWritten):
    same_case: Literal["sum", "max"] = "sum"


class Award(WhenWritten):
    same_case: Annotated[
        Literal["sum", "max"], Field(description="同一件事多处加分:都加或只加最高的 · several bonuses for one case")
    ] = "sum"


class Threshold(Closed):
    op: Operator
    value: Amount


class Tariff(Closed):
    op: Operator
    value: Amount
    points: Amount


class Satisfaction(Cited):
    """Percentages of satisfied ballots among valid ones, and what too few of them cost."""

    count: Words
    of: Words
    weights: Annotated[
        Mapping[Word, Ratio],
        Field(description='只算几分之几的票,如 { fairly = "4/5" };没写的整票算 · answers that count in part'),
    ] = Field(default_factory=dict)
    deduct: tuple[Tariff, ...] = ()
    no_star: Threshold | None = None
    min_cell: Count = 5


# --- caps -------------------------------------------------------------------------------------------------------------


class OverOneYear(Cited):
    cap: Count
    exempt: bool = False


class Election(Cited):
    terms: Annotated[Mapping[Word, Positive], Field(min_length=1)]
    remind_months: Count = 6
    cap: Count
    exempt_if: tuple[Literal["requested", "approved"], ...] = ()
    over_one_year: OverOneYear | None = None


def each_once(order: tuple[str, ...]) -> tuple[str, ...]:
    if sorted(order) != ["caps", "downgrade"]:
        raise ValueError("downgrade和caps应各写一次,先写的先算")
    return order


class Absence(Cited):
    event: Word
    threshold: Count
    op: Operator
    cap: Count
    downgrade: Count = 0
    downgrade_round: RoundName = "recheck"
    order: Annotated[tuple[Literal["downgrade", "caps"], ...], AfterValidator(each_once)] = ("downgrade", "caps")


class Quota(Cited):
    code: Word
    title: str = ""
    stars: Stars
    op: Literal["max", "min", "target"]
    ratio: Annotated[Ratio | None, Field(description='比例,如 "1/10";与 number 二选一 · share; or else number')] = None
    number: Annotated[Count | None, Field(description="固定个数 · a fixed number instead of a share")] = None
    years: Annotated[
        Mapping[Word, Ratio], Field(description='个别年度的比例,如 { "2027" = "1/5" } · shares of single years')
    ] = Field(default_factory=dict)
    tolerance: Annotated[
        Ratio, Field(description="target 允许的上下偏差(占基数) · how far a target may be missed, of the base")
    ] = Fraction(0)
    scope: Literal["all", "unit", "field"] = "all"
    fields: Annotated[tuple[Word, ...], Field(description="只算这些领域,空为全部 · only these fields; empty: all")] = ()
    of: Annotated[
        tuple[int, ...],
        Field(description="基数只算这些等次的(如达标的),空为全部参评的 · base: those with these levels"),
    ] = ()
    round: Literal["floor", "half_up", "ceil"]
    min_count: Count = 0
    hard: bool = False
    resolution: Literal["warn", "rank_cut"] = "warn"
    tie_break: Annotated[
        tuple[Word, ...],
        Field(
            description="同分时依次比较的数,如 satisfaction;前面加 - 为小者在前;最后可写 draw(抽签,只用于 max)或 meeting(会议定)"
            " · figures compared when totals are equal; a draw only with max"
        ),
    ] = ("meeting",)

    @model_validator(mode="after")
    def a_share_or_a_number(self) -> Self:
        if (self.ratio is None) == (self.number is None):
            raise ValueError("ratio(比例)与number(个数)应写其中一个")
        return self

    def share(self, year: int | None) -> Fraction | None:
        """The share of a year; None where the quota is a fixed number."""
        return self.years.get(str(year), self.ratio)


# --- the whole --------------------------------------------------------------------------------------------------------


class Scheme(Closed):
    """One year's rules. Read it with `load`; what `load` returns has no fault that can be seen without a procedure."""

    scheme: About
    fields: Mapping[Word, Word] = Field(default_factory=dict)
    level: Annotated[tuple[Level, ...], AfterValidator(not_empty)]
    procedure: Procedure
    stage: Annotated[tuple[AnyStage, ...], AfterValidator(not_empty)]
    campaign: Campaign
    phase: Mapping[Word, Phase] = Field(default_factory=dict)
    deadline: Deadline = Deadline()
    roster: Roster
    bodies: Annotated[Bodies, Field(description="各角色在本方案里的名称 · what the roles are called here")] = Field(
        default_factory=dict
    )
    words: Annotated[
        Mapping[Word, Word], Field(description="事项、级别的名称 · what events and their levels are called")
    ] = Field(default_factory=dict)
    sheet: Annotated[tuple[Sheet, ...], Field(description="评分表 · score sheets")] = ()
    criterion: tuple[Criterion, ...] = ()
    component: Annotated[tuple[Component, ...], Field(description="总分的公式,逐步写 · the formula, step by step")] = ()
    score: Score
    bonus: tuple[Bonus, ...] = ()
    deduction: tuple[Deduction, ...] = ()
    deduct: Deduct = Deduct()
    award: Annotated[Award, Field(description="加分的总规则 · rules for all bonuses")] = Award()
    counter: Annotated[tuple[Counter, ...], Field(description="计数 · counters")] = ()
    effect: Annotated[tuple[Effect, ...], Field(description="分数以外的后果 · effects other than points")] = ()
    linked: Annotated[
        tuple[Linked, ...], Field(description="随本组织等次而定的等次 · grades that follow the level")
    ] = ()
    eligibility: Annotated[tuple[Eligibility, ...], Field(description="参评资格 · who may be given a level")] = ()
    satisfaction: Satisfaction | None = None
    election: Election | None = None
    absence: Absence | None = None
    quota: tuple[Quota, ...] = ()
    survey: Survey = Survey()
    review: Review = Review()
    route: Route = Route()
    publicity: Publicity = Publicity()
    objection: Objection = Objection()
    changes: Changes = Changes()
    recheck: Recheck = Recheck()
    round: Annotated[
        tuple[Round, ...],
        Field(description="rating、recheck以外的轮次叫什么 · what rounds other than rating and recheck are called"),
    ] = ()
    track: tuple[Track, ...] = ()
    plan: Plan = Plan()
    ledger: Ledger = Ledger()
    rectification: Rectification = Rectification()
    plaque: Plaque = Plaque()
    site: Site = Site()
    key_management: KeyManagement = KeyManagement()
    implementation_plan: ImplementationPlan = ImplementationPlan()
    criticism: Criticism = Criticism()
    rung: tuple[Rung, ...] = ()
    reminder: Reminder = Reminder()
    retention: Retention = Retention()
    attachment: Annotated[tuple[Attachment, ...], Field(description="须交的材料 · required documents")] = ()
    filing: Annotated[tuple[Filing, ...], Field(description="备案和公布 · filings and announcements")] = ()
    assumed: Annotated[
        Mapping[Word, Any],
        Field(
            description="原文没有写明(unknown = true)的,演练时暂用的值;正式开展前须逐项决定 · values used in rehearsals only"
        ),
    ] = Field(default_factory=dict)
    example: Annotated[tuple[Example, ...], Field(description="样例,读方案时核对 · samples, checked on reading")] = ()

    _hash: str = PrivateAttr(default="")
    _undecided: tuple[Undecided, ...] = PrivateAttr(default=())
    _places: Places = PrivateAttr(default_factory=Places)

    def __eq__(self, other: object) -> bool:
        """Two readings of the same bytes are the same scheme; comparing every field would be slow and say no more."""
        return self.hash == other.hash if isinstance(other, Scheme) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    @property
    def hash(self) -> str:
        """SHA-256 of the bytes of the file."""
        kept: Mapping[str, str] = self.__pydantic_private__ or {}  # where a private attribute lies; asked all the time
        return kept.get("_hash", "")

    @property
    def undecided(self) -> tuple[Undecided, ...]:
        """What the source leaves open and nobody has decided yet, in the order of the file."""
        return self._undecided

    @property
    def name(self) -> str:
        return self.scheme.name

    @property
    def title(self) -> str:
        return self.scheme.title

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.scheme.zone)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """From the lowest to the highest."""
        return tuple(sorted(self.level, key=lambda level: level.star))

    @cached_property
    def stars(self) -> tuple[int, ...]:
        return tuple(level.star for level in self.levels)

    def level_of(self, star: int) -> Level:
        """The level of a star; KeyError when the scheme has none."""
        return {level.star: level for level in self.level}[star]

    def band(self, total: Decimal) -> int:
        """The star of the highest level whose lower bound the total reaches; a gap belongs where the scheme says."""
        number = next((n for n in reversed(range(len(self.levels))) if self.levels[n].reached_by(total)), 0)
        above = self.score.gaps == "upper" and self.levels[number].passed_by(total)
        return self.levels[min(number + above, len(self.levels) - 1)].star

    def quotas_of(self, year: int) -> tuple[Quota, ...]:
        """The quotas with the shares of this year."""
        return tuple(
            quota.model_copy(update={"ratio": quota.years[str(year)]}) if str(year) in quota.years else quota
            for quota in self.quota
        )

    def track_of(self, star: int | None) -> Track | None:
        """The follow-up to which a star belongs."""
        return next((track for track in self.track if star in track.stars), None)

    def star_word(self, star: int | None) -> str:
        """A level as people call it, in both sets of labels: 五星级, or 五星级(好); 未评 where there is none."""
        return "未评" if star is None else self.star_words.get(star, f"{star}星")

    @cached_property
    def star_words(self) -> Mapping[int, str]:
        return {one.star: f"{one.label}({one.alias})" if one.alias else one.label for one in self.levels}

    @property
    def in_stars(self) -> bool:
        """Whether its levels are called stars: then a number says which, otherwise only the label does."""
        return all("星" in level.label for level in self.level)

    @cached_property
    def rounds(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(dict.fromkeys(stage.round for stage in self.stage if stage.round))

    @property
    def first_round(self) -> str:
        return self.rounds[0] if self.rounds else ""

    def round_word(self, name: str) -> str:
        """What people call a round."""
        said = {one.name: one.title for one in self.round}
        return said.get(name) or USUAL_ROUNDS.get(name, name)

    @property
    def lowest(self) -> int:
        return self.levels[0].star

    def stage_of(self, name: str) -> Stage:
        """The stage of a full name; KeyError when there is none."""
        return self._stages[name]

    @cached_property
    def _stages(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in self.stage}

    def full_name(self, stage: Stage, name: str) -> str:
        """A short name means the same round."""
        near = f"{stage.round}.{name}" if stage.round else name
        return near if any(other.name == near for other in self.stage) else name

    def place(self, *path: str | int) -> str:
        """Where something stands in the file: `第12行 stage[3] rating.review.due`."""
        return self._places.of(path)


Scheme.model_rebuild()  # now, and not when the first of several threads reads a scheme
