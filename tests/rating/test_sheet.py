"""Sheets of scores by field: which lines are scored, the most they can give, and what their sums are."""

from decimal import Decimal

import pytest

from workflow.engine.errors import BadInput
from workflow.rating.scheme import Scheme
from workflow.rating.scheme_rules import Sheet
from workflow.rating.scheme_tables import Criterion
from workflow.rating.scheme_values import Cite
from workflow.rating.sheet import (
    ScoreLine,
    base_of,
    highest_base,
    lines_of,
    review_faults,
    score_faults,
    sheet_scores,
    sheets_of,
)

CITE = Cite(rule="1")
COMMON = Sheet(code="common", title="通用", max=Decimal(60), cite=CITE)
OFFICE = Sheet(code="office", title="机关", max=Decimal(40), fields=("机关",), cite=CITE)
EXTRA = Sheet(code="extra", title="加试", max=Decimal(10), optional=True, cite=CITE)
LINES = (
    Criterion(code="1", title="学习", max=Decimal(30), sheet="common", cite=CITE),
    Criterion(code="2", title="服务", max=Decimal(30), sheet="common", cite=CITE),
    Criterion(code="3", title="作风", max=Decimal(40), sheet="office", fields=("机关",), cite=CITE),
)


@pytest.fixture
def sheets(scheme: Scheme) -> Scheme:
    return scheme.model_copy(update={"sheet": (COMMON, OFFICE, EXTRA), "criterion": LINES})


def test_an_organisation_is_scored_on_the_sheets_of_its_field(sheets: Scheme) -> None:
    assert sheets_of(sheets, "机关") == (COMMON, OFFICE, EXTRA)
    assert sheets_of(sheets, "农村") == sheets_of(sheets) == (COMMON, EXTRA)


def test_the_lines_are_the_criteria_of_its_sheets_and_the_sheets_that_have_none(sheets: Scheme) -> None:
    extra = ScoreLine("extra", "加试", Decimal(10), "extra", optional=True)
    common = (ScoreLine("1", "学习", Decimal(30), "common"), ScoreLine("2", "服务", Decimal(30), "common"))

    assert lines_of(sheets) == (*common, extra)
    assert lines_of(sheets, "机关") == (*common, ScoreLine("3", "作风", Decimal(40), "office"), extra)


def test_the_most_is_what_its_sheets_give_or_the_whole_score_without_sheets(sheets: Scheme, scheme: Scheme) -> None:
    assert (highest_base(sheets, "机关"), highest_base(sheets)) == (Decimal(110), Decimal(70))
    assert highest_base(scheme) == scheme.score.max


def test_each_sheet_has_the_sum_of_its_own_lines(sheets: Scheme) -> None:
    scores = {"1": Decimal(20), "2": Decimal("5.5"), "3": Decimal(9), "extra": Decimal(2)}

    assert sheet_scores(sheets, scores, None, "机关") == {
        "common": Decimal("25.5"),
        "office": Decimal(9),
        "extra": Decimal(2),
    }
    assert sheet_scores(sheets, {"1": Decimal(20)}, Decimal(70)) == {"common": Decimal(20)}


def test_a_base_alone_belongs_to_the_only_sheet(sheets: Scheme) -> None:
    one = sheets.model_copy(update={"sheet": (COMMON,)})

    assert sheet_scores(one, {}, Decimal(50)) == {"common": Decimal(50)}
    assert sheet_scores(one, {}, None) == sheet_scores(sheets, {}, Decimal(50)) == {}


def test_an_optional_sheet_may_be_left_out_and_a_line_of_another_field_is_unknown(sheets: Scheme) -> None:
    assert score_faults(sheets, {"1": "20", "2": "5"}) == ()
    assert score_faults(sheets, {"1": "20", "3": "5"}) == ("没有第3项指标", "第2项“服务”没有得分")
    assert score_faults(sheets, {"1": "20", "2": "5", "extra": "11"}, "机关") == (
        "第3项“作风”没有得分",
        "第extra项“加试”得11分,超过满分10分",
    )


