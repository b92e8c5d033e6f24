"""The list of stages becomes a table: stories on the default procedure, other procedures without code, faults by their line."""

from datetime import timedelta
from itertools import pairwise

import pytest

from workflow.engine.errors import Faulty
from workflow.engine.machine import Ask, Decision, decide
from workflow.engine.table import Table
from workflow.rating.facts import Facts
from workflow.rating.procedure import kind_of, table_of, worlds

# ── stories ──────────────────────────────────────────────────────

ENTRY = ("declare", "submit_self_evaluation", "file_survey")
AGAIN = ("submit_self_evaluation", "file_survey")
POSTED = ("post_notice", "a week", "close_publicity")

STORIES: dict[str, tuple[Facts, str, tuple[str, ...], str, int | None]] = {
    "路线A五星": (
        Facts(route="A"),
        "rating.declaration",
        (*ENTRY, "propose_star 5", "pass_audit", *POSTED, "approve", "confirm_star"),
        "rated",
        5,
    ),
    "路线A三星": (Facts(route="A"), "rating.declaration", (*ENTRY, "propose_star 3", *POSTED), "rated", 3),
    "路线B四星": (Facts(route="B"), "rating.declaration", (*ENTRY, "propose_star 4", *POSTED, "approve"), "rated", 4),
    "路线B不予批准,改报三星": (
        Facts(route="B"),
        "rating.declaration",
        (*ENTRY, "propose_star 4", *POSTED, "reject", "propose_star 3", *POSTED, "approve"),
        "rated",
        3,
    ),
    "路线B不予批准,原星重报,不再公示": (
        Facts(route="B"),
        "rating.declaration",
        (*ENTRY, "propose_star 4", *POSTED, "reject", "propose_star 4", "record_excess", "approve"),
        "rated",
        4,
    ),
    "退回测评,参与率说明得到认可": (
        Facts(route="A"),
        "rating.declaration",
        (*ENTRY, "send_back survey", "accept_turnout", "file_survey", "begin_review", "propose_star 2", *POSTED),
        "rated",
        2,
    ),
    "撤回,审核又退回": (
        Facts(route="A"),
        "rating.declaration",
        (*ENTRY, "withdraw", *AGAIN, "propose_star 5", "send_back", "propose_star 3", *POSTED),
        "rated",
        3,
    ),
    "异议成立,五星改四星,重新公示": (
        Facts(route="A"),
        "rating.declaration",
        (
            *ENTRY,
            "propose_star 5",
            "pass_audit",
            "post_notice",
            "object",
            "uphold_objection",
            "propose_star 4",
            *POSTED,
        ),
        "rated",
        4,
    ),
    "异议成立,星级不变,公示到原定的日子": (
        Facts(route="B"),
        "rating.declaration",
        (
            *(*ENTRY, "propose_star 4", "post_notice", "object", "uphold_objection", "propose_star 4"),
            *("a week", "close_publicity", "approve"),
        ),
        "rated",
        4,
    ),
    "异议在期满后成立,星级不变,不再公示": (
        Facts(route="B"),
        "rating.declaration",
        (*ENTRY, "propose_star 4", "post_notice", "object", "a week", "uphold_objection", "propose_star 4", "approve"),
        "rated",
        4,
    ),
    "异议不成立": (
        Facts(route="A"),
        "rating.declaration",
        (*ENTRY, "propose_star 0", "post_notice", "object", "a week", "dismiss_objection", "close_publicity"),
        "rated",
        0,
    ),
    "市级复审未通过": (
        Facts(route="B"),
        "rating.declaration",
        (*ENTRY, "propose_star 5", *POSTED, "approve", "overturn_star"),
        "rated",
        4,
    ),
    "复检不变": (Facts(star=5), "rated", ("open_recheck", *AGAIN, "keep_star"), "closed", 5),
    "复检三星到四星": (
        Facts(star=3),
        "rated",
        ("open_recheck", *AGAIN, "propose_star 4", *POSTED, "record_excess", "approve"),
        "closed",
        4,
    ),
    "复检四星到五星": (
        Facts(route="B", star=4),
        "rated",
        ("open_recheck", *AGAIN, "propose_star 5", *POSTED, "approve", "confirm_star"),
        "closed",
        5,
    ),
    "复检降为不定星级": (
        Facts(star=1),
        "rated",
        ("open_recheck", *AGAIN, "propose_star 0", *POSTED, "approve"),
        "closed",
        0,
    ),
    "复检退回、撤回、异议、不批、未通过": (
        Facts(star=3),
        "rated",
        (
            *("open_recheck", *AGAIN, "send_back survey", "accept_turnout", "file_survey", "withdraw", *AGAIN),
            *("begin_review", "propose_star 5", "post_notice", "object", "dismiss_objection", "object"),
            *("uphold_objection", "propose_star 4", *POSTED, "reject", "propose_star 5", *POSTED),
            *("approve", "overturn_star"),
        ),
        "closed",
        4,
    ),
    "免评": (Facts(), "rating.declaration", ("declare", "exempt"), "exempt", None),
    "去年三星,今年终止评定": (Facts(star=3), "rating.declaration", (*ENTRY, "close_unrated"), "closed", 3),
}


