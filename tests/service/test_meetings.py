"""A sitting decides on a ranked list: all in one go with single exceptions, each by itself, none by halves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from starflow.service import meetings
from starflow.service.acting import Acting
from starflow.service.agenda import AgendaLine, AgendaQuota
from starflow.service.meetings import Batch, Excess
from starflow.service.sittings import Closed, MeetingLine, Undecided, VoteLine
from tests.service.town import BRANCH, COMMITTEE, DEPARTMENT, Town, town_of
from workflow.engine.errors import BadInput, Forbidden, Reason, Refused, StarflowError, Unknown, WrongStage
from workflow.rating.votes import Vote

MAY_14 = date(2027, 5, 14)
NOON = datetime(2027, 5, 14, 2, tzinfo=UTC)  # ten in the morning there
SITTING = {"number": "2027-1", "held_on": MAY_14, "year": 2027, "opened_at": NOON}


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as town:
        yield town


def sit(town: Town, number: str = "2027-1", on: date = MAY_14) -> None:
    meetings.open_meeting(town.desk, number, on, acting=COMMITTEE)


def approve(town: Town, *codes: str, acting: Acting = COMMITTEE, **exceptions: str) -> Batch:
    return meetings.approve(town.desk, "2027-1", acting=acting, codes=codes, exceptions=exceptions)


def outcomes(batch: Batch) -> list[tuple[str, str]]:
    return [(line.organisation, line.outcome) for line in batch.rows]


def reasons(batch: Batch, code: str) -> tuple[str, ...]:
    return next(tuple(map(str, line.reasons)) for line in batch.rows if line.organisation == code)


def refusal(act: Callable[[], object], kind: type[StarflowError] = Refused) -> tuple[str, ...]:
    with pytest.raises(kind) as refused:
        act()
    return tuple(map(str, refused.value.reasons))


# ── the list ─────────────────────────────────────────────────────


def test_the_list_shows_what_the_others_think_beside_the_superior(town: Town) -> None:
    town.waiting({"U1": (5, "95")})

    assert meetings.agenda(town.desk).rows == (
        AgendaLine(
            rank=1,
            organisation="U1",
            name="发改委第一支部",
            round="rating",
            route="A",
            self_score="95",
            self_star=5,
            satisfaction="满意率93.33%(14/15)",
            base="95",
            total="95",
            proposed_star=5,
            star=None,
            within=True,
            tied=False,
            flags=(),
            deferred=None,
        ),
    )


def test_a_survey_with_four_of_the_masses_is_flagged_on_the_list(town: Town) -> None:
    town.at("2027-05-06 10:00")
    town.propose("D01", 4, "94", masses=4)
    town.propose("D02", 4, "94", masses=5)
    town.at("2027-05-14 10:00")

    assert {line.organisation: line.flags for line in meetings.agenda(town.desk).rows} == {
        "D01": ("参加群众只有4人,少于5人",),
        "D02": (),
    }


def test_an_organisation_without_a_satisfied_ballot_is_shown_without_its_number(town: Town) -> None:
    town.at("2027-05-06 10:00")
    town.propose("D01", 0, "84", unhappy=15)
    town.propose("D02", 4, "84")
    town.at("2027-05-14 10:00")

    first, second = meetings.agenda(town.desk).rows

    assert (first.organisation, first.satisfaction, first.base, first.total) == (
        "D02",
        "满意率93.33%(14/15)",
        "84",
        "84",
    )
    assert (second.organisation, second.satisfaction, second.base, second.total) == ("D01", "满意率10%以下", "84", "79")
    assert first.flags == ("自评95分与考评84分相差11分,超过10分",)
    assert second.flags == ("自评95分与考评84分相差11分,超过10分",)  # not by how much the survey differs


def test_the_cut_line_falls_where_the_places_end(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "93"), "D03": (4, "94"), "U1": (5, "91.5")})

    found = meetings.agenda(town.desk)

    lines = [(line.rank, line.organisation, line.within) for line in found.rows]
    assert lines == [(1, "D01", True), (2, "D03", None), (3, "D02", False), (4, "U1", False)]
    assert found.quotas == (
        AgendaQuota(
            quota="five_star",
            scope="all",
            limit=1,
            base=10,
            arithmetic="参评10个×1/10向下取整,不超过1个",
            taken=0,
            excess=0,
            freed=0,
            left=1,
            wanted=3,
            cut_after="D01",
            tie=None,
            title="五星级名额",
        ),
    )


def test_equal_totals_have_equal_ranks_and_are_named_where_the_line_would_part_them(town: Town) -> None:
    town.waiting({"D01": (5, "93"), "D02": (5, "93"), "D03": (5, "91")})

    found = meetings.agenda(town.desk)

    assert [(line.rank, line.organisation, line.tied) for line in found.rows] == [
        (1, "D01", True),
        (1, "D02", True),
        (3, "D03", False),
    ]
    assert found.quotas[0].tie == "第1名并列2个,同为93分:第01支部、第02支部;名额线内只剩1个,由会议决定"


# ── deciding in one go ───────────────────────────────────────────


def test_all_that_are_listed_are_approved_and_the_star_is_in_force_from_the_sitting(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (4, "85"), "D03": (0, "40")})
    town.at("2027-05-16 10:00")
    sit(town)

    batch = approve(town)

    assert (batch.approved, batch.deferred, batch.refused) == (3, 0, 0)
    assert outcomes(batch) == [("D02", "approved"), ("D03", "approved"), ("D01", "approved")]
    assert town.stages("D01", "D02", "D03") == ["rating.city_review", "rated", "rated"]
    assert town.history("D02")[-1] == (8, "approve", "P2")
    assert town.cycle("D01").approved_on == MAY_14
    assert town.broken() == ()


def test_an_exception_stays_on_the_list_with_its_reason(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84")})
    sit(town)

    batch = approve(town, D02="材料待补")

    assert outcomes(batch) == [("D02", "deferred"), ("D01", "approved")]
    assert town.stages("D02") == ["rating.approval"]
    assert town.history("D02")[-1] == (8, "defer", "P2")
    assert [(line.organisation, line.deferred) for line in meetings.agenda(town.desk).rows] == [("D02", "材料待补")]
    assert town.broken() == ()


def test_the_same_exception_is_recorded_once(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)

    for _ in range(2):
        approve(town, D01="材料待补")

    assert [trigger for _, trigger, _ in town.history("D01")].count("defer") == 1


def test_only_those_who_are_named_are_approved(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84"), "D03": (4, "83")})
    sit(town)

    assert outcomes(approve(town, "D03", "D01", "D03")) == [("D01", "approved"), ("D03", "approved")]
    assert town.stages("D02") == ["rating.approval"]


def test_asked_again_a_sitting_goes_on_where_it_stopped(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84")})
    sit(town)
    approve(town, "D01")

    assert outcomes(approve(town, "D01", "D02")) == [("D02", "approved"), ("D01", "approved")]
    assert [trigger for _, trigger, _ in town.history("D01")].count("approve") == 1
    assert outcomes(approve(town)) == []


def test_one_that_is_refused_holds_nobody_up(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84")})
    sit(town)

    batch = approve(town, "D01", "D03", "D02")

    assert outcomes(batch) == [("D01", "approved"), ("D02", "approved"), ("D03", "refused")]
    assert reasons(batch, "D03") == ("“申报”环节不能“批准”(R8)",)


def test_whoever_scored_it_cannot_approve_it(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)
    scorer = replace(COMMITTEE, actor="P1", person="P1")

    assert reasons(approve(town, acting=scorer), "D01") == ("打分的人不能办理同一党组织的异议和批准(R23)",)


def test_beyond_the_cut_line_nobody_is_approved(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "93"), "D03": (5, "91")})
    sit(town)

    batch = approve(town)

    full = "在名额线以外:五星级名额还剩1个,这次要3个(参评10个×1/10向下取整,不超过1个),须先记录超额决定(R30)"
    assert outcomes(batch) == [("D01", "approved"), ("D02", "refused"), ("D03", "refused")]
    assert (reasons(batch, "D02"), reasons(batch, "D03")) == ((full,), (full,))


def test_a_tie_at_the_line_is_parted_by_people_only(town: Town) -> None:
    town.waiting({"D01": (5, "93"), "D02": (5, "93"), "D03": (5, "91")})
    sit(town)
    tie = "第1名并列2个,同为93分:第01支部、第02支部;名额线内只剩1个,由会议决定;请指名批准,或先记录超额决定(R30)"

    batch = approve(town)

    assert outcomes(batch) == [("D01", "refused"), ("D02", "refused"), ("D03", "refused")]
    assert (reasons(batch, "D01"), reasons(batch, "D02")) == ((tie,), (tie,))
    assert outcomes(approve(town, "D02")) == [("D02", "approved")]


def test_a_listed_demotion_makes_room_for_a_listed_promotion(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (4, "85")})
    sit(town)
    approve(town)
    town.fire("D01", "confirm_star", {})
    town.at("2027-12-02 10:00")
    town.evaluate("D01", 4, "84", on="2027-12-02")
    town.evaluate("D02", 5, "94", on="2027-12-02")
    town.at("2027-12-10 10:00")
    sit(town, "2027-5", date(2027, 12, 10))

    found = meetings.agenda(town.desk)
    batch = meetings.approve(town.desk, "2027-5", acting=COMMITTEE)

    assert [(line.organisation, line.round, line.star, line.within) for line in found.rows] == [
        ("D02", "recheck", 4, True),
        ("D01", "recheck", 5, None),
    ]
    assert [(one.taken, one.freed, one.left) for one in found.quotas] == [(1, 1, 1)]
    assert outcomes(batch) == [("D01", "approved"), ("D02", "approved")]
    assert town.broken() == ()


# ── what a sitting may not do ────────────────────────────────────


@pytest.mark.parametrize(
    ("codes", "exceptions", "kind", "said"),
    [
        (["X1", "D01", "X2"], {}, Unknown, "2027年度没有编码为X1、X2的党组织"),
        ([], {"D05": "材料待补"}, BadInput, "D05不在这次要批准的名单里,不必除外(R24)"),
        ([], {"D01": " "}, BadInput, "D01除外,须写明理由(R24)"),
    ],
    ids=["unknown codes", "an exception that is not on the list", "an exception without a reason"],
)
def test_what_is_asked_wrongly_decides_nothing(
    town: Town, codes: Sequence[str], exceptions: dict[str, str], kind: type[StarflowError], said: str
) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)
    before = town.history("D01")

    assert refusal(lambda: approve(town, *codes, **exceptions), kind) == (said,)
    assert town.history("D01") == before


def test_a_sitting_decides_nothing_before_its_day(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town, on=date(2027, 5, 20))

    assert refusal(lambda: approve(town)) == ("会议2027-1定于2027-05-20召开,今天是2027-05-14,还不能作决定(R24)",)


def test_only_the_committee_decides_and_its_department_prepares(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    meetings.open_meeting(town.desk, "2027-1", MAY_14, acting=DEPARTMENT)

    assert refusal(lambda: approve(town, acting=DEPARTMENT), Forbidden) == ("批准由工委会办理(R24)",)
    late = lambda: meetings.open_meeting(town.desk, "2027-2", MAY_14, acting=BRANCH)  # noqa: E731 – said once
    assert refusal(late, Forbidden) == ("登记会议由工委会、组织部办理(R24)",)


def test_a_sitting_has_to_be_entered_before_it_decides(town: Town) -> None:
    assert refusal(lambda: approve(town), Unknown) == ("2027年度没有编号为“2027-1”的会议,请先登记(meeting open)",)


# ── the register of sittings ─────────────────────────────────────


def test_a_sitting_is_entered_once(town: Town) -> None:
    town.at("2027-05-14 10:00")
    sit(town)
    sit(town)

    assert meetings.meeting_list(town.desk).rows == (
        MeetingLine(**SITTING, status="open", closed_at=None, approved=0, rejected=0),
    )
    assert refusal(lambda: sit(town, on=date(2027, 5, 15))) == (
        "会议2027-1已经登记,日期是2027-05-14,不是2027-05-15(R24)",
    )


@pytest.mark.parametrize("number", ["", "  ", "一" * 81])
def test_a_sitting_has_a_number_that_fits(town: Town, number: str) -> None:
    assert refusal(lambda: sit(town, number), BadInput) == ("会议编号须有1至80个字",)


def test_whoever_is_left_when_a_sitting_closes_waits_for_the_next(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84"), "D03": (4, "83"), "D04": (4, "82")})
    sit(town)
    approve(town, "D01", "D02", D02="材料待补")
    meetings.reject(town.desk, "2027-1", "D03", "佐证不足", acting=COMMITTEE)

    closed = meetings.close_meeting(town.desk, "2027-1", acting=DEPARTMENT)

    left = {"proposed_star": 4}
    assert closed == Closed(
        number="2027-1",
        held_on=MAY_14,
        approved=1,
        rejected=1,
        rows=(
            Undecided(organisation="D02", name="第02支部", reason="材料待补", **left),
            Undecided(organisation="D04", name="第04支部", reason=None, **left),
        ),
    )
    assert meetings.meeting_list(town.desk).rows == (
        MeetingLine(**SITTING, status="closed", closed_at=NOON, approved=1, rejected=1),
    )


def test_a_closed_sitting_decides_nothing_any_more(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)
    meetings.close_meeting(town.desk, "2027-1", acting=COMMITTEE)
    before = town.history("D01")
    closed = ("会议2027-1已经闭会,不能再加决定(R24)",)

    assert refusal(lambda: approve(town)) == closed
    assert refusal(lambda: sit(town)) == closed
    assert refusal(lambda: meetings.close_meeting(town.desk, "2027-1", acting=COMMITTEE)) == closed
    assert town.history("D01") == before


# ── rejecting ────────────────────────────────────────────────────


def test_whoever_is_rejected_goes_back_to_the_review(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)

    line = meetings.reject(town.desk, "2027-1", "D01", "佐证不足", acting=COMMITTEE)

    assert (line.outcome, line.after) == ("rejected", "rating.review")
    assert town.stages("D01") == ["rating.review"]


def test_a_rejection_needs_a_reason_and_somebody_who_waits(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    sit(town)

    silent = lambda: meetings.reject(town.desk, "2027-1", "D01", "", acting=COMMITTEE)  # noqa: E731 – said once
    assert refusal(silent, BadInput) == ("须写明理由",)
    stranger = lambda: meetings.reject(town.desk, "2027-1", "D02", "佐证不足", acting=COMMITTEE)  # noqa: E731 – said once
    assert refusal(stranger, WrongStage) == ("“申报”环节不能“不予批准”(R8)",)


# ── the recorded excess ──────────────────────────────────────────


def test_a_recorded_excess_makes_room_for_just_so_many(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "93"), "D03": (5, "91")})
    sit(town)

    decided = meetings.excess(town.desk, "2027-1", "5", 1, "今年创建成效突出", acting=COMMITTEE)

    assert decided == Excess(
        quota="five_star",
        number=1,
        reason="今年创建成效突出",
        meeting="2027-1",
        organisation="D02",
        seq=8,
        limit=1,
        excess=1,
        taken=0,
        left=2,
    )
    assert outcomes(approve(town)) == [("D01", "approved"), ("D02", "approved"), ("D03", "refused")]
    assert town.broken() == ()


def test_one_sitting_decides_one_excess(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "93")})
    sit(town)
    more = lambda: meetings.excess(town.desk, "2027-1", "five_star", 1, "确有必要", acting=COMMITTEE)  # noqa: E731 – said twice
    more()
    before = town.history("D02")

    assert refusal(more) == ("会议2027-1已决定五星级名额超出1个,一次会议只作一个超额决定(R30)",)
    assert town.history("D02") == before


@pytest.mark.parametrize(("number", "reason"), [(0, "确有必要"), (1, "")])
def test_an_excess_names_its_number_and_its_reason(town: Town, number: int, reason: str) -> None:
    town.waiting({"D01": (5, "95")})
    sit(town)
    before = town.history("D01")

    with pytest.raises(BadInput):
        meetings.excess(town.desk, "2027-1", "5", number, reason, acting=COMMITTEE)

    assert town.history("D01") == before


def test_where_nobody_waits_no_excess_is_needed(town: Town) -> None:
    town.at("2027-05-14 10:00")
    sit(town)

    with pytest.raises(Refused) as refused:
        meetings.excess(town.desk, "2027-1", "5", 1, "确有必要", acting=COMMITTEE)

    assert refused.value.reasons == (Reason("现在没有待批准的党组织,不需要超额决定", "R30"),)


# ── what was voted ───────────────────────────────────────────────

EIGHT_OF_NINE = Vote(present=9, in_favour=8, against=1, abstained=0)


def test_a_vote_is_kept_with_the_sitting_and_with_everybody_it_was_about(town: Town) -> None:
    town.waiting({"D01": (4, "85"), "D02": (4, "84"), "D03": (4, "83")})
    sit(town)
    meetings.approve(town.desk, "2027-1", acting=COMMITTEE, codes=["D01", "D02"], vote=EIGHT_OF_NINE)
    meetings.reject(
        town.desk, "2027-1", "D03", "材料不实", acting=COMMITTEE, vote=Vote(present=9, in_favour=2, against=7)
    )

    (line,) = meetings.meeting_list(town.desk).rows

    assert line.votes == (
        VoteLine(outcome="approved", organisations=("D01", "D02"), present=9, in_favour=8, against=1, abstained=0),
        VoteLine(outcome="rejected", organisations=("D03",), present=9, in_favour=2, against=7, abstained=0),
    )
    assert town.broken() == ()


def test_a_vote_that_says_another_thing_decides_nothing_and_enters_no_sitting(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    before = town.history("D01")

    def approved(vote: Vote) -> Batch:
        return meetings.approve(town.desk, "2027-1", acting=COMMITTEE, on=MAY_14, vote=vote)

    assert refusal(lambda: approved(replace(EIGHT_OF_NINE, abstained=1))) == (
        "赞成8票、反对1票、弃权1票,合计10票,与到会的9人不符(R24)",
    )
    assert refusal(lambda: approved(Vote(present=9, in_favour=4, against=5))) == (
        "赞成4票,没有超过到会9人的半数,不能批准(R24)",
    )
    sit(town)
    assert refusal(
        lambda: meetings.reject(town.desk, "2027-1", "D01", "再核", acting=COMMITTEE, vote=EIGHT_OF_NINE)
    ) == ("赞成8票,已超过到会9人的半数,不能不予批准(R24)",)
    assert town.history("D01") == before
    assert [line.votes for line in meetings.meeting_list(town.desk).rows] == [()]


def test_a_vote_told_through_the_one_door_is_judged_there(town: Town) -> None:
    town.waiting({"D01": (4, "85")})
    told = {"on": "2027-05-14", "number": "2027-1", "votes": {"present": 9, "in_favour": 4, "against": 5}}

    assert refusal(lambda: town.fire("D01", "approve", {"meeting": told})) == (
        "赞成4票,没有超过到会9人的半数,不能批准(R24)",
    )
