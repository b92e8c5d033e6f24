"""What the compiler makes of a small scheme, row by row: who acts, what is asked, what is told, and where it leads."""

from functools import partial

import pytest

from tests.rating.slips import CITE, scheme_with, with_slips
from workflow.engine.table import ALWAYS, Guard, Row, Way, When
from workflow.rating.procedure import compile_procedure, decides_quotas, table_of
from workflow.rating.scheme import Scheme, load


def case(when: When) -> str:
    alternatives = (" and ".join(f"{fact} in {values}" for fact, values in one) for one in when.any_of)
    return "always" if when == ALWAYS else " or ".join(alternatives)


def asked(guard: Guard) -> str:
    """A guard's name, and what of the scheme it is bound to."""
    if not isinstance(guard, partial):
        return guard.__name__
    bound = "; ".join(map(str, guard.args))
    if guard.func.__name__ == "attached":
        bound = "; ".join(f"{title} {case(when)} {rule}" for title, when, rule in guard.args[0])
    return f"{guard.func.__name__}({bound})"


def led(way: Way) -> str:
    if way.name:
        return f"{way.dest} as {way.name}"
    return way.dest if way.when == ALWAYS else f"{way.dest} when {case(way.when)}"


def written(row: Row) -> str:
    """Who does what, whether a reason is needed, and the ways in their order."""
    reason = " with reason" if row.needs_reason is True else ""
    return f"{row.stage}: {row.by} {row.trigger}{reason} → {'; '.join(map(led, row.ways))}"


def guards_of(scheme: Scheme, stage: str, trigger: str) -> list[str]:
    return list(map(asked, compile_procedure(scheme).row[stage, trigger].guards))


SURVEY = 'rating.survey\nowner = "organisation"\nopens = "05-01"'
REVIEW = (
    'rating.review\nowner = "superior"\nsend_back = ["survey"]\nwithdraw = "survey"\nkeep_star = "next"\n'
    'but = [{ when = { route = "B" }, opens = "06-01" }]'
)
AUDIT = 'rating.audit\nowner = "department"\nsend_back = "review"\nwhen = { proposed = 4 }'
PUBLICITY = (
    'rating.publicity\nowner = "superior"\nperiod = "5 days"\nverify = "5 workdays"\nuphold_objection = "review"'
)
SECOND = PUBLICITY.replace("publicity", "naming", 1) + '\nkind = "publicity"\nagain = true'
MORE = """closed
[[attachment]]
stage = "rating.survey"
title = "会议记录"
cite = { rule = "第9条" }
[[attachment]]
stage = "rating.review"
title = "五星材料"
when = { proposed = 4 }
cite = { rule = "第12条" }
[survey]
quorum = "4/5"
base = "formal"
count = "attended"
masses_quorum = "1/10"
channels = ["paper", "link"]
scale = ["satisfied", "dissatisfied"]
cite = { rule = "第10条" }
[objection]
anonymous_ok = false
cite = { rule = "第20条" }
[[effect]]
code = "young"
title = "成立不足一年"
needs = [{ value = "members", op = "<", than = "3" }]
then = "not_rated"
cite = { rule = "1" }
[[quota]]
code = "top"
stars = [4]
op = "max"
ratio = "1/5"
round = "ceil"
hard = true
cite = { rule = "1" }
"""


@pytest.fixture(scope="module")
def asking(scheme_of) -> Scheme:
    """A scheme that asks for everything that a scheme can ask for."""
    return scheme_of(SURVEY, REVIEW, AUDIT, PUBLICITY, SECOND, "exempt", MORE)


# ── the rows ─────────────────────────────────────────────────────


