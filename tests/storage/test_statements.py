"""Statements that go straight to the driver: the same values both ways, the same errors, nothing left behind in the session."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from storage.among import among
from storage.database import Database
from storage.models import Campaign, SchemeFile
from storage.statements import Statement, by_name

NOW = datetime(2027, 4, 15, 1, 2, 3, 4000, tzinfo=UTC)
CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined]
PUT = Statement(sa.insert(CAMPAIGN).values(by_name(*(c for c in CAMPAIGN.c if c.name != "id"))).inline())
FOUND = Statement(
    sa.select(CAMPAIGN.c.year, CAMPAIGN.c.opened_at, CAMPAIGN.c.closed_at).where(CAMPAIGN.c.status == "open")
)

AMONG = Statement(sa.select(CAMPAIGN.c.year).where(among(CAMPAIGN.c.year, "years")).order_by(CAMPAIGN.c.year))


def row(year: int) -> dict[str, object]:
    at = NOW.astimezone(timezone(timedelta(hours=8)))
    return {"year": year, "scheme_hash": "s", "status": "open", "rated_count": 3, "opened_at": at, "closed_at": None}


def test_values_come_back_as_they_were_given(database: Database) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add(SchemeFile(hash="s", name="n", title="t", content=b"", adopted_at=NOW))
        assert PUT.run(tx, row(2027), row(2028)) == 2  # the session's own row is written first
        assert FOUND.rows(tx, {}) == [(2027, NOW, None), (2028, NOW, None)]


def test_a_broken_constraint_is_the_error_that_everybody_knows(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction(NOW) as tx:
        tx.session.add(SchemeFile(hash="s", name="n", title="t", content=b"", adopted_at=NOW))
        PUT.run(tx, row(2027), row(2027))

    with database.reading(NOW) as tx:
        assert FOUND.rows(tx, {}) == []


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, ValueError)), database.transaction(NOW) as tx:
        PUT.run(tx, row(2027) | {"opened_at": datetime(2027, 4, 15)})  # noqa: DTZ001


def test_nothing_to_write_is_nothing_written(database: Database) -> None:
    with database.transaction(NOW) as tx:
        assert PUT.run(tx) == 0


def test_one_value_says_many_numbers_or_none(database: Database) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add(SchemeFile(hash="s", name="n", title="t", content=b"", adopted_at=NOW))
        PUT.run(tx, row(2027), row(2028), row(2029))

        assert AMONG.rows(tx, {"years": {2027, 2029, 2040}}) == [(2027,), (2029,)]
        assert AMONG.rows(tx, {"years": ()}) == []


@pytest.mark.parametrize("at", [NOW, NOW.replace(microsecond=0), NOW.astimezone(timezone(timedelta(hours=8)))])
def test_an_instant_is_written_as_sqlalchemy_writes_it(database: Database, at: datetime) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add(SchemeFile(hash="s", name="n", title="t", content=b"", adopted_at=NOW))
        PUT.run(tx, row(2027) | {"opened_at": at})
        tx.connection.execute(sa.insert(CAMPAIGN).values(row(2028) | {"opened_at": at}))
        written = set(tx.connection.execute(sa.text("SELECT CAST(opened_at AS TEXT) FROM campaign")).scalars())

    assert len(written) == 1
