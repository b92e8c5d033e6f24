"""The tables of procrastinate beside ours: whether they are there, and what already waits in them. Its own code does everything else."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import Database, Transaction

WORK = "procrastinate_jobs"


def prepare(database: Database, schema: str) -> None:
    """Makes its tables where there are none; of several hosts that begin together one does."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('starflow cluster'))"))
        if not sa.inspect(connection).has_table(WORK):
            raw: Any = connection.connection.driver_connection
            with raw.cursor() as cursor:
                cursor.execute(schema)


def connection_of(tx: Transaction) -> Any:
    """The driver's own connection, for whoever enqueues in this transaction."""
    return tx.connection.connection.driver_connection


def waits(tx: Transaction, task: str) -> bool:
    """Whether such a task waits already."""
    return tx.connection.execute(_WAITS, {"task": task}).first() is not None


def armed(tx: Transaction, task: str, at: datetime) -> bool:
    """Whether such a task has been put for that instant."""
    return tx.connection.execute(_ARMED, {"task": task, "at": at}).first() is not None


def address(database: Database) -> str:
    """The address as libpq takes it."""
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


_WAITS = sa.text(f"SELECT 1 FROM {WORK} WHERE task_name = :task AND status = 'todo' LIMIT 1")
_ARMED = sa.text(f"SELECT 1 FROM {WORK} WHERE task_name = :task AND scheduled_at = :at LIMIT 1")
