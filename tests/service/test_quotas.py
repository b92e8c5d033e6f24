"""A quota is never exceeded without a recorded decision, however many approve at once; and it says where it stands."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from starflow.service import meetings
from starflow.service.quotas import QuotaCandidate, QuotaLine, QuotaPlace, quota
from storage.database import retrying
from tests.service.town import COMMITTEE, MEETING, Town, town_of
from workflow.engine.errors import BadInput, Reason, Refused, StarflowError, Unknown
from workflow.rating import shelf

FIVE = {
    "quota": "five_star",
    "stars": (5,),
    "op": "max",
    "title": "五星级名额",
    "cite": "R30",
    "warning": None,
    "lowest": (),
    "draw": None,
}
BOTTOM = {
    "quota": "bottom",
    "stars": (0, 1),
    "op": "min",
    "title": "一星级及以下",
    "cite": "R31",
    "tie": None,
    "over": 0,
    "cut": 0,
}
ALL = {"scope": "all", "hard": False, "base": 10, "limit": 1, "excess": 0, "drawn_for": ()}


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with town_of(database_url) as town:
        yield town


def place(rank: int, code: str, total: str, star: int, *, name: str = "", **what: bool) -> QuotaPlace:
    where = {"taken": False, "within": False, "tied": False} | what
    return QuotaPlace(rank=rank, organisation=code, name=name or f"第{code[1:]}支部", total=total, star=star, **where)


def refused(town: Town, code: str, trigger: str, data: object) -> tuple[str, ...]:
    before = town.history(code)
    with pytest.raises(StarflowError) as refusal:
        town.fire(code, trigger, data)  # type: ignore[arg-type]
    assert town.history(code) == before
    return tuple(map(str, refusal.value.reasons))


# ── what it says ─────────────────────────────────────────────────


def test_before_anybody_is_proposed_only_the_numbers_are_known(town: Town) -> None:
    assert quota(town.desk).rows == (
        QuotaLine(**FIVE, **ALL, arithmetic="参评10个×1/10向下取整,不超过1个", taken=0, proposed=0, left=1, over=0, cut=0, tie=None, ranked=()),
        QuotaLine(
            **BOTTOM,
            **ALL,
            arithmetic="参评10个×1/10向上取整,不少于1个",
            taken=0,
            proposed=0,
            left=1,
            warning="一星级、不定星级共0个,应不少于1个(10×1/10向上取整),还差1个,只作提示,不自动降级;尚有10个未出结果",
            ranked=(),
            lowest=(),
            draw=None,
        ),
    )  # fmt: skip


def test_the_list_shows_the_cut_line_the_ties_at_it_and_the_lowest(town: Town) -> None:
    town.waiting({"D01": (5, "93"), "D02": (5, "93"), "D03": (5, "91"), "D04": (4, "85"), "D05": (3, "71.5")})

    five, bottom = quota(town.desk).rows

    assert (five.taken, five.proposed, five.left, five.cut) == (0, 3, 1, 1)
    assert five.ranked == (
        place(1, "D01", "93", 5, within=True, tied=True),
        place(1, "D02", "93", 5, tied=True),
        place(3, "D03", "91", 5),
    )
    assert five.tie == "第1名并列2个,同为93分:第01支部、第02支部;名额线内只剩1个,由会议决定"
    assert bottom.lowest == (QuotaCandidate(organisation="D05", name="第05支部", total="71.5", star=3),)


def test_a_place_is_taken_by_an_approval_and_not_by_a_proposal_that_went_back(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "91")})
    town.fire("D01", "approve", MEETING)
    town.fire("D02", "reject", MEETING, reason="佐证不足")

    five, _ = quota(town.desk).rows

    assert (five.taken, five.proposed, five.left) == (1, 0, 0)
    assert five.ranked == (place(1, "D01", "95", 5, taken=True, within=True),)


def test_a_bottom_quota_that_is_met_says_nothing(town: Town) -> None:
    town.waiting({"D01": (0, "40"), "D02": (4, "85")})

    _, bottom = quota(town.desk).rows

    assert (bottom.proposed, bottom.warning, bottom.lowest) == (1, None, ())


def test_an_exemption_lowers_the_base_and_what_is_too_many_then_is_said(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "91")})
    town.fire("D01", "approve", MEETING)
    town.fire("D08", "exempt", reason="合并")

    five, _ = quota(town.desk).rows

    assert (five.base, five.limit, five.taken, five.left, five.over) == (9, 0, 1, 0, 1)
    assert refused(town, "D02", "approve", MEETING) == (
        "五星级已批准1个,本次1个,名额0个(9×1/10向下取整),超出2个,须先记录超额理由(R30)",
    )


def test_the_year_has_to_have_been_opened(town: Town) -> None:
    with pytest.raises(Unknown, match="没有2031年度的创建活动"):
        quota(town.desk, 2031)


# ── what keeps it ────────────────────────────────────────────────


def test_an_excess_is_decided_before_it_is_used_and_with_its_number(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (5, "93"), "D03": (5, "91")})
    town.fire("D01", "approve", MEETING)
    full = "五星级已批准1个,本次1个,名额1个(10×1/10向下取整),超出1个,须先记录超额理由(R30)"
    assert refused(town, "D02", "approve", MEETING) == (full,)

    town.fire("D03", "record_excess", {"level": "5", "number": 1}, reason="今年创建成效突出")
    town.fire("D02", "approve", MEETING)

    more = "五星级已批准2个,本次1个,名额1个(10×1/10向下取整),已同意超出1个,超出2个,须先记录超额理由(R30)"
    assert refused(town, "D03", "approve", MEETING) == (more,)
    assert town.broken() == ()


@pytest.mark.parametrize("approvers", [40])
def test_of_forty_approvers_at_once_only_as_many_succeed_as_there_are_places(database_url: str, approvers: int) -> None:
    with town_of(database_url, branches=18) as town:
        codes = [f"D{number:02}" for number in range(1, 11)]
        town.waiting(dict.fromkeys(codes, (5, "95")))

        def approve(number: int) -> str:
            try:
                return retrying(lambda: town.fire(codes[number % len(codes)], "approve", MEETING)).code
            except StarflowError:
                return ""

        with ThreadPoolExecutor(approvers) as pool:
            approved = sorted(filter(None, pool.map(approve, range(approvers))))

        five, _ = quota(town.desk).rows
        assert (five.limit, five.taken, len(approved)) == (2, 2, 2)
        assert [p.organisation for p in five.ranked if p.taken] == approved
        assert sorted(town.stages(*codes)) == sorted(["rating.approval"] * 8 + ["rating.city_review"] * 2)
        assert town.broken() == ()


def test_a_promotion_at_the_end_of_the_year_needs_a_place_and_a_demotion_frees_one(town: Town) -> None:
    town.waiting({"D01": (5, "95"), "D02": (4, "85")})
    for code in ("D01", "D02"):
        town.fire(code, "approve", MEETING)
    town.fire("D01", "confirm_star", {})
    town.at("2027-12-02 10:00")
    town.evaluate("D01", 4, "84", on="2027-12-02")
    town.evaluate("D02", 5, "94", on="2027-12-02")
    town.at("2027-12-10 10:00")
    december = {"meeting": {"on": "2027-12-10", "number": "2027-5"}}

    full = "五星级已批准1个,本次1个,名额1个(10×1/10向下取整),超出1个,须先记录超额理由(R30)"
    assert refused(town, "D02", "approve", december) == (full,)
    town.fire("D01", "approve", december)
    town.fire("D02", "approve", december)

    five, _ = quota(town.desk).rows
    assert (five.taken, five.left, [p.organisation for p in five.ranked]) == (1, 0, ["D02"])
    assert town.broken() == ()


def scheme(folder: Path, **changes: str) -> str:
    """The default scheme with other words in its first quota."""
    head, _, rest = shelf.scheme_bytes("anyang-five-star").decode().partition('code = "five_star"')
    for key, value in changes.items():
        before = next(line for line in rest.splitlines() if line.startswith(f"{key} = "))
        rest = rest.replace(before, f"{key} = {value}", 1)
    file = folder / "scheme.toml"
    file.write_text(f'{head}code = "five_star"{rest}', encoding="utf-8")
    return str(file)


def test_a_quota_per_unit_is_kept_in_each_unit_by_itself(database_url: str, tmp_path: Path) -> None:
    per_unit = scheme(tmp_path, scope='"unit"', min_count="1")
    with town_of(database_url, branches=2, scheme=per_unit) as town:
        town.waiting({"D01": (5, "95"), "D02": (5, "95"), "U": (5, "95"), "U1": (5, "93")})
        for code in ("D01", "D02", "U"):
            town.fire(code, "approve", MEETING)

        full = "五星级已批准1个,本次1个,名额1个(2×1/10向下取整,至少1个),超出1个,须先记录超额理由(R30)"
        assert refused(town, "U1", "approve", MEETING) == (full,)
        lines = [line for line in quota(town.desk).rows if line.quota == "five_star"]
        assert [(one.scope, one.base, one.limit, one.taken) for one in lines] == [
            ("D01", 1, 1, 1),
            ("D02", 1, 1, 1),
            ("U", 2, 1, 1),
        ]


def test_whoever_has_a_place_needs_no_second_one(database_url: str, tmp_path: Path) -> None:
    """Under a scheme whose committee looks at unchanged stars too."""
    file = tmp_path / "scheme.toml"
    text = shelf.scheme_bytes("anyang-five-star").decode()
    file.write_text(
        text.replace('name = "recheck.approval"\nwhen = { changed = true }', 'name = "recheck.approval"'), "utf-8"
    )
    with town_of(database_url, scheme=str(file)) as town:
        town.waiting({"D01": (5, "95")})
        town.fire("D01", "approve", MEETING)
        town.fire("D01", "confirm_star", {})
        town.at("2027-12-02 10:00")
        town.survey("D01", 5, on="2027-12-02")
        town.fire("D01", "keep_star", {"base": "94"}, by="P1")

        (line,) = meetings.agenda(town.desk).rows
        town.fire("D01", "approve", {"meeting": {"on": "2027-12-02", "number": "2027-5"}})

        assert (line.star, line.proposed_star, line.within) == (5, 5, None)
        assert (town.stages("D01"), quota(town.desk).rows[0].taken) == (["closed"], 1)


def test_a_hard_quota_takes_no_excess(database_url: str, tmp_path: Path) -> None:
    with town_of(database_url, scheme=scheme(tmp_path, hard="true")) as town:
        town.waiting({"D01": (5, "95"), "D02": (5, "93")})
        meetings.open_meeting(town.desk, "2027-1", date(2027, 5, 14), acting=COMMITTEE)
        town.fire("D01", "approve", MEETING)

        with pytest.raises(Refused) as refusal:
            meetings.excess(town.desk, "2027-1", "five_star", 1, "确有必要", acting=COMMITTEE)

        assert refusal.value.reasons == (Reason("五星级名额是硬性名额,不得超出", "R30"),)
        full = "五星级已批准1个,本次1个,名额1个(10×1/10向下取整),超出1个,不得超出(R30)"
        assert refused(town, "D02", "approve", MEETING) == (full,)


def test_only_a_quota_with_an_upper_limit_can_be_exceeded(town: Town) -> None:
    town.waiting({"D01": (5, "95")})
    meetings.open_meeting(town.desk, "2027-1", date(2027, 5, 14), acting=COMMITTEE)

    with pytest.raises(BadInput) as refusal:
        meetings.excess(town.desk, "2027-1", "bottom", 1, "确有必要", acting=COMMITTEE)

    assert refusal.value.reasons == (Reason("“bottom”不是有上限的名额,可以决定超额的:five_star", "R30"),)
