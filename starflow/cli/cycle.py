"""One cycle: why it stands where it stands, what has happened to it, and the one door through which anything happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from starflow.cli.acting import acting_on, both
from starflow.cli.arguments import As, By, Code, Data, Expect, Key, Reason, Second, Trigger, Year
from starflow.cli.opening import at_desk
from starflow.cli.output import Result, Table, deadline, light, moment, text
from starflow.cli.words import role as role_word
from starflow.cli.words import say, told
from workflow.engine.errors import Refused, WrongStage

if TYPE_CHECKING:
    from starflow.service.cycles import Fired
    from starflow.service.shapes import Owner
    from starflow.service.why import OptionLine, Why


def why(code: Code, year: Year = None) -> Result:
    from starflow.service.why import why as explain

    with at_desk() as desk:
        said = explain(desk, code, year=year)
    return Result(said.as_json(), [*_standing(said), *_dates(said), *_options(said)])


def _standing(said: "Why") -> list[str]:
    head = f"{said.organisation} {said.name} · {say('{year}年度', year=said.year)}"
    lines = [head, f"{light(said.light)} · {said.stage_title}({said.stage})· {say('第{n}版', n=said.version)}"]
    lines.append(say("自{at}起", at=moment(said.since)))
    if said.owner:
        lines.append(_owner(said.owner))
    if said.hold:
        lines.append(say("已暂停:{reason}", reason=said.hold.reason))
    lines += [say("未办结的异议:编号{id}", id=one.id) for one in said.objections]
    return lines


def _owner(owner: "Owner") -> str:
    """The clock belongs to no organisation and has no person who could be missing."""
    clock = owner.role == "clock"
    person = "" if clock else owner.person_name or say("空缺")
    return say("该谁办:{role} {organisation} {person}", role=role_word(owner.role),
               organisation="" if clock else owner.organisation_name, person=person).rstrip()  # fmt: skip


def _dates(said: "Why") -> list[str]:
    named = ((say("目标"), said.target_at), (say("截止"), said.due_at))
    founded = [say("成立日期:{day}", day=said.founded_on.isoformat())] if said.founded_on else []
    dated = [f"{name}:{deadline(at)}" for name, at in named if at]
    return dated + [f"  {told(step)}" for step in said.arithmetic] + founded


def _options(said: "Why") -> list[str | Table]:
    if not said.options:
        return [say("这里没有可办的事")]
    rows = [
        (
            "✔" if option.allowed else "–",
            option.trigger,
            option.title,
            _role(option.role),
            _told(option),
            _against(option),
        )
        for option in said.options
    ]
    return ["", Table(("", say("动作"), say("名称"), say("由谁"), say("须填(--data)"), say("还不能办,因为")), rows)]


def _told(option: "OptionLine") -> str:
    """The keys that `--data` must have, and whether a reason is wanted."""
    keys = list((option.payload or {}).get("required", ()))
    return ", ".join([*keys, *(["--reason"] if option.needs_reason else [])])


def _role(name: str) -> str:
    """The identifier, because `--as` takes it, and what it means."""
    word = role_word(name)
    return name if word == name else f"{name} {word}"


def _against(option: "OptionLine") -> str:
    return say(";").join(told(reason.text) + (f" ({reason.cite})" if reason.cite else "") for reason in option.reasons)


def history(code: Code, year: Year = None) -> Result:
    from starflow.service.why import history as records_of

    with at_desk() as desk:
        page = records_of(desk, code, year=year)
    titles = ("#", "时间", "动作", "从", "到", "身份", "经办", "理由", "迟", "哈希")
    rows = [
        (
            str(row.seq), moment(row.at), row.trigger, text(row.before), row.after, row.role, row.actor,
            text(row.reason), say("{n}天", n=row.late_days) if row.late_days else "", row.hash[:8],
        )
        for row in page.rows
    ]  # fmt: skip
    return Result(page.as_json(), (Table(tuple(map(say, titles)), rows),))


def fire(
    code: Code,
    trigger: Trigger,
    role: As,
    data: Data = None,
    reason: Reason = "",
    expect: Expect = None,
    key: Key = None,
    by: By = None,
    second: Second = None,
    year: Year = None,
) -> Result:
    """The one door; nothing is checked here but whether the person holds the post, and who signs too where it takes two."""
    from starflow.service.countersigning import countersigner
    from starflow.service.cycles import CycleAsk
    from starflow.service.cycles import fire as through_the_door

    with at_desk() as desk:
        acting = acting_on(desk, code, role, by, year)
        also = countersigner(desk, trigger, acting.person, second, code, year)
        ask = CycleAsk(
            code=code,
            trigger=trigger,
            relations=acting.relations,
            actor=acting.actor,
            person=acting.person,
            payload=data or {},
            reason=both(reason, acting.person, also),
            year=year,
            expected_version=expect,
            key=key,
        )
        with _offering(code, trigger):
            fired = through_the_door(desk, ask)
    return _fired(fired)


@contextmanager
def _offering(code: str, trigger: str) -> Iterator[None]:
    """An objection that comes too late may still be told as a clue (R65)."""
    from starflow.service.matters import clue_offer

    try:
        yield
    except (Refused, WrongStage) as refusal:
        if (offer := clue_offer(code, refusal, trigger)) is None:
            raise
        raise type(refusal)(*refusal.reasons, offer, current=refusal.current) from refusal


def _fired(fired: "Fired") -> Result:
    record = fired.record
    shape: dict[str, Any] = {
        "organisation": fired.code,
        "trigger": record.trigger,
        "before": record.before,
        "after": record.after,
        "version": record.seq,
        "seq": record.seq,
        "hash": record.hash,
        "notices": fired.notices,
    }
    also = f"{say('第{n}版', n=record.seq)},{say('通知{n}条', n=fired.notices)}"
    lines = [f"{fired.code} {record.trigger}:{record.before} → {record.after}({also})"]
    if record.late_days:
        lines.append(say("已逾期{n}天,记在{stage}", n=record.late_days, stage=record.late_stage))
    return Result(shape, lines + ([say("这件事先前已经办过,返回的是当时的结果")] if fired.repeated else []))
