"""The one way to a database: open it, make sure it is ours and of our version, and lend transactions.

Every write begins by taking its place (SQLite: BEGIN IMMEDIATE; PostgreSQL: row locks of the statements), every reading sees
one snapshot and cannot write. What may be tried again is an `Unavailable` whose cause says so: `retrying` knows.
"""

import json
import secrets
import select
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from storage import migrations
from workflow.engine.errors import BadInput, Unavailable, because

__all__ = ("Database", "DatabaseError", "Transaction", "connect", "open_database", "retrying", "revision", "upgrade")

Result = TypeVar("Result")

PATIENCE = 10
"""Seconds that somebody waits for the one place of a writer in a file."""
PRAGMAS = (
    f"busy_timeout={PATIENCE * 1000}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
)
REMOTE_FILESYSTEMS = frozenset({"afs", "cifs", "fuse.sshfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"})
CONNECTIONS = 16  # as many as the web has threads


class Transaction:
    """What a storage function works with. `now` was asked once; in a rehearsal `salt` comes from its seed and a name.

    `connection` is for statements, `session` for rows as objects; the session is made when it is first asked for. `known`
    keeps what is asked for all the time and cannot change meanwhile: in what only `reads` one snapshot, that is anything. `as_of`: up to
    when a replica knows; None: it is the database itself.
    """

    __slots__ = ("_session", "as_of", "connection", "dialect", "known", "now", "reads", "salt")

    def __init__(
        self, connection: sa.Connection, now: datetime, salt: Callable[[str], str], *, reads: bool = False
    ) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.now = now
        self.salt = salt
        self.reads = reads
        self.known: dict[Any, Any] = {}
        self.as_of: datetime | None = None
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    def flush(self) -> None:
        """Writes what the session still holds back."""
        if self._session is not None:
            self._session.flush()


def known_to_planner(tx: Transaction, *tables: str) -> None:
    """PostgreSQL goes on planning for the tables as they were until it looks at them by itself, a minute later."""
    tx.flush()
    if tx.dialect == "postgresql":
        tx.connection.exec_driver_sql(f"ANALYZE {', '.join(tables)}")


class Database:
    """An open database: lends one transaction, or one reading, at a time to each thread that asks."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self._writing = engine.execution_options(**WRITING[self.dialect])
        self._reading = engine.execution_options(**READING[self.dialect])
        self._readers = engine.pool.recreate() if self.dialect == "sqlite" else None

    def __repr__(self) -> str:
        return f"Database({self.engine.url!r})"

    @contextmanager
    def transaction(
        self,
        now: datetime,
        *,
        salt: Callable[[str], str] = lambda name: secrets.token_hex(16),
    ) -> Iterator[Transaction]:
        """All of it or nothing: commits at the end, rolls back on any exception."""
        with _translated(), self._writing.connect() as connection, connection.begin():
            tx = Transaction(connection, now, salt)
            yield tx
            tx.flush()

    @contextmanager
    def reading(self, now: datetime) -> Iterator[Transaction]:
        """One snapshot for as many questions as wanted; any attempt to write fails."""
        with _translated(), self._reader() as connection, connection.begin():
            yield Transaction(connection, now, _no_chance, reads=True)

    def _reader(self) -> sa.Connection:
        """On SQLite one of those that never write: to forbid it and allow it again makes all its statements be prepared anew."""
        if self._readers is None:
            return self._reading.connect()
        lent = self._readers.connect()
        if "reads" not in lent.info:
            lent.cursor().execute("PRAGMA query_only=ON")
            lent.info["reads"] = True
        return sa.Connection(self._reading, lent)

    def server_time(self) -> datetime:
        """What PostgreSQL's own clock says. Raises Unavailable."""
        with _translated(), self.engine.connect() as connection:
            found: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
            return found

    def close(self) -> None:
        self.engine.dispose()
        if self._readers is not None:
            self._readers.dispose()


def open_database(url: str, *, create: bool = False) -> Database:
    """The database at `url`, with the tables of this version; `create` makes file and tables where there are none."""
    database = connect(url, create=create)
    try:
        found = revision(database)
        if create and found is None:
            found = upgrade(database)
        _same_version(found)
    except BaseException:
        database.close()
        raise
    return database


