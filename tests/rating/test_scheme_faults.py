"""What is wrong between the tables of a scheme: one slip in a sound one, and every fault that it makes."""

import pytest

from tests.rating.slips import (
    ABSENCE,
    BONUS,
    COUNTER,
    DEDUCTION,
    ELECTION,
    RUNG,
    Slips,
    city,
    found,
    quota,
    scheme_with,
    told,
    track,
)
from workflow.rating.scheme_faults import Fault, citation_faults, cites, faults_of
from workflow.rating.scheme_values import Cite

TOP, MIDDLE, LOWEST = 'min = "80"', 'min = "60"', 'min = "0"'
ONE_PLACE = ("decimals = 2", "decimals = 2\ntotal_decimals = 1")
WHOLE = ("decimals = 2", "decimals = 2\ntotal_decimals = 0")
OPEN = (TOP, f"{TOP}\nmin_inclusive = false")
LEFT = "归哪一档写在score.gaps里"
REVIEW = 'target = "due -5 days"'  # the line of rating.review that makes room for its exits


def test_a_sound_scheme_has_no_fault() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("table", "most"),
    [("level", 20), ("stage", 60), ("fields", 60), ("rung", 40), ("track", 40), ("quota", 60), ("words", 400)],
)
def test_a_table_with_too_many_entries_is_the_only_fault_that_is_named(table: str, most: int) -> None:
    def of(size: int) -> list[str]:
        every = {"fields": {str(n): "域" for n in range(size)}, "words": {str(n): "词" for n in range(size)}}
        return told(faults_of(scheme.model_copy(update={table: every.get(table, entry * size)})))

    scheme = scheme_with(RUNG, track("t", "[0]"))
    entry = getattr(scheme, table)[:1] if table not in ("fields", "words") else ()
    too_long = [f"{table}: 写了{most + 1}项,最多{most}项"]

    assert of(most) != too_long == of(most + 1)


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([("star = 1", "star = 2")], ["level.1.star: “2”写了两次", "level.1.min: 分数段重叠:良的下限60分不高于优的下限80分"]),
        ([('name = "recheck.review"', 'name = "rating.review"')],
         ["stage.5.name: “rating.review”写了两次", "stage.5.name: 轮次“rating”前面已经结束,一轮的环节要连着写"]),
        ([('code = "2"', 'code = "1"')], ["criterion.1.code: “1”写了两次"]),
        ([BONUS * 3], ["bonus.1.code: “p”写了两次", "bonus.2.code: “p”写了两次"]),
        ([DEDUCTION * 2], ["deduction.1.code: “m”写了两次"]),
        ([RUNG * 2], ["rung.1.name: “r”写了两次"]),
        ([track("t", "[0, 1]"), track("t", "[2]")], ["track.1.code: “t”写了两次"]),
        ([quota("[1]", "max", "number = 3", "top")], ["quota.1.code: “top”写了两次"]),
    ],
)  # fmt: skip
def test_a_name_that_stands_twice(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(MIDDLE, TOP)], ["level.0.min: 分数段重叠:优的下限80分不高于良的下限80分"]),
        ([(MIDDLE, f"{TOP}\nmin_inclusive = false")], ["level.0.min: 分数段重叠:优的下限80分不高于良的下限80分"]),
        ([OPEN, (MIDDLE, TOP)], []),
        ([(MIDDLE, f"{TOP}\nmin_inclusive = false"), OPEN], ["level.0.min: 分数段重叠:优的下限80分不高于良的下限80分"]),
        ([(MIDDLE, 'min = "0.5"')], []),
        ([(LOWEST, f"{LOWEST}\nmin_inclusive = false")], ["level.2.min: 分数段有空缺:0分及以下的不属于任何等次"]),
        ([(LOWEST, 'min = "0.01"')], ["level.2.min: 分数段有空缺:低于0.01分的不属于任何等次"]),
        ([(LOWEST, 'min = "-5"')], []),
        ([(f"{MIDDLE}\n", ""), (LOWEST, 'min = "10"')],
         ["level.2.min: 分数段有空缺:低于10分的不属于任何等次", "level.1.min: 良既没有下限(min)也没有条件(needs),人人都能达到"]),
        ([(f"{LOWEST}\n", "")], []),
        ([(f"{TOP}\n", "")], ["level.0.min: 优既没有下限(min)也没有条件(needs),人人都能达到"]),
        ([(f"{MIDDLE}\n", ""), (TOP, LOWEST)],
         ["level.0.min: 分数段重叠:优的下限0分不高于差的下限0分", "level.1.min: 良既没有下限(min)也没有条件(needs),人人都能达到"]),
        ([(TOP, f'{TOP}\nmax = "100"')], []),
        ([(TOP, f'{TOP}\nmax = "101"')], []),
        ([(TOP, f'{TOP}\nmax = "99"')], ["level.0.max: 分数段有空缺:99分以上的不属于任何等次"]),
        ([(TOP, f'{TOP}\nmax = "99"\nmax_inclusive = false')], ["level.0.max: 分数段有空缺:99分及以上的不属于任何等次"]),
        ([(TOP, f'{TOP}\nbelow = "101"')], ["level.0.below: 分数段有空缺:101分及以上的不属于任何等次"]),
    ],
)  # fmt: skip
def test_every_score_has_one_band_and_a_higher_one_begins_higher(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("upper_bound", "more", "faults"),
    [
        ('max = "80"', [], ["level.1.max: 分数段重叠:良到80分为止,优从80分开始"]),
        ('max = "80"\nmax_inclusive = false', [], []),
        ('max = "80"', [OPEN], []),
        ('max = "80"\nmax_inclusive = false', [OPEN, ONE_PLACE], [f"level.1.max: 分数段有空缺:良到80分为止,优从80分开始;{LEFT}"]),
        ('below = "80"', [], []),
        ('below = "80"', [OPEN], ["level.1.below: 分数段有空缺:良到80分为止,优从80分开始"]),
        ('below = "80.01"', [], ["level.1.below: 分数段重叠:良到80.01分为止,优从80分开始"]),
        ('max = "79"', [], [f"level.1.max: 分数段有空缺:良到79分为止,优从80分开始;{LEFT}"]),
        ('below = "79"', [], ["level.1.below: 分数段有空缺:良到79分为止,优从80分开始"]),
        ('max = "79"', [WHOLE], []),
        ('max = "79"', [ONE_PLACE], [f"level.1.max: 分数段有空缺:良到79分为止,优从80分开始;{LEFT}"]),
        ('max = "79.9"', [ONE_PLACE], []),
        ('max = "79.8"', [ONE_PLACE], [f"level.1.max: 分数段有空缺:良到79.8分为止,优从80分开始;{LEFT}"]),
        ('below = "79.9"', [ONE_PLACE], ["level.1.below: 分数段有空缺:良到79.9分为止,优从80分开始"]),
        ('max = "79.9"', [OPEN, ONE_PLACE], [f"level.1.max: 分数段有空缺:良到79.9分为止,优从80分开始;{LEFT}"]),
        ('max = "79"', [("decimals = 2", 'decimals = 2\ngaps = "lower"')], []),
        ('max = "81"', [("decimals = 2", 'decimals = 2\ngaps = "lower"')], ["level.1.max: 分数段重叠:良到81分为止,优从80分开始"]),
        ('max = "81"', [(LOWEST, f'{LOWEST}\nmax = "61"')],
         ["level.2.max: 分数段重叠:差到61分为止,良从60分开始", "level.1.max: 分数段重叠:良到81分为止,优从80分开始"]),
    ],
)  # fmt: skip
def test_an_upper_bound_meets_the_next_band(upper_bound: str, more: Slips, faults: list[str]) -> None:
    assert found((MIDDLE, f"{MIDDLE}\n{upper_bound}"), *more) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([('superior = "100"', 'superior = "101"')], ["score.weights: 权重合计101,应为100"]),
        ([('min = "0"\ndecimals', 'min = "100"\ndecimals')], ["score.min: 最低分100不低于满分100"]),
        ([('min = "0"\ndecimals', 'min = "99"\ndecimals')], []),
        ([('max = "60"', 'max = "59.5"')], ["criterion: 各项指标满分合计99.5分,应为100分"]),
        ([('a = "甲"\nb = "乙"\n', ""), ('max = "60"', 'max = "61"')], ["criterion: 各项指标满分合计101分,应为100分"]),
        ([('max = "60"', 'max = "60"\nfields = ["a"]')], ["criterion: 各项指标满分(领域b)合计40分,应为100分"]),
        ([('max = "60"', 'max = "60"\nfields = ["a", "b"]'), ('max = "40"', 'max = "50"\nfields = ["b"]')],
         ["criterion: 各项指标满分(领域a)合计60分,应为100分", "criterion: 各项指标满分(领域b)合计110分,应为100分"]),
        ([('[[criterion]]\ncode = "1"\ntitle = "组织"\nmax = "60"\n', ""), ('[[criterion]]\ncode = "2"\ntitle = "作用"\nmax = "40"\n', "")], []),
        ([('max = "60"', 'max = "60"\nfields = ["a", "c", "b", "d"]'), ('max = "40"', 'max = "40"\nfields = ["a", "b"]')],
         ["criterion.0.fields: 没有声明领域“c”", "criterion.0.fields: 没有声明领域“d”"]),
    ],
)  # fmt: skip
def test_weights_and_criteria_add_up(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


QUARTER, THIRD, TWO_THIRDS = 'ratio = "1/4"', 'ratio = "1/3"', 'ratio = "2/3"'
NONE_AT_THE_TOP = ('ratio = "1/5"', 'ratio = "0"')


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([quota("[2]", "min", QUARTER)], ["quota.1.ratio: 无法满足:至少1/4,而“top”规定至多1/5"]),
        ([("stars = [2]", "stars = [1, 2]"), quota("[1]", "min", QUARTER)], ["quota.1.ratio: 无法满足:至少1/4,而“top”规定至多1/5"]),
        ([NONE_AT_THE_TOP, quota("[2]", "min", 'ratio = "1/100"')], ["quota.1.ratio: 无法满足:至少1/100,而“top”规定至多0"]),
        ([quota("[2]", "min", 'ratio = "1/5"')], []),
        ([quota("[1, 2]", "min", QUARTER)], []),
        ([quota("[2]", "min", "number = 3")], []),
        ([quota("[2]", "target", QUARTER)], []),
        ([quota("[2]", "min", f"{QUARTER}\nof = [1, 2]")], []),
        ([quota("[2]", "min", f'{QUARTER}\nscope = "unit"')], []),
        ([quota("[2]", "min", f'{QUARTER}\nfields = ["a"]')], []),
        ([quota("[2]", "min", 'ratio = "0"')], []),
        ([quota("[0, 1]", "max", 'ratio = "4/5"')], []),
        ([quota("[0, 1]", "max", 'ratio = "3/5"')], ["quota.1.ratio: 无法满足:所有等次的上限合计4/5,不足全部"]),
        ([NONE_AT_THE_TOP, quota("[0, 1]", "max", 'ratio = "0"')], ["quota.1.ratio: 无法满足:所有等次的上限合计0,不足全部"]),
        ([quota("[0, 1]", "max", 'ratio = "3/5"\nscope = "unit"')], []),
        ([quota("[0, 1]", "max", 'ratio = "3/5"\nof = [0, 1]')], []),
        ([quota("[1]", "max", 'ratio = "1/5"')], []),
        ([quota("[0]", "min", TWO_THIRDS), quota("[1]", "min", THIRD, "rest")], []),
        ([quota("[0]", "min", TWO_THIRDS), quota("[1]", "min", TWO_THIRDS, "rest")], ["quota.2.ratio: 无法满足:各项下限合计4/3,超过全部"]),
        ([quota("[0]", "min", TWO_THIRDS), quota("[1]", "min", 'ratio = "1/2"', "rest"), quota("[2]", "min", 'ratio = "1/10"', "few")],
         ["quota.3.ratio: 无法满足:各项下限合计19/15,超过全部"]),
        ([quota("[0]", "min", TWO_THIRDS), quota("[0, 1]", "min", TWO_THIRDS, "rest")], []),
        ([quota("[0]", "min", TWO_THIRDS), quota("[1]", "min", f'{TWO_THIRDS}\nfields = ["b"]', "rest")], []),
        ([quota("[0]", "min", f'{TWO_THIRDS}\nfields = ["b"]'), quota("[1]", "min", f'{TWO_THIRDS}\nfields = ["b"]', "rest")],
         ["quota.2.ratio: 无法满足:各项下限合计4/3,超过全部"]),
    ],
)  # fmt: skip
def test_shares_of_the_same_base_that_nothing_can_meet(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(REVIEW, 'send_back = ["survey", "nowhere", "else"]\nkeep_star = "next"')],
         ["stage.2.send_back: 没有“nowhere”这个环节", "stage.2.send_back: 没有“else”这个环节"]),
        ([(REVIEW, 'keep_star = "elsewhere"\nwithdraw = "rating.survey"')], ["stage.2.keep_star: 没有“elsewhere”这个环节"]),
        ([(REVIEW, 'keep_star = ["approval", "review"]')], []),
        ([('due = "08-10"', 'due = "08-10"\nsend_back = "survey"')], ["stage.5.send_back: 没有“survey”这个环节"]),
        ([('due = "08-10"', 'due = "08-10"\nsend_back = "rating.survey"')], []),
        ([(REVIEW, 'send_back = "review"\nwithdraw = ["approval", "declaration", "review"]')],
         ["stage.2.send_back: “review”不在本环节之前,只能退到前面的环节",
          "stage.2.withdraw: “approval”不在本环节之前,只能退到前面的环节",
          "stage.2.withdraw: “review”不在本环节之前,只能退到前面的环节"]),
        ([('due = "05-05"', 'due = "05-05"\nreject = "rated"')], ["stage.3.reject: “rated”不在本环节之前,只能退到前面的环节"]),
        (['[phase.one]\ndue = "03-01"\ncovers = ["rating.declaration", "rating.survey", "nowhere"]\n'],
         ["phase.one.due: “03-01”与环节rating.survey的截止日“03-20”不一致", "phase.one.covers: 没有“nowhere”这个环节"]),
        (['[phase.one]\ndue = "03-01"\ncovers = ["rating.declaration", "closed"]\n'], ["phase.one.covers: 环节closed没有截止日"]),
        ([f'{RUNG}stages = ["rating.review", "plan", "nowhere", "inspections"]\n'],
         ["rung.0.stages: 没有环节或事项“nowhere”", "rung.0.stages: 没有环节或事项“inspections”"]),
        (['[changes]\napproval_in = ["rating", "third", "recheck"]\n'],
         ["changes.approval_in: 没有“third”这一轮的环节", "changes.approval_in: “recheck”这一轮没有批准环节(approval),星级变了也无人批准"]),
    ],
)  # fmt: skip
def test_a_stage_or_round_that_is_named_is_there_and_in_its_place(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("falls_to", "when", "faults"),
    [
        (1, "", []),
        (2, "", ["stage.4.falls_to: 复审未通过落到2星,不低于须复审的2星"]),
        (3, "", ["stage.4.falls_to: 复审未通过落到3星,不低于须复审的2星", "stage.4.falls_to: 没有“3”这一等次"]),
        (-1, "", ["stage.4.falls_to: 没有“-1”这一等次"]),
        (0, "when = { proposed = [1, 2] }", []),
        (1, "when = { proposed = [1, 2] }", ["stage.4.falls_to: 复审未通过落到1星,不低于须复审的1星"]),
        (1, 'when = [{ proposed = 2 }, { route = "B", proposed = 1 }]', ["stage.4.falls_to: 复审未通过落到1星,不低于须复审的1星"]),
        (1, 'when = { route = "B" }', []),
    ],
)  # fmt: skip
def test_a_star_that_the_city_overturns_falls_below_the_reviewed_ones(
    falls_to: int, when: str, faults: list[str]
) -> None:
    assert found(city(falls_to, when)) == faults


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        ('[plaque]\nstars = [2, 3]\n[site]\nstars = [1, 4]\n[key_management]\nstars = [0, 5]\nreleased_from = 6\n',
         ["plaque.stars: 没有“3”这一等次", "site.stars: 没有“4”这一等次", "key_management.stars: 没有“5”这一等次",
          "key_management.released_from: 没有“6”这一等次"]),
        ("[key_management]\nstars = [0]\nreleased_from = 0\n", []),
        (quota("[2, 4, 5]", "max", "number = 3"), ["quota.1.stars: 没有“4”这一等次", "quota.1.stars: 没有“5”这一等次"]),
        (BONUS + ABSENCE.replace("cap = 1", "cap = 7").replace("unexcused", "commendation"), ["absence.cap: 没有“7”这一等次"]),
        (ELECTION, []),
        (ELECTION.replace("cap = 1", "cap = 8"), ["election.cap: 没有“8”这一等次"]),
        (f"{ELECTION}[election.over_one_year]\ncap = 9\n", ["election.over_one_year.cap: 没有“9”这一等次"]),
        (track("t", "[0, 1, 2, 7]"), ["track.0.stars: 没有“7”这一等次"]),
        (track("t", "[0, 1]"), ["track: 2星没有后续工作"]),
        (track("t", "[1]"), ["track: 0星没有后续工作", "track: 2星没有后续工作"]),
        (track("t", "[0, 1, 2]") + track("u", "[1, 2]"), ["track: 1星不止一类后续工作", "track: 2星不止一类后续工作"]),
    ],
)  # fmt: skip
def test_a_star_that_is_named_is_a_level_and_has_one_track(more: str, faults: list[str]) -> None:
    assert found(more) == faults


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        ('[satisfaction]\ncount = ["satisfied", "great"]\nof = ["satisfied", "awful", "dissatisfied"]\n',
         ["satisfaction.count: 测评表(survey.scale)没有“great”", "satisfaction.of: 测评表(survey.scale)没有“awful”"]),
        ('[satisfaction]\ncount = ["satisfied", "basically_satisfied"]\nof = ["satisfied", "dissatisfied"]\n'
         'weights = { basically_satisfied = "1/2", dissatisfied = "1/4" }\n',
         ["satisfaction.count: “basically_satisfied”算满意,却不在有效票(of)里",
          "satisfaction.weights: “dissatisfied”不算满意(count),不能写只算几分之几"]),
        (ABSENCE, ["absence.event: 加减分项目里没有“unexcused”"]),
        (BONUS + DEDUCTION + COUNTER + ABSENCE, []),
        (BONUS + DEDUCTION + COUNTER + ABSENCE.replace("unexcused", "commendation"), []),
        (BONUS + DEDUCTION + COUNTER + ABSENCE.replace("unexcused", "criticism"), []),
        (BONUS + DEDUCTION + COUNTER + ABSENCE.replace("unexcused", "late"), ["absence.event: 加减分项目里没有“late”"]),
    ],
)  # fmt: skip
def test_a_word_of_another_table_is_known_there(more: str, faults: list[str]) -> None:
    assert found(more) == faults


