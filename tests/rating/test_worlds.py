"""Correct shape is not correct rules: every (stage, facts) of the default procedure is walked with decide() itself.

The world is finite once payloads and time are: a star is one of six, two objections may be open at a time, and of the notice
on the wall it only matters whether its days are over. The walk begins at the declaration, with or without a star from the
year before, and goes on into the recheck with whatever star the rating has brought.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from workflow.engine.machine import Ask, Decision, Refusal, decide
from workflow.engine.table import Row, Table, closure
from workflow.rating.facts import Facts
from workflow.rating.scoring import Rating
from workflow.rating.stages import FROM_ANYWHERE

STARS = range(6)
MOST_OBJECTIONS = 2
ENDS = datetime(2027, 6, 15, 16, tzinfo=UTC)
RUNNING, OVER = ENDS - timedelta(seconds=1), ENDS
EVERYBODY = frozenset({"organisation", "superior", "department", "committee", "city", "anyone", "clock"})
TIME = "time"
EXITS = tuple(act.trigger for act, _, _ in FROM_ANYWHERE)
SEEN_BY = frozenset({"pass_audit", "approve", "confirm_star", "overturn_star"})
ENDS_OF_ROUND = ("rated", "closed")


@dataclass(frozen=True, slots=True)
class World:
    """Where a cycle stands, and what an onlooker has seen since the proposal."""

    stage: str
    facts: Facts
    over: bool = False  # the days of the notice that hangs are over
    done: frozenset[str] = frozenset()  # who has had the proposal in hand


class Step(NamedTuple):
    """One act, with the facts as they were read for it."""

    before: World
    trigger: str
    known: Facts
    after: World

    @property
    def grants(self) -> bool:
        return self.after.stage in ENDS_OF_ROUND and self.trigger not in EXITS

    @property
    def proposed(self) -> int | None:
        """What was proposed when the round ended: by this very act where a review ends it."""
        return self.after.facts.star if self.before.stage.endswith(".review") else self.before.facts.proposed

    @property
    def changed(self) -> bool:
        return self.proposed != self.before.facts.star

    @property
    def done(self) -> frozenset[str]:
        return self.before.done | {self.trigger}


# ── the laws ─────────────────────────────────────────────────────


def no_grant_with_an_open_objection(s: Step) -> bool:
    return not s.grants or s.after.facts.open_objections == 0


def no_proposal_above_the_cap(s: Step) -> bool:
    proposed = s.after.facts.star if s.grants else s.after.facts.proposed
    return s.trigger not in ("propose_star", "keep_star") or proposed <= s.known.cap


def no_grant_of_what_was_not_proposed(s: Step) -> bool:
    """The city may let a star fall, nothing else comes between a proposal and its grant."""
    return not s.grants or s.after.facts.star == (4 if s.trigger == "overturn_star" else s.proposed)


def no_grant_without_full_days(s: Step) -> bool:
    """An unchanged star in the recheck needs none (R56); one that fell had them before it fell (R25)."""
    unchanged = s.before.stage.startswith("recheck.") and not s.changed
    shown = {s.before.facts.posted_star} | ({s.before.facts.noticed_star} if s.trigger == "close_publicity" else set())
    return not s.grants or unchanged or s.proposed in shown


def days_are_full_when_the_notice_has_hung_them_out(s: Step) -> bool:
    after, before = s.after.facts.posted_star, s.before.facts.posted_star
    return after in (None, before) or (s.before.over and after == s.before.facts.noticed_star)


def a_notice_names_the_star_that_was_proposed_when_it_was_posted(s: Step) -> bool:
    if s.trigger == "post_notice":
        return s.after.facts.noticed_star == s.before.facts.proposed
    return s.after.facts.noticed_star in (None, s.before.facts.noticed_star)


def nobody_objects_before_the_notice_or_after_its_last_day(s: Step) -> bool:
    return s.trigger != "object" or (s.before.facts.posted_on is not None and not s.before.over)


def nobody_is_passed_over_in_the_rating(s: Step) -> bool:
    if not s.grants or not s.before.stage.startswith("rating."):
        return True
    five, direct = s.proposed == 5, s.before.facts.route == "B"
    audited = "pass_audit" in s.done or direct or not five
    approved = "approve" in s.done or not (direct or five)
    return audited and approved and (bool(s.done & {"confirm_star", "overturn_star"}) or not five)


def nobody_is_passed_over_in_the_recheck(s: Step) -> bool:
    if not s.grants or not s.before.stage.startswith("recheck.") or not s.changed:
        return True
    return "approve" in s.done and (bool(s.done & {"confirm_star", "overturn_star"}) or s.proposed != 5)


def only_the_end_of_a_round_changes_the_star(s: Step) -> bool:
    return s.grants or s.after.facts.star == s.before.facts.star


def the_end_of_a_round_leaves_nothing_of_it(s: Step) -> bool:
    left = s.after.facts
    return not s.grants or left == Facts(route=left.route, star=left.star, open_objections=left.open_objections)


LAWS: tuple[Callable[[Step], bool], ...] = (
    no_grant_with_an_open_objection,
    no_proposal_above_the_cap,
    no_grant_of_what_was_not_proposed,
    no_grant_without_full_days,
    days_are_full_when_the_notice_has_hung_them_out,
    a_notice_names_the_star_that_was_proposed_when_it_was_posted,
    nobody_objects_before_the_notice_or_after_its_last_day,
    nobody_is_passed_over_in_the_rating,
    nobody_is_passed_over_in_the_recheck,
    only_the_end_of_a_round_changes_the_star,
    the_end_of_a_round_leaves_nothing_of_it,
)


@pytest.mark.long
@pytest.mark.parametrize("route", ["A", "B"])
def test_no_step_of_the_whole_world_breaks_a_law_and_every_world_has_a_way_to_its_star(table, told, route):
    broken: dict[str, Step] = {}
    came_from: dict[World, set[World]] = {}
    fired = set()

    for step in walk(table, told, route):
        broken |= {law.__name__: step for law in LAWS if not law(step)}
        fired |= {(step.before.stage, step.trigger)} if step.trigger != TIME else set()
        came_from.setdefault(step.before, set())
        came_from.setdefault(step.after, set())
        if step.trigger not in EXITS:
            came_from[step.after].add(step.before)

    open_ones = {world for world in came_from if not table.stage[world.stage].ends}
    ends = {world for world in came_from if world.stage in ENDS_OF_ROUND}
    never = {row.stage for row in table.rows if row.stage == "rating.audit" and route == "B"}
    assert broken == {}
    assert open_ones - closure(ends, came_from) == set()
    assert fired == {(row.stage, row.trigger) for row in table.rows if row.stage not in never}


def test_no_row_has_the_same_way_twice(table):
    assert [row for row in table.rows if len({way.dest for way in row.ways}) != len(row.ways)] == []


# ── four holes that stood open while every check of the table passed ──


def test_hole_one_of_two_objections_is_upheld_and_the_star_stays_but_the_other_objection_still_stands(table, told):
    """The notice has hung its days out, so only the open objection keeps the cycle from its star."""
    facts = Facts(route="A", proposed=3, noticed_star=3, posted_on=date(2027, 6, 8), open_objections=2)

    at, facts = played(table, told, "rating.publicity", facts, "uphold_objection", "propose_star 3")
    assert (at, facts.open_objections, facts.posted) == ("rating.publicity", 1, True)
    assert refused(table, told, at, facts, "close_publicity") == ("尚有1件异议未办结",)

    at, facts = played(table, told, at, facts, "dismiss_objection", "close_publicity")
    assert (at, facts.star) == ("rated", 3)


def test_hole_one_in_the_recheck_a_kept_star_goes_through_publicity_while_an_objection_is_open(table, told):
    facts = Facts(star=3, proposed=4, noticed_star=4, posted_on=date(2027, 12, 8), open_objections=2)

    at, facts = played(table, told, "recheck.publicity", facts, "uphold_objection", "keep_star")
    assert (at, facts.proposed, facts.open_objections) == ("recheck.publicity", 3, 1)

    at, facts = played(table, told, at, facts, "dismiss_objection", "close_publicity")
    assert (at, facts.star) == ("closed", 3)


def test_hole_two_a_star_above_the_cap_cannot_be_kept(table, told):
    facts = Facts(star=4, cap=3, cap_reasons=("超过一年未换届",), rating=RATED[4], labels={4: "四星级", 3: "三星级"})

    assert refused(table, told, "recheck.review", facts, "keep_star") == (
        "现有的四星级不能保持,最高只能定三星级:超过一年未换届",
    )


def test_hole_three_no_star_in_force_cannot_be_kept(table, told):
    facts = Facts(star=None, cap=5, rating=RATED[4])

    assert refused(table, told, "recheck.review", facts, "keep_star") == ("没有现行星级可以保持",)


def test_hole_four_nobody_objects_after_the_last_day(table, told):
    facts = Facts(proposed=3, noticed_star=3, posted_on=date(2027, 6, 8), runs_until=ENDS)

    assert played(table, told, "rating.publicity", facts, "object", now=RUNNING)[1].open_objections == 1
    assert refused(table, told, "rating.publicity", facts, "object", now=OVER) == ("公示期已过,作为监督线索登记",)


# ── how the world goes on ────────────────────────────────────────


def steps(table: Table, told: dict[str, Any], world: World) -> Iterator[Step]:
    """Every act that is not refused, and time, which nobody can refuse."""
    if world.facts.posted_on and not world.over and table.of(world.stage):
        yield Step(world, TIME, world.facts, replace(world, over=True))
    now = OVER if world.over else RUNNING
    known = replace(world.facts, runs_until=ENDS) if world.facts.posted_on else world.facts
    for row in table.of(world.stage):
        for payload, facts in asks(row, known, told.get(row.trigger, {})):
            ask = Ask(trigger=row.trigger, relations=EVERYBODY, payload=payload, reason="其他:说明")
            decision = decide(table, world.stage, ask, facts, now)
            if isinstance(decision, Decision):
                yield Step(world, row.trigger, facts, moved(world, decision))


def asks(row: Row, facts: Facts, told: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Facts]]:
    """The act with each payload that matters, and the facts as they would be read for it."""
    match row.trigger:
        case "propose_star":
            for known in (replace(facts, cap=cap, rating=RATED[5]) for cap in (3, 5)):
                yield from ((told | {"star": star}, known) for star in STARS if star > 3 or known.cap == 5)
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
        done=frozenset() if anew else world.done | ({decision.trigger} & SEEN_BY),
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


# ── a few steps by hand ──────────────────────────────────────────


def played(
    table: Table, told: dict[str, Any], at: str, facts: Facts, *acts: str, now: datetime = OVER
) -> tuple[str, Facts]:
    """The stage and the facts after these acts; `propose_star 3` says which star."""
    for act in acts:
        verdict = decide(table, at, ask_for(told, act), replace(facts, rating=RATED[facts.star or 5]), now)
        assert isinstance(verdict, Decision), verdict
        at, facts = verdict.after, verdict.facts
    return at, facts


def refused(
    table: Table, told: dict[str, Any], at: str, facts: Facts, act: str, now: datetime = OVER
) -> tuple[str, ...]:
    verdict = decide(table, at, ask_for(told, act), facts, now)
    assert isinstance(verdict, Refusal), verdict
    return tuple(reason.text for reason in verdict.reasons)


def ask_for(told: dict[str, Any], act: str) -> Ask:
    trigger, _, star = act.partition(" ")
    payload = told.get(trigger, {}) | ({"star": int(star)} if star else {})
    return Ask(trigger=trigger, relations=EVERYBODY, payload=payload, reason="说明")
