"""Casting a vote. Votes that wait together share one transaction, which is quicker and also hides their order.

No key, no rate row, no nonce, no line in a log: the slip's token is the key of its vote, and twice is once because a slip votes once.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from starflow.service.desk import Desk
from starflow.service.polls import digest, nothing_left
from storage import ballots
from storage.ballots import Vote
from storage.database import retrying
from workflow.rating.voting import LONGEST_REMARK, Form, ballot_faults, form_from, payload_of


@dataclass(frozen=True, slots=True)
class Paper:
    """An empty ballot, as whoever holds a slip gets it."""

    name: str
    year: int
    form: Form
    mode: str


@dataclass(frozen=True, slots=True)
class Cast:
    """`taken`, or what is wrong by question; neither: the slip may not vote (any more)."""

    taken: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)
    paper: Paper | None = None


def paper_for(desk: Desk, token: str) -> Paper | None:
    """What this slip may vote on; None for one that is unknown, used or late, without a difference. Looking changes nothing."""
    with desk.reading() as tx:
        blank = ballots.blank(tx, digest(token))
    return Paper(blank.name, blank.year, form_from(blank.form), blank.mode) if blank else None


def cast(desk: Desk, token: str, answers: Mapping[str, str], remark: str = "") -> Cast:
    """One vote: taken, or given back with what is missing, or not to be had. Raises Unavailable."""
    paper = paper_for(desk, token)
    if paper is None:
        return Cast()
    faults = ballot_faults(paper.form, answers)
    if len(remark) > LONGEST_REMARK:
        faults["remark"] = f"意见最多{LONGEST_REMARK}字,现在是{len(remark)}字"
    if faults:
        return Cast(faults=faults, paper=paper)
    vote = Vote(digest(token), payload_of(paper.form, answers), " ".join(remark.split()))
    return Cast(taken=urn_of(desk).put(vote), paper=paper)


class _Slot:
    """One vote that waits, and what has become of it."""

    __slots__ = ("error", "taken", "vote")

    def __init__(self, vote: Vote) -> None:
        self.vote = vote
        self.taken: bool | None = None
        self.error: Exception | None = None


class Urn:
    """Whoever finds it free takes all that wait, in one transaction; the others find their vote already cast."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._door, self._work = threading.Lock(), threading.Lock()
        self._waiting: list[_Slot] = []

    def put(self, vote: Vote) -> bool:
        slot = _Slot(vote)
        with self._door:
            self._waiting.append(slot)
        with self._work:
            if slot.taken is None and slot.error is None:
                with self._door:
                    batch, self._waiting = self._waiting, []
                self._cast(batch)
        if slot.error is not None:
            raise slot.error
        return bool(slot.taken)

    def _cast(self, batch: list[_Slot]) -> None:
        try:
            outcome = retrying(lambda: self._committed([slot.vote for slot in batch]))
        except Exception as error:
            for slot in batch:
                slot.error = error
            return
        for slot, taken in zip(batch, outcome, strict=True):
            slot.taken = taken
        if any(outcome):
            nothing_left(self._desk)

    def _committed(self, votes: list[Vote]) -> list[bool]:
        with self._desk.transaction() as tx:
            return ballots.cast(tx, votes)


_URNS: "WeakKeyDictionary[Desk, Urn]" = WeakKeyDictionary()
_LOCK = threading.Lock()


def urn_of(desk: Desk) -> Urn:
    with _LOCK:
        return _URNS.setdefault(desk, Urn(desk))
