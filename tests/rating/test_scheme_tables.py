"""What a scheme answers about itself: its bands, its rounds, its names, and what one cannot write in it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.rating.schemes_at_random import CITE, PLAIN
from workflow.engine.errors import Faulty
from workflow.rating.scheme import Scheme, load


def with_gaps(gaps: str) -> Scheme:
    """Bands that end a point before the next begins: 0 to 39, 40 to 59, 60 to 79, from 80."""
    text = PLAIN.text().replace("flag_difference", f'gaps = "{gaps}"\nflag_difference')
    for least, most in (("0", "39"), ("40", "59"), ("60", "79")):
        text = text.replace(f'min = "{least}"\ncite', f'min = "{least}"\nmax = "{most}"\ncite', 1)
    return load(text.replace('min = "80"\ncite', 'min = "80"\nmax = "100"\ncite'))


@pytest.mark.parametrize(
    ("gaps", "stars"),
    [
        ("lower", [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]),
        ("upper", [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]),
    ],
)
def test_a_score_between_two_bands_belongs_where_the_scheme_says(gaps: str, stars: list[int]) -> None:
    scheme = with_gaps(gaps)

    totals = ("0", "39", "39.5", "40", "59", "59.5", "60", "79", "79.5", "80", "100", "105")
    assert [scheme.band(Decimal(total)) for total in totals] == stars


def test_a_score_below_every_band_has_the_lowest_star() -> None:
    assert load(PLAIN.text()).band(Decimal(-1)) == 0


def test_a_round_is_called_as_the_scheme_calls_it_or_as_usual() -> None:
    rounds = load(replace(PLAIN, rounds=2).text())

    names = [rounds.round_word(name) for name in ("rating", "recheck", "r2", "另一轮")]
    assert names == ["申报创星", "年底复检", "第2轮", "另一轮"]


def test_two_schemes_are_the_same_where_their_files_are() -> None:
    one, same, other = load(PLAIN.text()), load(PLAIN.text()), load(PLAIN.text() + "\n")

    assert (one == same, hash(one) == hash(same)) == (True, True)
    assert (one == other, hash(one) == hash(other), one == PLAIN.text()) == (False, False, False)


@pytest.mark.parametrize("value", ["members", "persons", "people"])
def test_people_are_not_rated(value: str) -> None:
    text = PLAIN.text().replace('name = "random"', f'name = "random"\nrates = "{value}"')

    with pytest.raises(Faulty, match=r"scheme\.rates: 本产品只评定组织,不评定个人\(党员积分等请用别的系统\)$"):
        load(text)


def test_a_time_zone_that_there_is_not_is_named() -> None:
    text = PLAIN.text().replace('name = "random"', 'name = "random"\nzone = "Asia/Nowhere"')

    with pytest.raises(Faulty, match=r"scheme\.zone: 没有时区“Asia/Nowhere”$"):
        load(text)


def test_a_condition_on_what_is_not_declared_is_named_with_what_there_is() -> None:
    stage = f'[[stage]]\nname = "rating.audit"\nowner = "superior"\ndue = "04-01"\nwhen = {{ route = "C" }}\nsend_back = "review"\n{CITE}\n'
    text = PLAIN.text().replace('[[stage]]\nname = "closed"', f'{stage}\n[[stage]]\nname = "closed"')

    with pytest.raises(Faulty, match=r"stage\[2\] rating\.audit\.when\.route: “C”不在route的范围内,只有A、B$"):
        load(text)


def test_a_share_of_one_year_stands_for_the_usual_one_in_that_year_only() -> None:
    text = PLAIN.text().replace('ratio = "1/5"', 'ratio = "1/5"\nyears = { "2027" = "1/4" }')
    scheme = load(text)

    assert [[str(quota.ratio) for quota in scheme.quotas_of(year)] for year in (2026, 2027, 2028)] == [
        ["1/5"],
        ["1/4"],
        ["1/5"],
    ]


def test_a_star_is_called_as_its_level_is_or_by_its_number() -> None:
    scheme = load(PLAIN.text())

    assert [scheme.star_word(star) for star in (3, 0, 9, None)] == ["第3等", "第0等", "9星", "未评"]


def test_a_band_that_ends_below_a_bound_is_passed_at_the_bound() -> None:
    levels = load(PLAIN.text().replace('min = "0"\ncite', 'min = "0"\nbelow = "40"\ncite')).levels

    totals = [Decimal(total) for total in ("39.9", "40", "40.1")]
    assert [levels[0].passed_by(total) for total in totals] == [False, True, True]
    assert [levels[3].passed_by(total) for total in totals] == [False, False, False]
