"""The second half of a scheme in plain words: quotas, survey, papers, what follows a rating, reminders, what is still open."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starflow.cli.scheme_phrases import answer, cited, condition, figure, listed, owner, round_word, rule, stars
from starflow.cli.words import say, told
from workflow.rating.scheme_stages import when_of
from workflow.rating.wording import ROUND_WORDS, percent, plain

if TYPE_CHECKING:
    from workflow.rating.scheme import Quota, Rung, Scheme, Track


def quotas(scheme: "Scheme") -> Iterator[str]:
    for quota in scheme.quota:
        title = quota.title or quota.code
        lead = "" if title == stars(scheme, quota.stars) else title + say(":")
        yield f"{lead}{say(',').join(_quota(scheme, quota))}{cited(quota)}"


def _quota(scheme: "Scheme", quota: "Quota") -> Iterator[str]:
    share = say("{n}个", n=quota.number or 0)
    if quota.ratio is not None:
        share = say("总数的{share}({round})", share=percent(quota.ratio), round=told(ROUND_WORDS[quota.round]))
    yield say(BOUNDS[quota.op], stars=stars(scheme, quota.stars), share=share)
    for year, ratio in quota.years.items():
        yield say("{year}年为{share}", year=year, share=percent(ratio))
    if quota.of:
        yield say("总数只算{stars}的", stars=stars(scheme, quota.of))
    if quota.fields:
        yield say("只算{fields}", fields=listed(quota.fields))
    if quota.scope != "all":
        yield say("每个直属单位分别算") if quota.scope == "unit" else say("每个领域分别算")
    if quota.min_count:
        yield say("至少{n}个", n=quota.min_count)
    if quota.tolerance:
        yield say("上下可差{share}", share=percent(quota.tolerance))
    yield say("超出的不得批准" if quota.hard else "超出的须记明理由" if quota.op == "max" else "只提示")
    if quota.resolution == "rank_cut":
        yield say("按排名截止")
    ties = [say(LAST[name]) if name in LAST else _smaller(scheme, name) for name in quota.tie_break]
    yield say("同分的依次看{ties}", ties=listed(ties))


def _smaller(scheme: "Scheme", name: str) -> str:
    said = figure(scheme, name.removeprefix("-"))
    return say("{figure}(小的在前)", figure=said) if name.startswith("-") else said


BOUNDS = {"max": "{stars}不超过{share}", "min": "{stars}不少于{share}", "target": "{stars}约为{share}"}
LAST = {"draw": "抽签", "meeting": "会议决定"}


def survey(scheme: "Scheme") -> Iterator[str]:
    asked = scheme.survey
    if asked.quorum:
        short = "党员参与率不低于{share},不足的不能上报{cite}"
        yield say(
            short if asked.hard else "党员参与率不低于{share},不足的只提示{cite}",
            share=percent(asked.quorum),
            cite=cited(asked),
        )
        yield say(BASES[asked.base]) + say(COUNTS[asked.count])
    if asked.masses_quorum:
        yield say("参加群众不少于应参加的{share}", share=percent(asked.masses_quorum))
    if asked.masses_min or asked.masses_warn_below:
        yield say("群众至少{n}人,少于{few}人的提示", n=asked.masses_min, few=asked.masses_warn_below)
    if asked.channels:
        yield say("测评方式:{ways}", ways=listed(say(CHANNELS[one]) for one in asked.channels))
    answers = listed(answer(scheme, one) for one in asked.scale)
    yield say("不记名,选项为{answers};少于{n}票的不分项显示", answers=answers, n=asked.min_cell)
    if scheme.review.verification:
        ways = listed(say(CHECKS[one]) for one in scheme.review.verification)
        yield say("核查方式:{ways}{cite}", ways=ways, cite=cited(scheme.review))
    public = scheme.publicity
    yield say(EXTEND[public.holiday_extend], when=rule(public.post_within), cite=cited(public))
    if public.scope_text:
        yield say("公示范围:{scope}", scope=public.scope_text)
    named = "异议由{who}核实{cite}" if scheme.objection.anonymous_ok else "异议由{who}核实,只受理署名的{cite}"
    yield say(named, who=owner(scheme.objection.handler), cite=cited(scheme.objection))


BASES = {
    "all": "以名册上的全部党员为总数",
    "formal": "以正式党员为总数(备案时填写)",
    "available": "以能到会的党员为总数(备案时填写)",
}
COUNTS = {"ballots": ",按收到的票计", "attended": ",按到会的人计"}
CHANNELS = {
    "meeting": "会议",
    "paper": "纸质票",
    "link": "网上",
    "phone": "电话",
    "visit": "走访",
    "mail": "信函",
}
CHECKS = {"full": "普查", "sampled": "抽查抽中", "not_sampled": "抽查未抽中"}
EXTEND = {
    "festival": "公示:{when}内张贴,最后一天是法定节日的顺延{cite}",
    "rest_day": "公示:{when}内张贴,最后一天休息的顺延{cite}",
    "none": "公示:{when}内张贴,最后一天不顺延{cite}",
}


def filings(scheme: "Scheme") -> Iterator[str]:
    for paper in scheme.attachment:
        when = say("({when}的)", when=condition(scheme, when_of(paper.when))) if paper.when else ""
        yield say(
            "{stage}须附{title}{when}{cite}",
            stage=_stage(scheme, paper.stage),
            title=paper.title,
            when=when,
            cite=cited(paper),
        )
    for one in scheme.filing:
        to = listed((*(owner(role) for role in one.to), *one.also_to))
        act = "{title}:{stage}办完后报{to}备案{cite}" if one.act == "file" else "{title}:{stage}办完后由{to}公布{cite}"
        yield say(act, title=one.title, stage=_stage(scheme, one.after), to=to, cite=cited(one))


def _stage(scheme: "Scheme", name: str) -> str:
    return f"{told(scheme.stage_of(name).title)}({name})"


# ── afterwards ───────────────────────────────────────────────────


def afterwards(scheme: "Scheme") -> Iterator[str]:
    moves = scheme.changes
    if moves.approval_in:
        rounds = listed(round_word(scheme, one) for one in moves.approval_in)
        yield say("晋星、减星须经批准:{rounds}{cite}", rounds=rounds, cite=cited(moves))
    for template, most in (("一次最多升{n}个等次", moves.max_up), ("一次最多降{n}个等次", moves.max_down)):
        if most is not None:
            yield say(template, n=most)
    if moves.first_max is not None:
        yield say("首次评定最高{stars}", stars=stars(scheme, [moves.first_max]))
    for track in scheme.track:
        terms = "".join(say(",") + one for one in _track(track))
        yield f"{track.title}{say(':')}{stars(scheme, track.stars)}{terms}{cited(track)}"
    dues = (
        ("年度方案{when}报上级备案{cite}", scheme.plan),
        ("限期整改{when}完成{cite}", scheme.rectification),
        ("直属单位的实施方案{when}报{cite}", scheme.implementation_plan),
    )
    for template, one in dues:
        if one.due:
            yield say(template, when=rule(one.due), cite=cited(one))
    yield say("整改台账由{who}销号{cite}", who=owner(scheme.ledger.closed_by), cite=cited(scheme.ledger))
    for template, its in (("授牌:{stars}{cite}", scheme.plaque), ("示范点从{stars}中选{cite}", scheme.site)):
        if its.stars:
            yield say(template, stars=stars(scheme, its.stars), cite=cited(its))
    if (weak := scheme.key_management).stars:
        until = stars(scheme, [weak.released_from]) if weak.released_from is not None else ""
        back = say(",重新评到{level}才解除", level=until) if until else ""
        yield say("重点管理:{stars}{back}{cite}", stars=stars(scheme, weak.stars), back=back, cite=cited(weak))


def _track(track: "Track") -> Iterator[str]:
    if track.plan:
        yield say("年度方案{when}报", when=rule(track.plan))
    if track.rectify:
        yield say("自动立项限期整改,{when}完成", when=rule(track.rectify))
    if track.accept_from is not None:
        yield say("验收{n}分起合格", n=plain(track.accept_from))
    if track.dissatisfied_below is not None:
        yield say("不满意的须低于{share}", share=percent(track.dissatisfied_below))


# ── reminders ────────────────────────────────────────────────────


def rungs(scheme: "Scheme") -> Iterator[str]:
    for rung in scheme.rung:
        when = say(_when(rung), n=_days(rung), hour=scheme.reminder.hour)
        document = say(",{document}", document=rung.document) if rung.document else ""
        colour = say(",{colour}", colour=say(COLOURS[rung.colour])) if rung.colour else ""
        only = say(",只用于{stages}", stages=listed(rung.stages)) if rung.stages else ""
        yield f"{rung.name}{say(':')}{when} → {listed(map(owner, rung.recipients))}{document}{colour}{only}{cited(rung)}"
    rest = {"hours": scheme.reminder.nudge_cooldown_hours, "days": scheme.reminder.max_age_days}
    yield say("人工催办同一对象至少隔{hours}小时;停机后过时{days}天的不再送", **rest)
    kept = scheme.retention
    years = {"a": kept.details_years, "b": kept.objections_years, "c": kept.notice_addresses_years}
    yield say("保存:流转明细{a}年,异议内容{b}年,消息地址{c}年{cite}", **years, cite=cited(kept))


COLOURS = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红", "black": "黑"}


def _when(rung: "Rung") -> str:
    if rung.counts_from == "target":
        return "目标日前{n}天{hour}时" if rung.days < 0 else "目标日后{n}天{hour}时"
    return "截止日前{n}天{hour}时" if rung.days < 0 else "逾期第{n}天{hour}时"


def _days(rung: "Rung") -> int:
    return abs(rung.days) + (rung.kind == "escalation")


def unsettled(scheme: "Scheme") -> Iterator[str]:
    """What the source leaves open and a live year cannot do without."""
    for one in scheme.undecided:
        yield say("{place}:原文没有写明,演练时暂用 {value}", place=one.name, value=one.written)
