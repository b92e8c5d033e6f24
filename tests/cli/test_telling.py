"""What is kept from being sent: the list says why, and who said so. What may have arrived goes again by a person's word."""

import sqlite3

from tests.cli.conftest import Cli


def test_a_notice_is_kept_back_with_a_reason_and_a_name(cli: Cli) -> None:
    cli.done("nudge", "--stage", "declaration")
    key = next(row["key"] for row in cli.json("notices")["rows"] if row["status"] == "queued")

    kept = cli.json("message", "suppress", key, "--reason", "已当面说过")

    assert (kept["status"], kept["note"]) == ("suppressed", "已当面说过(role:department)")
    (row,) = [row for row in cli.json("notices")["rows"] if row["key"] == key]
    assert row["status"] == "suppressed" and "已当面说过(role:department)" in cli.done("notices")
    assert cli.refused("message", "suppress", key, "--reason", "再来一次")[1] == f"没有待发的提醒“{key}”"


def test_what_may_have_arrived_is_said_once_more_by_a_persons_word(cli: Cli) -> None:
    cli.done("nudge", "--stage", "declaration")
    with sqlite3.connect(cli.url.partition("///")[2]) as database:
        (number,) = database.execute("UPDATE message SET status = 'unsure' WHERE id = 1 RETURNING id").fetchone()

    assert cli.json("message", "resend", str(number)) == {"message": number, "status": "queued"}
    assert cli.refused("message", "resend", str(number))[1] == f"消息{number}不在发不出的或不知是否送达的之中"
