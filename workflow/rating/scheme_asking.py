"""The tables that say how people are asked, how a review is checked, what is made public, and who may object."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from workflow.rating.scheme_basics import WhenWritten
from workflow.rating.scheme_values import After, Count, Ratio, Role, Word, shown


def only_secret(value: object) -> object:
    """A ballot that can be traced to its author is another product."""
    if value is False:
        raise ValueError("测评一律不记名,本产品不办记名测评")
    return value


USUAL_ANSWERS: Mapping[str, str] = {
    "satisfied": "满意",
    "basically_satisfied": "基本满意",
    "dissatisfied": "不满意",
    "unknown": "不了解",
}
"""What the usual answers are called; a scheme with others brings their labels."""
HEADS = ("members_present", "own_unit", "related_unit")
"""What else is counted on paper: no answer may be called so."""
Answer = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class Survey(WhenWritten):
    quorum: Ratio = Fraction(0)
    base: Literal["all", "formal", "available"] = "all"
    count: Literal["ballots", "attended"] = "ballots"
    hard: bool = True
    masses_min: Count = 0
    masses_warn_below: Count = 0
    scale: tuple[Answer, ...] = tuple(USUAL_ANSWERS)
    anonymous: Annotated[Literal[True], BeforeValidator(only_secret)] = True
    min_cell: Count = 5
    channels: Annotated[
        tuple[Literal["meeting", "paper", "link", "phone", "visit", "mail"], ...],
        Field(description="测评方式:会议、纸质、链接、电话、走访、信函 · how people are asked"),
    ] = ()
    labels: Annotated[
        Mapping[Word, Word],
        Field(
            description="测评表上的叫法;常用四档以外的都要写 · what the answers are called; needed for any but the usual four"
        ),
    ] = Field(default_factory=dict)
    masses_quorum: Annotated[
        Ratio, Field(description='参加群众占应参加群众的比例,如 "1/10" · share of the masses that must take part')
    ] = Fraction(0)

    @model_validator(mode="after")
    def a_base_to_count_by(self) -> Self:
        if self.count == "attended" and not self.quorum:
            raise ValueError('count = "attended"须与quorum(参与率)同用')
        return self

    @model_validator(mode="after")
    def answers_that_can_be_counted(self) -> Self:
        if len(set(self.scale)) < max(2, len(self.scale)):
            raise ValueError("scale至少两档,各写一次")
        if taken := [answer for answer in self.scale if answer in HEADS]:
            raise ValueError(f"scale中的{shown(taken[0])}是到会人数的名称,请换一个")
        if unknown := [answer for answer in self.labels if answer not in self.scale]:
            raise ValueError(f"labels写了{shown(unknown[0])},scale没有这一档")
        if bare := [answer for answer in self.scale if answer not in {**USUAL_ANSWERS, **self.labels}]:
            raise ValueError(f"{shown(bare[0])}不是常用的四档之一,须在labels写明它在票上的叫法")
        return self

    @property
    def words(self) -> Mapping[str, str]:
        """What each answer is called on the ballot, in the order of the scale."""
        return {answer: self.labels.get(answer) or USUAL_ANSWERS[answer] for answer in self.scale}

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
