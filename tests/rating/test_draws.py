"""A draw is fixed by a seed that was committed to, and by nothing else; ties are broken in the order that a quota declares."""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.rating.draws import commitment_of, drawn, seed_fault
from workflow.rating.quota import Row, ranked, tie_text

SEED = "2027年3月15日中午的彩票号码 07 12 19"
CODES = st.lists(st.from_regex(r"[A-Z][0-9]{2,4}", fullmatch=True), unique=True, min_size=1, max_size=12)


def row(code: str, total: str, *keys: int) -> Row:
    return Row(code, f"{code}支部", Decimal(total), 5, tuple(map(Fraction, keys)))


def test_anybody_can_check_the_commitment_with_sha256sum() -> None:
    assert commitment_of(SEED) == sha256(f"starflow-draw|{SEED}".encode()).hexdigest()


def test_another_seed_than_the_one_committed_to_is_refused() -> None:
    assert seed_fault(SEED, commitment_of(SEED)) is None
    other = seed_fault(SEED + "!", commitment_of(SEED))
    assert other is not None and other.text.startswith("种子与事先公布的承诺值")


def test_a_seed_that_could_be_guessed_from_its_commitment_is_refused() -> None:
    short = seed_fault("7", commitment_of("7"))
    assert short is not None and short.text.startswith("种子太短")


@given(codes=CODES, data=st.data())
def test_the_lots_do_not_depend_on_the_order_of_the_list(codes: list[str], data: st.DataObject) -> None:
    shuffled = tuple(data.draw(st.permutations(codes)))

    assert drawn(SEED, "gold", "all", shuffled) == drawn(SEED, "gold", "all", tuple(codes))
    assert sorted(drawn(SEED, "gold", "all", shuffled)) == sorted(codes)


@given(codes=CODES)
def test_each_quota_and_scope_has_lots_of_its_own(codes: list[str]) -> None:
    lots = {drawn(SEED, quota, scope, tuple(codes)) for quota in ("a", "b", "c") for scope in ("x", "y", "z")}

    assert len(lots) > 1 or len(codes) < 5


@pytest.mark.parametrize(
    ("rows", "order", "tied"),
    [
        ([row("D1", "90", 80), row("D2", "90", 95), row("D3", "91", 10)], ["D3", "D2", "D1"], []),
        ([row("D1", "90", 80), row("D2", "90", 80), row("D3", "91", 10)], ["D3", "D1", "D2"], ["D1", "D2"]),
        ([row("D1", "90.00"), row("D2", "90"), row("D3", "91")], ["D3", "D1", "D2"], ["D1", "D2"]),
    ],
)
def test_equal_totals_are_parted_by_what_the_quota_compares_next(
    rows: list[Row], order: list[str], tied: list[str]
) -> None:
    ranking = ranked(rows, 2)

    assert [place.row.code for place in ranking.places] == order
    assert [place.row.code for place in ranking.tied] == tied


def test_who_decides_at_the_line_is_said() -> None:
    ranking = ranked([row("D1", "90"), row("D2", "90")], 1)

    assert tie_text(ranking, "draw") == (
        "第1名并列2个,同为90分:D1支部、D2支部;名额线内只剩1个,由抽签决定:先公布承诺值,开会后公布种子"
    )
