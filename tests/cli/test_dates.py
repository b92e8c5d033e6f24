"""Extend, hold, release, nudge."""

from tests.cli.conftest import Cli


def test_an_extension_moves_the_due_of_a_subtree(cli: Cli) -> None:
    said = cli.json("extend", "D01", "--until", "2027-06-10", "--reason", "汛期", "--subtree")

    dues = {row["organisation"]: row["due_at"][:10] for row in cli.json("cycles")["rows"]}
    assert said["cycles"] == 3
    assert dues == {"B1": "2027-06-11", "B2": "2027-06-11", "D01": "2027-06-11", "D60": "2027-06-06"}


def test_an_extension_that_changes_nothing_is_refused(cli: Cli) -> None:
    assert cli.refused("extend", "B1", "--until", "2027-06-01", "--reason", "汛期")[0] == 4
    assert cli.refused("extend", "B1", "--until", "6月", "--reason", "汛期")[0] == 2
    assert cli.refused("extend", "B1", "--until", "2027-06-10", "--reason", " ") == (2, "须写明理由")


def test_the_days_of_a_hold_are_given_back(cli: Cli) -> None:
    cli.done("hold", "B1", "--reason", "汛期")
    assert cli.refused("hold", "B1", "--reason", "汛期")[0] == 4
    cli.done("clock", "move", "2027-05-09T10:00")

    assert cli.done("release", "B1") == "B1恢复计时,期限顺延3天\n"
    assert cli.refused("release", "B1")[0] == 4


def test_a_nudge_reaches_whoever_is_stuck_once_a_day(cli: Cli) -> None:
    would = cli.json("nudge", "--under", "D01", "--dry-run")
    done = cli.json("nudge", "--under", "D01")
    again = cli.json("nudge", "--under", "D01")

    assert [(one["sent"], one["dry_run"]) for one in (would, done, again)] == [(3, True), (3, False), (0, False)]


def test_a_vacant_post_cannot_be_nudged(cli: Cli) -> None:
    assert [row["note"] for row in cli.json("nudge", "--under", "D60")["rows"]] == ["岗位空缺"]


def test_nobody_to_nudge_is_a_success(cli: Cli) -> None:
    assert cli.done("nudge", "--light", "red") == "没有符合条件的\n"
