"""What a database promises before any table is looked at: whole transactions, honest readings, sentences for refusals."""

import resource
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import storage.database
from storage import database as subject
from storage import migrations
from storage.database import Database, filesystem_of, open_database, retrying, revision
from storage.models import Anchor, Installation, JobRun, Matter, Organisation, Record
from workflow.engine.errors import BadInput, Forbidden, Unavailable

NOW = datetime(2027, 6, 5, 16, tzinfo=UTC)


def put(database: Database, *rows: object) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add_all(rows)


def count(database: Database, table: type) -> int:
    with database.reading(NOW) as tx:
        return tx.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# ── transactions ─────────────────────────────────────────────────


def test_a_transaction_commits_at_its_end(database: Database) -> None:
    put(database, Installation(kind="live", created_at=NOW))

    with database.reading(NOW) as tx:
        assert tx.session.get(Installation, 1) == Installation(id=1, kind="live", created_at=NOW)


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(Forbidden), database.transaction(NOW) as tx:
        tx.session.add(Installation(kind="live", created_at=NOW))
        tx.session.flush()
        raise Forbidden("不行")

    assert count(database, Installation) == 0


def test_a_broken_constraint_stays_what_it_is(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        put(database, Installation(kind="neither", created_at=NOW))


def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        put(database, Matter(kind="plan", organisation_id=7, status="open", opened_at=NOW))


def test_rows_stay_readable_after_the_commit(database: Database) -> None:
    row = Installation(kind="live", created_at=NOW)

    put(database, row)

    assert row.kind == "live"


def test_salt_comes_from_chance_unless_given(database: Database) -> None:
    with database.transaction(NOW) as tx:
        assert len({tx.salt("record 1"), tx.salt("record 1")}) == 2
    with database.transaction(NOW, salt=str.upper) as tx:
        assert tx.salt("record 1") == "RECORD 1"


def test_chinese_is_kept_readable(database: Database) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add(Organisation(id=1, code="D1", name="一支部", kind="党支部", started_on=NOW.date()))
        tx.session.flush()
        tx.session.add(Matter(kind="plan", organisation_id=1, status="open", opened_at=NOW, data={"title": "提升计划"}))

    with database.reading(NOW) as tx:
        assert tx.session.scalar(sa.text("SELECT CAST(data AS TEXT) FROM matter")) == '{"title":"提升计划"}'


def test_a_hash_is_digits_to_everybody_and_bytes_in_its_table(database: Database) -> None:
    said = {"cycle_id": 1, "seq": 1, "trigger": "open", "before": "", "after": "a", "role": "clock", "actor": "clock"}
    hashes = {"scheme_hash": "5c" * 32, "detail_digest": "0d" * 32, "previous_hash": "00" * 32, "hash": "ff" * 32}
    table, kept = Record.metadata.tables["record"], list(hashes)
    with database.transaction(NOW) as tx:
        alone = {
            "sqlite": "PRAGMA defer_foreign_keys = ON",
            "postgresql": "SET LOCAL session_replication_role = replica",
        }
        tx.connection.exec_driver_sql(alone[tx.dialect])
        tx.connection.execute(sa.insert(table).values(**said, **hashes, at=NOW, late_days=0))

        as_read = tx.connection.execute(sa.select(*(table.c[name] for name in kept))).one()
        as_kept = tx.connection.exec_driver_sql(f"SELECT {', '.join(kept)} FROM record").one()
        tx.connection.execute(sa.delete(table))

    assert (tuple(as_read), [len(bytes(one)) for one in as_kept]) == (tuple(hashes.values()), [32] * 4)


@pytest.fixture
def ledger(database: Database) -> Database:
    put(database, JobRun(job="sweep", last_at=NOW, said="0"))
    return database


def test_writers_queue_and_lose_nothing(ledger: Database) -> None:
    def add_one(_: int) -> None:
        with ledger.transaction(NOW) as tx:
            row = tx.session.get_one(JobRun, "sweep", with_for_update=True)
            row.said = str(int(row.said) + 1)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add_one, range(120)))

    with ledger.reading(NOW) as tx:
        assert tx.session.get_one(JobRun, "sweep").said == "120"


def test_a_reading_sees_one_snapshot(ledger: Database) -> None:
    with ledger.reading(NOW) as tx:
        before = tx.session.scalar(sa.select(sa.func.count()).select_from(Anchor))
        put(ledger, Anchor(at=NOW, cycles=1, records=1, upto=1, head="h"))
        after = tx.session.scalar(sa.select(sa.func.count()).select_from(Anchor))

    assert (before, after, count(ledger, Anchor)) == (0, 0, 1)


def test_a_reading_cannot_write(ledger: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError), ledger.reading(NOW) as tx:
        tx.session.execute(sa.delete(JobRun))

    assert count(ledger, JobRun) == 1


def test_a_connection_that_read_can_write_again(ledger: Database) -> None:
    count(ledger, JobRun)

    put(ledger, Anchor(at=NOW, cycles=1, records=1, upto=1, head="h"))

    assert count(ledger, Anchor) == 1


# ── trying again ─────────────────────────────────────────────────


