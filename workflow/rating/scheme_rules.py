"""The tables of a scheme that say how a level is reached: sheets, formula, conditions, effects, counters, history, samples.

Nothing here is evaluated as a program. A formula is a list of named components, each one fixed operator over named figures
(`figures.py` lists them); a condition is a list of comparisons of a figure with a number. All arithmetic is exact.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflow.rating.scheme_stages import Conditions
from workflow.rating.scheme_values import (
    Amount,
    Cited,
    Closed,
    Count,
    Name,
    Number,
    Role,
    Word,
    listed,
    not_empty,
    shown,
)

Positive = Annotated[int, Field(ge=1)]
Figures = Annotated[tuple[Word, ...], BeforeValidator(listed), AfterValidator(not_empty)]
Rounds = Annotated[tuple[Word, ...], BeforeValidator(listed)]
Comparator = Literal["<", "<=", ">", ">=", "="]


class Comparison(Closed):
    """A figure compared with a number."""

    value: Annotated[Word, Field(description="数的名称,如 total、satisfaction、sheet.党建 · the name of a figure")]
    op: Annotated[Comparator, Field(description="比较:以上、以下一律写成符号 · explicit operator")]
    than: Annotated[Number, Field(description='与之比较的数,带引号,如 "80" · the number, quoted')]


class Need(Closed):
    """One thing that must be so: a comparison, or `any` of several."""

    value: Annotated[Word | None, Field(description="数的名称,如 lowest_sheet · the name of a figure")] = None
    op: Annotated[Comparator | None, Field(description="比较符号 · explicit operator")] = None
    than: Annotated[Number | None, Field(description='与之比较的数,带引号,如 "80" · the number, quoted')] = None
    any: Annotated[tuple[Comparison, ...], Field(description="其中之一成立即可 · at least one of these holds")] = ()

    @model_validator(mode="after")
    def one_or_the_other(self) -> Self:
        said = [part for part in (self.value, self.op, self.than) if part is not None]
        if bool(said) == bool(self.any) or len(said) not in (0, 3):
            raise ValueError("应写value、op、than三项,或者只写any")
        return self

    @property
    def alternatives(self) -> tuple[Comparison, ...]:
        if self.any:
            return self.any
        assert self.value and self.op and self.than is not None
        return (Comparison(value=self.value, op=self.op, than=self.than),)


Needs = tuple[Need, ...]


# --- the sheets and the formula ---------------------------------------------------------------------------------------


class Sheet(Cited):
    """A score sheet. Its lines are the criteria that name it; without any, it is scored as a whole."""

    code: Annotated[Name, Field(description="评分表的代码,公式和条件里写作 sheet.代码 · its name in formulas")]
    title: Annotated[Word, Field(description="名称 · title")]
    title_en: Annotated[str, Field(description="英文名称 · title in English")] = ""
    max: Annotated[Amount, Field(description="满分(分) · the most points")]
    fields: Annotated[
        tuple[Word, ...], Field(description="只用于这些领域,空为全部 · only these fields; empty: all")
    ] = ()
    star: Annotated[
        Count | None, Field(description="这张表是哪一等次的达标表 · the level of which this is the sheet")
    ] = None
    pass_line: Annotated[
        Amount | None, Field(description="达标线(分),与 star 同用:不到的不得这一等次 · pass line of that level")
    ] = None
    scorer: Annotated[str, Field(description="由谁打分,供人看 · who scores it, for people")] = ""
    optional: Annotated[bool, Field(description="可以不打分,即未参加 · may be left unscored")] = False

    @model_validator(mode="after")
    def passes_for_a_level(self) -> Self:
        if self.pass_line is not None and (self.star is None or self.pass_line > self.max):
            raise ValueError("pass_line须与star同用,且不高于满分")
        return self


class Component(Cited):
    """A named number of the formula: one operator over figures, then times, then limits."""

    code: Annotated[Name, Field(description="这个数的名称,后面的公式用它 · its name for those below")]
    title: Annotated[Word, Field(description="名称 · title")]
    op: Annotated[
        Literal["sum", "difference", "product", "min", "max", "average"],
        Field(description="运算:和、第一个减去其余、积、最小、最大、平均 · the operator"),
    ] = "sum"
    of: Annotated[Figures, Field(description="由哪些数算出,只能用上面已有的 · the figures, known above")]
    times: Annotated[Number, Field(description='再乘以多少,如 "0.7" · factor')] = Decimal(1)
    min: Annotated[Number | None, Field(description="不低于(分) · lower limit")] = None
    max: Annotated[Number | None, Field(description="不高于(分) · upper limit")] = None


# --- what decides a level besides the score ---------------------------------------------------------------------------


class Counter(Cited):
    """How often something happened in a period."""

    code: Annotated[Name, Field(description="条件里写作 counter.代码 · its name in conditions")]
    title: Annotated[Word, Field(description="名称 · title")]
    events: Annotated[Figures, Field(description="数哪些事项 · which events are counted")]
    levels: Annotated[tuple[Word, ...], Field(description="只数这些级别,空为全部 · only these levels; empty: all")] = ()
    period: Annotated[
        Literal["times", "consecutive_years"],
        Field(description="times 为次数;consecutive_years 为到本年为止连续有此事项的年数 · what is counted"),
    ] = "times"
    years: Annotated[Positive, Field(description="往回数几个年度,含本年度 · years looked at, this one included")] = 1


class Effect(Cited):
    """What happens to the level when all needs hold."""

    code: Annotated[Name, Field(description="代码 · code")]
    title: Annotated[Word, Field(description="名称,说明时显示 · shown in the explanation")]
    needs: Annotated[Needs, Field(description="须同时成立的条件 · all must hold"), AfterValidator(not_empty)]
    then: Annotated[
        Literal["set", "floor", "cap", "minus", "bottom", "no_level", "not_rated"],
        Field(
            description="set 直接定为;floor 不低于;cap 不得高于;minus 降几等;bottom 直接定为最低;"
            "no_level 不定等次;not_rated 不评 · what happens"
        ),
    ]
    star: Annotated[Count | None, Field(description="set、floor、cap 的等次 · the level meant")] = None
    steps: Annotated[Positive | None, Field(description="minus 降几个等次 · how many levels down")] = None
    rounds: Annotated[Rounds, Field(description="只在这些轮次,空为全部 · only in these rounds; empty: all")] = ()

    @model_validator(mode="after")
    def says_how_far(self) -> Self:
        if (self.star is not None) != (self.then in ("set", "floor", "cap")):
            raise ValueError("set、floor、cap须写star,其他不写")
        if (self.steps is not None) != (self.then == "minus"):
            raise ValueError("minus须写steps(降几个等次),其他不写")
        return self


class Eligibility(Cited):
    """Who may be given a level at all; whoever holds it already may keep it where the scheme says so."""

    star: Annotated[Count, Field(description="从这一等次起 · from this level upwards")]
    title: Annotated[Word, Field(description="名称,说明时显示 · shown in the explanation")]
    needs: Annotated[Needs, Field(description="须同时成立的条件 · all must hold"), AfterValidator(not_empty)]
    holders_keep: Annotated[bool, Field(description="已有这一等次的不受此限 · whoever holds it is not asked")] = False


class Linked(Cited):
    """A grade that follows the organisation's level, such as its secretary's; a line of the explanation, never a rating."""

    code: Annotated[Name, Field(description="代码 · code")]
    title: Annotated[Word, Field(description="谁的什么等次,如“书记个人等次” · whose grade")]
    grades: Annotated[
        Mapping[Word, Word],
        Field(min_length=1, description='本组织的等次 → 这一等次,如 { "3" = "优秀" } · level → grade'),
    ]
    needs: Annotated[Needs, Field(description="取得这一等次还须成立的条件 · what must also hold for it")] = ()
    otherwise: Annotated[
        str, Field(description="条件不成立时的等次,不写为低一等 · grade when a need fails; else one lower")
    ] = ""


# --- routes, bodies, papers -------------------------------------------------------------------------------------------


class Assign(Closed):
    """Which organisations take a route; keys mean AND, the first that fits counts."""

    route: Annotated[Word, Field(description="procedure.routes 里的路线 · a route")]
    direct: Annotated[
        bool | None, Field(description="true 直接隶属主管机关的;false 其余的 · directly under the root")
    ] = None
    kind: Annotated[
        tuple[Word, ...], BeforeValidator(listed), Field(description="党组织类别 · kinds of organisation")
    ] = ()
    field: Annotated[tuple[Word, ...], BeforeValidator(listed), Field(description="领域 · fields")] = ()


class Attachment(Cited):
    """A document without which a stage is not finished."""

    stage: Annotated[Word, Field(description="环节全名 · full name of the stage")]
    title: Annotated[Word, Field(description="材料名称,办理时照此写 · its name, as it is to be given")]
    when: Annotated[Conditions | None, Field(description="只在这些情形 · only in these cases")] = None


class Filing(Cited):
    """Something is reported for the record (备案) or announced; nobody is waited for."""

    code: Annotated[Name, Field(description="代码 · code")]
    title: Annotated[Word, Field(description="备案或公布的内容 · what is filed or announced")]
    after: Annotated[Word, Field(description="办完哪个环节时 · when this stage is finished")]
    to: Annotated[
        tuple[Role, ...], BeforeValidator(listed), AfterValidator(not_empty), Field(description="送谁 · to whom")
    ]
    act: Annotated[Literal["file", "announce"], Field(description="备案或公布 · filed or announced")] = "file"
    also_to: Annotated[tuple[Word, ...], Field(description="名册以外的单位 · bodies outside the roster, by name")] = ()
    when: Annotated[Conditions | None, Field(description="只在这些情形 · only in these cases")] = None


# --- samples that travel with the scheme ------------------------------------------------------------------------------


def real_day(value: object) -> date:
    """A date as TOML writes it, or as text."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else date.fromisoformat("")
    except ValueError:
        raise ValueError(f"{shown(value)}不是日期,应如2027-06-03") from None


