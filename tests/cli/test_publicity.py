"""Notices and objections from the command line."""

from tests.cli.conftest import Cli


def test_a_notice_is_posted_corrected_and_objected_to(cli: Cli) -> None:
    cli.propose("D60", "department")
    posted = cli.json("notice", "post", "D60", "--on", "2027-05-06", "--place", "公告栏", "--contact", "0372-1")
    assert (posted["organisations"], posted["first_on"], posted["last_on"]) == (["D60"], "2027-05-07", "2027-05-13")
    assert cli.json("notice", "list") == {"rows": []}

    cli.done("clock", "move", "2027-05-07T09:00")
    (row,) = cli.json("notice", "list")["rows"]
    assert (row["slug"], row["last_on"]) == (posted["slug"], "2027-05-13")
    assert cli.json("notice", "correct", row["slug"], "--reason", "电话有误", "--contact", "0372-2")["version"] == 2
    assert cli.refused("notice", "correct", row["slug"], "--reason", "电话有误", "--contact", "0372-2") == (
        2,
        "没有改动",
    )
    assert (
        cli.json("notice", "correct", row["slug"], "--reason", "电话有误", "--contact", "0372-3", "--as", "superior")[
            "version"
        ]
        == 3
    )
    assert cli.refused("notice", "correct", "nowhere", "--reason", "电话有误")[0] == 2


def test_who_objected_is_shown_to_the_handler_and_counted(cli: Cli) -> None:
    cli.propose("D60", "department")
    cli.json("notice", "post", "D60", "--on", "2027-05-06", "--place", "公告栏")
    cli.done("clock", "move", "2027-05-07T09:00")
    cli.fire("D60", "object", "anyone", '{"content": "与事实不符", "name": "张三", "contact": "138"}')
    (matter,) = cli.json("matter", "list", "--kind", "objection")["rows"]
    number = str(matter["id"])

    assert "张三" not in cli.done("history", "D60", "--json") + cli.done("matter", "show", number)
    seen = [cli.json("objection", "objector", number, "--reason", "核实") for _ in range(2)]
    assert [(one["name"], one["looks"]) for one in seen] == [("张三", 1), ("张三", 2)]
    assert cli.refused("objection", "objector", number, "--reason", "好奇", "--as", "superior")[0] == 4
