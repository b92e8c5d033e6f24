"""What travels with the package is found by name, and only there."""

from datetime import date

import pytest

from workflow.engine.errors import Unknown
from workflow.rating.scheme import load_bytes
from workflow.rating.shelf import calendar, scheme_bytes, scheme_names, source_text


def test_the_default_scheme_is_on_the_shelf() -> None:
    assert "anyang-five-star" in scheme_names()
    assert list(scheme_names()) == sorted(scheme_names())


@pytest.mark.parametrize("name", scheme_names())
def test_every_shipped_scheme_loads_under_its_name(name: str) -> None:
    assert load_bytes(scheme_bytes(name), name=name, source=source_text).name == name


def test_the_original_text_keeps_its_numbered_lines() -> None:
    assert "L18 (一)申报创星(6月5日前完成)" in source_text("regulation-zh.txt").splitlines()


def test_a_calendar_holds_all_its_years() -> None:
    cn = calendar("cn")

    assert {2026, 2027} <= {year.year for year in cn.years}
    assert cn.is_festival(date(2027, 10, 1))


@pytest.mark.parametrize(
    ("read", "name", "reason"),
    [
        (scheme_bytes, "no-such", f"没有方案“no-such”,现有{'、'.join(scheme_names())}"),
        (
            scheme_bytes,
            "../schemes/anyang-five-star",
            f"没有方案“../schemes/anyang-five-star”,现有{'、'.join(scheme_names())}",
        ),
        (source_text, "../scheme.py", "没有原文“../scheme.py”"),
        (source_text, "anyang-five-star.toml", "没有原文“anyang-five-star.toml”"),
        (calendar, "xx", "没有节假日历“xx”"),
    ],
)
def test_what_is_not_on_the_shelf_is_unknown(read, name: str, reason: str) -> None:
    with pytest.raises(Unknown) as refusal:
        read(name)

    assert refusal.value.message == reason
