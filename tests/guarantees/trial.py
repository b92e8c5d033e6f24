"""What a guarantee is, and what a trial of one has at hand."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BOTH = ("sqlite", "postgresql")


class Broken(AssertionError):
    """The promise does not hold. A control has to end like this and in no other way."""


def must(holds: object, said: str) -> None:
    if not holds:
        raise Broken(said)


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of one test on one database. `fault` names what is broken on purpose; empty: the product as it is."""

    tier: str
    seed: int
    dialect: str
    folder: Path
    fault: str = ""
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dice", random.Random(f"{self.seed} {self.dialect}"))

    def size(self, ci: int, full: int, control: int | None = None) -> int:
        """How much of it; a control that is caught early need not go on for long."""
        if self.fault and control is not None:
            return control
        return full if self.tier == "full" else ci


@dataclass(frozen=True, slots=True)
class Guarantee:
    """`prove` returns the figure, or raises Broken. `control` names the fault that has to be caught."""

    code: str
    promise: str
    promise_en: str
    prove: Callable[[Trial], str]
    control: str
    budget: int  # seconds on two idle cores in `ci`, controls included
    dialects: tuple[str, ...] = BOTH
    control_on: tuple[str, ...] = ()  # where the fault can be felt; all of `dialects` unless said
    tiers: tuple[str, ...] = ("ci", "full")