DayOfYear = Annotated[date, BeforeValidator(real_day)]


class ExampleEvent(Closed):
    code: Annotated[Word, Field(description="事项 · the event")]
    on: Annotated[DayOfYear, Field(description="日期,如 2027-03-01 · date")]
    level: Annotated[Word | None, Field(description="级别 · level")] = None
    case: Annotated[Word | None, Field(description="同一案件的写同一个名称 · the same name for one case")] = None


class ExampleBallots(Closed):
    satisfied: Annotated[Count, Field(description="满意票(张) · satisfied ballots")]
    valid: Annotated[Count, Field(description="有效票(张) · valid ballots")]


class ExampleElection(Closed):
    due_on: Annotated[DayOfYear, Field(description="换届到期日 · due date")]
    held_on: Annotated[DayOfYear | None, Field(description="换届日 · held on")] = None
    extension: Annotated[
        Literal["none", "requested", "approved", "refused"], Field(description="延期情形 · extension")
    ] = "none"


class Expected(Closed):
    star: Annotated[Count | None, Field(description="应得的等次 · the level")] = None
    total: Annotated[Number | None, Field(description="应得的总分 · the total")] = None
    not_rated: Annotated[bool, Field(description="应为不评 · it is not rated")] = False

    @model_validator(mode="after")
    def expects_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("没有写明应得什么")
        return self


