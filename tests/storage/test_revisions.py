"""What a released revision leaves behind is kept: a populated database of it, which every later version must bring up whole.

The newest revision needs no file: it is written anew until the release, and tests/guarantees (G20) populates it each time. A new
revision cannot come without the file of the one before it: `python -m tests.storage.keep 0001`, before `make migration`.
"""

import gzip
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alembic.script import ScriptDirectory

from storage import invariants, migrations
from storage.database import Transaction, connect, open_database, revision, upgrade
from storage.records import verify
from tests.storage.keep import KEPT, keep


def behind(head: str, revisions: frozenset[str]) -> tuple[str, ...]:
    """Every revision that a database of an older release can stand at."""
    return tuple(sorted(revisions - {head}))


def without_file(revisions: tuple[str, ...], folder: Path) -> list[str]:
    return [one for one in revisions if not (folder / f"{one}.db.gz").is_file()]


def test_a_new_revision_comes_with_a_populated_database_of_the_one_before() -> None:
    head = ScriptDirectory.from_config(migrations.config()).get_current_head()
    assert head is not None

    assert without_file(behind(head, migrations.known()), KEPT) == []


def test_a_new_revision_without_such_a_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "0001.db.gz").write_bytes(b"")

    assert without_file(behind("0003", frozenset({"0001", "0002", "0003"})), tmp_path) == ["0002"]


def test_every_populated_database_that_was_kept_comes_up_whole(tmp_path: Path) -> None:
    """Today's own too, so that the way is walked before there is an older one."""
    kept = [*sorted(KEPT.glob("*.db.gz")), keep(tmp_path / "kept", rated=4)]

    said = {packed.name: brought_up(packed, tmp_path / "old.db") for packed in kept}

    assert {name: (head, found) for name, (head, found, _) in said.items()} == {
        packed.name: (migrations.HEAD, ()) for packed in kept
    }
    assert min(records for _, _, records in said.values()) > 50


def brought_up(packed: Path, file: Path) -> tuple[str | None, tuple[str, ...], int]:
    """(its revision then, what should not be sayable, how many records its history has)."""
    with gzip.open(packed) as old, file.open("wb") as new:
        shutil.copyfileobj(old, new)
    with closing(connect(f"sqlite:///{file}")) as database:
        upgrade(database)
        found = revision(database)
    with closing(open_database(f"sqlite:///{file}")) as database, database.engine.connect() as connection:
        tx = Transaction(connection, datetime(2028, 1, 1, tzinfo=UTC), str)
        return found, invariants.invariants(tx), verify(tx).records
