"""What each act changes in the facts, and that it changes nothing else."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from workflow.engine.machine import Ask
from workflow.rating.stages import FROM_ANYWHERE, KIND, KINDS

EVERY = [*(act for kind in KINDS for act in kind.acts), *(act for act, _, _ in FROM_ANYWHERE)]
EFFECTS = {act.trigger: act.effect for act in EVERY if act.effect}
STAGE = SimpleNamespace(hung_again=False, falls_to=None, in_first_round=True)
REVIEWED = {"review_begun": True, "approved_on": None, "meeting_number": None}
TAKEN_DOWN = {"noticed_star": None, "posted_on": None}
MEETING = SimpleNamespace(on=date(2027, 6, 15), number="工委会2027-3")


def changed(trigger: str, facts, at, stage: Any = STAGE, **payload: Any) -> dict[str, Any]:
    ask = Ask(trigger=trigger, payload=SimpleNamespace(**payload))
    return dict(EFFECTS[trigger](stage, facts, ask, at))


def test_these_acts_change_facts_and_no_others():
    assert sorted(EFFECTS) == [
        "accept_turnout", "approve", "begin_review", "close_publicity", "close_unrated", "dismiss_objection", "exempt",
        "keep_star", "object", "overturn_star", "post_notice", "propose_star", "send_back", "uphold_objection", "withdraw",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "payload", "changes"),
    [
        ("accept_turnout", {}, {"turnout_excused": True}),
        ("begin_review", {}, {"review_begun": True}),
        ("send_back", {}, {"review_begun": False, "turnout_excused": False}),
        ("withdraw", {}, {"review_begun": False, "turnout_excused": False}),
        ("post_notice", {"on": date(2027, 6, 8)}, {"posted_on": date(2027, 6, 8), "noticed_star": 4}),
        ("object", {}, {"open_objections": 1}),
        ("dismiss_objection", {}, {"open_objections": 0}),
        ("approve", {"meeting": MEETING}, {"approved_on": MEETING.on, "meeting_number": "工委会2027-3"}),
        ("exempt", {}, {"outcome": "exempt"}),
    ],
)
def test_an_act_changes_just_this(trigger, payload, changes, ready, ends):
    assert changed(trigger, ready(trigger), ends, **payload) == changes


def test_a_proposal_leaves_the_notice_hanging_only_where_it_names_the_same_star(ready, rated, ends):
    facts = ready("propose_star")

    same = {"proposed": 4, "total": rated(4).total, **REVIEWED}
    assert changed("propose_star", facts, ends, star=4) == same
    assert changed("propose_star", facts, ends, star=3) == same | {"proposed": 3} | TAKEN_DOWN


def test_a_proposal_without_scores_has_no_total(ready, ends):
    facts = ready("propose_star").changed_by({"rating": None})

    assert changed("propose_star", facts, ends, star=4) == {"proposed": 4, "total": None, **REVIEWED}


def test_a_star_that_is_kept_is_proposed_again(ready, rated, ends):
    assert changed("keep_star", ready("keep_star"), ends) == {"proposed": 3, "total": rated(3).total, **REVIEWED}


def test_the_end_of_a_publicity_posts_the_star_on_the_notice(ready, ends):
    facts, once_more = ready("close_publicity").changed_by({"proposed": 2}), SimpleNamespace(hung_again=True)

    assert changed("close_publicity", facts, ends) == {"posted_star": 4}
    assert changed("close_publicity", facts, ends, once_more) == {"posted_star": 4, **TAKEN_DOWN}


def test_an_upheld_objection_counts_the_days_of_the_notice_only_where_they_are_full(ready, ends):
    facts, before = ready("uphold_objection"), ends - timedelta(seconds=1)

    assert changed("uphold_objection", facts, ends) == {"open_objections": 0, "posted_star": 4}
    assert changed("uphold_objection", facts, before) == {"open_objections": 0}
    assert changed("uphold_objection", facts.changed_by({"posted_on": None}), ends) == {"open_objections": 0}


def test_a_star_that_the_city_overturns_falls_to_its_level_or_voids_the_approval(ready, ends):
    facts, falling = ready("overturn_star"), SimpleNamespace(falls_to=4)

    assert changed("overturn_star", facts, ends, falling) == {"proposed": 4}
    assert changed("overturn_star", facts, ends) == {"approved_on": None, "meeting_number": None}


def test_a_year_that_ends_early_is_unrated_in_the_first_round_and_unrechecked_after_it(ready, ends):
    facts, later = ready("close_unrated"), SimpleNamespace(in_first_round=False)

    assert changed("close_unrated", facts, ends) == {"outcome": "unrated"}
    assert changed("close_unrated", facts, ends, later) == {"outcome": "unrechecked"}


@pytest.mark.parametrize(("proposed", "granted"), [(4, {"star": 4}), (0, {"star": 0}), (None, {})])
def test_on_arrival_the_proposed_star_is_in_force_and_the_round_is_wiped(proposed, granted, ready):
    facts = ready("confirm_star").changed_by({"proposed": proposed})

    wiped = {"proposed": None, "total": None, "posted_star": None, **TAKEN_DOWN, "turnout_excused": False}
    wiped |= {"review_begun": False, "approved_on": None, "meeting_number": None}
    for kind in ("rated", "closed"):
        arrive = KIND[kind].on_arrival
        assert arrive is not None
        assert arrive(facts) == granted | wiped