class Example(Closed):
    """A sample case: facts and what must come of them; checked whenever the scheme is read."""

    title: Annotated[Word, Field(description="一句话说明这个例子 · what it shows")]
    round: Annotated[Word, Field(description="轮次 · round")] = "rating"
    rated_on: Annotated[DayOfYear, Field(description="评定日 · rated on")] = date(2027, 6, 1)
    year: Annotated[Positive | None, Field(description="所评年度,不写为评定日的年度 · year of the work")] = None
    field: Annotated[str, Field(description="领域 · field")] = ""
    base: Annotated[
        Amount | None, Field(description="考评总分(只有一张评分表时) · superior's score, with one sheet")
    ] = None
    scores: Annotated[
        Mapping[Word, Amount], Field(description="各表或各项的得分 · score of each sheet or criterion")
    ] = Field(default_factory=dict)
    self_score: Annotated[Amount | None, Field(description="自评总分 · self-evaluation")] = None
    events: Annotated[tuple[ExampleEvent, ...], Field(description="事项 · events")] = ()
    satisfaction: Annotated[ExampleBallots | None, Field(description="测评票 · ballots")] = None
    election: Annotated[ExampleElection | None, Field(description="换届 · election")] = None
    held: Annotated[Count | None, Field(description="现有等次,不写为未评过 · level in force")] = None
    history: Annotated[
        Mapping[Word, Count], Field(description='往年的等次,如 { "2026" = 4 } · levels of earlier years')
    ] = Field(default_factory=dict)
    founded_on: Annotated[DayOfYear | None, Field(description="成立日期 · founded on")] = None
    members: Annotated[Count | None, Field(description="党员数(人) · members")] = None
    claimed: Annotated[Count | None, Field(description="自评等次 · level claimed")] = None
    target: Annotated[Count | None, Field(description="申报的目标等次 · level declared as the aim")] = None
    expect: Annotated[Expected, Field(description="应得的结果 · what must come of it")]


__all__ = [
    "Assign",
    "Attachment",
    "Comparison",
    "Component",
    "Counter",
    "Effect",
    "Eligibility",
    "Example",
    "Filing",
    "Linked",
    "Need",
    "Sheet",
]
