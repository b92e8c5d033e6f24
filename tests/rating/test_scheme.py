"""A scheme file is read whole or refused with every fault, each at its place."""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from workflow.engine.errors import Faulty
from workflow.engine.table import When
from workflow.rating.scheme import Scheme, check_citations, domains, load, load_bytes
from workflow.rating.scheme_faults import cites
from workflow.rating.shelf import scheme_bytes, source_text

DEFAULT = "anyang-five-star"
SMALL = """\
[scheme]
name = "small"
title = "小方案"

[[level]]
star = 1
label = "好"
min = "60"
cite = { rule = "1" }

[[level]]
star = 0
label = "差"
min = "0"
cite = { rule = "1" }

[procedure]
routes = { A = "所属", B = "直属" }
cite = { rule = "2" }

[[stage]]
name = "rating.declaration"
owner = "organisation"
target = "due -20 days"
due = "06-05"
cite = { rule = "2" }

[[stage]]
name = "rating.review"
owner = "superior"
but = [{ when = { proposed = 1 }, owner = "department", due = "06-30" }]
target = "due -5 days"
due = "06-05"
send_back = "declaration"
cite = { rule = "2" }

[[stage]]
name = "rating.city_review"
when = [{ route = "B" }, { proposed = [1], changed = true }]
owner = "city"
due = "+30 days"
overturn_star = "next"
falls_to = 0
cite = { rule = "2" }

[[stage]]
name = "closed"
cite = { rule = "2" }

[campaign]
opens_on = "04-15"
cite = { rule = "3" }

[phase.declare]
due = "06-05"
covers = ["rating.declaration"]
cite = { rule = "3" }

[roster]
root_kind = "市直工委"
exempt_reasons = ["其他"]
cite = { rule = "3" }

[[criterion]]
code = "1"
title = "组织健全"
max = "100"
cite = { rule = "4" }

[score]
max = "100"
min = "0"
decimals = 2
flag_difference = "10"
weights = { superior = "100" }
cite = { rule = "4" }

[[quota]]
code = "top"
stars = [1]
op = "max"
ratio = "1/10"
round = "floor"
cite = { rule = "5" }

[[quota]]
code = "bottom"
stars = [0]
op = "min"
ratio = "1/10"
round = "ceil"
cite = { rule = "5" }
"""


@pytest.fixture(scope="module")
def default() -> Scheme:
    return load_bytes(scheme_bytes(DEFAULT), name=DEFAULT, source=source_text)


