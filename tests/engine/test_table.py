"""A table says why it must not run: names first, then edges, then what cannot be reached."""

import pytest
from pydantic import BaseModel

from workflow.engine.table import ALWAYS, Fault, Way, When, leads_to

SMALL = When(((("size", (0, 1)),),))
LARGE = When(((("size", (2,)),),))


class Choice(BaseModel):
    to: str | None = None


def faults(table, worlds):
    return tuple(map(str, table.faults(worlds)))


# ── conditions ───────────────────────────────────────────────────


def test_a_condition_is_alternatives_of_facts_that_all_hold(piece):
    when = When(((("size", (1, 2)), ("checked", (True,))), (("size", (0,)),)))

    assert [when.holds(piece(size=size, checked=True)) for size in (0, 1, 2, 3)] == [True, True, True, False]
    assert [when.holds(piece(size=size)) for size in (0, 1, 2, 3)] == [True, False, False, False]
    assert when.facts == ("size", "checked")


def test_no_alternative_means_always(piece):
    assert ALWAYS.holds(piece()) and ALWAYS.facts == ()


def test_conditions_are_joined_by_and_and_by_or(piece):
    checked = When(((("checked", (True,)),),))

    assert (SMALL & checked).any_of == ((("size", (0, 1)), ("checked", (True,))),)
    assert (SMALL | checked).any_of == ((("size", (0, 1)),), (("checked", (True,)),))
    assert (SMALL & ALWAYS, ALWAYS & SMALL, SMALL | ALWAYS, ALWAYS | SMALL) == (SMALL, SMALL, ALWAYS, ALWAYS)


# ── a table that may run ─────────────────────────────────────────


def test_a_sound_table_has_no_faults(table_of, row, worlds):
    table = table_of(
        "saw glue paint done.",
        row("saw", "cut", Way("glue", SMALL), "paint"),
        row("glue", "join", "paint"),
        row("glue", "return", Way("saw", name="saw"), Way("glue", name="again"), takes=Choice),
        row("paint", "finish", "done"),
    )

    assert table.faults(worlds) == ()


def test_a_row_is_found_by_its_stage_and_trigger_and_the_first_row_is_the_way_forward(table_of, row):
    cut, measure, discard = (
        row("saw", "cut", "done"),
        row("saw", "measure", "saw"),
        row("saw", "discard", "done", arrives=False),
    )
    table = table_of("saw done.", cut, measure, discard)

    assert (table.row["saw", "measure"], table.of("saw"), table.of("done")) == (measure, (cut, measure, discard), ())
    assert (table.forward("saw"), table.forward("done")) == (cut, None)
    assert table.triggers == {"cut", "measure", "discard"}


def test_an_exit_that_stands_everywhere_is_no_way_forward(table_of, row):
    assert table_of("saw done.", row("saw", "discard", "done", arrives=False)).forward("saw") is None


def test_ways_are_judged_after_the_effect(row, worlds):
    grow = row("saw", "grow", Way("glue", SMALL), "paint", effect=lambda facts, ask, now: {"size": facts.size + 1})

    assert leads_to(grow, worlds) == {"glue", "paint"}
    assert leads_to(grow, worlds[1:]) == {"paint"}


# ── a table that must not ────────────────────────────────────────


def test_an_ambiguous_row_is_refused(table_of, row, worlds):
    table = table_of("saw done.", row("saw", "cut", "done"), row("saw", "cut", "saw"), row("saw", "cut", "done"))

    assert faults(table, worlds) == ("saw.cut:同一环节的同一动作写了两次",) * 2


def test_an_ambiguous_stage_a_way_to_nowhere_and_a_doubled_way_are_refused_at_once(table_of, row, worlds):
    table = table_of(
        "saw glue glue done.", row("saw", "cut", "glue", "lathe"), row("glue", "join", "done", Way("done", SMALL))
    )

    assert faults(table, worlds) == (
        "glue:这个环节写了两次",
        "saw.cut:没有“lathe”这个环节",
        "glue.join:去处done写了两次",
    )


