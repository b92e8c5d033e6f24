"""Who had to come, what the ballots say, and what must not be shown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.rating import shelf
from workflow.rating.scheme import load_bytes
from workflow.rating.scoring import Satisfaction
from workflow.rating.survey import (
    Tally,
    added,
    counted,
    masses_warnings,
    needed,
    satisfaction,
    satisfaction_text,
    tally_faults,
    turnout_text,
)

SCHEME = load_bytes(shelf.scheme_bytes("anyang-five-star"))
QUORUM = SCHEME.survey.quorum
GOOD = Tally(
    members_present=10,
    own_unit=4,
    related_unit=2,
    answers={"satisfied": 9, "basically_satisfied": 3, "dissatisfied": 2, "unknown": 1},
)


@pytest.mark.parametrize(("members", "least"), [(0, 0), (1, 1), (3, 3), (5, 4), (7, 6), (12, 10), (50, 40)])
def test_four_fifths_are_rounded_up(members, least):
    assert needed(members, QUORUM) == least


@given(st.integers(0, 10_000), st.fractions(0, 1, max_denominator=1000))
def test_the_quorum_is_the_least_number_that_reaches_the_share(members, quorum):
    least = needed(members, quorum)

    assert least >= members * quorum > least - 1


def test_a_missed_turnout_says_how_many_are_missing():
    assert turnout_text(9, 12, QUORUM) == "参加9人,应到12人的80%即10人,还差1人"


def test_a_reached_turnout_says_so():
    assert turnout_text(11, 12, QUORUM) == "参加11人,应到12人的80%即10人,已达到"


def test_an_odd_share_is_shown_rounded_and_computed_exactly():
    assert turnout_text(2, 3, Fraction(2, 3)) == "参加2人,应到3人的66.67%即2人,已达到"


def test_a_good_tally_has_neither_faults_nor_warnings():
    assert (tally_faults(SCHEME.survey, GOOD, 12), masses_warnings(SCHEME.survey, GOOD.masses)) == ((), ())


@pytest.mark.parametrize(
    ("tally", "faults"),
    [
        (Tally(-1, own_unit=1), ("人数和票数不能小于0",)),
        (Tally(5, own_unit=1, answers={"unknown": -1}), ("人数和票数不能小于0",)),
        (Tally(13, own_unit=5), ("参加党员13人,多于党员总数12人",)),
        (Tally(10), ("参加群众0人,不得少于1人",)),
        (Tally(10, own_unit=5, answers={"satisfied": 16}), ("测评票16张,多于到会15人",)),
        (
            Tally(13, answers={"satisfied": 13, "unknown": 1}),
            ("参加党员13人,多于党员总数12人", "参加群众0人,不得少于1人", "测评票14张,多于到会13人"),
        ),
    ],
)
def test_counts_that_cannot_be_right_are_named(tally, faults):
    assert tally_faults(SCHEME.survey, tally, 12) == faults


def test_everybody_came_one_of_the_masses_was_there_and_all_have_voted_is_a_good_tally():
    assert tally_faults(SCHEME.survey, Tally(12, own_unit=1, answers={"satisfied": 13}), 12) == ()


@pytest.mark.parametrize(("masses", "warned"), [(0, False), (1, True), (4, True), (5, False)])
def test_the_warning_of_few_masses_begins_with_the_least_that_is_allowed(masses, warned):
    assert bool(masses_warnings(SCHEME.survey, masses)) is warned


def test_few_masses_are_a_warning_only():
    tally = Tally(10, own_unit=3, related_unit=1)

    assert tally_faults(SCHEME.survey, tally, 12) == ()
    assert masses_warnings(SCHEME.survey, tally.masses) == ("参加群众只有4人,少于5人",)


def test_those_who_do_not_know_are_left_out():
    assert satisfaction(SCHEME.satisfaction, GOOD) == Satisfaction(satisfied=12, valid=14)


def test_an_answer_that_nobody_gave_counts_for_nothing():
    assert satisfaction(SCHEME.satisfaction, Tally(2, answers={"satisfied": 2})) == Satisfaction(satisfied=2, valid=2)


def test_a_scheme_may_count_only_the_fully_satisfied():
    strict = SCHEME.satisfaction.model_copy(update={"count": ("satisfied",)})

    assert satisfaction(strict, GOOD) == Satisfaction(satisfied=9, valid=14)


def test_an_answer_may_count_in_part_exactly():
    graded = SCHEME.satisfaction.model_copy(update={"weights": {"basically_satisfied": Fraction(1, 3)}})

    assert satisfaction(graded, GOOD) == Satisfaction(satisfied=10, valid=14)
    assert satisfaction_text(graded, Satisfaction(Fraction(31, 3), 14)) == "满意率73.81%(10.33/14)"


@pytest.mark.parametrize(
    ("votes", "shown"),
    [
        (Satisfaction(12, 14), "满意率85.71%(12/14)"),
        (Satisfaction(4, 5), "满意率80%(4/5)"),
        (Satisfaction(14, 14), "满意率90%以上"),
        (Satisfaction(0, 14), "满意率10%以下"),
        (Satisfaction(0, 0), "没有有效票"),
        (Satisfaction(4, 4), "有效票不足5张,不显示数字:满意率不低于60%、不低于50%"),
        (Satisfaction(2, 4), "有效票不足5张,不显示数字:满意率低于60%、不低于50%"),
        (Satisfaction(0, 4), "有效票不足5张,不显示数字:满意率低于60%、低于50%"),
    ],
)
def test_a_result_is_shown_as_far_as_secrecy_allows(votes, shown):
    assert satisfaction_text(SCHEME.satisfaction, votes) == shown


def test_without_a_threshold_few_ballots_say_nothing_at_all():
    silent = SCHEME.satisfaction.model_copy(update={"deduct": (), "no_star": None})

    assert satisfaction_text(silent, Satisfaction(2, 4)) == "有效票不足5张,不显示数字"


def test_two_counts_of_one_survey_are_added_head_by_head_and_answer_by_answer():
    paper = Tally(2, own_unit=1, answers={"satisfied": 2, "abstained": 1})

    assert added(GOOD, paper) == Tally(
        12,
        own_unit=5,
        related_unit=2,
        answers={"satisfied": 11, "basically_satisfied": 3, "dissatisfied": 2, "unknown": 1, "abstained": 1},
    )


def test_what_tellers_write_down_is_heads_and_answers():
    assert counted({"members_present": 3, "related_unit": 1, "good": 4}) == Tally(
        3, related_unit=1, answers={"good": 4}
    )
    assert counted({"good": 4}) == Tally(0, answers={"good": 4})
