"""Many cycles moved by one sweep leave the very rows that as many single acts would have left."""

import tempfile
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from starflow.service import obligations
from starflow.service.desk import Desk, create_desk
from starflow.service.rehearsal import rehearse, starts_at
from starflow.service.settings import read_settings
from tests.stories.conftest import rows_of
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SCHEME = "anyang-five-star"
TABLES = ("cycle", "record", "record_detail", "obligation", "star", "matter", "matter_act", "notice", "message")
NUMBERED = {"id", "record_id", "obligation_id", "matter_id", "message_id", "key"}
"""Columns that only say in which order rows were written."""


def rows_left(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    with desk.reading() as tx:
        return {name: sorted(map(repr, tx.connection.execute(_all_but_numbers(name)))) for name in TABLES}


def _all_but_numbers(name: str) -> sa.Select[Any]:
    table = SQLModel.metadata.tables[name]
    return sa.select(*(column for column in table.c if column.name not in NUMBERED))


def played(url: str, page: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    monkeypatch.setattr(obligations, "PAGE", page)
    at = starts_at(load_bytes(scheme_bytes(SCHEME)), 2027)
    settings = read_settings({"STARFLOW_DATABASE_URL": url})
    with closing(create_desk(settings, rehearsal_at=at, seed=5)) as desk:
        rehearse(desk, rows_of(), 2027, SCHEME, "mixed")
        return rows_left(desk)


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_sweep_over_all_leaves_the_rows_of_sweeps_over_one(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    together = played(empty_url, 200, monkeypatch)
    with tempfile.TemporaryDirectory() as folder:
        one_by_one = played(f"sqlite:///{folder}/year.db", 1, monkeypatch)

    assert len(together["record"]) > 50
    assert together == one_by_one
