"""What is refused, in which words, and that nothing is written then."""

import pytest

from starflow.service.cycles import CycleAsk, fire
from tests.stories.conftest import World, sheet
from workflow.engine.errors import BadInput, Forbidden, Refused, Stale, Unknown, WrongStage

ORGANISATION = frozenset({"organisation"})


def test_publicity_cannot_close_while_an_objection_is_open(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.does("D0101", "object", "anyone", content="群众来信")

    world.clock.move_to("2027-05-29 00:01")

    assert world.stage("D0101") == "rating.publicity"
    owed = world.owed("D0101")
    assert owed is not None and owed.owner_role == "department"


def test_an_objection_after_the_last_day_is_a_clue_and_not_an_objection(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.does("D0101", "object", "anyone", content="第一件")
    world.clock.move_to("2027-05-29 09:30")

    refusal = world.refused("D0101", "object", "anyone", content="第二件")

    assert refusal.message == "公示期已过,作为监督线索登记(R65)"


def test_a_dismissed_objection_lets_publicity_end_at_once_when_its_days_are_over(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.does("D0101", "object", "anyone", content="群众来信")
    world.clock.move_to("2027-05-31 09:30")

    world.does("D0101", "dismiss_objection", "department", objection=world.objection("D0101"), finding="不属实")

    assert world.stage("D0101") == "rated"
    assert world.star("D0101") == (4, "2027-05-31")


def test_an_upheld_objection_that_changes_the_star_needs_a_new_week(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.clock.move_to("2027-05-26 09:30")
    world.does("D0101", "object", "anyone", content="群众来信")
    world.does("D0101", "uphold_objection", "department", objection=world.objection("D0101"), finding="属实")
    world.does("D0101", "propose_star", "superior", base="75", star=3)
    assert world.stage("D0101") == "rating.publicity"
    world.posts("D0101", "superior")

    world.clock.move_to("2027-06-01 23:59")
    assert world.stage("D0101") == "rating.publicity"
    world.clock.move_to("2027-06-03 00:00")
    assert world.star("D0101") == (3, "2027-06-03")


def test_too_few_members_need_the_superiors_word(world: World) -> None:
    world.does("D0101", "declare", "organisation", head="书记", members_due=12, target_star=4)
    meeting = {"on": world.today, "attendees": ["书记"], "minutes": "逐项对照"}
    world.does("D0101", "submit_self_evaluation", "organisation", meeting=meeting, scores=sheet("85"), star=4)
    filing = {
        "meeting": {"on": world.today},
        "paper": {"members_present": 9, "own_unit": 5, "satisfied": 14},
        "tellers": ["甲", "乙"],
    }

    refusal = world.refused("D0101", "file_survey", "organisation", **filing)
    world.does("D0101", "accept_turnout", "superior", "三名党员驻外")
    world.does("D0101", "file_survey", "organisation", **filing)

    assert refusal.message == "党员参加9人,应到12人的80%即10人,还差1人,上级尚未认可说明(R13)"
    assert world.stage("D0101") == "rating.review"


def test_a_star_above_the_score_is_refused_and_one_below_needs_a_reason(world: World) -> None:
    world.to_review("D0101", "85")

    above = world.refused("D0101", "propose_star", "superior", base="85", star=5)
    below = world.refused("D0101", "propose_star", "superior", base="85", star=3)

    assert above.message == "按得分85应为四星级,不得拟定五星级(R29)"
    assert below.message == "按得分85应为四星级,拟定三星级须写明理由(R32)"


def test_the_wrong_role_the_wrong_stage_and_the_wrong_word_are_three_answers(world: World) -> None:
    assert type(world.refused("D0101", "declare", "superior", head="x", members_due=1, target_star=1)) is Forbidden
    assert type(world.refused("D0101", "approve", "committee")) is WrongStage
    assert type(world.refused("D0101", "fly", "organisation")) is Unknown
    assert type(world.refused("D0101", "declare", "organisation", head="x")) is BadInput


def test_nobody_acts_for_the_clock(world: World) -> None:
    assert type(world.refused("D0101", "open_recheck", "clock")) is Forbidden


def test_who_saw_an_older_version_is_told_who_was_faster(world: World) -> None:
    world.does("D0101", "declare", "organisation", head="书记", members_due=12, target_star=4)

    with pytest.raises(Stale) as caught:
        fire(
            world.desk,
            CycleAsk(code="D0101", trigger="declare", relations=ORGANISATION, actor="x", expected_version=1),
        )

    assert caught.value.current["trigger"] == "declare"
    assert caught.value.current["version"] == 2


def test_the_same_ask_twice_is_one_record(world: World) -> None:
    payload = {"head": "书记", "members_due": 12, "target_star": 4}
    ask = CycleAsk(code="D0101", trigger="declare", relations=ORGANISATION, actor="x", payload=payload, key="k1")

    first, second = fire(world.desk, ask), fire(world.desk, ask)

    assert (first.record.hash, second.repeated) == (second.record.hash, True)
    assert len(world.history("D0101")) == 2


def test_a_key_used_for_something_else_is_refused(world: World) -> None:
    payload = {"head": "书记", "members_due": 12, "target_star": 4}
    fire(
        world.desk,
        CycleAsk(code="D0101", trigger="declare", relations=ORGANISATION, actor="x", payload=payload, key="k1"),
    )

    with pytest.raises(Refused, match="幂等键“k1”已用于另一件事"):
        fire(
            world.desk,
            CycleAsk(code="D0102", trigger="declare", relations=ORGANISATION, actor="x", payload=payload, key="k1"),
        )
