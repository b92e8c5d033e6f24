"""Quotas are exact, soft, and say what they count."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine.errors import Reason
from workflow.rating import shelf
from workflow.rating.quota import (
    Limit,
    Row,
    excess,
    excess_reason,
    last_resort,
    limit,
    limits,
    lowest,
    ranked,
    tie_text,
)
from workflow.rating.scheme import load_bytes

SCHEME = load_bytes(shelf.scheme_bytes("anyang-five-star"))
TOP, BOTTOM = SCHEME.quota


def rows(*totals: str) -> tuple[Row, ...]:
    return tuple(Row(f"D{n:02}", f"支部{n}", Decimal(total), 5) for n, total in enumerate(totals, start=1))


@pytest.mark.parametrize(("n", "most"), [(0, 0), (9, 0), (10, 1), (37, 3), (95, 9), (524, 52), (533, 53)])
def test_five_stars_are_rounded_down(n, most):
    assert limit(TOP, n) == most


@pytest.mark.parametrize(("n", "least"), [(0, 0), (9, 1), (10, 1), (37, 4), (95, 10), (533, 54)])
def test_the_bottom_is_rounded_up(n, least):
    assert limit(BOTTOM, n) == least


@pytest.mark.parametrize(("n", "most"), [(4, 0), (5, 1), (14, 1), (15, 2), (25, 3)])
def test_half_is_rounded_up_not_to_even(n, most):
    assert limit(TOP.model_copy(update={"round": "half_up"}), n) == most


def test_a_minimum_helps_small_units():
    assert limit(TOP.model_copy(update={"min_count": 1}), 9) == 1


def test_limits_name_what_they_are_of():
    assert limits(SCHEME, 533) == (
        Limit("five_star", (5,), "max", 53, 533, Fraction(1, 10)),
        Limit("bottom", (0, 1), "min", 54, 533, Fraction(1, 10)),
    )


def test_too_many_at_the_top_and_too_few_at_the_bottom_are_counted():
    counts = {5: 55, 4: 400, 1: 30, 0: 10}

    assert (excess(TOP, 533, counts), excess(BOTTOM, 533, counts)) == (2, 14)
    assert (excess(TOP, 533, {5: 53}), excess(BOTTOM, 533, {1: 54})) == (0, 0)


@pytest.mark.parametrize(("present", "beyond"), [(52, 0), (59, 2), (57, 0), (47, 0), (45, 2), (0, 47)])
def test_a_target_may_be_missed_on_both_sides_by_its_tolerance(present, beyond):
    target = TOP.model_copy(update={"op": "target", "tolerance": Fraction(1, 100)})

    assert excess(target, 524, {5: present}) == beyond


def test_a_fixed_number_is_said_as_one():
    fixed = TOP.model_copy(update={"ratio": None, "number": 3})

    assert excess_reason(SCHEME, fixed, 524, {5: 3}, more=1) == Reason(
        "五星级已批准3个,本次1个,名额3个(固定3个),超出1个,须先记录超额理由", "R30"
    )


def test_a_draw_decides_between_equals_only_where_it_stands_last():
    assert [last_resort(TOP.model_copy(update={"tie_break": by})) for by in (("draw",), ("draw", "members"), ())] == [
        "draw",
        "meeting",
        "meeting",
    ]


def test_the_excess_is_said_with_its_numbers():
    assert excess_reason(SCHEME, TOP, 524, {5: 52}, more=1) == Reason(
        "五星级已批准52个,本次1个,名额52个(524×1/10向下取整),超出1个,须先记录超额理由", "R30"
    )


def test_within_the_quota_nothing_is_said():
    assert excess_reason(SCHEME, TOP, 524, {5: 51}, more=1) is None


def test_a_recorded_decision_covers_as_many_as_it_names():
    assert excess_reason(SCHEME, TOP, 524, {5: 53}, allowed=2, more=1) is None
    assert excess_reason(SCHEME, TOP, 524, {5: 54}, allowed=2, more=1) == Reason(
        "五星级已批准54个,本次1个,名额52个(524×1/10向下取整),已同意超出2个,超出3个,须先记录超额理由", "R30"
    )


def test_a_hard_quota_takes_no_decision():
    hard = TOP.model_copy(update={"hard": True})

    assert excess_reason(SCHEME, hard, 524, {5: 52}, allowed=9, more=1) == Reason(
        "五星级已批准52个,本次1个,名额52个(524×1/10向下取整),超出1个,不得超出", "R30"
    )


def test_a_hard_quota_leaves_no_way_out():
    hard = TOP.model_copy(update={"hard": True, "min_count": 1})

    assert excess_reason(SCHEME, hard, 9, {5: 2}) == Reason(
        "五星级已批准2个,名额1个(9×1/10向下取整,至少1个),超出1个,不得超出", "R30"
    )


def test_a_missing_bottom_is_said_with_its_numbers():
    assert excess_reason(SCHEME, BOTTOM, 533, {0: 10, 1: 40}) == Reason(
        "一星级、不定星级共50个,应不少于54个(533×1/10向上取整),还差4个", "R31"
    )


def test_equal_totals_share_a_rank():
    ranking = ranked(rows("91", "95.5", "91.0", "90"), 1)

    assert [(place.rank, place.row.code) for place in ranking.places] == [
        (1, "D02"),
        (2, "D01"),
        (2, "D03"),
        (4, "D04"),
    ]
    assert (ranking.cut, ranking.tied, tie_text(ranking)) == (1, (), None)


def test_a_tie_that_the_cut_would_divide_is_named():
    ranking = ranked(rows("91.40", "95", "91.4", "90", "91.4"), 2)

    assert [place.row.code for place in ranking.tied] == ["D01", "D03", "D05"]
    assert tie_text(ranking) == "第2名并列3个,同为91.4分:支部1、支部3、支部5;名额线内只剩1个,由会议决定"


@pytest.mark.parametrize(("count", "cut"), [(-1, 0), (0, 0), (2, 2), (9, 2)])
def test_the_cut_stays_within_the_list(count, cut):
    assert ranked(rows("91", "91"), count).cut == cut


def test_an_empty_list_has_no_cut():
    ranking = ranked((), 3)

    assert (ranking.places, ranking.cut, ranking.tied) == ((), 0, ())


def test_the_lowest_outside_the_bottom_are_its_candidates():
    low = Row("D9", "支部9", Decimal(40), 0)
    above = rows("70", "62", "65")

    assert lowest((low, *above), BOTTOM, 2) == (above[1], above[2])


@given(st.integers(0, 20_000))
def test_limits_are_the_exact_share(n):
    assert (limit(TOP, n), limit(BOTTOM, n)) == (n // 10, -(-n // 10))


@given(st.lists(st.decimals(0, 100, places=2), max_size=12), st.integers(0, 12), st.randoms(use_true_random=False))
def test_a_ranking_does_not_depend_on_the_order_of_rows(totals, count, chance):
    given_rows = list(rows(*(str(total) for total in totals)))
    shuffled = given_rows[:]
    chance.shuffle(shuffled)

    assert ranked(shuffled, count) == ranked(given_rows, count)
