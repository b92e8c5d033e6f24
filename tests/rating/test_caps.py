"""What bounds a level and what moves it, whatever the score: every bound and step word for word, with its rule."""

from datetime import date
from functools import cache
from typing import Any

import pytest

from tests.rating.schemes_at_random import PLAIN
from workflow.rating.caps import (
    Bound,
    effect_bounds,
    eligibility_bounds,
    lifts,
    lowered_by,
    moved,
    not_rated,
    step_bounds,
)
from workflow.rating.figures import case_figures
from workflow.rating.inputs import RatingInputs, Step
from workflow.rating.scheme import Scheme, load

LABELS = ("不合格", "合格", "良好", "优秀")
CLOSED = '[[stage]]\nname = "closed"\n'
SMALL = '{ value = "members", op = "<", than = "11" }'
LARGE = '{ value = "members", op = ">=", than = "11" }'
SECOND_ROUND = """
[[stage]]
name = "rated_2"
kind = "rated"
until = "09-01"
cite = { rule = "1" }
[[stage]]
name = "recheck.review"
owner = "superior"
due = "+20 days"
cite = { rule = "1" }
"""


@cache
def scheme(*more: str, lowest: int = 1) -> Scheme:
    text = PLAIN.text().replace("stars = [3]", f"stars = [{lowest + 3}]").replace(CLOSED, SECOND_ROUND + CLOSED)
    for n in (3, 2, 1, 0):
        text = text.replace(f'star = {n}\nlabel = "第{n}等"', f'star = {lowest + n}\nlabel = "{LABELS[n]}"')
    return load("\n".join((text, *more)))


def effect(then: str, more: str = "", needs: str = SMALL) -> str:
    return f'[[effect]]\ncode = "e{then}"\ntitle = "人少"\nneeds = [{needs}]\nthen = "{then}"\n{more}\ncite = {{ rule = "E" }}\n'


def eligible(star: int, more: str = "") -> str:
    return f'[[eligibility]]\nstar = {star}\ntitle = "须够人"\nneeds = [{LARGE}]\n{more}\ncite = {{ rule = "G" }}\n'


def case(**facts: Any) -> RatingInputs:
    return RatingInputs(**{"round": "rating", "rated_on": date(2027, 6, 1), "members": 5, **facts})


def bound(rule: str, text: str, effect: str, star: int) -> Bound:
    return Bound(Step(rule, text, effect), star)


@pytest.mark.parametrize(
    ("then", "more", "found"),
    [
        ("cap", "star = 2", bound("E", "人少(党员数5,低于11),不得高于合格", "star<=2", 2)),
        ("bottom", "", bound("E", "人少(党员数5,低于11),直接定为不合格", "star<=1", 1)),
    ],
)
def test_an_effect_bounds_the_level_where_its_needs_hold_in_its_rounds(then: str, more: str, found: Bound) -> None:
    def seen(one: Scheme, inputs: RatingInputs) -> tuple[Bound, ...]:
        return effect_bounds(one, inputs, case_figures(one, inputs))

    always, later = scheme(effect(then, more)), scheme(effect(then, f'{more}\nrounds = ["recheck"]'))

    assert seen(always, case()) == (found,)
    assert seen(always, case(members=11)) == seen(always, case(members=None)) == ()
    assert (seen(later, case()), seen(later, case(round="recheck"))) == ((), (found,))


def test_an_effect_may_leave_no_level_at_all() -> None:
    one = scheme(effect("no_level"), lowest=0)

    found = effect_bounds(one, case(), case_figures(one, case()))
    assert found == (bound("E", "人少(党员数5,低于11),直接定为不合格", "star<=0", 0),)


def test_the_lowest_level_may_be_given_directly() -> None:
    one = scheme(effect("set", "star = 0"), lowest=0)

    given = Step("E", "人少(党员数5,低于11),直接定为不合格", "star=0")
    assert lifts(one, case(), 3, case_figures(one, case())) == (0, (given,))


def test_effects_of_another_kind_bound_nothing() -> None:
    one = scheme(
        effect("set", "star = 3"), effect("floor", "star = 2"), effect("minus", "steps = 1"), effect("not_rated")
    )

    assert effect_bounds(one, case(), case_figures(one, case())) == ()
    assert not_rated(one, case(), case_figures(one, case())) == ("人少(党员数5,低于11),不予评定(E)",)
    later = scheme(effect("not_rated", 'rounds = ["recheck"]'))
    assert not_rated(later, case(), case_figures(later, case())) == ()


@pytest.mark.parametrize(
    ("more", "held", "star", "found"),
    [
        ("", None, 3, bound("G", "须够人(党员数5,低于11),不得高于合格", "star<=2", 2)),
        ("", 3, 3, bound("G", "须够人(党员数5,低于11),不得高于合格", "star<=2", 2)),
        ("", None, 1, bound("G", "须够人(党员数5,低于11),不得高于不合格", "star<=1", 1)),
        ("holders_keep = true", None, 3, bound("G", "须够人(党员数5,低于11),不得高于合格", "star<=2", 2)),
        ("holders_keep = true", 2, 3, bound("G", "须够人(党员数5,低于11),不得高于合格", "star<=2", 2)),
        ("holders_keep = true", 3, 3, bound("G", "须够人(党员数5,低于11),已是良好的不受此限", "none", 4)),
        ("holders_keep = true", 4, 3, bound("G", "须够人(党员数5,低于11),已是良好的不受此限", "none", 4)),
    ],
)
def test_a_level_that_one_may_not_have_yet_bounds_to_the_one_below(
    more: str, held: Any, star: int, found: Bound
) -> None:
    one, inputs = scheme(eligible(star, more)), case(held=held)

    assert eligibility_bounds(one, inputs, case_figures(one, inputs)) == (found,)
    assert eligibility_bounds(one, case(members=11), case_figures(one, case(members=11))) == ()


