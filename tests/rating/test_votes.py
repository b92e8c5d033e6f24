"""A vote adds up to those who were there, and says the same as the decision."""

import pytest

from workflow.engine.errors import Reason
from workflow.rating.votes import Vote


def vote(present: int, in_favour: int, against: int = 0, abstained: int = 0) -> Vote:
    return Vote(present=present, in_favour=in_favour, against=against, abstained=abstained)


@pytest.mark.parametrize("its", [vote(9, 9), vote(9, 5, 4), vote(9, 5, 3, 1), vote(8, 5, 3)])
def test_more_than_half_of_those_present_approve_and_do_not_turn_down(its: Vote) -> None:
    said = f"赞成{its.in_favour}票,已超过到会{its.present}人的半数,不能不予批准"

    assert (its.fault(approving=True), its.fault(approving=False)) == (None, Reason(said, "R24"))


@pytest.mark.parametrize("its", [vote(8, 4, 4), vote(9, 4, 0, 5), vote(9, 0, 9), vote(0, 0)])
def test_half_of_them_turn_down_and_do_not_approve(its: Vote) -> None:
    said = f"赞成{its.in_favour}票,没有超过到会{its.present}人的半数,不能批准"

    assert (its.fault(approving=False), its.fault(approving=True)) == (None, Reason(said, "R24"))


@pytest.mark.parametrize("its", [vote(9, 8, 1, 1), vote(9, 7, 1)])
def test_what_does_not_add_up_decides_nothing(its: Vote) -> None:
    cast = its.in_favour + its.against + its.abstained
    said = f"赞成{its.in_favour}票、反对1票、弃权{its.abstained}票,合计{cast}票,与到会的9人不符"

    assert [its.fault(approving) for approving in (True, False)] == [Reason(said, "R24")] * 2
