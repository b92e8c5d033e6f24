"""What the figures of one case come to: the sheets of its field, and what a counter counts."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from workflow.rating.figures import case_figures, decimal_of, score_figures
from workflow.rating.inputs import Event, RatingInputs
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_rules import Counter, Sheet
from workflow.rating.scheme_values import Cite

CITE = Cite(rule="1")
ON = date(2027, 3, 1)
EVENTS = (Event("prize", ON, "city"), Event("prize", ON, "city"), Event("prize", ON, "province"), Event("fine", ON))


@pytest.mark.parametrize(("field", "sheet"), [("机关", {"sheet.office": 50, "lowest_sheet": 50}), ("农村", {})])
def test_a_base_is_the_figure_of_the_only_sheet_of_the_field(scheme: Scheme, field: str, sheet: dict[str, int]) -> None:
    office = Sheet(code="office", title="机关", max=Decimal(100), fields=("机关",), cite=CITE)
    one = scheme.model_copy(update={"sheet": (office,), "criterion": ()})
    inputs = RatingInputs("rating", date(2027, 6, 1), Decimal(50), field=field, self_score=Decimal(60))

    assert score_figures(one, inputs) == {**sheet, "self": 60, "superior": 50}


@pytest.mark.parametrize(
    ("events", "levels", "count"),
    [(("prize",), (), 3), (("prize",), ("city",), 2), (("prize", "fine"), ("nation",), 0), (("prize", "fine"), (), 4)],
)
def test_a_counter_counts_its_events_of_its_levels(
    scheme: Scheme, events: tuple[str, ...], levels: tuple[str, ...], count: int
) -> None:
    counter = Counter(code="n", title="次数", events=events, levels=levels, cite=CITE)
    one = scheme.model_copy(update={"counter": (counter,)})

    assert case_figures(one, RatingInputs("rating", date(2027, 6, 1), events=EVENTS))["counter.n"] == count


@pytest.mark.parametrize(
    ("number", "shown"),
    [(Fraction(2, 3), "0.666666"), (Fraction(80), "80"), (Fraction(10**20 + 1), "100000000000000000001")],
)
def test_a_number_without_an_end_is_cut_off_after_the_sixth_place(number: Fraction, shown: str) -> None:
    assert str(decimal_of(number)) == shown
