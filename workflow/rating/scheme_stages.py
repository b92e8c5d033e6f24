"""A `[[stage]]` of a scheme file: one model per kind, each with the exits and keys that this kind knows.

What one can *do* in a kind is code (`stages.py`); which stages there are, in which order, who owns them, by when and
under which condition is this data. Every stage answers every question: an exit that a kind does not have is empty.
"""

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from workflow.engine.table import When
from workflow.rating.scheme_values import (
    Cited,
    Closed,
    Count,
    Due,
    Fixed,
    Length,
    Role,
    Target,
    listed,
    not_empty,
    shown,
)

NEXT = "next"
LONGEST_ROUND = 16
FACTS = ("route", "field", "star", "proposed", "changed", "nested")


# --- conditions -------------------------------------------------------------------------------------------------------


def in_domain(values: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
    """A route, field or star that the same file does not declare is a slip of the pen."""
    domain: tuple[Any, ...] | None = (info.context or {}).get(info.field_name)
    for value in values:
        if domain is not None and value not in domain:
            known = "、".join(str(d) for d in domain) or "(没有声明)"
            raise ValueError(f"{shown(value)}不在{info.field_name}的范围内,只有{known}")
    return values


Words = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(not_empty), AfterValidator(in_domain)]
Stars = Annotated[tuple[int, ...], BeforeValidator(listed), AfterValidator(not_empty), AfterValidator(in_domain)]
Truths = Annotated[tuple[bool, ...], BeforeValidator(listed), AfterValidator(not_empty)]


class Condition(Closed):
    """Listed facts with listed values; the keys of one table mean AND."""

    route: Words = ()
    field: Words = ()
    star: Stars = ()
    proposed: Stars = ()
    changed: Truths = ()
    nested: Truths = ()

    @model_validator(mode="after")
    def says_something(self) -> "Condition":
        if not self.model_fields_set:
            raise ValueError("条件是空的")
        return self


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(listed), AfterValidator(not_empty)]


def when_of(conditions: tuple[Condition, ...]) -> When:
    """Several tables mean OR; none means always."""
    return When(tuple(tuple((k, getattr(c, k)) for k in FACTS if getattr(c, k)) for c in conditions))


class But(Closed):
    """A variation by case: in these cases another owner or other dates."""

    when: Conditions
    owner: Role | None = None
    target: Target | None = None
    due: Due | None = None
    period: Length | None = None
    opens: Annotated[Due | None, Field(description="换的起始日(如分批) · first day instead, for batches")] = None

    @cached_property
    def condition(self) -> When:
        return when_of(self.when)

    @model_validator(mode="after")
    def varies_something(self) -> "But":
        if self.model_fields_set == {"when"}:
            raise ValueError("只有条件,没有写明办理者或期限有何不同")
        return self


# --- the stage --------------------------------------------------------------------------------------------------------


def named(value: object) -> object:
    """An exit names one stage, or several of which the payload chooses one."""
    names = listed(value)
    if not names or not all(isinstance(n, str) and n for n in names):
        raise ValueError(f"{shown(value)}不是环节名,应写一个环节名或环节名的列表")
    return value


def absent(value: object) -> object:
    raise ValueError("这一类环节没有这个键")


