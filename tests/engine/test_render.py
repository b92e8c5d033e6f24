"""The same page as terminal text, Markdown and Mermaid."""

from functools import partial

import pytest
from pydantic import BaseModel

from workflow.engine.render import (
    Act,
    Heading,
    Page,
    act_of,
    fields_of,
    markdown,
    mermaid,
    name_of,
    pad,
    text,
    walk,
    width,
    wrapped,
)
from workflow.engine.table import Way, When

LARGE = When(((("size", (2,)),),))


class Order(BaseModel):
    oil: int = 0
    wood: str
    to: str | None = None


def sharp(facts, ask, now):
    return None


@pytest.fixture
def table(table_of, row):
    return table_of(
        "shop.saw shop.glue done. bin.",
        row("shop.saw", "cut", Way("done", LARGE), "shop.glue", takes=Order, guards=(sharp, partial(sharp, None))),
        row("shop.saw", "look", "shop.saw", by="anyone"),
        row("shop.glue", "join", "done"),
        row("shop.glue", "undo", Way("shop.saw", name="saw"), Way("bin", name="bin"), takes=Order, needs_reason=True),
        row("shop.saw", "discard", "bin", by="master", arrives=False),
    )


@pytest.fixture
def page(table, worlds):
    acts = {row.trigger: act_of(table, row, worlds, f"动作{row.trigger}") for row in table.rows}
    return Page(
        title="木工",
        notes=("从上往下读。",),
        paths=(("小料", ("shop.saw", "shop.glue", "done")), ("大料 急", ("shop.saw", "done"))),
        stages=(
            (
                Heading(
                    name="shop.saw",
                    title="锯",
                    owner="apprentice / master",
                    dates="截止06-05",
                    more="目标06-01",
                    cite="第1条",
                ),
                (acts["cut"], acts["look"]),
            ),
            (Heading(name="shop.glue", title="胶", only="仅小料", owner="apprentice"), (acts["join"], acts["undo"])),
            (Heading(name="done", title="完"), ()),
            (Heading(name="bin", title="废"), ()),
        ),
        everywhere=(("任一未结环节", acts["discard"]),),
        ends=("done", "bin"),
    )


# ── what is printed of a row ─────────────────────────────────────


def test_an_act_is_printed_with_its_payload_its_guards_and_where_it_leads(table, worlds):
    assert act_of(table, table.row["shop.saw", "cut"], worlds, "锯断", "(两段)") == Act(
        trigger="cut",
        title="锯断",
        call="cut(wood, oil?)",
        by="",
        guards=("sharp", "sharp"),
        leads=("shop.glue", "done"),
        remark="(两段)",
    )


def test_only_the_worlds_that_come_here_say_where_it_leads(table, worlds):
    assert act_of(table, table.row["shop.saw", "cut"], worlds[:1]).leads == ("shop.glue",)


def test_what_stays_leads_nowhere_and_whoever_is_not_the_owner_is_named(table, worlds):
    look = act_of(table, table.row["shop.saw", "look"], worlds)

    assert (look.told, look.to) == ("look ←anyone", "·")


def test_fields_are_what_must_be_told_then_what_may_be(table):
    assert fields_of(table.row["shop.glue", "undo"]) == ("wood", "to", "reason", "oil?")
    assert fields_of(table.row["shop.saw", "discard"]) == ()


def test_a_guard_is_called_by_its_function_however_often_it_was_bound():
    assert name_of(partial(partial(sharp, 1), 2)) == "sharp"


@pytest.mark.parametrize(("size", "path"), [(0, ("shop.saw", "shop.glue", "done")), (2, ("shop.saw", "done"))])
def test_a_walk_follows_the_way_forward(table, piece, size, path):
    assert walk(table, "shop.saw", piece(size=size), None, stop=lambda stage: False) == path


def test_a_walk_ends_where_it_is_told_to_and_never_goes_in_circles(table, table_of, row, piece):
    circle = table_of("saw glue", row("saw", "cut", "glue"), row("glue", "undo", Way("saw", name="saw")))

    assert walk(table, "shop.saw", piece(), None, stop="shop.glue".__eq__) == ("shop.saw", "shop.glue")
    assert walk(circle, "saw", piece(), None, stop=lambda stage: False) == ("saw", "glue")


# ── three forms of one page ──────────────────────────────────────


