"""How each way of saying no is answered at both doors: one table of exit codes and HTTP statuses (contract §4).

A subclass is answered like the class it refines, so that a room may have errors of its own without a line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workflow.engine.errors import (
    BadInput,
    Faulty,
    Forbidden,
    Refused,
    Stale,
    StarflowError,
    TooOften,
    Unauthenticated,
    Unavailable,
    Unknown,
    WrongStage,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command ends with, and what a request is answered with."""

    exit_code: int
    http_status: int


DONE = Answer(0, 200)
FOUND = Answer(1, 422)
"""Something was found: a fault in a file, a broken history, a case that does not agree."""

ANSWERS: Mapping[type[StarflowError], Answer] = {
    Faulty: FOUND,
    BadInput: Answer(2, 400),
    Unknown: Answer(2, 404),
    WrongStage: Answer(3, 409),
    Stale: Answer(3, 409),
    Refused: Answer(4, 422),
    Forbidden: Answer(4, 403),
    Unauthenticated: Answer(4, 401),
    TooOften: Answer(4, 429),
    Unavailable: Answer(5, 503),
}


def answer_of(error: StarflowError) -> Answer:
    """The answer of the nearest class that has one."""
    return next((ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS), FOUND)
