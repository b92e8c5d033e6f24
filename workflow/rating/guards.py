"""One question each: None means yes; a sentence means not yet, because …, with its numbers and the rule it rests on.

A guard looks at the facts and the ask only. Asked without a payload (for buttons and lists) it says what is known already.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask
from workflow.engine.table import When, field_of
from workflow.engine.workdays import month_day
from workflow.rating.facts import Facts
from workflow.rating.survey import needed, turnout_text


def in_time(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.opens_on and f.today and f.today < f.opens_on:
        return Reason(f"{month_day(f.opens_on)}才开始申报", "R8")
    if f.refused_after and now >= f.refused_after:
        return Reason("已过截止时间,本方案不接受补办", "R8")
    return None


def window_open(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Only where the scheme gives the stage a first day."""
    if f.stage_opens_on and f.today and f.today < f.stage_opens_on:
        return Reason(f"{month_day(f.stage_opens_on)}才开始办理")
    return None


def attached(papers: tuple[tuple[str, When, str], ...], f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Bound to what the scheme wants attached at this stage: (name, in which cases, rule)."""
    if ask.payload is None:
        return None
    star = getattr(ask.payload, "star", None)
    seen = f if star is None else f.changed_by({"proposed": star})
    given = getattr(ask.payload, "attachments", ())
    missing = [(name, rule) for name, when, rule in papers if when.holds(seen) and name not in given]
    if not missing:
        return None
    return Reason(f"还缺材料:{'、'.join(name for name, _ in missing)}", missing[0][1] or None)


def to_be_rated(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(";".join(f.rating.not_rated)) if f.rating and f.rating.not_rated else None


def masses_reached(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Where the scheme wants a share of the masses, the filing says how many there are."""
    if ask.payload is None or not f.masses_quorum or f.turnout_excused:
        return None
    due, paper = ask.payload.masses_due, ask.payload.paper
    came, wanted = f.masses_came + paper.own_unit + paper.related_unit, needed(due, f.masses_quorum)
    if came >= wanted:
        return None
    return Reason(f"群众{turnout_text(came, due, f.masses_quorum)},上级尚未认可说明", "R14")


def heads_add_up(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Where the filing itself says how many were due or came, it cannot say more than the roster has."""
    said = ask.payload
    due, came = getattr(said, "members_due", f.members), getattr(said, "attended", 0)
    if due > f.members:
        return Reason(f"应到党员{due}人,多于党员总数{f.members}人", "R13")
    return Reason(f"到会党员{came}人,多于应到党员{due}人", "R13") if came > due else None


def channels_listed(known: tuple[str, ...], f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Bound to the ways of asking that the scheme allows."""
    strange = [one for one in getattr(ask.payload, "channels", ()) if one not in known]
    if not strange:
        return None
    return Reason(f"方案没有“{strange[0]}”这种测评方式,只有{'、'.join(known)}", "R15")


def objector_named(rule: str, f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Bound only where the scheme takes no anonymous objections."""
    if ask.payload is None or (ask.payload.name or "").strip():
        return None
    return Reason("本方案只受理署名的异议,请写明姓名", rule)


def held_in_campaign(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """A meeting is reported after it was held, and in this campaign."""
    if ask.payload is None:
        return None
    return _between(ask.payload.meeting.on, f.opens_on, f.today, "会议日期")


def star_is_listed(labels: Mapping[int, str], f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Bound to the scheme's levels; a star without a level could be neither shown nor counted."""
    star = field_of(ask.payload, "star")
    star = field_of(ask.payload, "target_star") if star is None else star
    if star is None or star in labels:
        return None
    return Reason(f"方案没有第{star}级这一等次,只有{'、'.join(reversed(tuple(labels.values())))}", "R29")


def scores_complete(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(";".join(f.score_faults), "R26") if f.score_faults else None


def ballots_settled(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(";".join(f.poll_faults), "R15") if f.poll_faults else None


def turnout_reached(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.poll_faults:  # a number said now would count the votes of a running survey
        return None
    came, due = turnout_of(f, ask.payload)
    if came < needed(due, f.quorum) and not f.turnout_excused:
        return Reason(f"党员{turnout_text(came, due, f.quorum)},上级尚未认可说明", "R13")
    return None


def turnout_of(f: Facts, said: Any) -> tuple[int, int]:
    """Who came, of how many: by ballots and the roster, or as the filing says where the scheme asks it."""
    ballots = f.came + (said.paper.members_present if said else 0)
    return getattr(said, "attended", ballots), getattr(said, "members_due", f.members)


def tally_adds_up(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(";".join(f.tally_faults), "R14") if f.tally_faults else None


def turnout_not_excused(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason("参与率不足的说明已经认可", "R13") if f.turnout_excused else None


def within_caps(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    star = getattr(ask.payload, "star", None)
    if star is not None and f.cap is not None and star > f.cap:
        return Reason(f"拟定{f.word(star)},最高只能定{f.word(f.cap)}:{'、'.join(f.cap_reasons)}", "R46")
    return None


def not_above_score(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if ask.payload and f.rating and ask.payload.star > f.rating.star:
        due, said = f.word(f.rating.star), f.word(ask.payload.star)
        return Reason(f"按得分{f.rating.total}应为{due},不得拟定{said}", "R29")
    return None


def lower_star_explained(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if ask.payload and f.rating and ask.payload.star < f.rating.star and not ask.reason.strip():
        due, said = f.word(f.rating.star), f.word(ask.payload.star)
        return Reason(f"按得分{f.rating.total}应为{due},拟定{said}须写明理由", "R32")
    return None


def star_changes(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if ask.payload and ask.payload.star == f.star:
        return Reason(f"拟定等次与现有的{f.word(f.star)}相同,请办理“保持星级”", "R56")
    return None


def star_still_held(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.star is None:
        return Reason("没有现行星级可以保持", "R56")
    if f.cap is not None and f.star > f.cap:
        held, most = f.word(f.star), f.word(f.cap)
        return Reason(f"现有的{held}不能保持,最高只能定{most}:{'、'.join(f.cap_reasons)}", "R46")
    if f.rating and f.rating.star != f.star:
        due, held = f.word(f.rating.star), f.word(f.star)
        return Reason(f"按得分{f.rating.total}应为{due},与现有的{held}不同,请另行拟定", "R56")
    return None


def review_not_begun(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason("上级已开始考评,请上级退回", "R11") if f.review_begun else None


def not_yet_posted(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(f"公示已于{f.posted_on:%Y-%m-%d}张贴", "R21") if f.posted_on else None


def posted_since_entry(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return None if ask.payload is None else _between(ask.payload.on, f.entered_on, f.today, "张贴日期")


def notice_posted(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return None if f.posted_on else Reason("公示尚未张贴", "R21")


def period_over(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.runs_until and now < f.runs_until:
        return Reason(f"期限到{_last_day(f.runs_until)}24时为止", "R21")
    return None


def recheck_opened(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.runs_until and now < f.runs_until:
        return Reason(f"下一轮从{f.runs_until:%m-%d %H:%M}开始", "R56")
    return None


def period_running(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.runs_until and now >= f.runs_until:
        return Reason("公示期已过,作为监督线索登记", "R65")
    return None


def no_open_objection(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(f"尚有{f.open_objections}件异议未办结", "R23") if f.open_objections else None


def has_open_objection(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return None if f.open_objections else Reason("没有待办的异议", "R23")


def not_by_the_scorer(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    if f.scored_by and ask.person == f.scored_by:
        return Reason("打分的人不能办理同一党组织的异议和批准", "R23")
    return None


def quota_kept(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return Reason(f.quota_block, "R30") if f.quota_block else None


def approved_after_entry(f: Facts, ask: Ask, now: datetime) -> Reason | None:
    return None if ask.payload is None else _between(ask.payload.meeting.on, f.entered_on, f.today, "会议日期")


def reason_is_listed(known: tuple[str, ...], rule: str, f: Facts, ask: Ask, now: datetime) -> Reason | None:
    """Bound to the scheme's reasons; a remark may follow."""
    if not ask.reason or ask.reason.lstrip().startswith(known):
        return None
    return Reason(f"免评理由须以方案所列之一开头:{'、'.join(known)}", rule)


def _between(day: date, first: date | None, last: date | None, what: str) -> Reason | None:
    if first and day < first:
        return Reason(f"{what}{day}早于{first}")
    if last and day > last:
        return Reason(f"{what}{day}晚于今天{last}")
    return None


def _last_day(until: datetime) -> str:
    """The day whose 24:00 an instant is, for people: 0:00 of the 9th is 24:00 of the 8th."""
    return month_day((until - timedelta(microseconds=1)).date())
