"""What each key of a scheme file means, in Chinese and in English, with its unit and an example that the reader accepts.

docs/scheme-format.md, the JSON Schema and the hints of `scheme check` are made of these lines; type and default come from the
model, and so does the meaning where the model itself says it ("Chinese · English"). A test finds a key without a meaning, a
line without a key, and an example that the model would refuse.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from workflow.rating.scheme_model import Entry, entries


@dataclass(frozen=True, slots=True)
class Key:
    """`example` is what stands right of the equals sign; a table has none, its own keys make it up."""

    zh: str = ""
    en: str = ""
    example: str = ""
    unit: str = ""


UNITS: Mapping[str, str] = {
    "分": "points",
    "%": "per cent",
    "天": "days",
    "工作日": "working days",
    "个月": "months",
    "年": "years",
    "小时": "hours",
    "时": "o'clock",
    "人": "persons",
    "票": "ballots",
    "次": "times",
    "个": "organisations",
    "星": "star",
    "位": "digits",
}

SHARED = ("cite", "when", "needs", "any")
"""Tables that stand at many places and mean the same everywhere; their keys are explained once."""

KEYS: Mapping[str, Key] = {
    # ── everywhere
    "cite": Key("出处:这一条规定从哪里来", "where this rule comes from", '{ rule = "R29" }'),
    "cite.rule": Key("规定的编号或条款", "number or clause of the rule", '"R29"'),
    "cite.text": Key(
        "原文,逐字;中间略去的用“…”连接。方案写了原文文件(scheme.text)时逐字核对",
        "the original words; what is left out is marked “…”. Compared with the original where scheme.text names it",
        '"90—100分为五星级"',
    ),
    "when.route": Key("路线是其中之一", "the route is one of these", '["A"]'),
    "when.field": Key("领域是其中之一", "the field is one of these", '["机关"]'),
    "when.star": Key("现有的星级是其中之一", "the star in force is one of these", "[4, 5]", "星"),
    "when.proposed": Key("拟定的星级是其中之一", "the proposed star is one of these", "[5]", "星"),
    "when.changed": Key("拟定的星级与现有的是否不同", "whether the proposed star differs from the one in force", "true"),
    "when.nested": Key("考评者自己是否另有上级考评者", "whether the reviewer stands below another reviewer", "true"),
    "cite.page": Key(example='"第3页"'),
    "cite.url": Key(example='"https://example.org/original"'),
    "cite.note": Key(example='"原文有空缺,按下一档计"'),
    "needs.value": Key(example='"total"'),
    "needs.op": Key(example='">="'),
    "needs.than": Key(example='"80"'),
    "any.value": Key(example='"satisfaction"'),
    "any.op": Key(example='">="'),
    "any.than": Key(example='"60"'),
    # ── what the scheme is
    "scheme": Key("这份方案是什么", "what this scheme is"),
    "scheme.name": Key(
        "名称:小写字母、数字和连字符;与文件名相同", "name: lower-case letters, digits, hyphens; equal to the file's name",
        '"our-town"',
    ),
    "scheme.title": Key("标题", "title", '"某镇党组织星级评定"'),
    "scheme.title_en": Key("英文标题", "title in English", '"Star rating of a town"'),
    "scheme.zone": Key("时区:所有日期都是这个时区的", "time zone of all dates", '"Asia/Shanghai"'),
    "scheme.calendar": Key(
        "用哪一份节假日历算工作日;cn 是随附的国家节假日", "calendar of working days; cn is shipped", '"cn"'
    ),
    "scheme.text": Key(
        "随附的原文文件名;写了就逐字核对每条 cite.text", "a shipped original; every cite.text is compared with it",
        '"regulation-zh.txt"',
    ),
    "scheme.year_offset": Key(
        "评的是哪一年的工作:0 为当年,-1 为上一年", "whose year's work is rated: 0 this year's, -1 the year's before", "0",
        "年",
    ),
    "fields": Key(
        "领域:名册“领域”列里的字 = 显示的字。领域可用在 when、criterion.fields 和名额里",
        "fields: word of the roster = word shown; usable in when, criterion.fields and quotas", '{ "机关" = "机关" }',
    ),
    # ── levels
    "level": Key(
        "等次,每级一张表;先后不限。分数段从本级的下限起,到上一级的下限止",
        "the levels, one table each; a band reaches from its own min to the min of the next level",
    ),
    "level.star": Key(
        "第几级:整数,越大越好;0 是“评了,但没有星级”,与“未评”不同",
        "rank, the higher the better; 0 is “rated without a star”, which is not “unrated”", "5", "星",
    ),
    "level.label": Key("等次的名称", "the level's name", '"五星级"'),
    "level.label_en": Key("英文名称", "its name in English", '"five stars"'),
    "level.min": Key("下限", "lower bound", '"90"', "分"),
    "level.min_inclusive": Key(
        "恰好等于下限的算不算在内", "whether a total equal to the bound belongs to the level", "true"
    ),
    "level.below": Key(
        "上限(不含);可以不写。写了就与上一级的下限核对,有空缺和重叠都会指出",
        "upper bound (excluded); optional. Compared with the next min: gaps and overlaps are faults", '"100.01"', "分",
    ),
    # ── procedure
    "procedure": Key("办理程序的总说明", "the procedure as a whole"),
    "procedure.routes": Key(
        "路线:代码 = 说明。A 是经机关党委、总支等上级考评的,B 是直属的",
        "routes: code = what it is. A is reviewed by a body of its own unit, B stands directly under the root",
        '{ A = "经上级党委", B = "直属" }',
    ),
    "stage": Key(
        "环节,每个一张表,从上往下办:办完一个,转到下面第一个适用的。第一个环节不能有条件",
        "the stages, worked from top to bottom: behind one comes the first below that applies. The first has no condition",
    ),
    "stage.name": Key(
        "名称:轮次.环节。轮次常用 rating(申报创星)和 recheck(年底核星),别的(如四个季度)在 [[round]] 写明叫什么;"
        "两轮之间写 rated(有几个的写 rated_2、rated_3);rated、closed、exempt 不写轮次",
        "round.stage; the rounds are usually rating and recheck, any others (four quarters, say) have a title in [[round]]; "
        "between two rounds stands rated (rated_2, rated_3 where there are several); rated, closed and exempt bear none",
        '"rating.review"',
    ),
    "stage.kind": Key(
        "哪一类环节,见下表;不写则为名称的最后一段", "the kind, see the table below; by default the last part of the name",
        '"declaration"',
    ),
    "stage.title": Key("显示的名称;不写则用这一类环节通常的名称", "its title; every kind has a usual one", '"网上申报"'),
    "stage.when": Key(
        "只在这些情形下停在这个环节,否则跳过", "stop here in these cases only, otherwise pass", "{ proposed = 5 }"
    ),
    "stage.owner": Key(
        "由谁办理:organisation 本组织,superior 上级党组织(直属的即组织部),department 组织部,committee 工委会,city 市委组织部",
        "who must act: organisation, superior (the department for those directly under the root), department, committee, city",
        '"superior"',
    ),
    "stage.but": Key(
        "个别情形下换办理者或期限;取第一张成立的", "another owner or other dates in some cases; the first that holds",
        '[{ when = { proposed = 5 }, owner = "department" }]',
    ),
    "stage.but.when": Key("在这些情形下", "in these cases", "{ proposed = 5 }"),
    "stage.but.owner": Key("换由谁办理", "who acts instead", '"department"'),
    "stage.but.target": Key("换的目标日", "target instead", '"due -3 days"'),
    "stage.but.due": Key("换的截止日", "due instead", '"+5 workdays"'),
    "stage.but.opens": Key(example='"05-01"'),
    "stage.but.period": Key("换的公示期", "period instead", '"5 workdays"'),
    "stage.target": Key(
        "目标日:最好在这一天以前办完;过了亮黄灯", "better done by then; the light turns yellow after it", '"due -5 days"'
    ),
    "stage.due": Key(
        "截止日:这一天24时;过了亮红灯,开始催办", "due: 24:00 of this day; red after it, and escalation begins", '"06-05"'
    ),
    "stage.send_back": Key(
        "退回到哪个前面的环节;写成列表的,办理时选一个", "to which earlier stage it may be sent back; of a list one is chosen",
        '["self_evaluation", "survey"]',
    ),
    "stage.withdraw": Key(
        "考评开始以前,本组织可以撤回到哪个环节", "to which stage the organisation may withdraw before the review begins",
        '"self_evaluation"',
    ),
    "stage.keep_star": Key(
        "星级不变时的去处,只能写 next(照常往下走)", "where an unchanged star leads; only next", '"next"'
    ),
    "stage.uphold_objection": Key(
        "异议成立的,退回到哪个环节", "to which stage an upheld objection leads back", '"review"'
    ),
    "stage.reject": Key("不予批准的,退回到哪个环节", "to which stage a rejection leads back", '"review"'),
    "stage.overturn_star": Key(
        "复审未通过的去处:next(落到 falls_to 的星级,照常往下走)或前面的环节",
        "where an overturned star leads: next (it falls to falls_to), or an earlier stage", '"next"',
    ),
    "stage.falls_to": Key(
        "复审未通过的落到几星;只与 overturn_star = \"next\" 同用", "to which star it falls; with overturn_star = \"next\" only",
        "4", "星",
    ),
    "stage.min_workdays": Key(
        "材料晚到时,办理者至少有几个工作日", "working days that the owner has in any case", "3", "工作日"
    ),
    "stage.period": Key("公示多久:张贴次日为第1天", "how long it hangs, from the day after posting", '"7 days"'),
    "stage.verify": Key("异议须在多久内核实", "within what time an objection must be settled", '"10 workdays"'),
    "stage.until": Key("歇到哪一天;这一天0时开始下面一轮。可写到以后的年份:01-10 next year、06-30 in 2 years",
        "rests until 00:00 of this day, also of a later year", '"12-01"',),
    # ── dates and who takes part
    "campaign": Key("一年的活动", "the year's campaign"),
    "campaign.opens_on": Key("哪一天开展", "the day on which it opens", '"04-15"'),
    "phase": Key(
        "阶段:几个环节共有的截止日,名称自定", "a due date that several stages share, under a name of your own"
    ),
    "phase.*.due": Key(
        "共同的截止日,须与各环节自己的 due 一致", "the common due; the stages' own must agree", '"06-05"'
    ),
    "phase.*.covers": Key("包括哪些环节", "which stages", '["rating.declaration", "rating.review"]'),
    "phase.*.after_due": Key("逾期的:late 照收并记“逾期”,refuse 不收", "after it: late is taken and marked, refuse is not", '"late"'),
    "deadline": Key("截止日的通则", "rules for all dues"),
    "deadline.weekend_rule": Key(
        "截止日不上班的:none 不顺延,next_workday 顺延到下一个工作日",
        "a due on a day off: none stays, next_workday moves to the next working day", '"none"',
    ),
    "deadline.grace_days": Key("截止以后再宽限几天才亮红灯和催办", "days after the due before red and escalation", "0", "天"),
    "roster": Key("谁参加评定", "who is rated"),
    "roster.root_kind": Key("名册里最上面那个组织的类别;它主持评定,自己不参评", "kind of the top organisation, which is not rated", '"市直工委"'),
    "roster.exempt_reasons": Key("可以免评的理由", "reasons for which one may be exempt", '["新成立不足一年", "撤销"]'),
    "roster.min_members": Key("党员少于几人的不参评;0 为不限", "fewer members than this are not rated; 0 is no limit", "3", "人"),
    # ── the score
    "criterion": Key("评分表的一项,每项一张表;各项满分合计须等于 score.max", "a line of the sheet; the maxima sum up to score.max"),
    "criterion.code": Key("编号", "its code", '"1"'),
    "criterion.title": Key("名称", "its title", '"组织健全"'),
    "criterion.max": Key("满分", "its maximum", '"10"', "分"),
    "criterion.sub": Key("细目,只作提示", "details, as a reminder only", '["班子配备", "按期换届"]'),
    "criterion.fields": Key("只用于这些领域;不写则各领域都用", "for these fields only; without it for all", '["机关"]'),
    "score": Key("怎样算分", "how the score is made"),
    "score.max": Key("评分表满分", "maximum of the sheet", '"100"', "分"),
    "score.min": Key("最低分:扣到它以下的按它计", "no total is lower", '"0"', "分"),
    "score.decimals": Key("分数最多几位小数", "decimals that a score may have", "2", "位"),
    "score.flag_difference": Key(
        "自评、测评与考评相差超过几分的,标出来",
        "self-evaluation or survey further from the review than this is flagged", '"10"', "分",
    ),
    "score.weights": Key(
        "自评 self、测评 survey、上级考评 superior 各占百分之几,合计100",
        "shares of self, survey and superior in per cent; together 100", '{ self = "0", survey = "0", superior = "100" }', "%",
    ),
    "score.clamp_top": Key("加分后超过满分的:true 按满分计,false 照实计", "a total above the maximum: true cuts it, false keeps it", "false"),
    "bonus": Key("加分的一项", "something that brings points"),
    "bonus.code": Key("编号", "its code", '"item1"'),
    "bonus.title": Key("名称", "its title", '"受表彰"'),
    "bonus.events": Key(
        "登记的哪些事项算在这一项:commendation 表彰,article 署名文章,innovation 创新推广,或自定的词",
        "which registered events count here: commendation, article, innovation, or words of your own", '["commendation"]',
    ),
    "bonus.points": Key(
        "每级加几分:city 市级,province 省级,nation 国家级,或自定的词;不分级的写 each",
        "points by level: city, province, nation or words of your own; each where there are no levels",
        '{ city = "3", province = "5", nation = "8" }', "分",
    ),
    "bonus.aggregate": Key("几次的:max 取最高一次,sum 累计", "several: max counts the highest, sum adds them", '"max"'),
    "bonus.cap": Key("这一项最多加几分", "at most so many points", '"8"', "分"),
    "bonus.window": Key(
        "哪段时间的算:calendar_year 所评年度内的,months 评定日以前12个月内的",
        "which time counts: calendar_year, the rated year; months, the twelve months before the day of the rating", '"months"',
    ),
    "deduction": Key("扣分的一项", "something that costs points"),
    "deduction.code": Key("编号", "its code", '"criticism"'),
    "deduction.title": Key("名称", "its title", '"受通报批评"'),
    "deduction.events": Key(
        "登记的哪些事项算在这一项:criticism 通报批评,discipline 处分,unexcused 无故缺席,或自定的词",
        "which registered events count here: criticism, discipline, unexcused, or words of your own", '["criticism"]',
    ),
    "deduction.points": Key(
        "每级扣几分(写正数);不分级的写 each", "points by level, as positive numbers; each where there are no levels",
        '{ work_committee = "3", city = "5" }', "分",
    ),
    "deduction.aggregate": Key("几次的:sum 累计,max 取最重一次", "several: sum adds them, max counts the heaviest", '"sum"'),
    "deduction.cap": Key("这一项最多扣几分", "at most so many points", '"20"', "分"),
    "deduction.window": Key(
        "哪段时间的算:calendar_year 所评年度内的,months 评定日以前12个月内的",
        "which time counts: calendar_year, the rated year; months, the twelve months before the day of the rating", '"months"',
    ),
    "deduct": Key("扣分的通则", "rules for all deductions"),
    "deduct.same_case": Key(
        "同一案件几处扣分的:sum 都扣,max 只扣最重的",
        "one affair, several deductions: sum counts all, max the heaviest", '"sum"',
    ),
    "satisfaction": Key("群众满意率及其后果", "satisfaction and what it costs"),
    "satisfaction.count": Key("哪些票算满意", "which answers are satisfied", '["satisfied", "basically_satisfied"]'),
    "satisfaction.of": Key("占哪些票的比例", "of which answers", '["satisfied", "basically_satisfied", "dissatisfied"]'),
    "satisfaction.deduct": Key(
        "满意率低的扣分;几条都成立的,只扣最重的", "points that a low satisfaction costs; of several the dearest",
        '[{ op = "<", value = "60", points = "5" }]',
    ),
    "satisfaction.deduct.op": Key("满意率与 value 怎样比:<、<=、>、>=", "how it is compared with value", '"<"'),
    "satisfaction.deduct.value": Key("满意率", "satisfaction", '"60"', "%"),
    "satisfaction.deduct.points": Key("扣几分", "points deducted", '"5"', "分"),
    "satisfaction.no_star": Key("满意率低到这里的不定星级(0星)", "no star (star 0) where it is as low as this", '{ op = "<", value = "50" }'),
    "satisfaction.no_star.op": Key("满意率与 value 怎样比:<、<=、>、>=", "how it is compared with value", '"<"'),
    "satisfaction.no_star.value": Key("满意率", "satisfaction", '"50"', "%"),
    "satisfaction.min_cell": Key("少于几票的不显示数字,以免认出人来", "with fewer ballots no figures are shown", "5", "票"),
    # ── caps
    "election": Key("换届:逾期的限制星级", "elections: overdue ones cap the star"),
    "election.terms": Key("各类组织的任期:类别 = 年数", "terms by kind of organisation", '{ "党支部" = 3 }', "年"),
    "election.remind_months": Key("到期前几个月提醒", "months before the due date when a reminder is sent", "6", "个月"),
    "election.cap": Key("逾期的最高几星", "highest star while overdue", "4", "星"),
    "election.exempt_if": Key(
        "有这些情形的不限制:requested 已请示,approved 延期获批准",
        "not capped where the extension is requested or approved", '["approved"]',
    ),
    "election.over_one_year": Key("超过一年的", "overdue by more than a year", '{ cap = 3, cite = { rule = "R43" } }'),
    "election.over_one_year.cap": Key("最高几星", "highest star", "3", "星"),
    "election.over_one_year.exempt": Key("exempt_if 的情形在这里是否也不限制", "whether exempt_if holds here too", "false"),
    "absence": Key("多次无故缺席的限制", "what repeated absence costs"),
    "absence.event": Key("数哪一种登记的事项", "which registered event is counted", '"unexcused"'),
    "absence.threshold": Key("次数", "how often", "3", "次"),
    "absence.op": Key("怎样比:>= 达到,> 超过", "how it is compared: >= reached, > exceeded", '">="'),
    "absence.cap": Key("最高几星", "highest star", "4", "星"),
    "absence.downgrade": Key("再降几级", "levels it is lowered besides", "1", "星"),
    "absence.downgrade_round": Key("在哪一轮降", "in which round", '"recheck"'),
    "absence.order": Key("先算哪一样:downgrade 降级,caps 封顶", "which comes first: downgrade or caps", '["downgrade", "caps"]'),
    # ── quotas
    "quota": Key("名额:某些星级至多或至少占多少。等次仍由分数定,绝不自动降级", "a share of some stars; bands still decide, nobody is demoted by it"),
    "quota.code": Key("编号", "its code", '"five_star"'),
    "quota.title": Key("名称", "its title", '"五星级名额"'),
    "quota.stars": Key("管哪些星级", "which stars it counts", "[5]", "星"),
    "quota.op": Key("max 至多,min 至少,target 约为(上下可差 tolerance)", "max at most, min at least, target about (within tolerance)", '"max"'),
    "quota.ratio": Key("占参评总数的几分之几:写成分数", "share of those rated, as a fraction", '"1/10"'),
    "quota.scope": Key("在什么范围里算:all 全部,unit 每个直属单位,field 每个领域", "counted over all, per unit or per field", '"all"'),
    "quota.round": Key("不是整数的:floor 舍去,half_up 四舍五入,ceil 进一", "rounding: floor, half_up, ceil", '"floor"'),
    "quota.min_count": Key("至少几个,不论比例", "never fewer than this, whatever the ratio", "0", "个"),
    "quota.hard": Key("true 不得超出,false 记明理由可以超出", "true cannot be exceeded, false may with a recorded reason", "false"),
    "quota.resolution": Key(
        "超出的怎么办:warn 提请会议决定,rank_cut 按排名截止(只用于 max)",
        "when exceeded: warn leaves it to the sitting, rank_cut cuts by rank (only with max)", '"warn"',
    ),
    # ── survey, review, publicity, objection
    "survey": Key("党员群众测评", "the survey of members and masses"),
    "survey.quorum": Key("党员参与率不低于几分之几", "share of members who must take part", '"4/5"'),
    "survey.base": Key(
        "参与率以什么为总数:all 全部党员(名册上的),formal 正式党员,available 能到会的;后两种备案时填写人数(members_due)",
        "of which members: all (as on the roster), formal, available; of the latter two the filing says how many (members_due)",
        '"formal"',
    ),
    "survey.count": Key(
        "按什么计:ballots 收到的票,attended 到会的党员(备案时填写 attended)",
        "counted by ballots, or by the members who came (the filing says attended)", '"attended"',
    ),
    "survey.hard": Key(
        "不足的:true 不能上报(上级认可说明的除外),false 只提示",
        "short of it: true blocks (unless excused), false only warns", "true",
    ),
    "survey.masses_min": Key("群众至少几人", "masses who must take part at least", "1", "人"),
    "survey.masses_warn_below": Key("群众少于几人的提示", "a warning below this", "5", "人"),
    "survey.scale": Key("票上的几档", "the answers on the ballot", '["satisfied", "basically_satisfied", "dissatisfied", "unknown"]'),
    "survey.anonymous": Key("一律不记名,只能是 true", "ballots bear no name: only true", "true"),
    "survey.min_cell": Key("少于几票的不分项显示", "with fewer ballots no breakdown is shown", "5", "票"),
    "review": Key("考评", "the review"),
    "review.verification": Key(
        "核查方式可填哪些:full 普查,sampled 抽中,not_sampled 未抽中",
        "what may be recorded: full, sampled, not_sampled", '["full", "sampled", "not_sampled"]',
    ),
    "route": Key("路线的通则", "rules for the routes"),
    "route.a_confirm_by_top": Key(
        "总支考评的是否再经机关党委确认;只能是 false,要确认就加一个环节",
        "only false: a confirmation is a stage of its own", "false",
    ),
    "publicity": Key("公示", "publicity"),
    "publicity.post_within": Key("进入公示环节后多久内张贴", "to be posted within this time", '"+2 workdays"'),
    "publicity.holiday_extend": Key(
        "最后一天:festival 是法定节日的顺延,rest_day 不上班的都顺延,none 不顺延",
        "last day: festival moves off statutory festivals, rest_day off any day off, none stays", '"festival"',
    ),
    "publicity.scope_text": Key("在什么范围公示,印在公示上", "where it is shown; printed on the notice", '"本单位全体党员、群众"'),
    "objection": Key("异议", "objections"),
    "objection.anonymous_ok": Key("是否收不署名的", "whether anonymous ones are taken", "true"),
    "objection.restart_publicity": Key("重新公示的条件:star_changed 星级改变的", "when it is posted anew: star_changed", '"star_changed"'),
    "objection.handler": Key("由谁核实", "who settles it", '"department"'),
    # ── after the rating
    "changes": Key("晋星、减星", "promotion and demotion"),
    "changes.approval_in": Key("在哪几轮须经批准", "in which rounds it needs approval", '["recheck"]'),
    "recheck": Key("年底复检核星", "the recheck"),
    "round.name": Key(example='"q1"'),
    "round.title": Key(example='"第一季度"'),
    "round.title_en": Key(example='"first quarter"'),
    "recheck.opens_on": Key("哪一天开始,与 rated 环节的 until 相同", "when it begins; equal to the until of rated", '"12-01"'),
    "track": Key("后续工作的一类;写了就每个星级都须归入一类", "a kind of follow-up; if there are any, every star has one"),
    "track.code": Key("编号", "its code", '"improve"'),
    "track.title": Key("名称", "its title", '"提升一般"'),
    "track.stars": Key("哪些星级", "for which stars", "[2, 3, 4]", "星"),
    "track.plan": Key(example='"+20 days"'),
    "track.rectify": Key(example='"+180 days"'),
    "track.accept_from": Key(example='"70"', unit="分"),
    "track.dissatisfied_below": Key(example='"1/2"'),
    "plan": Key("年度晋位争星方案", "the yearly plan"),
    "plan.due": Key("定星后多久内上报;不写则不要", "due after the star was set; none without it", '"+30 days"'),
    "ledger": Key("整改台账", "the ledger of things to mend"),
    "ledger.closed_by": Key("由谁确认销号", "who signs items off", '"superior"'),
    "rectification": Key("限期整改", "rectification"),
    "rectification.due": Key("立项后多久内完成", "time to finish", '"+30 days"'),
    "plaque": Key("授牌", "plaques"),
    "plaque.stars": Key("授给哪些星级;降星时收回", "for which stars; taken back on demotion", "[5]", "星"),
    "site": Key("示范点", "demonstration sites"),
    "site.stars": Key("从哪些星级中选", "chosen among these stars", "[5]", "星"),
    "key_management": Key("重点管理(软弱涣散)", "key management of the weak"),
    "key_management.stars": Key("哪些星级列入", "which stars are put under it", "[0, 1]", "星"),
    "key_management.released_from": Key("重新评到几星才解除", "released when rated this star again", "2", "星"),
    "implementation_plan": Key("直属单位的实施方案", "the units' implementation plans"),
    "implementation_plan.due": Key("开展后多久内上报;不写则不要", "due after the opening; none without it", '"+15 days"'),
    "criticism": Key("通报批评扣谁的分", "whom a criticism costs points"),
    "criticism.bearer": Key(
        "只点了单位的,扣谁:named 点名的组织,没有则单位最上一级;top 最上一级;all 单位全部组织",
        "named the organisation named, else the unit's top; top the unit's top; all every one of the unit", '"named"',
    ),
    # ── reminders
    "rung": Key("提醒与催办的一级,每级一张表", "a step of reminders and escalation"),
    "rung.name": Key("名称,记录里显示", "its name in the records", '"e3"'),
    "rung.days": Key(
        "第几天,负数为之前;从截止日起算的,0 是此后第一个早晨即逾期第1天,4 是逾期第5天",
        "days from the base, negative before it; from the due 0 is the first morning after, that is the first day overdue, and 4 the fifth", "3", "天"
    ),
    "rung.counts_from": Key(
        "target 从目标日起算(提醒),due 从截止日加宽限起算(催办)",
        "target for reminders, due (with grace) for escalation", '"due"',
    ),
    "rung.recipients": Key(
        "送给谁:owner 办理者,superior 上级,department 组织部,leader 单位分管领导",
        "to whom: owner, superior, department, leader", '["owner", "superior"]',
    ),
    "rung.stages": Key(example='["rating.review"]'),
    "rung.document": Key("附什么文书;不写则只是一条消息", "which document goes with it; without it only a message", '"督办单"'),
    "reminder": Key("提醒的通则", "rules for all reminders"),
    "reminder.hour": Key("几点送出", "hour at which they are sent", "9", "时"),
    "reminder.nudge_cooldown_hours": Key("人工催办,同一对象至少隔几小时", "hours between two nudges of the same", "24", "小时"),
    "reminder.max_age_days": Key("停机后,过时几天的提醒不再送", "older ones are not sent after a downtime", "14", "天"),
    "retention": Key("个人信息保存多久", "how long personal details are kept"),
    "retention.details_years": Key("流转记录的明细", "details of the records", "10", "年"),
    "retention.objections_years": Key("异议的内容", "texts of objections", "3", "年"),
    "retention.notice_addresses_years": Key("消息的地址", "addresses of messages", "1", "年"),
    # ── sheets, formula, conditions: the meaning stands in the model
    "level.alias": Key(example='"好"'),
    "level.alias_en": Key(example='"good"'),
    "level.max": Key(example='"100"', unit="分"),
    "procedure.assign.route": Key(example='"B"'),
    "procedure.assign.kind": Key(example='["机关党委"]'),
    "procedure.assign.field": Key(example='["机关"]'),
    "stage.opens": Key(example='"03-10"'),
    "stage.hour": Key(example="18", unit="时"),
    "campaign.every_years": Key(example="1", unit="年"),
    "bodies": Key(example='{ department = "人力资源部" }'),
    "words": Key(example='{ article = "署名文章" }'),
    "sheet.code": Key(example='"culture"'),
    "sheet.title": Key(example='"文明新风"'),
    "sheet.title_en": Key(example='"Civility"'),
    "sheet.max": Key(example='"100"', unit="分"),
    "sheet.fields": Key(example='["机关"]'),
    "sheet.star": Key(example="4", unit="星"),
    "sheet.pass_line": Key(example='"80"', unit="分"),
    "sheet.scorer": Key(example='"文明办"'),
    "linked.code": Key(example='"secretary"'),
    "linked.title": Key(example='"书记个人等次"'),
    "linked.grades": Key(example='{ "1" = "合格", "2" = "优秀" }'),
    "linked.otherwise": Key(example='"基本合格"'),
    "criterion.sheet": Key(example='"culture"'),
    "component.code": Key(example='"work"'),
    "component.title": Key(example='"工作分"'),
    "component.of": Key(example='["superior", "deduction"]'),
    "component.times": Key(example='"0.7"'),
    "component.min": Key(example='"0"', unit="分"),
    "component.max": Key(example='"100"', unit="分"),
    "score.total": Key(example='"work"'),
    "score.total_decimals": Key(example="1", unit="位"),
    "score.bonus_cap": Key(example='"10"', unit="分"),
    "score.deduction_cap": Key(example='"20"', unit="分"),
    "bonus.window_years": Key(example="5", unit="年"),
    "bonus.multiplier": Key(example='"0.5"'),
    "bonus.evidence": Key(example='"表彰文件"'),
    "deduction.window_years": Key(example="1", unit="年"),
    "deduction.multiplier": Key(example='"1"'),
    "deduction.evidence": Key(example='"通报文件"'),
    "counter.code": Key(example='"absences"'),
    "counter.title": Key(example='"无故缺席"'),
    "counter.events": Key(example='["unexcused"]'),
    "counter.levels": Key(example='["each"]'),
    "counter.years": Key(example="1", unit="年"),
    "effect.code": Key(example='"low_satisfaction"'),
    "effect.title": Key(example='"满意率低于60%"'),
    "effect.star": Key(example="2", unit="星"),
    "effect.steps": Key(example="1"),
    "effect.rounds": Key(example='["recheck"]'),
    "eligibility.star": Key(example="5", unit="星"),
    "eligibility.title": Key(example='"连续两年四星"'),
    "quota.number": Key(example="20", unit="个"),
    "quota.years": Key(example='{ "2027" = "1/5" }'),
    "quota.tolerance": Key(example='"1/50"'),
    "quota.fields": Key(example='["机关"]'),
    "quota.of": Key(example="[4, 5]", unit="星"),
    "quota.tie_break": Key(example='["satisfaction", "meeting"]'),
    "survey.channels": Key(example='["meeting", "phone"]'),
    "survey.labels": Key(example='{ unknown = "不了解" }'),
    "satisfaction.weights": Key(example='{ basically_satisfied = "4/5" }'),
    "survey.masses_quorum": Key(example='"1/10"'),
    "changes.max_up": Key(example="1"),
    "changes.max_down": Key(example="2"),
    "changes.first_max": Key(example="3", unit="星"),
    "attachment.stage": Key(example='"rating.review"'),
    "attachment.title": Key(example='"党建述职评议结果"'),
    "attachment.when": Key(example="{ proposed = 5 }"),
    "filing.code": Key(example='"top_list"'),
    "filing.title": Key(example='"五星名单"'),
    "filing.after": Key(example='"rating.approval"'),
    "filing.to": Key(example='["department"]'),
    "filing.also_to": Key(example='["区级机关工委"]'),
    "filing.when": Key(example="{ proposed = 5 }"),
    "assumed": Key(example='{ "score.flag_difference" = "10" }'),
    "example.title": Key(example='"恰好60分"'),
    "example.round": Key(example='"rating"'),
    "example.rated_on": Key(example="2027-06-01"),
    "example.year": Key(example="2027", unit="年"),
    "example.field": Key(example='"机关"'),
    "example.base": Key(example='"60"', unit="分"),
    "example.scores": Key(example='{ culture = "88" }', unit="分"),
    "example.self_score": Key(example='"90"', unit="分"),
    "example.events.code": Key(example='"commendation"'),
    "example.events.on": Key(example="2027-03-01"),
    "example.events.level": Key(example='"city"'),
    "example.events.case": Key(example='"3月案件"'),
    "example.satisfaction.satisfied": Key(example="88", unit="票"),
    "example.satisfaction.valid": Key(example="100", unit="票"),
    "example.election.due_on": Key(example="2027-03-01"),
    "example.election.held_on": Key(example="2027-02-20"),
    "example.held": Key(example="4", unit="星"),
    "example.history": Key(example='{ "2026" = 4 }', unit="星"),
    "example.founded_on": Key(example="2020-07-01"),
    "example.members": Key(example="12", unit="人"),
    "example.claimed": Key(example="5", unit="星"),
    "example.target": Key(example="5", unit="星"),
    "example.expect.star": Key(example="1", unit="星"),
    "example.expect.total": Key(example='"60"', unit="分"),
}  # fmt: skip


@cache
def key_of(path: str) -> Key | None:
    """What is said of a dotted path; a shared table is explained once, wherever it stands. None: nothing is said."""
    line, entry = line_of(path), entries().get(path)
    own = KEYS[line] if line else None
    zh, _, en = ((entry.field.description if entry else None) or "").partition(" · ")
    if own is None and not zh:
        return None
    own = own or Key()
    return Key(own.zh or zh, own.en or en, own.example or (_choice(entry) if entry else ""), own.unit)


def line_of(path: str) -> str | None:
    """The path under which KEYS speaks of a key."""
    return next((line for line in (path, _shared(path)) if line in KEYS), None)


def _shared(path: str) -> str:
    parts = path.split(".")
    at = next((n for n in reversed(range(len(parts))) if parts[n] in SHARED), 0)
    return ".".join(parts[at:])


def _choice(entry: Entry) -> str:
    """Where there is a closed choice, an example makes itself: what is not the default."""
    choices = tuple(choices_of(entry.field.annotation))
    default = entry.field.default
    found = next((one for one in choices if one != default), choices[0] if choices else None)
    if found is None:
        return ""
    return str(found).lower() if isinstance(found, bool) else f'"{found}"'


def choices_of(annotation: Any) -> Iterator[Any]:
    """The values of a closed choice, in the order of the model."""
    if annotation is bool:
        yield from (True, False)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) not in (tuple, Mapping):
        for inner in get_args(annotation):
            yield from choices_of(inner)
