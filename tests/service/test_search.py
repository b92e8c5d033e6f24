"""One language for every list: what a search names, in Chinese and English, and what it refuses."""

import pytest

from starflow.service import lists
from starflow.service.search import LONGEST, Asked, narrowed_by, search, suggestions
from starflow.service.view import Filters
from tests.service.conftest import City
from workflow.engine.errors import BadInput

SAID = (
    ("", Asked()),
    ("阶段:测评", Asked(stage="survey")),
    ("环节:党员群众测评", Asked(stage="survey")),
    ("stage:rating.survey", Asked(stage="rating.survey")),
    ("灯:红 单位:D01", Asked(light="red", under="D01")),
    ("Light:red UNIT:D01", Asked(light="red", under="D01")),
    ("灯:黄灯", Asked(light="yellow")),
    ("单位:发改委", Asked(under="D01")),
    ("上级:Z1", Asked(reviewer="Z1")),
    ("该谁办:组织部", Asked(owner="department")),
    ("年度:2027", Asked(year=2027)),
    ('第一 灯:红 "离 退"', Asked(light="red", text="第一 离 退")),
)


@pytest.mark.parametrize(("text", "asked"), SAID, ids=[text or "nothing" for text, _ in SAID])
def test_a_search_names_what_it_asks_for(city: City, text: str, asked: Asked) -> None:
    assert search(city.desk, text) == asked


REFUSED = (
    ("颜色:红", "不能按“颜色”查询,可以按阶段、灯、单位、上级、该谁办、年度"),
    ("灯:紫", "没有“紫”这种灯,只有红、黄、蓝、绿、灰、黑"),
    ("灯:红 灯:黄", "“灯”写了两次"),
    ("单位:不存在", "没有名称含“不存在”的单位"),
    ("年度:去年", "“去年”不是年度,例如年度:2027"),
    ("该谁办:书记", "“书记”不是办理的身份"),
    ("阶段:打分", "没有“打分”这个环节"),
    ("单位:支部", "名称含“支部”的有3个:第一支部(B1)、第二支部(B2)"),
)


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_names_nothing_is_refused_with_what_would(city: City, text: str, why: str) -> None:
    with pytest.raises(BadInput) as refusal:
        search(city.desk, text)

    assert str(refusal.value.reasons[0]).startswith(why)


def test_every_fault_is_named_at_once(city: City) -> None:
    with pytest.raises(BadInput) as refusal:
        search(city.desk, "颜色:红 灯:紫")

    assert len(refusal.value.reasons) == 2


def test_a_search_has_an_end(city: City) -> None:
    with pytest.raises(BadInput, match="查询最多400个字"):
        search(city.desk, "一" * (LONGEST + 1))


def test_a_unit_outside_ones_sight_is_not_there(city: City) -> None:
    with city.desk.reading() as tx:
        from storage import organisations

        found = organisations.by_code(tx, "D60")
        assert found is not None
    with pytest.raises(BadInput) as outside:
        search(city.desk, "单位:D01", within=found.path)
    with pytest.raises(BadInput) as nowhere:
        search(city.desk, "单位:D99", within=found.path)

    assert str(outside.value.reasons[0]).replace("D01", "D99") == str(nowhere.value.reasons[0])


def test_a_search_narrows_beside_the_flags_and_does_not_contradict_them(city: City) -> None:
    both = narrowed_by(city.desk, Filters(under="D01", limit=5), "灯:红")

    assert both == Filters(under="D01", light="red", limit=5)
    with pytest.raises(BadInput, match="“灯”已经另外写明"):
        narrowed_by(city.desk, Filters(light="red"), "灯:黄")


def test_every_list_of_open_work_is_narrowed_by_the_reviewer_too(city: City) -> None:
    asked = narrowed_by(city.desk, Filters(), "上级:Z1")

    assert [row.organisation for row in lists.cycles(city.desk, asked).rows] == ["B1", "B2"]
    assert [row.organisation for row in lists.obligations(city.desk, asked).rows] == ["B1", "B2"]


def test_stars_are_not_narrowed_by_what_they_do_not_have(city: City) -> None:
    with pytest.raises(BadInput, match="星级清单不能按reviewer筛选"):
        lists.stars(city.desk, narrowed_by(city.desk, Filters(), "上级:Z1"))


def test_every_suggestion_that_is_whole_can_be_searched_for(city: City) -> None:
    whole = [text for text in suggestions(city.desk) if not text.endswith(":")]

    assert len(whole) > 15
    for text in whole:
        search(city.desk, text)
