"""The rating year from end to end, on both databases, by both routes."""

from tests.stories.conftest import World


def test_a_branch_below_a_general_branch_is_rated_by_it_without_the_committee(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    assert world.due("D0101") == "05-28 00:00"  # day after posting is day 1, seven days, 24:00

    world.clock.move_to("2027-05-28 08:00")

    assert world.stage("D0101") == "rated"
    assert world.star("D0101") == (4, "2027-05-28")


def test_five_stars_on_route_a_pass_audit_publicity_committee_and_city(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0102", "95", 5)
    world.posts("D0102", "department")
    world.clock.move_to("2027-05-31 09:30")
    world.does("D0102", "record_excess", "committee", level="5", number=1, reason="基数不足十个,经会议研究")
    world.approves("D0102")
    assert world.stage("D0102") == "rating.city_review"
    assert world.star("D0102") is None  # nothing is in force before `rated` (R52)

    world.does("D0102", "confirm_star", "city", document="复审意见")

    assert world.star("D0102") == (5, "2027-05-31")
    assert [trigger for _, trigger, _ in world.history("D0102")] == [
        "open",
        "declare",
        "submit_self_evaluation",
        "file_survey",
        "propose_star",
        "pass_audit",
        "post_notice",
        "close_publicity",
        "record_excess",
        "approve",
        "confirm_star",
    ]


def test_a_direct_branch_is_reviewed_by_the_department_and_approved_by_the_committee(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D51", "75", 3)
    world.posts("D51", "superior")
    world.clock.move_to("2027-06-01 09:30")
    assert world.stage("D51") == "rating.approval"

    world.approves("D51")

    assert world.star("D51") == (3, "2027-06-01")


def test_five_stars_that_the_city_overturns_fall_to_four(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D51", "95", 5)
    world.posts("D51", "department")
    world.clock.move_to("2027-06-01 09:30")
    world.does("D51", "record_excess", "committee", level="5", number=1, reason="经会议研究")
    world.approves("D51")

    world.does("D51", "overturn_star", "city", "与材料不符")

    assert world.star("D51") == (4, "2027-06-01")


def test_an_unchanged_star_passes_the_recheck_without_publicity(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.clock.move_to("2027-12-02 09:30")
    assert world.stage("D0101") == "recheck.self_evaluation"
    world.to_review("D0101", "86", recheck=True)

    world.does("D0101", "keep_star", "superior", base="86")

    assert world.stage("D0101") == "closed"
    assert world.star("D0101") == (4, "2027-05-28")


def test_a_changed_star_in_december_is_publicised_and_approved(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.clock.move_to("2027-12-10 09:30")
    world.to_review("D0101", "75", recheck=True)
    world.does("D0101", "propose_star", "superior", base="75", star=3)
    world.posts("D0101", "superior")
    world.clock.move_to("2027-12-20 09:30")

    world.approves("D0101", "2027-9")

    assert world.stage("D0101") == "closed"
    assert world.star("D0101") == (3, "2027-12-20")


def test_a_cycle_that_is_rated_after_1_december_enters_the_recheck_at_once(world: World) -> None:
    world.clock.move_to("2027-12-02 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")

    world.clock.move_to("2027-12-10 00:00")

    assert [after for _, _, after in world.history("D0101")][-2:] == ["rated", "recheck.self_evaluation"]


def test_the_department_may_exempt_for_a_reason_of_the_scheme_only(world: World) -> None:
    refusal = world.refused("D51", "exempt", "department", "不想评")
    assert refusal.message.startswith("免评理由须以方案所列之一开头")

    world.does("D51", "exempt", "department", "新成立不足一年")

    assert world.stage("D51") == "exempt"
    assert world.star("D51") is None


def test_a_year_closed_unrated_grants_nothing_and_keeps_the_star_in_force(world: World) -> None:
    world.clock.move_to("2027-05-20 09:30")
    world.to_publicity("D0101", "85", 4)
    world.posts("D0101", "superior")
    world.clock.move_to("2027-12-02 09:30")

    world.does("D0101", "close_unrated", "department", "支部撤销")

    assert world.stage("D0101") == "closed"
    assert world.star("D0101") == (4, "2027-05-28")
