"""A vote with nothing but curl, before a server of its own: no script, no cookie that must be kept, no header to be known."""

import shutil
import subprocess
from datetime import datetime

import pytest

from starflow.service import polls
from starflow.service.polls import NewPoll
from storage import ballots
from tests.service.town import BRANCH
from tests.web.conftest import ZONE, Web
from tests.web.test_serve import PATIENCE, started


@pytest.fixture
def curl() -> str:
    found = shutil.which("curl")
    assert found is not None, "curl is missing on this machine: apt-get install curl (.ci/run does it)"
    return found


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_vote_with_curl_alone(web: Web, database_url: str, curl: str) -> None:
    web.play("B1", "rating.survey")
    wanted = NewPoll(mode="slips", closes_at=datetime(2027, 5, 7, 18, tzinfo=ZONE), own_unit=2)
    polls.open_poll(web.desk, "B1", wanted, acting=BRANCH)
    token = polls.issue_slips(web.desk, "B1", acting=BRANCH)[0].tokens[0]

    def said(*words: str) -> tuple[str, str]:
        """(status, page)"""
        command = [curl, "-sS", "--max-time", str(PATIENCE), "-w", "\n%{http_code}", *words]
        page, _, status = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rpartition("\n")
        return status, page

    with started(database_url, "serve", "--port", "0", "--no-bell") as (_, server):
        link, form = f"{server['url']}b/{token}", f"{server['url']}b"
        looked = [said("-L", "-c", "/dev/null", link) for _ in range(3)]
        half = said("-d", f"t={token}", "-d", "q_3=unknown", "-d", "confirm=yes", form)
        whole = (
            "-d",
            f"t={token}",
            "-d",
            "q_overall=satisfied",
            "--data-urlencode",
            "remark=很好",
            "-d",
            "confirm=yes",
        )
        done, again, wrong = said(*whole, form), said(*whole, form), said(link[:-2] + "zz")

    assert {(status, 'name="q_overall"' in page) for status, page in looked} == {("200", True)}
    assert half[0] == "422" and "“总体评价”还没有选" in half[1] and 'value="unknown" checked' in half[1]
    assert done[0] == "200" and "已收到,谢谢" in done[1]
    assert again == wrong and again[0] == "410"
    with web.desk.reading() as tx:
        poll = ballots.by_id(tx, 1)
        assert poll is not None and (poll.used, len(ballots.payloads(tx, 1)), ballots.remarks(tx, 1)) == (
            1,
            1,
            ("很好",),
        )
