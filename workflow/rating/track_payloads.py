"""What each act on a matter must be told: one closed model per act.

`due_on` is the deadline that people agree on; where it may be left out, the scheme says by when.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflow.rating.payloads import Count, Payload, Score, StarNumber, Text

Line = Annotated[str, Field(min_length=1, max_length=200)]
Truth = Annotated[bool, Field(strict=True)]
Result = Literal["passed", "slipped"]


class Plan(Payload):
    """The yearly plan: which star next, and by which measures (R49)."""

    target_star: StarNumber
    measures: Text
    document: Line | None = None


class ImplementationPlan(Payload):
    """The unit's plan as it was issued: title or number (R62)."""

    document: Line


class LedgerItem(Payload):
    """Target, measure, responsible person, deadline (R51)."""

    target: Text
    measure: Text
    responsible: Line
    due_on: date


class Evidence(Payload):
    evidence: Text


class AnotherDate(Payload):
    """Whoever sends back may set a new deadline."""

    due_on: date | None = None


class Finding(Payload):
    """What an inspection found: the star is deserved, or the work has slipped (R53)."""

    on: date
    result: Result
    findings: Text


class Inspection(Payload):
    """An inspection that is to come, or one that has been held, with its result."""

    on: date
    result: Result | None = None
    findings: Text | None = None

    @model_validator(mode="after")
    def both_or_neither(self) -> Self:
        if (self.result is None) != (self.findings is None):
            raise ValueError("result和findings要么都写,要么都不写")
        return self


class Rectification(Payload):
    problem: Text
    due_on: date | None = None


class Report(Payload):
    """What has been put right, and what shows it."""

    result: Text
    evidence: Text


class Acceptance(Payload):
    """What the acceptance found; score and votes where the scheme's track wants them (S: 70 points, fewer than half against)."""

    score: Score | None = None
    asked: Count | None = None
    dissatisfied: Count | None = None


class Demotion(Payload):
    star: StarNumber


class ContactLeader(Payload):
    """The leader of the superior who is tied to the organisation (挂包)."""

    leader: Line
    position: Line | None = None


class KeyManagement(Payload):
    """`weak`: the team is weak or disorderly (软弱涣散) besides (R55)."""

    leader: Line | None = None
    position: Line | None = None
    weak: Truth = False


class Ceremony(Payload):
    on: date
    place: Line | None = None


class Supervision(Payload):
    """What was noticed. Whoever reports it may stay unnamed; a name never leaves the matter's own data."""

    content: Text
    name: Line | None = None
    contact: Line | None = None


class Criticism(Payload):
    """The circular, and what is to be put right by when (R65)."""

    document: Line
    problem: Text
    due_on: date | None = None


PERSONAL = ("name", "contact")
"""Of whoever objects or reports: kept under the short retention, never repeated in the history of acts nor in lists."""
