"""What each act must be told: one closed model per act. Scores and sums are decimal strings, never floats."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model


def _as_written(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("分数须写成字符串,如“9.5”")
    return value


Score = Annotated[Decimal, BeforeValidator(_as_written), Field(ge=0, decimal_places=2, max_digits=8)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
StarNumber = Annotated[int, Field(ge=0, strict=True)]


class Payload(BaseModel):
    """Closed: a misspelt key is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Declaration(Payload):
    """The head answers for the declaration (R10); members_due is the base of the quorum as the organisation counts it."""

    head: Text
    members_due: Count
    target_star: StarNumber


class TeamMeeting(Payload):
    """The leading team's meeting (R9)."""

    on: date
    attendees: Annotated[tuple[Text, ...], Field(min_length=1)]
    minutes: Text


class SelfEvaluation(Payload):
    meeting: TeamMeeting
    scores: dict[str, Score]
    star: StarNumber


class HeldOn(Payload):
    on: date


class PaperTally(Payload):
    """Counts of a survey on paper: who came, and beside them how often each answer of the scheme was given (R13–R15)."""

    members_present: Count
    own_unit: Count = 0
    related_unit: Count = 0


def _two_people(names: tuple[str, str]) -> tuple[str, str]:
    if names[0].strip() == names[1].strip():
        raise ValueError("监票人须是两个人")
    return names


Tellers = Annotated[tuple[Text, Text], AfterValidator(_two_people)]


class PaperCount(Payload):
    """What two tellers sign for after the close: blank slips handed back, and ballots on paper beside those cast online."""

    tellers: Tellers
    returned: Count = 0
    paper: PaperTally = PaperTally(members_present=0)


class SurveyFiling(Payload):
    """`paper` is for surveys on paper alone; where ballots were cast online the service counts them and what tellers have
    signed for. `tellers` are the two who counted the paper; without them no paper is taken.
    """

    meeting: HeldOn
    paper: PaperTally = PaperTally(members_present=0)
    tellers: Tellers | None = None


@cache
def survey_filing(scale: tuple[str, ...], asks: tuple[str, ...], channels: bool) -> type[SurveyFiling]:
    """The filing with the scheme's answers, and what it asks for besides: how many were due, how many came, how they were asked."""
    wanted: dict[str, Any] = {"paper": _on_paper(scale)} | dict.fromkeys(asks, (Count, ...))
    if channels:
        wanted["channels"] = (Annotated[tuple[Text, ...], Field(max_length=6)], ())
    return create_model("SurveyFiling", __base__=SurveyFiling, **wanted)


@cache
def paper_count(scale: tuple[str, ...]) -> type[PaperCount]:
    """What the tellers sign for, with the scheme's answers."""
    wanted: dict[str, Any] = {"paper": _on_paper(scale)}
    return create_model("PaperCount", __base__=PaperCount, **wanted)


def _on_paper(scale: tuple[str, ...]) -> tuple[type[PaperTally], PaperTally]:
    model = paper_tally(scale)
    return model, model(members_present=0)


@cache
def paper_tally(scale: tuple[str, ...]) -> type[PaperTally]:
    answers: dict[str, Any] = dict.fromkeys(scale, (Count, 0))
    return create_model("PaperTally", __base__=PaperTally, **answers)


class Review(Payload):
    """The superior's scores, by criterion or as one base (R17); `verification` only where the department reviews (R20)."""

    scores: dict[str, Score] | None = None
    base: Score | None = None
    verification: str | None = None


class Proposal(Review):
    star: StarNumber


class Destination(Payload):
    to: str | None = None


class Posting(Payload):
    on: date
    place: Text


class Objection(Payload):
    content: Text
    name: str | None = None
    contact: str | None = None


class Finding(Payload):
    """What the handler found about one objection (its id)."""

    objection: int
    finding: Text


class Votes(Payload):
    """What was counted at the committee's table; whether it adds up, and carries, is judged beside the decision."""

    present: Count
    in_favour: Count
    against: Count = 0
    abstained: Count = 0


class CommitteeMeeting(Payload):
    on: date
    number: Annotated[str, Field(min_length=1, max_length=80)]
    votes: Votes | None = None


class Sitting(Payload):
    meeting: CommitteeMeeting


class ExcessDecision(Payload):
    """`level` is the quota's code, or a star that it counts."""

    level: str
    number: Annotated[int, Field(ge=1, strict=True)]


class Document(Payload):
    document: str | None = None


Attachments = Annotated[tuple[Text, ...], Field(max_length=50)]


@cache
def with_attachments(takes: type[BaseModel] | None) -> type[BaseModel]:
    """The same payload with the names of the documents that a scheme wants at this stage."""
    base = takes or Payload
    return create_model(f"{base.__name__}WithAttachments", __base__=base, attachments=(Attachments, ()))
