"""What is asked, what counts as an answer, and what a result may say: nothing by which somebody's few answers can be reckoned out."""

from fractions import Fraction
from hashlib import sha256

import pytest

from workflow.rating.scheme import Scheme
from workflow.rating.voting import (
    Form,
    Question,
    ballot_faults,
    breakdown,
    form_from,
    form_of,
    payload_of,
    rolled_up,
    running_turnout,
    share,
    summed_among,
    tally_of,
)

WRITTEN = (
    '{"answers":["good","bad"],"labels":{"good":"好"},"questions":[{"code":"overall","required":true,"title":"总体评价"},'
    '{"code":"1","required":false,"title":"学习"}]}'
)
"""The same form for the hash: sorted, without a space, in Chinese."""
FORM = Form((Question("overall", "总体评价", required=True), Question("1", "学习")), ("good", "bad"), {"good": "好"})

Counts = dict[str, int]


@pytest.mark.parametrize(
    ("sizes", "summed"),
    [
        ({"B1": 8, "B2": 9}, {"B1", "B2"}),
        ({"B1": 8, "B2": 9, "B3": 3}, {"B1", "B2"}),
        ({"B1": 8, "B3": 3, "B4": 1}, {"B1"}),
        ({"B1": 8, "B3": 3, "B4": 2}, {"B1", "B3", "B4"}),
        ({"B3": 4}, set()),
        ({"B1": 8, "B5": 0}, {"B1", "B5"}),
        ({"B1": 8, "B6": 5}, {"B1", "B6"}),
        ({}, set()),
    ],
    ids=[
        "all large",
        "one small",
        "two too small",
        "two small",
        "one alone",
        "one empty",
        "one just large enough",
        "nobody",
    ],
)
def test_a_total_never_holds_exactly_one_hidden_part(sizes: dict[str, int], summed: set[str]) -> None:
    assert summed_among(sizes, 5) == summed


def test_few_answers_to_one_question_are_left_out_of_its_total_alone() -> None:
    """Eight voted, three of them on question 1: its total less the other's shown share would be those three."""

    def tally(overall: int, first: int) -> dict[str, Counts]:
        return {"overall": {"satisfied": overall, "unknown": 0}, "1": {"satisfied": 0, "unknown": first}}

    assert rolled_up({"B1": tally(8, 3), "B2": tally(9, 9)}, 5) == {
        "overall": {"satisfied": 17, "unknown": 0},
        "1": {"satisfied": 0, "unknown": 9},
    }


def test_the_sum_over_no_survey_is_nothing() -> None:
    assert rolled_up({}, 5) == {}


# ── the form and one ballot ──────────────────────────────────────


def test_the_form_asks_for_the_whole_first_and_then_for_each_criterion_of_the_field(scheme: Scheme) -> None:
    first, second, third = scheme.criterion[:3]
    some = (first, second.model_copy(update={"fields": ("机关",)}), third.model_copy(update={"fields": ("村",)}))

    worded = scheme.survey.model_copy(update={"labels": {scheme.survey.scale[0]: "满意得很"}})
    form = form_of(scheme.model_copy(update={"criterion": some, "survey": worded}), "机关")

    assert form == Form(
        (Question("overall", "总体评价", required=True), Question("1", first.title), Question("2", second.title)),
        scheme.survey.scale,
        {scheme.survey.scale[0]: "满意得很"},
    )


def test_a_form_is_kept_as_it_was_asked_and_known_by_its_hash() -> None:
    assert FORM.as_json() == {
        "questions": [
            {"code": "overall", "title": "总体评价", "required": True},
            {"code": "1", "title": "学习", "required": False},
        ],
        "answers": ["good", "bad"],
        "labels": {"good": "好"},
    }
    assert form_from(FORM.as_json()) == FORM
    assert FORM.hash == sha256(WRITTEN.encode()).hexdigest()


def test_a_form_without_words_of_its_own_says_nothing_of_words() -> None:
    bare = Form(FORM.questions, FORM.answers)

    assert list(bare.as_json()) == ["questions", "answers"]
    assert form_from(bare.as_json()) == bare


def test_a_ballot_answers_what_must_be_answered_with_what_the_form_offers() -> None:
    assert ballot_faults(FORM, {"1": "so so", "2": "good"}) == {
        "2": "表上没有这一项",
        "overall": "“总体评价”还没有选",
        "1": "“学习”的选项不在表上",
    }
    assert ballot_faults(FORM, {"overall": "bad"}) == {}
    assert ballot_faults(FORM, {"overall": "good", "1": ""}) == {}


def test_ballots_are_stored_in_the_order_of_the_form_and_counted_answer_by_answer() -> None:
    ballots = [payload_of(FORM, said) for said in ({"1": "bad", "overall": "good"}, {"overall": "bad", "1": ""})]

    assert ballots == ['["good", "bad"]', '["bad", null]']
    assert tally_of(FORM, ballots) == {"overall": {"good": 1, "bad": 1}, "1": {"good": 0, "bad": 1}}


# ── what is shown ────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("members", "came", "said"),
    [
        (9, 7, "党员未达到80%,还差1票"),
        (9, 8, "党员已达到80%"),
        (10, 7, "党员已投7/10,未达到80%,还差1票"),
        (10, 8, "党员已投8/10,已达到80%"),
        (10, 10, "党员已投10/10,已达到80%"),
    ],
)
def test_few_members_are_told_only_whether_it_suffices(members: int, came: int, said: str) -> None:
    assert running_turnout(members, came, Fraction(4, 5)) == said


def test_a_share_is_never_all_or_nothing() -> None:
    assert [share(n, 8) for n in (8, 0, 1, 2)] == ["90%以上", "10%以下", "12.5%", "25%"]


def test_a_result_is_shown_from_the_smallest_cell_on_and_each_question_for_itself() -> None:
    tally = {"overall": {"good": 4, "bad": 1}, "1": {"good": 3, "bad": 1}}

    assert breakdown(FORM, tally, 4, 5) == []
    assert breakdown(FORM, tally, 5, 5) == [
        {"code": "overall", "title": "总体评价", "shares": {"good": "80%", "bad": "20%"}},
        {"code": "1", "title": "学习", "shares": {"good": "不显示", "bad": "不显示"}},
    ]
