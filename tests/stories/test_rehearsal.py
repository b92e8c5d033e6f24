"""A whole year played by people of three kinds: it ends, breaks nothing, and repeats itself on either database."""

import tempfile
from contextlib import closing

import pytest

from starflow.service.desk import create_desk
from starflow.service.rehearsal import Rehearsed, rehearse, starts_at
from starflow.service.settings import read_settings
from tests.stories.conftest import rows_of
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SCHEME = "anyang-five-star"


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
