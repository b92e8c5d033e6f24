"""What a total may say beside its parts: nothing by which somebody's few answers can be reckoned out."""

import pytest

from workflow.rating.voting import rolled_up, summed_among

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
        ({}, set()),
    ],
    ids=["all large", "one small", "two too small", "two small", "one alone", "one empty", "nobody"],
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
