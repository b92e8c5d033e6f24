"""The default procedure, and a stand-in for what each act is told."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflow.engine.table import Table
from workflow.rating.facts import Facts
from workflow.rating.procedure import table_of
from workflow.rating.scheme import Scheme, load, load_bytes
from workflow.rating.scoring import Rating
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
    "record_excess": {"level": "five_star", "number": 2},
    "confirm_star": {},
}


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return load_bytes(scheme_bytes("anyang-five-star"))


@pytest.fixture(scope="session")
def table(scheme: Scheme) -> Table:
    return table_of(scheme)


REST_OF_A_SMALL_SCHEME = """
[scheme]
name = "other"
title = "别的方案"
[fields]
"机关" = "机关"
[procedure]
routes = { A = "所属", B = "直属" }
cite = { rule = "1" }
[[level]]
star = 4
label = "优"
min = "80"
cite = { rule = "1" }
[[level]]
star = 3
label = "良"
min = "60"
cite = { rule = "1" }
[[level]]
star = 0
label = "差"
min = "0"
cite = { rule = "1" }
[campaign]
opens_on = "04-15"
cite = { rule = "1" }
[roster]
root_kind = "市直工委"
exempt_reasons = ["其他"]
cite = { rule = "1" }
[score]
max = "100"
min = "0"
decimals = 2
flag_difference = "10"
weights = { superior = "100" }
cite = { rule = "1" }
"""

ENDS = datetime(2027, 6, 16, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The end of the publicity that runs in these facts, where the scheme is used: 24:00 of the 15th."""
LABELS = {5: "五星级", 4: "四星级", 3: "三星级", 2: "二星级", 1: "一星级", 0: "不定星级"}
READY = Facts(
    labels=LABELS,
    star=3,
    proposed=4,
    noticed_star=4,
    posted_on=date(2027, 6, 8),
    members=12,
    quorum=Fraction(4, 5),
    cap=5,
    runs_until=ENDS,
    opens_on=date(2027, 4, 15),
    entered_on=date(2027, 6, 1),
    today=date(2027, 6, 20),
)


@pytest.fixture(scope="session")
def told() -> dict[str, dict[str, Any]]:
    """trigger → a payload that its model accepts; acts that are told nothing are missing."""
    return TOLD


@pytest.fixture(scope="session")
def ends() -> datetime:
    return ENDS


@pytest.fixture(scope="session")
def rated() -> Callable[[int], Rating]:
    """A rating of 85 points that comes out at so many stars."""
    return lambda star: Rating(total=Decimal(85), star=star, cap=5, cap_reasons=(), band_star=star, steps=())


@pytest.fixture(scope="session")
def ready(rated: Callable[[int], Rating]) -> Callable[[str], Facts]:
    """Facts in which nothing speaks against this act: four stars proposed and posted, three in force."""
    more: dict[str, dict[str, Any]] = {
        "propose_star": {"rating": rated(4)},
        "keep_star": {"rating": rated(3)},
        "post_notice": {"posted_on": None, "noticed_star": None},
        "dismiss_objection": {"open_objections": 1},
        "uphold_objection": {"open_objections": 1},
    }
    return lambda trigger: READY.changed_by(more.get(trigger, {}))


@pytest.fixture(scope="session")
def scheme_of() -> Callable[..., Scheme]:
    """A small scheme with these stages, each its name and its lines; three lines of the file, and one for each of its own."""

    def build(*stages: str) -> Scheme:
        said = (stage.splitlines() for stage in stages)
        blocks = (["[[stage]]", f'name = "{name}"', 'cite = { rule = "1" }', *more] for name, *more in said)
        return load("\n".join(line for block in blocks for line in block) + REST_OF_A_SMALL_SCHEME)

    return build
