"""Secret ballots: one slip, one vote; nothing said before the close; a frozen result that the filing counts by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from starflow.service import polls, upkeep
from starflow.service.casting import cast, paper_for
from starflow.service.poll_views import live, result, results_below
from starflow.service.polls import Invited, NewPoll, Slips, digest
from starflow.service.why import history, why
from storage import ballots, evidence
from storage.ballot_models import Poll
from tests.service.conftest import ZONE, City
from tests.service.town import BRANCH, DEPARTMENT, SUPERIOR
from workflow.engine.errors import BadInput, Forbidden, Refused, StarflowError, WrongStage

OPEN_UNTIL = datetime(2027, 5, 7, 18, tzinfo=ZONE)
SATISFIED = {"overall": "satisfied"}


def opened(city: City, **wanted: Any) -> int:
    """B1's survey of ten members and two of the masses, opened on 6 May at 10:00."""
    city.at("2027-05-06 10:00")
    city.submit("B1", "2027-05-05")
    roll = {"mode": "slips", "closes_at": OPEN_UNTIL, "own_unit": 2, **wanted}
    return polls.open_poll(city.desk, "B1", NewPoll(**roll), acting=BRANCH)


def slips(city: City) -> dict[str, tuple[str, ...]]:
    return {sheet.electorate: sheet.tokens for sheet in polls.issue_slips(city.desk, "B1", acting=BRANCH)}


def vote(city: City, tokens: Sequence[str], answers: Mapping[str, str] = SATISFIED) -> list[bool]:
    return [cast(city.desk, token, answers).taken for token in tokens]


def poll_of(city: City, poll_id: int) -> Poll:
    with city.desk.reading() as tx:
        found = ballots.by_id(tx, poll_id)
    assert found is not None
    return found


def count(city: City, **said: Any) -> None:
    polls.count_poll(city.desk, "B1", {"tellers": ["甲", "乙"], **said}, acting=BRANCH)


