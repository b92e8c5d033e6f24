"""What is wrong between formula, sheets, conditions and routes: one slip in a sound scheme, and every fault that it makes."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.rating.slips import BONUS, COUNTER, DEDUCTION, Slips, found, quota, scheme_with
from workflow.rating.rule_faults import doubles_of_rules, offsets

TOTAL = ('max = "100"\nmin = "0"', 'total = "x"\nmax = "100"\nmin = "0"')
REVIEWED = ('superior = "100"', 'superior = "60", self = "40"')
SURVEYED = ('superior = "100"', 'superior = "60", survey = "40"')
SURVEY = '[[stage]]\nname = "rating.survey"\nowner = "organisation"\ndue = "03-20"\n'
SATISFACTION = '[satisfaction]\ncount = ["satisfied"]\nof = ["satisfied", "dissatisfied"]\n'
NO_STAR = f'{SATISFACTION}no_star = {{ op = "<", value = "50" }}\n'
NO_CRITERIA = ('[[criterion]]\ncode = "1"\ntitle = "组织"\nmax = "60"\n[[criterion]]\ncode = "2"\ntitle = "作用"\nmax = "40"\n', "")  # fmt: skip
NO_FIELDS = ('a = "甲"\nb = "乙"\n', "")
UNBOUNDED = ('label = "优"\nmin = "80"', 'label = "优"')
ROUTES = 'routes = { A = "所属", B = "直属" }'
GRADES = '{ 0 = "差", 1 = "中", 2 = "优" }'
SUCH_AS = ",例如superior、self、survey、base"
UNREACHED = "level.0.min: 优既没有下限(min)也没有条件(needs),人人都能达到"
NO_BALLOTS = "总分要用测评的满意率,却没有写[satisfaction]:哪些票算满意(count)、占哪些票(of)"
NO_SURVEY = "总分要用测评的满意率,却没有测评环节(survey)"
NO_SELF = "总分要用自评分,却没有自评环节(self_evaluation)"


def component(code: str, *of: str) -> str:
    return f'[[component]]\ncode = "{code}"\ntitle = "算"\nof = {list(of)}\n'


def needs(*names: str) -> str:
    return "needs = [" + ", ".join(f'{{ value = "{name}", op = ">", than = "1" }}' for name in names) + "]\n"


def effect(then: str, more: str = "", code: str = "e") -> str:
    return f'[[effect]]\ncode = "{code}"\ntitle = "后果"\nthen = "{then}"\n{more or needs("members")}\n'


def eligible(star: int, needed: str) -> str:
    return f'[[eligibility]]\nstar = {star}\ntitle = "资格"\n{needed}'


def linked(code: str, grades: str, more: str = "") -> str:
    return f'[[linked]]\ncode = "{code}"\ntitle = "书记"\ngrades = {grades}\n{more}'


def sheet(code: str, most: str, more: str = "") -> str:
    return f'[[sheet]]\ncode = "{code}"\ntitle = "{code}表"\nmax = "{most}"\n{more}\n'


def sheets_of(first: str, second: str) -> tuple[tuple[str, str], ...]:
    """To which sheets the two criteria belong."""
    return ('max = "60"', f'max = "60"\nsheet = "{first}"'), ('max = "40"', f'max = "40"\nsheet = "{second}"')


def assigned(*rules: str, routes: str = ROUTES) -> tuple[str, str]:
    return ROUTES, f"{routes}\nassign = [{', '.join(f'{{ {rule} }}' for rule in rules)}]"


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([TOTAL, component("y", "superior"), component("x", "y", "y", "superior")], []),
        ([TOTAL, component("x", "superior") * 2], ["component.1.code: “x”已有所指,请换一个名称"]),
        ([TOTAL, component("x", "superior"), component("bonus", "x"), component("total", "x")],
         ["component.1.code: “bonus”已有所指,请换一个名称", "component.2.code: “total”已有所指,请换一个名称"]),
        ([TOTAL, component("x", "superior", "total", "x")],
         ["component.0.of: total由公式算出,不能再用来算它自己(循环引用)", "component.0.of: “x”用到它自己:循环引用,只能用上面已有的"]),
        ([TOTAL, component("x", "superior", "y"), component("y", "superior")], ["component.0.of: “x”用到下面的“y”:循环引用,只能用上面已有的"]),
        ([TOTAL, component("x", "sheet.s")], [f"component.0.of: 公式里没有“sheet.s”这个数{SUCH_AS}"]),
        ([TOTAL, component("x", "1")], ["component.0.of: 公式里没有“1”这个数,有criterion.1、years_at.1"]),
        ([TOTAL, component("x", "points", "bonus", "deduction"), BONUS, DEDUCTION], ["component.0.of: 公式里没有“points”这个数,有points.p、points.m"]),
        ([TOTAL, component("x", "years_at.7")], ["component.0.of: 公式里没有“years_at.7”这个数,有years_at.0、years_at.1、years_at.2"]),
        ([TOTAL, component("y", "superior"), component("x", "y.1")], ["component.1.of: 公式里没有“y.1”这个数,有y"]),
        ([TOTAL, component("x", "counter.z"), *(COUNTER.replace('"c"', f'"c{n}"') for n in range(7))],
         ["component.0.of: 公式里没有“counter.z”这个数,有counter.c0、counter.c1、counter.c2、counter.c3、counter.c4、counter.c5"]),
        ([TOTAL], ["score.total: 没有“x”这个[[component]]"]),
        ([component("x", "superior")], ["score.total: 写了公式([[component]]),却没有写明总分取哪一个(score.total)"]),
        ([BONUS, DEDUCTION], []),
        ([TOTAL, component("x", "superior"), BONUS, DEDUCTION], ["bonus.0: “p”没有进入总分的公式", "deduction.0: “m”没有进入总分的公式"]),
        ([TOTAL, component("x", "superior", "bonus"), BONUS, DEDUCTION], ["deduction.0: “m”没有进入总分的公式"]),
        ([TOTAL, component("x", "superior", "deduction"), BONUS, DEDUCTION], ["bonus.0: “p”没有进入总分的公式"]),
        ([TOTAL, component("x", "points.p", "points.m"), BONUS, DEDUCTION], []),
    ],
)  # fmt: skip
def test_a_formula_uses_what_is_known_above_it_and_every_point(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([SURVEYED], [f"score.weights: {NO_BALLOTS}"]),
        ([SURVEYED, SATISFACTION], []),
        ([SURVEYED, SATISFACTION, (SURVEY, "")], [f"score.weights: {NO_SURVEY}"]),
        ([SURVEYED, (SURVEY, "")], [f"score.weights: {NO_BALLOTS}", f"score.weights: {NO_SURVEY}"]),
        ([('superior = "100"', 'superior = "100", survey = "0", self = "0"')], []),
        ([REVIEWED], [f"score.weights: {NO_SELF}"]),
        ([REVIEWED, NO_CRITERIA], [f"score.weights: {NO_SELF}", "score.weights: 总分要用自评分,却没有评分的指标:写[[criterion]]"]),
        ([REVIEWED, NO_CRITERIA, sheet("s", "100")], [f"score.weights: {NO_SELF}"]),
        ([REVIEWED, ('name = "rating.survey"', 'name = "rating.self_evaluation"')], []),
        ([REVIEWED, TOTAL, component("x", "superior")], []),
        ([TOTAL, component("x", "satisfaction", "self")], [f"component.0.of: {NO_BALLOTS}", f"component.0.of: {NO_SELF}"]),
        ([TOTAL, component("x", "superior"), component("y", "survey")], [f"component.1.of: {NO_BALLOTS}"]),
    ],
)  # fmt: skip
def test_a_total_is_made_of_figures_that_a_case_can_have(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([('label = "优"', 'label = "优"\n' + needs("members", "membres"))], [f"level.0.needs.1: 条件里没有“membres”这个数{SUCH_AS}"]),
        ([effect("bottom"), effect("bottom", needs("satisfied"), "f")], [f"effect.1.needs.0: 条件里没有“satisfied”这个数{SUCH_AS}"]),
        ([eligible(2, needs("turnout", "turn").replace("[", "[{ any = [").replace("]", "] }]"))],
         [f"eligibility.0.needs.0: 条件里没有“turn”这个数{SUCH_AS}"]),
        ([linked("k", GRADES, needs("total", "criterion.3"))],
         ["linked.0.needs.1: 条件里没有“criterion.3”这个数,有criterion.1、criterion.2"]),
        ([TOTAL, component("x", "superior"), eligible(2, needs("x", "total", "criterion.1", "held"))], []),
        ([linked("j", GRADES), linked("k", '{ 1 = "中", 4 = "超", 3 = "特" }')],
         ["linked.1.grades: 没有写明等次0时是什么", "linked.1.grades: 没有写明等次2时是什么",
          "linked.1.grades: 没有“3”这一等次", "linked.1.grades: 没有“4”这一等次"]),
        ([('label = "差"', 'label = "差"\n' + needs("members"))], ["level.2.needs: 最低的差不能另有条件,达不到的就无处可去"]),
        ([(UNBOUNDED[0], UNBOUNDED[1] + "\n" + needs("members"))], []),
        ([UNBOUNDED], [UNREACHED]),
    ],
)  # fmt: skip
def test_a_condition_names_a_figure_and_decides_a_level(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([sheet("s", "100")], []),
        ([sheet("s", "100", 'star = 2\npass_line = "80"'), UNBOUNDED], []),
        ([sheet("s", "100", "star = 2"), UNBOUNDED], [UNREACHED]),
        ([sheet("s", "100", 'star = 1\npass_line = "80"'), UNBOUNDED], [UNREACHED]),
        ([sheet("s", "100", 'star = 0\npass_line = "80"')], ["level.2.needs: 最低的差不能另有条件,达不到的就无处可去"]),
        ([sheet("s", "100", "star = 0")], []),
        ([sheet("s", "100", "star = 3")], ["sheet.0.star: 没有“3”这一等次"]),
        ([sheet("s", "100", 'fields = ["a", "c"]')], ["sheet.0.fields: 没有声明领域“c”", "sheet: 领域“b”没有评分表"]),
        ([sheet("s", "100", 'fields = ["a"]'), sheet("t", "100", 'fields = ["b"]')], []),
        ([sheet("s", "60", 'fields = ["a"]'), sheet("t", "40")], ["sheet: 各张评分表满分(领域b)合计40分,应为100分"]),
        ([sheet("s", "60", 'fields = ["b"]'), sheet("t", "40")], ["sheet: 各张评分表满分(领域a)合计40分,应为100分"]),
        ([sheet("s", "60", 'fields = ["a"]'), sheet("t", "41")], ["sheet: 各张评分表满分(领域a)合计101分,应为100分"]),
        ([sheet("s", "60"), sheet("t", "30")], ["sheet: 各张评分表满分(领域a)合计90分,应为100分"]),
        ([sheet("s", "60"), sheet("t", "30", "optional = true")], []),
        ([NO_FIELDS, sheet("s", "60"), sheet("t", "30.50")], ["sheet: 各张评分表满分合计90.5分,应为100分"]),
        ([NO_FIELDS, sheet("s", "60"), sheet("t", "40")], []),
        ([TOTAL, component("x", "sheet.s"), sheet("s", "60")], []),
        ([sheet("s", "50") * 2], ["sheet.1.code: “s”写了两次"]),
    ],
)  # fmt: skip
def test_sheets_that_are_scored_as_a_whole_fill_the_score_of_every_field(slips: Slips, faults: list[str]) -> None:
    assert found(NO_CRITERIA, *slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([*sheets_of("s", "s"), sheet("s", "100")], []),
        ([*sheets_of("t", "s"), sheet("s", "100")], ["criterion.0.sheet: 没有“t”这张评分表", "sheet.0.max: s表各项合计40分,应为100分"]),
        ([sheets_of("s", "")[0], sheet("s", "60"), sheet("1", "40")],
         ["criterion.0.code: 指标“1”与评分表同名", "criterion.1: 有评分表,“2”没有写明属于哪一张(sheet)"]),
        ([('max = "40"', 'max = "40.50"'), *sheets_of("s", "s")[:1], ('max = "40.50"', 'max = "40.50"\nsheet = "s"'), sheet("s", "100")],
         ["sheet.0.max: s表各项合计100.5分,应为100分"]),
        ([*sheets_of("t", "t")], ["criterion.0.sheet: 没有“t”这张评分表", "criterion.1.sheet: 没有“t”这张评分表"]),
    ],
)  # fmt: skip
def test_every_criterion_lies_on_a_sheet_that_it_fills(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


NO_ZERO = (
    ("star = 0", "star = 3"),
    ('min = "80"', 'min = "50"'),
    ('min = "60"', 'min = "0"'),
    ('label = "差"\nmin = "0"', 'label = "差"\nmin = "90"'),
)


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([effect("cap", needs("members") + "star = 5"), effect("floor", needs("members") + "star = 2", "f")], ["effect.0.star: 没有“5”这一等次"]),
        ([eligible(2, needs("members")), eligible(6, needs("members"))], ["eligibility.1.star: 没有“6”这一等次"]),
        (["[changes]\nfirst_max = 7\n"], ["changes.first_max: 没有“7”这一等次"]),
        (["[changes]\nfirst_max = 0\n"], []),
        (["[changes]\nmax_up = 1\n"], []),
        ([quota("[2]", "max", "number = 3\nof = [1, 8, 9]")], ["quota.1.of: 没有“8”这一等次", "quota.1.of: 没有“9”这一等次"]),
        ([effect("no_level"), NO_STAR], []),
        ([*NO_ZERO, effect("bottom"), effect("no_level", code="f"), NO_STAR],
         ["effect.1.then: 不定等次须有star = 0这一等次;定为最低的写bottom", "satisfaction.no_star: 不定等次须有star = 0这一等次"]),
        ([*NO_ZERO, SATISFACTION], []),
        ([effect("bottom", needs("members") + 'rounds = ["recheck", "q1", "rating", "q2"]'), effect("bottom", needs("members") + 'rounds = "q3"', "f")],
         ["effect.0.rounds: 没有“q1”这一轮", "effect.0.rounds: 没有“q2”这一轮", "effect.1.rounds: 没有“q3”这一轮"]),
    ],
)  # fmt: skip
def test_a_rule_names_levels_and_rounds_that_there_are(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([assigned('route = "B", direct = true', 'route = "A"')], []),
        ([assigned('route = "B", direct = true', 'route = "A", direct = false')], ["procedure.assign: 有的组织没有路线:最后应有一条不带条件的"]),
        ([assigned('route = "B", kind = "支部"', 'route = "A", field = "a"')], ["procedure.assign: 有的组织没有路线:最后应有一条不带条件的"]),
        ([assigned('route = "B", field = ["a", "c"]', 'route = "A", field = "d"', 'route = "A"')],
         ["procedure.assign.0.field: 没有声明领域“c”", "procedure.assign.1.field: 没有声明领域“d”"]),
        ([assigned('route = "C", direct = true', 'route = "A"')],
         ["procedure.assign.0.route: 没有“C”这条路线,只有A、B", "procedure.routes: 没有组织走“B”这条路线"]),
        ([assigned('route = "A"', routes='routes = { A = "所属", B = "直属", C = "其他" }')],
         ["procedure.routes: 没有组织走“B”这条路线", "procedure.routes: 没有组织走“C”这条路线"]),
        ([(ROUTES, 'routes = { A = "所属", B = "直属", C = "其他" }')], ["procedure.assign: 有3条路线,须写明哪类组织走哪条"]),
        ([(ROUTES, 'routes = { A = "所属" }')], []),
    ],
)  # fmt: skip
def test_every_organisation_takes_a_route_and_every_route_is_taken(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize("table", ["sheet", "counter", "effect", "linked", "filing"])
def test_a_name_that_stands_twice_is_placed_at_the_second(table: str) -> None:
    items = [SimpleNamespace(code=code) for code in ("a", "b", "a", "a")]
    tables: Any = SimpleNamespace(
        **dict.fromkeys(("sheet", "counter", "effect", "linked", "filing"), ()) | {table: items}
    )

    assert list(doubles_of_rules(tables)) == [((table, 2, "code"), "“a”写了两次"), ((table, 3, "code"), "“a”写了两次")]


def test_a_date_of_a_variation_is_placed_in_the_variation() -> None:
    varied = 'target = "due -5 days"\nbut = [{ when = { route = "B" }, due = "nowhere +3 days" }]'

    faults = offsets(scheme_with(('target = "due -5 days"', varied)))

    assert list(faults) == [(("stage", 2, "but", 0, "due"), "没有“nowhere”这个环节,可写opening或环节全名")]
