"""What a scheme may ask beyond the default one: each rule is played in a town whose scheme says so."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from starflow.service import organisations, polls, registers
from starflow.service.acting import Acting
from starflow.service.campaigns import add_cycle, open_campaign
from starflow.service.case import inputs_of, load_case
from starflow.service.casting import cast
from starflow.service.desk import create_desk
from starflow.service.events import EventSaid
from starflow.service.matter_lists import list_matters
from starflow.service.matters import act_on_matter
from starflow.service.poll_views import result
from starflow.service.polls import NewPoll
from starflow.service.settings import read_settings
from starflow.service.view import Filters
from starflow.service.why import why
from storage import evidence, stars
from storage.models import Notice
from tests.service.town import BRANCH, COMMITTEE, SUPERIOR, ZONE, Town, roster, town_of
from workflow.engine.deadlines import due_date
from workflow.engine.errors import BadInput, Forbidden, Refused, StarflowError
from workflow.rating import scoring, shelf

PAPER = {"members_present": 9, "own_unit": 5, "satisfied": 13, "dissatisfied": 1}
FILING = {"meeting": {"on": "2027-05-06"}, "paper": PAPER, "tellers": ["王某", "李某"]}
AWARD = EventSaid(code="commendation", level="province", on=date(2027, 3, 1), proof="省委〔2027〕3号")


@contextmanager
def played(url: str, folder: Path, *changes: tuple[str, str], branches: int = 1) -> Iterator[Town]:
    """The default scheme with some words changed."""
    text = shelf.scheme_bytes("anyang-five-star").decode()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    (folder / "scheme.toml").write_text(text, encoding="utf-8")
    with town_of(url, branches=branches, scheme=str(folder / "scheme.toml")) as town:
        yield town


def refusal(act: Callable[[], object], kind: type[StarflowError] = Refused) -> tuple[str, ...]:
    with pytest.raises(kind) as refused:
        act()
    return tuple(map(str, refused.value.reasons))


def surveying(town: Town, code: str = "D01") -> None:
    """At the survey, self-evaluated."""
    town.fire(code, "declare", {"head": "书记", "members_due": 10, "target_star": 4})
    meeting = {"on": "2027-05-06", "attendees": ["书记"], "minutes": "一致同意"}
    scores = {str(number): "9.5" for number in range(1, 11)}
    town.fire(code, "submit_self_evaluation", {"meeting": meeting, "scores": scores, "star": 4})


# ── who is rated ─────────────────────────────────────────────────


def test_whoever_has_too_few_members_is_not_rated(database_url: str, tmp_path: Path) -> None:
    text = shelf.scheme_bytes("anyang-five-star").decode()
    (tmp_path / "scheme.toml").write_text(
        text.replace("exempt_reasons =", "min_members = 11\nexempt_reasons =", 1), "utf-8"
    )
    settings = read_settings({"STARFLOW_DATABASE_URL": database_url})
    with closing(create_desk(settings, rehearsal_at=datetime(2027, 5, 6, tzinfo=ZONE), seed=1)) as desk:
        two = (*roster(1), replace(roster(1)[1], code="D77", name="大支部", members=11))
        organisations.import_roster(desk, two, scheme_root_kind="市直工委", dry_run=False)

        assert open_campaign(desk, 2027, str(tmp_path / "scheme.toml"), actor="P1").cycles == 1


def test_a_small_one_that_joins_later_is_told_why_it_is_not_rated(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, ("exempt_reasons =", "min_members = 10\nexempt_reasons =")) as town:
        tiny = replace(roster(1)[1], code="D99", name="新支部", members=9)
        organisations.import_roster(town.desk, (*roster(1), tiny), scheme_root_kind="市直工委", dry_run=False)

        said = refusal(lambda: add_cycle(town.desk, "D99", actor="P1"), Forbidden)
        assert said == ("新支部有党员9人,不足10人,按方案不参评",)


YOUNG = (
    "[satisfaction]",
    """[[effect]]
