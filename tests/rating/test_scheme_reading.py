"""What comes of a file: nothing and one finding, a scheme and its findings, or a scheme that knows its hash and its places."""

import tomllib
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from tests.rating.schemes_at_random import PLAIN
from workflow.engine.errors import Faulty
from workflow.rating.scheme import LIMIT, domains, examine, load, load_bytes
from workflow.rating.scheme_findings import Finding
from workflow.rating.scheme_partial import UNREAD
from workflow.rating.scheme_words import path_of, sentence_of

TEXT = replace(PLAIN, bounds=(0, 40, 60), kinds=("self_evaluation", "survey", "review")).text()
DATA = TEXT.encode()
SAMPLE = '[[example]]\ntitle = "样例"\nscores = { s0 = "70" }\nmembers = 50\nexpect = { star = 1 }\n'


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"#" * (LIMIT + 1), Finding("", "方案文件有1.0 MB,超过1 MB的上限")),
        (b"a = 1\nb = 2\nc = '\xff'", Finding("第3行", "不是UTF-8编码的文字", 3)),
        (b"\n" * 4000, Finding("", "方案文件有4001行,超过4000行的上限")),
        (b"a = 1\n#" + b"x" * 4000, Finding("第2行", "有4001个字符,超过一行4000个的上限", 2)),
        (b"a = 1\nb = \n", Finding("第2行第5列", "不是TOML格式(Invalid value)", 2, 5)),
        (b"a = [", Finding("文件末尾", "不是TOML格式(Invalid value)")),
        (b"a = " + b"9" * 3900 + b"\nb = " + b"[" * 3900, Finding("不是TOML格式", "数字过长或嵌套过深")),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_finding_with_its_place(data: bytes, finding: Finding) -> None:
    assert examine(data) == (None, (finding,))


@pytest.mark.parametrize(
    "data", [b"#" * 4000, b"\n" * 3999, (b"#" * 3999 + b"\n") * 250], ids=["line", "lines", "size"]
)
def test_a_file_just_within_the_limits_is_read(data: bytes) -> None:
    scheme, findings = examine(data)

    assert scheme is not None
    assert {one.text for one in findings} == {"缺少这个键"}


def hashed(*settings: str) -> str:
    return load_bytes(DATA, settings=settings).hash


def test_a_scheme_that_would_say_something_else_has_another_hash() -> None:
    one, other = "level.1.min=41", "level.2.min=61"

    assert hashed() == sha256(DATA).hexdigest()
    assert hashed(one) == sha256(one.encode() + b"\0" + DATA).hexdigest()
    assert hashed(one, other) == sha256(f"{one}\0{other}\0".encode() + DATA).hexdigest()


def test_what_if_is_read_with_what_it_says_and_asks_no_samples() -> None:
    data = (TEXT + SAMPLE).encode()

    assert [one.text for one in examine(data)[1]] == ["“样例”:应为第1等,算得第2等(70分,达到第2等下限60分,为第2等)"]
    assert [one.min for one in load_bytes(data, settings=("level.2.min=65",)).level] == [0, 40, 65]


def test_every_way_of_reading_compares_with_the_original_and_with_the_name() -> None:
    text = TEXT.replace('title = "随机方案"', 'title = "随机方案"\ntext = "original.txt"')
    quoting = text.replace('cite = { rule = "1" }', 'cite = { rule = "1", text = "原话" }', 1)

    def source(name: str) -> str:
        return {"original.txt": "L1 别的话"}[name]

    said = ("第9行 procedure.cite.text: 原文中没有“原话”",)
    for read in (lambda: load(quoting, source=source), lambda: load_bytes(quoting.encode(), source=source)):
        with pytest.raises(Faulty) as refusal:
            read()
        assert refusal.value.faults == said
    assert tuple(map(str, examine(quoting.encode(), source=source)[1])) == said
    assert tuple(map(str, examine(quoting.encode())[1])) == ()
    assert tuple(map(str, examine(DATA, name="other")[1])) == ("第3行 scheme.name: “random”与文件名“other”不一致",)


