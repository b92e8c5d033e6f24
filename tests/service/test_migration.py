"""A year that moves to another scheme page by page: whoever was interrupted goes on where they stopped."""

import pytest

from starflow.service import migration, upkeep
from starflow.service.campaigns import show_campaign
from starflow.service.migration import migrate, plan_migration
from starflow.service.schemes import keep
from tests.service.conftest import City
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.shelf import scheme_bytes

CONTENT = scheme_bytes("anyang-five-star").replace(b'due = "06-05"', b'due = "06-10"')


@pytest.fixture
def later() -> Scheme:
    return load_bytes(CONTENT)


def test_an_interrupted_migration_is_finished_by_the_same_command(
    city: City, later: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = show_campaign(city.desk).scheme_hash
    monkeypatch.setattr(migration, "PAGE", 2)
    with city.desk.transaction() as tx:
        keep(tx, later, CONTENT)
    migration.move_page(city.desk, 2027, later, {}, "顺延五天", "P1")

    half = plan_migration(city.desk, later)
    assert (half.before, half.done, sum(row.cycles for row in half.rows)) == (old, 2, 3)
    assert upkeep.check(city.desk) == ()

    done = migrate(city.desk, later, CONTENT, "顺延五天", actor="P1")
    assert (done.done, done.moved, show_campaign(city.desk).scheme_hash) == (2, 3, later.hash)
    assert upkeep.check(city.desk) == ()
