"""Pages that only show may ask a replica: they say how far it has come, and where it is away the database itself answers."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from starflow.service.campaigns import open_campaign
from starflow.service.clock import SystemClock
from starflow.service.desk import Desk, create_desk, open_desk
from starflow.service.organisations import import_roster
from starflow.service.overview import overview
from starflow.service.settings import read_settings
from tests.stories.conftest import ROOT, rows_of
from workflow.engine.errors import BadInput

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def year(empty_url: str) -> Iterator[str]:
    """The address of a live database with an open year."""
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": empty_url}))) as desk:
        import_roster(desk, rows_of(), scheme_root_kind=ROOT, dry_run=False)
        open_campaign(desk, SystemClock().now().year, "anyang-five-star", actor="test")
    yield empty_url


def at_desk(url: str, read_url: str) -> Desk:
    return open_desk(read_settings({"STARFLOW_DATABASE_URL": url, "STARFLOW_READ_URL": read_url}))


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_the_overview_of_a_replica_says_up_to_when(year: str) -> None:
    with closing(at_desk(year, year)) as desk:
        seen = overview(desk)

        assert (seen.rated, seen.as_of is not None) == (5, True)
        with desk.reading() as tx:
            assert tx.as_of is None


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_where_the_replica_is_away_the_database_itself_answers(year: str) -> None:
    with closing(at_desk(year, AWAY)) as desk:
        seen = overview(desk)

    assert (seen.rated, seen.as_of) == (5, None)


def test_a_replica_is_a_postgresql(year: str, tmp_path: object) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    create_desk(read_settings({"STARFLOW_DATABASE_URL": other})).close()

    with pytest.raises(BadInput) as refused:
        at_desk(year, other)

    assert refused.value.reasons[0].text == "STARFLOW_READ_URL须是 PostgreSQL 只读副本的地址"
