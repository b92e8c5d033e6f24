"""The default procedure, and a stand-in for what each act is told."""

from typing import Any

import pytest

from workflow.engine.table import Table
from workflow.rating.procedure import table_of
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.shelf import scheme_bytes

MEETING = {"on": "2027-06-15", "number": "工委会2027-3"}
TOLD: dict[str, dict[str, Any]] = {
    "declare": {"head": "王某", "members_due": 12, "target_star": 4},
    "submit_self_evaluation": {
        "meeting": {"on": "2027-05-10", "attendees": ["王某", "李某"], "minutes": "逐项对照"},
        "scores": {"1": "9.5"},
        "star": 4,
    },
    "file_survey": {"meeting": {"on": "2027-05-20"}, "paper": {"members_present": 10}},
    "propose_star": {"base": "85", "star": 4},
    "keep_star": {"base": "85"},
    "send_back": {},
    "post_notice": {"on": "2027-06-08", "place": "公示栏"},
    "object": {"content": "群众来信"},
    "dismiss_objection": {"objection": 1, "finding": "不属实"},
    "uphold_objection": {"objection": 1, "finding": "属实"},
    "approve": {"meeting": MEETING},
    "reject": {"meeting": MEETING},
    "record_excess": {"level": "five_star", "number": 2, "reason": "从严把关后仍有两家"},
    "confirm_star": {},
}


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return load_bytes(scheme_bytes("anyang-five-star"))


@pytest.fixture(scope="session")
def table(scheme: Scheme) -> Table:
    return table_of(scheme)


@pytest.fixture(scope="session")
def told() -> dict[str, dict[str, Any]]:
    """trigger → a payload that its model accepts; acts that are told nothing are missing."""
    return TOLD
