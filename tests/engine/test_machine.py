"""decide(): guards refuse, ways choose, effects are pure, arrival grants."""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from workflow.engine.errors import Faulty, Reason
from workflow.engine.machine import Ask, Decision, Option, Refusal, decide, machine_of, options, refusals
from workflow.engine.table import Way, When, field_of

NOW = datetime(2027, 6, 1, tzinfo=UTC)
LARGE = When(((("size", (2, 3)),),))
WORKERS = frozenset({"apprentice", "master"})


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wood: Annotated[str, Field(min_length=1)]
    pieces: Annotated[int, Field(ge=1, le=9, strict=True)]


class Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    to: str | None = None


def sharp(facts, ask, now):
    return None if facts.checked else Reason("锯子没有磨", "第7条")


def small_enough(facts, ask, now):
    return Reason(f"{facts.size}号料太大") if facts.size > 2 else None


def grow(facts, ask, now):
    return {"size": facts.size + 1}


def pack(facts, ask, now):
    return {"parcels": facts.parcels + 1}


def stamp(facts):
    return {"checked": not facts.checked}


@pytest.fixture
def table(table_of, row):
    return table_of(
        "saw glue paint done. bin.",
        row("saw", "cut", Way("paint", LARGE), "glue", takes=Order, guards=(sharp, small_enough), effect=grow),
        row("saw", "look", "saw", by="anyone", effect=pack),
        row("saw", "clean", "saw", by="night_watch"),
        row("glue", "join", "paint", by="master"),
        row("glue", "undo", Way("saw", name="back"), by="master", takes=Choice, needs_reason=True),
        row("paint", "finish", "done"),
        row("paint", "undo", Way("saw", name="back"), Way("glue", name="half"), takes=Choice, needs_reason=True),
        row("paint", "discard", "bin", arrives=False),
        on_arrival={"saw": stamp, "done": stamp, "bin": stamp},
    )


def ask(trigger, payload=None, *, relations=WORKERS, reason=""):
    return Ask(trigger=trigger, relations=relations, payload=payload, reason=reason)


ORDER = {"wood": "榆木", "pieces": 2}


# ── yes ──────────────────────────────────────────────────────────


def test_a_decision_says_from_where_to_where_as_whom_with_which_facts(table, piece):
    decision = decide(table, "saw", ask("cut", ORDER), piece(checked=True), NOW)

    assert decision == Decision(
        trigger="cut",
        before="saw",
        after="glue",
        role="apprentice",
        facts=piece(size=1, checked=True),
        payload=Order(**ORDER),
    )


def test_ways_are_judged_after_the_effect(table, piece):
    assert decide(table, "saw", ask("cut", ORDER), piece(size=1, checked=True), NOW).after == "paint"


def test_an_effect_knows_what_was_asked_and_when(table_of, row, piece):
    def note(facts, ask, now):
        return {"size": ask.payload.pieces, "parcels": now.day}

    table = table_of("saw done.", row("saw", "cut", "done", takes=Order, effect=note))

    assert decide(table, "saw", ask("cut", ORDER), piece(), NOW).facts == piece(size=2, parcels=1)


def test_guards_and_effects_hear_the_whole_ask_with_the_payload_as_it_was_read(table_of, row, piece):
    heard = []

    def listen(facts, ask, now):
        heard.append(ask)

    def note(facts, ask, now):
        heard.append(ask)
        return {}

    table = table_of("saw done.", row("saw", "cut", "done", takes=Order, guards=(listen,), effect=note))
    asked = Ask(trigger="cut", relations=WORKERS, person="p7", payload=ORDER, reason="要")

    decide(table, "saw", asked, piece(), NOW)

    whole = Ask(trigger="cut", relations=WORKERS, person="p7", payload=Order.model_validate(ORDER), reason="要")
    assert heard == [whole, whole]


