"""The tables that say what follows a rating, who is reminded of what, and how long personal details are kept."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflow.rating.scheme_basics import Positive, Stars, WhenWritten
from workflow.rating.scheme_rounds import RoundName
from workflow.rating.scheme_values import After, Amount, Cited, Count, Day, Ratio, Role, Word, listed, not_empty


class Changes(WhenWritten):
    approval_in: tuple[RoundName, ...] = ()
    max_up: Annotated[Positive | None, Field(description="一次最多升几个等次 · most levels up at once")] = None
    max_down: Annotated[Positive | None, Field(description="一次最多降几个等次 · most levels down at once")] = None
    first_max: Annotated[Count | None, Field(description="首次评定最高的等次 · highest level at the first rating")] = (
        None
    )


class Recheck(WhenWritten):
    opens_on: Day | None = None


class Track(Cited):
    """What a star calls for afterwards: a plan, a rectification that opens by itself, and what its acceptance takes."""

    code: Word
    title: Word
    stars: Stars
    plan: Annotated[
        After | None,
        Field(description="这一类的年度方案多久内上报,不写则按 plan.due · this track's plan, else as plan.due says"),
    ] = None
    rectify: Annotated[
        After | None,
        Field(description="定星后自动立项限期整改,多久内完成 · a rectification opens by itself, due after so long"),
    ] = None
    accept_from: Annotated[
        Amount | None, Field(description="整改验收须达到的分数 · score that its acceptance needs")
    ] = None
    dissatisfied_below: Annotated[
        Ratio | None,
        Field(description="整改验收时不满意的须低于几分之几 · share of dissatisfied below which it may be accepted"),
    ] = None

    @model_validator(mode="after")
    def accepts_what_it_opens(self) -> Self:
        if self.rectify is None and (self.accept_from is not None or self.dissatisfied_below is not None):
            raise ValueError("accept_from、dissatisfied_below须与rectify(限期整改)同用")
        return self


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
    colour: Annotated[
        Literal["blue", "yellow", "orange", "red", "black"] | None,
        Field(description="文书的颜色,写在消息前面 · its colour, said at the head of the message"),
    ] = None
    stages: Annotated[
        tuple[Word, ...],
        BeforeValidator(listed),
        Field(
            description="只用于这些环节(全名)或事项(如 rectification),空为全部 · only for these stages or matters; empty: all"
        ),
    ] = ()

    @property
    def kind(self) -> Literal["reminder", "escalation"]:
        return "escalation" if self.counts_from == "due" and self.days >= 0 else "reminder"


Bodies = Mapping[Role, Word]


class Reminder(WhenWritten):
    hour: Annotated[int, Field(ge=0, le=23)] = 9
    nudge_cooldown_hours: Count = 24
    max_age_days: Count = 14


class Retention(WhenWritten):
    details_years: Count = 10
    objections_years: Count = 3
    notice_addresses_years: Count = 1
