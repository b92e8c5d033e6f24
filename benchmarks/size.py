"""Bytes of a year: branches that live through a whole one by real triggers, beside the least tables that could hold its history.

Every post is held and every letter is sent, as in a year that somebody lives through: the words that left are weighed too.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.cases import TABLES
from benchmarks.places import fresh, sqlite
from benchmarks.rounds import answer, rounds

COUNTED = ("record", "record_detail", "obligation", "notice", "message", "delivery", "tally", "overdue")


def measured_size(database: str, branches: int) -> dict[str, Any]:
    import sqlalchemy as sa

    from benchmarks.town import SCHEME, YEAR
    from starflow.service import tallies
    from starflow.service.desk import create_desk
    from starflow.service.organisations import import_roster
    from starflow.service.rehearsal import begin, play, starts_at
    from starflow.service.settings import read_settings
    from workflow.rating.scheme import load_bytes
    from workflow.rating.shelf import scheme_bytes

    at = starts_at(load_bytes(scheme_bytes(SCHEME)), YEAR)
    rows = _staffed(branches)
    empty = fresh(database, "roster")
    desk = create_desk(read_settings({"STARFLOW_DATABASE_URL": empty}), rehearsal_at=at, seed=5)
    import_roster(desk, rows, scheme_root_kind="市直工委", dry_run=False)
    desk.close()
    url = fresh(database, "year")
    desk = create_desk(read_settings({"STARFLOW_DATABASE_URL": url}), rehearsal_at=at, seed=5)
    every_day = [date(YEAR, 1, 1) + timedelta(days=n) for n in range(500)]
    for _ in play(begin(desk, rows, YEAR, SCHEME, "mixed", beside=True), stops=every_day):
        _send(desk)
    tallies.fold(desk)
    with desk.reading() as tx:
        cycles, records = tx.connection.execute(
            sa.text("SELECT (SELECT count(*) FROM cycle), (SELECT count(*) FROM record)")
        ).one()
        tables = {
            name: int(tx.connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar() or 0) for name in COUNTED
        }
    desk.close()
    ours = (_bytes(url) - _bytes(empty)) / cycles
    raw = _raw(database, cycles, records) / cycles
    before, after = _by_table(empty), _by_table(url)
    found = {"bytes_per_cycle": ours, "raw_bytes_per_cycle": raw, "ratio": ours / raw, "records": records / cycles}
    return (
        found
        | {f"rows_{name}": number / cycles for name, number in tables.items()}
        | {"by_table": {name: _less(held, before.get(name, (0, 0)), cycles) for name, held in after.items()}}
    )


def _staffed(branches: int) -> "tuple[Any, ...]":
    """The town with a secretary in every committee: a post that stands empty all year doubles each word to it."""
    from benchmarks.town import roster

    return tuple(replace(row, head=row.head or f"书记{row.code}") for row in roster(branches))


def _send(desk: Any) -> None:
    """What waits in the outbox leaves once a day, after the day's work; nobody hears it."""
    from schedules.channels import channels_of
    from schedules.relay import relay

    relay(desk, channels_of(desk.settings, rehearsal=True), limit=1_000_000, at_once=500)


def _by_table(url: str) -> Mapping[str, tuple[int, int]]:
    """table → bytes of its rows, bytes of its indexes."""
    if url.startswith("sqlite"):
        return {
            name: (rows, indexes)
            for name, rows, indexes in sqlite(url).execute(
                "SELECT m.tbl_name, sum(CASE m.type WHEN 'table' THEN s.pgsize ELSE 0 END), "
                "sum(CASE m.type WHEN 'index' THEN s.pgsize ELSE 0 END) "
                "FROM dbstat AS s JOIN sqlite_schema AS m ON m.name = s.name GROUP BY m.tbl_name"
            )
        }
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    return {name: (rows, indexes) for name, rows, indexes in found}


def _less(held: tuple[int, int], before: tuple[int, int], cycles: int) -> list[float]:
    return [(now - then) / cycles for now, then in zip(held, before, strict=True)]


def _raw(database: str, cycles: int, records: int) -> float:
    """The same numbers of rows in the tables of the limit, with their index."""
    url = fresh(database, "rawsize")
    lite = database == "sqlite"
    if lite:
        run: Any = sqlite(url).execute
    else:
        import psycopg

        run = psycopg.connect(url, autocommit=True).execute
    before = _bytes(url)
    kinds = {"id": "integer", "serial": "integer"} if lite else {"id": "int", "serial": "bigserial"}
    for table in TABLES:
        run(table.format(**kinds))
    mark, at = "?" if lite else "%s", "2027-06-05T16:00:00+00:00"
    run("begin")
    for one in range(cycles):
        run(f"insert into cycle values({mark},'published',8,{mark},{mark})", (one, at, at))
    said = f"insert into history(cycle_id, before, after, trigger, actor, at, note) values({','.join([mark] * 7)})"
    for one in range(records):
        run(said, (one % cycles, "committee", "county", "confirm", "P00000001", at, None))
    run("commit")
    return _bytes(url) - before


def _bytes(url: str) -> int:
    if url.startswith("sqlite"):
        connection = sqlite(url)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return Path(url.removeprefix("sqlite:///")).stat().st_size
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection_:
        connection_.execute("VACUUM FULL")
        (size,) = connection_.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    return int(size)


def measured(quick: bool) -> dict[str, Any]:
    both = [("year", database) for database in ("sqlite", "postgresql")]
    return rounds("size", both, 1, 40 if quick else 500, cap=3600)


if __name__ == "__main__":
    _, database, number = sys.argv[1:]
    answer(**measured_size(database, int(float(number))))
