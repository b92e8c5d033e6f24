"""What is remembered of cycles that stand alike is what each of them would have said for itself."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starflow.service.standing import dates_of, facts_of, standing_of
from storage.cycles import CycleRow
from workflow.engine.workdays import Calendar
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import calendar, scheme_bytes

SCHEME = load_bytes(scheme_bytes("anyang-five-star"))
NOW = datetime(2027, 5, 3, 2, tzinfo=UTC)


def cycle(**its: Any) -> CycleRow:
    empty: dict[str, Any] = dict.fromkeys(CycleRow._fields)
    stands = {"stage": "rating.review", "year": 2027, "route": "A", "field": "", "nested": False, "open_objections": 0}
    return CycleRow(**{**empty, **stands, "entered_at": datetime(2027, 5, 3, 1, tzinfo=UTC), **its})


def test_totals_that_are_equal_and_written_differently_are_told_apart() -> None:
    years = calendar(SCHEME.scheme.calendar)
    said = [
        str(facts_of(standing_of(cycle(total=Decimal(total)), SCHEME, years, NOW)).total)
        for total in ("85", "85.0", "85")
    ]

    assert said == ["85", "85.0", "85"]


def test_another_calendar_is_another_date() -> None:
    """Three working days after the evening before a festival."""
    late = cycle(entered_at=datetime(2027, 9, 30, 1, tzinfo=UTC), stage="rating.review")
    dates = [
        dates_of(standing_of(late, SCHEME, years, NOW), None, 0, None).due_at
        for years in (calendar(SCHEME.scheme.calendar), Calendar(), calendar(SCHEME.scheme.calendar))
    ]

    assert dates[0] == dates[2] != dates[1]


def test_an_extension_and_a_day_are_part_of_what_is_remembered() -> None:
    years = calendar(SCHEME.scheme.calendar)
    stands = standing_of(cycle(), SCHEME, years, NOW)
    plain, extended, again = (dates_of(stands, until, 0, None) for until in (None, date(2027, 11, 30), None))

    assert plain == again and plain.due_at != extended.due_at
    assert facts_of(standing_of(cycle(), SCHEME, years, datetime(2027, 5, 4, 2, tzinfo=UTC))).today == date(2027, 5, 4)