@pytest.fixture(scope="module")
def play(told, rated, ends):
    """Each act by whoever the row asks for; yields where it was done and the decision."""

    def run(table: Table, at: str, facts: Facts, acts: tuple[str, ...]):
        over = False
        for act in acts:
            trigger, _, word = act.partition(" ")
            if act == "a week":
                over = True
                continue
            over = (over and trigger != "post_notice") or trigger == "open_recheck"
            row = table.row[at, trigger]
            by = table.stage[at].owner_of(facts) if row.by == "owner" else row.by
            star = int(word) if word.isdigit() else None
            more = {"star": star} if star is not None else {"to": word} if word else {}
            known = facts.changed_by(
                {"runs_until": ends, "cap": 5, "rating": rated(facts.star if star is None else star)}
            )
            ask = Ask(
                trigger=trigger, relations=frozenset({by}), payload=told.get(trigger, {}) | more, reason="其他:说明"
            )
            decision = decide(table, at, ask, known, ends if over else ends - timedelta(days=1))
            assert isinstance(decision, Decision), decision
            at, facts = decision.after, decision.facts
            yield decision

    return run


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_where_it_should_with_the_star_it_should(table, play, name):
    facts, at, acts, end, star = STORIES[name]

    *_, last = play(table, at, facts, acts)

    assert (last.after, last.facts.star) == (end, star)


def test_the_chain_of_five_stars_passes_through_the_hands_that_the_regulation_names(table, play):
    facts, at, acts, _, _ = STORIES["路线A五星"]

    assert [f"{d.before.partition('.')[2]}@{d.role}" for d in play(table, at, facts, acts)] == [
        "declaration@organisation",
        "self_evaluation@organisation",
        "survey@organisation",
        "review@superior",
        "audit@department",
        "publicity@department",
        "publicity@clock",
        "approval@committee",
        "city_review@city",
    ]


def test_up_to_four_stars_the_superior_posts_the_notice(table, play):
    facts, at, acts, _, _ = STORIES["路线A三星"]

    assert [d.role for d in play(table, at, facts, acts) if d.trigger == "post_notice"] == ["superior"]


def test_every_row_of_the_default_table_is_fired_in_some_story_or_is_an_exit(table, play):
    fired = {
        (decision.before, decision.trigger)
        for facts, at, acts, _, _ in STORIES.values()
        for decision in play(table, at, facts, acts)
    }

    assert {(row.stage, row.trigger) for row in table.rows if row.arrives} - fired == set()


@pytest.mark.parametrize("trigger", ["exempt", "close_unrated"])
def test_the_exits_stand_at_every_open_stage_and_grant_nothing(table, play, trigger):
    rows = [row for row in table.rows if row.trigger == trigger]
    decisions = [d for row in rows for d in play(table, row.stage, Facts(star=3, proposed=5), (trigger,))]

    without = {"rated"} if trigger == "exempt" else set()
    assert {d.before for d in decisions} == {s.name for s in table.stages if not s.ends} - without
    assert {(d.after, d.role, d.facts.star) for d in decisions} == {(rows[0].ways[0].dest, "department", 3)}


@pytest.mark.parametrize(
    ("stage", "trigger", "outcome"),
    [
        ("rating.survey", "exempt", "exempt"),
        ("rating.survey", "close_unrated", "unrated"),
        ("rated", "close_unrated", "unrechecked"),
        ("recheck.review", "close_unrated", "unrechecked"),
    ],
)
def test_an_exit_says_what_was_left_undone(table, play, stage, trigger, outcome):
    assert [d.facts.outcome for d in play(table, stage, Facts(star=3), (trigger,))] == [outcome]


# ── what the act leaves in the facts ─────────────────────────────


