"""The tree of keys: what each key holds, and which stages have it."""

import pytest

from workflow.rating.scheme_model import dotted, entries

OPEN = ("declaration", "self_evaluation", "survey", "review", "audit", "publicity", "approval", "city_review", "task")


@pytest.mark.parametrize(
    ("path", "below", "repeated", "named"),
    [
        ("scheme", "About", False, False),
        ("scheme.title", None, False, False),
        ("fields", None, False, True),
        ("level", "Level", True, False),
        ("level.min", None, False, False),
        ("level.needs.any", "Comparison", True, False),
        ("procedure.routes", None, False, True),
        ("stage", "DeclarationStage", True, False),
        ("stage.but", "But", True, False),
        ("stage.but.when.star", None, True, False),
        ("phase", "Phase", False, True),
        ("phase.*.covers", None, True, False),
        ("bonus.cap", None, False, False),
        ("bonus.points", None, False, True),
        ("satisfaction.no_star", "Threshold", False, False),
        ("election.over_one_year", "OverOneYear", False, False),
        ("example.expect", "Expected", False, False),
        ("attachment.when", "Condition", True, False),
        ("filing.when", "Condition", True, False),
    ],
)
def test_a_key_holds_a_value_a_table_a_list_or_names_of_the_files_own(
    path: str, below: str | None, repeated: bool, named: bool
) -> None:
    entry = entries()[path]

    assert entry.key in entry.model.model_fields
    held = entry.below.__name__ if entry.below else None
    assert (held, entry.repeated, entry.named) == (below, repeated, named)


def test_some_keys_are_of_some_kinds_of_stages_only() -> None:
    own = {path: entry.kinds for path, entry in entries().items() if entry.kinds and ".but." not in path}

    assert own == dict.fromkeys(("stage.owner", "stage.but", "stage.target", "stage.due", "stage.opens", "stage.hour"), OPEN) | {
        "stage.send_back": ("review", "audit", "task"),
        "stage.withdraw": ("review",),
        "stage.keep_star": ("review",),
        "stage.uphold_objection": ("publicity",),
        "stage.reject": ("approval",),
        "stage.overturn_star": ("city_review",),
        "stage.falls_to": ("city_review",),
        "stage.min_workdays": ("review",),
        "stage.period": ("publicity",),
        "stage.verify": ("publicity",),
        "stage.until": ("rated",),
        "stage.again": ("publicity",),
    }  # fmt: skip
    assert [entries()[f"stage.{key}"].kinds for key in ("name", "kind", "title", "when", "cite")] == [()] * 5


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (("level", 2, "min"), "level.min"),
        (("phase", "declaration", "due"), "phase.*.due"),
        (("phase", "declaration"), "phase.*"),
        (("fields", "机关"), "fields.*"),
        (("stage", 4, "but", 0, "when", "proposed"), "stage.but.when.proposed"),
        ((), None),
        (("level", 0, "nothing"), None),
        (("nothing", "declaration"), None),
        (("level", "declaration"), None),
        (("level", 0, "x"), None),
    ],
)
def test_a_place_has_the_path_of_its_key_where_there_is_such_a_key(
    place: tuple[str | int, ...], path: str | None
) -> None:
    assert dotted(place) == path
