"""Validation alone, in memory: is this trigger allowed here, by these guards? Ours goes through `transitions` itself, on one shared machine."""

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.cases import STAGES, TRIGGERS
from benchmarks.places import fresh
from benchmarks.rounds import answer, rounds, timed

WAYS = [{"trigger": trigger, "source": STAGES[n], "dest": STAGES[n + 1]} for n, trigger in enumerate(TRIGGERS)]


def lookup() -> Callable[[], Any]:
    """A dictionary, which knows no guards."""
    table = {(way["source"], way["trigger"]): way["dest"] for way in WAYS}
    return lambda: table[STAGES[2], TRIGGERS[2]]


def machine_per_row() -> Callable[[], Any]:
    from transitions import Machine

    class Model:
        pass

    def one() -> Any:
        model: Any = Model()
        Machine(model=model, states=list(STAGES), transitions=WAYS, initial=STAGES[2])
        return model.trigger(TRIGGERS[2])

    return one


def shared_machine() -> Callable[[], Any]:
    """The bare library: no guard, no facts."""
    from transitions import Machine

    machine = Machine(model=None, states=list(STAGES), transitions=WAYS, initial=None, auto_transitions=False)  # type: ignore[arg-type]

    class Model:
        __slots__ = ("state",)

    def one() -> Any:
        model: Any = Model()
        model.state = STAGES[2]
        return machine.events[TRIGGERS[2]].trigger(model)

    return one


def python_statemachine() -> Callable[[], Any]:
    from statemachine import State, StateMachine

    states: dict[str, Any] = {
        name: State(name, value=name, initial=n == 0, final=n == len(TRIGGERS)) for n, name in enumerate(STAGES)
    }
    machine: Any = type(
        "Cycle",
        (StateMachine,),
        states | {t: states[STAGES[n]].to(states[STAGES[n + 1]]) for n, t in enumerate(TRIGGERS)},
    )

    class Model:
        state: Any = STAGES[2]

    return lambda: machine(Model()).send(TRIGGERS[2])


def ours() -> Callable[[], Any]:
    """`decide` on the default scheme: the payload is read, every guard of a declaration is asked, its effects are applied."""
    from benchmarks.town import town
    from starflow.service.case import facts_of, load_case
    from starflow.service.cycles import CycleAsk, _engine_ask
    from workflow.engine.machine import Decision, decide

    desk, codes = town(fresh("sqlite", "validation"), 50)
    payload = {"head": "甲", "members_due": 12, "target_star": 4}
    ask = CycleAsk(code=codes[0], trigger="declare", relations=frozenset({"organisation"}), actor="P1", payload=payload)
    with desk.reading() as tx:
        case = load_case(desk, tx, codes[0])
        facts = facts_of(tx, case, payload)
    asked = _engine_ask(ask)

    def one() -> Any:
        return decide(case.table, case.cycle.stage, asked, facts, case.now)

    assert isinstance(one(), Decision)
    return one


PEERS: dict[str, Callable[[], Callable[[], Any]]] = {
    "dictionary": lookup,
    "transitions, shared machine": shared_machine,
    "transitions, machine per row": machine_per_row,
    "python-statemachine": python_statemachine,
    "starflow": ours,
}


def measured(quick: bool) -> dict[str, Any]:
    return rounds("validation", [(peer, "memory") for peer in PEERS], 3 if quick else 5, 0.3 if quick else 1)


def _often(one: Callable[[], Any]) -> Callable[[float], int]:
    def work(until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            for _ in range(100):
                one()
            done += 100
        return done

    return work


if __name__ == "__main__":
    peer, _, seconds = sys.argv[1:]
    answer(**timed(_often(PEERS[peer]()), float(seconds)))
