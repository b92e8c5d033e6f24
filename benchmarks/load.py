"""The load: `python -m benchmarks.load URL SECONDS CLIENTS [FILE]` asks over connections kept open and says how long each answer took.

With a FILE every line is the body of one POST, each sent once. A process of its own, so that it shares no lock with the server.
"""

import json
import statistics
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def main(url: str, seconds: float, clients: int, bodies: list[bytes], headers: dict[str, str]) -> dict[str, Any]:
    took: list[float] = []
    answers: Counter[int] = Counter()
    queue = iter(bodies)
    lock = threading.Lock()
    where = urlsplit(url)
    until = time.perf_counter() + seconds

    def client() -> None:
        connection = HTTPConnection(where.hostname or "", where.port)
        while time.perf_counter() < until:
            with lock:
                body = next(queue, None) if bodies else None
            if bodies and body is None:
                return
            began = time.perf_counter()
            connection.request("POST" if bodies else "GET", where.path or "/", body, headers)
            answer = connection.getresponse()
            answer.read()
            took.append((time.perf_counter() - began) * 1e3)
            answers[answer.status] += 1

    began = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    span = time.perf_counter() - began
    parts = statistics.quantiles(took, n=20)
    return {"rate": len(took) / span, "p50_ms": statistics.median(took), "p95_ms": parts[18], "answers": dict(answers)}


if __name__ == "__main__":
    url, seconds, clients, *more = sys.argv[1:]
    bodies = Path(more[0]).read_bytes().splitlines() if more else []
    token = more[1] if len(more) > 1 else ""
    said = (
        {"content-type": "application/x-www-form-urlencoded"}
        if bodies
        else {"authorization": f"Bearer {token}"}
        if token
        else {}
    )
    print(json.dumps(main(url, float(seconds), int(clients), bodies, said)))
