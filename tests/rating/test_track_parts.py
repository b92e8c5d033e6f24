"""The whole table that a small kind of matter amounts to: its statuses, rows and words, and the worlds it is tried in."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel

from workflow.engine.machine import ANYONE, Ask
from workflow.engine.table import OWNER, Row, Way, When
from workflow.rating.stages import ROLE_WORDS
from workflow.rating.track_guards import MatterFacts, only_one
from workflow.rating.track_parts import NEW, OPEN, Act, Kind, Status, WorldPayload, when, worlds


class Told(BaseModel):
    """What the opening is told."""


def found(facts: MatterFacts, ask: Ask, now: datetime) -> dict[str, Any]:
    return {"outcome": "sure"}


SURE = Way("settled", When(((("outcome", ("sure",)),),)))
DOUBT = Status("doubt", "存疑", "department")
SETTLED = Status("settled", "已定", "superior")
DONE = Status("done", "办结", ends=True)


@pytest.fixture
def clue() -> Kind:
    return Kind(
        "clue",
        "线索",
        "R65",
        statuses=(DOUBT, SETTLED, DONE),
        acts=(
            Act(
                OPEN,
                "登记",
                (NEW,),
                (when("sure", "settled"), Way("doubt")),
                takes=Told,
                guards=(only_one,),
                effect=found,
            ),
            Act("settle", "查实", ("doubt",), "settled"),
            Act("note", "补记", takes=Told),
            Act("finish", "办结", to="done", by="committee", needs_reason=True),
        ),
        opened_by=("superior", "department"),
        once="campaign",
    )


def test_an_act_stands_at_the_statuses_that_it_names_or_at_every_open_one_and_leads_on_or_stays(clue: Kind) -> None:
    assert clue.table.rows == (
        Row(NEW, OPEN, OWNER, (SURE, Way("doubt")), Told, False, (only_one,), found),
        Row("doubt", "settle", OWNER, (Way("settled"),)),
        Row("doubt", "note", OWNER, (Way("doubt"),), Told),
        Row("settled", "note", OWNER, (Way("settled"),), Told),
        Row("doubt", "finish", "committee", (Way("done"),), None, True),
        Row("settled", "finish", "committee", (Way("done"),), None, True),
    )


def test_before_its_statuses_comes_the_one_in_which_it_is_not_opened_yet(clue: Kind) -> None:
    first, *others = clue.table.stages

    assert (first.name, *others) == (NEW, DOUBT, SETTLED, DONE)
    assert clue.status == {NEW: first, "doubt": DOUBT, "settled": SETTLED, "done": DONE}
    assert (clue.status[NEW].title, clue.status[NEW].ends, clue.status[NEW].due) == ("未提出", False, None)


def test_a_refusal_calls_roles_statuses_and_acts_as_people_do(clue: Kind) -> None:
    assert clue.table.words == ROLE_WORDS | {
        **{NEW: "未提出", "doubt": "存疑", "settled": "已定", "done": "办结"},
        **{OPEN: "登记", "settle": "查实", "note": "补记", "finish": "办结"},
    }
    assert [clue.titled(trigger) for trigger in ("settle", "unheard_of")] == ["查实", "unheard_of"]


@pytest.mark.parametrize(
    ("relations", "role"),
    [
        ({"department", "superior"}, "superior"),
        ({"department", "organisation"}, "department"),
        ({"organisation"}, "department"),
        (set(), "department"),
    ],
)
def test_it_is_opened_in_the_first_role_that_may_and_for_others_it_is_the_last_ones(
    clue: Kind, relations: set[str], role: str
) -> None:
    assert clue.status[NEW].owner_of(MatterFacts(relations=frozenset(relations))) == role


def test_every_case_that_a_way_can_tell_apart_is_tried() -> None:
    assert list(worlds()) == [
        (MatterFacts(relations=frozenset({role})), Ask(trigger="", payload=WorldPayload(result, leader)))
        for role in ("department", ANYONE)
        for result in (None, "passed", "slipped")
        for leader in (None, "某某")
    ]
