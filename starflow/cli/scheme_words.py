"""A scheme in plain words: what a clerk would say of it, section by section, each sentence with its rule.

Every sentence is a whole one with holes, so that it can be said in Chinese or in English; what a scheme calls its own things is
said in English where the scheme has an English word for it.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from starflow.cli.scheme_phrases import (
    answer,
    both,
    cited,
    condition,
    figure,
    level,
    listed,
    needs,
    owner,
    roster_field,
    round_word,
    rule,
    span,
)
from starflow.cli.scheme_standing import afterwards, filings, quotas, rungs, survey, unsettled
from starflow.cli.words import say, speaking, told
from workflow.rating.wording import COUNT_WORDS, EACH, EXTENSION_WORDS, OPERATOR_WORDS, event_word, percent, plain

if TYPE_CHECKING:
    from workflow.rating.scheme import Bonus, Deduction, Scheme, Stage
    from workflow.rating.scheme_rules import Component, Effect

Section = tuple[str, tuple[str, ...]]


def in_words(scheme: "Scheme") -> tuple[Section, ...]:
    said = ((title, tuple(speak(scheme))) for title, speak in SECTIONS)
    return tuple((title, sentences) for title, sentences in said if sentences)


def in_chinese(scheme: "Scheme") -> tuple[Section, ...]:
    """As JSON has it, whatever language is spoken."""
    with speaking("zh"):
        return in_words(scheme)


def _about(scheme: "Scheme") -> Iterator[str]:
    about = scheme.scheme
    if about.year_offset:
        yield say("评的是{n}年以前的工作", n=-about.year_offset)
    yield say("时区{zone},节假日历{calendar}", zone=about.zone, calendar=about.calendar)
    if about.text:
        yield say("原文:{file},引文逐字核对", file=about.text)
    if scheme.fields:
        yield say("领域:{fields}", fields=listed(scheme.fields.values()))
    if scheme.bodies:
        yield say("各角色:{bodies}", bodies=listed(f"{owner(role)} {word}" for role, word in scheme.bodies.items()))
    if scheme.roster.min_members:
        yield say("党员不足{n}人的不参评{cite}", n=scheme.roster.min_members, cite=cited(scheme.roster))
    reasons = listed(scheme.roster.exempt_reasons)
    yield say("{root}主持,自己不参评;可以免评的理由:{reasons}", root=scheme.roster.root_kind, reasons=reasons)


def _levels(scheme: "Scheme") -> Iterator[str]:
    for one in scheme.level:
        bound = say("{n}分起", n=plain(one.min)) if one.min is not None and one.min_inclusive else ""
        if one.min is not None and not one.min_inclusive:
            bound = say("{n}分以上(不含)", n=plain(one.min))
        band = bound or say("只凭条件定")
        lead = say(",并须")
        yield f"{level(scheme, one.star)}{say(':')}{band}{needs(scheme, lead, one.needs)}{cited(one)}"
    if scheme.score.gaps != "refuse":
        side = {"lower": "落在两段之间的归下一档{cite}", "upper": "落在两段之间的归上一档{cite}"}[scheme.score.gaps]
        yield say(side, cite=cited(scheme.score))
    if scheme.score.climb == "each":
        yield say("须逐级达标:低一等次没有达到的,高的也不算{cite}", cite=cited(scheme.score))


# ── the procedure and its dates ──────────────────────────────────


def _procedure(scheme: "Scheme") -> Iterator[str]:
    routes = say(";").join(f"{name} {what}" for name, what in scheme.procedure.routes.items())
    yield say("路线:{routes}", routes=routes)
    for one in scheme.procedure.assign:
        whom = say("直接隶属的") if one.direct else say("不是直接隶属的") if one.direct is False else ""
        whose = listed((*([whom] if whom else []), *one.kind, *(roster_field(scheme, name) for name in one.field)))
        yield say("走路线{route}的:{whose}", route=one.route, whose=whose or say("其余的"))
    for number, stage in enumerate(scheme.stage, 1):
        said = say(",").join(_stage(scheme, stage))
        yield f"{number}. {told(stage.title)}({stage.name}){say(':') if said else ''}{said}{cited(stage)}"


def _stage(scheme: "Scheme", stage: "Stage") -> Iterator[str]:
    if stage.when:
        yield say("仅{when}", when=condition(scheme, stage.condition))
    if stage.owner != "clock":
        yield say("{who}办理", who=owner(stage.owner)) + "".join(_but(scheme, stage))
    for template, date_rule in (
        ("目标{when}", stage.target),
        ("截止{when}", stage.due),
        ("{when}起可以办", stage.opens),
    ):
        if date_rule:
            yield say(template, when=rule(date_rule))
    if stage.hour != 24:
        yield say("当天{n}时止", n=stage.hour)
    if stage.min_workdays:
        yield say("至少{n}个工作日", n=stage.min_workdays)
    for template, length in (("公示{length}", stage.period), ("异议{length}内核实", stage.verify)):
        if length:
            yield say(template, length=span(length))
    if stage.until:
        yield say("到{when}", when=rule(stage.until))
    if stage.again:
        yield say("同一轮已公示过的也再公示一次")
    for template, exit_ in EXITS:
        if names := getattr(stage, exit_):
            ways = (names,) if isinstance(names, str) else names
            to = listed(_title(scheme, stage, name) for name in ways)
            falls = level(scheme, stage.falls_to) if stage.falls_to is not None else ""
            onward = ways == ("next",)
            template = "复审未通过的{to}" if onward and exit_ == "overturn_star" else template
            yield say(template, to=say("照常往下走") if onward else to) + (f" → {falls}" if falls else "")


def _title(scheme: "Scheme", stage: "Stage", name: str) -> str:
    """A way back as people call it: a stage by its name, or by its kind within the round."""
    found = (one for one in scheme.stage if name == one.name or (one.round, one.kind) == (stage.round, name))
    return next((told(one.title) for one in found), name)


EXITS = (
    ("可退回{to}", "send_back"),
    ("可撤回到{to}", "withdraw"),
    ("星级不变的{to}", "keep_star"),
    ("异议成立的回到{to}", "uphold_objection"),
    ("不予批准的回到{to}", "reject"),
    ("复审未通过的回到{to}", "overturn_star"),
)


def _but(scheme: "Scheme", stage: "Stage") -> Iterator[str]:
    for but in stage.but:
        lengths = (("target", but.target), ("due", but.due), ("opens", but.opens))
        said = [say("由{who}办理", who=owner(but.owner))] if but.owner else []
        said += [say(BUT[key], when=rule(text)) for key, text in lengths if text]
        said += [say("公示{length}", length=span(but.period))] if but.period else []
        yield say("({when}:{said})", when=condition(scheme, but.condition), said=say(",").join(said))


def _rounds(scheme: "Scheme") -> Iterator[str]:
    """Where there are more or others than rating and recheck: each with the day on which it begins."""
    if not scheme.round:
        return
    begins = scheme.campaign.opens_on
    for before, stage in zip((None, *scheme.stage), scheme.stage, strict=False):
        if stage.round and (before is None or before.round != stage.round):
            yield say("{round}:{when}起", round=round_word(scheme, stage.round), when=rule(begins))
        begins = stage.until or begins


BUT = {"target": "目标{when}", "due": "截止{when}", "opens": "{when}起可以办"}


def _dates(scheme: "Scheme") -> Iterator[str]:
    yield say("开展:{when}{cite}", when=rule(scheme.campaign.opens_on), cite=cited(scheme.campaign))
    if scheme.campaign.every_years > 1:
        yield say("{n}年评一次", n=scheme.campaign.every_years)
    yield from _rounds(scheme)
    if scheme.recheck.opens_on:
        yield say("年底复检:{when}起{cite}", when=rule(scheme.recheck.opens_on), cite=cited(scheme.recheck))
    for phase in scheme.phase.values():
        values = {"when": rule(phase.due), "n": len(phase.covers), "cite": cited(phase)}
        late = "{when}24时截止{n}个环节,逾期照收,记为逾期{cite}"
        yield say(late if phase.after_due == "late" else "{when}24时截止{n}个环节,逾期不收{cite}", **values)
    moved = "截止日逢休息日不顺延;宽限{n}天{cite}"
    if scheme.deadline.weekend_rule != "none":
        moved = "截止日逢休息日顺延到下一个工作日;宽限{n}天{cite}"
    yield say(moved, n=scheme.deadline.grace_days, cite=cited(scheme.deadline))


# ── the score ────────────────────────────────────────────────────


def _formula(scheme: "Scheme") -> Iterator[str]:
    for sheet in scheme.sheet:
        title = both(sheet.title, sheet.title_en)
        parts = [say("评分表“{title}”:{n}分", title=title, n=plain(sheet.max))]
        parts += [say("{n}分达标", n=plain(sheet.pass_line))] if sheet.pass_line is not None else []
        parts += [say("只用于{fields}", fields=listed(sheet.fields))] if sheet.fields else []
        parts += [say("由{who}打分", who=sheet.scorer)] if sheet.scorer else []
        parts += [say("可以不打")] if sheet.optional else []
        yield say(",").join(parts) + cited(sheet)
    for item in scheme.component:
        times = f"×{plain(item.times)}" if item.times != 1 else ""
        limits = [say("不低于{n}", n=plain(item.min))] if item.min is not None else []
        limits += [say("不高于{n}", n=plain(item.max))] if item.max is not None else []
        bounds = "".join(say(",") + one for one in limits)
        yield f"{item.title} = {_of(scheme, item)}{times}{bounds}{cited(item)}"


def _of(scheme: "Scheme", item: "Component") -> str:
    words = listed(figure(scheme, name) for name in item.of)
    return say(FORMULAS[item.op], words=words) if len(item.of) > 1 else words


FORMULAS = {
    "sum": "{words}之和",
    "difference": "{words}依次相减",
    "product": "{words}之积",
    "min": "{words}中最小的",
    "max": "{words}中最大的",
    "average": "{words}的平均",
}


def _score(scheme: "Scheme") -> Iterator[str]:
    for one in scheme.criterion:
        more = listed((*one.fields, *one.sub))
        yield say("{code}. {title}:{n}分", code=one.code, title=one.title, n=plain(one.max)) + (
            f"({more})" if more else ""
        )
    rule_ = scheme.score
    weights = listed(say(WEIGHTS[name], n=plain(weight)) for name, weight in rule_.weights.items())
    yield say("计分:{weights}{cite}", weights=weights, cite=cited(rule_))
    total = figure(scheme, rule_.total) if rule_.total else ""
    span_ = {"low": plain(rule_.min), "high": plain(rule_.max), "n": rule_.decimals}
    yield say("满分{high}分,最低{low}分,分数最多{n}位小数", **span_) + (
        say(";总分取“{total}”", total=total) if total else ""
    )
    if rule_.clamp_top:
        yield say("加分后超过满分的按满分计")
    if rule_.total_decimals is not None:
        yield say(ROUNDINGS[rule_.rounding], n=rule_.total_decimals)
    for template, most in (("加分合计最多{n}分", rule_.bonus_cap), ("扣分合计最多{n}分", rule_.deduction_cap)):
        if most is not None:
            yield say(template, n=plain(most))
    yield say("自评、测评与考评相差超过{n}分的标出来", n=plain(rule_.flag_difference))


WEIGHTS = {"self": "自评{n}%", "survey": "测评{n}%", "superior": "上级考评{n}%"}
ROUNDINGS = {
    "half_up": "总分保留{n}位小数,四舍五入",
    "floor": "总分保留{n}位小数,向下取整",
    "ceil": "总分保留{n}位小数,向上取整",
}


def _bonuses(scheme: "Scheme") -> Iterator[str]:
    for template, table in (
        ("加分·{title}:{points},{how}", scheme.bonus),
        ("扣分·{title}:{points},{how}", scheme.deduction),
    ):
        sign = "+" if table is scheme.bonus else "-"
        for one in table:
            points = listed(f"{_event(scheme, one.events, word)}{sign}{plain(p)}" for word, p in one.points.items())
            how = say("取最高") if one.aggregate == "max" else say("累计")
            yield say(template, title=one.title, points=points, how=how) + "".join(_terms(one)) + cited(one)
    for template, rule_ in (
        ("一件事多处加分的,只加最高的{cite}", scheme.award),
        ("一案多处扣分的,只扣最重的{cite}", scheme.deduct),
    ):
        if rule_.same_case == "max":
            yield say(template, cite=cited(rule_))
    if scheme.criticism.bearer != "named":
        bears = {"top": "只点单位的通报批评,扣单位最上一级{cite}", "all": "通报批评,扣单位全部组织{cite}"}
        yield say(bears[scheme.criticism.bearer], cite=cited(scheme.criticism))


def _terms(one: "Bonus | Deduction") -> Iterator[str]:
    if one.cap is not None:
        yield say(",最多{n}分", n=plain(one.cap))
    if one.window == "months":
        yield say(",评定日以前{n}个月内的", n=12 * one.window_years)
    elif one.window_years > 1:
        yield say(",{n}个年度内的", n=one.window_years)
    if one.multiplier != 1:
        yield say(",按{n}折算", n=plain(one.multiplier))
    if one.evidence:
        yield say(",须附{paper}", paper=one.evidence)
    yield say(",由{who}确认", who=owner(one.confirmed_by))


def _event(scheme: "Scheme", events: tuple[str, ...], word: str) -> str:
    if word == EACH:
        return say("每次")
    return told(event_word("criticism" if "criticism" in events else "", word, scheme.words))


# ── caps, effects ────────────────────────────────────────────────


def _caps(scheme: "Scheme") -> Iterator[str]:
    if (votes := scheme.satisfaction) is not None:
        counted = listed(_in_part(answer(scheme, one), votes.weights.get(one)) for one in votes.count)
        valid = listed(answer(scheme, one) for one in votes.of)
        yield say("满意率:{count} 占 {of} 的比例{cite}", count=counted, of=valid, cite=cited(votes))
        for one in votes.deduct:
            values = {"op": told(OPERATOR_WORDS[one.op]), "n": plain(one.value), "points": plain(one.points)}
            yield say("满意率{op}{n}%扣{points}分{cite}", **values, cite=cited(votes))
        if votes.no_star:
            op = told(OPERATOR_WORDS[votes.no_star.op])
            yield say("满意率{op}{n}%不定星级{cite}", op=op, n=plain(votes.no_star.value), cite=cited(votes))
    yield from _elections(scheme)
    if (away := scheme.absence) is not None:
        values = {
            "often": told(COUNT_WORDS[away.op]),
            "n": away.threshold,
            "what": told(event_word(away.event, EACH, scheme.words)),
        }
        yield say("{what}{often}{n}次的最高{cap}{cite}", **values, cap=level(scheme, away.cap), cite=cited(away))
        if away.downgrade:
            lowered = "{round}时再降{n}个等次"
            first = say(",先降级再封顶") if away.order[0] == "downgrade" else say(",先封顶再降级")
            yield say(lowered, round=round_word(scheme, away.downgrade_round), n=away.downgrade) + first


def _in_part(word: str, weight: Fraction | None) -> str:
    return say("{word}(按{share}计)", word=word, share=percent(weight)) if weight is not None else word


def _elections(scheme: "Scheme") -> Iterator[str]:
    if (term := scheme.election) is None:
        return
    years = listed(say("{kind}{n}年", kind=kind, n=n) for kind, n in term.terms.items())
    spared = listed(told(EXTENSION_WORDS[one]) for one in term.exempt_if)
    but = say("({spared}的除外)", spared=spared) if spared else ""
    values = {"years": years, "cap": level(scheme, term.cap), "but": but, "cite": cited(term)}
    yield say("任期{years};不按期换届的最高{cap}{but}{cite}", **values)
    yield say("到期前{n}个月提醒", n=term.remind_months)
    if longer := term.over_one_year:
        also = say("({spared}的除外)", spared=spared) if longer.exempt and spared else ""
        yield say("超过一年不换届的最高{cap}{but}{cite}", cap=level(scheme, longer.cap), but=also, cite=cited(longer))


def _effects(scheme: "Scheme") -> Iterator[str]:
    for counter in scheme.counter:
        template = "计数“{title}”:{n}个年度内的次数{cite}"
        if counter.period == "consecutive_years":
            template = "计数“{title}”:连续有此事项的年数(最多看{n}年){cite}"
        yield say(template, title=counter.title, n=counter.years, cite=cited(counter))
    for effect in scheme.effect:
        rounds = f"({listed(round_word(scheme, one) for one in effect.rounds)})" if effect.rounds else ""
        values = {
            "title": effect.title + rounds,
            "needs": needs(scheme, "", effect.needs),
            "then": _then(scheme, effect),
        }
        yield say("{title}:{needs}的,{then}{cite}", **values, cite=cited(effect))
    for one in scheme.eligibility:
        keep = say(",已有的不受此限") if one.holders_keep else ""
        values = {"title": one.title, "level": level(scheme, one.star), "needs": needs(scheme, "", one.needs)}
        yield say("{title}:{level}及以上须{needs}{keep}{cite}", **values, keep=keep, cite=cited(one))
    for linked in scheme.linked:
        grades = listed(f"{level(scheme, int(star))} → {grade}" for star, grade in linked.grades.items())
        lead = needs(scheme, say(",并须"), linked.needs)
        yield f"{linked.title}{say(':')}{grades}{lead}{cited(linked)}"


def _then(scheme: "Scheme", effect: "Effect") -> str:
    star = level(scheme, effect.star) if effect.star is not None else ""
    return say(EFFECTS[effect.then], star=star, steps=effect.steps)


EFFECTS = {
    "set": "直接定为{star}",
    "floor": "不低于{star}",
    "cap": "不得高于{star}",
    "minus": "降{steps}个等次",
    "bottom": "直接定为最低等次",
    "no_level": "不定等次",
    "not_rated": "不予评定",
}

SECTIONS = (
    ("概况", _about),
    ("等次", _levels),
    ("办理程序", _procedure),
    ("时间", _dates),
    ("评分表与公式", _formula),
    ("评分", _score),
    ("加分与扣分", _bonuses),
    ("封顶与降级", _caps),
    ("条件与资格", _effects),
    ("名额", quotas),
    ("测评、公示与异议", survey),
    ("材料与备案", filings),
    ("评定以后", afterwards),
    ("提醒与催办", rungs),
    ("待决定", unsettled),
)

Changes = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A section with what is no longer said and what is said instead."""


def difference(before: "Scheme", after: "Scheme") -> tuple[Changes, ...]:
    """Two schemes compared by what they say in words; what is said alike is left out."""
    old, new = dict(in_words(before)), dict(in_words(after))
    compared = ((title, old.get(title, ()), new.get(title, ())) for title, _ in SECTIONS)
    found = ((t, tuple(s for s in a if s not in b), tuple(s for s in b if s not in a)) for t, a, b in compared)
    return tuple(change for change in found if change[1] or change[2])