@pytest.mark.parametrize(
    ("rule", "facts", "found"),
    [
        ("first_max = 3", {"history": ()}, (bound("W", "首次评定,不得高于良好", "star<=3", 3),)),
        ("first_max = 3", {"history": (), "held": 2}, ()),
        ("first_max = 3", {}, ()),
        ("max_up = 1", {"history": ()}, ()),
        ("max_up = 1", {"held": 2}, ()),
        ("max_up = 1", {"history": (), "held": 2}, (bound("W", "现为合格,一次最多升1个等次,不得高于良好", "star<=3", 3),)),
        ("max_up = 1", {"history": (), "held": 5}, (bound("W", "现为5星,一次最多升1个等次,不得高于优秀", "star<=4", 4),)),
        ("max_up = 3", {"history": (), "held": 2}, (bound("W", "现为合格,一次最多升3个等次,不得高于优秀", "star<=4", 4),)),
    ],
)  # fmt: skip
def test_one_comes_up_only_so_far_in_one_go(rule: str, facts: Any, found: Any) -> None:
    assert step_bounds(scheme(f'[changes]\n{rule}\ncite = {{ rule = "W" }}'), case(**facts)) == found


@pytest.mark.parametrize(
    ("more", "facts", "star", "after", "steps"),
    [
        (effect("set", "star = 3"), {}, 1, 3, (Step("E", "人少(党员数5,低于11),直接定为良好", "star=3"),)),
        (effect("set", "star = 3"), {}, 3, 3, (Step("E", "人少(党员数5,低于11),直接定为良好", "none"),)),
        (effect("set", "star = 1"), {}, 3, 1, (Step("E", "人少(党员数5,低于11),直接定为不合格", "star=1"),)),
        (effect("floor", "star = 3"), {}, 1, 3, (Step("E", "人少(党员数5,低于11),不低于良好", "star=3"),)),
        (effect("floor", "star = 3"), {}, 4, 4, (Step("E", "人少(党员数5,低于11),不低于良好", "none"),)),
        (effect("floor", "star = 3"), {"members": 11}, 1, 1, ()),
        (effect("floor", 'star = 3\nrounds = ["recheck"]'), {}, 1, 1, ()),
        (effect("floor", 'star = 3\nrounds = ["recheck"]'), {"round": "recheck"}, 4, 4, (Step("E", "人少(党员数5,低于11),不低于良好", "none"),)),
        (effect("cap", "star = 3"), {}, 4, 4, ()),
    ],
)  # fmt: skip
def test_an_effect_gives_a_level_or_keeps_one_from_falling_below(
    more: str, facts: Any, star: int, after: int, steps: Any
) -> None:
    one, inputs = scheme(more), case(**facts)

    assert lifts(one, inputs, star, case_figures(one, inputs)) == (after, steps)


@pytest.mark.parametrize(
    ("facts", "star", "after", "steps"),
    [
        ({"held": 4, "history": ()}, 1, 3, (Step("W", "现为优秀,一次最多降1个等次,定为良好", "star=3"),)),
        ({"held": 4, "history": ()}, 3, 3, ()),
        ({"held": 4, "history": ()}, 4, 4, ()),
        ({"held": 1, "history": ()}, 1, 1, ()),
        ({"held": 4}, 1, 1, ()),
        ({"history": ()}, 1, 1, ()),
    ],
)
def test_one_goes_down_only_so_far_in_one_go(facts: Any, star: int, after: int, steps: Any) -> None:
    one, inputs = scheme('[changes]\nmax_down = 1\ncite = { rule = "W" }'), case(**facts)

    assert lifts(one, inputs, star, case_figures(one, inputs)) == (after, steps)


def test_effects_take_levels_off_one_after_the_other_and_never_below_the_lowest() -> None:
    more = (
        effect("minus", "steps = 1"),
        effect("minus", "steps = 2").replace("eminus", "more").replace("人少", "人很少"),
    )
    one, few = scheme(*more), "(党员数5,低于11)"

    assert lowered_by(one, case(), 3, case_figures(one, case())) == (
        1,
        (
            Step("E", f"人少{few},降低1个等次,由良好改为合格", "star=2"),
            Step("E", f"人很少{few},降低2个等次,由合格改为不合格", "star=1"),
        ),
    )
    assert lowered_by(one, case(), 1, case_figures(one, case())) == (
        1,
        (
            Step("E", f"人少{few},降低1个等次,由不合格改为不合格", "none"),
            Step("E", f"人很少{few},降低2个等次,由不合格改为不合格", "none"),
        ),
    )
    assert lowered_by(scheme(effect("minus", 'steps = 1\nrounds = ["recheck"]')), case(), 3, {}) == (3, ())


@pytest.mark.parametrize(
    ("star", "steps", "after"),
    [(2, 1, 3), (2, -1, 1), (4, 1, 4), (1, -1, 1), (1, 9, 4), (4, -9, 1), (0, 0, 1), (9, -1, 3)],
)
def test_moving_ends_at_the_ends_of_the_scale(star: int, steps: int, after: int) -> None:
    assert moved(scheme(), star, steps) == after
