"""What keeping the counts costs: eight clients decide on one shared due day, with the mark, its index and the fold, and without them.

Then two of the processes are killed in the middle, the fold among them, and every count is compared with a recount.
"""

import os
import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds
from benchmarks.storm import _desk

CLIENTS = 8
BRANCHES = 12_000
FEW = 4_000
SAID = [sys.executable, "-m", "benchmarks.counters"]


def decided(database: str, seconds: float, *, kept: bool, killed: bool = False) -> dict[str, Any]:
    url = fresh(database, "counters")
    desk = _due_on_one_day(url, FEW if seconds < 5 else BRANCHES, kept)
    at = desk.clock.now().isoformat()
    clients = _ready(url, at, seconds)
    fold = subprocess.Popen([*SAID, "fold", url, at]) if kept else None
    _go(clients)
    if killed and fold is not None:
        time.sleep(seconds / 2)
        for one in (clients[0], fold):
            one.send_signal(signal.SIGKILL)
    ends = [one.communicate()[0].split() for one in clients]
    if fold is not None:
        fold.kill()
        fold.wait()
    done = {
        "rate": sum(int(end[0]) / float(end[1]) for end in ends if end),
        "n": sum(int(end[0]) for end in ends if end),
    }
    return done | (_recounted(desk) if kept else {})


def _due_on_one_day(url: str, branches: int, kept: bool) -> Any:
    """A desk on the day after; without counts there is no index of theirs either."""
    from datetime import timedelta

    from benchmarks.province import folded, province
    from benchmarks.town import stand

    desk, _ = province(url, branches, one_day=True)
    stand(desk, desk.clock.now() + timedelta(days=1))
    if kept:
        folded(desk)
    else:
        with desk.transaction() as tx:
            tx.connection.exec_driver_sql("DROP INDEX ix_cycle_untallied")
    return desk


def _ready(url: str, at: str, seconds: float) -> list[subprocess.Popen[str]]:
    """Clients that have read the scheme and opened their connection, each in a process of its own."""
    clients = [
        subprocess.Popen(
            [*SAID, "client", url, at, str(seconds), str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(CLIENTS)
    ]
    for one in clients:
        assert one.stdout is not None
        assert one.stdout.readline().strip() == "ready"
    return clients


def _go(clients: list[subprocess.Popen[str]]) -> None:
    for one in clients:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def _recounted(desk: Any) -> dict[str, Any]:
    from starflow.service import tallies

    with desk.reading() as tx:
        return {
            "waiting": len(tallies.tallies.untallied(tx)),
            "differences": list(tallies.counted_rightly(desk, tx))[:3],
        }


def client(url: str, at: str, seconds: str, number: str) -> None:
    """Decides until the time is over, on branches of its own; prints how often, and in which time."""
    import sqlalchemy as sa

    from starflow.service.cycles import CycleAsk, fire

    desk = _desk(url, at)
    said = (
        "SELECT o.code FROM cycle c JOIN organisation o ON o.id = c.organisation_id "
        "WHERE c.stage LIKE '%declaration' AND mod(c.id, :clients) = :number ORDER BY c.id"
    )
    with desk.reading() as tx:
        own = tx.connection.execute(sa.text(said), {"clients": CLIENTS, "number": int(number)}).scalars().all()
    payload = {"head": "甲", "members_due": 12, "target_star": 4}
    its = {"trigger": "declare", "relations": frozenset({"organisation"}), "actor": "P1", "payload": payload}
    mine = iter(own)
    fire(desk, CycleAsk(code=next(mine), **its))  # reads the scheme, opens the connection
    print("ready", flush=True)
    sys.stdin.readline()
    began, done = time.perf_counter(), 0
    for code in mine:
        fire(desk, CycleAsk(code=code, **its))
        done += 1
        if time.perf_counter() - began >= float(seconds):
            break
    print(done, time.perf_counter() - began, flush=True)


def fold(url: str, at: str) -> None:
    """As the bell would, every second; until killed."""
    from starflow.service import tallies

    desk = _desk(url, at)
    while True:
        tallies.fold(desk)
        time.sleep(1)


def measured(quick: bool) -> dict[str, Any]:
    peers = [(peer, "postgresql") for peer in ("plain", "kept")]
    count, seconds = (3, 3.0) if quick else (5, 8.0)
    return {
        "cost": rounds("counters", peers, count, seconds),
        "killed": rounds("counters", [("killed", "postgresql")], 1, seconds),
    }


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "client":
        client(*rest)
        os._exit(0)
    if what == "fold":
        fold(*rest)
    database, seconds = rest
    answer(**decided(database, float(seconds), kept=what != "plain", killed=what == "killed"))
