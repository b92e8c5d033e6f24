"""Which route an organisation takes follows from the first rule that fits it wholly."""

import pytest

from tests.rating.slips import scheme_with
from workflow.rating import shelf
from workflow.rating.routes import route_of
from workflow.rating.scheme import Scheme, load_bytes


def route(scheme: Scheme, direct: bool = False, kind: str = "", field: str = "") -> str:
    return route_of(scheme, direct=direct, kind=kind, field=field)


def ruled_by(assign: str) -> Scheme:
    text = shelf.scheme_bytes("tianjin-five-good").decode()
    rules = next(line for line in text.splitlines() if line.startswith("assign = "))
    return load_bytes(text.replace(rules, f"assign = [{assign}]").encode())


def test_without_rules_those_directly_under_the_root_take_the_last_route_and_the_others_the_first(scheme):
    assert list(scheme.procedure.routes) == ["A", "B"]
    assert (route(scheme, direct=False), route(scheme, direct=True)) == ("A", "B")


def test_where_there_is_one_route_all_take_it():
    one = scheme_with(('routes = { A = "所属", B = "直属" }', 'routes = { A = "各支部" }'))

    assert (route(one, direct=False), route(one, direct=True)) == ("A", "A")


def test_the_first_rule_that_fits_decides():
    scheme = ruled_by('{ route = "bureau", field = "机关" }, { route = "street" }')

    assert [route(scheme, field=field) for field in ("机关", "农村", "")] == ["bureau", "street", "street"]


@pytest.mark.parametrize(
    ("rule", "fitting", "unlike"),
    [
        ("direct = true", {"direct": True}, {"direct": False}),
        ("direct = false", {"direct": False}, {"direct": True}),
        ('kind = ["党总支", "党委"]', {"kind": "党委"}, {"kind": "党支部"}),
        ('field = "机关"', {"field": "机关"}, {"field": "国企"}),
    ],
)  # fmt: skip
def test_a_rule_is_about_place_kind_or_field(rule, fitting, unlike):
    scheme = ruled_by(f'{{ route = "bureau", {rule} }}, {{ route = "street" }}')

    assert (route(scheme, **fitting), route(scheme, **unlike)) == ("bureau", "street")


def test_a_rule_with_several_conditions_wants_all_of_them():
    scheme = ruled_by('{ route = "bureau", direct = true, kind = ["党委"], field = "机关" }, { route = "street" }')

    assert route(scheme, direct=True, kind="党委", field="机关") == "bureau"
    assert route(scheme, direct=False, kind="党委", field="机关") == "street"
    assert route(scheme, direct=True, kind="党支部", field="机关") == "street"
    assert route(scheme, direct=True, kind="党委", field="国企") == "street"
