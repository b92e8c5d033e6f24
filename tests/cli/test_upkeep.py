"""The history is proved, its head kept elsewhere, and what is wrong is said with what to do."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import DECLARATION, Cli


def tamper(cli: Cli, statement: str) -> None:
    with sqlite3.connect(cli.url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)


def test_an_untouched_history_holds(cli: Cli) -> None:
    assert cli.done("verify").splitlines()[0] == "✔ 历史完整:4个周期,4条记录"


def test_a_record_that_was_changed_is_found(cli: Cli) -> None:
    tamper(cli, "UPDATE record SET actor = 'somebody' WHERE id = 2")

    said = cli.json("verify", exit_code=1)

    assert (said["ok"], said["first_bad"]) == (False, "2027/B2#1:内容与哈希不符")


def test_a_hash_that_was_replaced_by_anything_is_found(cli: Cli) -> None:
    tamper(cli, "UPDATE record SET hash = zeroblob(32) WHERE id = 2")
    of_another = cli.json("verify", exit_code=1)
    tamper(cli, "UPDATE record SET hash = 'no hash at all' WHERE id = 2")

    of_text = cli.json("verify", exit_code=1)

    assert (of_another["first_bad"], of_text["first_bad"]) == ("2027/B2#1:内容与哈希不符",) * 2


def test_an_anchor_finds_what_was_cut_off_since(cli: Cli, tmp_path: Path) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)
    anchor = tmp_path / "anchor.json"
    kept = cli.json("anchor", "--out", str(anchor))
    assert json.loads(anchor.read_text()) == kept
    assert cli.json("verify", "--anchor", str(anchor))["ok"] is True

    kept["chains"]["2027/B1"][0] += 1
    anchor.write_text(json.dumps(kept))

    assert cli.json("verify", "--anchor", str(anchor), exit_code=1)["first_bad"] == "2027/B1#3:与锚点记下的不同"


def test_the_line_that_letters_and_notices_carry_is_an_anchor_too(cli: Cli) -> None:
    cli.fire("B1", "declare", "organisation", DECLARATION)
    code = cli.json("anchor")["code"]
    cli.fire("B2", "declare", "organisation", DECLARATION)
    assert cli.json("verify", "--anchor", code)["ok"] is True
    upto = int(code.split("-")[0])

    assert cli.json("verify", "--anchor", f"{upto}-{'0' * 64}", exit_code=1)["first_bad"] == (
        f"≤{upto}:到这一号为止,全部记录的链头与锚点记下的不同"
    )


NO_ANCHORS = [
    "",
    "{}",
    "[]",
    '{"chains": 1}',
    '{"chains": {"a": [1]}}',
    '{"chains": {"a": ["1", "x"]}}',
    '{"chains": null}',
]


@pytest.mark.parametrize("content", NO_ANCHORS)
def test_what_is_no_anchor_is_refused(cli: Cli, tmp_path: Path, content: str) -> None:
    file = tmp_path / "anchor.json"
    file.write_text(content)

    assert cli.refused("verify", "--anchor", str(file)) == (
        2,
        f"“{file}”不是锚点文件;锚点由 starflow anchor --out 写出",
    )


def test_doctor_finds_nothing_in_a_healthy_database(cli: Cli) -> None:
    cli.done("tick")

    assert cli.json("doctor") == {"ok": True, "rows": [], "downtimes": []}
    assert cli.done("doctor") == "✔ 一切正常\n"


def test_doctor_says_what_is_wrong_and_what_to_do(cli: Cli) -> None:
    cli.done("tick")
    tamper(cli, "UPDATE obligation SET due_at = '2027-07-01 16:00:00' WHERE id = 1")

    said = cli.json("doctor", exit_code=1)

    found = [row["found"].split(":")[0] for row in said["rows"]]
    assert found == [
        "期限 2027/B1",
        "计数 组织1",
        "计数 组织2",
        "计数 组织4",
    ]  # itself, and all above whose counts it is in
    assert all(row["remedy"] for row in said["rows"])


def test_retention_counts_before_it_erases(cli: Cli) -> None:
    assert cli.json("retain", "--dry-run") == {"details": 0, "objections": 0, "addresses": 0, "applied": False}
    assert cli.done("retain") == "已销毁:明细0条,异议0件,消息地址0个\n"


def test_a_token_is_shown_once(cli: Cli) -> None:
    token, hint = cli.done("token", "issue", "B1", "--role", "organisation", "--days", "30").splitlines()

    assert len(token) >= 40
    assert hint == "请立即保存:令牌只显示这一次,30天后失效"


WRONG_TOKENS = [
    ("B1", "king", "1"),
    ("B1", "department", "1"),
    ("D99", "organisation", "1"),
    ("B1", "organisation", "0"),
]


@pytest.mark.parametrize(("code", "role", "days"), WRONG_TOKENS)
def test_a_token_that_makes_no_sense_is_refused(cli: Cli, code: str, role: str, days: str) -> None:
    assert cli.refused("token", "issue", code, "--role", role, "--days", days)[0] == 2


def test_doctor_computes_each_score_again_from_the_events_of_its_day(sitting: Cli) -> None:
    late = ("event", "add", "unexcused", "D60", "--on", "2027-05-01", "--proof", "签到册", "--as", "department")
    done = sitting.json(*late, "--confirm")["rows"][0]
    assert sitting.json("doctor")["ok"]  # entered after the decision, so that it does not count
    sitting.done("event", "withdraw", str(done["id"]), "--reason", "登记有误", "--as", "department")
    assert sitting.json("doctor")["ok"]

    tamper(sitting, "UPDATE assessment SET total = '96' WHERE made_by = 'superior'")
    other_total = sitting.run("doctor").stdout
    tamper(sitting, "UPDATE assessment SET total = '95' WHERE made_by = 'superior'")
    before = "UPDATE event SET status = 'confirmed', proposed_at = '2027-04-16', decided_at = '2027-04-16'"
    tamper(sitting, f"{before} WHERE code = 'unexcused'")

    assert "记96分,按得分和当时的事项应为95分" in other_total
    assert "记95分,按得分和当时的事项应为" in sitting.run("doctor").stdout