code = "young"
title = "成立不满一年"
needs = [{ value = "age_months", op = "<", than = "12" }]
then = "cap"
star = 4
cite = { rule = "R70" }

[satisfaction]""",
)


@pytest.mark.parametrize(("founded", "cap"), [(date(2026, 9, 1), 4), (date(2025, 9, 1), 5)])
def test_who_was_founded_lately_is_bounded_by_the_day_on_the_roster(
    database_url: str, tmp_path: Path, founded: date, cap: int
) -> None:
    with played(database_url, tmp_path, YOUNG) as town:
        rows = [replace(row, founded_on=founded) if row.code == "D01" else row for row in roster(1)]
        organisations.import_roster(town.desk, rows, scheme_root_kind="市直工委", dry_run=False)

        with town.desk.reading() as tx:
            case = load_case(town.desk, tx, "D01")
            found = scoring.cap_of(case.scheme, inputs_of(tx, case))
        young = ("成立不满一年(成立月数8,低于12),不得高于四星级(R70)",)
        assert (found.star, tuple(map(str, found.reasons))) == (cap, young if cap == 4 else ())
        assert why(town.desk, "D01").founded_on == founded


# ── the survey ───────────────────────────────────────────────────


def test_turnout_counts_by_the_base_that_the_filing_says(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, ('base = "all"  ', 'base = "formal"')) as town:
        surveying(town)

        assert refusal(lambda: town.fire("D01", "file_survey", FILING), BadInput) == ("缺少members_due",)
        over = refusal(lambda: town.fire("D01", "file_survey", FILING | {"members_due": 11}))
        assert over == ("应到党员11人,多于党员总数10人(R13)",)
        town.fire("D01", "file_survey", FILING | {"members_due": 9})

        with town.desk.reading() as tx:
            (filed,) = evidence.surveys_of(tx, town.cycle("D01").campaign_id)
        assert (filed.members, filed.members_present) == (9, 9)


def test_turnout_counts_by_who_came_where_the_scheme_says_so(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, ('count = "ballots"', 'count = "attended"')) as town:
        surveying(town)

        said = refusal(lambda: town.fire("D01", "file_survey", FILING | {"attended": 7}))
        assert said == ("党员参加7人,应到10人的80%即8人,还差1人,上级尚未认可说明(R13)",)
        town.fire("D01", "file_survey", FILING | {"attended": 8})
        assert town.broken() == ()


def test_people_are_asked_only_in_the_ways_that_the_scheme_allows(database_url: str, tmp_path: Path) -> None:
    with played(
        database_url, tmp_path, ("anonymous = true", 'anonymous = true\nchannels = ["meeting", "phone"]')
    ) as town:
        surveying(town)
        wanted = NewPoll(mode="slips", own_unit=5, closes_at=datetime(2027, 5, 20, 18, tzinfo=ZONE))

        online = refusal(lambda: polls.open_poll(town.desk, "D01", wanted, acting=BRANCH), BadInput)
        strange = refusal(lambda: town.fire("D01", "file_survey", FILING | {"channels": ["link"]}))

        assert online == ("方案写明的测评方式没有网上测评(link),请用纸质票等方式测评后备案",)
        assert strange == ("方案没有“link”这种测评方式,只有meeting、phone(R15)",)
        town.fire("D01", "file_survey", FILING | {"channels": ["phone"]})


FIVE = (
    (
        'scale = ["satisfied", "basically_satisfied", "dissatisfied", "unknown"]',
        """scale = ["a", "b", "c", "d", "e"]
