"""Databases that many tests begin with: brought there once in each process by real acts, then copied row by row for each test.

What is kept is the content alone, in memory: a SQLite file's bytes, PostgreSQL's rows as COPY gives them. A test that changes its
database changes nobody else's.
"""

from collections.abc import Callable, Hashable
from contextlib import closing
from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy as sa
from fastapi import FastAPI

from starflow.service.desk import Desk, open_desk
from starflow.service.settings import Settings
from starflow.web.app import create_app

Rows = dict[str, bytes]
KEPT: dict[tuple[str, Hashable], bytes | tuple[Rows, dict[str, int]]] = {}


def desk_after(work: Callable[[], Desk], settings: Settings, *name: Hashable) -> Desk:
    """A desk at the empty database of `settings`, in the state in which `work` leaves one; `name` is all that `work` depends on."""
    dialect = sa.make_url(settings.database_url).get_backend_name()
    place = (dialect, name)
    keep, bring = {"sqlite": (_file, _write_file), "postgresql": (_rows, _put_rows)}[dialect]
    if place not in KEPT:
        with closing(work()):
            pass
        KEPT[place] = keep(settings.database_url)
    else:
        bring(settings.database_url, KEPT[place])
    return open_desk(settings)


def app_at(desk: Desk) -> FastAPI:
    """The web of this process, now at this desk: FastAPI takes half a second to look through the routes of a new one."""
    app = _app()
    app.state.desk = desk
    return app


@cache
def _app() -> FastAPI:
    return create_app(None)  # type: ignore[arg-type]  # nothing is asked before it has a desk


def _file(url: str) -> bytes:
    """Closed, so that nothing stands in the log beside it any more."""
    file = Path(str(sa.make_url(url).database))
    assert not file.with_name(f"{file.name}-wal").exists()
    return file.read_bytes()


def _write_file(url: str, kept: bytes) -> None:
    Path(str(sa.make_url(url).database)).write_bytes(kept)


def _rows(url: str) -> tuple[Rows, dict[str, int]]:
    with psycopg.connect(_address(url)) as connection:
        found: Rows = {}
        for (table,) in connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall():
            if connection.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone() == (True,):
                with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as out:
                    found[table] = b"".join(bytes(part) for part in out)
        numbers = connection.execute(
            "SELECT quote_ident(sequencename), last_value FROM pg_sequences WHERE last_value IS NOT NULL"
        )
        return found, dict(numbers.fetchall())


def _put_rows(url: str, kept: tuple[Rows, dict[str, int]]) -> None:
    rows, numbers = kept
    with psycopg.connect(_address(url)) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys, no triggers
        for table, content in rows.items():
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as into:
                into.write(content)
        for sequence, last in numbers.items():
            connection.execute("SELECT setval(%s::regclass, %s)", [sequence, last])


def _address(url: str) -> str:
    """For the driver itself, which does not know SQLAlchemy's way of naming it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