def faults(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(Faulty) as refusal:
        load_bytes(text) if isinstance(text, bytes) else load(text)
    return refusal.value.faults


def changed(*pairs: tuple[str, str]) -> str:
    text = SMALL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


# --- what a good file says --------------------------------------------------------------------------------------------


def test_the_default_scheme_loads_with_its_citations(default: Scheme) -> None:
    assert (default.name, default.stars, default.fields["机关"]) == (DEFAULT, (0, 1, 2, 3, 4, 5), "机关")
    assert check_citations(default, source_text(default.scheme.text)) == ()


def test_the_default_procedure_is_the_one_of_the_regulation(default: Scheme) -> None:
    first, second = (
        ("declaration", "self_evaluation", "survey", "review", "audit"),
        ("self_evaluation", "survey", "review"),
    )
    after = ("publicity", "approval", "city_review")

    assert tuple(stage.name for stage in default.stage) == (
        *(f"rating.{kind}" for kind in first + after),
        "rated",
        *(f"recheck.{kind}" for kind in second + after),
        "closed",
        "exempt",
    )


def test_every_rule_of_the_default_scheme_says_where_it_comes_from(default: Scheme) -> None:
    said = dict(cites(default))

    silent = sorted({cite.rule for cite in said.values() if not cite.text})

    assert all(cite.rule.startswith("R") for cite in said.values())
    assert silent == ["R67", "R8"]  # the ladder and the week-ends: the text does not speak of them


def test_the_hash_is_that_of_the_bytes(default: Scheme) -> None:
    assert default.hash == sha256(scheme_bytes(DEFAULT)).hexdigest()
    assert load(SMALL).hash == sha256(SMALL.encode()).hexdigest()


def test_a_byte_order_mark_is_read_over_but_counts_for_the_hash() -> None:
    data = b"\xef\xbb\xbf" + SMALL.encode()

    assert load_bytes(data).hash == sha256(data).hexdigest()


def test_numbers_are_exact(default: Scheme) -> None:
    assert default.level_of(5).min == Decimal("90")
    assert (default.survey.quorum, default.quota[0].ratio) == (Fraction(4, 5), Fraction(1, 10))


@pytest.mark.parametrize(
    ("total", "star"), [("116", 5), ("90", 5), ("89.99", 4), ("89.5", 4), ("50", 1), ("49.99", 0), ("0", 0)]
)
def test_a_band_includes_its_lower_bound(default: Scheme, total: str, star: int) -> None:
    assert default.band(Decimal(total)) == star


def test_a_band_may_exclude_its_lower_bound() -> None:
    scheme = load(changed(('min = "60"', 'min = "60"\nmin_inclusive = false')))

    assert [scheme.band(Decimal(total)) for total in ("60", "60.01")] == [0, 1]


def test_a_condition_is_and_within_a_table_and_or_between_tables() -> None:
    stage = load(SMALL).stage_of("rating.city_review")

    assert stage.condition == When(((("route", ("B",)),), (("proposed", (1,)), ("changed", (True,)))))


def test_but_varies_owner_and_dates_where_it_holds() -> None:
    stage = load(SMALL).stage_of("rating.review")

    said = [(stage.owner_of(f), stage.due_of(f), stage.target_of(f)) for f in map(star, (0, 1))]

    assert said == [("superior", "06-05", "due -5 days"), ("department", "06-30", "due -5 days")]


def star(proposed: int) -> SimpleNamespace:
    return SimpleNamespace(proposed=proposed)


def test_an_exit_that_a_kind_does_not_have_is_empty(default: Scheme) -> None:
    review, rated = default.stage_of("rating.review"), default.stage_of("rated")

    assert (review.send_back, review.keep_star, review.reject) == (("self_evaluation", "survey"), (), ())
    assert (rated.until, rated.owner, rated.due, rated.ends, rated.title) == ("12-01", "clock", None, False, "已定星")


def test_a_short_name_means_the_same_round(default: Scheme) -> None:
    assert default.full_name(default.stage_of("recheck.review"), "survey") == "recheck.survey"
    assert default.full_name(default.stage_of("recheck.review"), "rated") == "rated"


def test_a_scheme_cannot_be_changed(default: Scheme) -> None:
    with pytest.raises(ValidationError):
        default.score.max = Decimal(1)  # type: ignore[misc]


def test_a_rule_that_a_scheme_does_not_have_is_absent() -> None:
    scheme = load(SMALL)

    assert (scheme.satisfaction, scheme.election, scheme.absence) == (None, None, None)
    assert (scheme.bonus, scheme.plan.due, scheme.recheck.opens_on) == ((), None, None)


# --- the file and its syntax ------------------------------------------------------------------------------------------


def test_ten_megabytes_are_refused_unread() -> None:
    assert faults(b"#" * 10_000_000) == ("方案文件有10.0 MB,超过1 MB的上限",)


def test_what_is_not_utf8_is_refused_with_its_line() -> None:
    assert faults(b'[scheme]\nname = "\xb0\xb2"\n') == ("第2行: 不是UTF-8编码的文字",)


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    assert faults("[scheme]\nname = \n") == ("第2行第8列: 不是TOML格式(Invalid value)",)


def test_brackets_nested_without_end_are_refused() -> None:
    assert faults("a = " + "[" * 3_900) == ("不是TOML格式: 数字过长或嵌套过深",)


# --- keys and values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('due = "06-05"', 'due = "06-31"', "第25行 stage[0] rating.declaration.due: “06-31”不是日期"),
        (
            'due = "06-05"',
            'due = "6月5日"',
            "第25行 stage[0] rating.declaration.due: “6月5日”不是日期,应如“06-05”“01-15 next year”“+30 days”“+10 workdays”",
        ),
        ('due = "06-05"', 'due = "due -3 days"', "第25行 stage[0] rating.declaration.due: “due -3 days”从截止日倒推,不能用作截止日"),
        ('opens_on = "04-15"', 'opens_on = "02-30"', "第51行 campaign.opens_on: “02-30”不是日期"),
        ('opens_on = "04-15"', 'opens_on = "+3 days"', "第51行 campaign.opens_on: “+3 days”不是一年中的某一天,应如“06-05”"),
        ('title = "小方案"', 'title = "小方案"\ncolour = "red"', "第4行 scheme.colour: 没有这个键"),
        ('title = "小方案"\n', "", "第1行 scheme.title: 缺少这个键"),
        ('title = "小方案"', "title = 5", "第3行 scheme.title: “5”应写成带引号的文字"),
        ('name = "small"', 'name = "Small"', "第2行 scheme.name: “Small”不是名称,只能用小写英文字母和下划线等"),
        ('min = "60"', "min = 60", '第8行 level[0] 1星.min: “60”应写成带引号的数,如"89.5"'),
        ('min = "60"', 'min = "NaN"', '第8行 level[0] 1星.min: “NaN”不是数,应如"89.5"'),
        ("star = 1", 'star = "1"', "第6行 level[0] 1星.star: “1”应为不带引号的整数"),
        ("star = 1", "star = true", "第6行 level[0].star: “true”应为不带引号的整数"),
        ("star = 1", "star = -1", "第6行 level[0] -1星.star: “-1”小于0"),
        ('ratio = "1/10"', 'ratio = "11/10"', "第82行 quota[0] top.ratio: “11/10”大于1,比例应在0与1之间"),
        ('ratio = "1/10"', 'ratio = "-1/10"', '第82行 quota[0] top.ratio: “-1/10”不是数,应如"4/5"'),
        ('round = "floor"', 'round = "up"', "第83行 quota[0] top.round: “up”不在可选之列,只有floor、half_up、ceil"),
        ("stars = [1]", "stars = []", "第80行 quota[0] top.stars: 列表是空的,至少写一项"),
        ("stars = [1]", "stars = 1", "第80行 quota[0] top.stars: “1”应为方括号里的列表"),
        ('owner = "superior"', 'owner = "boss"',
         "第30行 stage[1] rating.review.owner: “boss”不在可选之列,只有organisation、superior、department、committee、city"),
        ('send_back = "declaration"', 'reject = "declaration"', "第34行 stage[1] rating.review.reject: 这一类环节没有这个键"),
        ('send_back = "declaration"', "send_back = []", "第34行 stage[1] rating.review.send_back: 列表不是环节名,应写一个环节名或环节名的列表"),
        ('name = "closed"', 'name = "closed"\ndue = "12-31"', "第48行 stage[3] closed.due: 这一类环节没有这个键"),
        ('overturn_star = "next"', 'overturn_star = "review"', '第37行 stage[2] rating.city_review: falls_to只能与overturn_star = "next"同用:退回重评的不落星'),
        ("falls_to = 0\n", "", '第37行 stage[2] rating.city_review: overturn_star = "next"须写明falls_to(复审未通过落到几星)'),
        ('when = [{ route = "B" }', 'when = [{ route = "C" }', "第39行 stage[2] rating.city_review.when[0].route: “C”不在route的范围内,只有A、B"),
        ("proposed = [1]", "proposed = [1, 7]", "第39行 stage[2] rating.city_review.when[1].proposed: “7”不在proposed的范围内,只有1、0"),
        ('when = [{ route = "B" }', 'when = [{ field = "机关" }', "第39行 stage[2] rating.city_review.when[0].field: “机关”不在field的范围内,只有(没有声明)"),
        ("changed = true }", "turnout = 80 }", "第39行 stage[2] rating.city_review.when[1].turnout: 没有这个键"),
        ("when = { proposed = 1 }", "when = {}", "第31行 stage[1] rating.review.but[0].when: 条件是空的"),
        (', owner = "department", due = "06-30"', "", "第31行 stage[1] rating.review.but[0]: 只有条件,没有写明办理者或期限有何不同"),
        ('cite = { rule = "1" }', "", "第5行 level[0] 1星.cite: 缺少这个键"),
        ('superior = "100"', 'superior = "110", self = "-10"', "第75行 score.weights.self: “-10”小于0"),
        ("routes = {", "label = 1\nroutes = {", "第18行 procedure.label: 没有这个键"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_line(old: str, new: str, fault: str) -> None:
    assert faults(changed((old, new))) == (fault,)


def test_an_unknown_kind_lists_the_kinds() -> None:
    assert faults(changed(('name = "closed"', 'name = "finished"'))) == (
        "第46行 stage[3] finished: 没有“finished”这一类环节,只有declaration、self_evaluation、survey、review、audit、"
        "publicity、approval、city_review、task、rated、closed、exempt",
    )


def test_a_table_that_is_written_must_be_cited() -> None:
    assert faults(SMALL + '\n[plan]\ndue = "+30 days"\n') == ("第94行 plan: 缺少cite(出处)",)


def test_downgrade_and_caps_each_have_their_turn() -> None:
    text = scheme_bytes(DEFAULT).decode().replace('order = ["downgrade", "caps"]', 'order = ["caps"]')
    line = text[: text.index('order = ["caps"]')].count("\n") + 1

    assert faults(text) == (f"第{line}行 absence.order: downgrade和caps应各写一次,先写的先算",)


def test_all_wrong_values_are_reported_at_once() -> None:
    text = changed(('min = "60"', 'min = "sixty"'), ('opens_on = "04-15"', 'opens_on = "02-30"'))

    assert faults(text) == (
        '第8行 level[0] 1星.min: “sixty”不是数,应如"89.5"',
        "第51行 campaign.opens_on: “02-30”不是日期",
    )


# --- between the tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('min = "60"', 'min = "0"', "第8行 level[0] 1星.min: 分数段重叠:好的下限0分不高于差的下限0分"),
        ('min = "0"', 'min = "10"', "第14行 level[1] 0星.min: 分数段有空缺:低于10分的不属于任何等次"),
        ('min = "0"', 'min = "0"\nbelow = "59"', "第15行 level[1] 0星.below: 分数段有空缺:差到59分为止,好从60分开始"),
        ('min = "0"', 'min = "0"\nbelow = "61"', "第15行 level[1] 0星.below: 分数段重叠:差到61分为止,好从60分开始"),
        ('min = "60"', 'min = "60"\nbelow = "100"', "第9行 level[0] 1星.below: 分数段有空缺:100分及以上的不属于任何等次"),
        ('superior = "100"', 'superior = "90"', "第75行 score.weights: 权重合计90,应为100"),
        ('max = "100"', 'max = "90"', "第64行 criterion: 各项指标满分合计90分,应为100分"),
        ("falls_to = 0", "falls_to = -1", "第43行 stage[2] rating.city_review.falls_to: 没有“-1”这一等次"),
        ("stars = [1]", "stars = [1, 9]", "第80行 quota[0] top.stars: 没有“9”这一等次"),
        ('code = "bottom"', 'code = "top"', "第87行 quota[1] top.code: “top”写了两次"),
        ('name = "rating.review"', 'kind = "review"\nname = "rating.declaration"', "第30行 stage[1] rating.declaration.name: “rating.declaration”写了两次"),
        ('send_back = "declaration"', 'send_back = "survey"', "第34行 stage[1] rating.review.send_back: 没有“survey”这个环节"),
        ('send_back = "declaration"', 'send_back = "review"', "第34行 stage[1] rating.review.send_back: “review”不在本环节之前,只能退到前面的环节"),
        ('send_back = "declaration"', 'send_back = ["declaration", "city_review"]',
         "第34行 stage[1] rating.review.send_back: “city_review”不在本环节之前,只能退到前面的环节"),
        ("falls_to = 0", "falls_to = 1", "第43行 stage[2] rating.city_review.falls_to: 复审未通过落到1星,不低于须复审的1星"),
        ('covers = ["rating.declaration"]', 'covers = ["rating.survey"]', "第56行 phase.declare.covers: 没有“rating.survey”这个环节"),
        ('target = "due -5 days"', 'target = "due -30 days"', "第32行 stage[1] rating.review.target: 目标日05-06早于前面环节rating.declaration的目标日05-16"),
        ('target = "due -5 days"\ndue = "06-05"', 'due = "06-01"', "第32行 stage[1] rating.review.due: 截止日06-01早于前面环节rating.declaration的截止日06-05"),
    ],
)  # fmt: skip
def test_tables_that_contradict_each_other_are_named_with_their_line(old: str, new: str, fault: str) -> None:
    assert faults(changed((old, new))) == (fault,)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('[[track]]\ncode = "up"\ntitle = "上"\nstars = [1]\ncite = { rule = "6" }', "第94行 track: 0星没有后续工作"),
        ('[[track]]\ncode = "up"\ntitle = "上"\nstars = [0, 1, 1]\ncite = { rule = "6" }', "第94行 track: 1星不止一类后续工作"),
        ('[satisfaction]\ncount = ["great"]\nof = ["unknown"]\ncite = { rule = "6" }', "第95行 satisfaction.count: 测评表(survey.scale)没有“great”"),
        ('[absence]\nevent = "late"\nthreshold = 3\nop = ">="\ncap = 1\ncite = { rule = "6" }', "第95行 absence.event: 加减分项目里没有“late”"),
        ('[changes]\napproval_in = ["recheck"]\ncite = { rule = "6" }', "第95行 changes.approval_in: 没有“recheck”这一轮的环节"),
        ('[plaque]\nstars = [5]\ncite = { rule = "6" }', "第95行 plaque.stars: 没有“5”这一等次"),
        ('[[criterion]]\ncode = "2"\ntitle = "乙"\nmax = "0"\nfields = ["机关"]\ncite = { rule = "6" }', "第98行 criterion[1] 2.fields: 没有声明领域“机关”"),
    ],
)  # fmt: skip
def test_what_a_later_table_names_must_be_known(more: str, fault: str) -> None:
    assert faults(f"{SMALL}\n{more}\n") == (fault,)


