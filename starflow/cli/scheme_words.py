"""A scheme in plain words: what a clerk would say of it, section by section, each sentence with its rule."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starflow.cli.words import ROLES
from workflow.rating.figures import all_names
from workflow.rating.wording import (
    COUNT_WORDS,
    EACH,
    EXTENSION_WORDS,
    OPERATOR_WORDS,
    ROUND_WORDS,
    event_word,
    joined,
    percent,
    plain,
    rule_in_words,
    span_in_words,
)

if TYPE_CHECKING:
    from workflow.engine.table import When
    from workflow.rating.scheme import Quota, Scheme, Stage
    from workflow.rating.scheme_rules import Component, Needs

OWNERS = ROLES
FACTS = {
    "route": "路线",
    "field": "领域",
    "star": "现星级",
    "proposed": "拟定",
    "changed": "变星",
    "nested": "多级考评",
}
Section = tuple[str, tuple[str, ...]]


def in_words(scheme: "Scheme") -> tuple[Section, ...]:
    said = ((title, tuple(speak(scheme))) for title, speak in SECTIONS)
    return tuple((title, sentences) for title, sentences in said if sentences)


def _levels(scheme: "Scheme") -> Iterator[str]:
    for level in scheme.level:
        bound = "起" if level.min_inclusive else "以上(不含)"
        band = f"{plain(level.min)}分{bound}" if level.min is not None else "只凭条件定"
        yield f"{level.label}:{band}{_needs(scheme, ',并须', level.needs)}{_cited(level)}"


def _needs(scheme: "Scheme", lead: str, needs: "Needs") -> str:
    known = all_names(scheme)
    said = [
        "或".join(f"{known.get(one.value, one.value)}{WITH[one.op]}{plain(one.than)}" for one in need.alternatives)
        for need in needs
    ]
    return f"{lead}{'且'.join(said)}" if said else ""


WITH = {**OPERATOR_WORDS, "=": "等于"}


def _formula(scheme: "Scheme") -> Iterator[str]:
    known = all_names(scheme)
    for sheet in scheme.sheet:
        line = f",{plain(sheet.pass_line)}分达标" if sheet.pass_line is not None else ""
        yield f"评分表“{sheet.title}”:{plain(sheet.max)}分{line}{_cited(sheet)}"
    for item in scheme.component:
        times = f"×{plain(item.times)}" if item.times != 1 else ""
        yield f"{item.title} = {_of(item, known)}{times}{_cited(item)}"


def _of(item: "Component", known: dict[str, str]) -> str:
    words = joined(known.get(name, name) for name in item.of)
    return FORMULAS[item.op].format(words) if len(item.of) > 1 else words


FORMULAS = {
    "sum": "{}之和",
    "difference": "{}依次相减",
    "product": "{}之积",
    "min": "{}中最小的",
    "max": "{}中最大的",
    "average": "{}的平均",
}


def _effects(scheme: "Scheme") -> Iterator[str]:
    for effect in scheme.effect:
        star = scheme.level_of(effect.star).label if effect.star is not None else ""
        rounds = f"({joined(effect.rounds)})" if effect.rounds else ""
        then = EFFECTS[effect.then].format(star=star, steps=effect.steps)
        yield f"{effect.title}{rounds}:{_needs(scheme, '', effect.needs)}的,{then}{_cited(effect)}"
    for one in scheme.eligibility:
        keep = ",已有的不受此限" if one.holders_keep else ""
        yield f"{one.title}:{scheme.level_of(one.star).label}及以上须{_needs(scheme, '', one.needs)}{keep}{_cited(one)}"


EFFECTS = {
    "set": "直接定为{star}",
    "floor": "不低于{star}",
    "cap": "不得高于{star}",
    "minus": "降{steps}个等次",
    "bottom": "直接定为最低等次",
    "no_level": "不定等次",
    "not_rated": "不予评定",
}


def _procedure(scheme: "Scheme") -> Iterator[str]:
    yield "路线:" + ";".join(f"{name} {what}" for name, what in scheme.procedure.routes.items())
    for number, stage in enumerate(scheme.stage, 1):
        yield f"{number}. {stage.title}({stage.name}){_stage(stage)}{_cited(stage)}"


def _stage(stage: "Stage") -> str:
    said = []
    if stage.when:
        said.append(f"仅{condition(stage.condition)}")
    if stage.owner != "clock":
        said.append(f"{OWNERS[stage.owner]}办理" + "".join(_but(stage)))
    said += [f"{word}{rule_in_words(rule)}" for word, rule in (("目标", stage.target), ("截止", stage.due)) if rule]
    if stage.hour != 24:
        said.append(f"当天{stage.hour}时止")
    if stage.opens:
        said.append(f"{rule_in_words(stage.opens)}起可以办")
    if stage.min_workdays:
        said.append(f"至少{stage.min_workdays}个工作日")
    if stage.period:
        said.append(f"公示{span_in_words(stage.period)}")
    if stage.verify:
        said.append(f"异议{span_in_words(stage.verify)}内核实")
    if stage.until:
        said.append(f"到{rule_in_words(stage.until)}")
    return ":" + ",".join(said) if said else ""


def _but(stage: "Stage") -> Iterator[str]:
    for but in stage.but:
        if but.owner:
            yield f"({condition(but.condition)}由{OWNERS[but.owner]})"


def condition(when: "When") -> str:
    return "或".join("且".join(_fact(*one) for one in alternative) for alternative in when.any_of)


def _fact(name: str, values: tuple[Any, ...]) -> str:
    if values in ((True,), (False,)):
        return FACTS[name] if values[0] else f"不{FACTS[name]}"
    said = [f"{value}星" if isinstance(value, int) else str(value) for value in values]
    return f"{FACTS[name]}{'/'.join(said)}"


def _dates(scheme: "Scheme") -> Iterator[str]:
    yield f"开展:{rule_in_words(scheme.campaign.opens_on)}{_cited(scheme.campaign)}"
    if scheme.recheck.opens_on:
        yield f"年底复检:{rule_in_words(scheme.recheck.opens_on)}起{_cited(scheme.recheck)}"
    late = {"late": "逾期照收,记为逾期", "refuse": "逾期不收"}
    for phase in scheme.phase.values():
        yield f"{rule_in_words(phase.due)}24时截止{len(phase.covers)}个环节,{late[phase.after_due]}{_cited(phase)}"
    moved = "顺延到下一个工作日" if scheme.deadline.weekend_rule != "none" else "不顺延"
    yield f"截止日逢休息日{moved};宽限{scheme.deadline.grace_days}天{_cited(scheme.deadline)}"


def _score(scheme: "Scheme") -> Iterator[str]:
    for one in scheme.criterion:
        yield f"{one.code}. {one.title}:{plain(one.max)}分{'(' + joined(one.fields) + ')' if one.fields else ''}"
    weights = "、".join(f"{WEIGHTS[name]}{plain(weight)}%" for name, weight in scheme.score.weights.items())
    yield f"计分:{weights}{_cited(scheme.score)}"


WEIGHTS = {"self": "自评", "survey": "测评", "superior": "上级考评"}


def _bonuses(scheme: "Scheme") -> Iterator[str]:
    for word, sign, table in (("加分", "+", scheme.bonus), ("扣分", "-", scheme.deduction)):
        for one in table:
            how = "取最高" if one.aggregate == "max" else "累计"
            points = "、".join(f"{_level(one.events, level)}{sign}{plain(p)}" for level, p in one.points.items())
            top = f",最多{plain(one.cap)}分" if one.cap is not None else ""
            yield f"{word}·{one.title}:{points},{how}{top}{_cited(one)}"


def _level(events: tuple[str, ...], level: str) -> str:
    return "每次" if level == EACH else event_word("criticism" if "criticism" in events else "", level)


def _caps(scheme: "Scheme") -> Iterator[str]:
    if (rule := scheme.satisfaction) is not None:
        yield from (
            f"满意率{OPERATOR_WORDS[t.op]}{plain(t.value)}%扣{plain(t.points)}分{_cited(rule)}" for t in rule.deduct
        )
        if rule.no_star:
            yield f"满意率{OPERATOR_WORDS[rule.no_star.op]}{plain(rule.no_star.value)}%不定星级{_cited(rule)}"
    if (term := scheme.election) is not None:
        years = "、".join(f"{kind}{n}年" for kind, n in term.terms.items())
        but = f"({joined(EXTENSION_WORDS[e] for e in term.exempt_if)}的除外)" if term.exempt_if else ""
        yield f"任期{years};不按期换届的最高{term.cap}星{but}{_cited(term)}"
        if term.over_one_year:
            yield f"超过一年不换届的最高{term.over_one_year.cap}星{_cited(term.over_one_year)}"
    if (away := scheme.absence) is not None:
        often = f"{COUNT_WORDS[away.op]}{away.threshold}次"
        yield f"无故缺席{often}的最高{away.cap}星,{ROUNDS[away.downgrade_round]}降{away.downgrade}星{_cited(away)}"


ROUNDS = {"rating": "评定时", "recheck": "年底核星时"}


def _quotas(scheme: "Scheme") -> Iterator[str]:
    yield from (f"{quota.title or quota.code}:{_quota(quota)}{_cited(quota)}" for quota in scheme.quota)


def _quota(quota: "Quota") -> str:
    stars = "、".join(f"{star}星" for star in quota.stars)
    bound = {"max": "不超过", "min": "不少于", "target": "约为"}[quota.op]
    strict = "超出的不得批准" if quota.hard else "超出的须记明理由" if quota.op == "max" else "只提示"
    share = (
        f"总数的{percent(quota.ratio)}({ROUND_WORDS[quota.round]})" if quota.ratio is not None else f"{quota.number}个"
    )
    return f"{stars}{bound}{share},{strict}"


def _survey(scheme: "Scheme") -> Iterator[str]:
    rule = scheme.survey
    if rule.quorum:
        yield f"党员参与率不低于{percent(rule.quorum)},{'不足的不能上报' if rule.hard else '不足的只提示'}{_cited(rule)}"
    extend = {"festival": "最后一天是法定节日的顺延", "rest_day": "最后一天休息的顺延", "none": "不顺延"}
    yield f"公示:{rule_in_words(scheme.publicity.post_within)}内张贴,{extend[scheme.publicity.holiday_extend]}{_cited(scheme.publicity)}"
    yield f"异议由{OWNERS[scheme.objection.handler]}核实{_cited(scheme.objection)}"


def _papers(scheme: "Scheme") -> Iterator[str]:
    for paper in scheme.attachment:
        yield f"{paper.stage}须附{paper.title}{_cited(paper)}"
    for one in scheme.filing:
        to = joined((*(OWNERS[role] for role in one.to), *one.also_to))
        yield f"{one.title}:{one.after}办完后{'报' if one.act == 'file' else '由'}{to}{'备案' if one.act == 'file' else '公布'}{_cited(one)}"


def _afterwards(scheme: "Scheme") -> Iterator[str]:
    yield from (
        f"{track.title}:{'、'.join(f'{star}星' for star in track.stars)}{_cited(track)}" for track in scheme.track
    )
    dues = (("晋位争星方案", scheme.plan), ("限期整改", scheme.rectification), ("实施方案", scheme.implementation_plan))
    yield from (
        f"{title}:{rule_in_words(rule.due).replace('进入环节', '立项')}{_cited(rule)}"
        for title, rule in dues
        if rule.due
    )


def _rungs(scheme: "Scheme") -> Iterator[str]:
    for rung in scheme.rung:
        base = "目标日" if rung.counts_from == "target" else "截止日"
        when = f"{base}前{-rung.days}天" if rung.days < 0 else f"{base}后{rung.days + (rung.kind == 'escalation')}天"
        told = joined(OWNERS[recipient] for recipient in rung.recipients)
        yield f"{rung.name}:{when}{scheme.reminder.hour}时 → {told}{f',{rung.document}' if rung.document else ''}"


def _cited(said: Any) -> str:
    return f"({said.cite.rule})" if said.cite.rule else ""


SECTIONS = (
    ("等次", _levels),
    ("办理程序", _procedure),
    ("时间", _dates),
    ("评分表与公式", _formula),
    ("评分", _score),
    ("加分与扣分", _bonuses),
    ("封顶与降级", _caps),
    ("条件与资格", _effects),
    ("名额", _quotas),
    ("测评、公示与异议", _survey),
    ("材料与备案", _papers),
    ("评定以后", _afterwards),
    ("提醒与催办", _rungs),
)

Changes = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A section with what is no longer said and what is said instead."""


def difference(before: "Scheme", after: "Scheme") -> tuple[Changes, ...]:
    """Two schemes compared by what they say in words; what is said alike is left out."""
    old, new = dict(in_words(before)), dict(in_words(after))
    compared = ((title, old.get(title, ()), new.get(title, ())) for title, _ in SECTIONS)
    found = ((t, tuple(s for s in a if s not in b), tuple(s for s in b if s not in a)) for t, a, b in compared)
    return tuple(change for change in found if change[1] or change[2])