def refusal(work: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(StarflowError) as caught:
        work(*arguments, **more)
    return ";".join(reason.text for reason in caught.value.reasons)


def file(city: City, **paper: int) -> None:
    city.fire(
        "B1",
        "file_survey",
        {"meeting": {"on": "2027-05-06"}, **({"paper": paper, "tellers": ["甲", "乙"]} if paper else {})},
    )


# ── the whole of it ──────────────────────────────────────────────


def test_a_survey_reaches_its_quorum_and_is_filed_by_the_count_of_its_ballots(city: City) -> None:
    poll_id = opened(city)
    drawn = slips(city)
    assert {electorate: len(tokens) for electorate, tokens in drawn.items()} == {"member": 10, "own_unit": 2}
    assert vote(city, drawn["member"][:8]) == [True] * 8
    assert vote(city, drawn["own_unit"], {"overall": "dissatisfied", "1": "unknown"}) == [True] * 2

    polls.close_poll(city.desk, "B1", acting=BRANCH)
    count(city, returned=2)
    file(city)

    with city.desk.reading() as tx:
        poll = poll_of(city, poll_id)
        filed = evidence.newest_survey(tx, poll.cycle_id, "rating")
    assert filed is not None and poll.tally is not None
    assert (
        filed.members,
        filed.members_present,
        filed.own_unit,
        filed.answers["satisfied"],
        filed.answers["dissatisfied"],
    ) == (
        10,
        8,
        2,
        8,
        2,
    )
    assert poll.tally["answers"]["1"] == {"satisfied": 0, "basically_satisfied": 0, "dissatisfied": 0, "unknown": 2}
    assert upkeep.check(city.desk) == ()


def test_the_history_has_the_opening_and_the_close_and_no_vote(city: City) -> None:
    opened(city)
    before = len(history(city.desk, "B1").rows)
    vote(city, slips(city)["member"][:6])
    assert len(history(city.desk, "B1").rows) == before

    polls.close_poll(city.desk, "B1", acting=BRANCH)

    *_, last = history(city.desk, "B1").rows
    assert (last.trigger, last.actor) == ("close_survey", "P9")


def test_the_clock_closes_a_survey_on_its_second(city: City) -> None:
    poll_id = opened(city)
    tokens = slips(city)["member"]
    city.at("2027-05-07 17:59")
    assert vote(city, tokens[:1]) == [True]

    city.at("2027-05-07 18:00")

    poll = poll_of(city, poll_id)
    assert (poll.status, poll.closed_by, poll.closed_at) == ("closed", "clock", OPEN_UNTIL.astimezone(UTC))
    assert vote(city, tokens[1:2]) == [False]


def test_a_slip_votes_once_and_looking_changes_nothing(city: City) -> None:
    poll_id = opened(city)
    token = slips(city)["member"][0]
    assert [paper_for(city.desk, token) is None for _ in range(3)] == [False] * 3

    assert (cast(city.desk, token, SATISFIED).taken, cast(city.desk, token, SATISFIED).taken) == (True, False)

    assert (paper_for(city.desk, token), poll_of(city, poll_id).used) == (None, 1)


def test_what_is_missing_comes_back_and_the_slip_can_still_vote(city: City) -> None:
    opened(city)
    token = slips(city)["member"][0]

    assert cast(city.desk, token, {}).faults == {"overall": "“总体评价”还没有选"}
    assert set(cast(city.desk, token, {"overall": "excellent", "99": "satisfied"}).faults) == {"overall", "99"}
    assert set(cast(city.desk, token, SATISFIED, "长" * 501).faults) == {"remark"}

    assert cast(city.desk, token, SATISFIED, "办事很快").taken


def test_slips_printed_anew_make_the_former_ones_void_until_the_first_vote(city: City) -> None:
    opened(city)
    first, second = slips(city)["member"], slips(city)["member"]
    assert vote(city, [first[0], second[0]]) == [False, True]

    assert "不能再印" in refusal(polls.issue_slips, city.desk, "B1", acting=BRANCH)


# ── what is shown ────────────────────────────────────────────────


def test_turnout_is_shown_in_steps_of_five_minutes(city: City) -> None:
    poll_id = opened(city)
    tokens = slips(city)["member"]
    assert ballots.shown(poll_of(city, poll_id), city.desk.clock.now()) == (0, 0)
    vote(city, tokens[:3])
    assert ballots.shown(poll_of(city, poll_id), city.desk.clock.now()) == (0, 0)

    city.at("2027-05-06 10:05")
    assert ballots.shown(poll_of(city, poll_id), city.desk.clock.now()) == (3, 3)
    vote(city, tokens[3:4])
    assert ballots.shown(poll_of(city, poll_id), city.desk.clock.now()) == (3, 3)

    city.at("2027-05-06 10:14")
    assert ballots.shown(poll_of(city, poll_id), city.desk.clock.now()) == (4, 4)


def test_a_running_survey_cannot_be_filed_and_no_number_is_said(city: City) -> None:
    opened(city)
    vote(city, slips(city)["member"][:9])

    said = refusal(file, city)
    offered = next(one for one in why(city.desk, "B1").options if one.trigger == "file_survey")

    assert said == "测评还在进行,5月7日 18:00截止后才能备案"
    assert [reason.text for reason in offered.reasons] == [said]


def test_a_missed_quorum_is_said_after_the_close_only(city: City) -> None:
    opened(city)
    vote(city, slips(city)["member"][:7])
    polls.close_poll(city.desk, "B1", acting=BRANCH)
    count(city)

    assert refusal(file, city).split(";")[0] == "党员参加7人,应到10人的80%即8人,还差1人,上级尚未认可说明"


# ── tellers and paper ────────────────────────────────────────────


@pytest.mark.parametrize("tellers", [{}, {"tellers": None}], ids=["none", "null"])
def test_paper_alone_is_filed_by_two_tellers_or_not_at_all(city: City, tellers: dict[str, None]) -> None:
    city.at("2027-05-06 10:00")
    city.submit("B1", "2027-05-05")
    before = len(history(city.desk, "B1").rows)
    filing = {"meeting": {"on": "2027-05-06"}, "paper": {"members_present": 10, "own_unit": 5, "satisfied": 15}}

    said = refusal(city.fire, "B1", "file_survey", {**filing, **tellers})
    alone = refusal(city.fire, "B1", "file_survey", {**filing, "tellers": ["周敏", "周敏"]})

    assert said == "纸质票须由两名监票人清点签字,请写明他们的姓名" and "监票人" in alone
    assert len(history(city.desk, "B1").rows) == before
    city.fire("B1", "file_survey", {**filing, "tellers": ["周敏", "吴涛"]})


def test_two_tellers_sign_before_the_filing(city: City) -> None:
    opened(city)
    tokens = slips(city)
    vote(city, [*tokens["member"][:6], *tokens["own_unit"]])
    polls.close_poll(city.desk, "B1", acting=BRANCH)
    assert refusal(file, city) == "两名监票人还没有核对票数"
    assert refusal(count, city, tellers=["甲", "甲"]) == "须有两名不同的监票人"

    count(city, returned=2, paper={"members_present": 2, "satisfied": 2})
    assert "已经核对过" in refusal(count, city)
    assert "纸质票" in refusal(file, city, members_present=2, satisfied=2)
    file(city)

    with city.desk.reading() as tx:
        filed = evidence.surveys_of(tx, 1)
    assert [(one.members_present, one.answers["satisfied"]) for one in filed] == [(8, 10)]


def test_more_blank_slips_than_can_be_are_not_smoothed_over(city: City) -> None:
    opened(city)
    vote(city, slips(city)["member"][:10])
    polls.close_poll(city.desk, "B1", acting=BRANCH)

    assert "可能有空票被人投过" in refusal(count, city, returned=5)

    polls.count_poll(city.desk, "B1", {"tellers": ["甲", "乙"], "returned": 5}, acting=BRANCH, reason="两张重印的混入")
    assert history(city.desk, "B1").rows[-1].reason == "两张重印的混入"


def test_nobody_votes_on_paper_and_online(city: City) -> None:
    opened(city)
    vote(city, slips(city)["member"][:9])
    polls.close_poll(city.desk, "B1", acting=BRANCH)

    assert "有人投了两次" in refusal(count, city, paper={"members_present": 2, "satisfied": 2})


# ── saying no ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"members": 11}, "名册上的党员数是10,不是11;票数以名册为准,有变动请先更正名册"),
        ({"own_unit": 0}, "参加群众0人,不得少于1人"),
        ({"closes_at": datetime(2027, 5, 6, 9, tzinfo=ZONE)}, "截止时间已经过去"),
        ({"closes_at": datetime(2027, 7, 6, 9, tzinfo=ZONE)}, "测评最长开放30天"),
        ({"mode": "show of hands"}, "方式只能是slips(抽签二维码)或links(个人链接)"),
    ],
)
def test_a_survey_that_cannot_be_held_is_refused(city: City, wanted: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(opened, city, **wanted)
    assert "没有开启测评" in refusal(polls.issue_slips, city.desk, "B1", acting=BRANCH)


def test_only_the_branch_opens_and_only_in_its_stage(city: City) -> None:
    city.at("2027-05-06 10:00")
    city.declare("B1")
    new = NewPoll(mode="slips", closes_at=OPEN_UNTIL, own_unit=2)
    with pytest.raises(WrongStage):
        polls.open_poll(city.desk, "B1", new, acting=BRANCH)
    with pytest.raises(Forbidden):
        polls.open_poll(city.desk, "B1", new, acting=SUPERIOR)


def test_one_survey_at_a_time_and_one_extension(city: City) -> None:
    poll_id = opened(city)
    new = NewPoll(mode="slips", closes_at=OPEN_UNTIL, own_unit=2)
    assert "已经开启过" in refusal(polls.open_poll, city.desk, "B1", new, acting=BRANCH)

    later = OPEN_UNTIL + timedelta(days=1)
    polls.extend_poll(city.desk, "B1", later, "部分党员出差", acting=BRANCH)
    again = refusal(polls.extend_poll, city.desk, "B1", later + timedelta(days=1), "再等", acting=BRANCH)

    assert (poll_of(city, poll_id).closes_at, again) == (later.astimezone(UTC), "测评只能延长一次")


def test_a_void_survey_leaves_no_answers_and_makes_room_for_another(city: City) -> None:
    first = opened(city)
    vote(city, slips(city)["member"][:3])
    with pytest.raises(Refused):
        polls.void_poll(city.desk, "B1", "重来", acting=BRANCH)

    polls.void_poll(city.desk, "B1", "票证遗失", acting=DEPARTMENT)

    with city.desk.reading() as tx:
        assert (ballots.payloads(tx, first), ballots.issued(tx, first)) == ((), 0)
    second = polls.open_poll(city.desk, "B1", NewPoll(mode="slips", closes_at=OPEN_UNTIL, own_unit=1), acting=BRANCH)
    assert (poll_of(city, first).status, poll_of(city, second).status) == ("void", "open")
    assert upkeep.check(city.desk) == ()


# ── personal links ───────────────────────────────────────────────


def test_each_personal_link_is_one_address_and_nobody_twice(city: City) -> None:
    people = (Invited(name="甲", address="a@example.org"), Invited(name="乙", address="A@example.org "))

    assert "“a@example.org”在名单上出现了两次" in refusal(opened, city, mode="links", people=people, own_unit=1)


def test_after_the_close_a_link_leads_nowhere_and_only_voted_or_not_is_kept(city: City) -> None:
    people = (
        Invited(name="甲", address="a@example.org"),
        Invited(name="乙", address="b@example.org"),
        Invited(name="丙", address="c@example.org", electorate="own_unit"),
    )
    poll_id = opened(city, mode="links", people=people, own_unit=1)
    tokens = ["one", "two", "three"]
    with city.desk.transaction() as tx:
        for one, token in zip(ballots.invitations(tx, poll_id), tokens, strict=True):
            assert ballots.give_slip(tx, one, digest(token))
    assert vote(city, tokens[:1]) == [True]

    polls.close_poll(city.desk, "B1", acting=BRANCH)

    with city.desk.reading() as tx:
        kept = [(one.name, one.voted, one.slip_hash, one.address) for one in ballots.invitations(tx, poll_id)]
    assert kept == [("甲", True, None, ""), ("乙", False, None, ""), ("丙", False, None, "")]


def test_once_the_star_is_granted_nobody_knows_who_voted(city: City) -> None:
    people = (Invited(name="甲", address="a@example.org"), Invited(name="丙", address="c@e.org", electorate="own_unit"))
    poll_id = opened(city, mode="links", people=people, own_unit=1)
    polls.close_poll(city.desk, "B1", acting=BRANCH)
    polls.tidy(city.desk)
    with city.desk.reading() as tx:
        assert len(ballots.invitations(tx, poll_id)) == 2

    city.fire("B1", "close_unrated", reason="撤销")
    polls.tidy(city.desk)

    with city.desk.reading() as tx:
        assert ballots.invitations(tx, poll_id) == ()


def test_a_link_goes_to_a_telephone_or_a_mailbox(city: City) -> None:
    people = (Invited(name="甲", address="hello"), Invited(name="丙", address="c@e.org", electorate="群众"))

    said = refusal(lambda: opened(city, mode="links", people=people, own_unit=1))

    assert "“甲”的“hello”既不是电话号码也不是邮箱" in said
    assert "“群众”不是票的种类,只有党员、" in said


def test_a_second_link_makes_the_first_void_unless_it_has_voted(city: City) -> None:
    people = (Invited(name="甲", address="a@example.org"), Invited(name="丙", address="c@e.org", electorate="own_unit"))
    poll_id = opened(city, mode="links", people=people, own_unit=1)

    def again(token: str) -> bool:
        with city.desk.transaction() as tx:
            return ballots.give_slip(tx, ballots.invitations(tx, poll_id)[0], digest(token))

    assert [again("first"), again("second")] == [True, True]
    assert vote(city, ["first", "second"]) == [False, True]
    assert again("third") is False


def test_a_token_counts_as_it_is_printed_with_spaces_between_its_letters() -> None:
    assert digest(" abcd EFGH ij") == digest("abcdefghij")


def test_a_token_is_never_printed_by_accident() -> None:
    assert "secret" not in f"{Slips(electorate='member', tokens=('secret',))} {ballots.Vote('secret', 'secret')!r}"


def test_a_count_without_two_tellers_is_bad_input(city: City) -> None:
    opened(city)
    polls.close_poll(city.desk, "B1", acting=BRANCH)

    with pytest.raises(BadInput):
        polls.count_poll(city.desk, "B1", {"tellers": ["甲"]}, acting=BRANCH)


def test_no_result_is_shown_without_the_ballots_on_paper_so_that_none_is_what_two_results_differ_by(city: City) -> None:
    opened(city)
    tokens = slips(city)["member"][:5]
    for token, answer in zip(tokens, ["satisfied"] * 4 + ["dissatisfied"], strict=True):
        assert cast(city.desk, token, {"overall": answer}).taken
    polls.close_poll(city.desk, "B1", acting=BRANCH)

    before, (below, total) = result(city.desk, "B1"), results_below(city.desk, "Z1")
    count(city, paper={"members_present": 1, "dissatisfied": 1})
    after, shown = result(city.desk, "B1"), live(city.desk, "B1")

    assert (before.rows, before.satisfaction, before.note) == ((), "", "两名监票人核对票数后显示结果")
    assert (below, total) == ((before,), None)
    assert after.rows[0]["shares"] == {
        **{"satisfied": "66.67%", "basically_satisfied": "10%以下"},
        **{"dissatisfied": "33.33%", "unknown": "10%以下"},
    }
    assert (after.ballots, after.satisfaction, shown.came) == (6, "满意率66.67%(4/6)", 6)


# ── beside a total ───────────────────────────────────────────────


def held(city: City, code: str, votes: Sequence[str]) -> None:
    """From the opening to the tellers' word, with these members' answers and one of the masses on paper."""
    polls.open_poll(city.desk, code, NewPoll(mode="slips", closes_at=OPEN_UNTIL, own_unit=2), acting=BRANCH)
    tokens = polls.issue_slips(city.desk, code, acting=BRANCH)[0].tokens
    for token, answer in zip(tokens, votes, strict=False):
        assert cast(city.desk, token, {"overall": answer}).taken
    polls.close_poll(city.desk, code, acting=BRANCH)
    paper = {"members_present": 0, "own_unit": 1, "satisfied": 1}
    polls.count_poll(city.desk, code, {"tellers": ["甲", "乙"], "paper": paper}, acting=BRANCH)


def test_no_total_is_shown_while_somebody_below_can_still_vote_and_a_lone_small_one_is_left_out(city: City) -> None:
    city.at("2027-05-06 10:00")
    for code in ("B1", "B2"):
        city.submit(code, "2027-05-05")
    large = ["satisfied"] * 6 + ["dissatisfied"] * 2
    held(city, "B1", large)

    (first,), total = results_below(city.desk, "Z1")
    assert first.rows[0]["shares"]["dissatisfied"] == "22.22%" and total is not None
    assert (total.rows, total.note) == ((), "还有2个党组织的测评没有结束,都结束后才汇总")

    held(city, "B2", ["dissatisfied"] * 3)
    for code in ("B1", "B2"):
        city.fire(code, "accept_turnout", reason="外出学习")
        city.fire(code, "file_survey", {"meeting": {"on": "2027-05-06"}})
    each, total = results_below(city.desk, "Z1")

    assert [(one.organisation, bool(one.rows)) for one in each] == [("B1", True), ("B2", False)] and total is not None
    assert total.rows == first.rows and "1个党组织没有计入" in total.note


def test_links_that_could_not_leave_are_refused_before_anybody_waits_for_them(city: City) -> None:
    people = (
        Invited(name="甲", address="a@example.org"),
        Invited(name="丙", address="13800000000", electorate="own_unit"),
    )
    wanted = NewPoll(mode="links", closes_at=OPEN_UNTIL, own_unit=1, people=people)
    city.at("2027-05-06 10:00")
    city.submit("B1", "2027-05-05")
    city.desk.rehearsal = False

    said = refusal(polls.open_poll, city.desk, "B1", wanted, acting=BRANCH)
    city.desk.settings = replace(city.desk.settings, channels=("smtp", "webhook"), public_url="https://star.example")
    assert polls.open_poll(city.desk, "B1", wanted, acting=BRANCH)

    assert "本系统没有设置发邮件(STARFLOW_CHANNELS里没有smtp)" in said
    assert "本系统没有设置推送(STARFLOW_CHANNELS里没有webhook)" in said
    assert "没有设置STARFLOW_PUBLIC_URL" in said
