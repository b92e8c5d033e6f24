"""What a source leaves open is found by its name, filled in for a rehearsal, and refused where nothing is assumed."""

from typing import Any

import pytest

from workflow.rating.scheme_places import Path
from workflow.rating.scheme_unknown import Undecided, dotted, in_toml, path_named, with_assumptions

OPEN = {"unknown": True}
SAID: dict[str, Any] = {
    "stage": [
        {"name": "rating.review", "due": OPEN},
        {"name": "rating", "review": {"due": "03-31", "hour": 24}},
        {"code": "c", "star": 1, "dates": ["03-01", OPEN]},
        {"star": 9, "title": "五", "min": OPEN},
        {"title": "只有标题", "min": OPEN},
        {"name": True, "min": OPEN},
    ],
    "plan": {"unknown": True, "cite": {"rule": "6"}},
    "known": {"unknown": False, "a": {"b": 1}},
    "assumed": {"unknown": True},
}
WRITTEN: dict[str, Any] = {
    "stage.rating.review.due": "04-30",
    "stage.c.dates.1": "03-20",
    "stage.9.min": "90",
    "stage.只有标题.min": "80",
    "stage.9.min.5": "?",
    "stage.rating.hour": 1,
    "plan": {"due": "+30 days", "cite": {"rule": "?"}},
    "known.a.b": 2,
    "nowhere.at.all": 3,
}


def test_assumed_values_stand_where_the_source_is_silent_and_every_other_line_is_a_fault() -> None:
    whole, undecided, faults = with_assumptions(SAID | {"assumed": WRITTEN})

    assert [step["due"] if "due" in step else step.get("min") for step in whole["stage"]] == [
        "04-30", None, None, "90", "80", OPEN,
    ]  # fmt: skip
    assert whole["stage"][2]["dates"] == ["03-01", "03-20"]
    assert whole["plan"] == {"due": "+30 days", "cite": {"rule": "6"}}
    assert undecided == (
        Undecided("stage.rating.review.due", ("stage", 0, "due"), "04-30"),
        Undecided("stage.c.dates.1", ("stage", 2, "dates", 1), "03-20"),
        Undecided("stage.9.min", ("stage", 3, "min"), "90"),
        Undecided("stage.只有标题.min", ("stage", 4, "min"), "80"),
        Undecided("plan", ("plan",), {"due": "+30 days", "cite": {"rule": "?"}}),
    )
    no_place, decided = "方案里没有这一处", "值已写在原处,这一行应删去"
    assert faults == (
        (
            ("stage", 5, "min"),
            '原文没有写明(unknown),[assumed]里也没有演练暂用的值:应写 "stage.5.min" = …',
        ),
        (("assumed", "stage.9.min.5"), f"“stage.9.min.5”没有写成unknown = true:{no_place}"),
        (("assumed", "stage.rating.hour"), f"“stage.rating.hour”没有写成unknown = true:{no_place}"),
        (("assumed", "known.a.b"), f"“known.a.b”没有写成unknown = true:{decided}"),
        (("assumed", "nowhere.at.all"), f"“nowhere.at.all”没有写成unknown = true:{no_place}"),
    )


def test_every_open_value_without_an_assumption_is_named_and_the_file_stays_as_it_is() -> None:
    said = {"a": OPEN, "b": [OPEN], "assumed": {"b.0": 1}}

    assert with_assumptions(said) == (
        {"a": OPEN, "b": [1], "assumed": {"b.0": 1}},
        (Undecided("b.0", ("b", 0), 1),),
        ((("a",), '原文没有写明(unknown),[assumed]里也没有演练暂用的值:应写 "a" = …'),),
    )
    assert said["b"] == [OPEN]


@pytest.mark.parametrize(
    ("assumed", "more"),
    [
        ("text", ()),
        (None, ()),
        (OPEN, ((("assumed", "unknown"), "“unknown”没有写成unknown = true:方案里没有这一处"),)),
    ],
)
def test_a_table_of_assumptions_that_is_none_assumes_nothing(assumed: Any, more: tuple[Any, ...]) -> None:
    nothing = (("a",), '原文没有写明(unknown),[assumed]里也没有演练暂用的值:应写 "a" = …')

    assert with_assumptions({"a": OPEN, "assumed": assumed})[1:] == ((), (nothing, *more))


def test_the_longest_name_is_tried_first_and_a_table_under_a_name_is_called_by_it() -> None:
    said = {"a": {"b": {"name": "n", "c": 1}, "d": 2}, "a.b": {"c": 3}}

    assert [path_named(said, name) for name in ("a.b.c", "a.d")] == [("a.b", "c"), ("a", "d")]
    assert dotted(said, ("a", "b", "c")) == "a.b.c"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("stage.rating.review.due", ("stage", 0, "due")),
        ("stage.rating.review.hour", ("stage", 1, "review", "hour")),
        ("stage.rating.name", ("stage", 1, "name")),
        ("stage.c.dates.1", ("stage", 2, "dates", 1)),
        ("stage.c.dates.2", None),
        ("stage.c.dates.1.unknown", ("stage", 2, "dates", 1, "unknown")),
        ("stage.9.title", ("stage", 3, "title")),
        ("stage.只有标题", ("stage", 4)),
        ("stage.rating.review", ("stage", 0)),
        ("known.a.b", ("known", "a", "b")),
        ("known.a.b.c", None),
        ("known.a.", None),
        ("know", None),
        ("knownXa", None),
        ("", None),
    ],
)
def test_a_dotted_name_leads_to_one_place(name: str, path: Path | None) -> None:
    assert path_named(SAID, name) == path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("stage", 0, "due"), "stage.rating.review.due"),
        (("stage", 2, "dates", 1), "stage.c.dates.1"),
        (("stage", 3), "stage.9"),
        (("stage", 4), "stage.只有标题"),
        (("stage", 5, "name"), "stage.5.name"),
        ((), ""),
    ],
)
def test_a_place_is_called_by_the_names_of_its_entries(path: Path, name: str) -> None:
    assert dotted(SAID, path) == name


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"due": "+30 days", "stars": [5, 4]}, '{ due = "+30 days", stars = [5, 4] }'),
        (("a", True, False), '["a", true, false]'),
        ([], "[]"),
        (3, "3"),
        (1.5, "1.5"),
    ],
)
def test_an_assumed_value_is_shown_as_the_file_would_have_it(value: Any, written: str) -> None:
    assert (in_toml(value), Undecided("x", ("x",), value).written) == (written, written)
