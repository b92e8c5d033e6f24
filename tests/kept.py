"""Databases that many tests begin with: brought there once in each process by real acts, then copied row by row for each test.

What is kept is the content alone, in memory: a SQLite file's bytes, PostgreSQL's rows as COPY gives them. A test that changes its
database changes nobody else's. `step` goes on from there in the same way, as long as nothing else has been written.
"""

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from fastapi import FastAPI

from starflow.service.desk import Desk, open_desk
from starflow.service.settings import Settings
from starflow.web.app import create_app
from storage.database import Transaction
from tests.conftest import WIPE

Rows = dict[str, bytes]
KEPT: dict[tuple[str, Hashable], bytes | tuple[Rows, dict[str, int]]] = {}


def desk_after(work: Callable[[], Desk], settings: Settings, *name: Hashable) -> Desk:
    """A desk at the empty database of `settings`, in the state in which `work` leaves one; `name` is all that `work` depends on."""
    dialect = sa.make_url(settings.database_url).get_backend_name()
    place = (dialect, name)
    keep, bring = WAYS[dialect]
    if place not in KEPT:
        with closing(work()):
            pass
        KEPT[place] = keep(settings.database_url)
    else:
        bring(settings.database_url, KEPT[place])
    desk = open_desk(settings)
    STANDS[desk] = Stand(name, _count_writes(desk))
    return desk


def step(desk: Desk, name: Hashable, work: Callable[[], object]) -> None:
    """`work` on this desk, and on the next that comes here by the same steps its rows alone; `name` is all that `work` depends on."""
    stand = STANDS.get(desk)
    if stand is None or stand.writes != [0]:
        work()
        return
    (keep, bring), url = WAYS[desk.database.dialect], desk.settings.database_url
    stand.name = (stand.name, name)
    place = (desk.database.dialect, stand.name)
    if place in KEPT:
        desk.database.close()
        bring(url, KEPT[place])
    else:
        work()
        desk.database.close()
        KEPT[place] = keep(url)
        stand.writes[0] = 0


@dataclass
class Stand:
    """The state a desk is in, by the steps that led there, and what has been written since."""

    name: Hashable
    writes: list[int]


STANDS: WeakKeyDictionary[Desk, Stand] = WeakKeyDictionary()


def _count_writes(desk: Desk) -> list[int]:
    """Counts from now on the transactions of this desk's database that may write."""
    writes, lend = [0], desk.database.transaction

    def counted(*args: Any, **more: Any) -> AbstractContextManager[Transaction]:
        writes[0] += 1
        return lend(*args, **more)

    desk.database.transaction = counted  # type: ignore[method-assign]
    return writes


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


def _wipe_and_put_rows(url: str, kept: tuple[Rows, dict[str, int]]) -> None:
    with psycopg.connect(_address(url)) as connection:
        connection.execute(WIPE)
    _put_rows(url, kept)


def _write_over(url: str, kept: bytes) -> None:
    """In place of a closed file, whose log is empty."""
    file = Path(str(sa.make_url(url).database))
    assert not file.with_name(f"{file.name}-wal").exists()
    file.write_bytes(kept)


WAYS: Mapping[str, tuple[Callable[[str], Any], Callable[[str, Any], None]]] = {
    "sqlite": (_file, _write_over),
    "postgresql": (_rows, _wipe_and_put_rows),
}


def _address(url: str) -> str:
    """For the driver itself, which does not know SQLAlchemy's way of naming it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
