"""Where the time goes: what explains a goal that is missed. Seconds of our own processor by function, under cProfile, which slows Python."""

import cProfile
import pstats
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds

TIMES = 100
SHOWN = 14


def decision(database: str) -> Callable[[], Any]:
    from benchmarks.decisions import Ours
    from starflow.service.cycles import fire

    its = Ours(database)
    asks = its.asks()
    return lambda: fire(its.desk, next(asks))


def page(database: str) -> Callable[[], Any]:
    from datetime import timedelta

    from benchmarks.province import folded, province
    from benchmarks.town import stand
    from starflow.service.lists import stuck
    from starflow.service.view import Filters

    desk, _ = province(fresh(database, "profile"), 2_000)
    folded(desk)
    stand(desk, desk.clock.now() + timedelta(days=50))
    return lambda: stuck(desk, Filters(limit=50))


def map_of_units(database: str) -> Callable[[], Any]:
    from datetime import timedelta

    from benchmarks.province import folded, province
    from benchmarks.town import stand
    from starflow.service.overview import overview

    desk, _ = province(fresh(database, "profile"), 2_000)
    folded(desk)
    stand(desk, desk.clock.now() + timedelta(days=50))
    return lambda: overview(desk)


PEERS = {"decision": decision, "page": page, "overview": map_of_units}


def profiled(one: Callable[[], Any]) -> dict[str, Any]:
    one()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(TIMES):
        one()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    rooms: dict[str, float] = {}
    lines = []
    for (file, _, name), (_, calls, own, whole, _) in stats.stats.items():
        rooms[_room(file)] = rooms.get(_room(file), 0) + own
        if any(f"/{room}/" in file for room in ("starflow", "storage", "workflow")):
            lines.append((whole / TIMES * 1e3, calls / TIMES, f"{file.split('/')[-1]}:{name}"))
    return {
        "ms": stats.total_tt / TIMES * 1e3,
        "rooms": {room: own / TIMES * 1e3 for room, own in sorted(rooms.items(), key=lambda pair: -pair[1])[:8]},
        "lines": sorted(lines, reverse=True)[:SHOWN],
    }


def _room(file: str) -> str:
    """Ours by room, others by package."""
    for room in ("workflow/engine", "workflow/rating", "storage", "starflow/service"):
        if f"/{room}/" in file:
            return room
    if "site-packages/" in file:
        return file.split("site-packages/")[1].split("/")[0]
    return "the driver and the server" if file == "~" else "Python's library"


def measured(quick: bool) -> dict[str, Any]:
    return rounds("profile", [(peer, database) for peer in PEERS for database in ("sqlite", "postgresql")], 1, 0)


if __name__ == "__main__":
    peer, database, _ = sys.argv[1:]
    answer(**profiled(PEERS[peer](database)))
