"""All faults of a file at once, each with line, column and a hint; and nothing that is fed to it takes long."""

import pytest

from workflow.rating.procedure import MOST_WORLDS, count_worlds, procedure_faults
from workflow.rating.scheme import LIMIT, Scheme, examine, load_bytes
from workflow.rating.scheme_findings import Finding, Hint
from workflow.rating.shelf import scheme_bytes

DEFAULT = scheme_bytes("anyang-five-star").decode()
BARE = DEFAULT.partition("[[example]]")[0]
"""Without its samples, which are the regulation's and not those of what it is changed to."""


def found(*changes: tuple[str, str]) -> tuple[Finding, ...]:
    text = DEFAULT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return examine(text.encode())[1]


def told(*changes: tuple[str, str]) -> list[tuple[int | None, int | None, str]]:
    return [(one.line, one.column, one.text) for one in found(*changes)]


def test_every_fault_of_every_class_is_named_at_once() -> None:
    assert told(
        ('min = "90"', 'min = "80"'),
        ('opens_on = "04-15"', 'opens_on = "02-30"'),
        ('superior = "100" }', 'superior = "99" }'),
        ("min_workdays = 3", 'min_workdays = "3"'),
        ("hour = 9", "hour = 25"),
        ('covers = ["rating.declaration", ', 'covers = ["rating.nowhere", '),
    ) == [
        (39, 1, "分数段重叠:五星级的下限80分不高于四星级的下限80分"),
        (108, 1, "“3”应为不带引号的整数"),
        (216, 1, "“02-30”不是日期"),
        (221, 1, "没有“rating.nowhere”这个环节"),
        (306, 1, "权重合计99,应为100"),
        (573, 1, "“25”大于23"),
    ]


def test_a_value_that_could_not_be_read_makes_no_faults_of_its_own() -> None:
    assert told(('min = "80"', "min = 80"), ('label = "三星级"', 'lable = "三星级"')) == [
        (46, 1, '“80”应写成带引号的数,如"89.5"'),
        (49, 1, "缺少这个键"),
        (51, 1, "没有这个键"),
    ]


def test_a_key_of_an_inline_table_is_placed_in_its_line() -> None:
    assert told(('op = "<", value = "60", points = "5"', 'op = "<", value = "60", points = 5')) == [
        (367, 37, '“5”应写成带引号的数,如"89.5"')
    ]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("hour = 9", "hour = 25"), Hint("几点送出;如 hour = 9", "hour at which they are sent; such as hour = 9")),
        (("hour = 9", "huor = 9"), Hint("是不是要写 hour?", "did you mean hour?")),
        (
            ("grace_days = 0", "colour = 0"),
            Hint("这里可写:cite、weekend_rule、grace_days", "known here: cite, weekend_rule, grace_days"),
        ),
        (
            ('opens_on = "04-15"\n', ""),
            Hint('加一行 opens_on = "04-15"(哪一天开展)', 'add opens_on = "04-15" (the day on which it opens)'),
        ),
    ],
)
def test_a_hint_says_what_to_write(change: tuple[str, str], hint: Hint) -> None:
    assert found(change)[0].hint == hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[campaign]", "[campain]"), [
            ("campaign", "campaign", Hint("一年的活动", "the year's campaign")),
            ("第215行 campain", "campain", Hint("是不是要写 campaign?", "did you mean campaign?")),
        ]),
        (('covers = ["rating.declaration", ', 'covres = ["rating.declaration", '), [
            ("第219行 phase.declare.covers", "phase.declare.covers", Hint(
                '加一行 covers = ["rating.declaration", "rating.review"](包括哪些环节)',
                'add covers = ["rating.declaration", "rating.review"] (which stages)',
            )),
            ("第221行 phase.declare.covres", "phase.declare.covres", Hint("是不是要写 covers?", "did you mean covers?")),
        ]),
        (("exempt_reasons = [", "exempt_reasons = [3, "), [
            ("第233行 roster.exempt_reasons[0]", "roster.exempt_reasons[0]", Hint(
                "可以免评的理由", "reasons for which one may be exempt",
            )),
        ]),
        (("stars = [5]", 'stars = ["五"]'), [
            ("第395行 quota[0] five_star.stars[0]", "quota[0] five_star.stars[0]", Hint("管哪些星级", "which stars it counts")),
        ]),
    ],
)  # fmt: skip
def test_a_fault_is_handed_over_with_its_place_its_path_and_a_hint(
    change: tuple[str, str], said: list[tuple[str, str, Hint]]
) -> None:
    assert [(one.place, one.path, one.hint) for one in found(change)] == said


def test_what_was_meant_is_guessed_for_the_first_fifty_keys_that_there_are_not() -> None:
    wrong = "\n".join(f"gace_days_{n} = 1" for n in range(60))

    faults = found(("grace_days = 0", f"grace_days = 0\n{wrong}"))

    guessed = Hint("是不是要写 grace_days?", "did you mean grace_days?")
    assert [one.hint for one in faults] == [guessed] * 50 + [Hint()] * 10


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"#" * (10 * LIMIT), "方案文件有10.0 MB,超过1 MB的上限"),
        (b"#" * LIMIT, f"第1行: 有{LIMIT}个字符,超过一行4000个的上限"),
        (b"\n" * 4000, "方案文件有4001行,超过4000行的上限"),
        (b"a." * 2001 + b"a = 1", "第1行: 有4007个字符,超过一行4000个的上限"),
        (b"a = 1\nb = \n", "第2行第5列: 不是TOML格式(Invalid value)"),
        (b"a = '\xff'", "第1行: 不是UTF-8编码的文字"),
    ],
)
def test_a_file_that_is_no_scheme_is_refused_before_anything_is_made_of_it(data: bytes, sentence: str) -> None:
    scheme, faults = examine(data)

    assert (scheme, [str(one) for one in faults]) == (None, [sentence])


def test_a_list_that_nobody_can_read_is_one_fault() -> None:
    rung = '\n[[rung]]\nname = "r{}"\ndays = 1\ncounts_from = "due"\nrecipients = ["owner"]\ncite = {{ rule = "1" }}\n'

    _, faults = examine((DEFAULT + "".join(rung.format(n) for n in range(40))).encode())

    assert [one.text for one in faults] == ["写了49项,最多40项"]


def test_more_cases_than_can_be_tried_are_refused_instead() -> None:
    levels = "".join(
        f'[[level]]\nstar = {n}\nlabel = "{n}"\nmin = "{90 + n}"\ncite = {{ rule = "1" }}\n' for n in range(6, 20)
    )
    routes = "{ A = 'a', B = 'b', C = 'c', D = 'd' }\nassign = [{0}]"
    kinds = ", ".join(f"{{ route = '{route}', kind = '{route}' }}" for route in "BCD")
    routes = routes.replace("{0}", kinds + ", { route = 'A' }")
    text = BARE.replace('{ A = "机关党委、总支所属", B = "市直工委直属" }', routes) + levels
    stars = ", ".join(map(str, range(5, 20)))
    tracked = text.replace('title = "巩固先进"\nstars = [5]', f'title = "巩固先进"\nstars = [{stars}]')
    scheme = load_bytes(tracked.encode())

    assert count_worlds(scheme) == 6720 > MOST_WORLDS
    assert [sentence for _, sentence in procedure_faults(scheme)] == [
        "条件能分出6720种情形,超过6000种:等次、路线或条件里的领域太多"
    ]


def test_the_cases_are_counted_as_they_are_tried(scheme: Scheme) -> None:
    from workflow.rating.procedure import worlds

    assert count_worlds(scheme) == len(list(worlds(scheme)))
