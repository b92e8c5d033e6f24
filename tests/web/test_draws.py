"""The draw on the page of the sitting: who is equal at the line, the commitment, the seed, and an order that anybody can compute."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from starflow.service import organisations
from starflow.service.campaigns import open_campaign
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import Settings, read_settings
from tests.kept import app_at, desk_after
from tests.web.browser import Browser, on_the_wall
from tests.web.conftest import APRIL, PLAY, ROSTER, Web
from tests.web.page_forms import Page
from tests.web.test_forms import BENIGN, COMMITTEE, DEPARTMENT, HOSTILE, LONG, lost, not_text, seat
from tests.web.test_two import member
from workflow.rating.draws import commitment_of, drawn
from workflow.rating.shelf import scheme_bytes

SEED = "2027-05-21 开奖号码 04 11 17 23 29 31"
DRAWN = {"drawn": "five_star|all"}
CHANGES = (
    ('label = "五星级"', 'label = "金旗"'),
    (
        'ratio = "1/10"\nscope = "all"                       # 以',
        'ratio = "1/4"\nscope = "all"                       # 以',
    ),
    ('resolution = "warn"                 # 等次', 'resolution = "rank_cut"\ntie_break = ["draw"]    # 等次'),
)


def _opened(settings: Settings) -> Desk:
    """One place for four organisations, whose equals draw; the highest level is called 金旗."""
    text = scheme_bytes("anyang-five-star").decode().partition("[[example]]")[0]
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new)
    file = Path(str(settings.database_url).removeprefix("sqlite:///")).with_name("drawn.toml")
    file.write_text(text, encoding="utf-8")
    desk = create_desk(settings, rehearsal_at=APRIL, seed=1)
    organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
    open_campaign(desk, 2027, str(file), actor="P1")
    web = Web(desk, app_at(desk))
    for code in ("D60", "B1"):
        web.play(code, "rating.publicity")
    for code in ("D60", "B1"):
        web.fire(code, *PLAY["rating.publicity"])
    web.at("2027-05-20 10:00")
    return desk


@pytest.fixture
def tied(tmp_path: Path) -> Iterator[Web]:
    """Two with equal totals wait for the one place that there is."""
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/town.db", "STARFLOW_ARGON2_MIB": "8"})
    with closing(desk_after(lambda: _opened(settings), settings, "two are equal")) as desk:
        yield Web(desk, app_at(desk))


@pytest.fixture
def look(tied: Web) -> Browser:
    return seat(tied, COMMITTEE)


def test_the_tied_are_shown_and_drawn_for_with_a_seed_that_was_committed_to(look: Browser) -> None:
    before = look.get("/meeting")
    assert "名额线上并列,等待抽签" in before.text and "由抽签决定" in before.text

    committed = look.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of(SEED))
    assert (committed.status_code, committed.headers["location"]) == (303, "/meeting#draws")
    assert commitment_of(SEED) in look.get("/meeting").text
    told = look.post("/meeting/draw/tell", **DRAWN, seed=SEED)
    assert told.status_code == 303

    page = look.get("/meeting").text
    first, second = drawn(SEED, "five_star", "all", ("B1", "D60"))
    result = page.partition("抽签的结果")[2]
    assert SEED in page and result.index(f"<small>{first}</small>") < result.index(f"<small>{second}</small>")
    assert result.index("在名额线内") < result.index("在名额线外")
    assert "/meeting/draw/" not in page


def test_what_the_page_says_to_type_gives_the_commitment_and_the_lots(look: Browser) -> None:
    look.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of(SEED))
    look.post("/meeting/draw/tell", **DRAWN, seed=SEED)
    page = look.get("/meeting").text
    lines = [line for line in Page(page).said.splitlines() if line.startswith("printf")]

    sums = [
        subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout[:64] for line in lines
    ]

    assert sums[0] == commitment_of(SEED) and sums[1] < sums[2]
    assert all(f'title="{lot}"' in page for lot in sums[1:])


def test_what_is_wrong_is_said_where_it_was_typed_and_nothing_is_kept(tied: Web, look: Browser) -> None:
    short = look.post("/meeting/draw/commit", **DRAWN, commitment="abc")
    assert (short.status_code, "64位" in short.text, 'value="abc"' in short.text) == (400, True, True)
    unknown = look.post("/meeting/draw/commit", drawn="five_star|D01", commitment=commitment_of(SEED))
    assert (unknown.status_code, "没有这项抽签" in unknown.text) == (400, True)

    look.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of(SEED))
    other = look.post("/meeting/draw/tell", **DRAWN, seed=SEED + "!")
    again = look.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of("另一个种子" * 4))

    assert (other.status_code, "不符" in other.text) == (422, True)
    assert (again.status_code, "不能更换" in again.text) == (422, True)
    rows = tied.get("/draws").json()["rows"]
    assert [(row["commitment"], row["seed"], row["committed_by"]) for row in rows] == [
        (commitment_of(SEED), None, rows[0]["committed_by"])
    ]


def test_whoever_sits_there_shows_again_who_they_are_before_a_draw(tied: Web) -> None:
    on_the_wall(tied.desk)
    someone = member(tied, "甲")
    on_the_wall(tied.desk).move(timedelta(minutes=16))

    asked = someone.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of(SEED))

    assert (asked.status_code, "请再证明一次是您本人" in asked.text) == (403, True)
    assert tied.get("/draws").json()["rows"] == []


def test_hostile_texts_stay_text_in_both_fields(look: Browser) -> None:
    for action, name in (("/meeting/draw/commit", "commitment"), ("/meeting/draw/tell", "seed")):
        plain = look.post(action, **DRAWN, **{name: BENIGN})
        for text in HOSTILE:
            assert not_text(plain, look.post(action, **DRAWN, **{name: text}), text) == ""
        for text in ("", LONG):
            assert lost(look.post(action, **DRAWN, **{name: text}), text) == ""
        look.post("/meeting/draw/commit", **DRAWN, commitment=commitment_of(SEED))


def test_the_page_speaks_english_and_calls_levels_as_the_scheme_does(tied: Web, look: Browser) -> None:
    assert '<td data-label="拟定">金旗</td>' in look.get("/meeting").text
    assert "金旗" in seat(tied, DEPARTMENT).get("/organisations").text
    preview = look.post("/meeting/preview", number="3", on="2027-05-20", code="D60").text
    assert "金旗 · " in preview and "五星" not in preview

    look.post("/preferences", language="en", back="/meeting")
    assert "Equal on the cut line, waiting for the draw" in look.get("/meeting").text
