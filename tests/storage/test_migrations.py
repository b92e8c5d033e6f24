"""The history of the tables leads to what the models say, on both databases."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from storage import migrations
from storage.database import Database, connect, revision, upgrade


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    with closing(connect(empty_url)) as database:
        yield database


def test_head_is_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(migrations.config()).get_current_head() == migrations.HEAD


def test_alembic_finds_nothing_to_change(database: Database) -> None:
    with database.engine.connect() as connection, connection.begin():
        command.check(migrations.config(connection))


def test_the_migrated_tables_have_every_constraint_of_the_models(database: Database, empty: Database) -> None:
    SQLModel.metadata.create_all(empty.engine)

    assert truths(database) == truths(empty)


def truths(database: Database) -> dict[str, object]:
    look = sa.inspect(database.engine)
    return {
        table: [
            sorted(map(str, facts))
            for facts in (
                look.get_columns(table),
                look.get_check_constraints(table),
                look.get_unique_constraints(table),
                look.get_foreign_keys(table),
                [(i["name"], i["unique"], i["column_names"], conditions(i)) for i in look.get_indexes(table)],
                look.get_pk_constraint(table).items(),
            )
        ]
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def conditions(index: Mapping[str, Any]) -> dict[str, str]:
    return {option: str(value) for option, value in index.get("dialect_options", {}).items()}


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = truths(database)

    assert (upgrade(database), truths(database)) == (migrations.HEAD, before)


def test_two_upgrades_at_once_wait_for_each_other(empty: Database) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(upgrade, [empty, empty])) == [migrations.HEAD] * 2

    assert revision(empty) == migrations.HEAD


def test_foreign_keys_are_kept_again_after_an_upgrade(empty: Database) -> None:
    upgrade(empty)

    with empty.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(
            SQLModel.metadata.tables["record_detail"].insert().values(record_id=7, salt="", retention="")
        )