def test_a_field_is_read_of_a_payload_of_any_kind():
    order = Order.model_validate(ORDER)

    assert (field_of(order, "pieces"), field_of(order, "nothing"), field_of(None, "pieces")) == (2, None, None)
    assert field_of(Way("done"), "dest") == "done"


def test_arrival_grants_after_the_effect(table, piece):
    assert decide(table, "paint", ask("finish"), piece(size=1), NOW).facts == piece(size=1, checked=True)


def test_an_exit_that_stands_everywhere_grants_nothing_on_arrival(table, piece):
    discarded = decide(table, "paint", ask("discard"), piece(), NOW)

    assert (discarded.after, discarded.facts) == ("bin", piece())


def test_an_act_that_stays_changes_the_facts_and_arrives_nowhere(table, piece):
    looked = decide(table, "saw", ask("look"), piece(), NOW)

    assert (looked.before, looked.after, looked.facts) == ("saw", "saw", piece(parcels=1))


def test_staying_is_an_internal_transition_so_that_nothing_is_left_or_entered(table):
    assert [transition.dest for transition in machine_of(table).get_transitions("look")] == [None]


def test_the_owner_is_whoever_the_facts_make_it(table, piece):
    order = ask("cut", ORDER, relations=frozenset({"master"}))

    assert decide(table, "saw", order, piece(size=2, checked=True), NOW).role == "master"
    assert decide(table, "saw", order, piece(checked=True), NOW).code == "role"


@pytest.mark.parametrize(
    ("relations", "role"), [({"anyone"}, "anyone"), (set(), "anyone"), ({"anyone", "neighbour"}, "neighbour")]
)
def test_what_anyone_may_do_is_done_in_the_relation_that_one_has(table, piece, relations, role):
    assert decide(table, "saw", ask("look", relations=frozenset(relations)), piece(), NOW).role == role


@pytest.mark.parametrize(("to", "after"), [("back", "saw"), ("saw", "saw"), ("half", "glue"), ("glue", "glue")])
def test_a_way_is_chosen_by_its_short_name_or_by_its_stage(table, piece, to, after):
    assert decide(table, "paint", ask("undo", {"to": to}, reason="裂了"), piece(), NOW).after == after


@pytest.mark.parametrize("payload", [None, {}, {"to": "back"}, {"to": "saw"}])
def test_where_there_is_one_way_it_need_not_be_named(table, piece, payload):
    assert decide(table, "glue", ask("undo", payload, reason="裂了"), piece(), NOW).after == "saw"


# ── no ───────────────────────────────────────────────────────────


def test_an_act_that_no_stage_knows_is_unknown(table, piece):
    assert decide(table, "saw", ask("fly"), piece(), NOW) == Refusal("unknown", (Reason("没有“fly”这个动作"),))


def test_an_act_of_another_stage_is_refused_with_the_rule_of_this_stage(table, piece):
    assert decide(table, "glue", ask("finish"), piece(), NOW) == Refusal(
        "stage", (Reason("“glue”环节不能“finish”", "第2条"),)
    )


def test_somebody_else_is_refused_before_anything_is_said_about_the_work(table, piece):
    stranger = ask("cut", {}, relations=frozenset({"neighbour"}))

    assert decide(table, "saw", stranger, piece(size=3), NOW) == Refusal("role", (Reason("“cut”由master办理"),))


def test_all_faults_of_a_payload_are_said_at_once(table, piece):
    said = decide(table, "saw", ask("cut", {"wood": "", "pieces": 12, "oil": 1}), piece(), NOW)

    assert said == Refusal("payload", (Reason("wood不能为空"), Reason("pieces不能大于9"), Reason("没有oil这一项")))


def test_a_missing_reason_and_a_missing_choice_are_said_at_once(table, piece):
    assert decide(table, "paint", ask("undo", reason=" "), piece(), NOW) == Refusal(
        "payload", (Reason("须写明理由"), Reason("须写明转到哪个环节(to):back、half"))
    )


