"""A look when nothing is due, by how much waits: a sweep of ours beside the one indexed SELECT that a look cannot do without."""

import sys
from datetime import timedelta
from typing import Any

from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds
from benchmarks.timers import _looks

RAW = (
    "SELECT id FROM obligation WHERE closed_at IS NULL AND rings_at IS NOT NULL AND rings_at <= {mark} "
    "ORDER BY rings_at LIMIT 1"
)
"""In order, without which PostgreSQL's plan for any time may read the whole table."""


def looks(database: str, waiting: int) -> dict[str, float]:
    from benchmarks.province import province
    from benchmarks.town import stand
    from starflow.service.obligations import sweep

    desk, _ = province(fresh(database, "idle"), waiting)
    stand(desk, desk.clock.now() - timedelta(days=60))
    sweep(desk)
    with desk.database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        lite = database == "sqlite"
        at: Any = "2020-01-01 00:00:00.000000" if lite else desk.clock.now()
        said = RAW.format(mark="?" if lite else "%s")

        def raw() -> None:
            cursor.execute(said, (at,))
            cursor.fetchone()

        limit = _looks(raw, 200)
        connection.rollback()
    return {"raw_us": limit, "ours_us": _looks(lambda: sweep(desk), 100), "waiting": waiting}


def measured(quick: bool) -> dict[str, Any]:
    both = [("look", database) for database in ("sqlite", "postgresql")]
    large = 20_000 if quick else 1_000_000
    return {"small": rounds("idle", both, 1, 1_000), "large": rounds("idle", both, 1, large, cap=3600)}


if __name__ == "__main__":
    _, database, number = sys.argv[1:]
    answer(**looks(database, int(float(number))))
