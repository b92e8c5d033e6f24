"""A rating as a whole, where rules meet: rounds, bounds before and after the score, reductions, pass lines, windows, ties."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import pytest

from tests.rating import test_levels
from tests.rating.test_caps import case, effect, eligible, scheme
from tests.rating.test_caps_of_the_year import ABSENCE
from workflow.engine.errors import Reason
from workflow.rating.draws import commitment_of, lot, seed_fault
from workflow.rating.inputs import Event, Step, in_order, outside, real_date
from workflow.rating.levels import needs_of, reached
from workflow.rating.quota import Row, last_resort, limit, parted, ranked
from workflow.rating.scheme import load
from workflow.rating.scheme_rules import Need
from workflow.rating.scoring import Cap, cap_of, rate

FEW = "(党员数5,低于11)"
LATER = 'rounds = ["recheck"]'


def test_what_holds_in_one_round_only_moves_the_level_there_alone() -> None:
    one = scheme(
        effect("minus", f"steps = 1\n{LATER}"), effect("cap", f"star = 2\n{LATER}"), effect("not_rated", LATER)
    )
    first, second = (rate(one, case(base=Decimal(90), round=name)) for name in ("rating", "recheck"))

    assert (first.star, first.cap, first.not_rated) == (4, 4, ())
    assert (second.star, second.cap, second.not_rated) == (2, 2, (f"人少{FEW},不予评定(E)",))
    assert second.steps[-3:] == (
        Step("E", f"人少{FEW},降低1个等次,由优秀改为良好", "star=3"),
        Step("E", f"人少{FEW},不得高于合格", "star<=2"),
        Step("E", "按最低的限制,由良好改为合格", "star=2"),
    )


def test_a_bound_by_the_total_is_known_with_the_score_and_eligibility_only_then() -> None:
    one = scheme(effect("cap", "star = 3", '{ value = "total", op = "<", than = "95" }'), eligible(3))

    assert cap_of(one, case()) == Cap(4, ())
    rating = rate(one, case(base=Decimal(90)))
    assert (rating.cap, rating.cap_reasons) == (
        2,
        ("须够人(党员数5,低于11),不得高于合格(G)", "人少(总分90,低于95),不得高于良好(E)"),
    )


@pytest.mark.parametrize(
    ("base", "said", "effect", "star"),
    [
        ("90", "由优秀降为合格", "star=2", 2),
        ("50", "由合格降为不合格", "star=1", 1),
        ("10", "已是不合格,不再降低", "none", 1),
    ],
)
def test_repeated_absence_takes_levels_off_down_to_the_lowest(base: str, said: str, effect: str, star: int) -> None:
    one = scheme(ABSENCE.replace("cap = 2", "cap = 4\ndowngrade = 2"))
    rating = rate(one, case(base=Decimal(base), round="recheck", events=(Event("unexcused", date(2027, 5, 1)),) * 2))

    told = Step("A", f"年度内缺会累计2次,达到2次,年底评定降低2个星级:{said}", effect)
    assert (rating.star, rating.steps[-2]) == (star, told)


def test_a_bound_that_must_be_exceeded_is_said_so() -> None:
    text = test_levels.PLAIN.text().replace('min = "60"', 'min = "60"\nmin_inclusive = false')
    bands = [rate(load(text), case(base=Decimal(base))).steps[2] for base in ("60", "61")]

    assert bands == [
        Step("1", "60分,达到第1等下限40分,未超过第2等下限60分,为第1等", "star=1"),
        Step("1", "61分,超过第2等下限60分,未达到第3等下限80分,为第2等", "star=2"),
    ]


def test_a_pass_line_is_asked_of_the_fields_of_its_sheet() -> None:
    plain = test_levels.scheme()
    sheet = plain.sheet[0].model_copy(update={"star": 1, "pass_line": Decimal(60), "fields": ("机关",)})
    one, passed = plain.model_copy(update={"sheet": (sheet,)}), Need(value="sheet.s0", op=">=", than=Decimal(60))

    assert [needs_of(one, one.levels[1], field) for field in ("机关", "农村", "")] == [(passed,), (), ()]
    assert needs_of(one, one.levels[1]) == needs_of(one, one.levels[2], "机关") == ()
    found = reached(one, case(field="机关"), 1, {"sheet.s0": Fraction(50)})
    told = Step("1", f"不得第1等:{sheet.title}50,低于60", "none")
    assert found == (0, (told, Step("1", "达到第0等的条件", "star=0")))
    assert reached(one, case(field="农村"), 1, {"sheet.s0": Fraction(50)})[0] == 1


def test_29_february_of_a_common_year_is_the_28th() -> None:
    days = ((2027, 2, 29), (2028, 2, 29), (2027, 3, 29), (2027, 2, 28))

    assert [real_date(*day) for day in days] == [
        date(2027, 2, 28), date(2028, 2, 29), date(2027, 3, 29), date(2027, 2, 28),
    ]  # fmt: skip


def test_what_happens_on_the_day_of_the_rating_counts_and_events_have_one_order() -> None:
    bare, level, of_case = (Event("x", date(2027, 6, 1), *more) for more in ((), ("CITY",), (None, "A")))

    assert outside(bare, case()) is None
    assert in_order((level, of_case, bare)) == [bare, of_case, level]


# ── quotas and draws ─────────────────────────────────────────────

SEED = "0123456789种子种子种子"


def row(code: str, total: str, *keys: int) -> Row:
    return Row(code, code, Decimal(total), 5, tuple(map(Fraction, keys)))


@pytest.mark.parametrize(
    ("keys", "cut", "drawn", "tied"),
    [
        (((80, 5), (80, 3)), 2, True, ["D1", "D2"]),
        (((80, 5), (80, 3)), 2, False, []),
        (((80, 5), (70, 3)), 2, True, []),
        (((80, 5), (80, 5)), 2, False, ["D1", "D2"]),
        (((80, 5), (80, 5)), 3, False, []),
    ],
)
def test_only_those_whom_nothing_but_a_lot_tells_apart_are_parted_by_it(
    keys: tuple[tuple[int, int], ...], cut: int, drawn: bool, tied: list[str]
) -> None:
    ranking = ranked((row("D1", "90", *keys[0]), row("D2", "90", *keys[1]), row("D3", "91", 0, 0)), cut)

    assert [place.row.code for place in parted(ranking, drawn)] == tied
    assert ranked((row("D1", "90"), row("D2", "90")), 0).tied == ()


def test_a_quota_may_be_none_at_all_and_have_a_share_of_its_year() -> None:
    quota = scheme().quota[0]
    yearly = quota.model_copy(update={"years": {"2027": Fraction(1, 2)}})

    assert limit(quota.model_copy(update={"ratio": None, "number": 0}), 50) == 0
    assert [limit(yearly, 10, year) for year in (2026, 2027, None)] == [2, 5, 2]
    assert last_resort(quota.model_copy(update={"tie_break": ("members", "draw")})) == "draw"


def test_a_lot_is_the_hash_that_anybody_can_reckon() -> None:
    seed, commitment = SEED, "0123456789abcdef"

    assert lot(seed, "gold", "all", "D1") == int(sha256(f"starflow-draw|{seed}|gold|all|D1".encode()).hexdigest(), 16)
    assert seed_fault(seed, commitment_of(seed)) is None
    assert seed_fault(seed, commitment) == Reason("种子与事先公布的承诺值0123456789ab…不符")
    assert seed_fault(seed[:15], commitment_of(seed[:15])) == Reason("种子太短,至少16个字符:太短的可以从承诺值倒推出来")