def connect(url: str, *, create: bool = False) -> Database:
    """The database at `url` whatever its version, for `upgrade`; everybody else wants `open_database`."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        _sqlite_file(address, create=create)
    return Database(_engine(address))


def revision(database: Database) -> str | None:
    """The migration this database stands at; None if it has no tables of ours."""
    with _translated(), database.engine.connect() as connection:
        return migrations.current(connection)


def upgrade(database: Database) -> str:
    """Brings the tables to this version in one transaction and says which that is."""
    with _translated(), database.engine.connect() as connection:
        if database.dialect == "sqlite":  # tables are rebuilt by copying: foreign keys are checked at the end instead
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(**WRITING[database.dialect]).begin():
                migrations.upgrade(connection)
        finally:
            connection.invalidate()  # the pragma must not live on in the pool
    return migrations.HEAD


def retrying(work: Callable[[], Result], *, tries: int = 5, pause: Callable[[float], None] = time.sleep) -> Result:
    """Does `work`, a whole transaction, again when the database asks for that: conflict, deadlock, lost connection, busy.

    After a lost connection nobody knows whether the commit happened; work with an ask's key finds its own record.
    """
    for attempt in range(1, tries):
        try:
            return work()
        except Unavailable as refusal:
            if not _worth_retrying(refusal.__cause__):
                raise
            pause(0.05 * 2**attempt * secrets.SystemRandom().uniform(0.5, 1.5))
    return work()


# ── saying no ────────────────────────────────────────────────────


@contextmanager
def _translated() -> Iterator[None]:
    """Turns "cannot be had just now" into `Unavailable`; a broken constraint or statement stays what it is."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("数据库连接全部被占用,请稍后再试") from error
    except sqlite3.Error as error:  # the file cannot even be opened
        raise Unavailable(f"数据库无法连接:{error}") from error
    except DBAPIError as error:
        if not (_worth_retrying(error) or _unreachable(error)):
            raise
        raise Unavailable(_sentence(error)) from error


def _worth_retrying(error: BaseException | None) -> bool:
    if isinstance(error, DisconnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.OperationalError):
        return _is_busy(error.orig)
    state = _sqlstate(error)
    return error.connection_invalidated or state in {"40001", "40P01", "57P01", "57P02", "57P03"} or state[:2] == "08"


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _unreachable(error: DBAPIError) -> bool:
    """No session was established: wrong host, database, password, or not a database file at all."""
    if isinstance(error.orig, sqlite3.DatabaseError):
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
    return error.statement is None and type(error.orig).__name__ == "OperationalError"


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def said_by_driver(connection: sa.Connection, sql: str, error: Exception) -> Exception:
    """An error of the driver as SQLAlchemy would have raised it, so that whoever retries or explains knows one kind only."""
    dialect, raw = connection.dialect, connection.connection
    lost = dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    kind = dialect.loaded_dbapi.Error
    said: Exception = DBAPIError.instance(sql, None, error, kind, connection_invalidated=lost, dialect=dialect)
    return said


def _sentence(error: DBAPIError) -> str:
    if _worth_retrying(error) and not error.connection_invalidated:
        return "数据库正忙,请稍后再试"
    return f"数据库无法连接:{str(error.orig).strip().splitlines()[0]}"


def _same_version(found: str | None) -> None:
    if found == migrations.HEAD:
        return
    if found is None:
        raise Unavailable("数据库里还没有 starflow 的表,请先运行 starflow init")
    if found in migrations.known():
        raise Unavailable(f"数据库是旧版本({found}),请先备份,再运行 starflow db upgrade")
    raise Unavailable(f"数据库的版本({found})比程序新,请安装更新的 starflow")


def _no_chance(name: str) -> str:
    raise TypeError("a reading takes nothing from chance")


# ── addresses ────────────────────────────────────────────────────


