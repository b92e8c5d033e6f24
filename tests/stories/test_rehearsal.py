"""A whole year played by people of three kinds: it ends, breaks nothing, and repeats itself on either database."""

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from starflow.service.desk import create_desk
from starflow.service.players import BEHAVIOURS, Player
from starflow.service.players_beside import day_of
from starflow.service.rehearsal import Rehearsed, rehearse, starts_at
from starflow.service.settings import read_settings
from storage.obligations import Beside
from tests.stories.conftest import rows_of
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SCHEME = "anyang-five-star"
OPENED = datetime(2027, 6, 1, 2, tzinfo=UTC)


def played(url: str, behaviour: str) -> Rehearsed:
    settings = read_settings({"STARFLOW_DATABASE_URL": url})
    at = starts_at(load_bytes(scheme_bytes(SCHEME)), 2027)
    with closing(create_desk(settings, rehearsal_at=at, seed=3)) as desk:
        return rehearse(desk, rows_of(), 2027, SCHEME, behaviour)


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize(
    "behaviour",
    ["mixed", pytest.param("prompt", marks=pytest.mark.long), pytest.param("lazy", marks=pytest.mark.long)],
)
def test_a_year_ends_clean_and_has_the_same_head_on_both_databases(empty_url: str, behaviour: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        on_a_file = played(f"sqlite:///{folder}/year.db", behaviour)

    on_a_server = played(empty_url, behaviour)

    assert on_a_server == on_a_file
    assert (on_a_file.violations, on_a_file.unfinished) == ((), 0)
    assert sum(on_a_file.stars.values()) == 5
    assert sum(on_a_file.matters["plan"].values()) == 5


def test_what_is_owed_beside_the_stages_is_done_or_left_by_the_same_dice() -> None:
    owed = [
        Beside(n, n, n, f"B{n}", "plan", 1, "organisation", OPENED, OPENED + timedelta(days=30), 1) for n in range(200)
    ]
    scheme = load_bytes(scheme_bytes(SCHEME))

    days = {b.name: [day_of(Player(3, b), scheme, one) for one in owed] for b in BEHAVIOURS}

    again = [day_of(Player(3, BEHAVIOURS[2]), scheme, replace(one, id=one.id + 1000)) for one in owed]
    left = {name: sum(day == date.max for day in its) for name, its in days.items()}
    late = {name: sum(date(2027, 7, 1) < day < date.max for day in its) for name, its in days.items()}
    assert again == days["lazy"]
    assert (left["prompt"], late["prompt"]) == (0, 0)
    assert 0 < left["mixed"] < left["lazy"] and 0 < late["mixed"] < late["lazy"]
