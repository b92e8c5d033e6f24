"""The vote of a sitting: how many were there, how many were for it, against it, and abstained. It is kept where it was taken.

The regulation names no majority (R24); the minority obeys the majority, so that what was carried by no more than half of those
present is not approved, and what more than half were for is not turned down.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask

RULE = "R24"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What was counted at the table."""

    present: int
    in_favour: int
    against: int = 0
    abstained: int = 0

    @property
    def carried(self) -> bool:
        return 2 * self.in_favour > self.present

    def fault(self, approving: bool) -> Reason | None:
        """Where the numbers do not add up to those present, or say another thing than the decision."""
        cast = self.in_favour + self.against + self.abstained
        if cast != self.present:
            told = f"赞成{self.in_favour}票、反对{self.against}票、弃权{self.abstained}票,合计{cast}票"
            return Reason(f"{told},与到会的{self.present}人不符", RULE)
        if self.carried == approving:
            return None
        if approving:
            return Reason(f"赞成{self.in_favour}票,没有超过到会{self.present}人的半数,不能批准", RULE)
        return Reason(f"赞成{self.in_favour}票,已超过到会{self.present}人的半数,不能不予批准", RULE)


def votes_agree(f: Any, ask: Ask, now: datetime) -> Reason | None:
    """Where no vote is told, none is asked for."""
    said = None if ask.payload is None else ask.payload.meeting.votes
    return None if said is None else Vote(**said.model_dump()).fault(ask.trigger == "approve")
