"""What is missing: the sentences of the guards on each cycle's way forward, for a whole page of cycles at once.

What a guard sees is made of the cycle's own row and of a few things beside it, asked for all cycles together. Cycles that a guard
cannot tell apart are judged once.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from starflow.service.case import Case, case_of, quota_block, stored_facts, survey_facts
from starflow.service.desk import Desk
from storage import ballots
from storage.ballot_models import Poll
from storage.cycles import CycleRow
from storage.database import Transaction
from storage.meetings import Scope
from workflow.engine.deadlines import local_date
from workflow.engine.machine import refusals
from workflow.rating.facts import ROUND_FACTS, Facts

_seen = attrgetter("scheme_hash", "stage", "year", "route", "field", "nested", "runs_until", *ROUND_FACTS)
"""All of a cycle's row that guards see, but when it entered the stage, which they see as a day, and its members."""

Key = tuple[Any, ...]


def missing_of(tx: Transaction, case: Case) -> tuple[str, ...]:
    """What the guards of one cycle's way forward say before anybody has filled in anything."""
    poll = ballots.current(tx, case.cycle.id, case.cycle.round) if case.stage.kind == "survey" else None
    block = quota_block(tx, case, case.cycle.proposed) if case.stage.kind == "approval" else None
    return _said(case, poll, block)


class Missing:
    """The same of many cycles, in one snapshot."""

    def __init__(self, desk: Desk, tx: Transaction) -> None:
        self.desk, self.tx = desk, tx
        self._known: dict[Key, tuple[str, ...]] = {}
        self._blocks: dict[Key, str | None] = {}

    def of(self, cycles: Sequence[CycleRow]) -> list[tuple[str, ...]]:
        """Of each of these cycles."""
        polls = self._polls([cycle for cycle in cycles if self._kind(cycle) == "survey"])
        return [self._of(cycle, polls.get(cycle.id)) for cycle in cycles]

    def _of(self, cycle: CycleRow, poll: Poll | None) -> tuple[str, ...]:
        kind = self._kind(cycle)
        if poll is not None:
            return _said(case_of(self.desk, self.tx, cycle), poll, None)
        block = self._block(cycle) if kind == "approval" else None
        entered_on = local_date(cycle.entered_at, self.desk.scheme(self.tx, cycle.scheme_hash).zone)
        key = (*_seen(cycle), entered_on, cycle.members if kind == "survey" else None, block)
        if key not in self._known:
            self._known[key] = _said(case_of(self.desk, self.tx, cycle), None, block)
        return self._known[key]

    def _kind(self, cycle: CycleRow) -> str:
        return self.desk.scheme(self.tx, cycle.scheme_hash).stage_of(cycle.stage).kind

    def _polls(self, cycles: Sequence[CycleRow]) -> Mapping[int, Poll]:
        """The surveys of those that have one in their present round."""
        polled = ballots.polled(self.tx, [cycle.id for cycle in cycles]) if cycles else set()
        found: dict[int, Poll] = {}
        for round_ in sorted({cycle.round for cycle in cycles}):
            ids = [cycle.id for cycle in cycles if (cycle.id, cycle.round) in polled and cycle.round == round_]
            found |= {poll.cycle_id: poll for poll in ballots.currents(self.tx, ids, round_)} if ids else {}
        return found

    def _block(self, cycle: CycleRow) -> str | None:
        """What a quota says of one more of a star, asked once for all cycles that wait for approval."""
        case = case_of(self.desk, self.tx, cycle)
        key = _quota_key(case)
        if key not in self._blocks:
            self._blocks[key] = quota_block(self.tx, case, cycle.proposed)
        return self._blocks[key]


def _quota_key(case: Case) -> Key:
    """Cycles that are alike in this are counted alike: the star they ask for, the one they give up, and the quotas' scopes."""
    cycle = case.cycle
    scopes = (Scope.of(quota.scope, cycle.path, cycle.field) for quota in case.scheme.quota)
    return case.scheme.hash, cycle.proposed, cycle.star, *scopes


def _said(case: Case, poll: Poll | None, block: str | None) -> tuple[str, ...]:
    forward = case.table.forward(case.cycle.stage)
    if forward is None:
        return ()
    return tuple(reason.text for reason in refusals(forward, _facts(case, poll, block), case.now))


def _facts(case: Case, poll: Poll | None, block: str | None) -> Facts:
    """`facts_of` without what only a payload brings into play."""
    facts = stored_facts(case)
    match case.stage.kind:
        case "survey":
            return facts.changed_by(survey_facts(case, poll, None))
        case "approval":
            return facts.changed_by({"quota_block": block})
    return facts
