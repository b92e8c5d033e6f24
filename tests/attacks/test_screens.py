"""The secretary's, reviewer's and administrator's screens: whichever way two members voted, not one word on them differs."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import pytest

from starflow.service import polls, upkeep
from starflow.service.acting import Acting
from starflow.service.casting import cast
from starflow.service.poll_views import live, result, results_below
from starflow.service.polls import NewPoll
from starflow.service.shapes import plain
from starflow.service.why import history, why
from storage.database import Database
from tests.attacks.hall import (
    REHEARSALS,
    RUNS,
    VOTERS,
    ZONE,
    Hall,
    hall_at,
    in_order,
    mixed,
    most_by_chance,
    payload_of,
)
from tests.service.conftest import City

BRANCH = Acting(actor="P3", relations=frozenset({"organisation"}), person="P3")
LEGEND = '"basically_satisfied": "基本满意", "dissatisfied": "不满意"'
"""What the answers are called stands there always; how often each was given, not before the close."""


def played(url: str, answers: list[str]) -> list[str]:
    """Everything that screens say after each vote, after the close, and after the tellers' word; votes in this order."""
    with hall_at(url) as hall:
        City(hall.desk).submit("B1", "2027-05-05")
        closes_at = datetime(2027, 5, 7, 18, tzinfo=ZONE)
        polls.open_poll(hall.desk, "B1", NewPoll(mode="slips", closes_at=closes_at, own_unit=1), acting=BRANCH)
        tokens = polls.issue_slips(hall.desk, "B1", acting=BRANCH)[0].tokens
        said = []
        for token, answer in zip(tokens, answers, strict=False):
            assert cast(hall.desk, token, {"overall": answer}).taken
            said.append(_screens(hall))
        polls.close_poll(hall.desk, "B1", acting=BRANCH)
        said.append(_screens(hall))
        polls.count_poll(hall.desk, "B1", {"tellers": ["甲", "乙"]}, acting=BRANCH)
        return [*said, _screens(hall)]


def _screens(hall: Hall) -> str:
    shown = [plain(live(hall.desk, "B1")), plain(result(hall.desk, "B1")), why(hall.desk, "B1").as_json()]
    shown += [history(hall.desk, "B1").as_json(), upkeep.check(hall.desk), plain(results_below(hall.desk, "GW"))]
    return json.dumps(shown, ensure_ascii=False, default=str)


@pytest.fixture
def two(database_url: str, another_database: Database) -> tuple[str, str]:
    with closing(another_database):
        url = another_database.engine.url.render_as_string(hide_password=False)
    return database_url, url


def test_whoever_voted_what_no_screen_differs(two: tuple[str, str]) -> None:
    first = played(two[0], ["satisfied", "dissatisfied", "satisfied", "satisfied", "satisfied", "unknown"])
    second = played(two[1], ["unknown", "satisfied", "satisfied", "satisfied", "dissatisfied", "satisfied"])

    assert first == second
    assert "不满意" not in "".join(first[:-1]).replace(LEGEND, "")


# ── all screens, two hundred times ───────────────────────────────

PRESENT = VOTERS[:12]
SUPERIOR = Acting(actor="P1", relations=frozenset({"superior"}), person="P1")
Seen = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Who voted in which order, what the secretary's screen said after each vote, and the remarks in the order of the last screen."""


def held(hall: Hall, seed: int) -> tuple[Seen, dict[str, str]]:
    """A survey as whoever sits in the room sees it on the screens; every voter's remark is one of a kind. And the truth."""
    truth = {name: payload_of("remark", seed, name) for name in PRESENT}
    order = mixed(PRESENT, "order", seed)
    closes_at = datetime(2027, 5, 7, 18, tzinfo=ZONE)
    polls.open_poll(hall.desk, "B1", NewPoll(mode="slips", closes_at=closes_at, own_unit=1), acting=BRANCH)
    tokens = polls.issue_slips(hall.desk, "B1", acting=BRANCH)[0].tokens
    screens = []
    for name, token in zip(order, tokens, strict=False):
        assert cast(hall.desk, token, {"overall": "satisfied"}, truth[name]).taken
        screens.append(json.dumps(plain(live(hall.desk, "B1")), default=str))
    polls.close_poll(hall.desk, "B1", acting=BRANCH)
    polls.count_poll(hall.desk, "B1", {"tellers": ["甲", "乙"]}, acting=BRANCH)
    remarks = result(hall.desk, "B1").remarks
    polls.void_poll(hall.desk, "B1", "再演一次", acting=SUPERIOR)
    return (order, tuple(screens), remarks), truth


WAYS: tuple[Callable[[Seen], dict[str, str]], ...] = (
    lambda seen: in_order(seen[0], seen[2]),
    lambda seen: in_order(seen[0], seen[2][::-1]),
    lambda seen: in_order(sorted(PRESENT), seen[2]),
    lambda seen: in_order(seen[0], sorted(seen[2])),
    lambda seen: in_order([name for _, name in sorted(zip(seen[1], seen[0], strict=True))], seen[2]),
)


def linked(way: Callable[[Seen], dict[str, str]], seen: Seen, truth: dict[str, str]) -> int:
    return sum(truth[name] == said for name, said in way(seen).items())


@pytest.mark.long
def test_whoever_watches_the_room_and_every_screen_links_nobody_beyond_chance(database_url: str) -> None:
    """The first row of docs/ballots.md, by the best of five ways to read the screens, tried out beforehand on known surveys."""
    with hall_at(database_url) as hall:
        City(hall.desk).submit("B1", "2027-05-05")
        known = [held(hall, seed) for seed in range(1000, 1000 + REHEARSALS)]
        best = max(WAYS, key=lambda way: sum(linked(way, *one) for one in known))

        found = sum(linked(best, *held(hall, seed)) for seed in range(RUNS))

    assert found <= most_by_chance(RUNS), f"{found} of {RUNS * len(PRESENT)}"


def test_this_attack_wins_where_remarks_stand_in_the_order_in_which_they_came(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same eyes, the same ways, and the shuffle taken out: everybody is named."""
    monkeypatch.setattr("storage.ballots._shuffled", list)
    numbers = iter(range(10**6))
    monkeypatch.setattr("storage.ballots._random_id", lambda: f"{next(numbers):032}")
    with hall_at(database_url) as hall:
        City(hall.desk).submit("B1", "2027-05-05")

        assert linked(WAYS[0], *held(hall, 1)) == len(PRESENT)
