"""A desk whose clock is moved by hand, over each database."""

from datetime import UTC, datetime

import pytest

from starflow.service.desk import Desk
from starflow.service.settings import read_settings
from storage import installation
from storage.database import Database

NOW = datetime(2027, 5, 29, 1, 0, tzinfo=UTC)


@pytest.fixture
def desk(database: Database) -> Desk:
    with database.transaction(NOW) as tx:
        installation.install(tx, kind="rehearsal", hand_clock_at=NOW, seed=1)
    return Desk(database, read_settings({}))
