"""An invented county's scheme, written from docs/scheme-format.md alone: the page is enough, and its rules hold."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from workflow.rating.inputs import Event, RatingInputs, Satisfaction
from workflow.rating.procedure import procedure_faults
from workflow.rating.quota import limit
from workflow.rating.scheme import Scheme, load_bytes
from workflow.rating.scoring import rate

FILE = Path(__file__).parents[1] / "data" / "red-flag-villages.toml"


@pytest.fixture(scope="module")
def flags() -> Scheme:
    return load_bytes(FILE.read_bytes(), name="red-flag-villages")


def test_it_is_read_with_its_samples_and_may_run(flags: Scheme) -> None:
    assert (len(flags.example), flags.undecided, procedure_faults(flags)) == (3, (), ())


def test_last_year_s_praise_counts_and_a_criticism_costs_five(flags: Scheme) -> None:
    inputs = RatingInputs(
        round="rating",
        rated_on=date(2027, 3, 31),
        year=2026,
        base=Decimal("85"),
        scores={"party": Decimal("50"), "governance": Decimal("35")},
        satisfaction=Satisfaction(satisfied=80, valid=100),
        events=(
            Event("commendation", date(2025, 6, 1), "province"),
            Event("commendation", date(2024, 6, 1), "province"),
            Event("criticism", date(2026, 6, 1)),
        ),
        history=((2024, 2), (2025, 2)),
    )

    rating = rate(flags, inputs)

    assert (rating.total, rating.star) == (Decimal("82"), 2)  # 0.6×85 + 0.4×80 + 4 - 5


def test_fifteen_per_cent_of_a_field_may_fly_the_red_flag(flags: Scheme) -> None:
    red, white = flags.quota

    assert (limit(red, 46), limit(white, 46)) == (6, 3)