def test_the_recheck_opens_when_resting_ends() -> None:
    text = (
        changed(('name = "closed"', 'name = "rated"\nuntil = "12-01"'))
        + '\n[recheck]\nopens_on = "12-02"\ncite = { rule = "6" }\n'
    )

    assert faults(text) == ("第96行 recheck.opens_on: “12-02”与环节rated的until “12-01”不一致",)


def test_every_field_has_a_full_sheet() -> None:
    fields = '\n[fields]\n"机关" = "机关"\n"学校" = "学校"\n'
    sheet = changed(('max = "100"\ncite = { rule = "4" }', 'max = "100"\nfields = ["机关"]\ncite = { rule = "4" }'))

    assert faults(sheet + fields) == ("第64行 criterion: 各项指标满分(领域学校)合计0分,应为100分",)


def test_every_stage_that_is_due_before_its_round_opens_is_named() -> None:
    assert faults(changed(('opens_on = "04-15"', 'opens_on = "07-01"'))) == (
        "第25行 stage[0] rating.declaration.due: 截止日06-05早于开始日07-01",
        "第33行 stage[1] rating.review.due: 截止日06-05早于开始日07-01",
    )


def test_a_target_after_its_due_is_named_and_so_is_the_next_one_before_it() -> None:
    assert faults(changed(('target = "due -20 days"', 'target = "06-10"'))) == (
        "第24行 stage[0] rating.declaration.target: 目标日06-10晚于截止日06-05",
        "第32行 stage[1] rating.review.target: 目标日05-31早于前面环节rating.declaration的目标日06-10",
    )


