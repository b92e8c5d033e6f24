"""How results reach people: aligned text in a pipe, lines and colours on a terminal, dates and lights in words."""

import io
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from starflow.cli.output import (
    LIGHTS,
    Result,
    Table,
    aligned,
    day,
    deadline,
    json_of,
    light,
    moment,
    progress,
    show,
    working,
)
from starflow.cli.words import speaking
from workflow.engine.deadlines import Light


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_by_what_one_sees() -> None:
    assert aligned([["灯", "名"], ["■ 逾期", "甲乙"], ["a", "b"]]) == ["灯      名", "■ 逾期  甲乙", "a       b"]


def test_a_line_break_in_a_cell_does_not_break_the_table() -> None:
    assert aligned([["a\nb", "c"]]) == ["a b  c"]


def test_a_table_on_a_terminal_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())

    show(Result({}, (Table(("灯", "名"), [("■ 逾期", "甲")]),)), as_json=False)

    assert "┏" in sys.stdout.getvalue() and "■ 逾期" in sys.stdout.getvalue()  # type: ignore[attr-defined]


def test_brackets_in_a_cell_are_text_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())

    show(Result({}, (Table(("名",), [("[red]甲[/red]",)]),)), as_json=False)

    assert "[red]甲[/red]" in sys.stdout.getvalue()  # type: ignore[attr-defined]


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, loud = io.StringIO(), Terminal()
    for stream in (quiet, loud):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress("读名册") as told:
            told(1, 2)
        with working("校验"):
            pass

    assert (quiet.getvalue(), loud.getvalue() != "") == ("", True)


def test_every_light_has_a_shape_and_a_word() -> None:
    assert set(LIGHTS) == {found.value for found in Light}
    assert [light(name) for name in LIGHTS] == ["✕ 终止", "■ 逾期", "▲ 滞后", "● 按期", "◆ 临近", "○ 未到"]


def test_the_end_of_a_day_is_its_24_o_clock() -> None:
    assert deadline(datetime(2027, 6, 6, tzinfo=UTC)) == "6月5日(周六)24时"
    assert deadline(datetime(2027, 6, 5, 17, 30, tzinfo=UTC)) == "6月5日(周六) 17:30"
    assert (day(None), deadline(None), moment(None)) == ("", "", "")


def test_english_dates() -> None:
    with speaking("en"):
        assert deadline(datetime(2027, 6, 6, tzinfo=UTC)) == "Sat 2027-06-05 24:00"


def test_values_in_json_are_plain() -> None:
    said = {
        "on": date(2027, 6, 5),
        "at": datetime(2027, 6, 5, tzinfo=UTC),
        "n": Decimal("9.50"),
        "big": Decimal("1E+2"),
    }

    assert json_of(said) == '{"on": "2027-06-05", "at": "2027-06-05T00:00:00+00:00", "n": "9.5", "big": "100"}'
