"""Events count once a person has confirmed them; terms end with an election; nothing that was said is edited away."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from starflow.service import organisations, registers
from starflow.service.acting import Acting
from starflow.service.elections import ElectionLine
from starflow.service.events import EventLine, EventSaid
from storage import outbox
from tests.service.town import BRANCH, COMMITTEE, DEPARTMENT, MEETING, SUPERIOR, Town, town_of
from workflow.engine.errors import BadInput, Forbidden, Refused, StarflowError, Unknown
from workflow.rating import shelf

NOW = datetime(2027, 5, 6, 2, tzinfo=UTC)
ANYBODY = Acting(actor="P9", relations=frozenset({"anyone"}), person="P9")
AWARD = EventSaid(code="commendation", level="province", on=date(2027, 3, 1), proof="省委〔2027〕3号")
ABSENCE = EventSaid(code="unexcused", on=date(2027, 4, 20), proof="4月20日培训签到表")
CRITICISM = EventSaid(code="criticism", level="work_committee", on=date(2027, 4, 28), proof="工委通报〔2027〕2号")


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url, branches=3) as town:
        yield town


def add(town: Town, said: EventSaid, *codes: str, acting: Acting = DEPARTMENT, **how: bool) -> tuple[EventLine, ...]:
    return registers.add_event(town.desk, codes or ("D01",), said, acting=acting, **how)


def refusal(act: Callable[[], object], kind: type[StarflowError] = Refused) -> tuple[str, ...]:
    with pytest.raises(kind) as refused:
        act()
    return tuple(map(str, refused.value.reasons))


def listed(town: Town, **which: object) -> list[tuple[str, str, str]]:
    found = registers.events(town.desk, **which).rows  # type: ignore[arg-type]
    return [(line.organisation, line.code, line.status) for line in found]


# ── events: entering ─────────────────────────────────────────────


def test_what_an_organisation_claims_is_proposed_until_somebody_confirms_it(town: Town) -> None:
    add(town, AWARD, acting=BRANCH)

    assert registers.events(town.desk).rows == (
        EventLine(
            id=1,
            organisation="D01",
            name="第01支部",
            code="commendation",
            level="province",
            on=date(2027, 3, 1),
            case=None,
            proof="省委〔2027〕3号",
            status="proposed",
            proposed_by="P9",
            proposed_at=NOW,
            decided_by=None,
            decided_at=None,
            reason=None,
            note=None,
            title="省级表彰",
        ),
    )


def test_the_department_may_enter_an_event_as_confirmed(town: Town) -> None:
    (line,) = add(town, ABSENCE, confirm=True)

    assert (line.status, line.decided_by, line.decided_at) == ("confirmed", "P1", NOW)


def test_a_list_can_be_narrowed(town: Town) -> None:
    add(town, AWARD, "D01", "U1", confirm=True)
    add(town, ABSENCE, "U")

    both = [("U1", "commendation", "confirmed"), ("D01", "commendation", "confirmed")]
    assert listed(town) == [("U", "unexcused", "proposed"), *both]
    assert listed(town, under="U") == [("U", "unexcused", "proposed"), ("U1", "commendation", "confirmed")]
    assert listed(town, code="commendation", year=2027) == both
    assert (listed(town, status="withdrawn"), listed(town, year=2026)) == ([], [])


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        (
            {"code": "award"},
            ("方案没有事项“award”,只有commendation、article、innovation、criticism、discipline、unexcused",),
        ),
        ({"level": "district"}, ("事项“commendation”没有级别“district”,只有city、province、nation(R33)",)),
        ({"level": None}, ("事项“commendation”缺级别,只有city、province、nation(R33)",)),
        ({"on": date(2027, 5, 7)}, ("日期2027-05-07晚于今天2027-05-06(R33)",)),
        ({"proof": " "}, ("须写明依据(文号、证书、通报、会议签到等)(R33)",)),
        ({"case": "案" * 81}, ("case最多80个字(R33)",)),
    ],
    ids=["unknown word", "unknown level", "no level", "a day ahead", "no proof", "too long"],
)
def test_only_what_the_scheme_knows_is_entered(town: Town, said: dict[str, object], reasons: tuple[str, ...]) -> None:
    wrong = EventSaid(**{"code": "commendation", "level": "city", "on": date(2027, 3, 1), "proof": "文", **said})  # type: ignore[arg-type]

    assert refusal(lambda: add(town, wrong), BadInput) == reasons
    assert listed(town) == []


def test_the_same_event_is_not_entered_twice(town: Town) -> None:
    add(town, ABSENCE)

    assert refusal(lambda: add(town, ABSENCE, "D02", "D01")) == (
        "第01支部的同一事项已经登记(编号1),重复登记会重复计分(R35)",
    )
    assert listed(town) == [("D01", "unexcused", "proposed")]


def test_an_event_belongs_to_somebody_who_is_rated(town: Town) -> None:
    assert refusal(lambda: add(town, ABSENCE, "GW"), BadInput) == ("市直工委不参评,不登记事项(R1)",)
    assert refusal(lambda: add(town, ABSENCE, "X1"), Unknown) == ("没有编码为“X1”的党组织",)
    assert refusal(lambda: registers.add_event(town.desk, (), ABSENCE, acting=DEPARTMENT), BadInput) == (
        "须写明是哪个党组织的事项",
    )


# ── events: whose score a criticism touches ──────────────────────


@pytest.mark.parametrize(
    ("bearer", "unit", "bear"),
    [
        ("named", False, ["D01", "U1"]),
        ("named", True, ["D01", "U"]),
        ("top", False, ["D01", "U"]),
        ("all", False, ["D01", "U", "U1"]),
    ],
)
def test_a_criticism_is_borne_by_whom_the_scheme_says(
    database_url: str, tmp_path: object, bearer: str, unit: bool, bear: list[str]
) -> None:
    file = tmp_path / "scheme.toml"  # type: ignore[operator]
    text = shelf.scheme_bytes("anyang-five-star").decode().replace('bearer = "named"', f'bearer = "{bearer}"')
    file.write_text(text, encoding="utf-8")
    with town_of(database_url, branches=1, scheme=str(file)) as town:
        lines = add(town, CRITICISM, "D01", "U1", "U1", confirm=True, unit=unit)

        assert [line.organisation for line in lines] == bear


def test_only_a_criticism_can_name_a_unit_alone(town: Town) -> None:
    assert refusal(lambda: add(town, ABSENCE, "U1", unit=True), BadInput) == ("只有通报批评可以只点单位(R36)",)


# ── events: confirming and reducing ──────────────────────────────


def test_the_evaluator_confirms_bonuses_and_nothing_else(town: Town) -> None:
    add(town, AWARD, "U1", acting=BRANCH)
    add(town, ABSENCE, "U1", acting=SUPERIOR)

    line = registers.confirm_event(town.desk, 1, acting=SUPERIOR)

    assert (line.status, line.decided_by) == ("confirmed", "P3")
    denied = refusal(lambda: registers.confirm_event(town.desk, 2, acting=SUPERIOR), Forbidden)
    assert denied == ("确认无故缺席或未按时完成任务由组织部办理(R41)",)
    assert registers.event(town.desk, 2).status == "proposed"


@pytest.mark.parametrize("who", [BRANCH, COMMITTEE, ANYBODY], ids=["itself", "committee", "anyone"])
def test_nobody_else_confirms(town: Town, who: Acting) -> None:
    add(town, AWARD)

    assert refusal(lambda: registers.confirm_event(town.desk, 1, acting=who), Forbidden) == (
        "确认表彰由组织部、上级党组织办理(R35)",
    )
    assert refusal(lambda: add(town, ABSENCE, acting=BRANCH, confirm=True), Forbidden) == (
        "确认无故缺席或未按时完成任务由组织部办理(R41)",
    )
    assert listed(town) == [("D01", "commendation", "proposed")]


def test_somebody_who_has_nothing_to_do_with_it_proposes_nothing(town: Town) -> None:
    denied = refusal(lambda: add(town, AWARD, acting=ANYBODY), Forbidden)

    assert denied == ("登记事项由本组织、上级党组织、组织部、工委会办理(R35)",)


def test_the_department_reduces_a_bonus_with_a_reason(town: Town) -> None:
    add(town, AWARD, "U1", acting=BRANCH)
    registers.confirm_event(town.desk, 1, acting=SUPERIOR)

    line = registers.confirm_event(town.desk, 1, acting=DEPARTMENT, level="city", reason="实为市级")

    assert (line.level, line.status, line.reason) == ("city", "confirmed", "由省级表彰核减为市级表彰:实为市级")


@pytest.mark.parametrize(
    ("who", "level", "reason", "kind", "said"),
    [
        (SUPERIOR, "city", "实为市级", Forbidden, "核减加分由组织部办理(R35)"),
        (DEPARTMENT, "city", "", BadInput, "核减须写明理由(R35)"),
        (
            DEPARTMENT,
            "nation",
            "实为国家级",
            BadInput,
            "省级表彰只能核减为更低的级别,不能改为“nation”;不予认可的请撤销(R35)",
        ),
        (
            DEPARTMENT,
            "district",
            "实为区级",
            BadInput,
            "省级表彰只能核减为更低的级别,不能改为“district”;不予认可的请撤销(R35)",
        ),
    ],
    ids=["by the evaluator", "without a reason", "upwards", "to a level that counts nothing"],
)
def test_a_bonus_is_reduced_by_the_department_downwards_with_a_reason(
    town: Town, who: Acting, level: str, reason: str, kind: type[StarflowError], said: str
) -> None:
    add(town, AWARD)

    act = lambda: registers.confirm_event(town.desk, 1, acting=who, level=level, reason=reason)  # noqa: E731 – said once
    assert refusal(act, kind) == (said,)
    assert (registers.event(town.desk, 1).level, registers.event(town.desk, 1).status) == ("province", "proposed")


def test_what_is_decided_is_not_confirmed_again(town: Town) -> None:
    add(town, AWARD, confirm=True)
    again = lambda: registers.confirm_event(town.desk, 1, acting=DEPARTMENT)  # noqa: E731 – said twice

    assert refusal(again) == ("事项1已经确认,不再确认(R35)",)
    registers.withdraw_event(town.desk, 1, "登记有误", acting=DEPARTMENT)
    assert refusal(again) == ("事项1已经撤销,不再确认(R35)",)


def test_what_the_clock_proposes_waits_for_a_person(town: Town) -> None:
    town.at("2027-06-21 10:00")

    lines = [line for line in registers.events(town.desk).rows if line.organisation == "D01"]
    assert [(line.code, line.status, line.proposed_by, line.proof) for line in lines] == [
        ("unexcused", "proposed", "clock", "第01支部“申报”逾期15天未办")
    ]
    line = registers.confirm_event(town.desk, lines[0].id, acting=DEPARTMENT)
    assert (line.status, line.decided_by) == ("confirmed", "P1")


# ── events: withdrawing ──────────────────────────────────────────


def test_a_confirmed_event_is_withdrawn_and_still_shown(town: Town) -> None:
    add(town, ABSENCE, confirm=True)

    line = registers.withdraw_event(town.desk, 1, "当日已请假", acting=DEPARTMENT)

    assert (line.status, line.reason, line.note) == ("withdrawn", "当日已请假(此前由P1于2027-05-06确认)", None)
    assert listed(town) == [("D01", "unexcused", "withdrawn")]


def test_a_withdrawal_leaves_a_granted_star_as_it_is(town: Town) -> None:
    add(town, AWARD, confirm=True)
    town.waiting({"D01": (4, "79")})
    town.fire("D01", "approve", MEETING)

    line = registers.withdraw_event(town.desk, 1, "证书不实", acting=DEPARTMENT)

    assert line.note == "2027年度申报创星已定的星级不变"
    assert town.cycle("D01").star == 4
    assert town.broken() == ()


def test_a_withdrawal_says_that_a_proposed_star_has_to_be_scored_again(town: Town) -> None:
    add(town, AWARD, confirm=True)
    town.waiting({"D01": (4, "79")})

    line = registers.withdraw_event(town.desk, 1, "证书不实", acting=DEPARTMENT)

    assert line.note == "2027年度申报创星拟定的星级已计入此项,须退回考评重新计分"


def test_an_organisation_takes_back_its_own_claim_until_it_is_confirmed(town: Town) -> None:
    add(town, AWARD, "D01", "D02", acting=BRANCH)
    registers.confirm_event(town.desk, 2, acting=DEPARTMENT)

    assert registers.withdraw_event(town.desk, 1, "报错了", acting=BRANCH).status == "withdrawn"
    denied = refusal(lambda: registers.withdraw_event(town.desk, 2, "报错了", acting=BRANCH), Forbidden)
    assert denied == ("撤销表彰由组织部、上级党组织办理(R35)",)


def test_nobody_takes_back_what_speaks_against_himself(town: Town) -> None:
    add(town, ABSENCE)

    denied = refusal(lambda: registers.withdraw_event(town.desk, 1, "没有这回事", acting=BRANCH), Forbidden)

    assert denied == ("撤销无故缺席或未按时完成任务由组织部办理(R41)",)
    assert listed(town) == [("D01", "unexcused", "proposed")]


def test_a_withdrawal_has_a_reason_and_happens_once(town: Town) -> None:
    add(town, ABSENCE)

    silent = lambda: registers.withdraw_event(town.desk, 1, " ", acting=DEPARTMENT)  # noqa: E731 – said once
    assert refusal(silent, BadInput) == ("撤销事项须写明理由(R45)",)
    registers.withdraw_event(town.desk, 1, "登记有误", acting=DEPARTMENT)
    again = lambda: registers.withdraw_event(town.desk, 1, "登记有误", acting=DEPARTMENT)  # noqa: E731 – said once
    assert refusal(again) == ("事项1已经撤销(R45)",)
    assert refusal(lambda: registers.event(town.desk, 9), Unknown) == ("没有编号为9的事项",)


# ── elections ────────────────────────────────────────────────────


def election(town: Town, code: str) -> ElectionLine:
    return next(line for line in registers.elections(town.desk).rows if line.organisation == code)


def due(town: Town, code: str, on: date) -> None:
    registers.set_election(town.desk, code, acting=DEPARTMENT, due_on=on)


def extend(
    town: Town, what: str, *, on: date | None = None, reason: str = "", who: Acting = DEPARTMENT
) -> ElectionLine:
    return registers.set_election(town.desk, "D01", acting=who, extension=what, on=on, reason=reason)


def test_the_register_lists_the_first_to_run_out_first(town: Town) -> None:
    due(town, "U1", date(2028, 1, 1))
    due(town, "D02", date(2027, 6, 1))

    rows = registers.elections(town.desk).rows

    assert [(line.organisation, line.due_on, line.days_left) for line in rows] == [
        ("D02", date(2027, 6, 1), 26),
        ("U1", date(2028, 1, 1), 240),
        ("D01", None, None),
        ("D03", None, None),
        ("U", None, None),
    ]
    assert [line.organisation for line in registers.elections(town.desk, under="U").rows] == ["U1", "U"]
    assert [line.organisation for line in registers.elections(town.desk, due_by=date(2027, 12, 1)).rows] == ["D02"]


@pytest.mark.parametrize(
    ("code", "held_on", "next_due_on"),
    [("D01", date(2027, 5, 1), date(2030, 5, 1)), ("U", date(2024, 2, 29), date(2029, 2, 28))],
    ids=["a branch for three years", "a committee for five, from a leap day"],
)
def test_an_election_ends_the_term_and_begins_the_next(town: Town, code: str, held_on: date, next_due_on: date) -> None:
    due(town, code, date(2027, 4, 1))

    line = registers.set_election(town.desk, code, acting=DEPARTMENT, held_on=held_on)

    assert (line.last_held_on, line.due_on, line.extension, line.cap) == (held_on, next_due_on, "none", None)


def test_an_election_may_be_entered_without_an_earlier_entry_and_with_an_end_of_its_own(town: Town) -> None:
    when = {"held_on": date(2027, 5, 1), "due_on": date(2031, 5, 1)}

    line = registers.set_election(town.desk, "D01", acting=SUPERIOR, **when)

    assert (line.last_held_on, line.due_on) == (date(2027, 5, 1), date(2031, 5, 1))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"held_on": date(2027, 5, 7)}, "换届日期2027-05-07还没有到,今天是2027-05-06(R42)"),
        ({"held_on": date(2027, 5, 1)}, "换届日期2027-05-01不晚于上一次换届的2027-05-01(R42)"),
        (
            {"held_on": date(2027, 5, 5), "due_on": date(2027, 5, 5)},
            "下一届到期日2027-05-05不晚于换届日期2027-05-05(R42)",
        ),
        ({"due_on": date(2030, 6, 1)}, "更正到期日须写明理由(R42)"),
        ({}, "换届日期(held_on)、到期日(due_on)、请示情况(extension)只写其一;换届日期可以同时写下一届的到期日"),
        ({"extension": "granted"}, "请示情况没有“granted”,只有requested、approved、refused"),
    ],
    ids=["ahead", "not after the last", "the next ends before", "no reason", "nothing", "unknown word"],
)
def test_what_cannot_be_right_is_not_entered(town: Town, when: dict[str, object], said: str) -> None:
    registers.set_election(town.desk, "D01", acting=DEPARTMENT, held_on=date(2027, 5, 1))
    before = election(town, "D01")

    act = lambda: registers.set_election(town.desk, "D01", acting=DEPARTMENT, **when)  # type: ignore[arg-type]  # noqa: E731 – said once
    assert refusal(act, BadInput) == (said,)
    assert election(town, "D01") == before


def test_a_corrected_end_forgets_what_was_asked_for_the_other(town: Town) -> None:
    due(town, "D01", date(2027, 6, 1))
    extend(town, "requested", on=date(2027, 5, 1), who=BRANCH)

    line = registers.set_election(town.desk, "D01", acting=DEPARTMENT, due_on=date(2027, 9, 1), reason="名册有误")

    assert (line.due_on, line.extension, line.requested_on) == (date(2027, 9, 1), "none", None)
    assert line.note == "2027-05-01请示;原到期日2027-06-01(已请示),更正:名册有误"


def test_a_request_in_time_takes_the_bound_away_and_a_refusal_brings_it_back(town: Town) -> None:
    due(town, "D01", date(2027, 5, 5))
    assert election(town, "D01").cap == 4

    asked = extend(town, "requested", on=date(2027, 5, 5), who=BRANCH, reason="班子调整")
    refused = extend(town, "refused", on=date(2027, 5, 6))

    assert (asked.extension, asked.requested_on, asked.cap) == ("requested", date(2027, 5, 5), None)
    assert (refused.extension, refused.cap) == ("refused", 4)
    assert refused.note == "2027-05-05请示:班子调整;2027-05-06请示未获同意"


def test_a_request_after_the_end_is_kept_and_counts_nothing(town: Town) -> None:
    due(town, "D01", date(2027, 5, 4))

    line = extend(town, "requested", on=date(2027, 5, 5), who=BRANCH)

    assert (line.extension, line.requested_on, line.cap) == ("none", date(2027, 5, 5), 4)
    assert line.note == "2027-05-05请示,晚于到期日2027-05-04,不计"


def test_the_department_may_accept_a_special_reason_that_nobody_asked_for_in_time(town: Town) -> None:
    due(town, "D01", date(2027, 5, 4))

    assert refusal(lambda: extend(town, "approved"), BadInput) == ("没有按期请示的,须写明认可或不认可的理由(R42)",)
    line = extend(town, "approved", reason="机构改革")
    assert (line.extension, line.cap, line.note) == ("approved", None, "2027-05-06延期已获批准:机构改革")


def test_no_permission_protects_longer_than_a_year(town: Town) -> None:
    due(town, "D01", date(2026, 5, 5))

    assert extend(town, "approved", reason="机构改革").cap == 3


@pytest.mark.parametrize(
    ("how", "who", "said"),
    [
        ({"held_on": date(2027, 5, 1)}, BRANCH, "登记换届由组织部、上级党组织办理(R42)"),
        ({"due_on": date(2028, 5, 1)}, SUPERIOR, "更正换届到期日由组织部办理(R42)"),
        ({"extension": "approved"}, SUPERIOR, "答复请示由组织部办理(R42)"),
        ({"extension": "requested"}, ANYBODY, "登记请示由本组织、上级党组织、组织部办理(R42)"),
    ],
    ids=["held", "due", "approved", "requested"],
)
def test_everything_in_the_register_of_elections_has_its_hand(
    town: Town, how: dict[str, object], who: Acting, said: str
) -> None:
    due(town, "D01", date(2027, 6, 1))
    before = election(town, "D01")

    act = lambda: registers.set_election(town.desk, "D01", acting=who, **how)  # type: ignore[arg-type]  # noqa: E731 – said once
    assert refusal(act, Forbidden) == (said,)
    assert election(town, "D01") == before


def test_a_request_is_entered_once_and_needs_a_term(town: Town) -> None:
    assert refusal(lambda: extend(town, "requested")) == ("第01支部没有登记换届到期日,请先登记(R42)",)
    due(town, "D01", date(2027, 6, 1))
    extend(town, "requested", on=date(2027, 5, 1))

    assert refusal(lambda: extend(town, "requested")) == ("已于2027-05-01请示(R42)",)
    early = lambda: extend(town, "approved", on=date(2027, 4, 1))  # noqa: E731 – said once
    assert refusal(early, BadInput) == ("答复日期2027-04-01早于请示日期2027-05-01(R42)",)
    extend(town, "approved")
    assert refusal(lambda: extend(town, "approved")) == ("已是延期已获批准(R42)",)
    assert refusal(lambda: extend(town, "requested")) == ("请示已有答复(延期已获批准)(R42)",)


# ── reminders ────────────────────────────────────────────────────


def reminded(town: Town) -> list[tuple[str, str, str]]:
    with town.desk.reading() as tx:
        its = sa.select(outbox.NOTICE).where(outbox.NOTICE.c.stage == "election").order_by(outbox.NOTICE.c.id)
        return [(row.recipient_role, row.status, row.text) for row in tx.session.execute(its)]


def test_each_term_is_reminded_of_once_six_months_ahead(town: Town) -> None:
    due(town, "D01", date(2027, 11, 7))
    assert registers.election_reminders(town.desk) == 0
    town.at("2027-05-07 08:30")

    assert [registers.election_reminders(town.desk) for _ in range(2)] == [1, 0]
    town.at("2027-05-08 08:30")
    assert registers.election_reminders(town.desk) == 0

    words = "换届提醒:第01支部应于2027-11-07前换届;不能按期的,须在到期前请示"
    assert reminded(town) == [("organisation", "queued", words)]


def test_another_end_of_the_term_is_reminded_of_again(town: Town) -> None:
    due(town, "D01", date(2027, 6, 1))
    registers.election_reminders(town.desk)
    registers.set_election(town.desk, "D01", acting=DEPARTMENT, due_on=date(2027, 7, 1), reason="名册有误")

    assert registers.election_reminders(town.desk) == 1


@pytest.mark.parametrize(
    ("due_on", "extension", "words"),
    [
        (date(2027, 5, 1), None, "应于2027-05-01前换届,已过5天;未按期请示"),
        (date(2027, 6, 1), "requested", "应于2027-06-01前换届;已于2027-05-06请示,待答复"),
        (date(2027, 6, 1), "approved", "应于2027-06-01前换届;延期已获同意,超过一年不换届的仍受限制"),
        (date(2027, 6, 1), "refused", "应于2027-06-01前换届;请示未获同意,须按期换届"),
    ],
)
def test_a_reminder_says_how_the_request_stands(town: Town, due_on: date, extension: str | None, words: str) -> None:
    due(town, "D01", due_on)
    if extension is not None:
        extend(town, extension, reason="班子调整")

    registers.election_reminders(town.desk)

    assert reminded(town) == [("organisation", "queued", f"换届提醒:第01支部{words}")]


def test_where_the_post_is_vacant_the_next_above_hears_of_it(town: Town) -> None:
    due(town, "U1", date(2027, 6, 1))
    organisations.vacate(town.desk, "U1", "head")

    registers.election_reminders(town.desk)

    words = "换届提醒:发改委第一支部应于2027-06-01前换届;不能按期的,须在到期前请示"
    assert reminded(town) == [
        ("organisation", "vacant", words),
        ("superior", "queued", f"{words}(发改委第一支部的岗位空缺,报上一级)"),
    ]
