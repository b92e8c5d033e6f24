"""The rating year opens once, takes in latecomers, and says how far it is."""

from pathlib import Path

from tests.cli.conftest import DECLARATION, ROSTER, Cli

LATECOMER = "B3,第三支部,党支部,D01,机关,5,,新人,,,\n"


def test_a_year_opens_with_one_cycle_each(bare: Cli, roster_file: Path) -> None:
    bare.done("init")
    bare.done("org", "import", str(roster_file))

    opened = bare.json("campaign", "open", "2027", "--scheme", "anyang-five-star")

    assert (opened["year"], opened["cycles"], opened["routes"]) == (2027, 4, {"A": 2, "B": 2})


def test_a_year_does_not_open_twice(cli: Cli) -> None:
    assert cli.refused("campaign", "open", "2027") == (4, "2027年度的创建活动已经开展")


def test_a_year_does_not_open_without_a_roster(bare: Cli) -> None:
    bare.done("init")

    assert bare.refused("campaign", "open", "2027") == (2, "还没有导入名册:没有根组织")


def test_a_faulty_scheme_opens_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "faulty.toml").write_text("[scheme", encoding="utf-8")

    assert cli.refused("campaign", "open", "2028", "--scheme", str(tmp_path / "faulty.toml"))[0] == 1
    assert cli.refused("campaign", "show", "--year", "2028")[0] == 2


def test_a_latecomer_is_added_to_the_year(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(ROSTER + LATECOMER, encoding="utf-8")
    cli.done("org", "import", str(tmp_path / "more.csv"))

    assert cli.json("campaign", "add", "B3") == {"organisation": "B3", "year": 2027, "stage": "rating.declaration"}
    assert cli.refused("campaign", "add", "B3")[0] == 4
    assert cli.refused("campaign", "add", "D99")[0] == 2


def test_the_year_is_shown_by_stages(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)

    seen = cli.json("campaign", "show")

    assert seen["stages"] == {"rating.declaration": 3, "rating.self_evaluation": 1}
    assert cli.done("campaign", "show").splitlines()[0] == "2027年度 · 在办 · 参评4家"


def test_a_move_in_the_roster_counts_only_when_somebody_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "moved.csv").write_text(
        ROSTER.replace("党支部,D01,机关,10,2028", "党支部,GW,机关,10,2028"), encoding="utf-8"
    )
    cli.done("org", "import", str(tmp_path / "moved.csv"))

    assert cli.refused("campaign", "reroute", "B2", "--reason", "划转")[0] == 4
    assert cli.json("campaign", "reroute", "B1", "--reason", "划转") == {"organisation": "B1", "reviewer": "GW"}
