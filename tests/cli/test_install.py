"""The database, its clock and its jobs."""

from pathlib import Path

from storage.migrations import HEAD
from tests.cli.conftest import Cli


def test_a_live_database_is_made_once(bare: Cli) -> None:
    assert bare.json("init")["kind"] == "live"
    assert bare.refused("init") == (4, "数据库已经初始化过了")


def test_a_rehearsal_stands_at_its_hand_clock(bare: Cli) -> None:
    said = bare.json("init", "--rehearsal", "--at", "2027-04-14T08:00")

    assert said == {"kind": "rehearsal", "now": "2027-04-14T08:00:00+08:00"}
    assert bare.done("clock", "show") == "4月14日(周三) 08:00(演练数据库)\n"


def test_a_rehearsal_and_its_beginning_belong_together(bare: Cli) -> None:
    assert bare.refused("init", "--rehearsal") == (2, "演练数据库须用 --at 写明起始时间")
    assert bare.refused("init", "--at", "2027-04-14") == (2, "--at 只用于演练数据库,请加上 --rehearsal")
    assert bare.refused("stuck")[0] == 5  # nothing was made


def test_a_time_with_an_offset_is_taken_as_it_is(bare: Cli) -> None:
    said = bare.json("init", "--rehearsal", "--at", "2027-04-14T00:00+00:00")

    assert said["now"] == "2027-04-14T08:00:00+08:00"


def test_the_clock_moves_forward_only(cli: Cli) -> None:
    assert cli.refused("clock", "move", "2027-05-01")[0] == 2
    assert cli.json("clock", "move", "2027-05-07")["now"] == "2027-05-07T00:00:00+08:00"


def test_tick_says_what_each_job_did(cli: Cli) -> None:
    assert [row["job"] for row in cli.json("tick")["rows"]] == [
        *("sweep", "relay", "dispatch", "hooks", "tally", "ballots", "vacuum", "uploads"),
        *("digest", "anchor", "backup", "invariants"),
    ]


def test_an_upgrade_of_what_is_up_to_date_says_so(cli: Cli) -> None:
    assert cli.json("db", "upgrade") == {"before": HEAD, "after": HEAD}


def test_an_upgrade_needs_a_database_of_ours(bare: Cli, tmp_path: Path) -> None:
    Path(bare.url.removeprefix("sqlite:///")).touch()

    assert bare.refused("db", "upgrade") == (2, "数据库里还没有 starflow 的表,请先运行 starflow init")


def test_wrong_settings_are_all_named(bare: Cli) -> None:
    env = {"STARFLOW_SWEEP_SECONDS": "often", "STARFLOW_ZONE": "Mars"}

    result = bare.run("init", env=env)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "STARFLOW_SWEEP_SECONDS" in result.stderr and "STARFLOW_ZONE" in result.stderr


def test_a_database_that_cannot_be_reached_is_unavailable(bare: Cli) -> None:
    result = bare.run("stuck", env={"STARFLOW_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})

    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.startswith("数据库无法连接:")
