"""A synthetic city on 16 June: small enough to play in seconds, with everything in it that a coordinator should see.

Ten organisations have a part in the story and stay where it leaves them; the others are played with dice. People and figures
are invented.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from starflow.service.acting import Acting
from starflow.service.casting import cast
from starflow.service.desk import Desk
from starflow.service.players import TELLERS, Move, Part
from starflow.service.polls import NewPoll, issue_slips, open_poll
from starflow.service.rehearsal import Year, attempt, begin, play
from workflow.engine.deadlines import local_date
from workflow.rating.roster import RosterRow

YEAR = 2027
SCHEME = "anyang-five-star"
SHOWN_AT = datetime(2027, 6, 16, 2, tzinfo=UTC)  # 10:00 in the city
UNITS = ("GW", "D01", "D02", "D03", "D04", "D06", "D19", "D39", "D51", "D52", "D53", "D54")

STORY: Mapping[str, tuple[Part, str]] = {
    "D0102": (Part("rating.declaration"), "一直没有申报"),
    "D0605": (Part("rating.declaration"), "负责人空缺,提醒报到了上一级"),
    "D0104": (Part("rating.self_evaluation"), "申报后没有自评"),
    "D0203": (Part("rating.survey"), "测评参与率不足80%,备案被退"),
    "D0603": (Part("rating.survey", pace=26), "正在测评:12名党员已投7票,再有3票就达到80%"),
    "D0110": (Part("rating.survey", pace=26), "测评刚开启,还没有人投,可以打印票证"),
    "D0302": (Part("rating.review"), "上级迟迟不考评,已逐级上报"),
    "D0106": (Part("rating.audit", quality=9.6, pace=12), "拟定五星,等组织部审核"),
    "D0402": (Part("rating.publicity", quality=8.5, pace=11), "公示期间有一件异议待核实"),
    "D1909": (Part(quality=9.7, pace=10), "换届逾期一年以上,得分虽高也不能定四星以上"),
    "D52": (Part("rating.approval", quality=8.6), "等工委会批准"),
    "D53": (Part("rating.city_review", quality=9.8), "拟定五星,等市委组织部复审"),
    "D54": (Part("rating.declaration"), "免评"),
}
"""code → its part, and what one sees there."""

Scene = tuple[date, str, Move]
SCENES: Sequence[Scene] = (
    (date(2027, 4, 20), "D54", Move("exempt", "department", reason="新成立不足一年")),
    (
        date(2027, 5, 20),
        "D0203",
        Move(
            "file_survey",
            "organisation",
            {"meeting": {"on": "2027-05-20"}, "paper": {"members_present": 2, "own_unit": 6}, "tellers": TELLERS},
        ),
    ),
    (date(2027, 6, 10), "D0402", Move("post_notice", "superior", {"on": "2027-06-10", "place": "单位公告栏"})),
    (date(2027, 6, 12), "D0402", Move("object", "anyone", {"content": "服务窗口的评价与实际不符"})),
)


SURVEYS_ON = date(2027, 6, 15)
SURVEYS: Mapping[str, tuple[str, ...]] = {
    "D0603": ("satisfied",) * 5 + ("basically_satisfied", "dissatisfied"),
    "D0110": (),
}
"""code → what the first members have voted. Drawn slips: who drew which is known to nobody here either."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of it: what was refused in the told scenes, and members' slips that have not voted, by organisation."""

    refused: tuple[str, ...]
    slips: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Staged({self.refused})"


def demo_rows(rows: Sequence[RosterRow]) -> tuple[RosterRow, ...]:
    """The part of the sample roster that the demo plays."""
    return tuple(r for r in rows if r.code in UNITS or r.code[:3] in UNITS)


def stage_city(
    desk: Desk,
    rows: Sequence[RosterRow],
    until: datetime = SHOWN_AT,
    progress: Callable[[int, int], None] | None = None,
    after_work: Callable[[Desk], object] | None = None,
) -> Staged:
    """Play the city up to `until`.

    `after_work` is called after each day of work, for what leaves the house.
    """
    played = begin(desk, demo_rows(rows), YEAR, SCHEME, "mixed", {code: part for code, (part, _) in STORY.items()})
    refused: list[str] = []
    slips: dict[str, tuple[str, ...]] = {}
    total = (local_date(until, played.scheme.zone) - date(YEAR, 4, 14)).days
    for at in play(played, until, stops=[SURVEYS_ON, *(day for day, _, _ in SCENES)]):
        refused += _scenes(played, at)
        if local_date(at, played.scheme.zone) == SURVEYS_ON:
            slips = {code: _survey(desk, code, at, votes) for code, votes in SURVEYS.items()}
        if after_work is not None:
            after_work(desk)
        if progress is not None:
            progress((local_date(at, played.scheme.zone) - date(YEAR, 4, 14)).days, total)
    return Staged(tuple(refused), slips)


def _survey(desk: Desk, code: str, at: datetime, votes: Sequence[str]) -> tuple[str, ...]:
    """Opened for three days; returns the members' slips that are left once the first have voted."""
    secretary = Acting(actor="role:organisation", relations=frozenset({"organisation"}))
    wanted = NewPoll(mode="slips", closes_at=at + timedelta(days=3, hours=8), own_unit=5)
    open_poll(desk, code, wanted, acting=secretary)
    if not votes:
        return ()
    members, masses = (sheet.tokens for sheet in issue_slips(desk, code, acting=secretary))
    for token, answer in (*zip(members, votes, strict=False), *zip(masses, votes, strict=False)):
        cast(desk, token, {"overall": answer})
    return members[len(votes) :]


def _scenes(played: Year, at: datetime) -> list[str]:
    today = local_date(at, played.scheme.zone)
    said: list[str | None] = []
    with played.desk.transaction(at) as tx:
        for day, code, move in SCENES:
            if day == today:
                said.append(attempt(played, tx, code, move))
    return [sentence for sentence in said if sentence]
