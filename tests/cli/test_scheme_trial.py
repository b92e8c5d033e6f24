"""`scheme try`: another scheme, or the same with other numbers, on the scores of a year."""

from tests.cli.conftest import DECLARATION, PROPOSAL, SELF_EVALUATION, SURVEY, Cli

FIVE = "anyang-five-star"


def test_the_year_s_own_scheme_changes_nothing(sitting: Cli) -> None:
    said = sitting.json("scheme", "try", FIVE)

    assert (said["rated"], said["changed"], said["unscored"], said["rows"]) == (1, 0, 3, [])
    assert (said["before"], said["after"]) == ({"5": 1}, {"5": 1})


def test_what_if_five_stars_began_higher(sitting: Cli) -> None:
    said = sitting.json("scheme", "try", FIVE, "--campaign", "2027", "--set", "level.5.min=96")

    assert said["rows"] == [
        {
            "organisation": "D60",
            "name": "融媒体支部",
            "awarded": 5,
            "total_before": "95",
            "star_before": 5,
            "total": "95",
            "star": 4,
            "why": ["95分,达到四星级下限80分,未达到五星级下限96分,为四星级"],
        }
    ]


def test_a_quota_names_who_stands_at_the_line(sitting: Cli) -> None:
    top = sitting.json("scheme", "try", FIVE)["quotas"][0]

    assert {key: top[key] for key in ("quota", "base", "limit", "count", "beyond", "first_without")} == {
        "quota": "five_star",
        "base": 4,
        "limit": 0,
        "count": 1,
        "beyond": 1,
        "first_without": "融媒体支部 95",
    }


def test_it_speaks_of_levels_as_each_scheme_calls_them(sitting: Cli) -> None:
    said = sitting.done("scheme", "try", FIVE, "--set", "level.5.min=96", "--set", "level.4.label=红旗")

    assert "D60 融媒体支部  五星级 (95)  红旗 (95)" in said
    assert "四星级 / 红旗  0" in said and "五星级名额:0家,至多0家(参评4家)" in said
    assert "five stars (95)  four stars (95)" in sitting.done(
        "scheme", "try", FIVE, "--set", "level.5.min=96", "--lang", "en"
    )


def test_a_whole_score_has_no_decimals_however_it_is_kept(cli: Cli) -> None:
    cli.fire("D60", "declare", "organisation", DECLARATION)
    cli.fire("D60", "submit_self_evaluation", "organisation", SELF_EVALUATION)
    cli.fire("D60", "file_survey", "organisation", SURVEY)
    cli.fire("D60", "propose_star", "department", PROPOSAL.replace('"9.5"', '"9.50"'))

    said = cli.json("scheme", "try", "company-teams")
    table = cli.done("scheme", "try", "company-teams")

    assert [row["why"] for row in said["rows"]] == [["算不出总分,还没有测评满意率(百分)"]]
    assert "算不出  0     1" in table


def test_what_cannot_be_set_is_refused_by_name(sitting: Cli) -> None:
    assert sitting.refused("scheme", "try", FIVE, "--set", "nothing.here=3")[0] == 2
    assert sitting.refused("scheme", "try", FIVE, "--set", "level.5.mim=96")[1].startswith("第")
    assert "分数段重叠" in sitting.refused("scheme", "try", FIVE, "--set", "level.5.min=70")[1]


def test_nothing_is_written(sitting: Cli) -> None:
    before = sitting.json("verify")["head"]

    sitting.json("scheme", "try", FIVE, "--set", "level.5.min=96")

    assert sitting.json("verify")["head"] == before
