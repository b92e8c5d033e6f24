"""One decision: judged, stored and with its row of history, durably committed. And a thousand of them in one commit.

raw2 is the limit: an UPDATE guarded by the stage and an INSERT, nothing read. Ours reads, judges by guards, chains the record,
closes one obligation and opens the next. Every peer moves the same eight stages, rows in shuffled order, after a short warm-up.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.decision_peers import Dbos, DjangoFsm, Naive, PythonStatemachine
from benchmarks.limits import Raw, RawThousand
from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds, timed


class Ours:
    """`fire`, the whole door, on the default scheme: branches declare and report their self-evaluation."""

    BRANCHES = 1_500

    def __init__(self, database: str) -> None:
        from benchmarks.town import town

        self.desk, self.codes = town(fresh(database, "ours"), self.BRANCHES)
        self.queue = self.asks()

    def asks(self) -> Iterator[Any]:
        from starflow.service.cycles import CycleAsk

        declared = {"head": "甲", "members_due": 12, "target_star": 4}
        meeting = {"on": "2027-04-19", "attendees": ["甲"], "minutes": "同意"}
        evaluated = {"meeting": meeting, "scores": dict.fromkeys(map(str, range(1, 11)), "8.5"), "star": 3}
        who: dict[str, Any] = {"relations": frozenset({"organisation"}), "actor": "P1"}
        dice, codes = random.Random(7), list(self.codes)
        for trigger, payload in (("declare", declared), ("submit_self_evaluation", evaluated)):
            dice.shuffle(codes)
            yield from (CycleAsk(code=code, trigger=trigger, payload=payload, **who) for code in codes)

    def __call__(self, until: float) -> int:
        from starflow.service.cycles import fire

        done = 0
        for ask in self.queue:
            fire(self.desk, ask)
            done += 1
            if time.perf_counter() > until:
                break
        return done


class OursThousand(Ours):
    """The sweep on the day the recheck opens: every cycle is judged, moved, chained, owed and told, in pages of one commit."""

    def __init__(self, database: str) -> None:
        from benchmarks.town import rest

        super().__init__(database)
        rest(self.desk)

    def __call__(self, until: float) -> int:
        from starflow.service.obligations import sweep

        return sweep(self.desk).moved


PEERS: dict[str, Callable[[str], Callable[[float], int]]] = {
    "raw2": Raw,
    "raw1000": RawThousand,
    "starflow": Ours,
    "starflow1000": OursThousand,
    "naive": Naive,
    "python-statemachine": PythonStatemachine,
    "django-fsm-2": DjangoFsm,
    "dbos": Dbos,
}


WARM_UP = 0.3
"""Seconds before the measured ones: what a process learns once (statements, schemes, models) is nobody's cost of a decision."""
WARMED = set(PEERS) - {"starflow1000", "raw1000"}  # one call of these does all there is


def measured(quick: bool) -> dict[str, Any]:
    cases = [(peer, database) for database in ("sqlite", "postgresql") for peer in PEERS]
    return rounds("decisions", cases, 3 if quick else 5, 0.5 if quick else 1.5)


if __name__ == "__main__":
    peer, database, seconds = sys.argv[1:]
    work = PEERS[peer](database)
    if peer in WARMED:
        work(time.perf_counter() + WARM_UP)
    answer(**timed(work, float(seconds)))
