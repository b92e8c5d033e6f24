"""Where the time goes: what explains a goal that is missed. Seconds of our own processor by function, under cProfile, which slows Python."""

import cProfile
import pstats
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds

SHOWN = 14


class Work(NamedTuple):
    """What is looked at. One call is made beforehand, unless a single call does all there is."""

    call: Callable[[], Any]
    calls: int = 100
    units: int = 1
    """How much one call does: the figures are for one of these."""


def decision(database: str) -> Work:
    from benchmarks.decisions import Ours
    from starflow.service.cycles import fire

    its = Ours(database)
    asks = its.asks()
    return Work(lambda: fire(its.desk, next(asks)))


def validation(_: str) -> Work:
    from benchmarks.validation import ours

    return Work(ours(), calls=2_000)


def move_in_a_sweep(database: str) -> Work:
    from benchmarks.decisions import OursThousand
    from starflow.service.obligations import sweep

    its = OursThousand(database)
    return Work(lambda: sweep(its.desk), calls=1, units=its.BRANCHES)


def rung(database: str) -> Work:
    from benchmarks.timers import _until_all_are_due
    from benchmarks.town import town
    from starflow.service.obligations import sweep

    desk, codes = town(fresh(database, "profile"), 1_500)
    sweep(desk)
    return Work(lambda: sweep(desk), calls=1, units=_until_all_are_due(desk, len(codes)))


def ballot(database: str) -> Work:
    from benchmarks.web import _surveys
    from starflow.service.casting import cast

    desk, tokens = _surveys(fresh(database, "profile"), 10)
    mine = iter(tokens)
    return Work(lambda: cast(desk, next(mine), {"overall": "satisfied"}, ""))


def page(database: str) -> Work:
    from datetime import timedelta

    from benchmarks.province import folded, province
    from benchmarks.town import stand
    from starflow.service.lists import stuck
    from starflow.service.view import Filters

    desk, _ = province(fresh(database, "profile"), 2_000)
    folded(desk)
    stand(desk, desk.clock.now() + timedelta(days=50))
    return Work(lambda: stuck(desk, Filters(limit=50)))


def map_of_units(database: str) -> Work:
    from datetime import timedelta

    from benchmarks.province import folded, province
    from benchmarks.town import stand
    from starflow.service.overview import overview

    desk, _ = province(fresh(database, "profile"), 2_000)
    folded(desk)
    stand(desk, desk.clock.now() + timedelta(days=50))
    return Work(lambda: overview(desk))


PEERS: dict[str, Callable[[str], Work]] = {
    "validation": validation,
    "decision": decision,
    "move in a sweep": move_in_a_sweep,
    "rung": rung,
    "ballot": ballot,
    "page": page,
    "overview": map_of_units,
}


def profiled(work: Work) -> dict[str, Any]:
    if work.calls > 1:
        work.call()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(work.calls):
        work.call()
    profile.disable()
    done = work.calls * work.units
    stats: Any = pstats.Stats(profile)
    rooms: dict[str, float] = {}
    lines = []
    for (file, _, name), (_, calls, own, whole, _) in stats.stats.items():
        rooms[_room(file)] = rooms.get(_room(file), 0) + own
        if any(f"/{room}/" in file for room in ("starflow", "storage", "workflow")):
            lines.append((whole / done * 1e3, calls / done, f"{file.split('/')[-1]}:{name}"))
    return {
        "ms": stats.total_tt / done * 1e3,
        "rooms": {room: own / done * 1e3 for room, own in sorted(rooms.items(), key=lambda pair: -pair[1])[:8]},
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
    places = {"validation": ("memory",)}
    cases = [(peer, place) for peer in PEERS for place in places.get(peer, ("sqlite", "postgresql"))]
    return rounds("profile", cases, 1, 0)


if __name__ == "__main__":
    peer, database, _ = sys.argv[1:]
    answer(**profiled(PEERS[peer](database)))
