"""Matters beside the stage, opened and carried on."""

from tests.cli.conftest import Cli

INSPECTION = ("matter", "open", "inspection", "B1", "--as", "department", "--data", '{"on": "2027-06-01"}')


def test_a_matter_is_opened_listed_and_carried_on(cli: Cli) -> None:
    opened = cli.json(*INSPECTION)
    listed = cli.json("matter", "list", "--under", "B1")["rows"]
    cli.done("clock", "move", "2027-06-02T10:00")
    done = cli.json(
        "matter", "act", "inspection", "B1", "record", "--as", "department", "--data",
        '{"on": "2027-06-01", "result": "passed", "findings": "相符"}',
    )  # fmt: skip

    assert [(row["id"], row["kind"], row["status"]) for row in listed] == [(opened["id"], "inspection", "open")]
    assert (done["before"], done["status"]) == ("open", "passed")
    assert cli.json("matter", "list", "--under", "B1")["rows"] == []
    assert [row["status"] for row in cli.json("matter", "list", "--under", "B1", "--closed")["rows"]] == ["passed"]


def test_a_matter_is_shown_with_its_acts(cli: Cli) -> None:
    number = cli.json(*INSPECTION)["id"]

    lines = cli.done("matter", "show", str(number)).splitlines()

    assert lines[0] == f"编号{number} 考核复验 · B1 第一支部 · 待复验"


def test_wrong_matters_are_refused(cli: Cli) -> None:
    assert cli.refused("matter", "open", "party", "B1", "--as", "department")[0] == 2
    assert cli.refused("matter", "show", "999") == (2, "没有编号为999的事项")
    assert cli.refused("matter", "act", "inspection", "B1", "--as", "department")[0] == 2
    assert cli.refused("matter", "list", "--kind", "party")[0] == 2


def test_a_repeat_under_its_key_opens_nothing(cli: Cli) -> None:
    first = cli.json(*INSPECTION, "--key", "k1")

    again = cli.json(*INSPECTION, "--key", "k1")

    assert (again["id"], again["repeated"]) == (first["id"], True)
    assert len(cli.json("matter", "list", "--under", "B1")["rows"]) == 1
