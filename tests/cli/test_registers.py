"""Events and elections, entered and decided from the command line."""

from tests.cli.conftest import Cli

AWARD = ("event", "add", "commendation", "B1", "--on", "2027-05-01", "--level", "city", "--proof", "安发〔2027〕1号")


def test_an_event_is_proposed_then_confirmed(cli: Cli) -> None:
    added = cli.json(*AWARD, "--as", "organisation")["rows"][0]

    confirmed = cli.json("event", "confirm", str(added["id"]), "--as", "superior")["rows"][0]

    assert (added["status"], confirmed["status"], confirmed["decided_by"]) == ("proposed", "confirmed", "role:superior")


def test_the_organisation_does_not_confirm_its_own_award(cli: Cli) -> None:
    added = cli.json(*AWARD, "--as", "organisation")["rows"][0]

    assert cli.refused("event", "confirm", str(added["id"]), "--as", "organisation")[0] == 4


def test_an_event_of_several_is_entered_of_all_or_none(cli: Cli) -> None:
    several = ("event", "add", "unexcused", "B1", "B2", "--on", "2027-05-01", "--proof", "签到册", "--as", "department")

    assert [row["organisation"] for row in cli.json(*several, "--confirm")["rows"]] == ["B1", "B2"]
    assert cli.refused(*several)[0] == 4  # entered already
    assert len(cli.json("event", "list")["rows"]) == 2


def test_a_withdrawal_keeps_the_row(cli: Cli) -> None:
    added = cli.json(*AWARD, "--as", "department", "--confirm")["rows"][0]

    cli.done("event", "withdraw", str(added["id"]), "--reason", "材料有误", "--as", "department")

    listed = cli.done("event", "list", "--status", "withdrawn")
    assert "已撤销" in listed and "材料有误" in listed


def test_wrong_events_are_refused(cli: Cli) -> None:
    assert cli.refused("event", "confirm", "999", "--as", "department") == (2, "没有编号为999的事项")
    assert cli.refused("event", "confirm", "x", "--as", "department") == (2, "应是不小于零的整数,不是“x”")
    assert cli.refused(*AWARD[:2], "dance", *AWARD[3:], "--as", "department")[0] == 2


def test_terms_are_listed_the_first_to_run_out_first(cli: Cli) -> None:
    lines = cli.done("election", "list").splitlines()

    assert lines[0].split() == ["单位", "类别", "上次换届", "到期", "还有", "请示", "限制", "备注"]
    assert lines[1].split()[:7] == ["B2", "第二支部", "党支部", "2027-03-01", "-66天", "未请示", "最高4星"]


def test_an_election_opens_the_next_term(cli: Cli) -> None:
    line = cli.json("election", "set", "B2", "--held", "2027-04-20", "--as", "superior")

    assert (line["last_held_on"], line["due_on"], line["cap"]) == ("2027-04-20", "2030-04-20", None)


def test_more_than_one_thing_at_once_is_refused(cli: Cli) -> None:
    both = ("election", "set", "B2", "--held", "2027-04-20", "--extension", "requested", "--as", "department")

    assert cli.refused(*both)[0] == 2