@pytest.mark.parametrize("takes", [None, BaseModel])
def test_a_choice_that_nobody_can_make_is_refused(table_of, row, worlds, takes):
    both = (Way("saw", name="saw"), Way("done", name="done"))

    assert faults(table_of("saw done.", row("saw", "choose", *both, takes=takes)), worlds) == (
        "saw.choose:有几个去处,数据里却没有to可以选定",
    )


def test_an_act_that_leads_nowhere_in_some_case_is_refused_with_the_case(table_of, row, worlds):
    grown = {"effect": lambda facts, ask, now: {"size": facts.size + 1}}
    table = table_of("saw glue done.", row("saw", "cut", Way("glue", SMALL), **grown), row("glue", "join"))

    assert faults(table, worlds) == ("saw.cut:有的情形下无处可去(如size=2)", "glue.join:有的情形下无处可去")


def test_the_case_that_leads_nowhere_is_told_by_every_fact_that_the_ways_look_at(table_of, row, worlds):
    small_and_checked = SMALL & When(((("checked", (True,)),),))
    table = table_of("saw done.", row("saw", "cut", Way("done", small_and_checked)))

    assert faults(table, worlds) == ("saw.cut:有的情形下无处可去(如size=0、checked=False)",)


def test_a_stage_whose_first_row_is_an_exit_has_no_way_forward(table_of, row):
    table = table_of("saw done. bin.", row("saw", "discard", "bin", arrives=False), row("saw", "cut", "done"))

    assert table.forward("saw") is None


def test_a_stage_that_is_written_twice_is_a_fault_of_no_trigger(table_of, row, worlds):
    table = table_of("saw saw done.", row("saw", "cut", "done"))

    assert table.faults(worlds) == (Fault("saw", "", "这个环节写了两次"),)


def test_a_stage_out_of_reach_and_a_dead_end_are_faults_of_no_trigger(table_of, row, worlds):
    apart = table_of("saw glue done.", row("saw", "cut", "done"), row("glue", "join", "done"))
    endless = table_of("saw done.", row("saw", "wait", "saw"), row("saw", "discard", "done", arrives=False))

    assert apart.faults(worlds) == (Fault("glue", "", "从起点到不了这个环节"),)
    assert endless.faults(worlds) == (Fault("saw", "", "死路,从这里到不了任何终点"),)


def test_a_stage_that_cannot_be_reached_is_refused(table_of, row, worlds):
    never = When(((("size", (7,)),),))
    table = table_of(
        "saw glue paint done.",
        row("saw", "cut", Way("glue", never), "done"),
        row("glue", "join", "paint"),
        row("paint", "finish", "done"),
    )

    assert faults(table, worlds) == ("glue:从起点到不了这个环节", "paint:从起点到不了这个环节")


def test_a_dead_end_is_refused(table_of, row, worlds):
    table = table_of(
        "saw glue wait done.",
        row("saw", "cut", Way("glue", LARGE), "done"),
        row("glue", "join", "wait"),
        row("wait", "hope", "glue"),
    )

    assert faults(table, worlds) == ("glue:死路,从这里到不了任何终点", "wait:死路,从这里到不了任何终点")


def test_an_exit_that_stands_everywhere_brings_no_dead_end_to_life(table_of, row, worlds):
    rows = [row("saw", "wait", "saw"), row("saw", "discard", "bin", arrives=False)]

    assert faults(table_of("saw bin.", *rows), worlds) == ("saw:死路,从这里到不了任何终点",)


def test_faults_come_in_classes_because_a_later_one_cannot_be_judged_before(table_of, row, worlds):
    unreachable = row("glue", "join", "done")
    stranded, doubled = row("saw", "cut", Way("done", SMALL)), row("saw", "cut", "done")

    assert faults(table_of("saw glue done.", row("saw", "cut", "done"), unreachable), worlds) == (
        "glue:从起点到不了这个环节",
    )
    assert faults(table_of("saw glue done.", stranded, unreachable), worlds) == (
        "saw.cut:有的情形下无处可去(如size=2)",
    )
    assert faults(table_of("saw glue done.", stranded, doubled, unreachable), worlds) == (
        "saw.cut:同一环节的同一动作写了两次",
    )
