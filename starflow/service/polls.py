"""A survey with secret ballots, from its opening to what two tellers sign for. Who voted what is known to nobody, the desk included.

The history has the opening (roll, slips, hash of the form) and the close (slips used, sealed tally), never a single vote.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from starflow.service.acting import Acting
from starflow.service.case import Case, case_of, load_case
from starflow.service.clock import new_slip
from starflow.service.contacts import reaches
from starflow.service.cycles import administer
from starflow.service.desk import Desk
from storage import ballots, cycles
from storage.ballot_models import Poll
from storage.database import Transaction
from workflow.engine.errors import BadInput, Reason, Refused, Unknown, WrongStage
from workflow.engine.machine import CLOCK
from workflow.rating import survey, voting
from workflow.rating.payloads import PaperCount, paper_count
from workflow.rating.stages import KIND
from workflow.rating.voting import ELECTORATES, canonical, form_from, form_of

MODES = {"slips": "抽签二维码", "links": "个人链接"}
LONGEST = timedelta(days=30)
MOST_OF_THE_MASSES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Somebody to whom a personal link goes (mode B)."""

    name: str
    address: str
    electorate: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoll:
    """How a survey is to be held. Its roll is the roster's: `members`, where it is said, must agree with it."""

    mode: str
    closes_at: datetime
    own_unit: int = 0
    related_unit: int = 0
    members: int | None = None
    people: tuple[Invited, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slips:
    """Fresh tokens of one electorate, in an order of chance: shown this once, kept nowhere."""

    electorate: str
    tokens: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Slips({self.electorate}, {len(self.tokens)})"


HERE = "http://127.0.0.1:8000"


def ballot_link(desk: Desk, token: str) -> str:
    return f"{desk.settings.public_url or HERE}/b/{token}"


def digest(token: str) -> str:
    """What is kept of a token, typed with the spaces that it is printed with or without."""
    return hashlib.sha256("".join(token.split()).lower().encode()).hexdigest()


# ── opening ──────────────────────────────────────────────────────


def open_poll(desk: Desk, code: str, wanted: NewPoll, *, acting: Acting, year: int | None = None) -> int:
    """Open the survey of the present round. Raises WrongStage, Refused, BadInput, Forbidden."""
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        role = acting.role(("organisation",), "开启测评", "R12")
        _in_survey(case)
        if ballots.current(tx, case.cycle.id, case.cycle.round) is not None:
            raise Refused(Reason(f"{case.cycle.name}本轮已经开启过测评;要重来,先作废并写明原因", "R12"))
        _check(desk, case, wanted, tx.now)
        form = form_of(case.scheme, case.cycle.field)
        poll_id = ballots.put(
            tx,
            Poll(
                cycle_id=case.cycle.id,
                round=case.cycle.round,
                mode=wanted.mode,
                members=case.cycle.members,
                own_unit=wanted.own_unit,
                related_unit=wanted.related_unit,
                form=form.as_json(),
                form_hash=form.hash,
                opened_at=tx.now,
                opened_by=acting.actor,
                closes_at=wanted.closes_at,
            ),
        )
        ballots.invite(tx, poll_id, [asdict(one) for one in wanted.people])
        administer(tx, case, "open_survey", acting.actor, _opening(case, wanted, form.hash), role=role)
    return poll_id


def _opening(case: Case, wanted: NewPoll, form_hash: str) -> dict[str, Any]:
    masses = wanted.own_unit + wanted.related_unit
    return {
        "mode": wanted.mode,
        "members": case.cycle.members,
        "masses": masses,
        "slips": case.cycle.members + masses,
        "form": form_hash,
        "closes_at": wanted.closes_at.isoformat(),
    }


def _in_survey(case: Case) -> None:
    if case.stage.kind != "survey":
        raise WrongStage(
            Reason(f"{case.cycle.name}现在的环节是“{KIND[case.stage.kind].title}”,测评在自评报送以后进行", "R12")
        )


def _check(desk: Desk, case: Case, wanted: NewPoll, now: datetime) -> None:
    """Every fault at once."""
    rule, members = case.scheme.survey, case.cycle.members
    masses = wanted.own_unit + wanted.related_unit
    faults = (
        (wanted.mode not in MODES, "方式只能是slips(抽签二维码)或links(个人链接)"),
        (not members, f"名册上{case.cycle.name}的党员数是0,请先更正名册"),
        (
            wanted.members not in (None, members),
            f"名册上的党员数是{members},不是{wanted.members};票数以名册为准,有变动请先更正名册",
        ),
        (
            bool(rule.channels) and "link" not in rule.channels,
            "方案写明的测评方式没有网上测评(link),请用纸质票等方式测评后备案",
        ),
        (min(wanted.own_unit, wanted.related_unit) < 0, "群众票数不能小于0"),
        (masses > MOST_OF_THE_MASSES, f"群众票最多{MOST_OF_THE_MASSES}张"),
        (masses < rule.masses_min, f"参加群众{masses}人,不得少于{rule.masses_min}人"),
        (wanted.closes_at <= now, "截止时间已经过去"),
        (wanted.closes_at > now + LONGEST, f"测评最长开放{LONGEST.days}天"),
    )
    found = [text for wrong, text in faults if wrong] + _people_faults(wanted, members) + _no_way(desk, wanted.people)
    if found:
        raise BadInput(*found)


def _people_faults(wanted: NewPoll, members: int) -> list[str]:
    """Mode B: one address for each slip, none twice."""
    if wanted.mode != "links":
        return ["抽签二维码不登记人员名单"] if wanted.people else []
    counts = {e: sum(one.electorate == e for one in wanted.people) for e in ELECTORATES}
    roll = {"member": members, "own_unit": wanted.own_unit, "related_unit": wanted.related_unit}
    found = [
        f"名单上{ELECTORATES[e]}{counts[e]}人,应为{n}人"
        for e, n in roll.items()
        if counts[e] > n or (e != "member" and counts[e] != n)
    ]
    addresses = [one.address.strip().lower() for one in wanted.people]
    found += [f"“{one}”在名单上出现了两次" for one in sorted({a for a in addresses if addresses.count(a) > 1})]
    found += [f"“{one.name}”没有电话或邮箱" for one in wanted.people if not one.address.strip()]
    unreachable = (one for one in wanted.people if one.address.strip() and not reaches(one.address))
    found += [f"“{one.name}”的“{one.address}”既不是电话号码也不是邮箱" for one in unreachable]
    found += [
        f"“{one.electorate}”不是票的种类,只有{'、'.join(ELECTORATES.values())}"
        for one in wanted.people
        if one.electorate not in ELECTORATES
    ]
    return found


def _no_way(desk: Desk, people: Sequence[Invited]) -> list[str]:
    """Links that could not leave this machine. A rehearsal's go nowhere."""
    ways = desk.settings.channels
    mail = any("@" in one.address for one in people)
    telephone = any("@" not in one.address for one in people)
    faults = (
        (mail and "smtp" not in ways, "本系统没有设置发邮件(STARFLOW_CHANNELS里没有smtp),发往邮箱的链接发不出去;请改用抽签二维码"),
        (telephone and "webhook" not in ways, "本系统没有设置推送(STARFLOW_CHANNELS里没有webhook),发往电话的链接发不出去;请改用抽签二维码"),
        (bool(people) and not desk.settings.public_url, "没有设置STARFLOW_PUBLIC_URL,链接没有地址可写;请改用抽签二维码"),
    )  # fmt: skip
    return [] if desk.rehearsal else [text for wrong, text in faults if wrong]


# ── slips (mode A) ───────────────────────────────────────────────


def issue_slips(desk: Desk, code: str, *, acting: Acting, year: int | None = None) -> tuple[Slips, ...]:
    """All slips of the survey, as often as wanted until the first vote: what was printed before becomes void.

    Nobody knows who draws which: between people and slips there is no list anywhere.
    """
    with desk.transaction() as tx:
        _, poll, _ = _running(desk, tx, code, acting, year)
        if poll.mode != "slips":
            raise Refused("本次测评用个人链接,没有可印的票证")
        if poll.used:
            raise Refused(Reason("已经开始投票,票证不能再印;丢失的票证作废,不补发", "R15"))
        assert poll.id is not None
        ballots.remove_slips(tx, poll.id)
        sheets = tuple(
            Slips(electorate=electorate, tokens=tuple(new_slip() for _ in range(number)))
            for electorate, number in _roll(poll).items()
            if number
        )
        ballots.put_slips(
            tx, poll.id, [(sheet.electorate, digest(token)) for sheet in sheets for token in sheet.tokens]
        )
    return sheets


def _roll(poll: Poll) -> dict[str, int]:
    return {"member": poll.members, "own_unit": poll.own_unit, "related_unit": poll.related_unit}


# ── while it runs ────────────────────────────────────────────────


def extend_poll(
    desk: Desk, code: str, until: datetime, reason: str, *, acting: Acting, year: int | None = None
) -> None:
    """Once, before the end. Raises Refused, BadInput."""
    with desk.transaction() as tx:
        case, poll, role = _running(desk, tx, code, acting, year)
        _needs_reason(reason)
        if poll.extended:
            raise Refused(Reason("测评只能延长一次", "R13"))
        if not poll.closes_at < until <= tx.now + LONGEST:
            raise BadInput(f"延长后的截止时间须晚于原来的,并在{LONGEST.days}天以内")
        assert poll.id is not None
        ballots.change(tx, poll.id, {"closes_at": until, "extended": True})
        administer(tx, case, "extend_survey", acting.actor, {"until": until.isoformat(), "reason": reason}, role=role)


def remind(desk: Desk, code: str, *, acting: Acting, year: int | None = None) -> None:
    """Mode B: another letter, with a fresh link, to whoever has not voted. Who and how many that is stays unsaid."""
    with desk.transaction() as tx:
        _, poll, _ = _running(desk, tx, code, acting, year)
        if poll.mode != "links":
            raise Refused("抽签二维码没有名单,请在会场提醒")
        assert poll.id is not None
        ballots.remind(tx, poll.id)


def _running(desk: Desk, tx: Transaction, code: str, acting: Acting, year: int | None) -> tuple[Case, Poll, str]:
    """The case, its survey while it runs, and the role acted in; the cycle first, then the survey, in the order of all doors."""
    case = load_case(desk, tx, code, year, lock=True)
    role = acting.role(("organisation",), "测评", "R12")
    poll = _current(tx, case)
    if poll.status != "open" or poll.closes_at <= tx.now:
        raise WrongStage(Reason("测评已经截止", "R12"))
    return case, poll, role


def _current(tx: Transaction, case: Case) -> Poll:
    poll = ballots.current(tx, case.cycle.id, case.cycle.round, lock=True)
    if poll is None:
        raise Unknown(f"{case.cycle.name}本轮没有开启测评")
    return poll


def _needs_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput("须写明理由")


# ── the close ────────────────────────────────────────────────────


def close_poll(desk: Desk, code: str, *, acting: Acting, year: int | None = None) -> None:
    """By hand, before its time. The result is frozen; unused slips are void."""
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        role = acting.role(("organisation", "superior"), "截止测评", "R12")
        poll = _current(tx, case)
        if poll.status != "open":
            raise WrongStage(Reason("测评已经截止", "R12"))
        _freeze(tx, case, poll, acting.actor, role)
    nothing_left(desk)


def close_due(desk: Desk, tx: Transaction, limit: int) -> int:
    """By the clock: every survey whose time is over."""
    due = ballots.due(tx, limit)
    for poll_id in due:
        found = ballots.by_id(tx, poll_id)
        row = cycles.by_id(tx, found.cycle_id, lock=True) if found else None
        poll = ballots.by_id(tx, poll_id, lock=True)
        if row is not None and poll is not None and poll.status == "open":
            _freeze(tx, case_of(desk, tx, row), poll, CLOCK, CLOCK)
    return len(due)


def _freeze(tx: Transaction, case: Case, poll: Poll, actor: str, role: str) -> None:
    """Count, seal, part from people. From here on nothing can be added, and no slip leads anywhere."""
    assert poll.id is not None
    used, issued = ballots.used_by_electorate(tx, poll.id), ballots.issued(tx, poll.id)
    answers = voting.tally_of(form_from(poll.form), ballots.payloads(tx, poll.id))
    tally = {"used": used, "issued": issued, "ballots": poll.used, "answers": answers}
    key = tx.salt(f"tally|{case.cycle.chain}|{poll.id}")
    seal = seal_of(tally, key) if poll.used >= case.scheme.survey.min_cell else None
    ballots.change(
        tx,
        poll.id,
        {
            "status": "closed",
            "closed_at": tx.now,
            "closed_by": actor,
            "tally": tally,
            "tally_seal": seal,
            "seal_key": key if seal else None,
            "swept": False,
        },
    )
    ballots.part_from_people(tx, poll.id)
    detail = {"used": poll.used, "issued": issued, "voided": issued - poll.used, "tally": seal}
    administer(tx, case, "close_survey", actor, {k: v for k, v in detail.items() if v is not None}, role=role)


def seal_of(tally: Mapping[str, Any], key: str) -> str:
    """A plain hash of few ballots could be found by trying all tallies; the key stays sealed until the star is granted."""
    return hmac.new(key.encode(), canonical(tally).encode(), hashlib.sha256).hexdigest()


def count_poll(
    desk: Desk, code: str, said: Mapping[str, Any], *, acting: Acting, reason: str = "", year: int | None = None
) -> None:
    """What two tellers sign for after the close: blank slips handed back, and ballots on paper. Once.

    More blank slips than there can be means that some of them have voted: that is not smoothed over but needs a reason.
    """
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        role = acting.role(("organisation",), "核对票数", "R15")
        _in_survey(case)
        poll = _current(tx, case)
        if poll.status == "open":
            raise WrongStage(Reason("测评还没有截止,截止后由两名监票人核对", "R15"))
        if poll.counted is not None:
            raise Refused(Reason("两名监票人已经核对过;结果不再更改,要重来须作废本次测评", "R15"))
        counted = _read(case, said)
        _check_count(case, poll, counted, reason)
        assert poll.id is not None
        ballots.change(tx, poll.id, {"counted": counted.model_dump(mode="json"), "reason": reason})
        detail = {"tellers": list(counted.tellers), "returned": counted.returned, "reason": reason or None}
        administer(
            tx, case, "count_survey", acting.actor, {k: v for k, v in detail.items() if v is not None}, role=role
        )


def _read(case: Case, said: Mapping[str, Any]) -> PaperCount:
    try:
        return paper_count(case.scheme.survey.scale).model_validate(dict(said))
    except ValidationError as error:
        raise BadInput(*(_sentence(fault) for fault in error.errors())) from None


def _sentence(fault: Any) -> str:
    at = ".".join(map(str, fault["loc"]))
    return "须有两名不同的监票人" if at.startswith("tellers") else f"{at}无法识别,应为不小于零的整数"


def _check_count(case: Case, poll: Poll, counted: PaperCount, reason: str) -> None:
    assert poll.tally is not None
    blank = poll.tally["issued"] - poll.used
    if poll.mode == "slips" and counted.returned > blank and not reason.strip():
        raise Refused(
            Reason(
                f"收回空票{counted.returned}张,而发出{poll.tally['issued']}张、已投{poll.used}张,空票至多{blank}张:"
                "可能有空票被人投过。请查明;仍要照此登记的,须写明原因",
                "R15",
            )
        )
    paper = survey.counted(counted.paper.model_dump())
    heads = poll.tally["used"].get("member", 0) + paper.members_present
    faults = survey.tally_faults(case.scheme.survey, paper, poll.members) if paper.present else ()
    faults = tuple(f for f in faults if "不得少于" not in f)  # the masses may all have voted online
    if heads > poll.members:
        faults += (f"网上和纸质合计党员{heads}人,多于党员总数{poll.members}人:有人投了两次",)
    if faults:
        raise BadInput(*faults)


def void_poll(desk: Desk, code: str, reason: str, *, acting: Acting, year: int | None = None) -> None:
    """Declare a survey void, so that another can be held; its answers are erased unread (补测)."""
    with desk.transaction() as tx:
        case = load_case(desk, tx, code, year, lock=True)
        role = acting.role(("superior", "department", "organisation"), "作废测评", "R12")
        _in_survey(case)
        poll = _current(tx, case)
        _needs_reason(reason)
        if role == "organisation" and (poll.status == "open" or _reached(case, poll)):
            raise Refused(Reason("本组织只能在截止后参与率不足时作废重测;其他情形由上级党组织办理", "R13"))
        assert poll.id is not None
        ballots.part_from_people(tx, poll.id)
        ballots.forget_ballots(tx, poll.id)
        ballots.forget_invitations(tx, poll.id)
        closed_at = poll.closed_at or tx.now
        gone = {"status": "void", "closed_at": closed_at, "tally": None, "tally_seal": None, "seal_key": None}
        ballots.change(tx, poll.id, gone | {"counted": None, "reason": reason, "swept": False})
        administer(tx, case, "void_survey", acting.actor, {"reason": reason}, role=role)
    nothing_left(desk)


def _reached(case: Case, poll: Poll) -> bool:
    return poll.used_members >= survey.needed(poll.members, case.scheme.survey.quorum)


# ── nothing left behind ──────────────────────────────────────────


def nothing_left(desk: Desk) -> bool:
    """After each vote on SQLite: cuts off the log that still has the state before it. False while a reader is in the way."""
    return ballots.truncate_log(desk.database)


CLEAN = "没有留下的痕迹"


def tidy(desk: Desk) -> str:
    """The bell's share: SQLite's log again, PostgreSQL's old versions of rows once no survey is open."""
    with desk.transaction() as tx:
        ballots.forget_approved(tx)
        left, running = ballots.unswept(tx)
    if not left:
        return CLEAN
    if desk.database.dialect == "sqlite":
        done = ballots.truncate_log(desk.database)
        if done and not running:
            _swept(desk, left)
        return "日志已截断" if done else "有人正在读,稍后再截断"
    if running:
        return "有测评在进行,稍后清扫"
    return _vacuumed(desk, left)


def tidy_at_night(desk: Desk) -> str:
    """At the latest now, surveys or not: votes wait two seconds at most."""
    with desk.reading() as tx:
        left, _ = ballots.unswept(tx)
    return _vacuumed(desk, left) if left else CLEAN


def _vacuumed(desk: Desk, left: Sequence[int]) -> str:
    if not ballots.vacuum(desk.database):
        return "表正被占用,或有更早的事务还没有结束,稍后清扫"
    _swept(desk, left)
    return f"已清扫{len(left)}次测评留下的旧行"


def _swept(desk: Desk, left: Sequence[int]) -> None:
    with desk.transaction() as tx:
        ballots.mark_swept(tx, left)
