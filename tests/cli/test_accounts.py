"""Accounts, roles and tokens at the command line: nobody at first, then the two whom the installation appoints."""

import re

from tests.cli.conftest import Cli


def test_a_new_installation_has_no_account_and_no_administrator(cli: Cli) -> None:
    assert (cli.json("account", "list"), cli.json("role", "list")) == ({"rows": []}, {"rows": []})


def test_an_invitation_prints_a_link_that_works_once(cli: Cli) -> None:
    url, hint = cli.done("account", "invite", "P5", "--login", "maguo").splitlines()

    assert re.fullmatch(r"http://127\.0\.0\.1:8000/activate/[\w-]{43}", url)
    assert hint.startswith("请交给马国本人:登录名maguo,链接只能用一次,")
    assert [(row["login"], row["status"]) for row in cli.json("account", "list")["rows"]] == [("maguo", "invited")]


def test_somebody_beside_the_roster_is_invited_by_name(cli: Cli) -> None:
    assert cli.refused("account", "invite", "li@example.org")[0] == 2
    assert cli.json("account", "invite", "li@example.org", "--name", "李明")["login"] == "li@example.org"


def test_two_administrators_are_appointed_and_then_it_takes_two(cli: Cli) -> None:
    first, second, third = (
        cli.json("account", "invite", f"{name}@example.org", "--name", name)["person"] for name in ("a1", "a2", "a3")
    )
    founding = [cli.json("role", "grant", who, "admin", "GW")["request"] for who in (first, second)]
    alone = cli.refused("role", "grant", third, "auditor", "GW")
    asked = cli.json("role", "grant", third, "auditor", "GW", "--by", first, "--reason", "年度审计")["request"]
    himself = cli.refused("role", "confirm", str(asked), "--by", first)
    said = cli.json("role", "confirm", str(asked), "--by", second)["said"]

    assert founding == [None, None]
    assert alone == (4, "须用 --by 写明代哪位系统管理员办理(人员编号或邮箱)")
    assert himself == (4, "须由另一个人复核,提出的人自己不能复核")
    assert said.endswith("在GW担任auditor")
    assert [(row["person"], row["role"]) for row in cli.json("role", "list")["rows"]] == [
        (first, "admin"),
        (second, "admin"),
        (third, "auditor"),
    ]


def test_whoever_does_business_does_not_administer(cli: Cli) -> None:
    code, said = cli.refused("role", "grant", "P5", "admin", "GW")

    assert (code, said) == (4, "P5(马国)已担任organisation;系统管理员、审计员不得兼任业务职务")


def test_a_revoked_token_is_listed_and_opens_nothing(cli: Cli) -> None:
    cli.done("token", "issue", "B1", "--role", "organisation", "--label", "上报程序")
    (row,) = cli.json("token", "list")["rows"]

    cli.done("token", "revoke", row["id"])

    assert [(one["id"], one["status"]) for one in cli.json("token", "list")["rows"]] == [(row["id"], "revoked")]
    assert cli.refused("token", "revoke", "ffff")[0] == 2


def test_a_disabled_account_is_shut_out(cli: Cli) -> None:
    cli.done("account", "invite", "P5", "--login", "maguo")

    assert cli.done("account", "disable", "maguo", "--reason", "调离") == "已停用maguo,退出了0处登录\n"
    assert cli.refused("account", "invite", "P5") == (4, "账号maguo已停用,须先恢复(account enable)")
    assert [row["what"] for row in cli.json("account", "log")["rows"]] == ["account.disabled", "account.link"]


# ── a second name at the command line ────────────────────────────

EXEMPT = ("fire", "B1", "exempt", "--as", "department", "--reason", "合并:并入第二支部", "--by", "P1")


def test_an_office_of_one_ends_a_rating_alone(live: Cli) -> None:
    assert live.json(*EXEMPT)["after"] == "exempt"
    assert live.json("history", "B1")["rows"][-1]["reason"] == "合并:并入第二支部"


def test_as_soon_as_a_second_person_holds_the_role_both_sign(live: Cli) -> None:
    first, second, colleague = (
        live.json("account", "invite", f"{name}@example.org", "--name", name)["person"] for name in ("a1", "a2", "d2")
    )
    for who in (first, second):
        live.done("role", "grant", who, "admin", "GW")
    asked = live.json("role", "grant", colleague, "department", "GW", "--by", first, "--reason", "增派")["request"]
    live.done("role", "confirm", str(asked), "--by", second)

    alone = live.refused(*EXEMPT)
    himself = live.refused(*EXEMPT, "--second", "P1")
    stranger = live.refused(*EXEMPT, "--second", "P5")
    asked = live.json("role", "grant", "P5", "department", "GW", "--by", first, "--reason", "增派")["request"]
    live.done("role", "confirm", str(asked), "--by", second)
    concerned = live.refused(*EXEMPT, "--second", "P5")  # at the head of B1
    done = live.json(*EXEMPT, "--second", colleague)

    assert alone == (4, f"免评须两人办理:请用 --second 写明会签的另一位({colleague}(d2))")
    assert himself == (4, "须由另一个人会签,提出的人自己不能会签")
    assert stranger == (4, "免评由组织部、工委会会签,P5(马国)现在不是")
    assert concerned == (4, "P5在该组织任职或已申请回避,须由其他人办理")
    assert done["after"] == "exempt"
    assert live.json("history", "B1")["rows"][-1]["reason"] == f"合并:并入第二支部(P1提出,{colleague}会签)"
