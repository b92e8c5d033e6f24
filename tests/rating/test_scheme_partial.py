"""A scheme is read as far as it can be: what could not be read is marked, and every table beside it is whole."""

import operator
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.rating.scheme import domains, load
from workflow.rating.scheme_partial import UNREAD, NotRead, partial_scheme, tuples
from workflow.rating.scheme_places import Path, Places
from workflow.rating.scheme_stages import Condition
from workflow.rating.scheme_tables import Scheme

TEXT = f"""
{replace(PLAIN, bounds=(0, 40, 60), kinds=("self_evaluation", "survey", "review")).text()}
[fields]
"机关" = "机关"
[phase.declare]
due = "04-10"
covers = ["rating.review"]
{CITE}
"""


def part(*wrong: Path, **said: Any) -> Scheme:
    """The scheme with these tables written otherwise, and what is wrong there."""
    whole = tomllib.loads(TEXT) | said
    return partial_scheme(whole, wrong, domains(whole), Places({}, whole))


def written(table: str, *path: str | int, **keys: Any) -> dict[str, Any]:
    """This table of the file with these keys changed at the end of the path."""
    said = {table: deepcopy(tomllib.loads(TEXT)[table])}
    holder = said[table]
    for step in path:
        holder = holder[step]
    holder.update(keys)
    return said


def tables_unlike(whole: Scheme, other: Scheme) -> list[str]:
    return [
        name
        for name in type(whole).model_fields
        if getattr(other, name) is UNREAD or getattr(other, name) != getattr(whole, name)
    ]


def test_with_nothing_wrong_it_is_the_whole_scheme_but_for_its_hash() -> None:
    found = part()

    assert tables_unlike(load(TEXT), found) == []
    assert (found.hash, found.place("score", "max")) == ("", "score.max")


@pytest.mark.parametrize(
    ("wrong", "said", "unread"),
    [
        (("level", 1, "min"), written("level", 1, min=40), lambda one: one.level[1].min),
        (("level", 1, "label"), written("level", 1, label=""), lambda one: one.level[1].label),
        (("score", "max"), written("score", max="much"), lambda one: one.score.max),
        (("phase", "declare", "due"), written("phase", "declare", due="06-31"), lambda one: one.phase["declare"].due),
        (("stage", 2, "cite", "rule"), written("stage", 2, "cite", rule=1), lambda one: one.stage[2].cite.rule),
    ],
)
def test_a_value_that_cannot_be_read_is_marked_in_its_place(
    wrong: Path, said: dict[str, Any], unread: Callable[[Scheme], Any]
) -> None:
    whole, found = load(TEXT), part(wrong, **said)

    assert unread(found) is UNREAD
    assert [name for name in Scheme.model_fields if getattr(found, name) is UNREAD] == []
    with pytest.raises(NotRead):
        bool(getattr(found, str(wrong[0])) == getattr(whole, str(wrong[0])))
    others = (name for name in Scheme.model_fields if name != wrong[0])
    assert [name for name in others if getattr(found, name) != getattr(whole, name)] == []


def test_several_wrong_values_of_a_table_are_each_marked() -> None:
    said = written("score", max=1, min=2)

    score = part(("score", "max"), ("score", "min"), ("score", "colour"), score=said["score"] | {"colour": "red"}).score

    assert (score.max is UNREAD, score.min is UNREAD, score.decimals) == (True, True, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("score", "colour"), written("score", colour="red")),
        (("level", 0, "colour"), written("level", 0, colour="red")),
        (("phase", "declare", "colour"), written("phase", "declare", colour="red")),
        (("score", "colour"), {}),
    ],
)
def test_a_key_that_there_is_not_is_passed_over(wrong: Path, said: dict[str, Any]) -> None:
    assert tables_unlike(load(TEXT), part(wrong, **said)) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([("score",)], {"score": 5}),
        ([("fields",)], {"fields": 5}),
        ([("level", 1)], {}),
        ([("level", 9, "min")], {}),
        ([("level", 3, "min")], {}),
        ([("score", 0, "min")], {}),
        ([("score", "max", "min")], {}),
        ([("score", "nowhere", "min")], {}),
        ([("score", "max", "min", "than")], {}),
        ([("stage", 0, "owner")], written("stage", 1, when={"route": "nowhere"})),
        ([("score", "weights", "superior")], written("score", "weights", superior=100)),
        ([("procedure", "assign")], written("procedure", assign=5)),
        ([("score", "max")], written("score", max=1, min=1)),
        ([("score", "max"), ("score", "weights", "superior")], written("score", max=1)),
        ([("plan", "cite")], {}),
    ],
)
def test_a_table_that_cannot_be_read_without_its_wrong_part_is_unread_as_a_whole(
    wrong: list[Path], said: dict[str, Any]
) -> None:
    found = part(*wrong, **said)

    assert tables_unlike(load(TEXT), found) == [wrong[0][0]]
    assert getattr(found, str(wrong[0][0])) is UNREAD


QUESTIONS: tuple[Callable[[Any], Any], ...] = (
    *(bool, len, iter, hash, list, operator.neg),
    *(lambda one: one.min, lambda one: one[0], lambda one: 1 in one, lambda one: one == 1),
    *(lambda one: one < 1, lambda one: one <= 1, lambda one: one > 1, lambda one: one >= 1),
    *(lambda one: one + 1, lambda one: one - 1, lambda one: one * 2),
    *(lambda one: 1 + one, lambda one: 1 - one, lambda one: 2 * one),
)


@pytest.mark.parametrize("ask", QUESTIONS, ids=range(len(QUESTIONS)))
def test_a_question_to_an_unread_value_is_put_off(ask: Callable[[Any], Any]) -> None:
    with pytest.raises(NotRead):
        ask(UNREAD)


def test_an_unread_value_is_shown_as_a_question_mark() -> None:
    assert (str(UNREAD), f"{UNREAD:>3}分") == ("?", "?分")


def test_a_single_condition_without_brackets_is_read_with_what_stands_in() -> None:
    found = part(("stage", 1, "when", "route"), **written("stage", 1, when={"route": "nowhere"}))

    assert found.stage[1].when == (Condition(route=("A",)),)


def test_lists_become_tuples_at_every_depth() -> None:
    assert tuples({"a": [1, [2], {"b": [3]}], "c": "d"}) == {"a": (1, (2,), {"b": (3,)}), "c": "d"}
