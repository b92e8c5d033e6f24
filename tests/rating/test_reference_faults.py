"""What a rule refers to, and cannot: papers, filings, counters, calendars, ties and dates counted from other stages."""

import pytest

from tests.rating.slips import BONUS, COUNTER, DEDUCTION, Slips, found, quota
from tests.rating.test_rule_faults import GRADES, NO_CRITERIA, effect, linked, sheet

PUBLICITY = '[[stage]]\nname = "rating.publicity"\nowner = "department"\nperiod = "5 days"\nverify = "5 workdays"\n'
RATED = '[[stage]]\nname = "rated"'
MAX, SURVEY, REVIEW, APPROVAL = 'op = "max"', 'due = "03-20"', 'due = "04-10"', 'due = "05-05"'
BOTH = COUNTER.replace('"unexcused"', '"criticism", "commendation"')
COMPARABLE = "可比satisfaction、turnout、members、held、superior、self、lowest_sheet、sheet、criterion"
NO_CUT = "按排名截止(rank_cut)只用于至多(op = max):另写一项 max 的名额,这一项写 warn"
NO_DRAW = "抽签(draw)只用于至多(op = max):至少和约为的没有名额可抽,写 meeting"


def paper(stage: str) -> str:
    return f'[[attachment]]\nstage = "{stage}"\ntitle = "材料"\n'


def but(key: str, date: str) -> str:
    """Another date for some."""
    return (
        f'but = [{{ when = {{ route = "A" }}, {key} = "{date}" }}, {{ when = {{ route = "B" }}, owner = "superior" }}]'
    )