@pytest.mark.parametrize(("stage", "offered"), [("glue", "back"), ("paint", "back、half")])
def test_a_choice_that_is_not_offered_is_refused(table, piece, stage, offered):
    assert decide(table, stage, ask("undo", {"to": "done"}, reason="裂了"), piece(), NOW) == Refusal(
        "payload", (Reason(f"不能转到“done”,可以转到:{offered}"),)
    )


def test_an_act_without_data_takes_none(table, piece):
    assert decide(table, "paint", ask("finish", {"gloss": 1}), piece(), NOW) == Refusal(
        "payload", (Reason("finish不带数据,多余的项:gloss"),)
    )


def test_a_missing_reason_is_said_beside_what_is_too_much_and_what_is_wrong_with_the_data(table_of, row, piece):
    table = table_of(
        "saw done.",
        row("saw", "cut", "done", needs_reason=True),
        row("saw", "order", "saw", takes=Order, needs_reason=True),
    )
    unreasoned = Reason("须写明理由")

    assert decide(table, "saw", ask("cut", {"a": 1, "b": 2}), piece(), NOW).reasons == (
        unreasoned,
        Reason("cut不带数据,多余的项:a、b"),
    )
    assert decide(table, "saw", ask("order", {"wood": "榆木"}), piece(), NOW).reasons == (
        unreasoned,
        Reason("缺少pieces"),
    )


def test_an_act_without_data_is_decided_with_none_and_keeps_its_reason(table_of, row, piece):
    table = table_of("saw done.", row("saw", "cut", "done", needs_reason=True))

    assert decide(table, "saw", ask("cut", reason="开工"), piece(), NOW) == Decision(
        trigger="cut", before="saw", after="done", role="apprentice", facts=piece(), payload=None, reason="开工"
    )


def test_all_guards_are_heard_each_with_its_rule(table, piece):
    assert decide(table, "saw", ask("cut", ORDER), piece(size=3), NOW) == Refusal(
        "guard", (Reason("锯子没有磨", "第7条"), Reason("3号料太大"))
    )


def test_a_refused_guard_never_lets_the_next_way_through(table, piece):
    """Were a guard a condition of the way, a refusal would fall through to the next way and skip a stage."""
    assert [decide(table, "saw", ask("cut", ORDER), piece(size=n), NOW).code for n in range(4)] == ["guard"] * 4


def test_a_table_that_was_not_checked_fails_loudly_where_it_leads_nowhere(table_of, row, piece):
    table = table_of("saw done.", row("saw", "cut", Way("done", LARGE)))

    with pytest.raises(Faulty, match="此情形下无处可去"):
        decide(table, "saw", ask("cut"), piece(), NOW)


# ── buttons ──────────────────────────────────────────────────────


def test_options_are_all_acts_of_the_stage_with_what_is_known_against_each(table, piece):
    offered = options(table, "saw", frozenset({"apprentice"}), piece(), NOW)

    assert offered == (
        Option("cut", "apprentice", (Reason("锯子没有磨", "第7条"),), Order, False),
        Option("look", "anyone", (), None, False),
        Option("clean", "night_watch", (Reason("“clean”由night_watch办理"),), None, False),
    )
    assert [option.allowed for option in offered] == [False, True, False]


def test_whoever_may_not_do_it_is_told_who_may_in_these_facts(table, piece):
    said = [
        option.reasons[0]
        for option in options(table, "saw", frozenset({"visitor"}), piece(size=2, checked=True), NOW)[:1]
    ]

    assert said == [Reason("“cut”由master办理")]


