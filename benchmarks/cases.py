"""What every peer of the decisions does: the same eight stages, the same rows in the same shuffled order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

STAGES = ("draft", "branch", "committee", "county", "city", "province", "published", "closed")
TRIGGERS = ("submit", "review", "rate", "confirm", "endorse", "publish", "close")
ROWS = 20_000
FEW = 2_000  # rows for peers that are slow to set up
TABLES = (
    "create table cycle(id {id} primary key, stage text not null, version int not null, entered_at text, due_at text)",
    "create table history(id {serial} primary key, cycle_id int not null, before text, after text, trigger text, actor text, "
    "at text, note text)",
    "create index history_cycle on history(cycle_id)",
)
MOVE = "update cycle set stage={q}, version=version+1, entered_at={q}, due_at={q} where id={q} and stage={q}"
TELL = "insert into history(cycle_id, before, after, trigger, actor, at, note) values({q},{q},{q},{q},{q},{q},{q})"


def work(rows: int) -> Iterator[tuple[int, int]]:
    """(cycle, stage): all of one stage in shuffled order, then all of the next."""
    dice, ids = random.Random(7), list(range(1, rows + 1))
    for stage in range(len(TRIGGERS)):
        dice.shuffle(ids)
        yield from ((one, stage) for one in ids)


def now() -> str:
    return datetime.now(UTC).isoformat()
