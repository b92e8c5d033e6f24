"""Over HTTP on this machine: ballots that are acknowledged after their commit, the coordinator's overview, and routes that do nothing.

The routes that do nothing stand in the same application behind the same layers: one reads the same form, one answers with the very
bytes of the overview. Server and load share the machine's cores, for all alike.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from benchmarks.places import FOLDER, fresh
from benchmarks.rounds import answer, memory_mb, rounds

CLIENTS = 16
VOTERS = 34
SECONDS = 3.0


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a port of its own."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def asked(url: str, seconds: float, clients: int, file: str = "", token: str = "") -> dict[str, Any]:
    said = [sys.executable, "-m", "benchmarks.load", url, str(seconds), str(clients)]
    more = ([file] if file else ["/dev/null"] if token else []) + ([token] if token else [])
    done = subprocess.run([*said, *more], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def application(desk: Any) -> Any:
    """Ours with two routes that do nothing."""
    from fastapi import Depends, Response

    from starflow.web.app import create_app
    from starflow.web.ballots.voting import sent

    def noop(form: Annotated[Mapping[str, str], Depends(sent)]) -> Response:
        return Response("ok")

    app = create_app(desk)
    app.add_api_route("/bench/noop", noop, methods=["POST"])
    return app


# ── ballots ──────────────────────────────────────────────────────


def ballots(database: str, surveys: int) -> dict[str, Any]:
    """Surveys of 34 voters each; every ballot a slip of its own, every answer after the commit, the rules of secrecy on."""
    from urllib.parse import urlencode

    desk, tokens = _surveys(fresh(database, "ballots"), surveys)
    folder = Path(os.environ[FOLDER])
    forms = folder / "forms"
    forms.write_text("\n".join(urlencode({"t": t, "q_overall": "satisfied", "confirm": "yes"}) for t in tokens))
    with served(application(desk)) as url:
        asked(f"{url}/bench/noop", 0.5, CLIENTS, str(forms))
        noop = asked(f"{url}/bench/noop", SECONDS, CLIENTS, str(forms))
        cast = asked(f"{url}/b", SECONDS, CLIENTS, str(forms))
    kept = _kept(desk)
    stored = sum(number for status, number in cast["answers"].items() if status == "200")
    return {
        "rate": cast["rate"],
        "p95_ms": cast["p95_ms"],
        "noop_rate": noop["rate"],
        "ratio": cast["rate"] / noop["rate"],
        "acknowledged": stored,
        "stored": kept,
        "answers": cast["answers"],
    }


def _surveys(url: str, surveys: int) -> tuple[Any, list[str]]:
    from datetime import timedelta
    from secrets import token_hex

    import sqlalchemy as sa

    from benchmarks.town import town
    from starflow.service.case import load_case
    from starflow.service.polls import digest
    from storage import ballots as urn
    from storage.ballot_models import Poll
    from workflow.rating.voting import form_of

    desk, codes = town(url, max(50, surveys))
    tokens: list[str] = []
    with desk.transaction() as tx:
        case = load_case(desk, tx, codes[0])
        form = form_of(case.scheme, case.cycle.field)
        cycles = tx.connection.execute(sa.text("SELECT id FROM cycle ORDER BY id")).scalars().all()[:surveys]
        for cycle_id in cycles:
            closes = tx.now + timedelta(days=30)
            poll = Poll(
                cycle_id=cycle_id, round="rating", mode="slips", members=VOTERS, form=form.as_json(), form_hash=form.hash,
                opened_at=tx.now, opened_by="bench", closes_at=closes,
            )  # fmt: skip
            its = [token_hex(13) for _ in range(VOTERS)]
            urn.put_slips(tx, urn.put(tx, poll), [("member", digest(token)) for token in its])
            tokens += its
    return desk, tokens


def _kept(desk: Any) -> int:
    import sqlalchemy as sa

    with desk.reading() as tx:
        return int(tx.connection.execute(sa.text("SELECT count(*) FROM ballot")).scalar())


# ── the overview ─────────────────────────────────────────────────


def overview(database: str, organisations: int) -> dict[str, Any]:
    """The coordinator's first page, one asker at a time, beside a route that answers with the same bytes."""
    from datetime import timedelta

    import httpx
    from fastapi import Response

    from benchmarks.province import folded, province
    from benchmarks.town import stand
    from starflow.service.access import issue_token

    desk, _ = province(fresh(database, "overview"), organisations)
    folded(desk)
    stand(desk, desk.clock.now() + timedelta(days=50))
    token = issue_token(desk, "department", "GW", label="bench", days=1000)
    app = application(desk)
    shown: list[bytes] = []
    app.add_api_route("/bench/page", lambda: Response(shown[0], media_type="text/html"), methods=["GET"])
    with served(app) as url:
        first = httpx.get(url, headers={"authorization": f"Bearer {token}"}, timeout=120)
        assert first.status_code == 200, first.text[:300]
        shown.append(first.content)
        plain = asked(f"{url}/bench/page", SECONDS, 1, token=token)
        page = asked(f"{url}/", SECONDS, 1, token=token)
    return {
        "p95_ms": page["p95_ms"],
        "p50_ms": page["p50_ms"],
        "noop_p95_ms": plain["p95_ms"],
        "ratio": page["p95_ms"] / plain["p95_ms"],
        "bytes": len(first.content),
    }


PEERS = {"ballots": ballots, "overview": overview}


def measured(quick: bool) -> dict[str, Any]:
    both = ("sqlite", "postgresql")
    count = 3 if quick else 5
    cast = rounds("web", [("ballots", database) for database in both], count, 80 if quick else 500)
    few = rounds("web", [("overview", database) for database in both], count, 2_000)
    many = rounds("web", [("overview", database) for database in both], 1, 20_000 if quick else 100_000)
    return {"ballots": cast, "overview": few, "overview_large": many}


if __name__ == "__main__":
    peer, database, number = sys.argv[1:]
    answer(**PEERS[peer](database, int(float(number))), memory_mb=memory_mb(), n=int(float(number)))