def test_a_code_of_any_length_is_shown_with_twenty_signs(sheets: Scheme) -> None:
    assert score_faults(sheets, {"1": "20", "2": "5", "x" * 30: "1"}) == (f"没有第{'x' * 20}项指标",)


def test_the_base_of_a_field_is_the_sum_of_its_full_sheet(sheets: Scheme) -> None:
    full = {"1": Decimal(20), "2": Decimal(5), "3": Decimal("9.25")}

    assert base_of(sheets, full, "机关") == Decimal("34.25")
    with pytest.raises(BadInput, match="没有第3项指标"):
        base_of(sheets, full)


def test_a_base_of_nothing_is_a_decimal_nought(sheets: Scheme) -> None:
    bare = sheets.model_copy(update={"sheet": (EXTRA,), "criterion": ()})

    assert isinstance(base_of(bare, {}), Decimal)


def test_where_there_are_no_lines_nothing_adds_up_to_nought(scheme: Scheme) -> None:
    without = scheme.model_copy(update={"sheet": (), "criterion": ()})

    assert review_faults(without, {}) == ("方案没有分项指标,没有可以相加的得分:请只填一个总分(base)",)
    assert review_faults(without, {"1": "9"}) == ("没有第1项指标",)
    assert score_faults(without, {}) == ()  # a self-evaluation may claim a level without a sheet


# ── a sheet, or a line, of one field alone ───────────────────────

FIELD_SHEET = Sheet(code="field", title="领域", max=Decimal(40), fields=("机关",), cite=CITE)
FIELD_LINE = Criterion(code="f", title="窗口", max=Decimal(9), sheet="common", fields=("机关",), cite=CITE)
EXTRA_LINE = Criterion(code="e", title="加试一", max=Decimal(10), sheet="extra", cite=CITE)


def test_the_lines_of_an_optional_sheet_are_optional_and_those_of_another_field_are_not_there(sheets: Scheme) -> None:
    some = sheets.model_copy(update={"criterion": (LINES[0], FIELD_LINE, EXTRA_LINE)})
    first = ScoreLine("1", "学习", Decimal(30), "common")
    extra = ScoreLine("e", "加试一", Decimal(10), "extra", optional=True)

    assert lines_of(some, "农村") == (first, extra)
    assert lines_of(some, "机关") == (
        *(first, ScoreLine("f", "窗口", Decimal(9), "common"), extra),
        ScoreLine("office", "机关", Decimal(40), "office"),
    )
    assert [line.optional for line in lines_of(some, "农村")] == [False, True]
    loose = sheets.model_copy(
        update={"sheet": (), "criterion": (Criterion(code="l", title="单列", max=Decimal(5), cite=CITE),)}
    )
    assert [(line.code, line.sheet, line.optional) for line in lines_of(loose)] == [("l", "", False)]


def test_a_field_with_one_sheet_more_has_its_own_sums_and_its_own_faults(scheme: Scheme) -> None:
    whole = scheme.model_copy(update={"sheet": (FIELD_SHEET,), "criterion": ()})

    assert sheet_scores(whole, {}, Decimal(30), "机关") == {"field": Decimal(30)}
    assert sheet_scores(whole, {"field": Decimal(20)}, None, "机关") == {"field": Decimal(20)}
    assert sheet_scores(whole, {"field": Decimal(20)}, None, "农村") == {}
    assert review_faults(whole, {}, "机关") == ("第field项“领域”没有得分",)
    assert review_faults(whole, {}, "农村") == ("方案没有分项指标,没有可以相加的得分:请只填一个总分(base)",)


def test_what_is_no_number_is_shown_with_twenty_signs(sheets: Scheme) -> None:
    assert score_faults(sheets, {"1": "九" * 30, "2": "5"}) == (f"第1项“学习”的得分“{'九' * 20}”不是数",)