def test_the_stages_acts_and_roles_of_a_refusal_are_called_what_people_call_them(table_of, row, piece):
    words = {"saw": "锯台", "cut": "锯开", "join": "上胶", "master": "师傅"}
    table = table_of("saw glue. ", row("saw", "cut", "glue", by="master"), row("saw", "join", "saw"), words=words)

    assert decide(table, "saw", ask("cut", relations=frozenset()), piece(), NOW).reasons == (
        Reason("“锯开”由师傅办理"),
    )
    assert decide(table, "glue", ask("join"), piece(), NOW).reasons == (Reason("“glue”环节不能“上胶”", "第2条"),)


def test_a_button_asks_the_guard_about_its_own_act_at_this_instant(table_of, row, piece):
    def told(facts, ask, now):
        return Reason(f"{ask.trigger} {now:%Y-%m-%d}")

    table = table_of("saw done.", row("saw", "cut", "done", guards=(told,)))

    assert options(table, "saw", WORKERS, piece(), NOW)[0].reasons == (Reason("cut 2027-06-01"),)


def test_an_end_offers_nothing(table, piece):
    assert options(table, "done", WORKERS, piece(), NOW) == ()


def test_refusals_are_what_the_guards_say_before_a_payload_is_there(table, piece):
    assert refusals(table.row["saw", "cut"], piece(size=3), NOW) == (Reason("锯子没有磨", "第7条"), Reason("3号料太大"))


# ── the words for a payload's faults ─────────────────────────────


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=3)] = "x"
    count: Annotated[int, Field(ge=0)] = 0
    score: Annotated[Decimal, Field(decimal_places=2, max_digits=4)] = Decimal(0)
    on: date = date(2027, 6, 1)
    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("x",)
    table: dict[str, int] = {}
    order: Order | None = None


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"text": 1}, "text应为文字"),
        ({"text": "四个字长"}, "text最多3个字"),
        ({"count": "两"}, "count应为整数"),
        ({"count": None}, "count应为整数"),
        ({"count": 1.5}, "count应为整数"),
        ({"count": -1}, "count不能小于0"),
        ({"score": "9.555"}, "score最多写2位小数"),
        ({"score": "12345"}, "score的位数太多"),
        ({"score": "九"}, "score应为数"),
        ({"score": []}, "score应为数"),
        ({"score": "NaN"}, "score应为数"),
        ({"on": "6月1日"}, "on应为日期,如2027-06-05"),
        ({"on": []}, "on应为日期,如2027-06-05"),
        ({"on": "2027-06-01T08:00:00"}, "on应为日期,如2027-06-05"),
        ({"names": []}, "names不能为空"),
        ({"names": 3}, "names应为列表"),
        ({"table": 3}, "table应为一组名称和数值"),
        ({"order": {"wood": "{oak}", "pieces": 1, "{0}": 1}}, "没有order.{0}这一项"),
        ({"order": {"pieces": 1}}, "缺少order.wood"),
        ({"order": 3}, "order应为一组名称和数值"),
        ([1], "数据应为一组名称和数值"),
    ],
)
def test_a_fault_of_a_payload_is_said_in_the_words_of_the_clerk(table_of, row, piece, payload, said):
    table = table_of("saw done.", row("saw", "cut", "done", takes=Everything))

    assert decide(table, "saw", ask("cut", payload), piece(), NOW) == Refusal("payload", (Reason(said),))


# ── the machine underneath ───────────────────────────────────────


def test_one_machine_serves_a_table_and_holds_on_to_nothing(table, piece):
    decide(table, "paint", ask("finish"), piece(), NOW)

    assert machine_of(table) is machine_of(table)
    assert machine_of(table).models == []


def test_eight_threads_share_it(table, piece):
    def play(number: int) -> int:
        return decide(table, "saw", ask("cut", ORDER), piece(size=number % 3, checked=True), NOW).facts.size

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(play, range(800))) == [number % 3 + 1 for number in range(800)]


def test_transitions_is_the_line_that_was_measured():
    """Its internals are relied on in one file; a new line of it has to be looked at first."""
    assert version("transitions").startswith("0.9.")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert "transitions>=0.9.2,<0.10" in project["dependencies"]
