"""Every shipped scheme is played for a year on a small tree: it comes to its ends and nothing that must hold is broken."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from starflow.service.campaigns import open_campaign
from starflow.service.desk import create_desk
from starflow.service.organisations import import_roster
from starflow.service.rehearsal import begin, events, play, rehearse, starts_at
from starflow.service.settings import read_settings
from tests.rating.schemes_at_random import Drawn, drawn
from tests.stories.conftest import ROOT, rows_of
from workflow.engine.errors import Refused
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import page, scheme_bytes, scheme_names

OTHERS = tuple(name for name in scheme_names() if name != "anyang-five-star")


@pytest.mark.parametrize("name", OTHERS)
def test_a_year_under_every_shipped_scheme_comes_to_its_ends(tmp_path: Path, name: str) -> None:
    scheme = load_bytes(scheme_bytes(name))
    configured = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/year.db"})
    with closing(create_desk(configured, rehearsal_at=starts_at(scheme, 2027), seed=3)) as desk:
        seen = rehearse(desk, rows_of(), 2027, name, "mixed")

    assert (seen.violations, seen.unfinished) == ((), 0)
    assert set(seen.stars) <= {level.label for level in scheme.level} | {"未评"}
    assert sum(seen.stars.values()) == 5


@pytest.mark.parametrize("written", ["red-flag-villages", "quarters"])
def test_a_year_under_a_scheme_written_from_its_description_comes_to_its_ends(tmp_path: Path, written: str) -> None:
    file = Path(__file__).parents[1] / "data" / f"{written}.toml"
    scheme = load_bytes(file.read_bytes())
    configured = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/year.db"})
    with closing(create_desk(configured, rehearsal_at=starts_at(scheme, 2027), seed=3)) as desk:
        seen = rehearse(desk, rows_of(), 2027, str(file), "mixed")

    assert (seen.violations, seen.unfinished, sum(seen.stars.values())) == ((), 0, 5)


def test_a_rehearsal_of_a_scheme_without_lines_to_score_marks_with_one_number(tmp_path: Path) -> None:
    """The smallest scheme of the reference: with an empty sheet of scores everybody would be at the bottom."""
    file = tmp_path / "our-town.toml"
    file.write_text(page("smallest.toml"), encoding="utf-8")
    configured = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/year.db"})
    with closing(create_desk(configured, rehearsal_at=starts_at(load_bytes(file.read_bytes()), 2027), seed=3)) as desk:
        seen = rehearse(desk, rows_of(), 2027, str(file), "mixed")

    assert (seen.violations, seen.unfinished, "较差" in seen.stars) == ((), 0, False)


@pytest.mark.parametrize("name", [n for n in OTHERS if load_bytes(scheme_bytes(n)).undecided])
def test_what_the_source_leaves_open_must_be_decided_before_a_year_opens_in_earnest(tmp_path: Path, name: str) -> None:
    scheme = load_bytes(scheme_bytes(name))
    with closing(create_desk(read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/live.db"}))) as desk:
        import_roster(desk, rows_of(), scheme_root_kind=ROOT, dry_run=False)

        with pytest.raises(Refused) as refused:
            open_campaign(desk, 2027, name, actor="P1")

    assert [str(reason.text).partition(":")[0] for reason in refused.value.reasons] == [
        scheme.place(*one.path) for one in scheme.undecided
    ]


def test_a_finished_stage_files_its_result_without_waiting_for_anybody(tmp_path: Path) -> None:
    scheme = load_bytes(scheme_bytes("tianjin-five-good"))
    configured = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/year.db"})
    with closing(create_desk(configured, rehearsal_at=starts_at(scheme, 2027), seed=3)) as desk:
        played = begin(desk, rows_of(), 2027, "tianjin-five-good", "prompt")
        for _ in play(played):
            pass
        filed = [(e["after"], e["detail"]["filed"]) for e in events(played) if "filed" in (e["detail"] or {})]

    assert {(after, one["code"], one["cite"]) for after, its in filed for one in its} == {("closed", "bureau", "S1")}
    assert filed[0][1][0]["text"].endswith("报区委组织部、区级机关工委备案")


@pytest.mark.long
@given(one=drawn())
@settings(max_examples=4, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_year_under_any_valid_scheme_comes_to_its_ends(tmp_path_factory: pytest.TempPathFactory, one: Drawn) -> None:
    folder = tmp_path_factory.mktemp("random")
    file = folder / "random.toml"
    file.write_text(one.text(), encoding="utf-8")
    scheme = load_bytes(file.read_bytes())
    configured = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{folder}/year.db"})
    with closing(create_desk(configured, rehearsal_at=starts_at(scheme, 2027), seed=3)) as desk:
        seen = rehearse(desk, rows_of(), 2027, str(file), "mixed")

    assert (seen.violations, seen.unfinished) == ((), 0), one