def _address(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except ArgumentError:
        raise BadInput("数据库地址无法识别,例如 sqlite:///starflow.db 或 postgresql://用户@主机/库名") from None
    match address.get_backend_name():
        case "sqlite":
            return address.set(drivername="sqlite")
        case "postgresql" | "postgres":
            return address.set(drivername="postgresql+psycopg")
    raise BadInput(f"不支持的数据库:{address.get_backend_name()};可用 sqlite 或 postgresql")


def _sqlite_file(address: sa.URL, *, create: bool) -> None:
    if address.database in {None, "", ":memory:"}:
        raise BadInput("SQLite 数据库须是一个文件,例如 sqlite:///starflow.db")
    path = Path(str(address.database)).resolve()
    if filesystem_of(path) in REMOTE_FILESYSTEMS:
        raise Unavailable(f"{path} 在网络文件系统上,SQLite 在那里会损坏;请放在本机磁盘,或改用 PostgreSQL")
    if not create and not path.is_file():
        raise Unavailable(f"数据库文件 {path} 不存在,请先运行 starflow init")
    try:
        path.touch(mode=0o600)  # names and telephone numbers will stand in it
    except OSError as error:
        raise Unavailable(f"数据库文件 {path} 无法写入:{because(error)}") from error


def filesystem_of(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The type of the file system that `path` lies on; None where the machine does not list its mounts."""
    if not mounts.exists():
        return None
    listed = [line.split() for line in mounts.read_text().splitlines()]
    found = [(Path(where.replace(r"\040", " ")), kind) for _, where, kind, *_ in listed]
    over = [(len(where.parts), place, kind) for place, (where, kind) in enumerate(found) if path.is_relative_to(where)]
    return max(over)[2] if over else None


# ── engines ──────────────────────────────────────────────────────

WRITING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"begins_with": "BEGIN IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
READING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"begins_with": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""Whoever is cut off from the server hears of it in half a minute, not in two hours."""
NO_LONGER_IDLE = (
    "-c idle_in_transaction_session_timeout=60s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
"""The other way round: a server that hears nothing more from somebody in the middle of a transaction lets go of what he had locked,
also where it waits for the rest of a statement that never comes, which it does not call idle.
"""
POOLER = "pooler"
"""`?pooler=transaction` in the address: between us and PostgreSQL stands PgBouncer, whose transactions share no prepared statement."""


def _engine(address: sa.URL) -> sa.Engine:
    more: dict[str, Any] = {}
    if address.get_backend_name() == "postgresql":
        own = {"options": f"{address.query.get('options', '')} {NO_LONGER_IDLE}".strip()}
        more = dict(ALIVE) | ({"prepare_threshold": None} if address.query.get(POOLER) == "transaction" else own)
    try:
        engine = sa.create_engine(
            address.difference_update_query([POOLER]),
            connect_args=more,
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            hide_parameters=True,  # an error's text goes to the log: no name, no token, no ballot in it
            json_serializer=json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode,
        )
    except ModuleNotFoundError as error:
        raise Unavailable("没有 PostgreSQL 的驱动,请安装 starflow[postgres]") from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "checkout", _still_there)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Takes BEGIN away from the driver, which would open the transaction only at the first write."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    said = connection.get_execution_options().get("begins_with", "BEGIN")
    cursor = connection.connection.cursor()
    try:
        if said == "BEGIN":
            cursor.execute(said)
        else:
            _take_the_place(cursor, said)
    except sqlite3.Error as error:
        raise said_by_driver(connection, said, error) from error


def _take_the_place(cursor: DBAPICursor, said: str) -> None:
    """Asks every few milliseconds whether the writer's place is free.

    SQLite itself asks ever less often, in the end ten times a second; whoever writes page after page takes the place again before that.
    """
    cursor.execute("PRAGMA busy_timeout=3")
    until = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                cursor.execute(said)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
            else:
                return
    finally:
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE * 1000}")


def _still_there(connection: Any, *_: Any) -> None:
    """A server that has closed a connection has said so: only where there is nothing to be read from it is it still there.

    That spares every transaction a question. One that was cut off without a word is found out by the keepalives.
    """
    if connection.closed or _has_words(connection.fileno()):
        raise DisconnectionError


def _has_words(socket: int) -> bool:
    """Whether something waits to be read. `select` knows no number above 1,023, and a busy server has such; Windows has no `poll`."""
    if not hasattr(select, "poll"):
        return bool(select.select([socket], [], [], 0)[0])
    listening = select.poll()
    listening.register(socket, select.POLLIN)
    return bool(listening.poll(0))
