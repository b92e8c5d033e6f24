"""A database in another place holds the same rows, whichever kind it is."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from storage import copying
from storage.database import Database
from storage.models import Organisation, Person
from workflow.engine.errors import Refused

NOW = datetime(2027, 5, 6, 2, tzinfo=UTC)


def fill(database: Database) -> None:
    """A child that was stored before its parent."""
    with database.transaction(NOW) as tx:
        day = NOW.date()
        for key, code in ((2, "GW"), (1, "D01")):
            tx.session.add(Organisation(id=key, code=code, name=code, kind="党支部", started_on=day))
            tx.session.flush()
        tx.connection.execute(sa.text("UPDATE organisation SET parent_id = 2 WHERE id = 1"))
        tx.session.add(Person(code="P1", name="㛃𠮷"))


def test_a_copy_holds_the_same_rows_and_numbers_go_on(database: Database, another_database: Database) -> None:
    fill(database)

    with database.reading(NOW) as source, another_database.transaction(NOW) as target:
        copied = copying.copy_all(source, target)
        assert copying.held(target) == copied == copying.held(source)
        another = Person(code="P2", name="后来的")
        target.session.add(another)
        target.session.flush()

    assert {name: count for name, (count, _) in copied.items() if count} == {"organisation": 2, "person": 1}
    assert another.id == 2


def test_a_database_that_holds_anything_is_not_overwritten(database: Database, another_database: Database) -> None:
    fill(database)
    fill(another_database)

    with (
        pytest.raises(Refused, match="目标数据库不是空的"),
        database.reading(NOW) as source,
        another_database.transaction(NOW) as target,
    ):
        copying.copy_all(source, target)
