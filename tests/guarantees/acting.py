"""Somebody who goes on acting for ever: legal acts through the one door, each under a key, told to the parent before and after."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import Any

from starflow.service.cycles import CycleAsk, Fired, fire
from starflow.service.desk import Desk
from storage import cycles
from storage.database import retrying
from tests.guarantees.places import CITY, NOW, Fixed, reopened
from workflow.engine.errors import StarflowError

EVERYBODY = frozenset({"organisation", "superior", "department", "committee", "city", "anyone"})
SCORES = {str(number): "8.5" for number in range(1, 11)}


def ask_of(code: str, stage: str, key: str | None, day: str = "2027-05-06") -> CycleAsk | None:
    """The act that this stage waits for; a review is sent back, so that there is always more to do."""
    meeting = {"on": day, "attendees": ["书记", "委员"], "minutes": "逐项对照"}
    acts: dict[str, tuple[str, str, dict[str, Any]]] = {
        "rating.declaration": ("declare", "organisation", {"head": "书记", "members_due": 12, "target_star": 4}),
        "rating.self_evaluation": (
            "submit_self_evaluation",
            "organisation",
            {"meeting": meeting, "scores": SCORES, "star": 4},
        ),
        "rating.survey": (
            "file_survey",
            "organisation",
            {
                "meeting": {"on": day},
                "paper": {"members_present": 12, "own_unit": 5, "satisfied": 17},
                "tellers": ["甲", "乙"],
            },
        ),
        "rating.review": ("send_back", "superior", {"to": "self_evaluation"}),
    }
    if stage not in acts:
        return None
    trigger, role, payload = acts[stage]
    reason = "请补正" if trigger == "send_back" else ""
    return CycleAsk(
        code=code, trigger=trigger, relations=frozenset({role}), actor="test", payload=payload, reason=reason, key=key
    )


def branches(desk: Desk) -> list[str]:
    """All that are rated."""
    return [code for code, _ in stages(desk)]


def stages(desk: Desk) -> list[tuple[str, str]]:
    with desk.reading() as tx:
        campaign = cycles.campaign_of_year(tx, 2027)
        assert campaign is not None and campaign.id is not None
        return [(row.code, row.stage) for row in cycles.in_campaign(tx, campaign.id)]


@dataclass(frozen=True, slots=True)
class Told:
    """What the parent heard of one act: asked for, and perhaps acknowledged."""

    key: str
    code: str
    trigger: str
    ack: tuple[int, str] | None


def act_for_ever(url: str, seed: str, pipe: int, settle: bool = False, pause: float = 0.0) -> None:
    """The child: until it is killed. `settle`: goes on after the database was away, with the same ask under the same key.

    `pause`: seconds between two acts, for trials in which others have to get on with their work meanwhile.
    """
    dice = random.Random(seed)
    with reopened(url, Fixed(NOW)) as desk:
        number = 0
        while True:
            try:
                code, stage = dice.choice(stages(desk))
            except StarflowError:
                continue
            ask = ask_of(code, stage, f"{seed}/{number}")
            number += 1
            assert ask is not None and ask.key is not None
            _tell(pipe, f"try {ask.key} {code} {ask.trigger}")
            while True:
                try:
                    fired = retrying(lambda ask=ask: fire(desk, ask))  # type: ignore[misc]
                except StarflowError as refusal:
                    if settle and type(refusal).__name__ == "Unavailable":
                        continue
                    _tell(pipe, f"no {ask.key} {type(refusal).__name__}")
                    break
                _tell(pipe, f"ack {ask.key} {fired.record.seq} {fired.record.hash}")
                break
            sleep(pause)


def _tell(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())


def heard(said: bytes) -> Iterator[Told]:
    """The acts in a child's last words; an unfinished line was never said."""
    asked: dict[str, tuple[str, str]] = {}
    acks: dict[str, tuple[int, str]] = {}
    refused: set[str] = set()
    for line in said.decode().split("\n")[:-1]:
        kind, key, *rest = line.split()
        if kind == "try":
            asked[key] = (rest[0], rest[1])
        elif kind == "ack":
            acks[key] = (int(rest[0]), rest[1])
        else:
            refused.add(key)
    yield from (Told(key, code, act, acks.get(key)) for key, (code, act) in asked.items() if key not in refused)


def at_once(desk: Desk, code: str, version: int | None) -> Fired:
    """One more objection: an act that its stage takes any number of times, so that only the version can refuse the second."""
    ask = CycleAsk(
        code=code,
        trigger="object",
        relations=frozenset({"anyone"}),
        actor="test",
        payload={"content": "对服务情况有意见"},
        expected_version=version,
    )
    return retrying(lambda: fire(desk, ask))


def to_publicity(desk: Desk, code: str, star: int = 4, posted: bool = True) -> None:
    """Real acts until the notice hangs."""
    base = "95" if star == 5 else "85"
    for trigger, _, payload in (
        ("declare", "organisation", {"head": "书记", "members_due": 12, "target_star": star}),
        (
            "submit_self_evaluation",
            "organisation",
            {"meeting": {"on": _day(desk), "attendees": ["书记"], "minutes": "对照"}, "scores": SCORES, "star": 4},
        ),
        (
            "file_survey",
            "organisation",
            {
                "meeting": {"on": _day(desk)},
                "paper": {"members_present": 12, "own_unit": 5, "satisfied": 17},
                "tellers": ["甲", "乙"],
            },
        ),
        ("propose_star", "superior", {"base": base, "star": star}),
        ("pass_audit", "department", {}),
        ("post_notice", "superior", {"on": _day(desk), "place": "公告栏"}),
    ):
        if trigger == "pass_audit" and star < 5:
            continue
        if trigger == "post_notice" and not posted:
            continue
        _done(desk, code, trigger, payload)


def _done(desk: Desk, code: str, trigger: str, payload: dict[str, Any]) -> None:
    """As whoever may; an audit that this route does not have is passed over."""
    try:
        fire(desk, CycleAsk(code=code, trigger=trigger, relations=EVERYBODY, actor="test", payload=payload))
    except StarflowError as refusal:
        if trigger != "pass_audit":
            raise RuntimeError(f"{code} {trigger}: {refusal}") from refusal


def _day(desk: Desk) -> str:
    return desk.clock.now().astimezone(CITY).date().isoformat()


def later(desk: Desk, **span: float) -> None:
    assert isinstance(desk.clock, Fixed)
    desk.clock.at += timedelta(**span)
