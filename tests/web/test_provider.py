"""Signing in with an OpenID provider, which runs as a process of its own: bound by the account's owner, believed only when proven."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from starflow.service import organisations
from starflow.service.desk import Desk, create_desk
from starflow.service.settings import read_settings
from starflow.web.app import create_app
from tests.web.browser import Browser, on_the_wall
from tests.web.conftest import APRIL, ROSTER
from tests.web.openid import CLIENT, SECRET

WALL = 1_807_664_405
Office = tuple[Desk, Browser]


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    program = Path(__file__).with_name("openid.py")
    with subprocess.Popen([sys.executable, program, str(WALL)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def office(port: str, tmp_path: Path) -> Iterator[Callable[[str], Office]]:
    """An installation whose provider tells this lie; 马国 has an account."""
    with ExitStack() as stack:

        def opened(lie: str) -> Office:
            (tmp_path / "secret").write_text(f"{SECRET}\n")
            settings = read_settings(
                {
                    "STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/{lie}.db",
                    "STARFLOW_ARGON2_MIB": "8",
                    "STARFLOW_PUBLIC_URL": "http://localhost",
                    "STARFLOW_OIDC_ISSUER": f"http://127.0.0.1:{port}/{lie}",
                    "STARFLOW_OIDC_CLIENT_ID": CLIENT,
                    "STARFLOW_OIDC_SECRET_FILE": str(tmp_path / "secret"),
                }
            )
            desk = stack.enter_context(closing(create_desk(settings, rehearsal_at=APRIL, seed=1)))
            organisations.import_roster(desk, ROSTER, scheme_root_kind="市直工委", dry_run=False)
            assert int(on_the_wall(desk).at.timestamp()) == WALL
            return desk, Browser(create_app(desk))

        yield opened


def at_the_provider(answer: httpx.Response) -> str:
    """What the provider's answer makes the browser ask us for next."""
    url = answer.headers["refresh"].partition("url=")[2]
    there = httpx.get(url, trust_env=False)
    parts = urlsplit(there.headers["location"])
    assert (there.status_code, parts.netloc) == (302, "localhost")
    return f"{parts.path}?{parts.query}"


def bound(desk: Desk, browser: Browser) -> None:
    browser.signed_in(desk, "P4")
    back = browser.get(at_the_provider(browser.post("/account/provider")))
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    browser.post("/sign-out")


def test_an_identity_that_its_owner_has_bound_signs_in(office: Callable[[str], Office]) -> None:
    desk, browser = office("honest")
    bound(desk, browser)

    inside = browser.get(at_the_provider(browser.post("/sign-in/provider", next="/account")))

    assert (inside.status_code, inside.headers["location"]) == (303, "/account")
    assert "马国" in browser.get("/account").text


def test_an_identity_that_nobody_has_bound_opens_nothing(office: Callable[[str], Office]) -> None:
    desk, browser = office("honest")
    browser.activated(desk, "P4")

    answer = browser.get(at_the_provider(browser.post("/sign-in/provider")))

    assert (answer.status_code, "还没有绑定账号" in answer.text) == (401, True)


def test_the_browser_sets_out_with_a_challenge_and_a_nonce(office: Callable[[str], Office]) -> None:
    _, browser = office("honest")

    url = browser.post("/sign-in/provider").headers["refresh"].partition("url=")[2]

    asked = parse_qs(urlsplit(url).query)
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (["code"], ["S256"], ["openid"])
    assert asked["redirect_uri"] == ["http://localhost/sign-in/provider/back"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_an_answer_counts_once_and_for_the_browser_that_set_out(office: Callable[[str], Office]) -> None:
    desk, browser = office("honest")
    bound(desk, browser)
    first, second = (at_the_provider(browser.post("/sign-in/provider")) for _ in range(2))
    stranger = Browser(browser.app)
    stranger.get("/sign-in")

    answers = [stranger.get(first), browser.get(second), Browser(browser.app, cookies=browser.cookies).get(second)]

    assert [answer.status_code for answer in answers] == [401, 303, 401]


LIES = (
    "issuer",
    "audience",
    "audiences",
    "nonce",
    "expired",
    "future",
    "nobody",
    "unsigned",
    "shared",
    "signature",
    "mixup",
)


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_is_believed(office: Callable[[str], Office], lie: str) -> None:
    desk, browser = office(lie)
    browser.signed_in(desk, "P4")

    answer = browser.get(at_the_provider(browser.post("/account/provider")))

    assert (answer.status_code, "没有登录" in answer.text) == (401, True)


def test_a_provider_that_speaks_for_another_is_not_asked(office: Callable[[str], Office]) -> None:
    _, browser = office("metadata")

    answer = browser.post("/sign-in/provider")

    assert (answer.status_code, "refresh" in answer.headers) == (503, False)


def test_without_a_provider_there_is_no_such_door(tmp_path: Path) -> None:
    settings = read_settings({"STARFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/none.db"})
    with closing(create_desk(settings, rehearsal_at=APRIL)) as desk:
        browser = Browser(create_app(desk))

        assert "provider" not in browser.get("/sign-in").text
        assert browser.post("/sign-in/provider").status_code == 404
