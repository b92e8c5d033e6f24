"""In whose name: a rehearsal plays every role, a live database asks for a person who holds the post."""

import getpass

import pytest

from starflow.cli.acting import os_user
from tests.cli.conftest import DECLARATION, Cli

DECLARE = ("fire", "B1", "declare", "--as", "organisation", "--data", DECLARATION)


def test_a_rehearsal_records_the_role(cli: Cli) -> None:
    cli.done(*DECLARE)

    assert cli.json("history", "B1")["rows"][-1]["actor"] == "role:organisation"


def test_a_live_database_asks_for_whom(live: Cli) -> None:
    before = live.json("history", "B1")

    assert live.refused(*DECLARE) == (4, "这是正式数据库,须用 --by 写明代谁办理(人员编号或邮箱)")
    assert live.json("history", "B1") == before


def test_a_live_database_records_the_user_and_the_person(live: Cli) -> None:
    live.done(*DECLARE, "--by", "b1@example.org")

    assert live.json("history", "B1")["rows"][-1]["actor"] == f"cli:{getpass.getuser()} for P5"


def test_a_person_who_does_not_hold_the_post_is_refused(live: Cli) -> None:
    said = "P6(黄丽)现在不担任本组织的岗位;该岗位:P5(马国)"

    assert live.refused(*DECLARE, "--by", "P6") == (4, said)


def test_a_vacant_post_is_held_by_nobody(live: Cli) -> None:
    arguments = ("fire", "D60", "declare", "--as", "organisation", "--data", DECLARATION, "--by", "P1")

    assert live.refused(*arguments) == (4, "P1(高桂)现在不担任本组织的岗位;该岗位:空缺")


def test_a_person_whom_nobody_knows_is_unknown(live: Cli) -> None:
    assert live.refused(*DECLARE, "--by", "nobody@example.org") == (2, "没有编号或邮箱为“nobody@example.org”的人")


def test_whoever_objects_may_stay_unknown_in_a_live_database_too(live: Cli) -> None:
    said = live.json("fire", "B1", "object", "--as", "anyone", "--data", '{"content": "不实"}', exit_code=3)

    # refused by the stage, not for want of a name
    assert said["error"]["reasons"][0]["text"] == "“申报”环节不能“提出异议”"


def test_the_department_is_the_superior_of_whoever_stands_under_the_root(cli: Cli) -> None:
    cli.propose("D60", "department")

    assert cli.json("why", "D60")["stage"] == "rating.publicity"


def test_the_department_is_not_the_superior_of_others(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)

    code, _ = cli.refused("fire", "B1", "submit_self_evaluation", "--as", "department")

    assert code == 4


def test_the_clock_is_nobodys_role(cli: Cli) -> None:
    said = "时钟的动作由系统到时自动办理,不能以时钟的名义办理"

    assert cli.refused("fire", "B1", "open_recheck", "--as", "clock") == (4, said)


def test_coordinating_needs_no_person_but_checks_one_who_is_named(live: Cli) -> None:
    live.done("hold", "B1", "--reason", "汛期")
    assert live.json("history", "B1")["rows"][-1]["actor"] == f"cli:{getpass.getuser()}"

    live.done("release", "B1", "--by", "gw@example.org")
    assert live.json("history", "B1")["rows"][-1]["actor"] == f"cli:{getpass.getuser()} for P1"

    assert live.refused("hold", "B1", "--reason", "汛期", "--by", "P5")[0] == 4


def test_a_machine_that_does_not_know_its_user_still_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nobody)

    assert os_user().startswith("uid")
