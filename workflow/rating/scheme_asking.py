"""The tables that say how people are asked, how a review is checked, what is made public, and who may object."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from workflow.rating.scheme_basics import WhenWritten
from workflow.rating.scheme_values import After, Count, Ratio, Role, Word


def only_secret(value: object) -> object:
    """A ballot that can be traced to its author is another product."""
    if value is False:
        raise ValueError("测评一律不记名,本产品不办记名测评")
    return value


class Survey(WhenWritten):
    quorum: Ratio = Fraction(0)
    base: Literal["all", "formal", "available"] = "all"
    count: Literal["ballots", "attended"] = "ballots"
    hard: bool = True
    masses_min: Count = 0
    masses_warn_below: Count = 0
    scale: tuple[Word, ...] = ("satisfied", "basically_satisfied", "dissatisfied", "unknown")
    anonymous: Annotated[Literal[True], BeforeValidator(only_secret)] = True
    min_cell: Count = 5
    channels: Annotated[
        tuple[Literal["meeting", "paper", "link", "phone", "visit", "mail"], ...],
        Field(description="测评方式:会议、纸质、链接、电话、走访、信函 · how people are asked"),
    ] = ()
    labels: Annotated[
        Mapping[Literal["satisfied", "basically_satisfied", "dissatisfied", "unknown"], Word],
        Field(description="测评表上的叫法 · what the answers are called"),
    ] = Field(default_factory=dict)
    masses_quorum: Annotated[
        Ratio, Field(description='参加群众占应参加群众的比例,如 "1/10" · share of the masses that must take part')
    ] = Fraction(0)

    @model_validator(mode="after")
    def a_base_to_count_by(self) -> Self:
        if self.count == "attended" and not self.quorum:
            raise ValueError('count = "attended"须与quorum(参与率)同用')
        return self

    @property
    def asks(self) -> tuple[str, ...]:
        """What a filing must say besides, because nothing else tells it."""
        wanted = (
            (bool(self.masses_quorum), "masses_due"),
            (self.base != "all", "members_due"),
            (self.count == "attended", "attended"),
        )
        return tuple(name for asked, name in wanted if asked)


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
