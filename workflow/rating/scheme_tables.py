"""The tables of a scheme file, in the order of the file; attribute names are the names in the TOML.

A table that a scheme leaves out means that the rule does not exist there: lists are empty, lengths are None. A table
that is written must say where it comes from.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from workflow.rating.scheme_places import Places
from workflow.rating.scheme_stages import AnyStage, Stage
from workflow.rating.scheme_values import (
    After,
    Amount,
    Cite,
    Cited,
    Closed,
    Count,
    Day,
    Due,
    Number,
    Operator,
    Points,
    Ratio,
    Role,
    Word,
    not_empty,
    shown,
)

Round = Literal["rating", "recheck"]
Positive = Annotated[int, Field(ge=1)]
Words = Annotated[tuple[Word, ...], AfterValidator(not_empty)]
Stars = Annotated[tuple[int, ...], AfterValidator(not_empty)]


class WhenWritten(Closed):
    """A table that may be left out; written, it must be cited."""

    cite: Cite = Cite()

    @model_validator(mode="after")
    def cited_when_written(self) -> Self:
        if self.model_fields_set and "cite" not in self.model_fields_set:
            raise ValueError("缺少cite(出处)")
        return self


# --- what the scheme is -----------------------------------------------------------------------------------------------


def known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"没有时区{shown(name)}") from None
    return name


class About(Closed):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    title: Word
    title_en: str = ""
    zone: Annotated[str, AfterValidator(known_zone)] = "Asia/Shanghai"
    calendar: Word = "cn"
    text: str = ""
    year_offset: int = 0


class Level(Cited):
    """A band: from `min` up to the next level's; `below` may repeat the upper bound for the reader."""

    star: Count
    label: Word
    label_en: str = ""
    min: Number
    min_inclusive: bool = True
    below: Number | None = None

    def reached_by(self, total: Decimal) -> bool:
        return total >= self.min if self.min_inclusive else total > self.min


# --- procedure, dates, who takes part ---------------------------------------------------------------------------------


class Procedure(WhenWritten):
    routes: Annotated[Mapping[Word, Word], Field(min_length=1)]


class Campaign(Cited):
    opens_on: Day


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


class Score(Cited):
    max: Number
    min: Number
    decimals: Annotated[int, Field(ge=0, le=6)]
    flag_difference: Amount
    weights: Mapping[Literal["self", "survey", "superior"], Amount]
    clamp_top: bool = False


class Bonus(Cited):
    code: Word
    title: Word
    events: Words
    points: Annotated[Points, Field(min_length=1)]
    aggregate: Literal["max", "sum"]
    cap: Amount | None = None
    window: Literal["calendar_year"] = "calendar_year"


class Deduction(Cited):
    code: Word
    title: Word
    events: Words
    points: Annotated[Points, Field(min_length=1)]
    aggregate: Literal["max", "sum"] = "sum"
    cap: Amount | None = None
    window: Literal["calendar_year"] = "calendar_year"


class Deduct(WhenWritten):
    same_case: Literal["sum", "max"] = "sum"


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
    downgrade_round: Round = "recheck"
    order: Annotated[tuple[Literal["downgrade", "caps"], ...], AfterValidator(each_once)] = ("downgrade", "caps")


class Quota(Cited):
    code: Word
    title: str = ""
    stars: Stars
    op: Literal["max", "min"]
    ratio: Ratio
    scope: Literal["all", "unit", "field"] = "all"
    round: Literal["floor", "half_up", "ceil"]
    min_count: Count = 0
    hard: bool = False
    resolution: Literal["warn", "rank_cut"] = "warn"


# --- survey, review, publicity, objection -----------------------------------------------------------------------------


class Survey(WhenWritten):
    quorum: Ratio = Fraction(0)
    base: Literal["all", "formal", "available"] = "all"
    count: Literal["ballots", "attended"] = "ballots"
    hard: bool = True
    masses_min: Count = 0
    masses_warn_below: Count = 0
    scale: tuple[Word, ...] = ("satisfied", "basically_satisfied", "dissatisfied", "unknown")
    anonymous: bool = True
    min_cell: Count = 5


class Review(WhenWritten):
    verification: tuple[Literal["full", "sampled", "not_sampled"], ...] = ()


class Route(WhenWritten):
    a_confirm_by_top: Literal[False] = False  # a stage of its own would say it; this key only records the decision


class Publicity(WhenWritten):
    post_within: After = "+2 workdays"
    holiday_extend: Literal["festival", "none", "rest_day"] = "festival"
    scope_text: str = ""


class Objection(WhenWritten):
    anonymous_ok: bool = True
    restart_publicity: Literal["star_changed"] = "star_changed"
    handler: Role = "department"


# --- after the rating -------------------------------------------------------------------------------------------------


class Changes(WhenWritten):
    approval_in: tuple[Round, ...] = ()


class Recheck(WhenWritten):
    opens_on: Day | None = None


class Track(Cited):
    code: Word
    title: Word
    stars: Stars


class Plan(WhenWritten):
    due: After | None = None


class Ledger(WhenWritten):
    closed_by: Role = "superior"


class Rectification(WhenWritten):
    due: After | None = None


class Plaque(WhenWritten):
    stars: tuple[int, ...] = ()


class Site(WhenWritten):
    stars: tuple[int, ...] = ()


class KeyManagement(WhenWritten):
    stars: tuple[int, ...] = ()
    released_from: Count | None = None


class ImplementationPlan(WhenWritten):
    due: After | None = None


class Criticism(WhenWritten):
    bearer: Literal["named", "top", "all"] = "named"


# --- reminders --------------------------------------------------------------------------------------------------------


class Rung(Cited):
    """A step of the ladder: reminders count from the target (from due where there is none), escalation from due + grace."""

    name: Word
    days: int
    counts_from: Literal["target", "due"]
    recipients: Annotated[tuple[Literal["owner", "superior", "department", "leader"], ...], AfterValidator(not_empty)]
    document: Word | None = None

    @property
    def kind(self) -> Literal["reminder", "escalation"]:
        return "escalation" if self.counts_from == "due" else "reminder"


class Reminder(WhenWritten):
    hour: Annotated[int, Field(ge=0, le=23)] = 9
    nudge_cooldown_hours: Count = 24
    max_age_days: Count = 14


class Retention(WhenWritten):
    details_years: Count = 10
    objections_years: Count = 3
    notice_addresses_years: Count = 1


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
    criterion: tuple[Criterion, ...] = ()
    score: Score
    bonus: tuple[Bonus, ...] = ()
    deduction: tuple[Deduction, ...] = ()
    deduct: Deduct = Deduct()
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

    _hash: str = PrivateAttr(default="")
    _places: Places = PrivateAttr(default_factory=Places)

    def __eq__(self, other: object) -> bool:
        """Two readings of the same bytes are the same scheme; comparing every field would be slow and say no more."""
        return self._hash == other._hash if isinstance(other, Scheme) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._hash)

    @property
    def hash(self) -> str:
        """SHA-256 of the bytes of the file."""
        return self._hash

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
        """The star of the highest level whose lower bound the total reaches."""
        return next((lv.star for lv in reversed(self.levels) if lv.reached_by(total)), self.levels[0].star)

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