def filing(code: str, after: str) -> str:
    return f'[[filing]]\ncode = "{code}"\ntitle = "备案"\nafter = "{after}"\nto = "city"\n'


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([*map(paper, ("rating.review", "review", "rated", "closed", "rating.publicity")), (RATED, PUBLICITY + RATED)],
         ["attachment.1.stage: 没有“review”这个环节", "attachment.2.stage: “rated”环节没有人交材料",
          "attachment.3.stage: “closed”环节没有人交材料", "attachment.4.stage: “rating.publicity”环节没有人交材料"]),
        ([filing("f", "rating.review"), filing("g", "rating"), filing("h", "closed"), filing("i", "rated")],
         ["filing.1.after: 没有“rating”这个环节", "filing.2.after: “closed”是终点,没有办完的时候"]),
        ([BONUS, DEDUCTION, f'{BOTH}levels = ["each", "city"]\n'], ["counter.0.levels: 没有级别“city”"]),
        ([BONUS.replace("each", "city"), DEDUCTION, f'{BOTH}levels = ["each", "city", "province"]\n'], ["counter.0.levels: 没有级别“province”"]),
        ([BONUS.replace("each", "city"), DEDUCTION, COUNTER.replace("unexcused", "commendation") + 'levels = ["each", "city"]\n'],
         ["counter.0.levels: 没有级别“each”"]),
        ([BONUS, DEDUCTION, f'{COUNTER}levels = ["nation"]\n'], []),
        ([COUNTER * 2, effect("bottom") * 2, linked("k", GRADES) * 2, filing("f", "rated") * 3],
         ["counter.1.code: “c”写了两次", "effect.1.code: “e”写了两次", "linked.1.code: “k”写了两次",
          "filing.1.code: “f”写了两次", "filing.2.code: “f”写了两次"]),
        ([('"weekends"', '"cn"')], []),
        ([('"weekends"', '"moon"')], ["scheme.calendar: 没有“moon”这份节假日历,可写cn,或不计节假日的weekends"]),
    ],
)  # fmt: skip
def test_what_a_rule_refers_to_is_there(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(MAX, f'{MAX}\ntie_break = ["satisfaction", "-members", "criterion.1", "held", "draw"]')], []),
        ([(MAX, f'{MAX}\ntie_break = ["sheet.s", "lowest_sheet"]'), NO_CRITERIA, sheet("s", "100")], []),
        ([(MAX, f'{MAX}\ntie_break = ["draw", "meeting"]')], ["quota.0.tie_break: draw之后不能再比,应写在最后"]),
        ([(MAX, f'{MAX}\ntie_break = ["meeting", "self"]')], ["quota.0.tie_break: meeting之后不能再比,应写在最后"]),
        ([(MAX, f'{MAX}\ntie_break = ["self", "total", "-age_months", "nothing", "criterion.9"]')],
         [f"quota.0.tie_break: 同分时不能比“{name}”,{COMPARABLE}" for name in ("total", "age_months", "nothing", "criterion.9")]),
        ([(MAX, f'{MAX}\nfields = ["a", "c", "d"]')], ["quota.0.fields: 没有声明领域“c”", "quota.0.fields: 没有声明领域“d”"]),
        ([(MAX, f'{MAX}\nyears = {{ 2027 = "1/4", 27 = "1/4", abcd = "1/5", 20271 = "1/5" }}')],
         ["quota.0.years: “27”不是年度", "quota.0.years: “abcd”不是年度", "quota.0.years: “20271”不是年度"]),
        ([quota("[2]", "max", 'number = 1\nresolution = "rank_cut"\ntie_break = ["draw"]'),
          quota("[2]", "target", 'number = 1\nresolution = "rank_cut"', "about"), quota("[2]", "min", 'number = 1\ntie_break = ["draw"]', "least")],
         [f"quota.2.resolution: {NO_CUT}", f"quota.3.tie_break: {NO_DRAW}"]),
    ],
)  # fmt: skip
def test_equals_are_told_apart_by_what_can_be_compared(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults


@pytest.mark.parametrize(
    ("slips", "faults"),
    [
        ([(SURVEY, 'due = "rating.declaration +10 days"')], []),
        ([(SURVEY, 'due = "opening +10 days"')], []),
        ([(SURVEY, 'due = "nowhere +10 days"')], ["stage.1.due: 没有“nowhere”这个环节,可写opening或环节全名"]),
        ([(SURVEY, 'due = "rating.survey +10 days"')], ["stage.1.due: rating.survey、rating.survey互相推算:循环引用"]),
        ([(SURVEY, 'due = "rating.review +10 days"'), (REVIEW, 'due = "rating.survey +3 days"')],
         ["stage.1.due: rating.survey、rating.review、rating.survey互相推算:循环引用",
          "stage.2.due: rating.review、rating.survey、rating.review互相推算:循环引用"]),
        ([(SURVEY, 'due = "rating.review +10 days"'), (REVIEW, 'due = "rating.approval +30 days"'), (APPROVAL, 'due = "+5 days"')],
         ["stage.1.due: “rating.approval”没有固定的截止日,不能由它推算", "stage.2.due: “rating.approval”没有固定的截止日,不能由它推算"]),
        ([(SURVEY, 'due = "rated +10 days"')], ["stage.1.due: “rated”没有固定的截止日,不能由它推算"]),
        ([(SURVEY, f'{SURVEY}\nopens = "rating.survey +1 days"\ntarget = "rating.declaration +2 days"')], []),
        ([(SURVEY, 'due = "+20 days"\nopens = "+5 days"\ntarget = "rating.survey +2 days"')],
         ["stage.1.target: “rating.survey”没有固定的截止日,不能由它推算"]),
        ([(SURVEY, f'{SURVEY}\n{but("opens", "nowhere +1 days")}')], ["stage.1.but.0.opens: 没有“nowhere”这个环节,可写opening或环节全名"]),
        ([(SURVEY, f'{SURVEY}\n{but("due", "rating.survey +9 days")}')], []),
        ([(SURVEY, f'due = "+9 days"\n{but("due", "rating.survey +9 days")}')], ["stage.1.but.0.due: “rating.survey”没有固定的截止日,不能由它推算"]),
        ([(SURVEY, f'{SURVEY}\nopens = "there +1 days"\ntarget = "here +2 days"')],
         ["stage.1.target: 没有“here”这个环节,可写opening或环节全名", "stage.1.opens: 没有“there”这个环节,可写opening或环节全名"]),
        ([(SURVEY, 'opens = "rating.review +1 days"'), (REVIEW, 'due = "rating.review +2 days"')],
         ["stage.1.opens: rating.review、rating.review互相推算:循环引用", "stage.2.due: rating.review、rating.review互相推算:循环引用"]),
    ],
)  # fmt: skip
def test_a_date_counted_from_another_stage_ends_at_a_fixed_day(slips: Slips, faults: list[str]) -> None:
    assert found(*slips) == faults
