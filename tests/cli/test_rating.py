"""Rating cases from a file."""

import json
from pathlib import Path

from tests.cli.conftest import Cli

CASES = Path(__file__).parents[1] / "data" / "rating-cases.json"


def test_cases_that_agree_end_with_0(bare: Cli) -> None:
    said = bare.json("rate", str(CASES))

    assert {one["agrees"] for one in said["results"]} == {True}
    assert bare.done("rate", str(CASES)).splitlines()[-1] == f"{len(said['results'])}例,其中0例与预期不符"


def test_a_case_that_differs_ends_with_1(bare: Cli, tmp_path: Path) -> None:
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    cases["cases"] = cases["cases"][:1]
    cases["cases"][0]["expect"] = {"star": 0}
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")

    assert bare.json("rate", str(tmp_path / "cases.json"), exit_code=1)["results"][0]["agrees"] is False


def test_what_is_no_file_of_cases_is_refused(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_bytes(b"\xff\xfe")

    assert bare.refused("rate", str(tmp_path / "cases.json"))[0] == 2
    assert bare.refused("rate", "nowhere.json")[0] == 2