def test_a_new_proposal_forgets_the_approval_of_the_old_one(table, play):
    *_, approved = play(table, "rating.approval", Facts(route="B", proposed=5, posted_star=5), ("approve",))
    assert (approved.facts.approved_on.isoformat(), approved.facts.meeting_number) == ("2027-06-15", "工委会2027-3")

    *_, proposed = play(table, "rating.review", approved.facts, ("propose_star 4",))
    assert (proposed.facts.approved_on, proposed.facts.meeting_number) == (None, None)


def test_a_notice_hangs_on_only_while_it_names_the_proposed_star(table, play):
    *_, posted = play(table, "rating.publicity", Facts(proposed=4), ("post_notice",))
    *_, same = play(table, "rating.review", posted.facts, ("propose_star 4",))
    *_, other = play(table, "rating.review", posted.facts, ("propose_star 3",))

    assert (posted.facts.noticed_star, same.facts.noticed_star, other.facts.noticed_star) == (4, 4, None)
    assert (same.facts.posted_on, other.facts.posted_on) == (posted.facts.posted_on, None)


def test_work_that_is_sent_back_has_to_earn_its_turnout_anew(table, play):
    excused = Facts(turnout_excused=True, review_begun=True)
    *_, sent_back = play(table, "rating.review", excused, ("send_back survey",))

    assert (sent_back.facts.turnout_excused, sent_back.facts.review_begun) == (False, False)


# ── other procedures, without a line of code ─────────────────────

DECLARATION = 'rating.declaration\nowner = "organisation"'
REVIEW = 'rating.review\nowner = "superior"'
PUBLICITY = (
    'rating.publicity\nowner = "superior"\nperiod = "5 workdays"\nverify = "5 workdays"\nuphold_objection = "review"'
)
APPROVAL = 'rating.approval\nowner = "committee"\nreject = "review"'


def test_another_order_with_work_of_its_own_needs_no_code(play, scheme_of):
    """Inspection and report before the review, publicity before the city decides, an announcement at the end."""
    table = table_of(
        scheme_of(
            'rating.self_evaluation\nowner = "organisation"',
            'rating.inspection\nkind = "task"\ntitle = "现场督察"\nowner = "superior"\nsend_back = "self_evaluation"',
            REVIEW,
            PUBLICITY,
            'rating.city_review\nowner = "city"\noverturn_star = "review"',
            'rating.announcement\nkind = "task"\nowner = "superior"\nbut = [{ when = { proposed = 4 }, owner = "city" }]',
            "closed",
            "exempt",
        )
    )
    acts = ("submit_self_evaluation", "send_back", "submit_self_evaluation", "complete_task", "propose_star 4", *POSTED)
    decisions = list(
        play(
            table,
            "rating.self_evaluation",
            Facts(),
            (*acts, "overturn_star", "propose_star 4", "confirm_star", "complete_task"),
        )
    )

    assert (decisions[-1].after, decisions[-1].role, decisions[-1].facts.star) == ("closed", "city", 4)
    assert [d.after for d in decisions if d.trigger == "overturn_star"] == ["rating.review"]
    assert all(before.after == after.before for before, after in pairwise(decisions))


def test_publicity_may_follow_the_decision(play, scheme_of):
    table = table_of(
        scheme_of(
            DECLARATION, REVIEW, APPROVAL.replace("\n", "\nwhen = { proposed = 4 }\n", 1), PUBLICITY, "closed", "exempt"
        )
    )
    acts = (
        "declare",
        "propose_star 4",
        "approve",
        "post_notice",
        "object",
        "uphold_objection",
        "propose_star 3",
        *POSTED,
    )

    *_, last = play(table, "rating.declaration", Facts(route="B"), acts)

    assert (last.after, last.facts.star, last.facts.approved_on) == ("closed", 3, None)


def test_no_condition_of_a_scheme_passes_over_publicity_while_an_objection_is_open(play, scheme_of):
    table = table_of(scheme_of(DECLARATION, REVIEW, PUBLICITY + "\nwhen = { proposed = 4 }", "closed", "exempt"))
    objected = ("declare", "propose_star 4", "post_notice", "object", "object", "uphold_objection", "propose_star 3")

    *_, last = play(table, "rating.declaration", Facts(), objected)

    assert (last.after, last.facts.open_objections) == ("rating.publicity", 1)


def test_nobody_is_exempt_because_the_list_goes_on_to_the_exempt(play, scheme_of):
    table = table_of(scheme_of(DECLARATION, REVIEW, "exempt", "closed"))

    *_, last = play(table, "rating.declaration", Facts(), ("declare", "propose_star 3"))

    assert (last.after, last.facts.star) == ("closed", 3)


