"""The client that is printed from the API: it compiles, it is typed, and it speaks to a real server."""

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from starflow.documents.sheets import read
from starflow.service.access import issue_token
from starflow.web.app import create_app
from starflow.web.client import client_source
from tests.service.town import town_of


@pytest.fixture
def dialect() -> str:
    return "sqlite"


def module_of(folder: Path) -> Any:
    file = folder / "starflow_client.py"
    file.write_text(client_source(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("starflow_client", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["starflow_client"] = module
    spec.loader.exec_module(module)
    return module


def test_it_is_typed_throughout(tmp_path: Path) -> None:
    module_of(tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", tmp_path / "starflow_client.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stdout


def test_it_asks_acts_once_and_says_why_not(tmp_path: Path, database_url: str) -> None:
    module = module_of(tmp_path)
    with town_of(database_url) as town:
        token = issue_token(town.desk, "organisation", "D01", "test", 1)
        server = uvicorn.Server(uvicorn.Config(create_app(town.desk), host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                thread.join(0.02)
            port = server.servers[0].sockets[0].getsockname()[1]
            client = module.Client(f"http://127.0.0.1:{port}", token=token)

            assert [row["organisation"] for row in client.get_cycles()["rows"]] == ["D01"]
            said = {"head": "书记01", "members_due": 10, "target_star": 4}
            first = client.post_cycles_declare("D01", said, key="k1")
            again = client.post_cycles_declare("D01", said, key="k1")
            assert (first["after"], again["hash"]) == ("rating.self_evaluation", first["hash"])
            with pytest.raises(module.Refused) as refused:
                client.post_cycles_declare("D01", said)
            assert (refused.value.status, refused.value.code) == (409, "wrong_stage")
            with pytest.raises(module.Refused) as unseen:
                client.get_cycles_by_code("D02")
            assert unseen.value.status == 404
            book = client.get_exports_by_name("cycles", form="xlsx", light="grey")
            assert [row[0] for row in read(book).rows[3:]] == ["D01"]
        finally:
            server.should_exit = True
            thread.join()