def test_who_does_what_in_every_stage_and_where_it_leads(asking):
    hung = "rating.publicity when posted in (False,) or objected in (True,); rating.naming"
    onward = f"rating.audit when proposed in (4,); {hung}"
    open_stages = ("survey", "review", "audit", "publicity", "naming")

    assert [written(row) for row in table_of(asking).rows] == [
        "rating.survey: owner file_survey → rating.review",
        "rating.survey: superior accept_turnout with reason → rating.survey",
        f"rating.review: owner propose_star → {onward}",
        f"rating.review: owner keep_star → {onward}",
        "rating.review: owner begin_review → rating.review",
        "rating.review: owner send_back with reason → rating.survey as survey",
        "rating.review: organisation withdraw with reason → rating.survey as survey",
        f"rating.audit: owner pass_audit → {hung}",
        "rating.audit: owner send_back with reason → rating.review as review",
        "rating.publicity: clock close_publicity → rating.naming",
        "rating.publicity: owner post_notice → rating.publicity",
        "rating.publicity: anyone object → rating.publicity",
        "rating.publicity: department dismiss_objection → rating.publicity",
        "rating.publicity: department uphold_objection → rating.review as review",
        "rating.naming: clock close_publicity → closed",
        "rating.naming: owner post_notice → rating.naming",
        "rating.naming: anyone object → rating.naming",
        "rating.naming: department dismiss_objection → rating.naming",
        "rating.naming: department uphold_objection → rating.review as review",
        *(f"rating.{stage}: department exempt with reason → exempt" for stage in open_stages),
        *(f"rating.{stage}: department close_unrated with reason → closed" for stage in open_stages),
    ]


def test_only_the_exits_that_stand_everywhere_grant_nothing(asking):
    rows = table_of(asking).rows

    assert [row.arrives for row in rows] == [row.trigger not in ("exempt", "close_unrated") for row in rows]


def test_the_guards_of_every_act_stand_in_this_order(asking):
    stars, one_of = "star_is_listed({0: '差', 3: '良', 4: '优'})", ["reason_is_listed(('其他',); 1)"]
    paper = "attached(五星材料 proposed in (4,) 第12条)"
    settled = ["has_open_objection", "not_by_the_scorer"]
    hanging = {
        "close_publicity": ["notice_posted", "period_over", "no_open_objection"],
        "post_notice": ["not_yet_posted", "posted_since_entry"],
        "object": ["objector_named(第20条)", "notice_posted", "period_running"],
        "dismiss_objection": settled,
        "uphold_objection": settled,
        "exempt": one_of,
    }
    said: dict[str, dict[str, list[str]]] = {}
    for row in table_of(asking).rows:
        if row.guards:
            said.setdefault(row.stage, {})[row.trigger] = list(map(asked, row.guards))

    assert said == {
        "rating.survey": {
            "file_survey": [
                *("window_open", "attached(会议记录 always 第9条)", "masses_reached", "heads_add_up"),
                *("channels_listed(('paper', 'link'))", "in_time", "held_in_campaign", "ballots_settled"),
                *("turnout_reached", "tally_adds_up"),
            ],
            "accept_turnout": ["turnout_not_excused"],
            "exempt": one_of,
        },
        "rating.review": {
            "propose_star": [
                *(stars, "window_open", paper, "to_be_rated", "quota_kept", "scores_complete", "within_caps"),
                *("not_above_score", "lower_star_explained", "star_changes"),
            ],
            "keep_star": ["window_open", paper, "to_be_rated", "quota_kept", "scores_complete", "star_still_held"],
            "begin_review": ["review_not_begun"],
            "withdraw": ["review_not_begun"],
            "exempt": one_of,
        },
        "rating.audit": {"exempt": one_of},
        "rating.publicity": hanging,
        "rating.naming": hanging,
    }