Exit = Annotated[str | tuple[str, ...], BeforeValidator(named)]
NoExit = Annotated[str | tuple[str, ...], BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoWord = Annotated[str | None, BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoRole = Annotated[str, BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoNumber = Annotated[int | None, BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoTruth = Annotated[bool, BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoCount = Annotated[int, BeforeValidator(absent), WithJsonSchema({"not": {}})]


class Stage(Cited):
    """What every stage has; the keys below `cite` are answered "absent" unless the kind declares them."""

    exits: ClassVar[tuple[str, ...]] = ()
    ends: ClassVar[bool] = False

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", max_length=60)]
    kind: str
    title: str
    when: Conditions = ()
    owner: str = "clock"
    but: tuple[But, ...] = ()
    target: Target | None = None
    due: Due | None = None
    opens: Annotated[
        Due | None,
        Field(
            description='最早从哪天起可以办,如 "03-10"、"+5 days";不写为一到就可以办 · first day on which it may be done'
        ),
    ] = None
    hour: Annotated[
        int, Field(ge=1, le=24, description="截止日的几时止,24为当天结束 · hour at which the due day ends")
    ] = 24

    send_back: NoExit = ()
    withdraw: NoExit = ()
    keep_star: NoExit = ()
    uphold_objection: NoExit = ()
    reject: NoExit = ()
    overturn_star: NoExit = ()
    falls_to: NoNumber = None
    min_workdays: NoCount = 0
    period: NoWord = None
    verify: NoWord = None
    until: NoWord = None
    again: NoTruth = False

    @model_validator(mode="after")
    def named_as_it_rests(self) -> "Stage":
        """Where a cycle rests or ends is known by the name alone: `rated`, `rated_2`, `closed`, `exempt`."""
        if self.name.startswith("rated") != (self.kind == "rated") or (self.kind == "rated" and self.round):
            raise ValueError("已定星(rated)的环节名称须为rated,有几个的写rated_2、rated_q1等;别的环节不能用")
        if len(self.round) > LONGEST_ROUND:
            raise ValueError(f"轮次的名称不超过{LONGEST_ROUND}个字符")
        if self.ends and self.name != self.kind:
            raise ValueError(f"名称须为{self.kind}")
        return self

    @cached_property
    def condition(self) -> When:
        return when_of(self.when)

    @property
    def round(self) -> str:
        """`rating` of `rating.review`; empty where a stage stands between the rounds."""
        return self.name.rpartition(".")[0]

    @property
    def cite_rule(self) -> str | None:
        return self.cite.rule or None

    def owner_of(self, facts: Any) -> str:
        return self._varied("owner", facts) or self.owner

    def target_of(self, facts: Any) -> str | None:
        return self._varied("target", facts) or self.target

    def opens_of(self, facts: Any) -> str | None:
        return self._varied("opens", facts) or self.opens

    def due_of(self, facts: Any) -> str | None:
        return self._varied("due", facts) or self.due

    def period_of(self, facts: Any) -> str | None:
        return self._varied("period", facts) or self.period

    def _varied(self, key: str, facts: Any) -> str | None:
        """The first variation that speaks of this key and holds."""
        return next((said for b in self.but if (said := getattr(b, key)) and b.condition.holds(facts)), None)


class DeclarationStage(Stage):
    kind: Literal["declaration"] = "declaration"
    title: str = "申报"
    owner: Role


class SelfEvaluationStage(Stage):
    kind: Literal["self_evaluation"] = "self_evaluation"
    title: str = "自评"
    owner: Role


class SurveyStage(Stage):
    kind: Literal["survey"] = "survey"
    title: str = "党员群众测评"
    owner: Role


class ReviewStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("send_back", "withdraw", "keep_star")
    kind: Literal["review"] = "review"
    title: str = "考评"
    owner: Role
    min_workdays: Count = 0
    send_back: Exit = ()
    withdraw: Exit = ()
    keep_star: Exit = ()


class AuditStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("send_back",)
    kind: Literal["audit"] = "audit"
    title: str = "审核"
    owner: Role
    send_back: Exit = ()


class PublicityStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("uphold_objection",)
    kind: Literal["publicity"] = "publicity"
    title: str = "公示"
    owner: Role
    period: Length
    verify: Length
    uphold_objection: Exit = ()
    again: Annotated[
        bool, Field(description="同一轮已公示过的也要再公示一次(如命名前公示) · a second publicity of the same level")
    ] = False


class ApprovalStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("reject",)
    kind: Literal["approval"] = "approval"
    title: str = "批准"
    owner: Role
    reject: Exit = ()


class CityReviewStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("overturn_star",)
    kind: Literal["city_review"] = "city_review"
    title: str = "复审"
    owner: Role
    overturn_star: Exit = ()
    falls_to: int | None = None

    @model_validator(mode="after")
    def falls_only_onward(self) -> "CityReviewStage":
        if self.falls_to is not None and self.overturn_star != NEXT:
            raise ValueError('falls_to只能与overturn_star = "next"同用:退回重评的不落星')
        if self.falls_to is None and self.overturn_star == NEXT:
            raise ValueError('overturn_star = "next"须写明falls_to(复审未通过落到几星)')
        return self


class TaskStage(Stage):
    exits: ClassVar[tuple[str, ...]] = ("send_back",)
    kind: Literal["task"] = "task"
    title: str = "办理"
    owner: Role
    send_back: Exit = ()


NoHour = Annotated[int, BeforeValidator(absent), WithJsonSchema({"not": {}})]
NoBut = Annotated[tuple[But, ...], BeforeValidator(absent), WithJsonSchema({"not": {}})]


class OwedByNobody(Stage):
    """Where a cycle rests or ends: there is no owner, and no date by which anybody must act."""

    owner: NoRole = "clock"
    but: NoBut = ()
    target: NoWord = None
    due: NoWord = None
    opens: NoWord = None
    hour: NoHour = 24


class RatedStage(OwedByNobody):
    """A resting stage: nobody owes anything until the day that opens the next round."""

    kind: Literal["rated"] = "rated"
    title: str = "已定星"
    until: Fixed


class ClosedStage(OwedByNobody):
    ends: ClassVar[bool] = True
    kind: Literal["closed"] = "closed"
    title: str = "已办结"


class ExemptStage(OwedByNobody):
    ends: ClassVar[bool] = True
    kind: Literal["exempt"] = "exempt"
    title: str = "免评"


def kind_of(said: Any) -> str:
    """The kind as written, or else the last word of the name."""
    if isinstance(said, Stage):
        return said.kind
    table = said if isinstance(said, dict) else {}
    return str(table.get("kind") or str(table.get("name", "")).rpartition(".")[2])


AnyStage = Annotated[
    Annotated[DeclarationStage, Tag("declaration")]
    | Annotated[SelfEvaluationStage, Tag("self_evaluation")]
    | Annotated[SurveyStage, Tag("survey")]
    | Annotated[ReviewStage, Tag("review")]
    | Annotated[AuditStage, Tag("audit")]
    | Annotated[PublicityStage, Tag("publicity")]
    | Annotated[ApprovalStage, Tag("approval")]
    | Annotated[CityReviewStage, Tag("city_review")]
    | Annotated[TaskStage, Tag("task")]
    | Annotated[RatedStage, Tag("rated")]
    | Annotated[ClosedStage, Tag("closed")]
    | Annotated[ExemptStage, Tag("exempt")],
    Discriminator(kind_of),
]
