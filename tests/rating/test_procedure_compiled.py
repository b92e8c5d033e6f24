"""What the compiler binds to a small scheme's acts, and the worlds in which it tries them."""

import pytest

from tests.rating.slips import scheme_with
from workflow.engine.machine import Ask
from workflow.rating.facts import WorldPayload
from workflow.rating.procedure import Placed, compile_procedure, count_worlds, procedure_faults, worlds
from workflow.rating.stages import ROLE_WORDS, TITLES, grant

REVIEW = 'rating.review\nowner = "superior"'
PUBLICITY = (
    'rating.publicity\nowner = "superior"\nperiod = "5 days"\nverify = "5 workdays"\nuphold_objection = "review"'
)
SECOND = PUBLICITY.replace("publicity", "naming", 1) + '\nkind = "publicity"\nagain = true'
AUDIT = 'rating.audit\nowner = "department"\nsend_back = "review"'

# ── what stands at the acts ──────────────────────────────────────


def test_an_effect_knows_whether_its_notice_is_hung_again_and_whether_its_round_is_the_first(scheme_of):
    later = [stage.replace("rating", "recheck") for stage in (REVIEW, PUBLICITY)]
    scheme = scheme_of(REVIEW, PUBLICITY, SECOND, 'rated\nuntil = "12-01"', *later, "closed")
    stage = {stage.name: stage for stage in scheme.stage}

    assert {(row.stage, row.effect.args) for row in compile_procedure(scheme).rows if row.effect} == {
        (name, (Placed(stage[name], hung_again=again, in_first_round=first),))
        for name, again, first in (
            ("rating.review", True, True),
            ("rating.publicity", True, True),
            ("rating.naming", False, True),
            ("rated", False, False),
            ("recheck.review", False, False),
            ("recheck.publicity", False, False),
        )
    }


def test_an_act_that_changes_nothing_has_no_effect(scheme_of):
    rows = compile_procedure(scheme_of('rating.declaration\nowner = "organisation"', REVIEW, AUDIT, "closed")).rows

    assert [(row.stage, row.trigger) for row in rows if row.effect is None] == [
        ("rating.declaration", "declare"),
        ("rating.audit", "pass_audit"),
        ("rating.audit", "send_back"),
    ]


def test_a_table_speaks_the_words_of_its_scheme_and_grants_where_a_round_ends(scheme_of):
    bodies, review = 'closed\n[bodies]\ndepartment = "人力资源部"', f'{REVIEW}\ntitle = "评审"'
    table = compile_procedure(scheme_of(review, 'rated\nuntil = "12-01"', review.replace("rating", "recheck"), bodies))

    own = {"rating.review": "评审", "rated": "已定星", "recheck.review": "评审", "closed": "已办结"}
    assert table.words == {**ROLE_WORDS, "department": "人力资源部", **TITLES, **own}
    assert table.on_arrival == {"rated": grant, "closed": grant}


# ── the worlds ───────────────────────────────────────────────────

FACTS = ("route", "field", "nested", "proposed", "star", "posted_star", "open_objections")
NAME = 'name = "rating.survey"'


@pytest.mark.parametrize(
    ("condition", "fields", "nested"),
    [
        ("", {""}, {False}),
        ('when = { field = "b" }', {"b", ""}, {False}),
        ("when = { nested = true }", {""}, {False, True}),
        ('but = [{ when = { field = ["b", "a"], nested = false }, owner = "city" }]', {"a", "b", ""}, {False, True}),
    ],
)
def test_the_worlds_differ_in_what_a_condition_looks_at_and_are_counted_without_making_them(condition, fields, nested):
    scheme = scheme_with((NAME, f"{NAME}\n{condition}"))
    made = list(worlds(scheme))
    stars = {0, 1, 2}

    assert {fact: {getattr(facts, fact) for facts, _ in made} for fact in FACTS} == {
        "route": {"A", "B"},
        "field": fields,
        "nested": nested,
        "proposed": stars,
        "star": {None, *stars},
        "posted_star": {None, *stars},
        "open_objections": {0, 1},
    }
    assert {ask for _, ask in made} == {Ask(trigger="", payload=WorldPayload(star=star)) for star in stars}
    assert count_worlds(scheme) == len(made) == len(set(made))


def test_a_procedure_of_more_than_six_thousand_cases_is_not_tried():
    """Three levels make 48 cases of each route; one with a condition at its start is refused before any is tried."""

    def faults(routes: int) -> tuple[object, ...]:
        named = ", ".join(f'R{n} = "第{n}条"' for n in range(routes))
        first = 'name = "rating.declaration"'
        some = ('routes = { A = "所属", B = "直属" }', f"routes = {{ {named} }}")
        return procedure_faults(scheme_with(some, (first, f'{first}\nwhen = {{ route = "R0" }}')))

    assert faults(125) == ((("stage", 0), "第一个环节不能有条件:每个党组织都从这里开始"),)
    assert faults(126) == ((("stage",), "条件能分出6048种情形,超过6000种:等次、路线或条件里的领域太多"),)
