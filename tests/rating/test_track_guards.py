"""What the guards of matters say on either side of their edge, and what an acceptance of a rectification takes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from workflow.engine.errors import Reason
from workflow.engine.machine import Ask
from workflow.engine.table import Guard
from workflow.rating.track_guards import (
    MatterFacts,
    acceptable,
    date_ahead,
    held_already,
    lower_star,
    met_since,
    star_fits,
    still_lower,
    target_not_below,
)
from workflow.rating.track_payloads import Acceptance

NOW = datetime(2027, 6, 20, 10, tzinfo=UTC)
TODAY = date(2027, 6, 20)
LABELS = {5: "五星级", 3: "三星级", 2: "二星级", 0: "不定星级"}


def said(guard: Guard, payload: dict[str, Any], **facts: Any) -> Reason | None:
    allowed: dict[str, Any] = {"star": 3, "labels": LABELS, "today": TODAY, "opened_on": TODAY}
    return guard(MatterFacts(**allowed | facts), Ask(trigger="", payload=SimpleNamespace(**payload)), NOW)


def sat(day: date) -> dict[str, Any]:
    return {"meeting": SimpleNamespace(on=day)}


@pytest.mark.parametrize(
    ("guard", "payload", "facts", "sentence", "rule"),
    [
        (lower_star, {"star": 2}, {}, None, None),
        (lower_star, {"star": 3}, {}, "现为三星级,降级后的星级须低于它,不能是三星级", "R54"),
        (lower_star, {"star": 5}, {}, "现为三星级,降级后的星级须低于它,不能是五星级", "R54"),
        (lower_star, {"star": 1}, {}, "现为三星级,降级后的星级须低于它,不能是1星", "R54"),
        (target_not_below, {"target_star": 3}, {}, None, None),
        (target_not_below, {"target_star": 2}, {}, "现为三星级,争星目标不能是二星级", "R49"),
        (target_not_below, {"target_star": 4}, {}, "现为三星级,争星目标不能是4星", "R49"),
        (target_not_below, {"target_star": 0}, {"star": None}, None, None),
        (target_not_below, {"target_star": 0}, {"star": 2}, "现为二星级,争星目标不能是不定星级", "R49"),
        (star_fits, {}, {"stars": (3, 0)}, None, None),
        (star_fits, {}, {"stars": (0, 5)}, "现为三星级,只有五星级、不定星级才办这一项", None),
        (star_fits, {}, {"stars": ()}, "现为三星级,只有方案写明的星级才办这一项", None),
        (still_lower, {}, {"proposed": 2}, None, None),
        (still_lower, {}, {"proposed": 3}, "现为三星级,不必再降为三星级", "R54"),
        (still_lower, {}, {"proposed": None}, "现为三星级,不必再降为未评", "R54"),
        (still_lower, {}, {"star": None, "proposed": 2}, "现为未评,不必再降为二星级", "R54"),
        (date_ahead, {"due_on": TODAY}, {}, None, None),
        (date_ahead, {"due_on": date(2027, 6, 19)}, {}, "期限2027-06-19早于今天2027-06-20", None),
        (date_ahead, {"due_on": date(2027, 6, 19)}, {"today": None}, None, None),
        (held_already, {"on": TODAY}, {}, None, None),
        (held_already, {"on": date(2027, 6, 21)}, {}, "日期2027-06-21晚于今天2027-06-20", None),
        (held_already, {"on": date(2027, 6, 21), "result": "passed"}, {}, "日期2027-06-21晚于今天2027-06-20", None),
        (held_already, {"on": date(2027, 6, 21), "result": None}, {}, None, None),
        (met_since, sat(TODAY), {}, None, None),
        (met_since, sat(date(2027, 6, 19)), {}, "会议日期2027-06-19早于提出的日期2027-06-20", None),
        (met_since, sat(date(2027, 6, 19)), {"opened_on": None}, None, None),
        (met_since, sat(date(2027, 6, 21)), {}, "日期2027-06-21晚于今天2027-06-20", None),
    ],
)
def test_the_edge_belongs_to_what_is_allowed_and_beyond_it_a_sentence_says_why(
    guard: Guard, payload: dict[str, Any], facts: dict[str, Any], sentence: str | None, rule: str | None
) -> None:
    assert said(guard, payload, **facts) == (Reason(sentence, rule) if sentence else None)


SEVENTY, HALF = {"accept_from": Decimal(70)}, {"dissatisfied_below": Fraction(1, 2)}
UNASKED = "验收须写明测评人数(asked)和不满意人数(dissatisfied)"


@pytest.mark.parametrize(
    ("takes", "found", "sentence"),
    [
        ({}, {}, None),
        (SEVENTY, {}, "没有验收得分,达到70分才算整改合格"),
        (SEVENTY, {"score": "69.5"}, "验收得69.5分,达到70分才算整改合格"),
        (SEVENTY, {"score": "70"}, None),
        (HALF, {}, UNASKED),
        (HALF, {"asked": 10}, UNASKED),
        (HALF, {"dissatisfied": 0}, UNASKED),
        (HALF, {"asked": 0, "dissatisfied": 0}, UNASKED),
        (HALF, {"asked": 10, "dissatisfied": 0}, None),
        (HALF, {"asked": 10, "dissatisfied": 4}, None),
        (HALF, {"asked": 10, "dissatisfied": 5}, "测评10人,不满意5人,不低于50%,整改不算合格"),
        (SEVENTY | HALF, {"score": "60", "asked": 10, "dissatisfied": 9}, "验收得60分,达到70分才算整改合格"),
        (SEVENTY | HALF, {"score": "80", "asked": 10, "dissatisfied": 9}, "测评10人,不满意9人,不低于50%,整改不算合格"),
        (SEVENTY | HALF, {"score": "80", "asked": 10, "dissatisfied": 1}, None),
    ],
)  # fmt: skip
def test_a_rectification_is_accepted_with_the_points_and_the_votes_that_its_track_takes(
    takes: dict[str, Any], found: dict[str, Any], sentence: str | None
) -> None:
    ask = Ask(trigger="accept", payload=Acceptance.model_validate(found))

    assert acceptable(MatterFacts(**takes), ask, NOW) == (Reason(sentence) if sentence else None)


def test_facts_of_a_matter_in_which_nothing_has_changed_are_the_same() -> None:
    facts = MatterFacts(star=3, outcome="tied")

    assert facts.changed_by({}) is facts
    assert facts.changed_by({"outcome": ""}) == MatterFacts(star=3)
