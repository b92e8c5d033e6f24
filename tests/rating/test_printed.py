"""The default procedure on paper: its paths, and the lines of a stage as a clerk reads them."""

import pytest

from workflow.rating.printed import page_of, procedure_markdown, procedure_mermaid, procedure_text
from workflow.rating.procedure import table_of


@pytest.fixture(scope="module")
def text(scheme):
    return procedure_text(scheme)


def lines_of(text: str, stage: str) -> str:
    """The lines that begin with this stage, as far as the next one."""
    _, _, below = text.partition(f"\n{stage} ")
    block = below.split("\n")
    more = next(i for i, line in enumerate(block[1:], 1) if line and not line.startswith(" "))
    return "\n".join([f"{stage} {block[0]}", *block[1:more]])


def test_the_paths_stand_first_with_the_cases_that_take_them(text):
    assert text.startswith("""\
路径
  路线A 0–4星  declaration → self_evaluation → survey → review → publicity → rated
  路线A 5星    declaration → self_evaluation → survey → review → audit → publicity → approval → city_review → rated
  路线B 0–4星  declaration → self_evaluation → survey → review → publicity → approval → rated
  路线B 5星    declaration → self_evaluation → survey → review → publicity → approval → city_review → rated
  不变         self_evaluation → survey → review → closed
  变星 0–4星   self_evaluation → survey → review → publicity → approval → closed
  变星 5星     self_evaluation → survey → review → publicity → approval → city_review → closed

环节 """)


def test_a_stage_is_printed_with_its_condition_its_dates_and_what_can_be_done_in_it(text):
    squeezed = [line.split() for line in lines_of(text, "rating.approval").splitlines()]

    assert squeezed == [
        ["rating.approval", "committee", "approve(meeting)", "approved_after_entry,", "city_review", "|", "rated"],
        ["仅路线B或拟定5星", "截止进入环节后15个工作日", "not_by_the_scorer,", "quota_kept,"],
        ["votes_agree"],
        ["record_excess(level,", "number,", "reason)", "·"],
        ["reject(meeting,", "reason)", "approved_after_entry,", "votes_agree", "review"],
    ]


def test_an_owner_that_varies_by_case_and_a_star_that_falls_are_printed(text):
    assert "rating.publicity         superior/department(拟定5星)" in text
    assert "rated(4星)" in lines_of(text, "rating.city_review")
    assert "仅拟定5星且变星" in lines_of(text, "recheck.city_review")


def test_the_exits_that_stand_everywhere_stand_at_the_end(text):
    *_, exempt, close = text.splitlines()

    assert exempt.split() == ["任一未结环节(rated除外)", "exempt(reason)", "←department", "reason_is_listed", "exempt"]
    assert close.split() == ["任一未结环节", "close_unrated(reason)", "←department", "closed"]


def test_every_row_of_the_table_is_printed(scheme):
    page = page_of(scheme)
    printed = {(heading.name, act.trigger) for heading, acts in page.stages for act in acts}

    assert printed == {(row.stage, row.trigger) for row in table_of(scheme).rows if row.arrives}
    assert [act.trigger for _, act in page.everywhere] == ["exempt", "close_unrated"]


def test_markdown_adds_titles_rules_and_every_date(scheme):
    review = next(line for line in procedure_markdown(scheme).splitlines() if "`rating.review`" in line)

    assert review.startswith(
        "| **考评** `rating.review`<br>R17 | superior<br>截止6月5日<br>目标截止前5天 至少3个工作日 "
        "| 拟定星级 `propose_star(star, scores?, base?, verification?)` |"
    )


def test_mermaid_draws_what_the_table_says_and_nothing_else(scheme):
    drawn = procedure_mermaid(scheme).splitlines()

    assert drawn[0] == "stateDiagram-v2"
    assert "    rating__publicity --> rating__review: uphold_objection" in drawn
    assert "    rating__publicity --> rating__publicity: object" not in drawn
    assert [line for line in drawn if "[*]" in line] == [
        "    [*] --> rating__declaration",
        "    closed --> [*]",
        "    exempt --> [*]",
    ]


def test_variations_of_dates_and_conditions_on_everything_are_printed(scheme_of):
    text = procedure_text(
        scheme_of(
            'rating.review\nowner = "superior"\ntarget = "due -5 days"',
            'rating.audit\nowner = "department"\nwhen = [{ field = "机关", changed = false }, { nested = false, star = [0, 4] }]',
            'rating.publicity\nowner = "superior"\nverify = "5 workdays"\nperiod = "7 days"'
            '\nbut = [{ when = { nested = true }, period = "9 days" }]',
            "closed",
        )
    )

    assert "仅领域机关且不变或现差/优且考评者没有上级" in lines_of(text, "rating.audit")
    assert "目标截止前5天" in lines_of(text, "rating.review")
    assert "历时7天/9天(考评者另有上级)" in lines_of(text, "rating.publicity")


def test_cases_that_one_list_of_values_cannot_say_are_said_in_several(scheme_of):
    text = procedure_text(
        scheme_of(
            'rating.review\nowner = "superior"',
            'rating.audit\nowner = "department"\nwhen = [{ route = "B" }, { proposed = [0, 4] }]',
            'rating.approval\nowner = "committee"\nwhen = { field = "机关" }',
            "closed",
        )
    )

    assert text.splitlines()[1:5] == [
        "  路线A 领域机关 差/优 或 路线B 领域机关  review → audit → approval → closed",
        "  路线A 领域机关 良                       review → approval → closed",
        "  路线A 其他领域 差/优 或 路线B 其他领域  review → audit → closed",
        "  路线A 其他领域 良                       review → closed",
    ]


def test_a_procedure_of_one_path_says_that_it_is_everybodys(scheme_of):
    one = scheme_of('rating.review\nowner = "superior"', "closed")

    assert procedure_text(one).splitlines()[1] == "  一律  review → closed"
