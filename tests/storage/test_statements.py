"""Statements that go straight to the driver: the same values both ways, the same errors, nothing left behind in the session."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel.sql.sqltypes import UTCDateTime

from storage.among import among
from storage.database import Database
from storage.models import Campaign, Exact, SchemeFile
from storage.outbox import INSERTS
from storage.statements import Statement, by_name, inserted

NOW = datetime(2027, 4, 15, 1, 2, 3, 4000, tzinfo=UTC)
CAMPAIGN = Campaign.__table__  # type: ignore[attr-defined]
PUT = Statement(inserted(sa.insert(CAMPAIGN), *(c for c in CAMPAIGN.c if c.name != "id")))
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


def test_a_reading_asks_but_once_and_a_transaction_every_time(database: Database) -> None:
    with database.transaction(NOW) as tx:
        tx.session.add(SchemeFile(hash="s", name="n", title="t", content=b"", adopted_at=NOW))
        before = FOUND.once(tx, {})
        PUT.run(tx, row(2027))
        assert (before, FOUND.once(tx, {})) == ([], [(2027, NOW, None)])

    with database.reading(NOW) as tx:
        assert FOUND.once(tx, {}) is FOUND.once(tx, {})
        assert FOUND.rows(tx, {}) is not FOUND.once(tx, {})


# ── one row or many ──────────────────────────────────────────────

SORTS = sa.Table(
    "sorts",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("word", sa.String(40)),
    sa.Column("points", Exact),
    sa.Column("said", sa.Boolean),
    sa.Column("on", sa.Date),
    sa.Column("at", UTCDateTime()),
    sa.Column("detail", sa.JSON),
    sa.Column("code", sa.LargeBinary),
)
ODD = tuple(
    dict(zip(SORTS.c.keys(), values, strict=True))
    for values in (
        (1, "市直“工委”", Decimal("82.290"), True, date(2027, 6, 5), NOW, {"a": [1, "二", None]}, "工委".encode()),
        (2, 'a "b" \\ \n 100%s %(x)s 🎈', Decimal("0"), False, None, None, [], b""),
        (3, None, None, None, date(1, 1, 1), NOW.replace(microsecond=0), {"n": 1.5, "t": "\u2028"}, None),
        (4, "", Decimal("-3.5"), True, date(9999, 12, 31), NOW + timedelta(hours=3), "x", b"\\x\x00\xff"),
    )
)
PUT_SORTS = Statement(inserted(sa.insert(SORTS), *SORTS.c))
ALL_SORTS = Statement(sa.select(*SORTS.c).order_by(SORTS.c.number))


@pytest.fixture
def sorts(database: Database) -> Iterator[Database]:
    with database.transaction(NOW) as tx:
        SORTS.create(tx.connection)
    yield database
    with database.transaction(NOW) as tx:
        SORTS.drop(tx.connection)


def test_many_rows_are_the_same_rows_as_one_after_the_other(sorts: Database) -> None:
    with sorts.transaction(NOW) as tx:
        assert PUT_SORTS.run(tx, *ODD) == 4
        together = ALL_SORTS.rows(tx, {})
        tx.connection.execute(sa.delete(SORTS))
        assert [PUT_SORTS.run(tx, one) for one in ODD] == [1, 1, 1, 1]

        assert together == ALL_SORTS.rows(tx, {}) == [tuple(one.values()) for one in ODD]


def test_many_changes_are_each_the_one_that_was_asked_for(sorts: Database) -> None:
    changed = Statement(
        sa.update(SORTS)
        .where(SORTS.c.number == sa.bindparam("which", type_=sa.Integer), SORTS.c.said.is_not(None))
        .values(number=SORTS.c.number + 10, **by_name(SORTS.c.word, SORTS.c.at), said=sa.false())
    )
    with sorts.transaction(NOW) as tx:
        PUT_SORTS.run(tx, *ODD)

        assert changed.run(tx, *({"which": n, "word": f"第{n}", "at": NOW} for n in (4, 3, 1, 7))) == 2

        found = [(number, word, said, at) for number, word, _, said, _, at, *_ in ALL_SORTS.rows(tx, {})]
    assert found == [
        (2, ODD[1]["word"], False, None),
        (3, None, None, ODD[2]["at"]),
        (11, "第1", False, NOW),
        (14, "第4", False, NOW),
    ]


def test_only_what_was_written_is_returned_in_the_order_given(sorts: Database) -> None:
    insert = INSERTS[sorts.dialect](SORTS)
    new = Statement(
        inserted(insert, *SORTS.c)
        .on_conflict_do_nothing(index_elements=["number"])
        .returning(SORTS.c.number, SORTS.c.word)
    )
    with sorts.transaction(NOW) as tx:
        assert new.wrote(tx) == []
        assert new.wrote(tx, ODD[1]) == [(2, ODD[1]["word"])]
        assert new.wrote(tx, ODD[3], ODD[1], ODD[0]) == [(4, ""), (1, ODD[0]["word"])]


def test_a_naive_time_is_refused_among_many_too(sorts: Database) -> None:
    with pytest.raises((StatementError, ValueError)), sorts.transaction(NOW) as tx:
        PUT_SORTS.run(tx, ODD[0], ODD[1] | {"at": datetime(2027, 4, 15)})  # noqa: DTZ001
