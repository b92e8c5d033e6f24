"""The opening of a year: every organisation at once, and a database that knows how many they are."""

from contextlib import closing
from datetime import datetime

import pytest

from starflow.service import campaigns
from starflow.service.desk import create_desk
from starflow.service.organisations import import_roster
from starflow.service.settings import read_settings
from tests.service.conftest import ROSTER, ZONE

TABLES = ("cycle", "obligation", "record", "record_detail")


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_after_a_great_opening_postgresql_plans_by_the_tables_as_they_are(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "PAGE", 3)
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings, rehearsal_at=datetime(2027, 4, 14, 9, tzinfo=ZONE), seed=1)) as desk:
        import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)

        campaigns.open_campaign(desk, 2027, "anyang-five-star", actor="P1")

        with desk.reading() as tx:
            run = tx.connection.exec_driver_sql
            there = {table: run(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}
            known = {
                table: run(f"SELECT reltuples FROM pg_class WHERE relname = '{table}'").scalar_one() for table in TABLES
            }
    assert known == there
    assert min(there.values()) > 3
