"""A sitting of the committee from its list to its close."""

from tests.cli.conftest import Cli


def test_the_list_is_ranked_and_shows_what_the_quota_says(sitting: Cli) -> None:
    lines = sitting.done("meeting", "list").splitlines()

    assert lines[:3] == ["还没有登记过会议", "", "待批准1家:"]
    assert lines[4].split() == ["1", "D60", "融媒体支部", "95", "满意率90%以上", "95", "95", "5", "✘"]
    assert lines[5] == "五星级名额:参评4个×1/10向下取整,不超过0个,已用0,还可批准0,本次要1"


def test_a_quota_is_exceeded_only_by_a_recorded_decision(sitting: Cli) -> None:
    refused = sitting.run("meeting", "approve", "2027-1", "--on", "2027-05-20")
    sitting.done("meeting", "excess", "2027-1", "five_star", "1", "--reason", "先进典型")
    done = sitting.json("meeting", "approve", "2027-1")

    assert (refused.exit_code, refused.stdout.splitlines()[-1]) == (4, "会议2027-1:批准0,暂缓0,不能批准1")
    assert [(row["organisation"], row["after"]) for row in done["rows"]] == [("D60", "rating.city_review")]


def test_an_exception_stays_on_the_list_with_its_reason(sitting: Cli) -> None:
    sitting.done("meeting", "approve", "2027-1", "--on", "2027-05-20", "--except", "D60=材料待核")

    listed = sitting.json("meeting", "list")
    closed = sitting.json("meeting", "close", "2027-1")

    assert listed["agenda"]["rows"][0]["deferred"] == "材料待核"
    assert [(row["organisation"], row["reason"]) for row in closed["rows"]] == [("D60", "材料待核")]


def test_an_exception_without_a_reason_is_refused(sitting: Cli) -> None:
    said = "--except 写成 CODE=理由,不是“D60”"

    assert sitting.refused("meeting", "approve", "2027-1", "--except", "D60") == (2, said)


def test_a_rejected_one_goes_back_to_review(sitting: Cli) -> None:
    sitting.done("meeting", "open", "2027-1", "--on", "2027-05-20")

    line = sitting.json("meeting", "reject", "2027-1", "D60", "--reason", "材料不实")

    assert (line["outcome"], line["after"]) == ("rejected", "rating.review")


def test_an_unknown_sitting_and_another_role_are_refused(sitting: Cli) -> None:
    assert sitting.refused("meeting", "approve", "2027-9")[0] == 2
    assert sitting.refused("meeting", "open", "2027-1", "--on", "2027-05-20", "--as", "superior")[0] == 4


def test_the_department_enters_a_sitting_too(sitting: Cli) -> None:
    said = sitting.done("meeting", "open", "2027-1", "--on", "2027-05-20", "--as", "department")

    assert said == "会议2027-1已登记:5月20日(周四)\n"


def test_a_live_sitting_needs_somebody_of_the_committee(live: Cli) -> None:
    opened = ("meeting", "open", "2027-1", "--on", "2027-05-20")

    assert live.refused(*opened)[0] == 4
    assert live.refused(*opened, "--by", "P1") == (4, "P1(高桂)现在不担任工委会的岗位;该岗位:P2(黄建)")
    assert live.json(*opened, "--by", "P2")["number"] == "2027-1"


def test_a_sitting_refused_as_a_whole_is_not_entered_either(sitting: Cli) -> None:
    """A slip in the date would otherwise occupy the number for ever."""
    for wrong in (("--on", "2027-06-20"), ("NOPE", "--on", "2027-05-20")):
        assert sitting.refused("meeting", "approve", "2027-1", *wrong)[0] in (2, 4)

    assert sitting.json("meeting", "list")["rows"] == []


def test_a_vote_is_told_in_four_numbers_and_shown_with_the_sitting(sitting: Cli) -> None:
    sitting.done("meeting", "open", "2027-1", "--on", "2027-05-20")
    refused = sitting.refused("meeting", "reject", "2027-1", "D60", "--reason", "材料不实", "--votes", "9,8,1,0")
    wrong = sitting.refused("meeting", "reject", "2027-1", "D60", "--reason", "材料不实", "--votes", "九比零")
    sitting.done("meeting", "reject", "2027-1", "D60", "--reason", "材料不实", "--votes", "9,2,6,1")

    assert refused == (4, "赞成8票,已超过到会9人的半数,不能不予批准(R24)")
    assert wrong == (2, "--votes 写成 到会,赞成,反对,弃权 四个数,如 9,8,1,0,不是“九比零”")
    assert "到会9人,赞成2、反对6、弃权1(1家)" in sitting.done("meeting", "list")
    assert sitting.json("meeting", "list")["rows"][0]["votes"] == [
        {"outcome": "rejected", "organisations": ["D60"], "present": 9, "in_favour": 2, "against": 6, "abstained": 1}
    ]
