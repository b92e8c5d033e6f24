"""A hall with 34 voters, played as often as wanted, and the naive way of doing it for comparison.

Every voter has a ballot of their own, so that chance alone names one of 34 rightly; orders and answers come from a seed, the
shuffle of the ballots from the machine, as in earnest.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.casting import urn_of
from starflow.service.desk import Desk, create_desk
from starflow.service.polls import digest
from starflow.service.settings import read_settings
from storage import ballots
from storage.ballot_models import Poll
from storage.ballots import Vote
from tests.kept import desk_after
from workflow.rating.roster import RosterRow

ZONE = ZoneInfo("Asia/Shanghai")
VOTERS = tuple(f"党员{number:02}" for number in range(34))
ANSWERS = ("satisfied", "basically_satisfied", "dissatisfied", "unknown")
RUNS, REHEARSALS = 200, 10
ROSTER = (
    RosterRow(code="GW", name="市直工委", kind="市直工委", head="高桂", leader="黄建"),
    RosterRow(code="B1", name="第一支部", kind="党支部", parent="GW", members=34, head="马国"),
)


@dataclass(frozen=True)
class Run:
    """One survey as it truly was: who voted in which order, with which slip, and what."""

    poll: int
    mode: str
    order: tuple[str, ...]
    token: dict[str, str]
    payload: dict[str, str]

    def score(self, guessed: dict[str, str]) -> int:
        """How many persons were linked to what they voted."""
        return sum(self.payload[name] == payload for name, payload in guessed.items())


def mixed(items: Sequence[str], *seed: object) -> tuple[str, ...]:
    """An order that depends on the seed alone."""
    return tuple(sorted(items, key=lambda item: hashlib.sha256("|".join(map(str, (*seed, item))).encode()).digest()))


def token_of(*seed: object) -> str:
    return hashlib.sha256("|".join(map(str, seed)).encode()).hexdigest()[:26]


def payload_of(*seed: object) -> str:
    """Eleven answers: one of four million, so that no two voters of a run have the same."""
    drawn = hashlib.sha256("|".join(map(str, ("answers", *seed))).encode()).digest()
    return json.dumps([ANSWERS[byte % 4] for byte in drawn[:11]])


class Hall:
    """A desk with one branch; each run is a survey of its own beside the others."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def prepare(self, mode: str, seed: int) -> Run:
        """Open a survey and give out its slips: drawn, or to invited persons."""
        order = mixed(VOTERS, "order", seed)
        token = {name: token_of("token", seed, name) for name in VOTERS}
        payload = {name: payload_of(seed, name) for name in VOTERS}
        now = self.desk.clock.now()
        with self.desk.transaction() as tx:
            poll_id = ballots.put(
                tx,
                Poll(
                    cycle_id=1,
                    round=f"{mode}-{seed}",
                    mode=mode,
                    members=34,
                    form_hash="",
                    opened_at=now,
                    opened_by="P2",
                    closes_at=datetime(2027, 5, 30, tzinfo=ZONE),
                ),
            )
            if mode == "slips":
                ballots.put_slips(tx, poll_id, [("member", digest(token[name])) for name in VOTERS])
            else:
                people = [
                    {"name": n, "address": f"{i}@example.org", "electorate": "member"} for i, n in enumerate(VOTERS)
                ]
                ballots.invite(tx, poll_id, people)
                for one in ballots.invitations(tx, poll_id):
                    ballots.give_slip(tx, one, digest(token[one.name]))
        return Run(poll_id, mode, order, token, payload)

    def vote(self, run: Run, name: str) -> None:
        assert urn_of(self.desk).put(Vote(digest(run.token[name]), run.payload[name]))

    def play(self, mode: str, seed: int, after_each: Callable[[str], object] = lambda name: None) -> Run:
        run = self.prepare(mode, seed)
        for name in run.order:
            self.vote(run, name)
            after_each(name)
        return run

    def dump(self, table: str, poll: int) -> list[dict[str, Any]]:
        """The rows of one survey in the order in which a logical dump has them."""
        with self.desk.database.engine.connect() as connection:
            found = connection.execute(sa.text(f"SELECT * FROM {table} WHERE poll_id = :poll"), {"poll": poll})
            return [dict(row) for row in found.mappings()]

    def everything(self) -> str:
        """All rows of all tables, as text."""
        with self.desk.database.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            return "\n".join(
                f"{name} {tuple(row)}"
                for name in names
                for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))
            )


@contextmanager
def hall_at(url: str) -> Iterator[Hall]:
    settings = read_settings({"STARFLOW_DATABASE_URL": url})

    def opened() -> Desk:
        desk = create_desk(settings, rehearsal_at=datetime(2027, 5, 6, 10, tzinfo=ZONE), seed=1)
        organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
        open_campaign(desk, 2027, "anyang-five-star", actor="P1")
        return desk

    with closing(desk_after(opened, settings, "hall")) as desk:
        yield Hall(desk)


# ── how good a guess may be ──────────────────────────────────────

Attack = Callable[[Run], dict[str, str]]
"""From what the attacker has of a run to person → ballot."""


def most_by_chance(runs: int) -> float:
    """A random assignment names one person rightly per run, with a variance of one: chance and three sigma over all runs."""
    return runs + 3 * runs**0.5


def best_of(attacks: Sequence[Attack], runs: Sequence[Run]) -> Attack:
    """The attacker tries every way on surveys whose truth is known, and goes on with the best."""
    return max(attacks, key=lambda attack: sum(run.score(attack(run)) for run in runs))


def in_order(names: Sequence[str], payloads: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, payloads, strict=False))
