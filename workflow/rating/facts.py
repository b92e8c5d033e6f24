"""What guards and conditions may look at, and nothing else.

The first block is the case, the second is what this round has brought so far (kept on the cycle row), the third is read or
computed for one ask: figures from evidence and scoring, dates, and sentences that only the whole campaign can say.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from operator import attrgetter
from typing import Any, Self

from workflow.rating.scoring import Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One cycle as a guard sees it."""

    route: str = "A"
    field: str = ""
    nested: bool = False
    star: int | None = None  # in force; None = unrated, 0 = rated without a star

    proposed: int | None = None
    total: Any = None
    posted_star: int | None = None  # had its full publicity in this round
    noticed_star: int | None = None  # the star on the notice that hangs
    posted_on: date | None = None
    open_objections: int = 0
    turnout_excused: bool = False
    review_begun: bool = False
    approved_on: date | None = None
    meeting_number: str | None = None
    outcome: str | None = None

    members: int = 0  # the base of the quorum
    quorum: Fraction = Fraction(0)  # 0 where a shortfall does not block
    masses_quorum: Fraction = Fraction(0)
    masses_came: int = 0  # by ballots counted so far
    came: int = 0  # ballots counted so far
    poll_faults: tuple[str, ...] = ()  # why the ballots of the round cannot be filed yet
    tally_faults: tuple[str, ...] = ()
    score_faults: tuple[str, ...] = ()
    rating: Rating | None = None  # of the scores in the ask
    cap: int | None = None
    cap_reasons: tuple[str, ...] = ()
    quota_block: str | None = None
    scored_by: str | None = None  # the person whose review this is
    runs_until: datetime | None = None  # end of a period, or of a resting stage
    opens_on: date | None = None
    entered_on: date | None = None
    today: date | None = None
    refused_after: datetime | None = None  # where a scheme refuses late acts
    stage_opens_on: date | None = None  # where a stage has a window
    labels: Mapping[int, str] = dataclasses.field(
        default_factory=dict, compare=False
    )  # what the scheme calls its levels

    @property
    def changed(self) -> bool:
        return self.star is not None and self.proposed != self.star

    @property
    def posted(self) -> bool:
        """The proposed star has had its full days in this round."""
        return self.proposed is not None and self.posted_star == self.proposed

    @property
    def objected(self) -> bool:
        return self.open_objections > 0

    def word(self, star: int | None) -> str:
        """A level as the scheme calls it."""
        return "未评" if star is None else self.labels.get(star, f"{star}星")

    def changed_by(self, fields: Mapping[str, Any]) -> Self:
        """The same facts but for these; `dataclasses.replace` says the same and takes five times as long."""
        if not fields:
            return self
        made = object.__new__(type(self))
        for put, value in zip(_SLOTS, _values(self), strict=True):
            put(made, value)
        for name, value in fields.items():
            object.__setattr__(made, name, value)
        return made


_names = tuple(one.name for one in dataclasses.fields(Facts))
_values = attrgetter(*_names)
_SLOTS = tuple(getattr(Facts, name).__set__ for name in _names)


ROUND_FACTS = (
    "star",
    "proposed",
    "total",
    "posted_star",
    "noticed_star",
    "posted_on",
    "open_objections",
    "turnout_excused",
    "review_begun",
    "approved_on",
    "meeting_number",
    "outcome",
)
"""The facts that acts may change; each is a column of the cycle of the same name."""


@dataclass(frozen=True, slots=True)
class WorldPayload:
    """Stands for any payload while the compiler tries every world."""

    star: int | None = None
    to: str | None = None
    on: date | None = None
    meeting: Any = dataclasses.field(default_factory=lambda: WorldMeeting())


@dataclass(frozen=True, slots=True)
class WorldMeeting:
    on: date | None = None
    number: str = ""
    votes: None = None