def test_every_citation_of_every_table_is_compared_with_the_original() -> None:
    scheme = scheme_with(
        ELECTION, "[election.over_one_year]\ncap = 0\n", '[phase.one]\ndue = "03-01"\ncovers = ["x"]\n'
    )

    assert sorted(".".join(map(str, path)) for path, _ in cites(scheme)) == [
        "campaign.cite", "criterion.0.cite", "criterion.1.cite", "election.cite", "election.over_one_year.cite",
        "level.0.cite", "level.1.cite", "level.2.cite", "phase.one.cite", "procedure.cite", "quota.0.cite", "roster.cite",
        "score.cite", *(f"stage.{n}.cite" for n in range(7)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quoted", "missing"),
    [
        ("每年…核定…重新核定 #评星", None),
        ("核定\n重新核定", None),
        ("每年…年底", "年底"),
        ("核定…核定…核定", "核定"),
        ("总则", "总则"),
        ("L23", "L23"),
    ],
)
def test_the_pieces_of_a_quotation_follow_each_other_outside_the_headings(quoted: str, missing: str | None) -> None:
    sound = scheme_with()
    quoting = sound.quota[0].model_copy(update={"cite": Cite(text=quoted)})
    scheme = sound.model_copy(update={"quota": (quoting,)})
    fault: Fault = (("quota", 0, "cite", "text"), f"原文中没有“{missing}”")

    assert citation_faults(scheme, "L1 每年底核定\nL23 重新核定 #评星\n# 总则\n") == ((fault,) if missing else ())
