"""The storm of 5 June: everything is due at one midnight. One sweep moves, records, reminds and merges; meanwhile a person clicks.

The sweep runs in a process of its own, so that its memory is its own. A click is a whole decision (a branch declares) by another process;
its time is given beside the same clicks before the storm. `sweep` and `click` are those processes.
"""

import json
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.places import fresh
from benchmarks.rounds import answer, cpu, memory_mb, rounds

RESERVE = 2_000
CLICKS = 60
PAUSE = 0.05


def storm(database: str, number: int) -> dict[str, Any]:
    """A fifth of the cycles have a publicity that ends at midnight, every other one a rung that rings."""
    from benchmarks.province import STAGES, province
    from benchmarks.town import YEAR, stand

    url = fresh(database, "storm")
    desk, _ = province(url, number, one_day=True)
    midnight = datetime(
        YEAR, 6, 6, 1, 5, tzinfo=UTC
    )  # past nine: the first escalations ring with all that midnight ended
    stand(desk, midnight)
    ready = _all_due(desk, midnight, STAGES)
    quiet, _ = _clicks(url, midnight, ready[:CLICKS])
    sweeping = subprocess.Popen(_said("sweep", url, midnight), stdout=subprocess.PIPE, text=True)
    busy: list[float] = []
    failed, place = 0, CLICKS
    while sweeping.poll() is None and place + CLICKS <= len(ready):
        took, more = _clicks(url, midnight, ready[place : place + CLICKS])
        busy, failed, place = busy + took, failed + more, place + CLICKS
    out, _ = sweeping.communicate()
    swept: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return swept | {
        "due": number,
        "rate": (swept["moved"] + swept["rungs"]) / swept["seconds"],
        "click_quiet_p95_ms": _p95(quiet),
        "click_storm_p95_ms": _p95(busy or quiet),
        "clicks": len(busy),
        "clicks_failed": failed,
    }


def _all_due(desk: Any, at: datetime, patterns: int) -> list[str]:
    """Lets everything fall due at this instant but a reserve of branches that may still declare; returns their codes."""
    import sqlalchemy as sa

    end = datetime(at.year, 6, 5, 16, tzinfo=UTC)  # 5 June, 24:00 in Beijing
    nine = at.replace(minute=0)  # when the rungs of this day ring
    instant = nine.isoformat(" ", "microseconds").split("+")[0] if desk.database.dialect == "sqlite" else nine
    with desk.transaction() as tx:
        run = tx.connection.execute
        ids = run(
            sa.text("SELECT c.id FROM cycle c WHERE c.stage LIKE '%declaration' ORDER BY c.id DESC LIMIT :n"),
            {"n": RESERVE},
        )
        spared = ids.scalars().all()
        codes = "SELECT o.code FROM cycle c JOIN organisation o ON o.id = c.organisation_id WHERE c.id >= :least AND c.stage LIKE '%declaration'"
        ready = list(run(sa.text(codes), {"least": min(spared)}).scalars())
        run(sa.text("UPDATE cycle SET acts_at = :at, runs_until = :at WHERE stage LIKE '%publicity'"), {"at": instant})
        due = end.isoformat(" ", "microseconds").split("+")[0] if desk.database.dialect == "sqlite" else end
        dates = "rings_at = :at, target_at = :due, due_at = :due, phase_due_at = :due"
        rung = f"UPDATE obligation SET {dates} WHERE closed_at IS NULL AND stage NOT LIKE '%publicity'"
        run(sa.text(rung), {"at": instant, "due": due})
        run(sa.text("UPDATE obligation SET rings_at = NULL WHERE stage LIKE '%publicity'"))
        kept = "UPDATE obligation SET rings_at = NULL WHERE cycle_id >= :least AND stage LIKE '%declaration'"
        run(sa.text(kept), {"least": min(spared)})
    return ready


def _said(what: str, url: str, at: datetime, *codes: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.storm", what, url, at.isoformat(), *codes]


def _clicks(url: str, at: datetime, codes: list[str]) -> tuple[list[float], int]:
    done = subprocess.run(_said("click", url, at, *codes), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return found["took"], found["failed"]


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[18]


def _desk(url: str, at: str) -> Any:
    from benchmarks.town import stand
    from starflow.service.desk import open_desk
    from starflow.service.settings import read_settings

    desk = open_desk(read_settings({"STARFLOW_DATABASE_URL": url}))
    stand(desk, datetime.fromisoformat(at))
    return desk


def sweep_once(url: str, at: str) -> dict[str, Any]:
    from starflow.service.obligations import sweep

    desk = _desk(url, at)
    used, began = cpu(), time.perf_counter()
    swept = sweep(desk)
    return {
        "moved": swept.moved, "rungs": swept.rungs, "notices": swept.notices, "messages": swept.messages,
        "seconds": time.perf_counter() - began, "cpu_seconds": cpu() - used,
        "sweep_mb": memory_mb(),
    }  # fmt: skip


def click(url: str, at: str, codes: list[str]) -> dict[str, Any]:
    from starflow.service.cycles import CycleAsk, fire
    from workflow.engine.errors import Unavailable

    desk, took, failed = _desk(url, at), [], 0
    payload = {"head": "甲", "members_due": 12, "target_star": 4}
    for code in codes:
        ask = CycleAsk(code=code, trigger="declare", relations=frozenset({"organisation"}), actor="P1", payload=payload)
        began = time.perf_counter()
        try:
            fire(desk, ask)
        except Unavailable:  # the page says "busy, try again"; the wait counts
            failed += 1
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(PAUSE)
    return {"took": took[1:], "failed": failed}  # the first opens the connection and reads the scheme


def measured(quick: bool) -> dict[str, Any]:
    """A million is a province's, which runs on PostgreSQL."""
    both = [("storm", database) for database in ("sqlite", "postgresql")]
    found = {"small": rounds("storm", both, 1, 4_000), "large": rounds("storm", both, 1, 50_000, cap=1800)}
    return found if quick else found | {"million": rounds("storm", [("storm", "postgresql")], 1, 1_000_000, cap=5400)}


if __name__ == "__main__":
    what, where, said, *codes = sys.argv[1:]
    if what == "sweep":
        answer(**sweep_once(where, said))
    elif what == "click":
        print(json.dumps(click(where, said, codes)))
    else:
        answer(**storm(where, int(float(said))), n=int(float(said)))