def test_a_wrong_value_does_not_hide_a_fault_between_the_tables() -> None:
    text = changed(('superior = "100"', 'superior = "90"'), ('opens_on = "04-15"', 'opens_on = "02-30"'))

    assert faults(text) == (
        "第51行 campaign.opens_on: “02-30”不是日期",
        "第75行 score.weights: 权重合计90,应为100",
    )


@pytest.mark.parametrize(
    ("stars", "ratio", "op", "fault"),
    [
        ("[1]", "1/2", "min", "第90行 quota[1] bottom.ratio: 无法满足:至少1/2,而“top”规定至多1/10"),
        ("[0]", "1/2", "max", "第90行 quota[1] bottom.ratio: 无法满足:所有等次的上限合计3/5,不足全部"),
    ],
)
def test_a_quota_that_nothing_can_meet_is_a_fault(stars: str, ratio: str, op: str, fault: str) -> None:
    head, _, tail = SMALL.partition('code = "bottom"')
    tail = tail.replace("[0]", stars).replace('"1/10"', f'"{ratio}"').replace('"min"', f'"{op}"')

    assert faults(f'{head}code = "bottom"{tail}') == (fault,)


@pytest.mark.parametrize("op", ["min", "target"])
def test_only_a_maximum_has_places_to_cut_at_and_to_draw_for(op: str) -> None:
    cut = SMALL.replace('op = "min"', f'op = "{op}"\nresolution = "rank_cut"\ntie_break = ["members", "draw"]')

    assert faults(cut) == (
        "第90行 quota[1] bottom.resolution: 按排名截止(rank_cut)只用于至多(op = max):另写一项 max 的名额,这一项写 warn",
        "第91行 quota[1] bottom.tie_break: 抽签(draw)只用于至多(op = max):至少和约为的没有名额可抽,写 meeting",
    )


