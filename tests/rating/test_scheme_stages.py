"""A `[[stage]]` alone: of which kind it is, where an exit may lead, and what varies from case to case."""

import pytest

from workflow.engine.errors import Faulty
from workflow.rating.facts import Facts
from workflow.rating.scheme_stages import kind_of

REVIEW = 'rating.review\nowner = "superior"\ndue = "06-10"\ntarget = "06-01"'
VARIED = (
    'but = [{ when = { route = "B" }, owner = "department" },'
    ' { when = { proposed = 4 }, target = "06-03", due = "06-12", opens = "05-02" }]'
)
PUBLICITY = 'rating.publicity\nowner = "superior"\nperiod = "5 days"\nverify = "5 workdays"'


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"name": "rating.review"}, "review"),
        ({"name": "closed"}, "closed"),
        ({"name": "rating.inspection", "kind": "task"}, "task"),
        ({"title": "无名"}, ""),
        ({}, ""),
        ("rating.review", ""),
        (7, ""),
    ],
)
def test_a_stage_is_of_the_kind_that_it_says_or_that_ends_its_name(said, kind):
    assert kind_of(said) == kind


def test_a_stage_that_was_read_is_of_its_kind(scheme_of):
    scheme = scheme_of(REVIEW, 'rating.report\nkind = "task"\nowner = "city"', "closed")

    assert [kind_of(stage) for stage in scheme.stage] == ["review", "task", "closed"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [("[]", "列表"), ('""', "“”"), ("7", "“7”"), ('["survey", ""]', "列表"), ('["survey", 7]', "列表")],
)
def test_an_exit_names_one_stage_or_several(scheme_of, said, shown):
    with pytest.raises(Faulty) as refusal:
        scheme_of('rating.survey\nowner = "organisation"', f"{REVIEW}\nsend_back = {said}", "closed")

    assert refusal.value.faults == (
        f"第11行 stage[1] rating.review.send_back: {shown}不是环节名,应写一个环节名或环节名的列表",
    )


def test_the_first_variation_that_holds_and_speaks_of_it_is_taken(scheme_of):
    review, publicity, _ = scheme_of(
        f'{REVIEW}\nopens = "05-01"\n{VARIED}',
        f'{PUBLICITY}\nbut = [{{ when = {{ proposed = 4 }}, period = "7 days" }}]',
        "closed",
    ).stage
    cases = (Facts(proposed=3), Facts(route="B", proposed=4))

    answers = [
        (review.owner_of(f), review.opens_of(f), review.target_of(f), review.due_of(f), publicity.period_of(f))
        for f in cases
    ]
    assert answers == [
        ("superior", "05-01", "06-01", "06-10", "5 days"),
        ("department", "05-02", "06-03", "06-12", "7 days"),
    ]
