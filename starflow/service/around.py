"""What surrounds some cycles besides their own rows: read for all of them at once, and only when it is first asked for.

A decision about one cycle and a sweep over two hundred read through the same functions; only the number of rows differs.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property

from starflow.service.case import Case, standing_of
from starflow.service.standing import dates_of
from storage import cycles, obligations
from storage.cycles import CycleRow, Present
from storage.database import Transaction
from storage.obligations import Extended, Stay
from workflow.rating.facts import Facts
from workflow.rating.timing import Dates, stage_dates


class Around:
    """The surroundings of cycles that a transaction has read."""

    def __init__(self, tx: Transaction, presents: Sequence[Present]) -> None:
        self._tx = tx
        self._presents = presents

    def dates(self, case: Case, stage: str, facts: Facts, entered_at: datetime, held_days: int = 0) -> Dates:
        """The dates of a stay in a stage, by the one pure function."""
        return stage_dates(
            case.scheme.stage_of(stage),
            scheme=case.scheme,
            year=case.cycle.year,
            calendar=case.calendar,
            zone=case.zone,
            entered_at=entered_at,
            facts=facts,
            extended_until=self.extended_until(case.cycle, stage.rpartition(".")[0]),
            held_days=held_days,
            objection_opened_at=case.cycle.objection_opened_at,
        )

    def present_dates(self, case: Case, held_days: int) -> Dates:
        """The dates of the present stay, whose facts are the stored ones."""
        extended_until = self.extended_until(case.cycle, case.cycle.round)
        return dates_of(standing_of(case), extended_until, held_days, case.cycle.objection_opened_at)

    def extended_until(self, cycle: CycleRow, round_: str) -> date | None:
        """The extension that counts for an organisation: its own, else the nearest ancestor's; the newest of each."""
        if not self._extensions:
            return None
        line = _ids(cycle.path)
        found = [
            (line.index(one.organisation_id), place, one.until_on)
            for place, one in enumerate(self._extensions)
            if (one.campaign_id, one.round) == (cycle.campaign_id, round_)
            and one.organisation_id in line
            and (one.subtree or one.organisation_id == line[-1])
        ]
        return max(found)[2] if found else None

    def stays(self, cycle: CycleRow) -> tuple[Stay, ...]:
        """Every stay of the cycle in the stages of its present round, in order."""
        return tuple(s for s in self._stays.get(cycle.id, ()) if s.stage.startswith(f"{cycle.round}."))

    @cached_property
    def _extensions(self) -> Sequence[Extended]:
        some = [present.cycle for present in self._presents if present.extended]
        if not some:
            return ()
        lines = {i for cycle in some for i in _ids(cycle.path)}
        return obligations.extensions(self._tx, {cycle.campaign_id for cycle in some}, lines)

    @cached_property
    def _stays(self) -> dict[int, tuple[Stay, ...]]:
        return obligations.stays(self._tx, [present.cycle.id for present in self._presents])


def around(tx: Transaction, case: Case) -> Around:
    """The surroundings of one case."""
    return Around(tx, cycles.presents(tx, [case.cycle.id]))


def _ids(path: str) -> list[int]:
    return [int(i) for i in path.strip("/").split("/") if i]