def test_lower_bounds_of_more_than_everything_are_a_fault() -> None:
    text = SMALL.replace('op = "max"\nratio = "1/10"', 'op = "min"\nratio = "19/20"')

    assert faults(text) == ("第90行 quota[1] bottom.ratio: 无法满足:各项下限合计21/20,超过全部",)


def test_a_scheme_must_bear_the_name_of_its_file() -> None:
    with pytest.raises(Faulty) as refusal:
        load(SMALL, name="large")

    assert refusal.value.faults == ("第2行 scheme.name: “small”与文件名“large”不一致",)


# --- citations --------------------------------------------------------------------------------------------------------


def test_one_wrong_word_in_a_citation_is_found() -> None:
    text = scheme_bytes(DEFAULT).decode().replace("进行为期一周的公示", "进行为期两周的公示", 1)
    line = text[: text.index("两周")].count("\n") + 1

    with pytest.raises(Faulty) as refusal:
        load(text, source=source_text)

    assert refusal.value.faults == (
        f"第{line}行 stage[5] rating.publicity.cite.text: 原文中没有“在一定范围内进行为期两周的公示”",
    )


@pytest.mark.parametrize(
    ("quoted", "said"),
    [
        ("每年…核定", ()),
        ("核定…每年", ("第9行 level[0] 1星.cite.text: 原文中没有“每年”",)),
        ("每年,核定", ("第9行 level[0] 1星.cite.text: 原文中没有“每年,核定”",)),
        ("L12", ("第9行 level[0] 1星.cite.text: 原文中没有“L12”",)),
    ],
)
def test_the_pieces_of_a_citation_stand_in_their_order(quoted: str, said: tuple[str, ...]) -> None:
    scheme = load(changed(('cite = { rule = "1" }', f'cite = {{ rule = "1", text = "{quoted}" }}')))

    assert check_citations(scheme, "# 标题\nL12 每年底重新核定\n") == said


