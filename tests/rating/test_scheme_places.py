"""Where a fault is found: line, column and words for every path of a file, however its keys are written."""

import tomllib

import pytest

from workflow.rating.scheme_places import Path, Places, places_in

TEXT = """\
[scheme]
name = "small"
  "title" = "小方案"
cite . rule = "1"

[[level]]
star = 1
bounds = { min = "60", max-of = "100", xmin = "1" }
[ [level] ]
label = "x"
[[level]]
code = "low"
[level.cite]
rule = "2"
[[level.points]]
each = "1"
[[level.points]]
name = "two"
[phase."a b".'cX']
due = "06-05"
  [phase.last]
covers = [1]
""".replace("[ [level] ]", "[[ level ]]")


def placed(text: str = TEXT) -> Places:
    return places_in(text, tomllib.loads(text))


def test_every_header_and_every_key_has_its_line() -> None:
    assert placed().lines == {
        ("scheme",): 1, ("scheme", "name"): 2, ("scheme", "title"): 3, ("scheme", "cite", "rule"): 4,
        ("level",): 6, ("level", 0): 6, ("level", 0, "star"): 7, ("level", 0, "bounds"): 8,
        ("level", 1): 9, ("level", 1, "label"): 10, ("level", 2): 11, ("level", 2, "code"): 12,
        ("level", "cite"): 13, ("level", 2, "cite"): 13, ("level", 2, "cite", "rule"): 14,
        ("level", "points"): 15, ("level", 2, "points", 0): 15, ("level", 2, "points", 0, "each"): 16,
        ("level", 2, "points", 1): 17, ("level", 2, "points", 1, "name"): 18,
        ("phase", "a b", "cX"): 19, ("phase", "a b", "cX", "due"): 20, ("phase", "last"): 21, ("phase", "last", "covers"): 22,
    }  # fmt: skip


def test_every_header_and_every_key_has_its_column() -> None:
    file = placed()

    assert file.columns == {
        **{path: 1 for path in file.lines if path not in {("level",), ("level", "cite"), ("level", "points")}},
        ("scheme", "title"): 3,
        ("phase", "last"): 3,
    }


@pytest.mark.parametrize(
    ("path", "position", "words"),
    [
        (("scheme", "title"), (3, 3), "第3行 scheme.title"),
        (("scheme", "nowhere"), (1, 1), "第1行 scheme.nowhere"),
        (("nowhere",), (None, None), "nowhere"),
        (("nowhere", 0, "x"), (None, None), "nowhere[0].x"),
        ((), (None, None), ""),
        (("level",), (6, 1), "第6行 level"),
        (("level", 0), (6, 1), "第6行 level[0] 1星"),
        (("level", 0, "bounds", "min"), (8, 12), "第8行 level[0] 1星.bounds.min"),
        (("level", 0, "bounds", "max-of"), (8, 24), "第8行 level[0] 1星.bounds.max-of"),
        (("level", 0, "bounds", "of"), (8, 28), "第8行 level[0] 1星.bounds.of"),
        (("level", 0, "bounds", "nowhere"), (8, 1), "第8行 level[0] 1星.bounds.nowhere"),
        (("level", 0, "bounds", 5), (8, 1), "第8行 level[0] 1星.bounds[5]"),
        (("level", 1, "label"), (10, 1), "第10行 level[1].label"),
        (("level", 2, "code"), (12, 1), "第12行 level[2] low.code"),
        (("level", 2, "points", 0, "each"), (16, 1), "第16行 level[2] low.points[0].each"),
        (("level", 2, "points", 1, "name"), (18, 1), "第18行 level[2] low.points[1] two.name"),
        (("level", 2, "cite", "text"), (13, 1), "第13行 level[2] low.cite.text"),
        (("level", 3, "star"), (6, 1), "第6行 level[3].star"),
        (("phase", "a b", "cX", "due"), (20, 1), "第20行 phase.a b.cX.due"),
        (("phase", "last", "covers", 0), (22, 1), "第22行 phase.last.covers[0]"),
        (("phase", "last", "when"), (21, 3), "第21行 phase.last.when"),
    ],
)
def test_a_path_is_said_with_its_line_and_the_names_of_its_entries(
    path: Path, position: tuple[int | None, int | None], words: str
) -> None:
    file = placed()

    assert (file.position(path), file.of(path), file.line(path)) == (position, words, position[0])


def test_a_key_written_twice_in_a_line_is_placed_inside_its_own_table() -> None:
    text = "points = { each = 1, more = { each = 2 } }"

    places = placed(text)

    assert [places.position(("points", *rest)) for rest in (("each",), ("more", "each"), ("points",))] == [
        (1, 12), (1, 31), (1, 1),
    ]  # fmt: skip


def test_an_entry_is_called_by_the_first_of_its_names() -> None:
    said = {"a": [{"code": "c", "name": "n", "star": 1}, {"star": True, "code": "c"}, {"star": True}, "text"]}
    places = Places({}, said)

    assert [places.of(("a", n)) for n in range(5)] == ["a[0] n", "a[1] c", "a[2]", "a[3]", "a[4]"]
    assert (places.of((0,)), places.of((0, "x"))) == ("[0]", "[0].x")
