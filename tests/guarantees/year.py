"""A whole year on a simulated clock with faults at every port; at its end the history is the very one of a year without faults."""

import random
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schedules import relay
from schedules.channels import ChannelDown, ChannelRefused
from starflow.service import obligations, rehearsal, upkeep
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk, create_desk
from storage.invariants import invariants
from tests.guarantees import crash, faults
from tests.guarantees.acting import EVERYBODY
from tests.guarantees.places import SCHEME, city, empty, settings_of
from tests.guarantees.trial import Broken, Trial, must
from workflow.engine.errors import StarflowError
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import scheme_bytes

BEHAVIOURS = ("prompt", "mixed", "lazy")
WRONG = (
    "declare", "submit_self_evaluation", "file_survey", "propose_star", "approve", "confirm_star", "pass_audit", "object",
    "close_publicity", "overturn_star", "exempt", "no_such_thing",
)  # fmt: skip


@dataclass
class Disturbance:
    """Chance, from a seed: which piece of work is hit, at which of its statements, and how."""

    desk: Desk
    dice: random.Random
    share: float
    hits: int = 0
    crashes: int = 0

    def around(self, true: Any) -> Any:
        """Work that is hit is rolled back and done again, as after a crash; sometimes every connection is lost too."""

        def disturbed(*arguments: Any, **more: Any) -> Any:
            if self.dice.random() >= self.share:
                return true(*arguments, **more)
            with crash.failing(self.desk, self.dice.randrange(1, 60)):
                try:
                    return true(*arguments, **more)
                except crash.Injected:
                    self.hits += 1
            if self.dice.random() < 0.3:
                self.crashes += 1
                self.desk.database.engine.dispose()
            try:
                return true(*arguments, **more)
            except (sa.exc.SQLAlchemyError, AssertionError) as error:
                raise Broken(f"after a fault the work could not be done again: {type(error).__name__}") from error

        return disturbed


class Flaky:
    """A channel that is down, refuses, or is fine."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def send(self, letter: Any) -> None:
        chance = self.dice.random()
        if chance < 0.2:
            raise ChannelDown("网络不通")
        if chance < 0.3:
            raise ChannelRefused("稍后再试", later=True)


def survives(trial: Trial) -> str:
    """G15: seeds × (a year in peace, the same year under faults): the same head hash; invariants hold all along."""
    seeds, rated = trial.size(2, 5, control=1), trial.size(12, 24, control=8)
    began, hits, crashes, refused, transitions = time.monotonic(), 0, 0, 0, 0
    for number in range(seeds):
        seed = trial.seed + number
        calm, _, no = _played(trial, seed, rated, 0.0)
        with faults.switched_on(trial.fault):
            stormy, storm, _ = _played(trial, seed, rated, 0.7 if trial.fault else 0.15)
        must(calm == stormy, f"seed {seed}: after {storm.hits} faults the history is another one")
        hits, crashes, refused, transitions = (
            hits + storm.hits,
            crashes + storm.crashes,
            refused + no,
            transitions + calm.transitions,
        )
    took = time.monotonic() - began
    return (
        f"{seeds}个种子 × {rated}个组织 × 2年:{transitions}次流转、{hits}处故障({crashes}次断开全部连接)、{refused}次越权或乱来的尝试被拒;"
        f"有无故障总哈希相同,不变量全部成立;每秒{2 * seeds / took:.2f}年"
    )


def _played(trial: Trial, seed: int, rated: int, share: float) -> tuple[rehearsal.Rehearsed, Disturbance, int]:
    at = rehearsal.starts_at(load_bytes(scheme_bytes(SCHEME)), 2027)
    with empty(trial) as url, closing(create_desk(settings_of(url), rehearsal_at=at, seed=seed)) as desk:
        storm = Disturbance(desk, random.Random(f"storm {seed}"), share)
        true_work, true_step = rehearsal._work, obligations._step
        hostile, refused = random.Random(f"hostile {seed}"), 0
        try:
            rehearsal._work, obligations._step = storm.around(true_work), storm.around(true_step)
            played = rehearsal.begin(desk, city(rated), 2027, SCHEME, BEHAVIOURS[seed % 3])
            codes = [row.code for row in city(rated)[1:]]
            for day, when in enumerate(rehearsal.play(played)):
                refused += _hostile(desk, hostile, codes, when, storm)
                if share:
                    relay.relay(desk, {"console": Flaky(storm.dice)}, limit=20)
                if day % 10 == 0:
                    with desk.reading() as tx:
                        said = invariants(tx)
                    must(not said, f"seed {seed}, {when:%m-%d}: {said[:2]}")
        finally:
            rehearsal._work, obligations._step = true_work, true_step
        found = rehearsal.report(played)
        must(found.violations == (), f"seed {seed}: {found.violations[:2]}")
        must(upkeep.verify(desk).ok, "chain")
        return found, storm, refused


def _hostile(desk: Desk, dice: random.Random, codes: list[str], when: datetime, storm: Disturbance) -> int:
    """Somebody tries what is not his to do, with nonsense for data; the same tries in either year."""
    refused = 0
    for _ in range(2):
        role = dice.choice(sorted(EVERYBODY - {"anyone"}))
        ask = CycleAsk(
            code=dice.choice(codes),
            trigger=dice.choice(WRONG),
            relations=frozenset({role}),
            actor="hostile",
            payload=dice.choice(({}, {"star": 9}, {"scores": {"1": "-1"}}, {"meeting": None}, {"to": "rated"})),
        )
        try:
            storm.around(fire)(desk, ask)
        except StarflowError:
            refused += 1
    return refused
