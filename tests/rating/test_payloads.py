"""What each act is told is a closed model, and whatever else is sent is refused in the words of the clerk."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflow.engine.machine import Ask, Refusal, decide
from workflow.rating.facts import Facts

NOW = datetime(2027, 6, 20, tzinfo=UTC)
EVERYBODY = frozenset({"organisation", "superior", "department", "committee", "city", "clock"})


def refused(table, stage: str, trigger: str, payload: Any) -> tuple[str, ...] | None:
    ask = Ask(trigger=trigger, relations=EVERYBODY, payload=payload, reason="其他:说明")
    verdict = decide(table, stage, ask, Facts(star=3), NOW)
    if not isinstance(verdict, Refusal) or verdict.code != "payload":
        return None
    return tuple(reason.text for reason in verdict.reasons)


def test_every_stand_in_is_what_its_act_takes(table, told):
    takes = {row.trigger: row.takes for row in table.rows if row.takes}

    assert {trigger: type(takes[trigger].model_validate(payload)) for trigger, payload in told.items()} == takes


def test_a_misspelt_key_is_refused_in_every_act(table, told):
    rows = {row.trigger: row for row in table.rows if row.takes}

    said = {t: refused(table, row.stage, t, told[t] | {"remarks": "?"}) for t, row in rows.items() if not row.chooses}

    assert set(said.values()) == {("没有remarks这一项",)}


@pytest.mark.parametrize(
    ("score", "said"),
    [
        ("9.555", "base最多写2位小数"),
        (9.5, "base:分数须写成字符串,如“9.5”"),
        ("-1", "base不能小于0"),
        ("九分", "base应为数"),
        ("NaN", "base应为数"),
        (True, "base应为数"),
    ],
)
def test_a_score_is_a_decimal_string_with_at_most_two_decimals(table, score, said):
    assert refused(table, "rating.review", "propose_star", {"star": 3, "base": score}) == (said,)


@pytest.mark.parametrize("star", ["3", 3.0, True, None])
def test_a_star_is_a_whole_number(table, star):
    assert refused(table, "rating.review", "propose_star", {"star": star, "base": "70"}) == ("star应为整数",)


WORDS = st.text("九9.-{", max_size=3)
VALUES = st.recursive(
    st.sampled_from([None, True, 0, -1, 2.5, "", "9.5", "2027-06-01", "2027-06-01T08:00"]) | WORDS,
    lambda values: st.lists(values, max_size=2) | st.dictionaries(WORDS, values, max_size=2),
    max_leaves=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_sent_is_accepted_or_refused_in_chinese(table, data):
    """A sentence is the path of the value, which is the sender's, and words of ours."""
    row = data.draw(st.sampled_from([row for row in table.rows if row.takes]))
    payload = data.draw(st.dictionaries(st.sampled_from([*row.takes.model_fields, "{0}"]), VALUES))

    for said in refused(table, row.stage, row.trigger, payload) or ():
        assert not any(word in said for word in ("Input", "should", "valid", "Value error"))