def test_an_original_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(Faulty) as refusal:
        load(changed(('title = "小方案"', 'title = "小方案"\ntext = "other.txt"')), source=source_text)

    assert refusal.value.faults == ("第4行 scheme.text: 没有“other.txt”这份原文",)


def test_a_fault_found_elsewhere_can_be_placed_too(default: Scheme) -> None:
    text = scheme_bytes(DEFAULT).decode()
    line = text[: text.index("min_workdays")].count("\n") + 1

    assert default.place("stage", 3, "min_workdays") == f"第{line}行 stage[3] rating.review.min_workdays"


def test_a_total_of_figures_that_nobody_can_have_is_a_fault_and_no_year_of_unrated() -> None:
    surveyed = 'superior = "60", self = "10", survey = "30"'

    assert faults(changed(('superior = "100"', surveyed))) == (
        "第75行 score.weights: 总分要用自评分,却没有自评环节(self_evaluation)",
        "第75行 score.weights: 总分要用测评的满意率,却没有写[satisfaction]:哪些票算满意(count)、占哪些票(of)",
        "第75行 score.weights: 总分要用测评的满意率,却没有测评环节(survey)",
    )


def test_conditions_may_name_what_the_file_declares() -> None:
    said = {
        "procedure": {"routes": {"A": "所属", "B": "直属"}},
        "level": [{"star": 0}, {"star": 5}, "不是表"],
        "fields": {"机关": "机关"},
    }

    stars = (0, 5)
    assert domains(said) == {"route": ("A", "B"), "field": ("机关",), "star": stars, "proposed": stars}


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({}, {"field": (), "star": (), "proposed": ()}),
        ({"procedure": "无", "level": "无", "fields": "无"}, {"star": (), "proposed": ()}),
        ({"procedure": {"routes": "无"}, "level": [{"star": -1}]}, {"field": ()}),
        ({"level": [{"star": "五"}]}, {"field": ()}),
        ({"level": [{"star": True}]}, {"field": ()}),
    ],
)
def test_a_declaration_that_is_itself_wrong_forbids_nothing(said: dict[str, object], known: dict[str, object]) -> None:
    assert domains(said) == known
