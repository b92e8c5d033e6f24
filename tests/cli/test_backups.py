"""A backup is believed once it was restored, and what is wrong with one is said."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def test_a_backup_is_made_verified_and_restored(cli: Cli, tmp_path: Path) -> None:
    made = cli.json("backup", "create", "--into", str(tmp_path / "kept"))
    assert (made["ok"], made["records"], made["faults"]) == (True, 4, [])
    assert cli.json("backup", "verify", made["path"]) == made

    again = Cli(f"sqlite:///{tmp_path}/again.db")
    assert again.json("backup", "restore", made["path"]) == made

    assert again.json("verify") == cli.json("verify")
    assert again.json("stuck") == cli.json("stuck")


def test_a_backup_is_not_restored_over_anything(cli: Cli, tmp_path: Path) -> None:
    made = cli.json("backup", "create", "--into", str(tmp_path / "kept"))

    code, said = cli.refused("backup", "restore", made["path"])

    assert (code, said.startswith("目标数据库不是空的")) == (4, True)


def test_a_backup_that_was_changed_is_not_believed(cli: Cli, tmp_path: Path) -> None:
    made = Path(cli.json("backup", "create", "--into", str(tmp_path / "kept"))["path"])
    with sqlite3.connect(made / "starflow.db") as connection:
        connection.execute("UPDATE record SET actor = 'somebody' WHERE id = 2")

    said = cli.json("backup", "verify", str(made), exit_code=1)

    assert said["faults"] == [
        "文件starflow.db与清单不符",
        "record表与清单不符",
        "I2 历史校验失败:2027/B2#1:内容与哈希不符",
    ]


@pytest.mark.parametrize("damage", ["", "no database at all"])
def test_a_backup_whose_database_is_gone_or_broken_is_not_believed(cli: Cli, tmp_path: Path, damage: str) -> None:
    made = Path(cli.json("backup", "create", "--into", str(tmp_path / "kept"))["path"])
    (made / "starflow.db").unlink()
    if damage:
        (made / "starflow.db").write_text(damage)

    assert cli.json("backup", "verify", str(made), exit_code=1)["ok"] is False


def test_what_is_no_backup_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli.refused("backup", "verify", str(tmp_path))[0] == 2


def test_uploaded_files_travel_with_the_database(cli: Cli, tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "公示.txt").write_text("贴了")
    env = {"STARFLOW_UPLOADS": str(uploads)}
    made = json.loads(cli.run("backup", "create", "--into", str(tmp_path / "kept"), "--json", env=env).stdout)
    shutil.rmtree(uploads)

    again = Cli(f"sqlite:///{tmp_path}/again.db")
    again.run("backup", "restore", made["path"], env=env)

    assert (made["files"], (uploads / "公示.txt").read_text()) == (2, "贴了")


def test_a_database_moves_elsewhere_as_it_is(cli: Cli, tmp_path: Path) -> None:
    moved = cli.json("db", "copy", "--to", f"sqlite:///{tmp_path}/there.db")

    assert (moved["tables"]["record"], moved["tables"]["cycle"]) == (4, 4)
    assert Cli(f"sqlite:///{tmp_path}/there.db").json("verify") == cli.json("verify")
