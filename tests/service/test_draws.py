"""A draw is committed to before anything is approved, its seed is told once, and then the list stands."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from starflow.service.desk import Desk, create_desk
from starflow.service.draws import commit_draw, draw_list, tell_seed
from starflow.service.quotas import quota
from starflow.service.rehearsal import Year, begin, play, starts_at
from starflow.service.settings import read_settings
from tests.stories.conftest import rows_of
from workflow.engine.errors import BadInput, Refused, Unknown
from workflow.rating.draws import commitment_of
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

SEED = "the lottery numbers of 2 April 2027"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Year]:
    scheme = load_bytes(scheme_bytes("company-teams"))
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/draws.db"})
    with closing(create_desk(settings, rehearsal_at=starts_at(scheme, 2027), seed=3)) as opened:
        yield begin(opened, rows_of(), 2027, "company-teams", "prompt")


@pytest.fixture
def desk(played: Year) -> Desk:
    return played.desk


def test_the_seed_that_was_committed_to_is_told_once(desk: Desk) -> None:
    commit_draw(desk, "gold", commitment_of(SEED), actor="P1")

    told = tell_seed(desk, "gold", SEED, actor="P2")

    assert (told.seed, told.committed_by, told.told_by) == (SEED, "P1", "P2")
    assert [line.draw for line in quota(desk).rows] == [commitment_of(SEED)]
    assert draw_list(desk) == (told,)
    with pytest.raises(Refused, match="种子已经公布"):
        tell_seed(desk, "gold", SEED, actor="P2")


def test_another_seed_changes_nothing(desk: Desk) -> None:
    committed = commit_draw(desk, "gold", commitment_of(SEED), actor="P1")

    with pytest.raises(Refused, match="不符"):
        tell_seed(desk, "gold", SEED + "!", actor="P2")

    assert draw_list(desk) == (committed,)


def test_a_commitment_cannot_be_replaced(desk: Desk) -> None:
    commit_draw(desk, "gold", commitment_of(SEED), actor="P1")

    with pytest.raises(Refused, match="不能更换"):
        commit_draw(desk, "gold", commitment_of(SEED + "2"), actor="P1")


def test_after_the_first_approval_it_is_too_late_to_commit(played: Year, desk: Desk) -> None:
    for _ in play(played):
        pass
    assert quota(desk).rows[0].taken == 1

    with pytest.raises(Refused, match="承诺值须在批准以前公布"):
        commit_draw(desk, "gold", commitment_of(SEED), actor="P1")


def test_only_a_quota_with_a_draw_has_one(desk: Desk) -> None:
    with pytest.raises(Unknown, match="没有“silver”这项名额"):
        commit_draw(desk, "silver", commitment_of(SEED), actor="P1")
    with pytest.raises(BadInput, match="64位"):
        commit_draw(desk, "gold", "abc", actor="P1")
