"""The page of guarantees and the README's table are what the last run has printed."""

import tomllib
from collections import Counter

from tests.guarantees import page, survivors


def test_the_page_is_printed_from_the_results() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_the_table_of_the_readme_is_printed_from_the_results() -> None:
    readme = page.README.read_text(encoding="utf-8")

    assert page.BEGIN in readme
    assert readme == page.with_table(readme)


def test_every_mutant_was_killed_or_has_survived_or_was_not_run() -> None:
    said = survivors.read()
    listed = Counter(one["module"] for one in said["survivors"])

    assert {m["module"]: m["made"] for m in said["modules"]} == {
        m["module"]: m["killed"] + listed[m["module"]] + m["not_run"] for m in said["modules"]
    }


def test_every_sentence_about_a_survivor_is_about_one() -> None:
    left = survivors.read()["survivors"]

    assert [reason for reason in survivors.reasons() if not any(survivors.explains(reason, one) for one in left)] == []


def test_every_file_that_is_not_changed_has_its_reason() -> None:
    left_out = tomllib.loads((survivors.ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]["do_not_mutate"]

    assert [pattern for pattern, _ in survivors.left_out()] == left_out