def test_an_act_is_told_the_names_of_papers_and_what_else_the_scheme_asks(asking):
    finding = ("objection", "finding")
    hanging = {
        "post_notice": ("on", "place"),
        "object": ("content", "name", "contact"),
        "dismiss_objection": finding,
        "uphold_objection": finding,
    }
    heads = ("masses_due", "members_due", "attended", "channels")
    table = table_of(asking)
    filing = table.row["rating.survey", "file_survey"].takes

    assert {(row.stage, row.trigger): tuple(row.takes.model_fields) for row in table.rows if row.takes} == {
        ("rating.survey", "file_survey"): ("meeting", "paper", "tellers", *heads, "attachments"),
        ("rating.review", "propose_star"): ("scores", "base", "verification", "star", "attachments"),
        ("rating.review", "keep_star"): ("scores", "base", "verification", "attachments"),
        ("rating.review", "send_back"): ("to",),
        ("rating.audit", "send_back"): ("to",),
        **{(stage, act): keys for stage in ("rating.publicity", "rating.naming") for act, keys in hanging.items()},
    }
    assert tuple(filing.model_fields["paper"].annotation.model_fields) == (
        *("members_present", "own_unit", "related_unit", "satisfied", "dissatisfied"),
    )


def test_a_scheme_that_asks_for_little_has_only_the_rows_of_its_kinds(scheme_of):
    table = table_of(scheme_of('rating.review\nowner = "superior"', "closed"))

    assert [(written(row), [asked(guard) for guard in row.guards]) for row in table.rows] == [
        (
            "rating.review: owner propose_star → closed",
            [
                *("star_is_listed({0: '差', 3: '良', 4: '优'})", "scores_complete", "within_caps"),
                *("not_above_score", "lower_star_explained"),
            ],
        ),
        ("rating.review: owner begin_review → rating.review", ["review_not_begun"]),
        ("rating.review: department close_unrated with reason → closed", []),
    ]


# ── one table of the scheme at a time ────────────────────────────


@pytest.mark.parametrize(
    ("survey", "guards", "keys"),
    [
        ("", [], ()),
        ('masses_quorum = "1/10"', ["masses_reached"], ("masses_due",)),
        ('base = "formal"', ["heads_add_up"], ("members_due",)),
        ('count = "attended"\nquorum = "4/5"', ["heads_add_up"], ("attended",)),
        ('channels = ["mail"]', ["channels_listed(('mail',))"], ("channels",)),
    ],
)
def test_a_survey_is_filed_with_what_its_table_asks(survey, guards, keys):
    scheme = scheme_with(f"[survey]\n{survey}\n")
    usual = ["in_time", "held_in_campaign", "ballots_settled", "turnout_reached", "tally_adds_up"]

    assert guards_of(scheme, "rating.survey", "file_survey") == guards + usual
    takes = compile_procedure(scheme).row["rating.survey", "file_survey"].takes
    assert tuple(takes.model_fields) == ("meeting", "paper", "tellers", *keys)


APPROVAL = '[[stage]]\nname = "rating.approval"\nowner = "committee"\ndue = "05-05"\n'
HARD = ('round = "ceil"', 'round = "ceil"\nhard = true')


@pytest.mark.parametrize(
    ("slips", "decided"),
    [
        ((), False),
        ((HARD,), False),
        (((APPROVAL, ""),), False),
        (((APPROVAL, ""), HARD), True),
        (((APPROVAL, ""), HARD, ('op = "max"', 'op = "min"')), False),
    ],
)
def test_hard_quotas_that_nobody_approves_are_decided_in_the_review(slips, decided):
    scheme = scheme_with(*slips)

    assert decides_quotas(scheme) is decided
    assert ("quota_kept" in guards_of(scheme, "rating.review", "propose_star")) is decided


def test_where_a_table_names_no_rule_the_regulation_is_cited(scheme_of):
    unnumbered = 'cite = { note = "没有条号" }'
    objected = scheme_of(
        'rating.review\nowner = "superior"', PUBLICITY, f"closed\n[objection]\nanonymous_ok = false\n{unnumbered}"
    )
    exempted = load(with_slips('[[stage]]\nname = "exempt"\n').replace(f"[roster]\n{CITE}", f"[roster]\n{unnumbered}"))

    assert guards_of(objected, "rating.publicity", "object")[0] == "objector_named(R23)"
    assert guards_of(exempted, "rating.review", "exempt") == ["reason_is_listed(('其他',); R1)"]
