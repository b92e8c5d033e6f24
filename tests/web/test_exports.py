"""Lists as files over HTTP: what the caller may not see is not in them."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from starflow.documents.sheets import read
from storage.account_models import AccessEvent
from tests.web.browser import on_the_wall
from tests.web.conftest import Web


def test_a_list_as_a_file_holds_what_the_caller_may_see(web: Web) -> None:
    whole = web.get("/exports/cycles?form=csv", ("department", "GW"))
    own = web.get("/exports/cycles?form=xlsx", ("organisation", "B1"))

    assert whole.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert [row[0] for row in read(whole.content).rows[3:]] == ["B1", "B2", "D01", "D60"]
    assert [row[0] for row in read(own.content).rows[3:]] == ["B1"]


def test_what_is_outside_or_not_for_everybody_is_refused(web: Web) -> None:
    by = ("organisation", "B1")
    answers = [
        web.get(path, by).status_code for path in ("/exports/cycles?under=D60", "/exports/agenda", "/exports/poems")
    ]

    assert answers == [404, 403, 404]
    assert web.get("/exports/cycles", ("city", "CITY")).status_code == 403


def test_every_page_has_its_print_stylesheet() -> None:
    templates = Path(__file__).parents[2] / "starflow" / "web" / "templates"

    assert all(
        "print.css" in (templates / name).read_text(encoding="utf-8")
        for name in ("shell.html", "plain.html", "screen.html")
    )


def test_lists_are_taken_away_ten_times_an_hour_and_each_time_is_logged(web: Web) -> None:
    on_the_wall(web.desk)
    answers = [web.get("/exports/cycles?form=json").status_code for _ in range(11)]
    refused = web.get("/exports/cycles?form=json")
    other = web.get("/exports/cycles?form=json", by=("organisation", "D01")).status_code
    on_the_wall(web.desk).move(timedelta(minutes=61))

    assert (answers, other) == ([200] * 10 + [429], 200)
    assert int(refused.headers["retry-after"]) <= 3600
    assert web.get("/exports/cycles?form=json").status_code == 200
    with web.desk.reading() as tx:
        logged = tx.session.scalars(sa.select(AccessEvent.about).where(AccessEvent.what == "export")).all()
    assert list(logged) == ["cycles.json"] * 12
