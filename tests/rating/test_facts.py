"""What facts say of themselves: the words of a level, and what has changed since."""

from dataclasses import replace

import pytest

from workflow.rating.facts import Facts


def test_a_level_is_called_as_the_scheme_calls_it_or_by_its_number_and_none_is_unrated() -> None:
    facts = Facts(labels={4: "四星级"})

    assert [facts.word(star) for star in (4, 3, None)] == ["四星级", "3星", "未评"]


def test_facts_with_fields_changed_are_new_facts_and_without_any_the_same() -> None:
    facts = Facts(star=3)

    assert facts.changed_by({"star": 4, "proposed": 5}) == Facts(star=4, proposed=5)
    assert facts.changed_by({}) is facts


def test_changed_facts_are_the_same_but_for_what_has_changed() -> None:
    facts = Facts(route="B", star=3, labels={3: "三星级"})

    assert facts.changed_by({"star": 4, "outcome": "withdrawn"}) == replace(facts, star=4, outcome="withdrawn")
    assert (facts.star, facts.changed_by({"star": 4}).labels) == (3, {3: "三星级"})
    with pytest.raises(AttributeError):
        facts.changed_by({"stars": 4})