def test_worlds_are_all_cases_that_a_condition_of_the_scheme_can_tell_apart(scheme_of):
    told_apart = scheme_of(DECLARATION, REVIEW, PUBLICITY + '\nwhen = { route = "A", nested = true }', "closed")

    assert len(list(worlds(told_apart))) == len(set(worlds(told_apart))) == 2 * 2 * 3 * 4 * 2 * 2
    assert {facts.nested for facts, _ in worlds(told_apart)} == {False, True}


def test_a_table_is_made_once_for_a_scheme(scheme_of):
    one, same = scheme_of(DECLARATION, REVIEW, "closed"), scheme_of(DECLARATION, REVIEW, "closed")

    assert table_of(one) is table_of(same)


def test_rounds_and_kinds_are_read_from_the_scheme(scheme_of):
    recheck = scheme_of(
        DECLARATION, REVIEW, 'rated\nuntil = "12-01"', 'recheck.review\nowner = "superior"', "closed", "exempt"
    )

    assert recheck.rounds == ("rating", "recheck")
    assert kind_of(recheck, "recheck.review").title == "考评"


# ── faults, each with its line and its stage ─────────────────────


@pytest.fixture
def refused(scheme_of):
    """What is said of the procedure of these stages."""

    def judge(*stages: str) -> tuple[str, ...]:
        with pytest.raises(Faulty) as refusal:
            table_of(scheme_of(*stages))
        return refusal.value.faults

    return judge


def test_a_stage_that_no_case_reaches_is_refused(refused):
    """Who is given four stars cannot at once have four in force and a change."""
    never = "when = { star = 4, proposed = 4, changed = true }"

    assert refused(DECLARATION, REVIEW, f"{APPROVAL}\n{never}", "closed", "exempt") == (
        "第9行 stage[2] rating.approval: 从起点到不了这个环节",
    )


def test_a_list_that_runs_out_before_an_end_is_refused_at_each_act_that_falls_off(refused):
    assert refused(DECLARATION, REVIEW, f"{APPROVAL}\nwhen = {{ proposed = 4 }}", "exempt") == (
        "第5行 stage[1] rating.review: propose_star:有的情形下无处可去(如proposed=0)",
        "第9行 stage[2] rating.approval: approve:有的情形下无处可去",
    )


def test_a_rating_without_a_recheck_must_not_end_in_a_rest(refused):
    assert refused(DECLARATION, REVIEW, 'rated\nuntil = "12-01"') == (
        "第9行 stage[2] rated: open_recheck:有的情形下无处可去",
    )


def test_every_exit_that_skips_a_stage_is_refused_at_its_line(refused):
    assert refused(
        f'{DECLARATION}\nwhen = {{ route = "A" }}',
        f'{REVIEW}\nwithdraw = "next"\nkeep_star = "closed"',
        'rated\nuntil = "12-01"',
        f'{REVIEW.replace("rating", "recheck")}\nsend_back = ["rating.review", "rated"]\nkeep_star = "next"',
        'recheck.city_review\nowner = "city"\noverturn_star = "announcement"',
        'recheck.announcement\nkind = "task"\nowner = "superior"',
        "closed",
    ) == (
        "第1行 stage[0] rating.declaration: 第一个环节不能有条件:每个党组织都从这里开始",
        "第10行 stage[1] rating.review.withdraw: 不能写“next”,只能退到前面的环节",
        "第11行 stage[1] rating.review.keep_star: “closed”会跳过环节,只能写“next”:照常往下走",
        "第20行 stage[3] recheck.review.send_back: “rating.review”不是本轮前面的环节,只能往回退",
        "第20行 stage[3] recheck.review.send_back: “rated”不是本轮前面的环节,只能往回退",
        "第26行 stage[4] recheck.city_review.overturn_star: “announcement”不是本轮前面的环节,只能往回退",
    )


def test_a_choice_that_its_payload_cannot_make_and_one_that_is_none_are_refused(refused):
    both = APPROVAL.replace('"review"', '["declaration", "review"]')

    assert refused(DECLARATION, f'{REVIEW}\nsend_back = ["declaration", "declaration"]', both, "closed") == (
        "第9行 stage[1] rating.review.send_back: 去处rating.declaration写了两次",
        "第14行 stage[2] rating.approval.reject: 有几个去处,数据里却没有to可以选定",
    )


def test_nothing_follows_an_end(refused):
    assert refused(DECLARATION, REVIEW, "closed", "exempt", 'recheck.task\nowner = "superior"') == (
        "第15行 stage[4] recheck.task: complete_task:有的情形下无处可去",
    )
