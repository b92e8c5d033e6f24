"""What a reviewer looks at: who waits, in which order, and what a sheet of scores would come to before it is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starflow.service.case import facts_of, load_case
from starflow.service.desk import Desk
from starflow.service.lists import stuck
from starflow.service.shapes import Stuck
from starflow.service.view import Filters
from storage import records
from workflow.engine.errors import BadInput
from workflow.rating.wording import plain

SELF_EVALUATED = "submit_self_evaluation"
PER_DAY = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reviewer's queue, the oldest first, and how many of it a day keeps one in time."""

    rows: tuple[Stuck, ...]
    today: int


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What the scores come to, with every step; `cap_reasons` say why no more than `cap` stars are possible."""

    total: str
    star: int
    steps: tuple[tuple[str, str], ...]
    cap: int | None
    cap_reasons: tuple[str, ...]


def waiting(desk: Desk, filters: Filters) -> Waiting:
    """Everything that whoever asks owes: these filters say who."""
    rows = tuple(sorted(stuck(desk, filters, everything=True).rows, key=lambda row: (row.since, row.organisation)))
    with desk.reading() as tx:
        now = tx.now
    ahead = [row.due_at for row in rows if row.due_at is not None and row.due_at > now]
    days = max(1, (min(ahead) - now).days) if ahead else 1
    return Waiting(rows, min(len(rows), PER_DAY, -(-len(rows) // days)))


def reckoned(desk: Desk, code: str, payload: Mapping[str, Any]) -> Reckoned | None:
    """None where the scores cannot be reckoned with yet. Raises Unknown."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code)
        try:
            facts = facts_of(tx, case, payload)
        except BadInput:
            return None
        if facts.rating is None:
            return None
        return Reckoned(
            total=plain(facts.rating.total),
            star=facts.rating.star,
            steps=tuple((step.text, step.rule) for step in facts.rating.steps),
            cap=facts.cap,
            cap_reasons=tuple(facts.cap_reasons),
        )


def grounds(desk: Desk, code: str) -> dict[str, str]:
    """criterion → why the organisation gave itself that score, as it stands in the history."""
    with desk.reading() as tx:
        case = load_case(desk, tx, code)
        for record, detail in reversed(records.history(tx, case.cycle.id)):
            if record.trigger == SELF_EVALUATED and detail is not None:
                said = str((detail.detail or {}).get("reason") or "")
                lines = (line.partition(". ") for line in said.splitlines())
                return {number: text.partition(":")[2] for number, dot, text in lines if dot}
    return {}
