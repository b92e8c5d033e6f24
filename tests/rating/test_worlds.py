"""Correct shape is not correct rules: every (stage, facts) of the default procedure is walked with decide() itself.

The world is finite once payloads and time are: a star is one of six, an objection is filed at most twice at a time, and of
the notice on the wall only matters whether its days are over. The walk begins at the declaration, with any star in force
from the year before, and goes on into the recheck with whatever star the rating has brought.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from workflow.engine.machine import Ask, Decision, Refusal, decide
from workflow.engine.table import Row, Table, effected
from workflow.rating.facts import ROUND_FACTS, Facts
from workflow.rating.scoring import Rating

STARS = range(6)
MOST_OBJECTIONS = 2
POSTED = date(2027, 6, 8)
ENDS = datetime(2027, 6, 15, 16, tzinfo=UTC)
RUNNING, OVER = ENDS - timedelta(seconds=1), ENDS
EVERYBODY = frozenset({"organisation", "superior", "department", "committee", "city", "anyone", "clock"})


@dataclass(frozen=True, slots=True)
class World:
    """Where a cycle stands, and what an honest observer has seen beside it since the proposal."""

    stage: str
    facts: Facts
    over: bool = False  # the days of the notice that hangs are over
    done: frozenset[str] = frozenset()  # by whom the proposal has been seen


SEEN = frozenset({"pass_audit", "approve", "confirm_star", "overturn_star"})
ENDS_OF_ROUND = ("rated", "closed", "exempt")


class Step(NamedTuple):
    before: World
    ask: Ask
    after: World


# ── how the world goes on ────────────────────────────────────────


def steps(table: Table, told: dict[str, Any], world: World) -> Iterator[Step]:
    """Every act that is not refused, and time, which nobody can refuse."""
    if world.facts.posted_on and not world.over:
        yield Step(world, Ask(trigger="time"), replace(world, over=True))
    now = OVER if world.over else RUNNING
    known = replace(world.facts, runs_until=ENDS) if world.facts.posted_on else world.facts
    for row in table.of(world.stage):
        for payload, facts in asks(row, known, told.get(row.trigger, {})):
            ask = Ask(trigger=row.trigger, relations=EVERYBODY, payload=payload, reason="其他:说明")
            decision = decide(table, world.stage, ask, facts, now)
            if isinstance(decision, Decision):
                yield Step(world, ask, moved(world, decision))


def asks(row: Row, facts: Facts, told: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Facts]]:
    """The act with each payload that matters, and the facts as they would be read for it."""
    match row.trigger:
        case "propose_star":
            for facts in (replace(facts, cap=3, rating=RATED[3]), replace(facts, cap=5, rating=RATED[5])):
                yield from ((told | {"star": star}, facts) for star in STARS if star > 3 or facts.cap == 5)
        case "keep_star":  # the score says the star in force; whether it may be kept is the question
            yield from ((told, replace(facts, cap=cap, rating=RATED[facts.star or 0])) for cap in (3, 5))
        case "object" if facts.open_objections == MOST_OBJECTIONS:
            return
        case _ if row.chooses:
            yield from (({"to": way.name}, facts) for way in row.ways)
        case _:
            yield told, facts


RATED = [Rating(total=Decimal(85), star=star, cap=5, cap_reasons=(), band_star=star, steps=()) for star in STARS]


def moved(world: World, decision: Decision) -> World:
    """What is read anew for each ask is not kept; nor is what will be overwritten before anybody looks at it."""
    facts = replace(decision.facts, runs_until=None, cap=None, rating=None, **forgotten(decision))
    anew = decision.trigger in ("propose_star", "keep_star") or decision.after in ENDS_OF_ROUND
    return World(
        stage=decision.after,
        facts=facts,
        over=world.over and facts.posted_on is not None,
        done=frozenset() if anew else world.done | ({decision.trigger} & SEEN),
    )


def forgotten(decision: Decision) -> dict[str, Any]:
    """An excuse counts in the survey alone, and a review makes its proposal anew."""
    excused = {} if decision.after.endswith(".survey") else {"turnout_excused": False}
    to_be_reviewed = decision.after.endswith((".self_evaluation", ".survey", ".review"))
    return excused | ({"proposed": None, "total": None} if to_be_reviewed else {})


def walk(table: Table, told: dict[str, Any], route: str) -> Iterator[Step]:
    """Every step from every world that can be reached on this route."""
    todo = [World(table.stages[0].name, Facts(route=route, star=star)) for star in (None, 4)]
    seen = set(todo)
    while todo:
        for step in steps(table, told, todo.pop()):
            yield step
            if step.after not in seen:
                seen.add(step.after)
                todo.append(step.after)


if __name__ == "__main__":
    import time
    from collections import Counter
    import importlib.util, sys
    sp = importlib.util.spec_from_file_location("c", "tests/rating/conftest.py"); c = importlib.util.module_from_spec(sp); sp.loader.exec_module(c)
    from workflow.rating.procedure import table_of
    from workflow.rating.scheme import load_bytes
    from workflow.rating.shelf import scheme_bytes
    T = table_of(load_bytes(scheme_bytes("anyang-five-star")))
    t=time.time(); n=0; worlds=set(); bad=Counter(); ex={}
    for s in walk(T, c.TOLD, "A"):
        n+=1; worlds.add(s.before)
    print(time.time()-t, n, len(worlds), Counter(w.stage for w in worlds))