@pytest.fixture
def conflict(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Work that the database refuses with "try again": a conflict on PostgreSQL, a held lock on SQLite."""
    if database.dialect == "postgresql":
        yield lambda: _raise_in_postgresql(database, "40001")
        return
    monkeypatch.setattr(storage.database, "PATIENCE", 0)
    with closing(sqlite3.connect(str(database.engine.url.database), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield lambda: put(database, Anchor(at=NOW, cycles=1, records=1, upto=1, head="h"))


def _raise_in_postgresql(database: Database, state: str) -> None:
    with database.transaction(NOW) as tx:
        tx.session.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))


def test_a_conflict_is_a_refusal_that_can_be_tried_again(conflict: Callable[[], None]) -> None:
    with pytest.raises(Unavailable, match=r"^数据库正忙,请稍后再试$"):
        conflict()


def test_a_conflict_is_tried_five_times_with_growing_pauses(conflict: Callable[[], None]) -> None:
    pauses: list[float] = []

    with pytest.raises(Unavailable):
        retrying(conflict, pause=pauses.append)

    assert [low <= pause <= 3 * low for low, pause in zip((0.05, 0.1, 0.2, 0.4), pauses, strict=True)] == [True] * 4


def test_what_worked_the_second_time_is_answered(conflict: Callable[[], None]) -> None:
    work = iter([conflict, lambda: "done"])

    assert retrying(lambda: next(work)(), pause=lambda _: None) == "done"


def test_other_refusals_are_not_tried_again() -> None:
    tried: list[int] = []

    def refuse() -> None:
        tried.append(1)
        raise Unavailable("端口被占用")

    with pytest.raises(Unavailable):
        retrying(refuse, pause=lambda _: None)

    assert tried == [1]


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_connection_cut_in_the_middle_is_tried_again(database: Database) -> None:
    cuts = iter(["SELECT pg_terminate_backend(pg_backend_pid())", "SELECT true"])

    def work() -> bool | None:
        with database.transaction(NOW) as tx:
            return tx.session.scalar(sa.text(next(cuts)))

    assert retrying(work, pause=lambda _: None) is True


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_connection_cut_while_it_rested_is_not_noticed(database: Database, database_url: str) -> None:
    count(database, Anchor)
    with closing(open_database(database_url)) as other, other.transaction(NOW) as tx:
        tx.session.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    assert count(database, Anchor) == 0


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_connection_whose_number_is_above_a_thousand_is_as_good_as_any(database_url: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    with ExitStack() as opened:
        while opened.enter_context(Path("/dev/null").open()).fileno() < 1100:
            pass
        database = opened.enter_context(closing(open_database(database_url)))
        database.engine.dispose()

        assert (count(database, Anchor), count(database, Anchor)) == (0, 0)


# ── opening ──────────────────────────────────────────────────────


def test_a_database_is_created_with_all_tables(empty_url: str) -> None:
    with closing(open_database(empty_url, create=True)) as database:
        assert revision(database) == migrations.HEAD
        assert count(database, Installation) == 0


def test_an_empty_database_is_refused_with_what_to_do(empty_url: str) -> None:
    with pytest.raises(Unavailable, match="请先运行 starflow init"):
        open_database(empty_url)


def test_an_unknown_version_is_refused_with_what_to_do(empty_url: str) -> None:
    with closing(open_database(empty_url, create=True)) as database, database.transaction(NOW) as tx:
        tx.session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match=r"^数据库的版本\(9999\)比程序新,请安装更新的 starflow$"):
        open_database(empty_url)


def test_an_older_version_is_refused_with_what_to_do(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "HEAD", "9999")

    with pytest.raises(Unavailable, match=r"^数据库是旧版本\(0001\),请先备份,再运行 starflow db upgrade$"):
        open_database(database_url)


def test_a_missing_file_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"不存在,请先运行 starflow init"):
        open_database(f"sqlite:///{tmp_path}/none.db")

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("这是一份笔记。" * 100)

    with pytest.raises(Unavailable, match="数据库无法连接"):
        open_database(f"sqlite:///{tmp_path}/notes.txt")


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="无法写入"):
        open_database(f"sqlite:///{tmp_path}/no/where.db", create=True)


def test_an_unreachable_server_is_refused_without_naming_the_password() -> None:
    with pytest.raises(Unavailable, match="数据库无法连接") as refusal:
        open_database("postgresql://clerk:geheim@127.0.0.1:1/stars")

    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u@h/d", "not an address"])
def test_other_addresses_are_bad_input(url: str) -> None:
    with pytest.raises(BadInput):
        open_database(url)


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "REMOTE_FILESYSTEMS", frozenset({filesystem_of(tmp_path)}))

    with pytest.raises(Unavailable, match="在网络文件系统上"):
        open_database(f"sqlite:///{tmp_path}/stars.db", create=True)

    assert list(tmp_path.iterdir()) == []


def test_the_innermost_mount_decides_the_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/a / ext4 rw 0 0\nhost:/x /srv/our\\040files nfs4 rw 0 0\nhost:/y /srv/our\\040files/local xfs rw 0 0\n"
    )

    kinds = [filesystem_of(Path(p), mounts) for p in ("/srv/a.db", "/srv/our files/a.db", "/srv/our files/local/a.db")]

    assert kinds == ["ext4", "nfs4", "xfs"]


def test_every_sqlite_connection_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_waiting_for_the_disk: tuple[str, ...]
) -> None:
    monkeypatch.setattr(storage.database, "PRAGMAS", without_waiting_for_the_disk)
    names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
    with (
        closing(open_database(f"sqlite:///{tmp_path}/stars.db", create=True)) as database,
        database.transaction(NOW) as tx,
    ):
        found = [tx.session.scalar(sa.text(f"PRAGMA {name}")) for name in names]

    assert found == ["wal", 2, 1, 1, 10000]


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/stars.db", create=True).close()

    assert stat.S_IMODE((tmp_path / "stars.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_server_lets_go_of_what_somebody_locked_who_is_not_heard_of_any_more(database: Database) -> None:
    with database.reading(NOW) as tx:
        assert tx.connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"