labels = { a = "很好", b = "好", c = "一般", d = "差", e = "很差" }""",
    ),
    ('count = ["satisfied", "basically_satisfied"]', 'count = ["a", "b"]\nweights = { b = "1/2" }'),
    ('of = ["satisfied", "basically_satisfied", "dissatisfied"]', 'of = ["a", "b", "c", "d", "e"]'),
)


def test_ballots_and_paper_are_counted_in_the_answers_of_the_scheme(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, *FIVE) as town:
        surveying(town)
        wanted = NewPoll(mode="slips", own_unit=2, closes_at=datetime(2027, 5, 20, 18, tzinfo=ZONE))
        polls.open_poll(town.desk, "D01", wanted, acting=BRANCH)
        tokens = [token for sheet in polls.issue_slips(town.desk, "D01", acting=BRANCH) for token in sheet.tokens]

        assert set(cast(town.desk, tokens[0], {"overall": "satisfied"}).faults) == {"overall"}
        assert all(cast(town.desk, token, {"overall": "ab"[n % 2]}).taken for n, token in enumerate(tokens[:10]))
        polls.close_poll(town.desk, "D01", acting=BRANCH)
        paper = {"members_present": 0, "own_unit": 1, "e": 1}
        polls.count_poll(town.desk, "D01", {"tellers": ["甲", "乙"], "paper": paper}, acting=BRANCH)
        shown = result(town.desk, "D01")
        town.fire("D01", "file_survey", {"meeting": {"on": "2027-05-06"}})

        assert shown.satisfaction == "满意率68.18%(7.5/11)"
        assert dict(shown.answers) == {"a": "很好", "b": "好", "c": "一般", "d": "差", "e": "很差"}
        with town.desk.reading() as tx:
            (filed,) = evidence.surveys_of(tx, town.cycle("D01").campaign_id)
        assert filed.answers == {"a": 5, "b": 5, "c": 0, "d": 0, "e": 1}
        assert town.broken() == ()


def test_paper_knows_only_the_answers_of_the_scheme(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, *FIVE) as town:
        surveying(town)

        strange = refusal(lambda: town.fire("D01", "file_survey", FILING), BadInput)
        assert strange == ("没有paper.satisfied这一项", "没有paper.dissatisfied这一项")
        paper = {"members_present": 9, "own_unit": 5, "b": 12, "d": 2}
        town.fire("D01", "file_survey", FILING | {"paper": paper})


# ── who confirms, who may object ─────────────────────────────────


def test_whom_the_scheme_names_confirms_a_bonus(database_url: str, tmp_path: Path) -> None:
    committee = ('aggregate = "max"', 'aggregate = "max"\nconfirmed_by = "committee"')
    with played(database_url, tmp_path, committee) as town:
        registers.add_event(town.desk, ("D01",), AWARD, acting=BRANCH)

        denied = refusal(lambda: registers.confirm_event(town.desk, 1, acting=SUPERIOR), Forbidden)
        assert denied == ("确认表彰由组织部、工委会办理(R35)",)
        assert registers.confirm_event(town.desk, 1, acting=COMMITTEE).status == "confirmed"


def test_a_scheme_may_take_no_anonymous_objections(database_url: str, tmp_path: Path) -> None:
    with played(database_url, tmp_path, ("anonymous_ok = true", "anonymous_ok = false")) as town:
        town.propose("D01", 4, "85")

        said = refusal(lambda: town.fire("D01", "object", {"content": "群众来信"}))
        assert said == ("本方案只受理署名的异议,请写明姓名(R23)",)
        town.fire("D01", "object", {"content": "群众来信", "name": "张三"})
        assert town.cycle("D01").open_objections == 1


# ── what a star calls for ────────────────────────────────────────

TRACK = (
    'title = "整顿后进"\nstars = [0, 1]',
    'title = "整顿后进"\nstars = [0, 1]\nplan = "+10 days"\nrectify = "+180 days"\naccept_from = "70"\ndissatisfied_below = "1/2"',
)


def test_a_low_star_opens_its_rectification_and_is_accepted_only_from_the_tracks_score(
    database_url: str, tmp_path: Path
) -> None:
    department = Acting(actor="P1", relations=frozenset({"superior", "department"}), person="P1")
    with played(database_url, tmp_path, TRACK) as town:
        town.propose("D01", 1, "55")
        town.at("2027-05-17 10:00")
        town.fire("D01", "approve", {"meeting": {"on": "2027-05-17", "number": "2027-1"}})
        rows = {row.kind: row for row in list_matters(town.desk, Filters(under="D01", limit=9)).rows}
        assert rows["rectification"].due_at is not None and rows["plan"].due_at is not None
        granted = date(2027, 5, 17)
        assert due_date(rows["rectification"].due_at, ZONE) == granted + timedelta(days=180)
        assert due_date(rows["plan"].due_at, ZONE) == granted + timedelta(days=10)

        which = rows["rectification"].id
        act_on_matter(town.desk, which, "report", {"result": "已改", "evidence": "记录"}, acting=BRANCH)

        def accepted(**found: object) -> object:
            return act_on_matter(town.desk, which, "accept", found, acting=department)

        assert refusal(lambda: accepted(score="69.5")) == ("验收得69.5分,达到70分才算整改合格(R54)",)
        assert refusal(lambda: accepted(score="70")) == ("验收须写明测评人数(asked)和不满意人数(dissatisfied)(R54)",)
        half = refusal(lambda: accepted(score="70", asked=20, dissatisfied=10))
        assert half == ("测评20人,不满意10人,不低于50%,整改不算合格(R54)",)
        accepted(score="70", asked=20, dissatisfied=9)
        rows = {row.kind: row for row in list_matters(town.desk, Filters(under="D01", limit=9)).rows}
        assert "rectification" not in rows or rows["rectification"].status == "accepted"
        assert town.broken() == ()


# ── the ladder ───────────────────────────────────────────────────


def test_a_rung_rings_for_its_stages_only_and_says_its_colour(database_url: str, tmp_path: Path) -> None:
    rung = (
        '[[rung]]\nname = "-7"',
        '[[rung]]\nname = "slip"\ndays = 0\ncounts_from = "due"\nrecipients = ["owner"]\ndocument = "督查通知书"\ncolour = "red"\n'
        'stages = ["rating.declaration"]\ncite = { rule = "R67" }\n\n[[rung]]\nname = "-7"',
    )
    with played(database_url, tmp_path, rung) as town:
        surveying(town)
        town.at("2027-06-06 10:00")
        with town.desk.reading() as tx:
            found = tx.session.exec(select(Notice.organisation_id, Notice.text).where(Notice.rung == "slip")).all()
        assert {text for _, text in found} == {
            "【红】督查通知书:发改委机关党委“申报”06月05日到期,已逾期1天",
            "【红】督查通知书:发改委第一支部“申报”06月05日到期,已逾期1天",
        }


# ── rounds ───────────────────────────────────────────────────────


def test_four_quarters_are_played_and_an_unchanged_star_stays_under_its_decision(database_url: str) -> None:
    file = Path(__file__).parents[1] / "data" / "quarters.toml"
    with town_of(database_url, branches=1, scheme=str(file)) as town:
        town.fire("D01", "propose_star", {"scores": {"1": "90"}, "star": 2})
        assert town.cycle("D01").stage == "rated"
        town.at("2027-07-02 09:00")
        assert town.cycle("D01").stage == "q2.review"
        town.fire("D01", "keep_star", {"scores": {"1": "85"}})
        town.at("2027-10-02 09:00")
        town.fire("D01", "propose_star", {"scores": {"1": "70"}, "star": 1})
        town.at("2028-01-03 09:00")
        town.fire("D01", "keep_star", {"scores": {"1": "70"}}, year=2027)

        assert (town.cycle("D01").stage, town.broken()) == ("closed", ())
        with town.desk.reading() as tx:
            granted = [(one.round, one.star) for one in stars.history(tx, town.cycle("D01").organisation_id)]
        assert granted == [("q1", 2), ("q3", 1)]
