"""What is kept from being sent: the list says why, and who said so."""

from tests.cli.conftest import Cli


def test_a_notice_is_kept_back_with_a_reason_and_a_name(cli: Cli) -> None:
    cli.done("nudge", "--stage", "declaration")
    key = next(row["key"] for row in cli.json("notices")["rows"] if row["status"] == "queued")

    kept = cli.json("message", "suppress", key, "--reason", "已当面说过")

    assert (kept["status"], kept["note"]) == ("suppressed", "已当面说过(role:department)")
    (row,) = [row for row in cli.json("notices")["rows"] if row["key"] == key]
    assert row["status"] == "suppressed" and "已当面说过(role:department)" in cli.done("notices")
    assert cli.refused("message", "suppress", key, "--reason", "再来一次")[1] == f"没有待发的提醒“{key}”"
