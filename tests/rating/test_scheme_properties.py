"""Random valid schemes are read and compile; whatever is planted in one is named; bad files are refused with every fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rating.schemes_at_random import PLAIN, PLANTS, Drawn, Plant, drawn
from workflow.engine.errors import Faulty
from workflow.rating.procedure import table_of
from workflow.rating.scheme import LIMIT, load

calm = settings(max_examples=30)


@given(one=drawn())
@calm
def test_a_random_valid_scheme_is_read_and_its_procedure_compiles(one: Drawn) -> None:
    scheme = load(one.text())

    assert scheme.stars == one.stars
    later = {f"r{n}.review" for n in range(2, one.rounds + 1)}
    assert {row.stage for row in table_of(scheme).rows} >= {f"rating.{kind}" for kind in one.kinds} | later


@given(one=drawn(), total=st.integers(0, 3000))
@calm
def test_every_total_has_exactly_one_level(one: Drawn, total: int) -> None:
    scheme = load(one.text())
    number = scheme.score.max * total / 3000

    assert scheme.band(number) == max(star for star in one.stars if number >= one.bounds[star])


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
@given(one=drawn())
@settings(parent=calm, max_examples=5)
def test_a_planted_fault_is_among_those_named(one: Drawn, plant: Plant) -> None:
    broken = plant.put(one.text())
    assert broken != one.text()

    with pytest.raises(Faulty) as refused:
        load(broken)

    assert any(plant.said in fault for fault in refused.value.faults), refused.value.faults


def test_all_faults_of_one_file_are_named_at_once() -> None:
    text = PLAIN.text()
    plants = [plant for plant in PLANTS if plant.name in MANY]
    for plant in plants:
        text = plant.put(text)

    with pytest.raises(Faulty) as refused:
        load(text)

    assert [plant.name for plant in plants if not any(plant.said in fault for fault in refused.value.faults)] == []


MANY = ("30 February", "weights of 99", "an overlapping band", "a formula of nothing", "a formula of itself")


def test_ten_megabytes_are_no_scheme() -> None:
    with pytest.raises(Faulty, match=f"超过{LIMIT // 1_000_000} MB的上限"):
        load("#" * 10_000_000)