def test_terminal_text_is_aligned_by_width_not_by_length(page):
    assert (
        text(page)
        == """\
路径
  小料     saw → glue → done
  大料 急  saw → done

环节          办理 · 时限          可做(须填)                    须满足        转到
shop.saw      apprentice / master  cut(wood, oil?)               sharp, sharp  glue | done
              截止06-05            look ←anyone                                ·
shop.glue     apprentice           join                                        done
  仅小料                           undo(wood, to, reason, oil?)                saw | bin
done
bin
任一未结环节                       discard ←master                             bin"""
    )


def test_markdown_has_titles_rules_and_a_diagram(page):
    assert (
        markdown(page)
        == f"""\
# 木工

从上往下读。

## 路径

| 情形 | 依次经过 |
|---|---|
| 小料 | saw → glue → done |
| 大料 急 | saw → done |

## 环节

| 环节 | 办理 · 时限 | 可做(须填) | 须满足 | 转到 |
|---|---|---|---|---|
| **锯** `shop.saw`<br>第1条 | apprentice / master<br>截止06-05<br>目标06-01 | 动作cut `cut(wood, oil?)` | `sharp`<br>`sharp` | glue \\| done |
|  |  | 动作look `look` ←anyone |  | · |
| **胶** `shop.glue`<br>仅小料 | apprentice | 动作join `join` |  | done |
|  |  | 动作undo `undo(wood, to, reason, oil?)` |  | saw \\| bin |
| **完** `done` |  |  |  |  |
| **废** `bin` |  |  |  |  |
| 任一未结环节 |  | 动作discard `discard` ←master |  | bin |

## 图

```mermaid
{mermaid(page)}
```"""
    )


def test_mermaid_draws_edges_once_and_notes_what_stands_everywhere(page):
    assert (
        mermaid(page)
        == """\
stateDiagram-v2
    direction TB
    state "锯 shop.saw" as shop__saw
    state "胶 shop.glue" as shop__glue
    state "完 done" as done
    state "废 bin" as bin
    [*] --> shop__saw
    shop__saw --> shop__glue: cut
    shop__saw --> done: cut
    shop__glue --> done: join
    shop__glue --> shop__saw: undo
    shop__glue --> bin: undo
    done --> [*]
    bin --> [*]
    note right of bin : 任一未结环节 discard"""
    )


# ── width ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "columns"), [("", 0), ("saw", 3), ("环节", 4), ("截止06-05", 9), ("。", 2), ("a·b→", 4)]
)
def test_a_chinese_character_is_two_columns_wide(words, columns):
    assert width(words) == columns
    assert width(pad(words, 12)) == 12


def test_words_are_cut_between_words_and_go_on_indented():
    assert wrapped("sharp_enough, 很大很大, dry, planed", 14) == ["sharp_enough,", "  很大很大,", "  dry, planed"]
    assert wrapped("unbreakable_and_long", 5) == ["unbreakable_and_long"]
    assert wrapped("", 5) == [""]


@pytest.mark.parametrize("columns, lines", [(4, ["ab c"]), (3, ["ab", "  c"])])
def test_a_line_is_as_long_as_the_column_and_no_longer(columns, lines):
    assert wrapped("ab c", columns) == lines


def test_a_walk_takes_the_first_of_the_ways_that_are_called_by_name(table_of, row, piece):
    both = (Way("bin", name="bin", when=LARGE), Way("done", name="done"))
    table = table_of("saw done. bin.", row("saw", "choose", *both))

    assert walk(table, "saw", piece(), None, stop=lambda stage: False) == ("saw", "bin")


def test_two_acts_that_lead_to_the_same_stage_share_an_edge(table_of, row, worlds):
    table = table_of("saw done.", row("saw", "cut", "done"), row("saw", "break", "done"))
    acts = tuple(act_of(table, row, worlds) for row in table.rows)
    page = Page(title="", notes=(), paths=(), stages=((Heading(name="saw"), acts),), everywhere=(), ends=())

    assert "    saw --> done: cut / break" in mermaid(page).splitlines()


def test_an_act_without_words_is_printed_without_a_title(table, worlds):
    assert act_of(table, table.row["shop.glue", "join"], worlds) == Act(
        trigger="join", title="", call="join", by="", guards=(), leads=("done",)
    )