def test_a_value_that_is_open_and_a_value_that_is_wrong_are_each_named_once() -> None:
    text = TEXT.replace('label = "第1等"', "label = { unknown = true }").replace('min = "60"', "min = 60")

    scheme, findings = examine(text.encode())

    assert [(one.line, one.place, one.text) for one in findings] == [
        (
            25,
            "第25行 level[1] 1星.label",
            '原文没有写明(unknown),[assumed]里也没有演练暂用的值:应写 "level.1.label" = …',
        ),
        (32, "第32行 level[2] 2星.min", '“60”应写成带引号的数,如"89.5"'),
    ]
    assert scheme is not None
    assert (scheme.hash, scheme.place("level", 2, "min")) == ("", "第32行 level[2] 2星.min")


def test_a_table_in_which_a_condition_names_what_there_is_not_is_not_read_at_all() -> None:
    text = TEXT.replace('name = "rating.review"', 'name = "rating.review"\nwhen = { proposed = 9 }')

    scheme, findings = examine(text.encode())

    assert [one.text for one in findings] == ["“9”不在proposed的范围内,只有0、1、2"]
    assert scheme is not None
    assert scheme.stage is UNREAD


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (TEXT + '[fields]\n"机关" = "机关"\n',
         {"route": ("A", "B"), "field": ("机关",), "star": (0, 1, 2), "proposed": (0, 1, 2)}),
        (TEXT, {"route": ("A", "B"), "field": (), "star": (0, 1, 2), "proposed": (0, 1, 2)}),
        ("", {"field": (), "star": (), "proposed": ()}),
        ("procedure = 1\nlevel = 1\nfields = 1", {"star": (), "proposed": ()}),
        ("level = [1, { star = 1 }]\n[procedure]\nroutes = 1", {"field": (), "star": (1,), "proposed": (1,)}),
        ("level = [{ star = 1 }, { star = -1 }]", {"field": ()}),
        ("level = [{ star = 1 }, { star = true }]", {"field": ()}),
        ("level = [{ star = 1 }, { label = 'x' }]", {"field": ()}),
        ("level = { star = 1 }", {"field": (), "star": (), "proposed": ()}),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_condition_may_name_what_the_file_declares(text: str, known: dict[str, Any]) -> None:
    assert domains(tomllib.loads(text)) == known


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("stage", 0, "review", "due"), ("stage", 0, "due")),
        (("stage", 0, "review", "when", 0, "route", 0), ("stage", 0, "when", "route")),
        (("stage", 1, "review", "when", 1, "route", 0), ("stage", 1, "when", 1, "route", 0)),
        (("stage", 9, "review", "when", 0), ("stage", 9, "when")),
        (("level", 0, "points", "each", "[key]"), ("level", 0, "points", "each")),
        (("score", "max", "each", 0), ("score", "max", "each")),
    ],
)
def test_a_fault_stands_where_the_file_has_the_value(
    location: tuple[str | int, ...], path: tuple[str | int, ...]
) -> None:
    said = {
        "stage": [{"due": 1, "when": {"route": "A"}}, {"when": [{"route": "A"}, {"route": ["A"]}]}],
        "level": [{"points": {"each": 1}}],
        "score": {"max": "100"},
    }

    assert path_of(location, said) == path


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"type": "unheard_of", "input": 5, "msg": "Because"}, "“5”不合要求(Because)"),
        ({"type": "missing", "input": {}}, "缺少这个键"),
        ({"type": "string_type", "input": 5}, "“5”应写成带引号的文字"),
        ({"type": "less_than_equal", "input": 5, "ctx": {"le": 4}}, "“5”大于4"),
        ({"type": "union_tag_invalid", "input": {}, "ctx": {"tag": "", "expected_tags": "'a', 'b'"}}, "缺少name(环节名)"),
        (
            {"type": "union_tag_invalid", "input": {}, "ctx": {"tag": "c", "expected_tags": "'a', 'b'"}},
            "没有“c”这一类环节,只有a、b",
        ),
        ({"type": "literal_error", "input": "c", "ctx": {"expected": "'a' or 'b'"}}, "“c”不在可选之列,只有a、b"),
    ],
)  # fmt: skip
def test_a_fault_of_a_value_is_one_sentence(error: Any, sentence: str) -> None:
    assert sentence_of(error) == sentence
