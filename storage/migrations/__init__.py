"""The history of the tables, run by Alembic from within the package: no ini file, no command of its own.

`HEAD` is written down, not asked for, so that opening a database does not load Alembic.
"""

import sys
from typing import Any

import sqlalchemy as sa

HEAD = "0001"


def current(connection: sa.Connection) -> str | None:
    """The revision a database stands at; None if it has no tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def known() -> frozenset[str]:
    """Every revision this version of the program can come from."""
    from alembic.script import ScriptDirectory  # slow to load, seldom needed

    return frozenset(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def upgrade(connection: sa.Connection) -> None:
    """Brings the tables to HEAD within the connection's transaction; two at once wait for each other."""
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('starflow migrations'))"))
    command.upgrade(config(connection), "head")
    if connection.dialect.name == "sqlite":
        _foreign_keys_hold(connection)


def config(connection: sa.Connection | None = None) -> Any:
    """Alembic's configuration; `connection` reaches env.py through its attributes."""
    from alembic.config import Config

    settings = Config(stdout=sys.stdout)  # the default is whatever stood there when alembic was first imported
    settings.set_main_option("script_location", "storage:migrations")
    settings.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _foreign_keys_hold(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"the migration leaves {len(broken)} rows without what they refer to: {broken[:5]}")
