"""What befalls a simulated year: faults at every port, and people who try what is not theirs. All of it from one seed."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from schedules.channels import ChannelDown, ChannelRefused
from starflow.service.cycles import CycleAsk, fire
from starflow.service.desk import Desk
from starflow.service.players import Part
from storage import cycles
from tests.guarantees import crash
from tests.guarantees.trial import Broken
from workflow.engine.errors import StarflowError

SHARE = 0.2
"""Of the pieces of work, so many are hit."""
RISING, AS_TOLD = "D0102", Part(quality=8.6, pace=6)
RISES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "recheck.review": ("propose_star", "superior", {"star": 5, "base": "98.5"}),
    "recheck.approval": ("record_excess", "committee", {"level": "five_star", "number": 1}),
}
"""One organisation has become excellent by December: the only way by which a recheck comes before the city."""
ROLES = ("city", "clock", "committee", "department", "organisation", "superior")
TRIGGERS = (
    "declare", "submit_self_evaluation", "file_survey", "propose_star", "approve", "confirm_star", "pass_audit", "keep_star",
    "close_publicity", "overturn_star", "exempt", "open_recheck", "no_such_thing",
)  # fmt: skip
NONSENSE: tuple[dict[str, Any], ...] = (
    {}, {"star": 9}, {"scores": {"1": "-1"}}, {"meeting": None}, {"to": "rated"}, {"star": 5, "base": "1e9"},
)  # fmt: skip


@dataclass
class Storm:
    """Chance, from a seed: which piece of work is hit, at which of its statements, and how. `share` 0: a year in peace."""

    desk: Desk
    dice: random.Random
    share: float
    counted: Counter[str] = field(default_factory=Counter)

    def around(self, true: Any, reach: int = 30) -> Any:
        """Work that is hit is rolled back and done again, as after a crash; sometimes every connection is lost too."""

        def disturbed(*arguments: Any, **more: Any) -> Any:
            if self.dice.random() >= self.share:
                return true(*arguments, **more)
            with crash.failing(self.desk, self.dice.randrange(1, reach)):
                try:
                    return true(*arguments, **more)
                except crash.Injected:
                    self.counted["fault"] += 1
                except sa.exc.SQLAlchemyError as error:
                    raise Broken(f"a fault in the middle of it: {type(error).__name__}") from error
            if self.dice.random() < 0.3:
                self.counted["crash"] += 1
                self.desk.database.engine.dispose()
            try:
                return true(*arguments, **more)
            except (sa.exc.SQLAlchemyError, AssertionError) as error:
                raise Broken(f"after a fault the work could not be done again: {type(error).__name__}") from error

        return disturbed


@dataclass
class Flaky:
    """A channel that is down, refuses, or is fine; and remembers what came through. `reliable`: the network is mended."""

    dice: random.Random
    came: list[str] = field(default_factory=list)
    reliable: bool = False

    def send(self, letter: Any) -> None:
        chance = 1.0 if self.reliable else self.dice.random()
        if chance < 0.05:
            raise ChannelDown("网络不通")
        if chance < 0.2:
            raise ChannelRefused("稍后再试", later=True)
        self.came.append(letter.key)


def strangers(desk: Desk, dice: random.Random, codes: list[str], when: datetime, storm: Storm) -> None:
    """Somebody tries what is not his to do, with nonsense for data, and somebody objects; the same tries in either year."""
    hostile = CycleAsk(
        code=dice.choice(codes),
        trigger=dice.choice(TRIGGERS),
        relations=frozenset({dice.choice(ROLES)}),
        actor="hostile",
        payload=dice.choice(NONSENSE),
    )
    objecting = CycleAsk(
        code=dice.choice(codes),
        trigger="object",
        relations=frozenset({"anyone"}),
        actor="anybody",
        payload={"content": f"{when:%m月%d日}:对服务情况有不同意见"},
    )
    ask = dice.choice((hostile, objecting))
    try:
        storm.around(fire)(desk, ask)
        storm.counted["objection" if ask is objecting else "done"] += 1
    except StarflowError:
        storm.counted["refused"] += 1


@dataclass
class Riser:
    """An organisation that rises to five stars in the recheck; for its place the committee decides to go beyond the quota, once."""

    desk: Desk
    storm: Storm
    parts: dict[str, Part] = field(default_factory=lambda: {RISING: AS_TOLD})
    done: set[str] = field(default_factory=set)

    def looks(self, campaign_id: int) -> None:
        with self.desk.reading() as tx:
            cycle = cycles.find(tx, campaign_id, RISING)
        assert cycle is not None
        if cycle.stage not in RISES or cycle.stage in self.done:
            return
        trigger, role, payload = RISES[cycle.stage]
        ask = CycleAsk(
            code=RISING,
            trigger=trigger,
            relations=frozenset({role}),
            actor=f"role:{role}",
            payload=payload,
            reason="年底复核确有突出进步,集体研究同意",
        )
        with suppress(StarflowError):  # a working day too early, perhaps: tried again when anybody next works
            self.storm.around(fire)(self.desk, ask)
            self.done.add(cycle.stage)
